//! Trees of finished jobs, kept for the next job of the same repository: on a file system that
//! cannot share blocks, writing a large tree takes many times longer than looking at it.
//!
//! Foreign code has written in such a tree, and nothing of that may be there for the next job. So
//! a tree is kept with the index that git wrote before any foreign code ran, outside of its reach,
//! and only what is to the nanosecond as it was then stays (`proof`). All else is removed, and git
//! writes it anew.
//!
//! On disk: `{work_dir}/.spare/OWNER/NAME/{n}/` holds `tree`, `index` and `left-out`. One `rename`
//! puts it there, one takes it away.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::checkout::{MARK, is_attributes};
use super::listing::Row;
use super::{Workspace, WorkspaceError, Workspaces, base, disk};
use crate::domain::change::ObjectId;
use crate::domain::job::JobId;
use crate::domain::task::Repository;

mod proof;

/// Below the work folder.
const SHELF: &str = ".spare";
/// Begins the name of what is on its way in.
const HALF: &str = ".half-";
/// How many trees of one repository are kept: as many jobs may begin at once.
const MOST: usize = 2;
/// How many there are of all repositories.
const MOST_OF_ALL: usize = 8;
/// A tree that nobody asked for in so long is not kept.
const IDLE: Duration = Duration::from_secs(7 * 24 * 3_600);

/// A tree that was taken, and what of it may be believed.
pub(super) struct Taken {
    folder: PathBuf,
    /// Paths and objects of all `.gitattributes` that it was written by.
    attributes: Vec<(Vec<u8>, String)>,
    /// Links that git was told not to write.
    pub(super) left_out: Vec<u8>,
}

impl Workspaces {
    /// Removes a job's workspace like `remove`, but keeps its tree for the next job of the
    /// repository. Only for jobs of which every process was in a cage and is gone: one that lived
    /// on could write after everything was looked at.
    pub async fn retire(&self, job: &JobId) {
        if let Ok(folder) = self.folder(job) {
            let (work_dir, from) = (self.work_dir.clone(), folder);
            let kept = disk::aside(move || {
                keep(&work_dir, &from).map_err(WorkspaceError::disk(&from))?;
                prune(&work_dir);
                Ok(())
            });
            if let Err(error) = kept.await {
                tracing::debug!(%job, %error, "its tree is not kept for the next job");
            }
        }
        self.remove(job).await;
    }

    /// Takes a tree of this repository that an earlier job left, into the folder `to`.
    pub(super) async fn take_spare(&self, repository: &Repository, to: &Path) -> Option<Taken> {
        let (shelf, to) = (shelf(&self.work_dir, repository), to.join("spare"));
        disk::aside(move || Ok(take(&shelf, &to))).await.ok().flatten()
    }
}

impl Taken {
    /// Puts tree and index where `workspace` wants them; `rows` are those of its base. `false`:
    /// files that did not change may look different on disk now, and it is of no use.
    pub(super) fn settle(
        self,
        workspace: &Workspace,
        rows: &[Row],
    ) -> Result<bool, WorkspaceError> {
        let wanted = rows.iter().filter(|row| is_attributes(&row.path));
        let wanted: Vec<_> = wanted.map(|row| (row.path.clone(), row.oid.clone())).collect();
        let fits = wanted == self.attributes;
        if fits {
            let index = workspace.base_index();
            std::fs::rename(self.folder.join("index"), &index)
                .map_err(WorkspaceError::disk(&index))?;
            // Not the folder itself: an agent that was begun early has it in its cage already.
            // (Renamed files look changed to git, which writes those of the top folder anew.)
            let tree = &workspace.tree;
            move_all(&self.folder.join("tree"), tree).map_err(WorkspaceError::disk(tree))?;
        }
        disk::remove(&self.folder).map_err(WorkspaceError::disk(&self.folder))?;
        Ok(fits)
    }
}

