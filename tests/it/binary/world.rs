//! All that the binary needs around it, in one folder.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use codingworker::database::Database;
use codingworker::domain::job::{Event, Record};
use codingworker::queue::TaskQueue;
use codingworker::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use codingworker::queue::sqs::{SqsOptions, SqsQueue};
use codingworker::store::sqlite::SqliteStore;
use codingworker::store::{Job, JobFilter, Store};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::serving::{Serving, processes, program};
use crate::github_double::{CommentState, GitHubDouble, IssueState, PullState, TOKEN};
use crate::scripted_ollama::{Reply, ScriptedOllama};
use crate::setup::Emulator;
use crate::workspace::http::{Manner, Server};

/// The repository that is there from the start.
pub(crate) const REPOSITORY: &str = "acme/calc";
/// The model that the scripted Ollama has.
pub(crate) const MODEL: &str = "scripted:latest";
/// Who sets the label.
pub(crate) const MAINTAINER: &str = "maintainer";
/// `PATH` of the worker, and of the tests' own git.
pub(crate) const PATH: &str = "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin";
/// No wait of a test is longer. Generous: several Aiders share a small machine with a compiler.
const LIMIT: Duration = Duration::from_secs(300);

/// A project that is checked in a fraction of a second, with a bug.
pub(crate) const PROJECT: [(&str, &str); 4] = [
    ("calc.py", "def add(a, b):\n    return a - b\n"),
    ("tests/__init__.py", ""),
    ("tests/test_calc.py", OLD_TESTS),
    (".codingworker.yml", CHECKS),
];
pub(crate) const TITLE: &str = "add() in calc.py subtracts";
pub(crate) const BODY: &str = "`add(2, 2)` in calc.py gives 0, and 4 is expected.";
pub(crate) const CHECKS: &str = "build: {command: \"python3 -m compileall -q .\"}\n\
                                 test: {command: \"python3 -m unittest -v\"}\n";
pub(crate) const OLD_TESTS: &str = "import unittest\n\nfrom calc import add\n\n\nclass CalcTest(unittest.TestCase):\n    def test_adding_nothing(self):\n        self.assertEqual(add(2, 0), 2)\n";
/// What makes the issue go away.
pub(crate) const RIGHT: &str = "def add(a, b):\n    return a + b\n";
/// What no Python takes, and its grammar does: an answer that does not parse comes to no check.
pub(crate) const BROKEN: &str = "def add(a, b):\n    return a + b\n\n\nreturn add\n";
/// What breaks a test that was green.
pub(crate) const WRONG: &str = "def add(a, b):\n    return a * b\n";

/// The model does what the issue asks.
pub(crate) fn right() -> Reply {
    Reply::files(&[("calc.py", RIGHT)])
}

/// The model returns from nowhere.
pub(crate) fn broken() -> Reply {
    Reply::files(&[("calc.py", BROKEN)])
}

/// The model breaks what worked.
pub(crate) fn wrong() -> Reply {
    Reply::files(&[("calc.py", WRONG)])
}

/// The model writes a test that fails without the change.
pub(crate) fn covering() -> Reply {
    let more = "\n    def test_adding(self):\n        self.assertEqual(add(2, 2), 4)\n";
    Reply::files(&[("tests/test_calc.py", &format!("{OLD_TESTS}{more}"))])
}

/// The model answers so, one reply after the other, the last one again and again.
pub(crate) fn answers(
    replies: impl IntoIterator<Item = Reply>,
) -> impl Fn(&str, usize) -> Reply + Send + Sync {
    let replies = replies.into_iter().collect::<Vec<_>>();
    move |_, before| replies[before.min(replies.len() - 1)].clone()
}

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) github: GitHubDouble,
    pub(crate) ollama: ScriptedOllama,
    /// What stands in the configuration file of the next worker that is started.
    pub(crate) config: Value,
    /// What stands in its environment, besides `PATH` and `HOME`.
    pub(crate) env: BTreeMap<String, String>,
    sqs: Option<Arc<SqsQueue>>,
    git_server: Option<Server>,
    database: OnceCell<Database>,
}

impl World {
    /// With the sample project, its issue labelled (number 1), and a model that answers so; one
    /// slot, no second pass, one fix.
    pub(crate) async fn with(
        answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let world = Self::empty(answer).await;
        world.repository(REPOSITORY, &PROJECT);
        world.issue(REPOSITORY, TITLE, BODY);
        world
    }

