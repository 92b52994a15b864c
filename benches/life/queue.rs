//! The embedded queue alone: producers who submit, workers who receive and settle, and when each
//! message began and ended.
#![allow(dead_code, clippy::allow_attributes, reason = "the tests need less of it")]

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codingworker::database::Database;
use codingworker::domain::time::Timestamp;
use codingworker::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use codingworker::queue::{Settlement, TaskQueue};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A job's number, and a moment of its life in microseconds since 1970.
pub(crate) type Moment = (usize, u64);

/// How much of it.
pub(crate) struct Size {
    pub(crate) jobs: usize,
    /// Jobs before those that count, with higher numbers.
    pub(crate) warm_up: usize,
    pub(crate) workers: usize,
    pub(crate) producers: usize,
}

impl Size {
    pub(crate) fn all(&self) -> usize {
        self.jobs + self.warm_up
    }
}

/// How many deliveries can be asked for at once.
const AT_ONCE: usize = 10;

/// The queue in `room`, with connections of its own.
pub(crate) fn open(room: &Path) -> (Database, SqliteQueue) {
    let database = Database::open(&room.join("codingworker.db")).expect("a database");
    let options = SqliteQueueOptions {
        lease: Duration::from_secs(600),
        poll: Duration::from_secs(20),
        max_receives: 20,
        wake_path: Some(room.join("wake.sock")),
        clock: Arc::new(|| Timestamp(i64::try_from(micros() / 1_000).expect("a time"))),
    };
    (database.clone(), SqliteQueue::new(database, options))
}

/// Producers and workers in one process; says when each job began and ended.
pub(crate) async fn both(
    room: &Path,
    size: &Size,
    patience: Duration,
) -> (Vec<Moment>, Vec<Moment>) {
    let (_database, it) = open(room);
    let (stop, (ended, mut ends)) = (CancellationToken::new(), mpsc::unbounded_channel());
    let working = tokio::spawn(work(it.clone(), size.workers, ended, stop.clone()));
    submit(&it, size.jobs..size.all(), size.producers, body).await;
    settled(&it).await;
    let begun = submit(&it, 0..size.jobs, size.producers, body).await;
    let ended = all_ended(&mut ends, size.all(), patience).await.expect("all end");
    stop.cancel();
    working.await.expect("no panic");
    (begun, ended)
}

/// Waits until nothing is in the queue.
pub(crate) async fn settled(queue: &SqliteQueue) {
    while queue.depth().await.is_ok_and(|it| it.waiting + it.in_flight > 0) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Submits a message for each number, `producers` at a time, each after its last was answered;
/// says when each was begun.
pub(crate) async fn submit(
    queue: &SqliteQueue,
    numbers: Range<usize>,
    producers: usize,
    body: fn(usize) -> String,
) -> Vec<Moment> {
    let next = Arc::new(AtomicUsize::new(numbers.start));
    let mut tasks = JoinSet::new();
    for _ in 0..producers {
        let (queue, next, end) = (queue.clone(), next.clone(), numbers.end);
        tasks.spawn(async move {
            let mut begun = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return begun;
                }
                let at = micros();
                queue.submit(&body(number)).await.expect("submitted");
                begun.push((number, at));
            }
        });
    }
    tasks.join_all().await.concat()
}

/// What a message says whose job does nothing.
pub(crate) fn body(number: usize) -> String {
    format!(r#"{{"n":{number}}}"#)
}

/// So many workers, in groups that receive together.
pub(crate) async fn work(
    queue: SqliteQueue,
    workers: usize,
    ended: mpsc::UnboundedSender<Moment>,
    stop: CancellationToken,
) {
    let mut groups = JoinSet::new();
    for first in (0..workers).step_by(AT_ONCE) {
        let slots = AT_ONCE.min(workers - first);
        groups.spawn(work_together(queue.clone(), slots, ended.clone(), stop.clone()));
    }
    groups.join_all().await;
}

/// Takes no more than there are free places for, does nothing, settles, and tells of it.
async fn work_together(
    queue: SqliteQueue,
    slots: usize,
    ended: mpsc::UnboundedSender<Moment>,
    stop: CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(slots));
    while !stop.is_cancelled() {
        let first = slots.clone().acquire_owned().await.expect("never closed");
        let more = std::iter::from_fn(|| slots.clone().try_acquire_owned().ok());
        let mut free: Vec<_> = std::iter::once(first).chain(more).collect();
        for delivery in queue.receive(free.len(), &stop).await.expect("deliveries") {
            let (queue, ended, slot) = (queue.clone(), ended.clone(), free.pop());
            tokio::spawn(async move {
                let number = delivery.body.trim_matches(|it: char| !it.is_ascii_digit());
                let number = number.parse().expect("a number");
                queue.settle(&delivery.receipt, Settlement::Done).await.expect("settled");
                let _ = ended.send((number, micros()));
                drop(slot);
            });
        }
    }
}

/// Listens until every number below `jobs` has ended, and a little longer for what ends twice.
///
/// # Errors
/// What is missing, when nothing ends for `patience`.
pub(crate) async fn all_ended(
    ends: &mut mpsc::UnboundedReceiver<Moment>,
    jobs: usize,
    patience: Duration,
) -> Result<Vec<Moment>, String> {
    let (mut moments, mut seen) = (Vec::new(), HashMap::new());
    loop {
        let all = (0..jobs).all(|it| seen.contains_key(&it));
        let pause = if all && seen.len() >= jobs { Duration::from_millis(300) } else { patience };
        // Only when the last may have come is it worth counting them all again.
        loop {
            match tokio::time::timeout(pause, ends.recv()).await {
                Ok(Some(moment)) => {
                    *seen.entry(moment.0).or_insert(0) += 1;
                    moments.push(moment);
                }
                _ if all => return Ok(moments),
                _ => return Err(format!("{} of {jobs} ended, and no more come", seen.len())),
            }
            if !all && seen.len() >= jobs {
                break;
            }
        }
    }
}

/// The wall clock, which two processes share.
#[expect(clippy::disallowed_methods, reason = "a measurement of its own, between processes")]
pub(crate) fn micros() -> u64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(passed.as_micros()).expect("a time")
}

/// What came of one run.
#[derive(Debug)]
pub(crate) struct Lives {
    /// Jobs that never ended.
    pub(crate) lost: usize,
    /// Ends beyond a job's first.
    pub(crate) doubled: usize,
    /// From the first submission to the last end.
    pub(crate) whole: Duration,
    /// From each submission to its end.
    pub(crate) each: Vec<Duration>,
}

impl Lives {
    pub(crate) fn of(begun: &[Moment], ended: &[Moment]) -> Self {
        let mut ends: HashMap<usize, Vec<u64>> = HashMap::new();
        for (number, at) in ended {
            ends.entry(*number).or_default().push(*at);
        }
        let (mut lost, mut doubled, mut each, mut last) = (0, 0, Vec::new(), 0);
        for (number, at) in begun {
            let Some(ends) = ends.get(number) else {
                lost += 1;
                continue;
            };
            doubled += ends.len() - 1;
            each.push(Duration::from_micros(ends[0].saturating_sub(*at)));
            last = last.max(ends[0]);
        }
        let first = begun.iter().map(|(_, at)| *at).min().unwrap_or_default();
        Self { lost, doubled, whole: Duration::from_micros(last.saturating_sub(first)), each }
    }
}
