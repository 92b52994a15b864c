//! What is PostgreSQL's alone: several workers on one queue, each with connections of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use codingworker::postgres::{Address, Postgres};
use codingworker::queue::postgres::{PostgresQueue, PostgresQueueOptions};
use codingworker::queue::{QueueError, Settlement, TaskQueue};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::postgres::Terminator;
use crate::postgres_server::Server;

/// Longer than any test waits: what comes within it was not found by looking again.
const NEVER: Duration = Duration::from_secs(600);
const PATIENCE: Duration = Duration::from_secs(60);

/// A worker's own hold on the queue.
async fn worker(address: &Address, lease: Duration, poll: Duration) -> PostgresQueue {
    let postgres = Postgres::open(address.clone()).await.unwrap();
    PostgresQueue::new(postgres, PostgresQueueOptions { lease, poll, max_receives: 100 })
}

#[tokio::test]
async fn a_worker_is_woken_by_what_another_does() {
    let address = Server::shared().address();
    let sender = worker(&address, NEVER, NEVER).await;
    let receiver = Arc::new(worker(&address, NEVER, NEVER).await);
    let next = || {
        let receiver = receiver.clone();
        tokio::spawn(async move {
            let stop = CancellationToken::new();
            let received = receiver.receive(1, &stop);
            tokio::time::timeout(PATIENCE, received).await.unwrap().unwrap().remove(0)
        })
    };
    let waiting = next();
    let id = sender.submit("news").await.unwrap();
    let first = waiting.await.unwrap();
    assert_eq!(first.id, id);
    let waiting = next();
    sender.settle(&first.receipt, Settlement::Return(Duration::ZERO)).await.unwrap();
    let second = waiting.await.unwrap();
    assert_eq!(second.deliveries, 2, "what is given back elsewhere comes");
    let reason = "buried".to_owned();
    receiver.settle(&second.receipt, Settlement::Bury { reason }).await.unwrap();
    let waiting = next();
    assert_eq!(sender.redrive(&[]).await.unwrap(), 1);
    assert_eq!(waiting.await.unwrap().id, id, "what is sent back elsewhere comes");
}

#[tokio::test]
async fn two_workers_that_reach_for_the_same_message_do_not_both_get_it() {
    let address = Server::shared().address();
    let workers = [
        worker(&address, NEVER, Duration::ZERO).await,
        worker(&address, NEVER, Duration::ZERO).await,
    ];
    for round in 0..200 {
        let id = workers[0].submit("one").await.unwrap();
        let stop = CancellationToken::new();
        let (ours, theirs) =
            tokio::join!(workers[0].receive(1, &stop), workers[1].receive(1, &stop));
        let mut taken = ours.unwrap();
        taken.extend(theirs.unwrap());
        assert_eq!(taken.len(), 1, "round {round}");
        assert_eq!(taken[0].id, id);
        workers[1].settle(&taken[0].receipt, Settlement::Done).await.unwrap();
    }
}

#[tokio::test]
async fn ten_workers_empty_a_queue_whose_backends_are_terminated() {
    let address = Server::shared().address();
    let sender = worker(&address, NEVER, Duration::ZERO).await;
    let stop = CancellationToken::new();
    let terminator = Terminator::of(address.clone());
    let mut workers = JoinSet::new();
    for _ in 0..10 {
        let queue = worker(&address, NEVER, Duration::from_millis(200)).await;
        let stop = stop.clone();
        workers.spawn(async move {
            let mut done = Vec::new();
            while !stop.is_cancelled() {
                for delivery in queue.receive(3, &stop).await.unwrap_or_default() {
                    queue.settle(&delivery.receipt, Settlement::Done).await.unwrap();
                    assert_eq!(delivery.deliveries, 1, "its lease is still long");
                    done.push(delivery.body);
                }
            }
            done
        });
    }
    let (mut sent, terminated) = (Vec::new(), terminator.terminated());
    while sent.len() < 150 || *terminated.borrow() == 0 {
        assert!(sent.len() < 100_000, "no backend is ever terminated");
        sent.push(sent.len().to_string());
        sender.submit(&sent[sent.len() - 1]).await.unwrap();
    }
    let emptied = async {
        loop {
            let depth = sender.depth().await.unwrap();
            if depth.waiting + depth.in_flight == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE * 2, emptied).await.unwrap();
    stop.cancel();
    let mut times: HashMap<String, u32> = HashMap::new();
    for body in workers.join_all().await.concat() {
        *times.entry(body).or_default() += 1;
    }
    assert_eq!(times.len(), sent.len(), "each message was worked on");
    assert!(times.values().all(|it| *it == 1), "none twice: {times:?}");
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused() {
    let queue = worker(&Server::shared().address(), NEVER, Duration::ZERO).await;
    assert!(matches!(queue.submit("a\0b").await, Err(QueueError::Refused(_))));
}
