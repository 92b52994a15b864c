use super::*;
use crate::domain::job::{Event, Failure, Fault};
use crate::domain::task::Origin;

mod claims;
mod counts;
mod memory;

const NOW: Timestamp = Timestamp(1_000_000);

fn task(repository: &str, number: u64, asking: &str) -> Task {
    Task {
        repository: repository.parse().unwrap(),
        origin: Origin::Issue { number },
        title: "Fix the sum".into(),
        body: "It is off by one.".into(),
        body_sha256: None,
        labels: vec!["ai-task".into()],
        asking: asking.into(),
    }
}

fn record(at: i64, message: &str) -> Record {
    let event = Event::Failed(Failure::new(Fault::Transient, message));
    Record { at: Timestamp(at), took_ms: 7, event }
}

fn store() -> Store {
    Store::new(Database::open_in_memory().unwrap())
}

async fn admitted(store: &Store, task: &Task, now: i64) -> Job {
    match store.admit(task, "receipt", Timestamp(now)).await.unwrap() {
        Admission::New(job) => job,
        Admission::Known(job) => panic!("{} was known", job.id),
        Admission::Claimed(job) => panic!("{} has claimed it", job.id),
    }
}

#[tokio::test]
async fn a_task_delivered_twice_is_one_job_that_works_for_the_newer_delivery() {
    let store = store();
    let job = admitted(&store, &task("acme/api", 7, "d-1"), NOW.0).await;
    assert_eq!(job.state, JobState::Queued);
    assert_eq!(job.created_at, NOW);
    // The same asking, typed in another case, in a message with other words.
    let again = Task { title: "Other".into(), ..task("Acme/API", 7, "d-1") };
    let known = store.admit(&again, "receipt 2", Timestamp(NOW.0 + 5)).await.unwrap();
    let expected = Job { receipt: Some("receipt 2".into()), ..job.clone() };
    assert_eq!(known, Admission::Known(expected));
    let other = admitted(&store, &task("acme/api", 7, "d-2"), NOW.0).await;
    assert_ne!(other.id, job.id, "labelled again is asked again");
}

