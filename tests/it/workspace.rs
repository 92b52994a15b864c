//! The workspace room, on real bare repositories and a real HTTP server.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod checkout;
pub(crate) mod http;
mod push;
mod snapshot;
mod token;
mod trees;
pub(crate) mod world;
