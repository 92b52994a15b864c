//! Keeps a delivery ours while its job runs, and says when it no longer is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::queue::{QueueError, Receipt, Settlement, TaskQueue};
use crate::worker::drive::Clock;

/// The right to work on one task.
///
/// It is believed to be ours as long as the last extension reaches, by two clocks: the monotonic
/// one does not run while a laptop sleeps, and the wall clock can be set.
pub struct Lease {
    queue: Arc<dyn TaskQueue>,
    clock: Clock,
    held: Mutex<Held>,
    /// Cancelled when somebody else may have the task.
    pub lost: CancellationToken,
}

struct Held {
    receipt: Receipt,
    since: Instant,
    since_wall: crate::domain::time::Timestamp,
}

impl Lease {
    /// A lease that began when the delivery was asked for.
    pub fn new(queue: Arc<dyn TaskQueue>, clock: Clock, receipt: Receipt) -> Self {
        let held = Held { receipt, since: Instant::now(), since_wall: clock() };
        Self { queue, clock, held: Mutex::new(held), lost: CancellationToken::new() }
    }

    /// What we hold.
    pub fn receipt(&self) -> Receipt {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).receipt.clone()
    }

    /// The same task was delivered to us again: its newer receipt is the one that counts.
    pub fn adopt(&self, receipt: Receipt) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Held { receipt, since: Instant::now(), since_wall: (self.clock)() };
    }

    /// How much of the lease is left, by the clock that is worse for us.
    pub fn left(&self) -> Duration {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = held.since.elapsed().max((self.clock)().since(held.since_wall));
        self.queue.lease().saturating_sub(passed)
    }

    /// Makes sure that the task is ours before the world is changed in its name.
    ///
    /// # Errors
    /// When it is not, or nobody can say.
    pub async fn confirm(&self) -> Result<(), QueueError> {
        if self.left() < margin(self.queue.lease()) { self.extend().await } else { Ok(()) }
    }

    async fn extend(&self) -> Result<(), QueueError> {
        let receipt = self.receipt();
        let (since, since_wall) = (Instant::now(), (self.clock)());
        self.queue.extend(&receipt).await?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.receipt == receipt {
            *held = Held { receipt, since, since_wall };
        }
        Ok(())
    }

    /// Extends the lease at a fifth of its length until it is dropped; cancels `lost` when it
    /// cannot be held. Somebody else may have the task then, and two of us must not work on it.
    pub async fn keep(&self) {
        let length = self.queue.lease();
        loop {
            tokio::time::sleep(length / 5).await;
            let mut pause = Duration::from_secs(1);
            loop {
                let before = self.receipt();
                match self.extend().await {
                    Ok(()) => break,
                    Err(QueueError::LeaseLost) if self.receipt() != before => break,
                    Err(QueueError::LeaseLost) => {
                        tracing::warn!("the task was given to somebody else: putting the job down");
                        return self.lost.cancel();
                    }
                    Err(error) if self.left() <= margin(length) => {
                        tracing::warn!(%error, "the lease could not be extended in time");
                        return self.lost.cancel();
                    }
                    Err(error) => tracing::warn!(%error, "the lease could not be extended yet"),
                }
                tokio::time::sleep(pause.min(self.left())).await;
                pause = (pause * 2).min(Duration::from_secs(20));
            }
        }
    }

    /// Says how it went; tries a few times. A redelivery after a lost word does no harm: the job
    /// is known.
    pub async fn settle(&self, verdict: Settlement) {
        let receipt = self.receipt();
        for pause in [1, 4, 0] {
            match self.queue.settle(&receipt, verdict.clone()).await {
                Ok(()) | Err(QueueError::LeaseLost) => return,
                Err(error) => tracing::warn!(%error, "the delivery could not be settled"),
            }
            tokio::time::sleep(Duration::from_secs(pause)).await;
        }
    }
}

/// When less than this is left, a lease is not enough to begin something that others can see.
fn margin(length: Duration) -> Duration {
    (length / 10).max(Duration::from_secs(15)).min(length / 2)
}
