//! A pull request that people talk to: what it is, what is asked for, and what was said before.

use serde::{Deserialize, Serialize};

use crate::domain::job::{JobId, Person};
use crate::domain::task::{CommentRef, Repository};
use crate::domain::time::Timestamp;

/// A pull request and the words under it, as the code host told when the job began. All texts
/// are in normal form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// The pull request's number.
    pub pull: u64,
    /// Its title.
    pub title: String,
    /// What its author says about it.
    pub body: String,
    /// The branch that it comes from: where a new commit goes.
    pub head: String,
    /// The repository that this branch is in, where it is not the pull request's own.
    pub fork: Option<Repository>,
    /// The branch that it is to be merged into.
    pub base: String,
    /// Whether it cannot be merged as it is: a person has to resolve that.
    pub conflicts: bool,
    /// What it changes so far, as a unified diff.
    pub diff: String,
    /// The issue that it closes.
    pub closes: Option<ClosedIssue>,
    /// What is asked for, oldest first. Never empty; one of them is the task's own.
    pub requests: Vec<Asked>,
    /// What people with write access said before, oldest first.
    pub earlier: Vec<Said>,
    /// The model that was asked for, as its place on the ladder.
    pub rung: Option<usize>,
}

/// The issue that a pull request closes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedIssue {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
}

/// One request for a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The job that the request is, or would have been: names the comment that answers it.
    pub job: JobId,
    /// Where it was written.
    pub comment: CommentRef,
    /// Where a person reads it.
    pub url: String,
    /// Who wrote it.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// What is asked for, without the `@ai-fix`.
    pub text: String,
    /// The lines that it is about, for a comment on the diff.
    pub spot: Option<Spot>,
}

/// A place in a diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// The file, from the repository's root.
    pub path: String,
    /// The line in its new form; `None` when it is no longer there.
    pub line: Option<u64>,
    /// The part of the diff that was commented on.
    pub hunk: String,
}

/// Something that was said under the pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who said it.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

/// What a comment gets that asks for no change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Answer {
    /// It was a question.
    Question,
    /// `@ai-fix` and nothing that we understand behind it.
    Unknown {
        /// The word that is no command; empty when there was none.
        word: String,
    },
    /// There is nothing to try again.
    NothingToRetry,
    /// From now on this model comes first on this pull request.
    Model {
        /// Its name.
        name: String,
    },
    /// That model is not on the ladder.
    NoSuchModel {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// These jobs are told to stop.
    Stopping {
        /// Which.
        jobs: Vec<JobId>,
    },
    /// Nothing was running.
    NothingToStop,
    /// What was done on this pull request lately, newest first.
    Status {
        /// Each job, with how it stands.
        jobs: Vec<(JobId, String)>,
    },
}
