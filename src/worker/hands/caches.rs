//! What checks left behind on the base: kept for the repository's next job, which begins with it.
//!
//! Trust: it is copied when the base's own checks have run, in a cage that is gone, and no turn of
//! an agent was taken in this job. Nobody who can only propose a change can write it.

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use super::Hands;
use super::verify::checkout;
use crate::deps::Key;
use crate::deps::caches::{self, Caches, Ground};
use crate::domain::job::{Checkout, Event, Failure, Fault, Record, Story};
use crate::domain::verification::Isolation;
use crate::worker::scene::Scene;

impl Hands {
    /// The path by which the project's commands find the job's folder: the same for job after job
    /// of a repository where a cage can show it so, else the folder's own.
    pub(super) async fn seat(
        &mut self,
        checkout: &Checkout,
        story: &Story,
    ) -> Result<PathBuf, Failure> {
        if let Some(seat) = &self.seat {
            return Ok(seat.clone());
        }
        let (workspaces, repository) = (self.tools.workspaces.clone(), &story.task.repository);
        let may = cfg!(target_os = "linux") && checkout.levels.checks != Isolation::Native;
        // What was built in the job so far knows the path that it has.
        let begins = story.checkout().is_none() && self.tools.caches.is_some();
        let found = match workspaces.seated(&story.job, repository).filter(|_| may) {
            None if may && begins => workspaces.seat(&story.job, repository).await?,
            found => found,
        };
        let seat = match found {
            Some(seat) => seat,
            None => {
                let tree = self.workspace(story).await?.tree();
                tree.parent().unwrap_or(tree).to_owned()
            }
        };
        self.seat = Some(seat.clone());
        Ok(seat)
    }

    /// Puts what an earlier job's checks left behind where this one's look for it. Without it they
    /// take longer, and that is all.
    pub(super) async fn begin_with_caches(
        &mut self,
        checkout: &Checkout,
        scene: &Scene,
        story: &Story,
    ) {
        let Some((caches, key)) = self.caches(checkout, scene, story) else { return };
        // Whatever comes of it: `restore` removes what is not ignored here.
        self.on_disk = None;
        match self.copy_caches(&caches, &key, story).await {
            Ok(true) => self.log.section("begin with what the last checks of the base built").await,
            Ok(false) => {}
            Err(error) => {
                tracing::debug!(job = %story.job, error = error.message, "no caches to begin with");
            }
        }
    }

    async fn copy_caches(
        &mut self,
        caches: &Caches,
        key: &Key,
        story: &Story,
    ) -> Result<bool, Failure> {
        let repository = &story.task.repository;
        let workspace = self.workspace(story).await?.clone();
        let to = workspace.tree().with_file_name("caches");
        let copied = caches.copy(repository, key, &to).await.map_err(disk)?;
        let Some(copied) = copied else { return Ok(false) };
        let base = copied.record.base.clone();
        // First of all: beside what was built, no source may look older than it is.
        workspace.restamp(copied.record.stamps.clone()).await?;
        copied.settle(workspace.tree(), workspace.home()).await.map_err(disk)?;
        self.seeded = Some(base);
        Ok(true)
    }

    /// Keeps what the base's checks left behind, for the next job.
    pub(super) async fn keep_caches(&mut self, story: &Story, stop: &CancellationToken) {
        let kept = self.try_keep_caches(story, stop).await;
        if let Err(error) = kept {
            tracing::debug!(job = %story.job, error = error.message, "the caches are not kept");
        }
    }