/// Moves what is in one folder into another.
fn move_all(from: &Path, to: &Path) -> io::Result<()> {
    for entry in from.read_dir()? {
        let entry = entry?;
        std::fs::rename(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

fn shelf(work_dir: &Path, repository: &Repository) -> PathBuf {
    work_dir.join(SHELF).join(repository.owner()).join(repository.name())
}

/// Puts a job's tree on the shelf, without what the job left in it.
fn keep(work_dir: &Path, job: &Path) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let git_dir = job.join("git");
    // The file system's time stamps and flags are known to us on Linux alone.
    if !cfg!(target_os = "linux") || !job.join(MARK).exists() || !disk::is_ours(&git_dir) {
        return Err(io::Error::other("it is no workspace that could be used again"));
    }
    // On a second base, files stand that were written while foreign code had been at work.
    let [base] =
        below(&git_dir.join("bases")).try_into().map_err(|_| io::Error::other("rebased"))?;
    let repository = base::repository_of(&base).ok_or_else(|| io::Error::other("not complete"))?;
    let shelf = shelf(work_dir, &repository);
    let io_error = |error: WorkspaceError| io::Error::other(error.to_string());
    disk::make(&shelf).map_err(io_error)?;
    let unique = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let half = shelf.join(format!("{HALF}{unique}"));
    disk::remove(&half)?;
    disk::make(&half).map_err(io_error)?;
    let filled = || {
        std::fs::rename(job.join("tree"), half.join("tree"))?;
        std::fs::rename(base.join("index"), half.join("index"))?;
        if base.join("left-out").exists() {
            std::fs::rename(base.join("left-out"), half.join("left-out"))?;
        }
        // What a build made need not wait for the next job to be removed.
        proof::purify(&half.join("tree"), &half.join("index"))?;
        let becomes = shelf.join(&unique);
        disk::remove(&becomes)?;
        std::fs::rename(&half, &becomes)
    };
    let filled = filled();
    if filled.is_err() {
        disk::remove(&half)?;
    }
    filled
}

fn take(shelf: &Path, to: &Path) -> Option<Taken> {
    let mut spares = spares(shelf);
    spares.sort_by_key(|folder| std::cmp::Reverse(age_key(folder)));
    let folder = spares.iter().find(|folder| std::fs::rename(folder, to).is_ok())?;
    let left_out = std::fs::read(to.join("left-out")).unwrap_or_default();
    match proof::purify(&to.join("tree"), &to.join("index")) {
        Ok(index) => Some(Taken { folder: to.to_owned(), attributes: index.attributes, left_out }),
        Err(error) => {
            tracing::debug!(folder = %folder.display(), %error, "a kept tree is not used");
            let _ = disk::remove(to);
            None
        }
    }
}

/// Removes what is too old or too much.
fn prune(work_dir: &Path) {
    let mut all = Vec::new();
    for owner in below(&work_dir.join(SHELF)) {
        for shelf in below(&owner) {
            let mut spares = spares(&shelf);
            spares.sort_by_key(|folder| std::cmp::Reverse(age_key(folder)));
            for (nth, spare) in spares.into_iter().enumerate() {
                all.push((nth >= MOST || is_idle(&spare), age_key(&spare), spare));
            }
        }
    }
    all.sort_by_key(|(goes, at, _)| (*goes, std::cmp::Reverse(*at)));
    for (_, _, spare) in
        all.iter().enumerate().filter(|(n, it)| it.0 || *n >= MOST_OF_ALL).map(|it| it.1)
    {
        let gone = spare.with_file_name(format!("{HALF}gone-{}", name(spare)));
        if std::fs::rename(spare, &gone).is_ok() {
            let _ = disk::remove(&gone);
        }
    }
}

/// At the start: what was half on its way when we were killed, and what is too old.
pub(super) fn sweep(work_dir: &Path) -> Result<(), WorkspaceError> {
    let shelves = below(&work_dir.join(SHELF)).into_iter().flat_map(|owner| below(&owner));
    for half in shelves.flat_map(|shelf| below(&shelf)).filter(|it| name(it).starts_with(HALF)) {
        disk::remove(&half).map_err(WorkspaceError::disk(&half))?;
    }
    prune(work_dir);
    Ok(())
}

fn spares(shelf: &Path) -> Vec<PathBuf> {
    below(shelf).into_iter().filter(|it| !name(it).starts_with('.')).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// When it was put there: `rename` sets this, and nobody else.
fn age_key(folder: &Path) -> (i64, i64) {
    std::fs::symlink_metadata(folder).map_or((0, 0), |it| (it.ctime(), it.ctime_nsec()))
}

fn is_idle(folder: &Path) -> bool {
    let modified = std::fs::symlink_metadata(folder).and_then(|it| it.modified());
    modified.ok().and_then(|it| it.elapsed().ok()).is_some_and(|age| age > IDLE)
}

/// The folders in a folder; links are none.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|it| it.file_type().is_ok_and(|it| it.is_dir())).map(|it| it.path()).collect()
}

/// The name of an object, from its bytes.
fn hex(bytes: &[u8]) -> ObjectId {
    ObjectId(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
