//! A worker, put together: what it does, what works beside it, and how it takes a new
//! configuration.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::beside::{Beside, End};
use super::reload::Reload;
use super::tools::{Fixed, caches, tools};
use super::{
    AppError, DRAIN_POLL, Surroundings, around, clock, database, folder, github, kept, log_dir,
    queue, shared, state_dir, store, terms,
};
use crate::agent::Agent;
use crate::code_host::{CodeHost, HostError, Watch};
use crate::config::Config;
use crate::deps::Deps;
use crate::domain::job::Model;
use crate::process;
use crate::redact::Redactor;
use crate::store::postgres::untold::SharedUntold;
use crate::store::sqlite::SqliteStore;
use crate::telemetry::metrics::Metrics;
use crate::worker::crew::Crew;
use crate::worker::journal::News;
use crate::worker::lifecycle::Bells;
use crate::worker::line::Pens;
use crate::worker::live::Live;
use crate::worker::models::Models;
use crate::worker::shift::Shift;
use crate::worker::slots::Slots;
use crate::workspace::{WorkspaceOptions, Workspaces};

/// A worker that is ready to work. While it lives, its state folder is locked.
pub struct Worker {
    /// What it will do.
    pub shift: Shift,
    /// What the others beside it are given.
    pub beside: Beside,
    /// Gives it a new configuration while it works.
    pub reload: Arc<Reload>,
    _lock: File,
}

/// How long those beside a shift may go on when it is over.
const LAST_WORDS: Duration = Duration::from_secs(5);

impl Worker {
    /// Works until told to stop, with everything beside that the configuration asks for. Calls
    /// `begun` when all that is there.
    ///
    /// # Errors
    /// When the store fails, the queue refuses us, or something beside cannot be had.
    pub async fn work(self, begun: impl FnOnce()) -> Result<(), AppError> {
        let beside = self.beside;
        if let Err(error) = beside.start().await {
            beside.over.cancel();
            return Err(error);
        }
        begun();
        let worked = self.shift.work().await;
        let told = beside.bells.drain.is_cancelled();
        let _ = beside.end.set(match &worked {
            Err(_) => End::Failed,
            Ok(()) if beside.until_empty && !told => End::Emptied,
            Ok(()) => End::Told,
        });
        beside.over.cancel();
        beside.tasks.close();
        if tokio::time::timeout(LAST_WORDS, beside.tasks.wait()).await.is_err() {
            tracing::warn!("something beside the work did not end in time, and is left");
        }
        Ok(worked?)
    }
}

