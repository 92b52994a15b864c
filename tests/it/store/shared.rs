//! Several workers on one PostgreSQL.

use std::sync::Arc;
use std::time::Duration;

use codingworker::domain::job::{JobState, Record};
use codingworker::domain::time::Timestamp;
use codingworker::postgres::{Address, Postgres};
use codingworker::store::postgres::PostgresStore;
use codingworker::store::postgres::untold::SharedUntold;
use codingworker::store::{Admission, Claimant, Store};

use crate::contract::store::{record, task};
use crate::postgres::Terminator;
use crate::postgres_server::Server;

const NOW: Timestamp = Timestamp(1);

async fn worker(address: &Address, name: &str) -> (Store, Claimant) {
    let postgres = Postgres::open(address.clone()).await.unwrap();
    let claimant =
        Claimant { owner: name.to_owned(), lease: Duration::from_secs(600), begins: true };
    (PostgresStore::over(postgres, name.to_owned()), claimant)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_workers_that_admit_a_task_at_once_one_has_its_job() {
    let address = Server::shared().address();
    let (one, me) = worker(&address, "one").await;
    let (two, other) = worker(&address, "two").await;
    for round in 1..=200 {
        let task = task("acme/api", round, "d-1");
        let (ours, theirs) =
            tokio::join!(one.admit(&task, "r1", &me, NOW), two.admit(&task, "r2", &other, NOW));
        let won = |it: &Admission| matches!(it, Admission::New(_));
        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
        assert!(won(&ours) != won(&theirs), "round {round}: {ours:?} {theirs:?}");
        let lost = if won(&ours) { theirs } else { ours };
        assert!(matches!(lost, Admission::Held(_)), "round {round}: {lost:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_lost_or_doubled_while_backends_are_terminated() {
    let address = Server::shared().address();
    let terminator = Terminator::of(address.clone());
    let mut workers = tokio::task::JoinSet::new();
    for number in 0..4_u64 {
        let (store, me) = worker(&address, &format!("worker{number}")).await;
        let terminated = terminator.terminated();
        workers.spawn(async move {
            let admitted = store.admit(&task("acme/api", number, "d"), "r", &me, NOW).await;
            let Ok(Admission::New(taken)) = admitted else { panic!("{admitted:?}") };
            let mut at = 0;
            while at < 40 || *terminated.borrow() == 0 {
                assert!(at < 100_000, "no backend is ever terminated");
                at += 1;
                let event = record(at, "one of many");
                let seq = store.append(&taken.fence, &event, JobState::Running, None).await;
                assert_eq!(seq, Ok(at.cast_unsigned()), "it has the next number");
            }
            (store, taken.job.id, at)
        });
    }
    for (store, id, last) in workers.join_all().await {
        let records: Vec<Record> = store.records(&id).await.unwrap();
        let at: Vec<i64> = records.iter().map(|it| it.at.0).collect();
        assert_eq!(at, (1..=last).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_a_job_printed_is_with_the_worker_that_ran_it() {
    let address = Server::shared().address();
    let (one, me) = worker(&address, "one").await;
    let (two, _) = worker(&address, "two").await;
    let admitted = one.admit(&task("acme/api", 1, "d"), "r", &me, NOW).await;
    let Ok(Admission::New(taken)) = admitted else { panic!("{admitted:?}") };
    one.log_section(&taken.job.id, NOW, "nul \0", 0).await.unwrap();
    assert_eq!(one.log_sections(&taken.job.id).await.unwrap().len(), 1);
    assert_eq!(two.log_sections(&taken.job.id).await, Ok(vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_workers_one_tells_of_a_job_and_one_that_died_at_it_tells_when_it_is_back() {
    let address = Server::shared().address();
    let (store, me) = worker(&address, "one").await;
    for number in 0..20 {
        let admitted = store.admit(&task("acme/api", number, "d"), "r", &me, NOW).await;
        let Ok(Admission::New(taken)) = admitted else { panic!("{admitted:?}") };
        store.append(&taken.fence, &record(2, "over"), JobState::Done, None).await.unwrap();
    }
    let mut tellers = tokio::task::JoinSet::new();
    for number in 0..10 {
        let postgres = Postgres::open(address.clone()).await.unwrap();
        let untold = Arc::new(SharedUntold::new(postgres, format!("worker{number}")));
        tellers.spawn(async move {
            let taken = untold.take().await.unwrap();
            // It dies before it says that it has written them down, and starts again.
            assert_eq!(untold.take().await.unwrap(), taken);
            untold.moved(taken.iter().map(|it| it.seq).collect()).await.unwrap();
            assert_eq!(untold.take().await.unwrap(), []);
            taken
        });
    }
    let mut told: Vec<String> =
        tellers.join_all().await.concat().into_iter().map(|it| it.origin).collect();
    assert_eq!(told.len(), 20, "each job once");
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 20, "each under its own name");
}
