//! Picks the adapters that the configuration asks for, and puts a worker together.
//!
//! The only file, with `doctor`, that names Sqs, GitHub and Aider.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::agent::AgentError;
use crate::agent::aider::{Aider, AiderOptions};
use crate::agent::recorder::Limits;
use crate::cage::Cage;
use crate::code_host::folder::Folder;
use crate::code_host::github::{GitHub, GitHubOptions};
use crate::code_host::{CodeHost, HostError};
use crate::config::Config;
use crate::database::{Database, DatabaseError};
use crate::domain::time::Timestamp;
use crate::postgres::{Postgres, PostgresError};
use crate::queue::postgres::{PostgresQueue, PostgresQueueOptions};
use crate::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use crate::queue::sqs::{SqsOptions, SqsQueue};
use crate::queue::{QueueError, TaskQueue};
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, StoreError};
use crate::worker::drive::Clock;
use crate::worker::shift::ShiftError;
use crate::workspace::WorkspaceError;

pub mod around;
pub mod beside;
mod kept;
mod lining;
mod living;
mod minding;
pub mod reload;
mod seeing;
pub mod telling;
mod terms;
mod tools;
mod waiting;
mod waking;
mod watching;
mod worker;

pub use waiting::{Awaited, awaited_models};
pub use worker::{Worker, worker};

/// How long `serve --drain` waits for the queue to say that it is empty.
const DRAIN_POLL: Duration = Duration::from_millis(200);
/// How long the embedded queue lets a receiver wait.
const LONG_POLL: Duration = Duration::from_secs(20);
/// How often the embedded queue hands a message out before it goes to the dead letters.
const MAX_RECEIVES: u32 = 20;

/// Why a worker could not be put together, or stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A folder or file of ours cannot be used.
    #[error("{}: {source}: the worker needs to write there", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// One state folder, one worker.
    #[error("another worker is using {}: stop it, or give this one its own `worker.state_dir`", .0.display())]
    Locked(PathBuf),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The database that workers share.
    #[error(transparent)]
    Shared(#[from] PostgresError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The code host.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The agent.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// Git.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The jobs.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work itself.
    #[error(transparent)]
    Shift(#[from] ShiftError),
    /// The configuration wants foreign code to be kept apart, and this machine cannot.
    #[error("no cage for agent and checks: {0}")]
    NoCage(String),
    /// The configuration wants a container engine, and names one that is none.
    #[error("no container engine: {0}")]
    NoEngine(String),
    /// The operator named a place for health and metrics, and it cannot be had.
    #[error("cannot listen at {place}: {source}: free it, or set `http.listen` to another")]
    Listen {
        /// Where.
        place: String,
        /// Why not.
        source: std::io::Error,
    },
    /// No token.
    #[error("there is no GitHub token: set `github.token`, or GITHUB_TOKEN in the environment")]
    NoToken,
}

/// The time of this machine.
pub fn clock() -> Clock {
    Arc::new(|| Timestamp(chrono::Utc::now().timestamp_millis()))
}

/// The worker's own folder, private to its user.
///
/// # Errors
/// When it cannot be made.
pub fn state_dir(config: &Config) -> Result<&Path, AppError> {
    let dir = config.worker.state_dir.as_path();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| AppError::Folder { path: dir.to_owned(), source })?;
    Ok(dir)
}

/// The database in the state folder.
///
/// # Errors
/// When the folder or the file cannot be used.
pub fn database(config: &Config) -> Result<Database, AppError> {
    state_dir(config)?;
    Ok(Database::open(&database_file(config))?)
}

/// The database in the state folder, if a worker or a task has made one.
///
/// # Errors
/// When the file cannot be used.
pub fn known_database(config: &Config) -> Result<Option<Database>, AppError> {
    if database_file(config).exists() { database(config).map(Some) } else { Ok(None) }
}

/// The database that several workers share, if the configuration names one, with its schema
/// brought up to date.
///
/// # Errors
/// When it is away, or refuses us.
pub async fn shared(config: &Config) -> Result<Option<Postgres>, AppError> {
    match config.store.address.clone() {
        Some(address) => Ok(Some(Postgres::open(address).await?)),
        None => Ok(None),
    }
}

/// The jobs: those of all workers, as the one with this name sees them, or those of this machine.
pub fn store(database: &Database, shared: Option<&Postgres>, worker: &str) -> Store {
    match shared {
        Some(postgres) => PostgresStore::over(postgres.clone(), worker.to_owned()),
        None => SqliteStore::over(database.clone()),
    }
}

/// The jobs, for a command; `None` when there are none yet.
///
/// # Errors
/// When the database cannot be used.
pub async fn known_store(config: &Config) -> Result<Option<Store>, AppError> {
    let database = known_database(config)?;
    let Some(shared) = shared(config).await? else {
        return Ok(database.map(SqliteStore::over));
    };
    // Without a state folder here, no worker's logs are here.
    let worker = match &database {
        Some(it) => SqliteStore::worker(it, &config.worker.worker_id).await?,
        None => String::new(),
    };
    Ok(Some(PostgresStore::over(shared, worker)))
}

