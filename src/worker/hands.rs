//! Carries out one action and says what came of it. Every side effect of a job is here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::agent::{Agent, AgentError};
use crate::code_host::{CodeHost, Draft, HostError};
use crate::domain::change::{Change, ObjectId};
use crate::domain::job::{Event, Failure, Fault, Phase, Progress, Story};
use crate::engine::decide::Action;
use crate::engine::report::{self, Masthead};
use crate::process::Tee;
use crate::queue::QueueError;
use crate::redact::Redactor;
use crate::runner::{Runner, RunnerError};
use crate::worker::drive::{Clock, Perform};
use crate::worker::lease::Lease;
use crate::workspace::{Identity, Workspace, WorkspaceError, Workspaces};

mod attempt;
mod prepare;
mod verify;

/// The label that asks for work.
pub const ASK: &str = "ai-task";
/// The labels that say how it ended.
const DONE: &str = "ai-task-done";
const FAILED: &str = "ai-task-failed";
/// How many branch names are tried when earlier work on the same issue holds the first ones.
const MOST_BRANCHES: u32 = 20;

/// What all jobs of a worker work with.
pub struct Tools {
    /// Who edits.
    pub agent: Arc<dyn Agent>,
    /// Where the checks run.
    pub runner: Arc<dyn Runner>,
    /// Where issues live.
    pub host: Arc<dyn CodeHost>,
    /// Where checkouts live.
    pub workspaces: Workspaces,
    /// What reports say about this worker.
    pub masthead: Masthead,
    /// What the operator allows.
    pub trust: Trust,
    /// Takes the secrets out of all that leaves for people or the model.
    pub redactor: Redactor,
    /// Branches are called this, with the issue's number behind it.
    pub branch_prefix: String,
    /// Of one command of the project's.
    pub check_limit: Duration,
    /// What time it is.
    pub clock: Clock,
}

/// What the operator allows.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// `owner/name` in lower case; empty: every repository that the token may push to.
    pub repositories: Vec<String>,
    /// Whether the checks of a public repository may run outside a cage.
    pub native_public: bool,
    /// Whether those of a private one may.
    pub native_private: bool,
    /// Jobs of one issue in a day.
    pub max_runs_per_day: u32,
}

/// The hands of one job.
pub struct Hands {
    tools: Arc<Tools>,
    lease: Arc<Lease>,
    log: Arc<dyn Log>,
    /// Jobs of this issue in the last day, this one included.
    runs_today: u64,
    workspace: Option<Workspace>,
    /// The tree that is known to be on disk; `None` after anything could have changed it.
    on_disk: Option<ObjectId>,
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
failure_from!(AgentError, RunnerError, WorkspaceError, QueueError);

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
        // Rooms that run processes end them when `stop` is cancelled; what only talks to the
        // network is dropped, which is as safe as a crash there.
        let event = match action {
            Action::Attempt(_) | Action::Verify { .. } | Action::Baseline | Action::Prove(_) => {
                self.try_perform(action, progress, story, stop).await
            }
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
    pub fn new(tools: Arc<Tools>, lease: Arc<Lease>, log: Arc<dyn Log>, runs_today: u64) -> Self {
        Self { tools, lease, log, runs_today, workspace: None, on_disk: None }
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
            Action::Tell(phase) => self.tell(progress, story, phase).await,
            Action::Prepare => self.prepare(story, stop).await,
            Action::Baseline => self.baseline(story, stop).await,
            Action::Attempt(attempt) => self.attempt(attempt, progress, story, stop).await,
            Action::Verify { tree, scope } => self.verify(tree, scope, progress, story, stop).await,
            Action::Prove(tree) => self.prove(tree, story, stop).await,
            Action::Commit { tree, .. } => self.commit(tree, story).await,
            Action::Push(commit) => self.push(&commit, story, stop).await,
            Action::Open { change, draft } => self.open(&change, draft, story).await,
            Action::Label { done } => self.label(done, story).await,
            Action::Rest(rest) => {
                tokio::time::sleep(rest).await;
                Ok(Event::Rested)
            }
            Action::End(outcome) => Ok(Event::Ended(outcome)),
            Action::Close(_) | Action::Nothing(_) => Ok(Event::Closed),
        }
    }

