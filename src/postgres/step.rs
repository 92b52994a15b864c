//! One transaction, while it is open.

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::IsolationLevel;

use super::{Error, Row, ToSql};

/// A transaction. Statements are prepared once a connection.
pub struct Step<'a> {
    transaction: Transaction<'a>,
}

impl<'a> Step<'a> {
    pub(super) async fn begin(client: &'a mut Object, only_read: bool) -> Result<Self, Error> {
        let builder = client.build_transaction();
        let builder = match only_read {
            true => builder.read_only(true).isolation_level(IsolationLevel::RepeatableRead),
            // What waits for a row's lock must see the row as it is afterwards, whatever the
            // server's default is.
            false => builder.read_only(false).isolation_level(IsolationLevel::ReadCommitted),
        };
        Ok(Self { transaction: builder.start().await? })
    }

    /// How many rows were touched.
    ///
    /// # Errors
    /// What the server says.
    pub async fn execute(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        let statement = self.transaction.prepare_cached(sql).await?;
        self.transaction.execute(&statement, params).await
    }

    /// All rows.
    ///
    /// # Errors
    /// What the server says.
    pub async fn query(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let statement = self.transaction.prepare_cached(sql).await?;
        self.transaction.query(&statement, params).await
    }

    /// The one row.
    ///
    /// # Errors
    /// What the server says, or that there is none, or more than one.
    pub async fn one(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Row, Error> {
        let statement = self.transaction.prepare_cached(sql).await?;
        self.transaction.query_one(&statement, params).await
    }

    /// The row, if there is one.
    ///
    /// # Errors
    /// What the server says, or that there is more than one.
    pub async fn maybe(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, Error> {
        let statement = self.transaction.prepare_cached(sql).await?;
        self.transaction.query_opt(&statement, params).await
    }

    /// Several statements without parameters.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Error> {
        self.transaction.batch_execute(sql).await
    }

    /// Leaves a write's mark, if the transaction has written anything or in any case, and says
    /// whether it was not there. Another transaction that is leaving the same one is waited for.
    pub(super) async fn mark(
        &self,
        process: i64,
        number: i64,
        in_any_case: bool,
    ) -> Result<bool, Error> {
        let sql = "INSERT INTO writes (process, number)
                   SELECT $1, $2 WHERE $3 OR pg_current_xact_id_if_assigned() IS NOT NULL
                   ON CONFLICT DO NOTHING";
        Ok(self.execute(sql, &[&process, &number, &in_any_case]).await? == 1)
    }

    pub(super) async fn end(self) -> Result<(), Error> {
        self.transaction.commit().await
    }
}