    /// Without any repository.
    pub(crate) async fn empty(
        answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let dir = tempfile::Builder::new().prefix("cw-it-").tempdir().unwrap();
        for folder in ["remotes", "home"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let token = dir.path().join("token");
        std::fs::write(&token, TOKEN).unwrap();
        std::fs::set_permissions(&token, Permissions::from_mode(0o600)).unwrap();
        let github = GitHubDouble::start(&dir.path().join("remotes"));
        let ollama = ScriptedOllama::by(MODEL, answer).await;
        let config = config(dir.path(), &github, &ollama);
        let (env, database) = (BTreeMap::new(), OnceCell::new());
        Self { dir, github, ollama, config, env, sqs: None, git_server: None, database }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        self.path().join("state")
    }

    /// Makes a private bare repository with these files in one commit on `main`.
    pub(crate) fn repository(&self, full_name: &str, files: &[(&str, &str)]) {
        let (tree, bare) = (self.path().join("person").join(full_name), self.bare(full_name));
        for (name, text) in files {
            let file = tree.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let (tree, bare) = (tree.to_str().unwrap(), bare.to_str().unwrap());
        self.git(&["init", "-q", "-b", "main", tree]);
        self.git(&["-C", tree, "add", "-A", "-f"]);
        self.git(&["-C", tree, "commit", "-q", "--allow-empty", "-m", "By a person"]);
        self.git(&["clone", "-q", "--bare", tree, bare]);
        self.github.repository(full_name);
        self.github.role(full_name, MAINTAINER, Some("write"));
    }

    /// Writes an issue; the maintainer labels it.
    pub(crate) fn issue(&self, repository: &str, title: &str, body: &str) -> u64 {
        let number = self.github.issue(repository, title, body, "reporter");
        self.github.label(repository, number, "ai-task", MAINTAINER);
        number
    }

    /// From now on git goes over HTTP, and the token is asked for.
    pub(crate) async fn use_http(&mut self) {
        let server = Server::start(Manner::Serve(self.path().join("remotes"), TOKEN)).await;
        self.config["github"]["git_url"] = json!(server.url);
        self.git_server = Some(server);
    }

    /// From now on tasks come over SQS.
    pub(crate) async fn use_sqs(&mut self, emulator: &Emulator) {
        let queue_url = super::serving::sqs_queue(emulator).await;
        self.config["sqs"]["queue_url"] = json!(queue_url);
        for (name, value) in [
            ("AWS_ENDPOINT_URL_SQS", emulator.endpoint().as_str()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ] {
            self.env.insert(name.to_owned(), value.to_owned());
        }
        let options = SqsOptions {
            queue_url,
            region: None,
            wait_time: Duration::from_secs(1),
            visibility: Duration::from_secs(300),
            endpoint: None,
        };
        let sdk = super::serving::sdk(emulator);
        self.sqs = Some(Arc::new(SqsQueue::from_config(sdk, options).await.unwrap()));
    }

    /// Puts a labelled issue on the queue, as GitHub's action would.
    pub(crate) async fn submit(&self, repository: &str, issue: u64, delivery: &str) {
        let state = self.github.issue_state(repository, issue);
        let task = json!({
            "type": "issue", "issue_number": issue, "repository": repository,
            "title": state.title, "body": state.body, "labels": state.labels,
            "created_at": "2026-01-26T00:00:00Z", "sender": MAINTAINER, "delivery": delivery,
        });
        let file = self.path().join("task.json");
        std::fs::write(&file, task.to_string()).unwrap();
        self.says(&["submit", "--file", file.to_str().unwrap()]);
    }

    /// What a command of the binary prints, which must succeed.
    pub(crate) fn says(&self, args: &[&str]) -> String {
        let command = self.command(args);
        let output = assert_cmd::Command::from_std(command).timeout(LIMIT).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "codingworker {args:?}: {} {said}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command of the binary says about its failure, which must end it with this code.
    #[track_caller]
    pub(crate) fn fails(&self, args: &[&str], code: i32, what: &str) {
        let command = self.command(args);
        let output = assert_cmd::Command::from_std(command).timeout(LIMIT).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "codingworker {args:?}: {said}");
        assert!(said.contains(what), "codingworker {args:?}: {said}");
    }

    /// Waits until the one job is over and its task is settled.
    pub(crate) async fn is_over(&self, serving: &mut Serving) {
        let log = serving.log.clone();
        let over = || std::fs::read_to_string(&log).unwrap().contains("\"message\":\"over\"");
        serving.until("the job is over", over).await;
        let settled = async {
            let queue = self.queue().await;
            while queue.depth().await.is_ok_and(|it| it.waiting + it.in_flight > 0) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(LIMIT, settled).await.is_ok(), "the task is not settled");
    }

    /// Puts anything on the queue, as a program without manners would.
    pub(crate) async fn submit_text(&self, body: &str) {
        self.queue().await.submit(body).await.unwrap();
    }

    /// The queue, as another process sees it.
    pub(crate) async fn queue(&self) -> Arc<dyn TaskQueue> {
        if let Some(sqs) = &self.sqs {
            return sqs.clone();
        }
        let options = SqliteQueueOptions {
            lease: Duration::from_secs(300),
            poll: Duration::from_secs(1),
            max_receives: 20,
            wake_path: Some(self.state_dir().join("wake.sock")),
            clock: codingworker::app::clock(),
        };
        Arc::new(SqliteQueue::new(self.database().await.clone(), options))
    }

    /// The worker's database.
    pub(super) async fn database(&self) -> &Database {
        let open = || async {
            std::fs::create_dir_all(self.state_dir()).unwrap();
            Database::open(&self.state_dir().join("codingworker.db")).unwrap()
        };
        self.database.get_or_init(open).await
    }

    /// The jobs, as another process sees them.
    pub(crate) async fn store(&self) -> Store {
        SqliteStore::over(self.database().await.clone())
    }

    /// The jobs with their records, oldest first.
    pub(crate) async fn jobs(&self) -> Vec<(Job, Vec<Record>)> {
        let store = self.store().await;
        let mut jobs = Vec::new();
        for job in store.jobs(&JobFilter::default(), 100).await.unwrap() {
            let records = store.records(&job.id).await.unwrap();
            jobs.insert(0, (job, records));
        }
        jobs
    }

    /// The one job that there is, with its records.
    pub(crate) async fn job(&self) -> (Job, Vec<Record>) {
        let mut jobs = self.jobs().await;
        assert_eq!(jobs.len(), 1, "{jobs:#?}");
        jobs.remove(0)
    }

    /// The one issue of most tests.
    pub(crate) fn issue_state(&self) -> IssueState {
        self.github.issue_state(REPOSITORY, 1)
    }

    /// The one comment on an issue.
    pub(crate) fn the_comment(&self, issue: u64) -> CommentState {
        let mut comments = self.github.issue_state(REPOSITORY, issue).comments;
        assert_eq!(comments.len(), 1, "{comments:#?}");
        comments.remove(0)
    }

    /// The one pull request.
    pub(crate) fn the_pull(&self) -> PullState {
        let mut pulls = self.github.pulls(REPOSITORY);
        assert_eq!(pulls.len(), 1, "{pulls:#?}");
        pulls.remove(0)
    }

    /// Where a repository is, at the code host.
    pub(crate) fn bare(&self, full_name: &str) -> PathBuf {
        self.path().join("remotes").join(format!("{full_name}.git"))
    }

    /// The branches of the repository of most tests, sorted.
    pub(crate) fn branches(&self) -> Vec<String> {
        let all = self.in_bare(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]);
        all.lines().map(str::to_owned).collect()
    }

    /// Asks git about the repository of most tests, at the code host.
    pub(crate) fn in_bare(&self, args: &[&str]) -> String {
        let bare = self.bare(REPOSITORY);
        let mut all = vec!["-C", bare.to_str().unwrap()];
        all.extend(args);
        self.git(&all)
    }

    /// Git, as a person uses it.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let mut git = program("git", &self.path().join("home"));
        git.args(["-c", "user.name=Person", "-c", "user.email=person@example.invalid"]);
        git.args(["-c", "core.autocrlf=false"]).args(args).current_dir(self.path());
        let output = git.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {args:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Writes the configuration as it is now to where the binary looks for it.
    pub(crate) fn write_config(&self) -> PathBuf {
        let config = self.path().join("config.yaml");
        // JSON is YAML.
        let text = serde_json::to_string_pretty(&self.config).unwrap();
        // A worker that starts may be reading it: it finds all of it.
        if std::fs::read_to_string(&config).ok().as_ref() != Some(&text) {
            let new = self.path().join("config.yaml.new");
            std::fs::write(&new, text).unwrap();
            std::fs::rename(new, &config).unwrap();
        }
        config
    }

    /// A command of the binary, with its configuration and a cleared environment.
    pub(crate) fn command(&self, args: &[&str]) -> std::process::Command {
        let config = self.write_config();
        let mut command = program(env!("CARGO_BIN_EXE_codingworker"), &self.path().join("home"));
        command.arg("--config").arg(config).args(args).envs(&self.env);
        command.current_dir(self.path());
        command
    }

    /// Starts a worker.
    pub(crate) fn serve(&self, args: &[&str]) -> Serving {
        let mut all = vec!["serve"];
        all.extend(args);
        Serving::start(self.command(&all), self.path())
    }

    /// Lets a worker work until nothing is left, and finds that it left with 0.
    pub(crate) async fn serve_until_empty(&self) {
        let mut serving = self.serve(&["--drain"]);
        assert_eq!(serving.code().await, 0, "`serve --drain` failed");
        self.nothing_is_left_running().await;
    }

    /// Processes whose environment or arguments name this world, without the workers themselves.
    pub(crate) async fn nothing_is_left_running(&self) {
        let none = || processes(self.path(), &[]).is_empty();
        until("no process is left", none).await;
    }

    /// Whether git needed the token, where it goes over HTTP.
    pub(crate) fn git_was_shown_the_token(&self) -> bool {
        let wanted = crate::workspace::http::basic("x-access-token", TOKEN);
        let seen = self.git_server.as_ref().map(Server::seen).unwrap_or_default();
        seen.into_iter().flatten().any(|it| it == wanted)
    }

    /// What all workers have logged.
    pub(crate) fn log(&self) -> String {
        let mut files = std::fs::read_dir(self.path()).unwrap().flatten().collect::<Vec<_>>();
        files.sort_by_key(std::fs::DirEntry::file_name);
        let logs = files.into_iter().map(|it| it.path());
        let logs = logs.filter(|it| it.extension().is_some_and(|it| it == "log"));
        logs.map(|it| std::fs::read_to_string(it).unwrap_or_default()).collect()
    }
}

fn config(dir: &Path, github: &GitHubDouble, ollama: &ScriptedOllama) -> Value {
    json!({
        "worker": {
            "worker_id": "test-worker", "slots": 1, "state_dir": dir.join("state"),
            "retry_delay_seconds": 1, "model_cooldown_seconds": 1,
        },
        "github": {
            "token": {"file": dir.join("token")}, "api_url": github.api_url(),
            "git_url": format!("file://{}", dir.join("remotes").display()),
        },
        "aider": {
            "bin_path": crate::setup::aider(),
            "models": [{"name": format!("ollama_chat/{MODEL}"), "timeout_seconds": 120}],
        },
        "ollama": {"host": ollama.base()},
        "sqs": {"region": "us-east-1", "wait_time_seconds": 1},
        "verify": {
            "max_fixes": 1, "timeout_seconds": 120, "write_tests": false, "runner": "native",
            // `proving` is about what makes a pull request ready.
            "ready": "green",
        },
        // What agent and checks can do to the world is what many of these tests look at; what they
        // cannot in a cage is for `caged` to show.
        "cage": {"level": "native"},
        // Many workers run beside each other here; `seen` is about what one serves.
        "http": {"listen": "off"},
    })
}

/// The names of a job's records in order, such as `told` or `attempted`.
pub(crate) fn steps(records: &[Record]) -> Vec<String> {
    let name = |it: &Record| serde_json::to_value(&it.event).unwrap()["event"].clone();
    records.iter().map(|it| name(it).as_str().unwrap().to_owned()).collect()
}

/// How many of a job's records are so.
pub(crate) fn count(records: &[Record], is_so: impl Fn(&Event) -> bool) -> usize {
    records.iter().filter(|it| is_so(&it.event)).count()
}

/// Waits until it is so, and fails when that takes far too long.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(LIMIT, wait).await.is_ok(), "waited {LIMIT:?} for: {what}");
}
