//! Notices that wait to be sent, durable: what was written here arrives, also after a crash.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use crate::database::{Database, DatabaseError};
use crate::domain::job::JobId;
use crate::domain::time::Timestamp;
use crate::engine::notice::Notice;

mod account;
mod moving;

pub use account::Account;

/// The most notices that wait for one channel; the oldest go first.
const MOST_WAITING: i64 = 1_000;
/// How much of the past the hour's limit looks at, in milliseconds.
const HOUR_MS: i64 = 60 * 60 * 1_000;
/// How many happenings are looked at in one go.
const MOST_UNTOLD: i64 = 100;

/// The outbox of a database. Clones are the same.
#[derive(Clone)]
pub struct Outbox {
    database: Database,
}

/// Something that happened and that no notice was made of yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// Its number.
    pub seq: i64,
    /// What it is.
    pub what: UntoldKind,
}

/// What can be untold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UntoldKind {
    /// A job is over.
    Job(JobId),
    /// A message is with the dead letters of the embedded queue.
    Letter {
        /// Its name.
        message: String,
        /// Why.
        reason: String,
    },
}

/// A notice that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub(super) seq: i64,
    /// Its name for whoever gets it.
    pub delivery: String,
    /// `None`: this version cannot read it.
    pub notice: Option<Notice>,
    /// When it was written.
    pub created_at: Timestamp,
    /// Not to be tried before.
    pub next_try: Timestamp,
    /// How often it was tried.
    pub tries: u32,
}

/// What a channel may be sent within the hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Allowance {
    /// So much.
    Left,
    /// Nothing before then.
    NotBefore(Timestamp),
}

