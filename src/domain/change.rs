//! The work worth showing, and where it is shown.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A git object name, 40 or 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectId(pub String);

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What happened to one file between two trees.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileChange {
    /// From the repository's root, with `/`.
    pub path: String,
    /// Added, changed or removed. A rename is a removal and an addition.
    pub kind: ChangeKind,
    /// Lines added; 0 for a binary file.
    pub added: u64,
    /// Lines removed; 0 for a binary file.
    pub removed: u64,
}

/// The three things that can happen to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// Its bytes, its mode or its kind changed.
    Changed,
    /// It is gone.
    Removed,
}

/// Proof that there is something to review: a commit, on a branch, pushed.
///
/// Only `Workspace::push` makes one, so no pull request is ever opened for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    /// The branch's short name, without `refs/heads/`.
    pub branch: String,
    /// The commit that the branch now points at.
    pub commit: ObjectId,
}

/// What became of a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Nothing yet.
    Open,
    /// It was merged.
    Merged,
    /// It was closed without a merge.
    Closed,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Merged, Self::Closed];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Merged => "merged",
            Self::Closed => "closed",
        }
    }
}

impl std::str::FromStr for Fate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|it| it.name() == text);
        found.ok_or_else(|| format!("`{text}` is no fate of a pull request"))
    }
}

/// A pull request that is open on the code host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PullRequest {
    /// Its number in the repository.
    pub number: u64,
    /// Where a person reads it.
    pub url: String,
    /// Whether it is marked as not ready for review.
    pub draft: bool,
}
