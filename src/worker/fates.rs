//! Looks now and then what became of the pull requests of jobs, as long as they are open.
//!
//! What it costs: one request for each look, or two where the repository was renamed, at most 60
//! in an hour for all workers that share a store (`engine::fates`). Where ETags hold, a look at
//! what has not changed does not count against the code host's limit.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::code_host::{HostError, Watch};
use crate::domain::time::Timestamp;
use crate::engine::fates::{FORGOTTEN, MOST_IN_AN_HOUR, is_due};
use crate::store::{Store, StoreError};
use crate::worker::drive::Clock;

/// Between two looks.
const PACE: Duration = Duration::from_secs(120);
/// In which at most `MOST_IN_AN_HOUR` are looked at.
const AN_HOUR: Duration = Duration::from_secs(3_600);

/// What looks after pull requests.
pub struct Follower {
    /// Where they are.
    pub host: Arc<dyn Watch>,
    /// Where it is noted what was seen.
    pub store: Store,
    /// What time it is.
    pub clock: Clock,
}

/// What can come in between.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The code host does not answer, or not now.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The store does not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Trouble {
    fn wait(&self) -> Option<Duration> {
        match self {
            Self::Host(error) => error.wait(),
            Self::Store(_) => None,
        }
    }
}

impl Follower {
    /// Looks at one after the other, for ever.
    pub async fn follow(self) {
        let mut failing = false;
        loop {
            let wait = match self.look().await {
                Ok(wait) => {
                    failing = false;
                    wait
                }
                Err(trouble) => {
                    if !failing {
                        tracing::warn!("cannot look what became of pull requests now: {trouble}");
                    }
                    failing = true;
                    trouble.wait()
                }
            };
            sleep(wait.unwrap_or_default().max(PACE)).await;
        }
    }

    /// Looks at the one pull request that waits longest for it, if any does. How long the code
    /// host wants to be left alone after that.
    ///
    /// # Errors
    /// When the code host or the store does not do what it was asked for; the look is spent.
    pub async fn look(&self) -> Result<Option<Duration>, Trouble> {
        let now = (self.clock)();
        if self.store.looks_since(before(now, AN_HOUR)).await? >= MOST_IN_AN_HOUR {
            return Ok(None);
        }
        let open = self.store.open_pulls(before(now, FORGOTTEN)).await?;
        let due = open.into_iter().find(|it| is_due(it.since, it.looked_at, now));
        let Some(pull) = due else { return Ok(None) };
        // Noted first: what fails each time, or kills us, is not asked for more often than that.
        if !self.store.begin_look(&pull, now).await? {
            return Ok(None);
        }
        let (repository, number) = (&pull.repository, pull.number);
        match self.host.fate(repository, number, pull.etag.as_deref()).await {
            Ok(glance) => {
                if let Some(fate) = glance.fate {
                    self.store.saw(&pull, fate, glance.etag.as_deref()).await?;
                    tracing::debug!(%repository, number, fate = fate.name(), "looked at a pull request");
                }
                Ok(glance.wait)
            }
            Err(error @ (HostError::NotFound(_) | HostError::Refused { .. })) => {
                tracing::debug!(%repository, number, %error, "a pull request is not there for us");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn before(now: Timestamp, time: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests;
