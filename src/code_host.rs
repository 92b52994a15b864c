//! The front door of the code-host room: issues, comments, labels and pull requests.
//!
//! Behind it: `github` (octocrab) and `folder` (a folder of bare repositories with one JSON file
//! each, for `demo` and for tests of the whole binary). Both pass `tests/it/contract/code_host.rs`.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::change::{Change, PullRequest};
use crate::domain::job::{Fault, Person};
use crate::domain::task::Repository;

pub mod folder;
pub mod github;

/// Where issues live and pull requests go. Each method that makes something first looks whether
/// it is there already: doing it twice changes nothing.
#[async_trait]
pub trait CodeHost: Send + Sync {
    /// Reads what the repository is and what we may do there.
    async fn repository(&self, repository: &Repository) -> Result<RepositoryFacts, HostError>;

    /// Reads an issue, with the person who set the label `label` on it last.
    async fn issue(
        &self,
        repository: &Repository,
        number: u64,
        label: &str,
    ) -> Result<Issue, HostError>;

    /// Opens the pull request for `change`, or finds the one that is open on its branch.
    async fn open(
        &self,
        repository: &Repository,
        change: &Change,
        draft: &Draft,
    ) -> Result<PullRequest, HostError>;

    /// Makes the comment on the issue that carries `marker` say `body`: edits `known`, else finds
    /// it by its marker among our own comments, else creates it. `body` contains the marker.
    async fn say(
        &self,
        repository: &Repository,
        issue: u64,
        marker: &str,
        known: Option<u64>,
        body: &str,
    ) -> Result<u64, HostError>;

    /// Sets and takes away labels. One that is already right is left alone.
    async fn label(
        &self,
        repository: &Repository,
        issue: u64,
        add: &[&str],
        remove: &[&str],
    ) -> Result<(), HostError>;
}

/// What a repository is, as the code host tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// The numeric id, which survives a rename.
    pub id: u64,
    /// The branch that work starts from.
    pub default_branch: String,
    /// Whether strangers can read it.
    pub public: bool,
    /// Whether it is read-only for everybody.
    pub archived: bool,
    /// Whether our token may push.
    pub may_push: bool,
}

/// An issue, as the code host tells. Its text is a stranger's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// As it is now.
    pub title: String,
    /// As it is now; empty when there is none.
    pub body: String,
    /// Whether it is open.
    pub open: bool,
    /// Its labels' names.
    pub labels: Vec<String>,
    /// Who wrote it.
    pub author: Option<Person>,
    /// Who set the label last, if anybody.
    pub labelled_by: Option<Person>,
}

/// A pull request to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The branch it is to be merged into.
    pub base: String,
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// Whether it is marked as not ready for review.
    pub draft: bool,
}

/// What a code host can answer instead.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A 5xx, a broken connection, a time-out: it passes.
    #[error("the code host is busy or unreachable: {0}")]
    Unavailable(String),
    /// A rate limit.
    #[error("the code host asks us to wait {} s: {message}", wait.as_secs())]
    RateLimited {
        /// How long, as it said or as its documentation says.
        wait: Duration,
        /// Its words.
        message: String,
    },
    /// The token is wrong or has ended.
    #[error("the code host does not take the token ({0}): set a new one in `github.token`")]
    BadToken(String),
    /// Not there, or hidden from our token.
    #[error("{0} is not there, or the token may not see it")]
    NotFound(String),
    /// It understood, and will not.
    #[error("the code host refused with {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its words.
        message: String,
    },
    /// It cannot be asked at all as it is set up.
    #[error("{0}")]
    Misconfigured(String),
}

impl HostError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unavailable(_) | Self::RateLimited { .. } => Fault::Transient,
            Self::BadToken(_)
            | Self::NotFound(_)
            | Self::Refused { .. }
            | Self::Misconfigured(_) => Fault::Permanent,
        }
    }

    /// How long the other side asked us to wait.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { wait, .. } => Some(*wait),
            _ => None,
        }
    }
}
