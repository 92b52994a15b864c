//! What is remembered from one job to the next.

use async_trait::async_trait;

use crate::domain::task::{Repository, Task};
use crate::domain::time::Timestamp;
use crate::postgres::storable;
use crate::store::encoding::{lower, signed};
use crate::store::{Memory, StoreError};

use super::PostgresStore;

#[async_trait]
impl Memory for PostgresStore {
    async fn pin(&self, repository: &Repository, id: u64) -> Result<u64, StoreError> {
        let repository = lower(repository);
        let pinned = self.postgres.write(move |step| {
            let repository = repository.clone();
            Box::pin(async move {
                let sql =
                    "INSERT INTO pins (repository, id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                step.execute(sql, &[&repository, &id.cast_signed()]).await?;
                let sql = "SELECT id FROM pins WHERE repository = $1";
                Ok(step.one(sql, &[&repository]).await?.get::<_, i64>(0).cast_unsigned())
            })
        });
        Ok(pinned.await?)
    }

    async fn pins(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT repository, id FROM pins ORDER BY repository COLLATE \"C\"";
        let rows = self.query(sql, vec![]).await?;
        Ok(rows.iter().map(|it| (it.get(0), it.get::<_, i64>(1).cast_unsigned())).collect())
    }

    async fn prefer_model(
        &self,
        repository: &Repository,
        thread: u64,
        name: &str,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO preferences (repository, thread, model) VALUES ($1, $2, $3)
                   ON CONFLICT (repository, thread) DO UPDATE SET model = excluded.model";
        let params = vec![
            Box::new(lower(repository)) as _,
            Box::new(signed(thread)) as _,
            Box::new(storable(name)) as _,
        ];
        self.execute(sql, params).await?;
        Ok(())
    }

    async fn preferred_model(
        &self,
        repository: &Repository,
        thread: u64,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT model FROM preferences WHERE repository = $1 AND thread = $2";
        let params = vec![Box::new(lower(repository)) as _, Box::new(signed(thread)) as _];
        Ok(self.query(sql, params).await?.first().map(|row| row.get(0)))
    }

    async fn vouch(&self, task: &Task, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO vouched (key, at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.execute(sql, vec![Box::new(task.key()), Box::new(now.0)]).await?;
        Ok(())
    }

    async fn is_vouched(&self, task: &Task) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM vouched WHERE key = $1";
        Ok(!self.query(sql, vec![Box::new(task.key())]).await?.is_empty())
    }
}
