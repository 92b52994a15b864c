//! Floor 0: nouns and their laws. No I/O, no async, no clock, no randomness.

pub mod change;
pub mod example;
pub mod job;
pub mod project;
pub mod task;
pub mod time;
pub mod verification;
