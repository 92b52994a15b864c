//! One job answers for several tasks.

use std::collections::BTreeSet;

use super::*;
use codingworker::domain::task::{CommentKind, CommentRef, comment_key};

fn comment(id: u64) -> Task {
    let comment = CommentRef { kind: CommentKind::IssueComment, id };
    Task { origin: Origin::PrComment { pull: 7, comment }, ..task("acme/api", 7, "") }
}

fn key(id: u64) -> String {
    comment(id).key()
}

async fn begun(store: &Store, job: &JobId) {
    store.append(&fence(job), &record(2, "it has begun"), JobState::Running, None).await.unwrap();
}

pub(super) async fn a_comment_that_another_job_claimed_never_makes_a_job_and_leaves_that_one_as_it_is(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    let job = admitted(&store, &comment(1), NOW.0).await;
    assert_eq!(store.claim(&fence(&job.id), &[key(2), key(3)]).await, Ok(vec![key(2), key(3)]));
    assert_eq!(store.claimed_by(&key(2)).await, Ok(Some(job.id.clone())));
    for receipt in ["another receipt", "and another"] {
        let delivered = deliver(&store, &comment(2), receipt, 9).await;
        assert_eq!(delivered, Admission::Claimed(job.clone()), "its receipt is its own still");
    }
    store.append(&fence(&job.id), &record(2, "over"), JobState::Done, None).await.unwrap();
    let Admission::Claimed(over) = deliver(&store, &comment(2), "late", NOW.0).await else {
        panic!("it was forgotten when the job ended");
    };
    assert_eq!((over.id, over.state), (job.id, JobState::Done));
    assert_eq!(store.jobs(&JobFilter::default(), 9).await.unwrap().len(), 1);
    admitted(&store, &comment(4), 1).await; // One that nobody claimed does make a job.
}

pub(super) async fn a_key_is_claimed_once_and_by_the_same_job_again(place: Arc<dyn Place>) {
    let store = place.open().await;
    let first = admitted(&store, &comment(1), 1).await.id;
    let second = admitted(&store, &comment(2), 2).await.id;
    assert_eq!(store.claim(&fence(&first), &[key(3)]).await, Ok(vec![key(3)]));
    assert_eq!(store.claim(&fence(&second), &[key(3), key(4)]).await, Ok(vec![key(4)]));
    assert_eq!(store.claim(&fence(&first), &[key(4), key(3)]).await, Ok(vec![key(3)]), "redone");
    assert_eq!(store.claimed_by(&key(3)).await, Ok(Some(first)));
    assert_eq!(store.claimed_by(&key(5)).await, Ok(None));
}

pub(super) async fn a_job_that_has_begun_keeps_its_key_and_one_that_only_waits_finds_out(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    let first = admitted(&store, &comment(1), 1).await.id;
    let waiting = admitted(&store, &comment(2), 2).await.id;
    let working = admitted(&store, &comment(3), 3).await.id;
    begun(&store, &working).await;
    assert_eq!(store.claim(&fence(&first), &[key(2), key(3)]).await, Ok(vec![key(2)]));
    assert_eq!(store.claimed_by(&key(2)).await, Ok(Some(first)));
    assert_eq!(store.claimed_by(&key(3)).await, Ok(None));
    // It was admitted before: it has to begin to find out, for a delivery that is its own.
    let Admission::Known(Taken { job, fence, .. }) =
        deliver(&store, &comment(2), "newer", NOW.0).await
    else {
        panic!("it had a job");
    };
    assert_eq!((job.id, job.receipt.as_deref()), (waiting.clone(), Some("newer")));
    assert_eq!(store.claim(&fence, &[key(2)]).await, Ok(vec![]), "its own key is gone");
}

pub(super) async fn a_job_that_claims_its_own_key_when_it_begins_cannot_lose_it(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    let first = admitted(&store, &comment(1), 1).await.id;
    let second = admitted(&store, &comment(2), 2).await.id;
    assert_eq!(store.claim(&fence(&second), &[key(2)]).await, Ok(vec![key(2)]));
    assert_eq!(store.claim(&fence(&first), &[key(2)]).await, Ok(vec![]));
    assert_eq!(store.claimed_by(&key(2)).await, Ok(None), "no other job does");
    let Admission::Known(again) = deliver(&store, &comment(2), "newer", NOW.0).await else {
        panic!("it had a job");
    };
    assert_eq!(again.job.receipt.as_deref(), Some("newer"));
    let record = record(2, "it has begun");
    store.append(&again.fence, &record, JobState::Running, None).await.unwrap();
    assert_eq!(store.claim(&again.fence, &[key(2)]).await, Ok(vec![key(2)]), "after a restart");
}

pub(super) async fn only_a_job_can_claim(place: Arc<dyn Place>) {
    let store = place.open().await;
    let nobody = JobId("ffffffffffff".into());
    let claimed = store.claim(&fence(&nobody), &[key(1)]).await;
    assert_eq!(claimed, Err(StoreError::NoSuchJob(nobody)));
    assert_eq!(store.claimed_by(&key(1)).await, Ok(None));
}

pub(super) async fn two_stores_on_one_file_that_race_for_keys_share_them_out(
    place: Arc<dyn Place>,
) {
    let keys: Vec<String> = (100..200).map(key).collect();
    let mut racing = tokio::task::JoinSet::new();
    for (store, id) in [(place.open().await, 1), (place.open().await, 2)] {
        let job = admitted(&store, &comment(id), 1).await.id;
        for key in keys.clone() {
            let (store, job) = (store.clone(), job.clone());
            racing.spawn(
                async move { (job.clone(), store.claim(&fence(&job), &[key]).await.unwrap()) },
            );
        }
    }
    let mut given = Vec::new();
    while let Some(raced) = racing.join_next().await {
        let (job, ours) = raced.unwrap();
        given.extend(ours.into_iter().map(|key| (key, job.clone())));
    }
    let restarted = place.open().await;
    assert_eq!(given.len(), keys.len(), "each to one job");
    for (key, job) in &given {
        assert_eq!(restarted.claimed_by(key).await, Ok(Some(job.clone())), "after a restart");
    }
    assert_eq!(given.into_iter().map(|it| it.0).collect::<BTreeSet<_>>().len(), keys.len());
}

pub(super) async fn a_comment_that_is_delivered_while_it_is_claimed_has_one_job_to_answer_it(
    place: Arc<dyn Place>,
) {
    let (worker, other) = (place.open().await, place.open().await);
    let job = admitted(&worker, &comment(1), 1).await.id;
    for id in 100..150 {
        let (claimed, delivered) =
            tokio::join!(async { worker.claim(&fence(&job), &[key(id)]).await.unwrap() }, async {
                deliver(&other, &comment(id), "r", NOW.0).await
            },);
        assert_eq!(claimed, [key(id)], "whatever was delivered has not begun");
        match delivered {
            Admission::Claimed(by) => assert_eq!(by.id, job),
            Admission::New(new) => {
                assert_eq!(other.claimed_by(&key(id)).await, Ok(Some(job.clone())));
                assert_eq!(other.claim(&new.fence, &[key(id)]).await, Ok(vec![]));
            }
            known => panic!("it was known: {known:?}"),
        }
    }
}

pub(super) async fn the_name_of_a_comments_job_is_known_before_there_is_one(place: Arc<dyn Place>) {
    let store = place.open().await;
    let of = CommentRef { kind: CommentKind::IssueComment, id: 5 };
    let name = job_id(&comment_key(&"Acme/API".parse().unwrap(), of));
    assert_eq!(admitted(&store, &comment(5), 1).await.id, name);
}
