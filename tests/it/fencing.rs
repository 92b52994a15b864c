//! Whose a job is, told with whole shifts, the real queue and store, and hands that only pretend.
//! Time is paused: nothing here waits for a clock.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use codingworker::database::Database;
use codingworker::domain::job::JobState;
use codingworker::domain::time::Timestamp;
use codingworker::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use codingworker::queue::{
    DeadLetter, Delivery, Depth, QueueError, Receipt, Settlement, TaskQueue,
};
use codingworker::store::sqlite::SqliteStore;
use codingworker::store::{Claimant, Job, JobFilter, Store};
use codingworker::worker::drive::Clock;
use codingworker::worker::lease::{Lease, LeaseError, Moment};
use codingworker::worker::lifecycle::Bells;
use codingworker::worker::models::Models;
use codingworker::worker::shift::Shift;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::stories::{Puppets, Wall, policy, task};

const LEASE: Duration = Duration::from_secs(300);

/// Workers that share a store and a queue, or one that has its own.
struct World {
    queue: Arc<Unreliable>,
    store: Store,
    wall: Arc<Wall>,
    clock: Clock,
    /// How far the wall clock is ahead of the monotonic one, in milliseconds.
    ahead: Arc<AtomicI64>,
}

/// The embedded queue, with a service's limits and moods.
struct Unreliable {
    queue: SqliteQueue,
    longest_hold: Option<Duration>,
    /// How many more settlements fail.
    fails: AtomicUsize,
    settled: Mutex<Vec<Settlement>>,
}

#[async_trait]
impl TaskQueue for Unreliable {
    async fn receive(
        &self,
        most: usize,
        stop: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        self.queue.receive(most, stop).await
    }
    async fn extend(&self, receipt: &Receipt) -> Result<(), QueueError> {
        self.queue.extend(receipt).await
    }
    async fn settle(&self, receipt: &Receipt, verdict: Settlement) -> Result<(), QueueError> {
        let fails = self.fails.load(Ordering::SeqCst);
        if fails > 0 {
            self.fails.store(fails - 1, Ordering::SeqCst);
            return Err(QueueError::Unavailable("no network".to_owned()));
        }
        self.settled.lock().unwrap().push(verdict.clone());
        self.queue.settle(receipt, verdict).await
    }
    async fn submit(&self, body: &str) -> Result<String, QueueError> {
        self.queue.submit(body).await
    }
    async fn depth(&self) -> Result<Depth, QueueError> {
        self.queue.depth().await
    }
    async fn dead(&self) -> Result<Vec<DeadLetter>, QueueError> {
        self.queue.dead().await
    }
    async fn redrive(&self, ids: &[String]) -> Result<usize, QueueError> {
        self.queue.redrive(ids).await
    }
    fn lease(&self) -> Duration {
        LEASE
    }
    fn longest_hold(&self) -> Option<Duration> {
        self.longest_hold
    }
}

impl World {
    fn new(store: fn(Database) -> Store, longest_hold: Option<Duration>) -> Self {
        let database = Database::open_in_memory().unwrap();
        let (ahead, start) = (Arc::new(AtomicI64::new(1_000_000)), Instant::now());
        let offset = ahead.clone();
        let clock: Clock = Arc::new(move || {
            let passed = i64::try_from(start.elapsed().as_millis()).unwrap();
            Timestamp(passed + offset.load(Ordering::SeqCst))
        });
        let options = SqliteQueueOptions {
            lease: LEASE,
            poll: Duration::from_secs(20),
            max_receives: 20,
            wake_path: None,
            clock: clock.clone(),
        };
        let queue = Unreliable {
            queue: SqliteQueue::new(database.clone(), options),
            longest_hold,
            fails: AtomicUsize::new(0),
            settled: Mutex::default(),
        };
        let (queue, store) = (Arc::new(queue), store(database));
        Self { queue, store, wall: Arc::default(), clock, ahead }
    }

    fn serve(&self, name: &str) -> (JoinHandle<()>, Bells) {
        self.serve_with(name, 1)
    }

    fn serve_with(&self, name: &str, slots: usize) -> (JoinHandle<()>, Bells) {
        let bells = Bells::default();
        let shift = Shift {
            queue: self.queue.clone(),
            store: self.store.clone(),
            models: Models::new(self.store.clone(), self.clock.clone(), name),
            name: name.to_owned(),
            hire: Arc::new(Puppets(self.wall.clone())),
            policy: policy().into(),
            board: Default::default(),
            slots: slots.into(),
            clock: self.clock.clone(),
            bells: bells.clone(),
            news: broadcast::channel(64).0,
            until_empty: false,
        };
        (tokio::spawn(async move { shift.work().await.unwrap() }), bells)
    }

