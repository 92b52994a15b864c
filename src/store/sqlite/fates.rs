//! What became of pull requests that jobs opened or pushed to.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use crate::domain::change::Fate;
use crate::domain::job::Event;
use crate::domain::time::Timestamp;
use crate::store::encoding::{lower, signed, unsigned};
use crate::store::fates::{FateRow, Followed, told};
use crate::store::{Fates, StoreError};

use super::SqliteStore;

const COLUMNS: &str = "name, number, since, state, etag, looked_at";

fn fate_row(row: &Row<'_>) -> rusqlite::Result<FateRow> {
    Ok(FateRow {
        name: row.get(0)?,
        number: row.get(1)?,
        since: row.get(2)?,
        state: row.get(3)?,
        etag: row.get(4)?,
        looked_at: row.get(5)?,
    })
}

/// Notes the pull request that an event of a job tells of, in the event's own transaction.
pub(super) fn follow(
    it: &Connection,
    job: &str,
    number: Option<u64>,
    at: i64,
) -> rusqlite::Result<()> {
    it.prepare_cached(
        "INSERT INTO fates (repository, number, name, since)
         SELECT repository, coalesce(?2, issue), coalesce(task ->> '$.repository', repository), ?3
         FROM jobs WHERE id = ?1
         ON CONFLICT DO UPDATE SET state = 'open', etag = NULL, since = excluded.since",
    )?
    .execute(params![job, number.map(signed), at])?;
    Ok(())
}

/// What of an event is to be followed: whether anything is, and the number that it names.
pub(super) fn to_follow(event: &Event) -> Option<Option<u64>> {
    told(event).map(|it| it.number())
}

#[async_trait]
impl Fates for SqliteStore {
    async fn open_pulls(&self, since: Timestamp) -> Result<Vec<Followed>, StoreError> {
        let rows: Vec<FateRow> = self
            .database
            .read(move |it| {
                it.prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM fates WHERE state = 'open' AND since >= ?1
                     ORDER BY looked_at NULLS FIRST, repository, number"
                ))?
                .query_map([since.0], fate_row)?
                .collect()
            })
            .await?;
        rows.into_iter().map(FateRow::followed).collect()
    }

    async fn looks_since(&self, since: Timestamp) -> Result<u64, StoreError> {
        let count = self.database.read(move |it| {
            it.prepare_cached("SELECT count(*) FROM fates WHERE looked_at >= ?1")?
                .query_row([since.0], |row| row.get(0))
        });
        Ok(unsigned(count.await?))
    }

    async fn begin_look(&self, pull: &Followed, now: Timestamp) -> Result<bool, StoreError> {
        let (repository, number) = (lower(&pull.repository), signed(pull.number));
        let before = pull.looked_at.map(|it| it.0);
        let begun = self.database.write(move |it| {
            it.prepare_cached(
                "UPDATE fates SET looked_at = ?4
                 WHERE repository = ?1 AND number = ?2 AND looked_at IS ?3",
            )?
            .execute(params![repository, number, before, now.0])
        });
        Ok(begun.await? == 1)
    }

    async fn saw(&self, pull: &Followed, fate: Fate, etag: Option<&str>) -> Result<(), StoreError> {
        let (repository, number) = (lower(&pull.repository), signed(pull.number));
        let (since, etag) = (pull.since.0, etag.map(str::to_owned));
        // What a job pushed to meanwhile was open then.
        let seen = self.database.write(move |it| {
            it.prepare_cached(
                "UPDATE fates SET state = ?4, etag = ?5
                 WHERE repository = ?1 AND number = ?2 AND since = ?3",
            )?
            .execute(params![repository, number, since, fate.name(), etag])
        });
        seen.await?;
        Ok(())
    }

    async fn fates(&self) -> Result<Vec<Followed>, StoreError> {
        let rows: Vec<FateRow> = self
            .database
            .read(|it| {
                it.prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM fates ORDER BY repository, number"
                ))?
                .query_map([], fate_row)?
                .collect()
            })
            .await?;
        rows.into_iter().map(FateRow::followed).collect()
    }
}
