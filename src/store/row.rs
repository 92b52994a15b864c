//! A job's row in the table.

use rusqlite::{Connection, OptionalExtension, Row};

use crate::domain::job::JobId;
use crate::domain::time::Timestamp;

use super::{Job, StoreError, from_json};

/// What a `JobRow` is read from, in its order.
pub(super) const COLUMNS: &str =
    "id, task, state, created_at, updated_at, receipt, pull_request, cancel_requested";

/// A job as it is stored, before its JSON is looked at.
pub(super) struct JobRow {
    pub(super) id: String,
    task: String,
    state: String,
    created_at: i64,
    updated_at: i64,
    receipt: Option<String>,
    pull_request: Option<String>,
    cancel_requested: bool,
}

impl JobRow {
    pub(super) fn from(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            task: row.get(1)?,
            state: row.get(2)?,
            created_at: row.get(3)?,
            updated_at: row.get(4)?,
            receipt: row.get(5)?,
            pull_request: row.get(6)?,
            cancel_requested: row.get(7)?,
        })
    }

    pub(super) fn job(self) -> Result<Job, StoreError> {
        let unreadable = |detail| StoreError::Unreadable { job: self.id.clone(), detail };
        Ok(Job {
            task: from_json(&self.id, &self.task)?,
            state: self.state.parse().map_err(unreadable)?,
            id: JobId(self.id),
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
            receipt: self.receipt,
            pull_request: self.pull_request,
            cancel_requested: self.cancel_requested,
        })
    }
}

/// The one job for which `which` holds.
pub(super) fn one(
    connection: &Connection,
    which: &str,
    value: &str,
) -> rusqlite::Result<Option<JobRow>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE {which}"))?
        .query_row([value], JobRow::from)
        .optional()
}
