//! Sets the scene of a job: from the default branch, never from what a model wrote.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::verify::image_name;
use super::{Hands, Log};
use crate::domain::change::ObjectId;
use crate::domain::job::{Checkout, Failure, Story};
use crate::domain::task::Repository;
use crate::worker::scene::{Scene, Source, Stage};
use crate::workspace::{Workspace, Workspaces};

impl Hands {
    /// What is around the commands of this job; made anew by a process that took it up.
    pub(super) async fn scene(
        &mut self,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Arc<Scene>, Failure> {
        match &self.scene {
            Some(scene) => Ok(scene.clone()),
            None => self.set_scene(super::verify::checkout(story)?, story, stop).await,
        }
    }

    pub(super) async fn set_scene(
        &mut self,
        checkout: &Checkout,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Arc<Scene>, Failure> {
        self.log.section("bring in what the checks need").await;
        let seen = self.seat(checkout, story).await?;
        let (tools, log) = (self.tools.clone(), self.log.clone());
        let workspace = self.workspace(story).await?;
        let folder = workspace.tree().parent().unwrap_or(workspace.tree()).to_owned();
        let source: Box<dyn Source> = match story.conversation() {
            None => Box::new(Base { workspace: workspace.clone(), tree: checkout.tree.clone() }),
            // The pull request's own branch is what a model wrote.
            Some(_) => Box::new(Branch {
                workspaces: tools.workspaces.clone(),
                repository: story.task.repository.clone(),
                name: story.inspection().map(|it| it.default_branch.clone()).unwrap_or_default(),
            }),
        };
        let stage = Stage {
            runner: tools.runner.as_ref(),
            deps: &tools.deps,
            source: source.as_ref(),
            job: &story.job,
            repository: &story.task.repository,
            plan: &checkout.plan,
            image_name: &image_name(story),
            folder: &folder,
            seen: &seen,
            limit: tools.check_limit,
            tee: Log::tee(log.as_ref()),
        };
        let scene = Arc::new(stage.set(stop).await?);
        self.scene = Some(scene.clone());
        Ok(scene)
    }
}

/// The default branch as the job's own base.
struct Base {
    workspace: Workspace,
    tree: ObjectId,
}

#[async_trait]
impl Source for Base {
    async fn export(
        &self,
        paths: &[String],
        to: &Path,
        _: &CancellationToken,
    ) -> Result<(), Failure> {
        Ok(self.workspace.export(&self.tree, paths, to).await?)
    }
}

/// The default branch as the code host has it.
struct Branch {
    workspaces: Workspaces,
    repository: Repository,
    name: String,
}

#[async_trait]
impl Source for Branch {
    async fn export(
        &self,
        paths: &[String],
        to: &Path,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        let (repository, branch) = (&self.repository, &self.name);
        self.workspaces.export_at(repository, branch, paths, to, stop).await?;
        Ok(())
    }
}
