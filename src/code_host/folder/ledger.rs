//! What a code host remembers of one repository: one JSON file, replaced whole and under a lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::code_host::{HostError, Permission};
use crate::domain::job::{Person, Spot};
use crate::domain::task::{CommentKind, Repository};
use crate::domain::time::Timestamp;

/// How long another process may hold the lock. One change takes milliseconds.
const LOCK_LIMIT: Duration = Duration::from_secs(10);
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// A repository's issues, pull requests and what was said about them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// Whether strangers can read it.
    pub public: bool,
    /// Whether it is read-only.
    pub archived: bool,
    /// The highest number given to an issue or a pull request.
    pub last_number: u64,
    /// The highest id given to a comment.
    pub last_comment: u64,
    /// The newest moment that was written down: no two things happen at the same one.
    pub last_at: Timestamp,
    /// Who may do what. Empty: everybody who can write into the folder may do everything.
    pub roles: Vec<FolderRole>,
    /// In the order they were opened.
    pub issues: Vec<FolderIssue>,
    /// In the order they were opened.
    pub pull_requests: Vec<FolderPullRequest>,
}

impl Ledger {
    /// The next moment. This folder plays a code host, and a code host has a clock of its own.
    pub(super) fn tick(&mut self) -> Timestamp {
        let now = Timestamp(chrono::Utc::now().timestamp_millis());
        self.last_at = now.max(Timestamp(self.last_at.0 + 1));
        self.last_at
    }
}

/// What somebody may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderRole {
    /// Who.
    pub person: Person,
    /// What.
    pub permission: Permission,
}

/// An issue in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderIssue {
    /// Shared with pull requests.
    pub number: u64,
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// Whether it is open.
    pub open: bool,
    /// Who wrote it.
    pub author: Person,
    /// Their names.
    pub labels: Vec<String>,
    /// Who did what with labels, oldest first.
    pub timeline: Vec<LabelEvent>,
    /// In the order they were made.
    pub comments: Vec<FolderComment>,
    /// When its title or body was changed last.
    #[serde(default)]
    pub edited_at: Option<Timestamp>,
}

/// One line of an issue's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelEvent {
    /// Whether the label was set (or else taken away).
    pub set: bool,
    /// Its name.
    pub label: String,
    /// By whom.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

/// A comment on an issue or a pull request in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderComment {
    /// Its id.
    pub id: u64,
    /// Who wrote it.
    pub author: Person,
    /// What it says now.
    pub body: String,
    /// When it was made.
    pub at: Timestamp,
    /// What it said before each edit, oldest first.
    pub earlier: Vec<String>,
    /// When it was changed last.
    #[serde(default)]
    pub edited_at: Option<Timestamp>,
    /// Of which kind it is. All kinds share their ids here.
    #[serde(default)]
    pub kind: CommentKind,
    /// The lines that it is about.
    #[serde(default)]
    pub spot: Option<Spot>,
}

/// A pull request in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderPullRequest {
    /// Shared with issues.
    pub number: u64,
    /// Where a person reads it: a `file://` address.
    pub url: String,
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// The branch it comes from.
    pub head: String,
    /// The commit it was opened for.
    pub commit: String,
    /// The branch it is to be merged into.
    pub base: String,
    /// Whether it is marked as not ready.
    pub draft: bool,
    /// Whether it is open.
    pub open: bool,
    /// When it was opened.
    pub at: Timestamp,
    /// Who opened it.
    #[serde(default)]
    pub author: Option<Person>,
    /// Whether it was merged.
    #[serde(default)]
    pub merged: bool,
    /// The repository of the folder that its branch is in, where that is another one.
    #[serde(default)]
    pub fork: Option<Repository>,
    /// Whether whoever may push here may push to the fork's branch too.
    #[serde(default)]
    pub maintainer_can_modify: bool,
    /// In the order they were made.
    #[serde(default)]
    pub comments: Vec<FolderComment>,
}

/// Reads a ledger; a repository that nobody wrote about has an empty one.
pub(super) fn read(path: &Path) -> Result<Ledger, HostError> {
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|e| {
            let file = path.display();
            HostError::Misconfigured(format!("{file} is not what this code host writes: {e}"))
        }),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Ledger::default()),
        Err(e) => Err(unreadable(path, &e)),
    }
}

/// Replaces a file so that a reader, and a machine that loses power, sees the old or the new one.
pub(super) fn replace(path: &Path, text: &[u8]) -> Result<(), HostError> {
    let temporary = path.with_added_extension("new");
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(text)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().map_err(|e| unreadable(path, &e))
}

/// The right to change a ledger, given back when it is dropped or its process ends.
pub(super) struct Lock(#[expect(dead_code, reason = "holds the lock while it is open")] File);

/// Waits for the right to change the ledger at `path`.
pub(super) async fn lock(path: &Path) -> Result<Lock, HostError> {
    let path = path.with_added_extension("lock");
    let begun = Instant::now();
    loop {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|e| unreadable(&path, &e))?;
        match file.try_lock() {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::Error(e)) => return Err(unreadable(&path, &e)),
            Err(TryLockError::WouldBlock) if begun.elapsed() > LOCK_LIMIT => {
                let text = format!("{} is held by another process", path.display());
                return Err(HostError::Unavailable(text));
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
        }
    }
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> HostError {
    HostError::Unavailable(format!("{}: {error}", path.display()))
}
