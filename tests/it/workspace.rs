//! The workspace room, on real bare repositories and a real HTTP server.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod advance;
mod ahead;
mod branch;
mod checkout;
mod difference;
pub(crate) mod http;
mod keep;
mod merge;
mod push;
mod rebase;
mod reflog;
mod seats;
mod snapshot;
mod spare;
mod token;
mod trees;
pub(crate) mod world;
