//! An Aider that is imported once for a job, and forks for each of its turns (`host.py`).
//!
//! The import costs seconds of a processor each time; a fork costs milliseconds. The host runs in
//! the same cage as a turn does, with the environment of a turn and no key in it, from as soon as
//! the job's folders are there, so that the import goes on beside the rest of the work. It shows
//! what a turn shows: the tree, the turn's own folders, and Aider. It serves this one job, and
//! ends with it.
//!
//! A turn goes by the command line where there is no host: on other systems than Linux (a fork
//! without `exec` is not sound on macOS), where Aider is no Python script, where the import failed
//! or took too long, and where a host could not start a child. What is a hosted model's goes by
//! the command line too: its libraries read keys and proxies while they are imported, and no key
//! is to be in the host.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::command::{self, Scratch};
use super::{Core, Installed};
use crate::agent::{bridge, socket};
use crate::cage::{Network, Rules};
use crate::domain::verification::Isolation;
use crate::process::{self, Ended, ProcessError, Spec, Tee};

mod relay;
mod remote;
mod wire;

use remote::Remote;
use wire::Control;

/// How long an import may take, on a machine that has other things to do.
const IMPORT: Duration = Duration::from_secs(60);
/// Longer than any job; a host that is still there then is started anew.
const LIFE: Duration = Duration::from_secs(24 * 3600);
/// For anything that a host has to answer at once, and for its end.
const PROMPTLY: Duration = Duration::from_secs(15);
/// Hosts of one job: one that dies under its turns is not worth more imports.
const MOST_STARTS: u32 = 3;

/// The host of one job. Dropped, it ends.
pub(super) struct Host {
    core: Arc<Core>,
    tree: PathBuf,
    root: PathBuf,
    current: Mutex<(u32, Live)>,
}

/// Which folders a host was shown: a folder that was made anew under the same name is another.
type Shown = Vec<(u64, u64)>;

/// How far a host is.
#[derive(Clone, Debug)]
enum Phase {
    Starting,
    Ready(Shown),
    /// Nothing of it lives. Whether it had been ready.
    Over(bool),
}

/// One process, for as long as it lives.
struct Live {
    phase: watch::Receiver<Phase>,
    control: Arc<Mutex<Option<Control>>>,
    stop: CancellationToken,
    _ends: DropGuard,
}

impl Host {
    /// Whether there can be one, as far as is known without trying.
    pub(super) fn may_be(core: &Core) -> bool {
        let cage = &core.options.cage;
        let reached = match cage.level() {
            Isolation::Native => true,
            Isolation::Sandbox => cage.has_own_loopback(),
            // The filter before the engine lets a job's own folders be mounted, and no deeper ones.
            Isolation::Container => false,
        };
        core.options.warm && cfg!(target_os = "linux") && reached
    }

    /// Starts one in the background. `tree` and `root`, the scratch folder, are there.
    pub(super) fn begin(core: &Arc<Core>, tree: PathBuf, root: PathBuf) -> Self {
        let live = Live::begin(Arc::clone(core), tree.clone(), root.clone());
        Self { core: Arc::clone(core), tree, root, current: Mutex::new((1, live)) }
    }

    /// Runs Aider with `args`, under what else `spec` says. `None`: nothing was started, and the
    /// command line has to do it.
    pub(super) async fn run(
        &self,
        spec: &Spec,
        args: &[std::ffi::OsString],
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> Result<Option<Ended>, ProcessError> {
        let stopped = || ProcessError::Stopped(spec.program.to_string_lossy().into_owned());
        let Some(request) = wire::Request::of(spec, args) else { return Ok(None) };
        let mut current = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(stopped()),
            it = self.current.lock() => it,
        };
        let control = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(stopped()),
            it = self.ready(&mut current) => it,
        };
        let Some(mut control) = control else { return Ok(None) };
        let live = &current.1;
        let Some(there) = control.as_mut() else { return Ok(None) };
        // Dropped on the way, nobody would know whether a child runs.
        let unless_overseen = live.stop.clone().drop_guard();
        let output = match timeout(PROMPTLY, there.start(&request)).await {
            Ok(Ok(output)) => output,
            Ok(Err(error)) => return Ok(live.useless(&error.to_string()).await),
            Err(_) => return Ok(live.useless("it did not start a child in time").await),
        };
        unless_overseen.disarm();
        let remote = Remote::new(control, live.phase.clone());
        let ended = process::oversee(remote, output, spec, tee, stop).await;
        // What its host could not bury goes with the host, before anybody hears of the end.
        live.settled().await;
        ended.map(Some)
    }

    /// One that is ready and sees the folders that are there now; started anew where it must be.
    async fn ready(
        &self,
        (starts, live): &mut (u32, Live),
    ) -> Option<OwnedMutexGuard<Option<Control>>> {
        loop {
            match live.decided().await {
                Phase::Ready(shown) if shown == shown_now(&self.tree, &self.root) => {
                    return Some(Arc::clone(&live.control).lock_owned().await);
                }
                Phase::Starting | Phase::Over(false) => return None,
                Phase::Ready(_) | Phase::Over(true) if *starts >= MOST_STARTS => return None,
                Phase::Ready(_) => live.end().await,
                Phase::Over(true) => {}
            }
            tracing::info!("the agent's process is started anew");
            *starts += 1;
            let (tree, root) = (self.tree.clone(), self.root.clone());
            *live = Live::begin(Arc::clone(&self.core), tree, root);
        }
    }
}