    async fn job(&self) -> Job {
        self.store.jobs(&JobFilter::default(), 9).await.unwrap().remove(0)
    }

    fn settled(&self) -> Vec<Settlement> {
        self.queue.settled.lock().unwrap().clone()
    }

    async fn is_empty(&self) -> bool {
        let depth = self.queue.depth().await.unwrap();
        depth.waiting + depth.in_flight == 0
    }
}

/// Waits until something is so, on the paused clock; the limit only ends a test that would hang.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    for _ in 0..100_000 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("it never came to this: {what}");
}

fn worker(name: &str) -> Claimant {
    Claimant { owner: name.to_owned(), lease: LEASE, begins: true }
}

#[tokio::test(start_paused = true)]
async fn a_job_at_which_three_workers_died_goes_to_the_dead_letters_and_says_why() {
    let world = World::new(SqliteStore::over, None);
    // A panic takes the job's task down as a crash takes the process.
    world.wall.panics.store(9, Ordering::SeqCst);
    world.queue.submit(&task(1, "a")).await.unwrap();
    let (shift, bells) = world.serve("one");
    until("over", async || world.wall.count("dismiss") == 1).await;
    bells.drain.cancel();
    shift.await.unwrap();
    assert_eq!(world.wall.panics.load(Ordering::SeqCst), 6, "not begun a fourth time");
    assert_eq!(world.job().await.state, JobState::Failed);
    assert_eq!((world.wall.count("label"), world.wall.count("open")), (1, 0), "people are told");
    let dead = world.queue.dead().await.unwrap();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].reason.contains("the worker died 3 times"), "{}", dead[0].reason);
}

