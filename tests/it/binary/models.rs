//! The models that all jobs share: held, taken in turns, and loaded beforehand.

use codingworker::domain::job::{Event, Fault, Record};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::binary::world::{BODY, MODEL, PROJECT, REPOSITORY, TITLE, World, answers, right};
use crate::scripted_ollama::Reply;

/// `codingworker queue`, for programs.
fn queue(world: &World) -> Value {
    let output = world.command(&["queue", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn attempted(records: &[Record]) -> &Record {
    records.iter().find(|it| matches!(it.event, Event::Attempted(_))).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_turns_a_job_away_is_left_alone_until_the_stated_time_also_by_a_restart() {
    let busy = "{\"error\":\"rate limit reached, please try again in 6s\"}".to_owned();
    let mut world = World::with(answers([Reply::Status(429, busy), right()])).await;
    world.config["worker"]["max_retries"] = json!(0);
    world.submit(REPOSITORY, 1, "delivery").await;
    let mut serving = world.serve(&[]);
    let told =
        || world.issue_state().comments.iter().any(|it| it.body.contains("is not asked until"));
    serving.until("the comment says until when", told).await;
    let comment = world.the_comment(1).body;
    assert!(comment.contains("rate limit reached"), "{comment}");
    let shown = queue(&world)["models"].clone();
    assert_eq!(
        (&shown[0]["model"], &shown[0]["jobs"]),
        (&json!(format!("ollama_chat/{MODEL}")), &json!(1))
    );
    serving.kill_9().await;
    let mut serving = world.serve(&[]);
    let done = || world.issue_state().labels == ["ai-task-done"];
    serving.until("it goes on by itself", done).await;
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
    let (_, records) = world.job().await;
    let refused = records
        .iter()
        .find(|it| matches!(&it.event, Event::Failed(it) if it.fault == Fault::ModelBusy));
    let (refused, attempt) = (refused.unwrap(), attempted(&records));
    let asked = attempt.at.0 - i64::try_from(attempt.took_ms).unwrap();
    assert!(refused.at.0 + 5_900 <= asked, "asked too early: {records:#?}");
    assert_eq!(world.ollama.chats().len(), 2);
    assert_eq!(queue(&world)["models"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_has_the_model_while_another_is_checked_and_never_both() {
    let (first, second) = (CancellationToken::new(), CancellationToken::new());
    let turns = [first.clone(), second.clone()];
    let mut world =
        World::with(move |_, before| Reply::When(turns[before.min(1)].clone(), Box::new(right())))
            .await;
    // What the model made is checked until the test says so; the untouched base is not.
    let (begun, over) = (world.path().join("begun"), world.path().join("over"));
    let script = world.path().join("check.sh");
    let text = format!(
        "grep -q 'a + b' calc.py || exit 0\ntouch {}\nwhile [ ! -e {} ]; do sleep 0.05; done\n",
        begun.display(),
        over.display()
    );
    std::fs::write(&script, text).unwrap();
    let checks = format!("build: {{command: \"sh {}\"}}\n", script.display());
    let files = PROJECT.map(|(name, text)| match name {
        ".codingworker.yml" => (name, checks.as_str()),
        _ => (name, text),
    });
    world.repository("acme/slow", &files);
    for (number, delivery) in [(1, "one"), (2, "two")] {
        assert_eq!(world.issue("acme/slow", TITLE, BODY), number);
        world.submit("acme/slow", number, delivery).await;
    }
    world.config["worker"]["slots"] = json!(2);
    let mut serving = world.serve(&[]);
    let log = serving.log.clone();
    let said = || std::fs::read_to_string(&log).unwrap_or_default();
    let waits = || said().contains("waits until another job's agent has had its turn");
    let one_waits = || waits() && !world.ollama.chats().is_empty();
    serving.until("the other job waits for the model", one_waits).await;
    assert_eq!(world.ollama.chats().len(), 1, "two turns at once");
    first.cancel();
    let both = || begun.exists() && world.ollama.chats().len() == 2;
    serving.until("one is checked while the other has its turn", both).await;
    assert!(!second.is_cancelled() && !over.exists(), "neither is over");
    std::fs::write(&over, "").unwrap();
    second.cancel();
    let done = |number| world.github.issue_state("acme/slow", number).labels == ["ai-task-done"];
    serving.until("both end well", || done(1) && done(2)).await;
    // Waiting for the model is a pause, and no part of the turn.
    let jobs = world.jobs().await;
    let paused = jobs.iter().filter(|(_, it)| it.iter().any(|it| it.event == Event::Rested));
    assert_eq!(paused.count(), 1, "{jobs:#?}");
    let spans = jobs.iter().map(|(_, it)| {
        let turn = attempted(it);
        (turn.at.0 - i64::try_from(turn.took_ms).unwrap(), turn.at.0)
    });
    let mut spans = spans.collect::<Vec<_>>();
    spans.sort_unstable();
    assert!(spans[0].1 <= spans[1].0 + 50, "the turns overlap: {spans:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_is_loaded_while_the_workspace_is_made_and_as_the_turns_will_want_it() {
    let world = World::with(|_, _| right()).await;
    let loaded = world.ollama.load_slowly();
    world.submit(REPOSITORY, 1, "delivery").await;
    let mut serving = world.serve(&[]);
    serving.until("the model is being loaded", || world.ollama.loads().len() == 1).await;
    // Nothing waits for it: the job is prepared, checked and asks the model meanwhile.
    serving.until("the model is asked", || world.ollama.chats().len() == 1).await;
    assert!(!loaded.is_cancelled());
    loaded.cancel();
    let done = || world.issue_state().labels == ["ai-task-done"];
    serving.until("the job ends well", done).await;
    let (load, chat) = (&world.ollama.loads()[0], &world.ollama.chats()[0]);
    assert_eq!(load["options"]["num_ctx"], chat["options"]["num_ctx"]);
    assert_eq!(load["keep_alive"], chat["keep_alive"]);
    assert_eq!(load.get("prompt"), None);
    assert_eq!(world.ollama.loads().len(), 1);
}
