//! A worker's shift: take no more deliveries than there are free slots, make a job of each, and
//! settle each once.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_util::task::TaskTracker;

use crate::domain::job::{JobId, Outcome};
use crate::engine::decide::Policy;
use crate::engine::intake;
use crate::queue::{Delivery, QueueError, Receipt, Settlement, TaskQueue};
use crate::store::{Admission, Job, Store, StoreError};
use crate::worker::drive::{Clock, Perform};
use crate::worker::journal::News;
use crate::worker::lanes::Lanes;
use crate::worker::lease::Lease;
use crate::worker::lifecycle::Bells;

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
    /// The limits that jobs live under.
    pub policy: Policy,
    /// How many jobs at once.
    pub slots: usize,
    /// What time it is.
    pub clock: Clock,
    /// When to stop.
    pub bells: Bells,
    /// Hears of each record.
    pub news: broadcast::Sender<News>,
    /// Leave when nothing is waiting and nothing runs.
    pub until_empty: bool,
}

/// What is under way.
#[derive(Clone)]
struct Desk {
    slots: Arc<Semaphore>,
    running: Running,
    lanes: Arc<Lanes>,
    waiting: Arc<AtomicUsize>,
    jobs: TaskTracker,
}

type Running = Arc<Mutex<HashMap<JobId, Arc<Lease>>>>;

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
        let desk = Desk {
            slots: Arc::new(Semaphore::new(shift.slots)),
            running: Running::default(),
            lanes: Arc::default(),
            waiting: Arc::default(),
            jobs: TaskTracker::new(),
        };
        for job in shift.store.unfinished().await? {
            shift.take_up(job, &desk).await;
        }
        let result = shift.receive(&desk).await;
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
                let mut slot = Box::pin(desk.slots.clone().acquire_owned());
                let first = tokio::select! {
                    biased;
                    slot = &mut slot => Some(slot.ok()),
                    () = std::future::ready(()) => None,
                };
                let slot = async move {
                    match first {
                        Some(slot) => slot,
                        None => slot.await.ok(),
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
        let (drain, slots) = (&self.bells.drain, &desk.slots);
        while !drain.is_cancelled() {
            let first = tokio::select! {
                biased;
                () = drain.cancelled() => break,
                first = slots.clone().acquire_owned() => first,
            };
            // The slots are taken before we ask, so what comes need not wait for one.
            let Ok(first) = first else { break };
            let more = std::iter::from_fn(|| slots.clone().try_acquire_owned().ok()).take(9);
            let mut free = std::iter::once(first).chain(more).collect::<Vec<_>>();
            if self.until_empty && self.is_empty(&desk.running).await {
                break;
            }
            match self.queue.receive(free.len(), drain).await {
                Ok(deliveries) => {
                    pause = FIRST_PAUSE;
                    for delivery in deliveries {
                        self.admit(delivery, &mut free, desk).await?;
                    }
                }
                Err(error @ QueueError::Refused(_)) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, "the queue cannot be had; trying again in {pause:?}");
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
    async fn is_empty(&self, running: &Running) -> bool {
        let idle = running.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        idle && self.queue.depth().await.is_ok_and(|depth| depth.waiting + depth.in_flight == 0)
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
                lease().settle(Settlement::Bury { reason: refusal.to_string() }).await;
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
                let at_work = {
                    let running = desk.running.lock().unwrap_or_else(PoisonError::into_inner);
                    running.get(&job.id).cloned()
                };
                match at_work {
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
