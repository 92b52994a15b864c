//! The front door of looking: what a code host shows to whoever comes by again and again.
//!
//! Behind it: `github`, by conditional requests, and `folder`. Both pass
//! `tests/it/contract/watch.rs`. One call is one try: whoever looks every minute needs no other.

use std::time::Duration;

use async_trait::async_trait;

use super::HostError;
use crate::domain::change::Fate;
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;
use crate::engine::watch::{List, Sighting};

/// A code host whose lists can be looked at cheaply.
#[async_trait]
pub trait Watch: Send + Sync {
    /// Looks at one page of a list, from 1, of the things that carry `label` where the list is of
    /// those; the newest first. With the `etag` of an earlier look it costs nothing where nothing
    /// has changed.
    async fn look(
        &self,
        repository: &Repository,
        list: List,
        label: &str,
        page: u32,
        etag: Option<&str>,
    ) -> Result<Look, HostError>;

    /// When `label` was set on the issue last, if it is on it still.
    async fn labelled(
        &self,
        repository: &Repository,
        issue: u64,
        label: &str,
    ) -> Result<Option<Timestamp>, HostError>;

    /// The newest reviews of a pull request that were sent, in any order.
    async fn reviews(&self, repository: &Repository, pull: u64)
    -> Result<Vec<Sighting>, HostError>;

    /// What became of a pull request. With the `etag` of an earlier look it costs nothing where
    /// nothing has changed.
    async fn fate(
        &self,
        repository: &Repository,
        number: u64,
        etag: Option<&str>,
    ) -> Result<Glance, HostError>;
}

/// What a look at a pull request showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// What became of it; `None`: nothing about it has changed.
    pub fate: Option<Fate>,
    /// What to show the next time.
    pub etag: Option<String>,
    /// How long the code host wants to be left alone now, if it says so.
    pub wait: Option<Duration>,
}

/// What a look showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The page; `None`: nothing has changed.
    pub page: Option<Page>,
    /// How long the code host wants to be left alone now, if it says so.
    pub wait: Option<Duration>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The newest first.
    pub items: Vec<Sighting>,
    /// What to show the next time.
    pub etag: Option<String>,
    /// Whether another page follows.
    pub more: bool,
    /// When it was sent, by the code host's own clock, where it says so.
    pub sent: Option<Timestamp>,
}
