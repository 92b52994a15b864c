//! Hands whose words to the code host are the real ones, and whose processes are simulated.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use codingworker::agent::{Agent, AgentError, Edit, Errand, Readiness};
use codingworker::audit::Audit;
use codingworker::database::Database;
use codingworker::deps::Deps;
use codingworker::domain::change::{Change, ObjectId};
use codingworker::domain::job::{
    Checkout, Event, Failure, Fault, JobId, Model, NewTests, Outcome, Progress, Proof, Story,
    Tokens, Turn, TurnOutcome,
};
use codingworker::domain::verification::{Isolation, Plan, Verification};
use codingworker::engine::authority;
use codingworker::engine::decide::Action;
use codingworker::engine::report::{Language, Masthead};
use codingworker::fault::{Mutation, mutated};
use codingworker::process::Tee;
use codingworker::redact::Redactor;
use codingworker::runner::{Command, Ended, Runner, RunnerError};
use codingworker::store::{Job, Store};
use codingworker::worker::drive::Perform;
use codingworker::worker::hands::{Hands, Log, Tools};
use codingworker::worker::lease::Lease;
use codingworker::worker::shift::Hire;
use codingworker::workspace::{WorkspaceOptions, Workspaces};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::gate::Gate;
use crate::host::Host;
use crate::world::{Doer, Running, Shape, World};

/// A job of such an issue kills whoever works on it.
pub(crate) const KILLER: u64 = 666;

pub(crate) struct Crew {
    pub(crate) world: Arc<World>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) store: Store,
    pub(crate) audit: Database,
}

struct Nobody;

#[async_trait]
impl Agent for Nobody {
    async fn version(&self) -> Result<String, AgentError> {
        Ok("nobody 1".to_owned())
    }
    async fn ready(&self, _: &Model) -> Result<Readiness, AgentError> {
        Err(AgentError::NotStarted("nobody is there".to_owned()))
    }
    async fn edit(&self, _: Errand<'_>, _: &CancellationToken) -> Result<Edit, AgentError> {
        Err(AgentError::NotStarted("nobody is there".to_owned()))
    }
}

#[async_trait]
impl Runner for Nobody {
    async fn run(&self, _: Command<'_>, _: &CancellationToken) -> Result<Ended, RunnerError> {
        unreachable!("checks are simulated")
    }
}

impl Tee for Nobody {
    fn write(&self, _: &[u8]) {}
}

#[async_trait]
impl Log for Nobody {
    async fn section(&self, _: &str) {}
    fn tee(&self) -> &dyn Tee {
        self
    }
}

impl Crew {
    fn tools(&self, doer: Doer) -> Tools {
        let (world, gate) = (self.world.clone(), self.gate.clone());
        let folder = std::env::temp_dir().join("codingworker-sim-that-is-never-made");
        let workspaces = Workspaces::new(WorkspaceOptions {
            state_dir: folder.clone(),
            work_dir: folder.clone(),
            git_url: "file:///nowhere".to_owned(),
            token: None,
            askpass_program: "/nowhere".into(),
            remote_env: Vec::new(),
            mark: None,
        });
        Tools {
            agent: Arc::new(Nobody),
            runner: Arc::new(Nobody),
            deps: Deps::new(folder),
            caches: None,
            places: Default::default(),
            agent_level: Isolation::Sandbox,
            host: Arc::new(Host { world, gate, doer }),
            workspaces: workspaces.unwrap(),
            masthead: Masthead { language: Language::En, worker: "w".to_owned() },
            authority: authority::Policy {
                repositories: Vec::new(),
                bots: Vec::new(),
                own_account: true,
                forks: false,
                level: Isolation::Sandbox,
                native_public: false,
                native_private: false,
                native_allowed: Vec::new(),
                network_allowed: Vec::new(),
                max_runs_per_day: 1_000,
                answer_refused_in_public: false,
                label: "ai-task".to_owned(),
            },
            gate: Default::default(),
            secrets: Vec::new(),
            store: self.store.clone(),
            audit: Audit::new(self.audit.clone()),
            ladder: vec!["small".to_owned()],
            bounds: codingworker::engine::size::Bounds::of(&[]),
            redactor: Redactor::default(),
            branch_prefix: "ai/issue-".to_owned(),
            renames: true,
            mutants: 0,
            agent_ahead: true,
            check_limit: Duration::from_secs(600),
            clock: self.gate.clock(),
        }
    }
}

