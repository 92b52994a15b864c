//! PostgreSQL itself, for real: connections that end at any moment, TLS, the schema.

use std::future::Future as _;
use std::time::Duration;

use codingworker::domain::job::Fault;
use codingworker::domain::time::Timestamp;
use codingworker::postgres::{Address, Postgres, PostgresError};
use codingworker::store::postgres::PostgresStore;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::postgres_server::{PASSWORD, Server};

mod cutting;
mod outage;
use cutting::{Cut, Cutter};

/// Ends a backend of this schema's workers now and then.
pub(crate) struct Terminator {
    terminated: watch::Receiver<u64>,
    _task: AbortOnDropHandle<()>,
}

impl Terminator {
    /// Begins, and goes on until it is dropped.
    pub(crate) fn of(address: Address) -> Self {
        let (tell, terminated) = watch::channel(0);
        let postgres = Postgres::connect(address).unwrap();
        let task = tokio::spawn(async move {
            loop {
                let killed = terminate_one(&postgres).await.unwrap_or(0);
                tell.send_modify(|it| *it += killed.cast_unsigned());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        Self { terminated, _task: AbortOnDropHandle::new(task) }
    }

    /// How many it has ended by now, for those who have to go on until there was one: without one
    /// nothing was shown, and how much a machine gets done before the first is chance.
    pub(crate) fn terminated(&self) -> watch::Receiver<u64> {
        self.terminated.clone()
    }
}

async fn terminate_one(postgres: &Postgres) -> Result<i64, PostgresError> {
    let one = postgres.read(|step| {
        Box::pin(async move {
            // One that is in a transaction of this schema's tables just now.
            let sql = "SELECT count(pg_terminate_backend(pid)) FROM (
                           SELECT pid FROM pg_locks
                           JOIN pg_class ON pg_class.oid = pg_locks.relation
                           WHERE relnamespace = current_schema()::regnamespace
                             AND pid <> pg_backend_pid() LIMIT 1) AS one";
            Ok(step.one(sql, &[]).await?.get::<_, i64>(0))
        })
    });
    one.await
}

async fn batch(postgres: &Postgres, statements: &'static [&'static str]) {
    let done = postgres.write(move |step| {
        Box::pin(async move {
            for statement in statements {
                step.execute(statement, &[]).await?;
            }
            Ok(())
        })
    });
    done.await.unwrap();
}

async fn mark(postgres: &Postgres, mark: i64) -> Result<u64, PostgresError> {
    postgres
        .write(move |step| {
            Box::pin(async move { step.execute("INSERT INTO marks VALUES ($1)", &[&mark]).await })
        })
        .await
}

/// The marks that are there, in order.
async fn marks(postgres: &Postgres) -> Vec<i64> {
    let rows = postgres.read(|step| {
        Box::pin(async move { step.query("SELECT mark FROM marks ORDER BY mark", &[]).await })
    });
    rows.await.unwrap().iter().map(|row| row.get(0)).collect()
}

const TABLE: &[&str] = &["CREATE TABLE marks (mark BIGINT NOT NULL)"];

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_there_once() {
    let server = Server::shared();
    let address = server.address();
    let direct = Postgres::open(address.clone()).await.unwrap();
    batch(&direct, TABLE).await;
    let cutter = Cutter::before(server.port).await;
    let url = server.url().replace(&server.port.to_string(), &cutter.port.to_string());
    let through = Address::parse(&format!("{url}?sslmode=disable"), None).unwrap();
    let through = Postgres::connect(through.in_schema(address.schema()).unwrap()).unwrap();
    for (number, cut) in [Cut::BeforeCommit, Cut::AfterCommit, Cut::InTheMiddle].iter().enumerate()
    {
        for round in 0..3 {
            let number = i64::try_from(number).unwrap() * 10 + round;
            let before = cutter.arm(*cut);
            mark(&through, number).await.unwrap();
            assert_eq!(cutter.cuts(), before + 1, "nothing was cut, so nothing was shown");
        }
    }
    assert_eq!(marks(&direct).await, [0, 1, 2, 10, 11, 12, 20, 21, 22]);
}

#[tokio::test]
async fn writes_are_carried_out_once_while_backends_are_terminated() {
    let address = Server::shared().address();
    let postgres = Postgres::open(address.clone()).await.unwrap();
    batch(&postgres, TABLE).await;
    let terminator = Terminator::of(address);
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let (postgres, terminated) = (postgres.clone(), terminator.terminated());
        writers.spawn(async move {
            let first = writer * 1_000_000;
            let mut next = first;
            while next < first + 60 || *terminated.borrow() == 0 {
                assert!(next < first + 100_000, "no backend is ever terminated");
                mark(&postgres, next).await.unwrap();
                next += 1;
            }
            (first..next).collect::<Vec<i64>>()
        });
    }
    let mut expected = writers.join_all().await.concat();
    expected.sort_unstable();
    assert_eq!(marks(&postgres).await, expected);
}

#[tokio::test]
async fn what_was_handed_over_is_carried_out_when_the_caller_no_longer_waits() {
    let postgres = Server::shared().fresh().await;
    batch(&postgres, TABLE).await;
    for number in 0..20 {
        let mut writing = Box::pin(mark(&postgres, number));
        std::future::poll_fn(|context| {
            assert!(writing.as_mut().poll(context).is_pending(), "it is not there at once");
            std::task::Poll::Ready(())
        })
        .await;
    }
    let all = async {
        while marks(&postgres).await.len() < 20 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.unwrap();
}

#[tokio::test]
async fn ten_workers_that_start_at_once_make_one_schema() {
    let address = Server::shared().address();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        workers.spawn(Postgres::open(address.clone()));
    }
    for worker in workers.join_all().await {
        let facts = worker.unwrap().facts().await.unwrap();
        assert_eq!(facts.schema, i64::try_from(facts.known).unwrap());
        assert!(facts.may_write && facts.may_migrate && !facts.standby);
    }
}

