//! The front door of the notification room: where people are told of things.
//!
//! A notice is written into the outbox first (`notify/outbox.rs`), and sent from there by a task
//! for each channel (`notify/sender.rs`): at least once, in order, and never in a job's way.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::job::Fault;
use crate::domain::time::Timestamp;
use crate::engine::notice::Notice;

mod client;
pub mod desktop;
pub mod discord;
pub mod email;
mod guard;
pub mod log;
pub mod outbox;
pub mod sender;
pub mod slack;
pub mod webhook;
mod words;

pub use email::Encryption;
pub use guard::{Guard, GuardError, MailAddress, Resolve, WebAddress};
pub use words::Words;

/// How long one try to send may take, all in all.
pub const SEND_LIMIT: Duration = Duration::from_secs(10);

/// A place where people are told.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Sends a notice, or says why it did not arrive. One that arrived may be sent again, with the
    /// same `delivery`, when this process ends before it is noted.
    ///
    /// # Errors
    /// When it did not arrive, or nobody can say whether it did.
    async fn send(&self, parcel: &Parcel) -> Result<(), NotifyError>;
}

/// A notice on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Its name for whoever gets it: the same over all tries.
    pub delivery: String,
    /// What it says.
    pub notice: Notice,
    /// When this try was made.
    pub at: Timestamp,
}

/// Why a notice did not arrive. None of it repeats what the other side said, or a secret.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// It answers, and wants to be asked later.
    #[error("{what}; it is tried again")]
    Busy {
        /// What happened.
        what: String,
        /// How long the other side asked us to wait.
        retry_after: Option<Duration>,
    },
    /// It cannot be reached now.
    #[error("{0}; it is tried again")]
    Unreachable(String),
    /// It will not take this notice, however often it is sent.
    #[error("{0}")]
    Refused(String),
    /// Where it is must not be talked to, or cannot be found.
    #[error(transparent)]
    Guarded(#[from] GuardError),
}

impl NotifyError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Busy { .. } | Self::Unreachable(_) => Fault::Transient,
            Self::Refused(_) => Fault::Permanent,
            Self::Guarded(error) => error.fault(),
        }
    }

    /// How long the other side asked us to wait.
    pub fn wait(&self) -> Option<Duration> {
        if let Self::Busy { retry_after, .. } = self { *retry_after } else { None }
    }
}
