//! The lives of one worker, and of a whole world.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use codingworker::database::Database;
use codingworker::domain::job::Model;
use codingworker::engine::decide::{OnFailure, Policy, Ready};
use codingworker::queue::TaskQueue;
use codingworker::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use codingworker::store::sqlite::SqliteStore;
use codingworker::store::{JobFilter, Store};
use codingworker::worker::board::Board;
use codingworker::worker::lifecycle::Bells;
use codingworker::worker::models::Models;
use codingworker::worker::shift::Shift;
use codingworker::worker::slots::Slots;
use futures_util::FutureExt;
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::gate::Gate;
use crate::hands::{Crew, KILLER};
use crate::queue::{Line, Sqs};
use crate::store::Desk;
use crate::world::{Shape, World};

pub(crate) const LEASE: Duration = Duration::from_secs(300);
/// After the storm all must be over within this, and what the model takes.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

fn policy() -> Policy {
    let model = Model {
        name: "small".to_owned(),
        timeout: Duration::from_secs(600),
        num_ctx: 8192,
        edit_format: "whole".to_owned(),
        attempts: 1,
        samples: 1,
        calls: 0,
        reads: false,
        observes: false,
        max_fixes: None,
        editor: None,
    };
    Policy {
        models: vec![model],
        max_fixes: 3,
        max_retries: 3,
        retry_delay: Duration::from_secs(10),
        max_waits: 100,
        job_limit: Duration::from_secs(6 * 3_600),
        write_tests: true,
        on_failure: OnFailure::Draft,
        ready: Ready::Green,
    }
}

/// What a seed came to.
pub(crate) struct Tale {
    pub(crate) hash: u64,
    pub(crate) violation: Option<String>,
    pub(crate) lives: usize,
    /// How many jobs came to their end.
    pub(crate) jobs: usize,
    pub(crate) passed: Duration,
}

/// Runs the world of a seed, from its beginning to its end.
pub(crate) async fn tell(seed: u64, verbose: bool) -> Tale {
    let mixed = seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5eed;
    let shape = match seed % 8 {
        0 => Shape::Embedded,
        1 => Shape::Alone,
        2 | 3 => Shape::Apart,
        _ => Shape::Shared,
    };
    let workers = match shape {
        Shape::Embedded | Shape::Alone => 1,
        Shape::Apart => 2,
        Shape::Shared => 1 + (seed as usize / 8) % 4,
    };
    let stores_needed = if shape == Shape::Apart { workers } else { 1 };
    let databases: Vec<Database> =
        (0..stores_needed).map(|_| Database::open_in_memory().unwrap()).collect();
    // Longer than the queue's service holds a message.
    let busy = if (seed / 8) % 8 == 1 && seed % 8 < 5 { 14 * 3_600 } else { 0 };
    let busy = Duration::from_secs(busy);
    let world = World::new(mixed, shape, verbose, busy, |world| {
        let stores = databases.iter().map(|it| SqliteStore::over(it.clone())).collect();
        let base: Arc<dyn TaskQueue> = if shape == Shape::Embedded {
            let world = world.clone();
            let options = SqliteQueueOptions {
                lease: LEASE,
                poll: Duration::from_secs(20),
                max_receives: 1_000,
                wake_path: None,
                clock: Arc::new(move || world.upgrade().unwrap().now()),
            };
            Arc::new(SqliteQueue::new(databases[0].clone(), options))
        } else {
            Arc::new(Sqs::new(world.clone(), LEASE, shape != Shape::Apart))
        };
        (base, stores)
    });
    world.note(&format!("seed {seed}: {shape:?}, {workers} workers"));
    let told = async {
        let mut all = Vec::new();
        for worker in 0..workers {
            let database = databases[world.scope(worker)].clone();
            all.push(Worker::new(&world, worker, database).live());
        }
        tokio::join!(futures_util::future::join_all(all), storm(&world));
        last_look(&world).await;
    };
    tokio::select! {
        biased;
        () = world.broken.cancelled() => {}
        () = told => {}
    }
    Tale {
        hash: world.hash(),
        violation: world.violation(),
        lives: world.lives.load(Ordering::SeqCst),
        jobs: world.state().over.len(),
        passed: world.passed(),
    }
}

