//! `setup-repo`: the real program against the GitHub double, with real git behind it.

use std::process::Output;

use assert_cmd::Command;
use axum::Router;
use axum::routing::post;
use codingworker::engine::onboarding::WORKFLOWS;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::contract::code_host::real;
use crate::github_double::{Fault, GitHubDouble, LOGIN, TOKEN};

mod checking;
mod proposing;
mod refusing;

const ROLE: &str = "arn:aws:iam::123456789012:role/codingworker-sender";
/// Enough for the way through AWS.
const ROLE_FLAG: [&str; 2] = ["--role-arn", ROLE];

/// A repository at GitHub, and a worker's configuration.
struct Scene {
    folder: TempDir,
    double: GitHubDouble,
    queue: String,
}

/// How the program ended.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    /// The report, of a run with `--json`.
    fn report(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The step of this name.
    #[track_caller]
    fn step(&self, name: &str) -> Value {
        let report = self.report();
        let steps = report["steps"].as_array().unwrap();
        let found = steps.iter().find(|it| it["name"] == name);
        found.unwrap_or_else(|| panic!("no step {name}: {report:#}")).clone()
    }

    #[track_caller]
    fn is(&self, name: &str, state: &str, words: &str) {
        let step = self.step(name);
        assert!(step["state"] == state && step.to_string().contains(words), "{step:#}");
    }
}

impl Scene {
    /// A fresh repository, of which the token's owner is an administrator.
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let root = folder.path().join("repositories");
        real(&root, "acme/api", &[("main", &[("README.md", "An API.\n")])]);
        let double = GitHubDouble::start(&root);
        double.repository("acme/api");
        double.role("acme/api", LOGIN, Some("admin"));
        let scene = Self { folder, double, queue: queue().await };
        scene.configure("trust: {repositories: [acme/api]}\n");
        scene
    }

    fn configure(&self, more: &str) {
        let state = self.folder.path().join("state");
        let text = format!(
            "worker: {{state_dir: {}}}\nsqs: {{queue_url: \"{}\"}}\n\
             github: {{token: \"${{GITHUB_TOKEN:-}}\", api_url: \"{}\"}}\n{more}",
            state.display(),
            self.queue,
            self.double.api_url(),
        );
        self.write(&text);
    }

    fn write(&self, text: &str) {
        std::fs::write(self.folder.path().join("config.yaml"), text).unwrap();
    }

    async fn run(&self, args: &[&str]) -> Ran {
        self.run_as(TOKEN, "acme/api", args).await
    }

    async fn run_as(&self, token: &str, repository: &str, args: &[&str]) -> Ran {
        let mut command = Command::cargo_bin("codingworker").unwrap();
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", "/usr/bin:/bin")
            .env("CODINGWORKER_CONFIG", self.folder.path().join("config.yaml"))
            .env("GITHUB_TOKEN", token)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .current_dir(self.folder.path())
            .timeout(std::time::Duration::from_secs(120))
            .args(["setup-repo", repository])
            .args(args);
        let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let Output { status, stdout, stderr } = done;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Ran { code: status.code().unwrap(), out: text(stdout), err: text(stderr) };
        assert!(!ran.out.contains(TOKEN) && !ran.err.contains(TOKEN), "the token: {ran:?}");
        ran
    }

    /// The whole way through AWS, as JSON.
    async fn connect(&self) -> Ran {
        self.run(&[&ROLE_FLAG[..], &["--json"]].concat()).await
    }

    /// Changes how the repository is set up.
    fn set(&self, change: impl FnOnce(&mut crate::github_double::SettingsState)) {
        self.double.look(|it| change(&mut it.repository_mut("acme/api").settings));
    }

    fn tip(&self, branch: &str) -> Option<String> {
        self.double.look(|it| it.branch("acme/api", branch))
    }

    /// A person changes a file on a branch.
    fn edit(&self, branch: &str, path: &str, text: &str) {
        let own = self.folder.path().join("text");
        std::fs::write(&own, text).unwrap();
        let blob = self.git(&["hash-object", "-w", "--", own.to_str().unwrap()]);
        self.git(&["read-tree", branch]);
        let entry = format!("100644,{},{path}", blob.trim());
        self.git(&["update-index", "--add", "--cacheinfo", &entry]);
        let tree = self.git(&["write-tree"]);
        let commit = self.git(&["commit-tree", "-p", branch, "-m", "By a person", tree.trim()]);
        self.git(&["update-ref", &format!("refs/heads/{branch}"), commit.trim()]);
    }

    #[expect(clippy::disallowed_methods, reason = "the person uses plain git, as people do")]
    fn git(&self, args: &[&str]) -> String {
        let mut git = std::process::Command::new("git");
        git.env_clear().env("PATH", "/usr/bin:/bin").env("GIT_CONFIG_NOSYSTEM", "1");
        git.args(["-c", "user.name=A Person", "-c", "user.email=person@example.com"]);
        git.arg("--git-dir").arg(self.double.look(|it| it.bare("acme/api"))).args(args);
        let ended = git.output().unwrap();
        assert!(ended.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8(ended.stdout).unwrap()
    }

    fn file(&self, branch: &str, path: &str) -> String {
        self.git(&["cat-file", "blob", &format!("{branch}:{path}")])
    }

    /// A person merges the pull request, by a commit that has the same files and no other parent
    /// than the default branch's.
    fn squash(&self, number: u64) {
        let tree = format!("{SETUP}^{{tree}}");
        let commit = self.git(&["commit-tree", "-p", "main", "-m", "Squashed", &tree]);
        self.git(&["update-ref", "refs/heads/main", commit.trim()]);
        self.close(number, true);
    }

    fn close(&self, number: u64, merged: bool) {
        self.double.look(|it| {
            let pull = it.repository_mut("acme/api").pull_mut(number);
            (pull.open, pull.merged) = (false, merged);
        });
    }
}

