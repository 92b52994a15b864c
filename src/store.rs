//! Jobs and their events, durable before they are believed.
//!
//! A job's row is a reading of its events, kept in step with them in one transaction, so that
//! lists need not fold. Looking jobs up is `store/lookup.rs`; which job answers for which task is
//! `store/claims.rs`; what is remembered from job to job is `store/memory.rs`. What a job printed is a file (`store/joblog.rs`); where its parts begin
//! is a table here.

use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::database::{Database, DatabaseError};
use crate::domain::job::{Event, JobId, JobState, Outcome, Record};
use crate::domain::task::{Repository, Task};
use crate::domain::time::Timestamp;

mod claims;
mod job;
pub mod joblog;
mod lookup;
mod memory;
mod polls;
mod row;

pub use job::{Admission, Found, Job, JobFilter, LogSection, StoreError};
pub use polls::Watched;
use row::one;

const UNFINISHED: &str = "state NOT IN ('done', 'failed', 'cancelled')";

/// The jobs of this machine. Clones are the same store.
#[derive(Clone)]
pub struct Store {
    database: Database,
}

impl Store {
    /// The store in this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Makes a task's job, or finds it: the same task delivered twice is one job. A known job
    /// that is not over works for the new delivery from here on. A task that another job has
    /// claimed before it had a job of its own never gets one; the other job stays as it is.
    ///
    /// # Errors
    /// When the database fails; nothing was admitted then.
    pub async fn admit(
        &self,
        task: &Task,
        receipt: &str,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        let key = task.key();
        let id = job_id(&key);
        let (repository, thread) = (lower(&task.repository), signed(task.thread()));
        let (task, receipt) = (json(&id, task)?, receipt.to_owned());
        let admitted = self
            .database
            .write(move |it| {
                let new = it
                    .prepare_cached(
                        "INSERT INTO jobs (id, key, repository, issue, task, receipt, state,
                                           created_at, updated_at)
                         SELECT ?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?7
                         WHERE NOT EXISTS (SELECT 1 FROM claims WHERE key = ?2 AND job <> ?1)
                         ON CONFLICT (key) DO NOTHING",
                    )?
                    .execute(params![id.0, key, repository, thread, task, receipt, now.0])?
                    == 1;
                if !new {
                    it.execute(
                        &format!("UPDATE jobs SET receipt = ?2 WHERE key = ?1 AND {UNFINISHED}"),
                        params![key, receipt],
                    )?;
                }
                let own = one(it, "key = ?1", &key)?.map(|row| (Standing::Own { new }, row));
                match own {
                    Some(own) => Ok(Some(own)),
                    None => Ok(one(it, "id = (SELECT job FROM claims WHERE key = ?1)", &key)?
                        .map(|row| (Standing::Claimed, row))),
                }
            })
            .await?;
        let (standing, row) =
            admitted.ok_or(DatabaseError::Failed("an admitted job is gone".into()))?;
        let job = row.job()?;
        Ok(match standing {
            Standing::Own { new: true } => Admission::New(job),
            Standing::Own { new: false } => Admission::Known(job),
            Standing::Claimed => Admission::Claimed(job),
        })
    }

    /// Writes an event down, and where the job stands after it; says the event's number, from 1.
    /// A pull request that is known stays known. What the caps of a day count is noted with it:
    /// that the job was allowed to begin, or that it was refused or answered without work.
    ///
    /// # Errors
    /// When there is no such job, or the database fails; nothing was written then.
    pub async fn append(
        &self,
        id: &JobId,
        record: &Record,
        state: JobState,
        pull_request: Option<&str>,
    ) -> Result<u64, StoreError> {
        let begun = matches!(record.event, Event::Inspected(_)).then_some(record.at.0);
        let refused =
            matches!(record.event, Event::Ended(Outcome::Refused(_) | Outcome::Answered(_)));
        let refused = refused.then_some(record.at.0);
        let (job, at, record) = (id.0.clone(), record.at.0, json(id, record)?);
        let pull_request = pull_request.map(str::to_owned);
        let seq = self
            .database
            .write(move |it| {
                let known = it
                    .prepare_cached(
                        "UPDATE jobs SET state = ?2, updated_at = ?3,
                         pull_request = coalesce(?4, pull_request),
                         begun_at = coalesce(begun_at, ?5),
                         refused_at = coalesce(refused_at, ?6) WHERE id = ?1",
                    )?
                    .execute(params![job, state.name(), at, pull_request, begun, refused])?;
                if known == 0 {
                    return Ok(None);
                }
                it.prepare_cached(
                    "INSERT INTO events (job, seq, record)
                     SELECT ?1, coalesce(max(seq), 0) + 1, ?2 FROM events WHERE job = ?1
                     RETURNING seq",
                )?
                .query_row(params![job, record], |row| row.get::<_, i64>(0))
                .map(Some)
            })
            .await?;
        seq.map(unsigned).ok_or_else(|| StoreError::NoSuchJob(id.clone()))
    }

    /// A job's events, oldest first.
    ///
    /// # Errors
    /// When the database fails, or one of them cannot be read.
    pub async fn records(&self, id: &JobId) -> Result<Vec<Record>, StoreError> {
        let job = id.0.clone();
        let stored: Vec<String> = self
            .database
            .read(move |it| {
                it.prepare_cached("SELECT record FROM events WHERE job = ?1 ORDER BY seq")?
                    .query_map([job], |row| row.get(0))?
                    .collect()
            })
            .await?;
        stored.iter().map(|text| from_json(&id.0, text)).collect()
    }

    /// Notes which delivery the job works for; `None` when it was settled.
    ///
    /// # Errors
    /// When there is no such job, or the database fails.
    pub async fn hold(&self, id: &JobId, receipt: Option<&str>) -> Result<(), StoreError> {
        let (job, receipt) = (id.0.clone(), receipt.map(str::to_owned));
        let known = self
            .database
            .write(move |it| {
                it.prepare_cached("UPDATE jobs SET receipt = ?2 WHERE id = ?1")?
                    .execute(params![job, receipt])
            })
            .await?;
        if known == 0 { Err(StoreError::NoSuchJob(id.clone())) } else { Ok(()) }
    }

    /// Asks for a job's end, and says whether it was not over already.
    ///
    /// # Errors
    /// When there is no such job, or the database fails.
    pub async fn request_cancel(&self, id: &JobId, now: Timestamp) -> Result<bool, StoreError> {
        let job = id.0.clone();
        let asked = self
            .database
            .write(move |it| {
                let asked = it.execute(
                    &format!(
                        "UPDATE jobs SET cancel_requested = 1, updated_at = ?2
                         WHERE id = ?1 AND {UNFINISHED}"
                    ),
                    params![job, now.0],
                )? == 1;
                Ok(one(it, "id = ?1", &job)?.map(|_| asked))
            })
            .await?;
        asked.ok_or_else(|| StoreError::NoSuchJob(id.clone()))
    }

    /// Whether somebody asked for the job's end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cancel_requested(&self, id: &JobId) -> Result<bool, StoreError> {
        let job = id.0.clone();
        let asked = self
            .database
            .read(move |it| {
                it.prepare_cached("SELECT cancel_requested FROM jobs WHERE id = ?1")?
                    .query_row([job], |row| row.get(0))
                    .optional()
            })
            .await?;
        Ok(asked.unwrap_or(false))
    }

    /// Notes that a part of the job's log begins at `offset`.
    ///
    /// # Errors
    /// When there is no such job, or the database fails.
    pub async fn log_section(
        &self,
        id: &JobId,
        at: Timestamp,
        title: &str,
        offset: u64,
    ) -> Result<(), StoreError> {
        let (job, title, offset) = (id.0.clone(), title.to_owned(), signed(offset));
        let noted = self
            .database
            .write(move |it| {
                it.prepare_cached(
                    "INSERT INTO log_sections (job, at, title, offset)
                     SELECT id, ?2, ?3, ?4 FROM jobs WHERE id = ?1",
                )?
                .execute(params![job, at.0, title, offset])
            })
            .await?;
        if noted == 0 { Err(StoreError::NoSuchJob(id.clone())) } else { Ok(()) }
    }

    /// The parts of a job's log, in the order they were noted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_sections(&self, id: &JobId) -> Result<Vec<LogSection>, StoreError> {
        let job = id.0.clone();
        let sections = self.database.read(move |it| {
            it.prepare_cached(
                "SELECT at, title, offset FROM log_sections WHERE job = ?1 ORDER BY seq",
            )?
            .query_map([job], |row| {
                Ok(LogSection {
                    at: Timestamp(row.get(0)?),
                    title: row.get(1)?,
                    offset: unsigned(row.get(2)?),
                })
            })?
            .collect()
        });
        Ok(sections.await?)
    }
}

/// Whose job an admitted task has got.
enum Standing {
    Own { new: bool },
    Claimed,
}

/// The name of the job that a task with this key has, or would have: two workers give the same
/// task the same name.
pub fn job_id(key: &str) -> JobId {
    let digest = Sha256::digest(key.as_bytes());
    JobId(digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect())
}

fn json(job: &JobId, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Unreadable { job: job.0.clone(), detail: error.to_string() })
}

fn from_json<T: serde::de::DeserializeOwned>(job: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Unreadable { job: job.to_owned(), detail: error.to_string() })
}

fn lower(repository: &Repository) -> String {
    repository.to_string().to_lowercase()
}

/// SQLite's integers are signed; no number of ours comes near the border.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests;
