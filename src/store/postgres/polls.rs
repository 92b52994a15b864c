//! What was seen of the lists that workers look at themselves.

use async_trait::async_trait;

use crate::database::DatabaseError;
use crate::domain::task::Repository;
use crate::engine::watch::{List, Mark};
use crate::postgres::storable;
use crate::store::encoding::lower;
use crate::store::{Polls, StoreError, Watched};

use super::PostgresStore;

#[async_trait]
impl Polls for PostgresStore {
    async fn watched(&self, repository: &Repository, list: List) -> Result<Watched, StoreError> {
        let sql = "SELECT etag, mark FROM polls WHERE repository = $1 AND list = $2";
        let params = vec![Box::new(lower(repository)) as _, Box::new(list.name()) as _];
        let rows = self.query(sql, params).await?;
        let Some(row) = rows.first() else { return Ok(Watched::default()) };
        match serde_json::from_str(row.get(1)) {
            Ok(mark) => Ok(Watched { etag: row.get(0), mark: Some(mark) }),
            Err(error) => {
                let list = list.name();
                tracing::warn!(%repository, list, %error, "what was seen cannot be read: looking anew");
                Ok(Watched::default())
            }
        }
    }

    async fn watch(
        &self,
        repository: &Repository,
        list: List,
        etag: Option<String>,
        mark: &Mark,
    ) -> Result<(), StoreError> {
        let mark = serde_json::to_string(mark)
            .map_err(|error| DatabaseError::Failed(error.to_string()))?;
        let sql = "INSERT INTO polls (repository, list, etag, mark) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (repository, list)
                   DO UPDATE SET etag = excluded.etag, mark = excluded.mark";
        let params = vec![
            Box::new(lower(repository)) as _,
            Box::new(list.name()) as _,
            Box::new(etag.as_deref().map(storable)) as _,
            Box::new(mark) as _,
        ];
        self.execute(sql, params).await?;
        Ok(())
    }
}
