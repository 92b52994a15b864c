//! What is true in a simulated world, whoever believes what: time, dice, effects and laws.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use codingworker::domain::job::JobId;
use codingworker::domain::time::Timestamp;
use codingworker::engine::intake;
use codingworker::queue::TaskQueue;
use codingworker::store::{Store, job_id};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::life::LEASE;

/// 2026-11-21, in milliseconds.
const BEGINNING: i64 = 1_795_219_200_000;

/// How workers, stores and the queue belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One worker with its own store, on the embedded queue.
    Embedded,
    /// One worker with its own store, on a queue of others.
    Alone,
    /// Several workers share a store and a queue.
    Shared,
    /// Several workers share a queue, and each has a store of its own.
    Apart,
}

/// A simulated world.
pub(crate) struct World {
    pub(crate) shape: Shape,
    pub(crate) base: Arc<dyn TaskQueue>,
    /// Of each worker, without anything that goes wrong.
    pub(crate) stores: Vec<Store>,
    /// While set, nothing goes wrong any more.
    pub(crate) calm: AtomicBool,
    pub(crate) lives: AtomicUsize,
    /// How many effects of each worker were confirmed and are on their way.
    pub(crate) windows: [AtomicUsize; 4],
    /// Which life of each worker it is, from 1; 0 when it is dead.
    pub(crate) alive: [AtomicUsize; 4],
    /// When each was last hindered: it stood still, slept, or its clock was set.
    disturbed: Mutex<[Option<Instant>; 4]>,
    calm_since: Mutex<Option<Instant>>,
    /// For how long the model has no time once all is calm, nor before.
    pub(crate) busy: Duration,
    started: Instant,
    /// How much time passed while every machine slept.
    asleep: AtomicI64,
    dice: AtomicU64,
    trace: Mutex<DefaultHasher>,
    verbose: bool,
    state: Mutex<State>,
    pub(crate) broken: CancellationToken,
}

/// What is written down about a world.
#[derive(Default)]
pub(crate) struct State {
    violation: Option<String>,
    /// The live messages, and the jobs that they are about.
    pub(crate) messages: BTreeMap<String, Option<JobId>>,
    /// Which worker was handed a message last.
    pub(crate) holders: BTreeMap<String, usize>,
    /// Every job that was asked for.
    pub(crate) asked: BTreeSet<JobId>,
    /// Jobs that are over, with the scope of the store that says so.
    pub(crate) over: BTreeSet<(usize, JobId)>,
    /// The newest token under which something had an effect.
    tokens: BTreeMap<(usize, JobId), u64>,
    /// The newest token under which something was written down.
    written: BTreeMap<(usize, JobId), u64>,
    /// How many records a job has.
    records: BTreeMap<(usize, JobId), usize>,
    /// Branches, by their makers.
    pub(crate) branches: BTreeMap<String, (JobId, String)>,
    pub(crate) pulls: Vec<(String, JobId)>,
    pub(crate) comments: Vec<Comment>,
    /// Processes at work.
    pub(crate) running: Vec<Running>,
    /// How often a job killed its worker.
    pub(crate) killed: BTreeMap<JobId, usize>,
    pub(crate) crashes: usize,
    /// Which lives took a job since a death at it was last written down.
    pub(crate) takers: BTreeMap<(usize, JobId), Vec<(usize, usize)>>,
    /// Jobs that are a worker's by the store.
    pub(crate) owned: BTreeSet<(usize, JobId)>,
    /// Jobs whose messages were given back.
    pub(crate) returned: BTreeSet<(usize, JobId)>,
    /// When a job's message was last given back because of its age.
    pub(crate) outgrown: BTreeMap<JobId, Instant>,
    /// Lives in which nothing happened that could cost a job, and that ended in order.
    pub(crate) tidy: BTreeSet<(usize, usize)>,
    /// When a worker's model turned it away, by two clocks, and for how long.
    pub(crate) held: BTreeMap<usize, (usize, Instant, Timestamp, Duration)>,
}

/// A comment on the code host.
pub(crate) struct Comment {
    pub(crate) thread: u64,
    pub(crate) marker: String,
    pub(crate) seen_from: Instant,
    pub(crate) edits: usize,
}

/// A process that works on a job.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) job: JobId,
    pub(crate) worker: usize,
    pub(crate) life: usize,
    pub(crate) number: u64,
    /// Whether it is a turn of the agent.
    pub(crate) turn: bool,
}

/// In whose name something is done.
#[derive(Clone)]
pub(crate) struct Doer {
    pub(crate) job: JobId,
    pub(crate) worker: usize,
    pub(crate) token: u64,
}

