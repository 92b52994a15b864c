//! A job: our record of carrying out one task.
//!
//! A job *is* its events. `Progress` (in `domain::job::progress`) is folded from them, so a
//! restarted worker that reads the same events knows exactly what the stopped one knew.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::change::{Change, FileChange, ObjectId, PullRequest};
use crate::domain::project::Narrowing;
use crate::domain::time::Timestamp;
use crate::domain::verification::{Check, Levels, Plan, Verification};

mod conversation;
mod inside;
mod progress;
mod story;
mod turn;
pub use conversation::{Answer, Asked, ClosedIssue, Conversation, Said, Spot};
pub use progress::{Best, DEATHS_COUNT, MOST_DEATHS, OutOfOrder, Pass, Phase, Progress, Stage};
pub use story::Story;
pub use turn::{
    AddedTest, Complaint, Model, Mutation, NewTests, OldTests, Proof, Request, Tokens, Turn,
    TurnOutcome,
};

/// The name of a job: twelve hexadecimal digits, made from the task's key, so that two workers
/// give the same task the same name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub String);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One line of a job's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When it was written down.
    pub at: Timestamp,
    /// How long the action took that it tells of, in milliseconds.
    pub took_ms: u64,
    /// What happened.
    pub event: Event,
}

/// Something that happened. Past tense; appended, never edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", content = "of", rename_all = "snake_case")]
pub enum Event {
    /// The issue and the repository were read from the code host.
    Inspected(Inspection),
    /// The one comment on the issue says how far the job is.
    Told {
        /// What it says now.
        phase: Phase,
        /// Which comment it is, for the next edit.
        comment: u64,
    },
    /// A checkout of the default branch is on disk.
    Prepared(Checkout),
    /// The checks ran on the untouched base.
    Baselined(Verification),
    /// The agent had one turn.
    Attempted(Turn),
    /// The checks ran on what the agent made.
    Verified {
        /// What ran.
        verification: Verification,
        /// The tree after formatters: what would be committed.
        tree: ObjectId,
        /// Which checks were asked for.
        scope: Vec<Check>,
        /// What is red here and was not red on the base. `None`: nothing.
        complaint: Option<Complaint>,
    },
    /// The new tests ran on the base's sources.
    Proved(Proof),
    /// What would be pushed was looked at by whoever holds the token.
    Gated {
        /// What was looked at.
        tree: ObjectId,
        /// Why it must not be pushed, one sentence each. Empty: it may be.
        stops: Vec<String>,
        /// What a reviewer should look at first: new dependencies, lock files, executables.
        notes: Vec<String>,
        /// The command line that shows the work to the operator, where it was stopped.
        kept: Option<String>,
    },
    /// The branch had moved: our work was put on its new tip, and has to be checked again.
    Rebased {
        /// What the work stands on now.
        checkout: Checkout,
        /// The work, on that.
        tree: ObjectId,
    },
    /// A commit was made, in our own repository.
    Committed {
        /// Its name.
        commit: ObjectId,
        /// What it holds.
        tree: ObjectId,
        /// What it changes against the base.
        files: Vec<FileChange>,
    },
    /// The commit is at the code host: on a branch of its own, or on the pull request's.
    Pushed(Change),
    /// A pull request is open for it.
    Opened(PullRequest),
    /// It was decided how the job ends. What follows only tells people.
    Ended(Outcome),
    /// The issue's labels say how it ended.
    Labelled,
    /// All is told; nothing follows.
    Closed,
    /// An action failed.
    Failed(Failure),
    /// The pause after a fault that passes is over.
    Rested,
    /// Somebody said `codingworker cancel`.
    Cancelled,
    /// The worker that was at it died, and another process goes on with it.
    Orphaned,
}

/// What the code host said when the job began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// The issue's title, as it was then, in normal form; or the first line of what was asked for
    /// on a pull request.
    pub title: String,
    /// The issue's body, as it was then, in normal form; or all that was asked for.
    pub body: String,
    /// How many code points the normal form left out.
    pub removed: usize,
    /// Whether the issue is open.
    pub open: bool,
    /// Who asked: the person who set the label, by the code host's own record.
    pub asked_by: Option<Person>,
    /// When the label was set, by the code host's clock, where that counts as the asking.
    #[serde(default)]
    pub asked_at: Option<Timestamp>,
    /// The branch that the work starts from and goes back to.
    pub default_branch: String,
    /// Whether strangers can read the repository.
    pub public: bool,
    /// Whether the operator lets the repository's checks use the network.
    #[serde(default)]
    pub network: bool,
    /// The pull request that is to be improved, where the task came from a comment on one.
    #[serde(default)]
    pub conversation: Option<Conversation>,
}

/// A person on the code host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Person {
    /// The numeric id, which never changes hands.
    pub id: u64,
    /// The login, which may.
    pub login: String,
}

