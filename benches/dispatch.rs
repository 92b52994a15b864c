//! From `submit` to the agent's process: how long an idle worker takes to notice a task and to
//! get to work.
//!
//! Real: the queue in its file, the wake-up, the worker's loop, the job's admission, and every
//! event of its journal up to the agent's turn, each flushed to the disk; then a real child
//! process. The queue holds a thousand messages more, whose time has not come, and the store a
//! hundred thousand jobs that are over. Not in it: reading the issue, the comment and the checkout (see `overhead`), and what
//! the agent does before and after its own process starts.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use codingworker::app;
use codingworker::database::Database;
use codingworker::domain::change::ObjectId;
use codingworker::domain::job::{
    Checkout, Event, Failure, Fault, Inspection, JobId, Model, Outcome, Progress, Story,
};
use codingworker::domain::project::Narrowing;
use codingworker::domain::verification::{Plan, Verification};
use codingworker::engine::decide::{Action, OnFailure, Policy, Ready};
use codingworker::process::{self, Spec, Tee};
use codingworker::queue::TaskQueue;
use codingworker::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use codingworker::store::Job;
use codingworker::store::sqlite::SqliteStore;
use codingworker::worker::drive::Perform;
use codingworker::worker::lease::Lease;
use codingworker::worker::lifecycle::Bells;
use codingworker::worker::models::Models;
use codingworker::worker::shift::{Hire, Shift};
use figures::{Samples, say};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

mod figures;

const ROUNDS: usize = 300;
/// Rounds before the first that counts: statements are prepared and files grown.
const WARM_UP: usize = 20;
/// So long the worker is left alone before each task, so that it is idle and asleep.
const IDLE: Duration = Duration::from_millis(10);
/// Messages that wait for a later time, as those of a model that is held do.
const WAITING: usize = 1_000;
/// Jobs that are over, and are kept.
const HISTORY: usize = 100_000;
/// A round that takes longer has gone wrong.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    println!("dispatch: from `submit` to the first byte that the agent's process prints");
    println!("  {WAITING} more messages wait, {HISTORY} jobs are over; all writes are flushed");
    println!("  in it: queue, wake-up, admission, {{inspect, tell, prepare, baseline}} journalled");
    println!("  not in it: the code host and the checkout (see `overhead`), the agent's own start");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("codingworker.db");
    let database = Database::open(&file).expect("a database");
    fill(&database).await;
    let here = Arc::new(queue(&database, dir.path()));
    // As `codingworker submit` has it: connections of its own, and only the socket to wake by.
    let there = queue(&Database::open(&file).expect("the same database"), dir.path());
    let (started, mut starts) = mpsc::unbounded_channel();
    let bells = Bells::default();
    let shift = Shift {
        queue: here.clone(),
        models: Models::new(SqliteStore::over(database.clone()), app::clock(), "bench"),
        store: SqliteStore::over(database),
        name: "bench".to_owned(),
        hire: Arc::new(Agency { started }),
        policy: policy().into(),
        board: Default::default(),
        slots: 1.into(),
        clock: app::clock(),
        bells: bells.clone(),
        news: broadcast::channel(256).0,
        until_empty: false,
    };
    let working = tokio::spawn(shift.work());
    let mut sound = measure("same process", here.as_ref(), &mut starts).await;
    sound &= measure("another process's connection", &there, &mut starts).await;
    bells.drain.cancel();
    working.await.expect("no panic").expect("a quiet end");
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a machine has gathered that has worked for a year.
async fn fill(database: &Database) {
    let now = app::clock()().0;
    let filled = database.write(move |it| {
        let numbers = |to: usize| {
            format!("WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {to})")
        };
        it.execute_batch(&format!(
            "{} INSERT INTO jobs (id, key, repository, issue, task, state, created_at, updated_at)
             SELECT 'old' || n, 'old' || n, 'demo/stats', n, '{{}}', 'done', {now} - n, {now} - n FROM n;
             INSERT INTO events (job, seq, record) SELECT id, 1, '{{}}' FROM jobs;
             {} INSERT INTO messages (id, body, sent_at, visible_at, deliveries)
             SELECT 'later' || n, '{{}}', {now}, {now} + 36000000, 1 FROM n",
            numbers(HISTORY),
            numbers(WAITING)
        ))
    });
    filled.await.expect("filled");
}

