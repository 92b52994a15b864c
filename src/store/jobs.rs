//! The lives of jobs.

use async_trait::async_trait;

use crate::domain::job::{JobId, JobState, Record};
use crate::domain::task::Task;
use crate::domain::time::Timestamp;

use super::{Admission, Claimant, Fence, LogSection, StoreError};

/// The lives of jobs.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Makes a task's job, or finds it: the same task delivered twice is one job. Whoever admits
    /// a job that is not over has it from then on, under a new token; unless another worker holds
    /// it, which then works for the new delivery. A task that another job has claimed before it
    /// had a job of its own never gets one; the other job stays as it is.
    ///
    /// # Errors
    /// When the database fails; nothing was admitted then.
    async fn admit(
        &self,
        task: &Task,
        receipt: &str,
        me: &Claimant,
        now: Timestamp,
    ) -> Result<Admission, StoreError>;

    /// Writes an event down, and where the job stands after it; says the event's number, from 1.
    /// A pull request that is known stays known. What the caps of a day count is noted with it:
    /// that the job was allowed to begin, or that it was refused or answered without work. A job
    /// that is over is nobody's any more.
    ///
    /// # Errors
    /// When there is no such job, it is no longer ours, or the database fails; nothing was written
    /// then.
    async fn append(
        &self,
        fence: &Fence,
        record: &Record,
        state: JobState,
        pull_request: Option<&str>,
    ) -> Result<u64, StoreError>;

    /// A job's events, oldest first.
    ///
    /// # Errors
    /// When the database fails, or one of them cannot be read.
    async fn records(&self, id: &JobId) -> Result<Vec<Record>, StoreError>;

    /// Asks for a job's end, and says whether it was not over already.
    ///
    /// # Errors
    /// When there is no such job, or the database fails.
    async fn request_cancel(&self, id: &JobId, now: Timestamp) -> Result<bool, StoreError>;

    /// Whether somebody asked for the job's end.
    ///
    /// # Errors
    /// When the database fails.
    async fn cancel_requested(&self, id: &JobId) -> Result<bool, StoreError>;

    /// Which of these jobs somebody asked for the end of, asked for all of them at once.
    ///
    /// # Errors
    /// When the database fails.
    async fn cancels(&self, of: &[JobId]) -> Result<Vec<JobId>, StoreError>;

    /// Notes that a part of the job's log begins at `offset`, in the log that this worker keeps.
    ///
    /// # Errors
    /// When there is no such job, or the database fails.
    async fn log_section(
        &self,
        id: &JobId,
        at: Timestamp,
        title: &str,
        offset: u64,
    ) -> Result<(), StoreError>;

    /// The parts of a job's log that this worker keeps, in the order they were noted.
    ///
    /// # Errors
    /// When the database fails.
    async fn log_sections(&self, id: &JobId) -> Result<Vec<LogSection>, StoreError>;
}
