//! Starting, stopping, cancelling, and how many at once.

use codingworker::domain::job::{Event, JobState};
use nix::sys::signal::Signal;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::world::{BODY, REPOSITORY, TITLE, World, answers, count, right, until};
use crate::github_double::TOKEN;
use crate::scripted_ollama::Reply;
use crate::setup::Emulator;

#[tokio::test]
async fn a_stopped_worker_gives_the_task_back_and_the_next_start_goes_on() {
    let answer = |_: &str, before| if before < 2 { Reply::Hang } else { right() };
    let world = World::with(answer).await;
    world.submit(REPOSITORY, 1, "first").await;
    let given_back = async || {
        world.nothing_is_left_running().await;
        let depth = world.queue().await.depth().await.unwrap();
        assert_eq!((depth.waiting, depth.in_flight), (1, 0), "the task is given back");
        let (job, records) = world.job().await;
        assert!(!job.state.is_final());
        assert_eq!(count(&records, |it| matches!(it, Event::Attempted(_) | Event::Failed(_))), 0);
    };

    // A service manager asks once.
    let mut serving = world.serve(&[]);
    serving.until("the model is asked", || world.ollama.chats().len() == 1).await;
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
    given_back().await;

    // A person presses Ctrl-C: once to drain, once more to put it down.
    let mut serving = world.serve(&[]);
    serving.until("the model is asked again", || world.ollama.chats().len() == 2).await;
    serving.signal(Signal::SIGINT);
    let log = serving.log.clone();
    let said = |what: &str| std::fs::read_to_string(&log).unwrap().contains(what);
    serving.until("it drains", || said("finishing what runs")).await;
    assert!(!said("putting the running jobs down"));
    serving.signal(Signal::SIGINT);
    assert_eq!(serving.code().await, 0);
    given_back().await;

    world.serve_until_empty().await;
    let (job, records) = world.job().await;
    assert_eq!(job.state, JobState::Done);
    assert_eq!(count(&records, |it| matches!(it, Event::Attempted(_))), 1);
    assert_eq!(count(&records, |it| matches!(it, Event::Prepared(_))), 1);
    assert_eq!(world.ollama.chats().len(), 3);
    assert_eq!(world.issue_state().comments.len(), 1);
    world.assert_no_token();
}

#[tokio::test]
async fn a_cancelled_job_ends_with_its_agent_and_says_so() {
    let world = World::with(|_, _| Reply::Hang).await;
    world.submit(REPOSITORY, 1, "first").await;
    let mut serving = world.serve(&["--drain"]);
    serving.until("the model is asked", || world.ollama.chats().len() == 1).await;
    let (job, _) = world.job().await;
    world.says(&["cancel", &job.id.0]);
    assert_eq!(serving.code().await, 0);
    world.nothing_is_left_running().await;
    assert_eq!(world.job().await.0.state, JobState::Cancelled);
    assert!(world.the_comment(1).body.starts_with("Cancelled on the worker."));
    assert_eq!(world.branches(), ["main"]);
    assert!(world.github.pulls(REPOSITORY).is_empty());
    assert!(!world.issue_state().labels.contains(&"ai-task".to_owned()));
}

#[tokio::test]
async fn one_state_folder_has_one_worker() {
    let world = World::with(answers([right()])).await;
    let mut first = world.serve(&[]);
    let log = first.log.clone();
    let waits = || std::fs::read_to_string(&log).unwrap().contains("waiting for tasks");
    first.until("the first one waits for tasks", waits).await;
    let mut second = world.serve(&[]);
    assert_eq!(second.code().await, 3);
    assert!(second.said().contains("another worker is using"), "{}", second.said());
    // An idle worker has nothing to be patient for.
    first.signal(Signal::SIGTERM);
    assert_eq!(first.code().await, 0);
}

#[tokio::test]
async fn what_it_cannot_work_without_ends_the_start_with_3() {
    let mut world = World::with(answers([right()])).await;
    world.github.revoke(TOKEN);
    let mut serving = world.serve(&[]);
    assert_eq!(serving.code().await, 3);
    assert!(serving.said().contains("token"), "{}", serving.said());
    assert!(!serving.said().contains("waiting for tasks"));

    world.use_sqs(Emulator::shared()).await;
    let gone = world.config["sqs"]["queue_url"].as_str().unwrap().replace("binary-", "gone-");
    world.config["sqs"]["queue_url"] = json!(gone);
    let mut serving = world.serve(&[]);
    assert_eq!(serving.code().await, 3);
    assert!(serving.said().contains("gone-"), "{}", serving.said());

    // Nobody listens there: a network that is down comes back, so that is said and no more.
    world.config["sqs"]["queue_url"] = json!("");
    world.config["github"]["api_url"] = json!("http://127.0.0.1:1");
    let mut serving = world.serve(&[]);
    until("it waits for tasks", || serving.said().contains("waiting for tasks")).await;
    assert!(serving.said().contains("127.0.0.1:1"), "{}", serving.said());
    serving.signal(Signal::SIGINT);
    assert_eq!(serving.code().await, 0);
    world.assert_no_token();
}

#[tokio::test]
async fn two_slots_run_two_jobs_at_once() {
    let both = CancellationToken::new();
    let second = both.clone();
    // Whoever is asked first waits for the other.
    let mut world = World::with(move |_, before| {
        if before == 1 {
            second.cancel();
        }
        Reply::When(second.clone(), Box::new(right()))
    })
    .await;
    world.config["worker"]["slots"] = json!(2);
    world.config["worker"]["model_slots"] = json!(2);
    let other = world.issue(REPOSITORY, TITLE, BODY);
    // The first task is sent twice, and takes one slot.
    world.submit(REPOSITORY, 1, "first").await;
    world.submit(REPOSITORY, 1, "first").await;
    world.submit(REPOSITORY, other, "first").await;
    world.serve_until_empty().await;
    assert!(both.is_cancelled());
    let jobs = world.jobs().await;
    assert_eq!(jobs.len(), 2);
    assert!(jobs.iter().all(|(job, _)| job.state == JobState::Done));
    assert_eq!(world.branches(), ["ai/issue-1", "ai/issue-2", "main"]);
    assert_eq!(world.github.pulls(REPOSITORY).len(), 2);
    assert_eq!(world.the_comment(1).earlier.len(), 2);
    assert_eq!(world.the_comment(other).earlier.len(), 2);
}
