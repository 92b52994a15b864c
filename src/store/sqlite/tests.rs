//! What is SQLite's own: old files, rows that are not ours, the worker's name. All that a store does
//! is in `tests/it/contract/store`.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::*;
use crate::domain::task::{Origin, Task};
use crate::domain::time::Timestamp;
use crate::store::{Admission, Claimant};

const NOW: Timestamp = Timestamp(1_000_000);

async fn admitted(store: &Store) -> Fence {
    let task = Task {
        repository: "acme/api".parse().unwrap(),
        origin: Origin::Issue { number: 7 },
        title: "Fix the sum".into(),
        body: "It is off by one.".into(),
        body_sha256: None,
        labels: vec!["ai-task".into()],
        asking: "d-1".into(),
    };
    let me = Claimant { owner: "one".into(), lease: Duration::from_secs(60), begins: true };
    match store.admit(&task, "receipt", &me, NOW).await.unwrap() {
        Admission::New(taken) => taken.fence,
        other => panic!("it was known: {other:?}"),
    }
}

#[tokio::test]
async fn a_job_has_the_same_name_wherever_its_task_is_admitted() {
    let store = || SqliteStore::over(Database::open_in_memory().unwrap());
    let id = admitted(&store()).await.job;
    assert_eq!(id, admitted(&store()).await.job);
    assert_eq!(id.0.len(), 12);
    assert!(id.0.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')));
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_said_to_be_unreadable_not_guessed() {
    let database = Database::open_in_memory().unwrap();
    let store = SqliteStore::over(database.clone());
    let job = admitted(&store).await.job;
    let id = job.0.clone();
    let newer = "INSERT INTO events VALUES (?1, 1, '{\"event\":\"teleported\"}')";
    database.write(move |it| it.execute(newer, [id])).await.unwrap();
    let Err(StoreError::Unreadable { job: named, .. }) = store.records(&job).await else {
        panic!("it was read");
    };
    assert_eq!(named, job.0);
}

#[tokio::test]
async fn in_a_database_of_an_older_version_every_job_that_left_the_queue_was_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codingworker.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../database/001_jobs.sql")).unwrap();
    old.execute_batch(include_str!("../../database/002_queue.sql")).unwrap();
    for (at, state) in [(10, "done"), (20, "failed"), (30, "running"), (40, "queued")] {
        old.execute(
            "INSERT INTO jobs (id, key, repository, issue, task, state, created_at, updated_at,
                               receipt)
             VALUES (?1, ?1, 'acme/api', 7, '{}', ?2, ?1, ?1, 'r')",
            params![at, state],
        )
        .unwrap();
    }
    old.pragma_update(None, "user_version", 2).unwrap();
    drop(old);
    let store = SqliteStore::over(Database::open(&path).unwrap());
    let repository = "Acme/Api".parse().unwrap();
    for (since, runs) in [(0, 3), (20, 2)] {
        assert_eq!(store.runs_since(&repository, 7, Timestamp(since)).await, Ok(runs));
    }
    assert_eq!(store.unsettled(9).await, Ok(vec![]), "they were settled, and nobody noted it");
}

#[tokio::test]
async fn a_state_folders_worker_keeps_its_name_and_shares_it_with_no_other() {
    let database = Database::open_in_memory().unwrap();
    let name = SqliteStore::worker(&database, "laptop").await.unwrap();
    assert!(name.starts_with("laptop-") && name.len() == "laptop-".len() + 8, "{name}");
    assert_eq!(SqliteStore::worker(&database, "renamed").await.unwrap(), name);
    let other = Database::open_in_memory().unwrap();
    assert_ne!(SqliteStore::worker(&other, "laptop").await.unwrap(), name);
}

#[tokio::test]
async fn the_pull_requests_of_an_older_version_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codingworker.db");
    let store = SqliteStore::over(Database::open(&path).unwrap());
    drop(store);
    let old = Connection::open(&path).unwrap();
    old.execute_batch("DROP TABLE fates; PRAGMA user_version = 10;").unwrap();
    let opened = r#"{"at":50,"took_ms":1,"event":{"event":"opened","of":{"number":8,"url":"u","draft":false}}}"#;
    let updated = r#"{"at":70,"took_ms":1,"event":{"event":"ended","of":{"kind":"updated"}}}"#;
    let other = r#"{"at":90,"took_ms":1,"event":{"event":"closed"}}"#;
    for (job, issue, events) in
        [("a", 7, [opened, other].as_slice()), ("b", 8, &[updated, other]), ("c", 9, &[other])]
    {
        old.execute(
            "INSERT INTO jobs (id, key, repository, issue, task, state, created_at, updated_at)
             VALUES (?1, ?1, 'acme/api', ?2, '{\"repository\":\"Acme/Api\"}', 'done', 1, 1)",
            params![job, issue],
        )
        .unwrap();
        for (seq, event) in events.iter().enumerate() {
            let insert = "INSERT INTO events (job, seq, record) VALUES (?1, ?2, ?3)";
            old.execute(insert, params![job, seq as i64 + 1, event]).unwrap();
        }
    }
    drop(old);
    let store = SqliteStore::over(Database::open(&path).unwrap());
    let all = store.fates().await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].repository.to_string(), all[0].number), ("Acme/Api".to_owned(), 8));
    assert_eq!((all[0].since, all[0].looked_at), (Timestamp(70), None));
}
