//! What a worker tells of itself to programs: metrics, and a trace of each job.
//!
//! Nothing here says what an issue, a repository's file or a secret holds.

pub mod machine;
pub mod metrics;
pub mod traces;
