use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;

mod model;
mod waking;

const LEASE: Duration = Duration::from_secs(300);
/// No test waits this long; one that would has lost its wake-up.
const HANG: Duration = Duration::from_secs(20);
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

/// A wall clock that moves when it is told to.
#[derive(Clone)]
struct Wall(Arc<AtomicI64>);

impl Wall {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_795_234_800_000)))
    }

    fn pass(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    fn set_back(&self, time: Duration) {
        self.0.fetch_sub(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Arc::new(move || Timestamp(now.load(Ordering::SeqCst)))
    }
}

fn options(wall: &Wall) -> SqliteQueueOptions {
    SqliteQueueOptions {
        lease: LEASE,
        poll: Duration::ZERO,
        max_receives: 3,
        wake_path: None,
        clock: wall.clock(),
    }
}

fn queue(wall: &Wall) -> SqliteQueue {
    SqliteQueue::new(Database::open_in_memory().unwrap(), options(wall))
}

/// A queue as another process would have it: its own handle on the file.
fn process(folder: &Path, wall: &Wall, poll: Duration) -> SqliteQueue {
    let database = Database::open(&folder.join("codingworker.db")).unwrap();
    let wake_path = Some(folder.join("wake.sock"));
    SqliteQueue::new(database, SqliteQueueOptions { poll, wake_path, ..options(wall) })
}

async fn take(queue: &SqliteQueue) -> Vec<Delivery> {
    queue.receive(10, &CancellationToken::new()).await.unwrap()
}

async fn take_one(queue: &SqliteQueue) -> Delivery {
    let mut deliveries = take(queue).await;
    assert_eq!(deliveries.len(), 1, "{deliveries:?}");
    deliveries.remove(0)
}

async fn woken(receiving: tokio::task::JoinHandle<Vec<Delivery>>) -> Vec<Delivery> {
    tokio::time::timeout(HANG, receiving).await.expect("nobody woke it").unwrap()
}

#[tokio::test]
async fn a_delivery_is_hidden_from_others_for_the_length_of_its_lease() {
    let (wall, ms) = (Wall::new(), Duration::from_millis(1));
    let queue = queue(&wall);
    let id = queue.submit("{}").await.unwrap();
    let first = take_one(&queue).await;
    assert_eq!((&first.id, first.body.as_str(), first.deliveries), (&id, "{}", 1));
    wall.pass(LEASE - ms);
    assert!(take(&queue).await.is_empty());
    wall.pass(ms);
    let second = take_one(&queue).await;
    assert_eq!((&second.id, second.deliveries), (&id, 2));
    assert_ne!(second.receipt.handle, first.receipt.handle);
}

#[tokio::test]
async fn extending_keeps_a_delivery_ours_from_now_on() {
    let wall = Wall::new();
    let queue = queue(&wall);
    queue.submit("{}").await.unwrap();
    let delivery = take_one(&queue).await;
    for _ in 0..5 {
        wall.pass(LEASE / 2);
        queue.extend(&delivery.receipt).await.unwrap();
        assert!(take(&queue).await.is_empty());
    }
    wall.pass(LEASE * 9);
    queue.extend(&delivery.receipt).await.expect("the laptop slept, and nobody else took it");
    assert!(take(&queue).await.is_empty());
}

#[tokio::test]
async fn a_stale_receipt_extends_nothing_and_settles_nothing() {
    let wall = Wall::new();
    let queue = queue(&wall);
    queue.submit("{}").await.unwrap();
    let stale = take_one(&queue).await.receipt;
    wall.pass(LEASE);
    let current = take_one(&queue).await.receipt;
    assert!(matches!(queue.extend(&stale).await, Err(QueueError::LeaseLost)));
    for verdict in [
        Settlement::Done,
        Settlement::Return(Duration::ZERO),
        Settlement::Bury { reason: "stale".into() },
    ] {
        queue.settle(&stale, verdict).await.unwrap();
    }
    assert_eq!(queue.depth().await.unwrap().in_flight, 1);
    assert!(queue.dead().await.unwrap().is_empty());
    queue.extend(&current).await.expect("the current receipt is not harmed");
}

#[tokio::test]
async fn a_delivery_is_settled_once() {
    let wall = Wall::new();
    let queue = queue(&wall);
    queue.submit("{}").await.unwrap();
    let receipt = take_one(&queue).await.receipt;
    queue.settle(&receipt, Settlement::Done).await.unwrap();
    queue.settle(&receipt, Settlement::Return(Duration::ZERO)).await.unwrap();
    queue.settle(&receipt, Settlement::Bury { reason: "again".into() }).await.unwrap();
    assert!(matches!(queue.extend(&receipt).await, Err(QueueError::LeaseLost)));
    let empty = Depth { dead: Some(0), ..Depth::default() };
    assert_eq!(queue.depth().await.unwrap(), empty);
}

#[tokio::test]
async fn a_returned_message_comes_back_after_its_pause_behind_those_that_wait() {
    let wall = Wall::new();
    let queue = queue(&wall);
    queue.submit("first").await.unwrap();
    let first = take_one(&queue).await;
    let minute = Duration::from_secs(60);
    queue.settle(&first.receipt, Settlement::Return(minute)).await.unwrap();
    assert!(take(&queue).await.is_empty());
    queue.submit("second").await.unwrap();
    wall.pass(minute);
    let bodies: Vec<_> = take(&queue).await.into_iter().map(|it| it.body).collect();
    assert_eq!(bodies, ["second", "first"]);
}

#[tokio::test]
async fn returning_a_delivery_brings_it_no_nearer_to_the_dead_letters() {
    let wall = Wall::new();
    let queue = queue(&wall);
    queue.submit("{}").await.unwrap();
    for deliveries in 1..=20 {
        let delivery = take_one(&queue).await;
        assert_eq!(delivery.deliveries, deliveries);
        queue.settle(&delivery.receipt, Settlement::Return(Duration::ZERO)).await.unwrap();
    }
    assert_eq!(queue.depth().await.unwrap().dead, Some(0));
}

#[tokio::test]
async fn a_message_whose_lease_runs_out_too_often_is_a_dead_letter_and_can_be_sent_back() {
    let wall = Wall::new();
    let queue = queue(&wall);
    let id = queue.submit("poison").await.unwrap();
    for deliveries in 1..=3 {
        assert_eq!(take_one(&queue).await.deliveries, deliveries);
        wall.pass(LEASE);
    }
    assert!(take(&queue).await.is_empty());
    let dead = queue.dead().await.unwrap();
    assert_eq!((dead[0].id.as_str(), dead[0].body.as_str()), (id.as_str(), "poison"));
    assert!(dead[0].reason.contains("lease ran out 3 times"), "{}", dead[0].reason);
    assert_eq!(queue.redrive(&[]).await.unwrap(), 1);
    assert!(queue.dead().await.unwrap().is_empty());
    let again = take_one(&queue).await;
    assert_eq!((again.id, again.deliveries), (id, 1), "it begins anew");
}

#[tokio::test]
async fn what_is_buried_keeps_its_reason_and_goes_back_by_name() {
    let wall = Wall::new();
    let queue = queue(&wall);
    let mut ids = Vec::new();
    for body in ["one", "two", "three"] {
        ids.push(queue.submit(body).await.unwrap());
    }
    for delivery in take(&queue).await {
        let reason = format!("{} is no task", delivery.body);
        queue.settle(&delivery.receipt, Settlement::Bury { reason }).await.unwrap();
    }
    let reasons: Vec<_> = queue.dead().await.unwrap().into_iter().map(|it| it.reason).collect();
    assert_eq!(reasons, ["one is no task", "two is no task", "three is no task"]);
    let chosen = [ids[1].clone(), "unknown".into()];
    assert_eq!(queue.redrive(&chosen).await.unwrap(), 1);
    assert_eq!(take_one(&queue).await.body, "two");
    assert_eq!(queue.depth().await.unwrap().dead, Some(2));
}

#[tokio::test]
async fn depth_tells_the_waiting_from_the_held_and_the_age_of_the_oldest() {
    let wall = Wall::new();
    let queue = queue(&wall);
    queue.submit("held").await.unwrap();
    take_one(&queue).await;
    queue.submit("old").await.unwrap();
    wall.pass(Duration::from_secs(90));
    queue.submit("new").await.unwrap();
    let expected = Depth { waiting: 2, in_flight: 1, oldest_seconds: Some(90), dead: Some(0) };
    assert_eq!(queue.depth().await.unwrap(), expected);
}

#[tokio::test]
async fn a_message_that_is_too_large_or_empty_is_refused() {
    let queue = queue(&Wall::new());
    queue.submit(&"x".repeat(256 << 10)).await.unwrap();
    for body in ["x".repeat((256 << 10) + 1), String::new()] {
        let error = queue.submit(&body).await.unwrap_err();
        assert!(matches!(error, QueueError::Refused(_)), "{error}");
    }
    assert_eq!(queue.depth().await.unwrap().waiting, 1);
}

#[tokio::test]
async fn no_more_comes_than_was_asked_for() {
    let queue = queue(&Wall::new());
    for number in 0..15 {
        queue.submit(&number.to_string()).await.unwrap();
    }
    let stop = CancellationToken::new();
    assert_eq!(queue.receive(2, &stop).await.unwrap().len(), 2);
    assert_eq!(queue.receive(0, &stop).await.unwrap().len(), 1);
    assert_eq!(queue.receive(99, &stop).await.unwrap().len(), 10);
}

#[tokio::test]
async fn a_clock_that_was_set_back_hides_nothing_for_longer_than_a_lease() {
    let wall = Wall::new();
    let queue = queue(&wall);
    queue.submit("held").await.unwrap();
    take_one(&queue).await;
    queue.submit("waiting").await.unwrap();
    wall.set_back(NEVER);
    assert_eq!(queue.depth().await.unwrap().waiting, 1);
    assert_eq!(take_one(&queue).await.body, "waiting");
    wall.pass(LEASE);
    assert_eq!(take(&queue).await.len(), 2);
}

#[tokio::test]
async fn a_worker_that_dies_between_receive_and_settle_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let wall = Wall::new();
    let died = process(folder.path(), &wall, Duration::ZERO);
    died.submit("{}").await.unwrap();
    let lost = take_one(&died).await;
    drop(died);
    let restarted = process(folder.path(), &wall, Duration::ZERO);
    assert!(take(&restarted).await.is_empty());
    // A journal that kept the receipt goes on with it; one that lost it waits the lease out.
    restarted.extend(&lost.receipt).await.unwrap();
    wall.pass(LEASE);
    assert_eq!(take_one(&restarted).await.deliveries, 2);
}

