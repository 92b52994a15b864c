//! The queue on PostgreSQL: the embedded one (`queue/sqlite.rs`), for several workers.
//!
//! A receiver takes rows with `FOR UPDATE SKIP LOCKED`, so that none waits for another, and is
//! woken by `NOTIFY`. Leases are measured by the server's clock: the workers' own ones differ.

use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{DeadLetter, Delivery, Depth, QueueError, Receipt, Settlement, TaskQueue, Waiting};
use crate::domain::job::Fault;
use crate::domain::time::Timestamp;
use crate::postgres::{Error, Postgres, PostgresError, Row, Step, storable};

/// The largest message, as the contract with the senders says.
const LARGEST: usize = 256 << 10;
/// How many deliveries one `receive` may bring, as SQS has it.
const MOST: usize = 10;
/// How far away a returned message may be, as SQS has it.
const FARTHEST: Duration = Duration::from_secs(12 * 60 * 60);
/// How many dead letters are listed.
const LISTED: i64 = 100;
/// How much of what waits is shown at most.
const SHOWN: i64 = 100;
/// How much of a reason is kept, in characters.
const REASON: usize = 2_000;
/// How often the table is looked at while no notice can be heard.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a look is tried again when the server is away: whoever receives has a loop of its own.
const BRIEFLY: Duration = Duration::from_secs(2);

/// How the queue behaves.
#[derive(Clone, Copy, Debug)]
pub struct PostgresQueueOptions {
    /// How long a delivery is ours before it must be extended.
    pub lease: Duration,
    /// How long `receive` waits at most.
    pub poll: Duration,
    /// How many leases on a message may run out before it becomes a dead letter.
    pub max_receives: u32,
}

/// A queue in the database. Clones are the same queue.
#[derive(Clone)]
pub struct PostgresQueue {
    postgres: Postgres,
    options: PostgresQueueOptions,
}

/// What a look at the queue found: deliveries, or else how long the next one is away.
type Claimed = (Vec<Delivery>, Option<Duration>);

impl PostgresQueue {
    /// The queue in this database.
    pub fn new(postgres: Postgres, options: PostgresQueueOptions) -> Self {
        Self { postgres, options }
    }

    async fn claim(&self, most: usize) -> Result<Claimed, QueueError> {
        let lease = millis(self.options.lease);
        let most = i64::try_from(most).unwrap_or(1);
        let max_receives = i32::try_from(self.options.max_receives.max(1)).unwrap_or(i32::MAX);
        let claimed = self.postgres.write_within(BRIEFLY, move |step| {
            Box::pin(async move {
                bury_the_exhausted(step, max_receives).await?;
                let deliveries = hand_out(step, lease, most).await?;
                let next = match deliveries.is_empty() {
                    true => {
                        let sql = "SELECT min(visible_at) - now_ms() FROM messages";
                        step.one(sql, &[]).await?.get::<_, Option<i64>>(0)
                    }
                    false => None,
                };
                Ok((deliveries, next.map(|it| Duration::from_millis(count(it).max(1)))))
            })
        });
        Ok(claimed.await?)
    }
}

