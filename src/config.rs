//! What the operator decides: the configuration, complete and checked.
//!
//! Layers, each over the one before: the defaults (`config::keys`), the file, the environment's
//! `CODINGWORKER__SECTION__KEY`, and `OLLAMA_HOST`. All problems are reported at once, each with
//! the place it comes from. This is the only room that reads the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;

use crate::domain::job::Model;
use crate::engine::gate::Limits;

mod build;
mod cage;
mod choice;
mod expand;
mod file;
mod keys;
mod notify;
mod poll;
mod reader;
mod reload;
mod retired;
mod seeing;
mod store;
mod trust;
mod urls;

pub use cage::{Cage, Deps, Docker};
pub use choice::{
    AnswerRefused, Builder, CageChoice, Language, LogFormat, Native, OnFailure, Ready, RenameBy,
    RunnerChoice,
};
pub use keys::{KEYS, Key, Kind, MODEL_KEYS, reloadable, variable};
pub use notify::{Channel, Mail, Notify, Sink};
pub use poll::Poll;
pub use seeing::{Http, Listen, Otel};
pub use store::Store;
pub use trust::{Allowed, Trust};

#[cfg(test)]
mod tests;

/// The configuration file as it is shipped: every key, commented, at its default.
pub const TEMPLATE: &str = include_str!("../configs/config.yaml");

/// The configuration: complete, checked, secrets wrapped.
#[derive(Debug)]
pub struct Config {
    /// The worker itself.
    pub worker: Worker,
    /// Where jobs are kept.
    pub store: Store,
    /// The queue.
    pub sqs: Sqs,
    /// The code host.
    pub github: GitHub,
    /// The agent.
    pub aider: Aider,
    /// The model's server.
    pub ollama: Ollama,
    /// How the work is done.
    pub edit: Edit,
    /// The checks.
    pub verify: Verify,
    /// What is around the agent and the checks.
    pub cage: Cage,
    /// The container engine.
    pub docker: Docker,
    /// What was fetched for the checks.
    pub deps: Deps,
    /// Who is trusted with what.
    pub trust: Trust,
    /// What may be pushed.
    pub gate: Limits,
    /// Health and metrics.
    pub http: Http,
    /// Traces.
    pub otel: Otel,
    /// What is looked at without a queue in between.
    pub poll: Poll,
    /// Who is told of what happens.
    pub notify: Notify,
    /// What is logged.
    pub log: Log,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    /// What is allowed and unwise, in sentences.
    pub warnings: Vec<String>,
    settings: Vec<Setting>,
}

/// `worker`: the worker itself.
#[derive(Debug)]
pub struct Worker {
    /// Who we are in pull requests.
    pub worker_id: String,
    /// How many jobs at once.
    pub slots: usize,
    /// `worker.model_slots`
    pub model_slots: usize,
    /// `worker.model_cooldown_seconds`
    pub model_cooldown: Duration,
    /// Absolute: jobs, embedded queue, logs, mirrors.
    pub state_dir: PathBuf,
    /// Of a whole job, on faults that pass.
    pub max_retries: u32,
    /// Before the first of these.
    pub retry_delay: Duration,
    /// Of a whole job.
    pub job_timeout: Duration,
    /// Before the number.
    pub branch_prefix: String,
    /// Of what people read on the code host.
    pub language: Language,
}

/// `sqs`: the queue.
#[derive(Clone, Debug)]
pub struct Sqs {
    /// `None`: the embedded queue in `state_dir`.
    pub queue_url: Option<String>,
    /// Of the queue.
    pub region: String,
    /// Of one long poll.
    pub wait_time: Duration,
    /// How long a delivery is ours before it must be extended.
    pub visibility_timeout: Duration,
}

/// `github`: the code host.
#[derive(Clone, Debug)]
pub struct GitHub {
    /// `None`: not set, and `serve` cannot start.
    pub token: Option<SecretString>,
    /// Where the API is, without a slash at its end.
    pub api_url: String,
    /// Where the repositories are cloned from, without a slash at its end.
    pub git_url: String,
    /// Where the workspaces are.
    pub clone_base_dir: PathBuf,
}

/// `aider`: the agent.
#[derive(Debug)]
pub struct Aider {
    /// A path, or a name on the PATH.
    pub bin_path: PathBuf,
    /// Tokens of the repository's map in the prompt.
    pub map_tokens: u32,
    /// Whether Aider is imported once for a job, and not for each of its turns.
    pub warm: bool,
    /// Reaches Aider alone, never a check.
    pub env: BTreeMap<String, SecretString>,
    /// Tried in this order. Never empty.
    pub models: Vec<Model>,
    /// Hosts that a hosted model may be reached at, besides the known ones. In small letters.
    pub hosts: Vec<String>,
}

