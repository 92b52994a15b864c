//! Many jobs at once, each with a child of its own.
#![allow(dead_code, clippy::allow_attributes, reason = "the tests need less of it")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use codingworker::agent::{Agent, AgentError, Edit, Errand, Readiness};
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
use codingworker::worker::models::{Limits, Models};
use codingworker::worker::shift::{Hire, Shift};
use tokio::net::unix::pipe;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Nobody waits for longer than this.
const LIMIT: Duration = Duration::from_secs(300);
/// Prints, waits at the gate, prints, and ends.
const CHILD: &str =
    "for it in 1 2 3 4 5 6 7 8 9 10; do echo \"line $it of a job that has begun\"; done
     read -r _ <gate
     for it in 1 2 3 4 5 6 7 8 9 10; do echo \"line $it of a job that may end\"; done";

/// What was seen.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Children that waited at the gate together.
    pub(crate) together: usize,
    /// Jobs whose child never ran.
    pub(crate) lost: usize,
    /// Starts beyond a job's first.
    pub(crate) doubled: usize,
    /// From the beginning of the shift to the last child's first line.
    pub(crate) started: Duration,
    /// From the opening of the gate to the last job's end.
    pub(crate) ended: Duration,
    pub(crate) before: Option<Usage>,
    pub(crate) during: Option<Usage>,
    pub(crate) after: Option<Usage>,
}

impl Seen {
    /// Each job ran once.
    pub(crate) fn is_sound(&self) -> bool {
        self.lost == 0 && self.doubled == 0
    }

    /// Handles that there are more of than before.
    pub(crate) fn left_over(&self) -> usize {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => after.handles.saturating_sub(before.handles),
            _ => 0,
        }
    }
}

/// What `/proc` says of this process.
#[derive(Debug)]
pub(crate) struct Usage {
    pub(crate) resident_mb: f64,
    pub(crate) threads: usize,
    pub(crate) handles: usize,
}

impl Usage {
    fn now() -> Option<Self> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let number = |name: &str| {
            let line = status.lines().find_map(|it| it.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<usize>().ok()
        };
        Some(Self {
            resident_mb: number("VmRSS:")? as f64 * 1_024.0 / 1e6,
            threads: number("Threads:")?,
            handles: fs::read_dir("/proc/self/fd").ok()?.count(),
        })
    }
}

