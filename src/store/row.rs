//! A job as a table has it, before its JSON is looked at.

use crate::domain::job::JobId;
use crate::domain::time::Timestamp;

use super::encoding::from_json;
use super::{Job, StoreError};

/// What a `JobRow` is read from, in its order.
pub(super) const COLUMNS: &str =
    "id, task, state, created_at, updated_at, receipt, pull_request, cancel_requested, owner";

pub(super) struct JobRow {
    pub(super) id: String,
    pub(super) task: String,
    pub(super) state: String,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) receipt: Option<String>,
    pub(super) pull_request: Option<String>,
    pub(super) cancel_requested: bool,
    pub(super) owner: Option<String>,
}

impl JobRow {
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
            owner: self.owner,
        })
    }
}
