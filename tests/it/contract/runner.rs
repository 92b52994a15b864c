//! What every runner promises. Each test runs on each of them: the machine's own programs, and
//! those of an image.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use codingworker::cage::Limits;
use codingworker::cage::bare::Bare;
use codingworker::docker::endpoint::Found;
use codingworker::domain::job::JobId;
use codingworker::domain::verification::Exit;
use codingworker::process::Tee;
use codingworker::runner::docker::{DockerOptions, DockerRunner};
use codingworker::runner::host::{HostOptions, HostRunner, toolchain_env};
use codingworker::runner::{Command, Ended, Runner, RunnerError};
use tokio_util::sync::CancellationToken;

use super::cage::alive;
use crate::docker_engine;

/// A tree and a home for one test, and a runner.
struct Site {
    folder: tempfile::TempDir,
    runner: Box<dyn Runner>,
    image: Option<String>,
}

impl Site {
    fn each() -> [Self; 2] {
        [Self::new(), Self::of_image()]
    }

    fn new() -> Self {
        Self::with(Vec::new())
    }

    fn of_image() -> Self {
        let endpoint = docker_engine::endpoint();
        let options = DockerOptions {
            find: Arc::new(move || Found::Here(endpoint.clone(), "here".to_owned())),
            worker: format!("test-runner-{}", std::process::id()),
            limits: Limits::default(),
            keep_images: false,
            buildkit: false,
            plugins: Vec::new(),
        };
        let host = HostOptions {
            path: String::new(),
            extra_env: Vec::new(),
            mark: None,
            limits: Limits::default(),
        };
        let runner = DockerRunner::new(options, HostRunner::new(host, Arc::new(Bare)));
        Self { runner: Box::new(runner), image: Some(docker_engine::base()), ..Self::new() }
    }

    #[expect(clippy::disallowed_methods, reason = "where this machine's tools are")]
    fn with(extra_env: Vec<(String, String)>) -> Self {
        let folder = tempfile::tempdir().expect("a place to work in");
        std::fs::create_dir(folder.path().join("tree")).expect("a place to work in");
        std::fs::create_dir(folder.path().join("home")).expect("a place to work in");
        let path = std::env::var_os("PATH")
            .expect("a place to work in")
            .into_string()
            .expect("a place to work in");
        let options = HostOptions { path, extra_env, mark: None, limits: Limits::default() };
        let runner = HostRunner::new(options, Arc::new(Bare));
        Self { folder, runner: Box::new(runner), image: None }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().canonicalize().expect("a place to work in").join(name)
    }

    async fn run(&self, line: &str) -> Ended {
        let stop = CancellationToken::new();
        self.try_run(line, Duration::from_secs(60), None, &stop)
            .await
            .expect("a command that starts")
    }

