//! Which job answers for which task.

use async_trait::async_trait;

use crate::domain::job::JobId;
use crate::store::{Claims, Fence, StoreError, job_id};

use super::PostgresStore;

#[async_trait]
impl Claims for PostgresStore {
    async fn claim(&self, fence: &Fence, keys: &[String]) -> Result<Vec<String>, StoreError> {
        crate::fault::point("store.claim:before").await?;
        let keys = keys.to_vec();
        self.fenced(fence, move |step, id| {
            let keys = keys.clone();
            Box::pin(async move {
                let mut ours = Vec::new();
                for key in keys {
                    // Another worker's claim of the same key is waited for.
                    let sql = "INSERT INTO claims (key, job) SELECT $1, $2
                               WHERE NOT EXISTS (SELECT 1 FROM jobs JOIN events ON events.job = jobs.id
                                                 WHERE jobs.key = $1 AND jobs.id <> $2)
                               ON CONFLICT (key) DO NOTHING";
                    step.execute(sql, &[&key, &id]).await?;
                    let sql = "SELECT 1 FROM claims WHERE key = $1 AND job = $2";
                    if step.maybe(sql, &[&key, &id]).await?.is_some() {
                        ours.push(key);
                    }
                }
                Ok(ours)
            })
        })
        .await
    }

    async fn claimed_by(&self, key: &str) -> Result<Option<JobId>, StoreError> {
        let sql = "SELECT job FROM claims WHERE key = $1 AND job <> $2";
        let params = vec![Box::new(key.to_owned()) as _, Box::new(job_id(key).0) as _];
        Ok(self.query(sql, params).await?.first().map(|row| JobId(row.get(0))))
    }
}
