//! The front door of the code-host room: issues, comments, labels and pull requests.
//!
//! Behind it: `github` (octocrab) and `folder` (a folder of bare repositories with one JSON file
//! each, for `demo` and for tests of the whole binary). Both pass `tests/it/contract/code_host.rs`.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::change::{Change, PullRequest};
use crate::domain::job::{Fault, Person, Spot};
use crate::domain::task::{CommentRef, Repository};
use crate::domain::time::Timestamp;

pub mod folder;
pub mod github;
mod watch;

pub use watch::{Glance, Look, Page, Watch};

/// The longest diff that is given, in bytes.
pub const MOST_DIFF: usize = 512 * 1024;

/// Where issues live and pull requests go. Each method that makes something first looks whether
/// it is there already: doing it twice changes nothing.
#[async_trait]
pub trait CodeHost: Send + Sync {
    /// Reads what the repository is and what we may do there.
    async fn repository(&self, repository: &Repository) -> Result<RepositoryFacts, HostError>;

    /// Who we are there; `None` where the code host does not say (an App's installation token).
    async fn me(&self) -> Result<Option<Person>, HostError>;

    /// What `person` may do in the repository, asked anew each time. A login that belongs to
    /// another id by now may do nothing.
    async fn permission(
        &self,
        repository: &Repository,
        person: &Person,
    ) -> Result<Permission, HostError>;

    /// Reads a pull request.
    async fn pull(&self, repository: &Repository, number: u64) -> Result<Pull, HostError>;

    /// What a pull request changes, as a unified diff, cut at `MOST_DIFF` with a note.
    async fn diff(&self, repository: &Repository, number: u64) -> Result<String, HostError>;

    /// Reads one thing that was written under a pull request or an issue.
    async fn remark(
        &self,
        repository: &Repository,
        thread: u64,
        comment: CommentRef,
    ) -> Result<Remark, HostError>;

    /// Everything that was written under an issue or a pull request, of all kinds, oldest first;
    /// of very many the newest. With `since`, only what was written or changed since then.
    async fn remarks(
        &self,
        repository: &Repository,
        thread: u64,
        since: Option<Timestamp>,
    ) -> Result<Vec<Remark>, HostError>;

    /// Reads an issue, with the person who set the label `label` on it last. The labelling is
    /// read before the text, and the time of the last change with it and after it: what was edited
    /// in between is edited after the labelling. A code host's times may have no fractions of a
    /// second, so an edit at the very time of the labelling may have come after it.
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
    pub author: Option<Actor>,
    /// The last labelling, if it is still in force: the label was not taken away since.
    pub labelled: Option<Labelling>,
    /// When its title or body was changed last, if ever.
    pub edited_at: Option<Timestamp>,
}

/// A label that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelling {
    /// By whom.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// An account that did something.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    /// Which.
    pub person: Person,
    /// Whether it is a program's: of any type but `User`, or through an App.
    pub bot: bool,
}

/// What somebody may do in a repository.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Nothing, or nothing that the code host told us.
    None,
    /// Look.
    Read,
    /// Look, and set labels.
    Triage,
    /// Push.
    Write,
    /// Push, and some of the settings.
    Maintain,
    /// Everything.
    Admin,
}

impl Permission {
    /// Whether it lets somebody push.
    pub fn may_push(self) -> bool {
        self >= Self::Write
    }
}

/// A pull request, as the code host tells. Its text is a stranger's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// One line.
    pub title: String,
    /// Markdown; empty when there is none.
    pub body: String,
    /// Who opened it.
    pub author: Option<Actor>,
    /// Whether it is open: neither merged nor closed.
    pub open: bool,
    /// Whether it was merged.
    pub merged: bool,
    /// The branch that it comes from.
    pub head: String,
    /// That branch's commit, as the code host knows it.
    pub tip: String,
    /// The repository that the branch is in; `None` when that is gone.
    pub head_repository: Option<Repository>,
    /// Whether that is another one than the pull request's own.
    pub fork: bool,
    /// Whether whoever may push to the repository may push to the fork's branch too.
    pub maintainer_can_modify: bool,
    /// The branch that it is to be merged into.
    pub base: String,
    /// Whether it merges without conflict; `None` when the code host has not found out yet.
    pub mergeable: Option<bool>,
    /// Whether it is a draft.
    pub draft: bool,
}

/// Something that was written under an issue or a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Which.
    pub comment: CommentRef,
    /// The number of the issue or pull request that it stands under.
    pub thread: u64,
    /// Who wrote it; `None` where the account is gone.
    pub author: Option<Actor>,
    /// Markdown.
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// Whether it was changed since.
    pub edited: bool,
    /// Where a person reads it.
    pub url: String,
    /// The lines that it is about, for a comment on the diff.
    pub spot: Option<Spot>,
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

/// The beginning of a diff, in whole lines, and a note where it was cut.
fn cut_diff(diff: &str) -> String {
    let mut kept = String::new();
    for line in diff.split_inclusive('\n') {
        if kept.len() + line.len() > MOST_DIFF {
            kept.push_str("(the diff is longer; the rest is left out)\n");
            break;
        }
        kept.push_str(line);
    }
    kept
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_diff_is_cut_between_two_lines_with_a_note() {
        let short = "+a\n+b";
        assert_eq!(cut_diff(short), short);
        let long = "+日本語\n".repeat(100_000);
        let cut = cut_diff(&long);
        assert!(cut.len() < MOST_DIFF + 100 && cut.len() > MOST_DIFF - 100);
        assert!(cut.ends_with("+日本語\n(the diff is longer; the rest is left out)\n"));
        assert_eq!(cut_diff(&"x".repeat(MOST_DIFF + 1)).lines().count(), 1);
    }

    #[test]
    fn permissions_are_in_order_and_from_write_on_one_may_push() {
        use Permission::{Admin, Maintain, None, Read, Triage, Write};
        let all = [None, Read, Triage, Write, Maintain, Admin];
        assert!(all.is_sorted());
        assert_eq!(all.map(Permission::may_push), [false, false, false, true, true, true]);
    }
}