#[tokio::test(start_paused = true)]
async fn an_idle_receive_wakes_when_the_next_message_becomes_visible() {
    let begun = Instant::now();
    let clock: Clock =
        Arc::new(move || Timestamp(i64::try_from(begun.elapsed().as_millis()).unwrap()));
    let options = SqliteQueueOptions { poll: NEVER, clock, ..options(&Wall::new()) };
    let queue = SqliteQueue::new(Database::open_in_memory().unwrap(), options);
    queue.submit("{}").await.unwrap();
    let receipt = take_one(&queue).await.receipt;
    let pause = Duration::from_secs(90);
    queue.settle(&receipt, Settlement::Return(pause)).await.unwrap();
    take_one(&queue).await;
    assert_eq!(begun.elapsed(), pause);
    take_one(&queue).await;
    assert_eq!(begun.elapsed(), pause + LEASE, "and when a lease runs out");
}

#[tokio::test(start_paused = true)]
async fn an_idle_receive_ends_with_the_long_poll() {
    let poll = Duration::from_secs(20);
    let options = SqliteQueueOptions { poll, ..options(&Wall::new()) };
    let queue = SqliteQueue::new(Database::open_in_memory().unwrap(), options);
    let begun = Instant::now();
    assert!(take(&queue).await.is_empty());
    assert_eq!(begun.elapsed(), poll);
}

