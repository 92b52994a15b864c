//! The container engine, for real: each test makes what it needs under an owner of its own, and
//! takes it away again.

mod away;
mod caged;
mod images;
mod own;
mod swept;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use codingworker::docker::endpoint::{Endpoint, Found, find};
use codingworker::docker::{Build, Docker, DockerError, Owner};
use codingworker::domain::job::JobId;
use codingworker::process::{self, Spec, Tee};
use tokio_util::sync::CancellationToken;

pub(crate) const LONG: Duration = Duration::from_secs(120);

#[expect(clippy::disallowed_methods, reason = "a test finds the engine as the program does")]
fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(crate) fn endpoint() -> Endpoint {
    let home = PathBuf::from(env("HOME").unwrap_or_else(|| "/".to_owned()));
    match find(&env, &home) {
        Found::Here(endpoint, _) => endpoint,
        none => panic!("no container engine ({none:?}): get one with `./taskw engine`"),
    }
}

fn socket() -> PathBuf {
    match endpoint() {
        Endpoint::Unix(path) => path,
        Endpoint::Loopback(address) => panic!("these tests need a Unix socket, not {address}"),
    }
}

/// Debian with make, python3, git and certificates, as `./taskw engine` makes it.
pub(crate) fn base() -> String {
    env("CODINGWORKER_TEST_IMAGE").unwrap_or_else(|| "base:bookworm".to_owned())
}

/// An owner that no other test has, and everything of whom goes at the end.
struct Home {
    docker: Docker,
    owner: Owner,
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("cw-engine").tempdir().unwrap();
        let name = folder.path().file_name().unwrap().to_str().unwrap().to_lowercase();
        let owner = Owner { worker: format!("test-{name}"), job: Some(JobId(name)) };
        Self { docker: Docker::new(endpoint()).unwrap(), owner, folder }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A name for an image that only this test has.
    fn tag(&self, name: &str) -> String {
        format!("codingworker-{name}-{}", self.owner.job.as_ref().unwrap().0)
    }

    async fn build(&self, tag: &str, dockerfile: &str) -> Result<(String, String), DockerError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Dockerfile"), dockerfile).unwrap();
        self.build_in(folder.path(), tag).await
    }

    /// The image's id, and the log.
    async fn build_in(&self, context: &Path, tag: &str) -> Result<(String, String), DockerError> {
        let heard = Heard::default();
        let stop = CancellationToken::new();
        let id = self.docker.build(spec(context, tag), &self.owner, Some(&heard), &stop).await?;
        Ok((id, heard.text()))
    }

    /// What is left of us in the engine: containers, networks, volumes.
    async fn left(&self) -> String {
        let label = format!("label=codingworker.worker={}", self.owner.worker);
        let containers = cli(&["ps", "-aq", "--filter", &label]).await;
        let networks = cli(&["network", "ls", "-q", "--filter", &label]).await;
        let volumes = cli(&["volume", "ls", "-q", "--filter", &label]).await;
        [containers, networks, volumes].concat()
    }

    async fn nothing_left(&self) {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let left = self.left().await;
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "still there: {left}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn end(self) {
        self.docker.remove(&Owner { job: None, ..self.owner.clone() }, true).await.unwrap();
    }
}

fn spec<'a>(context: &'a Path, tag: &'a str) -> Build<'a> {
    Build { context, dockerfile: "Dockerfile", tag, network: false, memory: 3 << 30, limit: LONG }
}

/// The `docker` command, as people have it.
async fn cli(args: &[&str]) -> String {
    let spec = Spec {
        args: args.iter().map(Into::into).collect(),
        env: vec![
            ("PATH".into(), env("PATH").unwrap().into()),
            ("DOCKER_HOST".into(), endpoint().to_string().into()),
        ],
        ..Spec::new("docker", "/", LONG)
    };
    let ended = process::run(spec, None, &CancellationToken::new()).await.unwrap();
    let (out, error) = (ended.stdout.to_text(), ended.stderr.to_text());
    assert_eq!(ended.exit, codingworker::domain::verification::Exit::Code(0), "{args:?}: {error}");
    out
}

#[derive(Default)]
struct Heard {
    bytes: Mutex<Vec<u8>>,
    more: tokio::sync::Notify,
}

impl Tee for Heard {
    fn write(&self, bytes: &[u8]) {
        self.bytes.lock().unwrap().extend_from_slice(bytes);
        self.more.notify_waiters();
    }
}

impl Heard {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    async fn until(&self, word: &str) {
        loop {
            let more = self.more.notified();
            if self.text().contains(word) {
                return;
            }
            tokio::time::timeout(LONG, more).await.expect(word);
        }
    }
}
