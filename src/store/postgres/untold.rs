//! What happened and nobody was told of, on its way into the outbox of one worker.
//!
//! A row is first made one worker's, then written down there, and taken away here when that is on
//! its disk. A worker that dies in between does so again when it starts; when it does not start
//! again, another tells, under the same name.

use crate::postgres::{Postgres, PostgresError, Row};

/// How many at a time.
const MOST: i64 = 100;
/// How long a worker has to write down what it took, in milliseconds, before another may have it.
const HELD: i64 = 10 * 60 * 1_000;

/// What the workers of one database have yet to tell.
#[derive(Clone)]
pub struct SharedUntold {
    postgres: Postgres,
    worker: String,
}

/// Something that happened: a job is over, or a message is with the dead letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiding {
    /// Its number here.
    pub seq: i64,
    /// Its name everywhere.
    pub origin: String,
    /// The job.
    pub job: Option<String>,
    /// The message.
    pub message: Option<String>,
    /// Why the message is there.
    pub reason: Option<String>,
}

impl SharedUntold {
    /// What this worker may tell.
    pub fn new(postgres: Postgres, worker: String) -> Self {
        Self { postgres, worker }
    }

    /// Takes what nobody else is moving, oldest first: also what this worker took before and did
    /// not say that it has written down.
    ///
    /// # Errors
    /// When the database fails; nothing was taken then.
    pub async fn take(&self) -> Result<Vec<Tiding>, PostgresError> {
        let worker = self.worker.clone();
        self.postgres
            .write(move |step| {
                let worker = worker.clone();
                Box::pin(async move {
                    let sql = "WITH mine AS (
                                   SELECT seq FROM untold
                                   WHERE teller IS NULL OR teller = $1 OR teller_until <= now_ms()
                                   ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED
                               ), taken AS (
                                   UPDATE untold SET teller = $1, teller_until = now_ms() + $3
                                   FROM mine WHERE untold.seq = mine.seq
                                   RETURNING untold.seq, job, message, reason
                               )
                               SELECT seq, fleet || '/' || seq, job, message, reason
                               FROM taken CROSS JOIN schema_version ORDER BY seq";
                    let tiding = |row: &Row| Tiding {
                        seq: row.get(0),
                        origin: row.get(1),
                        job: row.get(2),
                        message: row.get(3),
                        reason: row.get(4),
                    };
                    let rows = step.query(sql, &[&worker, &MOST, &HELD]).await?;
                    Ok(rows.iter().map(tiding).collect())
                })
            })
            .await
    }

    /// Takes these away: they are on this worker's disk.
    ///
    /// # Errors
    /// When the database fails; the next `take` brings them again.
    pub async fn moved(&self, seqs: Vec<i64>) -> Result<(), PostgresError> {
        let worker = self.worker.clone();
        self.postgres
            .write(move |step| {
                let (worker, seqs) = (worker.clone(), seqs.clone());
                Box::pin(async move {
                    let sql = "DELETE FROM untold WHERE seq = ANY($1) AND teller = $2";
                    step.execute(sql, &[&seqs, &worker]).await
                })
            })
            .await?;
        Ok(())
    }
}