/// Says whether every task was started once.
async fn measure(
    name: &str,
    queue: &SqliteQueue,
    starts: &mut mpsc::UnboundedReceiver<Start>,
) -> bool {
    let (mut submitted, mut hired, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..WARM_UP + ROUNDS {
        idle(queue).await;
        let task = format!(
            r#"{{"type":"issue","issue_number":{},"repository":"demo/stats","delivery":"{name} {round}"}}"#,
            round + 1
        );
        let begun = Instant::now();
        queue.submit(&task).await.expect("submitted");
        let took = begun.elapsed();
        let start = tokio::time::timeout(LIMIT, starts.recv()).await.expect("in time");
        let start = start.expect("a start");
        if round >= WARM_UP {
            submitted.push(took);
            hired.push(start.hired.saturating_duration_since(begun));
            whole.push(start.printed.duration_since(begun));
        }
    }
    idle(queue).await;
    let twice = starts.len();
    let (submitted, hired, whole) =
        (Samples::of(submitted), Samples::of(hired), Samples::of(whole));
    say(&format!("dispatch, {name}: p50"), whole.percentile(50), "ms", Some("<= 5 ms"));
    say(&format!("dispatch, {name}: p99"), whole.percentile(99), "ms", Some("<= 25 ms"));
    say(&format!("dispatch, {name}: max"), whole.percentile(100), "ms", None);
    say(
        &format!("  of it until `submit` returns, {name}: p50"),
        submitted.percentile(50),
        "ms",
        None,
    );
    let name = format!("  of it until its job is taken up, {name}: p50");
    say(&name, hired.percentile(50), "ms", None);
    if twice > 0 {
        say("tasks that were started twice", twice as f64, "", Some("0"));
    }
    twice == 0
}

/// Waits until the last task is settled, and then until the worker has gone to sleep.
async fn idle(queue: &SqliteQueue) {
    let settled = async {
        loop {
            let depth = queue.depth().await.expect("a depth");
            if depth.waiting + depth.in_flight <= WAITING as u64 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(LIMIT, settled).await.expect("in time");
    tokio::time::sleep(IDLE).await;
}

fn queue(database: &Database, dir: &Path) -> SqliteQueue {
    let options = SqliteQueueOptions {
        lease: Duration::from_secs(600),
        poll: Duration::from_secs(20),
        max_receives: 20,
        wake_path: Some(dir.join("wake.sock")),
        clock: app::clock(),
    };
    SqliteQueue::new(database.clone(), options)
}

fn policy() -> Policy {
    let model = Model {
        name: "bench".to_owned(),
        timeout: LIMIT,
        num_ctx: 8_192,
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
        max_fixes: 0,
        max_retries: 0,
        retry_delay: Duration::ZERO,
        max_waits: 0,
        job_limit: Duration::from_secs(3_600),
        write_tests: false,
        on_failure: OnFailure::Nothing,
        ready: Ready::Green,
    }
}

/// When a job came to its agent.
struct Start {
    /// It had been admitted, and was about to take its first step.
    hired: Instant,
    /// The agent's process had printed.
    printed: Instant,
}

struct Agency {
    started: mpsc::UnboundedSender<Start>,
}

#[async_trait]
impl Hire for Agency {
    async fn hands(&self, _: &Job, _: Arc<Lease>) -> Box<dyn Perform> {
        Box::new(QuickHands { started: self.started.clone(), hired: Instant::now() })
    }

    async fn is_asked_to_stop(&self, _: &Job) -> bool {
        false
    }

    async fn dismiss(&self, _: &JobId, _: &Outcome) {}
}

/// Answer everything at once, and start a real child for the agent's turn.
struct QuickHands {
    started: mpsc::UnboundedSender<Start>,
    hired: Instant,
}

#[async_trait]
impl Perform for QuickHands {
    async fn perform(
        &mut self,
        action: Action,
        _: &Progress,
        _: &Story,
        stop: &CancellationToken,
    ) -> Event {
        match action {
            Action::Inspect => Event::Inspected(Inspection {
                title: "median() is wrong".to_owned(),
                body: String::new(),
                removed: 0,
                open: true,
                asked_by: None,
                asked_at: None,
                default_branch: "main".to_owned(),
                public: false,
                network: false,
                conversation: None,
            }),
            Action::Tell(phase) => Event::Told { phase, comment: 1 },
            Action::Prepare => Event::Prepared(Checkout {
                base: ObjectId("0".repeat(40)),
                tree: ObjectId("1".repeat(40)),
                plan: Plan::default(),
                narrowing: Narrowing::default(),
                notes: Vec::new(),
                template: None,
                levels: Default::default(),
            }),
            Action::Baseline => Event::Baselined(Verification::default()),
            Action::Attempt(_) => {
                // It prints, so that what is measured is a process that runs, and not one that
                // was asked for.
                let mut spec = Spec::new("/bin/echo", "/", LIMIT);
                spec.args = vec!["started".into()];
                process::run(spec, Some(self), stop).await.expect("a child");
                Event::Failed(Failure::new(Fault::Permanent, "the measurement is over"))
            }
            Action::Label { .. } => Event::Labelled,
            other => unreachable!("the job goes no further than its first turn: {other:?}"),
        }
    }
}

impl Tee for QuickHands {
    fn write(&self, _: &[u8]) {
        let _ = self.started.send(Start { hired: self.hired, printed: Instant::now() });
    }
}
