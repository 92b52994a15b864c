//! `doctor` and `check`, the real binary in a clean HOME with a cleared environment.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::github_double::{GitHubDouble, TOKEN};
use crate::scripted_ollama::{Reply, ScriptedOllama};

/// A machine where all is well, until a test breaks something.
struct Machine {
    folder: TempDir,
    github: GitHubDouble,
    ollama: ScriptedOllama,
    env: Vec<(String, String)>,
}

impl Machine {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for name in ["home", "bin", "repositories", "project"] {
            std::fs::create_dir(path.join(name)).unwrap();
        }
        let github = GitHubDouble::start(&path.join("repositories"));
        github.repository("o/r");
        github.look(|world| {
            world.tokens.get_mut(TOKEN).unwrap().expires = None;
        });
        let ollama = ScriptedOllama::with("m:1b", [Reply::Close]).await;
        let machine = Self { folder, github, ollama, env: Vec::new() };
        machine.program("aider", "echo aider 0.86.2");
        machine.configure("ollama_chat/m:1b", &machine.github.api_url(), "");
        machine
    }

    fn path(&self, below: &str) -> std::path::PathBuf {
        self.folder.path().join(below)
    }

    fn program(&self, name: &str, line: &str) {
        let file = self.path("bin").join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{line}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A machine whose kernel lets nobody make a room of his own.
    fn without_a_sandbox(&self) {
        for program in ["bwrap", "sandbox-exec"] {
            self.program(program, "echo 'setting up uid map: Permission denied' >&2; exit 1");
        }
    }

    fn configure(&self, model: &str, api_url: &str, more: &str) {
        let (bin, ollama) = (self.path("bin/aider"), self.ollama.base());
        let state = self.path("state");
        let text = format!(
            "worker: {{state_dir: {}}}\ngithub: {{token: \"${{GITHUB_TOKEN:-}}\", api_url: {api_url}}}\n\
             ollama: {{host: \"{ollama}\"}}\naider:\n  bin_path: {}\n  models: [{{name: {model}, \
             timeout_seconds: 60, num_ctx: 8192, edit_format: whole}}]\n{more}",
            state.display(),
            bin.display(),
        );
        std::fs::write(self.path("config.yaml"), text).unwrap();
    }

    /// Runs the binary; gives its exit code and what it wrote.
    async fn run(&self, args: &[&str], token: &str) -> (i32, String, String) {
        let mut command = Command::cargo_bin("codingworker").unwrap();
        command
            .env_clear()
            .env("HOME", self.path("home"))
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", self.path("bin").display()))
            .env("CODINGWORKER_CONFIG", self.path("config.yaml"))
            .env("GITHUB_TOKEN", token)
            .envs(self.env.clone())
            .current_dir(self.path("project"))
            .timeout(std::time::Duration::from_secs(120))
            .args(args);
        // The doubles answer on this test's own threads.
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(!out.contains(TOKEN) && !err.contains(TOKEN), "the token was shown: {out}{err}");
        (output.status.code().unwrap(), out, err)
    }

    /// The exit code of `doctor --json`, and its findings.
    async fn doctor(&self) -> (i32, Vec<Value>) {
        let (code, out, err) = self.run(&["doctor", "--json", "--repo", "o/r"], TOKEN).await;
        let findings = serde_json::from_str(&out);
        (code, findings.unwrap_or_else(|error| panic!("{error}: {out}{err}")))
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path("project").join(file), text).unwrap();
    }

    fn listing(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("project")).unwrap();
        let mut names: Vec<String> =
            entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// The findings of this name and status.
fn found<'a>(findings: &'a [Value], name: &str, status: &str) -> Vec<&'a Value> {
    findings.iter().filter(|it| it["name"] == name && it["status"] == status).collect()
}

