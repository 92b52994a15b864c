//! What became of pull requests that jobs opened or pushed to.

use async_trait::async_trait;

use crate::domain::change::Fate;
use crate::domain::time::Timestamp;
use crate::postgres::{Row, storable};
use crate::store::encoding::{lower, signed, unsigned};
use crate::store::fates::{FateRow, Followed};
use crate::store::{Fates, StoreError};

use super::PostgresStore;

const COLUMNS: &str = "name, number, since, state, etag, looked_at";

/// Notes the pull request that an event of job `$1` tells of: that of number `$2`, or else the
/// job's own; `$3` is when.
pub(super) const FOLLOW: &str = "INSERT INTO fates (repository, number, name, since)
    SELECT repository, coalesce($2::bigint, issue),
        coalesce(task::json ->> 'repository', repository), $3::bigint
    FROM jobs WHERE id = $1
    ON CONFLICT (repository, number)
    DO UPDATE SET state = 'open', etag = NULL, since = excluded.since";

fn followed(row: &Row) -> Result<Followed, StoreError> {
    let row = FateRow {
        name: row.get(0),
        number: row.get(1),
        since: row.get(2),
        state: row.get(3),
        etag: row.get(4),
        looked_at: row.get(5),
    };
    row.followed()
}

#[async_trait]
impl Fates for PostgresStore {
    async fn open_pulls(&self, since: Timestamp) -> Result<Vec<Followed>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM fates WHERE state = 'open' AND since >= $1
             ORDER BY looked_at NULLS FIRST, repository COLLATE \"C\", number"
        );
        let rows = self.query(&sql, vec![Box::new(since.0)]).await?;
        rows.iter().map(followed).collect()
    }

    async fn looks_since(&self, since: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM fates WHERE looked_at >= $1";
        let rows = self.query(sql, vec![Box::new(since.0)]).await?;
        Ok(rows.first().map_or(0, |row| unsigned(row.get(0))))
    }

    async fn begin_look(&self, pull: &Followed, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE fates SET looked_at = $4
                   WHERE repository = $1 AND number = $2 AND looked_at IS NOT DISTINCT FROM $3";
        let params = vec![
            Box::new(lower(&pull.repository)) as _,
            Box::new(signed(pull.number)) as _,
            Box::new(pull.looked_at.map(|it| it.0)) as _,
            Box::new(now.0) as _,
        ];
        Ok(self.execute(sql, params).await? == 1)
    }

    async fn saw(&self, pull: &Followed, fate: Fate, etag: Option<&str>) -> Result<(), StoreError> {
        // What a job pushed to meanwhile was open then.
        let sql = "UPDATE fates SET state = $4, etag = $5
                   WHERE repository = $1 AND number = $2 AND since = $3";
        let params = vec![
            Box::new(lower(&pull.repository)) as _,
            Box::new(signed(pull.number)) as _,
            Box::new(pull.since.0) as _,
            Box::new(fate.name()) as _,
            Box::new(etag.map(storable)) as _,
        ];
        self.execute(sql, params).await?;
        Ok(())
    }

    async fn fates(&self) -> Result<Vec<Followed>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM fates ORDER BY repository COLLATE \"C\", number");
        self.query(&sql, vec![]).await?.iter().map(followed).collect()
    }
}
