//! All that one case needs around the binary, in one folder; and what all of them share.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use codingworker::database::Database;
use codingworker::queue::TaskQueue;
use codingworker::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use codingworker::queue::sqs::SqsQueue;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::case::Scenario;
use crate::github_double::{GitHubDouble, TOKEN};
use crate::scripted_ollama::{Reply, ScriptedOllama};

pub(crate) const REPOSITORY: &str = "acme/answers";
pub(crate) const MAINTAINER: &str = "maintainer";
const MODEL: &str = "scripted:latest";
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Plays Aider, at once: says its version, or asks the model and writes what the issue is about.
const AGENT: &str = include_str!("agent.sh");

/// What all cases share: the model, and a repository to copy.
pub(crate) struct Ground {
    dir: TempDir,
    ollama: ScriptedOllama,
    /// The commit that `main` is at, for ever.
    pub(crate) main: String,
}

impl Ground {
    pub(crate) async fn make() -> Self {
        let dir = folder();
        let tree = dir.path().join("tree");
        for (name, text) in [
            ("answer.txt", "nobody knows\n"),
            ("test.sh", "test -s answer.txt\n"),
            (".codingworker.yml", "test: {command: sh test.sh}\n"),
        ] {
            std::fs::create_dir_all(&tree).unwrap();
            std::fs::write(tree.join(name), text).unwrap();
        }
        let (tree, bare) = (tree.to_str().unwrap(), dir.path().join("bare.git"));
        git(dir.path(), &["init", "-q", "-b", "main", tree]);
        git(dir.path(), &["-C", tree, "add", "-A"]);
        git(dir.path(), &["-C", tree, "commit", "-q", "-m", "By a person"]);
        git(dir.path(), &["clone", "-q", "--bare", tree, bare.to_str().unwrap()]);
        let main = git(&bare, &["rev-parse", "main"]);
        let agent = dir.path().join("aider");
        std::fs::write(&agent, AGENT).unwrap();
        std::fs::set_permissions(&agent, Permissions::from_mode(0o755)).unwrap();
        let ollama = ScriptedOllama::by(MODEL, |_, _| Reply::Text("forty-two".into())).await;
        Self { dir, ollama, main }
    }
}

