//! Which models nobody asks for a while.

use async_trait::async_trait;

use crate::domain::time::Timestamp;
use crate::engine::cooldown::{Hold, Kind, ModelKey};
use crate::postgres::{Row, storable};
use crate::store::{Holds, StoreError};

use super::PostgresStore;

#[async_trait]
impl Holds for PostgresStore {
    async fn hold_model(&self, hold: &Hold) -> Result<(), StoreError> {
        let Hold { key: ModelKey { model, server }, said, since, until, nth, .. } = hold;
        let sql = "INSERT INTO model_holds (model, server, said, since, until, nth)
                   VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (model, server)
                   DO UPDATE SET said = excluded.said, since = excluded.since,
                                 until = excluded.until, nth = excluded.nth";
        let params = vec![
            Box::new(storable(model)) as _,
            Box::new(storable(server)) as _,
            Box::new(storable(said)) as _,
            Box::new(since.0) as _,
            Box::new(until.0) as _,
            Box::new(i64::from(*nth)) as _,
        ];
        self.execute(sql, params).await?;
        Ok(())
    }

    async fn held_models(&self) -> Result<Vec<Hold>, StoreError> {
        let sql = "SELECT model, server, said, since, until, nth FROM model_holds
                   ORDER BY model COLLATE \"C\", server COLLATE \"C\"";
        let hold = |row: &Row| Hold {
            key: ModelKey { model: row.get(0), server: row.get(1) },
            // What is only away is looked for at each start.
            kind: Kind::Busy,
            said: row.get(2),
            since: Timestamp(row.get(3)),
            until: Timestamp(row.get(4)),
            nth: u32::try_from(row.get::<_, i64>(5)).unwrap_or(u32::MAX),
        };
        Ok(self.query(sql, vec![]).await?.iter().map(hold).collect())
    }

    async fn release_model(&self, key: &ModelKey) -> Result<(), StoreError> {
        let sql = "DELETE FROM model_holds WHERE model = $1 AND server = $2";
        let params =
            vec![Box::new(storable(&key.model)) as _, Box::new(storable(&key.server)) as _];
        self.execute(sql, params).await?;
        Ok(())
    }
}