    async fn try_keep_caches(
        &mut self,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        let checkout = checkout(story)?;
        if !is_untouched_base(&story.records) || self.seeded.as_ref() == Some(&checkout.tree) {
            return Ok(());
        }
        let scene = self.scene(story, stop).await?;
        let Some((store, key)) = self.caches(checkout, &scene, story) else { return Ok(()) };
        // Files whose owner a cage has changed look changed to git, which would write them anew: only
        // where the checks really did something to them may they be newer than what was built.
        if self.workspace(story).await?.snapshot().await?.tree != checkout.tree {
            self.put(&checkout.tree, story).await?;
        }
        let workspace = self.workspace(story).await?;
        let (stamps, roots) = (workspace.stamps().await?, workspace.ignored().await?);
        let ground = Ground {
            repository: &story.task.repository,
            key: &key,
            tree: workspace.tree(),
            home: workspace.home(),
        };
        let record = caches::Record { base: checkout.tree.clone(), stamps };
        let bytes = store.keep(ground, &roots, &record, stop).await.map_err(disk)?;
        tracing::debug!(job = %story.job, bytes, "what the base's checks left behind is kept");
        tokio::spawn(async move { store.prune().await });
        Ok(())
    }

    /// The store, and what this job finds there; `None`: it neither gets nor gives anything.
    fn caches(&self, checkout: &Checkout, scene: &Scene, story: &Story) -> Option<(Caches, Key)> {
        let caches = self.tools.caches.clone()?;
        let is_own = super::home(story) == &story.task.repository;
        let seat = self.tools.workspaces.seated(&story.job, &story.task.repository)?;
        if !is_own || checkout.levels.checks == Isolation::Native {
            return None;
        }
        // A command that talks to the engine builds there, under a name of the job's own.
        let steps = checkout.plan.steps.iter().filter(|it| !it.docker);
        let commands: Vec<&str> = steps.map(|it| it.command.as_str()).collect();
        let image = scene.image.as_deref().unwrap_or_default();
        let place = format!("{}\n{image}", checkout.levels.checks.name());
        let key = Caches::key(&commands, &place, &seat);
        (!commands.is_empty()).then_some((caches, key))
    }
}

/// Whether nothing but the default branch's own code has run in the job's checkout: no turn of an
/// agent, and nothing that a pull request brought along.
fn is_untouched_base(records: &[Record]) -> bool {
    let inspected = records.iter().rev().find_map(|it| match &it.event {
        Event::Inspected(it) => Some(it),
        _ => None,
    });
    // The baseline is known before the first turn begins, also before one that came to nothing.
    let touched = |it: &Record| {
        matches!(it.event, Event::Baselined(_) | Event::Attempted(_) | Event::Rebased { .. })
    };
    inspected.is_some_and(|it| it.conversation.is_none()) && !records.iter().any(touched)
}

fn disk(error: std::io::Error) -> Failure {
    Failure::new(Fault::Transient, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::{Conversation, Inspection};
    use crate::domain::time::Timestamp;
    use crate::domain::verification::Verification;

    fn record(event: Event) -> Record {
        Record { at: Timestamp(0), took_ms: 0, event }
    }

    fn inspected(conversation: Option<Conversation>) -> Record {
        record(Event::Inspected(Inspection {
            title: String::new(),
            body: String::new(),
            removed: 0,
            open: true,
            asked_by: None,
            asked_at: None,
            default_branch: "main".to_owned(),
            public: false,
            network: false,
            conversation,
        }))
    }

    fn on_pull(fork: Option<&str>) -> Conversation {
        Conversation {
            pull: 7,
            title: String::new(),
            body: String::new(),
            head: "topic".to_owned(),
            fork: fork.map(|it| it.parse().unwrap()),
            base: "main".to_owned(),
            conflicts: false,
            diff: String::new(),
            closes: None,
            requests: Vec::new(),
            earlier: Vec::new(),
            rung: None,
        }
    }

    #[test]
    fn only_a_job_of_an_issue_keeps_anything_and_only_before_its_first_turn() {
        assert!(is_untouched_base(&[inspected(None)]));
        assert!(!is_untouched_base(&[]));
        let baselined = record(Event::Baselined(Verification::default()));
        assert!(!is_untouched_base(&[inspected(None), baselined]));
        for fork in [None, Some("stranger/api")] {
            assert!(!is_untouched_base(&[inspected(Some(on_pull(fork)))]), "{fork:?}");
        }
    }
}
