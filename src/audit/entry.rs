//! What a row says, and the text that it is kept as.

use serde::{Deserialize, Serialize};

use crate::domain::job::{JobId, Person};
use crate::domain::time::Timestamp;

use super::AuditError;

/// The longest key, in bytes. A longer one is refused, for a cut one could be another's.
pub const LONGEST_KEY: usize = 256;
/// What is kept of each text, in characters.
const LONGEST_NAME: usize = 256;
const LONGEST_WHY: usize = 2_000;

/// Something that was asked for, and what was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Names what was decided here, and is the same when that is redone: the job's id, the
    /// decision, and what it is about where a job takes several of that kind (`4f0a… pushed
    /// COMMIT`). There is one row for a key.
    pub key: String,
    /// When it was decided.
    pub at: Timestamp,
    /// The job that it is about.
    pub job: Option<JobId>,
    /// The repository, as `owner/name`.
    pub repository: String,
    /// The issue or the pull request.
    pub thread: u64,
    /// Who asked, where that is known.
    pub actor: Option<Person>,
    /// What asked: `label ai-task`, `comment 98765`.
    pub asked: String,
    /// What was decided.
    pub decision: Decision,
    /// Why, in a sentence.
    pub why: String,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Whoever asked may: the work begins.
    Allowed,
    /// Whoever asked may not, or what he asks for is not to be done.
    Refused,
    /// What was made must not leave this machine.
    Stopped,
    /// A commit went to the code host.
    Pushed,
    /// A comment that asked for no change was answered.
    Answered,
    /// Another job does what was asked for.
    Joined,
    /// The work is over.
    Ended,
}

impl Decision {
    /// The name that people and programs read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Stopped => "stopped",
            Self::Pushed => "pushed",
            Self::Answered => "answered",
            Self::Joined => "joined",
            Self::Ended => "ended",
        }
    }
}

impl Entry {
    /// The text that is stored and hashed: JSON, in the order of the fields, without spaces.
    pub(super) fn text(&self) -> Result<String, AuditError> {
        let actor = self.actor.as_ref();
        let bounded = Self {
            repository: bounded(&self.repository, LONGEST_NAME),
            actor: actor.map(|it| Person { id: it.id, login: bounded(&it.login, LONGEST_NAME) }),
            asked: bounded(&self.asked, LONGEST_NAME),
            why: bounded(&self.why, LONGEST_WHY),
            ..self.clone()
        };
        serde_json::to_string(&bounded)
            .map_err(|error| AuditError::Unreadable { row: 0, detail: error.to_string() })
    }
}

/// At most `most` characters, in one line, none of which a terminal acts on.
fn bounded(text: &str, most: usize) -> String {
    let mut kept: String = text.chars().take(most).collect();
    if kept.len() < text.len() {
        kept.pop();
        kept.push('…');
    }
    kept.replace(char::is_control, " ")
}

/// An entry in its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its number, from 1.
    pub seq: u64,
    /// What it says.
    #[serde(flatten)]
    pub entry: Entry,
    /// The hash of the row before.
    pub previous: String,
    /// Its own.
    pub hash: String,
}

/// A row before its JSON is looked at.
pub(super) struct StoredRow {
    pub(super) seq: i64,
    pub(super) entry: String,
    pub(super) previous: String,
    pub(super) hash: String,
}

impl StoredRow {
    pub(super) fn from(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { seq: row.get(0)?, entry: row.get(1)?, previous: row.get(2)?, hash: row.get(3)? })
    }

    pub(super) fn row(self) -> Result<Row, AuditError> {
        let unreadable = |detail| AuditError::Unreadable { row: self.seq, detail };
        Ok(Row {
            seq: u64::try_from(self.seq).map_err(|error| unreadable(error.to_string()))?,
            entry: serde_json::from_str(&self.entry)
                .map_err(|error| unreadable(error.to_string()))?,
            previous: self.previous,
            hash: self.hash,
        })
    }
}
