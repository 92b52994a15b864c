//! One container from its making to its removal, in the words of the engine's API.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig,
    Mount as EngineMount, MountType, ResourcesUlimits,
};
use bollard::query_parameters::{
    AttachContainerOptions, CreateContainerOptions, InspectContainerOptions, KillContainerOptions,
    StartContainerOptions, WaitContainerOptions,
};
use futures_util::{Stream, StreamExt};
use tokio::io::AsyncWrite;
use tokio::time::{Instant, sleep};

use super::client::{ANSWER, Client, Failure};
use super::{Docker, DockerError, Owner};

/// A busy disk takes its time over a container's file system.
const MAKING: Duration = Duration::from_secs(60);
/// How long a task of its own goes on removing what nobody waits for any more.
const BURIAL: Duration = Duration::from_secs(20);
const AGAIN: Duration = Duration::from_millis(250);

/// What a container is to be.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) name: String,
    /// By id: what was looked at is what runs.
    pub(crate) image: String,
    pub(crate) argv: Vec<String>,
    /// `NAME=value`, over the image's own.
    pub(crate) env: Vec<String>,
    pub(crate) cwd: String,
    /// `uid:gid`
    pub(crate) user: String,
    pub(crate) mounts: Vec<Mount>,
    /// Folders in memory, and how large each may grow.
    pub(crate) temporary: Vec<(String, u64)>,
    /// Bytes in `/dev/shm`.
    pub(crate) shared_memory: u64,
    pub(crate) network: bool,
    pub(crate) stdin: bool,
    pub(crate) memory: u64,
    pub(crate) processes: u32,
    pub(crate) cpus: f64,
    pub(crate) file_size: u64,
    /// Whether the engine's own little init is its first process.
    pub(crate) init: bool,
    pub(crate) traits: Traits,
}

/// A folder or file of the machine's, seen inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) outside: String,
    pub(crate) inside: String,
    pub(crate) writable: bool,
}

/// What of the engine decides how a container is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    /// It runs without root's rights: its containers' root is its user.
    pub(crate) rootless: bool,
    /// It gives its containers' users other numbers.
    pub(crate) remaps_users: bool,
    /// It can give each container control groups of its own to see.
    pub(crate) cgroup_namespaces: bool,
}

/// A piece of a container's output.
pub(crate) enum Piece {
    Out(Vec<u8>),
    Err(Vec<u8>),
}

/// Both ends of a container that was attached to.
pub(crate) struct Attached {
    pub(crate) output: Pin<Box<dyn Stream<Item = Result<Piece, DockerError>> + Send>>,
    pub(crate) input: Pin<Box<dyn AsyncWrite + Send>>,
}

/// Why one did not start.
#[derive(Debug)]
pub(crate) enum NotStarted {
    /// The engine has no init to put into it.
    NoInit,
    /// The image has no such program, or not as one: `126` or `127`, as a shell says.
    NoProgram(i32, String),
    /// Anything else.
    Engine(DockerError),
}

/// A container that was made, or is just being made. Dropped, it is ended and removed by a task.
pub(crate) struct Container {
    client: Client,
    name: String,
    removed: bool,
    /// Whether the engine said that it made it.
    made: bool,
}

impl Docker {
    /// Makes a container; nothing runs in it yet.
    pub(crate) async fn create(
        &self,
        order: &Order,
        owner: &Owner,
    ) -> Result<Container, DockerError> {
        let client = self.client().await?;
        // Before the question: whoever does not wait for the answer may have one all the same.
        let mut container =
            Container { client, name: order.name.clone(), removed: false, made: false };
        let options =
            CreateContainerOptions { name: Some(order.name.clone()), ..Default::default() };
        let question = container.client.api().create_container(Some(options), body(order, owner));
        match container.client.ask(MAKING, question).await {
            Ok(made) => {
                for warning in made.warnings {
                    tracing::warn!(%warning, "the container engine does not do all that it was asked for");
                }
                container.made = true;
                Ok(container)
            }
            Err(failure) => {
                let error = DockerError::from(failure);
                // An answer that says no leaves nothing behind.
                container.removed = matches!(error, DockerError::Refused(_));
                Err(error)
            }
        }
    }

