//! `kill -9` at the worst moments: the job goes on from its last durable step, nothing that others
//! see happens twice, and nothing of the killed worker runs on.

use serde_json::json;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use codingworker::domain::job::{Event, JobState};

use super::serving::processes;
use super::world::{BODY, PROJECT, REPOSITORY, TITLE, World, answers, count, right, steps};
use crate::github_double::Fault;
use crate::scripted_ollama::Reply;

/// What must be there once, whatever happened on the way.
async fn is_done_once(world: &World) {
    let (job, records) = world.job().await;
    assert_eq!(job.state, JobState::Done, "{:?}", steps(&records));
    for once in [
        "inspected",
        "prepared",
        "baselined",
        "attempted",
        "committed",
        "pushed",
        "opened",
        "closed",
    ] {
        let found = steps(&records).iter().filter(|it| *it == once).count();
        assert_eq!(found, 1, "{once}: {:?}", steps(&records));
    }
    assert_eq!(world.branches(), ["ai/issue-1", "main"]);
    assert_eq!(world.the_pull().head, "ai/issue-1");
    assert!(world.the_comment(1).body.contains("Please review #2"));
    assert_eq!(world.issue_state().labels, ["ai-task-done"]);
    assert_eq!(world.queue().await.depth().await.unwrap().in_flight, 0);
    world.assert_no_token();
}

#[tokio::test]
async fn killed_while_the_agent_works() {
    let answer = |_: &str, before| if before == 0 { Reply::Hang } else { right() };
    let mut world = World::with(answer).await;
    // An agent that was begun beforehand ends by itself when nobody is at the other end.
    world.config["aider"]["warm"] = json!(false);
    world.submit(REPOSITORY, 1, "first").await;
    let mut serving = world.serve(&[]);
    serving.until("the model is asked", || world.ollama.chats().len() == 1).await;
    serving.kill_9().await;
    assert!(!processes(world.path(), &[]).is_empty(), "the agent outlives a killed worker");
    world.serve_until_empty().await;
    assert_eq!(world.ollama.chats().len(), 2, "the turn that was cut short is taken again");
    is_done_once(&world).await;
}

#[tokio::test]
async fn killed_while_the_checks_run() {
    let gate = Arc::new(OnceLock::<PathBuf>::new());
    let closing = gate.clone();
    // The checks of the base pass the gate; those of the work find it closed.
    let world = World::empty(move |_, _| {
        std::fs::write(closing.get().unwrap(), "").unwrap();
        right()
    })
    .await;
    let (closed, reached) = (world.path().join("closed"), world.path().join("reached"));
    gate.set(closed.clone()).unwrap();
    let checks = format!(
        "test: {{command: \"python3 -m unittest -v && if [ -e {0} ]; then (setsid sleep 900 &); \
         touch {1}; while [ -e {0} ]; do sleep 0.05; done; fi\"}}\n",
        closed.display(),
        reached.display(),
    );
    let mut files = PROJECT.to_vec();
    files.retain(|(name, _)| *name != ".codingworker.yml");
    files.push((".codingworker.yml", &checks));
    world.repository(REPOSITORY, &files);
    world.issue(REPOSITORY, TITLE, BODY);
    world.submit(REPOSITORY, 1, "first").await;
    let mut serving = world.serve(&[]);
    serving.until("the checks wait", || reached.exists()).await;
    serving.kill_9().await;
    let left =
        || processes(world.path(), &[]).iter().any(|(_, text)| text.starts_with("sleep\x00900"));
    assert!(left(), "a daemon of the checks outlives a killed worker");
    std::fs::remove_file(&closed).unwrap();
    world.serve_until_empty().await;
    assert!(!left());
    assert_eq!(world.ollama.chats().len(), 1, "the model is not asked for what it has answered");
    is_done_once(&world).await;
}

#[tokio::test]
async fn killed_after_the_push_then_after_the_pull_request_then_after_the_label() {
    let world = World::with(answers([right()])).await;
    world.submit(REPOSITORY, 1, "first").await;

    world.github.fault("pulls/create", Fault::Hang);
    let mut serving = world.serve(&[]);
    serving.until("it asks for a pull request", || world.github.count("pulls/create") == 1).await;
    serving.kill_9().await;
    assert_eq!(world.branches(), ["ai/issue-1", "main"]);
    assert!(world.github.pulls(REPOSITORY).is_empty());
    let pushed = world.in_bare(&["rev-parse", "ai/issue-1"]);

    // It is opened, and the worker never hears of it.
    world.github.fault("pulls/create", Fault::HangAfter);
    let mut serving = world.serve(&[]);
    serving.until("it asks again", || world.github.count("pulls/create") == 2).await;
    serving.kill_9().await;
    let (_, records) = world.job().await;
    assert_eq!(count(&records, |it| matches!(it, Event::Opened(_))), 0);
    assert_eq!(world.github.pulls(REPOSITORY).len(), 1);

    world.github.fault("issues/add-labels", Fault::HangAfter);
    let mut serving = world.serve(&[]);
    serving.until("it labels", || world.github.count("issues/add-labels") == 1).await;
    serving.kill_9().await;
    let (job, _) = world.job().await;
    assert!(!job.state.is_final());

    world.serve_until_empty().await;
    assert_eq!(world.github.count("pulls/create"), 2, "it looks before it creates");
    assert_eq!(world.in_bare(&["rev-parse", "ai/issue-1"]), pushed);
    assert_eq!(world.ollama.chats().len(), 1);
    is_done_once(&world).await;
}
