//! Hires hands for each job: gives them the worker's tools and the job's own log.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::code_host::HostError;
use crate::domain::job::{Event, JobId, Outcome, Story};
use crate::domain::task::Origin;
use crate::domain::time::Timestamp;
use crate::domain::verification::Isolation;
use crate::engine::authority::Asker;
use crate::engine::request::{self, Request};
use crate::process::Tee;
use crate::redact::Redactor;
use crate::store::joblog::{Filter, JobLog};
use crate::store::{Job, Store};
use crate::worker::drive::{Clock, Perform};
use crate::worker::hands::{Hands, Log, Tools};
use crate::worker::lease::Lease;
use crate::worker::line::Pens;
use crate::worker::live::Live;
use crate::worker::shift::Hire;

/// All hands of a worker share this.
pub struct Crew {
    /// What they work with, each with what it is when the job begins.
    pub tools: Live<Tools>,
    /// Who writes of a place in line.
    pub pens: Pens,
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
        self.pens.put_down(&job.id).await;
        let filter = Box::new(self.redactor.stream());
        let file = JobLog::create(&self.log_dir, &job.id, filter)
            .inspect_err(|error| tracing::warn!(%error, "the job's output will not be kept"))
            .ok();
        let tools = self.tools.now();
        let (store, clock) = (self.store.clone(), tools.clock.clone());
        let log = JobTranscript { store, clock, job: job.id.clone(), file };
        Box::new(Hands::new(tools, lease, Arc::new(log)))
    }

    /// Only what was said since the job began counts, and only of people who may ask for work.
    async fn is_asked_to_stop(&self, job: &Job) -> bool {
        match self.said_stop(job).await {
            Ok(said) => said,
            Err(error) => {
                tracing::debug!(%error, "it is not known whether somebody said stop");
                false
            }
        }
    }

    /// What was pushed, or came to nothing, is not kept; what a person may want to look at is,
    /// until the sweep at a later start.
    async fn dismiss(&self, job: &JobId, outcome: &Outcome) {
        let Ok(()) = crate::fault::point("job.dismiss:before").await else { return };
        let tools = self.tools.now();
        tools.runner.clean(job, true).await;
        tools.workspaces.unseat(job);
        match outcome {
            Outcome::GaveUp | Outcome::Broke(_) | Outcome::Stopped(_) | Outcome::Clashed { .. } => {
            }
            _ if self.was_caged(job).await => tools.workspaces.retire(job).await,
            _ => tools.workspaces.remove(job).await,
        }
        if let Err(error) = tools.workspaces.tidy(&CancellationToken::new()).await {
            tracing::debug!(%error, "the mirrors could not be tidied");
        }
    }
}

impl Crew {
    /// Whether all foreign code of this job was in a cage, and so is gone now: what ran on the
    /// machine itself, or in the engine, may have left somebody behind.
    async fn was_caged(&self, job: &JobId) -> bool {
        let Ok(records) = self.store.records(job).await else { return false };
        let checkouts = records.iter().filter_map(|it| match &it.event {
            Event::Prepared(it) | Event::Rebased { checkout: it, .. } => Some(it),
            _ => None,
        });
        let mut checkouts = checkouts.peekable();
        checkouts.peek().is_some()
            && checkouts.all(|it| {
                it.levels.weakest() != Isolation::Native
                    && !it.plan.needs_engine()
                    && !it.plan.preparations.iter().any(|it| it.docker)
            })
    }

    /// When the work was asked for, once that was read.
    async fn asked_at(&self, job: &Job) -> Option<Timestamp> {
        let records = self.store.records(&job.id).await.ok()?;
        let story = Story { job: job.id.clone(), task: job.task.clone(), records };
        story.conversation()?.requests.first().map(|it| it.at)
    }

    async fn said_stop(&self, job: &Job) -> Result<bool, HostError> {
        let Origin::PrComment { pull, .. } = job.task.origin else { return Ok(false) };
        let tools = self.tools.now();
        let (host, repository) = (&tools.host, &job.task.repository);
        // By the code host's clock: ours may be another.
        let Some(asked_at) = self.asked_at(job).await else { return Ok(false) };
        // What stopped the job of a comment does not stop the one that the operator lets run anew.
        let asked_at = match job.task.asking.is_empty() {
            true => asked_at,
            false => asked_at.max(job.created_at),
        };
        let remarks = host.remarks(repository, pull, Some(asked_at)).await?;
        let stops = remarks.iter().filter(|it| {
            asked_at <= it.created_at
                && !it.edited
                && matches!(request::read(&it.body), Some(Request::Stop))
        });
        for author in stops.filter_map(|it| it.author.as_ref()) {
            let me = host.me().await?;
            let asker = Asker {
                person: author.person.clone(),
                bot: author.bot,
                may_push: host.permission(repository, &author.person).await?.may_push(),
                is_us: me.is_some_and(|me| me.id == author.person.id),
            };
            if asker.is_trusted(&tools.authority) {
                tracing::info!(by = asker.person.login, "asked to stop on the pull request");
                return Ok(true);
            }
        }
        Ok(false)
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
