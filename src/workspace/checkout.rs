//! From a mirror to a workspace: our git directory, the tree, and what a reviewer should know.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::git::os;
use super::listing::Row;
use super::mirror::Mirror;
use super::spare::Taken;
use super::{
    CheckedOut, EntryKind, FetchAhead, Workspace, WorkspaceError, Workspaces, disk, rules,
};
use crate::domain::change::ObjectId;
use crate::domain::job::JobId;
use crate::domain::task::Repository;

/// Says that a folder is ours to remove.
pub(super) const MARK: &str = ".codingworker-workspace";

impl Workspaces {
    /// Makes a workspace for `job` at the tip of `branch`. Starting over for the same job first
    /// removes what is there. Of the repository just that branch is fetched, into its mirror.
    ///
    /// # Errors
    /// When the remote is away or refuses, has nothing on that branch, or the disk is full.
    pub async fn check_out(
        &self,
        job: &JobId,
        repository: &Repository,
        branch: &str,
        stop: &CancellationToken,
    ) -> Result<(Workspace, CheckedOut), WorkspaceError> {
        self.check_out_fetched(job, repository, branch, None, stop).await
    }

    /// The same, by a fetch that was begun before.
    ///
    /// # Errors
    /// As those of `check_out`.
    pub async fn check_out_fetched(
        &self,
        job: &JobId,
        repository: &Repository,
        branch: &str,
        ahead: Option<FetchAhead>,
        stop: &CancellationToken,
    ) -> Result<(Workspace, CheckedOut), WorkspaceError> {
        rules::branch(branch)?;
        self.folder(job)?;
        if !self.is_reserved(job)? {
            self.remove(job).await;
        }
        let fetched = match ahead {
            Some(ahead) => ahead.join(repository, branch, stop).await?,
            None => None,
        };
        let mirror = Mirror::of(&self.git, &self.state_dir, repository);
        let _held = mirror.hold(stop).await?;
        let fresh = mirror.prepare()?;
        let mut made = match fetched {
            // Unless another job had it fetch something else meanwhile.
            Some(found) if mirror.stands_at(&found.0, stop).await => {
                self.fill(&mirror, job, repository, found, stop).await
            }
            _ => self.fetch_and_fill(&mirror, job, repository, branch, stop).await,
        };
        if let Err(WorkspaceError::Git { command, message }) = &made
            && !fresh
        {
            tracing::warn!(%repository, command, message, "the mirror is damaged: made anew");
            self.remove(job).await;
            mirror.destroy()?;
            mirror.prepare()?;
            made = self.fetch_and_fill(&mirror, job, repository, branch, stop).await;
        }
        if made.is_err() {
            self.remove(job).await;
        }
        made
    }

    async fn fetch_and_fill(
        &self,
        mirror: &Mirror<'_>,
        job: &JobId,
        repository: &Repository,
        branch: &str,
        stop: &CancellationToken,
    ) -> Result<(Workspace, CheckedOut), WorkspaceError> {
        let found = mirror.fetch(branch, stop).await?;
        self.fill(mirror, job, repository, found, stop).await
    }

    /// Makes the workspace of `job` on a commit and its tree that the mirror has.
    async fn fill(
        &self,
        mirror: &Mirror<'_>,
        job: &JobId,
        repository: &Repository,
        (base, tree): (ObjectId, ObjectId),
        stop: &CancellationToken,
    ) -> Result<(Workspace, CheckedOut), WorkspaceError> {
        crate::fault::point("workspace.create:before").await?;
        let made = self.workspace(job, repository, base.clone(), tree.clone())?;
        disk::make(&made.folder)?;
        disk::write(&made.folder.join(MARK), b"")?;
        for folder in [&made.tree, &made.scratch, &made.home] {
            disk::make(folder)?;
        }
        disk::git_skeleton(&made.git_dir())?;
        disk::make(&made.base_folder())?;
        let (from, to) = (mirror.folder.clone(), made.git_dir());
        disk::aside(move || disk::take_packs(&from, &to)).await?;
        let rows = made.rows(&tree).await?;
        if let Some(spare) = self.take_spare(repository, &made.folder).await {
            made.move_in(spare, &rows).await?;
        }
        let call = made.local("read-tree").on(&made.tree, &made.base_index(), &base);
        let call = call.args(["--reset", "-u", &tree.0]);
        self.git.run(call, stop).await?.success(repository)?;
        let notes = made.survey_of(rows).await?;
        made.declare_ready(&notes)?;
        crate::fault::point("workspace.create:after").await?;
        Ok((made, CheckedOut { base, tree, notes }))
    }
}

