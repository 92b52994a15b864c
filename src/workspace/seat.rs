//! One path for job after job of a repository: builds write down where they stand, and what one
//! of them made is of no use, or wrong, anywhere else (`env!("CARGO_MANIFEST_DIR")` in a test,
//! `CMakeCache.txt`, the first line of a script in a virtual environment).
//!
//! On disk: `{work_dir}/.seats/OWNER/NAME/{n}` is a link to the job's folder. No cage shows the
//! folder that it stands in; inside, the job's folders are mounted at that path as well.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{WorkspaceError, Workspaces, disk};
use crate::domain::job::JobId;
use crate::domain::task::Repository;

/// Below the work folder.
const SEATS: &str = ".seats";
/// How many jobs of one repository may have one at a time.
const MOST: usize = 8;

impl Workspaces {
    /// The path by which the commands of this job find its folder: the lowest that no other job
    /// of the repository has. A job keeps what it has. `None`: all are taken.
    ///
    /// # Errors
    /// From the disk, and when the job has no folder.
    pub async fn seat(
        &self,
        job: &JobId,
        repository: &Repository,
    ) -> Result<Option<PathBuf>, WorkspaceError> {
        let (row, folder) = (self.row(repository), self.folder(job)?);
        let job = job.clone();
        disk::aside(move || {
            disk::make(&row)?;
            let take = || {
                // Two jobs begin at once, and one seat is empty.
                let lock = File::create(row.join(".lock"))?;
                lock.lock()?;
                folder.symlink_metadata()?;
                sit(&row, &job)
            };
            take().map_err(WorkspaceError::disk(&row))
        })
        .await
    }

    /// The path that this job has, if it has one.
    pub fn seated(&self, job: &JobId, repository: &Repository) -> Option<PathBuf> {
        taken_by(&self.row(repository), job)
    }

    /// The job needs its path no more, whatever of it is kept.
    pub fn unseat(&self, job: &JobId) {
        let below = |it: &PathBuf| fs::read_dir(it).into_iter().flatten().flatten();
        let owners = below(&self.work_dir.join(SEATS)).map(|it| it.path());
        for row in owners.flat_map(|it| below(&it).map(|it| it.path()).collect::<Vec<_>>()) {
            if let Some(seat) = taken_by(&row, job) {
                let _ = fs::remove_file(seat);
            }
        }
    }

    fn row(&self, repository: &Repository) -> PathBuf {
        self.work_dir.join(SEATS).join(repository.owner()).join(repository.name())
    }
}

/// From a seat: the work folder is three folders above the row.
fn target(job: &JobId) -> PathBuf {
    Path::new("../../..").join(&job.0)
}

fn taken_by(row: &Path, job: &JobId) -> Option<PathBuf> {
    let mut seats = (0..MOST).map(|nth| row.join(nth.to_string()));
    seats.find(|seat| fs::read_link(seat).is_ok_and(|it| it == target(job)))
}

fn sit(row: &Path, job: &JobId) -> io::Result<Option<PathBuf>> {
    if let Some(seat) = taken_by(row, job) {
        return Ok(Some(seat));
    }
    for nth in 0..MOST {
        let seat = row.join(nth.to_string());
        // Whose folder is gone needs it no more.
        if !seat.try_exists()? {
            if seat.symlink_metadata().is_ok() {
                fs::remove_file(&seat)?;
            }
            std::os::unix::fs::symlink(target(job), &seat)?;
            return Ok(Some(seat));
        }
    }
    Ok(None)
}
