//! What was seen of the lists that the worker looks at itself.

use async_trait::async_trait;

use crate::domain::task::Repository;
use crate::engine::watch::{List, Mark};

use super::StoreError;

/// What is remembered of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// The code host's name for the first page as it was; `None`: it is to be read whatever it is.
    pub etag: Option<String>,
    /// What was seen; `None`: it was never looked at.
    pub mark: Option<Mark>,
}

/// What was seen of the lists that the worker looks at itself.
#[async_trait]
pub trait Polls: Send + Sync {
    /// What is remembered of a list.
    ///
    /// # Errors
    /// When the database fails.
    async fn watched(&self, repository: &Repository, list: List) -> Result<Watched, StoreError>;

    /// Remembers what was seen of a list.
    ///
    /// # Errors
    /// When the database fails; what was remembered before still is.
    async fn watch(
        &self,
        repository: &Repository,
        list: List,
        etag: Option<String>,
        mark: &Mark,
    ) -> Result<(), StoreError>;
}
