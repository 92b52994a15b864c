//! The folders of a checkout before there is one: what is to see them begins beside the fetch.

use std::path::{Path, PathBuf};

use super::checkout::MARK;
use super::{WorkspaceError, Workspaces, disk};
use crate::domain::job::JobId;

/// Their names below a job's folder.
pub(super) const TREE: &str = "tree";
pub(super) const SCRATCH: &str = "scratch";

impl Workspaces {
    /// Makes the folders that a job's tree and scratch files will be in, unless they are there, and
    /// returns them: `Workspace::tree` and `Workspace::scratch`. A `check_out` that finds nothing
    /// but them leaves them where they are.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn reserve(&self, job: &JobId) -> Result<(PathBuf, PathBuf), WorkspaceError> {
        let folder = self.folder(job)?;
        disk::make(&folder)?;
        disk::write(&folder.join(MARK), b"")?;
        let (tree, scratch) = (folder.join(TREE), folder.join(SCRATCH));
        disk::make(&tree)?;
        disk::make(&scratch)?;
        Ok((tree, scratch))
    }

    /// Whether all that there is of a job is what `reserve` made, and what somebody keeps in the
    /// scratch folder.
    pub(super) fn is_reserved(&self, job: &JobId) -> Result<bool, WorkspaceError> {
        let folder = self.folder(job)?;
        let is_folder = |it: &Path| it.symlink_metadata().is_ok_and(|it| it.is_dir());
        let is_empty = |it: &Path| it.read_dir().is_ok_and(|mut it| it.next().is_none());
        let ours = |it: &str| [MARK, TREE, SCRATCH].contains(&it);
        let Ok(entries) = folder.read_dir() else { return Ok(false) };
        let nothing_else = entries.flatten().all(|it| it.file_name().to_str().is_some_and(ours));
        let (tree, scratch) = (folder.join(TREE), folder.join(SCRATCH));
        Ok(nothing_else && is_folder(&tree) && is_empty(&tree) && is_folder(&scratch))
    }
}