#[tokio::test]
async fn a_submit_in_this_process_wakes_every_idle_receive() {
    let options = SqliteQueueOptions { poll: NEVER, ..options(&Wall::new()) };
    let queue = SqliteQueue::new(Database::open_in_memory().unwrap(), options);
    let stop = CancellationToken::new();
    let receiving: Vec<_> = (0..2)
        .map(|_| {
            let (queue, stop) = (queue.clone(), stop.clone());
            tokio::spawn(async move { queue.receive(1, &stop).await.unwrap() })
        })
        .collect();
    queue.submit("one").await.unwrap();
    queue.submit("two").await.unwrap();
    for one in receiving {
        assert_eq!(woken(one).await.len(), 1);
    }
}

#[tokio::test]
async fn a_receive_ends_promptly_when_it_is_stopped_and_loses_no_delivery() {
    let folder = tempfile::tempdir().unwrap();
    let queue = process(folder.path(), &Wall::new(), NEVER);
    for round in 0..100 {
        let stop = CancellationToken::new();
        let (own, own_stop) = (queue.clone(), stop.clone());
        let receiving = tokio::spawn(async move { own.receive(10, &own_stop).await.unwrap() });
        // Different places of the race between the message and the stop.
        for _ in 0..round % 7 {
            tokio::task::yield_now().await;
        }
        let own = queue.clone();
        let submitting = tokio::spawn(async move { own.submit("{}").await.unwrap() });
        for _ in 0..round % 5 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        let mut deliveries = woken(receiving).await;
        submitting.await.unwrap();
        if deliveries.is_empty() {
            deliveries = take(&queue).await;
        }
        assert_eq!(deliveries.len(), 1, "round {round}: it is held by nobody, or lost");
        queue.settle(&deliveries[0].receipt, Settlement::Done).await.unwrap();
    }
}

