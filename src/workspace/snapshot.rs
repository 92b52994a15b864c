//! What is on disk, as a tree object: everything that is not ignored, after it was looked at.
//!
//! Each snapshot starts from the base's index, so it is a function of base and disk alone.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::checkout::is_attributes;
use super::git::{fields, object, os};
use super::listing::{self, OnDisk};
use super::tree::Index;
use super::{Snapshot, Workspace, WorkspaceError, disk, rules};

/// Code hosts refuse larger files.
const LARGEST: u64 = 100 << 20;
/// More new files than this are a build's, not an author's.
const MOST_NEW: usize = 20_000;

/// What differs from the base, looked at and allowed.
#[derive(Default)]
struct Differences {
    write: Vec<Vec<u8>>,
    remove: Vec<Vec<u8>>,
    /// FIFOs, sockets, devices: fine where they are ignored.
    special: Vec<Vec<u8>>,
}

impl Workspace {
    /// What is on disk now, and what that changes against the base. What `.gitignore` ignores is
    /// left out, and so is what the agent keeps for itself (`.aider*`).
    ///
    /// # Errors
    /// `Unsafe`, with the path, when there is something that must not reach a commit.
    pub async fn snapshot(&self) -> Result<Snapshot, WorkspaceError> {
        self.intact()?;
        match self.take().await {
            Err(WorkspaceError::Disk { source, .. })
                if source.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                // A folder that we may not read would look as if its files were removed.
                disk::open_up(&self.tree);
                self.take().await
            }
            other => other,
        }
    }

    async fn take(&self) -> Result<Snapshot, WorkspaceError> {
        let index = Index::of(self)?;
        let call = self.local("ls-files").on(&self.tree, index.path(), &self.base);
        let call = call.args(["-z", "-t", "-s", "--cached", "--others", "--modified", "--deleted"]);
        let listed = self.done(call.arg("--exclude-standard")).await?;
        let (tree, left_out) = (self.tree.clone(), self.left_out());
        let (on_disk, mut found) = disk::aside(move || {
            let on_disk = listing::on_disk(&listed);
            let found = inspect(&tree, &left_out, &on_disk)?;
            Ok((on_disk, found))
        })
        .await?;
        self.only_ignored(&index, &found.special).await?;
        if on_disk.tracked.keys().any(|path| is_attributes(path)) {
            self.drop_unchanged(&index, &on_disk, &mut found.write).await?;
        }
        if found.write.is_empty() && found.remove.is_empty() {
            return Ok(Snapshot { tree: self.base_tree.clone(), changes: Vec::new() });
        }
        self.apply(&index, found).await?;
        let tree = object(&self.done(self.local("write-tree").index(index.path())).await?);
        let changes = self.changes(&self.base_tree, &tree).await?;
        Ok(Snapshot { tree, changes })
    }

    /// What was written goes first, while the index still has the base's time stamp: git compares
    /// whole seconds, and looks twice at a file only if it is not older than the index.
    async fn apply(&self, index: &Index, found: Differences) -> Result<(), WorkspaceError> {
        if !found.write.is_empty() {
            self.add(index, found.write.join(&0)).await?;
        }
        if !found.remove.is_empty() {
            let rows = found.remove.iter().flat_map(|path| removal(path)).collect();
            let call = self.local("update-index").index(index.path());
            self.done(call.args(["-z", "--index-info"]).stdin(rows)).await?;
        }
        Ok(())
    }

    async fn add(&self, index: &Index, list: Vec<u8>) -> Result<(), WorkspaceError> {
        let call = || {
            let call = self.local("update-index").on(&self.tree, index.path(), &self.base);
            call.args(["-z", "--add", "--replace", "--stdin"]).stdin(list.clone())
        };
        match self.done(call()).await {
            Err(WorkspaceError::Git { message, .. }) if message.contains("Permission denied") => {
                disk::open_up(&self.tree);
                self.done(call()).await.map(drop)
            }
            other => other.map(drop),
        }
    }

    async fn only_ignored(&self, index: &Index, paths: &[Vec<u8>]) -> Result<(), WorkspaceError> {
        if paths.is_empty() {
            return Ok(());
        }
        let call = self.local("check-ignore").on(&self.tree, index.path(), &self.base);
        let call = call.args(["-z", "--stdin"]).stdin(paths.join(&0));
        let answer = self.git.run(call, &tokio_util::sync::CancellationToken::new()).await?;
        let ignored: BTreeSet<&[u8]> = fields(&answer.stdout).collect();
        match paths.iter().find(|path| !ignored.contains(path.as_slice())) {
            Some(path) => {
                Err(WorkspaceError::unsafe_path(path, "it is neither file nor folder nor link"))
            }
            None => Ok(()),
        }
    }

    /// Line endings may be converted on the way to disk, and a repository may hold files that do
    /// not survive the way back. What is on disk as we wrote it has not changed, whatever git
    /// would make of it now.
    async fn drop_unchanged(
        &self,
        index: &Index,
        on_disk: &OnDisk,
        write: &mut Vec<Vec<u8>>,
    ) -> Result<(), WorkspaceError> {
        let tracked: Vec<Vec<u8>> =
            write.iter().filter(|path| on_disk.tracked.contains_key(*path)).cloned().collect();
        if tracked.is_empty() {
            return Ok(());
        }
        let copy = index.path().with_extension("compare");
        disk::remove(&copy).map_err(WorkspaceError::disk(&copy))?;
        disk::make(&copy)?;
        let mut prefix = copy.clone().into_os_string();
        prefix.push("/");
        let mut option = std::ffi::OsString::from("--prefix=");
        option.push(&prefix);
        let call = self.local("checkout-index").on(&self.tree, index.path(), &self.base);
        let call = call.args(["-z", "-f", "-q", "--stdin"]).arg(option).stdin(tracked.join(&0));
        let written = self.done(call).await;
        let (tree, ours) = (self.tree.clone(), copy.clone());
        let same = disk::aside(move || {
            Ok(tracked.into_iter().filter(|path| is_same(&tree, &ours, path)).collect())
        });
        let same: BTreeSet<Vec<u8>> = match written {
            Ok(_) => same.await?,
            Err(error) => {
                return disk::remove(&copy).map_err(WorkspaceError::disk(&copy)).and(Err(error));
            }
        };
        write.retain(|path| !same.contains(path));
        disk::remove(&copy).map_err(WorkspaceError::disk(&copy))
    }
}

