//! What leaves this machine for the code host: commits, pull requests, words and labels.

use tokio_util::sync::CancellationToken;

use crate::audit::Decision;
use crate::code_host::Draft;
use crate::domain::change::{Change, ObjectId};
use crate::domain::job::{
    Checkout, Conversation, Event, Failure, Fault, Outcome, Phase, Progress, Standing, Story,
};
use crate::engine::report;
use crate::worker::hands::verify::checkout;
use crate::worker::hands::{ASK, Hands};
use crate::workspace::{Identity, Rebased, WorkspaceError};

/// The labels that say how it ended.
const DONE: &str = "ai-task-done";
const FAILED: &str = "ai-task-failed";
/// How many branch names are tried when earlier work on the same issue holds the first ones.
const MOST_BRANCHES: u32 = 20;

impl Hands {
    /// Says how far the job is, in the one comment that belongs to each request.
    pub(super) async fn tell(
        &self,
        progress: &Progress,
        story: &Story,
        phase: Phase,
    ) -> Result<Event, Failure> {
        self.lease.confirm().await?;
        let (head, known) = (&self.tools.masthead, progress.comment);
        if let Some(outcome) = story.outcome()
            && !matches!(outcome, Outcome::Refused(_) | Outcome::Answered(_))
        {
            self.audit(story, Decision::Ended, "", &report::outcome(outcome)).await?;
        }
        let own = report::comment(story, head, phase);
        let comment = self.say(story, &report::found_by(story), known, &own).await?;
        // Requests that are done together with this one are answered each in its own place.
        let requests = story.conversation().map(|it| it.requests.as_slice()).unwrap_or_default();
        for asked in requests.iter().filter(|it| it.job != story.job) {
            let body = report::reply(story, head, phase, Some(asked));
            self.say(story, &report::marker(&asked.job), None, &body).await?;
        }
        Ok(Event::Told { phase, comment })
    }

    async fn say(
        &self,
        story: &Story,
        marker: &str,
        known: Option<u64>,
        body: &str,
    ) -> Result<u64, Failure> {
        let (repository, thread) = (&story.task.repository, story.task.thread());
        let body = self.hushed(body);
        Ok(self.tools.host.say(repository, thread, marker, known, &body).await?)
    }

    pub(super) async fn commit(
        &mut self,
        tree: ObjectId,
        progress: &Progress,
        story: &Story,
    ) -> Result<Event, Failure> {
        if progress.gated.as_ref() != Some(&tree) {
            let message = "nothing is committed that was not looked at: the journal is damaged";
            return Err(Failure::new(Fault::Permanent, message));
        }
        let base = checkout(story)?.tree.clone();
        // A fixed moment of the job, so that the same work gives the same commit after a crash.
        let at = story.records.last().map(|it| it.at).unwrap_or_default();
        let message = self.hushed(&report::commit_message(story));
        let workspace = self.workspace(story).await?;
        let commit = workspace.commit(&tree, &message, &author(), at).await?;
        let files = workspace.changes(&base, &tree).await?;
        Ok(Event::Committed { commit, tree, files })
    }

    pub(super) async fn push(
        &mut self,
        commit: &ObjectId,
        progress: &Progress,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        self.lease.confirm().await?;
        let event = match story.conversation() {
            Some(conversation) => {
                self.push_onto(conversation, commit, progress, story, stop).await?
            }
            None => self.push_new(commit, story, stop).await?,
        };
        if let Event::Pushed(change) = &event {
            let what = format!("{} on {}", change.commit, change.branch);
            self.audit(story, Decision::Pushed, &change.commit.0, &what).await?;
        }
        Ok(event)
    }

