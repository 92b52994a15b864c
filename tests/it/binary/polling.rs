//! `serve --poll-github`: no queue is configured, and nobody sends anything.

use codingworker::domain::job::Event;
use nix::sys::signal::Signal;
use serde_json::json;

use super::authority::{answers_of, jobs_of, refusal};
use super::world::{BODY, MAINTAINER, PROJECT, REPOSITORY, TITLE, World, answers, right, until};
use crate::scripted_ollama::Reply;

const DOUBLED: &str =
    "def add(a, b):\n    return a + b\n\n\ndef double(a):\n    return add(a, a)\n";

fn doubled() -> Reply {
    Reply::files(&[("calc.py", DOUBLED)])
}

/// A repository with a labelled issue, in which a job that may begin ends right after that.
fn quick(world: &World, name: &str, by: &str) {
    world.repository(name, &PROJECT);
    world.github.look(|it| it.repository_mut(name).default_branch = "nowhere".to_owned());
    world.github.issue(name, TITLE, BODY, "reporter");
    world.github.label(name, 1, "ai-task", by);
}

async fn looks_and_leaves(world: &World) {
    let mut serving = world.serve(&["--poll-github", "--drain"]);
    assert_eq!(serving.code().await, 0, "{}", serving.said());
}

#[tokio::test]
async fn a_label_becomes_a_pull_request_and_a_comment_on_it_a_commit() {
    let mut world = World::with(answers([right(), doubled()])).await;
    world.config["trust"] = json!({"repositories": [REPOSITORY]});
    world.config["poll"] = json!({"interval_seconds": 1});
    let mut serving = world.serve(&["--poll-github"]);
    let done = || world.labels(REPOSITORY, 1) == ["ai-task-done"];
    serving.until("the issue is done", done).await;
    let pull = world.the_pull();
    world.github.comment(REPOSITORY, pull.number, "@ai-fix add a function double()", MAINTAINER);
    let answered = || {
        let said = answers_of(&world, REPOSITORY, pull.number);
        said.iter().any(|it| it.contains("Done in"))
    };
    serving.until("the comment is answered", answered).await;
    assert_eq!(world.files(REPOSITORY, &pull.head)["calc.py"], DOUBLED.trim_end());
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);

    looks_and_leaves(&world).await;
    assert_eq!(world.jobs().await.len(), 2, "a restart asks for nothing again");
    assert_eq!(world.github.pulls(REPOSITORY).len(), 1);
}

#[tokio::test]
async fn whoever_may_not_ask_is_refused_as_on_every_way_and_what_came_meanwhile_is_made_up_for() {
    let mut world = World::empty(|_, _| right()).await;
    world.config["poll"] = json!({"repositories": ["acme/reader", "ACME/writer"]});
    quick(&world, "acme/reader", "rob");
    quick(&world, "acme/writer", MAINTAINER);
    world.github.role("acme/reader", "rob", Some("read"));
    quick(&world, "acme/unwatched", MAINTAINER);
    looks_and_leaves(&world).await;

    let (polled, _) = refusal(&world, "acme/reader", 1).await;
    assert!(polled.contains("may not ask for work in acme/reader"), "{polled}");
    let said = answers_of(&world, "acme/reader", 1);
    let began = jobs_of(&world, "ACME/writer", 1).await;
    assert_eq!(began.len(), 1);
    assert!(began[0].1.iter().any(|it| matches!(it.event, Event::Inspected(_))));

    // The same label, by the queue's way.
    world.submit("acme/reader", 1, "by-hand").await;
    world.github.look(|it| it.relabel("acme/reader", 1, "ai-task", "rob"));
    world.serve_until_empty().await;
    let (queued, _) = refusal(&world, "acme/reader", 1).await;
    assert_eq!(queued, polled);
    assert_eq!(said.len(), 1);

    // Nobody was there when the label was set once more.
    let jobs = world.jobs().await.len();
    world.github.look(|it| it.relabel("acme/writer", 1, "ai-task", MAINTAINER));
    looks_and_leaves(&world).await;
    assert_eq!(jobs_of(&world, "ACME/writer", 1).await.len(), 2);
    looks_and_leaves(&world).await;
    assert_eq!(world.jobs().await.len(), jobs + 1);
    assert!(world.jobs().await.iter().all(|it| it.0.task.repository.name() != "unwatched"));
}

#[tokio::test]
async fn without_a_repository_to_look_at_it_says_what_to_write() {
    let mut world = World::empty(|_, _| right()).await;
    world.config["trust"] = json!({"repositories": [42]});
    let mut serving = world.serve(&["--poll-github"]);
    assert_eq!(serving.code().await, 2);
    let said = serving.said();
    assert!(said.contains("poll: {repositories: [OWNER/NAME]}"), "{said}");
    assert!(said.contains("trust.repositories"), "{said}");
}

#[tokio::test]
async fn a_code_host_that_is_away_does_not_stop_the_worker() {
    let mut world = World::empty(|_, _| right()).await;
    world.config["poll"] =
        json!({"repositories": ["acme/writer"], "github": true, "interval_seconds": 1});
    quick(&world, "acme/writer", MAINTAINER);
    for _ in 0..2 {
        world.github.fault("issues/list-for-repo", crate::github_double::Fault::BadGateway);
    }
    let serving = world.serve(&[]);
    until("the issue is answered", || !answers_of(&world, "acme/writer", 1).is_empty()).await;
    let said = serving.said();
    assert_eq!(said.matches("cannot look for new tasks now").count(), 1, "{said}");
}
