//! Which models nobody asks for a while.

use async_trait::async_trait;
use rusqlite::params;

use crate::domain::time::Timestamp;
use crate::engine::cooldown::{Hold, Kind, ModelKey};
use crate::store::{Holds, StoreError};

use super::SqliteStore;

#[async_trait]
impl Holds for SqliteStore {
    async fn hold_model(&self, hold: &Hold) -> Result<(), StoreError> {
        let hold = hold.clone();
        let held = self.database.write(move |it| {
            let Hold { key: ModelKey { model, server }, said, since, until, nth, .. } = hold;
            it.prepare_cached(
                "INSERT INTO model_holds (model, server, said, since, until, nth)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET said = excluded.said, since = excluded.since,
                                           until = excluded.until, nth = excluded.nth",
            )?
            .execute(params![model, server, said, since.0, until.0, nth])
        });
        held.await?;
        Ok(())
    }

    async fn held_models(&self) -> Result<Vec<Hold>, StoreError> {
        let held = self.database.read(|it| {
            it.prepare_cached(
                "SELECT model, server, said, since, until, nth FROM model_holds
                 ORDER BY model, server",
            )?
            .query_map([], |row| {
                Ok(Hold {
                    key: ModelKey { model: row.get(0)?, server: row.get(1)? },
                    // What is only away is looked for at each start.
                    kind: Kind::Busy,
                    said: row.get(2)?,
                    since: Timestamp(row.get(3)?),
                    until: Timestamp(row.get(4)?),
                    nth: row.get(5)?,
                })
            })?
            .collect()
        });
        Ok(held.await?)
    }

    async fn release_model(&self, key: &ModelKey) -> Result<(), StoreError> {
        let key = key.clone();
        let released = self.database.write(move |it| {
            it.prepare_cached("DELETE FROM model_holds WHERE model = ?1 AND server = ?2")?
                .execute(params![key.model, key.server])
        });
        released.await?;
        Ok(())
    }
}