#[async_trait]
impl TaskQueue for PostgresQueue {
    async fn receive(
        &self,
        most: usize,
        stop: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        let end = Instant::now() + self.options.poll;
        let bell = self.postgres.bell();
        while !stop.is_cancelled() {
            // From here on a ring is heard, so none can fall between the look and the wait.
            let mut rung = pin!(bell.rung());
            rung.as_mut().enable();
            // Not raced against `stop`: what is claimed is ours and must reach the caller.
            crate::fault::point("queue.receive:before").await?;
            let (deliveries, next) = self.claim(most.clamp(1, MOST)).await?;
            let looked = Instant::now();
            if !deliveries.is_empty() || looked >= end {
                crate::fault::point("queue.receive:after").await?;
                return Ok(deliveries);
            }
            let deaf = (!bell.hears()).then_some(LOOK_EVERY);
            let pause = [next, deaf].into_iter().flatten().min();
            let until = pause.map_or(end, |pause| end.min(looked + pause));
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = rung => {}
                () = sleep_until(until) => {}
            }
        }
        Ok(Vec::new())
    }

    async fn extend(&self, receipt: &Receipt) -> Result<(), QueueError> {
        let (id, handle) = (receipt.id.clone(), receipt.handle.clone());
        crate::fault::point("queue.extend:before").await?;
        let lease = millis(self.options.lease);
        let ours = self.postgres.write(move |step| {
            let (id, handle) = (id.clone(), handle.clone());
            Box::pin(async move {
                let sql = "UPDATE messages SET visible_at = now_ms() + $3
                           WHERE id = $1 AND handle = $2";
                step.execute(sql, &[&id, &handle, &lease]).await
            })
        });
        let ours = ours.await?;
        crate::fault::point("queue.extend:after").await?;
        if ours == 1 { Ok(()) } else { Err(QueueError::LeaseLost) }
    }

    async fn settle(&self, receipt: &Receipt, verdict: Settlement) -> Result<(), QueueError> {
        crate::fault::point("queue.settle:before").await?;
        let receipt = (receipt.id.clone(), receipt.handle.clone());
        let settled = self.postgres.write(move |step| {
            let ((id, handle), verdict) = (receipt.clone(), verdict.clone());
            Box::pin(async move {
                match verdict {
                    Settlement::Done => {
                        let sql = "DELETE FROM messages WHERE id = $1 AND handle = $2";
                        step.execute(sql, &[&id, &handle]).await
                    }
                    Settlement::Return(pause) => {
                        let sql = "UPDATE messages
                                   SET handle = NULL, visible_at = now_ms() + $3
                                   WHERE id = $1 AND handle = $2";
                        step.execute(sql, &[&id, &handle, &millis(pause.min(FARTHEST))]).await
                    }
                    Settlement::Bury { reason } => {
                        let sql = "WITH gone AS (DELETE FROM messages
                                                 WHERE id = $1 AND handle = $2
                                                 RETURNING id, body, sent_at)
                                   INSERT INTO dead_letters (id, body, sent_at, buried_at, reason)
                                   SELECT id, body, sent_at, now_ms(), $3 FROM gone";
                        step.execute(sql, &[&id, &handle, &beginning(&reason)]).await
                    }
                }
            })
        });
        settled.await?;
        crate::fault::point("queue.settle:after").await?;
        Ok(())
    }

    async fn submit(&self, body: &str) -> Result<String, QueueError> {
        if body.is_empty() || body.len() > LARGEST {
            let size = body.len();
            return Err(QueueError::Refused(format!(
                "a message of {size} bytes; it may have 1 to {LARGEST}"
            )));
        }
        if body.contains('\0') {
            return Err(QueueError::Refused("a message with the character 0 in it".to_owned()));
        }
        crate::fault::point("queue.submit:before").await?;
        let body = body.to_owned();
        let id = self.postgres.write(move |step| {
            let body = body.clone();
            Box::pin(async move {
                let sql = "INSERT INTO messages (id, body, sent_at, visible_at)
                           VALUES (gen_random_uuid()::text, $1, now_ms(), now_ms())
                           RETURNING id";
                Ok(step.one(sql, &[&body]).await?.get(0))
            })
        });
        let id = id.await?;
        crate::fault::point("queue.submit:after").await?;
        Ok(id)
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        let depth = self.postgres.read(|step| {
            Box::pin(async move {
                let row = step
                    .one(
                        "SELECT count(*) FILTER (WHERE visible_at <= now OR deliveries = 0),
                                count(*) FILTER (WHERE visible_at > now AND deliveries > 0),
                                max(now - sent_at)
                                    FILTER (WHERE visible_at <= now OR deliveries = 0),
                                (SELECT count(*) FROM dead_letters)
                         FROM messages CROSS JOIN (SELECT now_ms() AS now) AS clock",
                        &[],
                    )
                    .await?;
                Ok(Depth {
                    waiting: count(row.get(0)),
                    in_flight: count(row.get(1)),
                    oldest_seconds: row.get::<_, Option<i64>>(2).map(|it| count(it) / 1_000),
                    dead: Some(count(row.get(3))),
                })
            })
        });
        Ok(depth.await?)
    }

    async fn waiting(&self, most: usize) -> Result<Vec<Waiting>, QueueError> {
        let most = i64::try_from(most).unwrap_or(SHOWN).min(SHOWN);
        let waiting = self.postgres.read(move |step| {
            Box::pin(async move {
                let sql = "SELECT id, body, sent_at, visible_at FROM messages
                           WHERE visible_at <= now_ms() OR handle IS NULL
                           ORDER BY visible_at, seq LIMIT $1";
                let waiting = |row: &Row| Waiting {
                    id: row.get(0),
                    body: row.get(1),
                    since: Timestamp(row.get(2)),
                    from: Timestamp(row.get(3)),
                };
                Ok(step.query(sql, &[&most]).await?.iter().map(waiting).collect())
            })
        });
        Ok(waiting.await?)
    }

    async fn dead(&self) -> Result<Vec<DeadLetter>, QueueError> {
        let letters = self.postgres.read(|step| {
            Box::pin(async move {
                let sql = "SELECT id, body, reason FROM dead_letters ORDER BY seq LIMIT $1";
                let letter =
                    |row: &Row| DeadLetter { id: row.get(0), body: row.get(1), reason: row.get(2) };
                Ok(step.query(sql, &[&LISTED]).await?.iter().map(letter).collect())
            })
        });
        Ok(letters.await?)
    }

    async fn redrive(&self, ids: &[String]) -> Result<usize, QueueError> {
        let ids = (!ids.is_empty()).then(|| ids.to_vec());
        let sent_back = self.postgres.write(move |step| {
            let ids = ids.clone();
            Box::pin(async move {
                // A dead letter begins anew: it has never been handed out.
                let sql = "WITH back AS (DELETE FROM dead_letters
                                         WHERE $1::text[] IS NULL OR id = ANY($1)
                                         RETURNING seq, id, body, sent_at)
                           INSERT INTO messages (id, body, sent_at, visible_at)
                           SELECT id, body, sent_at, now_ms() FROM back ORDER BY seq";
                step.execute(sql, &[&ids]).await
            })
        });
        Ok(usize::try_from(sent_back.await?).unwrap_or(usize::MAX))
    }

    fn lease(&self) -> Duration {
        self.options.lease
    }
}

