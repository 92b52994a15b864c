//! How long finished jobs took.

use std::time::Duration;

use serde_json::json;

use super::*;

fn event(at: i64, event: serde_json::Value) -> Record {
    Record { at: Timestamp(at), took_ms: 1, event: serde_json::from_value(event).unwrap() }
}

fn inspected(at: i64) -> Record {
    event(
        at,
        json!({"event": "inspected", "of": {"title": "", "body": "", "removed": 0, "open": true,
        "asked_by": null, "default_branch": "main", "public": false}}),
    )
}

fn attempted(at: i64, model: &str) -> Record {
    event(
        at,
        json!({"event": "attempted", "of": {"request": {"kind": "implement"}, "model": model,
        "rung": 0, "outcome": {"kind": "no_change"}, "tree": "a", "files": [], "calls": 1,
        "tokens": {"read": 1, "written": 1}, "left_out": [], "agent": "aider"}}),
    )
}

async fn job(store: &Store, repository: &str, thread: u64, models: &[&str], state: JobState) {
    let job = admitted(store, &task(repository, thread, "a"), 500).await.id;
    store.append(&fence(&job), &inspected(1_000), JobState::Running, None).await.unwrap();
    for model in models {
        store
            .append(&fence(&job), &attempted(2_000, model), JobState::Running, None)
            .await
            .unwrap();
    }
    let end = event(1_000 + i64::try_from(thread).unwrap(), json!({"event": "closed"}));
    store.append(&fence(&job), &end, state, None).await.unwrap();
}

async fn durations(store: &Store, repository: Option<&str>, most: usize) -> Vec<(String, u128)> {
    let repository = repository.map(|it| it.parse().unwrap());
    let found = store.durations(repository.as_ref(), most).await.unwrap();
    let mut found = found
        .into_iter()
        .map(|(_, it)| (format!("{} {}", it.repository, it.model), it.time.as_millis()))
        .collect::<Vec<_>>();
    found.sort();
    found
}

pub(super) async fn a_job_took_as_long_as_from_its_beginning_to_its_end_with_the_model_that_it_began_with(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    job(&store, "Acme/Api", 60, &["small", "big"], JobState::Done).await;
    job(&store, "acme/api", 90, &["small"], JobState::Failed).await;
    job(&store, "acme/web", 30, &["big"], JobState::Done).await;
    // Neither of these says how long work takes.
    job(&store, "acme/api", 1, &[], JobState::Failed).await;
    job(&store, "acme/api", 2, &["small"], JobState::Cancelled).await;
    job(&store, "acme/api", 3, &["small"], JobState::Running).await;
    let api = [("acme/api small".to_owned(), 60), ("acme/api small".to_owned(), 90)];
    assert_eq!(durations(&store, Some("ACME/API"), 10).await, api);
    assert_eq!(durations(&store, None, 10).await.len(), 3);
    assert!(durations(&store, None, 2).await.len() <= 2);
    let all = store.durations(None, 10).await.unwrap();
    assert!(all.iter().all(|(_, it)| it.time < Duration::from_secs(1)));
}
