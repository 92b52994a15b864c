//! How long a model is left alone after its server turned us away.
//!
//! A *hold* is on one model at one server. It ends at the time that the server stated; without
//! one after five minutes (`worker.model_cooldown_seconds`), twice as long each time that the model
//! turns us away again, up to an hour. A server that is not there at all is looked for more often. An answer ends it.
//!
//! Pure: who holds what, and who waits for it, is in `worker::models`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::job::{Failure, Fault};
use crate::domain::time::Timestamp;

mod reply;
mod stated;
pub use reply::{Pushback, pushback};

/// The longest hold, whatever was stated: a server that says "tomorrow" may be wrong, and one
/// look an hour costs nothing.
pub const LONGEST: Duration = Duration::from_secs(60 * 60);
/// The longest hold of a model whose server does not answer: it may be back any minute.
pub const LONGEST_AWAY: Duration = Duration::from_secs(60);
/// The least that is added where a stated time did not help: a server that says "in 0 seconds"
/// again and again must not be asked in a loop.
const LEAST: Duration = Duration::from_secs(1);

/// How long the first hold in a row is, where nobody stated a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First {
    /// Of a server that does not answer.
    pub away: Duration,
    /// Of one that turns us away.
    pub busy: Duration,
}

/// One model at one server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModelKey {
    /// The model's name, as configured.
    pub model: String,
    /// Where it is asked: an address, or the vendor's host.
    pub server: String,
}

/// What kind of refusal a hold comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The server is not there, or does not have the model.
    Away,
    /// The server turned us away: busy, over a limit, out of memory.
    Busy,
}

/// A model that is not asked until a given time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Which model.
    #[serde(flatten)]
    pub key: ModelKey,
    /// Why in one word.
    pub kind: Kind,
    /// Why in the words of whoever refused. Safe to show to people.
    pub said: String,
    /// When it began.
    pub since: Timestamp,
    /// When the model may be asked again.
    pub until: Timestamp,
    /// The how many-th in a row it is, from 1.
    pub nth: u32,
}

impl Hold {
    /// The hold that follows from `failure` at `now`. `previous` is the model's last one, if no
    /// answer ended it.
    pub fn after(
        previous: Option<&Self>,
        key: ModelKey,
        failure: &Failure,
        now: Timestamp,
        first: First,
    ) -> Self {
        let kind = match failure.fault {
            Fault::ModelBusy => Kind::Busy,
            _ => Kind::Away,
        };
        let previous = previous.filter(|it| it.kind == kind && now.since(it.until) <= LONGEST);
        // A turn that was under way when the model was held says nothing new about it.
        let running = previous.filter(|it| !it.left(now).is_zero());
        let nth = match (running, previous) {
            (Some(it), _) => it.nth,
            (None, Some(it)) => it.nth.saturating_add(1),
            (None, None) => 1,
        };
        let stated = failure.retry_after_ms.map(Duration::from_millis);
        let length = length(kind, nth, stated, first);
        let length = running.map_or(length, |it| length.max(it.left(now)));
        let until = Timestamp(now.0.saturating_add(millis(length)));
        Self { key, kind, said: failure.message.clone(), since: now, until, nth }
    }

    /// How long it still lasts; zero when it is over. Never longer than it was made for, however
    /// far back the clock was set.
    pub fn left(&self, now: Timestamp) -> Duration {
        self.until.since(now).min(self.until.since(self.since)).min(LONGEST)
    }

    /// What a job says that waits for the model.
    pub fn message(&self) -> String {
        self.failure().message
    }

    /// The failure of a job that would ask the model meanwhile. A server that is away has no time
    /// to name.
    pub fn failure(&self) -> Failure {
        let (model, until, said) = (&self.key.model, self.until, &self.said);
        match self.kind {
            Kind::Away => Failure::new(Fault::ModelAway, said.clone()),
            Kind::Busy => Failure::new(
                Fault::ModelBusy,
                format!("the model {model} is not asked until {until}, as {said}"),
            ),
        }
    }
}

/// How long the `nth` hold in a row is.
fn length(kind: Kind, nth: u32, stated: Option<Duration>, first: First) -> Duration {
    match (kind, stated) {
        (Kind::Busy, Some(stated)) => stated.max(doubled(LEAST, nth)).min(LONGEST),
        (Kind::Busy, None) => doubled(first.busy, nth).min(LONGEST),
        (Kind::Away, Some(stated)) => {
            stated.max(doubled(first.away, nth).min(LONGEST_AWAY)).min(LONGEST)
        }
        (Kind::Away, None) => doubled(first.away, nth).min(LONGEST_AWAY),
    }
}

fn doubled(first: Duration, nth: u32) -> Duration {
    first.saturating_mul(1 << nth.saturating_sub(1).min(16))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