    /// Pushes to the first name that is free or already holds this very commit.
    async fn push_new(
        &mut self,
        commit: &ObjectId,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        let first = format!("{}{}", self.tools.branch_prefix, story.task.thread());
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

    /// Adds the commit to the pull request's own branch. Did that move meanwhile, then the work
    /// follows it once.
    async fn push_onto(
        &mut self,
        conversation: &Conversation,
        commit: &ObjectId,
        progress: &Progress,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        let (repository, branch) = (&story.task.repository, &conversation.head);
        if !self.tools.host.pull(repository, conversation.pull).await?.open {
            return Ok(clashed("the pull request was closed meanwhile".to_owned()));
        }
        match self.workspace(story).await?.push_onto(branch, commit, stop).await {
            Ok(change) => Ok(Event::Pushed(change)),
            Err(WorkspaceError::BranchGone(_)) => Ok(gone(branch)),
            Err(WorkspaceError::Moved { .. }) if progress.rebased => {
                Ok(clashed(format!("the branch {branch} moved once more while this was checked")))
            }
            Err(WorkspaceError::Moved { .. }) => {
                self.follow(conversation, progress, story, stop).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Puts the work on the branch's new tip.
    async fn follow(
        &mut self,
        conversation: &Conversation,
        progress: &Progress,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        let Some(work) = progress.tree.clone() else { return Err(super::stopped()) };
        let before = checkout(story)?.clone();
        let workspace = self.workspace(story).await?.clone();
        self.on_disk = None;
        let branch = &conversation.head;
        let rebased = self.tools.workspaces.rebase(&workspace, branch, &work, stop).await;
        match rebased {
            Err(WorkspaceError::BranchGone(_)) => Ok(gone(branch)),
            Err(error) => Err(error.into()),
            Ok(rebased) => self.landed(rebased, branch, before),
        }
    }

    fn landed(
        &mut self,
        rebased: Rebased,
        branch: &str,
        before: Checkout,
    ) -> Result<Event, Failure> {
        match rebased {
            Rebased::Clean { out, tree, .. } if tree == out.tree => {
                Ok(clashed(format!("somebody else made the same change on {branch} meanwhile")))
            }
            Rebased::Clean { workspace, out, tree } => {
                self.workspace = Some(workspace);
                let checkout = Checkout { base: out.base, tree: out.tree, ..before };
                Ok(Event::Rebased { checkout, tree })
            }
            Rebased::Conflict { files, .. } => {
                let why = format!("the branch {branch} moved meanwhile, and both sides changed");
                Ok(Event::Ended(Outcome::Clashed { files, why }))
            }
        }
    }

    pub(super) async fn open(
        &self,
        change: &Change,
        standing: Standing,
        story: &Story,
    ) -> Result<Event, Failure> {
        self.lease.confirm().await?;
        let base = story.inspection().map(|it| it.default_branch.clone()).unwrap_or_default();
        let draft = Draft {
            base,
            title: self.hushed(&report::title(story)),
            body: self.hushed(&report::body(story, &self.tools.masthead, standing)),
            draft: standing != Standing::Ready,
        };
        let opened = self.tools.host.open(&story.task.repository, change, &draft).await?;
        Ok(Event::Opened(opened))
    }

    /// Issues say by their labels how it ended; a pull request has its comments.
    pub(super) async fn label(&self, done: bool, story: &Story) -> Result<Event, Failure> {
        if story.task.comment().is_some() {
            return Ok(Event::Labelled);
        }
        self.lease.confirm().await?;
        let (add, other) = if done { (DONE, FAILED) } else { (FAILED, DONE) };
        let (repository, issue) = (&story.task.repository, story.task.thread());
        self.tools.host.label(repository, issue, &[add], &[ASK, other]).await?;
        Ok(Event::Labelled)
    }
}

fn gone(branch: &str) -> Event {
    clashed(format!("the branch {branch} was deleted meanwhile"))
}

fn clashed(why: String) -> Event {
    Event::Ended(Outcome::Clashed { files: Vec::new(), why })
}

/// Who commits. The address belongs to nobody (RFC 6761, `.invalid`).
fn author() -> Identity {
    Identity { name: "CodingWorker".to_owned(), email: "codingworker@noreply.invalid".to_owned() }
}
