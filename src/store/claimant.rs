//! The right to write as the one who works on a job.

use std::time::Duration;

use crate::domain::job::JobId;

use super::Job;

/// A worker, as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// Its name: the same after a restart, and no other worker's.
    pub owner: String,
    /// For how long a job is its own, from now.
    pub lease: Duration,
    /// Whether it begins at once, and does not only hold the job until there is a slot.
    pub begins: bool,
}

/// What is shown with every write of a job's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// Which job.
    pub job: JobId,
    /// The number of the claim; it only grows.
    pub token: u64,
}

/// A job that was just taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The job.
    pub job: Job,
    /// The right to write as the one who works on it.
    pub fence: Fence,
    /// Whether a worker died at it, having neither put it down nor kept its lease, and its journal
    /// does not say so yet. Stays until `Event::Orphaned` is appended.
    pub orphaned: bool,
}