/// A folder whose name says whose it is.
fn folder() -> TempDir {
    let prefix = format!("{}{}-", crate::sweep::PREFIX, std::process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir().unwrap()
}

/// Asks git, as a person.
pub(crate) fn git(at: &Path, args: &[&str]) -> String {
    let mut git = program("git", at);
    git.args(["-c", "user.name=Person", "-c", "user.email=person@example.invalid"]);
    let output = git.args(args).current_dir(at).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

fn program(name: &str, home: &Path) -> Command {
    let mut command = Command::new(name);
    command.env_clear().env("PATH", PATH).env("HOME", home).env("LANG", "C.UTF-8");
    command.env("GIT_CONFIG_NOSYSTEM", "1").stdin(Stdio::null());
    command
}

/// One case's world: a repository with a labelled issue, number 1.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) github: GitHubDouble,
    config: PathBuf,
    sqs: Option<Arc<SqsQueue>>,
    /// What stands in the environment of workers, besides what all have.
    pub(crate) env: BTreeMap<String, String>,
    /// Shell words before a worker starts, such as `ulimit -f 100;`.
    pub(crate) shell: Option<String>,
}

impl World {
    pub(crate) async fn make(ground: &Ground, scenario: Scenario) -> Self {
        let dir = folder();
        for folder in ["home", "tmp"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let bare = dir.path().join("remotes").join(format!("{REPOSITORY}.git"));
        copy(&ground.dir.path().join("bare.git"), &bare);
        let token = dir.path().join("token");
        std::fs::write(&token, TOKEN).unwrap();
        std::fs::set_permissions(&token, Permissions::from_mode(0o600)).unwrap();
        let github = GitHubDouble::start(&dir.path().join("remotes"));
        github.repository(REPOSITORY);
        github.role(REPOSITORY, MAINTAINER, Some("write"));
        github.issue(REPOSITORY, "Answer the question", "Write it into answer.txt.", "reporter");
        github.label(REPOSITORY, 1, "ai-task", MAINTAINER);
        let config = dir.path().join("config.yaml");
        // JSON is YAML.
        let mut words = configuration(dir.path(), ground, &github);
        let (mut sqs, mut env) = (None, BTreeMap::new());
        if scenario.is_remote() {
            let (queue, url, variables) = crate::sqs::queue().await;
            words["sqs"]["queue_url"] = json!(url);
            words["sqs"]["region"] = json!("us-east-1");
            (sqs, env) = (Some(Arc::new(queue)), variables);
        }
        std::fs::write(&config, words.to_string()).unwrap();
        Self { dir, github, config, sqs, env, shell: None }
    }

    /// Writes other words into the configuration.
    pub(crate) fn reword(&self, old: &str, new: &str) {
        let words = std::fs::read_to_string(&self.config).unwrap();
        std::fs::write(&self.config, words.replace(old, new)).unwrap();
    }

    pub(crate) fn is_remote(&self) -> bool {
        self.sqs.is_some()
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        self.path().join("state")
    }

    pub(crate) fn bare(&self) -> PathBuf {
        self.path().join("remotes").join(format!("{REPOSITORY}.git"))
    }

    /// The binary, with nothing of the developer's around it.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let (binary, home) = (env!("CARGO_BIN_EXE_codingworker"), self.path().join("home"));
        let mut command = match &self.shell {
            Some(words) => {
                let mut command = program("/bin/sh", &home);
                command.args(["-c", &format!("{words} exec \"$0\" \"$@\""), binary]);
                command
            }
            None => program(binary, &home),
        };
        command.env("TMPDIR", self.path().join("tmp")).envs(&self.env);
        command.arg("--config").arg(&self.config).args(args).current_dir(self.path());
        command
    }

    /// The worker's database, as another process sees it.
    pub(crate) fn database(&self) -> Database {
        std::fs::create_dir_all(self.state_dir()).unwrap();
        Database::open(&self.state_dir().join("codingworker.db")).unwrap()
    }

    /// The queue, as another process sees it.
    pub(crate) fn queue(&self) -> Arc<dyn TaskQueue> {
        if let Some(sqs) = &self.sqs {
            return sqs.clone();
        }
        let options = SqliteQueueOptions {
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            max_receives: 20,
            wake_path: None,
            clock: codingworker::app::clock(),
        };
        Arc::new(SqliteQueue::new(self.database(), options))
    }

    /// The one task, as GitHub's action would send it.
    pub(crate) fn task(&self) -> String {
        json!({
            "type": "issue", "issue_number": 1, "repository": REPOSITORY,
            "title": "Answer the question", "body": "Write it into answer.txt.",
            "labels": ["ai-task"], "created_at": "2026-01-26T00:00:00Z", "sender": MAINTAINER,
            "delivery": "the-first",
        })
        .to_string()
    }

    /// So much time passes while no worker runs that no lease or pause is left.
    pub(crate) async fn time_passes(&self) {
        let database = self.database();
        let all = database.write(|it| it.execute("UPDATE messages SET visible_at = 1", []));
        all.await.unwrap();
    }
}

fn configuration(dir: &Path, ground: &Ground, github: &GitHubDouble) -> Value {
    json!({
        "worker": {
            "worker_id": "fault", "slots": 1, "state_dir": dir.join("state"),
            "retry_delay_seconds": 0,
        },
        "github": {
            "token": {"file": dir.join("token")}, "api_url": github.api_url(),
            "git_url": format!("file://{}", dir.join("remotes").display()),
        },
        "aider": {
            "bin_path": ground.dir.path().join("aider"),
            // The agent is no Aider that could be imported once: it would be tried each time.
            "warm": false,
            "models": [{"name": format!("ollama_chat/{MODEL}"), "timeout_seconds": 60}],
        },
        "ollama": {"host": ground.ollama.base()},
        "sqs": {"wait_time_seconds": 1, "visibility_timeout": 30},
        "verify": {"timeout_seconds": 60, "write_tests": false, "runner": "native", "ready": "green"},
        "cage": {"level": "native"},
        "notify": {"channels": [{"kind": "log", "events": "all"}]},
        "http": {"listen": "off"},
    })
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// The living processes whose arguments or environment name this folder.
pub(crate) fn processes(folder: &Path) -> Vec<(i32, String)> {
    let folder = folder.to_str().unwrap();
    let read = |pid: i32, what: &str| std::fs::read(format!("/proc/{pid}/{what}"));
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|it| it.file_name().to_str()?.parse::<i32>().ok());
    let looked = pids.filter_map(|pid| {
        let (mut text, environ) = (read(pid, "cmdline").ok()?, read(pid, "environ").ok()?);
        text.extend(environ);
        let text = String::from_utf8_lossy(&text).replace('\0', " ");
        text.contains(folder).then_some((pid, text))
    });
    looked.collect()
}
