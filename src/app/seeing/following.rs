//! Counts what happens, and says which jobs are over.

use std::collections::HashMap;

use tokio::sync::broadcast::{self, error::RecvError, error::TryRecvError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::app::beside::Beside;
use crate::domain::job::{Event, JobId, Record};
use crate::store::{Found, Store};
use crate::telemetry::metrics::{About, Metrics};
use crate::worker::journal::News;

/// Jobs that are remembered while they go on. A job that was put down is never seen to end.
const MOST_KNOWN: usize = 1_000;

/// Hears of each record, counts it, and passes jobs on that are over.
pub(super) struct Follower {
    store: Store,
    metrics: Metrics,
    stop: CancellationToken,
    over: mpsc::Sender<JobId>,
    known: HashMap<JobId, About>,
}

impl Follower {
    pub(super) fn new(beside: &Beside, over: mpsc::Sender<JobId>) -> Self {
        Self {
            store: beside.store.clone(),
            metrics: beside.metrics.clone(),
            stop: beside.over.clone(),
            over,
            known: HashMap::new(),
        }
    }

    pub(super) async fn follow(mut self, mut news: broadcast::Receiver<News>) {
        loop {
            let next = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                next = news.recv() => next,
            };
            match next {
                Ok(news) => self.hear(news).await,
                Err(RecvError::Lagged(missed)) => self.metrics.count_missed(missed),
                Err(RecvError::Closed) => return,
            }
        }
        // The shift is over, and all that it said is here.
        loop {
            match news.try_recv() {
                Ok(news) => self.hear(news).await,
                Err(TryRecvError::Lagged(missed)) => self.metrics.count_missed(missed),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    async fn hear(&mut self, news: News) {
        match news {
            News::Recorded { job, record } => self.count(job, &record).await,
            News::Buried { .. } => self.metrics.count_buried(),
        }
    }

    async fn count(&mut self, job: JobId, record: &Record) {
        if !self.known.contains_key(&job) {
            if self.known.len() >= MOST_KNOWN {
                self.known.clear();
            }
            let about = about(&self.store, &job, record).await;
            self.known.insert(job.clone(), about);
        }
        let Some(about) = self.known.get_mut(&job) else { return };
        self.metrics.count(record, about);
        match &record.event {
            Event::Failed(failure) => about.fault = Some(failure.fault),
            Event::Rested => about.fault = None,
            Event::Closed => {
                self.known.remove(&job);
                if self.over.try_send(job).is_err() {
                    self.metrics.count_trace("dropped");
                }
            }
            _ => {}
        }
    }
}

async fn about(store: &Store, job: &JobId, record: &Record) -> About {
    match store.find(&job.0).await {
        Ok(Found::One(job)) => About {
            comment: job.task.comment().is_some(),
            repository: job.task.repository.to_string(),
            since: job.created_at,
            fault: None,
        },
        _ => About { since: record.at, ..About::default() },
    }
}
