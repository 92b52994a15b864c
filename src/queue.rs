//! The front door of the queue room: where tasks wait for us.
//!
//! Behind it: `sqs` (AWS), `sqlite` (embedded) and `postgres` (on a server). All pass `tests/it/contract/queue.rs`.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::domain::job::Fault;
use crate::domain::time::Timestamp;

pub mod postgres;
pub mod sqlite;
pub mod sqs;

/// A queue with leases, as SQS has them: at least once, in no promised order.
#[async_trait]
pub trait TaskQueue: Send + Sync {
    /// Waits up to one long poll for at most `most` deliveries (1 to 10). Empty means "nothing
    /// yet". When `stop` is cancelled it ends as soon as it can without losing a delivery:
    /// what it then returns is ours, and must be given back.
    async fn receive(
        &self,
        most: usize,
        stop: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError>;

    /// Keeps a delivery ours for one more `lease()` from now. Call it well before the last ends.
    async fn extend(&self, receipt: &Receipt) -> Result<(), QueueError>;

    /// Says how it went. A delivery is settled once; settling it again changes nothing.
    async fn settle(&self, receipt: &Receipt, verdict: Settlement) -> Result<(), QueueError>;

    /// Puts a message in and says what the queue calls it.
    async fn submit(&self, body: &str) -> Result<String, QueueError>;

    /// How much is waiting. Approximate where the queue is.
    async fn depth(&self) -> Result<Depth, QueueError>;

    /// What nobody holds, in the order in which it will be handed out as things stand, at most
    /// `most` (of 100); what was given back for later too, in its place. Takes nothing: whoever
    /// receives meanwhile gets it. A queue that cannot look without receiving shows none, ever:
    /// so SQS, where every look is a receive.
    async fn waiting(&self, most: usize) -> Result<Vec<Waiting>, QueueError> {
        let _ = most;
        Ok(Vec::new())
    }

    /// The dead letters, oldest first, at most 100.
    async fn dead(&self) -> Result<Vec<DeadLetter>, QueueError>;

    /// Sends dead letters back (`ids` empty: all of them) and says how many went.
    async fn redrive(&self, ids: &[String]) -> Result<usize, QueueError>;

    /// How long a delivery is ours before it must be extended.
    fn lease(&self) -> Duration;

    /// How long a delivery can be kept from others at most, counted from when it was received and
    /// however often it is extended. `None`: for ever.
    fn longest_hold(&self) -> Option<Duration> {
        None
    }
}

/// A message in our hands for the length of a lease. Its body is not yet trusted.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What the queue calls the message; the same at each delivery.
    pub id: String,
    /// The text.
    pub body: String,
    /// How often it was handed out, this time included.
    pub deliveries: u32,
    /// What we show to extend or settle it.
    pub receipt: Receipt,
}

/// A message that waits, as it is seen without being received. Its body is not yet trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What the queue calls it, at each delivery too.
    pub id: String,
    /// The text.
    pub body: String,
    /// When it was put in.
    pub since: Timestamp,
    /// When it may be handed out: a moment that is over, or a later one for what was given back
    /// until then.
    pub from: Timestamp,
}

/// The right to one delivery. Kept in the journal, so a restarted worker can go on with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What the queue calls the message.
    pub id: String,
    /// The queue's word for this one delivery of it.
    pub handle: String,
    /// The message's text, to bury it with.
    pub body: String,
    /// When we asked for it. Noted by whoever received it; the queue does not look at it.
    #[serde(default)]
    pub asked_at: Option<Timestamp>,
}

/// How a delivery went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Over and done with.
    Done,
    /// Back to the queue; another worker may have it after this long.
    Return(Duration),
    /// To the dead letters: no worker can do anything with it.
    Bury {
        /// Why, for the person who looks at the dead letters.
        reason: String,
    },
}

/// How much waits in a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// Messages that can be received now.
    pub waiting: u64,
    /// Messages that somebody holds.
    pub in_flight: u64,
    /// The age of the oldest waiting message in seconds, where the queue tells.
    pub oldest_seconds: Option<u64>,
    /// Messages among the dead letters, where the queue has such.
    pub dead: Option<u64>,
}

/// A message that no worker could do anything with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// What the queue calls it.
    pub id: String,
    /// Its text.
    pub body: String,
    /// Why it is there.
    pub reason: String,
}

/// What a queue can do wrong.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Nothing wrong with us; it passes.
    #[error("the queue is busy or unreachable: {0}")]
    Unavailable(String),
    /// It will say the same the next time: no such queue, no permission, a message too large.
    #[error("the queue refused: {0}")]
    Refused(String),
    /// The delivery is no longer ours.
    #[error("the lease ended before the delivery was settled")]
    LeaseLost,
}

impl QueueError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unavailable(_) => Fault::Transient,
            Self::Refused(_) => Fault::Permanent,
            Self::LeaseLost => Fault::Interrupted,
        }
    }
}