/// One row for `update-index --index-info` that removes a path.
pub(super) fn removal(path: &[u8]) -> Vec<u8> {
    [format!("0 {}\t", "0".repeat(40)).as_bytes(), path, b"\0"].concat()
}

fn is_same(tree: &Path, ours: &Path, path: &[u8]) -> bool {
    let (theirs, ours) = (tree.join(os(path)), ours.join(os(path)));
    let (Ok(a), Ok(b)) = (std::fs::symlink_metadata(&theirs), std::fs::symlink_metadata(&ours))
    else {
        return false;
    };
    a.is_file()
        && b.is_file()
        && a.len() == b.len()
        && (a.mode() & 0o100) == (b.mode() & 0o100)
        && std::fs::read(&theirs).ok() == std::fs::read(&ours).ok()
}

fn inspect(tree: &Path, left_out: &Path, disk: &OnDisk) -> Result<Differences, WorkspaceError> {
    let is_submodule =
        |path: &&Vec<u8>| disk.tracked.get(*path).is_some_and(|(mode, _)| mode == "160000");
    let mut found = Differences::default();
    found.remove.extend(disk.gone.iter().filter(|path| !is_submodule(path)).cloned());
    let others: Vec<_> = disk.others.iter().filter(|path| !rules::is_agents_own(path)).collect();
    if others.len() > MOST_NEW {
        let many =
            format!("{} new files (does `.gitignore` name what a build makes?)", others.len());
        return Err(WorkspaceError::TooLarge(many));
    }
    for path in &others {
        if path.ends_with(b"/") {
            return Err(WorkspaceError::unsafe_path(path, "it is a git repository of its own"));
        }
        rules::new_path(path)?;
    }
    let touched = disk.touched.iter().filter(|path| !is_submodule(path));
    for path in others.iter().copied().chain(touched) {
        match look(tree, path)? {
            Seen::Writable => found.write.push(path.clone()),
            Seen::Folder => found.remove.push(path.clone()),
        }
    }
    no_collision(disk, &others)?;
    for path in fields(&std::fs::read(left_out).unwrap_or_default()) {
        if std::fs::symlink_metadata(tree.join(os(path))).is_ok() {
            let why = "a symbolic link that points out of the repository belongs here";
            return Err(WorkspaceError::unsafe_path(path, why));
        }
    }
    for folder in real_folders(tree, disk.tracked.keys().chain(others.iter().copied())) {
        walk(tree, &folder, &mut found.special)?;
    }
    Ok(found)
}

