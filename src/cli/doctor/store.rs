//! The database that workers share.

use super::Finding;
use crate::config::Config;
use crate::postgres::{Facts, OLDEST, Postgres, SslMode};

/// Asks the server, where one is configured.
pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let Some(address) = config.store.address.clone() else { return Vec::new() };
    let (at, mode) = (address.shown().to_owned(), address.mode());
    let facts = match Postgres::connect(address) {
        Ok(postgres) => postgres.facts().await,
        Err(error) => Err(error),
    };
    vec![match facts {
        Ok(facts) => judge(&at, mode, &facts),
        Err(error) => Finding::fail(
            "store",
            error.to_string(),
            "see `store` in the configuration, and docs/fleet.md",
        ),
    }]
}

fn judge(at: &str, mode: SslMode, facts: &Facts) -> Finding {
    let fail = |what: &str, remedy: &str| Finding::fail("store", format!("{at}: {what}"), remedy);
    let known = i64::try_from(facts.known).unwrap_or(i64::MAX);
    let (most, used) = facts.connections;
    match facts {
        it if it.number < OLDEST => {
            fail(&format!("PostgreSQL {} is older than 13", it.version), "upgrade the server")
        }
        it if it.standby => fail(
            "this is a standby, which only reads",
            "name the primary in `store.url`, or add ?target_session_attrs=read-write",
        ),
        it if it.schema > known => fail(
            &format!("its schema is version {}, and this program knows {known}", it.schema),
            "run the newer codingworker",
        ),
        it if it.schema < known && !it.may_migrate => fail(
            "this user may not make or change the tables",
            "make it the owner of the database: ALTER DATABASE NAME OWNER TO USER",
        ),
        it if !it.may_write => fail(
            "this user may not write the tables",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA codingworker TO USER",
        ),
        it if it.unsafe_disk => Finding::warn(
            "store",
            format!("{at}: fsync is off, so that a power cut loses jobs"),
            "ALTER SYSTEM SET fsync = on".to_owned(),
        ),
        _ if used * 10 > most * 8 => Finding::warn(
            "store",
            format!("{at}: {used} of {most} connections are in use; a worker takes up to 9"),
            "raise max_connections".to_owned(),
        ),
        it => {
            let tls = it.tls.as_deref().unwrap_or("no TLS");
            let schema = match it.schema {
                0 => "its schema is made at the first start".to_owned(),
                version => format!("schema {version}"),
            };
            let detail = format!("PostgreSQL {} at {at}: {schema}, {tls}", it.version);
            match mode {
                SslMode::VerifyFull => Finding::ok("store", detail),
                other => Finding::ok("store", format!("{detail} (sslmode={})", other.name())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Status;

    #[test]
    fn each_thing_that_would_make_jobs_fail_is_said() {
        let good = Facts {
            version: "15.18".into(),
            number: 150_018,
            schema: 2,
            known: 2,
            may_migrate: true,
            may_write: true,
            tls: Some("TLSv1.3".into()),
            unsafe_disk: false,
            standby: false,
            connections: (100, 12),
        };
        let status = |facts: Facts| judge("db", SslMode::VerifyFull, &facts).status;
        assert_eq!(status(good.clone()), Status::Ok);
        assert_eq!(status(Facts { may_migrate: false, ..good.clone() }), Status::Ok);
        for bad in [
            Facts { number: 120_000, ..good.clone() },
            Facts { standby: true, ..good.clone() },
            Facts { schema: 3, ..good.clone() },
            Facts { schema: 0, may_migrate: false, ..good.clone() },
            Facts { may_write: false, ..good.clone() },
        ] {
            assert_eq!(status(bad.clone()), Status::Fail, "{bad:?}");
        }
        for unwise in
            [Facts { unsafe_disk: true, ..good.clone() }, Facts { connections: (100, 90), ..good }]
        {
            assert_eq!(status(unwise.clone()), Status::Warn, "{unwise:?}");
        }
    }
}
