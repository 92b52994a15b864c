//! The whole binary: real git, Aider, SQLite and processes, the SQS emulator; doubles only for
//! GitHub and for the model.
//!
//! Aider takes seconds to start, so each test here asserts much about each turn of it.

mod authority;
mod caged;
mod canary;
mod comments;
mod crashes;
mod customs;
mod demo;
mod fates;
mod faults;
mod gate;
mod happy;
mod hostile;
mod lining;
mod loops;
mod managed;
mod mending;
mod models;
mod never_right;
mod payloads;
mod people;
mod pieces;
mod polling;
mod proving;
mod reading;
mod renaming;
pub(crate) mod serving;
mod statements;
mod stopping;
pub(crate) mod world;
