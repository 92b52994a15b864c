//! Aider by its command line.
//!
//! The repository, the issue and the model's replies are all hostile here. Aider runs in a cage
//! (`turn`) with an empty HOME and a cleared environment, sees none of the repository's files that
//! it would obey, talks to the model through the recorder alone, and its word for how it went is
//! not taken: see `verdict`.
//!
//! `aider --version` and the question where Aider lives are asked outside of the cage: they are
//! the operator's own program, started in no tree and with nothing to read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::agent::ollama::{self, Ollama};
use crate::agent::recorder::Limits;
use crate::agent::{Agent, AgentError, Edit, Errand, Question, Readiness, vendor};
use crate::cage::{Cage, Limits as CageLimits};
use crate::domain::job::Model;
use crate::domain::verification::Isolation;
use crate::process::{self, Ended, ProcessError};

mod command;
mod host;
mod installed;
mod question;
mod sight;
mod turn;
mod verdict;

/// How turns are judged, for tests that throw anything at it.
#[doc(hidden)]
pub use verdict::{from_output, from_record, printed_tokens};

use command::Scratch;
use host::Host;
use installed::Installed;
use sight::Sight;

/// The version that the tests run against, and that the remedies name.
pub const VERSION: &str = "0.86.2";

/// How much of Aider's output is kept from each end.
const KEEP: usize = 256 * 1024;
const MAX_REPLY: usize = 64 * 1024;
/// A hosted model writes all the time; after this long it does no more.
const HOSTED_SILENCE: Duration = Duration::from_secs(300);

/// What an Aider needs to know of this machine.
#[derive(Clone)]
pub struct AiderOptions {
    /// The program: a path, or a bare name that is looked up in `path`.
    pub bin: PathBuf,
    /// `PATH` for it and for the git that it calls.
    pub path: String,
    /// Where Ollama listens, in any form that `ollama::base_url` takes.
    pub ollama: String,
    /// How many tokens of an overview of the repository go into the prompt. With 0, Aider sees
    /// the files it is given and knows of no others.
    pub map_tokens: u32,
    /// Keys for hosted models. They reach Aider, for those models, and nothing else.
    pub env: Vec<(String, SecretString)>,
    /// Further hosts that a hosted model may be reached at, besides its vendor's; port 443.
    ///
    /// They bind an agent whose cage has a loopback of its own. In any other cage, and in none, a
    /// hosted model's Aider reaches all that this machine reaches: nothing there could tell the
    /// vendor from the rest.
    pub hosts: Vec<String>,
    /// How long a model may take.
    pub limits: Limits,
    /// What surrounds Aider and its git.
    pub cage: Arc<dyn Cage>,
    /// What one turn may use up.
    pub cage_limits: CageLimits,
    /// Our own program, which is started inside the cage as a bridge to the model.
    pub program: PathBuf,
    /// Whose children its processes are, for `process::end_marked`.
    pub mark: Option<String>,
    /// Whether Aider is imported once for all turns of a job, where that can be done.
    pub warm: bool,
}

/// The agent.
pub struct Aider {
    core: Arc<Core>,
    /// That of one job.
    host: Option<Host>,
}

/// What the jobs share.
struct Core {
    options: AiderOptions,
    ollama: Ollama,
    version: OnceCell<String>,
    /// Where Aider lives, once that was asked.
    asked: OnceCell<Installed>,
    /// Where there is no cage, and nothing has to be asked.
    configured: Installed,
}

impl Aider {
    /// An Aider that has not been started yet.
    ///
    /// # Errors
    /// `NotStarted` when Ollama's address is none.
    pub fn new(options: AiderOptions) -> Result<Self, AgentError> {
        let ollama = Ollama::new(&options.ollama)?;
        let configured = Installed::as_configured(&options);
        let (version, asked) = (OnceCell::new(), OnceCell::new());
        let core = Arc::new(Core { options, ollama, version, asked, configured });
        Ok(Self { core, host: None })
    }
}

impl Core {
    async fn ask_version(&self) -> Result<String, AgentError> {
        let spec = process::Spec {
            program: self.options.bin.clone().into(),
            args: vec!["--version".into()],
            cwd: "/".into(),
            // No HOME to read a configuration from or to leave something in.
            env: vec![
                ("PATH".into(), self.options.path.clone().into()),
                ("HOME".into(), "/dev/null".into()),
                ("LITELLM_LOCAL_MODEL_COST_MAP".into(), "True".into()),
            ],
            stdin: None,
            limit: Duration::from_secs(60),
            silence: None,
            grace: Duration::from_secs(2),
            keep: 4096,
            merge: false,
            mark: self.options.mark.clone(),
        };
        let ended = process::run(spec, None, &CancellationToken::new())
            .await
            .map_err(|error| self.not_started(error))?;
        let output = text(&ended);
        let version = output.lines().find_map(|line| line.trim().strip_prefix("aider "));
        version.map(|it| format!("aider {it}")).ok_or_else(|| {
            let bin = self.options.bin.display();
            let said: String = output.chars().take(200).collect();
            AgentError::NotStarted(format!("`{bin} --version` names no version: {said}{INSTALL}"))
        })
    }