    async fn try_run(
        &self,
        line: &str,
        limit: Duration,
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> Result<Ended, RunnerError> {
        let (tree, home) = (self.path("tree"), self.path("home"));
        let env = [("IMAGE_NAME".to_owned(), "codingworker-api-7".to_owned())];
        let errand = Command {
            job: &JobId("job".to_owned()),
            image: self.image.as_deref(),
            docker: false,
            network: false,
            deps: None,
            tree: &tree,
            home: &home,
            line,
            stdin: None,
            env: &env,
            limit,
            tee,
        };
        self.runner.run(errand, stop).await
    }
}

#[derive(Default)]
struct Copied(Mutex<Vec<u8>>, tokio::sync::Notify);

impl Tee for Copied {
    fn write(&self, bytes: &[u8]) {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        self.1.notify_one();
    }
}

#[tokio::test]
async fn a_command_runs_in_the_tree_with_the_given_home_and_variables() {
    for site in Site::each() {
        let line = "pwd; echo $HOME; echo $IMAGE_NAME; touch ${TMPDIR:-/tmp}/x ~/x && echo $CI";
        let ended = site.run(line).await;
        let (tree, home) = (site.path("tree"), site.path("home"));
        let expected = format!("{}\n{}\ncodingworker-api-7\n1\n", tree.display(), home.display());
        assert_eq!((ended.exit, ended.output), (Exit::Code(0), expected));
    }
}

#[tokio::test]
async fn a_command_is_a_shell_line_and_its_exit_is_the_answer() {
    for site in Site::each() {
        assert_eq!(site.run("true && exit 3").await.exit, Exit::Code(3));
        assert_eq!(site.run("kill -9 $$").await.exit, Exit::Signal(9));
        assert_eq!(site.run("printf '%s' \"it's\" | tr a-z A-Z").await.output, "IT'S");
        let missing = site.run("no-such-tool --check").await;
        assert_eq!(missing.exit, Exit::Code(127));
        assert!(missing.output.contains("no-such-tool"), "{}", missing.output);
    }
}

#[tokio::test]
async fn both_streams_come_in_order_and_while_it_runs() {
    for site in Site::each() {
        let copied = Copied::default();
        let stop = CancellationToken::new();
        let line = "echo one; echo two >&2; printf '\\033[31mthree\\033[0m\\n'";
        let limit = Duration::from_secs(60);
        let ended = site.try_run(line, limit, Some(&copied), &stop).await.unwrap();
        assert_eq!(ended.output, "one\ntwo\nthree\n");
        assert_eq!(*copied.0.lock().unwrap(), b"one\ntwo\n\x1b[31mthree\x1b[0m\n");
    }
}

#[tokio::test]
async fn huge_output_keeps_its_head_and_its_tail() {
    for site in Site::each() {
        let ended = site.run("echo first; yes | head -c 5000000; echo last").await;
        assert!(ended.output.starts_with("first\n") && ended.output.ends_with("last\n"));
        assert!(ended.output.contains("bytes left out"));
        assert!(ended.output.len() < 600_000, "{}", ended.output.len());
    }
}

#[tokio::test]
async fn a_command_over_its_limit_is_ended_with_all_its_processes() {
    for site in Site::each() {
        let stop = CancellationToken::new();
        // Written to its arguments, it is found in whatever name space it has its number.
        let line = format!("sleep 60611.{} & echo up; wait", std::process::id());
        let limit = Duration::from_secs(2);
        let ended = site.try_run(&line, limit, None, &stop).await.unwrap();
        assert_eq!((ended.exit, ended.output.as_str()), (Exit::TimedOut, "up\n"));
        assert_eq!(alive("60611"), [0; 0]);
    }
}

#[tokio::test]
async fn stop_ends_a_command() {
    for site in Site::each() {
        let copied = Copied::default();
        let stop = CancellationToken::new();
        let line = format!("echo up; sleep 60612.{}", std::process::id());
        let run = site.try_run(&line, Duration::from_secs(60), Some(&copied), &stop);
        let canceller = async {
            copied.1.notified().await;
            stop.cancel();
        };
        let (answer, ()) = tokio::join!(run, canceller);
        assert!(matches!(answer, Err(RunnerError::Stopped)));
        assert_eq!(alive("60612"), [0; 0]);
    }
}

#[tokio::test]
async fn a_tree_that_is_not_there_is_an_error_that_names_it() {
    for site in Site::each() {
        std::fs::remove_dir(site.path("tree")).unwrap();
        let stop = CancellationToken::new();
        let answer = site.try_run("true", Duration::from_secs(60), None, &stop).await;
        let error = answer.unwrap_err().to_string();
        assert!(error.contains("there is no folder") && error.contains("tree"), "{error}");
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the control: what an ordinary child would see")]
async fn a_command_sees_nothing_of_the_workers_environment() {
    let ours = ["PATH", "HOME", "TMPDIR", "LANG", "TZ", "CI", "PWD", "SHLVL", "OLDPWD", "_"];
    let shell_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let (secret, value) = std::env::vars()
        .find(|(name, value)| !ours.contains(&&**name) && shell_name(name) && !value.is_empty())
        .expect("the test itself runs with some environment");
    let line = format!("printf %s \"${secret}\"");
    let control = std::process::Command::new("sh").arg("-c").arg(&line).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&control.stdout), value, "the control must see {secret}");
    for site in Site::each() {
        assert_eq!(site.run(&line).await.output, "");
    }
}

#[tokio::test]
async fn cargo_works_from_another_home_and_its_credentials_stay_behind() {
    let real = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(real.path().join("registry/cache")).unwrap();
    for secret in ["credentials.toml", "credentials", "config.toml"] {
        std::fs::write(real.path().join(secret), "token = \"hush\"").unwrap();
    }
    let cargo_home = real.path().to_str().unwrap().to_owned();
    let read = "ls $CARGO_HOME; cat $CARGO_HOME/c* 2>/dev/null";
    let naive = format!("CARGO_HOME={cargo_home}; {read}");
    let site = Site::with(vec![("CARGO_HOME".to_owned(), cargo_home)]);
    assert!(site.run(&naive).await.output.contains("hush"), "the control must read it");
    assert_eq!(site.run(read).await.output, "registry\n");
    assert_eq!(site.run(read).await.output, "registry\n", "and a second time");

    #[expect(clippy::disallowed_methods, reason = "the machine's real toolchain")]
    let site = Site::with(toolchain_env(&|name| std::env::var_os(name)));
    let version = site.run("cargo --version").await;
    assert!(version.output.starts_with("cargo "), "{}", version.output);
}
