//! A build that tries everything it can think of, by the runners that the worker uses. Each attack
//! is first shown to work on this machine without a cage; one that cannot work here proves nothing
//! about a cage, and is not counted.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use codingworker::cage::Limits;
use codingworker::docker::Docker;
use codingworker::docker::endpoint::Found;
use codingworker::domain::job::JobId;
use codingworker::domain::verification::Exit;
use codingworker::process::Tee;
use codingworker::runner::docker::{DockerOptions, DockerRunner};
use codingworker::runner::host::{HostOptions, HostRunner};
use codingworker::runner::{Command, Ended, Runner};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::contract::cage::{bubblewrap, is_root, suite_in};
use crate::docker_engine;

const ATTACK: &str = include_str!("hostile_build/attack.py");
const VICTIM: &str = include_str!("hostile_build/victim.py");
/// The attacks take three seconds, and a long line through an engine five.
const LIMIT: Duration = Duration::from_secs(60);
/// What is added to a job's limit before it must be over.
const SLACK: Duration = Duration::from_secs(10);
const LIMITS: Limits = Limits {
    memory: 512 << 20,
    processes: 128,
    cpus: 2.0,
    file_size: 32 << 20,
    temporary: 16 << 20,
};

/// Attacks that write outside, by what they write to.
const TARGETS: [(&str, &str); 13] = [
    ("write to the operator's shell", "operator/.bashrc"),
    ("write to the operator's ssh", "operator/.ssh/authorized_keys"),
    ("write to the operator's programs", "operator/.local/bin/git"),
    ("write to what starts at a login", "operator/Library/LaunchAgents/x.plist"),
    ("write to git's settings", "operator/.gitconfig"),
    ("write to the worker's state", "state/jobs.db-wal"),
    ("write to another job's tree", "state/jobs/other/tree/Makefile"),
    ("write to the agent's folder", "state/jobs/this/agent/answers"),
    ("write to the store of dependencies", "state/deps/npm/index"),
    ("write to a folder of somebody's", "outside/file"),
    ("write to the system's programs", "/usr/local/bin/codingworker-hostile"),
    // A name with a dot is no job for cron.
    ("write to the system's timetable", "/etc/cron.d/codingworker.hostile"),
    ("write to the system's services", "/etc/systemd/system/codingworker-hostile.conf"),
];

/// A machine with an operator, a worker's state, another job, and somebody else's process.
struct Scene {
    folder: tempfile::TempDir,
    victim: Child,
    canary: String,
    daemon: String,
    /// What the attacks are told.
    facts: Value,
}

