//! The front door of the agent room: whoever edits the code for us.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::domain::job::{Failure, Fault, Model, Tokens};
use crate::engine::cooldown::Pushback;
use crate::process::Tee;

pub mod aider;
mod bridge;
pub mod ollama;
pub mod recorder;
mod socket;
pub mod standin;
mod tunnel;
mod vendor;

pub use bridge::bridge_main;

/// Something that edits a tree when it is told to.
#[async_trait]
pub trait Agent: Send + Sync {
    /// Its name and version, for the commit's trailer: `aider 0.86.2`.
    async fn version(&self) -> Result<String, AgentError>;

    /// Whether `model` can be asked now, and how much it can read at once.
    async fn ready(&self, model: &Model) -> Result<Readiness, AgentError>;

    /// Where `model` is asked: an address, or a vendor's host. Models at one server share what it
    /// can do.
    fn server(&self, _model: &Model) -> String {
        String::new()
    }

    /// Has `model` loaded, as the turns to come will want it. Does nothing where a server loads
    /// models by itself.
    async fn warm(&self, _model: &Model) -> Result<(), AgentError> {
        Ok(())
    }

    /// The same agent for the turns of one job alone, whose `tree` and `scratch` these are and will
    /// be; they are there, and may be empty yet. What of it can be got ready is, in the background
    /// and at once; it ends when this is dropped. `None`: nothing can, and this agent will do.
    fn for_job(&self, tree: &Path, scratch: &Path) -> Option<Arc<dyn Agent>> {
        let _ = (tree, scratch);
        None
    }

    /// One turn. What the agent answers, however bad, is an `Edit`; only what kept it from
    /// answering is an error. When `stop` is cancelled its whole process group ends first.
    async fn edit(&self, errand: Errand<'_>, stop: &CancellationToken) -> Result<Edit, AgentError>;

    /// One question to the model alone, without tools and files: `Edit::reply` has its answer, and
    /// what becomes of it is the caller's business.
    ///
    /// # Errors
    /// As for `edit`; `NotStarted` where the model is not of a kind that is asked so.
    async fn ask(
        &self,
        question: Question<'_>,
        _stop: &CancellationToken,
    ) -> Result<Edit, AgentError> {
        let name = &question.model.name;
        Err(AgentError::NotStarted(format!("{name} cannot be asked for functions alone")))
    }
}

/// All that a model needs to answer one question.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Whom to ask, and for how long.
    pub model: &'a Model,
    /// What it is told of its part; the same for all questions, so that it is read once.
    pub system: &'a str,
    /// The question.
    pub user: &'a str,
    /// Tokens that the answer may have.
    pub reply: u32,
    /// 0.0 for what it holds for best.
    pub temperature: f32,
    /// The same seed brings the same answer again.
    pub seed: u32,
}

/// All that an agent needs for one turn.
pub struct Errand<'a> {
    /// The checkout. The agent may write below it and nowhere else.
    pub tree: &'a Path,
    /// An empty folder outside the tree for whatever it must write besides; gone afterwards.
    pub scratch: &'a Path,
    /// What it is told. Begins with a fixed sentence of ours.
    pub prompt: &'a str,
    /// Files to look at, from the tree's root: conventions, tests it must not change.
    pub read: &'a [String],
    /// Files it may edit, from the tree's root.
    pub files: &'a [String],
    /// Whom to ask, and for how long.
    pub model: &'a Model,
    /// 0.0 for the first try; higher for a fresh try at the same thing.
    pub temperature: f32,
    /// Where its output is copied to while it runs.
    pub tee: Option<&'a dyn Tee>,
}

/// What is known of a model before it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Tokens it can take in one call, prompt and reply together.
    pub context: u32,
}

/// What one turn looked like from outside. Whether files changed is for git to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// What its output and the model's answers say.
    pub verdict: EditVerdict,
    /// The model's last reply, at most 64 KiB.
    pub reply: String,
    /// How often the model was called.
    pub calls: u32,
    /// As the model counted them.
    pub tokens: Tokens,
    /// Wall-clock time.
    pub took: Duration,
}

impl Edit {
    /// What kept the model from answering, where it is not the model's answer that is bad.
    pub fn refusal(&self) -> Option<Failure> {
        match &self.verdict {
            EditVerdict::ModelUnavailable(words) => {
                Some(Failure::new(Fault::ModelAway, words.clone()))
            }
            EditVerdict::ModelBusy(pushback) => Some(pushback.clone().into()),
            _ => None,
        }
    }
}

/// How a turn went, as far as the agent and the model tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditVerdict {
    /// The model answered to the end, and the agent understood the answer.
    Answered,
    /// The model answered to the end; the agent found no edits of the agreed form in it.
    FormatFailure,
    /// The answer was cut off, by its length or by a broken connection.
    Truncated(String),
    /// Over its limit, or silent for too long. Its processes are gone.
    TimedOut,
    /// The model could not be reached, or answered with errors alone.
    ModelUnavailable(String),
    /// The model's server turned it away, for now.
    ModelBusy(Pushback),
}

/// What kept an agent from a turn.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The program is not there, or does not start.
    #[error("the agent could not be started: {0}")]
    NotStarted(String),
    /// The model's server does not answer, or answers with errors.
    #[error("{0}")]
    ModelAway(String),
    /// The model's server turns us away, for now.
    #[error("{}", .0.words)]
    ModelBusy(Pushback),
    /// The server is there and does not have the model.
    #[error("the model {model} is not there: type `{remedy}`")]
    ModelMissing {
        /// The name as configured.
        model: String,
        /// What to type.
        remedy: String,
    },
    /// What runs its cage does not answer.
    #[error("{0}")]
    CageAway(String),
    /// We are stopping.
    #[error("the agent was stopped")]
    Stopped,
}

impl AgentError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotStarted(_) => Fault::Permanent,
            Self::ModelAway(_) | Self::ModelMissing { .. } => Fault::ModelAway,
            Self::ModelBusy(_) => Fault::ModelBusy,
            Self::CageAway(_) => Fault::Transient,
            Self::Stopped => Fault::Interrupted,
        }
    }
}
