//! Carries out one action and says what came of it. Every side effect of a job is here or in a
//! file below.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::agent::{Agent, AgentError};
use crate::audit::{Audit, AuditError, Decision, Entry};
use crate::code_host::{CodeHost, HostError};
use crate::deps::Deps;
use crate::deps::caches::Caches;
use crate::domain::change::ObjectId;
use crate::domain::job::{Event, Failure, Fault, Person, Progress, Stage, Story};
use crate::domain::task::{Origin, Repository};
use crate::domain::verification::Isolation;
use crate::engine::authority;
use crate::engine::decide::Action;
use crate::engine::gate as gatekeeping;
use crate::engine::report::Masthead;
use crate::engine::size::Bounds;
use crate::process::Tee;
use crate::redact::Redactor;
use crate::runner::{Runner, RunnerError};
use crate::store::{Store, StoreError};
use crate::worker::drive::{Clock, Perform};
use crate::worker::lease::{Lease, LeaseError};
use crate::worker::scene::{Places, Scene};
use crate::workspace::{FetchAhead, Workspace, WorkspaceError, Workspaces};

mod answer;
mod attempt;
mod caches;
mod commands;
mod converse;
mod examples;
mod gate;
mod inspect;
mod pieces;
mod prepare;
mod publish;
mod read;
mod regression;
mod rename;
mod scene;
mod verify;

/// The label that asks for work.
pub const ASK: &str = "ai-task";
/// What all jobs of a worker work with.
pub struct Tools {
    /// Who edits.
    pub agent: Arc<dyn Agent>,
    /// Where the checks run.
    pub runner: Arc<dyn Runner>,
    /// What earlier jobs brought in for them.
    pub deps: Deps,
    /// What earlier jobs' checks left behind on the base; `None`: each job begins with nothing.
    pub caches: Option<Caches>,
    /// Where projects that say so have their checks run.
    pub places: Places,
    /// What is around the agent.
    pub agent_level: Isolation,
    /// Where issues live.
    pub host: Arc<dyn CodeHost>,
    /// Where checkouts live.
    pub workspaces: Workspaces,
    /// What reports say about this worker.
    pub masthead: Masthead,
    /// Who may start work, as the operator decides.
    pub authority: authority::Policy,
    /// What may leave this machine, as the operator decides.
    pub gate: gatekeeping::Limits,
    /// The worker's own secrets: nothing that holds one leaves.
    pub secrets: Vec<SecretString>,
    /// The jobs, and what is known of repositories and pull requests.
    pub store: Store,
    /// Where it is written down who asked for what, and what was decided.
    pub audit: Audit,
    /// The names of the models, in the order in which they are tried.
    pub ladder: Vec<String>,
    /// What they can take.
    pub bounds: Bounds,
    /// Takes the secrets out of all that leaves for people or the model.
    pub redactor: Redactor,
    /// Branches are called this, with the issue's number behind it.
    pub branch_prefix: String,
    /// Whether a rename that an issue states in full is done without a model.
    pub renames: bool,
    /// The most small changes of one answer that are tried while examples speak against it.
    pub mutants: usize,
    /// Whether the agent is got ready before its first turn: not where the first model is asked
    /// without it.
    pub agent_ahead: bool,
    /// Of one command of the project's.
    pub check_limit: Duration,
    /// What time it is.
    pub clock: Clock,
}

/// The hands of one job.
pub struct Hands {
    tools: Arc<Tools>,
    lease: Arc<Lease>,
    log: Arc<dyn Log>,
    /// The agent of this job alone, while it may be asked for something.
    agent: Option<Arc<dyn Agent>>,
    /// Who asked, once that was read.
    asker: Option<Person>,
    workspace: Option<Workspace>,
    /// The base is being fetched while others wait for people and models.
    ahead: Option<FetchAhead>,
    /// The tree that is known to be on disk; `None` after anything could have changed it.
    on_disk: Option<ObjectId>,
    /// What is around the project's commands, once it was made.
    scene: Option<Arc<Scene>>,
    /// The path by which the project's commands find the job's folder, once it is known.
    seat: Option<PathBuf>,
    /// The base whose caches the job began with.
    seeded: Option<ObjectId>,
    /// The tree that the job's image was last built from, where a command builds one.
    built: Option<ObjectId>,
}

/// The job's log: what agent and checks print, section by section.
#[async_trait]
pub trait Log: Tee {
    /// Begins a section.
    async fn section(&self, title: &str);

    /// The same log as the process room wants it.
    fn tee(&self) -> &dyn Tee;
}

/// Any error from floor 2, with its blame already decided by the room it came from.
macro_rules! failure_from {
    ($($error:ty),*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error.fault(), error.to_string())
            }
        }
    )*};
}
failure_from!(AuditError, LeaseError, RunnerError, StoreError, WorkspaceError);

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::ModelBusy(pushback) => pushback.into(),
            error => Self::new(error.fault(), error.to_string()),
        }
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        let retry_after_ms =
            error.wait().map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        Self { fault: error.fault(), message: error.to_string(), retry_after_ms }
    }
}