impl Outbox {
    /// The outbox in this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// What happened and was not told, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn untold(&self) -> Result<Vec<Untold>, DatabaseError> {
        let sql = "SELECT seq, job, message, reason FROM untold ORDER BY seq LIMIT ?1";
        let read = self.database.read(move |it| {
            let row = |row: &Row<'_>| {
                let what = match row.get::<_, Option<String>>(1)? {
                    Some(job) => UntoldKind::Job(JobId(job)),
                    None => UntoldKind::Letter {
                        message: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                        reason: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
                    },
                };
                Ok(Untold { seq: row.get(0)?, what })
            };
            it.prepare_cached(sql)?.query_map([MOST_UNTOLD], row)?.collect()
        });
        read.await
    }

    /// Writes a notice for these channels, and in the same transaction crosses off what it tells
    /// of. Says the names of those whose oldest notices had to go to make room.
    ///
    /// # Errors
    /// When the database fails; nothing was written then.
    pub async fn post(
        &self,
        channels: Vec<String>,
        notice: Option<&Notice>,
        told: Option<i64>,
        now: Timestamp,
    ) -> Result<Vec<String>, DatabaseError> {
        let text = notice.map(json);
        crate::fault::point("outbox.post:before").await?;
        self.database
            .write(move |it| {
                let mut crowded = Vec::new();
                let origin: Option<String> = it
                    .prepare_cached("SELECT origin FROM untold WHERE seq = ?1")?
                    .query_row([told], |row| row.get(0))
                    .optional()?
                    .flatten();
                for channel in
                    text.iter().flat_map(|text| channels.iter().map(move |it| (text, it)))
                {
                    let (text, channel) = channel;
                    insert(it, channel, text, origin.as_deref(), now)?;
                    if make_room(it, channel)? {
                        crowded.push(channel.clone());
                    }
                }
                if let Some(seq) = told {
                    it.execute("DELETE FROM untold WHERE seq = ?1", [seq])?;
                }
                Ok(crowded)
            })
            .await
    }

    /// The channels that something waits for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn channels(&self) -> Result<Vec<String>, DatabaseError> {
        let sql = "SELECT DISTINCT channel FROM outbox";
        self.database
            .read(move |it| it.prepare(sql)?.query_map([], |row| row.get(0))?.collect())
            .await
    }

    /// The oldest notice that waits for a channel.
    pub(super) async fn next(&self, channel: &str) -> Result<Option<Waiting>, DatabaseError> {
        let channel = channel.to_owned();
        self.database
            .read(move |it| {
                it.prepare_cached(&format!("{SELECT} WHERE channel = ?1 ORDER BY seq LIMIT 1"))?
                    .query_row([channel], waiting)
                    .optional()
            })
            .await
    }

    /// Whether a channel may be sent something now, `most` in an hour.
    pub(super) async fn allowance(
        &self,
        channel: &str,
        most: u32,
        now: Timestamp,
    ) -> Result<Allowance, DatabaseError> {
        let (channel, most) = (channel.to_owned(), i64::from(most.max(1)));
        self.database
            .read(move |it| {
                // The moment from which on fewer than `most` were sent.
                let full: Option<i64> = it
                    .prepare_cached(
                        "SELECT at FROM outbox_sent WHERE channel = ?1 AND at > ?2 AND at <= ?3
                         ORDER BY at DESC LIMIT 1 OFFSET ?4",
                    )?
                    .query_row(params![channel, now.0 - HOUR_MS, now.0, most - 1], |row| row.get(0))
                    .optional()?;
                Ok(full.map_or(Allowance::Left, |at| Allowance::NotBefore(Timestamp(at + HOUR_MS))))
            })
            .await
    }

    /// Notes that what waits for a channel now is over the hour's limit.
    pub(super) async fn hold(&self, channel: &str) -> Result<(), DatabaseError> {
        let channel = channel.to_owned();
        let sql = "UPDATE outbox SET held = 1 WHERE channel = ?1 AND held = 0";
        self.database.write(move |it| it.prepare_cached(sql)?.execute([channel])).await?;
        Ok(())
    }

    /// What was over the limit, if that is more than one notice.
    pub(super) async fn held(&self, channel: &str) -> Result<Vec<Waiting>, DatabaseError> {
        let channel = channel.to_owned();
        let sql = format!("{SELECT} WHERE channel = ?1 AND held = 1 ORDER BY seq");
        let held: Vec<Waiting> = self
            .database
            .read(move |it| it.prepare_cached(&sql)?.query_map([channel], waiting)?.collect())
            .await?;
        Ok(if held.len() > 1 { held } else { Vec::new() })
    }

    /// Puts one notice in the place of those.
    pub(super) async fn collect(
        &self,
        channel: &str,
        held: &[Waiting],
        summary: &Notice,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let (channel, summary) = (channel.to_owned(), json(summary));
        let (first, last) = (held.first().map(|it| it.seq), held.last().map(|it| it.seq));
        self.database
            .write(move |it| {
                it.execute(
                    "DELETE FROM outbox
                     WHERE channel = ?1 AND held = 1 AND seq BETWEEN ?2 AND ?3",
                    params![channel, first, last],
                )?;
                insert(it, &channel, &summary, None, now)?;
                // It stands for what came before all that still waits.
                it.execute(
                    "UPDATE outbox SET seq = ?1 WHERE seq = last_insert_rowid() AND ?1 IS NOT NULL",
                    params![first],
                )?;
                Ok(())
            })
            .await
    }

    /// It has arrived.
    pub(super) async fn arrived(
        &self,
        channel: &str,
        seq: i64,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let channel = channel.to_owned();
        self.database
            .write(move |it| {
                it.prepare_cached("DELETE FROM outbox WHERE seq = ?1")?.execute([seq])?;
                it.prepare_cached("DELETE FROM outbox_sent WHERE channel = ?1 AND at <= ?2")?
                    .execute(params![channel, now.0 - HOUR_MS])?;
                it.prepare_cached("INSERT INTO outbox_sent (channel, at) VALUES (?1, ?2)")?
                    .execute(params![channel, now.0])?;
                it.prepare_cached(
                    "INSERT INTO outbox_account (channel, sent, sent_at) VALUES (?1, 1, ?2)
                     ON CONFLICT (channel) DO UPDATE SET sent = sent + 1, sent_at = ?2",
                )?
                .execute(params![channel, now.0])?;
                Ok(())
            })
            .await
    }

    /// It has not, and is tried again.
    pub(super) async fn put_off(
        &self,
        channel: &str,
        seq: i64,
        error: &str,
        now: Timestamp,
        next_try: Timestamp,
    ) -> Result<(), DatabaseError> {
        let (channel, error) = (channel.to_owned(), error.to_owned());
        self.database
            .write(move |it| {
                it.prepare_cached(
                    "UPDATE outbox SET tries = tries + 1, next_try = ?2 WHERE seq = ?1",
                )?
                .execute(params![seq, next_try.0])?;
                note(it, &channel, 0, &error, now)
            })
            .await
    }

    /// It will not, and is given up.
    pub(super) async fn give_up(
        &self,
        channel: &str,
        seq: i64,
        error: &str,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let (channel, error) = (channel.to_owned(), error.to_owned());
        self.database
            .write(move |it| {
                it.prepare_cached("DELETE FROM outbox WHERE seq = ?1")?.execute([seq])?;
                note(it, &channel, 1, &error, now)
            })
            .await
    }

    /// Throws away what waits for a channel that there is no more, and says how much that was.
    pub(super) async fn forget(&self, channel: &str) -> Result<usize, DatabaseError> {
        let channel = channel.to_owned();
        self.database
            .write(move |it| it.execute("DELETE FROM outbox WHERE channel = ?1", [channel]))
            .await
    }
}

