//! The whole binary and the services that it tells.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::sinks::{SECRET, Sinks};
use crate::binary::world::{BODY, MODEL, PATH, PROJECT, REPOSITORY, TITLE, World, answers, right};
use crate::github_double::TOKEN;
use crate::scripted_ollama::ScriptedOllama;

/// In the address of a chat: whoever knows it can write there.
const KEY: &str = "T0KEYT0KEY/B0KEYB0KEY/very-secret-key-of-a-chat";

fn channels(sinks: &Sinks, dir: &std::path::Path) -> Value {
    let secret = dir.join("hook-secret");
    std::fs::write(&secret, SECRET).unwrap();
    std::fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    let mail = |name: &str, tls: &str, port: &str| {
        json!({
            "name": name, "kind": "email", "host": "localhost", "port": sinks.port(port),
            "tls": tls, "from": "CodingWorker <worker@example.org>", "to": "me@example.org",
            "username": "worker", "password": {"file": secret}, "allow_private": true,
        })
    };
    json!([
        {"name": "team", "kind": "slack", "url": sinks.url(&format!("slack/{KEY}")),
         "allow_private": true},
        {"name": "phone", "kind": "discord", "url": sinks.url(&format!("discord/{KEY}")),
         "allow_private": true},
        {"name": "own", "kind": "webhook", "url": sinks.url("hook"), "secret": {"file": secret},
         "allow_private": true, "events": "all"},
        mail("mail", "starttls", "starttls"),
        mail("mail-implicit", "implicit", "implicit"),
        {"kind": "desktop"},
        {"kind": "log"},
    ])
}

async fn world(sinks: &Sinks) -> World {
    let mut world = World::empty(answers([right()])).await;
    world.config["notify"] = json!({"channels": channels(sinks, world.path())});
    let trusted = sinks.trusted().display().to_string();
    world.env.insert("SSL_CERT_FILE".to_owned(), trusted);
    // A proxy that nobody listens at: it must not be asked.
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        world.env.insert(name.to_owned(), "http://127.0.0.1:1".to_owned());
    }
    world
}