#[tokio::test]
async fn a_receive_that_is_stopped_before_it_begins_takes_nothing() {
    let queue = queue(&Wall::new());
    queue.submit("{}").await.unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    assert!(queue.receive(1, &stop).await.unwrap().is_empty());
    assert_eq!(queue.depth().await.unwrap().waiting, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_goes_to_two_workers_and_none_is_left_behind() {
    const ALL: usize = 120;
    let folder = tempfile::tempdir().unwrap();
    let wall = Wall::new();
    let sender = process(folder.path(), &wall, Duration::ZERO);
    let mut workers = tokio::task::JoinSet::new();
    let stop = CancellationToken::new();
    let (seen, mut got) = tokio::sync::mpsc::channel(ALL * 2);
    for _ in 0..3 {
        let (queue, stop) = (process(folder.path(), &wall, NEVER), stop.clone());
        let seen = seen.clone();
        workers.spawn(async move {
            while !stop.is_cancelled() {
                for delivery in queue.receive(2, &stop).await.unwrap() {
                    queue.settle(&delivery.receipt, Settlement::Done).await.unwrap();
                    seen.send(delivery.body).await.unwrap();
                }
            }
        });
    }
    for number in 0..ALL {
        sender.submit(&number.to_string()).await.unwrap();
    }
    let mut bodies = Vec::new();
    while bodies.len() < ALL {
        bodies.push(tokio::time::timeout(HANG, got.recv()).await.unwrap().unwrap());
    }
    stop.cancel();
    while let Some(worker) = workers.join_next().await {
        worker.unwrap();
    }
    drop(seen);
    while let Some(body) = got.recv().await {
        bodies.push(body);
    }
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), ALL);
    assert_eq!(sender.depth().await.unwrap(), Depth { dead: Some(0), ..Depth::default() });
}
