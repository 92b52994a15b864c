//! What was seen of the lists that the worker looks at itself.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use crate::database::DatabaseError;
use crate::domain::task::Repository;
use crate::engine::watch::{List, Mark};
use crate::store::encoding::lower;
use crate::store::{Polls, StoreError, Watched};

use super::SqliteStore;

#[async_trait]
impl Polls for SqliteStore {
    async fn watched(&self, repository: &Repository, list: List) -> Result<Watched, StoreError> {
        let key = lower(repository);
        let row = self.database.read(move |it| {
            it.prepare_cached("SELECT etag, mark FROM polls WHERE repository = ?1 AND list = ?2")?
                .query_row(params![key, list.name()], |row| {
                    Ok((row.get::<_, Option<String>>(0)?, row.get::<_, String>(1)?))
                })
                .optional()
        });
        let Some((etag, mark)) = row.await? else { return Ok(Watched::default()) };
        match serde_json::from_str(&mark) {
            Ok(mark) => Ok(Watched { etag, mark: Some(mark) }),
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
        let key = lower(repository);
        let mark = serde_json::to_string(mark)
            .map_err(|error| DatabaseError::Failed(error.to_string()))?;
        let noted = self.database.write(move |it| {
            it.prepare_cached(
                "INSERT INTO polls (repository, list, etag, mark) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET etag = excluded.etag, mark = excluded.mark",
            )?
            .execute(params![key, list.name(), etag, mark])
        });
        noted.await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Database;
    use crate::domain::time::Timestamp;

    #[tokio::test]
    async fn what_was_seen_is_remembered_for_each_list_of_each_repository() {
        let store = SqliteStore::over(Database::open_in_memory().unwrap());
        let [api, other] = ["Acme/api", "acme/other"].map(|it| it.parse::<Repository>().unwrap());
        assert_eq!(store.watched(&api, List::Issues).await.unwrap(), Watched::default());
        let mut mark = Mark { since: Timestamp(5), floor: Timestamp(7), ..Mark::default() };
        mark.seen.insert(u64::MAX, Timestamp(8));
        store.watch(&api, List::Issues, Some("\"a\"".into()), &Mark::default()).await.unwrap();
        store.watch(&api, List::Issues, None, &mark).await.unwrap();
        let same = "acme/API".parse().unwrap();
        let watched = Watched { etag: None, mark: Some(mark) };
        assert_eq!(store.watched(&same, List::Issues).await.unwrap(), watched);
        assert_eq!(store.watched(&api, List::Comments).await.unwrap(), Watched::default());
        assert_eq!(store.watched(&other, List::Issues).await.unwrap(), Watched::default());
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_looked_at_anew() {
        let database = Database::open_in_memory().unwrap();
        let insert = "INSERT INTO polls VALUES ('acme/api', 'issues', 'x', '{]')";
        database.write(move |it| it.execute(insert, [])).await.unwrap();
        let store = SqliteStore::over(database);
        let api = "acme/api".parse().unwrap();
        assert_eq!(store.watched(&api, List::Issues).await.unwrap(), Watched::default());
    }
}
