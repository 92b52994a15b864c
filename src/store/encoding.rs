//! How nouns become columns, in whatever database.

use serde::Serialize;

use crate::domain::job::JobId;
use crate::domain::task::Repository;

use super::StoreError;

pub(super) fn json(job: &JobId, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Unreadable { job: job.0.clone(), detail: error.to_string() })
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(
    job: &str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Unreadable { job: job.to_owned(), detail: error.to_string() })
}

pub(super) fn lower(repository: &Repository) -> String {
    repository.to_string().to_lowercase()
}

/// Integers of SQL are signed; no number of ours comes near the border.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
