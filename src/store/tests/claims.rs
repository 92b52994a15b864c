//! One job answers for several tasks.

use std::collections::BTreeSet;

use super::*;
use crate::domain::task::{CommentKind, CommentRef, comment_key};

fn comment(id: u64) -> Task {
    let comment = CommentRef { kind: CommentKind::IssueComment, id };
    Task { origin: Origin::PrComment { pull: 7, comment }, ..task("acme/api", 7, "") }
}

fn key(id: u64) -> String {
    comment(id).key()
}

async fn begun(store: &Store, job: &JobId) {
    store.append(job, &record(2, "it has begun"), JobState::Running, None).await.unwrap();
}

#[tokio::test]
async fn a_comment_that_another_job_claimed_never_makes_a_job_and_leaves_that_one_as_it_is() {
    let store = store();
    let job = admitted(&store, &comment(1), NOW.0).await;
    assert_eq!(store.claim(&job.id, &[key(2), key(3)]).await, Ok(vec![key(2), key(3)]));
    assert_eq!(store.claimed_by(&key(2)).await, Ok(Some(job.id.clone())));
    for receipt in ["another receipt", "and another"] {
        let delivered = store.admit(&comment(2), receipt, Timestamp(9)).await;
        assert_eq!(delivered, Ok(Admission::Claimed(job.clone())), "its receipt is its own still");
    }
    store.append(&job.id, &record(2, "over"), JobState::Done, None).await.unwrap();
    let Ok(Admission::Claimed(over)) = store.admit(&comment(2), "late", NOW).await else {
        panic!("it was forgotten when the job ended");
    };
    assert_eq!((over.id, over.state), (job.id, JobState::Done));
    assert_eq!(store.jobs(&JobFilter::default(), 9).await.unwrap().len(), 1);
    admitted(&store, &comment(4), 1).await; // One that nobody claimed does make a job.
}

#[tokio::test]
async fn a_key_is_claimed_once_and_by_the_same_job_again() {
    let store = store();
    let first = admitted(&store, &comment(1), 1).await.id;
    let second = admitted(&store, &comment(2), 2).await.id;
    assert_eq!(store.claim(&first, &[key(3)]).await, Ok(vec![key(3)]));
    assert_eq!(store.claim(&second, &[key(3), key(4)]).await, Ok(vec![key(4)]));
    assert_eq!(store.claim(&first, &[key(4), key(3)]).await, Ok(vec![key(3)]), "redone");
    assert_eq!(store.claimed_by(&key(3)).await, Ok(Some(first)));
    assert_eq!(store.claimed_by(&key(5)).await, Ok(None));
}

#[tokio::test]
async fn a_job_that_has_begun_keeps_its_key_and_one_that_only_waits_finds_out() {
    let store = store();
    let first = admitted(&store, &comment(1), 1).await.id;
    let waiting = admitted(&store, &comment(2), 2).await.id;
    let working = admitted(&store, &comment(3), 3).await.id;
    begun(&store, &working).await;
    assert_eq!(store.claim(&first, &[key(2), key(3)]).await, Ok(vec![key(2)]));
    assert_eq!(store.claimed_by(&key(2)).await, Ok(Some(first)));
    assert_eq!(store.claimed_by(&key(3)).await, Ok(None));
    // It was admitted before: it has to begin to find out, for a delivery that is its own.
    let Ok(Admission::Known(job)) = store.admit(&comment(2), "newer", NOW).await else {
        panic!("it had a job");
    };
    assert_eq!((job.id, job.receipt.as_deref()), (waiting.clone(), Some("newer")));
    assert_eq!(store.claim(&waiting, &[key(2)]).await, Ok(vec![]), "its own key is gone");
}

#[tokio::test]
async fn a_job_that_claims_its_own_key_when_it_begins_cannot_lose_it() {
    let store = store();
    let first = admitted(&store, &comment(1), 1).await.id;
    let second = admitted(&store, &comment(2), 2).await.id;
    assert_eq!(store.claim(&second, &[key(2)]).await, Ok(vec![key(2)]));
    assert_eq!(store.claim(&first, &[key(2)]).await, Ok(vec![]));
    assert_eq!(store.claimed_by(&key(2)).await, Ok(None), "no other job does");
    let again = store.admit(&comment(2), "newer", NOW).await.unwrap();
    assert!(matches!(again, Admission::Known(job) if job.receipt.as_deref() == Some("newer")));
    begun(&store, &second).await;
    assert_eq!(store.claim(&second, &[key(2)]).await, Ok(vec![key(2)]), "after a restart");
}

#[tokio::test]
async fn only_a_job_can_claim() {
    let store = store();
    let nobody = JobId("ffffffffffff".into());
    let claimed = store.claim(&nobody, &[key(1)]).await;
    assert_eq!(claimed, Err(StoreError::NoSuchJob(nobody)));
    assert_eq!(store.claimed_by(&key(1)).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_on_one_file_that_race_for_keys_share_them_out() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Store::new(Database::open(&folder.path().join("codingworker.db")).unwrap());
    let keys: Vec<String> = (100..200).map(key).collect();
    let mut racing = tokio::task::JoinSet::new();
    for (store, id) in [(open(), 1), (open(), 2)] {
        let job = admitted(&store, &comment(id), 1).await.id;
        for key in keys.clone() {
            let (store, job) = (store.clone(), job.clone());
            racing.spawn(async move { (job.clone(), store.claim(&job, &[key]).await.unwrap()) });
        }
    }
    let mut given = Vec::new();
    while let Some(raced) = racing.join_next().await {
        let (job, ours) = raced.unwrap();
        given.extend(ours.into_iter().map(|key| (key, job.clone())));
    }
    let restarted = open();
    assert_eq!(given.len(), keys.len(), "each to one job");
    for (key, job) in &given {
        assert_eq!(restarted.claimed_by(key).await, Ok(Some(job.clone())), "after a restart");
    }
    assert_eq!(given.into_iter().map(|it| it.0).collect::<BTreeSet<_>>().len(), keys.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comment_that_is_delivered_while_it_is_claimed_has_one_job_to_answer_it() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Store::new(Database::open(&folder.path().join("codingworker.db")).unwrap());
    let (worker, other) = (open(), open());
    let job = admitted(&worker, &comment(1), 1).await.id;
    for id in 100..150 {
        let (claimed, delivered) =
            tokio::join!(async { worker.claim(&job, &[key(id)]).await.unwrap() }, async {
                other.admit(&comment(id), "r", NOW).await.unwrap()
            },);
        assert_eq!(claimed, [key(id)], "whatever was delivered has not begun");
        match delivered {
            Admission::Claimed(by) => assert_eq!(by.id, job),
            Admission::New(new) => {
                assert_eq!(other.claimed_by(&key(id)).await, Ok(Some(job.clone())));
                assert_eq!(other.claim(&new.id, &[key(id)]).await, Ok(vec![]));
            }
            Admission::Known(job) => panic!("{} was known", job.id),
        }
    }
}

#[tokio::test]
async fn the_name_of_a_comments_job_is_known_before_there_is_one() {
    let store = store();
    let of = CommentRef { kind: CommentKind::IssueComment, id: 5 };
    let name = job_id(&comment_key(&"Acme/API".parse().unwrap(), of));
    assert_eq!(admitted(&store, &comment(5), 1).await.id, name);
}
