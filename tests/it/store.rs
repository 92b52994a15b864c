//! The stores: the contract on each of them, and what is PostgreSQL's alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use codingworker::database::Database;
use codingworker::domain::time::Timestamp;
use codingworker::postgres::Postgres;
use codingworker::store::Store;
use codingworker::store::postgres::PostgresStore;
use codingworker::store::sqlite::SqliteStore;

use crate::contract::store::{NOW, Place, store_contract};
use crate::postgres_server::Server;

mod shared;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_in_memory_keeps_the_contract() {
    store_contract(Arc::new(|| {
        let database = Database::open_in_memory().unwrap();
        Box::pin(async move { Arc::new(Local::new(database, None)) as Arc<dyn Place> })
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_in_a_file_keeps_the_contract() {
    store_contract(Arc::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("codingworker.db")).unwrap();
        Box::pin(async move { Arc::new(Local::new(database, Some(folder))) as Arc<dyn Place> })
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_on_postgresql_keeps_the_contract() {
    store_contract(Arc::new(|| {
        Box::pin(async move {
            let postgres = Server::shared().fresh().await;
            Arc::new(Shared { postgres, now: AtomicI64::new(NOW.0) }) as Arc<dyn Place>
        })
    }))
    .await;
}

/// SQLite is told what time it is.
struct Local {
    database: Database,
    now: AtomicI64,
    folder: Option<tempfile::TempDir>,
}

impl Local {
    fn new(database: Database, folder: Option<tempfile::TempDir>) -> Self {
        Self { database, now: AtomicI64::new(NOW.0), folder }
    }
}

#[async_trait]
impl Place for Local {
    async fn open(&self) -> Store {
        let file = self.folder.as_ref().map(|it| it.path().join("codingworker.db"));
        let again = file.map(|it| Database::open(&it).unwrap());
        SqliteStore::over(again.unwrap_or_else(|| self.database.clone()))
    }

    async fn pass(&self, time: Duration) -> Timestamp {
        passed(&self.now, time)
    }
}

/// PostgreSQL has a clock of its own: what is to have passed is taken off the leases.
struct Shared {
    postgres: Postgres,
    now: AtomicI64,
}

#[async_trait]
impl Place for Shared {
    async fn open(&self) -> Store {
        let postgres = Postgres::open(self.postgres.address().clone()).await.unwrap();
        PostgresStore::over(postgres, "one".to_owned())
    }

    async fn pass(&self, time: Duration) -> Timestamp {
        let ms = i64::try_from(time.as_millis()).unwrap();
        self.postgres
            .write(move |step| {
                let sql = "UPDATE jobs SET lease_until = lease_until - $1";
                Box::pin(async move { step.execute(sql, &[&ms]).await })
            })
            .await
            .unwrap();
        passed(&self.now, time)
    }
}

fn passed(now: &AtomicI64, time: Duration) -> Timestamp {
    let ms = i64::try_from(time.as_millis()).unwrap();
    Timestamp(now.fetch_add(ms, Ordering::SeqCst) + ms)
}
