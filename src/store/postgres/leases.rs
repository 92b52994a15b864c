//! Who works on what, by the server's clock.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::job::JobId;
use crate::domain::time::Timestamp;
use crate::postgres::{Error, Step};
use crate::store::{Claimant, Fence, Job, Leases, StoreError, Taken};

use super::row::{job_row, one};
use super::{PostgresStore, UNFINISHED};
use crate::store::row::{COLUMNS, JobRow};

#[async_trait]
impl Leases for PostgresStore {
    async fn take(
        &self,
        id: &JobId,
        me: &Claimant,
        _: Timestamp,
    ) -> Result<Option<Taken>, StoreError> {
        crate::fault::point("store.take:before").await?;
        let (job, me) = (id.0.clone(), me.clone());
        let taken = self.postgres.write(move |step| {
            let (job, me) = (job.clone(), me.clone());
            Box::pin(async move {
                let known = one(step, "id = $1", &job).await?.is_some();
                Ok((known, take(step, &job, &me).await?))
            })
        });
        match taken.await? {
            (false, _) => Err(StoreError::NoSuchJob(id.clone())),
            (true, taken) => taken.map(Taking::taken).transpose(),
        }
    }

    async fn begin(&self, fence: &Fence) -> Result<(), StoreError> {
        crate::fault::point("store.begin:before").await?;
        self.fenced(fence, |step, job| {
            Box::pin(async move {
                step.execute("UPDATE jobs SET at_work = true WHERE id = $1", &[&job]).await
            })
        })
        .await?;
        Ok(())
    }

    async fn renew(
        &self,
        fence: &Fence,
        lease: Duration,
        _: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        crate::fault::point("store.renew:before").await?;
        let lease = millis(lease);
        self.fenced(fence, move |step, job| {
            Box::pin(async move {
                let sql = "UPDATE jobs SET lease_until = now_ms() + $2 WHERE id = $1
                           RETURNING receipt";
                Ok(step.one(sql, &[&job, &lease]).await?.get(0))
            })
        })
        .await
    }

    async fn check(&self, fence: &Fence) -> Result<(), StoreError> {
        let sql = "SELECT lease_token FROM jobs WHERE id = $1";
        let rows = self.query(sql, vec![Box::new(fence.job.0.clone())]).await?;
        match rows.first().map(|row| row.get::<_, i64>(0).cast_unsigned()) {
            None => Err(StoreError::NoSuchJob(fence.job.clone())),
            Some(newer) if newer != fence.token => Err(StoreError::Fenced(fence.job.clone())),
            Some(_) => Ok(()),
        }
    }

    async fn hold(&self, fence: &Fence, receipt: &str) -> Result<(), StoreError> {
        crate::fault::point("store.hold:before").await?;
        let receipt = receipt.to_owned();
        let held = self.fenced(fence, move |step, job| {
            let receipt = receipt.clone();
            Box::pin(async move {
                let sql = "UPDATE jobs SET receipt = $2 WHERE id = $1
                           AND state NOT IN ('done', 'failed', 'cancelled')";
                step.execute(sql, &[&job, &receipt]).await
            })
        });
        if held.await? == 1 { Ok(()) } else { Err(StoreError::Fenced(fence.job.clone())) }
    }

    async fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        crate::fault::point("store.release:before").await?;
        self.fenced(fence, |step, job| {
            Box::pin(async move {
                let sql = "UPDATE jobs SET owner = NULL, lease_until = 0, at_work = false
                           WHERE id = $1";
                step.execute(sql, &[&job]).await
            })
        })
        .await?;
        Ok(())
    }

    async fn unsettled(&self, most: usize) -> Result<Vec<Job>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let clauses =
            format!("WHERE receipt IS NOT NULL AND NOT ({UNFINISHED}) ORDER BY seq LIMIT $1");
        let rows = self.rows(&clauses, vec![Box::new(most)]).await?;
        rows.into_iter().map(JobRow::job).collect()
    }

    async fn settled(&self, id: &JobId, receipt: &str) -> Result<(), StoreError> {
        crate::fault::point("store.settled:before").await?;
        let sql = "UPDATE jobs SET receipt = NULL WHERE id = $1 AND receipt = $2";
        self.execute(sql, vec![Box::new(id.0.clone()), Box::new(receipt.to_owned())]).await?;
        Ok(())
    }
}

/// A job that was taken, as it is stored.
pub(super) struct Taking {
    row: JobRow,
    token: u64,
    orphaned: bool,
}

impl Taking {
    pub(super) fn taken(self) -> Result<Taken, StoreError> {
        let job = self.row.job()?;
        let fence = Fence { job: job.id.clone(), token: self.token };
        Ok(Taken { job, fence, orphaned: self.orphaned })
    }
}

/// Takes a job unless it is over or another worker's lease on it has not ended. Of two that reach
/// for it at once, the second waits for the row and looks at it as the first left it.
pub(super) async fn take(
    step: &Step<'_>,
    job: &str,
    me: &Claimant,
) -> Result<Option<Taking>, Error> {
    let sql = format!(
        "SELECT at_work OR orphaned FROM jobs
         WHERE id = $1 AND {UNFINISHED}
           AND (owner IS NULL OR owner = $2 OR lease_until <= now_ms())
         FOR UPDATE"
    );
    let Some(free) = step.maybe(&sql, &[&job, &me.owner]).await? else { return Ok(None) };
    let sql = format!(
        "UPDATE jobs SET owner = $2, lease_token = lease_token + 1, lease_until = now_ms() + $3,
                         at_work = $4, orphaned = at_work OR orphaned
         WHERE id = $1 RETURNING {COLUMNS}, lease_token"
    );
    let taken = step.one(&sql, &[&job, &me.owner, &millis(me.lease), &me.begins]).await?;
    let token = taken.get::<_, i64>("lease_token").cast_unsigned();
    Ok(Some(Taking { row: job_row(&taken), token, orphaned: free.get(0) }))
}

fn millis(lease: Duration) -> i64 {
    i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2)
}
