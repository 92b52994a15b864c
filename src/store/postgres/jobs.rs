//! The lives of jobs.

use async_trait::async_trait;

use crate::database::DatabaseError;
use crate::domain::job::{Event, JobId, JobState, Outcome, Record};
use crate::domain::task::Task;
use crate::domain::time::Timestamp;
use crate::postgres::storable;
use crate::store::encoding::{from_json, json, lower, signed, unsigned};
use crate::store::fates::told;
use crate::store::{Admission, Claimant, Fence, Jobs, LogSection, StoreError, job_id};

use super::fates::FOLLOW;
use super::leases::{Taking, take};
use super::row::one;
use super::{PostgresStore, UNFINISHED};
use crate::store::row::JobRow;

#[async_trait]
impl Jobs for PostgresStore {
    async fn admit(
        &self,
        task: &Task,
        receipt: &str,
        me: &Claimant,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        let key = task.key();
        let id = job_id(&key);
        let new = New {
            repository: lower(&task.repository),
            thread: signed(task.thread()),
            task: json(&id, task)?,
            receipt: receipt.to_owned(),
            id: id.0,
            key,
        };
        let me = me.clone();
        let admitted = self.postgres.write(move |step| {
            let (new, me) = (new.clone(), me.clone());
            Box::pin(async move { new.admit(step, &me, now).await })
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
        let orphaned = matches!(record.event, Event::Orphaned);
        let followed = told(&record.event).map(|it| it.number().map(signed));
        let (at, record) = (record.at.0, json(&fence.job, record)?);
        let pull_request = pull_request.map(storable);
        let append = self.fenced(fence, move |step, id| {
            let (record, pull_request) = (record.clone(), pull_request.clone());
            Box::pin(async move {
                let sql = "UPDATE jobs SET state = $2, updated_at = $3,
                               pull_request = coalesce($4, pull_request),
                               begun_at = coalesce(begun_at, $5),
                               refused_at = coalesce(refused_at, $6),
                               orphaned = orphaned AND NOT $7
                           WHERE id = $1";
                step.execute(
                    sql,
                    &[&id, &state.name(), &at, &pull_request, &begun, &refused, &orphaned],
                )
                .await?;
                if let Some(number) = followed {
                    step.execute(FOLLOW, &[&id, &number, &at]).await?;
                }
                if state.is_final() {
                    let sql = "UPDATE jobs SET owner = NULL, lease_until = 0, at_work = false
                               WHERE id = $1";
                    step.execute(sql, &[&id]).await?;
                }
                let sql = "INSERT INTO events (job, seq, record)
                           SELECT $1, coalesce(max(seq), 0) + 1, $2 FROM events WHERE job = $1
                           RETURNING seq";
                Ok(step.one(sql, &[&id, &record]).await?.get::<_, i64>(0))
            })
        });
        Ok(unsigned(append.await?))
    }

    async fn records(&self, id: &JobId) -> Result<Vec<Record>, StoreError> {
        let sql = "SELECT record FROM events WHERE job = $1 ORDER BY seq";
        let rows = self.query(sql, vec![Box::new(id.0.clone())]).await?;
        rows.iter().map(|row| from_json(&id.0, row.get(0))).collect()
    }

    async fn request_cancel(&self, id: &JobId, now: Timestamp) -> Result<bool, StoreError> {
        let job = id.0.clone();
        let asked = self.postgres.write(move |step| {
            let job = job.clone();
            Box::pin(async move {
                let sql = format!(
                    "UPDATE jobs SET cancel_requested = true, updated_at = $2
                     WHERE id = $1 AND {UNFINISHED}"
                );
                let asked = step.execute(&sql, &[&job, &now.0]).await? == 1;
                Ok(one(step, "id = $1", &job).await?.map(|_| asked))
            })
        });
        asked.await?.ok_or_else(|| StoreError::NoSuchJob(id.clone()))
    }

    async fn cancel_requested(&self, id: &JobId) -> Result<bool, StoreError> {
        let sql = "SELECT cancel_requested FROM jobs WHERE id = $1";
        let rows = self.query(sql, vec![Box::new(id.0.clone())]).await?;
        Ok(rows.first().is_some_and(|row| row.get(0)))
    }

    async fn cancels(&self, of: &[JobId]) -> Result<Vec<JobId>, StoreError> {
        let ids: Vec<String> = of.iter().map(|it| it.0.clone()).collect();
        let sql = "SELECT id FROM jobs WHERE id = ANY($1) AND cancel_requested";
        let rows = self.query(sql, vec![Box::new(ids)]).await?;
        Ok(rows.iter().map(|row| JobId(row.get(0))).collect())
    }

    async fn log_section(
        &self,
        id: &JobId,
        at: Timestamp,
        title: &str,
        offset: u64,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO log_sections (job, worker, at, title, \"offset\")
                   SELECT id, $2, $3, $4, $5 FROM jobs WHERE id = $1";
        let noted = self.execute(
            sql,
            vec![
                Box::new(id.0.clone()),
                Box::new(self.worker.clone()),
                Box::new(at.0),
                Box::new(storable(title)),
                Box::new(signed(offset)),
            ],
        );
        if noted.await? == 0 { Err(StoreError::NoSuchJob(id.clone())) } else { Ok(()) }
    }

    async fn log_sections(&self, id: &JobId) -> Result<Vec<LogSection>, StoreError> {
        let sql = "SELECT at, title, \"offset\" FROM log_sections
                   WHERE job = $1 AND worker = $2 ORDER BY seq";
        let params = vec![Box::new(id.0.clone()) as _, Box::new(self.worker.clone()) as _];
        let rows = self.query(sql, params).await?;
        let section = |row: &crate::postgres::Row| LogSection {
            at: Timestamp(row.get(0)),
            title: row.get(1),
            offset: unsigned(row.get(2)),
        };
        Ok(rows.iter().map(section).collect())
    }
}

/// A task that is being admitted.
#[derive(Clone)]
struct New {
    id: String,
    key: String,
    repository: String,
    thread: i64,
    task: String,
    receipt: String,
}

/// What has become of an admitted task.
enum Standing {
    Taken { new: bool, taking: Taking },
    NotTaken(JobRow),
    Claimed(JobRow),
}

impl New {
    async fn admit(
        &self,
        step: &crate::postgres::Step<'_>,
        me: &Claimant,
        now: Timestamp,
    ) -> Result<Option<Standing>, crate::postgres::Error> {
        let Self { id, key, repository, thread, task, receipt } = self;
        // Of two workers that admit a task at once, the second waits here for the first.
        let sql = "INSERT INTO jobs (id, key, repository, issue, task, receipt, state,
                                     created_at, updated_at)
                   SELECT $1, $2, $3, $4, $5, $6, 'queued', $7, $7
                   WHERE NOT EXISTS (SELECT 1 FROM claims WHERE key = $2 AND job <> $1)
                   ON CONFLICT DO NOTHING";
        let new =
            step.execute(sql, &[id, key, repository, thread, task, receipt, &now.0]).await? == 1;
        if !new {
            let sql = format!("UPDATE jobs SET receipt = $2 WHERE key = $1 AND {UNFINISHED}");
            step.execute(&sql, &[key, receipt]).await?;
        }
        if let Some(taking) = take(step, id, me).await? {
            return Ok(Some(Standing::Taken { new, taking }));
        }
        if let Some(own) = one(step, "key = $1", key).await? {
            return Ok(Some(Standing::NotTaken(own)));
        }
        let claimed = one(step, "id = (SELECT job FROM claims WHERE key = $1)", key).await?;
        Ok(claimed.map(Standing::Claimed))
    }
}
