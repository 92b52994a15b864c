//! What is remembered from one job to the next.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use crate::domain::task::{Repository, Task};
use crate::domain::time::Timestamp;
use crate::store::encoding::{lower, signed};
use crate::store::{Memory, StoreError};

use super::SqliteStore;

#[async_trait]
impl Memory for SqliteStore {
    async fn pin(&self, repository: &Repository, id: u64) -> Result<u64, StoreError> {
        let repository = lower(repository);
        let pinned = self.database.write(move |it| {
            it.prepare_cached(
                "INSERT INTO pins (repository, id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute(params![repository, id.cast_signed()])?;
            it.prepare_cached("SELECT id FROM pins WHERE repository = ?1")?
                .query_row([repository], |row| row.get::<_, i64>(0))
        });
        Ok(pinned.await?.cast_unsigned())
    }

    async fn pins(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let pins = self.database.read(|it| {
            it.prepare_cached("SELECT repository, id FROM pins ORDER BY repository")?
                .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?
                .collect()
        });
        Ok(pins.await?)
    }

    async fn prefer_model(
        &self,
        repository: &Repository,
        thread: u64,
        name: &str,
    ) -> Result<(), StoreError> {
        let (repository, thread, name) = (lower(repository), signed(thread), name.to_owned());
        let preferred = self.database.write(move |it| {
            it.prepare_cached(
                "INSERT INTO preferences (repository, thread, model) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET model = excluded.model",
            )?
            .execute(params![repository, thread, name])
        });
        preferred.await?;
        Ok(())
    }

    async fn preferred_model(
        &self,
        repository: &Repository,
        thread: u64,
    ) -> Result<Option<String>, StoreError> {
        let (repository, thread) = (lower(repository), signed(thread));
        let model = self.database.read(move |it| {
            it.prepare_cached(
                "SELECT model FROM preferences WHERE repository = ?1 AND thread = ?2",
            )?
            .query_row(params![repository, thread], |row| row.get(0))
            .optional()
        });
        Ok(model.await?)
    }

    async fn vouch(&self, task: &Task, now: Timestamp) -> Result<(), StoreError> {
        let key = task.key();
        let vouched = self.database.write(move |it| {
            it.prepare_cached(
                "INSERT INTO vouched (key, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute(params![key, now.0])
        });
        vouched.await?;
        Ok(())
    }

    async fn is_vouched(&self, task: &Task) -> Result<bool, StoreError> {
        let key = task.key();
        let vouched = self.database.read(move |it| {
            it.prepare_cached("SELECT 1 FROM vouched WHERE key = ?1")?.exists([key])
        });
        Ok(vouched.await?)
    }
}
