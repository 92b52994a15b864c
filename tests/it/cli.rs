//! The commands that look at and change jobs and the queue: the real program, in a home of its
//! own, with nothing of this machine's environment.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use codingworker::database::Database;
use codingworker::domain::job::{JobId, JobState, Record};
use codingworker::domain::task::{Origin, Task};
use codingworker::domain::time::Timestamp;
use codingworker::store::joblog::{JobLog, Unfiltered};
use codingworker::store::sqlite::SqliteStore;
use codingworker::store::{Admission, Claimant, Fence, Store};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

mod audit;
mod jobs;
mod logs;
mod queue;
mod settings;
mod stats;
mod submit;

/// A home without a configuration, in which nothing has happened yet.
struct Home {
    dir: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn state_dir(&self) -> PathBuf {
        self.dir.path().join(".local/state/codingworker")
    }

    #[expect(clippy::disallowed_methods, reason = "the program as a shell starts it")]
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_codingworker"));
        command.args(args).env_clear().env("HOME", self.dir.path()).current_dir(self.dir.path());
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    fn run_with(&self, args: &[&str], stdin: &[u8]) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    }

    fn json(&self, args: &[&str]) -> Value {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    fn database(&self) -> Database {
        Database::open(&self.state_dir().join("codingworker.db")).unwrap()
    }

    fn store(&self) -> Store {
        SqliteStore::over(self.database())
    }

    fn log(&self, id: &JobId) -> JobLog {
        let dir = self.state_dir().join("logs/jobs");
        JobLog::create(&dir, id, Box::new(Unfiltered)).unwrap()
    }
}

/// How the program ended.
#[derive(Debug)]
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// It ended so, with these words for people, and no data.
    fn said(&self, code: i32, words: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.stderr.contains(words), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
    }
}

/// A minute past the `n`th hour of 2026, in the order that jobs are made in.
fn at(n: i64) -> Timestamp {
    Timestamp(1_767_225_660_000 + n * 3_600_000)
}

/// Whoever works in these stories.
fn worker() -> Claimant {
    Claimant { owner: "one".to_owned(), lease: Duration::from_secs(60), begins: true }
}

/// A job of `acme/NAME`, known since `at(n)`, that stands at `state`.
async fn job(store: &Store, name: &str, n: i64, state: JobState) -> JobId {
    let task = Task {
        repository: format!("acme/{name}").parse().unwrap(),
        origin: Origin::Issue { number: 7 },
        title: "Sum is\u{1b}[31m wrong".to_owned(),
        body: "It should add.".to_owned(),
        body_sha256: None,
        labels: vec!["ai-task".to_owned()],
        asking: format!("d-{n}"),
    };
    let Admission::New(taken) = store.admit(&task, "r", &worker(), at(n)).await.unwrap() else {
        panic!("{name} {n} was there before");
    };
    let job = taken.job;
    if state != JobState::Queued {
        let told = json!({"event": "told", "of": {"phase": "working", "comment": 1}});
        append(store, &job.id, told, 3, state).await;
    }
    job.id
}

async fn append(store: &Store, id: &JobId, event: Value, took_ms: u64, state: JobState) {
    let url = event["of"]["url"].as_str().map(str::to_owned);
    let record = json!({"at": at(9).0, "took_ms": took_ms, "event": event});
    let record: Record = serde_json::from_value(record).unwrap();
    let first = Fence { job: id.clone(), token: 1 };
    store.append(&first, &record, state, url.as_deref()).await.unwrap();
}