#[async_trait]
impl Hire for Crew {
    async fn hands(&self, job: &Job, lease: Arc<Lease>) -> Box<dyn Perform> {
        let token = lease.fence().token;
        let doer = Doer { job: job.id.clone(), worker: self.gate.worker, token };
        let tools = Arc::new(self.tools(doer.clone()));
        let real = Hands::new(tools, lease.clone(), Arc::new(Nobody));
        let (world, gate) = (self.world.clone(), self.gate.clone());
        Box::new(Simulated { world, gate, lease, doer, real })
    }

    async fn is_asked_to_stop(&self, _: &Job) -> bool {
        tokio::time::sleep(Duration::from_secs(300)).await;
        false
    }

    async fn dismiss(&self, _: &JobId, _: &Outcome) {}
}

struct Simulated {
    world: Arc<World>,
    gate: Arc<Gate>,
    lease: Arc<Lease>,
    doer: Doer,
    real: Hands,
}

/// A process at work; gone from the list when it is.
struct Child(Arc<World>, Running);

impl Drop for Child {
    fn drop(&mut self) {
        self.0.state().running.retain(|it| *it != self.1);
    }
}

type Done = Result<Event, Failure>;

#[async_trait]
impl Perform for Simulated {
    async fn perform(
        &mut self,
        action: Action,
        progress: &Progress,
        story: &Story,
        stop: &CancellationToken,
    ) -> Event {
        self.is_durable(story);
        self.worst_moment(&action).await;
        match action {
            Action::Inspect => self.real.perform(action, progress, story, stop).await,
            Action::Tell(_) | Action::Open { .. } | Action::Label { .. } => {
                let _window = self.gate.window();
                self.real.perform(action, progress, story, stop).await
            }
            Action::Push(commit) => {
                let _window = self.gate.window();
                self.push(&commit, story).await.unwrap_or_else(Event::Failed)
            }
            Action::Rest(rest) => {
                tokio::select! {
                    biased;
                    () = stop.cancelled() => Event::Failed(interrupted()),
                    () = tokio::time::sleep(rest) => Event::Rested,
                }
            }
            Action::End(outcome) => Event::Ended(outcome),
            Action::Close(_) | Action::Nothing(_) => Event::Closed,
            action => self.process(action, story, stop).await.unwrap_or_else(Event::Failed),
        }
    }
}

fn interrupted() -> Failure {
    Failure::new(Fault::Interrupted, "the worker is stopping")
}

impl Simulated {
    /// Before it asks whether the task is still its own, a worker that no store tells is restored
    /// from a picture of its memory: its clock shows no time that passed.
    async fn worst_moment(&self, action: &Action) {
        let tells = matches!(
            action,
            Action::Tell(_) | Action::Open { .. } | Action::Label { .. } | Action::Push(_)
        );
        if tells && self.world.shape == Shape::Apart && self.world.hits(60) {
            let nap = Duration::from_secs(self.world.between(400, 1_500));
            if !self.gate.is_in_window() {
                let skew = i64::try_from(nap.as_millis()).unwrap();
                self.gate.skew.fetch_sub(skew, Ordering::SeqCst);
                self.gate.freeze(Instant::now() + nap);
            }
            self.gate.pass().await;
        }
    }

    /// What is done next must follow from what is written down.
    fn is_durable(&self, story: &Story) {
        let written = self.world.written(&self.doer);
        if written.is_some_and(|it| it != story.records.len()) {
            self.world.broke(format!("{}: acts upon what is not durable", story.job));
        }
    }

    /// Creates the branch, or finds that it is there; a taken name gives way to the next.
    async fn push(&self, commit: &ObjectId, story: &Story) -> Done {
        self.lease.confirm().await?;
        self.gate.pass().await;
        self.world.pause(100, 3_000).await;
        let first = format!("ai/issue-{}", story.task.thread());
        for nth in 1..20 {
            let branch = if nth == 1 { first.clone() } else { format!("{first}-{nth}") };
            let there = self.world.state().branches.get(&branch).cloned();
            match there.filter(|_| !mutated(Mutation::PushForced)) {
                Some((_, tip)) if tip == commit.0 => {}
                Some(_) => continue,
                None => {
                    self.gate.pass().await;
                    self.create(&branch, commit);
                }
            }
            self.gate.pass().await;
            if self.world.hits(15) {
                return Err(Failure::new(Fault::Transient, "the push's answer was lost"));
            }
            return Ok(Event::Pushed(Change { branch, commit: commit.clone() }));
        }
        Err(Failure::new(Fault::Permanent, "all names are taken"))
    }