#[tokio::test]
async fn a_test_goes_through_each_channel_and_says_what_came_of_it() {
    let sinks = Sinks::start();
    let mut world = world(&sinks).await;
    let (bin, said) = (world.path().join("bin"), world.path().join("desktop"));
    std::fs::create_dir(&bin).unwrap();
    let script = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > {}\n", said.display());
    std::fs::write(bin.join("notify-send"), script).unwrap();
    std::fs::set_permissions(bin.join("notify-send"), Permissions::from_mode(0o755)).unwrap();
    world.env.insert("PATH".to_owned(), format!("{}:{PATH}", bin.display()));

    let tried: Vec<Value> =
        serde_json::from_str(&world.says(&["--json", "notify", "test"])).unwrap();
    assert!(tried.iter().all(|it| it["ok"] == true), "{tried:#?}");
    assert_eq!(tried.len(), 7);
    for (sink, times) in [("slack", 1), ("discord", 1), ("hook", 1), ("mail", 2)] {
        let got = sinks.got(sink);
        assert_eq!(got.len(), times, "{sink}: {got:#?}");
        assert!(got.iter().all(|it| it["pings"] == json!([])), "{sink}: {got:#?}");
    }
    let mails = sinks.got("mail");
    assert!(mails.iter().all(|it| it["tls"] == true), "{mails:#?}");
    assert_eq!(
        mails[0]["headers"]["subject"],
        "CodingWorker test-worker: a test of the channel mail"
    );
    let desktop = std::fs::read_to_string(&said).unwrap();
    assert!(desktop.contains("a test of the channel desktop"), "{desktop}");

    // A certificate that nobody signed whom we trust is no reason to speak without TLS.
    world.env.remove("SSL_CERT_FILE");
    for channel in ["mail", "mail-implicit"] {
        let output = world.command(&["notify", "test", channel]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
    }
    assert_eq!(sinks.got("mail").len(), 2);
    let output = world.command(&["notify", "test", "none"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");

    // Where a chat is stays a secret, whoever asks.
    for args in [&["config"][..], &["--json", "config"], &["notify"], &["--json", "notify"]] {
        let said = world.says(args);
        assert!(said.contains("team") && !said.contains("very-secret"), "{args:?}: {said}");
    }
    sinks.mode("gone");
    let output = world.command(&["notify", "test"]).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("status 410") && !said.contains("very-secret"), "{said}");
}

#[tokio::test]
async fn a_service_that_hangs_holds_no_job_up_and_what_a_killed_worker_had_to_tell_is_told_by_the_next()
 {
    let sinks = Sinks::start();
    let mut world = world(&sinks).await;
    let only = world.config["notify"]["channels"][2].clone();
    world.config["notify"]["channels"] = json!([only]);
    world.repository(REPOSITORY, &PROJECT);
    // Refused at once: these jobs end without a model.
    world.github.role(REPOSITORY, "sam", Some("read"));
    for title in [TITLE, "@everyone <!channel> \u{1b}[2J another"] {
        let number = world.github.issue(REPOSITORY, title, BODY, "sam");
        world.github.label(REPOSITORY, number, "ai-task", "sam");
    }
    sinks.mode("hang");
    let mut first = world.serve(&[]);
    world.submit(REPOSITORY, 1, "one").await;
    first.until("the first job is told of", || !sinks.got("hook").is_empty()).await;
    world.submit(REPOSITORY, 2, "two").await;
    world.submit_text("no JSON").await;
    let store = world.store().await;
    let over = async {
        loop {
            let jobs = store.jobs(&Default::default(), 9).await.unwrap();
            let dead = world.queue().await.dead().await.unwrap();
            if jobs.len() == 2 && jobs.iter().all(|it| it.state.is_final()) && dead.len() == 1 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), over).await.unwrap();
    let hanging = sinks.got("hook");
    assert!(hanging.iter().all(|it| it["status"] == 0), "{hanging:#?}");
    first.kill_9().await;

    sinks.mode("ok");
    let mut second = world.serve(&[]);
    let told = |sinks: &Sinks| {
        let got = sinks.got("hook").into_iter().filter(|it| it["status"] == 200);
        got.map(|it| it["headers"]["x-codingworker-event"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    second.until("all is told", || told(&sinks).len() >= 4).await;
    second.signal(Signal::SIGTERM);
    assert_eq!(second.code().await, 0);
    let mut told = told(&sinks);
    assert_eq!(told.pop().as_deref(), Some("worker_stopped"), "the last word");
    told.sort();
    assert_eq!(told, ["dead_letter", "refused", "refused", "worker_started"]);

    let got = sinks.got("hook");
    let again = got.iter().filter(|it| {
        it["status"] == 200
            && it["headers"]["x-codingworker-delivery"]
                == hanging[0]["headers"]["x-codingworker-delivery"]
    });
    assert_eq!(again.count(), 1, "the one that hung, under the same name");
    let said = serde_json::to_string(&got).unwrap() + &world.log();
    assert!(!said.contains(TOKEN) && !said.contains(SECRET) && !said.contains("\\u001b"));

    // Stopped properly: the next start is nothing to tell. And a worker that nobody hears stops in
    // time, and leaves its last words to the next.
    let before = got.len();
    sinks.mode("hang");
    let mut third = world.serve(&[]);
    third.until("it runs", || third_is_up(&world)).await;
    third.signal(Signal::SIGTERM);
    let began = std::time::Instant::now();
    assert_eq!(third.code().await, 0);
    assert!(began.elapsed() < std::time::Duration::from_secs(8), "{:?}", began.elapsed());
    let events: Vec<Value> = sinks.got("hook").split_off(before);
    assert!(
        events.iter().all(|it| it["headers"]["x-codingworker-event"] == "worker_stopped"),
        "{events:#?}"
    );
    let listed: Vec<Value> = serde_json::from_str(&world.says(&["--json", "notify"])).unwrap();
    assert_eq!((listed[0]["waiting"].as_u64(), listed[0]["sent"].as_u64()), (Some(1), Some(5)));
}

#[tokio::test]
async fn a_model_that_goes_away_and_comes_back_is_told_once_each_and_a_clean_end_is_not() {
    let sinks = Sinks::start();
    let mut world = world(&sinks).await;
    let mut only = world.config["notify"]["channels"][2].clone();
    only["events"] = json!(["model_unreachable", "model_back", "worker_stopped"]);
    world.config["notify"] = json!({"channels": [only], "model_quiet_seconds": 0});
    world.repository(REPOSITORY, &PROJECT);
    world.issue(REPOSITORY, TITLE, BODY);
    let address = world.ollama.base().trim_start_matches("http://").parse().unwrap();
    // In the place of the one that goes away.
    world.ollama = ScriptedOllama::with(MODEL, []).await;
    world.submit(REPOSITORY, 1, "one").await;
    let mut serving = world.serve(&["--drain"]);
    let events = |sinks: &Sinks| {
        let got = sinks.got("hook");
        let event = |it: &Value| it["headers"]["x-codingworker-event"].as_str().unwrap().to_owned();
        got.iter().map(event).collect::<Vec<_>>()
    };
    serving.until("it is told that the model is away", || !events(&sinks).is_empty()).await;
    let _ollama = ScriptedOllama::at(address, MODEL, [right()]).await;
    assert_eq!(serving.code().await, 0, "{}", serving.said());
    assert_eq!(events(&sinks), ["model_unreachable", "model_back"]);
    assert_eq!(world.issue_state().labels, ["ai-task-done"]);
}

/// Whether the third worker waits for tasks.
fn third_is_up(world: &World) -> bool {
    world.log().matches("waiting for tasks").count() >= 3
}
