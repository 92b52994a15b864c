//! The embedded queue: leases, receive counts and dead letters as SQS has them, in our own file.
//!
//! Two things are kinder than SQS. A delivery that is *returned* was nobody's fault and brings
//! the message no nearer to the dead letters; only leases that run out do. And a lease that ran
//! out can still be extended while nobody else has taken the message: a laptop that slept goes
//! on where it was.

use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{DeadLetter, Delivery, Depth, QueueError, Receipt, Settlement, TaskQueue, Waiting};
use crate::database::{Database, DatabaseError};
use crate::domain::job::Fault;
use crate::domain::time::Timestamp;

mod bell;
use bell::Bell;

/// The largest message, as the contract with the senders says.
const LARGEST: usize = 256 << 10;
/// How many deliveries one `receive` may bring, as SQS has it.
const MOST: usize = 10;
/// How often it is looked whether the wall clock was set back while nobody saw it.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(10);
/// How far away a returned message may be, as SQS has it.
const FARTHEST: Duration = Duration::from_secs(12 * 60 * 60);
/// How many dead letters are listed.
const LISTED: i64 = 100;
/// How much of what waits is shown at most.
const SHOWN: i64 = 100;
/// How much of a reason is kept, in characters.
const REASON: usize = 2_000;

/// Says what time it is: leases are wall-clock time, since they outlive the process.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How the embedded queue behaves.
#[derive(Clone)]
pub struct SqliteQueueOptions {
    /// How long a delivery is ours before it must be extended.
    pub lease: Duration,
    /// How long `receive` waits at most.
    pub poll: Duration,
    /// How many leases on a message may run out before it becomes a dead letter.
    pub max_receives: u32,
    /// The socket by which other processes wake this one. `None`: no other process submits.
    pub wake_path: Option<PathBuf>,
    /// The wall clock.
    pub clock: Clock,
}

/// A queue in the database. Clones are the same queue.
#[derive(Clone)]
pub struct SqliteQueue {
    database: Database,
    options: SqliteQueueOptions,
    bell: Arc<Bell>,
    seen: Arc<Mutex<Option<Seen>>>,
}

/// When the clock was looked at last: what it said, and when it was compared with the messages.
#[derive(Clone, Copy)]
struct Seen {
    now: Timestamp,
    compared: Instant,
}

/// What a look at the queue found: deliveries, or else the time of the next one.
type Claimed = (Vec<Delivery>, Option<Timestamp>);

impl SqliteQueue {
    /// The queue in this database.
    pub fn new(database: Database, options: SqliteQueueOptions) -> Self {
        let bell = Arc::new(Bell::new(options.wake_path.clone()));
        Self { database, options, bell, seen: Arc::default() }
    }

    fn now(&self) -> Timestamp {
        (self.options.clock)()
    }

    /// Whether the clock may have been set back since messages were compared with it. Not asked of
    /// the messages at each claim: that takes the longer the more of them wait for their time.
    fn is_clock_suspect(&self, now: Timestamp) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let suspect =
            seen.is_none_or(|it| now.0 < it.now.0 || it.compared.elapsed() >= LOOK_AT_CLOCK);
        let compared = match *seen {
            Some(it) if !suspect => it.compared,
            _ => Instant::now(),
        };
        *seen = Some(Seen { now, compared });
        suspect
    }

    /// Not flushed: a lease that a power cut takes back was of a worker that it has ended too, and
    /// what the worker writes down next takes the claim to the disk before anything comes of it.
    async fn claim(&self, most: usize) -> Result<Claimed, QueueError> {
        let (now, lease) = (self.now(), self.options.lease);
        let max_receives = self.options.max_receives.max(1);
        let suspect = self.is_clock_suspect(now);
        let claimed = self.database.write_unflushed(move |it| {
            if suspect {
                undo_a_clock_set_back(it, now, lease)?;
            }
            bury_the_exhausted(it, now, max_receives)?;
            let deliveries = hand_out(it, now, lease, most)?;
            let next = match deliveries.is_empty() {
                true => it
                    .prepare_cached("SELECT min(visible_at) FROM messages")?
                    .query_row([], |row| row.get::<_, Option<i64>>(0))?,
                false => None,
            };
            Ok((deliveries, next.map(Timestamp)))
        });
        Ok(claimed.await?)
    }
}

