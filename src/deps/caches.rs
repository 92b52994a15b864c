//! What checks left behind on a repository's own base, kept for its next job: `target/`,
//! `node_modules/.cache`, `__pycache__`, `~/.cache`.
//!
//! Only the base's own checks have written it, in a cage and before the job's agent began. The
//! next job gets a copy, never a hard link: what its agent or a changed test does to that is gone
//! with the job.
//!
//! An entry of the store holds `tree` and `home`, and beside them `roots` (the paths in `tree`, each
//! ended by a zero), `stamps` (the base's files, for `Workspace::restamp`) and `base` (its tree).

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Deps, Key, about, aside, copying, is_folder, make};
use crate::domain::change::ObjectId;
use crate::domain::task::Repository;
use crate::workspace::remove_tree;

/// What of a HOME is kept: where tools keep what they can make again.
const IN_HOME: [&str; 2] = [".cache", ".gradle"];
/// Nobody asked for it in so long.
const IDLE: Duration = Duration::from_secs(14 * 86_400);
/// More files than this are not kept.
const MOST_FILES: u64 = 500_000;

/// The store of one worker.
#[derive(Clone, Debug)]
pub struct Caches {
    store: Deps,
    most: u64,
}

/// Whose checks they are.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// Of the checkout.
    pub repository: &'a Repository,
    /// What `Caches::key` said.
    pub key: &'a Key,
    /// The checkout.
    pub tree: &'a Path,
    /// The checks' HOME.
    pub home: &'a Path,
}

/// What is written down beside the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The tree that was checked.
    pub base: ObjectId,
    /// What `Workspace::stamps` said.
    pub stamps: Vec<u8>,
}

/// A job's own copy, not yet in its place. Dropped before, it is removed.
#[derive(Debug)]
pub struct Copied {
    folder: PathBuf,
    /// What came with it.
    pub record: Record,
}

impl Drop for Copied {
    fn drop(&mut self) {
        let _ = remove_tree(&self.folder);
    }
}

impl Caches {
    /// The store in `root`, which is made when it is first needed; no more than `most` bytes of it
    /// are kept, of one repository or of all.
    pub fn new(root: PathBuf, most: u64) -> Self {
        Self { store: Deps::new(root), most }
    }

    /// The key of what these commands leave behind in `place` (an image's id, or empty: this
    /// machine), at the path by which they find the checkout.
    pub fn key(commands: &[&str], place: &str, seat: &Path) -> Key {
        let seat = seat.as_os_str().as_bytes();
        let mut parts: Vec<&[u8]> = vec![b"codingworker caches 1", place.as_bytes(), seat];
        parts.extend(commands.iter().map(|it| it.as_bytes()));
        Key::of(&parts)
    }

    /// A copy of what there is, at `to`, which is ours alone. `None`: there is nothing.
    ///
    /// # Errors
    /// From the disk.
    pub async fn copy(
        &self,
        repository: &Repository,
        key: &Key,
        to: &Path,
    ) -> io::Result<Option<Copied>> {
        let Some(files) = self.store.find(repository, key) else { return Ok(None) };
        let read = |name| fs::read(files.join(name)).map_err(about(&files));
        let base = ObjectId(String::from_utf8_lossy(&read("base")?).into_owned());
        let record = Record { base, stamps: read("stamps")? };
        let gone = to.to_owned();
        aside(move || remove_tree(&gone)).await?;
        let copied = Copied { folder: to.to_owned(), record };
        Deps::copy(&files, to).await?;
        Ok(Some(copied))
    }

