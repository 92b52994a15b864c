//! What the store keeps, in the words of the house.

use serde::Serialize;

use crate::database::DatabaseError;
use crate::domain::job::{Fault, JobId, JobState};
use crate::domain::task::{Repository, Task};
use crate::domain::time::Timestamp;

use crate::postgres::PostgresError;

use super::Taken;

/// Our record of carrying out one task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Job {
    /// What people call it.
    pub id: JobId,
    /// What was asked for.
    pub task: Task,
    /// Where it stands.
    pub state: JobState,
    /// When it became known.
    pub created_at: Timestamp,
    /// When something last happened to it.
    pub updated_at: Timestamp,
    /// The queue's receipt for the delivery it works for, in the words of the queue.
    pub receipt: Option<String>,
    /// Where its pull request is.
    pub pull_request: Option<String>,
    /// Whether somebody wants it ended.
    pub cancel_requested: bool,
    /// The worker that holds it, by its name.
    pub owner: Option<String>,
}

/// Whether a task was known before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It was not: this is its job, and it is ours.
    New(Taken),
    /// It was, and it is ours now: this is how far its job has come.
    Known(Taken),
    /// Another worker works on it, and holds the new delivery from here on.
    Held(Job),
    /// Its job is over.
    Over(Job),
    /// It has no job, and gets none: this one does what it asks for and answers for it. The
    /// delivery is of no further use.
    Claimed(Job),
}

/// Which jobs to list. Nothing set: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Those that stand here.
    pub state: Option<JobState>,
    /// Those for this repository, in whatever case it is typed.
    pub repository: Option<Repository>,
}

/// What the beginning of a job's id stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// This job.
    One(Box<Job>),
    /// No job.
    None,
    /// More than one: the first 20 that it could mean.
    Many(Vec<JobId>),
}

/// A part of a job's log: from `offset` to the next section, or to the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogSection {
    /// When it began.
    pub at: Timestamp,
    /// What it is the output of.
    pub title: String,
    /// Its first byte in the file.
    pub offset: u64,
}

/// What can be wrong with the store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database could not do it.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The id is of no job here.
    #[error("no job {0} is in the store: `codingworker jobs` lists those that are")]
    NoSuchJob(JobId),
    /// Another claim of the job came after the one that this was written under.
    #[error("job {0} was taken over: nothing more is written about it here")]
    Fenced(JobId),
    /// What is stored is not what this version writes.
    #[error("what the store holds of job {job} cannot be read: {detail}")]
    Unreadable {
        /// The job's id.
        job: String,
        /// What is wrong with it.
        detail: String,
    },
}

impl From<PostgresError> for StoreError {
    fn from(error: PostgresError) -> Self {
        Self::Database(error.into())
    }
}

impl StoreError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Database(error) => error.fault(),
            Self::NoSuchJob(_) | Self::Unreadable { .. } => Fault::Permanent,
            Self::Fenced(_) => Fault::Interrupted,
        }
    }
}
