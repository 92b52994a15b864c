//! A worker's shift: take no more deliveries than there are free slots, make a job of each, and
//! settle each once.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use tokio_util::task::TaskTracker;

use crate::domain::job::{JobId, Outcome};
use crate::engine::decide::Policy;
use crate::engine::intake;
use crate::queue::{Delivery, QueueError, Receipt, Settlement, TaskQueue};
use crate::store::{Admission, Job, Store, StoreError};
use crate::worker::board::{Board, Doing, QueueState};
use crate::worker::drive::{Clock, Perform};
use crate::worker::journal::News;
use crate::worker::lanes::Lanes;
use crate::worker::lease::Lease;
use crate::worker::lifecycle::Bells;
use crate::worker::live::Live;
use crate::worker::slots::Slots;

mod job;

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
    /// Who does the work.
    pub hire: Arc<dyn Hire>,
    /// The limits that jobs live under, each by what they are when it begins.
    pub policy: Live<Policy>,
    /// The places for jobs.
    pub slots: Slots,
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
        for job in shift.store.unfinished().await? {
            // For each anew: how long one takes tells whether something hangs.
            shift.board.turn_to(Doing::Starting);
            shift.take_up(job, &desk).await;
        }
        let result = shift.receive(&desk).await;
        shift.board.turn_to(Doing::Draining);
        desk.jobs.close();
        desk.jobs.wait().await;
        result
    }

    /// A job that an earlier process left: goes on, if its task is still ours.
    async fn take_up(self: &Arc<Self>, job: Job, desk: &Desk) {
        let receipt =
            job.receipt.as_deref().and_then(|it| serde_json::from_str::<Receipt>(it).ok());
        let Some(receipt) = receipt else { return };
        match self.queue.extend(&receipt).await {
            Ok(()) => {
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
                self.start(job, receipt, slot, desk);
            }
            Err(QueueError::LeaseLost) => {
                tracing::info!(job = %job.id, "its task is back in the queue: waiting for it");
            }
            Err(error) => tracing::warn!(job = %job.id, %error, "it waits for its next delivery"),
        }
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
            let mut free = std::iter::once(first).chain(more).collect::<Vec<_>>();
            if self.until_empty && self.is_empty().await {
                break;
            }
            self.board.turn_to(Doing::Receiving);
            match self.queue.receive(free.len(), drain).await {
                Ok(deliveries) => {
                    pause = FIRST_PAUSE;
                    self.board.queue_is(QueueState::Reachable);
                    for delivery in deliveries {
                        self.board.turn_to(Doing::Admitting);
                        self.admit(delivery, &mut free, desk).await?;
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

    /// One delivery: to the dead letters, settled, adopted, or a job.
    async fn admit(
        self: &Arc<Self>,
        delivery: Delivery,
        free: &mut Vec<OwnedSemaphorePermit>,
        desk: &Desk,
    ) -> Result<(), ShiftError> {
        let receipt = delivery.receipt.clone();
        let lease = || Lease::new(self.queue.clone(), self.clock.clone(), receipt.clone());
        if self.bells.drain.is_cancelled() {
            lease().settle(Settlement::Return(Duration::ZERO)).await;
            return Ok(());
        }
        let task = match intake::task(&delivery.body, &delivery.id) {
            Ok(task) => task,
            Err(refusal) => {
                tracing::warn!(message = %delivery.id, "to the dead letters: {refusal}");
                let reason = refusal.to_string();
                lease().settle(Settlement::Bury { reason: reason.clone() }).await;
                let _ = self.news.send(News::Buried { message: delivery.id, reason });
                return Ok(());
            }
        };
        for key in intake::unknown_keys(&delivery.body) {
            tracing::debug!(message = %delivery.id, key, "ignoring an unknown key");
        }
        let stored = serde_json::to_string(&receipt).unwrap_or_default();
        match self.store.admit(&task, &stored, (self.clock)()).await? {
            Admission::Known(job) if job.state.is_final() => {
                tracing::info!(job = %job.id, "the task was delivered again; its job is over");
                lease().settle(Settlement::Done).await;
            }
            // Its job answers for it, or did.
            Admission::Claimed(job) => {
                tracing::info!(job = %job.id, "the request is done together with another");
                lease().settle(Settlement::Done).await;
            }
            Admission::New(job) | Admission::Known(job) => {
                match self.board.lease_of(&job.id) {
                    Some(held) if held.receipt().id == receipt.id => {
                        tracing::info!(job = %job.id, "the task was delivered again while its job runs");
                        held.adopt(receipt);
                    }
                    // Another message with the same task. The one that the job works for is
                    // enough, and stays until the job is over.
                    Some(held) => {
                        tracing::info!(job = %job.id, "the task was sent again while its job runs");
                        let kept = serde_json::to_string(&held.receipt()).unwrap_or_default();
                        self.store.hold(&job.id, Some(&kept)).await?;
                        lease().settle(Settlement::Done).await;
                    }
                    None => {
                        let slot = free.pop();
                        self.start(job, receipt, std::future::ready(slot), desk);
                    }
                }
            }
        }
        Ok(())
    }
}
