//! Happenings that were noted elsewhere first, in the store that workers share.

use rusqlite::{OptionalExtension, params};

use super::Outbox;
use crate::database::DatabaseError;
use crate::store::postgres::untold::Tiding;

/// Under this name it is remembered what came with the last lot: those may come again, when the
/// other side did not hear that they are here.
const MOVED: &str = "moved";

impl Outbox {
    /// Notes what happened, as the triggers of this database would have, each once.
    ///
    /// # Errors
    /// When the database fails; nothing was noted then.
    pub async fn take_over(&self, tidings: Vec<Tiding>) -> Result<(), DatabaseError> {
        self.database
            .write(move |it| {
                let known: Option<String> = it
                    .prepare_cached("SELECT value FROM outbox_memory WHERE name = ?1")?
                    .query_row([MOVED], |row| row.get(0))
                    .optional()?;
                let known: Vec<String> =
                    known.and_then(|it| serde_json::from_str(&it).ok()).unwrap_or_default();
                for tiding in tidings.iter().filter(|it| !known.contains(&it.origin)) {
                    it.prepare_cached(
                        "INSERT INTO untold (job, message, reason, origin)
                         VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![
                        tiding.job,
                        tiding.message,
                        tiding.reason,
                        tiding.origin
                    ])?;
                }
                let now: Vec<&str> = tidings.iter().map(|it| it.origin.as_str()).collect();
                it.prepare_cached(
                    "INSERT INTO outbox_memory (name, value) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET value = ?2",
                )?
                .execute(params![MOVED, serde_json::to_string(&now).unwrap_or_default()])?;
                Ok(())
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Database;
    use crate::domain::job::JobId;
    use crate::notify::outbox::UntoldKind;

    fn tiding(seq: i64) -> Tiding {
        let origin = format!("fleet/{seq}");
        Tiding { seq, origin, job: Some(format!("job{seq}")), message: None, reason: None }
    }

    #[tokio::test]
    async fn what_comes_again_is_noted_once_also_when_it_was_told_meanwhile() {
        let outbox = Outbox::new(Database::open_in_memory().unwrap());
        let jobs = async || {
            let untold = outbox.untold().await.unwrap();
            untold.into_iter().map(|it| it.what).collect::<Vec<_>>()
        };
        let job = |seq: i64| UntoldKind::Job(JobId(format!("job{seq}")));
        outbox.take_over(vec![tiding(1), tiding(2)]).await.unwrap();
        outbox.take_over(vec![tiding(1), tiding(2), tiding(3)]).await.unwrap();
        assert_eq!(jobs().await, [job(1), job(2), job(3)]);
        let first = outbox.untold().await.unwrap().remove(0).seq;
        let now = crate::domain::time::Timestamp(1);
        outbox.post(vec![], None, Some(first), now).await.unwrap();
        outbox.take_over(vec![tiding(1), tiding(2), tiding(3)]).await.unwrap();
        assert_eq!(jobs().await, [job(2), job(3)]);
    }
}
