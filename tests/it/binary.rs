//! The whole binary: real git, Aider, SQLite and processes, the SQS emulator; doubles only for
//! GitHub and for the model.
//!
//! Aider takes seconds to start, so each test here asserts much about each turn of it.

mod canary;
mod crashes;
mod customs;
mod demo;
mod faults;
mod happy;
mod hostile;
mod never_right;
mod people;
mod serving;
mod stopping;
mod world;