const SELECT: &str = "SELECT seq, delivery, notice, created_at, next_try, tries FROM outbox";

fn waiting(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    let notice: String = row.get(2)?;
    Ok(Waiting {
        seq: row.get(0)?,
        delivery: row.get(1)?,
        notice: serde_json::from_str(&notice).ok(),
        created_at: Timestamp(row.get(3)?),
        next_try: Timestamp(row.get(4)?),
        tries: row.get(5)?,
    })
}

/// Its name is made from what it says, to whom and where in the outbox: no other has it, here or
/// in another worker's outbox. What was noted in a shared store first is named after that: the same
/// in each outbox.
fn insert(
    it: &Connection,
    channel: &str,
    notice: &str,
    origin: Option<&str>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    it.prepare_cached(
        "INSERT INTO outbox (channel, delivery, notice, created_at, next_try)
         VALUES (?1, '', ?2, ?3, ?3)",
    )?
    .execute(params![channel, notice, now.0])?;
    let seq = it.last_insert_rowid();
    let name = match origin {
        Some(origin) => format!("{channel}\0{origin}"),
        None => format!("{channel}\0{seq}\0{notice}"),
    };
    let digest = Sha256::digest(name.as_bytes());
    let delivery: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    it.prepare_cached("UPDATE outbox SET delivery = ?2 WHERE seq = ?1")?
        .execute(params![seq, delivery])?;
    Ok(())
}

fn make_room(it: &Connection, channel: &str) -> rusqlite::Result<bool> {
    let gone = it
        .prepare_cached(
            "DELETE FROM outbox WHERE channel = ?1 AND seq <=
             (SELECT seq FROM outbox WHERE channel = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute(params![channel, MOST_WAITING])?;
    if gone > 0 {
        it.execute(
            "INSERT INTO outbox_account (channel, dropped) VALUES (?1, ?2)
             ON CONFLICT (channel) DO UPDATE SET dropped = dropped + ?2",
            params![channel, i64::try_from(gone).unwrap_or(i64::MAX)],
        )?;
    }
    Ok(gone > 0)
}

fn note(
    it: &Connection,
    channel: &str,
    dropped: i64,
    error: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    it.prepare_cached(
        "INSERT INTO outbox_account (channel, dropped, error, error_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (channel) DO UPDATE
         SET dropped = dropped + ?2, error = ?3, error_at = ?4",
    )?
    .execute(params![channel, dropped, error, now.0])?;
    Ok(())
}

fn json(notice: &Notice) -> String {
    serde_json::to_string(notice).unwrap_or_default()
}
