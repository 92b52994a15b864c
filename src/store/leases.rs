//! Who works on what, and for how long that is believed.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::job::JobId;
use crate::domain::time::Timestamp;

use super::{Claimant, Fence, Job, StoreError, Taken};

/// Who works on what. Where workers share a store, lease times are by the store's own clock; where
/// they do not, by the `now` that is given.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes a job that nobody else holds, under a new token. `None`: it is over, or another
    /// worker's lease on it has not ended.
    ///
    /// # Errors
    /// When there is no such job, or the database fails; nothing was taken then.
    async fn take(
        &self,
        id: &JobId,
        me: &Claimant,
        now: Timestamp,
    ) -> Result<Option<Taken>, StoreError>;

    /// Notes that work on the job begins: a worker that dies from here on died at it.
    ///
    /// # Errors
    /// When there is no such job, it is no longer ours, or the database fails.
    async fn begin(&self, fence: &Fence) -> Result<(), StoreError>;

    /// Keeps a job ours for so long from now, and says which delivery it works for: another worker
    /// may have been handed a newer one meanwhile.
    ///
    /// # Errors
    /// When there is no such job, it is no longer ours, or the database fails.
    async fn renew(
        &self,
        fence: &Fence,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError>;

    /// Looks whether a job is still ours. An end of its lease that nobody took notice of does no
    /// harm.
    ///
    /// # Errors
    /// When there is no such job, it is no longer ours, or the database fails.
    async fn check(&self, fence: &Fence) -> Result<(), StoreError>;

    /// Notes which delivery the job works for.
    ///
    /// # Errors
    /// When there is no such job, it is no longer ours or is over, or the database fails.
    async fn hold(&self, fence: &Fence, receipt: &str) -> Result<(), StoreError>;

    /// Puts a job down: whoever gets its delivery next may have it at once.
    ///
    /// # Errors
    /// When there is no such job, it is no longer ours, or the database fails.
    async fn release(&self, fence: &Fence) -> Result<(), StoreError>;

    /// Jobs that are over and whose deliveries were not settled yet, oldest first, at most `most`.
    ///
    /// # Errors
    /// When the database fails, or one of them cannot be read.
    async fn unsettled(&self, most: usize) -> Result<Vec<Job>, StoreError>;

    /// Notes that this delivery of a job that is over was settled.
    ///
    /// # Errors
    /// When the database fails.
    async fn settled(&self, id: &JobId, receipt: &str) -> Result<(), StoreError>;
}
