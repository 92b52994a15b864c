//! One task for each channel: takes the oldest notice from the outbox, sends it, goes on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::outbox::{Allowance, Outbox, Waiting};
use super::{Channel, Parcel};
use crate::database::DatabaseError;
use crate::domain::job::Fault;
use crate::domain::time::Timestamp;
use crate::engine::notice::{Happening, Notice, Teller, notice};
use crate::engine::report::Language;

/// The pause after the first try that failed, and the longest one.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// A notice that has not arrived for so long is given up: a machine may be off for days.
const OLDEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long the outbox is left alone when the database fails.
const DATABASE_PAUSE: Duration = Duration::from_secs(30);
/// No longer wait: a clock may be set, and a machine may have slept.
const LOOK_AGAIN: Duration = Duration::from_secs(10 * 60);

/// A channel as it is configured now.
#[derive(Clone)]
pub struct Ready {
    /// Where notices go.
    pub channel: Arc<dyn Channel>,
    /// How many it is sent in an hour.
    pub max_per_hour: u32,
    /// The worker's name, for summaries.
    pub worker: String,
    /// Of summaries.
    pub language: Language,
}

/// Finds a channel, by its name, as it is configured now.
pub type Find = Arc<dyn Fn(&str) -> Option<Ready> + Send + Sync>;

/// The task of one channel.
pub struct Sender {
    /// Its name.
    pub name: String,
    /// Where its notices wait.
    pub outbox: Outbox,
    /// The channel as it is now; `None` when it is no longer configured.
    pub find: Find,
    /// What time it is.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Something new waits, or the configuration is another one.
    pub poke: Arc<Notify>,
    /// Nothing more will be written: send what can be sent now, then end.
    pub last: CancellationToken,
}

/// What there is to do next.
enum Next {
    /// Look again at once.
    Look,
    /// Nothing to send before then.
    Rest(Option<Duration>),
    /// The channel is gone.
    End,
}

impl Sender {
    /// Sends until the channel is gone, or `last` is cancelled and nothing can be sent now.
    pub async fn work(self) {
        loop {
            let last = self.last.is_cancelled();
            let rest = match self.step().await {
                Ok(Next::Look) => continue,
                Ok(Next::End) => return,
                Ok(Next::Rest(rest)) => rest,
                Err(error) => {
                    tracing::warn!(channel = self.name, %error, "the outbox cannot be read");
                    Some(DATABASE_PAUSE)
                }
            };
            if last {
                return;
            }
            let rest = async {
                match rest {
                    Some(rest) => tokio::time::sleep(rest.min(LOOK_AGAIN)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.last.cancelled() => {}
                () = self.poke.notified() => {}
                () = rest => {}
            }
        }
    }

    async fn step(&self) -> Result<Next, DatabaseError> {
        let Some(ready) = (self.find)(&self.name) else {
            let gone = self.outbox.forget(&self.name).await?;
            if gone > 0 {
                tracing::warn!(channel = self.name, gone, "notices for a channel that is gone");
            }
            return Ok(Next::End);
        };
        let Some(waiting) = self.outbox.next(&self.name).await? else {
            return Ok(Next::Rest(None));
        };
        let now = (self.clock)();
        if let Allowance::NotBefore(then) =
            self.outbox.allowance(&self.name, ready.max_per_hour, now).await?
        {
            self.outbox.hold(&self.name).await?;
            return Ok(Next::Rest(Some(then.since(now).max(Duration::from_millis(1)))));
        }
        let held = self.outbox.held(&self.name).await?;
        if !held.is_empty() {
            self.collect(&held, &ready, now).await?;
            return Ok(Next::Look);
        }
        let Some(notice) = waiting.notice.clone() else {
            self.give_up(&waiting, "an earlier or later version wrote it").await?;
            return Ok(Next::Look);
        };
        if waiting.next_try > now {
            return Ok(Next::Rest(Some(waiting.next_try.since(now))));
        }
        self.send(&ready, &waiting, notice, now).await
    }

    async fn send(
        &self,
        ready: &Ready,
        waiting: &Waiting,
        notice: Notice,
        now: Timestamp,
    ) -> Result<Next, DatabaseError> {
        let parcel = Parcel { delivery: waiting.delivery.clone(), notice, at: now };
        crate::fault::point("outbox.send:before").await?;
        let sent = ready.channel.send(&parcel).await;
        crate::fault::point("outbox.send:after").await?;
        let now = (self.clock)();
        let error = match sent {
            Ok(()) => {
                self.outbox.arrived(&self.name, waiting.seq, now).await?;
                return Ok(Next::Look);
            }
            Err(error) => error,
        };
        let too_old = now.since(waiting.created_at) >= OLDEST;
        if error.fault() == Fault::Permanent || too_old {
            self.give_up(waiting, &error.to_string()).await?;
            return Ok(Next::Look);
        }
        let pause = error.wait().unwrap_or_default().max(pause(waiting.tries));
        let next_try = Timestamp(now.0 + i64::try_from(pause.as_millis()).unwrap_or(i64::MAX / 2));
        tracing::warn!(channel = self.name, tries = waiting.tries + 1, "not told: {error}");
        self.outbox.put_off(&self.name, waiting.seq, &error.to_string(), now, next_try).await?;
        Ok(Next::Rest(Some(pause)))
    }

    async fn give_up(&self, waiting: &Waiting, why: &str) -> Result<(), DatabaseError> {
        let event = waiting.notice.as_ref().map_or("", |it| it.kind.name());
        tracing::warn!(channel = self.name, event, delivery = waiting.delivery, "given up: {why}");
        self.outbox.give_up(&self.name, waiting.seq, why, (self.clock)()).await
    }

    async fn collect(
        &self,
        held: &[Waiting],
        ready: &Ready,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let notices = held.iter().filter_map(|it| it.notice.clone()).collect::<Vec<_>>();
        let (worker, language) = (ready.worker.as_str(), ready.language);
        let teller = Teller { worker, language, at: now, site: "" };
        let Some(summary) = notice(&Happening::Held(&notices), &teller) else { return Ok(()) };
        self.outbox.collect(&self.name, held, &summary, now).await
    }
}

fn pause(tries: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(tries)).min(LONGEST_PAUSE)
}
