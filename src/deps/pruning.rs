//! What is kept for too long, or is too much, goes.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{BEGUN, Deps, GONE, LOCK, USED, unique};
use crate::workspace::remove_tree;

/// A job that was told where it is needs no longer than this until it has its copy.
const QUIET: Duration = Duration::from_secs(1_800);

/// Something complete.
struct Entry {
    folder: PathBuf,
    unused_for: Duration,
    bytes: u64,
}

pub(super) fn prune(store: &Deps, unused_for: Duration, most: u64) -> u64 {
    let (mut entries, mut gone) = (Vec::new(), Vec::new());
    for folder in shelves(&store.root).iter().flat_map(|shelf| below(shelf)) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match age(&folder.join(USED)) {
            _ if name.starts_with(GONE) => gone.push(folder),
            _ if name.starts_with(BEGUN) => gone.extend(left_behind(store, &folder)),
            Some(unused_for) => {
                let bytes = size(&folder);
                entries.push(Entry { folder, unused_for, bytes });
            }
            // Damaged: nobody ever finds it.
            None => gone.extend(taken_away(store, &folder, None)),
        }
    }
    entries.sort_by_key(|entry| entry.unused_for);
    let mut left = 0_u64;
    for entry in entries {
        let is_quiet = entry.unused_for > QUIET;
        let fits = left.saturating_add(entry.bytes) <= most;
        match is_quiet && (entry.unused_for > unused_for || !fits) {
            true => gone.extend(taken_away(store, &entry.folder, Some(QUIET))),
            false => left = left.saturating_add(entry.bytes),
        }
    }
    gone.iter().map(|folder| removed(folder)).sum()
}

/// What was begun by somebody who is not there any more.
fn left_behind(store: &Deps, folder: &Path) -> Option<PathBuf> {
    let _still = store.still().ok()?;
    let is_held = File::open(folder.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_err());
    (!is_held).then(|| renamed(folder)).flatten()
}

/// Under a name at which nobody finds it; unless somebody did just now.
fn taken_away(store: &Deps, folder: &Path, quiet: Option<Duration>) -> Option<PathBuf> {
    let _still = store.still().ok()?;
    let is_wanted =
        quiet.is_some_and(|quiet| age(&folder.join(USED)).is_some_and(|age| age <= quiet));
    (!is_wanted).then(|| renamed(folder)).flatten()
}

fn renamed(folder: &Path) -> Option<PathBuf> {
    let gone = folder.with_file_name(unique(GONE));
    fs::rename(folder, &gone).ok().map(|()| gone)
}

fn removed(folder: &Path) -> u64 {
    let bytes = size(folder);
    match remove_tree(folder) {
        Ok(()) => bytes,
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "kept dependencies cannot be removed");
            0
        }
    }
}

/// The folder of each repository.
fn shelves(root: &Path) -> Vec<PathBuf> {
    below(root).iter().flat_map(|owner| below(owner)).collect()
}

/// The folders in a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|it| it.file_type().is_ok_and(|it| it.is_dir())).map(|it| it.path()).collect()
}

fn age(file: &Path) -> Option<Duration> {
    let modified = fs::symlink_metadata(file).ok()?.modified().ok()?;
    // A clock that was put back makes it young, not old.
    Some(modified.elapsed().unwrap_or_default())
}

/// On disk, without following links.
fn size(folder: &Path) -> u64 {
    let (mut bytes, mut waiting) = (0_u64, vec![folder.to_path_buf()]);
    while let Some(path) = waiting.pop() {
        let Ok(found) = fs::symlink_metadata(&path) else { continue };
        bytes = bytes.saturating_add(found.blocks().saturating_mul(512));
        if found.is_dir() {
            waiting.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|it| it.path()));
        }
    }
    bytes
}
