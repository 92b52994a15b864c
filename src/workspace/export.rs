//! Files of a commit, laid out in a folder outside of any job: what brings dependencies in sees
//! those of the default branch, and never what the model wrote.
//!
//! git writes them, by an index of our own, from our own git directory: no filter is configured,
//! no hook is looked for, and attributes do no more than choose line endings. Nothing leads out:
//! git takes no `.git` in any disguise and no `..` into an index, and links that leave the folder
//! are not made.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::checkout::leave_out;
use super::git::{Call, Git, is_object};
use super::listing::{self, Row};
use super::mirror::Mirror;
use super::tree::Index;
use super::{EntryKind, Workspace, WorkspaceError, Workspaces, disk};
use crate::domain::change::ObjectId;
use crate::domain::task::Repository;

impl Workspaces {
    /// Writes files of the tip of `branch` into the folder `to`, which is made and must be empty,
    /// and says which commit they are of. Empty `paths` are all files. Of named ones, those that
    /// are not there, or are no files but links or folders, are left out.
    ///
    /// # Errors
    /// When the remote is away or refuses, or has no such branch; from git and the disk.
    pub async fn export_at(
        &self,
        repository: &Repository,
        branch: &str,
        paths: &[String],
        to: &Path,
        stop: &CancellationToken,
    ) -> Result<ObjectId, WorkspaceError> {
        let mirror = Mirror::of(&self.git, &self.state_dir, repository);
        let _held = mirror.hold(stop).await?;
        mirror.prepare()?;
        let (commit, _) = mirror.fetch(branch, stop).await?;
        let index = Index::empty(&mirror.folder);
        let export = Export { git: &self.git, repository, git_dir: mirror.folder.clone(), stop };
        export.write(&commit, &index, paths, to).await?;
        Ok(commit)
    }
}

impl Workspace {
    /// The same from a tree or a commit that this workspace has.
    ///
    /// # Errors
    /// From git and the disk.
    pub async fn export(
        &self,
        tree: &ObjectId,
        paths: &[String],
        to: &Path,
    ) -> Result<(), WorkspaceError> {
        self.intact()?;
        let stop = CancellationToken::new();
        let index = Index::empty(&self.git_dir());
        let (git_dir, repository) = (self.git_dir(), &self.repository);
        let export = Export { git: &self.git, repository, git_dir, stop: &stop };
        export.write(tree, &index, paths, to).await
    }
}

/// From which git directory.
struct Export<'a> {
    git: &'a Git,
    repository: &'a Repository,
    git_dir: PathBuf,
    stop: &'a CancellationToken,
}

impl Export<'_> {
    async fn write(
        &self,
        tree: &ObjectId,
        index: &Index,
        paths: &[String],
        to: &Path,
    ) -> Result<(), WorkspaceError> {
        if !is_object(tree) {
            return Err(WorkspaceError::Unusable(format!("`{tree}` is no commit and no tree")));
        }
        empty_folder(to)?;
        self.done(self.call("read-tree").index(index.path()).arg(&tree.0)).await?;
        let rows = self.done(self.call("ls-tree").args(["-r", "-z", &tree.0])).await?;
        let rows = listing::rows(&rows);
        let list = match paths {
            [] => rows.iter().map(|row| row.path.as_slice()).collect::<Vec<_>>(),
            paths => named(&rows, paths),
        };
        let mut prefix = std::ffi::OsString::from("--prefix=");
        prefix.push(to);
        prefix.push("/");
        let call = self.call("checkout-index").on(to, index.path(), tree).arg(prefix);
        let call = call.args(["-z", "--stdin"]).stdin(list.join(&0));
        self.done(call).await?;
        let to = to.to_path_buf();
        disk::aside(move || leave_out(&to, &rows)).await.map(drop)
    }

    fn call(&self, command: &'static str) -> Call {
        Call::new(command, self.git_dir.clone())
    }

    async fn done(&self, call: Call) -> Result<Vec<u8>, WorkspaceError> {
        self.git.run(call, self.stop).await?.success(self.repository)
    }
}

/// Those of `paths` that are files.
fn named<'a>(rows: &'a [Row], paths: &[String]) -> Vec<&'a [u8]> {
    let wanted: BTreeSet<&[u8]> = paths.iter().map(String::as_bytes).collect();
    let is_file = |row: &&Row| matches!(row.kind(), EntryKind::File | EntryKind::Executable);
    let is_wanted = |row: &&Row| wanted.contains(row.path.as_slice());
    rows.iter().filter(is_file).filter(is_wanted).map(|row| row.path.as_slice()).collect()
}

fn empty_folder(to: &Path) -> Result<(), WorkspaceError> {
    disk::make(to)?;
    let is_real = std::fs::symlink_metadata(to).is_ok_and(|it| it.is_dir());
    let is_empty = std::fs::read_dir(to).map_err(WorkspaceError::disk(to))?.next().is_none();
    if is_real && is_empty && to.is_absolute() {
        return Ok(());
    }
    Err(WorkspaceError::Unusable(format!("{} is no empty folder", to.display())))
}