    /// Asked for once: an engine does not change in these.
    pub(crate) async fn traits(&self) -> Result<Traits, DockerError> {
        let traits = self.known.traits.get_or_try_init(|| async {
            let client = self.client().await?;
            let info = client.ask(ANSWER, client.api().info()).await?;
            Ok::<_, DockerError>(traits_of(&info.security_options.unwrap_or_default()))
        });
        Ok(*traits.await?)
    }
}

pub(super) fn traits_of(security: &[String]) -> Traits {
    let has = |name: &str| security.iter().any(|it| it.split(',').any(|it| it == name));
    Traits {
        rootless: has("name=rootless") || has("rootless"),
        remaps_users: has("name=userns"),
        cgroup_namespaces: has("name=cgroupns"),
    }
}

impl Container {
    /// To be called before `start`, so that no word is lost.
    pub(crate) async fn attach(&self, stdin: bool) -> Result<Attached, DockerError> {
        let options = AttachContainerOptions {
            stdin,
            stdout: true,
            stderr: true,
            stream: true,
            ..Default::default()
        };
        let question = self.client.api().attach_container(&self.name, Some(options));
        let attached = self.client.ask(ANSWER, question).await?;
        let client = self.client.clone();
        let output = attached.output.map(move |piece| match piece {
            Ok(LogOutput::StdErr { message }) => Ok(Piece::Err(message.into())),
            Ok(piece) => Ok(Piece::Out(piece.into_bytes().into())),
            Err(error) => Err(client.failure(error).into()),
        });
        Ok(Attached { output: Box::pin(output), input: attached.input })
    }

    pub(crate) async fn start(&self) -> Result<(), NotStarted> {
        let question = self.client.api().start_container(&self.name, None::<StartContainerOptions>);
        let Err(failure) = self.client.ask(MAKING, question).await else { return Ok(()) };
        Err(match DockerError::from(failure) {
            DockerError::Refused(message) => why_not_started(message),
            error => NotStarted::Engine(error),
        })
    }

    /// Waits for its end, however long that takes, and gives its exit code.
    pub(crate) async fn wait(&self) -> Result<i64, DockerError> {
        let options = WaitContainerOptions { condition: "not-running".to_owned() };
        let mut answers = self.client.api().wait_container(&self.name, Some(options));
        match answers.next().await {
            Some(Ok(answer)) => Ok(answer.status_code),
            Some(Err(Error::DockerContainerWaitError { code, .. })) => Ok(code),
            Some(Err(error)) => Err(self.client.failure(error).into()),
            None => Err(self.client.away("it closed the connection".to_owned())),
        }
    }

