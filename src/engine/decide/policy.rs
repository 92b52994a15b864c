//! The limits that a job lives under, as the operator set them.

use std::time::Duration;

use crate::domain::job::Model;

/// What becomes of work that could not be made green.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// A branch and a draft pull request, marked incomplete.
    Draft,
    /// A branch alone.
    Branch,
    /// Nothing leaves this machine.
    Nothing,
}

/// What makes a pull request ready, once its checks are green.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// That something which failed on the base passes: an example of the issue, or a check.
    Proven,
    /// Nothing more.
    Green,
}

/// The limits a job lives under. Checked once, when the config is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Tried in order: the next one when the one before timed out or ran out of fixes.
    /// Never empty.
    pub models: Vec<Model>,
    /// Fixes the agent is asked for, per pass.
    pub max_fixes: u32,
    /// Rests of a job for faults that pass.
    pub max_retries: u32,
    /// The first rest; each one after is twice as long, up to five minutes.
    pub retry_delay: Duration,
    /// Waits for a model that is away or turns us away, before the job gives up.
    pub max_waits: u32,
    /// Of a whole job, pauses not counted.
    pub job_limit: Duration,
    /// Whether there is a second pass.
    pub write_tests: bool,
    /// What becomes of work that could not be made green.
    pub on_failure: OnFailure,
    /// What makes a pull request ready.
    pub ready: Ready,
}
