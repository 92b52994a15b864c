//! Hires hands for each job: gives them the worker's tools and the job's own log.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::domain::job::{JobId, Outcome};
use crate::domain::time::Timestamp;
use crate::process::Tee;
use crate::redact::Redactor;
use crate::store::joblog::{Filter, JobLog};
use crate::store::{Job, Store};
use crate::worker::drive::{Clock, Perform};
use crate::worker::hands::{Hands, Log, Tools};
use crate::worker::lease::Lease;
use crate::worker::shift::Hire;

/// A day, in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// All hands of a worker share this.
pub struct Crew {
    /// What they work with.
    pub tools: Arc<Tools>,
    /// Where the index of logs is.
    pub store: Store,
    /// Where the logs are.
    pub log_dir: PathBuf,
    /// Takes the secrets out of them.
    pub redactor: Redactor,
}

#[async_trait]
impl Hire for Crew {
    async fn hands(&self, job: &Job, lease: Arc<Lease>) -> Box<dyn Perform> {
        let filter = Box::new(self.redactor.stream());
        let file = JobLog::create(&self.log_dir, &job.id, filter)
            .inspect_err(|error| tracing::warn!(%error, "the job's output will not be kept"))
            .ok();
        let (store, clock) = (self.store.clone(), self.tools.clock.clone());
        let log = JobTranscript { store, clock, job: job.id.clone(), file };
        let since = Timestamp((self.tools.clock)().0 - DAY_MS);
        let (repository, issue) = (&job.task.repository, job.task.issue());
        let runs = self.store.runs_since(repository, issue, since).await.unwrap_or(0);
        Box::new(Hands::new(self.tools.clone(), lease, Arc::new(log), runs))
    }

    /// What was pushed, or came to nothing, is not kept; what a person may want to look at is,
    /// until the sweep at a later start.
    async fn dismiss(&self, job: &JobId, outcome: &Outcome) {
        match outcome {
            Outcome::GaveUp | Outcome::Broke(_) => {}
            _ => self.tools.workspaces.remove(job).await,
        }
        if let Err(error) = self.tools.workspaces.tidy(&CancellationToken::new()).await {
            tracing::debug!(%error, "the mirrors could not be tidied");
        }
    }
}

/// The log of one job, with its index in the store.
struct JobTranscript {
    store: Store,
    clock: Clock,
    job: JobId,
    file: Option<JobLog>,
}

impl Tee for JobTranscript {
    fn write(&self, bytes: &[u8]) {
        if let Some(file) = &self.file {
            file.write(bytes);
        }
    }
}

#[async_trait]
impl Log for JobTranscript {
    async fn section(&self, title: &str) {
        let Some(file) = &self.file else { return };
        let offset = file.offset();
        file.write(format!("\n== {title}\n").as_bytes());
        let (at, store) = ((self.clock)(), &self.store);
        if let Err(error) = store.log_section(&self.job, at, title, offset).await {
            tracing::warn!(%error, "the job's log has lost a place in its index");
        }
    }

    fn tee(&self) -> &dyn Tee {
        self
    }
}

/// Secrets never reach the disk.
impl Filter for crate::redact::Stream {
    fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        Self::push(self, piece)
    }

    fn finish(&mut self) -> Vec<u8> {
        Self::finish(self)
    }
}
