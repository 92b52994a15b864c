//! From `submit` to the agent's process: how long an idle worker takes to notice a task and to
//! get to work.
//!
//! Real: the queue in its file, the wake-up, the worker's loop, the job's admission, and every
//! event of its journal up to the agent's turn, each flushed to the disk; then a real child
//! process. Not in it: reading the issue, the comment and the checkout (see `overhead`), and what
//! the agent does before and after its own process starts.

use std::path::Path;
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
use codingworker::engine::decide::{Action, OnFailure, Policy};
use codingworker::process::{self, Spec, Tee};
use codingworker::queue::TaskQueue;
use codingworker::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use codingworker::store::{Job, Store};
use codingworker::worker::drive::Perform;
use codingworker::worker::lease::Lease;
use codingworker::worker::lifecycle::Bells;
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
/// A round that takes longer has gone wrong.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    println!("dispatch: from `submit` to the first byte that the agent's process prints");
    println!("  in it: queue, wake-up, admission, {{inspect, tell, prepare, baseline}} journalled");
    println!("  not in it: the code host and the checkout (see `overhead`), the agent's own start");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("codingworker.db");
    let database = Database::open(&file).expect("a database");
    let here = Arc::new(queue(&database, dir.path()));
    // As `codingworker submit` has it: connections of its own, and only the socket to wake by.
    let there = queue(&Database::open(&file).expect("the same database"), dir.path());
    let (started, mut starts) = mpsc::unbounded_channel();
    let bells = Bells::default();
    let shift = Shift {
        queue: here.clone(),
        store: Store::new(database),
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
    measure("same process", here.as_ref(), &mut starts).await;
    measure("another process's connection", &there, &mut starts).await;
    bells.drain.cancel();
    working.await.expect("no panic").expect("a quiet end");
}

async fn measure(name: &str, queue: &SqliteQueue, starts: &mut mpsc::UnboundedReceiver<Instant>) {
    let (mut submitted, mut whole) = (Vec::new(), Vec::new());
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
        if round >= WARM_UP {
            submitted.push(took);
            whole.push(start.expect("a start").duration_since(begun));
        }
    }
    let (submitted, whole) = (Samples::of(submitted), Samples::of(whole));
    say(&format!("dispatch, {name}: p50"), whole.percentile(50), "ms", Some("<= 10 ms"));
    say(&format!("dispatch, {name}: p99"), whole.percentile(99), "ms", Some("<= 50 ms"));
    say(&format!("dispatch, {name}: max"), whole.percentile(100), "ms", None);
    say(
        &format!("  of it until `submit` returns, {name}: p50"),
        submitted.percentile(50),
        "ms",
        None,
    );
}

/// Waits until the last task is settled, and then until the worker has gone to sleep.
async fn idle(queue: &SqliteQueue) {
    let settled = async {
        loop {
            let depth = queue.depth().await.expect("a depth");
            if depth.waiting + depth.in_flight == 0 {
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
    }
}

struct Agency {
    started: mpsc::UnboundedSender<Instant>,
}

#[async_trait]
impl Hire for Agency {
    async fn hands(&self, _: &Job, _: Arc<Lease>) -> Box<dyn Perform> {
        Box::new(QuickHands { started: self.started.clone() })
    }

    async fn is_asked_to_stop(&self, _: &Job) -> bool {
        false
    }

    async fn dismiss(&self, _: &JobId, _: &Outcome) {}
}

/// Answer everything at once, and start a real child for the agent's turn.
struct QuickHands {
    started: mpsc::UnboundedSender<Instant>,
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
        let _ = self.started.send(Instant::now());
    }
}
