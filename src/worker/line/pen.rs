//! Who writes of a place in line right now: a job that begins lets that be finished first, so that
//! an old word never comes after its own.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::watch;

use crate::domain::job::JobId;

/// The pens in use. Clones are the same.
#[derive(Clone)]
pub struct Pens(Arc<watch::Sender<HashSet<JobId>>>);

impl Default for Pens {
    fn default() -> Self {
        Self(Arc::new(watch::channel(HashSet::new()).0))
    }
}

/// The right to write of one job's place, until dropped.
pub(super) struct Pen {
    pens: Pens,
    job: JobId,
}

impl Pens {
    /// Takes the pen of a job. Whoever does so looks after that whether the job has begun.
    pub(super) fn take(&self, job: &JobId) -> Pen {
        self.0.send_modify(|it| {
            it.insert(job.clone());
        });
        Pen { pens: self.clone(), job: job.clone() }
    }

    /// Waits until nobody writes of this job's place, which is no longer than one write may take.
    /// Whoever is on the board before he asks has no word written after his own.
    pub async fn put_down(&self, job: &JobId) {
        // The sender lives as long as we do.
        let _ = self.0.subscribe().wait_for(|it| !it.contains(job)).await;
    }
}

impl Drop for Pen {
    fn drop(&mut self) {
        self.pens.0.send_modify(|it| {
            it.remove(&self.job);
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_job_waits_for_the_word_about_itself_and_for_no_other() {
        let pens = Pens::default();
        let (one, two) = (JobId("one".to_owned()), JobId("two".to_owned()));
        let pen = pens.take(&one);
        pens.put_down(&two).await;
        let wait = Duration::from_secs(1);
        assert!(tokio::time::timeout(wait, pens.put_down(&one)).await.is_err());
        drop(pen);
        pens.put_down(&one).await;
    }
}