#[track_caller]
fn fails(findings: &[Value], name: &str, remedy: &str) {
    let failed = found(findings, name, "fail");
    let said = failed.iter().filter_map(|it| it["remedy"].as_str());
    assert!(said.clone().any(|it| it.contains(remedy)), "{name}: {findings:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_is_well_the_doctor_finds_nothing_wrong_and_makes_nothing() {
    let machine = Machine::new().await;
    let (_, findings) = machine.doctor().await;
    for name in ["configuration", "aider", "ollama", "model", "github token", "repository", "queue"]
    {
        assert_eq!(found(&findings, name, "ok").len(), 1, "{name}: {findings:#?}");
    }
    for finding in &findings {
        let keys = finding.as_object().unwrap().keys().filter(|it| *it != "more");
        assert_eq!(keys.count(), 4, "{finding}");
        // What this machine's git, disk and clock are is not this test's business.
        let own = ["git", "disk", "clock"].iter().any(|it| finding["name"] == *it);
        assert!(own || finding["status"] != "fail", "{finding}");
    }
    assert!(!machine.path("state").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_that_is_missing_is_named_with_what_to_type() {
    let machine = Machine::new().await;
    std::fs::remove_file(machine.path("bin/aider")).unwrap();
    std::fs::write(machine.path("state"), "in the way").unwrap();
    machine.configure("ollama_chat/other:7b", &machine.github.api_url(), "");
    machine.github.look(|world| world.repositories[0].archived = true);
    let (code, findings) = machine.doctor().await;
    assert_eq!(code, 3);
    fails(&findings, "aider", "uv tool install aider-chat==0.86.2");
    fails(&findings, "model", "ollama pull other:7b");
    fails(&findings, "repository", "gh repo unarchive o/r");
    fails(&findings, "state_dir", "worker.state_dir");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_an_open_folder_and_an_ollama_that_is_down_fail() {
    let machine = Machine::new().await;
    machine.github.revoke(TOKEN);
    machine.ollama.fault(Some(Reply::Status(500, "{}".to_owned())));
    std::fs::create_dir(machine.path("state")).unwrap();
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(machine.path("state"), open).unwrap();
    let (code, findings) = machine.doctor().await;
    assert_eq!(code, 3);
    fails(&findings, "github token", "fine-grained token");
    fails(&findings, "ollama", "ollama serve");
    fails(&findings, "state_dir", "chmod 700 ");
    let (code, out, _) = machine.run(&["doctor"], "").await;
    assert_eq!(code, 3);
    assert!(out.lines().any(|it| it.trim_start().starts_with("-> ollama serve")), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cage_that_jobs_would_have_here_is_named() {
    let machine = Machine::new().await;
    machine.github.look(|world| world.repositories[0].public = true);
    let (_, findings) = machine.doctor().await;
    let cage = found(&findings, "cage", "ok");
    assert_eq!(cage.len(), 1, "bubblewrap is needed: `./taskw engine`; {findings:#?}");
    assert!(cage[0]["detail"].as_str().unwrap().starts_with("sandbox"), "{cage:#?}");
    assert_eq!(found(&findings, "repository", "ok").len(), 1, "{findings:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cage_public_repositories_fail_unless_they_are_named() {
    let machine = Machine::new().await;
    machine.without_a_sandbox();
    let (_, findings) = machine.doctor().await;
    let cage = found(&findings, "cage", "warn");
    assert!(cage[0]["detail"].as_str().unwrap().contains("uid map"), "{findings:#?}");
    assert!(cage[0]["remedy"].is_string(), "{findings:#?}");
    assert_eq!(found(&findings, "repository", "ok").len(), 1, "{findings:#?}");
    machine.github.look(|world| world.repositories[0].public = true);
    let (code, findings) = machine.doctor().await;
    assert_eq!(code, 3);
    fails(&findings, "repository", "put o/r into `trust.allow_native`");
    let api = machine.github.api_url();
    machine.configure("ollama_chat/m:1b", &api, "trust: {allow_native: [o/r]}\n");
    let (_, findings) = machine.doctor().await;
    assert_eq!(found(&findings, "repository", "ok").len(), 1, "{findings:#?}");
    assert!(found(&findings, "trust", "info")[0]["detail"].as_str().unwrap().ends_with(": o/r"));
    machine.configure("ollama_chat/m:1b", &api, "cage: {level: sandbox}\n");
    let (code, findings) = machine.doctor().await;
    assert_eq!(code, 3);
    fails(&findings, "cage", "");
}

#[tokio::test(flavor = "multi_thread")]
async fn doing_without_a_cage_on_purpose_is_warned_of() {
    let machine = Machine::new().await;
    let api = machine.github.api_url();
    let more = "cage: {level: native}\ntrust: {native: always}\n";
    machine.configure("ollama_chat/m:1b", &api, more);
    let (_, findings) = machine.doctor().await;
    assert_eq!(found(&findings, "configuration", "warn").len(), 2, "{findings:#?}");
    let cage = found(&findings, "cage", "warn");
    assert_eq!(cage[0]["remedy"], "set `cage.level: auto`", "{findings:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_elsewhere_gone_or_silent_fails_where_it_is_needed() {
    let mut machine = Machine::new().await;
    machine.configure("ollama_chat/m:1b", &machine.github.api_url(), "verify: {runner: docker}\n");
    let silent = machine.path("silent.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&silent).unwrap();
    let elsewhere = "tcp://192.0.2.1:2375".to_owned();
    let gone = format!("unix://{}", machine.path("gone.sock").display());
    for host in [elsewhere, gone, format!("unix://{}", silent.display())] {
        machine.env = vec![("DOCKER_HOST".to_owned(), host.clone())];
        let (code, findings) = machine.doctor().await;
        assert_eq!(code, 3, "{host}");
        fails(&findings, "container engine", "");
        let failed = found(&findings, "container engine", "fail");
        let detail = failed[0]["detail"].as_str().unwrap();
        assert!(detail.ends_with("`verify.runner` is docker"), "{host}: {detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_is_wrong_usage() {
    let machine = Machine::new().await;
    std::fs::write(machine.path("config.yaml"), "worker: {slotz: 1}\n").unwrap();
    let (code, _, err) = machine.run(&["doctor"], TOKEN).await;
    assert_eq!(code, 2);
    assert!(err.contains("slots"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_green_check_is_0_and_leaves_the_checkout_as_it_was() {
    let machine = Machine::new().await;
    let steps = "build: {command: \"touch built; echo $HOME > ~/mine\"}\n\
                 test: {command: \"test -f built && rm .codingworker.yml && test -z $GITHUB_TOKEN\"}\n";
    machine.write(".codingworker.yml", steps);
    machine.write("kept", "");
    let before = machine.listing();
    let (code, out, err) = machine.run(&["check"], TOKEN).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.starts_with("source   .codingworker.yml"), "{out}");
    assert!(out.contains("CHECK"), "{out}");
    assert_eq!(machine.listing(), before);
    assert_eq!(std::fs::read_dir(machine.path("home")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(machine.path("state/check")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_red_check_is_1_and_the_others_still_run() {
    let machine = Machine::new().await;
    machine.write(
        ".codingworker.yml",
        "build: {command: \"echo broken; exit 7\"}\ntest: {command: \"echo tested\"}\n",
    );
    let (code, out, err) = machine.run(&["check", "--json"], TOKEN).await;
    assert_eq!(code, 1, "{out}{err}");
    assert!(err.contains("broken") && err.contains("tested"), "{err}");
    let said: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(said["green"], false);
    assert_eq!(said["steps"][0]["exit"]["code"], 7);
    assert_eq!(said["steps"][1]["exit"]["code"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_file_is_2_and_a_path_that_is_not_there_is_4() {
    let machine = Machine::new().await;
    machine.write(".codingworker.yml", "biuld: {command: make}\n");
    let (code, _, err) = machine.run(&["check", "."], TOKEN).await;
    assert_eq!(code, 2);
    assert!(err.contains("did you mean `build`?"), "{err}");
    assert!(!machine.path("state/check").exists());
    let (code, _, err) = machine.run(&["check", "nowhere"], TOKEN).await;
    assert_eq!(code, 4);
    assert!(err.contains("nowhere"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_git_does_not_track_is_not_checked() {
    let machine = Machine::new().await;
    machine.write(".codingworker.yml", "test: {command: \"test -f kept && ! test -e stray\"}\n");
    machine.write("kept", "");
    machine.write("stray", "");
    git(&machine.path("project"), &["init", "--quiet"]);
    git(&machine.path("project"), &["add", "kept"]);
    let (code, out, err) = machine.run(&["check"], TOKEN).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(err.contains("not committed yet"), "{err}");
}

#[expect(clippy::disallowed_methods, reason = "set-up is blocking")]
fn git(at: &Path, args: &[&str]) {
    let mut git = std::process::Command::new("git");
    git.current_dir(at).args(args).env("GIT_CONFIG_GLOBAL", "/dev/null");
    assert!(git.status().unwrap().success());
}