/// Where the database is, when there is one.
pub fn database_file(config: &Config) -> PathBuf {
    config.worker.state_dir.join("codingworker.db")
}

/// Whether a worker is using the state folder right now.
pub fn is_working(config: &Config) -> bool {
    let lock = File::open(config.worker.state_dir.join("lock"));
    lock.is_ok_and(|it| matches!(it.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock)))
}

/// The state folder, for a command that wants no worker there. Nobody starts while the file lives.
///
/// # Errors
/// When a worker is there, or the folder cannot be used.
pub fn alone(config: &Config) -> Result<File, AppError> {
    worker::lock(state_dir(config)?)
}

/// The queue that the configuration names. `patience` is how long one `receive` may wait.
///
/// # Errors
/// When it cannot be had.
pub async fn queue(
    config: &Config,
    database: &Database,
    shared: Option<&Postgres>,
    patience: Option<Duration>,
) -> Result<Arc<dyn TaskQueue>, AppError> {
    let Some(queue_url) = config.sqs.queue_url.clone() else {
        if let Some(postgres) = shared {
            let options = PostgresQueueOptions {
                lease: config.sqs.visibility_timeout,
                poll: patience.unwrap_or(LONG_POLL),
                max_receives: MAX_RECEIVES,
            };
            return Ok(Arc::new(PostgresQueue::new(postgres.clone(), options)));
        }
        return Ok(Arc::new(SqliteQueue::new(
            database.clone(),
            SqliteQueueOptions {
                lease: config.sqs.visibility_timeout,
                poll: patience.unwrap_or(LONG_POLL),
                max_receives: MAX_RECEIVES,
                wake_path: Some(state_dir(config)?.join("wake.sock")),
                clock: clock(),
            },
        )));
    };
    let options = SqsOptions {
        queue_url,
        region: Some(config.sqs.region.clone()),
        wait_time: config.sqs.wait_time,
        visibility: config.sqs.visibility_timeout,
        endpoint: None,
    };
    Ok(Arc::new(SqsQueue::connect(options).await?))
}

/// The code host that the configuration names: GitHub, or a folder of bare repositories.
///
/// # Errors
/// When there is no token, or the address is none.
pub fn code_host(config: &Config) -> Result<Arc<dyn CodeHost>, AppError> {
    if let Some(folder) = folder(config) {
        return Ok(Arc::new(folder));
    }
    Ok(Arc::new(github(config)?))
}

/// The folder of bare repositories, if `github.git_url` names one and no API is named for it.
pub fn folder(config: &Config) -> Option<Folder> {
    let path = config.github.git_url.strip_prefix("file://")?;
    (config.github.api_url == GITHUB).then(|| Folder::new(PathBuf::from(path)))
}

/// The API that is asked when the configuration names none.
const GITHUB: &str = "https://api.github.com";

/// GitHub, as configured.
///
/// # Errors
/// When there is no token, or the address is none.
pub fn github(config: &Config) -> Result<GitHub, AppError> {
    let token = config.github.token.clone().ok_or(AppError::NoToken)?;
    Ok(GitHub::new(GitHubOptions::new(config.github.api_url.clone(), token))?)
}

/// The agent, as configured.
///
/// # Errors
/// When Ollama's address is none.
pub fn agent(
    config: &Config,
    around: &Surroundings,
    cage: Arc<dyn Cage>,
    mark: Option<String>,
) -> Result<Aider, AgentError> {
    Aider::new(AiderOptions {
        bin: config.aider.bin_path.clone(),
        path: around.path.clone(),
        cage,
        program: around.program.clone(),
        cage_limits: around::limits(config),
        hosts: config.aider.hosts.clone(),
        ollama: config.ollama.host.clone(),
        map_tokens: config.aider.map_tokens,
        env: config.aider.env.clone().into_iter().collect(),
        limits: Limits::default(),
        mark,
        warm: config.aider.warm,
    })
}

/// What a worker is put together from, besides its configuration.
pub struct Surroundings {
    /// The program itself, which git asks for the token.
    pub program: PathBuf,
    /// The `PATH` of the operator, for agent and checks.
    pub path: String,
    /// Where the operator's toolchains are, by name and value.
    pub toolchains: Vec<(String, String)>,
    /// The environment that the container engine is found by.
    pub env: BTreeMap<String, String>,
    /// The operator's home.
    pub home: PathBuf,
    /// Proxies and certificates, for the calls that talk to the remote.
    pub network: Vec<(String, String)>,
}

/// Where the logs of jobs are.
pub fn log_dir(config: &Config) -> PathBuf {
    config.worker.state_dir.join("logs").join("jobs")
}
