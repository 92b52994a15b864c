//! Reading a job's row.

use rusqlite::{Connection, OptionalExtension, Row};

use crate::store::row::{COLUMNS, JobRow};

pub(super) fn job_row(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    Ok(JobRow {
        id: row.get(0)?,
        task: row.get(1)?,
        state: row.get(2)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
        receipt: row.get(5)?,
        pull_request: row.get(6)?,
        cancel_requested: row.get(7)?,
        owner: row.get(8)?,
    })
}

/// The one job for which `which` holds.
pub(super) fn one(
    connection: &Connection,
    which: &str,
    value: &str,
) -> rusqlite::Result<Option<JobRow>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE {which}"))?
        .query_row([value], job_row)
        .optional()
}
