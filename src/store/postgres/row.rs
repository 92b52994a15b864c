//! Reading a job's row.

use crate::postgres::{Error, Row, Step};
use crate::store::row::{COLUMNS, JobRow};

pub(super) fn job_row(row: &Row) -> JobRow {
    JobRow {
        id: row.get(0),
        task: row.get(1),
        state: row.get(2),
        created_at: row.get(3),
        updated_at: row.get(4),
        receipt: row.get(5),
        pull_request: row.get(6),
        cancel_requested: row.get(7),
        owner: row.get(8),
    }
}

/// The one job for which `which` holds.
pub(super) async fn one(
    step: &Step<'_>,
    which: &str,
    value: &str,
) -> Result<Option<JobRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE {which}");
    Ok(step.maybe(&sql, &[&value]).await?.as_ref().map(job_row))
}
