//! A container of the engine's, as a cage: `Rules` become a mount list, limits and a network mode.

use std::collections::hash_map::RandomState;
use std::ffi::OsStr;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use nix::unistd::{Gid, Uid};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::install::{self, Access, Mounts};
use super::{Cage, CageError, Network, Rules, USER, owner};
use crate::docker::container::{Mount, NotStarted, Order, Traits};
use crate::docker::{Docker, DockerError, Owner};
use crate::domain::verification::{Exit, Isolation};
use crate::process::{Captured, Ended, Spec, Tee};

mod watch;

/// In `/dev/shm`, as Docker has it.
const SHARED_MEMORY: u64 = 64 << 20;

/// How long a caller waits for the removal of what has ended.
const REMOVAL: Duration = Duration::from_secs(15);

/// A container, made of one image, for each child.
///
/// The child gets the image's own environment (its `PATH`, where its tools have their homes), and
/// over it that of its `Spec`: leave out what is the image's to say. Its exit code is told as
/// `sh` tells it, so that of a child which a signal ended is `128 + n`, and becomes
/// `Exit::Signal` again here. A program that the image does not have is an answer: 127.
#[derive(Clone, Debug)]
pub struct Container {
    /// The engine.
    pub docker: Docker,
    /// By name or by id. It must be there: nothing is pulled.
    pub image: String,
    /// Whose containers they are.
    pub owner: Owner,
}

#[async_trait]
impl Cage for Container {
    fn level(&self) -> Isolation {
        Isolation::Container
    }

    fn has_own_loopback(&self) -> bool {
        true
    }

    async fn run(
        &self,
        spec: Spec,
        rules: &Rules,
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> Result<Ended, CageError> {
        let program = spec.program.to_string_lossy().into_owned();
        if stop.is_cancelled() {
            return Err(CageError::Stopped(program));
        }
        // Dropped when we are stopped meanwhile: what was made so far goes with it.
        let (container, attached) = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(CageError::Stopped(program)),
            started = self.start(&spec, rules) => match started? {
                Started::Runs(started) => *started,
                Started::NoProgram(code, message) => return Ok(no_program(code, &message, tee)),
            },
        };
        let watched = watch::watch(&container, attached, &spec, rules, tee, stop).await;
        // Whatever does not get done in this time goes on in a task of its own.
        let removed = timeout(REMOVAL, container.remove()).await;
        let ended = watched.map_err(caged)?;
        match removed {
            Ok(removed) => removed.map_err(caged)?,
            Err(_) => {
                return Err(CageError::EngineAway(format!(
                    "the container engine at {} did not remove a container in {} s",
                    self.docker.endpoint(),
                    REMOVAL.as_secs()
                )));
            }
        }
        ended.ok_or(CageError::Stopped(program))
    }
}

enum Started {
    Runs(Box<(crate::docker::container::Container, crate::docker::container::Attached)>),
    NoProgram(i32, String),
}

impl Container {
    async fn start(&self, spec: &Spec, rules: &Rules) -> Result<Started, CageError> {
        let mut order = self.order(spec, rules).await?;
        loop {
            let container = self.docker.create(&order, &self.owner).await.map_err(caged)?;
            let attached = container.attach(order.stdin).await.map_err(caged)?;
            match container.start().await {
                Ok(()) => return Ok(Started::Runs(Box::new((container, attached)))),
                Err(NotStarted::NoInit) if order.init => {
                    container.remove().await.map_err(caged)?;
                    self.docker.without_init();
                    order.init = false;
                    order.name = self.name();
                }
                Err(NotStarted::NoInit) => {
                    return Err(CageError::Impossible("the container has no init".to_owned()));
                }
                Err(NotStarted::NoProgram(code, message)) => {
                    container.remove().await.map_err(caged)?;
                    return Ok(Started::NoProgram(code, message));
                }
                Err(NotStarted::Engine(error)) => return Err(caged(error)),
            }
        }
    }

    async fn order(&self, spec: &Spec, rules: &Rules) -> Result<Order, CageError> {
        let traits = self.docker.traits().await.map_err(caged)?;
        let image = self.docker.look_at(&self.image).await.map_err(caged)?.ok_or_else(|| {
            CageError::Impossible(format!(
                "the container engine at {} has no image `{name}`: fetch it with `docker pull \
                 {name}`, or build it",
                self.docker.endpoint(),
                name = self.image
            ))
        })?;
        let visible = visible(spec, rules)?;
        let user = self.user(traits, rules).await?;
        let mut mounts = Vec::new();
        for (place, (path, access)) in visible {
            let outside = match self.docker.host_path(&path).await {
                Ok(outside) => outside,
                // What the engine cannot see is not there for a container of its.
                Err(DockerError::Refused(_))
                    if access == Access::Read && !rules.sockets.contains(&place) =>
                {
                    continue;
                }
                Err(error) => return Err(caged(error)),
            };
            let (outside, inside) = (text(&outside)?, text(&place)?);
            mounts.push(Mount { outside, inside, writable: access == Access::Write });
        }
        // A place that the image would have a volume for is bounded memory, unless it is ours.
        let temporary = std::iter::once("/tmp".to_owned())
            .chain(image.volumes)
            .filter(|path| mounts.iter().all(|mount| mount.inside != *path))
            .map(|path| (path, rules.limits.temporary))
            .collect();
        let env = spec
            .env
            .iter()
            .map(|(name, value)| Ok(format!("{}={}", text(name.as_ref())?, text(value.as_ref())?)));
        Ok(Order {
            name: self.name(),
            image: image.id,
            argv: argv(spec)?,
            env: env.collect::<Result<_, _>>()?,
            cwd: text(&spec.cwd)?,
            user,
            mounts,
            temporary,
            shared_memory: SHARED_MEMORY.min(rules.limits.temporary),
            network: rules.network == Network::Open,
            stdin: spec.stdin.is_some(),
            memory: rules.limits.memory,
            processes: rules.limits.processes,
            cpus: rules.limits.cpus,
            file_size: rules.limits.file_size,
            init: self.docker.has_init(),
            traits,
        })
    }

