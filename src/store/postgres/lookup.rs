//! Finding jobs, and counting them.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::job::{JobId, JobState};
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;
use crate::engine::line::Took;
use crate::postgres::Row;
use crate::store::encoding::{lower, signed, unsigned};
use crate::store::{Found, Job, JobFilter, Lookup, StoreError};

use super::{PostgresStore, UNFINISHED};
use crate::store::row::JobRow;

/// How many jobs `find` names when a prefix fits more than one.
const NAMED: i64 = 20;

#[async_trait]
impl Lookup for PostgresStore {
    async fn unfinished(&self) -> Result<Vec<Job>, StoreError> {
        let rows = self.rows(&format!("WHERE {UNFINISHED} ORDER BY seq"), vec![]).await?;
        rows.into_iter().map(JobRow::job).collect()
    }

    async fn jobs(&self, filter: &JobFilter, most: usize) -> Result<Vec<Job>, StoreError> {
        let state = filter.state.map(JobState::name);
        let repository = filter.repository.as_ref().map(lower);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let clauses = "WHERE ($1::text IS NULL OR state = $1)
                         AND ($2::text IS NULL OR repository = $2)
                       ORDER BY created_at DESC, seq DESC LIMIT $3";
        let params = vec![Box::new(state) as _, Box::new(repository) as _, Box::new(most) as _];
        self.rows(clauses, params).await?.into_iter().map(JobRow::job).collect()
    }

    async fn find(&self, prefix: &str) -> Result<Found, StoreError> {
        let prefix = prefix.to_ascii_lowercase();
        if prefix.is_empty() || !prefix.bytes().all(|it| it.is_ascii_hexdigit()) {
            return Ok(Found::None);
        }
        let clauses = "WHERE starts_with(id, $1) ORDER BY id COLLATE \"C\" LIMIT $2";
        let mut rows = self.rows(clauses, vec![Box::new(prefix), Box::new(NAMED)]).await?;
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
        let found = self.query("SELECT state, count(*) FROM jobs GROUP BY state", vec![]).await?;
        let count = |state: JobState| found.iter().find(|it| it.get::<_, &str>(0) == state.name());
        let counted = |it| (it, count(it).map_or(0, |found| unsigned(found.get(1))));
        Ok(JobState::ALL.map(counted).to_vec())
    }

    async fn jobs_of(
        &self,
        repository: &Repository,
        thread: u64,
        most: usize,
    ) -> Result<Vec<Job>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let clauses = "WHERE repository = $1 AND issue = $2
                       ORDER BY created_at DESC, seq DESC LIMIT $3";
        let params = vec![
            Box::new(lower(repository)) as _,
            Box::new(signed(thread)) as _,
            Box::new(most) as _,
        ];
        self.rows(clauses, params).await?.into_iter().map(JobRow::job).collect()
    }

    async fn runs_since(
        &self,
        repository: &Repository,
        thread: u64,
        since: Timestamp,
    ) -> Result<u64, StoreError> {
        self.counted_since("begun_at >= $3", repository, thread, since).await
    }

    async fn refusals_since(
        &self,
        repository: &Repository,
        thread: u64,
        since: Timestamp,
    ) -> Result<u64, StoreError> {
        let refused = "refused_at >= $3 AND state <> 'done'";
        self.counted_since(refused, repository, thread, since).await
    }

    async fn answers_since(
        &self,
        repository: &Repository,
        thread: u64,
        since: Timestamp,
    ) -> Result<u64, StoreError> {
        let answered = "refused_at >= $3 AND state = 'done'";
        self.counted_since(answered, repository, thread, since).await
    }

    async fn durations(
        &self,
        repository: Option<&Repository>,
        most: usize,
    ) -> Result<Vec<(JobId, Took)>, StoreError> {
        let sql = "SELECT id, repository, model, ms FROM (
                       SELECT id, repository, updated_at - begun_at AS ms,
                           (SELECT record::json #>> '{event,of,model}' FROM events
                            WHERE job = jobs.id AND record::json #>> '{event,event}' = 'attempted'
                            ORDER BY events.seq LIMIT 1) AS model
                       FROM jobs
                       WHERE state IN ('done', 'failed') AND begun_at IS NOT NULL
                           AND ($1::text IS NULL OR repository = $1)
                       ORDER BY created_at DESC, jobs.seq DESC LIMIT $2) AS ended
                   WHERE model <> ''";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let params = vec![Box::new(repository.map(lower)) as _, Box::new(most) as _];
        let took = |row: &Row| {
            let time = Duration::from_millis(unsigned(row.get(3)));
            (JobId(row.get(0)), Took { repository: row.get(1), model: row.get(2), time })
        };
        Ok(self.query(sql, params).await?.iter().map(took).collect())
    }
}

impl PostgresStore {
    async fn counted_since(
        &self,
        which: &'static str,
        repository: &Repository,
        thread: u64,
        since: Timestamp,
    ) -> Result<u64, StoreError> {
        let sql =
            format!("SELECT count(*) FROM jobs WHERE repository = $1 AND issue = $2 AND {which}");
        let params = vec![
            Box::new(lower(repository)) as _,
            Box::new(signed(thread)) as _,
            Box::new(since.0) as _,
        ];
        let rows = self.query(&sql, params).await?;
        Ok(rows.first().map_or(0, |row| unsigned(row.get(0))))
    }
}
