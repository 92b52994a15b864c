//! Two of the samples as a stranger runs them: `codingworker check`, a real engine, the filter before
//! it. Only the base images are others: made on the spot, since tests fetch none.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use codingworker::runner::host::toolchain_env;
use serde_json::Value;
use tempfile::TempDir;

/// What `codingworker check --json` said of a repository.
pub(crate) struct Checked {
    pub(crate) code: i32,
    pub(crate) said: Value,
    /// What the commands wrote.
    pub(crate) output: String,
}

impl Checked {
    pub(crate) fn is_green(&self, level: &str) {
        assert_eq!(self.code, 0, "{}", self.output);
        assert_eq!((&self.said["green"], &self.said["level"]), (&true.into(), &level.into()));
    }
}

#[expect(clippy::disallowed_methods, reason = "where this machine's tools are")]
fn own(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A repository in a folder of its own, with a home beside it in which its owner never worked.
pub(crate) struct Checkout {
    folder: TempDir,
    root: PathBuf,
}

impl Checkout {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("cw").tempdir().unwrap();
        // The job's image is called after it, and other tests run at the same time.
        let name = folder.path().file_name().unwrap().to_str().unwrap().to_lowercase();
        let checkout = Self { root: folder.path().join(name.trim_matches('.')), folder };
        fs::create_dir(checkout.path("home")).unwrap();
        fs::create_dir(&checkout.root).unwrap();
        for (path, text) in files {
            checkout.write(path, text);
        }
        checkout
    }

    /// A copy of a sample whose file is this variant of it.
    fn of_sample(sample: &str, variant: &str) -> Self {
        let checkout = Self::new(&[]);
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/samples").join(sample);
        copy(&sample, &checkout.root);
        fs::rename(checkout.root.join(variant), checkout.root.join(".codingworker.yml")).unwrap();
        checkout
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Puts `new` in the place of `old`, which must be there.
    fn replace(&self, path: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.root.join(path)).unwrap();
        assert!(text.contains(old), "{path} has no {old}");
        self.write(path, &text.replace(old, new));
    }

    pub(crate) async fn check(&self) -> Checked {
        let mut command = assert_cmd::Command::cargo_bin("codingworker").unwrap();
        command
            .env_clear()
            .env("HOME", self.path("home"))
            .envs(toolchain_env(&|name| own(name).map(Into::into)))
            .args(["check", "--json"])
            .current_dir(&self.root)
            .timeout(Duration::from_secs(300));
        for name in ["PATH", "DOCKER_HOST", "DOCKER_CONFIG"] {
            command.envs(own(name).map(|value| (name, value)));
        }
        let ran = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Checked {
            code: ran.status.code().unwrap_or(-1),
            said: serde_json::from_slice(&ran.stdout).unwrap_or_default(),
            output: text(&ran.stderr) + &text(&ran.stdout),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "set-up is blocking")]
fn run(line: &str, folder: &Path) {
    let ran = std::process::Command::new("sh").args(["-c", line]).current_dir(folder).output();
    let ran = ran.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(ran.status.success(), "{line}\n{}{}", text(&ran.stdout), text(&ran.stderr));
}

/// An image that stands for a public one, and goes at the end.
struct StandIn {
    name: String,
    folder: TempDir,
}

impl StandIn {
    fn new(kind: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let unique = folder.path().file_name().unwrap().to_str().unwrap().to_lowercase();
        Self { name: format!("test-{kind}-{}:1", unique.trim_matches('.')), folder }
    }

    fn program(&self, name: &str, text: &str) {
        let file = self.folder.path().join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn build(self, dockerfile: &str) -> Self {
        let text = format!("FROM {}\n{dockerfile}", base());
        fs::write(self.folder.path().join("Dockerfile"), text).unwrap();
        let build = format!("DOCKER_BUILDKIT=0 docker build --network none -t {} .", self.name);
        run(&build, self.folder.path());
        self
    }

    /// Python with pip, which finds its packages in the image: what a container here fetches from
    /// an index needs certificates that no public image has.
    fn python() -> Self {
        let image = Self::new("python");
        run(
            "python3 -m pip download --quiet --no-deps --only-binary=:all: --dest wheels pip text-unidecode==1.3 && \
             python3 -m zipfile -e wheels/pip-*.whl unpacked && \
             printf '[global]\\nno-index = true\\nfind-links = /wheels\\n' > pip.conf",
            image.folder.path(),
        );
        image.build(
            "COPY unpacked/pip /usr/lib/python3/dist-packages/pip\nCOPY wheels /wheels\nCOPY pip.conf /etc/pip.conf\n",
        )
    }

    /// Begins as the public image does: root gives its folder away and becomes `redis`.
    fn redis() -> Self {
        let image = Self::new("redis");
        image.program("docker-entrypoint.sh", ENTRYPOINT);
        image.program("redis-server", SERVER);
        image.program("redis-cli", CLIENT);
        image.build(
            "RUN groupadd --system --gid 999 redis && useradd --system --uid 999 --gid redis redis && \
             mkdir /data && chown redis:redis /data\nVOLUME /data\nWORKDIR /data\n\
             COPY docker-entrypoint.sh redis-server redis-cli /usr/local/bin/\n\
             ENTRYPOINT [\"docker-entrypoint.sh\"]\nCMD [\"redis-server\"]\n",
        )
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        run(&format!("docker rmi --force {} || true", self.name), self.folder.path());
    }
}

fn base() -> String {
    own("CODINGWORKER_TEST_IMAGE").unwrap_or_else(|| "base:bookworm".to_owned())
}

const ENTRYPOINT: &str = r#"#!/bin/sh
set -e
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
    find . ! -user redis -exec chown redis '{}' +
    exec setpriv --reuid=redis --regid=redis --clear-groups -- "$0" "$@"
fi
exec "$@"
"#;

const SERVER: &str = r#"#!/usr/bin/python3
import socketserver

counts = {}

class Client(socketserver.StreamRequestHandler):
    def handle(self):
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                words.append(self.rfile.read(int(self.rfile.readline()[1:])))
                self.rfile.readline()
            if words[0] == b"PING":
                self.wfile.write(b"+PONG\r\n")
                continue
            if words[0] == b"DEL":
                answer = int(counts.pop(words[1], None) is not None)
            else:
                answer = counts[words[1]] = counts.get(words[1], 0) + 1
            self.wfile.write(b":%d\r\n" % answer)

socketserver.ThreadingTCPServer(("", 6379), Client).serve_forever()
"#;

const CLIENT: &str = r#"#!/usr/bin/python3
import socket

connection = socket.create_connection(("127.0.0.1", 6379), 5)
connection.sendall(b"*1\r\n$4\r\nPING\r\n")
assert connection.recv(7) == b"+PONG\r\n"
"#;

/// The image in which the commands run, and the one that they build: both bring in what the
/// requirements name with the network, and test without.
#[tokio::test(flavor = "multi_thread")]
async fn the_python_sample_is_green_in_either_form() {
    let python = StandIn::python();
    let checkout = Checkout::of_sample("python", ".codingworker.yml");
    checkout.replace(".codingworker.yml", "python:3.12-slim", &python.name);
    let plain = checkout.check().await;
    plain.is_green("container");
    assert_eq!(plain.said["steps"].as_array().unwrap().len(), 2, "{}", plain.output);
    let again = checkout.check().await;
    again.is_green("container");
    assert!(again.output.contains("nothing new to bring in"), "{}", again.output);

    let checkout = Checkout::of_sample("python", ".codingworker.docker.yml");
    checkout.replace("Dockerfile", "python:3.12", &python.name);
    let built = checkout.check().await;
    built.is_green("container");
    let passed = &built.said["steps"][1]["tests"]["passed"];
    assert!(!passed.as_array().unwrap().is_empty(), "{}", built.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_compose_sample_tests_against_a_database_that_has_no_capability_and_no_network() {
    let redis = StandIn::redis();
    let checkout = Checkout::of_sample("compose", ".codingworker.yml");
    checkout.replace("compose.yaml", "redis:7", &redis.name);
    for file in ["compose.yaml", "Dockerfile"] {
        checkout.replace(file, "python:3.12-slim", &base());
    }
    let checked = checkout.check().await;
    checked.is_green("container");
    assert_eq!(checked.said["steps"][1]["tests"]["passed"].as_array().unwrap().len(), 3);

    // The control: an image that has to give rights away first cannot, and says so.
    checkout.replace("compose.yaml", "    user: redis\n", "");
    let red = checkout.check().await;
    assert_eq!(red.code, 1, "{}", red.output);
    assert_eq!(red.said["steps"][0]["exit"]["code"], 0, "{}", red.output);
    assert_ne!(red.said["steps"][1]["exit"]["code"], 0, "{}", red.output);
}