impl Workspace {
    /// Begins with a tree that an earlier job left, where it is of use.
    async fn move_in(&self, spare: Taken, rows: &[Row]) -> Result<(), WorkspaceError> {
        let left_out = spare.left_out.clone();
        if spare.settle(self, rows)? && !left_out.is_empty() {
            let call = self.local("update-index").on(&self.tree, &self.base_index(), &self.base);
            let call = call.args(["-z", "--no-skip-worktree", "--stdin"]).stdin(left_out);
            self.done(call).await?;
        }
        Ok(())
    }

    /// What is special about the base, told; links that leave the tree, taken off the disk.
    pub(super) async fn survey(&self) -> Result<Vec<String>, WorkspaceError> {
        self.survey_of(self.rows(&self.base_tree).await?).await
    }

    /// The same, of the base's rows.
    async fn survey_of(&self, rows: Vec<Row>) -> Result<Vec<String>, WorkspaceError> {
        let tree = self.tree.clone();
        let (rows, left_out) = disk::aside(move || {
            let left_out = leave_out(&tree, &rows)?;
            Ok((rows, left_out))
        })
        .await?;
        let mut notes = Vec::new();
        let submodules = rows.iter().filter(|row| row.kind() == EntryKind::Submodule);
        tell(&mut notes, submodules, "submodule(s) were left alone, their folders are empty");
        let tree = &self.tree;
        let lfs = rows.iter().filter(|row| is_attributes(&row.path) && names_lfs(tree, &row.path));
        if lfs.count() > 0 {
            notes.push(
                "Git LFS is in use: its files are here as pointers, without their content".into(),
            );
        }
        let outside = rows.iter().filter(|row| left_out.contains(&row.path));
        tell(&mut notes, outside, "symbolic link(s) point out of the repository and were not made");
        if !left_out.is_empty() {
            let list = left_out.join(&0);
            let call = self.local("update-index").on(tree, &self.base_index(), &self.base);
            let call = call.args(["-z", "--skip-worktree", "--stdin"]).stdin(list.clone());
            self.done(call).await?;
            disk::write(&self.left_out(), &list)?;
        }
        Ok(notes)
    }
}

fn tell<'a>(notes: &mut Vec<String>, rows: impl Iterator<Item = &'a Row>, what: &str) {
    let paths: Vec<String> =
        rows.map(|row| String::from_utf8_lossy(&row.path).escape_debug().to_string()).collect();
    if !paths.is_empty() {
        let shown = paths.iter().take(5).map(|path| format!("`{path}`")).collect::<Vec<_>>();
        let more = if paths.len() > shown.len() { ", …" } else { "" };
        notes.push(format!("{} {what}: {}{more}", paths.len(), shown.join(", ")));
    }
}

pub(super) fn is_attributes(path: &[u8]) -> bool {
    path.rsplit(|&byte| byte == b'/').next() == Some(b".gitattributes")
}

fn names_lfs(tree: &Path, path: &[u8]) -> bool {
    use std::io::Read;
    let mut text = Vec::new();
    let file = tree.join(os(path));
    let is_file = std::fs::symlink_metadata(&file).is_ok_and(|it| it.is_file());
    is_file
        && std::fs::File::open(file).and_then(|it| it.take(1 << 20).read_to_end(&mut text)).is_ok()
        && String::from_utf8_lossy(&text).contains("filter=lfs")
}

/// A link that leads elsewhere would show the agent files of this machine, so it is not on disk.
/// In commits it stays as it was.
pub(super) fn leave_out(tree: &Path, rows: &[Row]) -> Result<Vec<Vec<u8>>, WorkspaceError> {
    use std::os::unix::ffi::OsStrExt;
    let root = tree.canonicalize().map_err(WorkspaceError::disk(tree))?;
    let mut left_out = Vec::new();
    for row in rows.iter().filter(|row| row.kind() == EntryKind::Link) {
        let link = tree.join(os(&row.path));
        let Ok(target) = std::fs::read_link(&link) else { continue };
        let leads_inside =
            || !target.is_absolute() && link.canonicalize().is_ok_and(|end| end.starts_with(&root));
        if !rules::link_stays(&row.path, target.as_os_str().as_bytes()) && !leads_inside() {
            left_out.push(row.path.clone());
        }
    }
    // Only afterwards: a link may lead through another.
    for path in &left_out {
        let link = tree.join(os(path));
        disk::remove(&link).map_err(WorkspaceError::disk(&link))?;
    }
    Ok(left_out)
}
