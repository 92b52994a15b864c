//! A fetch that begins before anybody waits for it: while the issue is told and the model loads.

use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::mirror::Mirror;
use super::{WorkspaceError, Workspaces};
use crate::domain::change::ObjectId;
use crate::domain::task::Repository;

/// A fetch under way, for `check_out_fetched`. Dropped before that has it, it is stopped.
pub struct FetchAhead {
    repository: Repository,
    branch: String,
    task: JoinHandle<Result<(ObjectId, ObjectId), WorkspaceError>>,
    stop: DropGuard,
}

impl Workspaces {
    /// Begins to fetch `branch` into the repository's mirror, and returns at once. The remote is
    /// asked from here on: whoever calls this knows that the repository may be worked on.
    ///
    /// The mirror is free again when the fetch is over, also when nobody comes for it.
    pub fn fetch_ahead(&self, repository: &Repository, branch: &str) -> FetchAhead {
        let stop = CancellationToken::new();
        let (workspaces, token) = (self.clone(), stop.clone());
        let (wanted, name) = (repository.clone(), branch.to_owned());
        let task = tokio::spawn(async move {
            let mirror = Mirror::of(&workspaces.git, &workspaces.state_dir, &wanted);
            let _held = mirror.hold(&token).await?;
            mirror.prepare()?;
            mirror.fetch(&name, &token).await
        });
        let (repository, branch) = (repository.clone(), branch.to_owned());
        FetchAhead { repository, branch, task, stop: stop.drop_guard() }
    }
}

impl FetchAhead {
    /// Waits for its end: the commit and its tree. `None` where it was for something else, or came
    /// to nothing; why, the fetch that follows says.
    pub(super) async fn join(
        self,
        repository: &Repository,
        branch: &str,
        stop: &CancellationToken,
    ) -> Result<Option<(ObjectId, ObjectId)>, WorkspaceError> {
        if self.repository != *repository || self.branch != branch {
            return Ok(None);
        }
        let Self { mut task, stop: guard, .. } = self;
        let ended = tokio::select! {
            biased;
            ended = &mut task => ended,
            () = stop.cancelled() => {
                drop(guard);
                // It holds the mirror until its git has ended.
                let _ = task.await;
                return Err(WorkspaceError::Stopped);
            }
        };
        Ok(ended.ok().and_then(|fetched| {
            fetched.inspect_err(|error| tracing::debug!(%error, "the early fetch failed")).ok()
        }))
    }
}
