//! One job may answer for several tasks: requests that wait for the same pull request are done in
//! one go.
//!
//! A claim is for ever, and there is one for a key at most. A job that begins claims its own key
//! too: from then on nobody else gets it, and when somebody else was faster the job is told.

use rusqlite::{OptionalExtension, params};

use crate::domain::job::JobId;

use super::{Store, StoreError, job_id};

impl Store {
    /// Makes `job` answer for the tasks with these keys too, and says which of them are its own
    /// now: newly, or from before. A key is not given when another job has claimed it, or when
    /// the job of that very key has begun, which is when it has events. The job of a key that is
    /// given away finds out by [`Store::claimed_by`], or by claiming its own key.
    ///
    /// # Errors
    /// When there is no such job, or the database fails; nothing was claimed then.
    pub async fn claim(&self, job: &JobId, keys: &[String]) -> Result<Vec<String>, StoreError> {
        let (id, keys) = (job.0.clone(), keys.to_vec());
        let claimed = self
            .database
            .write(move |it| {
                let known =
                    it.prepare_cached("SELECT 1 FROM jobs WHERE id = ?1")?.exists(params![id])?;
                if !known {
                    return Ok(None);
                }
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
                Ok(Some(ours))
            })
            .await?;
        claimed.ok_or_else(|| StoreError::NoSuchJob(job.clone()))
    }

    /// The other job that answers for the task with this key, if one does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claimed_by(&self, key: &str) -> Result<Option<JobId>, StoreError> {
        let (key, own) = (key.to_owned(), job_id(key).0);
        let job = self.database.read(move |it| {
            it.prepare_cached("SELECT job FROM claims WHERE key = ?1 AND job <> ?2")?
                .query_row(params![key, own], |row| row.get(0))
                .optional()
        });
        Ok(job.await?.map(JobId))
    }
}
