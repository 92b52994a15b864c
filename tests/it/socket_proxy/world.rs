//! A proxy in a folder of its own, before the real engine, and clients of both.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use codingworker::docker::endpoint::Endpoint;
use codingworker::docker::proxy::{Proxy, Witness};
use codingworker::engine::socket::Policy;
use serde_json::Value;
use tempfile::TempDir;

/// The engine that the tests use.
pub(crate) fn engine() -> PathBuf {
    let host = std::env::vars().find(|(key, _)| key == "DOCKER_HOST").map(|(_, value)| value);
    let path = host.as_deref().and_then(|it| it.strip_prefix("unix://"));
    let path = PathBuf::from(path.unwrap_or("/var/run/docker.sock"));
    assert!(
        UnixStream::connect(&path).is_ok(),
        "no container engine answers at {}: `./taskw engine` installs and starts one",
        path.display()
    );
    path
}

/// An image with a shell, make and python3 or not, that is on this machine.
pub(crate) fn image() -> String {
    let named = std::env::vars().find(|(key, _)| key == "CODINGWORKER_TEST_IMAGE");
    named.map_or_else(|| "base:bookworm".to_owned(), |(_, name)| name)
}

#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) refused: Mutex<Vec<String>>,
    pub(crate) changed: Mutex<Vec<String>>,
}

impl Witness for Heard {
    fn refused(&self, request: &str, why: &str) {
        self.refused.lock().unwrap().push(format!("{request}: {why}"));
    }

    fn changed(&self, request: &str, what: &str) {
        self.changed.lock().unwrap().push(format!("{request}: {what}"));
    }
}

pub(crate) struct World {
    pub(crate) proxy: Option<Proxy>,
    pub(crate) heard: Arc<Heard>,
    pub(crate) dir: TempDir,
    /// A name that only this world's things have.
    pub(crate) name: String,
}

pub(crate) fn policy(name: &str) -> Policy {
    Policy {
        labels: vec![
            ("codingworker.worker".into(), "proxy-test".into()),
            ("codingworker.job".into(), name.to_owned()),
        ],
        network: false,
        mounts: Vec::new(),
        mounts_below: None,
        memory: 512 << 20,
        processes: 128,
        cpus: 1.0,
        images: Vec::new(),
        buildkit: false,
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_, _| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Policy, &Path)) -> Self {
        let upstream = Endpoint::Unix(engine());
        Self::before(upstream, change).await
    }

    pub(crate) async fn before(
        upstream: Endpoint,
        change: impl FnOnce(&mut Policy, &Path),
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let last = dir.path().file_name().unwrap().to_str().unwrap();
        let name = format!("px-{}", last.trim_start_matches('.').to_lowercase());
        std::fs::create_dir(dir.path().join("tree")).unwrap();
        let mut policy = policy(&name);
        policy.mounts = vec![(dir.path().join("tree"), dir.path().join("tree"))];
        change(&mut policy, dir.path());
        let heard = Arc::new(Heard::default());
        let socket = dir.path().join("docker.sock");
        let proxy = Proxy::start(&socket, true, upstream, policy, heard.clone()).await.unwrap();
        Self { proxy: Some(proxy), heard, dir, name }
    }

    pub(crate) fn tree(&self) -> PathBuf {
        self.dir.path().join("tree")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("docker.sock")
    }

    /// The `docker` of people, through the proxy, in the tree.
    pub(crate) async fn docker(&self, args: &[&str]) -> Ran {
        self.docker_with(args, "").await
    }

    pub(crate) async fn docker_with(&self, args: &[&str], stdin: &str) -> Ran {
        docker(&self.socket(), self.dir.path(), args, stdin).await
    }

    /// A request in so many words, through the proxy.
    pub(crate) async fn ask(&self, request: &str, body: &str) -> (u16, String) {
        ask(&self.socket(), request, body).await
    }

    pub(crate) fn refused(&self) -> Vec<String> {
        self.heard.refused.lock().unwrap().clone()
    }
}

impl Drop for World {
    /// Takes everything with our label away, whatever became of the test.
    fn drop(&mut self) {
        let label = format!("label=codingworker.job={}", self.name);
        let folder = self.dir.path().to_owned();
        let sweep = |list: &[&str], remove: &[&str]| {
            let found = run(&engine(), &folder, &[list, &["--filter", &label]].concat(), "");
            let ids: Vec<&str> = found.out.split_whitespace().collect();
            if !ids.is_empty() {
                run(&engine(), &folder, &[remove, &ids].concat(), "");
            }
        };
        sweep(&["ps", "-aq"], &["rm", "-f", "-v"]);
        sweep(&["network", "ls", "-q"], &["network", "rm"]);
        sweep(&["volume", "ls", "-q"], &["volume", "rm", "-f"]);
        sweep(&["images", "-aq"], &["rmi", "-f"]);
    }
}

#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }
}

pub(crate) async fn docker(socket: &Path, home: &Path, args: &[&str], stdin: &str) -> Ran {
    let (socket, home, stdin) = (socket.to_owned(), home.to_owned(), stdin.to_owned());
    let args: Vec<String> = args.iter().map(|it| (*it).to_owned()).collect();
    tokio::task::spawn_blocking(move || {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        run(&socket, &home, &args, &stdin)
    })
    .await
    .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test's own child")]
fn run(socket: &Path, home: &Path, args: &[&str], stdin: &str) -> Ran {
    let tree = home.join("tree");
    let mut child = Command::new("timeout")
        .args(["120", "docker"])
        .args(args)
        .current_dir(if tree.is_dir() { &tree } else { home })
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .env("DOCKER_BUILDKIT", "0")
        .env("HOME", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`docker` is on the PATH: `./taskw engine` puts it there");
    // A program that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let done = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: done.status.code().unwrap_or(-1), out: text(&done.stdout), err: text(&done.stderr) }
}

/// Sends `METHOD TARGET` with a JSON body, word for word, and gives the status and the body.
pub(crate) async fn ask(socket: &Path, request: &str, body: &str) -> (u16, String) {
    let head = format!(
        "{request} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let bytes = [head.as_bytes(), body.as_bytes()].concat();
    let socket = socket.to_owned();
    tokio::task::spawn_blocking(move || send(&socket, &bytes)).await.unwrap()
}

/// Sends bytes as they are.
pub(crate) fn send(socket: &Path, bytes: &[u8]) -> (u16, String) {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // A server may answer, and close, before it has read all.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
    (status, body)
}

/// The first JSON object of a body, chunked or not.
pub(crate) fn json(body: &str) -> Value {
    let begin = body.find(['{', '[']).unwrap_or(0);
    let mut values = serde_json::Deserializer::from_str(&body[begin..]).into_iter();
    values.next().and_then(Result::ok).unwrap_or_default()
}
