//! Jobs and their events, durable before they are believed.
//!
//! A job's row is a reading of its events, kept in step with them in one transaction, so that
//! lists need not fold. What a job printed is a file (`store/joblog.rs`); where its parts begin
//! is a table here.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::database::{Database, DatabaseError};
use crate::domain::job::{JobId, JobState, Record};
use crate::domain::task::{Repository, Task};
use crate::domain::time::Timestamp;

mod job;
pub mod joblog;

pub use job::{Admission, Found, Job, JobFilter, LogSection, StoreError};

const COLUMNS: &str =
    "id, task, state, created_at, updated_at, receipt, pull_request, cancel_requested";
const UNFINISHED: &str = "state NOT IN ('done', 'failed', 'cancelled')";
/// How many jobs `find` names when a prefix fits more than one.
const NAMED: i64 = 20;

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
    /// that is not over works for the new delivery from here on.
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
        let id = id_of(&key);
        let (repository, issue) = (lower(&task.repository), signed(task.issue()));
        let (task, receipt) = (json(&id, task)?, receipt.to_owned());
        let (new, row) = self
            .database
            .write(move |it| {
                let new = it
                    .prepare_cached(
                        "INSERT INTO jobs (id, key, repository, issue, task, receipt, state,
                                           created_at, updated_at)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?7)
                         ON CONFLICT (key) DO NOTHING",
                    )?
                    .execute(params![id.0, key, repository, issue, task, receipt, now.0])?
                    == 1;
                if !new {
                    it.execute(
                        &format!("UPDATE jobs SET receipt = ?2 WHERE key = ?1 AND {UNFINISHED}"),
                        params![key, receipt],
                    )?;
                }
                Ok((new, one(it, "key = ?1", &key)?))
            })
            .await?;
        let job = row.ok_or(DatabaseError::Failed("an admitted job is gone".into()))?.job()?;
        Ok(if new { Admission::New(job) } else { Admission::Known(job) })
    }

    /// Writes an event down, and where the job stands after it; says the event's number, from 1.
    /// A pull request that is known stays known.
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
        let (job, at, record) = (id.0.clone(), record.at.0, json(id, record)?);
        let pull_request = pull_request.map(str::to_owned);
        let seq = self
            .database
            .write(move |it| {
                let known = it
                    .prepare_cached(
                        "UPDATE jobs SET state = ?2, updated_at = ?3,
                         pull_request = coalesce(?4, pull_request) WHERE id = ?1",
                    )?
                    .execute(params![job, state.name(), at, pull_request])?;
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

    /// The jobs that are not over, oldest first: what a restarted worker has to look after.
    ///
    /// # Errors
    /// When the database fails, or one of them cannot be read.
    pub async fn unfinished(&self) -> Result<Vec<Job>, StoreError> {
        let rows = self.rows(&format!("WHERE {UNFINISHED} ORDER BY seq"), ()).await?;
        rows.into_iter().map(JobRow::job).collect()
    }

    /// At most `most` jobs, newest first.
    ///
    /// # Errors
    /// When the database fails, or one of them cannot be read.
    pub async fn jobs(&self, filter: &JobFilter, most: usize) -> Result<Vec<Job>, StoreError> {
        let state = filter.state.map(JobState::name);
        let repository = filter.repository.as_ref().map(lower);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let clauses = "WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR repository = ?2)
                       ORDER BY created_at DESC, seq DESC LIMIT ?3";
        let rows = self.rows(clauses, (state, repository, most)).await?;
        rows.into_iter().map(JobRow::job).collect()
    }

    /// The job whose id begins with `prefix`, in whatever case it is typed.
    ///
    /// # Errors
    /// When the database fails, or the job cannot be read.
    pub async fn find(&self, prefix: &str) -> Result<Found, StoreError> {
        let prefix = prefix.to_ascii_lowercase();
        if prefix.is_empty() || !prefix.bytes().all(|it| it.is_ascii_hexdigit()) {
            return Ok(Found::None);
        }
        // `g` comes after every hexadecimal digit.
        let clauses = "WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY id LIMIT ?2";
        let mut rows = self.rows(clauses, (prefix, NAMED)).await?;
        match rows.pop() {
            None => Ok(Found::None),
            Some(row) if rows.is_empty() => Ok(Found::One(Box::new(row.job()?))),
            Some(last) => {
                rows.push(last);
                Ok(Found::Many(rows.into_iter().map(|row| JobId(row.id)).collect()))
            }
        }
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

    /// How many jobs an issue has had since a moment, that moment included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn runs_since(
        &self,
        repository: &Repository,
        issue: u64,
        since: Timestamp,
    ) -> Result<u64, StoreError> {
        let (repository, issue) = (lower(repository), signed(issue));
        let runs = self
            .database
            .read(move |it| {
                it.prepare_cached(
                    "SELECT count(*) FROM jobs
                     WHERE repository = ?1 AND issue = ?2 AND created_at >= ?3",
                )?
                .query_row(params![repository, issue, since.0], |row| row.get(0))
            })
            .await?;
        Ok(unsigned(runs))
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

    async fn rows<P>(&self, clauses: &str, params: P) -> Result<Vec<JobRow>, DatabaseError>
    where
        P: rusqlite::Params + Send + 'static,
    {
        let sql = format!("SELECT {COLUMNS} FROM jobs {clauses}");
        self.database
            .read(move |it| it.prepare_cached(&sql)?.query_map(params, JobRow::from)?.collect())
            .await
    }
}

/// A job as it is stored, before its JSON is looked at.
struct JobRow {
    id: String,
    task: String,
    state: String,
    created_at: i64,
    updated_at: i64,
    receipt: Option<String>,
    pull_request: Option<String>,
    cancel_requested: bool,
}

impl JobRow {
    fn from(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            task: row.get(1)?,
            state: row.get(2)?,
            created_at: row.get(3)?,
            updated_at: row.get(4)?,
            receipt: row.get(5)?,
            pull_request: row.get(6)?,
            cancel_requested: row.get(7)?,
        })
    }

    fn job(self) -> Result<Job, StoreError> {
        let unreadable = |detail| StoreError::Unreadable { job: self.id.clone(), detail };
        Ok(Job {
            task: from_json(&self.id, &self.task)?,
            state: self.state.parse().map_err(unreadable)?,
            id: JobId(self.id),
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
            receipt: self.receipt,
            pull_request: self.pull_request,
            cancel_requested: self.cancel_requested,
        })
    }
}

fn one(connection: &Connection, which: &str, value: &str) -> rusqlite::Result<Option<JobRow>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE {which}"))?
        .query_row([value], JobRow::from)
        .optional()
}

/// Two workers give the same task the same name.
fn id_of(key: &str) -> JobId {
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
