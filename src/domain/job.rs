//! A job: our record of carrying out one task.
//!
//! A job *is* its events. `Progress` (in `domain::job::progress`) is folded from them, so a
//! restarted worker that reads the same events knows exactly what the stopped one knew.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::change::{Change, FileChange, ObjectId, PullRequest};
use crate::domain::time::Timestamp;
use crate::domain::verification::{Check, Exit, Plan, Verification};

mod progress;
mod story;
pub use progress::{Best, OutOfOrder, Pass, Phase, Progress, Stage};
pub use story::Story;

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
    /// A commit was made, in our own repository.
    Committed {
        /// Its name.
        commit: ObjectId,
        /// What it holds.
        tree: ObjectId,
        /// What it changes against the base.
        files: Vec<FileChange>,
    },
    /// The commit is on a branch of its own at the code host.
    Pushed(Change),
    /// A pull request is open for it.
    Opened(PullRequest),
    /// It was decided how the job ends. What follows only tells people.
    Ended(Outcome),
    /// The labels say how it ended.
    Labelled,
    /// All is told; nothing follows.
    Closed,
    /// An action failed.
    Failed(Failure),
    /// The pause after a fault that passes is over.
    Rested,
    /// Somebody said `codingworker cancel`.
    Cancelled,
}

/// What the code host said when the job began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// The title, as it was then, in normal form.
    pub title: String,
    /// The body, as it was then, in normal form.
    pub body: String,
    /// How many code points the normal form left out.
    pub removed: usize,
    /// Whether the issue is open.
    pub open: bool,
    /// Who asked: the person who set the label, by the code host's own record.
    pub asked_by: Option<Person>,
    /// The branch that the work starts from and goes back to.
    pub default_branch: String,
    /// Whether strangers can read the repository.
    pub public: bool,
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
    /// The repository's own pull request template, if it has one.
    pub template: Option<String>,
}

/// What the agent is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    /// Do what the issue says.
    Implement,
    /// Write tests for what was done.
    Cover,
    /// Make this go away.
    Fix {
        /// What was wrong.
        complaint: Complaint,
    },
}

/// What was wrong with the last turn's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Complaint {
    /// A check is red that was not red on the base.
    Red {
        /// Which.
        check: Check,
        /// The command that failed.
        command: String,
        /// How it ended.
        exit: Exit,
        /// The single tests that are newly red, where their names are known.
        tests: Vec<String>,
        /// The telling part of its output.
        excerpt: String,
    },
    /// The reply could not be used; no check ran on it, and its edits were undone.
    Unusable {
        /// What was wrong with it, in words for the agent.
        reason: String,
    },
}

/// One turn of the agent, as it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// What it was asked for.
    pub request: Request,
    /// Which model answered.
    pub model: String,
    /// Its place on the ladder, from 0.
    pub rung: usize,
    /// What came of it.
    pub outcome: TurnOutcome,
    /// The tree after it: what the next action starts from.
    pub tree: ObjectId,
    /// What it changed against the base.
    pub files: Vec<FileChange>,
    /// How often the model was called.
    pub calls: u32,
    /// Tokens that the model read and wrote, as it counted them.
    pub tokens: Tokens,
    /// What was left out of the prompt so that it fits, in words.
    pub left_out: Vec<String>,
    /// The agent's name and version, for the commit's trailer.
    pub agent: String,
}

/// Counts from the model's own answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Tokens of prompts.
    pub read: u64,
    /// Tokens of replies.
    pub written: u64,
}

/// What came of one turn. Never the agent's exit code: it is 0 in almost every case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TurnOutcome {
    /// The tree changed, and nothing speaks against checking it.
    Edited,
    /// It answered, and the tree is as it was.
    NoChange,
    /// Its answer was not in the form that edits have.
    FormatFailure,
    /// Its answer was cut off, or left code out ("the rest is unchanged"). The edits were undone.
    Truncated {
        /// Which file, and what was seen.
        reason: String,
    },
    /// It was still working when its time was over, or silent for too long.
    TimedOut,
}

/// What the tests are worth, in both directions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Whether the new tests tell the new code from the old.
    pub new_tests: NewTests,
    /// Test files that were there before and were changed, and fail in their old form on the new
    /// code, with the telling part of the output: either the issue wanted that, or it is broken.
    pub broken_old_tests: Option<OldTests>,
    /// What else a person should decide before this goes out as ready.
    pub objections: Vec<String>,
}

/// Whether the new tests tell the new code from the old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewTests {
    /// No test file was added or changed.
    None,
    /// They fail without the change: they prove something.
    FailOnBase,
    /// They pass without the change: they prove nothing.
    PassOnBase,
    /// The project has no test command, or its base was red already.
    NotRun,
}

/// Tests of the base that no longer pass in the form they had there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldTests {
    /// The test files that were changed.
    pub files: Vec<String>,
    /// The telling part of what the old form prints now.
    pub excerpt: String,
}

/// An agent's model and the limits it works under.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Model {
    /// Any name that the agent knows, such as `ollama_chat/qwen2.5-coder:1.5b`.
    pub name: String,
    /// Of one agent run.
    pub timeout: Duration,
    /// The context window that is asked for, in tokens: prompt and reply together.
    pub num_ctx: u32,
    /// The form in which edits are asked for: `whole` or `diff`.
    pub edit_format: String,
}

impl Model {
    /// The share of the context window that is kept for the reply, in tokens. In whole-file form
    /// a reply is as long as the files it changes, so it gets a good part.
    pub fn reply_tokens(&self) -> u32 {
        (self.num_ctx / 8 * 3).clamp(256, 16_384)
    }
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// A pull request is open, and everything that was green before still is.
    Ready(PullRequest),
    /// A pull request is open and marked incomplete: something stayed red or is doubtful.
    Incomplete(PullRequest),
    /// A branch is there, without a pull request, as the operator wants it.
    BranchOnly(Change),
    /// The work was not kept at the code host, as the operator wants it, or there was none.
    GaveUp,
    /// The model found nothing to change.
    NothingToChange,
    /// A fault ended it.
    Broke(Failure),
    /// Somebody said `codingworker cancel`.
    Cancelled,
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
    /// It will be the same the next time.
    Permanent,
    /// We are stopping, or the task is no longer ours: put it down, and say nothing.
    Interrupted,
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