/// A message whose worker vanishes again and again is most likely what makes it vanish.
async fn bury_the_exhausted(step: &Step<'_>, most: i32) -> Result<(), Error> {
    let reason = format!(
        "its lease ran out {most} times: each worker that had it died or lost it; see the \
         worker's log, then `codingworker queue redrive`"
    );
    let sql = "WITH exhausted AS (
                   SELECT seq FROM messages
                   WHERE visible_at <= now_ms() AND handle IS NOT NULL AND strikes + 1 >= $1
                   ORDER BY visible_at, seq FOR UPDATE SKIP LOCKED
               ), gone AS (
                   DELETE FROM messages WHERE seq IN (SELECT seq FROM exhausted)
                   RETURNING id, body, sent_at
               )
               INSERT INTO dead_letters (id, body, sent_at, buried_at, reason)
               SELECT id, body, sent_at, now_ms(), $2 FROM gone";
    step.execute(sql, &[&most, &reason]).await?;
    Ok(())
}

/// The messages that were visible first, so that a returned one goes behind those that wait. What
/// another receiver is taking at this moment is passed over.
async fn hand_out(step: &Step<'_>, lease: i64, most: i64) -> Result<Vec<Delivery>, Error> {
    let sql = "WITH visible AS (
                   SELECT seq, visible_at FROM messages WHERE visible_at <= now_ms()
                   ORDER BY visible_at, seq LIMIT $2 FOR UPDATE SKIP LOCKED
               ), taken AS (
                   UPDATE messages
                   SET visible_at = now_ms() + $1, deliveries = deliveries + 1,
                       strikes = strikes + (handle IS NOT NULL)::int,
                       handle = gen_random_uuid()::text
                   FROM visible WHERE messages.seq = visible.seq
                   RETURNING visible.visible_at AS was, messages.seq, id, body, deliveries, handle
               )
               SELECT id, body, deliveries, handle FROM taken ORDER BY was, seq";
    let delivery = |row: &Row| {
        let (id, body): (String, String) = (row.get(0), row.get(1));
        let deliveries = u32::try_from(row.get::<_, i32>(2)).unwrap_or(u32::MAX);
        let receipt =
            Receipt { id: id.clone(), handle: row.get(3), body: body.clone(), asked_at: None };
        Delivery { id, body, deliveries, receipt }
    };
    Ok(step.query(sql, &[&lease, &most]).await?.iter().map(delivery).collect())
}

fn beginning(reason: &str) -> String {
    storable(&reason.chars().take(REASON).collect::<String>())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

impl From<PostgresError> for QueueError {
    fn from(error: PostgresError) -> Self {
        match error.fault() {
            Fault::Permanent => Self::Refused(error.to_string()),
            Fault::Transient | Fault::ModelAway | Fault::ModelBusy | Fault::Interrupted => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}
