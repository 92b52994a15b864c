//! One job of a shift: waits for its turn, runs, and settles its delivery.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{Desk, Shift};
use crate::domain::job::{Event, Fault, JobId, Outcome, Progress, Record, Story};
use crate::engine::decide::killed;
use crate::fault::{Mutation, mutated};
use crate::queue::{Receipt, Settlement};
use crate::store::{Job, StoreError, Taken};
use crate::worker::board::Board;
use crate::worker::drive::{DriveError, Journal, JournalError, Reins, drive};
use crate::worker::journal::StoreJournal;
use crate::worker::lanes::{Lane, Turn};
use crate::worker::lease::{Lease, Moment, settle};
use crate::worker::models::{Limited, Seat};

/// How often it is looked on the code host whether somebody said `@ai-fix stop`: 180 requests of
/// the 5,000 that GitHub allows in an hour.
const STOP_LOOK: Duration = Duration::from_secs(20);
/// For how long a job is left in the queue when its journal cannot be had: what may pass is tried
/// again soon, and each time later, until a journal can be written again.
const FIRST_BROKEN_PAUSE: Duration = Duration::from_secs(1);
const BROKEN_PAUSE: Duration = Duration::from_secs(60);
/// How many jobs wait here for others on their pull requests; the next go back to the queue.
const MOST_IN_LANES: usize = 100;
/// For how long these are left in the queue.
const LANE_PAUSE: Duration = Duration::from_secs(60);

/// What the store need not be asked about a job that it has just given us.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// Nothing was ever written down of it.
    pub(super) new: bool,
    /// It is noted that work on it begins.
    pub(super) begun: bool,
}

/// A job that runs.
struct Running {
    job: Job,
    orphaned: bool,
    known: Known,
    lease: Arc<Lease>,
    /// Cancelled when somebody asked for its end.
    cancel: CancellationToken,
}

