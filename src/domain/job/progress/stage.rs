//! What a job owes next.

use crate::domain::change::{Change, ObjectId, PullRequest};
use crate::domain::job::{Outcome, Request};

/// What is owed next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A look at the issue and the repository.
    Facts,
    /// A checkout.
    Workspace,
    /// The checks on the untouched base.
    Baseline,
    /// A turn of the agent.
    Edit(Request),
    /// The checks on what the agent made.
    Verdict,
    /// The first pass is over: the second, or the whole of the checks.
    Implemented,
    /// All is green: what are the tests worth?
    Worth,
    /// A commit of this tree.
    Commit(ObjectId),
    /// The end: what was made must not be pushed.
    Stopped(Vec<String>),
    /// All checks on this tree, which stands on another tip now.
    Recheck(ObjectId),
    /// The end: together with what came in meanwhile a check is red.
    Refuted(String),
    /// A push.
    Push(ObjectId),
    /// A pull request.
    PullRequest(Change),
    /// The end: the pull request has its commit.
    Updated(Change),
    /// The decision how it ended.
    Ending(PullRequest),
    /// Word to the people: the comment, then the labels.
    Telling(Outcome),
    /// The labels.
    Labels(Outcome),
    /// The last line of the journal.
    Closing(Outcome),
    /// Nothing.
    Closed(Outcome),
}

impl Stage {
    /// Whether the checks may have run on the work.
    pub(super) fn may_verify(&self) -> bool {
        matches!(self, Self::Verdict | Self::Implemented | Self::Edit(_))
    }

    /// Whether it is decided how the job ends.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Telling(_) | Self::Labels(_) | Self::Closing(_) | Self::Closed(_))
    }
}
