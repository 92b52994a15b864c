//! `submit` and `retry`.

use super::*;

/// What waits in the queue, read as a worker would.
async fn waiting(home: &Home) -> Vec<Value> {
    let queue = super::queue::embedded(home);
    let stop = tokio_util::sync::CancellationToken::new();
    let deliveries = codingworker::queue::TaskQueue::receive(&queue, 10, &stop).await.unwrap();
    deliveries.iter().map(|it| serde_json::from_str(&it.body).unwrap()).collect()
}

#[tokio::test]
async fn an_issue_becomes_a_message_and_each_asking_is_another() {
    let home = Home::new();
    let args = ["submit", "--repo", "acme/api", "--issue", "7", "--title", "Sum", "--body", "b"];
    let ids = [home.run(&args), home.run(&args)];
    assert!(ids.iter().all(|it| it.code == 0 && it.stdout.lines().count() == 1), "{ids:?}");
    let messages = waiting(&home).await;
    assert_eq!(messages.len(), 2);
    assert_ne!(messages[0]["delivery"], messages[1]["delivery"]);
    let mut message = messages[0].clone();
    for stamp in ["delivery", "created_at"] {
        assert!(!message[stamp].as_str().unwrap().is_empty());
        message.as_object_mut().unwrap().remove(stamp);
    }
    assert_eq!(
        message,
        json!({"type": "issue", "issue_number": 7, "repository": "acme/api", "title": "Sum",
            "body": "b", "labels": ["ai-task"]})
    );
}

#[tokio::test]
async fn a_file_or_standard_input_is_put_on_the_queue_as_it_is() {
    let home = Home::new();
    let task = json!({"issue_number": 1, "repository": "a/b", "delivery": "d", "extra": 1});
    fs::write(home.dir.path().join("task.json"), task.to_string()).unwrap();
    let sent = home.json(&["submit", "--file", "task.json", "--json"]);
    assert_eq!((&sent["repository"], &sent["issue"]), (&json!("a/b"), &json!(1)));
    let ran = home.run_with(&["submit", "--file", "-"], task.to_string().as_bytes());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(waiting(&home).await, [task.clone(), task]);
}

#[tokio::test]
async fn a_task_that_is_a_job_already_is_said_to_be_one() {
    let home = Home::new();
    let id = job(&home.store(), "api", 1, JobState::Done).await;
    let send = |delivery: &str| {
        let task = json!({"issue_number": 7, "repository": "Acme/api", "delivery": delivery});
        home.run_with(&["submit", "--file", "-"], task.to_string().as_bytes())
    };
    let (same, other) = (send("d-1"), send("d-2"));
    assert!(same.stderr.contains(&format!("job {id} already (done)")), "{same:?}");
    assert_eq!((same.code, other.code, other.stderr.as_str()), (0, 0, ""));
}

#[test]
fn what_is_no_task_is_refused_before_it_is_on_the_queue() {
    let home = Home::new();
    let refused = |stdin: &[u8], words: &str| {
        home.run_with(&["submit", "--file", "-"], stdin).said(2, words);
    };
    refused(b"hello", "not JSON");
    refused(br#"{"repository": "a/b", "issue_number": 0}"#, "must be 1 or more");
    refused(br#"{"repository": "../b", "issue_number": 1}"#, "OWNER/NAME");
    refused(&[b' '; 256 * 1024 + 1], "more than 262144 bytes");
    refused(b"\xff", "not UTF-8");
    home.run(&["submit", "--file", "none.json"]).said(4, "no file none.json");
    home.run(&["submit", "--file", "/"]).said(1, "cannot read /");
    home.run(&["submit", "--repo", "acme", "--issue", "1"]).said(2, "OWNER/NAME");
    home.run(&["submit", "--repo", "a/b", "--issue", "0"]).said(2, "must be 1 or more");
    home.run(&["submit", "--repo", "a/b"]).said(2, "--issue");
    home.run(&["submit", "--issue", "1"]).said(2, "--repo");
    home.run(&["submit"]).said(2, "required");
    home.run(&["submit", "--file", "x", "--repo", "a/b", "--issue", "1"]).said(2, "cannot be used");
    assert!(!home.state_dir().exists());
}

#[tokio::test]
async fn a_job_that_is_over_is_tried_again_as_a_new_asking() {
    let home = Home::new();
    let store = home.store();
    let done = job(&store, "api", 1, JobState::Failed).await;
    let running = job(&store, "api", 2, JobState::Running).await;
    let ran = home.run(&["retry", &done.0[..8]]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 1), "{ran:?}");
    let messages = waiting(&home).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["repository"], "acme/api");
    assert_eq!(messages[0]["body"], "It should add.");
    assert_ne!(messages[0]["delivery"], "d-1");
    home.run(&["retry", &running.0]).said(1, "is not over (running)");
}
