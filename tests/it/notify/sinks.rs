//! The services that notifications go to (`tests/fixtures/notify/sinks.py`), each as strict as the
//! real one: what they find wrong is a status that is no success.
#![expect(clippy::disallowed_methods, reason = "the services are children of the test")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What signs webhooks, and what logs in to the mail server.
pub(super) const SECRET: &str = "a-secret-that-signs-0123456789";

pub(super) struct Sinks {
    child: Child,
    dir: TempDir,
    ports: Value,
}

impl Sinks {
    pub(super) fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("cw-sinks-").tempdir().unwrap();
        let (certificate, key) = certificate(dir.path());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/notify/sinks.py");
        let mut command = Command::new("python3");
        command.arg(script).arg(dir.path()).arg(certificate).arg(key).arg(SECRET);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("python3 does not start: {error}"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, dir, ports: serde_json::from_str(&line).unwrap() }
    }

    /// Where web services are.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port("web"))
    }

    pub(super) fn port(&self, name: &str) -> u16 {
        u16::try_from(self.ports[name].as_u64().unwrap()).unwrap()
    }

    /// What the services' certificates are signed with.
    pub(super) fn trusted(&self) -> PathBuf {
        self.dir.path().join("certificate.pem")
    }

    /// From now on they answer so: ok, hang, busy, gone, away.
    pub(super) fn mode(&self, mode: &str) {
        std::fs::write(self.dir.path().join("mode"), mode).unwrap();
    }

    /// What a service got, oldest first.
    pub(super) fn got(&self, sink: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.dir.path().join("got.jsonl")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |at| &text[..at]);
        let all = whole.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.filter(|it| it["sink"] == sink).collect()
    }
}

impl Drop for Sinks {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn certificate(dir: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (dir.join("certificate.pem"), dir.join("key.pem"));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    command.args(["-nodes", "-days", "30", "-subj", "/CN=localhost"]);
    command.args(["-addext", "subjectAltName=DNS:localhost"]);
    command.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"]);
    command.arg(&key).arg("-out").arg(&certificate);
    let made = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(made.is_ok_and(|it| it.success()), "openssl makes no certificate");
    (certificate, key)
}
