//! The whole way over AWS: GitHub's event, the script of the shipped workflow, the queue, the worker.

use codingworker::domain::job::JobState;
use serde_json::json;

use super::runner::{Runner, script};
use crate::binary::world::{MAINTAINER, REPOSITORY, RIGHT, World, answers, right};
use crate::github_double::labelled_event;
use crate::setup::Emulator;

#[tokio::test]
async fn a_label_goes_through_the_workflow_and_the_queue_and_becomes_a_pull_request() {
    let mut world = World::with(answers([right()])).await;
    let emulator = Emulator::shared();
    world.use_sqs(emulator).await;
    let event = world.github.look(|it| labelled_event(it, REPOSITORY, 1, "ai-task", MAINTAINER));
    let queue = world.config["sqs"]["queue_url"].as_str().unwrap().to_owned();
    let runner = Runner::sending(&script("ai-task.yml"), &emulator.endpoint(), &queue);
    // A person runs the workflow again: the same run, and the same task.
    for _ in 0..2 {
        let sent = runner.run(&event);
        assert!(sent.ok && sent.canaries.is_empty(), "{}", sent.printed);
        assert!(sent.printed.starts_with("The task is on the queue"), "{}", sent.printed);
    }
    assert_eq!(world.queue().await.depth().await.unwrap().waiting, 2);
    world.serve_until_empty().await;

    let (job, _) = world.job().await;
    assert_eq!(job.state, JobState::Done);
    assert_eq!(job.task.asking, "run-4711");
    assert!(job.task.body_sha256.is_some(), "the workflow's digest was compared");
    assert!(!world.the_pull().draft);
    assert_eq!(world.in_bare(&["show", "ai/issue-1:calc.py"]), RIGHT.trim_end());
    assert_eq!(world.issue_state().labels, ["ai-task-done"]);
    let depth = world.queue().await.depth().await.unwrap();
    assert_eq!((depth.waiting, depth.in_flight, depth.dead), (0, 0, Some(0)));
    world.assert_no_token();
}

/// The digest of the event is what keeps a text that was changed on its way from being worked on.
#[tokio::test]
async fn what_was_edited_after_the_workflow_saw_it_is_not_worked_on() {
    let mut world = World::with(answers([right()])).await;
    let emulator = Emulator::shared();
    world.use_sqs(emulator).await;
    let mut event =
        world.github.look(|it| labelled_event(it, REPOSITORY, 1, "ai-task", MAINTAINER));
    event["issue"]["body"] = json!("Another text, which the maintainer read and labelled.");
    let queue = world.config["sqs"]["queue_url"].as_str().unwrap().to_owned();
    let runner = Runner::sending(&script("ai-task.yml"), &emulator.endpoint(), &queue);
    assert!(runner.run(&event).ok);
    world.serve_until_empty().await;
    assert!(world.github.pulls(REPOSITORY).is_empty());
    assert!(world.ollama.chats().is_empty());
    assert_eq!(world.job().await.0.state, JobState::Failed);
    let said = world.the_comment(1).body;
    assert!(said.contains("was edited after the label was set"), "{said}");
}
