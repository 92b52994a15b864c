//! Aider by its command line.
//!
//! The repository, the issue and the model's replies are all hostile here. Aider runs with an
//! empty HOME and a cleared environment, sees none of the repository's files that it would
//! obey, talks to the model through the recorder alone, and its word for how it went is not
//! taken: see `verdict`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::{OnceCell, mpsc};
use tokio_util::sync::CancellationToken;

use crate::agent::ollama::{self, Ollama};
use crate::agent::recorder::{Answer, Limits, Recorder};
use crate::agent::{Agent, AgentError, Edit, Errand, Readiness};
use crate::domain::job::{Model, Tokens};
use crate::process::{self, Ended, ProcessError, Tee};

mod command;
mod sight;
mod verdict;

use command::Scratch;
use sight::Sight;

/// The version that the tests run against, and that the remedies name.
pub const VERSION: &str = "0.86.2";

/// How much of Aider's output is kept from each end.
const KEEP: usize = 256 * 1024;
const MAX_REPLY: usize = 64 * 1024;
/// A hosted model writes all the time; after this long it does no more.
const HOSTED_SILENCE: Duration = Duration::from_secs(300);

/// What an Aider needs to know of this machine.
#[derive(Clone, Debug)]
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
    /// How long a model may take.
    pub limits: Limits,
    /// Whose children its processes are, for `process::end_marked`.
    pub mark: Option<String>,
}

/// The agent.
#[derive(Debug)]
pub struct Aider {
    options: AiderOptions,
    ollama: Ollama,
    version: OnceCell<String>,
}

impl Aider {
    /// An Aider that has not been started yet.
    ///
    /// # Errors
    /// `NotStarted` when Ollama's address is none.
    pub fn new(options: AiderOptions) -> Result<Self, AgentError> {
        let ollama = Ollama::new(&options.ollama)?;
        Ok(Self { options, ollama, version: OnceCell::new() })
    }

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

    /// A throw-away repository around the tree: Aider refuses paths outside one. Where there is
    /// no overview of the repository, it holds the files of the turn alone, since Aider loads
    /// any other whose name it reads, and drops the edits of the reply that named it.
    async fn make_repository(
        &self,
        scratch: &Scratch,
        errand: &Errand<'_>,
        stop: &CancellationToken,
    ) -> Result<(), AgentError> {
        let git = async |args: &[&str], stdin: Vec<u8>| -> Result<Ended, AgentError> {
            let spec = command::git(&self.options, scratch, errand.tree, args, stdin);
            let ended = process::run(spec, None, stop).await.map_err(|it| match it {
                ProcessError::Stopped(_) => AgentError::Stopped,
                error => AgentError::NotStarted(format!("{error}: Aider needs git")),
            })?;
            if ended.exit.is_success() {
                return Ok(ended);
            }
            let said = String::from_utf8_lossy(&ended.stderr.head).into_owned();
            Err(AgentError::NotStarted(format!("`git {}` failed: {said}", args.join(" "))))
        };
        let folder = format!("--separate-git-dir={}", scratch.git.display());
        git(&["init", "--quiet", "--template=", &folder, "."], vec![]).await?;
        git(&["config", "user.name", "agent"], vec![]).await?;
        git(&["config", "user.email", "agent@localhost"], vec![]).await?;
        if self.options.map_tokens == 0 {
            let paths = errand.files.iter().chain(errand.read);
            let names: Vec<u8> = paths.flat_map(|it| [it.as_bytes(), b"\0"].concat()).collect();
            git(&["update-index", "--add", "-z", "--stdin"], names).await?;
        } else {
            git(&["add", "--all", "--", "."], vec![]).await?;
            let listed = git(&["ls-files", "-s", "-z"], vec![]).await?;
            // Aider would read what a link points at.
            let bytes = [listed.stdout.head, listed.stdout.tail].concat();
            let links = bytes.split(|it| *it == 0).filter(|it| it.starts_with(b"120000 "));
            let names = links.filter_map(|it| it.splitn(2, |it| *it == b'\t').nth(1));
            let names: Vec<u8> = names.flat_map(|it| [it, b"\0"].concat()).collect();
            git(&["update-index", "--force-remove", "-z", "--stdin"], names).await?;
        }
        git(&["commit", "--quiet", "--allow-empty", "--no-verify", "-m", "start"], vec![]).await?;
        Ok(())
    }
}

