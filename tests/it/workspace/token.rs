//! The token over real HTTP: it works, and it is nowhere.
#![expect(clippy::disallowed_methods, reason = "the control uses plain git, as people do")]

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use codingworker::domain::change::Change;
use codingworker::domain::job::{Fault, JobId};
use codingworker::workspace::{Workspace, WorkspaceError, Workspaces};
use secrecy::SecretString;

use super::http::{Manner, Server, Watch, basic};
use super::world::{AT, World, author, write};

const CANARY: &str = "ghs_canary0123456789abcdefghijklmnop";

fn workspaces(world: &World, url: &str, token: Option<&str>) -> Workspaces {
    let mut options = world.options();
    options.git_url = url.to_owned();
    options.token = token.map(SecretString::from);
    Workspaces::new(options).unwrap()
}

async fn check_out(
    world: &World,
    url: &str,
    token: Option<&str>,
) -> Result<Workspace, WorkspaceError> {
    let (job, it) = (JobId("job1".into()), workspaces(world, url, token));
    it.check_out(&job, &world.repository, "main", &world.stop).await.map(|(it, _)| it)
}

async fn push(
    world: &World,
    workspace: &Workspace,
    branch: &str,
) -> Result<Change, WorkspaceError> {
    write(workspace.tree(), &[("a", "2\n")]);
    let tree = workspace.snapshot().await.unwrap().tree;
    let commit = workspace.commit(&tree, "work", &author(), AT).await.unwrap();
    workspace.push(branch, &commit, &world.stop).await
}

fn serve(world: &World) -> Manner {
    Manner::Serve(world.path().join("remotes"), CANARY)
}

/// Processes whose arguments or environment hold the token, by their command line.
fn holders() -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        let holds = |bytes: &[u8]| bytes.windows(CANARY.len()).any(|it| it == CANARY.as_bytes());
        if holds(&line) || holds(&environment) {
            found.push(String::from_utf8_lossy(&line).replace('\0', " "));
        }
    }
    found
}