impl Shift {
    pub(super) fn start(
        self: &Arc<Self>,
        (taken, known): (Taken, Known),
        receipt: Receipt,
        since: Moment,
        slot: impl Future<Output = Option<OwnedSemaphorePermit>> + Send + 'static,
        desk: &Desk,
    ) {
        let Taken { job, fence, orphaned } = taken;
        let (queue, store) = (self.queue.clone(), self.store.clone());
        let lease = Lease::new(queue, store, self.clock.clone(), fence, receipt, since);
        let lease = Arc::new(lease);
        let cancel = CancellationToken::new();
        if job.cancel_requested {
            cancel.cancel();
        }
        self.board.begin(job.id.clone(), lease.clone(), cancel.clone());
        // Here and not in the task: which of several tasks runs first is anybody's guess.
        let turn = desk.lanes.line_up(&job.task);
        let (shift, desk) = (self.clone(), desk.clone());
        let at_work = AtWork { job: job.id.clone(), board: self.board.clone() };
        let span = tracing::info_span!("job", job = %job.id);
        desk.jobs.clone().spawn(
            async move {
                let _at_work = at_work;
                // A job that was taken up may have to wait for a slot; its lease is kept meanwhile.
                let work = async {
                    let Some(slot) = slot.await else { return };
                    let Some((_lane, slot)) = shift.turn(turn, slot, &lease, &desk).await else {
                        return;
                    };
                    let lease = lease.clone();
                    shift.run(Running { job, orphaned, known, lease, cancel }, slot).await;
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
        turn: Turn,
        slot: OwnedSemaphorePermit,
        lease: &Lease,
        desk: &Desk,
    ) -> Option<(Option<Lane>, OwnedSemaphorePermit)> {
        let lane = match turn {
            Turn::Free => return Some((None, slot)),
            Turn::First(lane) => return Some((Some(lane), slot)),
            Turn::Later(lane) => lane,
        };
        drop(slot);
        let _place = Place::take(&desk.waiting);
        if desk.waiting.load(Ordering::SeqCst) > MOST_IN_LANES {
            lease.give_back(LANE_PAUSE).await;
            return None;
        }
        tracing::info!("waits for another job on the same pull request");
        let waited = async {
            let lane = lane.await;
            let slot = self.slots.take().await?;
            Some((Some(lane), slot))
        };
        tokio::select! {
            biased;
            () = lease.lost.cancelled() => None,
            // A worker that drains begins nothing.
            () = self.bells.drain.cancelled() => {
                lease.give_back(Duration::ZERO).await;
                None
            }
            turn = waited => turn,
        }
    }

    /// One job from where it stands to its end, or to where it was put down.
    async fn run(&self, running: Running, slot: OwnedSemaphorePermit) {
        let story = self.story(&running).await;
        let Running { job, lease, cancel, .. } = running;
        let mut story = match story {
            Ok(story) => story,
            Err(error) => {
                tracing::error!(%error, "the job cannot be begun");
                return lease.give_back(self.broken_pause(&error)).await;
            }
        };
        let policy = self.policy.now();
        let mut hands = Limited::new(
            self.hire.hands(&job, lease.clone()).await,
            self.models.clone(),
            policy.clone(),
            Seat::new(self.slots.clone(), slot),
            (job.created_at, job.id.clone()),
            self.bells.drain.clone(),
        );
        let mut journal =
            StoreJournal::new(self.store.clone(), lease.fence().clone(), self.news.clone());
        let reins = Reins { cancel, ..Reins::default() };
        if mutated(Mutation::SettleFirst) {
            settle(&*self.queue, &lease.receipt(), Settlement::Done).await;
        }
        let driven = async {
            drive(&mut hands, &mut journal, &policy, &mut story, &self.clock, &reins).await
        };
        let ended = tokio::select! {
            biased;
            ended = driven => ended,
            () = self.watch(&job, &lease, &reins) => return,
        };
        drop(hands);
        if mutated(Mutation::SlotLeaks)
            && let Some(slot) = self.slots.try_take()
        {
            slot.forget();
        }
        match ended {
            Ok(outcome) => {
                self.board.journal_works();
                tracing::info!(outcome = outcome.name(), "over");
                lease.settle(verdict(&outcome)).await;
                self.hire.dismiss(&job.id, &outcome).await;
            }
            Err(DriveError::PutDown(why)) if lease.lost.is_cancelled() => {
                tracing::warn!(why, "put down: the task is no longer ours");
                // Only ours is given back: what another has taken is under another token.
                let _ = self.store.release(lease.fence()).await;
            }
            Err(DriveError::Journal(JournalError { fault: Fault::Interrupted, message })) => {
                tracing::warn!("put down: {message}");
            }
            Err(DriveError::PutDown(_)) if mutated(Mutation::SettlePutDown) => {
                lease.settle(Settlement::Done).await;
            }
            Err(DriveError::PutDown(why)) => {
                tracing::info!(why, "put down; it goes on from here");
                lease.give_back(Duration::ZERO).await;
            }
            Err(error) => {
                tracing::error!(%error, "put down");
                lease.give_back(self.broken_pause(&error)).await;
            }
        }
    }

    /// For how long a job is left alone that could not be written down.
    fn broken_pause(&self, error: &DriveError) -> Duration {
        match error {
            DriveError::Journal(JournalError { fault: Fault::Transient, .. }) => {
                let before = self.board.journal_broke();
                BROKEN_PAUSE.min(FIRST_BROKEN_PAUSE * 2_u32.saturating_pow(before))
            }
            _ => BROKEN_PAUSE,
        }
    }

    /// What is known of a job as its work begins here: also that another worker died at it.
    async fn story(&self, running: &Running) -> Result<Story, DriveError> {
        let Running { job, orphaned, known, lease, .. } = running;
        let failed = |it: StoreError| JournalError { fault: it.fault(), message: it.to_string() };
        if !known.begun {
            self.store.begin(lease.fence()).await.map_err(failed)?;
        }
        let records = match known.new {
            true => Vec::new(),
            false => self.store.records(&job.id).await.map_err(failed)?,
        };
        let mut story = Story { job: job.id.clone(), task: job.task.clone(), records };
        if *orphaned && !mutated(Mutation::DeathsForgotten) {
            let record = Record { at: (self.clock)(), took_ms: 0, event: Event::Orphaned };
            let progress = Progress::replay(&story.records)?.after(&record)?;
            let (store, fence) = (self.store.clone(), lease.fence().clone());
            let mut journal = StoreJournal::new(store, fence, self.news.clone());
            journal.append(&story, &record, &progress).await?;
            story.records.push(record);
        }
        Ok(story)
    }

    /// Pulls the reins of a job when it must stop. Never ends.
    async fn watch(&self, job: &Job, lease: &Lease, reins: &Reins) {
        let asked_to_stop = async {
            while !reins.cancel.is_cancelled() {
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
        tokio::select! {
            biased;
            () = self.bells.abort.cancelled() => {
                if mutated(Mutation::ReturnFirst) {
                    lease.give_back(Duration::ZERO).await;
                }
            }
            () = lease.lost.cancelled() => {}
            // It is in the store then, where it is found like any other.
            () = async { asked_to_stop.await; std::future::pending().await } => {}
        }
        reins.stop.cancel();
        std::future::pending::<()>().await;
    }
}

/// What the queue is told about the delivery of a job that is over.
pub(super) fn verdict(outcome: &Outcome) -> Settlement {
    match outcome {
        Outcome::Broke(failure) if *failure == killed() && !mutated(Mutation::KillerNotBuried) => {
            Settlement::Bury { reason: failure.message.clone() }
        }
        _ => Settlement::Done,
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
