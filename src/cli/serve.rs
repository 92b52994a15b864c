//! `serve` and `demo`: the commands that work rather than answer.

use std::io::IsTerminal;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::app::reload::Reload;
use crate::app::{self, AppError, Surroundings};
use crate::cli::logging::{self, Logging};
use crate::cli::output::harmless;
use crate::cli::{CliError, Desk, Exit, runtime};
use crate::code_host::HostError;
use crate::config::{Config, LoadOptions};
use crate::demo::{self, DemoError, DemoOptions};
use crate::queue::QueueError;
use crate::runner::host::toolchain_env;
use crate::service::manager;
use crate::worker::lifecycle::{Bells, Signal, ring};
use crate::worker::shift::ShiftError;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Leave with 0 once the queue is empty and every job is settled
    #[arg(long)]
    drain: bool,
    /// Ask GitHub itself for labels and comments, as `poll.github: true` does: no webhook, no cloud
    #[arg(long)]
    poll_github: bool,
}

impl Arguments {
    /// Puts what was asked for above what the configuration says.
    pub(super) fn override_in(&self, options: &mut LoadOptions) {
        if self.poll_github {
            let name = "CODINGWORKER__POLL__GITHUB".to_owned();
            options.env.insert(name, "true".to_owned());
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// The model to ask, when Ollama has it
    #[arg(long, default_value = "qwen2.5-coder:1.5b", value_name = "NAME")]
    model: String,
    /// Let the scripted stand-in play the model, even when Ollama answers
    #[arg(long)]
    stand_in: bool,
}

/// Works until told to stop.
pub(super) fn serve(desk: &Desk<'_>, arguments: &Arguments) -> Result<Exit, CliError> {
    let config = desk.config()?;
    app::state_dir(&config)?;
    let logging = desk.logging(&config, true)?;
    let around = surroundings(desk)?;
    runtime()?.block_on(async {
        let bells = listen()?;
        // Early: a SIGHUP that nobody listens to ends a process.
        let mut hang_up = HangUp::on_terminal(false)?;
        let worker = app::worker(config, around, bells, arguments.drain).await?;
        let (config, reload) = (worker.beside.config.now(), worker.reload.clone());
        let work = worker.work(move || greet(&config));
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => break done?,
                () = hang_up.next() => read_anew(desk, &reload, &logging),
            }
        }
        tracing::info!("stopped");
        Ok(Exit::Done)
    })
}

fn greet(config: &Config) {
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        worker = config.worker.worker_id,
        slots = config.worker.slots,
        state_dir = %config.worker.state_dir.display(),
        config = %config.file.as_deref().map_or("defaults".into(), |it| it.to_string_lossy()),
        "waiting for tasks"
    );
}

/// Plays the demo in a folder of its own.
pub(super) fn demo(desk: &Desk<'_>, arguments: DemoArguments) -> Result<Exit, CliError> {
    let base = Config::parse("", &desk.options)?.worker.state_dir;
    let now = chrono::Local::now().format("%Y%m%d-%H%M%S");
    let options = DemoOptions {
        dir: base.join("demo").join(now.to_string()),
        aider_dir: base.join("aider"),
        load: desk.options.clone(),
        model: arguments.model,
        stand_in: arguments.stand_in,
    };
    let around = surroundings(desk)?;
    // A reader that has gone away is no reason to stop half way.
    let say = |line: &str| drop(desk.output.print(&format!("{}\n", harmless(line))));
    runtime()?.block_on(async {
        demo::run(options, around, listen()?, &say).await?;
        Ok(Exit::Done)
    })
}

/// What of this process's own environment a worker is given.
pub(super) fn surroundings(desk: &Desk<'_>) -> Result<Surroundings, CliError> {
    let env = &desk.options.env;
    let program = std::env::current_exe().map_err(|error| {
        CliError::failed(format!("cannot find this program's own file: {error}"))
    })?;
    let network = env.iter().filter(|(name, _)| {
        let name = name.to_ascii_uppercase();
        name.ends_with("_PROXY") || name == "SSL_CERT_FILE" || name == "SSL_CERT_DIR"
    });
    Ok(Surroundings {
        program,
        path: env.get("PATH").cloned().unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".to_owned()),
        toolchains: toolchain_env(&|name| env.get(name).map(Into::into)),
        env: env.clone(),
        home: desk.options.home.clone(),
        network: network.map(|(name, value)| (name.clone(), value.clone())).collect(),
    })
}

