//! A runner of GitHub's, as far as a script of ours can tell.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use super::corpus::Case;

pub(super) const QUEUE: &str = "https://sqs.ap-northeast-1.amazonaws.com/1/tasks";
pub(super) const MESSAGE_ID: &str = "5fea7756-0ea4-451a-a703-a558b933e274";
/// How many scripts run at once.
const AT_ONCE: usize = 4;

/// Writes down what it is called with and what the message is, each in a file of its own. The
/// kernel itself refuses arguments of 131,072 bytes and more.
const AWS: &str = r#"#!/bin/bash
LC_ALL=C
printf '%s' "$*" >"$RECORD/call.$$"
[[ ! -e $RECORD/refuse ]] || { echo "An error occurred (AccessDenied)" >&2; exit 254; }
body=
while (($#)); do
  [[ $1 != --message-body ]] || body=$2
  shift
done
[[ $body != file://* ]] || body=$(<"${body#file://}")$'\n'
if ((${#body} < 2 || ${#body} > 1048576)); then
  echo "An error occurred (InvalidParameterValue): message body of ${#body} bytes" >&2
  exit 254
fi
printf '%s' "$body" >"$RECORD/message.$$"
echo 5fea7756-0ea4-451a-a703-a558b933e274
"#;

/// The script of the step of a shipped workflow that talks to AWS.
pub(super) fn script(workflow: &str) -> String {
    let steps = super::shape::steps(workflow);
    let mut scripts = steps.iter().filter_map(|it| it["run"].as_str());
    let found = scripts.find(|it| it.contains("send-message")).unwrap().to_owned();
    assert!(!found.contains("${{"), "{workflow}: an expression in `run:` is filled in by GitHub");
    found
}

/// What came of one run.
pub(super) struct Sent {
    pub(super) ok: bool,
    /// Both streams together, as in the log.
    pub(super) printed: String,
    /// The words of each call of `aws`, in order.
    pub(super) calls: Vec<String>,
    pub(super) messages: Vec<String>,
    /// What appeared that no script of ours makes.
    pub(super) canaries: Vec<PathBuf>,
}

/// The same words to a queue that is there, by SQS's own protocol.
const SENDING: &str = r#"#!/usr/bin/env python3
import json, sys, urllib.request
words = dict(zip(sys.argv[3::2], sys.argv[4::2]))
assert sys.argv[1:3] == ["sqs", "send-message"] and words["--query"] == "MessageId", sys.argv
kind, _, path = words["--message-body"].partition("file://")
assert kind == "" and path, words
body = json.dumps({"QueueUrl": words["--queue-url"], "MessageBody": open(path).read()})
request = urllib.request.Request("ENDPOINT", body.encode(), {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "AmazonSQS.SendMessage",
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request",
})
with urllib.request.urlopen(request, timeout=30) as answer:
    print(json.load(answer)["MessageId"])
"#;

pub(super) struct Runner {
    home: TempDir,
    queue: String,
}

impl Runner {
    pub(super) fn new(script: &str) -> Self {
        Self::with(script, AWS, QUEUE)
    }

    /// One whose `aws` really sends, to this queue.
    pub(super) fn sending(script: &str, endpoint: &str, queue: &str) -> Self {
        Self::with(script, &SENDING.replace("ENDPOINT", endpoint), queue)
    }

    fn with(script: &str, aws: &str, queue: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        for folder in ["bin", "temp", "record", "work"] {
            std::fs::create_dir(at(folder)).unwrap();
        }
        std::fs::write(at("script.sh"), script).unwrap();
        std::fs::write(at("bin/aws"), aws).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(at("bin/aws"), mode).unwrap();
        Self { home, queue: queue.to_owned() }
    }

    pub(super) fn temp(&self) -> PathBuf {
        self.home.path().join("temp")
    }

    pub(super) fn run(&self, event: &Value) -> Sent {
        // GitHub writes it with line breaks.
        self.run_text(serde_json::to_string_pretty(event).unwrap().as_bytes())
    }

    pub(super) fn refusing(&self, event: &Value) -> Sent {
        std::fs::write(self.home.path().join("record/refuse"), "").unwrap();
        self.run(event)
    }

    /// Runs the script as `shell: bash` does, on an event of these bytes.
    #[expect(clippy::disallowed_methods, reason = "blocking, and outside of any runtime")]
    pub(super) fn run_text(&self, event: &[u8]) -> Sent {
        let at = |name: &str| self.home.path().join(name);
        std::fs::write(at("event.json"), raw(event)).unwrap();
        let log = std::fs::File::create(at("log")).unwrap();
        let status = Command::new("timeout")
            .args(["60", "bash", "--noprofile", "--norc", "-eo", "pipefail"])
            .arg(at("script.sh"))
            .current_dir(at("work"))
            .env_clear()
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", at("bin").display()))
            .env("LANG", "C.UTF-8")
            .env("HOME", at("work"))
            .env("RECORD", at("record"))
            .env("GITHUB_EVENT_PATH", at("event.json"))
            .env("GITHUB_RUN_ID", "4711")
            .env("RUNNER_TEMP", self.temp())
            .env("QUEUE_URL", &self.queue)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status()
            .unwrap();
        assert_ne!(status.code(), Some(124), "the script took more than a minute");
        let printed = std::fs::read(at("log")).unwrap();
        let sent = Sent {
            ok: status.success(),
            printed: String::from_utf8_lossy(&printed).into_owned(),
            calls: take(&at("record"), "call."),
            messages: take(&at("record"), "message."),
            canaries: entries(&at("work")),
        };
        for left in entries(&self.temp()) {
            std::fs::remove_file(left).unwrap();
        }
        sent
    }
}

/// JSON knows escapes for halves of characters, and Rust's texts do not: the corpus writes them
/// as `<<d800>>`.
fn raw(event: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(event.to_vec()).unwrap();
    text.replace("<<d800>>", "\\ud800").replace("<<dfff>>", "\\udfff").into_bytes()
}

/// The text of a body, as whoever reads JSON by the book has it.
pub(super) fn as_read(body: &Value) -> String {
    let text = body.as_str().unwrap_or_default();
    text.replace("<<d800>>", "\u{fffd}").replace("<<dfff>>", "\u{fffd}")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    found.sort();
    found
}

/// The files of this kind, which are gone afterwards.
fn take(folder: &Path, kind: &str) -> Vec<String> {
    let of_kind = |it: &PathBuf| it.file_name().unwrap().to_string_lossy().starts_with(kind);
    let found: Vec<_> = entries(folder).into_iter().filter(of_kind).collect();
    let read = |it: &PathBuf| {
        let text = std::fs::read_to_string(it).unwrap();
        std::fs::remove_file(it).unwrap();
        text
    };
    found.iter().map(read).collect()
}

/// The lines that GitHub's runner would obey: `::name::` at the start of a line, and the older
/// `##[name]` anywhere in one.
pub(super) fn commands(printed: &str) -> Vec<&str> {
    let obeyed = |it: &&str| it.trim_start().starts_with("::") || it.contains("##[");
    printed.split(['\n', '\r']).filter(obeyed).collect()
}

/// Runs `judge` for each case, a few at a time; gives what the failing ones are called.
pub(super) fn in_parallel(
    corpus: &[Case],
    judge: impl Fn(&Runner, usize, &Case) + Sync,
    script: &str,
) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let runner = Runner::new(script);
                while let Some((index, case)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    corpus.get(index).map(|it| (index, it))
                } {
                    let judged = std::panic::AssertUnwindSafe(|| judge(&runner, index, case));
                    if std::panic::catch_unwind(judged).is_err() {
                        failed.lock().unwrap().push(case.what.to_owned());
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap()
}