impl Scene {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let canary = format!("hush-{}-{next}-canary", std::process::id());
        let folder = tempfile::Builder::new().prefix("cw-hostile").tempdir().unwrap();
        for (path, text) in [
            ("operator/.ssh/id_ed25519", canary.as_str()),
            ("operator/.config/codingworker/config.yaml", &canary),
            ("operator/.cargo/credentials.toml", &canary),
            ("operator/.cargo/bin/tool", "#!/bin/sh\n"),
            ("operator/.local/bin/tool", "#!/bin/sh\n"),
            ("operator/Library/LaunchAgents/other.plist", ""),
            ("state/jobs.db", &canary),
            ("state/deps/npm/_cacache", ""),
            ("state/jobs/other/tree/secret", &canary),
            ("state/jobs/this/agent/log", ""),
            ("state/jobs/this/tree/attack.py", ATTACK),
            ("state/jobs/this/home/.profile", ""),
            ("outside/precious", ""),
            ("victim.py", VICTIM),
        ] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        // Only the cage is to stand in the way.
        open(folder.path());
        let mut victim = python(&folder.path().join("victim.py"))
            .arg(folder.path())
            .arg(&canary)
            .env("TOKEN", &canary)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(victim.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let facts = serde_json::from_str(&line).unwrap();
        let daemon = format!("3601.{}{next}", std::process::id());
        Self { folder, victim, canary, daemon, facts }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Tells the attacks where all this is. What is secret they get backwards.
    fn brief(&mut self) {
        let targets: BTreeMap<_, _> =
            TARGETS.iter().map(|(name, path)| (*name, self.path(path))).collect();
        let facts = self.facts.as_object_mut().unwrap();
        facts.insert("yranac".into(), self.canary.chars().rev().collect::<String>().into());
        facts.insert("folder".into(), self.folder.path().canonicalize().unwrap().to_str().into());
        facts.insert("targets".into(), json!(targets));
        facts.insert("daemon".into(), self.daemon.clone().into());
        facts.insert("engine".into(), json!("/var/run/docker.sock"));
        facts.insert(
            "limits".into(),
            json!({"memory": LIMITS.memory, "processes": LIMITS.processes,
                "file_size": LIMITS.file_size, "temporary": LIMITS.temporary}),
        );
        std::fs::write(self.path("state/jobs/this/tree/facts.json"), self.facts.to_string())
            .unwrap();
    }

    /// What happened to this machine, whatever the attacks say; and undoes it.
    fn damage(&self) -> BTreeSet<String> {
        let mut damage = BTreeSet::new();
        let targets = TARGETS.map(|(name, path)| (name, self.path(path)));
        let others = [
            ("write through a link in the tree", self.path("outside/linked")),
            ("write to a file that has a name in the tree", self.path("outside/precious")),
        ];
        for (name, path) in targets.into_iter().chain(others) {
            if std::fs::read_to_string(&path).is_ok_and(|it| it.contains(&self.canary)) {
                damage.insert(name.to_owned());
                std::fs::remove_file(path).unwrap();
            }
        }
        for pid in alive(&self.daemon) {
            damage.insert("outlive its end".to_owned());
            let pid = nix::unistd::Pid::from_raw(pid);
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
        }
        damage
    }

    async fn run(&self, runner: &dyn Runner, image: Option<&str>, words: &str) -> (Ended, u64) {
        let counted = Counted::default();
        // The machine's own Python, not one of the operator's.
        let line = format!("PATH=/usr/bin:/bin:$PATH; exec python3 attack.py {words}");
        let command = Command {
            job: &JobId(format!("hostile-{}", std::process::id())),
            image,
            docker: false,
            network: false,
            deps: None,
            tree: &self.path("state/jobs/this/tree"),
            home: &self.path("state/jobs/this/home"),
            line: &line,
            stdin: None,
            env: &[],
            limit: LIMIT,
            tee: Some(&counted),
        };
        let ended = runner.run(command, &CancellationToken::new()).await.unwrap();
        assert!(ended.took < LIMIT + SLACK, "{:?}", ended.took);
        (ended, counted.0.load(Ordering::Relaxed))
    }

    /// The attacks that succeed, those that do not, and why: without any cage or runner.
    fn control() -> BTreeSet<String> {
        let mut scene = Self::new();
        scene.brief();
        let tree = scene.path("state/jobs/this/tree");
        let said = python(Path::new("attack.py")).current_dir(tree).output().unwrap();
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let (did, kept) = told(&said);
        eprintln!("not counted, since they do not work here at all:\n{}", kept.join("\n"));
        did.into_iter().chain(scene.damage()).collect()
    }

    /// The whole list inside, and then what the next command of the job finds. `theirs` is for the
    /// engine to stop, and what it has been found not to.
    async fn attacked(mut self, runner: &dyn Runner, image: Option<&str>, theirs: &[&str]) {
        let control = Self::control();
        // Without root's rights a third of them does nothing anyway.
        let least = if is_root() { 60 } else { 35 };
        assert!(control.len() >= least, "{} attacks work here: {control:#?}", control.len());
        self.brief();
        let (ended, _) = self.run(runner, image, "").await;
        let (did, _) = told(&ended.output);
        let mut succeeded: Vec<_> = did.into_iter().chain(self.damage()).collect();
        succeeded.retain(|it| !theirs.contains(&it.as_str()));
        assert_eq!((ended.exit, succeeded), (Exit::Code(0), Vec::new()), "{}", ended.output);

        let (after, _) = self.run(runner, image, "after").await;
        let lines: Vec<_> = after.output.lines().collect();
        let processes: usize = lines[0].split_once(' ').unwrap().1.parse().unwrap();
        assert!(processes < 8, "{}", after.output);
        assert_eq!(lines[1..], ["tmp []", "network KEPT"], "{}", after.output);

        // One line. An engine takes its time over a gigabyte.
        let mib: u64 = if image.is_some() { 256 } else { 1024 };
        let (flood, bytes) = self.run(runner, image, &format!("flood {mib}")).await;
        assert!(flood.output.len() < 600_000, "{} bytes are kept", flood.output.len());
        assert_eq!((flood.exit, bytes), (Exit::Code(0), mib << 20), "the control: all of it came");
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.victim.stdin.take();
        let _ = self.victim.wait();
    }
}

/// Attacks that succeeded, and those that did not with the reason. All were tried.
fn told(said: &str) -> (Vec<String>, Vec<String>) {
    assert!(said.ends_with("END\n"), "{said}");
    let words = said.lines().filter_map(|line| line.split_once('\t'));
    let did = words.clone().filter(|it| it.0 == "DID");
    let did = did.map(|(_, name)| name.trim().to_owned()).collect();
    (did, words.filter(|it| it.0 == "KEPT").map(|it| it.1.to_owned()).collect())
}

#[derive(Default)]
struct Counted(AtomicU64);

impl Tee for Counted {
    fn write(&self, bytes: &[u8]) {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "what runs without any cage of ours")]
fn python(script: &Path) -> std::process::Command {
    let mut command = std::process::Command::new("/usr/bin/python3");
    command.arg(script).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    command
}

fn open(folder: &Path) {
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o777)).unwrap();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => open(&path),
            false => std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap(),
        }
    }
}