/// Puts a worker together.
///
/// # Errors
/// When something that it cannot do without is missing or refuses us.
pub async fn worker(
    config: Config,
    around: Surroundings,
    bells: Bells,
    until_empty: bool,
) -> Result<Worker, AppError> {
    let live = Live::new(config);
    let config = &*live.now();
    let dir = state_dir(config)?.to_owned();
    let lock = lock(&dir)?;
    let database = database(config)?;
    let name = SqliteStore::worker(&database, &config.worker.worker_id).await?;
    let shared = shared(config).await?;
    let store = store(&database, shared.as_ref(), &name);
    let queue =
        queue(config, &database, shared.as_ref(), until_empty.then_some(DRAIN_POLL)).await?;
    queue.depth().await?;
    let (host, watch) = code_host(config).await?;
    let mark = process_mark(&dir);
    let ended = process::end_marked(&mark).await;
    if ended > 0 {
        tracing::warn!(ended, "ended processes that an earlier worker had left behind");
    }
    around::sweep(&around, &mark, config.docker.keep_images).await;
    let cage = around::host_cage(config, &around, &mark).await?;
    let workspaces = Workspaces::new(WorkspaceOptions {
        state_dir: dir.clone(),
        work_dir: config.github.clone_base_dir.clone(),
        git_url: config.github.git_url.clone(),
        token: config.github.token.clone(),
        askpass_program: around.program.clone(),
        remote_env: around.network.clone(),
        mark: Some(mark.clone()),
    })?;
    workspaces.sweep(&kept::wanted(&store).await?).await;
    let fixed = Fixed {
        around,
        cage,
        mark,
        host,
        workspaces,
        deps: Deps::new(dir.join("deps")),
        caches: dir.join("caches"),
        database: database.clone(),
        store: store.clone(),
        redactor: Redactor::new(config.secrets()),
    };
    let made = tools(config, &fixed)?;
    tell_about_models(made.agent.clone(), config.aider.models.clone());
    let (deps, unused_for, most) = (fixed.deps.clone(), config.deps.keep, config.deps.max_bytes);
    let caches = caches(config, &fixed);
    tokio::spawn(async move {
        deps.prune(unused_for, most).await;
        caches.prune().await
    });
    let models = Models::new(store.clone(), clock(), config.worker.worker_id.clone());
    models.follow(made.agent.clone(), terms::models(config));
    let (made, policy) = (Live::new(made), Live::new(terms::policy(config)));
    let slots = Slots::new(config.worker.slots);
    let pens = Pens::default();
    let crew = Crew {
        tools: made.clone(),
        pens: pens.clone(),
        store: store.clone(),
        log_dir: log_dir(config),
        redactor: fixed.redactor.clone(),
    };
    let beside = Beside {
        config: live.clone(),
        database,
        metrics: Metrics::default(),
        store: store.clone(),
        untold: shared.map(|it| SharedUntold::new(it, name.clone())),
        queue: queue.clone(),
        watch,
        until_empty,
        tools: made.clone(),
        slots: slots.clone(),
        pens,
        board: Arc::default(),
        models: models.clone(),
        news: broadcast::channel::<News>(256).0,
        bells: bells.clone(),
        clock: clock(),
        redactor: fixed.redactor.clone(),
        end: Arc::default(),
        over: CancellationToken::new(),
        tasks: TaskTracker::new(),
    };
    let shift = Shift {
        queue,
        store,
        name,
        hire: Arc::new(crew),
        policy: policy.clone(),
        slots: slots.clone(),
        models: models.clone(),
        clock: clock(),
        bells,
        board: beside.board.clone(),
        news: beside.news.clone(),
        until_empty,
    };
    let metrics = beside.metrics.clone();
    let reload = Reload {
        config: live.clone(),
        tools: made,
        policy,
        slots,
        models,
        fixed,
        metrics,
        clock: clock(),
    };
    Ok(Worker { shift, beside, reload: Arc::new(reload), _lock: lock })
}

/// The code host, asked once whether it knows us.
async fn code_host(config: &Config) -> Result<(Arc<dyn CodeHost>, Arc<dyn Watch>), AppError> {
    if let Some(folder) = folder(config) {
        let folder = Arc::new(folder);
        return Ok((folder.clone(), folder));
    }
    let github = github(config)?;
    // A token that is refused will be refused again; a network that is down comes back.
    match github.credentials().await {
        Ok(_) => {}
        Err(error @ (HostError::BadToken(_) | HostError::Misconfigured(_))) => {
            return Err(error.into());
        }
        Err(error) => tracing::warn!(%error, "GitHub does not answer yet"),
    }
    let github = Arc::new(github);
    Ok((github.clone(), github))
}

/// A model that is away is no reason not to start, and one whose server hangs none to start late:
/// their jobs wait.
pub(super) fn tell_about_models(agent: Arc<dyn Agent>, models: Vec<Model>) {
    tokio::spawn(async move {
        for model in &models {
            if let Err(error) = agent.ready(model).await {
                tracing::warn!(model = model.name, "{error}; jobs will wait for it");
            }
        }
    });
}

/// Takes the state folder for as long as the file lives.
pub(super) fn lock(dir: &Path) -> Result<File, AppError> {
    let path = dir.join("lock");
    let failed = |source| AppError::Folder { path: path.clone(), source };
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(AppError::Locked(dir.to_owned())),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// What the children of this worker carry, so that a later one finds those that were left. Workers
/// in containers call their folders alike, and may share an engine: the folder's own number tells
/// them apart.
fn process_mark(dir: &Path) -> String {
    use sha2::{Digest, Sha256};
    use std::os::unix::fs::MetadataExt;
    let number = std::fs::metadata(dir).map_or(0, |it| it.ino());
    let mut digest = Sha256::new();
    digest.update(number.to_be_bytes());
    digest.update(dir.as_os_str().as_encoded_bytes());
    let digest = digest.finalize();
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
