//! One suite for each front door, run on every implementation behind it.

pub(crate) mod cage;
pub(crate) mod code_host;
pub(crate) mod queue;
pub(crate) mod runner;
pub(crate) mod store;