    /// A name that no other container has: another worker may have the same job.
    fn name(&self) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let unique = RandomState::new().hash_one(count);
        let job = self.owner.job.as_ref().map_or("check", |job| job.0.as_str());
        format!("cw-{job}-{unique:016x}")
    }

    /// Who the child is: ourselves, as whom it may write what is ours; but never root, unless that
    /// is only another name for ourselves.
    async fn user(&self, traits: Traits, rules: &Rules) -> Result<String, CageError> {
        let (uid, gid) = (Uid::effective(), Gid::effective());
        if !uid.is_root() {
            // A rootless engine's root is its user, who is we; inside of one, numbers are the same.
            let same = !traits.rootless || self.docker.is_around_us().await.map_err(caged)?;
            return Ok(if same { format!("{uid}:{gid}") } else { "0:0".to_owned() });
        }
        owner::hand_over(rules.clone()).await?;
        Ok(format!("{USER}:{USER}"))
    }
}

/// What is mounted where, and whether it may be written to. The image has the system's own.
fn visible(spec: &Spec, rules: &Rules) -> Result<Mounts, CageError> {
    let program = spec.program.to_string_lossy();
    let missing = |what: String| {
        Err(CageError::NotStarted(format!("`{program}` could not be started: there is no {what}")))
    };
    // The engine would make the folder, as root.
    if rules.writable.iter().any(|it| spec.cwd.starts_with(it)) && !spec.cwd.is_dir() {
        return missing(format!("folder {}", spec.cwd.display()));
    }
    if let Some(path) = rules.writable.iter().chain(&rules.sockets).find(|path| !path.exists()) {
        return missing(path.display().to_string());
    }
    let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    let writable: Vec<_> = rules.writable.iter().map(real).collect();
    let mut mounts = Mounts::new();
    for path in &rules.readable {
        install::add(path, &writable, &mut mounts);
    }
    for (given, real) in rules.writable.iter().zip(&writable) {
        mounts.insert(given.clone(), (real.clone(), Access::Write));
        mounts.insert(real.clone(), (real.clone(), Access::Write));
    }
    for socket in &rules.sockets {
        mounts.insert(socket.clone(), (socket.clone(), Access::Read));
    }
    Ok(mounts)
}

/// Merged streams are one pipe, so that they come in the order they were written: the engine reads
/// two in whatever order it gets to.
fn argv(spec: &Spec) -> Result<Vec<String>, CageError> {
    let own = std::iter::once(&spec.program).chain(&spec.args).map(|it| text(it.as_ref()));
    let own = own.collect::<Result<Vec<_>, _>>()?;
    if !spec.merge || !matches!(own[0].as_str(), "sh" | "/bin/sh") {
        return Ok(own);
    }
    let merge = [own[0].as_str(), "-c", "exec \"$0\" \"$@\" 2>&1"];
    Ok(merge.into_iter().map(str::to_owned).chain(own.clone()).collect())
}

fn text(it: &Path) -> Result<String, CageError> {
    let it: &OsStr = it.as_ref();
    it.to_str().map(str::to_owned).ok_or_else(|| {
        CageError::Impossible(format!(
            "`{}` is no text, and the container engine takes nothing else",
            it.to_string_lossy()
        ))
    })
}

fn no_program(code: i32, message: &str, tee: Option<&dyn Tee>) -> Ended {
    let line = format!("{}\n", message.trim());
    if let Some(tee) = tee {
        tee.write(line.as_bytes());
    }
    let stdout = Captured { head: line.into_bytes(), ..Captured::default() };
    Ended { exit: Exit::Code(code), stdout, stderr: Captured::default(), took: Duration::ZERO }
}

fn caged(error: DockerError) -> CageError {
    match error {
        DockerError::Stopped => CageError::Stopped("the container".to_owned()),
        DockerError::Away { .. } | DockerError::RegistryAway { .. } => {
            CageError::EngineAway(error.to_string())
        }
        DockerError::NotFound(message) | DockerError::Refused(message) => {
            CageError::Impossible(message)
        }
    }
}
