//! `socket-proxy`: the filter before the engine's socket, for a worker that is in a container itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{CliError, Desk, Exit, answer, runtime};
use crate::config::Config;
use crate::docker::WORKER_LABEL;
use crate::docker::endpoint::{self, Endpoint, Found};
use crate::docker::proxy::{self, Proxy, Witness};
use crate::engine::socket::Policy;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The socket to make, which the worker uses instead of the engine's own
    #[arg(long, value_name = "PATH", required_unless_present = "check")]
    listen: Option<PathBuf>,
    /// The engine's own socket: unix:///PATH or tcp://127.0.0.1:PORT [default: as docker finds it]
    #[arg(long, value_name = "ENDPOINT")]
    upstream: Option<String>,
    /// Show only what this worker has made [default: what any worker has made]
    #[arg(long, value_name = "MARK")]
    worker: Option<String>,
    /// Let what belongs to jobs in this state folder be mounted, a path as the engine's machine
    /// sees it
    #[arg(long, value_name = "PATH", conflicts_with = "volume")]
    mounts_below: Option<PathBuf>,
    /// The same for a state folder that is this volume, wherever the engine keeps it
    #[arg(long, value_name = "NAME")]
    volume: Option<String>,
    /// Let containers and builds use the network, and images be fetched
    #[arg(long)]
    network: bool,
    /// Let BuildKit be spoken, whose builds can be held to fewer rules
    #[arg(long)]
    buildkit: bool,
    /// Let every user of this machine use the socket, not its owner alone
    #[arg(long)]
    for_others: bool,
    /// The most memory that one container gets, in MiB
    #[arg(long, default_value_t = 8192, value_name = "MIB")]
    memory_mb: u64,
    /// The most processes and threads that one container gets
    #[arg(long, default_value_t = 4096, value_name = "NUMBER")]
    processes: u32,
    /// Only see whether a proxy that listens on PATH, and the engine behind it, answer
    #[arg(long, value_name = "PATH", conflicts_with = "listen")]
    check: Option<PathBuf>,
}

/// Says what was refused, in the log.
struct Log;

impl Witness for Log {
    fn refused(&self, request: &str, why: &str) {
        tracing::warn!(request, why, "refused");
    }

    fn changed(&self, request: &str, what: &str) {
        tracing::info!(request, what, "passed on otherwise than asked");
    }
}

/// Filters until told to stop; or looks whether somebody does.
pub(super) fn run(desk: &Desk<'_>, arguments: &Arguments) -> Result<Exit, CliError> {
    if let Some(socket) = &arguments.check {
        return answer(check(socket));
    }
    let Some(socket) = &arguments.listen else {
        return Err(CliError::usage("name the socket to make: --listen PATH"));
    };
    let config = Config::parse("", &desk.options)?;
    let _logging = desk.logging(&config, false)?;
    let upstream = upstream(desk, arguments.upstream.as_deref())?;
    runtime()?.block_on(filter(socket, upstream, arguments))
}

async fn filter(socket: &Path, upstream: Endpoint, wishes: &Arguments) -> Result<Exit, CliError> {
    let failed = |error| CliError::failed(format!("cannot listen for signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let below = match &wishes.volume {
        Some(volume) => Some(folder_of(upstream.clone(), volume).await?),
        None => wishes.mounts_below.clone(),
    };
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let policy = Policy {
        labels: vec![(WORKER_LABEL.to_owned(), wishes.worker.clone().unwrap_or_default())],
        network: wishes.network,
        mounts: Vec::new(),
        mounts_below: below,
        memory: wishes.memory_mb << 20,
        processes: wishes.processes,
        cpus: f64::from(u32::try_from(cpus).unwrap_or(1)),
        images: Vec::new(),
        buildkit: wishes.buildkit,
    };
    let from = upstream.to_string();
    let started = Proxy::start(socket, wishes.for_others, upstream, policy, Arc::new(Log)).await;
    let proxy = started.map_err(|error| {
        CliError::failed(format!(
            "cannot listen on {}: {error}; is its folder there and writable, and does nothing else \
             listen there?",
            socket.display()
        ))
    })?;
    tracing::info!(listen = %socket.display(), upstream = from, "filtering");
    tokio::select! {
        _ = interrupt.recv() => (),
        _ = terminate.recv() => (),
    }
    drop(proxy);
    Ok(Exit::Done)
}

async fn check(socket: &Path) -> Result<Exit, CliError> {
    let asked = proxy::ping(Endpoint::Unix(socket.to_owned())).await;
    asked.map(|()| Exit::Done).map_err(CliError::missing)
}

async fn folder_of(upstream: Endpoint, volume: &str) -> Result<PathBuf, CliError> {
    proxy::volume_folder(upstream, volume).await.map_err(CliError::missing)
}

fn upstream(desk: &Desk<'_>, named: Option<&str>) -> Result<Endpoint, CliError> {
    let Some(named) = named else {
        let env = |name: &str| desk.options.env.get(name).cloned();
        let home = PathBuf::from(env("HOME").unwrap_or_else(|| "/".to_owned()));
        return match endpoint::find(&env, &home) {
            Found::Here(endpoint, _) => Ok(endpoint),
            Found::Unusable(why) => Err(CliError::missing(why)),
            Found::Nowhere { .. } => Err(CliError::missing(
                "no container engine is found; name its socket: --upstream unix:///PATH",
            )),
        };
    };
    let unix = named.strip_prefix("unix://").unwrap_or(named);
    if unix.starts_with('/') {
        return Ok(Endpoint::Unix(unix.into()));
    }
    let address = named.strip_prefix("tcp://").and_then(|it| it.parse().ok());
    address
        .filter(|it: &std::net::SocketAddr| it.ip().is_loopback())
        .map(Endpoint::Loopback)
        .ok_or_else(|| {
            CliError::usage(format!(
                "--upstream {named} is neither unix:///PATH nor tcp://127.0.0.1:PORT"
            ))
        })
}