/// `ollama`: the model's server.
#[derive(Debug)]
pub struct Ollama {
    /// With a scheme, without a slash at its end.
    pub host: String,
}

/// `edit`: how the work is done.
#[derive(Debug)]
pub struct Edit {
    /// Who does a rename that an issue states in full.
    pub rename: RenameBy,
    /// The most small changes of one answer that are tried while examples speak against it.
    pub mutants: usize,
}

/// `verify`: the checks.
#[derive(Debug)]
pub struct Verify {
    /// Fixes the agent is asked for, per pass.
    pub max_fixes: u32,
    /// Of one command.
    pub timeout: Duration,
    /// Whose programs they find.
    pub runner: RunnerChoice,
    /// Whether there is a second pass.
    pub write_tests: bool,
    /// What becomes of work that could not be made green.
    pub on_failure: OnFailure,
    /// What makes a pull request ready.
    pub ready: Ready,
    /// Whether a repository's next job begins with what the checks left behind on its base.
    pub cache: bool,
    /// How many bytes of that are kept, of one repository or of all.
    pub cache_max_bytes: u64,
}

/// `log`: what is logged.
#[derive(Debug)]
pub struct Log {
    /// A level, or `tracing` directives.
    pub level: String,
    /// Which form it has on standard error.
    pub format: LogFormat,
}

/// One key, what it is set to, and by what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// `worker.slots`
    pub key: &'static str,
    /// As it is in force. Secrets are `***`.
    pub value: serde_json::Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A line of the file.
    File {
        /// Which.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// A variable of the environment.
    Environment {
        /// Its name.
        name: String,
    },
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment { name } => f.write_str(name),
        }
    }
}

/// Where to look. All of it is given, so that tests depend on nothing of the machine.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// `--config`.
    pub explicit: Option<PathBuf>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// What relative paths start from.
    pub cwd: PathBuf,
    /// What `~` stands for.
    pub home: PathBuf,
    /// `/etc`.
    pub etc: PathBuf,
    /// The default of `worker.worker_id`.
    pub host_name: String,
}

impl LoadOptions {
    /// As this process finds things.
    pub fn of_this_process(explicit: Option<PathBuf>) -> Self {
        let env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let home =
            env.get("HOME").filter(|it| !it.is_empty()).map_or_else(|| cwd.clone(), PathBuf::from);
        let host_name = nix::unistd::gethostname()
            .ok()
            .and_then(|it| it.into_string().ok())
            .filter(|it| !it.is_empty())
            .unwrap_or_else(|| "codingworker".to_owned());
        Self { explicit, env, cwd, home, etc: PathBuf::from("/etc"), host_name }
    }

    /// The user's own configuration file, whether it is there or not.
    pub fn user_file(&self) -> PathBuf {
        let base = match self.env.get("XDG_CONFIG_HOME") {
            Some(dir) if Path::new(dir).is_absolute() => PathBuf::from(dir),
            _ => self.home.join(".config"),
        };
        base.join("codingworker/config.yaml")
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that was named is not there, or cannot be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Larger than any configuration is.
    #[error("{} is larger than 256 KiB: this is no configuration file", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
    },
    /// Something in it is wrong. All of it, one line each.
    #[error("{}", problems.join("\n"))]
    Invalid {
        /// Each with the place it is at.
        problems: Vec<String>,
    },
}

impl Config {
    /// Finds the file, lays the layers over each other and checks the result.
    ///
    /// # Errors
    /// With everything that is wrong, each with its place.
    pub fn load(options: &LoadOptions) -> Result<Self, ConfigError> {
        let found = file::find(options)?;
        build::config(options, found)
    }

    /// Reads `text` as if it were the file.
    ///
    /// # Errors
    /// As `load`.
    pub fn parse(text: &str, options: &LoadOptions) -> Result<Self, ConfigError> {
        let path = PathBuf::from("config.yaml");
        build::config(options, Some(file::Found { path, text: text.to_owned() }))
    }

    /// Each key with its value (secrets as `***`) and where that came from.
    pub fn origins(&self) -> &[Setting] {
        &self.settings
    }

    /// Every secret, for the redactor.
    pub fn secrets(&self) -> Vec<SecretString> {
        let sent = self.aider.env.values().chain(self.otel.headers.values());
        let told = self.notify.secrets();
        let store = self.store.address.as_ref().and_then(|it| it.password());
        self.github.token.iter().chain(sent).cloned().chain(told).chain(store).collect()
    }
}
