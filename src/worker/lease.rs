//! Keeps a job ours while we work on it, and says when it no longer is.
//!
//! The store's lease says whose the job is; the queue's only keeps the message from others. Where
//! workers share a store, a message that somebody else is handed comes back to the one who works
//! for it by way of the job's row. Where each has a store of its own, the queue's lease is all that
//! keeps two from one job, and losing it is losing the job.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::job::Fault;
use crate::domain::time::Timestamp;
use crate::fault::{Mutation, mutated};
use crate::queue::{QueueError, Receipt, Settlement, TaskQueue};
use crate::store::{Fence, Store, StoreError};
use crate::worker::drive::Clock;

/// How long a message whose lease is gone may take to be handed to us again, before the job is put
/// down: one long poll, and what surrounds it.
const ADOPTION: Duration = Duration::from_secs(25);

/// The right to work on one job.
///
/// It is believed to be ours as long as the last extension reaches, by two clocks: the monotonic
/// one does not run while a laptop sleeps, and the wall clock can be set.
pub struct Lease {
    queue: Arc<dyn TaskQueue>,
    store: Store,
    clock: Clock,
    fence: Fence,
    held: Mutex<Held>,
    /// Cancelled when somebody else may have the job.
    pub lost: CancellationToken,
}

struct Held {
    receipt: Receipt,
    /// Whether the message was given back because of its age.
    handed_over: bool,
    since: Moment,
}

/// A moment, by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    monotonic: Instant,
    wall: Timestamp,
}

impl Moment {
    /// This one.
    pub fn now(clock: &Clock) -> Self {
        Self { monotonic: Instant::now(), wall: clock() }
    }

    /// By the clock on the wall.
    pub fn wall(&self) -> Timestamp {
        self.wall
    }

    /// How long ago that is, by the clock that is worse for us.
    fn passed(&self, clock: &Clock) -> Duration {
        let (monotonic, wall) = (self.monotonic.elapsed(), clock().since(self.wall));
        match () {
            () if mutated(Mutation::MonotonicAlone) => monotonic,
            () if mutated(Mutation::WallClockAlone) => wall,
            () => monotonic.max(wall),
        }
    }
}

/// Why a job may not be ours.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// The queue does not keep the message for us, or cannot be asked.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// Somebody else has the job, or the store cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LeaseError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Queue(error) => error.fault(),
            Self::Store(error) => error.fault(),
        }
    }
}

impl Lease {
    /// A lease on a job that began at `since`, when the delivery was asked for.
    pub fn new(
        queue: Arc<dyn TaskQueue>,
        store: Store,
        clock: Clock,
        fence: Fence,
        receipt: Receipt,
        since: Moment,
    ) -> Self {
        let held = Mutex::new(Held { receipt, handed_over: false, since });
        Self { queue, store, clock, fence, held, lost: CancellationToken::new() }
    }

    /// What is shown with every write of the job's work.
    pub fn fence(&self) -> &Fence {
        &self.fence
    }

    /// The delivery that we hold.
    pub fn receipt(&self) -> Receipt {
        self.held().receipt.clone()
    }

    /// The job's task was delivered again: the newer receipt is the one that counts.
    pub fn adopt(&self, receipt: Receipt, since: Moment) {
        *self.held() = Held { receipt, handed_over: false, since };
    }

    /// How much of the lease is left, by the clock that is worse for us.
    pub fn left(&self) -> Duration {
        let since = self.held().since;
        self.queue.lease().saturating_sub(since.passed(&self.clock))
    }

    /// Makes sure that the job is ours before the world is changed in its name: by the store, and
    /// by two clocks.
    ///
    /// # Errors
    /// When it is not, or nobody can say.
    pub async fn confirm(&self) -> Result<(), LeaseError> {
        if mutated(Mutation::NoConfirm) {
            return Ok(());
        }
        crate::fault::point("lease.confirm:before").await.map_err(StoreError::from)?;
        if self.held().handed_over && self.is_all_there_is() {
            return Err(QueueError::LeaseLost.into());
        }
        match self.left() < margin(self.queue.lease()) {
            true => self.extend().await,
            false => Ok(self.store.check(&self.fence).await?),
        }
    }

    async fn extend(&self) -> Result<(), LeaseError> {
        let since = Moment::now(&self.clock);
        let lease = self.queue.lease();
        let stored = self.store.renew(&self.fence, lease, since.wall).await?;
        let newer = stored.and_then(|it| serde_json::from_str::<Receipt>(&it).ok());
        if let Some(newer) = newer.filter(|it| *it != self.receipt()) {
            tracing::info!("the task was delivered to another worker, which left it to us");
            self.adopt(newer, since);
        }
        let receipt = self.receipt();
        let handed_over = self.held().handed_over || self.is_old(&receipt, since);
        match handed_over {
            true => self.hand_over(&receipt).await?,
            false => match self.queue.extend(&receipt).await {
                // The row says that the job is ours. Whoever is handed the message leaves it to us.
                Err(QueueError::LeaseLost) if self.store.is_shared() => {}
                extended => extended?,
            },
        }
        let mut held = self.held();
        if held.receipt == receipt {
            *held = Held { receipt, handed_over, since };
        }
        Ok(())
    }

