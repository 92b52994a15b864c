//! A worker's shift: take no more deliveries than there are free slots, make a job of each, and
//! settle each once.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::broadcast;
use tokio_util::task::TaskTracker;

use crate::domain::job::{Fault, JobId, Outcome};
use crate::engine::decide::Policy;
use crate::queue::{QueueError, Receipt, TaskQueue};
use crate::store::{Claimant, Job, Store, StoreError};
use crate::worker::board::{Board, Doing, QueueState};
use crate::worker::drive::{Clock, Perform};
use crate::worker::journal::News;
use crate::worker::lanes::Lanes;
use crate::worker::lease::{Lease, Moment};
use crate::worker::lifecycle::Bells;
use crate::worker::live::Live;
use crate::worker::models::Models;
use crate::worker::slots::Slots;

mod admit;
mod cancels;
mod job;
mod owed;

/// Makes the hands of a job. The worker knows no vendor.
#[async_trait]
pub trait Hire: Send + Sync {
    /// Hands for this job, which check `lease` before they change what others can see.
    async fn hands(&self, job: &Job, lease: Arc<Lease>) -> Box<dyn Perform>;

    /// Whether somebody who may has said on the code host that this job is to stop. Asked now and
    /// then while it runs.
    async fn is_asked_to_stop(&self, job: &Job) -> bool;

    /// Cleans up after a job that is over.
    async fn dismiss(&self, job: &JobId, outcome: &Outcome);
}

/// How long the queue is left alone after it failed: the first time, and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Everything that a shift needs.
pub struct Shift {
    /// Where tasks come from.
    pub queue: Arc<dyn TaskQueue>,
    /// Where jobs are written down.
    pub store: Store,
    /// This worker's name: the same after a restart, and no other worker's.
    pub name: String,
    /// Who does the work.
    pub hire: Arc<dyn Hire>,
    /// The limits that jobs live under, each by what they are when it begins.
    pub policy: Live<Policy>,
    /// The places for jobs.
    pub slots: Slots,
    /// The models that they share.
    pub models: Models,
    /// What time it is.
    pub clock: Clock,
    /// When to stop.
    pub bells: Bells,
    /// What it is doing, for those who watch.
    pub board: Arc<Board>,
    /// Hears of each record.
    pub news: broadcast::Sender<News>,
    /// Leave when nothing is waiting and nothing runs.
    pub until_empty: bool,
}

/// What is under way.
#[derive(Clone)]
struct Desk {
    lanes: Arc<Lanes>,
    waiting: Arc<AtomicUsize>,
    jobs: TaskTracker,
}

/// What a shift can end with besides being told to stop.
#[derive(Debug, thiserror::Error)]
pub enum ShiftError {
    /// The store is not usable; nothing can be promised without it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue will not have us.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Shift {
    /// Works until told to stop, and returns when every job is over or put down, its processes
    /// are gone, and its delivery is settled or given back.
    ///
    /// # Errors
    /// When the store fails, or the queue refuses us.
    pub async fn work(self) -> Result<(), ShiftError> {
        let shift = Arc::new(self);
        let desk =
            Desk { lanes: Arc::default(), waiting: Arc::default(), jobs: TaskTracker::new() };
        shift.board.turn_to(Doing::Starting);
        shift.models.recall().await?;
        for job in shift.store.unfinished().await? {
            // For each anew: how long one takes tells whether something hangs.
            shift.board.turn_to(Doing::Starting);
            shift.take_up(job, &desk).await?;
        }
        let working = async {
            let result = tokio::select! {
                biased;
                result = shift.receive(&desk) => result,
                () = owed::settle(&shift.store, &shift.queue) => Ok(()),
            };
            shift.board.turn_to(Doing::Draining);
            desk.jobs.close();
            desk.jobs.wait().await;
            result
        };
        tokio::select! {
            biased;
            result = working => result,
            () = cancels::watch(&shift.store, &shift.board) => Ok(()),
        }
    }