/// Submits that many tasks, and lets a shift that has a slot for each of them work.
pub(crate) async fn play(jobs: usize) -> Seen {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let gate = dir.path().join("gate");
    nix::unistd::mkfifo(&gate, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let database = Database::open(&dir.path().join("codingworker.db")).expect("a database");
    let queue = Arc::new(queue(&database));
    submit(&queue, jobs).await;
    // What the first child and the first listener open stays open.
    let (stop, first) = (CancellationToken::new(), Spec::new("/bin/true", dir.path(), LIMIT));
    process::run(first, None, &stop).await.expect("a child");
    let before = Usage::now();
    let (news, mut heard) = mpsc::unbounded_channel();
    let models = Models::new(SqliteStore::over(database.clone()), app::clock(), "bench");
    // Without it they would take turns at the one model.
    models.follow(Arc::new(NoAgent), Limits { turns: jobs, ..Limits::default() });
    let bells = Bells::default();
    let shift = Shift {
        queue: queue.clone(),
        store: SqliteStore::over(database.clone()),
        models,
        name: "bench".to_owned(),
        hire: Arc::new(Agency { dir: dir.path().to_owned(), news }),
        policy: policy().into(),
        board: Default::default(),
        slots: jobs.into(),
        clock: app::clock(),
        bells: bells.clone(),
        news: broadcast::channel(256).0,
        until_empty: false,
    };
    let began = Instant::now();
    let working = tokio::spawn(shift.work());
    let mut starts: HashMap<JobId, usize> = HashMap::new();
    let mut ends = 0;
    let until = |starts: &HashMap<JobId, usize>, ends: usize| starts.len() == jobs || ends == jobs;
    while !until(&starts, ends) {
        match next(&mut heard).await {
            Some(Heard::Started(job)) => *starts.entry(job).or_default() += 1,
            Some(Heard::Over) => ends += 1,
            None => break,
        }
    }
    let (started, together, during) = (began.elapsed(), starts.len() - ends, Usage::now());
    // Who waits at the gate comes through when it has been opened, and finds nothing to read.
    let opened = Instant::now();
    let open = CancellationToken::new();
    let opening = tokio::spawn(hold_open(gate, open.clone()));
    while ends < jobs {
        match next(&mut heard).await {
            Some(Heard::Started(job)) => *starts.entry(job).or_default() += 1,
            Some(Heard::Over) => ends += 1,
            None => break,
        }
    }
    let ended = opened.elapsed();
    open.cancel();
    opening.await.expect("no panic");
    bells.drain.cancel();
    working.await.expect("no panic").expect("a quiet end");
    let doubled = starts.values().map(|it| it - 1).sum();
    let lost = jobs - starts.len();
    Seen { together, lost, doubled, started, ended, before, during, after: Usage::now() }
}

/// Lets through whoever waits, as long as there may be somebody: who opens the pipe to read goes on
/// when it has been opened to write, and finds its end.
async fn hold_open(gate: PathBuf, stop: CancellationToken) {
    while !stop.is_cancelled() {
        drop(pipe::OpenOptions::new().open_sender(&gate));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn next(heard: &mut mpsc::UnboundedReceiver<Heard>) -> Option<Heard> {
    tokio::time::timeout(LIMIT, heard.recv()).await.ok().flatten()
}

async fn submit(queue: &Arc<SqliteQueue>, jobs: usize) {
    let mut tasks = JoinSet::new();
    for number in 1..=jobs {
        let queue = queue.clone();
        let task = format!(
            r#"{{"type":"issue","issue_number":{number},"repository":"demo/stats","delivery":"{number}"}}"#
        );
        tasks.spawn(async move { queue.submit(&task).await.expect("submitted") });
    }
    tasks.join_all().await;
}

fn queue(database: &Database) -> SqliteQueue {
    let options = SqliteQueueOptions {
        lease: Duration::from_secs(600),
        poll: Duration::from_secs(20),
        max_receives: 20,
        wake_path: None,
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

/// Says how the model is reached; the turns are `ChildHands`' own.
struct NoAgent;

#[async_trait]
impl Agent for NoAgent {
    async fn version(&self) -> Result<String, AgentError> {
        unreachable!("the hands ask no agent")
    }

    async fn ready(&self, model: &Model) -> Result<Readiness, AgentError> {
        Ok(Readiness { context: model.num_ctx })
    }

    async fn edit(&self, _: Errand<'_>, _: &CancellationToken) -> Result<Edit, AgentError> {
        unreachable!("the hands ask no agent")
    }
}

enum Heard {
    /// A job's child has printed its first line.
    Started(JobId),
    /// A job is over, and its delivery settled.
    Over,
}

struct Agency {
    dir: PathBuf,
    news: mpsc::UnboundedSender<Heard>,
}

#[async_trait]
impl Hire for Agency {
    async fn hands(&self, _: &Job, _: Arc<Lease>) -> Box<dyn Perform> {
        Box::new(ChildHands { dir: self.dir.clone(), news: self.news.clone() })
    }

    async fn is_asked_to_stop(&self, _: &Job) -> bool {
        false
    }

    async fn dismiss(&self, _: &JobId, _: &Outcome) {
        let _ = self.news.send(Heard::Over);
    }
}

/// Answer everything at once; for the agent's turn, a child.
struct ChildHands {
    dir: PathBuf,
    news: mpsc::UnboundedSender<Heard>,
}

#[async_trait]
impl Perform for ChildHands {
    async fn perform(
        &mut self,
        action: Action,
        _: &Progress,
        story: &Story,
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
                run(&self.dir, story.job.clone(), self.news.clone(), stop).await;
                Event::Failed(Failure::new(Fault::Permanent, "the measurement is over"))
            }
            Action::Label { .. } => Event::Labelled,
            other => unreachable!("the job goes no further than its first turn: {other:?}"),
        }
    }
}

async fn run(dir: &Path, job: JobId, news: mpsc::UnboundedSender<Heard>, stop: &CancellationToken) {
    let mut spec = Spec::new("/bin/sh", dir, LIMIT);
    spec.args = vec!["-c".into(), CHILD.into()];
    let first = FirstLine { job, news, told: AtomicBool::new(false) };
    let ended = process::run(spec, Some(&first), stop).await.expect("a child");
    assert!(ended.exit.is_success(), "{ended:?}");
    assert_eq!(ended.stdout.head.iter().filter(|it| **it == b'\n').count(), 20);
}

struct FirstLine {
    job: JobId,
    news: mpsc::UnboundedSender<Heard>,
    told: AtomicBool,
}

impl Tee for FirstLine {
    fn write(&self, _: &[u8]) {
        if !self.told.swap(true, Ordering::Relaxed) {
            let _ = self.news.send(Heard::Started(self.job.clone()));
        }
    }
}
