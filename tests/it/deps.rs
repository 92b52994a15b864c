//! Dependencies, for real: brought in from a repository's own files with the network, kept, and
//! found by checks that have none.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod bringing;
mod caged;
mod export;
