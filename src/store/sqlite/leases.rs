//! Who works on what.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::job::{JobId, JobState};
use crate::domain::time::Timestamp;
use crate::fault::{Mutation, mutated};
use crate::store::{Claimant, Fence, Job, Leases, StoreError, Taken};

use super::row::{job_row, one};
use super::{SqliteStore, UNFINISHED};
use crate::store::row::{COLUMNS, JobRow};

#[async_trait]
impl Leases for SqliteStore {
    async fn take(
        &self,
        id: &JobId,
        me: &Claimant,
        now: Timestamp,
    ) -> Result<Option<Taken>, StoreError> {
        crate::fault::point("store.take:before").await?;
        let (job, me) = (id.0.clone(), me.clone());
        let taken = self.database.write(move |it| {
            let known = one(it, "id = ?1", &job)?.is_some();
            Ok((known, take(it, &job, &me, now)?))
        });
        match taken.await? {
            (false, _) => Err(StoreError::NoSuchJob(id.clone())),
            (true, taken) => taken.map(Taking::taken).transpose(),
        }
    }

    async fn begin(&self, fence: &Fence) -> Result<(), StoreError> {
        crate::fault::point("store.begin:before").await?;
        let job = fence.job.0.clone();
        self.fenced(fence, move |it| {
            it.prepare_cached("UPDATE jobs SET at_work = 1 WHERE id = ?1")?.execute([job])
        })
        .await?;
        Ok(())
    }

    async fn renew(
        &self,
        fence: &Fence,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        crate::fault::point("store.renew:before").await?;
        let job = fence.job.0.clone();
        self.fenced(fence, move |it| {
            it.prepare_cached("UPDATE jobs SET lease_until = ?2 WHERE id = ?1 RETURNING receipt")?
                .query_row(params![job, until(now, lease)], |row| row.get(0))
        })
        .await
    }

    async fn check(&self, fence: &Fence) -> Result<(), StoreError> {
        let job = fence.job.0.clone();
        let found: Option<i64> = self
            .database
            .read(move |it| {
                it.prepare_cached("SELECT lease_token FROM jobs WHERE id = ?1")?
                    .query_row([job], |row| row.get(0))
                    .optional()
            })
            .await?;
        match found.map(i64::cast_unsigned) {
            None => Err(StoreError::NoSuchJob(fence.job.clone())),
            Some(newer) if newer != fence.token => Err(StoreError::Fenced(fence.job.clone())),
            Some(_) => Ok(()),
        }
    }

    async fn hold(&self, fence: &Fence, receipt: &str) -> Result<(), StoreError> {
        crate::fault::point("store.hold:before").await?;
        let (job, receipt) = (fence.job.0.clone(), receipt.to_owned());
        let held = self.fenced(fence, move |it| {
            it.prepare_cached(&format!(
                "UPDATE jobs SET receipt = ?2 WHERE id = ?1 AND {UNFINISHED}"
            ))?
            .execute(params![job, receipt])
        });
        if held.await? == 1 { Ok(()) } else { Err(StoreError::Fenced(fence.job.clone())) }
    }

    async fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        crate::fault::point("store.release:before").await?;
        let job = fence.job.0.clone();
        self.fenced(fence, move |it| {
            it.prepare_cached(
                "UPDATE jobs SET owner = NULL, lease_until = 0, at_work = 0 WHERE id = ?1",
            )?
            .execute([job])
        })
        .await?;
        Ok(())
    }

    async fn unsettled(&self, most: usize) -> Result<Vec<Job>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let clauses =
            format!("WHERE receipt IS NOT NULL AND NOT ({UNFINISHED}) ORDER BY seq LIMIT ?1");
        let rows = self.rows(&clauses, (most,)).await?;
        rows.into_iter().map(JobRow::job).collect()
    }

    async fn settled(&self, id: &JobId, receipt: &str) -> Result<(), StoreError> {
        crate::fault::point("store.settled:before").await?;
        let (job, receipt) = (id.0.clone(), receipt.to_owned());
        // Not flushed: where a power cut takes it back it is settled once more, which does no harm.
        let noted = self.database.write_unflushed(move |it| {
            it.prepare_cached("UPDATE jobs SET receipt = NULL WHERE id = ?1 AND receipt = ?2")?
                .execute(params![job, receipt])
        });
        noted.await?;
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

/// Takes a job unless it is over or another worker's lease on it has not ended.
pub(super) fn take(
    it: &Connection,
    job: &str,
    me: &Claimant,
    now: Timestamp,
) -> rusqlite::Result<Option<Taking>> {
    let free = it
        .prepare_cached(
            "SELECT at_work OR orphaned, lease_token, state FROM jobs
             WHERE id = ?1 AND (owner IS NULL OR owner = ?2 OR lease_until <= ?3)",
        )?
        .query_row(params![job, me.owner, now.0], |row| {
            Ok((row.get::<_, bool>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
        })
        .optional()?;
    let Some((orphaned, token, state)) = free else { return Ok(None) };
    let over = state.parse::<JobState>().is_ok_and(JobState::is_final);
    if over && !mutated(Mutation::FinishedStarts) {
        return Ok(None);
    }
    let token = token + i64::from(!mutated(Mutation::TokenStays));
    let row = it
        .prepare_cached(&format!(
            "UPDATE jobs SET owner = ?2, lease_token = ?3, lease_until = ?4, at_work = ?5,
                             orphaned = at_work OR orphaned
             WHERE id = ?1 RETURNING {COLUMNS}"
        ))?
        .query_row(params![job, me.owner, token, until(now, me.lease), me.begins], job_row)?;
    Ok(Some(Taking { row, token: token.cast_unsigned(), orphaned }))
}

fn until(now: Timestamp, lease: Duration) -> i64 {
    now.0.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX))
}