#[tokio::test]
async fn a_job_has_the_same_name_wherever_its_task_is_admitted() {
    let task = task("acme/api", 7, "d-1");
    let (one, other) = (store(), store());
    let id = admitted(&one, &task, 1).await.id;
    assert_eq!(id, admitted(&other, &task, 2).await.id);
    assert_eq!(id.0.len(), 12);
    assert!(id.0.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')));
}

#[tokio::test]
async fn a_job_that_is_over_keeps_its_receipt() {
    let store = store();
    let task = task("acme/api", 7, "d-1");
    let job = admitted(&store, &task, NOW.0).await;
    store.append(&job.id, &record(2, "over"), JobState::Failed, None).await.unwrap();
    store.hold(&job.id, None).await.unwrap();
    let Admission::Known(known) = store.admit(&task, "late", NOW).await.unwrap() else {
        panic!("it was new");
    };
    assert_eq!(known.receipt, None);
    assert_eq!(known.state, JobState::Failed);
}

#[tokio::test]
async fn events_are_numbered_and_come_back_as_they_were() {
    let store = store();
    let job = admitted(&store, &task("acme/api", 7, "d-1"), NOW.0).await;
    let url = "https://github.com/acme/api/pull/8";
    let seq = |event, state, pull_request| {
        let (store, id) = (store.clone(), job.id.clone());
        async move { store.append(&id, &event, state, pull_request).await.unwrap() }
    };
    assert_eq!(seq(record(2_000_000, "one"), JobState::Running, Some(url)).await, 1);
    assert_eq!(seq(record(3_000_000, "二"), JobState::Waiting, None).await, 2);
    let records = store.records(&job.id).await.unwrap();
    assert_eq!(records, [record(2_000_000, "one"), record(3_000_000, "二")]);
    let listed = store.jobs(&JobFilter::default(), 10).await.unwrap();
    assert_eq!(listed[0].state, JobState::Waiting);
    assert_eq!(listed[0].updated_at, Timestamp(3_000_000));
    assert_eq!(listed[0].pull_request.as_deref(), Some(url), "what is known stays known");
}

#[tokio::test]
async fn an_unknown_job_is_named_in_the_error() {
    let store = store();
    let id = JobId("ffffffffffff".into());
    let error = StoreError::NoSuchJob(id.clone());
    let appended = store.append(&id, &record(1, "x"), JobState::Running, None).await;
    assert_eq!(appended, Err(error.clone()));
    assert_eq!(store.hold(&id, None).await, Err(error.clone()));
    assert_eq!(store.request_cancel(&id, NOW).await, Err(error.clone()));
    assert_eq!(store.log_section(&id, NOW, "build", 0).await, Err(error));
    assert_eq!(store.cancel_requested(&id).await, Ok(false));
    assert_eq!(store.records(&id).await, Ok(vec![]));
}

#[tokio::test]
async fn jobs_are_listed_newest_first_by_state_and_by_repository() {
    let store = store();
    let old = admitted(&store, &task("acme/api", 1, "a"), 10).await.id;
    let middle = admitted(&store, &task("acme/web", 2, "b"), 20).await.id;
    let new = admitted(&store, &task("acme/api", 3, "c"), 20).await.id;
    store.append(&old, &record(30, "over"), JobState::Done, None).await.unwrap();
    let ids = |filter: JobFilter, most| {
        let store = store.clone();
        async move {
            let jobs = store.jobs(&filter, most).await.unwrap();
            jobs.into_iter().map(|it| it.id).collect::<Vec<_>>()
        }
    };
    let all = JobFilter::default();
    assert_eq!(ids(all.clone(), 9).await, [new.clone(), middle.clone(), old.clone()]);
    assert_eq!(ids(all.clone(), 1).await.as_slice(), std::slice::from_ref(&new));
    let queued = JobFilter { state: Some(JobState::Queued), ..all.clone() };
    assert_eq!(ids(queued, 9).await, [new.clone(), middle.clone()]);
    let api = JobFilter { repository: Some("ACME/api".parse().unwrap()), ..all };
    assert_eq!(ids(api, 9).await, [new.clone(), old]);
    let unfinished: Vec<_> =
        store.unfinished().await.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(unfinished, [middle, new]);
}

#[tokio::test]
async fn the_beginning_of_an_id_is_enough_while_it_fits_one_job() {
    let store = store();
    // 17 jobs: at least two begin with the same digit.
    for number in 1..=17 {
        admitted(&store, &task("acme/api", number, "a"), 1).await;
    }
    let ids: Vec<_> = store.unfinished().await.unwrap().into_iter().map(|it| it.id).collect();
    let (full, digit) = (&ids[0].0, &ids[0].0[..1]);
    for typed in [full.clone(), full.to_uppercase()] {
        match store.find(&typed).await.unwrap() {
            Found::One(job) => assert_eq!(&job.id.0, full),
            other => panic!("{other:?}"),
        }
    }
    let shared = (b'0'..=b'f')
        .map(|it| char::from(it).to_string())
        .find(|digit| ids.iter().filter(|id| id.0.starts_with(digit.as_str())).count() > 1)
        .unwrap();
    match store.find(&shared).await.unwrap() {
        Found::Many(many) => assert!(many.iter().all(|id| id.0.starts_with(&shared))),
        other => panic!("{other:?}"),
    }
    for wrong in ["", "%", "g", "' OR 1=1 --", &format!("{full}0"), &format!("{digit}_")] {
        assert_eq!(store.find(wrong).await.unwrap(), Found::None, "{wrong}");
    }
}

#[tokio::test]
async fn only_a_job_that_is_not_over_can_be_cancelled() {
    let store = store();
    let job = admitted(&store, &task("acme/api", 7, "d-1"), NOW.0).await;
    assert_eq!(store.cancel_requested(&job.id).await, Ok(false));
    assert_eq!(store.request_cancel(&job.id, NOW).await, Ok(true));
    assert_eq!(store.cancel_requested(&job.id).await, Ok(true));
    store.append(&job.id, &record(2, "over"), JobState::Cancelled, None).await.unwrap();
    assert_eq!(store.request_cancel(&job.id, NOW).await, Ok(false));
}

#[tokio::test]
async fn the_parts_of_a_log_come_back_in_order() {
    let store = store();
    let job = admitted(&store, &task("acme/api", 7, "d-1"), NOW.0).await;
    store.log_section(&job.id, Timestamp(1), "build", 0).await.unwrap();
    store.log_section(&job.id, Timestamp(2), "test", 120).await.unwrap();
    let sections = store.log_sections(&job.id).await.unwrap();
    assert_eq!(sections[1], LogSection { at: Timestamp(2), title: "test".into(), offset: 120 });
    assert_eq!(sections.len(), 2);
}

#[tokio::test]
async fn a_job_and_its_events_are_there_after_a_restart_and_for_other_processes() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Store::new(Database::open(&folder.path().join("codingworker.db")).unwrap());
    let worker = open();
    let job = admitted(&worker, &task("acme/api", 7, "d-1"), NOW.0).await;
    worker.append(&job.id, &record(2, "one"), JobState::Running, None).await.unwrap();
    let command = open();
    assert_eq!(command.request_cancel(&job.id, NOW).await, Ok(true));
    assert_eq!(worker.cancel_requested(&job.id).await, Ok(true), "seen while both are open");
    drop((worker, command));
    let restarted = open();
    assert_eq!(restarted.records(&job.id).await.unwrap().len(), 1);
    assert_eq!(restarted.unfinished().await.unwrap()[0].state, JobState::Running);
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_said_to_be_unreadable_not_guessed() {
    let store = store();
    let job = admitted(&store, &task("acme/api", 7, "d-1"), NOW.0).await;
    let id = job.id.0.clone();
    store
        .database
        .write(move |it| {
            it.execute("INSERT INTO events VALUES (?1, 1, '{\"event\":\"teleported\"}')", [id])
        })
        .await
        .unwrap();
    let Err(StoreError::Unreadable { job: named, .. }) = store.records(&job.id).await else {
        panic!("it was read");
    };
    assert_eq!(named, job.id.0);
}
