//! Whole shifts, told with the real queue and store, and hands that only pretend.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use codingworker::agent::{Agent, AgentError, Edit, Errand, Readiness};
use codingworker::app;
use codingworker::database::Database;
use codingworker::domain::change::{Change, ObjectId, PullRequest};
use codingworker::domain::job::{
    Checkout, Event, Failure, Fault, Inspection, JobId, JobState, Model, NewTests, Outcome,
    Progress, Proof, Standing, Story, Tokens, Turn, TurnOutcome,
};
use codingworker::domain::project::Narrowing;
use codingworker::domain::time::Timestamp;
use codingworker::domain::verification::{Plan, Verification};
use codingworker::engine::decide::{Action, OnFailure, Policy, Ready};
use codingworker::engine::intake;
use codingworker::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use codingworker::queue::{Depth, Settlement, TaskQueue};
use codingworker::store::sqlite::SqliteStore;
use codingworker::store::{Job, JobFilter, Store, job_id};
use codingworker::worker::drive::Perform;
use codingworker::worker::lease::Lease;
use codingworker::worker::lifecycle::Bells;
use codingworker::worker::models::{Limits, Models};
use codingworker::worker::shift::{Hire, Shift};
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::faulty_queue::{Faults, FaultyQueue};

/// A world without git, agent and code host: what the hands did is written on a wall.
struct World {
    database: Database,
    queue: Arc<dyn TaskQueue>,
    store: Store,
    wall: Arc<Wall>,
    /// How far the queue's clock is ahead of the machine's, in milliseconds.
    ahead: Arc<AtomicI64>,
    slots: usize,
}

#[derive(Default)]
pub(crate) struct Wall {
    /// Which actions were done for which job.
    done: Mutex<HashMap<JobId, Vec<&'static str>>>,
    /// While set, a turn of the agent takes until it is told to go on.
    held: Mutex<Option<Arc<Notify>>>,
    at_work: AtomicUsize,
    most_at_work: AtomicUsize,
    changed: Notify,
    away: AtomicUsize,
    /// How many more turns end in a panic.
    pub(crate) panics: AtomicUsize,
}

impl Wall {
    fn write(&self, job: &JobId, action: &'static str) {
        self.done.lock().unwrap().entry(job.clone()).or_default().push(action);
        self.changed.notify_waiters();
    }

    pub(crate) fn count(&self, action: &str) -> usize {
        let done = self.done.lock().unwrap();
        done.values().flatten().filter(|it| **it == action).count()
    }

    /// For which jobs an action was done.
    fn of(&self, action: &str) -> BTreeSet<JobId> {
        let done = self.done.lock().unwrap();
        done.iter().filter(|(_, it)| it.contains(&action)).map(|(job, _)| job.clone()).collect()
    }

    pub(crate) fn hold(&self) -> Arc<Notify> {
        let gate = Arc::new(Notify::new());
        *self.held.lock().unwrap() = Some(gate.clone());
        gate
    }

    pub(crate) fn let_go(&self) {
        if let Some(gate) = self.held.lock().unwrap().take() {
            gate.notify_waiters();
        }
    }
}

/// Waits until something is so; the limit only ends a test that would hang.
pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    assert!(waited.is_ok(), "it never came to this: {what}");
}

struct Puppet {
    wall: Arc<Wall>,
}

