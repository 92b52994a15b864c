//! How channels fare, and what is remembered from one worker to the next.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::Outbox;
use crate::database::DatabaseError;
use crate::domain::time::Timestamp;

/// How a channel fares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its name.
    pub channel: String,
    /// How many notices wait.
    pub waiting: u64,
    /// How many arrived.
    pub sent: u64,
    /// How many were given up.
    pub dropped: u64,
    /// When the last one arrived.
    pub sent_at: Option<Timestamp>,
    /// What went wrong last.
    pub error: Option<String>,
    /// When that was.
    pub error_at: Option<Timestamp>,
}

impl Outbox {
    /// How each channel fares that was ever told something, or waits to be.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(&self) -> Result<Vec<Account>, DatabaseError> {
        let sql = "SELECT names.channel,
                   (SELECT count(*) FROM outbox WHERE outbox.channel = names.channel),
                   coalesce(a.sent, 0), coalesce(a.dropped, 0), a.sent_at, a.error, a.error_at
                   FROM (SELECT channel FROM outbox UNION SELECT channel FROM outbox_account) names
                   LEFT JOIN outbox_account a ON a.channel = names.channel ORDER BY 1";
        let account = |row: &Row<'_>| {
            Ok(Account {
                channel: row.get(0)?,
                waiting: unsigned(row.get(1)?),
                sent: unsigned(row.get(2)?),
                dropped: unsigned(row.get(3)?),
                sent_at: row.get::<_, Option<i64>>(4)?.map(Timestamp),
                error: row.get(5)?,
                error_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
            })
        };
        self.database.read(move |it| it.prepare(sql)?.query_map([], account)?.collect()).await
    }

    /// What was remembered under a name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recall(&self, name: &'static str) -> Result<Option<String>, DatabaseError> {
        let sql = "SELECT value FROM outbox_memory WHERE name = ?1";
        let read = move |it: &Connection| it.query_row(sql, [name], |row| row.get(0)).optional();
        self.database.read(read).await
    }

    /// Remembers something under a name; `None` forgets it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remember(
        &self,
        name: &'static str,
        value: Option<String>,
    ) -> Result<(), DatabaseError> {
        self.database
            .write(move |it| {
                match value {
                    Some(value) => it.execute(
                        "INSERT INTO outbox_memory (name, value) VALUES (?1, ?2)
                         ON CONFLICT (name) DO UPDATE SET value = ?2",
                        params![name, value],
                    )?,
                    None => it.execute("DELETE FROM outbox_memory WHERE name = ?1", [name])?,
                };
                Ok(())
            })
            .await
    }
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