#[async_trait]
impl TaskQueue for SqliteQueue {
    async fn receive(
        &self,
        most: usize,
        stop: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        let end = Instant::now() + self.options.poll;
        while !stop.is_cancelled() {
            let ear = self.bell.listen();
            // From here on a ring is heard, so none can fall between the look and the wait.
            let mut rung = pin!(self.bell.rung());
            rung.as_mut().enable();
            // Not raced against `stop`: what is claimed is ours and must reach the caller.
            crate::fault::point("queue.receive:before").await?;
            let (deliveries, next) = self.claim(most.clamp(1, MOST)).await?;
            let looked = Instant::now();
            if !deliveries.is_empty() || looked >= end {
                crate::fault::point("queue.receive:after").await?;
                return Ok(deliveries);
            }
            let until_next = next.map(|at| at.since(self.now()).max(Duration::from_millis(1)));
            let pause = [until_next, ear.patience()].into_iter().flatten().min();
            let until = pause.map_or(end, |pause| end.min(looked + pause));
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = rung => {}
                () = ear.heard() => {}
                () = sleep_until(until) => {}
            }
        }
        Ok(Vec::new())
    }

    async fn extend(&self, receipt: &Receipt) -> Result<(), QueueError> {
        let (id, handle) = (receipt.id.clone(), receipt.handle.clone());
        crate::fault::point("queue.extend:before").await?;
        let until = after(self.now(), self.options.lease);
        // Not flushed, as a claim.
        let ours = self.database.write_unflushed(move |it| {
            it.prepare_cached("UPDATE messages SET visible_at = ?3 WHERE id = ?1 AND handle = ?2")?
                .execute(params![id, handle, until])
        });
        let ours = ours.await?;
        crate::fault::point("queue.extend:after").await?;
        if ours == 1 { Ok(()) } else { Err(QueueError::LeaseLost) }
    }

    async fn settle(&self, receipt: &Receipt, verdict: Settlement) -> Result<(), QueueError> {
        let (id, handle) = (receipt.id.clone(), receipt.handle.clone());
        let now = self.now();
        crate::fault::point("queue.settle:before").await?;
        let returned = matches!(verdict, Settlement::Return(_));
        let settled = self.database.write(move |it| match verdict {
            Settlement::Done => it
                .prepare_cached("DELETE FROM messages WHERE id = ?1 AND handle = ?2")?
                .execute(params![id, handle]),
            Settlement::Return(pause) => it
                .prepare_cached(
                    "UPDATE messages SET handle = NULL, visible_at = ?3
                     WHERE id = ?1 AND handle = ?2",
                )?
                .execute(params![id, handle, after(now, pause.min(FARTHEST))]),
            Settlement::Bury { reason } => {
                let seq = it
                    .prepare_cached("SELECT seq FROM messages WHERE id = ?1 AND handle = ?2")?
                    .query_row(params![id, handle], |row| row.get(0))
                    .optional()?;
                seq.map_or(Ok(0), |seq| bury(it, seq, now, &reason))
            }
        });
        let settled = settled.await?;
        crate::fault::point("queue.settle:after").await?;
        if settled == 1 && returned {
            self.bell.ring();
        }
        Ok(())
    }

    async fn submit(&self, body: &str) -> Result<String, QueueError> {
        if body.is_empty() || body.len() > LARGEST {
            let size = body.len();
            return Err(QueueError::Refused(format!(
                "a message of {size} bytes; it may have 1 to {LARGEST}"
            )));
        }
        crate::fault::point("queue.submit:before").await?;
        let (body, now) = (body.to_owned(), self.now().0);
        let id = self.database.write(move |it| {
            it.prepare_cached(
                "INSERT INTO messages (id, body, sent_at, visible_at)
                 VALUES (lower(hex(randomblob(16))), ?1, ?2, ?2) RETURNING id",
            )?
            .query_row(params![body, now], |row| row.get(0))
        });
        let id = id.await?;
        crate::fault::point("queue.submit:after").await?;
        self.bell.ring();
        Ok(id)
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        let now = self.now().0;
        let depth = self.database.read(move |it| {
            let visible = "(visible_at <= ?1 OR deliveries = 0)";
            let sql = format!(
                "SELECT count(*) FILTER (WHERE {visible}), count(*) FILTER (WHERE NOT {visible}),
                 min(sent_at) FILTER (WHERE {visible}), (SELECT count(*) FROM dead_letters)
                 FROM messages"
            );
            it.query_row(&sql, [now], |row| {
                let oldest: Option<i64> = row.get(2)?;
                Ok(Depth {
                    waiting: count(row.get(0)?),
                    in_flight: count(row.get(1)?),
                    oldest_seconds: oldest.map(|at| Timestamp(now).since(Timestamp(at)).as_secs()),
                    dead: Some(count(row.get(3)?)),
                })
            })
        });
        Ok(depth.await?)
    }

    async fn waiting(&self, most: usize) -> Result<Vec<Waiting>, QueueError> {
        let (now, most) = (self.now().0, i64::try_from(most).unwrap_or(SHOWN).min(SHOWN));
        let waiting = self.database.read(move |it| {
            it.prepare_cached(
                "SELECT id, body, sent_at, visible_at FROM messages
                 WHERE visible_at <= ?1 OR handle IS NULL ORDER BY visible_at, seq LIMIT ?2",
            )?
            .query_map([now, most], |row| {
                let (since, from) = (Timestamp(row.get(2)?), Timestamp(row.get(3)?));
                Ok(Waiting { id: row.get(0)?, body: row.get(1)?, since, from })
            })?
            .collect()
        });
        Ok(waiting.await?)
    }

    async fn dead(&self) -> Result<Vec<DeadLetter>, QueueError> {
        let letters = self.database.read(|it| {
            it.prepare("SELECT id, body, reason FROM dead_letters ORDER BY seq LIMIT ?1")?
                .query_map([LISTED], |row| {
                    Ok(DeadLetter { id: row.get(0)?, body: row.get(1)?, reason: row.get(2)? })
                })?
                .collect()
        });
        Ok(letters.await?)
    }

    async fn redrive(&self, ids: &[String]) -> Result<usize, QueueError> {
        let (ids, now) = (ids.to_owned(), self.now().0);
        let sent_back = self.database.write(move |it| {
            if ids.is_empty() {
                return send_back(it, now, None);
            }
            ids.iter().map(|id| send_back(it, now, Some(id))).sum()
        });
        let sent_back = sent_back.await?;
        if sent_back > 0 {
            self.bell.ring();
        }
        Ok(sent_back)
    }

    fn lease(&self) -> Duration {
        self.options.lease
    }
}