enum Seen {
    Writable,
    Folder,
}

fn look(tree: &Path, path: &[u8]) -> Result<Seen, WorkspaceError> {
    let file = tree.join(os(path));
    let found = std::fs::symlink_metadata(&file).map_err(WorkspaceError::disk(&file))?;
    let refuse = |why: &str| Err(WorkspaceError::unsafe_path(path, why));
    if found.is_dir() {
        return Ok(Seen::Folder);
    }
    if found.is_symlink() {
        let target = std::fs::read_link(&file).map_err(WorkspaceError::disk(&file))?;
        if !rules::link_stays(path, target.as_os_str().as_bytes()) {
            return refuse("it is a symbolic link that points out of the repository");
        }
    } else if !found.is_file() {
        return refuse("it is neither file nor folder nor link");
    } else if found.nlink() > 1 {
        return refuse("it is a hard link: the same file is somewhere else as well");
    } else if found.len() > LARGEST {
        return refuse("it is larger than 100 MiB");
    }
    Ok(Seen::Writable)
}

/// Two names that differ in case only are one file on other machines.
fn no_collision(disk: &OnDisk, others: &[&Vec<u8>]) -> Result<(), WorkspaceError> {
    let lower = |path: &[u8]| String::from_utf8_lossy(path).to_lowercase();
    let gone: BTreeSet<&Vec<u8>> = disk.gone.iter().collect();
    let mut names: BTreeMap<String, &[u8]> = BTreeMap::new();
    if !others.is_empty() {
        let kept = disk.tracked.keys().filter(|path| !gone.contains(path));
        names.extend(kept.map(|path| (lower(path), path.as_slice())));
    }
    for path in others {
        if let Some(other) = names.insert(lower(path), path) {
            let other = String::from_utf8_lossy(other);
            let why = format!("its name differs from `{}` in case only", other.escape_debug());
            return Err(WorkspaceError::unsafe_path(path, why));
        }
    }
    Ok(())
}

/// All folders on the way to these paths that are folders, and not links to some. The root first.
pub(super) fn real_folders<'a>(
    tree: &Path,
    paths: impl Iterator<Item = &'a Vec<u8>>,
) -> BTreeSet<PathBuf> {
    let mut wanted: BTreeSet<&Path> = BTreeSet::new();
    for path in paths {
        for folder in os(path).ancestors().skip(1) {
            if !wanted.insert(folder) {
                break;
            }
        }
    }
    let mut real = BTreeSet::new();
    // Sorted: a parent comes before its children.
    for folder in wanted {
        let stands = folder.parent().is_none_or(|parent| real.contains(parent));
        if stands && std::fs::symlink_metadata(tree.join(folder)).is_ok_and(|it| it.is_dir()) {
            real.insert(folder.to_path_buf());
        }
    }
    real
}

/// git passes over nested `.git` folders and special files in silence.
fn walk(tree: &Path, folder: &Path, special: &mut Vec<Vec<u8>>) -> Result<(), WorkspaceError> {
    let at = tree.join(folder);
    for entry in std::fs::read_dir(&at).map_err(WorkspaceError::disk(&at))?.flatten() {
        let path = folder.join(entry.file_name());
        let bytes = path.as_os_str().as_bytes();
        let is_root = folder.as_os_str().is_empty();
        if !is_root && rules::is_dot_git(&entry.file_name().to_string_lossy()) {
            return Err(WorkspaceError::unsafe_path(bytes, "it is a git repository of its own"));
        }
        if entry.file_type().is_ok_and(is_special) {
            special.push(bytes.to_vec());
        }
    }
    Ok(())
}

pub(super) fn is_special(it: std::fs::FileType) -> bool {
    it.is_fifo() || it.is_socket() || it.is_block_device() || it.is_char_device()
}
