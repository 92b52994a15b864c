//! What became of pull requests, seen by a worker that serves, and counted by `stats`.

use std::time::Duration;

use codingworker::domain::job::{JobState, Record};
use codingworker::domain::task::{Origin, Task};
use codingworker::domain::time::Timestamp;
use codingworker::store::{Admission, Claimant};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::world::{MAINTAINER, REPOSITORY, World, answers, right};

fn stats(world: &World) -> Value {
    serde_json::from_str(&world.says(&["stats", "--json"])).unwrap()
}

/// A job of two hours ago that ended with this pull request.
async fn ended(world: &World, pull: u64) {
    let store = world.store().await;
    let now = chrono::Utc::now().timestamp_millis() - 2 * 3_600_000;
    let task = Task {
        repository: REPOSITORY.parse().unwrap(),
        origin: Origin::Issue { number: 1 },
        title: String::new(),
        body: String::new(),
        body_sha256: None,
        labels: Vec::new(),
        asking: "a".to_owned(),
    };
    let me = Claimant { owner: "one".to_owned(), lease: Duration::from_secs(60), begins: true };
    let admission = store.admit(&task, "r", &me, Timestamp(now)).await.unwrap();
    let Admission::New(taken) = admission else { panic!("it was there") };
    let turn = json!({"request": {"kind": "implement"}, "model": "qwen", "rung": 0,
        "outcome": {"kind": "edited"}, "tree": "a", "files": [], "calls": 1,
        "tokens": {"read": 1, "written": 1}, "left_out": [], "agent": "aider"});
    let opened = json!({"number": pull, "url": "https://example.com", "draft": false});
    let outcome = json!({"kind": "ready", "number": pull, "url": "u", "draft": false});
    for event in [
        json!({"event": "attempted", "of": turn}),
        json!({"event": "opened", "of": opened}),
        json!({"event": "ended", "of": outcome}),
        json!({"event": "closed"}),
    ] {
        let record = json!({"at": now, "took_ms": 1, "event": event});
        let record: Record = serde_json::from_value(record).unwrap();
        store.append(&taken.fence, &record, JobState::Done, None).await.unwrap();
    }
    store.settled(&taken.job.id, "r").await.unwrap();
}

#[tokio::test]
async fn a_pull_request_that_was_merged_counts_as_merged_once_a_worker_has_looked() {
    let world = World::with(answers([right()])).await;
    let bare = world.bare(REPOSITORY);
    world.git(&["-C", bare.to_str().unwrap(), "branch", "fix", "main"]);
    let pull = world.github.open_pull(REPOSITORY, ("fix", "main"), ("T", ""), MAINTAINER);
    ended(&world, pull).await;
    world.github.look(|it| {
        let pull = it.repository_mut(REPOSITORY).pull_mut(pull);
        (pull.open, pull.merged) = (false, true);
    });
    let before = stats(&world);
    assert_eq!((&before[0]["merged"], &before[0]["open"]), (&json!(0), &json!(1)), "{before}");

    let mut serving = world.serve(&[]);
    serving.until("the merge is seen", || stats(&world)[0]["merged"] == json!(1)).await;
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
    let after = stats(&world);
    assert_eq!((&after[0]["jobs"], &after[0]["open"]), (&json!(1), &json!(0)), "{after}");
}
