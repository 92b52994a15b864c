//! The queues: the contract on all of them, the same under faults, and what is SQS's alone.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codingworker::database::Database;
use codingworker::domain::time::Timestamp;
use codingworker::queue::postgres::{PostgresQueue, PostgresQueueOptions};
use codingworker::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use codingworker::queue::{Settlement, TaskQueue};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::contract::queue::{Make, Wish, queue_contract};
use crate::faulty_queue::{Faults, FaultyQueue, Tally};
use crate::postgres_server::Server;

mod access;
mod postgres;
mod scripted_sqs;
mod sqs;

#[tokio::test]
async fn the_embedded_queue_keeps_the_contract() {
    queue_contract(embedded_queues()).await;
}

#[tokio::test]
async fn nothing_is_lost_on_a_faulty_embedded_queue() {
    consume_under_faults(embedded_queues()).await;
}

#[tokio::test]
async fn sqs_keeps_the_contract() {
    queue_contract(sqs_queues()).await;
}

#[tokio::test]
async fn nothing_is_lost_on_a_faulty_sqs() {
    consume_under_faults(sqs_queues()).await;
}

#[tokio::test]
async fn the_queue_on_postgresql_keeps_the_contract() {
    queue_contract(postgres_queues()).await;
}

#[tokio::test]
async fn nothing_is_lost_on_a_faulty_queue_on_postgresql() {
    consume_under_faults(postgres_queues()).await;
}

/// Each queue in a schema of its own.
fn postgres_queues() -> Make {
    Arc::new(|wish| {
        Box::pin(async move {
            let options = PostgresQueueOptions {
                lease: wish.lease,
                poll: wish.wait,
                max_receives: wish.max_receives,
            };
            let postgres = Server::shared().fresh().await;
            Arc::new(PostgresQueue::new(postgres, options)) as Arc<dyn TaskQueue>
        })
    })
}

fn sqs_queues() -> Make {
    Arc::new(|wish| Box::pin(async move { sqs::queue(wish).await as Arc<dyn TaskQueue> }))
}

/// Each queue in a file of its own, as long as the returned maker lives.
fn embedded_queues() -> Make {
    let folder = tempfile::tempdir().unwrap();
    let count = AtomicU64::new(0);
    Arc::new(move |wish| {
        let file = format!("{}.db", count.fetch_add(1, Ordering::SeqCst));
        let database = Database::open(&folder.path().join(file)).unwrap();
        let options = SqliteQueueOptions {
            lease: wish.lease,
            poll: wish.wait,
            max_receives: wish.max_receives,
            wake_path: None,
            clock: Arc::new(wall_clock),
        };
        let queue: Arc<dyn TaskQueue> = Arc::new(SqliteQueue::new(database, options));
        Box::pin(std::future::ready(queue))
    })
}

#[expect(clippy::disallowed_methods, reason = "these tests are about real leases")]
fn wall_clock() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(now.as_millis()).unwrap())
}

/// Two simple consumers empty a queue that goes wrong in every way. Each message must have been
/// worked on, and nothing may be left, in flight or dead.
async fn consume_under_faults(make: Make) {
    let mut seeds = JoinSet::new();
    for seed in 1..=3 {
        let wish =
            Wish { lease: Duration::from_secs(2), wait: Duration::from_secs(1), max_receives: 100 };
        let queue = make(wish);
        seeds.spawn(async move { consume(seed, queue.await).await });
    }
    let mut sum = Tally::default();
    for tally in seeds.join_all().await {
        sum.duplicated += tally.duplicated;
        sum.late += tally.late;
        sum.lost_replies += tally.lost_replies;
        sum.throttled += tally.throttled;
        sum.delayed += tally.delayed;
    }
    let Tally { duplicated, late, lost_replies, throttled, delayed } = sum;
    for count in [duplicated, late, lost_replies, throttled, delayed] {
        assert!(count > 0, "some fault never happened, so nothing was shown: {sum:?}");
    }
}

async fn consume(seed: u64, inner: Arc<dyn TaskQueue>) -> Tally {
    let queue = Arc::new(FaultyQueue::new(inner, seed, Faults::ROUGH));
    let mut tasks: HashSet<String> = (0..30).map(|n| format!("task {n}")).collect();
    for task in &tasks {
        while queue.submit(task).await.is_err() {}
    }
    let stop = CancellationToken::new();
    let mut consumers = JoinSet::new();
    let rounds = Arc::new(AtomicU64::new(0));
    for _ in 0..2 {
        consumers.spawn(consumer(queue.clone(), stop.clone(), rounds.clone()));
    }
    let empty = async {
        loop {
            let depth = queue.depth().await.unwrap();
            if depth.waiting + depth.in_flight == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let emptied = tokio::time::timeout(Duration::from_secs(120), empty).await;
    assert!(emptied.is_ok(), "seed {seed}: the queue does not get empty");
    stop.cancel();
    for worked in consumers.join_all().await {
        tasks.retain(|task| !worked.contains(task));
    }
    assert!(tasks.is_empty(), "seed {seed}: never worked on: {tasks:?}");
    assert_eq!(queue.dead().await.unwrap(), [], "seed {seed}");
    queue.tally()
}

/// Works on what it gets, and says which. Each fifth it gives back instead, as a worker that
/// stops would. A settlement is repeated until it is heard.
async fn consumer(
    queue: Arc<FaultyQueue<dyn TaskQueue>>,
    stop: CancellationToken,
    rounds: Arc<AtomicU64>,
) -> HashSet<String> {
    let mut worked = HashSet::new();
    while !stop.is_cancelled() {
        for delivery in queue.receive(4, &stop).await.unwrap_or_default() {
            let verdict = if rounds.fetch_add(1, Ordering::SeqCst) % 5 == 4 {
                Settlement::Return(Duration::ZERO)
            } else {
                worked.insert(delivery.body.clone());
                Settlement::Done
            };
            while queue.settle(&delivery.receipt, verdict.clone()).await.is_err() {}
        }
    }
    worked
}