    async fn tell(
        &self,
        progress: &Progress,
        story: &Story,
        phase: Phase,
    ) -> Result<Event, Failure> {
        self.lease.confirm().await?;
        let (repository, issue) = (&story.task.repository, story.task.issue());
        let body = self.hushed(&report::comment(story, &self.tools.masthead, phase));
        let marker = report::marker(&story.job);
        let said = self.tools.host.say(repository, issue, &marker, progress.comment, &body);
        Ok(Event::Told { phase, comment: said.await? })
    }

    async fn commit(&mut self, tree: ObjectId, story: &Story) -> Result<Event, Failure> {
        let base = story.checkout().map(|it| it.tree.clone());
        // A fixed moment of the job, so that the same work gives the same commit after a crash.
        let at = story.records.last().map(|it| it.at).unwrap_or_default();
        let message = self.hushed(&report::commit_message(story));
        let workspace = self.workspace(story).await?;
        let commit = workspace.commit(&tree, &message, &author(), at).await?;
        let files = match base {
            Some(base) => workspace.changes(&base, &tree).await?,
            None => Vec::new(),
        };
        Ok(Event::Committed { commit, tree, files })
    }

    /// Pushes to the first name that is free or already holds this very commit.
    async fn push(
        &mut self,
        commit: &ObjectId,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        self.lease.confirm().await?;
        let first = format!("{}{}", self.tools.branch_prefix, story.task.issue());
        let workspace = self.workspace(story).await?;
        for nth in 1..=MOST_BRANCHES {
            let branch = if nth == 1 { first.clone() } else { format!("{first}-{nth}") };
            match workspace.push(&branch, commit, stop).await {
                Ok(change) => return Ok(Event::Pushed(change)),
                Err(WorkspaceError::BranchTaken { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let message =
            format!("{MOST_BRANCHES} branches from {first} on are taken: delete what is merged");
        Err(Failure::new(Fault::Permanent, message))
    }

    async fn open(&self, change: &Change, draft: bool, story: &Story) -> Result<Event, Failure> {
        self.lease.confirm().await?;
        let base = story.inspection().map(|it| it.default_branch.clone()).unwrap_or_default();
        let draft = Draft {
            base,
            title: self.hushed(&report::title(story)),
            body: self.hushed(&report::body(story, &self.tools.masthead, !draft)),
            draft,
        };
        let opened = self.tools.host.open(&story.task.repository, change, &draft).await?;
        Ok(Event::Opened(opened))
    }

    async fn label(&self, done: bool, story: &Story) -> Result<Event, Failure> {
        self.lease.confirm().await?;
        let (add, other) = if done { (DONE, FAILED) } else { (FAILED, DONE) };
        let (repository, issue) = (&story.task.repository, story.task.issue());
        self.tools.host.label(repository, issue, &[add], &[ASK, other]).await?;
        Ok(Event::Labelled)
    }

    /// The checkout: the one at hand, or what an earlier process left on disk.
    async fn workspace(&mut self, story: &Story) -> Result<&Workspace, Failure> {
        if self.workspace.is_none() {
            let checkout = story.checkout().ok_or_else(|| {
                Failure::new(Fault::Permanent, "the job has no checkout: its journal is damaged")
            })?;
            let (workspaces, repository) = (&self.tools.workspaces, &story.task.repository);
            let found = workspaces.reopen(&story.job, repository, &checkout.base).await?;
            (self.workspace, self.on_disk) = (Some(found), None);
        }
        self.workspace.as_ref().ok_or_else(stopped)
    }

    /// Without our secrets, whoever put them there.
    fn hushed(&self, text: &str) -> String {
        self.tools.redactor.text(text).into_owned()
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

fn stopped() -> Failure {
    Failure::new(Fault::Interrupted, "the worker is stopping")
}

/// Who commits. The address belongs to nobody (RFC 6761, `.invalid`).
fn author() -> Identity {
    Identity { name: "CodingWorker".to_owned(), email: "codingworker@noreply.invalid".to_owned() }
}