/// Reads the configuration anew. What is wrong is said, and everything stays as it is.
fn read_anew(desk: &Desk<'_>, reload: &Reload, logging: &Logging) {
    manager::reloading();
    let level = |config: &Config| match &desk.global.log_level {
        Some(named) => named.clone(),
        None => config.log.level.clone(),
    };
    let taken = Config::load(&desk.options).map_err(CliError::from).and_then(|config| {
        // All that can be refused comes before all that changes.
        let filter = logging::filter(&level(&config))?;
        logging.learn(config.secrets());
        let warnings = config.warnings.clone();
        let held = reload.take(config)?;
        logging.show(filter)?;
        Ok((held, warnings))
    });
    reload.count(taken.is_ok());
    match taken {
        Ok((held, warnings)) => {
            for warning in warnings {
                tracing::warn!("{warning}");
            }
            if !held.is_empty() {
                let held = held.join(", ");
                tracing::warn!("these have changed, and need a restart to count: {held}");
            }
            tracing::info!("the configuration was read anew; it counts for jobs that begin now");
            manager::ready("waiting for tasks");
        }
        Err(error) => {
            tracing::error!("the configuration stays as it was, the new one is refused: {error}");
            manager::ready("the configuration on disk is wrong; the one before is in force");
        }
    }
}

/// SIGHUP: a service is to read its configuration anew; a program on a terminal has lost it.
struct HangUp(Option<tokio::signal::unix::Signal>);

impl HangUp {
    /// Listens, if this process is on a terminal or not, as `wanted`.
    fn on_terminal(wanted: bool) -> Result<Self, CliError> {
        if std::io::stderr().is_terminal() != wanted {
            return Ok(Self(None));
        }
        let failed = |error| CliError::failed(format!("cannot listen for signals: {error}"));
        signal(SignalKind::hangup()).map(|it| Self(Some(it))).map_err(failed)
    }

    /// The next one; never, where nobody listens.
    async fn next(&mut self) {
        let Some(signal) = &mut self.0 else { return std::future::pending().await };
        if signal.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// Bells that ring when this process is told to stop.
fn listen() -> Result<Bells, CliError> {
    let bells = Bells::default();
    let failed = |error| CliError::failed(format!("cannot listen for signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut closed = HangUp::on_terminal(true)?;
    let (send, mut heard) = mpsc::channel(4);
    tokio::spawn(async move {
        loop {
            let next = tokio::select! {
                Some(()) = interrupt.recv() => Signal::Interrupt,
                Some(()) = terminate.recv() => Signal::Terminate,
                () = closed.next() => Signal::Terminate,
                else => return,
            };
            if send.send(next).await.is_err() {
                return;
            }
        }
    });
    let ringing = bells.clone();
    tokio::spawn(async move {
        let heard = std::sync::Arc::new(tokio::sync::Mutex::new(&mut heard));
        let next = || {
            let heard = heard.clone();
            async move {
                match heard.lock().await.recv().await {
                    Some(signal) => signal,
                    None => std::future::pending().await,
                }
            }
        };
        ring(ringing, next, || std::process::exit(Exit::Interrupted as i32)).await;
    });
    Ok(bells)
}

impl From<AppError> for CliError {
    fn from(error: AppError) -> Self {
        let exit = match &error {
            AppError::NoToken
            | AppError::Locked(_)
            | AppError::Listen { .. }
            | AppError::Host(HostError::BadToken(_) | HostError::Unavailable(_))
            | AppError::Queue(QueueError::Unavailable(_) | QueueError::Refused(_))
            | AppError::Shared(_)
            | AppError::Shift(ShiftError::Queue(_)) => Exit::Missing,
            _ => Exit::Failed,
        };
        Self::Said { exit, message: error.to_string() }
    }
}

impl From<DemoError> for CliError {
    fn from(error: DemoError) -> Self {
        match error {
            DemoError::Missing(message) => Self::missing(message),
            error => Self::failed(error.to_string()),
        }
    }
}