impl World {
    pub(crate) fn new(
        seed: u64,
        shape: Shape,
        verbose: bool,
        busy: Duration,
        make: impl FnOnce(&std::sync::Weak<Self>) -> (Arc<dyn TaskQueue>, Vec<Store>),
    ) -> Arc<Self> {
        Arc::new_cyclic(|world| {
            let (base, stores) = make(world);
            Self {
                shape,
                base,
                stores,
                calm: AtomicBool::new(false),
                lives: AtomicUsize::new(0),
                windows: Default::default(),
                alive: Default::default(),
                disturbed: Mutex::default(),
                calm_since: Mutex::default(),
                busy,
                started: Instant::now(),
                asleep: AtomicI64::new(0),
                dice: AtomicU64::new(seed),
                trace: Mutex::new(DefaultHasher::new()),
                verbose,
                state: Mutex::default(),
                broken: CancellationToken::new(),
            }
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What time it is, for whoever's clock is right.
    pub(crate) fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.started.elapsed().as_millis()).unwrap();
        Timestamp(BEGINNING + passed + self.asleep.load(Ordering::SeqCst))
    }

    pub(crate) fn passed(&self) -> Duration {
        self.now().since(Timestamp(BEGINNING))
    }

    /// Every machine sleeps: clocks on walls go on, and nothing else does.
    pub(crate) fn sleep(&self, nap: Duration) {
        if self.windows.iter().any(|it| it.load(Ordering::SeqCst) > 0) {
            return;
        }
        self.asleep.fetch_add(i64::try_from(nap.as_millis()).unwrap(), Ordering::SeqCst);
        for worker in 0..self.windows.len() {
            self.disturb(worker, Instant::now());
        }
        self.note(&format!("all sleep for {} s", nap.as_secs()));
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    pub(crate) fn roll(&self) -> u64 {
        let it = self.dice.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        let it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        it ^ (it >> 31)
    }

    pub(crate) fn below(&self, limit: u64) -> u64 {
        self.roll() % limit.max(1)
    }

    pub(crate) fn between(&self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// Whether something goes wrong that does so in `per_mille` of all cases.
    pub(crate) fn hits(&self, per_mille: u64) -> bool {
        let rolled = self.below(1000);
        !self.is_calm() && rolled < per_mille
    }

    /// From here on nothing goes wrong.
    pub(crate) fn calm_down(&self) {
        self.note("calm");
        *self.calm_since.lock().unwrap() = Some(Instant::now());
        self.calm.store(true, Ordering::SeqCst);
    }

    /// How long nothing has gone wrong.
    pub(crate) fn calm_for(&self) -> Duration {
        self.calm_since.lock().unwrap().map_or(Duration::ZERO, |it| it.elapsed())
    }

    /// Whether the model turns everybody away.
    pub(crate) fn is_model_busy(&self) -> bool {
        self.calm_for() < self.busy
    }

    /// Until then a worker may lose what it has.
    pub(crate) fn disturb(&self, worker: usize, until: Instant) {
        let mut disturbed = self.disturbed.lock().unwrap();
        disturbed[worker] = disturbed[worker].max(Some(until));
    }

    pub(crate) fn is_alive(&self, worker: usize, life: usize) -> bool {
        self.alive[worker].load(Ordering::SeqCst) == life + 1
    }

    pub(crate) fn is_undisturbed_since(&self, worker: usize, since: Instant) -> bool {
        self.disturbed.lock().unwrap()[worker].is_none_or(|it| it < since)
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::SeqCst)
    }

    pub(crate) async fn pause(&self, least_ms: u64, most_ms: u64) {
        tokio::time::sleep(Duration::from_millis(self.between(least_ms, most_ms))).await;
    }

    /// A line of the trace.
    pub(crate) fn note(&self, what: &str) {
        let at = self.passed().as_millis();
        (at, what).hash(&mut *self.trace.lock().unwrap());
        if self.verbose {
            println!("{:>12.3}  {what}", self.passed().as_secs_f64());
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.trace.lock().unwrap().finish()
    }

    /// A law is broken.
    pub(crate) fn broke(&self, law: String) {
        self.note(&format!("BROKEN: {law}"));
        self.state().violation.get_or_insert(law);
        self.broken.cancel();
    }

    pub(crate) fn violation(&self) -> Option<String> {
        self.state().violation.clone()
    }

    /// The store of a worker: shared ones are one.
    pub(crate) fn scope(&self, worker: usize) -> usize {
        if self.shape == Shape::Apart { worker } else { 0 }
    }

    /// Something that others can see is done now.
    pub(crate) fn effect(&self, by: &Doer, what: &str) {
        self.note(&format!("{} w{} t{}: {what}", by.job, by.worker, by.token));
        let scope = (self.scope(by.worker), by.job.clone());
        let fault = {
            let mut state = self.state();
            let newest = state.tokens.entry(scope.clone()).or_default();
            let old = by.token < *newest;
            *newest = by.token.max(*newest);
            let apart = self.shape == Shape::Apart;
            let held_by_another = apart
                && state.messages.iter().any(|(id, job)| {
                    let holder = state.holders.get(id);
                    job.as_ref() == Some(&by.job) && holder.is_some_and(|it| *it != by.worker)
                });
            match () {
                () if old => Some("of an old attempt, after one of a newer"),
                () if state.over.contains(&scope) => Some("of a job that is over"),
                () if held_by_another => Some("while the task is another worker's"),
                () => None,
            }
        };
        if let Some(fault) = fault {
            self.broke(format!("{}: {what}, {fault}", by.job));
        }
    }

    /// Something was written into a job's journal.
    pub(crate) fn recorded(&self, worker: usize, job: &JobId, token: u64, what: &str, over: bool) {
        self.note(&format!("{job} w{worker} t{token} records {what}"));
        let scope = (self.scope(worker), job.clone());
        let fault = {
            let mut state = self.state();
            *state.records.entry(scope.clone()).or_default() += 1;
            let newest = state.written.entry(scope.clone()).or_default();
            let old = token < *newest;
            *newest = token.max(*newest);
            let finished = state.over.contains(&scope);
            if over {
                state.over.insert(scope);
            }
            match () {
                () if old => Some("by an old attempt, after a newer one"),
                () if finished => Some("after its end"),
                () => None,
            }
        };
        if let Some(fault) = fault {
            self.broke(format!("{job}: {what} is recorded {fault}"));
        }
        if what == "Orphaned" {
            self.told_of_a_death(worker, job);
        }
    }

    /// How many records the job has, unless it is another attempt's by now.
    pub(crate) fn written(&self, by: &Doer) -> Option<usize> {
        let (state, scope) = (self.state(), (self.scope(by.worker), by.job.clone()));
        let newest = state.written.get(&scope).copied().unwrap_or_default();
        (newest <= by.token).then(|| state.records.get(&scope).copied().unwrap_or_default())
    }

    /// A message goes for good.
    pub(crate) fn settled(&self, worker: usize, message: &str) {
        let fault = {
            let mut state = self.state();
            let job = state.messages.remove(message).flatten();
            state.holders.remove(message);
            job.filter(|job| {
                let over = state.over.contains(&(self.scope(worker), job.clone()));
                let other = state.messages.values().any(|it| it.as_ref() == Some(job));
                !over && !other
            })
        };
        if let Some(job) = fault {
            self.broke(format!("{job}: its last message is settled, and it is not over"));
        }
    }

    /// A message comes back while the job's processes run, and no shared store keeps others off.
    ///
    /// One who stood still or slept may have lost the job meanwhile to another, who put it down
    /// again: its processes are of an old attempt, which it is about to learn, and end.
    pub(crate) fn returned(&self, worker: usize, life: usize, message: &str) {
        let awake = Instant::now().checked_sub(LEASE * 6 / 5);
        if awake.is_none_or(|since| !self.is_undisturbed_since(worker, since)) {
            return;
        }
        let fault = {
            let state = self.state();
            let job = state.messages.get(message).cloned().flatten();
            let mut running = state.running.iter();
            let kept = |job: &JobId| {
                let scope = (self.scope(worker), job.clone());
                self.shape == Shape::Shared && state.owned.contains(&scope)
            };
            job.filter(|job| !kept(job)).filter(|job| {
                running.any(|it| it.job == *job && (it.worker, it.life) == (worker, life))
            })
        };
        if let Some(job) = fault {
            self.broke(format!("{job}: given back while its processes run"));
        }
    }

    /// Puts a task into the queue.
    pub(crate) async fn submit(&self, issue: u64, delivery: &str) {
        let body = format!(
            r#"{{"issue_number": {issue}, "repository": "acme/api", "delivery": "{delivery}"}}"#
        );
        self.submit_body(&body).await;
    }

    pub(crate) async fn submit_body(&self, body: &str) {
        let job = intake::task(body, "m").ok().map(|it| job_id(&it.key()));
        let id = self.base.submit(body).await.unwrap();
        self.note(&format!("submitted: {body}"));
        let mut state = self.state();
        state.asked.extend(job.clone());
        state.messages.insert(id, job);
    }
}