    fn create(&self, branch: &str, commit: &ObjectId) {
        self.world.effect(&self.doer, &format!("pushes {branch}"));
        let made = (self.doer.job.clone(), commit.0.clone());
        let before = self.world.state().branches.insert(branch.to_owned(), made);
        if before.is_some_and(|it| it.0 != self.doer.job) {
            self.world.broke(format!("{}: another's branch is overwritten", self.doer.job));
        }
        let state = self.world.state();
        let mine = state.branches.values().filter(|it| it.0 == self.doer.job).count();
        drop(state);
        if mine > 1 && self.world.shape != Shape::Apart {
            self.world.broke(format!("{}: a second branch", self.doer.job));
        }
    }

    /// A child: quick, slow, hanging, dying, or the end of its worker.
    async fn process(&self, action: Action, story: &Story, stop: &CancellationToken) -> Done {
        let is_turn = matches!(action, Action::Attempt(_));
        if is_turn {
            self.world.asks(&self.gate, &story.job);
        }
        self.gate.pass().await;
        let child = self.begin(is_turn);
        if is_turn && story.task.thread() == KILLER {
            self.world.kills(&story.job);
            std::mem::forget(child);
            self.gate.die().await;
            return Err(interrupted());
        }
        let took = match self.world.below(100) {
            0..70 => self.world.between(1, 60_000),
            70..95 => self.world.between(60_000, 400_000),
            // It hangs until its limit ends it.
            _ => 900_000,
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => {
                // Its group gets a moment to end.
                self.world.pause(0, 5_000).await;
                drop(child);
                return Err(interrupted());
            }
            () = tokio::time::sleep(Duration::from_millis(took)) => {}
        }
        drop(child);
        self.gate.pass().await;
        if took == 900_000 || self.world.hits(20) {
            return Err(Failure::new(Fault::Transient, "it died"));
        }
        if is_turn && self.world.hits(30) {
            return Err(Failure::new(Fault::ModelAway, "the model is away"));
        }
        if is_turn && (self.world.is_model_busy() || self.world.hits(30)) {
            let least = if self.world.is_model_busy() { 1_800 } else { 1 };
            let stated = Duration::from_secs(self.world.between(least, 3_600));
            self.world.turned_away(&self.gate, stated);
            let retry_after_ms = u64::try_from(stated.as_millis()).ok();
            let busy = Failure::new(Fault::ModelBusy, "the model has no time");
            return Err(Failure { retry_after_ms, ..busy });
        }
        if is_turn && self.world.hits(5) {
            self.world.disturb(self.gate.worker, Instant::now());
            panic!("as the seed wants it");
        }
        if is_turn {
            self.world.may_ask(self.gate.worker, true);
        }
        Ok(self.answer(action, story))
    }

    fn begin(&self, turn: bool) -> Child {
        let (worker, life) = (self.gate.worker, self.gate.life);
        let number = self.world.roll();
        let running = Running { job: self.doer.job.clone(), worker, life, number, turn };
        self.world.begins(&running, self.gate.slots);
        Child(self.world.clone(), running)
    }

    fn answer(&self, action: Action, story: &Story) -> Event {
        let id = |what: &str| ObjectId(format!("{what}{:08x}", self.world.roll() as u32));
        match action {
            Action::Prepare => Event::Prepared(Checkout {
                base: id("b"),
                tree: id("t"),
                plan: Plan::default(),
                narrowing: Default::default(),
                notes: Vec::new(),
                template: None,
                levels: Default::default(),
            }),
            Action::Baseline => Event::Baselined(Verification::default()),
            Action::Attempt(attempt) => Event::Attempted(Turn {
                request: attempt.request,
                model: attempt.model.name,
                rung: attempt.rung,
                attempt: attempt.attempt,
                outcome: TurnOutcome::Edited,
                tree: id("t"),
                files: Vec::new(),
                calls: 1,
                tokens: Tokens::default(),
                left_out: Vec::new(),
                agent: "nobody 1".to_owned(),
                examples: Vec::new(),
                mutations: Vec::new(),
            }),
            Action::Verify { tree, scope } => {
                let verification = Verification::default();
                Event::Verified { verification, tree, scope, complaint: None }
            }
            Action::Prove { .. } => Event::Proved(Proof {
                new_tests: NewTests::FailOnBase,
                broken_old_tests: None,
                objections: Vec::new(),
                added: None,
            }),
            Action::Gate(tree) => {
                Event::Gated { tree, stops: Vec::new(), notes: Vec::new(), kept: None }
            }
            // The same work gives the same commit, also after a crash.
            Action::Commit { tree, .. } => {
                let commit = ObjectId(format!("c-{}-{}", story.job, tree.0));
                Event::Committed { commit, tree, files: Vec::new() }
            }
            other => unreachable!("{other:?} is not a process"),
        }
    }
}