/// Processes of this machine with this argument.
fn alive(word: &str) -> Vec<i32> {
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|it| it.file_name().to_str()?.parse::<i32>().ok());
    let holds = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|it| it == word.as_bytes())
    };
    pids.filter(holds).collect()
}

/// As the worker makes it: with the operator's tools on the `PATH`.
async fn host_runner(scene: &Scene) -> HostRunner {
    let path =
        format!("{}:/usr/local/bin:/usr/bin:/bin", scene.path("operator/.local/bin").display());
    let cargo = scene.path("operator/.cargo").to_str().unwrap().to_owned();
    let options = HostOptions {
        path,
        extra_env: vec![("CARGO_HOME".to_owned(), cargo)],
        mark: None,
        limits: LIMITS,
    };
    HostRunner::new(options, Arc::new(bubblewrap().await))
}

#[tokio::test]
async fn a_hostile_build_gets_nothing_in_a_sandbox() {
    let scene = Scene::new();
    let runner = host_runner(&scene).await;
    scene.attacked(&runner, None, &[]).await;
}

#[tokio::test]
async fn a_hostile_build_gets_nothing_in_a_container() {
    let scene = Scene::new();
    let endpoint = docker_engine::endpoint();
    let version = Docker::new(endpoint.clone()).unwrap().facts().await.unwrap().version;
    // Docker's own filter of calls has had it since 23.0.
    let old =
        version.split('.').next().and_then(|it| it.parse().ok()).is_some_and(|it: u32| it < 23);
    let theirs: &[_] = if old { &["open a virtual machine's line to its host"] } else { &[] };
    let options = DockerOptions {
        find: Arc::new(move || Found::Here(endpoint.clone(), "here".to_owned())),
        worker: format!("test-hostile-{}", std::process::id()),
        limits: LIMITS,
        keep_images: false,
        buildkit: false,
        plugins: Vec::new(),
    };
    let runner = DockerRunner::new(options, host_runner(&scene).await);
    scene.attacked(&runner, Some(&docker_engine::base()), theirs).await;
    runner.clean(&JobId(format!("hostile-{}", std::process::id())), true).await;
}

/// Opens a session whose keyring has a key, as a login does, and becomes an ordinary user in it.
const LOGIN: &str = "
import ctypes, os, sys
number = {'x86_64': 248, 'aarch64': 217}[os.uname().machine]
call = lambda number, *args: ctypes.CDLL(None).syscall(ctypes.c_long(number), *args)
assert call(number + 2, 1, None) >= 0
assert call(number, b'user', b'codingworker-hostile', b'hush', 4, -3) >= 0
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
os.execv(sys.argv[1], sys.argv[1:])
";

#[tokio::test]
async fn a_hostile_build_of_an_ordinary_user_gets_nothing_in_a_sandbox() {
    if !is_root() {
        return; // The others have just shown it.
    }
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let (suite, login) = (suite_in(folder.path()).await, folder.path().join("login.py"));
    std::fs::write(&login, LOGIN).unwrap();
    let name = "hostile_build::a_hostile_build_gets_nothing_in_a_sandbox";
    let ended = python(&login).arg(&suite).args(["--exact", name]).output().unwrap();
    let said = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}
