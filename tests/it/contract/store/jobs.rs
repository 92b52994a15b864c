//! The clauses about jobs and their events.

use super::*;

pub(super) async fn a_task_delivered_twice_is_one_job_that_works_for_the_newer_delivery(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    let job = admitted(&store, &task("acme/api", 7, "d-1"), NOW.0).await;
    assert_eq!(job.state, JobState::Queued);
    assert_eq!(job.created_at, NOW);
    // The same asking, typed in another case, in a message with other words.
    let again = Task { title: "Other".into(), ..task("Acme/API", 7, "d-1") };
    let Admission::Known(known) = deliver(&store, &again, "receipt 2", NOW.0 + 5).await else {
        panic!("it was not known");
    };
    assert_eq!(known.job, Job { receipt: Some("receipt 2".into()), ..job.clone() });
    let other = admitted(&store, &task("acme/api", 7, "d-2"), NOW.0).await;
    assert_ne!(other.id, job.id, "labelled again is asked again");
}

pub(super) async fn events_are_numbered_and_come_back_as_they_were(place: Arc<dyn Place>) {
    let store = place.open().await;
    let job = admitted(&store, &task("acme/api", 7, "d-1"), NOW.0).await;
    let url = "https://github.com/acme/api/pull/8";
    let seq = |event, state, pull_request| {
        let (store, id) = (store.clone(), job.id.clone());
        async move { store.append(&fence(&id), &event, state, pull_request).await.unwrap() }
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

pub(super) async fn an_unknown_job_is_named_in_the_error(place: Arc<dyn Place>) {
    let store = place.open().await;
    let id = JobId("ffffffffffff".into());
    let error = StoreError::NoSuchJob(id.clone());
    let appended = store.append(&fence(&id), &record(1, "x"), JobState::Running, None).await;
    assert_eq!(appended, Err(error.clone()));
    assert_eq!(store.hold(&fence(&id), "r").await, Err(error.clone()));
    assert_eq!(store.check(&fence(&id)).await, Err(error.clone()));
    assert_eq!(store.take(&id, &worker("one"), NOW).await, Err(error.clone()));
    assert_eq!(store.request_cancel(&id, NOW).await, Err(error.clone()));
    assert_eq!(store.log_section(&id, NOW, "build", 0).await, Err(error));
    assert_eq!(store.cancel_requested(&id).await, Ok(false));
    assert_eq!(store.records(&id).await, Ok(vec![]));
}

pub(super) async fn jobs_are_listed_newest_first_by_state_and_by_repository(place: Arc<dyn Place>) {
    let store = place.open().await;
    let old = admitted(&store, &task("acme/api", 1, "a"), 10).await.id;
    let middle = admitted(&store, &task("acme/web", 2, "b"), 20).await.id;
    let new = admitted(&store, &task("acme/api", 3, "c"), 20).await.id;
    store.append(&fence(&old), &record(30, "over"), JobState::Done, None).await.unwrap();
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

pub(super) async fn the_beginning_of_an_id_is_enough_while_it_fits_one_job(place: Arc<dyn Place>) {
    let store = place.open().await;
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

pub(super) async fn only_a_job_that_is_not_over_can_be_cancelled(place: Arc<dyn Place>) {
    let store = place.open().await;
    let job = admitted(&store, &task("acme/api", 7, "d-1"), NOW.0).await;
    assert_eq!(store.cancel_requested(&job.id).await, Ok(false));
    assert_eq!(store.request_cancel(&job.id, NOW).await, Ok(true));
    assert_eq!(store.cancel_requested(&job.id).await, Ok(true));
    let other = admitted(&store, &task("acme/api", 8, "d-2"), NOW.0).await;
    let asked = store.cancels(&[other.id.clone(), job.id.clone(), JobId("0".into())]).await;
    assert_eq!(asked, Ok(vec![job.id.clone()]), "of all that run, asked at once");
    assert_eq!(store.cancels(&[other.id]).await, Ok(vec![]), "none but those asked for");
    store.append(&fence(&job.id), &record(2, "over"), JobState::Cancelled, None).await.unwrap();
    assert_eq!(store.request_cancel(&job.id, NOW).await, Ok(false));
}

pub(super) async fn the_parts_of_a_log_come_back_in_order(place: Arc<dyn Place>) {
    let store = place.open().await;
    let job = admitted(&store, &task("acme/api", 7, "d-1"), NOW.0).await;
    store.log_section(&job.id, Timestamp(1), "build", 0).await.unwrap();
    store.log_section(&job.id, Timestamp(2), "test", 120).await.unwrap();
    let sections = store.log_sections(&job.id).await.unwrap();
    assert_eq!(sections[1], LogSection { at: Timestamp(2), title: "test".into(), offset: 120 });
    assert_eq!(sections.len(), 2);
}

pub(super) async fn a_job_and_its_events_are_there_after_a_restart_and_for_other_processes(
    place: Arc<dyn Place>,
) {
    let worker = place.open().await;
    let job = admitted(&worker, &task("acme/api", 7, "d-1"), NOW.0).await;
    worker.append(&fence(&job.id), &record(2, "one"), JobState::Running, None).await.unwrap();
    let command = place.open().await;
    assert_eq!(command.request_cancel(&job.id, NOW).await, Ok(true));
    assert_eq!(worker.cancel_requested(&job.id).await, Ok(true), "seen while both are open");
    drop((worker, command));
    let restarted = place.open().await;
    assert_eq!(restarted.records(&job.id).await.unwrap().len(), 1);
    assert_eq!(restarted.unfinished().await.unwrap()[0].state, JobState::Running);
}