/// What happens to the world; then calm, until all is over.
async fn storm(world: &Arc<World>) {
    let tasks = world.between(1, 6);
    let killer = world.shape != Shape::Apart && world.below(8) == 0;
    for nth in 0..tasks {
        let issue = if killer && nth == 0 { KILLER } else { world.between(1, 4) };
        // Where each has a store of its own, two messages with one task are two tasks.
        let apart = world.shape == Shape::Apart;
        let delivery = format!("d{}", if apart { nth } else { world.below(3) });
        world.submit(issue, &delivery).await;
        if !apart && world.hits(200) {
            world.submit(issue, &delivery).await;
        }
        if world.hits(50) {
            world.submit_body("no task at all").await;
        }
        world.pause(0, 900_000).await;
    }
    world.pause(0, 3_600_000).await;
    if killer {
        // Whoever works on it must die of it, and it needs no other cause.
        world.pause(7_200_000, 7_200_000).await;
    }
    world.calm_down();
}

async fn is_over(world: &World) -> bool {
    let depth = world.base.depth().await.unwrap();
    if depth.waiting + depth.in_flight > 0 {
        return false;
    }
    for store in &world.stores {
        if !store.unsettled(10).await.unwrap().is_empty() {
            return false;
        }
    }
    true
}

/// What must be so when all is over.
async fn last_look(world: &World) {
    let mut ended = std::collections::BTreeSet::new();
    for store in &world.stores {
        for job in store.jobs(&JobFilter::default(), 100).await.unwrap() {
            if job.state.is_final() {
                ended.insert(job.id.clone());
            } else if world.shape != Shape::Apart {
                world.broke(format!("{}: its message is gone and it is not over", job.id));
            }
        }
    }
    let (lost, running, untold) = {
        let state = world.state();
        let lost: Vec<_> = state.asked.difference(&ended).cloned().collect();
        let untold = state.asked.iter().find(|job| {
            let marker = format!("<!-- codingworker:job={job} -->");
            state.comments.iter().filter(|it| it.marker == marker).count() != 1
        });
        (lost, state.running.len(), untold.cloned())
    };
    if !lost.is_empty() {
        world.broke(format!("accepted, and never ended: {lost:?}"));
    }
    if running > 0 {
        world.broke(format!("{running} processes are left"));
    }
    if let Some(job) = untold {
        world.broke(format!("{job}: not one comment tells of it"));
    }
    world.is_buried().await;
}

struct Worker {
    world: Arc<World>,
    number: usize,
    database: Database,
    skew: Arc<AtomicI64>,
}

impl Worker {
    fn new(world: &Arc<World>, number: usize, database: Database) -> Self {
        Self { world: world.clone(), number, database, skew: Arc::default() }
    }

    /// One life after the other, until all is over.
    async fn live(self) {
        self.world.pause(0, 30_000).await;
        for life in 0.. {
            self.world.lives.fetch_add(1, Ordering::SeqCst);
            let end = self.one_life(life).await;
            if end {
                return;
            }
            self.world.pause(3_000, 400_000).await;
            // What a worker that was killed left behind ends when it starts again.
            self.world.state().running.retain(|it| it.worker != self.number);
        }
    }