    /// Sends a signal to its first process. One that has ended hears it no more.
    pub(crate) async fn signal(&self, signal: &str) -> Result<(), DockerError> {
        let options = KillContainerOptions { signal: signal.to_owned() };
        let question = self.client.api().kill_container(&self.name, Some(options));
        match self.client.ask(ANSWER, question).await {
            Ok(()) | Err(Failure::Missing(_) | Failure::Conflict(_)) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Whether the kernel ended a process of it for want of memory.
    pub(crate) async fn ran_out_of_memory(&self) -> bool {
        let question =
            self.client.api().inspect_container(&self.name, None::<InspectContainerOptions>);
        let seen = self.client.ask(ANSWER, question).await.ok();
        seen.and_then(|it| it.state?.oom_killed).unwrap_or_default()
    }

    /// What it is when even SIGKILL does not end it.
    pub(crate) fn stuck(&self) -> DockerError {
        self.client.away("a container did not end, although it was killed".to_owned())
    }

    /// Ends it and removes it; when this returns without an error, nothing of it is left.
    pub(crate) async fn remove(mut self) -> Result<(), DockerError> {
        self.client.drop_container(&self.name).await?;
        self.removed = true;
        Ok(())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Without a runtime the program itself is about to end: the next one sweeps by label.
        let (false, Ok(runtime)) = (self.removed, tokio::runtime::Handle::try_current()) else {
            return;
        };
        let (client, name, made) = (self.client.clone(), self.name.clone(), self.made);
        runtime.spawn(async move {
            let until = Instant::now() + BURIAL;
            while Instant::now() < until {
                match client.drop_container(&name).await {
                    Ok(true) => return,
                    Ok(false) if made => return,
                    // The engine may still be about to make it, or be away for a moment.
                    Ok(false) | Err(_) => sleep(AGAIN).await,
                }
            }
        });
    }
}

/// What a start that failed says about the image.
fn why_not_started(message: String) -> NotStarted {
    let is_init = message.contains("docker-init") || message.contains("catatonit");
    if is_init {
        return NotStarted::NoInit;
    }
    let runs = message.contains("exec:")
        || message.contains("exec ")
        || message.contains("starting container process");
    let missing = ["executable file not found", "no such file or directory", "executable file `"];
    if runs && missing.iter().any(|word| message.contains(word)) && !message.contains("mount") {
        return NotStarted::NoProgram(127, message);
    }
    if runs && message.contains("permission denied") && !message.contains("mount") {
        return NotStarted::NoProgram(126, message);
    }
    NotStarted::Engine(DockerError::Refused(format!("the container did not start: {message}")))
}

fn body(order: &Order, owner: &Owner) -> ContainerCreateBody {
    let (program, args) = order.argv.split_at(order.argv.len().min(1));
    ContainerCreateBody {
        image: Some(order.image.clone()),
        entrypoint: Some(program.to_vec()),
        cmd: Some(args.to_vec()),
        env: Some(order.env.clone()),
        hostname: Some("codingworker".to_owned()),
        working_dir: Some(order.cwd.clone()),
        user: Some(order.user.clone()),
        labels: Some(owner.labels().into_iter().collect()),
        attach_stdin: Some(order.stdin),
        open_stdin: Some(order.stdin),
        stdin_once: Some(order.stdin),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(false),
        healthcheck: Some(HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..Default::default()
        }),
        host_config: Some(host_config(order)),
        ..Default::default()
    }
}

fn host_config(order: &Order) -> HostConfig {
    let number = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let limit = |name: &str, value: i64| ResourcesUlimits {
        name: Some(name.to_owned()),
        soft: Some(value),
        hard: Some(value),
    };
    let memory_only = |(path, bytes): &(String, u64)| {
        (path.clone(), format!("rw,nosuid,nodev,exec,mode=1777,size={bytes}"))
    };
    let private = order.traits.cgroup_namespaces.then_some(HostConfigCgroupnsModeEnum::PRIVATE);
    HostConfig {
        network_mode: Some(if order.network { "default" } else { "none" }.to_owned()),
        readonly_rootfs: Some(true),
        tmpfs: Some(order.temporary.iter().map(memory_only).collect::<HashMap<_, _>>()),
        shm_size: Some(number(order.shared_memory)),
        mounts: Some(order.mounts.iter().map(engine_mount).collect()),
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        memory: Some(number(order.memory)),
        memory_swap: Some(number(order.memory)),
        pids_limit: Some(order.processes.into()),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "billions of processors there are none"
        )]
        nano_cpus: Some((order.cpus * 1e9) as i64),
        ulimits: Some(vec![
            limit("nofile", 4096),
            limit("core", 0),
            limit("fsize", number(order.file_size)),
        ]),
        init: order.init.then_some(true),
        ipc_mode: Some("private".to_owned()),
        cgroupns_mode: private,
        // Its users would not be those who own our files; it has neither rights nor root anyway.
        userns_mode: order.traits.remaps_users.then(|| "host".to_owned()),
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        ..Default::default()
    }
}

fn engine_mount(mount: &Mount) -> EngineMount {
    EngineMount {
        typ: Some(MountType::BIND),
        source: Some(mount.outside.clone()),
        target: Some(mount.inside.clone()),
        read_only: Some(!mount.writable),
        // Nothing is said of propagation: it is `rprivate` then, and `rslave` for what lies in the
        // engine's own folder (a volume), where it takes nothing else.
        ..Default::default()
    }
}
