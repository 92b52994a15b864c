//! `queue`, `queue dead` and `queue redrive`.

use std::time::Duration;

use codingworker::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use codingworker::queue::{Settlement, TaskQueue};
use tokio_util::sync::CancellationToken;

use super::*;

/// The embedded queue as a worker opens it.
pub(super) fn embedded(home: &Home) -> SqliteQueue {
    let options = SqliteQueueOptions {
        lease: Duration::from_secs(300),
        poll: Duration::ZERO,
        max_receives: 20,
        wake_path: None,
        clock: codingworker::app::clock(),
    };
    SqliteQueue::new(home.database(), options)
}

async fn bury(queue: &SqliteQueue, body: &str, reason: &str) -> String {
    let id = queue.submit(body).await.unwrap();
    let deliveries = queue.receive(10, &CancellationToken::new()).await.unwrap();
    let delivery = deliveries.iter().find(|it| it.id == id).unwrap();
    let verdict = Settlement::Bury { reason: reason.to_owned() };
    queue.settle(&delivery.receipt, verdict).await.unwrap();
    id
}

#[test]
fn a_queue_that_nobody_has_used_is_empty_and_looking_does_not_make_it() {
    let home = Home::new();
    let database = home.state_dir().join("codingworker.db");
    assert_eq!(
        home.json(&["queue", "--json"]),
        json!({"kind": "embedded", "address": database, "waiting": 0, "in_flight": 0,
            "oldest_seconds": null, "dead": 0, "models": []})
    );
    home.run(&["queue", "dead"]).said(0, "no dead letters");
    assert_eq!(home.json(&["queue", "dead", "--json"]), json!([]));
    assert_eq!(home.json(&["queue", "redrive", "--json"]), json!({"redriven": 0}));
    assert!(!home.state_dir().exists());
}

#[tokio::test]
async fn a_queue_says_what_waits_in_it() {
    let home = Home::new();
    bury(&embedded(&home), "hello", "not JSON").await;
    home.run(&["submit", "--repo", "acme/api", "--issue", "7"]);
    let report = home.json(&["queue", "--json"]);
    let counts = [&report["waiting"], &report["in_flight"], &report["dead"]];
    assert_eq!(counts, [&json!(1), &json!(0), &json!(1)]);
    assert!(report["oldest_seconds"].is_u64());
    let text = home.run(&["queue"]).stdout;
    assert!(text.contains("waiting    1\nin flight  0\n"), "{text}");
    assert!(text.contains("dead       1 (see `codingworker queue dead`)"), "{text}");
}

#[tokio::test]
async fn dead_letters_are_shown_with_their_reason_and_sent_back() {
    let home = Home::new();
    let queue = embedded(&home);
    let first = bury(&queue, "one\x1b[2J\ntwo", "not JSON").await;
    let second = bury(&queue, "three", "too strange").await;
    let text = home.run(&["queue", "dead"]).stdout;
    assert!(text.contains(&format!("{first}  not JSON     one[2J…\n")), "{text}");
    assert_eq!(
        home.json(&["queue", "dead", "--json"])[1],
        json!({"id": second, "body": "three", "reason": "too strange"})
    );
    let unknown = home.run(&["queue", "redrive", &first, "nobody"]);
    assert_eq!((unknown.code, unknown.stdout.trim()), (4, "1 sent back to the queue"));
    assert!(unknown.stderr.contains("1 of 2"), "{unknown:?}");
    let rest = home.run(&["queue", "redrive"]);
    assert_eq!((rest.code, rest.stdout.trim()), (0, "1 sent back to the queue"));
    assert_eq!(home.json(&["queue", "--json"])["waiting"], 2);
}

#[test]
fn a_queue_that_cannot_be_reached_is_what_is_missing() {
    let home = Home::new();
    let mut command = home.command(&["queue", "--json"]);
    let url = "http://127.0.0.1:1/000000000000/tasks";
    command.env("CODINGWORKER__SQS__QUEUE_URL", url).env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
    command.env("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1");
    Ran::from(command.output().unwrap()).said(3, "queue");
    assert!(!home.state_dir().exists());
}
