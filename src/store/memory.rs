//! What is remembered from one job to the next: which repository a name stood for, which model
//! people want, and what the operator asked for himself.

use async_trait::async_trait;

use crate::domain::task::{Repository, Task};
use crate::domain::time::Timestamp;

use super::StoreError;

/// What is remembered from one job to the next.
#[async_trait]
pub trait Memory: Send + Sync {
    /// Remembers which repository a name stands for, the first time it is seen, and says which
    /// one that was: another id than `id` means that the name has changed hands.
    ///
    /// # Errors
    /// When the database fails; nothing was remembered then.
    async fn pin(&self, repository: &Repository, id: u64) -> Result<u64, StoreError>;

    /// The names that were seen, in lower case, with the ids that they stood for first.
    ///
    /// # Errors
    /// When the database fails.
    async fn pins(&self) -> Result<Vec<(String, u64)>, StoreError>;

    /// From now on this model comes first on an issue or a pull request.
    ///
    /// # Errors
    /// When the database fails.
    async fn prefer_model(
        &self,
        repository: &Repository,
        thread: u64,
        name: &str,
    ) -> Result<(), StoreError>;

    /// The model that people want first on an issue or a pull request.
    ///
    /// # Errors
    /// When the database fails.
    async fn preferred_model(
        &self,
        repository: &Repository,
        thread: u64,
    ) -> Result<Option<String>, StoreError>;

    /// Notes that the operator asked for this very task on this machine. A message on the queue
    /// can say anything; only who can write here can say this.
    ///
    /// # Errors
    /// When the database fails.
    async fn vouch(&self, task: &Task, now: Timestamp) -> Result<(), StoreError>;

    /// Whether the operator asked for this very task himself.
    ///
    /// # Errors
    /// When the database fails.
    async fn is_vouched(&self, task: &Task) -> Result<bool, StoreError>;
}