impl Live {
    fn begin(core: Arc<Core>, tree: PathBuf, root: PathBuf) -> Self {
        let (told, phase) = watch::channel(Phase::Starting);
        let (slot, stop): (Arc<Mutex<_>>, _) = (Arc::default(), CancellationToken::new());
        let slot = Arc::clone(&slot);
        let it = Self {
            phase,
            control: Arc::clone(&slot),
            stop: stop.clone(),
            _ends: stop.clone().drop_guard(),
        };
        tokio::spawn(async move {
            let place = Place { core: &core, tree: &tree, root: &root };
            let why = place.serve(&told, &slot, &stop).await;
            let was_ready = matches!(*told.borrow(), Phase::Ready(_));
            let stopped = stop.is_cancelled();
            tracing::debug!(why, was_ready, stopped, "the agent's process is over");
            if !was_ready && !stopped {
                tracing::info!(why, "Aider is started anew for each turn");
            }
            told.send_replace(Phase::Over(was_ready));
        });
        it
    }

    /// Its phase, once it is not starting any more.
    async fn decided(&self) -> Phase {
        let mut phase = self.phase.clone();
        let decided = phase.wait_for(|it| !matches!(it, Phase::Starting));
        match timeout(3 * IMPORT, decided).await {
            Ok(Ok(phase)) => phase.clone(),
            _ => Phase::Over(false),
        }
    }

    /// Ends it, and waits until nothing of it lives.
    async fn end(&self) {
        self.stop.cancel();
        let mut phase = self.phase.clone();
        let over = phase.wait_for(|it| matches!(it, Phase::Over(_)));
        let _ = timeout(PROMPTLY, over).await;
    }

    /// Ends one that could not start a child.
    async fn useless(&self, why: &str) -> Option<Ended> {
        tracing::info!(why, "the agent's process is of no use: Aider is started by itself");
        self.end().await;
        None
    }

    /// After a run: if it was told to end, waits until it has.
    async fn settled(&self) {
        if self.stop.is_cancelled() {
            self.end().await;
        }
    }
}

/// Where a host is started.
struct Place<'a> {
    core: &'a Arc<Core>,
    tree: &'a Path,
    root: &'a Path,
}

impl Place<'_> {
    /// The whole life of one process. Returns why it is over; nothing of it lives then.
    async fn serve(
        &self,
        told: &watch::Sender<Phase>,
        slot: &Mutex<Option<Control>>,
        stop: &CancellationToken,
    ) -> String {
        let scratch = Scratch::at(self.root);
        let prepared = scratch.make_room().and_then(|()| {
            let control = socket::listen(&scratch.host.join(command::CONTROL))?;
            Ok((control, socket::listen(&scratch.host.join(command::DOOR))?))
        });
        let (control, door) = match prepared {
            Ok(it) => it,
            Err(error) => return format!("its folder could not be made: {error}"),
        };
        let installed = match self.core.asked(self.root, self.tree, stop).await {
            Ok(it) => it,
            Err(error) => return error.to_string(),
        };
        let Some(script) = &installed.script else {
            return "Aider is no script of a Python that can be found".to_owned();
        };
        let shown = shown_now(self.tree, self.root);
        let (spec, rules) = self.command(&scratch, installed, script);
        let cage = Arc::clone(&self.core.options.cage);
        let child = cage.run(spec, &rules, None, stop);
        tokio::pin!(child);
        let met = async {
            let (mut heard, it) = match timeout(IMPORT, wire::meet(&control, stop)).await {
                Ok(Ok(met)) => met,
                Ok(Err(error)) => return error.to_string(),
                Err(_) => return format!("it was not imported in {} s", IMPORT.as_secs()),
            };
            *slot.lock().await = Some(it);
            told.send_replace(Phase::Ready(shown));
            heard.pass_on(&control).await
        };
        let why = tokio::select! {
            ended = &mut child => {
                return match ended {
                    Ok(ended) => format!("{:?}: {}", ended.exit, ended.stdout.to_text().trim()),
                    Err(error) => error.to_string(),
                };
            }
            why = met => why,
            never = relay::relay(&door, &scratch.socket) => match never {},
        };
        stop.cancel();
        let _ = child.await;
        why
    }

    fn command(&self, scratch: &Scratch, installed: &Installed, script: &Path) -> (Spec, Rules) {
        let options = &self.core.options;
        let file = |name: &str| scratch.host.join(name);
        let mut words = installed.program.clone();
        words.pop(); // The script, which comes behind ours.
        words.extend([file(command::HOST).into(), script.into(), file(command::CONTROL).into()]);
        let mut words = words.into_iter();
        let spec = Spec {
            env: command::env(options, scratch),
            grace: Duration::from_secs(2),
            keep: 8 << 10,
            merge: true,
            mark: options.mark.clone(),
            ..Spec::new(words.next().unwrap_or_default(), &scratch.own, LIFE)
        };
        let mut spec = Spec { args: words.collect(), ..spec };
        let mut readable = installed.readable.clone();
        readable.extend([scratch.given.clone(), file(command::HOST)]);
        let mut sockets = vec![file(command::CONTROL)];
        if options.cage.has_own_loopback() {
            spec.args.push(bridge::ADDRESS.into());
            spec = bridge::behind(&options.program, &file(command::DOOR), spec);
            readable.push(options.program.clone());
            sockets.push(file(command::DOOR));
        }
        let writable = vec![self.tree.to_owned(), scratch.own.clone()];
        let (network, limits) = (Network::None, options.cage_limits);
        (spec, Rules { writable, readable, sockets, network, limits })
    }
}

/// The folders of a turn as they are now.
fn shown_now(tree: &Path, root: &Path) -> Shown {
    let scratch = Scratch::at(root);
    let folders = [tree, &scratch.own, &scratch.given].map(Path::metadata);
    folders.iter().map(|it| it.as_ref().map_or((0, 0), |it| (it.dev(), it.ino()))).collect()
}
