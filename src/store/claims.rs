//! One job may answer for several tasks: requests that wait for the same pull request are done in
//! one go.
//!
//! A claim is for ever, and there is one for a key at most. A job that begins claims its own key
//! too: from then on nobody else gets it, and when somebody else was faster the job is told.

use async_trait::async_trait;

use crate::domain::job::JobId;

use super::{Fence, StoreError};

/// Which job answers for which task.
#[async_trait]
pub trait Claims: Send + Sync {
    /// Makes a job answer for the tasks with these keys too, and says which of them are its own
    /// now: newly, or from before. A key is not given when another job has claimed it, or when
    /// the job of that very key has begun, which is when it has events. The job of a key that is
    /// given away finds out by [`Claims::claimed_by`], or by claiming its own key.
    ///
    /// # Errors
    /// When there is no such job, it is no longer ours, or the database fails; nothing was claimed
    /// then.
    async fn claim(&self, fence: &Fence, keys: &[String]) -> Result<Vec<String>, StoreError>;

    /// The other job that answers for the task with this key, if one does.
    ///
    /// # Errors
    /// When the database fails.
    async fn claimed_by(&self, key: &str) -> Result<Option<JobId>, StoreError>;
}
