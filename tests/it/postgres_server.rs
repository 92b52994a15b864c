//! A PostgreSQL server of the tests' own (`scripts/postgres`), real in everything but `fsync`.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use codingworker::postgres::{Address, Postgres};

use crate::setup::program;

/// What `scripts/postgres` gives its user.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A server. It ends with this process, or when it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// The authority that its certificate comes from.
    pub(crate) authority: PathBuf,
    reins: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
    child: Child,
}

impl Server {
    /// The one that most tests share, each in a schema of its own.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// One that a test may stop.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("cw-pg").tempdir().unwrap().keep();
        // Its user is not ours.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&folder, open).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgres");
        let mut command = program(script);
        command.arg(&folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().unwrap();
        let reins = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        let Some((port, authority)) = line.trim_end().split_once(' ') else {
            panic!("PostgreSQL did not start: what is above says why");
        };
        Self {
            port: port.parse().unwrap(),
            authority: PathBuf::from(authority),
            reins: Mutex::new(Some((reins, answers))),
            child,
        }
    }

    /// Tells it to `stop`, to `kill` itself or to `start`, and waits until it has.
    pub(crate) fn obey(&self, word: &str) {
        let mut reins = self.reins.lock().unwrap();
        let (reins, answers) = reins.as_mut().unwrap();
        writeln!(reins, "{word}").unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        assert_eq!(line, "done\n", "the server does not {word}");
    }

    pub(crate) fn url(&self) -> String {
        let password = PASSWORD.replace(' ', "%20");
        format!("postgres://worker:{password}@localhost:{}/fleet", self.port)
    }

    /// The server's database, and a schema in it that nobody else has.
    pub(crate) fn address(&self) -> Address {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let schema = format!("t{}", COUNT.fetch_add(1, Ordering::SeqCst));
        Address::parse(&self.url(), None).unwrap().in_schema(&schema).unwrap()
    }

    /// An empty database.
    pub(crate) async fn fresh(&self) -> Postgres {
        Postgres::open(self.address()).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of its standard input is what stops it; it takes its folder away.
        drop(self.reins.get_mut().unwrap().take());
        let _ = self.child.wait();
    }
}