    async fn one_life(&self, life: usize) -> bool {
        let world = &self.world;
        let dies = !world.is_calm() && world.below(3) > 0;
        let left = if dies { world.between(1, 250) as i64 } else { -1 };
        let number = 1 + world.below(2) as usize;
        let gate = Gate::new(world, self.number, life, number, left, &self.skew);
        let inner = world.stores[world.scope(self.number)].clone();
        let store: Store = Arc::new(Desk { world: world.clone(), gate: gate.clone(), inner });
        let (bells, board) = (Bells::default(), Arc::new(Board::default()));
        let slots = Slots::new(number);
        let shift = Shift {
            queue: Arc::new(Line { world: world.clone(), gate: gate.clone() }),
            store: store.clone(),
            name: format!("worker-{}", self.number),
            hire: Arc::new(Crew {
                world: world.clone(),
                gate: gate.clone(),
                store: store.clone(),
                audit: self.database.clone(),
            }),
            policy: policy().into(),
            models: Models::new(store.clone(), gate.clock(), "sim"),
            slots: slots.clone(),
            clock: gate.clock(),
            bells: bells.clone(),
            board: board.clone(),
            news: broadcast::channel(16).0,
            until_empty: false,
        };
        world.note(&format!("w{} begins life {life}", self.number));
        let work = AssertUnwindSafe(shift.work()).catch_unwind();
        let ended = tokio::select! {
            biased;
            () = gate.died.cancelled() => return false,
            ended = work => ended,
            () = self.rule(&gate, &bells) => unreachable!("it only rings"),
        };
        match ended {
            // The store failed: whoever started it starts it again.
            Ok(Err(error)) => {
                world.note(&format!("w{} gives up: {error}", self.number));
                gate.end();
                return false;
            }
            Ok(Ok(())) => {}
            Err(_) => world.broke(format!("w{}: its shift panicked", self.number)),
        }
        world.note(&format!("w{} ends", self.number));
        gate.close();
        let left: usize = std::iter::from_fn(|| slots.try_take().map(std::mem::forget)).count();
        if left != number {
            world.broke(format!("w{}: {} of {number} slots are gone", self.number, number - left));
        }
        if !board.leases().is_empty() {
            world.broke(format!("w{}: jobs are left on its board", self.number));
        }
        world.is_calm() && is_over(world).await
    }

    /// What is done to a worker while it lives. It never ends, but the worker does when told.
    async fn rule(&self, gate: &Gate, bells: &Bells) {
        let world = &self.world;
        let calm_since = async {
            while !world.is_calm() {
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
            let began = Instant::now();
            while !is_over(world).await {
                tokio::time::sleep(Duration::from_secs(60)).await;
                if began.elapsed() > PATIENCE + world.busy {
                    world.broke("24 hours of calm, and it is not over".to_owned());
                }
            }
        };
        let disturbed = async {
            loop {
                world.pause(10_000, 1_200_000).await;
                if world.is_calm() {
                    std::future::pending::<()>().await;
                }
                match world.below(10) {
                    0 | 1 => {
                        let nap = Duration::from_secs(world.between(10, 1_500));
                        // As of a machine that is restored from a picture of its memory.
                        if world.below(2) == 0 && !gate.is_in_window() {
                            let skew = i64::try_from(nap.as_millis()).unwrap();
                            self.skew.fetch_sub(skew, Ordering::SeqCst);
                            world.disturb(self.number, Instant::now());
                        }
                        gate.freeze(Instant::now() + nap);
                    }
                    2 if !gate.is_in_window() => {
                        let skew = world.between(0, 7_200_000) as i64 - 3_600_000;
                        world.note(&format!("w{}'s clock is {skew} ms wrong", self.number));
                        self.skew.store(skew, Ordering::SeqCst);
                        world.disturb(self.number, Instant::now());
                    }
                    3 | 5 => {
                        world.sleep(Duration::from_secs(world.between(60, 1_200)));
                    }
                    4 => return,
                    _ => {}
                }
            }
        };
        tokio::select! {
            biased;
            () = calm_since => {}
            () = disturbed => {}
        }
        world.note(&format!("w{} is told to stop", self.number));
        bells.drain.cancel();
        world.pause(0, 60_000).await;
        bells.abort.cancel();
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        world.broke(format!("w{}: told to stop an hour ago", self.number));
        std::future::pending::<()>().await;
    }
}
