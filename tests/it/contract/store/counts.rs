//! What the caps of a day count, and the jobs of one issue or pull request.

use super::*;
use codingworker::domain::job::{Answer, Inspection, Refusal, Told};

fn inspected(at: i64) -> Record {
    let event = Event::Inspected(Inspection {
        title: "Fix the sum".into(),
        body: String::new(),
        removed: 0,
        open: true,
        asked_by: None,
        asked_at: None,
        default_branch: "main".into(),
        public: false,
        network: false,
        conversation: None,
    });
    Record { event, ..record(at, "") }
}

fn refused(at: i64) -> Record {
    let refusal = Refusal { reason: "Whoever asked may not.".into(), told: Told::OncePerThread };
    Record { event: Event::Ended(Outcome::Refused(refusal)), ..record(at, "") }
}

async fn counted(store: &Store, thread: u64, since: i64) -> (u64, u64) {
    let repository = "Acme/Api".parse().unwrap();
    let since = Timestamp(since);
    let runs = store.runs_since(&repository, thread, since).await.unwrap();
    (runs, store.refusals_since(&repository, thread, since).await.unwrap())
}

pub(super) async fn only_jobs_that_were_allowed_to_begin_are_runs_from_that_moment_on(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    for (at, asking) in [(10, "a"), (20, "b"), (30, "c")] {
        let job = admitted(&store, &task("acme/api", 7, asking), 1).await.id;
        store.append(&fence(&job), &inspected(at), JobState::Running, None).await.unwrap();
    }
    let waiting = admitted(&store, &task("acme/api", 7, "d"), 30).await.id;
    store
        .append(&fence(&waiting), &record(31, "no network"), JobState::Waiting, None)
        .await
        .unwrap();
    let elsewhere = admitted(&store, &task("acme/api", 8, "a"), 30).await.id;
    store.append(&fence(&elsewhere), &inspected(30), JobState::Running, None).await.unwrap();
    assert_eq!(counted(&store, 7, 0).await, (3, 0));
    assert_eq!(counted(&store, 7, 20).await, (2, 0), "that moment included");
    assert_eq!(counted(&store, 7, 31).await, (0, 0));
    assert_eq!(counted(&store, 9, 0).await, (0, 0));
}

pub(super) async fn a_job_counts_once_and_when_it_began(place: Arc<dyn Place>) {
    let store = place.open().await;
    let job = admitted(&store, &task("acme/api", 7, "a"), 1).await.id;
    for at in [10, 20] {
        store.append(&fence(&job), &inspected(at), JobState::Running, None).await.unwrap();
    }
    store.append(&fence(&job), &record(30, "over"), JobState::Failed, None).await.unwrap();
    assert_eq!(counted(&store, 7, 10).await, (1, 0));
    assert_eq!(counted(&store, 7, 11).await, (0, 0));
}

pub(super) async fn a_refused_job_is_a_refusal_and_no_run(place: Arc<dyn Place>) {
    let store = place.open().await;
    for (at, asking) in [(10, "a"), (20, "b")] {
        let job = admitted(&store, &task("acme/api", 7, asking), 1).await.id;
        store.append(&fence(&job), &refused(at), JobState::Failed, None).await.unwrap();
    }
    assert_eq!(counted(&store, 7, 0).await, (0, 2));
    assert_eq!(counted(&store, 7, 20).await, (0, 1));
    assert_eq!(counted(&store, 8, 0).await, (0, 0));
}

pub(super) async fn a_job_that_was_answered_without_work_is_no_run_and_no_refusal(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    let job = admitted(&store, &task("acme/api", 7, "a"), 1).await.id;
    let answered = Event::Ended(Outcome::Answered(Answer::Question));
    let answered = Record { event: answered, ..record(10, "") };
    store.append(&fence(&job), &answered, JobState::Running, None).await.unwrap();
    store.append(&fence(&job), &record(11, "over"), JobState::Done, None).await.unwrap();
    let repository = "Acme/Api".parse().unwrap();
    for (since, count) in [(10, 1), (11, 0)] {
        let answers = store.answers_since(&repository, 7, Timestamp(since)).await.unwrap();
        assert_eq!((answers, counted(&store, 7, since).await), (count, (0, 0)));
    }
}

pub(super) async fn the_jobs_of_a_thread_are_listed_newest_first(place: Arc<dyn Place>) {
    let store = place.open().await;
    let mut ids = Vec::new();
    for (at, asking) in [(10, "a"), (30, "b"), (30, "c")] {
        ids.insert(0, admitted(&store, &task("acme/api", 7, asking), at).await.id);
    }
    admitted(&store, &task("acme/api", 8, "a"), 40).await;
    admitted(&store, &task("acme/web", 7, "a"), 40).await;
    let repository = "ACME/api".parse().unwrap();
    let listed = |most| {
        let (store, repository) = (&store, &repository);
        async move {
            let jobs = store.jobs_of(repository, 7, most).await.unwrap();
            jobs.into_iter().map(|it| it.id).collect::<Vec<_>>()
        }
    };
    assert_eq!(listed(9).await, ids);
    assert_eq!(listed(2).await, ids[..2]);
}
