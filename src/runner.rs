//! The front door of the runner room: where the project's own commands run.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::cage::CageError;
use crate::docker::DockerError;
use crate::domain::job::{Fault, JobId};
use crate::domain::verification::{Exit, Isolation, Place, Plan};
use crate::process::Tee;

pub mod docker;
pub mod host;

/// Something that runs a command of the project's in its tree.
#[async_trait]
pub trait Runner: Send + Sync {
    /// What is around the commands of `plan`.
    fn level(&self, _plan: &Plan) -> Isolation {
        Isolation::Native
    }

    /// Whether a container engine can be had for a plan that is to be made.
    ///
    /// # Errors
    /// When there is one and it does not answer: a fault that passes, and no reason to do without.
    async fn has_engine(&self) -> Result<bool, RunnerError> {
        Ok(false)
    }

    /// Gets what `site` stands in, with the network: an image is fetched, or built from the
    /// default branch. Gives what is to be `Command::image`.
    async fn furnish(
        &self,
        _site: Site<'_>,
        _stop: &CancellationToken,
    ) -> Result<Option<String>, RunnerError> {
        Ok(None)
    }

    /// Runs one command. A command that fails, or is ended by its limit, is an answer and not
    /// an error. When `stop` is cancelled its whole process group ends first.
    async fn run(
        &self,
        errand: Command<'_>,
        stop: &CancellationToken,
    ) -> Result<Ended, RunnerError>;

    /// Removes what the commands of a job left behind in the engine: containers, networks and
    /// volumes, and its images too when the job is over.
    async fn clean(&self, _job: &JobId, _over: bool) {}
}

/// What is around the commands of a job, and what that is made from.
pub struct Site<'a> {
    /// The job.
    pub job: &'a JobId,
    /// `OWNER/NAME`: layers are kept for each repository.
    pub repository: &'a str,
    /// What the plan says.
    pub place: &'a Place,
    /// What an image of the job's own is called.
    pub image_name: &'a str,
    /// The default branch's tree, where the place is built from it.
    pub base: &'a Path,
    /// How long it may take.
    pub limit: Duration,
    /// Where the log of it goes.
    pub tee: Option<&'a dyn Tee>,
}

/// One command of the project's.
pub struct Command<'a> {
    /// The job that it is for.
    pub job: &'a JobId,
    /// The image that it runs in, as `furnish` gave it. `None`: this machine's programs.
    pub image: Option<&'a str>,
    /// Whether it gets to talk to the container engine, through a filter.
    pub docker: bool,
    /// Whether it, and what it starts in the engine, has the network.
    pub network: bool,
    /// A folder that it finds as `$DEPS_DIR`, and may change.
    pub deps: Option<&'a Path>,
    /// The checkout, and the command's working directory.
    pub tree: &'a Path,
    /// A folder outside the tree that serves as its HOME and lives as long as the job.
    pub home: &'a Path,
    /// A shell command line, run with `sh -c`.
    pub line: &'a str,
    /// What it can read from its standard input; `None`: nothing.
    pub stdin: Option<&'a [u8]>,
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
    /// What it should run in cannot be had: no such image, a Dockerfile that does not build.
    #[error("{0}")]
    NoPlace(String),
    /// The container engine is away, or went away meanwhile.
    #[error("{0}")]
    EngineAway(String),
    /// We are stopping.
    #[error("the command was stopped")]
    Stopped,
}

impl RunnerError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotStarted(_) | Self::EngineAway(_) => Fault::Transient,
            Self::NoPlace(_) => Fault::Permanent,
            Self::Stopped => Fault::Interrupted,
        }
    }
}

impl From<CageError> for RunnerError {
    fn from(error: CageError) -> Self {
        match error {
            CageError::NotStarted(message) => Self::NotStarted(message),
            CageError::Impossible(message) => Self::NoPlace(message),
            CageError::EngineAway(message) => Self::EngineAway(message),
            CageError::Stopped(_) => Self::Stopped,
        }
    }
}

impl From<DockerError> for RunnerError {
    fn from(error: DockerError) -> Self {
        match error {
            error @ (DockerError::NotFound(_) | DockerError::Refused(_)) => {
                Self::NoPlace(error.to_string())
            }
            error @ (DockerError::Away { .. } | DockerError::RegistryAway { .. }) => {
                Self::EngineAway(error.to_string())
            }
            DockerError::Stopped => Self::Stopped,
        }
    }
}