const INSTALL: &str = "; install it with `uv tool install aider-chat==0.86.2` or `pipx install aider-chat==0.86.2`, \
     and set `aider.bin_path`";

#[async_trait]
impl Agent for Aider {
    async fn version(&self) -> Result<String, AgentError> {
        self.version.get_or_try_init(|| self.ask_version()).await.cloned()
    }

    async fn ready(&self, model: &Model) -> Result<Readiness, AgentError> {
        let Some(name) = ollama::local_name(&model.name) else {
            return Ok(Readiness { context: model.num_ctx });
        };
        let facts = self.ollama.show(name).await?;
        let trained = facts.context.unwrap_or(model.num_ctx);
        Ok(Readiness { context: trained.min(model.num_ctx) })
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
        let sight = Sight::restrict(&tree, &scratch.hidden).map_err(failed)?;
        self.make_repository(&scratch, &errand, stop).await?;

        let edit = match ollama::local_name(&errand.model.name) {
            Some(name) => self.recorded(name, &scratch, &errand, stop).await,
            None => self.hosted(&scratch, &errand, stop).await,
        };
        drop(sight);
        edit.map(|it| Edit { took: began.elapsed(), ..it })
    }
}

impl Aider {
    async fn recorded(
        &self,
        name: &str,
        scratch: &Scratch,
        errand: &Errand<'_>,
        stop: &CancellationToken,
    ) -> Result<Edit, AgentError> {
        let (live, mut words) = mpsc::channel(1024);
        let total = errand.model.timeout.min(self.options.limits.total);
        let limits = Limits { total, ..self.options.limits };
        let recorder = Recorder::start(self.ollama.base(), name, errand.tree, limits, Some(live))
            .await
            .map_err(|error| {
                AgentError::NotStarted(format!("no port for the recorder: {error}"))
            })?;
        let base = recorder.base();
        let spec = command::aider(&self.options, scratch, errand.tree, errand, Some(&base));
        // The reply is shown while it comes; Aider repeats it when it has it all.
        let ended = tokio::select! {
            ended = process::run(spec, None, stop) => ended.map_err(|it| self.not_started(it))?,
            never = show(&mut words, errand.tee) => match never {},
        };
        let answers = recorder.answers();
        drop(recorder);
        let output = text(&ended);
        if let Some(tee) = errand.tee {
            while let Ok(piece) = words.try_recv() {
                tee.write(piece.as_bytes());
            }
            let own = verdict::own_lines(&output, &answers);
            let own = own.into_iter().filter(|it| !it.trim().is_empty());
            tee.write(own.fold("\n".to_owned(), |all, it| all + it + "\n").as_bytes());
        }
        let verdict =
            verdict::from_record(ended.exit, &answers, &output).map_err(AgentError::NotStarted)?;
        let tokens = |of: fn(&Answer) -> u64| answers.iter().map(of).sum();
        Ok(Edit {
            verdict,
            reply: shortened(answers.last().map_or("", |it| &it.text)),
            calls: u32::try_from(answers.len()).unwrap_or(u32::MAX),
            tokens: Tokens { read: tokens(|it| it.read), written: tokens(|it| it.written) },
            took: ended.took,
        })
    }

    async fn hosted(
        &self,
        scratch: &Scratch,
        errand: &Errand<'_>,
        stop: &CancellationToken,
    ) -> Result<Edit, AgentError> {
        let spec = command::aider(&self.options, scratch, errand.tree, errand, None);
        let ended =
            process::run(spec, errand.tee, stop).await.map_err(|it| self.not_started(it))?;
        let output = text(&ended);
        let verdict = verdict::from_output(ended.exit, &output).map_err(AgentError::NotStarted)?;
        let (calls, tokens) = verdict::printed_tokens(&output);
        Ok(Edit { verdict, reply: shortened(&output), calls, tokens, took: ended.took })
    }
}

/// Shows words as they come, until it is dropped.
async fn show(
    words: &mut mpsc::Receiver<String>,
    tee: Option<&dyn Tee>,
) -> std::convert::Infallible {
    while let Some(piece) = words.recv().await {
        if let Some(tee) = tee {
            tee.write(piece.as_bytes());
        }
    }
    std::future::pending().await
}

fn text(ended: &Ended) -> String {
    let bytes = [ended.stdout.head.as_slice(), ended.stdout.tail.as_slice()].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn shortened(reply: &str) -> String {
    reply[..reply.floor_char_boundary(MAX_REPLY)].to_owned()
}
