//! Who waits in the queue is told where he stands, in the comment that his job goes on with.

use std::time::Duration;

use codingworker::domain::job::{JobState, Record};
use codingworker::domain::task::{Origin, Task};
use codingworker::domain::time::Timestamp;
use codingworker::store::{Admission, Claimant};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::authority::answers_of;
use super::world::{BODY, MAINTAINER, REPOSITORY, TITLE, World, right};
use crate::scripted_ollama::Reply;

/// Somebody who may not push, and labels all the same.
const STRANGER: &str = "rob";

/// The n-th call of the model is answered when the n-th of these is cancelled.
async fn one_at_a_time(gates: &[CancellationToken]) -> World {
    let gates = gates.to_vec();
    let answer = move |_: &str, before: usize| {
        Reply::When(gates[before.min(gates.len() - 1)].clone(), Box::new(right()))
    };
    let mut world = World::with(answer).await;
    world.config["worker"]["slots"] = json!(1);
    world.issue(REPOSITORY, TITLE, BODY);
    world.issue(REPOSITORY, TITLE, BODY);
    world.github.role(REPOSITORY, STRANGER, Some("read"));
    let issue = world.github.issue(REPOSITORY, TITLE, BODY, MAINTAINER);
    world.github.label(REPOSITORY, issue, "ai-task", STRANGER);
    world
}

/// Three jobs that are over took ten hours each.
async fn ten_hours_are_usual(world: &World) {
    let store = world.store().await;
    let read = json!({"title": "", "body": "", "removed": 0, "open": true, "asked_by": null,
        "default_branch": "main", "public": false});
    let turn = json!({"request": {"kind": "implement"}, "model": "another", "rung": 0,
        "outcome": {"kind": "no_change"}, "tree": "a", "files": [], "calls": 1,
        "tokens": {"read": 1, "written": 1}, "left_out": [], "agent": "aider"});
    let lease = Duration::from_secs(60);
    let me = Claimant { owner: "before".to_owned(), lease, begins: true };
    for number in 101..104 {
        let task = Task {
            repository: REPOSITORY.parse().unwrap(),
            origin: Origin::Issue { number },
            title: String::new(),
            body: String::new(),
            body_sha256: None,
            labels: Vec::new(),
            asking: "long ago".to_owned(),
        };
        let Admission::New(taken) = store.admit(&task, "", &me, Timestamp(0)).await.unwrap() else {
            panic!("somebody else has admitted it");
        };
        let append = async |hours: i64, event: Value, state| {
            let event = serde_json::from_value(event).unwrap();
            let record = Record { at: Timestamp(hours * 3_600_000), took_ms: 1, event };
            store.append(&taken.fence, &record, state, None).await.unwrap();
        };
        append(1, json!({"event": "inspected", "of": read}), JobState::Running).await;
        append(2, json!({"event": "attempted", "of": turn}), JobState::Running).await;
        append(11, json!({"event": "closed"}), JobState::Done).await;
        store.settled(&taken.job.id, "").await.unwrap();
    }
}

fn says(world: &World, issue: u64, what: &str) -> bool {
    answers_of(world, REPOSITORY, issue).iter().any(|it| it.contains(what))
}

/// Which comment is the one on an issue.
fn the_comment(world: &World, issue: u64) -> u64 {
    world.the_comment(issue).id
}

#[tokio::test]
async fn who_waits_is_told_his_place_until_his_job_speaks_and_nobody_speaks_for_a_stranger() {
    let gates = [(); 3].map(|()| CancellationToken::new());
    let world = one_at_a_time(&gates).await;
    ten_hours_are_usual(&world).await;
    world.submit(REPOSITORY, 1, "one").await;
    let mut serving = world.serve(&[]);
    serving.until("the first is with the model", || world.ollama.chats().len() == 1).await;
    // The stranger was there before the two others.
    for issue in [4, 2, 3] {
        world.submit(REPOSITORY, issue, "waits").await;
    }
    let told = || says(&world, 3, "2nd in line, about 20 hours until it begins");
    serving.until("the third is told", told).await;
    assert!(says(&world, 2, "next in line, about 10 hours until it begins"));
    let told = the_comment(&world, 3);
    assert_eq!(answers_of(&world, REPOSITORY, 4), [""; 0], "nothing is said for a stranger");

    // The same label on the same issue: all that differs is that he may push now.
    world.github.role(REPOSITORY, STRANGER, Some("write"));
    world.submit(REPOSITORY, 4, "waits once more").await;
    serving.until("the control is told", || says(&world, 4, "3rd in line, about 30 hours")).await;
    world.github.role(REPOSITORY, STRANGER, Some("read"));

    gates[0].cancel();
    serving.until("the third is next", || says(&world, 3, "next in line")).await;
    assert!(says(&world, 1, "#5"), "the first is done");
    assert!(!says(&world, 2, "in line"), "the second's job speaks for itself");
    assert!(says(&world, 4, "may not ask for work"), "the stranger's own job refused him");
    gates[1].cancel();
    serving.until("the third begins", || says(&world, 3, "is working on this")).await;
    assert_eq!(the_comment(&world, 3), told, "it is one comment from start to end");
    the_comment(&world, 1);
    the_comment(&world, 2);
    serving.kill_9().await;
    world.nothing_is_left_running().await;
}
