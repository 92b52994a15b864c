//! What is to be known of a server before work is trusted to it.

use std::time::Duration;

use super::{Postgres, PostgresError, Purpose, Work, migrate};

/// How long a server that is away is asked again.
const BRIEFLY: Duration = Duration::from_secs(2);

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its version, such as `15.18`.
    pub version: String,
    /// The same as a number: 150018.
    pub number: i32,
    /// The schema's version; 0: there is none yet.
    pub schema: i64,
    /// The newest version that this program knows.
    pub known: usize,
    /// Whether this user may make what is missing: the schema, or tables in it.
    pub may_migrate: bool,
    /// Whether this user may read and write the tables; true when there are none yet.
    pub may_write: bool,
    /// What is around this connection, such as `TLSv1.3`; `None`: nothing.
    pub tls: Option<String>,
    /// Whether it answers before the disk has it: `fsync` is off.
    pub unsafe_disk: bool,
    /// Whether it only reads: a standby.
    pub standby: bool,
    /// How many connections it takes, and how many there are.
    pub connections: (i64, i64),
}

/// The oldest server that has what we use: `pg_current_xact_id_if_assigned`, `gen_random_uuid`.
pub const OLDEST: i32 = 130_000;

pub(super) async fn ask(postgres: &Postgres) -> Result<Facts, PostgresError> {
    let schema = postgres.address().schema().to_owned();
    // Whoever asks waits for the answer.
    postgres.persist(BRIEFLY, Purpose::Read, &move |step| look(step, schema.clone())).await
}

fn look<'a>(step: &'a super::Step<'a>, schema: String) -> Work<'a, Facts> {
    Box::pin(async move {
        let row = step
            .one(
                "SELECT split_part(current_setting('server_version'), ' ', 1),
                        current_setting('server_version_num')::int,
                        CASE WHEN to_regnamespace($1::text) IS NULL
                             THEN has_database_privilege(current_database(), 'CREATE')
                             ELSE has_schema_privilege($1::text, 'CREATE') END,
                        (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl),
                        current_setting('fsync') = 'off',
                        pg_is_in_recovery(),
                        current_setting('max_connections')::bigint,
                        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
                        (SELECT coalesce(bool_and(
                                 has_table_privilege(c.oid, 'SELECT, INSERT')
                                 AND has_table_privilege(c.oid, 'UPDATE')
                                 AND has_table_privilege(c.oid, 'DELETE')), true)
                         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE n.nspname = $1::text AND c.relkind = 'r'
                           AND has_schema_privilege(n.oid, 'USAGE'))",
                &[&schema],
            )
            .await?;
        let version = migrate::version(step, &schema).await?;
        Ok(Facts {
            version: row.get(0),
            number: row.get(1),
            schema: version,
            known: migrate::known(),
            may_migrate: row.get(2),
            may_write: row.get(8),
            tls: row.get(3),
            unsafe_disk: row.get(4),
            standby: row.get(5),
            connections: (row.get(6), row.get(7)),
        })
    })
}