#[tokio::test]
async fn a_schema_from_a_later_version_is_left_alone() {
    let address = Server::shared().address();
    let postgres = Postgres::open(address.clone()).await.unwrap();
    batch(&postgres, &["UPDATE schema_version SET version = 999"]).await;
    let error = Postgres::open(address).await.err().unwrap();
    assert!(matches!(error, PostgresError::TooNew { found: 999, .. }), "{error}");
    assert_eq!(error.fault(), Fault::Permanent);
}

#[tokio::test]
async fn a_user_without_rights_is_told_so_and_one_who_may_only_write_can_work() {
    let server = Server::shared();
    let address = server.address();
    let schema: &'static str = address.schema().to_owned().leak();
    let owner = Postgres::open(address).await.unwrap();
    let guest = format!("guest_{schema}");
    let url = format!("postgres://{guest}:guest@localhost:{}/fleet", server.port);
    let theirs = Address::parse(&url, None).unwrap().in_schema(schema).unwrap();
    let statement = format!("CREATE USER {guest} PASSWORD 'guest'").leak();
    let grants = [
        format!("GRANT USAGE ON SCHEMA {schema} TO {guest}"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {guest}"),
    ];
    let grants = grants.map(|it| &*it.leak());
    batch(&owner, vec![&*statement].leak()).await;
    let error = Postgres::open(theirs.clone()).await.err().unwrap();
    assert!(matches!(error, PostgresError::Refused { .. }), "{error}");
    batch(&owner, grants.to_vec().leak()).await;
    let worker = Postgres::open(theirs).await.unwrap();
    let facts = worker.facts().await.unwrap();
    assert!(facts.may_write && !facts.may_migrate);
}

#[tokio::test]
async fn sslmode_means_what_libpq_means() {
    let server = Server::shared();
    let authority = server.authority.display();
    let facts = async |host: &str, options: &str| {
        let url = server.url().replace("localhost", host);
        let address = Address::parse(&format!("{url}{options}"), None).unwrap();
        Postgres::connect(address).unwrap().facts().await
    };
    for (options, encrypted) in [
        ("", true),
        ("?sslmode=disable", false),
        ("?sslmode=prefer", true),
        ("?sslmode=require", true),
        (&format!("?sslmode=verify-full&sslrootcert={authority}"), true),
    ] {
        let facts = facts("localhost", options).await.unwrap();
        assert_eq!(facts.tls.is_some(), encrypted, "{options}");
    }
    for (host, options) in [
        // Nobody here knows the authority.
        ("localhost", "?sslmode=verify-full".to_owned()),
        // The certificate is for the name.
        ("127.0.0.1", format!("?sslmode=verify-full&sslrootcert={authority}")),
    ] {
        let error = facts(host, &options).await.unwrap_err();
        assert!(matches!(error, PostgresError::Refused { .. }), "{host} {options}: {error}");
    }
}

#[tokio::test]
async fn who_is_refused_is_told_without_the_password() {
    let server = Server::shared();
    let wrong = server.url().replace("correct", "incorrect");
    let refused = Postgres::open(Address::parse(&wrong, None).unwrap()).await.err().unwrap();
    assert!(matches!(refused, PostgresError::Refused { .. }), "{refused}");
    assert!(!refused.to_string().contains("horse"), "{refused}");
    let password = PASSWORD.to_owned().into();
    let beside = server.url().replace(":correct%20horse%20battery", "");
    let beside = Address::parse(&beside, Some(&password)).unwrap();
    assert!(Postgres::connect(beside).unwrap().facts().await.is_ok());
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let away = server.url().replace(&server.port.to_string(), &port.to_string());
    let away = Postgres::connect(Address::parse(&away, None).unwrap()).unwrap();
    let away = away
        .write_within(Duration::ZERO, |step| {
            Box::pin(async move { step.execute("SELECT 1", &[]).await })
        })
        .await
        .unwrap_err();
    assert_eq!(away.fault(), Fault::Transient, "{away}");
}

#[tokio::test]
async fn the_pull_requests_of_an_older_schema_are_followed() {
    let address = Server::shared().address();
    let postgres = Postgres::open(address.clone()).await.unwrap();
    let older: &[&str] = &[
        "DROP TABLE fates",
        "UPDATE schema_version SET version = 2",
        "INSERT INTO jobs (id, key, repository, issue, task, state, created_at, updated_at)
         SELECT id, id, 'acme/api', issue, '{\"repository\": \"Acme/Api\"}', 'done', 1, 1
         FROM (VALUES ('a', 7), ('b', 8), ('c', 9)) AS old (id, issue)",
        "INSERT INTO events (job, seq, record) VALUES
         ('a', 1, '{\"at\":50,\"event\":{\"event\":\"opened\",\"of\":{\"number\":8}}}'),
         ('b', 1, '{\"at\":70,\"event\":{\"event\":\"ended\",\"of\":{\"kind\":\"updated\"}}}'),
         ('c', 1, '{\"at\":90,\"event\":{\"event\":\"closed\"}}')",
    ];
    batch(&postgres, older).await;
    drop(postgres);
    let store = PostgresStore::over(Postgres::open(address).await.unwrap(), "one".to_owned());
    let all = store.fates().await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].repository.to_string(), all[0].number), ("Acme/Api".to_owned(), 8));
    assert_eq!((all[0].since, all[0].looked_at), (Timestamp(70), None));
}
