//! The container engine of these tests: the machine's own, found as `scripts/engine` leaves it.
#![expect(clippy::disallowed_methods, reason = "docker's own client looks for what is left")]

use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::world::{World, until};

/// What `scripts/engine` says of this machine's engine.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The image that tests build upon.
pub(super) fn image() -> String {
    std::env::var("CODINGWORKER_TEST_IMAGE").unwrap_or_else(|_| "base:bookworm".to_owned())
}

pub(super) struct Engine;

impl Engine {
    /// Docker's own client, which must succeed.
    pub(super) fn docker(args: &[&str]) -> String {
        let output =
            Command::new("docker").args(args).env("DOCKER_BUILDKIT", "0").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success(),
            "docker {args:?}: {said}(`./taskw engine` gets an engine ready for tests)"
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// An image that can be told from the machine.
    pub(super) async fn marked() -> &'static str {
        static READY: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
        READY
            .get_or_init(|| async {
                let folder = tempfile::tempdir().unwrap();
                let text = format!("FROM {}\nRUN touch /in-the-image\n", image());
                std::fs::write(folder.path().join("Dockerfile"), text).unwrap();
                let path = folder.path().to_str().unwrap();
                Self::docker(&["build", "-q", "-t", "cw-test-marked:1", path]);
            })
            .await;
        "cw-test-marked:1"
    }

    /// What of this job, or of its worker, is in the engine.
    pub(super) fn left(job: &str) -> Vec<String> {
        let filter = format!("label=codingworker.job={job}");
        let lists: [&[&str]; 4] = [
            &["ps", "-aq", "--filter", &filter],
            &["network", "ls", "-q", "--filter", &filter],
            &["volume", "ls", "-q", "--filter", &filter],
            &["images", "--format", "{{.Repository}}", "--filter", &filter],
        ];
        let listed = lists.iter().map(|it| Self::docker(it)).collect::<String>();
        let left = listed.lines().filter(|it| !it.starts_with("codingworker-cache-"));
        left.map(str::to_owned).collect()
    }

    /// Every job's containers, networks, volumes and images are gone.
    pub(super) async fn nothing_is_left(world: &World) {
        for (job, _) in world.jobs().await {
            until("the engine holds nothing of the job", || Self::left(&job.id.0).is_empty()).await;
        }
    }
}

/// A socket before the engine's that can be shut.
pub(super) struct Gate {
    socket: PathBuf,
    open: Arc<AtomicBool>,
}

impl Gate {
    pub(super) async fn open(folder: &Path) -> Self {
        let socket = folder.join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let open = Arc::new(AtomicBool::new(true));
        let opened = open.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if opened.load(Ordering::SeqCst) {
                    relay(client, opened.clone());
                }
            }
        });
        Self { socket, open }
    }

    pub(super) fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// From now on nothing passes, and what was passing is cut.
    pub(super) fn shut(&self) {
        self.open.store(false, Ordering::SeqCst);
    }

    pub(super) fn reopen(&self) {
        self.open.store(true, Ordering::SeqCst);
    }
}

fn relay(client: UnixStream, open: Arc<AtomicBool>) {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let engine = host.strip_prefix("unix://").unwrap_or("/var/run/docker.sock");
    let Ok(engine) = UnixStream::connect(engine) else { return };
    for (from, to) in [(&client, &engine), (&engine, &client)] {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        let open = open.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 16 << 10];
            loop {
                use std::io::{Read, Write};
                let Ok(read) = from.read(&mut bytes) else { break };
                let passes = open.load(Ordering::SeqCst);
                if read == 0 || !passes || to.write_all(&bytes[..read]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(std::net::Shutdown::Write);
            if !open.load(Ordering::SeqCst) {
                let _ = to.shutdown(std::net::Shutdown::Both);
                let _ = from.shutdown(std::net::Shutdown::Both);
            }
        });
    }
}
