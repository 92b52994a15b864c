//! What became of pull requests that jobs opened or pushed to.

use async_trait::async_trait;

use crate::domain::change::Fate;
use crate::domain::job::{Event, Outcome};
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;

use super::StoreError;

/// A pull request that a job opened or pushed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// Where it is, as it was typed.
    pub repository: Repository,
    /// Its number there.
    pub number: u64,
    /// When a job opened it, or pushed to it last.
    pub since: Timestamp,
    /// What became of it, as far as it was seen.
    pub fate: Fate,
    /// The code host's name for it as it was seen last.
    pub etag: Option<String>,
    /// When somebody began to look at it last; `None`: nobody did.
    pub looked_at: Option<Timestamp>,
}

/// What became of pull requests. Each is known from the moment that a job's journal says that it
/// was opened or pushed to, and open until somebody sees that it is not.
#[async_trait]
pub trait Fates: Send + Sync {
    /// Those that may still be open and were opened or pushed to since a moment; those that were
    /// never looked at first, then those that were looked at longest ago.
    ///
    /// # Errors
    /// When the database fails, or one of them cannot be read.
    async fn open_pulls(&self, since: Timestamp) -> Result<Vec<Followed>, StoreError>;

    /// How many of all were looked at since a moment, that moment included.
    ///
    /// # Errors
    /// When the database fails.
    async fn looks_since(&self, since: Timestamp) -> Result<u64, StoreError>;

    /// Notes that a look at it begins; `false` when another worker began one meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    async fn begin_look(&self, pull: &Followed, now: Timestamp) -> Result<bool, StoreError>;

    /// Notes what was seen of it.
    ///
    /// # Errors
    /// When the database fails; what was known before still is.
    async fn saw(&self, pull: &Followed, fate: Fate, etag: Option<&str>) -> Result<(), StoreError>;

    /// All that are known, by repository and number.
    ///
    /// # Errors
    /// When the database fails, or one of them cannot be read.
    async fn fates(&self) -> Result<Vec<Followed>, StoreError>;
}

/// The pull request that an event tells of.
pub(super) enum Told {
    /// One of this number was opened.
    Opened(u64),
    /// The one that the job is about has a new commit.
    Updated,
}

/// What of an event is to be followed from then on.
pub(super) fn told(event: &Event) -> Option<Told> {
    match event {
        Event::Opened(pull) => Some(Told::Opened(pull.number)),
        Event::Ended(Outcome::Updated { .. }) => Some(Told::Updated),
        _ => None,
    }
}

impl Told {
    /// Its number, where that is not the job's.
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Self::Opened(number) => Some(*number),
            Self::Updated => None,
        }
    }
}

/// A row as a table has it.
pub(super) struct FateRow {
    pub(super) name: String,
    pub(super) number: i64,
    pub(super) since: i64,
    pub(super) state: String,
    pub(super) etag: Option<String>,
    pub(super) looked_at: Option<i64>,
}

impl FateRow {
    pub(super) fn followed(self) -> Result<Followed, StoreError> {
        let unreadable = |detail: String| StoreError::Unreadable {
            job: format!("{}#{}", self.name, self.number),
            detail,
        };
        Ok(Followed {
            repository: self.name.parse().map_err(|e| unreadable(format!("{e}")))?,
            number: super::encoding::unsigned(self.number),
            since: Timestamp(self.since),
            fate: self.state.parse().map_err(unreadable)?,
            etag: self.etag,
            looked_at: self.looked_at.map(Timestamp),
        })
    }
}
