//! CodingWorker turns a labelled GitHub issue into a tested pull request, on your own machine.
//!
//! This file is the map of the house. Floors import downwards only; `tests/it/floors.rs` reads
//! every file and fails when one points up. ARCHITECTURE.md tells the story.

// Floor 0. Nouns and their laws. No I/O, no async, no clock.
pub mod domain;

// Floor 1. Every decision. Pure functions over floor 0.
pub mod engine;

// Floor 2. One room for each thing outside. The front door (`queue.rs`) holds the trait and its
// errors; the rooms behind it (`queue/sqs.rs`) talk to the world.
pub mod agent;
pub mod audit;
pub mod cage;
pub mod code_host;
pub mod database;
pub mod deps;
pub mod docker;
pub mod fault;
pub mod notify;
pub mod postgres;
pub mod process;
pub mod project_file;
pub mod queue;
pub mod redact;
pub mod retry;
pub mod runner;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod workspace;

// Floor 3. The hands: carries out what the engine decides.
pub mod worker;

// Floor 4. The face: what a worker shows of itself.
pub mod http;

// Floor 5. The street door.
pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