const SETUP: &str = "codingworker/setup";

/// A queue that says how it is set up, and nothing else.
async fn queue() -> String {
    let attributes = json!({"Attributes": {
        "VisibilityTimeout": "300", "SqsManagedSseEnabled": "true",
        "QueueArn": "arn:aws:sqs:eu-west-1:000000000000:tasks",
    }});
    let answer =
        async move || ([("content-type", "application/x-amz-json-1.0")], attributes.to_string());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}/000000000000/tasks")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_repository_is_connected_and_nothing_reaches_its_default_branch() {
    let scene = Scene::new().await;
    let before = scene.tip("main");
    let ran = scene.connect().await;
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.is("token", "done", LOGIN);
    ran.is("label ai-task", "did", "made");
    ran.is("variable CW_ROLE_ARN", "did", ROLE);
    ran.is("variable CW_QUEUE_URL", "did", &scene.queue);
    ran.is("variable CW_REGION", "did", "ap-northeast-1");
    ran.is("environment codingworker", "did", "main");
    ran.is("workflows", "did", "pull/1");
    ran.is("trust.repositories", "done", "acme/api");
    ran.is("sqs.queue_url", "done", "answers");
    assert_eq!(ran.report()["right"], false, "the pull request is to be merged");

    let settings = scene.double.look(|it| it.repository("acme/api").settings.clone());
    let labels: Vec<&str> = settings.labels.keys().map(String::as_str).collect();
    assert_eq!(labels, ["ai-task", "ai-task-done", "ai-task-failed"]);
    assert_eq!(settings.variables["CW_ROLE_ARN"], ROLE);
    assert_eq!(settings.environment.unwrap().branches.unwrap(), ["main"]);
    let pulls = scene.double.pulls("acme/api");
    assert_eq!((pulls.len(), pulls[0].head.as_str(), pulls[0].base.as_str()), (1, SETUP, "main"));
    for (path, text) in WORKFLOWS {
        assert_eq!(scene.file(SETUP, path), text);
    }
    assert_eq!(scene.file(SETUP, "README.md"), "An API.\n");
    assert_eq!(scene.tip("main"), before);
    assert_eq!(scene.git(&["rev-list", "--count", &format!("main..{SETUP}")]).trim(), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_changes_nothing() {
    let scene = Scene::new().await;
    scene.connect().await;
    let changes = scene.double.changes();
    let ran = scene.connect().await;
    assert_eq!((ran.code, scene.double.changes()), (0, changes), "{ran:?}");
    ran.is("label ai-task", "done", "there");
    ran.is("workflows", "yours", "pull/1");
    // Without the flag too: what is set stays.
    assert_eq!(scene.run(&["--json"]).await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_without_aws_needs_labels_and_two_lines_of_configuration() {
    let scene = Scene::new().await;
    scene.configure("");
    let ran = scene.run(&["--poll"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(scene.double.changes(), ["issues/create-label"; 3]);
    assert!(ran.out.contains("poll: {github: true, repositories: [acme/api]}"), "{}", ran.out);
    assert!(!ran.out.contains("terraform") && !ran.out.contains("CW_"), "{}", ran.out);
    assert_eq!(scene.run(&["--poll", "--check"]).await.code, 1);
    scene.configure("trust: {repositories: [acme/api]}\npoll: {github: true}\n");
    let ran = scene.run(&["--poll", "--check"]).await;
    assert!(ran.code == 0 && ran.err.contains("acme/api is connected"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_every_step_with_the_files_and_changes_nothing() {
    let scene = Scene::new().await;
    let ran = scene.run(&[&ROLE_FLAG[..], &["--dry-run"]].concat()).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(scene.double.changes(), [""; 0]);
    // Without the room that aligns the columns.
    let words =
        |line: &str| line.split(' ').filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ");
    let out = ran.out.lines().map(words).collect::<Vec<_>>().join("\n");
    for shown in [
        "would label ai-task-failed make it",
        "would variable CW_ROLE_ARN set it",
        "would environment codingworker make it",
        "would workflows open a pull request",
        "--- /dev/null\n+++ b/.github/workflows/ai-task.yml\n+",
        "+++ b/.github/workflows/ai-fix.yml",
        "repo:acme/api:environment:codingworker",
    ] {
        assert!(out.contains(shown), "{shown}: {}", ran.out);
    }
    let checked = scene.run(&["--check"]).await;
    assert_eq!((checked.code, scene.double.changes()), (1, Vec::<String>::new()), "{checked:?}");
}
