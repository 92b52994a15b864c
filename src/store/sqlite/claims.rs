//! Which job answers for which task.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::job::JobId;
use crate::store::{Claims, Fence, StoreError, job_id};

use super::SqliteStore;

#[async_trait]
impl Claims for SqliteStore {
    async fn claim(&self, fence: &Fence, keys: &[String]) -> Result<Vec<String>, StoreError> {
        crate::fault::point("store.claim:before").await?;
        let (id, keys) = (fence.job.0.clone(), keys.to_vec());
        let claim = move |it: &Connection| {
            let mut ours = Vec::new();
            for key in keys {
                it.prepare_cached(
                    "INSERT INTO claims (key, job) SELECT ?1, ?2
                     WHERE NOT EXISTS (SELECT 1 FROM jobs JOIN events ON events.job = jobs.id
                                       WHERE jobs.key = ?1 AND jobs.id <> ?2)
                     ON CONFLICT (key) DO NOTHING",
                )?
                .execute(params![key, id])?;
                let own = it
                    .prepare_cached("SELECT 1 FROM claims WHERE key = ?1 AND job = ?2")?
                    .exists(params![key, id])?;
                if own {
                    ours.push(key);
                }
            }
            Ok(ours)
        };
        self.fenced(fence, claim).await
    }

    async fn claimed_by(&self, key: &str) -> Result<Option<JobId>, StoreError> {
        let (key, own) = (key.to_owned(), job_id(key).0);
        let job = self.database.read(move |it| {
            it.prepare_cached("SELECT job FROM claims WHERE key = ?1 AND job <> ?2")?
                .query_row(params![key, own], |row| row.get(0))
                .optional()
        });
        Ok(job.await?.map(JobId))
    }
}