    /// Keeps `roots` of a tree, and what is for keeping in its HOME, in place of what there is.
    /// Says how many bytes that are. Where it is too much, nothing is kept: the next job begins
    /// with nothing, and what has piled up is gone.
    ///
    /// # Errors
    /// From the disk, and when `stop` is cancelled.
    pub async fn keep(
        &self,
        ground: Ground<'_>,
        roots: &[Vec<u8>],
        record: &Record,
        stop: &CancellationToken,
    ) -> io::Result<Option<u64>> {
        let of_tree: Vec<PathBuf> = roots.iter().map(|it| OsStr::from_bytes(it).into()).collect();
        let kept = |name: &&&str| is_folder(&ground.home.join(name));
        let of_home: Vec<PathBuf> = IN_HOME.iter().filter(kept).map(PathBuf::from).collect();
        let all: Vec<PathBuf> = of_tree
            .iter()
            .map(|it| ground.tree.join(it))
            .chain(of_home.iter().map(|it| ground.home.join(it)))
            .collect();
        let most = self.most;
        let bytes = aside(move || Ok(size(all, most))).await?;
        let Some(bytes) = bytes.filter(|_| !(of_tree.is_empty() && of_home.is_empty())) else {
            self.store.forget(ground.repository, ground.key).await?;
            return Ok(None);
        };
        let begun = self.store.begin(ground.repository, ground.key)?;
        let files = begun.files();
        for (from, paths, name) in
            [(ground.tree, &of_tree, "tree"), (ground.home, &of_home, "home")]
        {
            make(&files.join(name))?;
            copying::some(from, paths, &files.join(name), stop).await?;
        }
        let listed: Vec<u8> = roots.iter().flat_map(|it| [it, &b"\0"[..]].concat()).collect();
        for (name, text) in
            [("roots", &listed[..]), ("stamps", &record.stamps), ("base", record.base.0.as_bytes())]
        {
            fs::write(files.join(name), text).map_err(about(&files))?;
        }
        self.store.replace(begun).await?;
        Ok(Some(bytes))
    }

    /// Removes what was not used for two weeks, then the oldest until no more is left than may be.
    pub async fn prune(&self) -> u64 {
        self.store.prune(IDLE, self.most).await
    }
}

impl Copied {
    /// Moves the files to where the job's checks look for them. What is there already stays, and
    /// what would come to lie behind a link, or in a folder that is not there, is left out.
    ///
    /// # Errors
    /// From the disk.
    pub async fn settle(self, tree: &Path, home: &Path) -> io::Result<()> {
        let (tree, home) = (tree.to_owned(), home.to_owned());
        aside(move || {
            let roots = fs::read(self.folder.join("roots")).map_err(about(&self.folder))?;
            for root in roots.split(|&byte| byte == 0).filter(|it| !it.is_empty()) {
                let root = Path::new(OsStr::from_bytes(root));
                place(&self.folder.join("tree"), root, &tree)?;
            }
            for root in IN_HOME.map(Path::new) {
                place(&self.folder.join("home"), root, &home)?;
            }
            Ok(())
        })
        .await
    }
}

fn place(from: &Path, path: &Path, to: &Path) -> io::Result<()> {
    use std::path::Component;
    let plain = path.components().all(|it| matches!(it, Component::Normal(_)));
    let mut above = path.ancestors().skip(1);
    let (source, target) = (from.join(path), to.join(path));
    let fits = plain
        && above.all(|it| is_folder(&to.join(it)))
        && target.symlink_metadata().is_err()
        && source.symlink_metadata().is_ok();
    match fits {
        true => fs::rename(&source, &target).map_err(about(&target)),
        false => Ok(()),
    }
}

/// On disk, without following links; a file with several names counts once. `None`: too much.
fn size(mut waiting: Vec<PathBuf>, most: u64) -> Option<u64> {
    let (mut bytes, mut count, mut seen) = (0_u64, 0_u64, HashSet::new());
    while let Some(path) = waiting.pop() {
        let Ok(found) = fs::symlink_metadata(&path) else { continue };
        if found.is_file() && found.nlink() > 1 && !seen.insert((found.dev(), found.ino())) {
            continue;
        }
        // A file with holes takes all of its length where they are not copied as holes.
        bytes = bytes.saturating_add(found.len().max(found.blocks().saturating_mul(512)));
        count += 1;
        if bytes > most || count > MOST_FILES {
            return None;
        }
        if found.is_dir() {
            waiting.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|it| it.path()));
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