#[tokio::test(start_paused = true)]
async fn two_deaths_are_forgiven() {
    let world = World::new(SqliteStore::over, None);
    world.wall.panics.store(2, Ordering::SeqCst);
    world.queue.submit(&task(1, "a")).await.unwrap();
    let (shift, bells) = world.serve("one");
    until("over", async || world.wall.count("dismiss") == 1).await;
    bells.drain.cancel();
    shift.await.unwrap();
    assert_eq!(world.job().await.state, JobState::Done);
    assert!(world.queue.dead().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_worker_whose_job_was_taken_writes_nothing_more_and_leaves_the_delivery_alone() {
    let world = World::new(SqliteStore::shared, None);
    world.wall.hold();
    world.queue.submit(&task(1, "a")).await.unwrap();
    let (shift, bells) = world.serve("one");
    until("at work", async || world.wall.count("begin") == 1).await;
    let job = world.job().await;
    let records = world.store.records(&job.id).await.unwrap().len();
    // As if it had slept: by the store's clock its lease has ended.
    let later = Timestamp((world.clock)().0 + 3_600_000);
    let taken = world.store.take(&job.id, &worker("two"), later).await.unwrap().unwrap();
    assert!(taken.orphaned);
    world.wall.let_go();
    until("the turn is over", async || world.wall.count("attempt") == 1).await;
    bells.drain.cancel();
    shift.await.unwrap();
    assert_eq!(world.wall.count("verify"), 0, "nothing followed what could not be written");
    assert_eq!(world.store.records(&job.id).await.unwrap().len(), records);
    assert_eq!(world.settled(), [], "whoever has the job has the delivery");
    assert_eq!(world.store.check(&taken.fence).await, Ok(()), "the other's claim stands");
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_another_worker_is_handed_goes_to_the_one_that_works_for_it() {
    let world = World::new(SqliteStore::shared, None);
    world.wall.hold();
    world.queue.submit(&task(1, "a")).await.unwrap();
    let (one, bells_one) = world.serve("one");
    until("at work", async || world.wall.count("begin") == 1).await;
    let before = world.job().await.receipt.unwrap();
    let held: Receipt = serde_json::from_str(&before).unwrap();
    // The queue loses patience: the message is anybody's.
    world.queue.queue.settle(&held, Settlement::Return(Duration::ZERO)).await.unwrap();
    let (two, bells_two) = world.serve("two");
    until("adopted", async || world.job().await.receipt.as_ref() != Some(&before)).await;
    assert_eq!(world.job().await.owner.as_deref(), Some("one"));
    tokio::time::sleep(LEASE * 3).await;
    world.wall.let_go();
    until("over", async || world.wall.count("dismiss") == 1).await;
    until("settled", async || world.is_empty().await).await;
    for (shift, bells) in [(one, bells_one), (two, bells_two)] {
        bells.drain.cancel();
        shift.await.unwrap();
    }
    // A turn for the work and one for its tests, each once.
    assert_eq!((world.wall.count("begin"), world.wall.count("open")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_grows_old_is_handed_over_and_its_job_goes_on() {
    let hours = |it: u64| Duration::from_secs(it * 3_600);
    let world = World::new(SqliteStore::over, Some(hours(12)));
    world.wall.hold();
    world.queue.submit(&task(1, "a")).await.unwrap();
    let (shift, bells) = world.serve_with("one", 2);
    until("at work", async || world.wall.count("begin") == 1).await;
    tokio::time::sleep(hours(11)).await;
    assert_eq!(world.settled(), [], "not before it has to be");
    tokio::time::sleep(hours(1)).await;
    assert_eq!(world.settled(), [Settlement::Return(Duration::ZERO)]);
    world.wall.let_go();
    until("over", async || world.wall.count("dismiss") == 1).await;
    until("settled", async || world.is_empty().await).await;
    bells.drain.cancel();
    shift.await.unwrap();
    // Too late for a turn for tests; the one that it had was enough.
    assert_eq!((world.wall.count("begin"), world.job().await.state), (1, JobState::Done));
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_could_not_be_settled_is_settled_later() {
    let world = World::new(SqliteStore::over, None);
    world.queue.fails.store(5, Ordering::SeqCst);
    world.queue.submit(&task(1, "a")).await.unwrap();
    let (shift, bells) = world.serve("one");
    until("over", async || world.wall.count("dismiss") == 1).await;
    assert_eq!(world.store.unsettled(9).await.unwrap().len(), 1, "the row remembers");
    until("settled", async || world.store.unsettled(9).await.unwrap().is_empty()).await;
    bells.drain.cancel();
    shift.await.unwrap();
    assert!(world.is_empty().await);
    assert_eq!(world.settled(), [Settlement::Done]);
}

/// A job of worker `one` with its lease, as the worker holds it.
async fn held(world: &World) -> Lease {
    world.queue.submit(&task(1, "a")).await.unwrap();
    let since = Moment::now(&world.clock);
    let received = world.queue.receive(1, &CancellationToken::new()).await.unwrap().remove(0);
    let task = codingworker::engine::intake::task(&received.body, &received.id).unwrap();
    let receipt = serde_json::to_string(&received.receipt).unwrap();
    let now = (world.clock)();
    let admitted = world.store.admit(&task, &receipt, &worker("one"), now).await.unwrap();
    let codingworker::store::Admission::New(taken) = admitted else { panic!("{admitted:?}") };
    let (queue, store, clock) = (world.queue.clone(), world.store.clone(), world.clock.clone());
    Lease::new(queue, store, clock, taken.fence, received.receipt, since)
}

#[tokio::test(start_paused = true)]
async fn before_an_effect_the_store_is_asked_whose_the_job_is() {
    let world = World::new(SqliteStore::shared, None);
    let lease = held(&world).await;
    lease.confirm().await.unwrap();
    let later = Timestamp((world.clock)().0 + 3_600_000);
    let job = &lease.fence().job;
    world.store.take(job, &worker("two"), later).await.unwrap().unwrap();
    // By both of its clocks the lease is fresh.
    assert_eq!(lease.left(), LEASE);
    let refused = lease.confirm().await.unwrap_err();
    assert!(matches!(&refused, LeaseError::Store(_)), "{refused}");
    assert_eq!(refused.fault(), codingworker::domain::job::Fault::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn a_laptop_that_slept_does_not_think_its_lease_is_fresh() {
    let world = World::new(SqliteStore::over, None);
    let lease = held(&world).await;
    // The monotonic clock stood still.
    world.ahead.fetch_add(3_600_000, Ordering::SeqCst);
    assert_eq!(lease.left(), Duration::ZERO);
    // Nobody has taken it: it is extended, and goes on.
    lease.confirm().await.unwrap();
    assert_eq!(lease.left(), LEASE);
    // Now somebody has the message while it sleeps.
    world.ahead.fetch_add(3_600_000, Ordering::SeqCst);
    let stop = CancellationToken::new();
    assert_eq!(world.queue.receive(1, &stop).await.unwrap().len(), 1);
    let refused = lease.confirm().await.unwrap_err();
    assert!(matches!(refused, LeaseError::Queue(QueueError::LeaseLost)), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_makes_no_lease_longer() {
    let world = World::new(SqliteStore::over, None);
    let lease = held(&world).await;
    tokio::time::sleep(LEASE / 2).await;
    world.ahead.fetch_sub(3_600_000, Ordering::SeqCst);
    assert_eq!(lease.left(), LEASE / 2);
}