/// Files below a folder that hold the token.
fn files_with_token(folder: &Path) -> Vec<String> {
    let run = Command::new("grep").args(["-rlaF", "-e", CANARY]).arg(folder).output().unwrap();
    String::from_utf8(run.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_token_opens_the_door_and_is_seen_nowhere_else() {
    let world = World::with(&[("a", "1\n")]);
    let held = Arc::new(Mutex::new((0, Vec::new())));
    let watch: Watch = Arc::new({
        let held = Arc::clone(&held);
        move || {
            let mut held = held.lock().unwrap();
            held.0 += 1;
            held.1.extend(holders());
        }
    });
    let server = Server::watched(serve(&world), watch).await;
    let workspace = check_out(&world, &server.url, Some(CANARY)).await.unwrap();
    let change = push(&world, &workspace, "ai/issue-7").await.unwrap();
    assert_eq!(world.tip("ai/issue-7"), Some(change.commit));

    let right = basic("x-access-token", CANARY);
    let shown = server.seen();
    assert!(shown.contains(&Some(right.clone())));
    assert!(shown.iter().flatten().all(|it| *it == right), "{shown:?}");
    let (looks, found) = held.lock().unwrap().clone();
    assert!(looks >= 4, "git was watched {looks} times");
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(files_with_token(world.path()), Vec::<String>::new());

    // Controls: both searches find what is there.
    let mut child = Command::new("sleep").arg("60").env("TOKEN", CANARY).spawn().unwrap();
    // For a moment after its start a process has no environment that could be read.
    let has_proc = Path::new("/proc/self/environ").exists();
    let found = async {
        while has_proc && holders().len() != 1 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let found = tokio::time::timeout(std::time::Duration::from_secs(30), found).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(found.is_ok(), "the search for holders finds nobody");
    write(world.path(), &[("state/leak", CANARY)]);
    assert_eq!(files_with_token(world.path()).len(), 1);
}

#[tokio::test]
async fn a_wrong_or_missing_token_ends_in_words_without_it() {
    let world = World::with(&[("a", "1\n")]);
    let server = Server::start(serve(&world)).await;
    for token in [Some("ghs_wrong"), None] {
        let error = check_out(&world, &server.url, token).await.err().unwrap();
        assert!(matches!(error, WorkspaceError::Denied { .. }), "{error:?}");
        assert_eq!(error.fault(), Fault::Permanent);
        assert!(error.to_string().contains("github.token"), "{error}");
        assert!(!error.to_string().contains("ghs_wrong"), "{error}");
    }
}

#[tokio::test]
async fn a_remote_that_says_the_token_aloud_is_hushed() {
    let world = World::with(&[("a", "1\n")]);
    let server = Server::start(serve(&world)).await;
    let workspace = check_out(&world, &server.url, Some(CANARY)).await.unwrap();
    world.hook(&format!("echo 'your token is {CANARY}' >&2; exit 1"));
    let error = push(&world, &workspace, "ai/issue-7").await.unwrap_err();
    assert!(error.to_string().contains("your token is ***"), "{error}");
    assert!(!format!("{error:?}").contains(CANARY));
}

#[tokio::test]
async fn a_server_that_redirects_gets_the_token_sent_nowhere() {
    let world = World::with(&[("a", "1\n")]);
    let thief = Server::start(serve(&world)).await;
    let server = Server::start(Manner::Redirect(thief.url.clone())).await;
    let right = Some(basic("x-access-token", CANARY));

    // Control: plain git with an askpass that answers everybody hands the token over.
    let naive = world.path().join("naive");
    std::fs::write(
        &naive,
        format!("#!/bin/sh\ncase $1 in U*) echo x-access-token;; *) echo {CANARY};; esac\n"),
    )
    .unwrap();
    std::fs::set_permissions(&naive, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let url = format!("{}/acme/api.git", server.url);
    let control = tokio::task::spawn_blocking(move || {
        let mut command = Command::new("git");
        command.args(["-c", "http.followRedirects=true", "ls-remote", &url]);
        command.env("GIT_ASKPASS", naive).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap()
    });
    assert!(control.await.unwrap().status.success());
    assert!(thief.seen().contains(&right), "the control does not leak: the test is dead");

    let asked = thief.seen().len();
    let error = check_out(&world, &server.url, Some(CANARY)).await.err().unwrap();
    assert!(matches!(error, WorkspaceError::Relocated(_)), "{error:?}");
    assert_eq!(error.fault(), Fault::Permanent);
    assert_eq!(thief.seen().len(), asked, "the second server was asked");
    assert!(server.seen().iter().skip(1).all(Option::is_none));
}

#[tokio::test]
async fn the_faults_of_a_server_are_told_apart() {
    let world = World::with(&[("a", "1\n")]);
    for (status, fault) in [
        (500, Fault::Transient),
        (502, Fault::Transient),
        (503, Fault::Transient),
        (429, Fault::Transient),
        (403, Fault::Permanent),
        (404, Fault::Permanent),
    ] {
        let server = Server::start(Manner::Fail(status)).await;
        let error = check_out(&world, &server.url, Some(CANARY)).await.err().unwrap();
        assert_eq!(error.fault(), fault, "{status}: {error:?}");
    }
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let error = check_out(&world, &nobody, Some(CANARY)).await.err().unwrap();
    assert!(matches!(error, WorkspaceError::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_push_whose_answer_is_lost_was_a_push() {
    let world = World::with(&[("a", "1\n")]);
    let lossy = Manner::Lossy(world.path().join("remotes"), CANARY);
    let server = Server::start(lossy).await;
    let workspace = check_out(&world, &server.url, Some(CANARY)).await.unwrap();
    let change = push(&world, &workspace, "ai/issue-7").await.unwrap();
    assert_eq!(world.tip("ai/issue-7"), Some(change.commit));
}

#[tokio::test]
async fn a_fetch_that_hangs_can_be_stopped_and_leaves_no_lock() {
    let world = World::with(&[("a", "1\n")]);
    let server = Server::start(Manner::Hang).await;
    let stopping = async {
        while server.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        world.stop.cancel();
    };
    let (made, ()) = tokio::join!(check_out(&world, &server.url, Some(CANARY)), stopping);
    assert_eq!(made.err().unwrap().fault(), Fault::Interrupted);
    assert!(!world.path().join("work/job1").exists());

    let world = World { stop: Default::default(), ..world };
    let server = Server::start(serve(&world)).await;
    check_out(&world, &server.url, Some(CANARY)).await.unwrap();
}