    fn not_started(&self, error: ProcessError) -> AgentError {
        match error {
            ProcessError::Stopped(_) => AgentError::Stopped,
            error => AgentError::NotStarted(format!("{error}{INSTALL}")),
        }
    }

    /// How Aider is started for a turn: as configured, or in a cage by where it lives.
    async fn installed(
        &self,
        scratch: &Path,
        tree: &Path,
        stop: &CancellationToken,
    ) -> Result<&Installed, AgentError> {
        match self.options.cage.level() {
            Isolation::Native => Ok(&self.configured),
            _ => self.asked(scratch, tree, stop).await,
        }
    }

    /// Where Aider lives.
    async fn asked(
        &self,
        scratch: &Path,
        tree: &Path,
        stop: &CancellationToken,
    ) -> Result<&Installed, AgentError> {
        let ask = async || {
            Installed::ask(&self.options, scratch, tree, stop)
                .await
                .map_err(|error| self.not_started(error))
        };
        self.asked.get_or_try_init(ask).await
    }
}

const INSTALL: &str = "; install it with `uv tool install aider-chat==0.86.2` or `pipx install aider-chat==0.86.2`, \
     and set `aider.bin_path`";

#[async_trait]
impl Agent for Aider {
    async fn version(&self) -> Result<String, AgentError> {
        self.core.version.get_or_try_init(|| self.core.ask_version()).await.cloned()
    }

    async fn ready(&self, model: &Model) -> Result<Readiness, AgentError> {
        let Some(name) = ollama::local_name(&model.name) else {
            return Ok(Readiness { context: model.num_ctx });
        };
        let facts = self.core.ollama.show(name).await?;
        let trained = facts.context.unwrap_or(model.num_ctx);
        Ok(Readiness { context: trained.min(model.num_ctx) })
    }

    fn server(&self, model: &Model) -> String {
        if ollama::local_name(&model.name).is_some() {
            return self.core.ollama.base().to_owned();
        }
        // `OPENAI_API_BASE` is where `openai/…` is asked.
        let prefix = model.name.split_once('/').map_or("", |(prefix, _)| prefix).to_uppercase();
        let bases = self.core.options.env.iter().filter(|(name, _)| {
            name.strip_prefix(&prefix)
                .is_some_and(|rest| !prefix.is_empty() && rest.starts_with('_'))
        });
        let mut bases = bases.filter_map(|(name, it)| vendor::host_in(name, it.expose_secret()));
        let vendor = || vendor::host_of(&model.name).unwrap_or("its provider").to_owned();
        bases.next().unwrap_or_else(vendor)
    }

    async fn warm(&self, model: &Model) -> Result<(), AgentError> {
        let Some(name) = ollama::local_name(&model.name) else { return Ok(()) };
        // The context that a turn asks for: see `hands::attempt`.
        let context = self.ready(model).await?.context;
        self.core.ollama.load(name, model.num_ctx.min(context)).await
    }

    fn for_job(&self, tree: &Path, scratch: &Path) -> Option<Arc<dyn Agent>> {
        if !Host::may_be(&self.core) {
            return None;
        }
        let (tree, root) = (tree.canonicalize().ok()?, scratch.canonicalize().ok()?);
        let host = Some(Host::begin(&self.core, tree, root));
        Some(Arc::new(Self { core: Arc::clone(&self.core), host }))
    }

    async fn edit(&self, errand: Errand<'_>, stop: &CancellationToken) -> Result<Edit, AgentError> {
        let began = Instant::now();
        let failed = |error: std::io::Error| {
            AgentError::NotStarted(format!("the turn's files could not be prepared: {error}"))
        };
        let tree = errand.tree.canonicalize().map_err(failed)?;
        let root = errand.scratch.canonicalize().map_err(failed)?;
        let files = sight::ordinary(&tree, errand.files);
        let read = sight::ordinary(&tree, errand.read);
        let errand = Errand { tree: &tree, scratch: &root, files: &files, read: &read, ..errand };
        let scratch = Scratch::fill(&root, &errand).map_err(failed)?;
        let installed = self.core.installed(&root, &tree, stop).await?;
        let sight = Sight::restrict(&tree, &scratch.hidden).map_err(failed)?;
        let (core, host) = (&*self.core, self.host.as_ref());
        let (scratch, errand) = (&scratch, &errand);
        let turn = turn::Turn { core, host, installed, scratch, errand, stop };
        let edit = turn.take().await;
        drop(sight);
        edit.map(|it| Edit { took: began.elapsed(), ..it })
    }

    /// Aider has no part in it: its prompts and its forms are for whole files.
    async fn ask(
        &self,
        question: Question<'_>,
        stop: &CancellationToken,
    ) -> Result<Edit, AgentError> {
        let core = &self.core;
        question::ask(&core.ollama, core.options.limits, question, stop).await
    }
}

fn text(ended: &Ended) -> String {
    let bytes = [ended.stdout.head.as_slice(), ended.stdout.tail.as_slice()].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn shortened(reply: &str) -> String {
    reply[..reply.floor_char_boundary(MAX_REPLY)].to_owned()
}
