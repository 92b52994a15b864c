//! The store in the database of one machine.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use crate::database::Database;
use crate::fault::{Mutation, mutated};

use super::{Fence, JobStore, Store, StoreError};

mod claims;
mod fates;
mod holds;
mod jobs;
mod leases;
mod lookup;
mod memory;
mod polls;
mod row;

const UNFINISHED: &str = "state NOT IN ('done', 'failed', 'cancelled')";

/// The jobs of this machine.
pub struct SqliteStore {
    database: Database,
    shared: bool,
}

impl SqliteStore {
    /// The store in this database.
    pub fn over(database: Database) -> Store {
        Arc::new(Self { database, shared: false })
    }

    /// The same, for several workers in one process, as tests and simulations have them.
    pub fn shared(database: Database) -> Store {
        Arc::new(Self { database, shared: true })
    }

    /// The name by which this state folder's worker is known to others: `called`, with digits
    /// behind it that no other folder has. Made up once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn worker(database: &Database, called: &str) -> Result<String, StoreError> {
        let called = called.to_owned();
        let name = database.write(move |it| {
            it.execute(
                "INSERT INTO worker (one, name) VALUES (1, ?1 || '-' || lower(hex(randomblob(4))))
                 ON CONFLICT DO NOTHING",
                [called],
            )?;
            it.query_row("SELECT name FROM worker", [], |row| row.get(0))
        });
        Ok(name.await?)
    }

    /// Writes in the name of whoever works on the job, unless that is somebody else by now.
    async fn fenced<T, F>(&self, fence: &Fence, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let Fence { job, token } = fence.clone();
        let unfenced = mutated(Mutation::NoFence);
        let written = self.database.write(move |it| {
            let found: Option<i64> = it
                .prepare_cached("SELECT lease_token FROM jobs WHERE id = ?1")?
                .query_row([&job.0], |row| row.get(0))
                .optional()?;
            match found.map(i64::cast_unsigned) {
                None => Ok(Err(StoreError::NoSuchJob(job))),
                Some(newer) if newer != token && !unfenced => Ok(Err(StoreError::Fenced(job))),
                Some(_) => work(it).map(Ok),
            }
        });
        written.await?
    }
}

impl JobStore for SqliteStore {
    fn is_shared(&self) -> bool {
        self.shared
    }
}

#[cfg(test)]
mod tests;