#[async_trait]
impl Perform for Hands {
    async fn perform(
        &mut self,
        action: Action,
        progress: &Progress,
        story: &Story,
        stop: &CancellationToken,
    ) -> Event {
        if stop.is_cancelled() {
            return Event::Failed(stopped());
        }
        self.warm_up(&action, story);
        // Rooms that run processes end them when `stop` is cancelled; what only talks to the
        // network is dropped, which is as safe as a crash there.
        let event = match action {
            Action::Attempt(_)
            | Action::Verify { .. }
            | Action::Baseline
            | Action::Prove { .. } => self.try_perform(action, progress, story, stop).await,
            Action::Prepare | Action::Push(_) => {
                self.try_perform(action, progress, story, stop).await
            }
            quick => tokio::select! {
                biased;
                event = self.try_perform(quick, progress, story, stop) => event,
                () = stop.cancelled() => Err(stopped()),
            },
        };
        event.unwrap_or_else(Event::Failed)
    }
}

impl Hands {
    /// Hands for one job. They pick up the workspace that an earlier process left.
    pub fn new(tools: Arc<Tools>, lease: Arc<Lease>, log: Arc<dyn Log>) -> Self {
        Self {
            tools,
            lease,
            log,
            agent: None,
            asker: None,
            workspace: None,
            ahead: None,
            on_disk: None,
            scene: None,
            seat: None,
            seeded: None,
            built: None,
        }
    }

    async fn try_perform(
        &mut self,
        action: Action,
        progress: &Progress,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        match action {
            Action::Inspect => self.inspect(story).await,
            Action::Tell(phase) => {
                self.look_ahead(progress, story);
                self.tell(progress, story, phase).await
            }
            Action::Prepare => self.prepare(story, stop).await,
            Action::Baseline => self.baseline(story, stop).await,
            Action::Attempt(attempt) => self.attempt(attempt, progress, story, stop).await,
            Action::Verify { tree, scope } => self.verify(tree, scope, story, stop).await,
            Action::Prove { tree, adds_test } => self.prove(tree, adds_test, story, stop).await,
            Action::Gate(tree) => self.gate(tree, story).await,
            Action::Commit { tree, .. } => self.commit(tree, progress, story).await,
            Action::Push(commit) => self.push(&commit, progress, story, stop).await,
            Action::Open { change, standing } => self.open(&change, standing, story).await,
            Action::Label { done } => self.label(done, story).await,
            Action::Rest(rest) => {
                tokio::time::sleep(rest).await;
                Ok(Event::Rested)
            }
            // What keeps the models' limits waits before it gets here.
            Action::Await(_) => Ok(Event::Rested),
            Action::End(outcome) => Ok(Event::Ended(outcome)),
            Action::Close(_) | Action::Nothing(_) => Ok(Event::Closed),
        }
    }

    /// Begins to fetch what is checked out next, once it was read that the job may work.
    fn look_ahead(&mut self, progress: &Progress, story: &Story) {
        let Some(inspection) = story.inspection() else { return };
        let is_next = matches!(progress.stage, Stage::Workspace) && self.workspace.is_none();
        if is_next && self.ahead.is_none() {
            let (workspaces, branch) = (&self.tools.workspaces, prepare::branch(inspection));
            self.ahead = Some(workspaces.fetch_ahead(home(story), branch));
        }
    }

    /// The checkout: the one at hand, or what an earlier process left on disk.
    async fn workspace(&mut self, story: &Story) -> Result<&Workspace, Failure> {
        if self.workspace.is_none() {
            let checkout = story.checkout().ok_or_else(|| {
                Failure::new(Fault::Permanent, "the job has no checkout: its journal is damaged")
            })?;
            let (workspaces, repository) = (&self.tools.workspaces, home(story));
            let found = workspaces.reopen(&story.job, repository, &checkout.base).await?;
            (self.workspace, self.on_disk) = (Some(found), None);
        }
        self.workspace.as_ref().ok_or_else(stopped)
    }

    /// Without our secrets, whoever put them there.
    fn hushed(&self, text: &str) -> String {
        self.tools.redactor.text(text).into_owned()
    }

    /// Writes down what was decided, for the operator. Doing it twice leaves one row.
    async fn audit(
        &self,
        story: &Story,
        decision: Decision,
        about: &str,
        why: &str,
    ) -> Result<(), Failure> {
        let asked_by = || story.inspection().and_then(|it| it.asked_by.clone());
        let asked = match story.task.origin {
            Origin::Issue { .. } => format!("label {ASK}"),
            Origin::PrComment { comment, .. } => format!("{} {}", comment.kind.name(), comment.id),
        };
        self.tools
            .audit
            .append(&Entry {
                key: format!("{} {} {about}", story.job, decision.name()).trim_end().to_owned(),
                at: (self.tools.clock)(),
                job: Some(story.job.clone()),
                repository: story.task.repository.to_string(),
                thread: story.task.thread(),
                actor: self.asker.clone().or_else(asked_by),
                asked,
                decision,
                why: self.hushed(why),
            })
            .await?;
        Ok(())
    }

    /// Puts `tree` on disk, unless it is known to be there.
    async fn put(&mut self, tree: &ObjectId, story: &Story) -> Result<(), Failure> {
        if self.on_disk.as_ref() != Some(tree) {
            self.on_disk = None;
            self.workspace(story).await?.restore(tree).await?;
            self.on_disk = Some(tree.clone());
        }
        Ok(())
    }
}

/// The repository that the work is pushed to: the task's, or the fork that its pull request is from.
fn home(story: &Story) -> &Repository {
    let fork = story.conversation().and_then(|it| it.fork.as_ref());
    fork.unwrap_or(&story.task.repository)
}

fn stopped() -> Failure {
    Failure::new(Fault::Interrupted, "the worker is stopping")
}
