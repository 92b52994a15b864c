//! One test binary for everything that needs more than one room.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails right there")]

mod agent;
mod bench;
mod binary;
mod box_image;
mod box_worker;
mod cli;
mod code_host;
mod contract;
mod deps;
mod docker_engine;
mod doctor;
mod examples;
mod faulty_queue;
mod fencing;
mod fleet;
mod floors;
mod gate;
mod github_double;
mod hostile_build;
mod infra;
mod manual;
mod notify;
mod postgres;
mod postgres_server;
mod queue;
mod reference;
mod samples;
mod samples_real;
mod scripted_ollama;
mod seeing;
mod service;
mod setup;
mod setup_repo;
mod socket_proxy;
mod store;
mod stories;
mod vectors;
mod watching;
mod workflows;
mod workspace;
