//! The schema, step by step, by one worker at a time.

use super::{Postgres, PostgresError, Step};

/// One step a version. Steps that were released are never edited.
const MIGRATIONS: [&str; 3] =
    [include_str!("001_store.sql"), include_str!("002_queue.sql"), include_str!("003_fates.sql")];

/// `pg_advisory_xact_lock` of this number is held while the schema is changed: "codingwo" in ASCII.
const LOCK: i64 = 0x636f_6469_6e67_776f;

/// How long a worker that starts waits for the one that changes the schema.
const MOST: std::time::Duration = std::time::Duration::from_secs(60);

/// The newest version of the schema that this program knows.
pub(super) fn known() -> usize {
    MIGRATIONS.len()
}

/// Brings the schema up to date. Who has no right to change it can still work with one that is.
pub(super) async fn migrate(postgres: &Postgres) -> Result<(), PostgresError> {
    let schema = postgres.address().schema().to_owned();
    let found = {
        let schema = schema.clone();
        postgres.read(move |step| {
            let schema = schema.clone();
            Box::pin(async move { version(step, &schema).await })
        })
    };
    if pending(postgres, found.await?)? == known() {
        return Ok(());
    }
    let found = postgres
        .persist(MOST, super::Purpose::Migrate, &move |step| {
            let schema = schema.clone();
            Box::pin(async move {
                // The others wait for whoever is changing it, rather than for a few seconds.
                step.batch("SET LOCAL lock_timeout = '15s'; SET LOCAL statement_timeout = '15s'")
                    .await?;
                step.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
                let found = version(step, &schema).await?;
                let Some(done) = usize::try_from(found).ok().filter(|it| *it < known()) else {
                    return Ok(found);
                };
                if !has_schema(step, &schema).await? {
                    step.batch(&format!("CREATE SCHEMA {schema}")).await?;
                }
                for migration in &MIGRATIONS[done..] {
                    step.batch(migration).await?;
                }
                let all = i64::try_from(known()).unwrap_or(i64::MAX);
                step.execute("UPDATE schema_version SET version = $1", &[&all]).await?;
                Ok(all)
            })
        })
        .await?;
    pending(postgres, found).map(|_| ())
}

/// How many steps are done, if this program knows them all.
fn pending(postgres: &Postgres, found: i64) -> Result<usize, PostgresError> {
    match usize::try_from(found) {
        Ok(steps) if steps <= known() => Ok(steps),
        _ => Err(PostgresError::TooNew {
            at: postgres.address().shown().to_owned(),
            found,
            known: known(),
        }),
    }
}

async fn has_schema(step: &Step<'_>, schema: &str) -> Result<bool, super::Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)";
    Ok(step.one(sql, &[&schema]).await?.get(0))
}

/// The version of the schema, 0 when there is none.
pub(super) async fn version(step: &Step<'_>, schema: &str) -> Result<i64, super::Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_tables
                              WHERE schemaname = $1 AND tablename = 'schema_version')";
    if !step.one(sql, &[&schema]).await?.get::<_, bool>(0) {
        return Ok(0);
    }
    Ok(step.one("SELECT version FROM schema_version", &[]).await?.get(0))
}
