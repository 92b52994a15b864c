//! A worker's shift: take no more deliveries than there are free slots, make a job of each, and
//! settle each once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::domain::job::{JobId, Outcome, Story};
use crate::engine::decide::Policy;
use crate::engine::intake;
use crate::queue::{Delivery, QueueError, Receipt, Settlement, TaskQueue};
use crate::store::{Admission, Job, Store, StoreError};
use crate::worker::drive::{Clock, DriveError, Perform, Reins, drive};
use crate::worker::journal::{News, StoreJournal};
use crate::worker::lease::Lease;
use crate::worker::lifecycle::Bells;

/// Makes the hands of a job. The worker knows no vendor.
#[async_trait]
pub trait Hire: Send + Sync {
    /// Hands for this job, which check `lease` before they change what others can see.
    async fn hands(&self, job: &Job, lease: Arc<Lease>) -> Box<dyn Perform>;

    /// Cleans up after a job that is over.
    async fn dismiss(&self, job: &JobId, outcome: &Outcome);
}

/// How often a running job looks whether somebody said `codingworker cancel`.
const CANCEL_LOOK: Duration = Duration::from_millis(500);
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
        let (slots, running) = (Arc::new(Semaphore::new(shift.slots)), Running::default());
        let jobs = TaskTracker::new();
        for job in shift.store.unfinished().await? {
            shift.take_up(job, &slots, &running, &jobs).await;
        }
        let result = shift.receive(&slots, &running, &jobs).await;
        jobs.close();
        jobs.wait().await;
        result
    }

    /// A job that an earlier process left: goes on, if its task is still ours.
    async fn take_up(
        self: &Arc<Self>,
        job: Job,
        slots: &Arc<Semaphore>,
        running: &Running,
        jobs: &TaskTracker,
    ) {
        let receipt =
            job.receipt.as_deref().and_then(|it| serde_json::from_str::<Receipt>(it).ok());
        let Some(receipt) = receipt else { return };
        match self.queue.extend(&receipt).await {
            Ok(()) => {
                tracing::info!(job = %job.id, "going on with a job that was left unfinished");
                // Asked for here and now: whoever receives asks next, and would hold the slot for
                // the length of a poll, or give it to a newer task.
                let mut slot = Box::pin(slots.clone().acquire_owned());
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
                self.start(job, receipt, slot, running, jobs);
            }
            Err(QueueError::LeaseLost) => {
                tracing::info!(job = %job.id, "its task is back in the queue: waiting for it");
            }
            Err(error) => tracing::warn!(job = %job.id, %error, "it waits for its next delivery"),
        }
    }

    async fn receive(
        self: &Arc<Self>,
        slots: &Arc<Semaphore>,
        running: &Running,
        jobs: &TaskTracker,
    ) -> Result<(), ShiftError> {
        let mut pause = FIRST_PAUSE;
        let drain = &self.bells.drain;
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
            if self.until_empty && self.is_empty(running).await {
                break;
            }
            match self.queue.receive(free.len(), drain).await {
                Ok(deliveries) => {
                    pause = FIRST_PAUSE;
                    for delivery in deliveries {
                        self.admit(delivery, &mut free, running, jobs).await?;
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
        running: &Running,
        jobs: &TaskTracker,
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
            Admission::New(job) | Admission::Known(job) => {
                let at_work = {
                    let running = running.lock().unwrap_or_else(PoisonError::into_inner);
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
                        self.start(job, receipt, std::future::ready(slot), running, jobs);
                    }
                }
            }
        }
        Ok(())
    }

    fn start(
        self: &Arc<Self>,
        job: Job,
        receipt: Receipt,
        slot: impl Future<Output = Option<OwnedSemaphorePermit>> + Send + 'static,
        running: &Running,
        jobs: &TaskTracker,
    ) {
        let lease = Arc::new(Lease::new(self.queue.clone(), self.clock.clone(), receipt));
        running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(job.id.clone(), lease.clone());
        let shift = self.clone();
        let at_work = AtWork { job: job.id.clone(), running: running.clone() };
        let span = tracing::info_span!("job", job = %job.id);
        jobs.spawn(
            async move {
                let _at_work = at_work;
                // A job that was taken up may have to wait for a slot; its lease is kept meanwhile.
                let work = async {
                    let Some(_slot) = slot.await else { return };
                    shift.run(job, lease.clone()).await;
                };
                tokio::select! {
                    biased;
                    () = work => {}
                    // Never ends before the work: a lost lease is told to the job by its token.
                    () = async { lease.keep().await; std::future::pending().await } => {}
                }
            }
            .instrument(span),
        );
    }

    /// One job from where it stands to its end, or to where it was put down.
    async fn run(&self, job: Job, lease: Arc<Lease>) {
        let records = match self.store.records(&job.id).await {
            Ok(records) => records,
            Err(error) => return tracing::error!(%error, "the job cannot be read"),
        };
        let mut story = Story { job: job.id.clone(), task: job.task.clone(), records };
        let mut hands = self.hire.hands(&job, lease.clone()).await;
        let mut journal = StoreJournal::new(self.store.clone(), self.news.clone());
        let reins = Reins::default();
        let driven = async {
            let (clock, policy) = (&self.clock, &self.policy);
            drive(hands.as_mut(), &mut journal, policy, &mut story, clock, &reins).await
        };
        let ended = tokio::select! {
            biased;
            ended = driven => ended,
            () = self.watch(&job.id, &lease, &reins) => return,
        };
        drop(hands);
        match ended {
            Ok(outcome) => {
                tracing::info!(outcome = outcome_name(&outcome), "over");
                lease.settle(Settlement::Done).await;
                self.hire.dismiss(&job.id, &outcome).await;
            }
            Err(DriveError::PutDown(why)) if lease.lost.is_cancelled() => {
                tracing::warn!(why, "put down: the task is no longer ours");
            }
            Err(DriveError::PutDown(why)) => {
                tracing::info!(why, "put down; it goes on from here");
                lease.settle(Settlement::Return(Duration::ZERO)).await;
            }
            Err(error) => {
                tracing::error!(%error, "put down");
                lease.settle(Settlement::Return(Duration::from_secs(60))).await;
            }
        }
    }

    /// Pulls the reins of a job when it must stop. Never ends.
    async fn watch(&self, job: &JobId, lease: &Lease, reins: &Reins) {
        loop {
            tokio::select! {
                biased;
                () = self.bells.abort.cancelled() => reins.stop.cancel(),
                () = lease.lost.cancelled() => reins.stop.cancel(),
                () = tokio::time::sleep(CANCEL_LOOK) => {
                    if !self.store.cancel_requested(job).await.unwrap_or(false) {
                        continue;
                    }
                    reins.cancel.cancel();
                }
            }
            if reins.stop.is_cancelled() {
                std::future::pending::<()>().await;
            }
            self.bells.abort.cancelled().await;
        }
    }
}

/// A job is at work until this is dropped, also by a panic: what is then delivered again must find
/// nobody at work, or it would wait for somebody who is gone.
struct AtWork {
    job: JobId,
    running: Running,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.job);
    }
}

fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Ready(_) => "ready",
        Outcome::Incomplete(_) => "incomplete",
        Outcome::BranchOnly(_) => "branch only",
        Outcome::GaveUp => "gave up",
        Outcome::NothingToChange => "nothing to change",
        Outcome::Broke(_) => "broke",
        Outcome::Cancelled => "cancelled",
    }
}
