//! Who works on what.

use super::*;

async fn taken(store: &Store, by: &str, now: i64) -> Option<Taken> {
    let id = job_id(&task("acme/api", 7, "d-1").key());
    store.take(&id, &worker(by), Timestamp(now)).await.unwrap()
}

fn by(name: &str) -> Claimant {
    worker(name)
}

pub(super) async fn a_job_that_another_worker_holds_is_left_to_it_with_the_newer_delivery(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    let task = task("acme/api", 7, "d-1");
    let job = admitted(&store, &task, NOW.0).await;
    // Leases are of 60 seconds.
    let now = place.pass(Duration::from_secs(40)).await;
    let Ok(Admission::Held(held)) = store.admit(&task, "newer", &by("two"), now).await else {
        panic!("it was taken");
    };
    assert_eq!(held.owner.as_deref(), Some("one"));
    assert!(taken(&store, "two", now.0).await.is_none());
    let renewed = store.renew(&fence(&job.id), Duration::from_secs(60), now).await;
    assert_eq!(renewed, Ok(Some("newer".into())), "its holder hears of the delivery");
    let later = place.pass(Duration::from_secs(40)).await;
    assert!(taken(&store, "two", later.0).await.is_none(), "it was renewed");
    let over = place.pass(Duration::from_secs(20)).await;
    let Ok(Admission::Known(known)) = store.admit(&task, "newest", &by("two"), over).await else {
        panic!("its lease has ended");
    };
    assert!(known.orphaned, "nobody put it down");
    assert_eq!((known.fence.token, known.job.owner.as_deref()), (2, Some("two")));
    let late = store.append(&fence(&job.id), &record(2, "late"), JobState::Running, None).await;
    assert_eq!(late, Err(StoreError::Fenced(job.id)), "what the first still writes is refused");
}

pub(super) async fn each_claim_has_a_greater_token_and_what_is_written_under_an_older_one_is_refused(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    let job = admitted(&store, &task("acme/api", 7, "d-1"), NOW.0).await;
    let old = fence(&job.id);
    let new = taken(&store, "one", NOW.0).await.unwrap().fence;
    assert_eq!(new.token, old.token + 1);
    let fenced = StoreError::Fenced(job.id.clone());
    assert_eq!(fenced.fault(), Fault::Interrupted);
    let written = store.append(&old, &record(2, "late"), JobState::Running, None).await;
    assert_eq!(written, Err(fenced.clone()));
    assert_eq!(store.claim(&old, &["k".into()]).await, Err(fenced.clone()));
    assert_eq!(store.hold(&old, "r").await, Err(fenced.clone()));
    assert_eq!(store.begin(&old).await, Err(fenced.clone()));
    assert_eq!(store.release(&old).await, Err(fenced.clone()));
    assert_eq!(store.check(&old).await, Err(fenced.clone()));
    let lease = Duration::from_secs(60);
    assert_eq!(store.renew(&old, lease, NOW).await, Err(fenced));
    assert_eq!(store.records(&job.id).await, Ok(vec![]), "nothing of it was written");
    assert_eq!(store.claimed_by("k").await, Ok(None));
    store.append(&new, &record(3, "ours"), JobState::Running, None).await.unwrap();
    assert_eq!(store.check(&new).await, Ok(()));
}

pub(super) async fn a_job_that_was_put_down_is_anybodys_at_once_and_nobody_died_at_it(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    let job = admitted(&store, &task("acme/api", 7, "d-1"), NOW.0).await;
    store.release(&fence(&job.id)).await.unwrap();
    let again = taken(&store, "two", NOW.0).await.unwrap();
    assert!(!again.orphaned);
    assert_eq!(again.job.receipt.as_deref(), Some("receipt"), "it still has its delivery");
}

pub(super) async fn a_worker_that_only_held_a_job_until_there_was_a_slot_did_not_die_at_it(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    let me = Claimant { begins: false, ..worker("one") };
    let admission = store.admit(&task("acme/api", 7, "d-1"), "r", &me, NOW).await.unwrap();
    let Admission::New(waiting) = admission else { panic!("{admission:?}") };
    let again = store.take(&waiting.job.id, &me, NOW).await.unwrap().unwrap();
    assert!(!again.orphaned);
    store.begin(&again.fence).await.unwrap();
    assert!(store.take(&waiting.job.id, &me, NOW).await.unwrap().unwrap().orphaned);
}

pub(super) async fn a_death_is_owed_to_the_journal_until_it_is_written_there(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    admitted(&store, &task("acme/api", 7, "d-1"), NOW.0).await;
    let id = job_id(&task("acme/api", 7, "d-1").key());
    let me = Claimant { begins: false, ..worker("one") };
    // Who takes it dies, or puts it down, before it writes anything.
    assert!(store.take(&id, &me, NOW).await.unwrap().unwrap().orphaned);
    let again = store.take(&id, &me, NOW).await.unwrap().unwrap();
    assert!(again.orphaned);
    store.release(&again.fence).await.unwrap();
    let last = store.take(&id, &me, NOW).await.unwrap().unwrap();
    assert!(last.orphaned);
    let death = Record { at: NOW, took_ms: 0, event: Event::Orphaned };
    store.append(&last.fence, &death, JobState::Running, None).await.unwrap();
    assert!(!store.take(&id, &me, NOW).await.unwrap().unwrap().orphaned);
}

pub(super) async fn a_job_that_is_over_is_nobodys_and_owes_its_delivery_until_that_is_settled(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    let task = task("acme/api", 7, "d-1");
    let job = admitted(&store, &task, NOW.0).await;
    assert_eq!(store.unsettled(9).await, Ok(vec![]));
    store.append(&fence(&job.id), &record(2, "over"), JobState::Failed, None).await.unwrap();
    let late = store.hold(&fence(&job.id), "late").await;
    assert_eq!(late, Err(StoreError::Fenced(job.id.clone())), "it needs no delivery any more");
    assert!(taken(&store, "one", NOW.0).await.is_none());
    let Admission::Over(over) = deliver(&store, &task, "late", NOW.0).await else {
        panic!("it is over");
    };
    assert_eq!((over.receipt.as_deref(), over.owner), (Some("receipt"), None));
    let owed = store.unsettled(9).await.unwrap();
    assert_eq!(owed.iter().map(|it| &it.id).collect::<Vec<_>>(), [&job.id]);
    store.settled(&job.id, "another").await.unwrap();
    assert_eq!(store.unsettled(9).await.unwrap().len(), 1, "that was not its delivery");
    store.settled(&job.id, "receipt").await.unwrap();
    assert_eq!(store.unsettled(9).await, Ok(vec![]));
}

pub(super) async fn of_two_workers_that_take_a_job_at_once_one_gets_it(place: Arc<dyn Place>) {
    let (one, two) = (place.open().await, place.open().await);
    for number in 1..=50 {
        let job = admitted(&one, &task("acme/api", number, "d-1"), NOW.0).await.id;
        one.release(&fence(&job)).await.unwrap();
        let (me, other) = (by("one"), by("two"));
        let raced = tokio::join!(one.take(&job, &me, NOW), two.take(&job, &other, NOW));
        let got = [raced.0.unwrap(), raced.1.unwrap()];
        assert_eq!(got.iter().flatten().count(), 1, "{got:?}");
    }
}