#[async_trait]
impl Perform for Puppet {
    async fn perform(
        &mut self,
        action: Action,
        _: &Progress,
        story: &Story,
        stop: &CancellationToken,
    ) -> Event {
        let id = ObjectId("c0ffee".to_owned());
        let (name, event) = match action {
            Action::Inspect => ("inspect", Event::Inspected(inspection())),
            Action::Tell(phase) => ("tell", Event::Told { phase, comment: 1 }),
            Action::Prepare => ("prepare", Event::Prepared(checkout())),
            Action::Baseline => ("baseline", Event::Baselined(Verification::default())),
            Action::Attempt(attempt) => {
                if self.wall.panics.load(Ordering::SeqCst) > 0 {
                    self.wall.panics.fetch_sub(1, Ordering::SeqCst);
                    panic!("as the story wants it");
                }
                if self.wall.away.load(Ordering::SeqCst) > 0 {
                    self.wall.away.fetch_sub(1, Ordering::SeqCst);
                    return Event::Failed(Failure::new(Fault::ModelAway, "Ollama is down"));
                }
                let now = self.wall.at_work.fetch_add(1, Ordering::SeqCst) + 1;
                self.wall.most_at_work.fetch_max(now, Ordering::SeqCst);
                self.wall.write(&story.job, "begin");
                let gate = self.wall.held.lock().unwrap().clone();
                let stopped = match gate {
                    Some(gate) => tokio::select! {
                        () = gate.notified() => false,
                        () = stop.cancelled() => true,
                    },
                    None => false,
                };
                self.wall.at_work.fetch_sub(1, Ordering::SeqCst);
                if stopped {
                    return Event::Failed(Failure::new(Fault::Interrupted, "stopping"));
                }
                let turn = Turn {
                    request: attempt.request,
                    model: attempt.model.name,
                    rung: attempt.rung,
                    attempt: attempt.attempt,
                    outcome: TurnOutcome::Edited,
                    tree: id,
                    files: Vec::new(),
                    calls: 1,
                    tokens: Tokens::default(),
                    left_out: Vec::new(),
                    agent: "puppet 1".to_owned(),
                    examples: Vec::new(),
                    mutations: Vec::new(),
                };
                ("attempt", Event::Attempted(turn))
            }
            Action::Verify { tree, scope } => (
                "verify",
                Event::Verified {
                    verification: Verification::default(),
                    tree,
                    scope,
                    complaint: None,
                },
            ),
            Action::Prove { .. } => ("prove", Event::Proved(proof())),
            Action::Gate(tree) => {
                ("gate", Event::Gated { tree, stops: Vec::new(), notes: Vec::new(), kept: None })
            }
            Action::Commit { tree, .. } => {
                ("commit", Event::Committed { commit: id, tree, files: Vec::new() })
            }
            Action::Push(commit) => {
                ("push", Event::Pushed(Change { branch: "ai/issue-1".to_owned(), commit }))
            }
            Action::Open { standing, .. } => {
                let draft = standing != Standing::Ready;
                ("open", Event::Opened(PullRequest { number: 7, url: "u".to_owned(), draft }))
            }
            Action::Label { .. } => ("label", Event::Labelled),
            Action::Rest(_) | Action::Await(_) => ("rest", Event::Rested),
            Action::End(outcome) => ("end", Event::Ended(outcome)),
            Action::Close(_) | Action::Nothing(_) => ("close", Event::Closed),
        };
        self.wall.write(&story.job, name);
        event
    }
}

/// The puppets ask no agent.
struct Nobody;

#[async_trait]
impl Agent for Nobody {
    async fn version(&self) -> Result<String, AgentError> {
        unreachable!("nobody asks")
    }
    async fn ready(&self, model: &Model) -> Result<Readiness, AgentError> {
        Ok(Readiness { context: model.num_ctx })
    }
    async fn edit(&self, _: Errand<'_>, _: &CancellationToken) -> Result<Edit, AgentError> {
        unreachable!("nobody asks")
    }
}

#[async_trait]
impl Hire for Puppets {
    async fn hands(&self, _: &Job, _: Arc<Lease>) -> Box<dyn Perform> {
        Box::new(Puppet { wall: self.0.clone() })
    }
    async fn is_asked_to_stop(&self, _: &Job) -> bool {
        false
    }
    async fn dismiss(&self, job: &JobId, _: &Outcome) {
        self.0.write(job, "dismiss");
    }
}

pub(crate) struct Puppets(pub(crate) Arc<Wall>);

impl World {
    fn new() -> Self {
        let database = Database::open_in_memory().unwrap();
        let ahead = Arc::new(AtomicI64::new(0));
        let (now, offset) = (app::clock(), ahead.clone());
        let options = SqliteQueueOptions {
            lease: Duration::from_secs(2),
            poll: Duration::from_millis(200),
            max_receives: 20,
            wake_path: None,
            clock: Arc::new(move || Timestamp(now().0 + offset.load(Ordering::SeqCst))),
        };
        let queue = Arc::new(SqliteQueue::new(database.clone(), options));
        let store = SqliteStore::over(database.clone());
        Self { database, queue, store, wall: Arc::default(), ahead, slots: 1 }
    }

    async fn submit(&self, issue: u64, delivery: &str) {
        self.queue.submit(&task(issue, delivery)).await.unwrap();
    }

