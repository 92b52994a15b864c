//! What jobs leave behind, and how it goes away.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::checkout::MARK;
use super::mirror::{self, Mirror};
use super::{WorkspaceError, Workspaces, disk, spare};
use crate::domain::job::JobId;

/// How long anybody waits for a removal. It goes on by itself after that.
const REMOVAL: Duration = Duration::from_secs(60);
/// What is being removed is first renamed, so that a job's folder is never half there.
const GONE: &str = ".gone-";

impl Workspaces {
    /// Removes what there is of this job. What cannot be removed now is tried again by `sweep`.
    pub async fn remove(&self, job: &JobId) {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let Ok(folder) = self.folder(job) else { return };
        if !folder.exists() {
            return;
        }
        let Ok(()) = crate::fault::point("workspace.remove:before").await else { return };
        let nth = COUNT.fetch_add(1, Ordering::Relaxed);
        let gone = self.work_dir.join(format!("{GONE}{job}-{}-{nth}", std::process::id()));
        match std::fs::rename(&folder, &gone) {
            Ok(()) => destroy(gone).await,
            Err(_) => destroy(folder).await,
        }
        let _ = crate::fault::point("workspace.remove:after").await;
    }

    /// At the start: removes the workspaces of all jobs but `keep`, and says how many went.
    pub async fn sweep(&self, keep: &[JobId]) -> usize {
        let work_dir = self.work_dir.clone();
        if let Err(error) = disk::aside(move || spare::sweep(&work_dir)).await {
            tracing::debug!(%error, "kept trees could not be looked through");
        }
        let entries = std::fs::read_dir(&self.work_dir).into_iter().flatten().flatten();
        let mut swept = 0;
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(GONE) && entry.path().is_dir() {
                destroy(entry.path()).await;
            } else if entry.path().join(MARK).exists() && !keep.iter().any(|job| job.0 == name) {
                self.remove(&JobId(name)).await;
                swept += 1;
            }
        }
        swept
    }

    /// Repacks mirrors that many fetches have worn. For idle times; says how many it did.
    ///
    /// # Errors
    /// When stopped, or the disk or git fail; the mirrors stay usable.
    pub async fn tidy(&self, stop: &CancellationToken) -> Result<usize, WorkspaceError> {
        let mut done = 0;
        for repository in mirror::all(&self.state_dir) {
            let mirror = Mirror::of(&self.git, &self.state_dir, &repository);
            if mirror.is_worn() {
                mirror.repack(stop).await?;
                done += 1;
            }
        }
        Ok(done)
    }
}

async fn destroy(folder: PathBuf) {
    let path = folder.clone();
    let removal = disk::aside(move || disk::remove(&path).map_err(WorkspaceError::disk(&path)));
    match tokio::time::timeout(REMOVAL, removal).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "a workspace could not be removed"),
        Err(_) => tracing::warn!(folder = %folder.display(), "a workspace is still being removed"),
    }
}
