//! The model's server: down, without the model, silent, talking nonsense, or cut off.

use std::net::TcpListener;

use codingworker::domain::job::{Event, Outcome, TurnOutcome};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::binary::world::{MODEL, REPOSITORY, World, answers, count, right, until};
use crate::scripted_ollama::{Reply, ScriptedOllama};

fn is_away(event: &Event) -> bool {
    matches!(event, Event::Failed(it) if it.fault.is_of_model())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_starts_without_its_model_and_goes_on_when_it_comes() {
    let mut world = World::with(|_, _| Reply::Close).await;
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.config["ollama"]["host"] = json!(format!("http://{address}"));
    // A wait for the model is no try.
    world.config["worker"]["max_retries"] = json!(0);
    world.submit(REPOSITORY, 1, "delivery").await;
    let mut serving = world.serve(&[]);
    let log = serving.log.clone();
    let said = || std::fs::read_to_string(&log).unwrap_or_default();
    serving.until("it says so at the start", || said().contains("jobs will wait for it")).await;
    let waits = || world.issue_state().comments.iter().any(|it| it.body.contains("Waiting for"));
    serving.until("the comment says that it waits", waits).await;
    let comment = world.the_comment(1).body;
    assert!(comment.contains(&address.to_string()), "{comment}");
    // What is missing changes, and is told.
    let other = ScriptedOllama::at(address, "other:1b", []).await;
    let told = || world.the_comment(1).body.contains(&format!("`ollama pull {MODEL}`"));
    serving.until("the comment says how to get the model", told).await;
    let depth = world.queue().await.depth().await.unwrap();
    assert_eq!((depth.waiting, depth.in_flight, depth.dead), (0, 1, Some(0)), "{depth:?}");
    drop(other);
    let _ollama = ScriptedOllama::at(address, MODEL, [right()]).await;
    let done = || world.issue_state().labels == ["ai-task-done"];
    serving.until("the job ends well", done).await;
    assert!(!world.the_pull().draft);
    let (_, records) = world.job().await;
    assert!(2 <= count(&records, is_away), "{records:#?}");
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
    let depth = world.queue().await.depth().await.unwrap();
    assert_eq!((depth.waiting, depth.in_flight, depth.dead), (0, 0, Some(0)), "{depth:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unusable_answers_are_asked_again_and_no_check_sees_them() {
    let elided = "def add(a, b):\n    return a + b\n\n\n# ... rest of the code unchanged ...\n";
    let half = "calc.py\n```\ndef add(a, b):\n";
    let replies = [
        Reply::Garbage("<html>The proxy is busy</html>".to_owned()),
        Reply::Status(500, "{\"error\":\"CUDA out of memory\"}".to_owned()),
        Reply::NoDone(half.to_owned()),
        Reply::files(&[("calc.py", elided)]),
        right(),
    ];
    let mut world = World::with(answers(replies)).await;
    world.config["verify"]["max_fixes"] = json!(3);
    world.config["worker"]["max_retries"] = json!(0);
    world.submit(REPOSITORY, 1, "delivery").await;
    world.serve_until_empty().await;
    let (_, records) = world.job().await;
    assert!(matches!(world.outcome(REPOSITORY, 1).await, Outcome::Ready(_)), "{records:#?}");
    let away = records.iter().filter_map(|it| match &it.event {
        Event::Failed(failure) => Some(failure.message.as_str()),
        _ => None,
    });
    let away = away.collect::<Vec<_>>().join("\n");
    assert_eq!(count(&records, is_away), 2, "{away}");
    assert!(away.contains("CUDA out of memory"), "{away}");
    let turns = records.iter().filter_map(|it| match &it.event {
        Event::Attempted(turn) => Some(turn.outcome.clone()),
        _ => None,
    });
    let turns = turns.collect::<Vec<_>>();
    let is_cut = |it: &TurnOutcome| matches!(it, TurnOutcome::Truncated { .. });
    assert_eq!(turns.len(), 3, "{turns:?}");
    assert!(turns[..2].iter().all(is_cut) && turns[2] == TurnOutcome::Edited, "{turns:?}");
    // The build after the one good turn, then everything.
    assert_eq!(count(&records, |it| matches!(it, Event::Verified { .. })), 2, "{records:#?}");
    let prompts = world.ollama.prompts();
    assert_eq!(prompts.len(), 5);
    assert!(prompts[4].contains("rest of the code unchanged"), "{}", prompts[4]);
    assert!(prompts[4].contains("return a - b"), "the elided file was kept: {}", prompts[4]);
    assert!(world.comment(REPOSITORY, 1).contains("Done"), "{}", world.comment(REPOSITORY, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_hangs_is_left_for_the_next_and_the_last_one_is_told() {
    let stall = Reply::Stall("calc.py\n```\ndef add(a, b):\n".to_owned());
    let mut world = World::with(answers([Reply::Hang, stall])).await;
    let model = json!({"name": format!("ollama_chat/{MODEL}"), "timeout_seconds": 15});
    world.config["aider"]["models"] = json!([model, model]);
    world.submit(REPOSITORY, 1, "delivery").await;
    world.serve_until_empty().await;
    let (_, records) = world.job().await;
    let late =
        |it: &Event| matches!(it, Event::Attempted(it) if it.outcome == TurnOutcome::TimedOut);
    assert_eq!(count(&records, late), 2, "{records:#?}");
    assert_eq!(world.outcome(REPOSITORY, 1).await, Outcome::NothingToChange);
    assert!(world.github.pulls(REPOSITORY).is_empty());
    assert_eq!(world.branches(), ["main"]);
    assert_eq!(world.issue_state().labels, ["ai-task-failed"]);
    let comment = world.comment(REPOSITORY, 1);
    assert!(
        comment.contains("no pull request") && comment.contains("ran out of time"),
        "{comment}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_waits_for_its_model_goes_back_when_the_worker_stops() {
    let mut world = World::with(|_, _| right()).await;
    world.config["aider"]["models"] = json!([{"name": "ollama_chat/absent:7b"}]);
    world.submit(REPOSITORY, 1, "delivery").await;
    let mut serving = world.serve(&[]);
    let told = || {
        world.issue_state().comments.iter().any(|it| it.body.contains("`ollama pull absent:7b`"))
    };
    serving.until("the comment says how to get the model", told).await;
    serving.signal(Signal::SIGTERM);
    let log = serving.log.clone();
    let heard = || std::fs::read_to_string(&log).unwrap_or_default().contains("once more to put");
    until("the worker has heard", heard).await;
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
    let depth = world.queue().await.depth().await.unwrap();
    assert_eq!((depth.waiting, depth.in_flight, depth.dead), (1, 0, Some(0)), "{depth:?}");
    assert!(world.ollama.chats().is_empty());
}