    fn shift(&self, until_empty: bool) -> (Shift, Bells) {
        let bells = Bells::default();
        let shift = Shift {
            queue: self.queue.clone(),
            store: self.store.clone(),
            name: "one".to_owned(),
            hire: Arc::new(Puppets(self.wall.clone())),
            policy: policy().into(),
            board: Default::default(),
            slots: self.slots.into(),
            models: self.models(),
            clock: app::clock(),
            bells: bells.clone(),
            news: broadcast::channel(64).0,
            until_empty,
        };
        (shift, bells)
    }

    /// Models that as many jobs as like may ask at once.
    fn models(&self) -> Models {
        let models = Models::new(self.store.clone(), app::clock(), "one");
        models.follow(Arc::new(Nobody), Limits { turns: 99, ..Limits::default() });
        models
    }

    /// A shift that leaves when all is done.
    async fn work(&self) {
        self.shift(true).0.work().await.unwrap();
    }

    /// A shift that goes on until a bell rings.
    fn serve(&self) -> (JoinHandle<()>, Bells) {
        let (shift, bells) = self.shift(false);
        (tokio::spawn(async move { shift.work().await.unwrap() }), bells)
    }

    async fn depth(&self) -> Depth {
        self.queue.depth().await.unwrap()
    }

    async fn states(&self) -> Vec<JobState> {
        let jobs = self.store.jobs(&JobFilter::default(), 100).await.unwrap();
        jobs.into_iter().map(|job| job.state).collect()
    }
}

