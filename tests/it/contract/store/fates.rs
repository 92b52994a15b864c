//! What became of pull requests.

use codingworker::domain::change::Fate;
use codingworker::store::Followed;
use serde_json::json;

use super::*;

fn event(at: i64, event: serde_json::Value) -> Record {
    Record { at: Timestamp(at), took_ms: 1, event: serde_json::from_value(event).unwrap() }
}

async fn opened(store: &Store, repository: &str, number: u64, at: i64) {
    let job = admitted(store, &task(repository, 1_000 + number, "a"), at).await.id;
    let of = json!({"number": number, "url": "https://example.com", "draft": true});
    let record = event(at, json!({"event": "opened", "of": of}));
    store.append(&fence(&job), &record, JobState::Running, None).await.unwrap();
}

async fn open(store: &Store, since: i64) -> Vec<(String, u64)> {
    let all = store.open_pulls(Timestamp(since)).await.unwrap();
    all.into_iter().map(|it| (it.repository.to_string(), it.number)).collect()
}

fn named(all: &[(&str, u64)]) -> Vec<(String, u64)> {
    all.iter().map(|(repository, number)| ((*repository).to_owned(), *number)).collect()
}

pub(super) async fn a_pull_request_that_a_job_opened_is_followed_until_it_is_not_open(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    opened(&store, "Acme/Api", 8, 100).await;
    opened(&store, "acme/web", 8, 200).await;
    let all = store.fates().await.unwrap();
    let first = Followed {
        repository: "Acme/Api".parse().unwrap(),
        number: 8,
        since: Timestamp(100),
        fate: Fate::Open,
        etag: None,
        looked_at: None,
    };
    assert_eq!((all.len(), &all[0]), (2, &first));
    assert_eq!(open(&store, 100).await, named(&[("Acme/Api", 8), ("acme/web", 8)]));
    assert_eq!(open(&store, 101).await, named(&[("acme/web", 8)]));
    assert!(store.begin_look(&first, Timestamp(300)).await.unwrap());
    assert!(!store.begin_look(&first, Timestamp(301)).await.unwrap(), "another was faster");
    // Who waits longest comes first.
    assert_eq!(open(&store, 0).await, named(&[("acme/web", 8), ("Acme/Api", 8)]));
    store.saw(&first, Fate::Open, Some("\"a\"")).await.unwrap();
    drop(store);
    let store = place.open().await;
    let seen = store.fates().await.unwrap().remove(0);
    let looked_at = Some(Timestamp(300));
    assert_eq!(seen, Followed { etag: Some("\"a\"".into()), looked_at, ..first.clone() });
    store.saw(&seen, Fate::Merged, None).await.unwrap();
    assert_eq!(open(&store, 0).await, named(&[("acme/web", 8)]));
    assert_eq!(store.fates().await.unwrap()[0].fate, Fate::Merged);
}

pub(super) async fn a_pull_request_that_was_pushed_to_is_open_again_whatever_was_seen_before(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    opened(&store, "acme/api", 45, 100).await;
    let before = store.fates().await.unwrap().remove(0);
    store.saw(&before, Fate::Closed, Some("\"a\"")).await.unwrap();
    let job = admitted(&store, &task("ACME/api", 45, "b"), 500).await.id;
    let change = json!({"branch": "b", "commit": "c"});
    let updated = json!({"kind": "updated", "change": change, "ready": true});
    let record = event(600, json!({"event": "ended", "of": updated}));
    store.append(&fence(&job), &record, JobState::Running, None).await.unwrap();
    let all = store.fates().await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].fate, all[0].since, &all[0].etag), (Fate::Open, Timestamp(600), &None));
    // What was seen of it as it was before says nothing of it now.
    store.saw(&before, Fate::Closed, None).await.unwrap();
    assert_eq!(store.fates().await.unwrap()[0].fate, Fate::Open);
}

pub(super) async fn looks_are_counted_from_that_moment_on(place: Arc<dyn Place>) {
    let store = place.open().await;
    for number in [1, 2, 3] {
        opened(&store, "acme/api", number, 100).await;
    }
    let all = store.fates().await.unwrap();
    assert_eq!(store.looks_since(Timestamp(0)).await, Ok(0));
    store.begin_look(&all[0], Timestamp(500)).await.unwrap();
    store.begin_look(&all[1], Timestamp(600)).await.unwrap();
    store.saw(&all[1], Fate::Merged, None).await.unwrap();
    assert_eq!(store.looks_since(Timestamp(500)).await, Ok(2));
    assert_eq!(store.looks_since(Timestamp(501)).await, Ok(1));
}