/// What was checked out, and how it will be checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// The commit of the default branch that the work stands on.
    pub base: ObjectId,
    /// That commit's tree.
    pub tree: ObjectId,
    /// How the repository is checked.
    pub plan: Plan,
    /// What a reviewer should know: submodules left alone, LFS pointers kept.
    pub notes: Vec<String>,
    /// What the repository itself forbids a worker, beyond what the operator does.
    #[serde(default)]
    pub narrowing: Narrowing,
    /// The repository's own pull request template, if it has one.
    pub template: Option<String>,
    /// What is around the agent and the checks.
    #[serde(default)]
    pub levels: Levels,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// A pull request is open, and everything that was green before still is.
    Ready(PullRequest),
    /// A pull request is open and marked incomplete: something stayed red or is doubtful.
    Incomplete(PullRequest),
    /// A draft is open, and everything that was green before still is; but nothing that failed
    /// before passes now, so that nothing proves the change.
    Unproven(PullRequest),
    /// A branch is there, without a pull request, as the operator wants it.
    BranchOnly(Change),
    /// The work was not kept at the code host, as the operator wants it, or there was none.
    GaveUp,
    /// The model found nothing to change.
    NothingToChange,
    /// There is a new commit on the pull request. Everything that was green before still is.
    Updated {
        /// Where the commit is.
        change: Change,
        /// Whether nothing speaks against it.
        ready: bool,
    },
    /// A comment that asked for no change was answered.
    #[serde(with = "inside")]
    Answered(Answer),
    /// Another job does what this one was asked for, and answers for it.
    #[serde(with = "inside")]
    Joined(JobId),
    /// What was made must not leave this machine. It is kept here.
    #[serde(with = "inside")]
    Stopped(Vec<String>),
    /// The branch moved meanwhile, and our work does not go with what came: nothing was pushed.
    Clashed {
        /// The files that both changed; empty when what came breaks a check together with ours.
        files: Vec<String>,
        /// What happened, in a sentence.
        why: String,
    },
    /// Whoever asked may not, or what he asks for is not to be done.
    Refused(Refusal),
    /// A fault ended it.
    Broke(Failure),
    /// Somebody said `codingworker cancel`.
    Cancelled,
}

impl Outcome {
    /// What it is called in the journal, in logs and in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ready(_) => "ready",
            Self::Incomplete(_) => "incomplete",
            Self::Unproven(_) => "unproven",
            Self::BranchOnly(_) => "branch_only",
            Self::GaveUp => "gave_up",
            Self::NothingToChange => "nothing_to_change",
            Self::Updated { .. } => "updated",
            Self::Answered(_) => "answered",
            Self::Joined(_) => "joined",
            Self::Stopped(_) => "stopped",
            Self::Clashed { .. } => "clashed",
            Self::Refused(_) => "refused",
            Self::Broke(_) => "broke",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a pull request is opened as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Ready for review.
    Ready,
    /// A draft: the checks pass, and nothing proves the change.
    Unproven,
    /// A draft: something stayed red, or is doubtful.
    Incomplete,
}

/// Why nothing was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// One sentence, for people; says what to do next where something can be done.
    pub reason: String,
    /// Who gets to read it on the code host.
    pub told: Told,
}

/// Who gets to read a refusal on the code host. The audit has it always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It is the answer to the request.
    Everyone,
    /// One comment a day under the issue or pull request says so, however many ask.
    OncePerThread,
    /// Nobody: a comment would bring forth another.
    Nobody,
}

/// Why an action failed, and who is to blame.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Failure {
    /// Whether trying again can help.
    pub fault: Fault,
    /// What happened, to which thing, and what to do next. Safe to show to people.
    pub message: String,
    /// How long the other side asked us to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl Failure {
    /// A failure without a wait that somebody asked for.
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self { fault, message: message.into(), retry_after_ms: None }
    }
}

/// Who is to blame, and so whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It passes by itself: try again a few times.
    Transient,
    /// The model is away: wait for it, however often, without burning a try.
    ModelAway,
    /// The model's server is there and turns us away for now: busy, over a limit, out of memory.
    /// Wait as for one that is away, and longer.
    ModelBusy,
    /// It will be the same the next time.
    Permanent,
    /// We are stopping, or the task is no longer ours: put it down, and say nothing.
    Interrupted,
}

impl Fault {
    /// Whether it is the model that is waited for.
    pub fn is_of_model(self) -> bool {
        matches!(self, Self::ModelAway | Self::ModelBusy)
    }
}

/// Where a job stands, for lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Known, and not begun.
    Queued,
    /// Being worked on.
    Running,
    /// Begun, and waiting for something that will come back.
    Waiting,
    /// Ended with a pull request that is ready.
    Done,
    /// Ended without one.
    Failed,
    /// Ended by `codingworker cancel`.
    Cancelled,
}

impl JobState {
    /// All of them, in the order of a job's life.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Waiting, Self::Done, Self::Failed, Self::Cancelled];

    /// The name that people type and read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

impl std::str::FromStr for JobState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|it| it.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{text}` is no state of a job: expected one of {names}")
        })
    }
}