pub(crate) fn task(issue: u64, delivery: &str) -> String {
    format!(r#"{{"issue_number": {issue}, "repository": "acme/api", "delivery": "{delivery}"}}"#)
}

fn request_on(pull: u64, comment: u64) -> String {
    format!(
        r#"{{"type": "pr_comment", "pr_number": {pull}, "comment_id": {comment},
        "comment_kind": "issue_comment", "repository": "acme/api", "body": "@ai-fix handle nothing"}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_labelled_issue_becomes_a_pull_request_and_leaves_the_queue() {
    let world = World::new();
    world.submit(1, "a").await;
    world.work().await;
    assert_eq!(world.states().await, [JobState::Done]);
    assert_eq!((world.wall.count("open"), world.wall.count("dismiss")), (1, 1));
    let depth = world.depth().await;
    assert_eq!((depth.waiting, depth.in_flight), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_task_delivered_twice_is_one_job_and_one_pull_request() {
    let world = World::new();
    world.submit(1, "a").await;
    world.submit(1, "a").await;
    world.work().await;
    world.submit(1, "a").await;
    world.work().await;
    assert_eq!(world.states().await.len(), 1);
    assert_eq!(world.wall.count("open"), 1);
    let depth = world.depth().await;
    assert_eq!((depth.waiting, depth.in_flight), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_sent_twice_is_held_once_while_its_job_runs() {
    let mut world = World::new();
    world.slots = 2;
    world.wall.hold();
    world.submit(1, "a").await;
    world.submit(1, "a").await;
    let (shift, bells) = world.serve();
    until("one at work", async || world.wall.count("begin") == 1).await;
    until("the other message is settled", async || {
        let depth = world.depth().await;
        (depth.waiting, depth.in_flight) == (0, 1)
    })
    .await;
    let job = world.store.unfinished().await.unwrap().remove(0);
    let receipt = serde_json::from_str(&job.receipt.unwrap()).unwrap();
    world.queue.extend(&receipt).await.unwrap();
    world.wall.let_go();
    until("done", async || world.wall.count("dismiss") == 1).await;
    bells.drain.cancel();
    shift.await.unwrap();
    let depth = world.depth().await;
    assert_eq!((depth.waiting, depth.in_flight, world.wall.count("inspect")), (0, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_that_is_labelled_again_is_a_new_job() {
    let world = World::new();
    world.submit(1, "a").await;
    world.submit(1, "b").await;
    world.work().await;
    assert_eq!((world.states().await.len(), world.wall.count("open")), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_task_goes_to_the_dead_letters_and_the_worker_goes_on() {
    let world = World::new();
    world.queue.submit("hello").await.unwrap();
    world.queue.submit(r#"{"issue_number": 0, "repository": "acme/api"}"#).await.unwrap();
    world.submit(1, "a").await;
    world.work().await;
    assert_eq!(world.states().await, [JobState::Done]);
    let dead = world.queue.dead().await.unwrap();
    let reasons = dead.iter().map(|it| it.reason.as_str()).collect::<Vec<_>>();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons.iter().any(|it| it.contains("not JSON")), "{reasons:?}");
    assert!(reasons.iter().any(|it| it.contains("1 or more")), "{reasons:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_taken_than_there_are_free_slots() {
    let world = World { slots: 2, ..World::new() };
    for issue in 1..=5 {
        world.submit(issue, "a").await;
    }
    world.wall.hold();
    let (shift, bells) = world.serve();
    until("two at work", async || world.wall.at_work.load(Ordering::SeqCst) == 2).await;
    let depth = world.depth().await;
    assert_eq!((depth.waiting, depth.in_flight), (3, 2));
    world.wall.let_go();
    until("all done", async || world.wall.count("dismiss") == 5).await;
    assert_eq!(world.wall.most_at_work.load(Ordering::SeqCst), 2);
    bells.drain.cancel();
    shift.await.unwrap();
}

/// What takes the later requests along is the first: it must be the one that begins.
#[tokio::test(flavor = "multi_thread")]
async fn of_several_requests_on_one_pull_request_the_first_begins_and_the_others_wait() {
    let world = World { slots: 90, ..World::new() };
    let mut firsts = BTreeSet::new();
    for pull in 1..=30 {
        for request in 0..3 {
            let asked = request_on(pull, pull * 3 + request);
            if request == 0 {
                firsts.insert(job_id(&intake::task(&asked, "").unwrap().key()));
            }
            world.queue.submit(&asked).await.unwrap();
        }
    }
    world.wall.hold();
    let (shift, bells) = world.serve();
    until("one of each at work", async || world.wall.count("begin") == 30).await;
    assert_eq!(world.wall.of("begin"), firsts);
    world.wall.let_go();
    until("all done", async || world.wall.count("dismiss") == 90).await;
    bells.drain.cancel();
    shift.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_worker_finishes_what_it_holds_and_takes_nothing_new() {
    let world = World::new();
    world.submit(1, "a").await;
    world.wall.hold();
    let (shift, bells) = world.serve();
    until("one at work", async || world.wall.count("begin") == 1).await;
    bells.drain.cancel();
    world.submit(2, "a").await;
    world.wall.let_go();
    shift.await.unwrap();
    assert_eq!(world.wall.count("open"), 1);
    let depth = world.depth().await;
    assert_eq!((depth.waiting, depth.in_flight), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_put_down_goes_on_where_it_was() {
    let world = World::new();
    world.submit(1, "a").await;
    world.wall.hold();
    let (shift, bells) = world.serve();
    until("one at work", async || world.wall.count("begin") == 1).await;
    bells.drain.cancel();
    bells.abort.cancel();
    shift.await.unwrap();
    assert_eq!(world.depth().await.waiting, 1, "the delivery was given back");
    world.wall.let_go();

    world.work().await;
    assert_eq!(world.states().await, [JobState::Done]);
    for once in ["inspect", "prepare", "baseline", "open"] {
        assert_eq!(world.wall.count(once), 1, "{once}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_worker_was_killed_goes_on_at_the_next_start_without_a_new_delivery() {
    let world = World::new();
    world.submit(1, "a").await;
    world.wall.hold();
    let (shift, _bells) = world.serve();
    until("one at work", async || world.wall.count("begin") == 1).await;
    shift.abort();
    assert!(shift.await.unwrap_err().is_cancelled());
    assert_eq!(world.depth().await.in_flight, 1, "nobody gave it back");
    world.wall.let_go();

    let (shift, bells) = world.serve();
    until("done", async || world.wall.count("dismiss") >= 1).await;
    bells.drain.cancel();
    shift.await.unwrap();
    assert_eq!(world.wall.count("inspect"), 1);
    let depth = world.depth().await;
    assert_eq!((depth.waiting, depth.in_flight), (0, 0));
}

#[tokio::test]
async fn a_job_that_was_left_goes_on_before_a_new_one_begins() {
    let world = World::new();
    world.submit(1, "a").await;
    world.wall.hold();
    let (shift, _bells) = world.serve();
    until("one at work", async || world.wall.count("begin") == 1).await;
    shift.abort();
    assert!(shift.await.unwrap_err().is_cancelled());
    let left = world.store.unfinished().await.unwrap().remove(0).id;
    world.submit(2, "b").await;
    world.wall.hold();

    let (shift, bells) = world.serve();
    until("one at work again", async || world.wall.count("begin") == 2).await;
    let begun = |job: &JobId| {
        let done = world.wall.done.lock().unwrap();
        done[job].iter().filter(|it| **it == "begin").count()
    };
    assert_eq!(begun(&left), 2, "the one slot is its own");
    world.wall.let_go();
    until("both done", async || world.wall.count("dismiss") == 2).await;
    bells.drain.cancel();
    shift.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_ends_at_once_and_says_so() {
    let world = World::new();
    world.submit(1, "a").await;
    world.wall.hold();
    let (shift, bells) = world.serve();
    until("one at work", async || world.wall.count("begin") == 1).await;
    let job = world.store.jobs(&JobFilter::default(), 1).await.unwrap().remove(0);
    assert!(world.store.request_cancel(&job.id, Timestamp(1)).await.unwrap());
    until("over", async || world.states().await == [JobState::Cancelled]).await;
    bells.drain.cancel();
    shift.await.unwrap();
    assert_eq!((world.wall.count("push"), world.wall.count("label")), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_while_nobody_has_it_ends_before_its_next_step() {
    let world = World::new();
    world.submit(1, "a").await;
    world.wall.hold();
    let (shift, bells) = world.serve();
    until("one at work", async || world.wall.count("begin") == 1).await;
    bells.drain.cancel();
    bells.abort.cancel();
    shift.await.unwrap();
    let job = world.store.jobs(&JobFilter::default(), 1).await.unwrap().remove(0);
    assert!(world.store.request_cancel(&job.id, Timestamp(1)).await.unwrap());
    world.work().await;
    assert_eq!(world.states().await, [JobState::Cancelled]);
    assert_eq!(world.wall.count("begin"), 1, "no further turn was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_lease_puts_the_job_down_and_leaves_the_delivery_alone() {
    let world = World::new();
    world.submit(1, "a").await;
    world.wall.hold();
    let (shift, bells) = world.serve();
    until("one at work", async || world.wall.count("begin") == 1).await;
    // As when the machine slept: the queue's clock went on, and somebody else got the task.
    world.ahead.fetch_add(60_000, Ordering::SeqCst);
    let stop = CancellationToken::new();
    let mut stolen = Vec::new();
    until("stolen", async || {
        stolen.extend(world.queue.receive(1, &stop).await.unwrap());
        !stolen.is_empty()
    })
    .await;
    until("put down", async || world.wall.at_work.load(Ordering::SeqCst) == 0).await;
    assert_eq!(world.depth().await.in_flight, 1, "the thief still has it");
    assert_eq!(world.wall.count("push"), 0);
    world.queue.settle(&stolen[0].receipt, Settlement::Done).await.unwrap();
    bells.drain.cancel();
    bells.abort.cancel();
    shift.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_job_keeps_its_delivery() {
    let world = World::new();
    world.submit(1, "a").await;
    world.wall.hold();
    let (shift, bells) = world.serve();
    until("one at work", async || world.wall.count("begin") == 1).await;
    // Longer than a lease, in steps that leave the heartbeat its time.
    let first = app::clock()();
    until("a lease and a half", async || app::clock()().since(first) > Duration::from_secs(3))
        .await;
    let stop = CancellationToken::new();
    assert!(world.queue.receive(1, &stop).await.unwrap().is_empty(), "nobody else may have it");
    world.wall.let_go();
    until("done", async || world.wall.count("dismiss") == 1).await;
    bells.drain.cancel();
    shift.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_hands_panic_is_delivered_again_and_goes_on() {
    let world = World::new();
    world.wall.panics.store(1, Ordering::SeqCst);
    world.submit(1, "a").await;
    let (shift, bells) = world.serve();
    until("done", async || world.wall.count("dismiss") == 1).await;
    bells.drain.cancel();
    shift.await.unwrap();
    assert_eq!(world.states().await, [JobState::Done]);
    assert_eq!((world.wall.count("inspect"), world.wall.count("open")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_away_is_waited_for_with_the_delivery_in_hand() {
    let world = World::new();
    world.wall.away.store(2, Ordering::SeqCst);
    world.submit(1, "a").await;
    world.work().await;
    assert_eq!(world.states().await, [JobState::Done]);
    assert_eq!((world.wall.away.load(Ordering::SeqCst), world.wall.count("inspect")), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_duplicates_reorders_loses_replies_and_throttles_leads_to_one_pull_request_each()
 {
    for seed in 0..5 {
        let mut world = World { slots: 3, ..World::new() };
        let honest = world.queue.clone();
        world.queue = Arc::new(FaultyQueue::new(honest, seed, Faults::ROUGH));
        for issue in 1..=8 {
            let body = task(issue, "a");
            until("submitted", async || world.queue.submit(&body).await.is_ok()).await;
        }
        let (shift, bells) = world.serve();
        until("all done", async || {
            let states = world.states().await;
            states.len() == 8 && states.iter().all(|it| it.is_final())
        })
        .await;
        bells.drain.cancel();
        shift.await.unwrap();
        assert_eq!(world.wall.count("open"), 8, "seed {seed}");
        assert!(world.states().await.iter().all(|it| *it == JobState::Done));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_written_stops_the_job_before_its_next_effect() {
    let world = World::new();
    world.submit(1, "a").await;
    world.wall.hold();
    let (shift, bells) = world.serve();
    until("one at work", async || world.wall.count("begin") == 1).await;
    let broken = world.database.write(|it| it.execute_batch("DROP TABLE events")).await;
    broken.expect("the table's name");
    world.wall.let_go();
    until("put down", async || world.wall.count("attempt") == 1).await;
    bells.drain.cancel();
    bells.abort.cancel();
    shift.await.unwrap();
    assert_eq!(world.wall.count("verify"), 0, "nothing may follow what is not written down");
}

fn comment(pull: u64, id: u64, body: &str) -> String {
    format!(
        r#"{{"type": "pr_comment", "repository": "acme/api", "pr_number": {pull},
            "comment_id": {id}, "body": "{body}"}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_for_one_pull_request_go_one_after_the_other_and_another_one_is_not_held_up() {
    let world = World { slots: 3, ..World::new() };
    world.wall.hold();
    for (pull, id) in [(1, 11), (1, 12), (2, 21)] {
        world.queue.submit(&comment(pull, id, "@ai-fix rename this")).await.unwrap();
    }
    let (shift, bells) = world.serve();
    until("two pull requests are worked on", async || world.wall.count("begin") == 2).await;
    until("all three are known", async || world.states().await.len() == 3).await;
    world.submit(9, "a").await;
    until("the slot of the one that waits is free for others", async || {
        world.wall.count("begin") == 3
    })
    .await;
    world.wall.let_go();
    until("all over", async || world.wall.count("dismiss") == 4).await;
    bells.drain.cancel();
    shift.await.unwrap();
    assert_eq!(world.wall.count("inspect"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_behind_the_work_that_it_is_to_stop() {
    let world = World { slots: 2, ..World::new() };
    world.wall.hold();
    world.queue.submit(&comment(1, 11, "@ai-fix rename this")).await.unwrap();
    world.queue.submit(&comment(1, 12, "@ai-fix stop")).await.unwrap();
    let (shift, bells) = world.serve();
    until("both at work", async || world.wall.count("begin") == 2).await;
    world.wall.let_go();
    until("all over", async || world.wall.count("dismiss") == 2).await;
    bells.drain.cancel();
    shift.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_drains_gives_back_what_waits_for_another_job() {
    let world = World { slots: 2, ..World::new() };
    world.wall.hold();
    for id in [11, 12] {
        world.queue.submit(&comment(1, id, "@ai-fix rename this")).await.unwrap();
    }
    let (shift, bells) = world.serve();
    until("both are known", async || world.states().await.len() == 2).await;
    until("one at work", async || world.wall.count("begin") == 1).await;
    bells.drain.cancel();
    until("the other is back", async || world.depth().await.waiting == 1).await;
    world.wall.let_go();
    shift.await.unwrap();
    assert_eq!((world.wall.count("inspect"), world.wall.count("dismiss")), (1, 1));
}

pub(crate) fn policy() -> Policy {
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
        retry_delay: Duration::from_millis(50),
        max_waits: 100,
        job_limit: Duration::from_secs(3_600),
        write_tests: true,
        on_failure: OnFailure::Draft,
        ready: Ready::Green,
    }
}

fn inspection() -> Inspection {
    Inspection {
        title: "Say hello".to_owned(),
        body: String::new(),
        removed: 0,
        open: true,
        asked_by: None,
        asked_at: None,
        default_branch: "main".to_owned(),
        public: false,
        network: false,
        conversation: None,
    }
}

fn checkout() -> Checkout {
    Checkout {
        base: ObjectId("ba5e".to_owned()),
        tree: ObjectId("7ree".to_owned()),
        plan: Plan::default(),
        narrowing: Narrowing::default(),
        notes: Vec::new(),
        template: None,
        levels: Default::default(),
    }
}

fn proof() -> Proof {
    Proof {
        new_tests: NewTests::FailOnBase,
        broken_old_tests: None,
        objections: Vec::new(),
        added: None,
    }
}
