//! Finding jobs, and counting them.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::params;

use crate::database::DatabaseError;
use crate::domain::job::{JobId, JobState};
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;
use crate::engine::line::Took;
use crate::store::encoding::{lower, signed, unsigned};
use crate::store::{Found, Job, JobFilter, Lookup, StoreError};

use super::row::job_row;
use super::{SqliteStore, UNFINISHED};
use crate::store::row::{COLUMNS, JobRow};

/// How many jobs `find` names when a prefix fits more than one.
const NAMED: i64 = 20;

#[async_trait]
impl Lookup for SqliteStore {
    async fn unfinished(&self) -> Result<Vec<Job>, StoreError> {
        let rows = self.rows(&format!("WHERE {UNFINISHED} ORDER BY seq"), ()).await?;
        rows.into_iter().map(JobRow::job).collect()
    }

    async fn jobs(&self, filter: &JobFilter, most: usize) -> Result<Vec<Job>, StoreError> {
        let state = filter.state.map(JobState::name);
        let repository = filter.repository.as_ref().map(lower);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let clauses = "WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR repository = ?2)
                       ORDER BY created_at DESC, seq DESC LIMIT ?3";
        let rows = self.rows(clauses, (state, repository, most)).await?;
        rows.into_iter().map(JobRow::job).collect()
    }

    async fn find(&self, prefix: &str) -> Result<Found, StoreError> {
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

    async fn count_by_state(&self) -> Result<Vec<(JobState, u64)>, StoreError> {
        let found = self.database.read(|it| {
            it.prepare_cached("SELECT state, count(*) FROM jobs GROUP BY state")?
                .query_map([], |row| Ok((row.get::<_, String>(0)?, unsigned(row.get(1)?))))?
                .collect::<Result<Vec<_>, _>>()
        });
        let found = found.await?;
        let count = |state: JobState| found.iter().find(|it| it.0 == state.name());
        Ok(JobState::ALL.map(|it| (it, count(it).map_or(0, |found| found.1))).to_vec())
    }

    async fn jobs_of(
        &self,
        repository: &Repository,
        thread: u64,
        most: usize,
    ) -> Result<Vec<Job>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let clauses = "WHERE repository = ?1 AND issue = ?2
                       ORDER BY created_at DESC, seq DESC LIMIT ?3";
        let rows = self.rows(clauses, (lower(repository), signed(thread), most)).await?;
        rows.into_iter().map(JobRow::job).collect()
    }

    async fn runs_since(
        &self,
        repository: &Repository,
        thread: u64,
        since: Timestamp,
    ) -> Result<u64, StoreError> {
        self.counted_since("begun_at >= ?3", repository, thread, since).await
    }

    async fn refusals_since(
        &self,
        repository: &Repository,
        thread: u64,
        since: Timestamp,
    ) -> Result<u64, StoreError> {
        let refused = "refused_at >= ?3 AND state <> 'done'";
        self.counted_since(refused, repository, thread, since).await
    }

    async fn answers_since(
        &self,
        repository: &Repository,
        thread: u64,
        since: Timestamp,
    ) -> Result<u64, StoreError> {
        let answered = "refused_at >= ?3 AND state = 'done'";
        self.counted_since(answered, repository, thread, since).await
    }

    async fn durations(
        &self,
        repository: Option<&Repository>,
        most: usize,
    ) -> Result<Vec<(JobId, Took)>, StoreError> {
        let (repository, most) = (repository.map(lower), i64::try_from(most).unwrap_or(i64::MAX));
        let took = self.database.read(move |it| {
            it.prepare_cached(
                "SELECT id, repository, model, ms FROM (
                     SELECT id, repository, updated_at - begun_at AS ms,
                         (SELECT record ->> '$.event.of.model' FROM events
                          WHERE job = jobs.id AND record ->> '$.event.event' = 'attempted'
                          ORDER BY events.seq LIMIT 1) AS model
                     FROM jobs
                     WHERE state IN ('done', 'failed') AND begun_at IS NOT NULL
                         AND (?1 IS NULL OR repository = ?1)
                     ORDER BY created_at DESC, seq DESC LIMIT ?2)
                 WHERE model <> ''",
            )?
            .query_map(params![repository, most], |row| {
                let time = Duration::from_millis(unsigned(row.get(3)?));
                let took = Took { repository: row.get(1)?, model: row.get(2)?, time };
                Ok((JobId(row.get(0)?), took))
            })?
            .collect()
        });
        Ok(took.await?)
    }
}

impl SqliteStore {
    async fn counted_since(
        &self,
        which: &'static str,
        repository: &Repository,
        thread: u64,
        since: Timestamp,
    ) -> Result<u64, StoreError> {
        let (repository, thread) = (lower(repository), signed(thread));
        let sql =
            format!("SELECT count(*) FROM jobs WHERE repository = ?1 AND issue = ?2 AND {which}");
        let count = self.database.read(move |it| {
            it.prepare_cached(&sql)?
                .query_row(params![repository, thread, since.0], |row| row.get(0))
        });
        Ok(unsigned(count.await?))
    }

    pub(super) async fn rows<P>(
        &self,
        clauses: &str,
        params: P,
    ) -> Result<Vec<JobRow>, DatabaseError>
    where
        P: rusqlite::Params + Send + 'static,
    {
        let sql = format!("SELECT {COLUMNS} FROM jobs {clauses}");
        self.database
            .read(move |it| it.prepare_cached(&sql)?.query_map(params, job_row)?.collect())
            .await
    }
}
