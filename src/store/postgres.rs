//! The store on PostgreSQL, for several workers.
//!
//! All lease times are the server's: the workers' clocks differ. Whoever writes locks the job's row
//! first, so that two claims of a job come one after the other, and the second sees the first.

use std::sync::Arc;

use crate::postgres::{Postgres, Row, Step, ToSql, Work};

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
pub mod untold;

use crate::store::row::{COLUMNS, JobRow};
use row::job_row;

const UNFINISHED: &str = "state NOT IN ('done', 'failed', 'cancelled')";

/// What stands for `$1`.
type Param = Box<dyn ToSql + Send + Sync>;

/// The jobs of all workers.
pub struct PostgresStore {
    postgres: Postgres,
    worker: String,
}

impl PostgresStore {
    /// The store in this database, as the worker with this name sees it: whose logs a job's parts
    /// are in depends on that.
    pub fn over(postgres: Postgres, worker: String) -> Store {
        Arc::new(Self { postgres, worker })
    }

    /// Writes in the name of whoever works on the job, unless that is somebody else by now.
    async fn fenced<T, F>(&self, fence: &Fence, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a Step<'a>, String) -> Work<'a, T> + Send + Sync + 'static,
    {
        let Fence { job, token } = fence.clone();
        let work = Arc::new(work);
        let written = self.postgres.write(move |step| {
            let (job, work) = (job.clone(), work.clone());
            Box::pin(async move {
                let sql = "SELECT lease_token FROM jobs WHERE id = $1 FOR UPDATE";
                let found = step.maybe(sql, &[&job.0]).await?;
                match found.map(|it| it.get::<_, i64>(0).cast_unsigned()) {
                    None => Ok(Err(StoreError::NoSuchJob(job))),
                    Some(newer) if newer != token => Ok(Err(StoreError::Fenced(job))),
                    Some(_) => work(step, job.0).await.map(Ok),
                }
            })
        });
        written.await?
    }

    /// Carries out one statement, and says how many rows it touched.
    async fn execute(&self, sql: &'static str, params: Vec<Param>) -> Result<u64, StoreError> {
        let params = Arc::new(params);
        let done = self.postgres.write(move |step| {
            let params = params.clone();
            Box::pin(async move { step.execute(sql, &borrowed(&params)).await })
        });
        Ok(done.await?)
    }

    async fn query(&self, sql: &str, params: Vec<Param>) -> Result<Vec<Row>, StoreError> {
        let (sql, params) = (Arc::<str>::from(sql), Arc::new(params));
        let rows = self.postgres.read(move |step| {
            let (sql, params) = (sql.clone(), params.clone());
            Box::pin(async move { step.query(&sql, &borrowed(&params)).await })
        });
        Ok(rows.await?)
    }

    async fn rows(&self, clauses: &str, params: Vec<Param>) -> Result<Vec<JobRow>, StoreError> {
        let rows = self.query(&format!("SELECT {COLUMNS} FROM jobs {clauses}"), params).await?;
        Ok(rows.iter().map(job_row).collect())
    }
}

impl JobStore for PostgresStore {
    fn is_shared(&self) -> bool {
        true
    }
}

fn borrowed(params: &[Param]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|it| &**it as &(dyn ToSql + Sync)).collect()
}
