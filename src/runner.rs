//! The front door of the runner room: where the project's own commands run.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::domain::job::Fault;
use crate::domain::verification::Exit;
use crate::process::Tee;

pub mod native;

/// Something that runs a command of the project's in its tree.
#[async_trait]
pub trait Runner: Send + Sync {
    /// Runs one command. A command that fails, or is ended by its limit, is an answer and not
    /// an error. When `stop` is cancelled its whole process group ends first.
    async fn run(
        &self,
        errand: Command<'_>,
        stop: &CancellationToken,
    ) -> Result<Ended, RunnerError>;
}

/// One command of the project's.
pub struct Command<'a> {
    /// The checkout, and the command's working directory.
    pub tree: &'a Path,
    /// A folder outside the tree that serves as its HOME and lives as long as the job.
    pub home: &'a Path,
    /// A shell command line, run with `sh -c`.
    pub line: &'a str,
    /// Names and values besides the cleared environment: `IMAGE_NAME`, `WORK_DIR`.
    pub env: &'a [(String, String)],
    /// After this long it is ended.
    pub limit: Duration,
    /// Where its output is copied to while it runs.
    pub tee: Option<&'a dyn Tee>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// By itself or by us.
    pub exit: Exit,
    /// Both streams in the order they were written: head and tail, bounded, valid UTF-8.
    pub output: String,
    /// Wall-clock time.
    pub took: Duration,
}

/// What kept a command from running.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// The shell or the tree is not there.
    #[error("the command could not be started: {0}")]
    NotStarted(String),
    /// We are stopping.
    #[error("the command was stopped")]
    Stopped,
}

impl RunnerError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotStarted(_) => Fault::Transient,
            Self::Stopped => Fault::Interrupted,
        }
    }
}
