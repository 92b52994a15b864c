//! A worker that runs, and the processes that it starts.
#![expect(clippy::disallowed_methods, reason = "the binary under test is a child of the test")]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sqs::types::QueueAttributeName;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::canary::secrets;
use super::world::{PATH, World, until};
use crate::setup::Emulator;

/// A program with nothing of the developer's around it.
pub(super) fn program(name: impl AsRef<OsStr>, home: &Path) -> Command {
    let mut command = Command::new(name);
    command.env_clear().env("PATH", PATH).env("HOME", home).env("LANG", "C.UTF-8");
    command.env("GIT_CONFIG_NOSYSTEM", "1").stdin(Stdio::null());
    command
}

/// A running worker. It is ended, reaped and without children when this is dropped.
pub(crate) struct Serving {
    child: Child,
    status: Option<ExitStatus>,
    world: PathBuf,
    /// What it has logged, and said on standard error.
    pub(crate) log: PathBuf,
    watch: Watch,
}

impl Serving {
    pub(super) fn start(mut command: Command, world: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let log = world.join(format!("worker-{:03}.log", COUNT.fetch_add(1, Ordering::SeqCst)));
        let output = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let child = command.spawn().unwrap();
        let watch = Watch::start(world.to_owned(), child.id());
        Self { child, status: None, world: world.to_owned(), log, watch }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Ends it as a crash would: it gets to do nothing, and its children live on.
    pub(crate) async fn kill_9(&mut self) {
        self.child.kill().unwrap();
        self.end().await;
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        let (child, status) = (&mut self.child, &mut self.status);
        let ended = || {
            *status = status.or(child.try_wait().unwrap());
            status.is_some()
        };
        until("the worker ends", ended).await;
        self.status.unwrap()
    }

    /// Waits for its end, and says its exit code.
    pub(crate) async fn code(&mut self) -> i32 {
        let status = self.end().await;
        status.code().unwrap_or_else(|| panic!("it ended by signal {:?}", status.signal()))
    }

    /// Waits until it is so, while the worker runs.
    pub(crate) async fn until(&mut self, what: &str, mut is_so: impl FnMut() -> bool) {
        let (child, log) = (&mut self.child, &self.log);
        let so = || {
            let so = is_so();
            let ended = child.try_wait().unwrap();
            assert!(
                so || ended.is_none(),
                "the worker ended ({ended:?}) before: {what}\n{}",
                std::fs::read_to_string(log).unwrap_or_default()
            );
            so
        };
        until(what, so).await;
    }

    /// The programs that ran as its children, and what they were seen to hold of our secrets.
    pub(crate) fn seen(&self) -> Seen {
        self.watch.seen.lock().unwrap().clone()
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let seen = self.seen();
        if std::thread::panicking() {
            // Nothing of a test that failed half way runs on.
            for (pid, _) in processes(&self.world, &[]) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
            return;
        }
        assert!(seen.leaks.is_empty(), "a child could see the token: {:?}", seen.leaks);
    }
}

impl Drop for World {
    /// A test that failed shows what the worker, its agents and its checks said.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the worker's log\n{}", self.log());
            let jobs = std::fs::read_dir(self.state_dir().join("logs/jobs"));
            for log in jobs.into_iter().flatten().flatten() {
                let text = std::fs::read(log.path()).unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                let tail = text.lines().rev().take(60).collect::<Vec<_>>();
                let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
                eprintln!("--- {}\n{tail}", log.path().display());
            }
        }
    }
}

/// What was seen of a worker's children.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Names of programs.
    pub(crate) programs: BTreeSet<String>,
    /// Arguments or environments that hold a secret.
    pub(crate) leaks: Vec<String>,
}

/// Looks at the worker's children, again and again, as long as it runs.
pub(super) struct Watch {
    pub(super) seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watch {
    pub(super) fn start(world: PathBuf, worker: u32) -> Self {
        let (seen, stop) = (Arc::<Mutex<Seen>>::default(), Arc::new(AtomicBool::new(false)));
        let (sight, ended) = (seen.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let secrets = secrets();
            while !ended.load(Ordering::SeqCst) {
                for (_, text) in processes(&world, &[worker.cast_signed()]) {
                    let mut seen = sight.lock().unwrap();
                    let first = text.split('\0').next().unwrap_or_default();
                    seen.programs.insert(first.rsplit('/').next().unwrap().to_owned());
                    if secrets.iter().any(|it| text.contains(it)) {
                        seen.leaks.push(text);
                    }
                }
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        Self { seen, stop, thread: Some(thread) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The living processes whose arguments or environment name this world, each with both.
pub(crate) fn processes(world: &Path, but: &[i32]) -> Vec<(i32, String)> {
    let world = world.to_str().unwrap();
    let read = |pid: i32, what: &str| std::fs::read(format!("/proc/{pid}/{what}"));
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|it| it.file_name().to_str()?.parse::<i32>().ok());
    let looked = pids.filter(|pid| !but.contains(pid)).filter_map(|pid| {
        let (mut text, environ) = (read(pid, "cmdline").ok()?, read(pid, "environ").ok()?);
        text.extend(environ);
        let text = String::from_utf8_lossy(&text).into_owned();
        text.contains(world).then_some((pid, text))
    });
    looked.collect()
}

/// Settings as the SDK's chain would make them, with credentials that open nothing.
pub(super) fn sdk(emulator: &Emulator) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(emulator.endpoint())
        .build()
}

/// A new queue with dead letters, as an operator makes them. Gives its address.
pub(super) async fn sqs_queue(emulator: &Emulator) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::SeqCst);
    let client = aws_sdk_sqs::Client::new(&sdk(emulator));
    let dead = format!("binary-{number}-dead");
    client.create_queue().queue_name(&dead).send().await.unwrap();
    let policy = json!({
        "deadLetterTargetArn": format!("arn:aws:sqs:us-east-1:000000000000:{dead}"),
        "maxReceiveCount": "20",
    });
    let create = client.create_queue().queue_name(format!("binary-{number}"));
    let create = create.attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
    create.send().await.unwrap().queue_url.unwrap()
}
