//! The lives of jobs.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use crate::database::DatabaseError;
use crate::domain::job::{Event, JobId, JobState, Outcome, Record};
use crate::domain::task::Task;
use crate::domain::time::Timestamp;
use crate::store::encoding::{from_json, json, lower, signed, unsigned};
use crate::store::{Admission, Claimant, Fence, Jobs, LogSection, StoreError, job_id};

use super::fates;
use super::leases::{Taking, take};
use super::row::one;
use super::{SqliteStore, UNFINISHED};
use crate::store::row::JobRow;

#[async_trait]
impl Jobs for SqliteStore {
    async fn admit(
        &self,
        task: &Task,
        receipt: &str,
        me: &Claimant,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        let key = task.key();
        let id = job_id(&key);
        let (repository, thread) = (lower(&task.repository), signed(task.thread()));
        let (task, receipt) = (json(&id, task)?, receipt.to_owned());
        let me = me.clone();
        let admitted = self.database.write(move |it| {
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
            if let Some(taking) = take(it, &id.0, &me, now)? {
                return Ok(Some(Standing::Taken { new, taking }));
            }
            if let Some(own) = one(it, "key = ?1", &key)? {
                return Ok(Some(Standing::NotTaken(own)));
            }
            let claimed = one(it, "id = (SELECT job FROM claims WHERE key = ?1)", &key)?;
            Ok(claimed.map(Standing::Claimed))
        });
        let standing =
            admitted.await?.ok_or(DatabaseError::Failed("an admitted job is gone".into()))?;
        Ok(match standing {
            Standing::Taken { new: true, taking } => Admission::New(taking.taken()?),
            Standing::Taken { new: false, taking } => Admission::Known(taking.taken()?),
            Standing::NotTaken(row) => match row.job()? {
                job if job.state.is_final() => Admission::Over(job),
                job => Admission::Held(job),
            },
            Standing::Claimed(row) => Admission::Claimed(row.job()?),
        })
    }

    async fn append(
        &self,
        fence: &Fence,
        record: &Record,
        state: JobState,
        pull_request: Option<&str>,
    ) -> Result<u64, StoreError> {
        let begun = matches!(record.event, Event::Inspected(_)).then_some(record.at.0);
        let refused =
            matches!(record.event, Event::Ended(Outcome::Refused(_) | Outcome::Answered(_)));
        let refused = refused.then_some(record.at.0);
        let told = matches!(record.event, Event::Orphaned);
        let followed = fates::to_follow(&record.event);
        let id = fence.job.clone();
        let (at, record) = (record.at.0, json(&id, record)?);
        let pull_request = pull_request.map(str::to_owned);
        let append = move |it: &Connection| {
            it.prepare_cached(
                "UPDATE jobs SET state = ?2, updated_at = ?3,
                 pull_request = coalesce(?4, pull_request),
                 begun_at = coalesce(begun_at, ?5),
                 refused_at = coalesce(refused_at, ?6),
                 orphaned = orphaned AND NOT ?7 WHERE id = ?1",
            )?
            .execute(params![
                id.0,
                state.name(),
                at,
                pull_request,
                begun,
                refused,
                told
            ])?;
            if let Some(number) = followed {
                fates::follow(it, &id.0, number, at)?;
            }
            if state.is_final() {
                it.prepare_cached(
                    "UPDATE jobs SET owner = NULL, lease_until = 0, at_work = 0 WHERE id = ?1",
                )?
                .execute([&id.0])?;
            }
            it.prepare_cached(
                "INSERT INTO events (job, seq, record)
                 SELECT ?1, coalesce(max(seq), 0) + 1, ?2 FROM events WHERE job = ?1
                 RETURNING seq",
            )?
            .query_row(params![id.0, record], |row| row.get::<_, i64>(0))
        };
        Ok(unsigned(self.fenced(fence, append).await?))
    }

    async fn records(&self, id: &JobId) -> Result<Vec<Record>, StoreError> {
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

    async fn request_cancel(&self, id: &JobId, now: Timestamp) -> Result<bool, StoreError> {
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

    async fn cancel_requested(&self, id: &JobId) -> Result<bool, StoreError> {
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

    async fn cancels(&self, of: &[JobId]) -> Result<Vec<JobId>, StoreError> {
        let ids: Vec<&str> = of.iter().map(|it| it.0.as_str()).collect();
        let ids = serde_json::Value::from(ids).to_string();
        let asked = self.database.read(move |it| {
            it.prepare_cached(
                "SELECT id FROM jobs
                 WHERE id IN (SELECT value FROM json_each(?1)) AND cancel_requested",
            )?
            .query_map([ids], |row| row.get(0).map(JobId))?
            .collect()
        });
        Ok(asked.await?)
    }

    async fn log_section(
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

    async fn log_sections(&self, id: &JobId) -> Result<Vec<LogSection>, StoreError> {
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

/// What has become of an admitted task.
enum Standing {
    Taken { new: bool, taking: Taking },
    NotTaken(JobRow),
    Claimed(JobRow),
}
