//! One job of a shift: waits for its turn, runs, and settles its delivery.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;

use super::{Desk, Shift};
use crate::domain::job::{JobId, Story};
use crate::queue::{Receipt, Settlement};
use crate::store::Job;
use crate::worker::board::Board;
use crate::worker::drive::{DriveError, Reins, drive};
use crate::worker::journal::StoreJournal;
use crate::worker::lanes::Lane;
use crate::worker::lease::Lease;

/// How often a running job looks whether somebody said `codingworker cancel`.
const CANCEL_LOOK: Duration = Duration::from_millis(500);
/// How often it is looked on the code host whether somebody said `@ai-fix stop`: 180 requests of
/// the 5,000 that GitHub allows in an hour.
const STOP_LOOK: Duration = Duration::from_secs(20);
/// How many jobs wait here for others on their pull requests; the next go back to the queue.
const MOST_IN_LANES: usize = 100;
/// For how long these are left in the queue.
const LANE_PAUSE: Duration = Duration::from_secs(60);

impl Shift {
    pub(super) fn start(
        self: &Arc<Self>,
        job: Job,
        receipt: Receipt,
        slot: impl Future<Output = Option<OwnedSemaphorePermit>> + Send + 'static,
        desk: &Desk,
    ) {
        let lease = Arc::new(Lease::new(self.queue.clone(), self.clock.clone(), receipt));
        self.board.begin(job.id.clone(), lease.clone());
        let (shift, desk) = (self.clone(), desk.clone());
        let at_work = AtWork { job: job.id.clone(), board: self.board.clone() };
        let span = tracing::info_span!("job", job = %job.id);
        desk.jobs.clone().spawn(
            async move {
                let _at_work = at_work;
                // A job that was taken up may have to wait for a slot; its lease is kept meanwhile.
                let work = async {
                    let Some(slot) = slot.await else { return };
                    let Some((_lane, _slot)) = shift.turn(&job, slot, &lease, &desk).await else {
                        return;
                    };
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

    /// Waits until nobody else works on the same pull request; others have the slot meanwhile.
    /// `None`: it will not be this job's turn, and its delivery is settled.
    async fn turn(
        &self,
        job: &Job,
        slot: OwnedSemaphorePermit,
        lease: &Lease,
        desk: &Desk,
    ) -> Option<(Option<Lane>, OwnedSemaphorePermit)> {
        let Some(lane) = desk.lanes.of(&job.task) else { return Some((None, slot)) };
        if let Ok(held) = lane.clone().try_lock_owned() {
            return Some((Some(held), slot));
        }
        drop(slot);
        let _place = Place::take(&desk.waiting);
        if desk.waiting.load(Ordering::SeqCst) > MOST_IN_LANES {
            lease.settle(Settlement::Return(LANE_PAUSE)).await;
            return None;
        }
        tracing::info!("waits for another job on the same pull request");
        let waited = async {
            let lane = lane.lock_owned().await;
            let slot = self.slots.take().await?;
            Some((Some(lane), slot))
        };
        tokio::select! {
            biased;
            () = lease.lost.cancelled() => None,
            // A worker that drains begins nothing.
            () = self.bells.drain.cancelled() => {
                lease.settle(Settlement::Return(Duration::ZERO)).await;
                None
            }
            turn = waited => turn,
        }
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
            let (clock, policy) = (&self.clock, self.policy.now());
            drive(hands.as_mut(), &mut journal, &policy, &mut story, clock, &reins).await
        };
        let ended = tokio::select! {
            biased;
            ended = driven => ended,
            () = self.watch(&job, &lease, &reins) => return,
        };
        drop(hands);
        match ended {
            Ok(outcome) => {
                tracing::info!(outcome = outcome.name(), "over");
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
    async fn watch(&self, job: &Job, lease: &Lease, reins: &Reins) {
        let asked_to_stop = async {
            loop {
                tokio::time::sleep(STOP_LOOK).await;
                if self.hire.is_asked_to_stop(job).await {
                    let now = (self.clock)();
                    match self.store.request_cancel(&job.id, now).await {
                        Ok(_) => return,
                        Err(error) => tracing::warn!(%error, "the job could not be told to stop"),
                    }
                }
            }
        };
        let cancelled = async {
            while !self.store.cancel_requested(&job.id).await.unwrap_or(false) {
                tokio::time::sleep(CANCEL_LOOK).await;
            }
        };
        tokio::select! {
            biased;
            () = self.bells.abort.cancelled() => reins.stop.cancel(),
            () = lease.lost.cancelled() => reins.stop.cancel(),
            () = cancelled => reins.cancel.cancel(),
            // It is in the store then, where it is found like any other.
            () = async { asked_to_stop.await; std::future::pending().await } => {}
        }
        if !reins.stop.is_cancelled() {
            tokio::select! {
                () = self.bells.abort.cancelled() => {}
                () = lease.lost.cancelled() => {}
            }
            reins.stop.cancel();
        }
        std::future::pending::<()>().await;
    }
}

/// A place among those who wait, until dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>) -> Self {
        waiting.fetch_add(1, Ordering::SeqCst);
        Self(waiting.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A job is at work until this is dropped, also by a panic: what is then delivered again must find
/// nobody at work, or it would wait for somebody who is gone.
struct AtWork {
    job: JobId,
    board: Arc<Board>,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.board.end(&self.job);
    }
}