/// No message is hidden for longer than a lease because the wall clock was set back.
fn undo_a_clock_set_back(it: &Connection, now: Timestamp, lease: Duration) -> rusqlite::Result<()> {
    it.prepare_cached(
        "UPDATE messages SET visible_at = CASE deliveries WHEN 0 THEN ?1 ELSE ?2 END
         WHERE visible_at > ?1
           AND (deliveries = 0 OR (handle IS NOT NULL AND visible_at > ?2))",
    )?
    .execute([now.0, after(now, lease)])?;
    Ok(())
}

/// A message whose worker vanishes again and again is most likely what makes it vanish.
fn bury_the_exhausted(it: &Connection, now: Timestamp, most: u32) -> rusqlite::Result<()> {
    // By the index of what is held: a long backlog is not looked through.
    let exhausted: Vec<i64> = it
        .prepare_cached(
            "SELECT seq FROM messages INDEXED BY messages_held
             WHERE visible_at <= ?1 AND handle IS NOT NULL AND strikes + 1 >= ?2
             ORDER BY visible_at, seq",
        )?
        .query_map(params![now.0, most], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let reason = format!(
        "its lease ran out {most} times: each worker that had it died or lost it; see the \
         worker's log, then `codingworker queue redrive`"
    );
    exhausted.into_iter().try_for_each(|seq| bury(it, seq, now, &reason).map(|_| ()))
}

/// The messages that were visible first, so that a returned one goes behind those that wait.
fn hand_out(
    it: &Connection,
    now: Timestamp,
    lease: Duration,
    most: usize,
) -> rusqlite::Result<Vec<Delivery>> {
    let visible: Vec<i64> = it
        .prepare_cached(
            "SELECT seq FROM messages WHERE visible_at <= ?1 ORDER BY visible_at, seq LIMIT ?2",
        )?
        .query_map(params![now.0, i64::try_from(most).unwrap_or(1)], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut hand_out = it.prepare_cached(
        "UPDATE messages SET visible_at = ?2, deliveries = deliveries + 1,
             strikes = strikes + (handle IS NOT NULL), handle = lower(hex(randomblob(16)))
         WHERE seq = ?1 RETURNING id, body, deliveries, handle",
    )?;
    let until = after(now, lease);
    visible
        .into_iter()
        .map(|seq| {
            hand_out.query_row([seq, until], |row| {
                let (id, body): (String, String) = (row.get(0)?, row.get(1)?);
                let receipt = Receipt {
                    id: id.clone(),
                    handle: row.get(3)?,
                    body: body.clone(),
                    asked_at: None,
                };
                Ok(Delivery { id, body, deliveries: row.get(2)?, receipt })
            })
        })
        .collect()
}

fn bury(it: &Connection, seq: i64, now: Timestamp, reason: &str) -> rusqlite::Result<usize> {
    let reason: String = reason.chars().take(REASON).collect();
    it.prepare_cached(
        "INSERT INTO dead_letters (id, body, sent_at, buried_at, reason)
         SELECT id, body, sent_at, ?2, ?3 FROM messages WHERE seq = ?1",
    )?
    .execute(params![seq, now.0, reason])?;
    it.prepare_cached("DELETE FROM messages WHERE seq = ?1")?.execute([seq])
}

/// A dead letter begins anew: it has never been handed out. `None`: all of them.
fn send_back(it: &Connection, now: i64, id: Option<&str>) -> rusqlite::Result<usize> {
    it.prepare_cached(
        "INSERT INTO messages (id, body, sent_at, visible_at)
         SELECT id, body, sent_at, ?1 FROM dead_letters WHERE ?2 IS NULL OR id = ?2 ORDER BY seq",
    )?
    .execute(params![now, id])?;
    it.prepare_cached("DELETE FROM dead_letters WHERE ?1 IS NULL OR id = ?1")?.execute([id])
}

fn after(now: Timestamp, pause: Duration) -> i64 {
    now.0.saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX))
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

impl From<DatabaseError> for QueueError {
    fn from(error: DatabaseError) -> Self {
        match error.fault() {
            Fault::Permanent => Self::Refused(error.to_string()),
            Fault::Transient | Fault::ModelAway | Fault::ModelBusy | Fault::Interrupted => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests;
