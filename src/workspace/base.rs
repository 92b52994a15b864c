//! What a workspace stands on. Each base has a folder of its own in our git directory, complete
//! once `ready.json` is in it, and never changed after that. So a workspace that is put on a new
//! base can still be taken up on the old one: whatever a killed process had written down, works.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::git::is_object;
use super::{Workspace, WorkspaceError, Workspaces, disk};
use crate::domain::change::ObjectId;
use crate::domain::job::JobId;
use crate::domain::task::Repository;

/// Written last.
const READY: &str = "ready.json";

#[derive(Serialize, Deserialize)]
pub(super) struct Ready {
    repository: Repository,
    base: ObjectId,
    pub(super) tree: ObjectId,
    pub(super) notes: Vec<String>,
}

/// Which repository the base in this folder is of, if it is complete.
pub(super) fn repository_of(folder: &Path) -> Option<Repository> {
    let ready: Ready = serde_json::from_slice(&std::fs::read(folder.join(READY)).ok()?).ok()?;
    Some(ready.repository)
}

impl Workspaces {
    /// Attaches to what an earlier process left for this job.
    ///
    /// # Errors
    /// `Gone` when it is not there, not complete, or never stood on this base.
    pub async fn reopen(
        &self,
        job: &JobId,
        repository: &Repository,
        base: &ObjectId,
    ) -> Result<Workspace, WorkspaceError> {
        let gone = || WorkspaceError::Gone(job.to_string());
        let nothing = ObjectId(String::new());
        let mut found = self.workspace(job, repository, base.clone(), nothing)?;
        found.base_tree = found.ready().ok_or_else(gone)?.tree;
        for folder in [&found.tree, &found.scratch, &found.home] {
            disk::make(folder)?;
        }
        found.intact()?;
        let call = found.local("cat-file").arg("-e").arg(&found.base_tree.0);
        found.done(call).await.map_err(|_| gone())?;
        Ok(found)
    }
}

impl Workspace {
    pub(super) fn base_folder(&self) -> PathBuf {
        self.git_dir().join("bases").join(&self.base.0)
    }

    /// The base as an index, with the time stamps of the files that were written from it.
    pub(super) fn base_index(&self) -> PathBuf {
        self.base_folder().join("index")
    }

    /// Links of the base that point out of the tree, and so are not on disk.
    pub(super) fn left_out(&self) -> PathBuf {
        self.base_folder().join("left-out")
    }

    /// What was written down about this base, if all of it is there.
    pub(super) fn ready(&self) -> Option<Ready> {
        if !is_object(&self.base) {
            return None;
        }
        let ready = std::fs::read(self.base_folder().join(READY)).ok()?;
        let ready: Ready = serde_json::from_slice(&ready).ok()?;
        let is_ours = ready.repository == self.repository && ready.base == self.base;
        (is_ours && is_object(&ready.tree)).then_some(ready)
    }

    pub(super) fn declare_ready(&self, notes: &[String]) -> Result<(), WorkspaceError> {
        let ready = Ready {
            repository: self.repository.clone(),
            base: self.base.clone(),
            tree: self.base_tree.clone(),
            notes: notes.to_vec(),
        };
        let ready = serde_json::to_vec(&ready)
            .map_err(|error| WorkspaceError::Unusable(error.to_string()))?;
        disk::replace(&self.base_folder().join(READY), &ready)
    }
}