    /// Whether the queue will soon hide this delivery no longer.
    fn is_old(&self, receipt: &Receipt, now: Moment) -> bool {
        let (Some(longest), Some(asked)) = (self.queue.longest_hold(), receipt.asked_at) else {
            return false;
        };
        now.wall.since(asked) + self.queue.lease() * 2 >= longest && !mutated(Mutation::NoHandOver)
    }

    /// Gives the message back while the job goes on: it is handed out again, with new time, and
    /// finds its job at work. From then on until that happens the store alone says whose it is; a
    /// store that others do not share cannot, and the lease is lost unless it comes to us at once.
    async fn hand_over(&self, receipt: &Receipt) -> Result<(), QueueError> {
        if self.held().handed_over {
            return if self.is_all_there_is() { Err(QueueError::LeaseLost) } else { Ok(()) };
        }
        tracing::info!(
            "the delivery is nearly as old as the queue lets it become: it is asked for anew"
        );
        self.queue.settle(receipt, Settlement::Return(Duration::ZERO)).await?;
        if !self.is_all_there_is() {
            return Ok(());
        }
        let mut held = self.held();
        if held.receipt == *receipt {
            held.handed_over = true;
            return Err(QueueError::LeaseLost);
        }
        Ok(())
    }

    /// Whether the queue's lease alone keeps others from the job: no store that they share does.
    fn is_all_there_is(&self) -> bool {
        !self.store.is_shared() && !mutated(Mutation::HandOverBlindly)
    }

    /// Extends the lease at a fifth of its length until it is dropped; cancels `lost` when it
    /// cannot be held. Somebody else may have the job then, and two of us must not work on it.
    pub async fn keep(&self) {
        let length = self.queue.lease();
        if mutated(Mutation::HeartbeatStopped) {
            return;
        }
        loop {
            // What the delivery took to reach us is gone from the first stretch.
            tokio::time::sleep(self.left().saturating_sub(length / 5 * 4)).await;
            if let Err(error) = self.keep_once(length).await {
                tracing::warn!(%error, "the job may be somebody else's by now: putting it down");
                return self.lost.cancel();
            }
        }
    }

    /// One extension, with all the time that it may take.
    async fn keep_once(&self, length: Duration) -> Result<(), LeaseError> {
        let mut pause = Duration::from_secs(1);
        let adoption = Instant::now() + ADOPTION.min(length / 2);
        loop {
            let before = self.receipt();
            match self.extend().await {
                Ok(()) => return Ok(()),
                Err(LeaseError::Queue(QueueError::LeaseLost)) if self.receipt() != before => {}
                // It may be us to whom it is handed next.
                Err(LeaseError::Queue(QueueError::LeaseLost)) if Instant::now() < adoption => {}
                Err(error) if error.fault() == Fault::Interrupted => return Err(error),
                Err(error) if self.left() <= margin(length) => return Err(error),
                Err(error) => tracing::warn!(%error, "the lease could not be extended yet"),
            }
            tokio::time::sleep(pause.min(self.left()).max(Duration::from_millis(100))).await;
            pause = (pause * 2).min(Duration::from_secs(20));
        }
    }

    /// Puts the job down: first in the store, then in the queue, so that whoever is handed it may
    /// have it.
    pub async fn give_back(&self, after: Duration) {
        if !mutated(Mutation::ReleaseForgotten)
            && let Err(error) = self.store.release(&self.fence).await
        {
            tracing::warn!(%error, "the job could not be put down in the store");
        }
        settle(&*self.queue, &self.receipt(), Settlement::Return(after)).await;
    }

    /// Says how it went, once the job is over. What cannot be said now is said later: the job's
    /// row remembers that it is owed.
    pub async fn settle(&self, verdict: Settlement) {
        let receipt = self.receipt();
        if !settle(&*self.queue, &receipt, verdict).await {
            return;
        }
        let stored = serde_json::to_string(&receipt).unwrap_or_default();
        if let Err(error) = self.store.settled(&self.fence.job, &stored).await {
            tracing::warn!(%error, "it could not be noted that the delivery is settled");
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says how a delivery went; tries a few times, and says whether the queue knows. A redelivery
/// after a lost word does no harm: the job is known.
pub async fn settle(queue: &dyn TaskQueue, receipt: &Receipt, verdict: Settlement) -> bool {
    for pause in [1, 4, 0] {
        match queue.settle(receipt, verdict.clone()).await {
            Ok(()) | Err(QueueError::LeaseLost) => return true,
            Err(error) => tracing::warn!(%error, "the delivery could not be settled"),
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
    false
}

/// When less than this is left, a lease is not enough to begin something that others can see.
fn margin(length: Duration) -> Duration {
    (length / 10).max(Duration::from_secs(15)).min(length / 2)
}
