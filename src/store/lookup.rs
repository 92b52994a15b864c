//! Finding jobs, and counting them.

use async_trait::async_trait;

use crate::domain::job::{JobId, JobState};
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;
use crate::engine::line::Took;

use super::{Found, Job, JobFilter, StoreError};

/// Finding jobs, and counting them.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// The jobs that are not over, oldest first: what a restarted worker has to look after.
    ///
    /// # Errors
    /// When the database fails, or one of them cannot be read.
    async fn unfinished(&self) -> Result<Vec<Job>, StoreError>;

    /// At most `most` jobs, newest first.
    ///
    /// # Errors
    /// When the database fails, or one of them cannot be read.
    async fn jobs(&self, filter: &JobFilter, most: usize) -> Result<Vec<Job>, StoreError>;

    /// The job whose id begins with `prefix`, in whatever case it is typed.
    ///
    /// # Errors
    /// When the database fails, or the job cannot be read.
    async fn find(&self, prefix: &str) -> Result<Found, StoreError>;

    /// How many jobs stand where.
    ///
    /// # Errors
    /// When the database fails.
    async fn count_by_state(&self) -> Result<Vec<(JobState, u64)>, StoreError>;

    /// At most `most` jobs of an issue or a pull request, newest first.
    ///
    /// # Errors
    /// When the database fails, or one of them cannot be read.
    async fn jobs_of(
        &self,
        repository: &Repository,
        thread: u64,
        most: usize,
    ) -> Result<Vec<Job>, StoreError>;

    /// How many jobs of an issue or a pull request were allowed to begin since a moment, that
    /// moment included.
    ///
    /// # Errors
    /// When the database fails.
    async fn runs_since(
        &self,
        repository: &Repository,
        thread: u64,
        since: Timestamp,
    ) -> Result<u64, StoreError>;

    /// How many jobs of an issue or a pull request were refused since a moment, that moment
    /// included.
    ///
    /// # Errors
    /// When the database fails.
    async fn refusals_since(
        &self,
        repository: &Repository,
        thread: u64,
        since: Timestamp,
    ) -> Result<u64, StoreError>;

    /// How many jobs of an issue or a pull request were answered without work since a moment, that
    /// moment included.
    ///
    /// # Errors
    /// When the database fails.
    async fn answers_since(
        &self,
        repository: &Repository,
        thread: u64,
        since: Timestamp,
    ) -> Result<u64, StoreError>;

    /// How long the newest jobs took that are over, done or failed, and that the agent had a turn
    /// at: from when they were allowed to begin to their end. At most `most`, of a repository or of
    /// all.
    ///
    /// # Errors
    /// When the database fails.
    async fn durations(
        &self,
        repository: Option<&Repository>,
        most: usize,
    ) -> Result<Vec<(JobId, Took)>, StoreError>;
}