    /// A job that an earlier process of this worker left: goes on, if its task is still ours.
    async fn take_up(self: &Arc<Self>, job: Job, desk: &Desk) -> Result<(), StoreError> {
        if job.owner.as_ref().is_some_and(|it| *it != self.name) {
            return Ok(());
        }
        let receipt =
            job.receipt.as_deref().and_then(|it| serde_json::from_str::<Receipt>(it).ok());
        let Some(receipt) = receipt else { return Ok(()) };
        let since = Moment::now(&self.clock);
        match self.queue.extend(&receipt).await {
            Ok(()) => {
                let me = self.claimant(false);
                let Some(taken) = self.store.take(&job.id, &me, (self.clock)()).await? else {
                    return Ok(());
                };
                tracing::info!(job = %job.id, "going on with a job that was left unfinished");
                // Asked for here and now: whoever receives asks next, and would hold the slot for
                // the length of a poll, or give it to a newer task.
                let places = self.slots.clone();
                let mut slot = Box::pin(async move { places.take().await });
                let first = tokio::select! {
                    biased;
                    slot = &mut slot => Some(slot),
                    () = std::future::ready(()) => None,
                };
                let slot = async move {
                    match first {
                        Some(slot) => slot,
                        None => slot.await,
                    }
                };
                self.start((taken, job::Known::default()), receipt, since, slot, desk);
            }
            Err(QueueError::LeaseLost) => {
                tracing::info!(job = %job.id, "its task is back in the queue: waiting for it");
            }
            Err(error) => tracing::warn!(job = %job.id, %error, "it waits for its next delivery"),
        }
        Ok(())
    }

    /// Whether a store that failed is one that others keep up. Our own disk is our own business.
    fn may_come_back(&self, error: &StoreError) -> bool {
        self.store.is_shared() && error.fault() == Fault::Transient
    }

    /// Who we are, to the store.
    fn claimant(&self, begins: bool) -> Claimant {
        Claimant { owner: self.name.clone(), lease: self.queue.lease(), begins }
    }

    async fn receive(self: &Arc<Self>, desk: &Desk) -> Result<(), ShiftError> {
        let mut pause = FIRST_PAUSE;
        let (drain, slots) = (&self.bells.drain, &self.slots);
        while !drain.is_cancelled() {
            self.board.turn_to(Doing::Full);
            let first = tokio::select! {
                biased;
                () = drain.cancelled() => break,
                first = slots.take() => first,
            };
            // The slots are taken before we ask, so what comes need not wait for one.
            let Some(first) = first else { break };
            let more = std::iter::from_fn(|| slots.try_take()).take(9);
            let free = std::iter::once(first).chain(more).collect::<Vec<_>>();
            if self.until_empty && self.is_empty().await {
                break;
            }
            self.board.turn_to(Doing::Receiving);
            // A lease begins no later than when it was asked for.
            let asked = Moment::now(&self.clock);
            match self.queue.receive(free.len(), drain).await {
                Ok(deliveries) => {
                    pause = FIRST_PAUSE;
                    self.board.queue_is(QueueState::Reachable);
                    if !deliveries.is_empty() {
                        self.board.turn_to(Doing::Admitting);
                        self.admit(deliveries, asked, free, desk).await?;
                    }
                }
                Err(error @ QueueError::Refused(_)) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, "the queue cannot be had; trying again in {pause:?}");
                    self.board.queue_is(QueueState::Away(error.to_string()));
                    self.board.turn_to(Doing::Pausing);
                    tokio::select! {
                        () = drain.cancelled() => {}
                        () = tokio::time::sleep(pause) => {}
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        Ok(())
    }

    /// Nothing to be had, and nothing of ours under way.
    async fn is_empty(&self) -> bool {
        self.board.is_idle()
            && self.queue.depth().await.is_ok_and(|depth| depth.waiting + depth.in_flight == 0)
    }
}
