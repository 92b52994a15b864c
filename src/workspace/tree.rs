//! Trees: read, compared, put back on disk, combined, committed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_util::sync::CancellationToken;

use super::git::{Call, Git, fields, object, os};
use super::listing::{self, Row};
use super::mirror::Mirror;
use super::snapshot::{is_special, real_folders, removal};
use super::{Identity, TreeEntry, Workspace, WorkspaceError, Workspaces, disk};
use crate::domain::change::{FileChange, ObjectId};
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;

/// A throw-away index that begins as the base's. A hard link is enough, and keeps the time stamp
/// that git compares files with: git replaces an index and never writes into it.
pub(super) struct Index(PathBuf);

impl Index {
    pub(super) fn of(workspace: &Workspace) -> Result<Self, WorkspaceError> {
        let index = Self::empty(&workspace.git_dir());
        std::fs::hard_link(workspace.base_index(), &index.0)
            .map_err(WorkspaceError::disk(&index.0))?;
        Ok(index)
    }

    pub(super) fn empty(git_dir: &Path) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let nth = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("index-{}-{nth}", std::process::id());
        let index = Self(git_dir.join(name));
        // In a container, a killed process of ours may well have had our number.
        index.clear();
        index
    }

    fn clear(&self) {
        let _ = std::fs::remove_file(&self.0);
        let _ = std::fs::remove_file(self.0.with_extension("lock"));
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Workspace {
    /// Our git directory is as we made it, and the tree is a folder. Nobody else has any business
    /// there; but where checks run uncaged, somebody could.
    pub(super) fn intact(&self) -> Result<(), WorkspaceError> {
        let git_dir = self.git_dir();
        if !disk::is_ours(&git_dir) {
            let why = "our own git directory was changed by something else";
            return Err(WorkspaceError::Unsafe { path: "git".into(), why: why.into() });
        }
        if !std::fs::symlink_metadata(&self.tree).is_ok_and(|it| it.is_dir()) {
            let why = "the checkout is not a folder any more";
            return Err(WorkspaceError::Unsafe { path: "tree".into(), why: why.into() });
        }
        Ok(())
    }

    /// Everything in a tree.
    ///
    /// # Errors
    /// When git fails.
    pub async fn files(&self, tree: &ObjectId) -> Result<Vec<TreeEntry>, WorkspaceError> {
        let call = self.local("ls-tree").args(["-r", "-z", "-l", &tree.0]);
        Ok(listing::rows(&self.done(call).await?).into_iter().map(TreeEntry::from).collect())
    }

    pub(super) async fn rows(&self, tree: &ObjectId) -> Result<Vec<Row>, WorkspaceError> {
        let call = self.local("ls-tree").args(["-r", "-z", &tree.0]);
        Ok(listing::rows(&self.done(call).await?))
    }

    /// The first `most` bytes of a file; of a link, its target. `None`: not there, or no file.
    ///
    /// # Errors
    /// When git fails.
    pub async fn read(
        &self,
        tree: &ObjectId,
        path: &str,
        most: usize,
    ) -> Result<Option<Vec<u8>>, WorkspaceError> {
        read(&self.git, self.local("cat-file"), &self.repository, tree, path, most).await
    }

    /// What happened from one tree to another. A rename is a removal and an addition.
    ///
    /// # Errors
    /// When git fails.
    pub async fn changes(
        &self,
        from: &ObjectId,
        to: &ObjectId,
    ) -> Result<Vec<FileChange>, WorkspaceError> {
        let call = self.local("diff-tree").env("GIT_ATTR_SOURCE", &self.base.0);
        let call = call.args(["-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv"]);
        let call = call.args(["--raw", "--numstat", &from.0, &to.0]);
        Ok(listing::changes(&self.done(call).await?))
    }

    /// The same as a unified diff; at most `most` bytes of it, and says so where it was cut.
    ///
    /// # Errors
    /// When git fails.
    pub async fn diff(
        &self,
        from: &ObjectId,
        to: &ObjectId,
        most: usize,
    ) -> Result<String, WorkspaceError> {
        let call = self.local("diff-tree").env("GIT_ATTR_SOURCE", &self.base.0);
        let call = call.args(["-r", "-p", "--no-renames", "--no-ext-diff", "--no-textconv"]);
        let call = call.args(["--no-color", &from.0, &to.0]).keep(most);
        let answer = self.git.run(call, &tokio_util::sync::CancellationToken::new()).await?;
        let is_cut = answer.dropped > 0 || answer.stdout.len() > most;
        if answer.code != 0 {
            return answer.success(&self.repository).map(|_| String::new());
        }
        let kept = &answer.stdout[..answer.stdout.len().min(most)];
        let mut text = String::from_utf8_lossy(kept).into_owned();
        if is_cut {
            text.push_str("\n[the rest of the diff is left out]\n");
        }
        Ok(text)
    }

    /// Makes the disk equal to `tree`: changed files rewritten, what is neither in it nor ignored
    /// removed, ignored build artefacts kept. Every planted `.git` goes, also the agent's own.
    ///
    /// # Errors
    /// When git or the disk fail.
    pub async fn restore(&self, tree: &ObjectId) -> Result<(), WorkspaceError> {
        // Before git is run at all in there.
        self.intact()?;
        let index = Index::of(self)?;
        // A tree that was handed over to another user and back has new change times alone. What is
        // as it should be is not written anew, or all that was built from it would be stale.
        let call = self.local("update-index").on(&self.tree, index.path(), &self.base);
        if let Err(error) = self.done(call.args(["-q", "--refresh"])).await {
            tracing::debug!(%error, "what changed is written anew, and more with it");
        }
        self.lay_out(tree, index.path()).await
    }

    /// The same with an index that stays.
    pub(super) async fn lay_out(
        &self,
        tree: &ObjectId,
        index: &Path,
    ) -> Result<(), WorkspaceError> {
        self.intact()?;
        let planted = self.tree.join(".git");
        disk::remove(&planted).map_err(WorkspaceError::disk(&planted))?;
        if self.write_out(tree, index).await.is_err() {
            // Once more, with folders that we may write: the agent may have closed them.
            disk::open_up(&self.tree);
            self.write_out(tree, index).await?;
        }
        self.keep_out()
    }

    /// Links that lead elsewhere are not on disk, and git, which was told not to look there, leaves
    /// what others put in their place.
    fn keep_out(&self) -> Result<(), WorkspaceError> {
        let left_out = std::fs::read(self.left_out()).unwrap_or_default();
        let paths: Vec<Vec<u8>> = fields(&left_out).map(<[u8]>::to_vec).collect();
        let real = real_folders(&self.tree, paths.iter());
        for path in paths.iter().map(|path| os(path)) {
            if path.parent().is_some_and(|folder| real.contains(folder)) {
                let path = self.tree.join(path);
                disk::remove(&path).map_err(WorkspaceError::disk(&path))?;
            }
        }
        Ok(())
    }

    async fn write_out(&self, tree: &ObjectId, index: &Path) -> Result<(), WorkspaceError> {
        let call = self.local("read-tree").on(&self.tree, index, &self.base);
        self.done(call.args(["--reset", "-u", &tree.0])).await?;
        let call = self.local("clean").on(&self.tree, index, &self.base);
        self.done(call.args(["-ffdq"])).await?;
        let call = self.local("ls-files").index(index).arg("-z");
        let listed = self.done(call).await?;
        let root = self.tree.clone();
        disk::aside(move || {
            let paths: Vec<Vec<u8>> = fields(&listed).map(<[u8]>::to_vec).collect();
            real_folders(&root, paths.iter()).iter().try_for_each(|it| weed(&root.join(it)))
        })
        .await
    }

    /// `onto` with just `paths` taken from `from`; a path that `from` does not have is removed.
    ///
    /// # Errors
    /// When git fails.
    pub async fn graft(
        &self,
        onto: &ObjectId,
        from: &ObjectId,
        paths: &[String],
    ) -> Result<ObjectId, WorkspaceError> {
        if paths.is_empty() {
            return Ok(onto.clone());
        }
        let index = Index::empty(&self.git_dir());
        self.done(self.local("read-tree").index(index.path()).arg(&onto.0)).await?;
        let mut wanted: BTreeSet<&[u8]> = paths.iter().map(String::as_bytes).collect();
        let mut taken = Vec::new();
        for row in self.rows(from).await? {
            if wanted.remove(row.path.as_slice()) {
                taken.extend_from_slice(format!("{} {}\t", row.mode, row.oid).as_bytes());
                taken.extend_from_slice(&row.path);
                taken.push(0);
            }
        }
        // Removals first: a file may take the place of a folder.
        let mut rows: Vec<u8> = wanted.iter().flat_map(|path| removal(path)).collect();
        rows.extend(taken);
        let call = self.local("update-index").index(index.path());
        self.done(call.args(["-z", "--add", "--replace", "--index-info"]).stdin(rows)).await?;
        Ok(object(&self.done(self.local("write-tree").index(index.path())).await?))
    }

    /// A commit of `tree` on the base. The same words, author and time give the same commit.
    ///
    /// # Errors
    /// When git fails, or author or message are empty.
    pub async fn commit(
        &self,
        tree: &ObjectId,
        message: &str,
        author: &Identity,
        at: Timestamp,
    ) -> Result<ObjectId, WorkspaceError> {
        let plain = |text: &str| {
            let text: String =
                text.chars().filter(|c| !c.is_control() && !"<>".contains(*c)).collect();
            text.trim().to_owned()
        };
        let (name, email) = (plain(&author.name), plain(&author.email));
        let message = message.replace('\0', "");
        if name.is_empty() || email.is_empty() || message.trim().is_empty() {
            return Err(WorkspaceError::Unusable("a commit needs an author and a message".into()));
        }
        let date = format!("@{} +0000", at.0.div_euclid(1_000).max(0));
        let mut call = self.local("commit-tree").args([&tree.0, "-p", &self.base.0, "-F", "-"]);
        for role in ["AUTHOR", "COMMITTER"] {
            call = call
                .env(&format!("GIT_{role}_NAME"), &name)
                .env(&format!("GIT_{role}_EMAIL"), &email)
                .env(&format!("GIT_{role}_DATE"), &date);
        }
        Ok(object(&self.done(call.stdin(message.into_bytes())).await?))
    }
}

/// The first `most` bytes of a file in `tree`, by the git directory that `call` names.
async fn read(
    git: &Git,
    call: Call,
    repository: &Repository,
    tree: &ObjectId,
    path: &str,
    most: usize,
) -> Result<Option<Vec<u8>>, WorkspaceError> {
    if path.contains('\0') {
        return Ok(None);
    }
    let call = call.args(["--batch=%(objecttype)", "-Z"]);
    let call = call.stdin(format!("{tree}:{path}\0").into_bytes()).keep(most.saturating_add(64));
    let answer = git.run(call, &CancellationToken::new()).await?;
    let dropped = answer.dropped;
    let mut content = match answer.stdout.strip_prefix(b"blob\0") {
        Some(content) => content.to_vec(),
        None if answer.code == 0 => return Ok(None),
        None => return answer.success(repository).map(|_| None),
    };
    if dropped == 0 {
        content.pop(); // The zero that ends the answer.
    }
    content.truncate(most);
    Ok(Some(content))
}

impl Workspaces {
    /// The first `most` bytes of a file at the tip of `branch`, without a checkout. `None`: there
    /// is no such file.
    ///
    /// # Errors
    /// When the remote is away or refuses, or has no such branch.
    pub async fn file_at(
        &self,
        repository: &Repository,
        branch: &str,
        path: &str,
        most: usize,
        stop: &CancellationToken,
    ) -> Result<Option<Vec<u8>>, WorkspaceError> {
        let mirror = Mirror::of(&self.git, &self.state_dir, repository);
        let _held = mirror.hold(stop).await?;
        mirror.prepare()?;
        let (_, tree) = mirror.fetch(branch, stop).await?;
        read(&self.git, mirror.call("cat-file"), repository, &tree, path, most).await
    }
}

/// Removes from one folder what git passes over in silence.
fn weed(folder: &Path) -> Result<(), WorkspaceError> {
    for entry in std::fs::read_dir(folder).map_err(WorkspaceError::disk(folder))?.flatten() {
        let is_git = super::rules::is_dot_git(&entry.file_name().to_string_lossy());
        if is_git || entry.file_type().is_ok_and(is_special) {
            let path = entry.path();
            disk::remove(&path).map_err(WorkspaceError::disk(&path))?;
        }
    }
    Ok(())
}
