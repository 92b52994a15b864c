//! A worker under a service manager: what it says on systemd's socket, how it takes a new
//! configuration, and how its state is saved.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use codingworker::domain::job::JobState;
use nix::sys::signal::Signal;
use serde_json::json;

use super::serving::Serving;
use super::world::{PROJECT, REPOSITORY, World, answers, right};
use crate::setup::Emulator;

/// The service manager's end of the socket.
struct Manager {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Manager {
    /// Listens, and has the next worker of `world` told of it, as systemd does.
    fn of(world: &mut World, watchdog: Duration) -> Self {
        let path = world.path().join("notify.sock");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        world.env.insert("NOTIFY_SOCKET".to_owned(), path.display().to_string());
        world.env.insert("WATCHDOG_USEC".to_owned(), watchdog.as_micros().to_string());
        Self { socket, heard: Vec::new() }
    }

    /// Whether this was said, by now.
    fn has_heard(&mut self, what: &str) -> bool {
        let mut buffer = [0; 4096];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            self.heard.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        self.heard.iter().any(|it| it.lines().any(|line| line == what))
    }

    fn forget(&mut self) {
        self.has_heard("");
        self.heard.clear();
    }
}

async fn said(serving: &mut Serving, what: &str) {
    let log = serving.log.clone();
    serving.until(what, || std::fs::read_to_string(&log).unwrap().contains(what)).await;
}

#[tokio::test]
async fn systemd_hears_that_it_is_ready_that_it_lives_that_it_reloads_and_that_it_stops() {
    let mut world = World::with(answers([right()])).await;
    let mut manager = Manager::of(&mut world, Duration::from_secs(2));
    let mut serving = world.serve(&[]);
    serving.until("it is ready", || manager.has_heard("READY=1")).await;
    assert!(manager.heard[0].starts_with("READY=1\nSTATUS="), "{:?}", manager.heard);
    for _ in 0..3 {
        manager.forget();
        serving.until("it lives", || manager.has_heard("WATCHDOG=1")).await;
    }
    manager.forget();
    serving.signal(Signal::SIGHUP);
    serving.until("it is ready again", || manager.has_heard("READY=1")).await;
    let order: Vec<_> = manager.heard.iter().filter(|it| !it.starts_with("WATCHDOG")).collect();
    assert!(order[0].starts_with("RELOADING=1\nMONOTONIC_USEC="), "{order:?}");
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
    assert!(manager.has_heard("STOPPING=1"));
}

#[tokio::test]
async fn a_queue_that_is_away_does_not_make_the_watchdog_bark() {
    let mut world = World::with(answers([right()])).await;
    let emulator = Emulator::start();
    world.use_sqs(&emulator).await;
    let mut manager = Manager::of(&mut world, Duration::from_secs(2));
    let mut serving = world.serve(&[]);
    serving.until("it is ready", || manager.has_heard("READY=1")).await;
    drop(emulator);
    said(&mut serving, "the queue cannot be had").await;
    for _ in 0..3 {
        manager.forget();
        serving.until("it lives", || manager.has_heard("WATCHDOG=1")).await;
    }
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
}

#[tokio::test]
async fn what_can_change_counts_for_the_next_job_and_what_cannot_is_named_and_stays() {
    let mut world = World::with(answers([right()])).await;
    let mut serving = world.serve(&[]);
    said(&mut serving, "waiting for tasks").await;
    world.config["worker"]["language"] = json!("ja");
    world.config["worker"]["worker_id"] = json!("somebody-else");
    world.write_config();
    serving.signal(Signal::SIGHUP);
    said(&mut serving, "was read anew").await;
    assert!(serving.said().contains("need a restart to count: worker.worker_id"));
    world.submit(REPOSITORY, 1, "first").await;
    world.is_over(&mut serving).await;
    let body = world.the_pull().body;
    assert!(body.contains("チェック") || body.contains("検証"), "{body}");
    assert!(!body.contains("somebody-else"), "{body}");
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
}

#[tokio::test]
async fn a_new_channel_and_a_new_list_of_repositories_count_without_a_restart() {
    let mut world = World::with(answers([right()])).await;
    let channel = |events: &str| json!({"channels": [{"kind": "log", "events": [events]}]});
    world.repository("acme/other", &PROJECT);
    world.config["poll"] =
        json!({"github": true, "repositories": ["acme/other"], "interval_seconds": 1});
    world.config["notify"] = channel("failure");
    let mut serving = world.serve(&[]);
    let rounds = || world.github.count("issues/list-comments-for-repo");
    serving.until("it looks, and looks again", || rounds() >= 2).await;
    assert!(world.jobs().await.is_empty(), "the labelled issue is in a repository of no list");

    world.config["poll"]["repositories"] = json!([REPOSITORY]);
    world.config["notify"] = channel("success");
    world.write_config();
    serving.signal(Signal::SIGHUP);
    said(&mut serving, "was read anew").await;
    assert!(!serving.said().contains("need a restart"), "{}", serving.said());
    said(&mut serving, "notice: ").await;
    assert_eq!(world.job().await.0.state, JobState::Done);
    assert_eq!(world.issue_state().labels, ["ai-task-done"]);
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
}

#[tokio::test]
async fn a_file_that_is_wrong_is_refused_with_all_that_is_wrong_and_work_goes_on() {
    let mut world = World::with(answers([right()])).await;
    let mut serving = world.serve(&[]);
    said(&mut serving, "waiting for tasks").await;
    let good = world.config.clone();
    world.config["worker"]["slots"] = json!("many");
    world.config["verify"]["max_fixs"] = json!(1);
    world.write_config();
    serving.signal(Signal::SIGHUP);
    said(&mut serving, "the configuration stays as it was").await;
    let log = serving.said();
    assert!(log.contains("`worker.slots`") && log.contains("did you mean `max_fixes`"), "{log}");
    world.config = good;
    world.submit(REPOSITORY, 1, "first").await;
    world.is_over(&mut serving).await;
    assert_eq!(world.job().await.0.state, JobState::Done);
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
}

#[tokio::test]
async fn a_backup_is_made_while_it_works_and_restored_when_it_does_not() {
    let world = World::with(answers([right()])).await;
    let mut serving = world.serve(&[]);
    world.submit(REPOSITORY, 1, "first").await;
    world.is_over(&mut serving).await;
    let file = world.path().join("saved.db");
    let file = file.to_str().unwrap();
    assert!(world.says(&["backup", file]).contains("saved.db"));
    world.fails(&["backup", file], 1, "choose another");
    world.fails(&["restore", file], 3, "another worker is using");
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
    let before = world.says(&["jobs", "--json"]);
    assert!(world.says(&["restore", file]).contains("what was there is kept in"));
    assert_eq!(world.says(&["jobs", "--json"]), before);
    world.fails(&["restore", "nothing.db"], 4, "there is no file");
    // The restored worker finds that all is done.
    world.serve_until_empty().await;
    assert_eq!(world.the_pull().number, 2);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_with_a_sentence() {
    let world = World::with(answers([right()])).await;
    world.serve_until_empty().await;
    let mut python = super::serving::program("python3", world.path());
    let database = world.state_dir().join("codingworker.db");
    let script =
        "import sqlite3, sys\nsqlite3.connect(sys.argv[1]).execute('PRAGMA user_version = 999')";
    assert!(python.args(["-c", script]).arg(&database).status().unwrap().success());
    for command in [&["serve"][..], &["jobs"], &["backup", "b.db"]] {
        world.fails(command, 1, "was written by a newer codingworker");
    }
}
