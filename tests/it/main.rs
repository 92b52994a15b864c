//! One test binary for everything that needs more than one room.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails right there")]

mod agent;
mod binary;
mod cli;
mod code_host;
mod contract;
mod doctor;
mod faulty_queue;
mod floors;
mod gate;
mod github_double;
mod queue;
mod scripted_ollama;
mod setup;
mod stories;
mod vectors;
mod workspace;
