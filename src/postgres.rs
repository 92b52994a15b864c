//! PostgreSQL, for workers that share a store: how it is reached, and when a write counts.
//!
//! A write is answered after its `COMMIT` was. It leaves a mark with a number of its own in the same
//! transaction: when the connection ends before the answer, the next try looks for that mark first,
//! so that a write is never carried out twice and never taken for done when it was not. (What the
//! server calls the transaction would not do: numbers that a crash took away are given out again.)
//! What passes (a backend that was terminated, a
//! server that starts again, a deadlock) is tried again within `PATIENCE`; after that the error is
//! `Transient`.
//!
//! SQL stays in this room, in `store/postgres` and in `queue/postgres.rs`. All of it lives in one
//! schema, the names in it are not qualified, and every session has that schema as its search path.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime,
};
use futures_util::future::BoxFuture;
use tokio::time::Instant;

mod address;
mod error;
mod facts;
mod listen;
mod migrate;
mod step;
mod tls;

pub use address::{Address, SslMode};
pub use error::PostgresError;
pub use facts::{Facts, OLDEST};
pub use listen::Bell;
pub use step::Step;
/// A row of an answer, what may stand for `$1`, and what a statement fails with.
pub use tokio_postgres::{Error, Row, types::ToSql};

use error::{is_decided, judge};

/// How long one connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a server that is up may let us wait for one transaction. The server's own
/// `statement_timeout` ends before that, so that this one means that nobody is there.
const ANSWER: Duration = Duration::from_secs(20);
/// How long a write is tried again before it fails.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two tries: this, and twice as much each time up to `SLOWEST`.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const SLOWEST: Duration = Duration::from_secs(2);
/// After how many writes marks of old ones are taken away.
const SWEPT: i64 = 1_000;
/// How many connections a worker has at most, the one that listens not counted.
const CONNECTIONS: usize = 8;

/// What a connection is told first. `synchronous_commit` is never weakened below the server's own,
/// and `off`, which answers before the disk has it, is not taken.
const SESSION: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
     SET idle_in_transaction_session_timeout = '30s'; SET client_min_messages = 'warning'; \
     SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') = 'off';";

/// A text as PostgreSQL can hold it: without the character 0, which its texts have not.
pub fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// What is done within one transaction. It may be called again, when what it did was undone.
pub type Work<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// A database on a PostgreSQL server. Clones share the connections.
#[derive(Clone)]
pub struct Postgres {
    inner: Arc<Inner>,
}

struct Inner {
    address: Address,
    pool: Pool,
    /// A number that no other process has, and the one of its next write.
    process: i64,
    writes: AtomicI64,
    bell: OnceLock<listen::Listener>,
}

/// What a transaction is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Read,
    Write {
        number: i64,
    },
    /// What can be done twice: the tables that marks are in may not be there yet.
    Migrate,
}

/// Why a try did not succeed.
struct Undone<T> {
    error: PostgresError,
    /// What it made, when `COMMIT` was sent and no answer came.
    unsure: Option<T>,
}

impl Postgres {
    /// Connects, and brings the schema up to date: of several workers that start at once, one
    /// does so and the others wait.
    ///
    /// # Errors
    /// `Away` when nobody answers, `Refused` when we may not, `TooNew` when a later version has
    /// changed the schema.
    pub async fn open(address: Address) -> Result<Self, PostgresError> {
        let postgres = Self::connect(address)?;
        migrate::migrate(&postgres).await?;
        Ok(postgres)
    }

    /// As `open`, but leaves the schema as it is: for whoever only looks.
    ///
    /// # Errors
    /// When the address cannot be used. Nobody was called yet.
    pub fn connect(address: Address) -> Result<Self, PostgresError> {
        let session = format!("SET search_path = {}; {SESSION}", address.schema());
        let manager = Manager::from_config(
            address.config().clone(),
            address.tls()?,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let greet = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
            let session = session.clone();
            Box::pin(
                async move { client.batch_execute(&session).await.map_err(HookError::Backend) },
            )
        });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(ANSWER))
            .create_timeout(Some(CONNECT))
            .recycle_timeout(Some(CONNECT))
            .post_create(greet)
            .build()
            .map_err(|error| address.refused(error.to_string()))?;
        Ok(Self {
            inner: Arc::new(Inner {
                address,
                pool,
                process: RandomState::new().build_hasher().finish().cast_signed(),
                writes: AtomicI64::new(0),
                bell: OnceLock::new(),
            }),
        })
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.inner.address
    }

    /// Runs `work` in a transaction, and answers when it is on the server's disk. If `work` fails,
    /// what it wrote is undone.
    ///
    /// Once it was handed over it is carried out, also when the caller no longer waits.
    ///
    /// # Errors
    /// What the server says. Nothing was written then, unless it is `Unsure`.
    pub async fn write<T, F>(&self, work: F) -> Result<T, PostgresError>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a Step<'a>) -> Work<'a, T> + Send + Sync + 'static,
    {
        self.write_within(PATIENCE, work).await
    }

    /// As `write`, with another patience with what passes: for callers with a loop of their own.
    ///
    /// # Errors
    /// As `write`.
    pub async fn write_within<T, F>(&self, patience: Duration, work: F) -> Result<T, PostgresError>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a Step<'a>) -> Work<'a, T> + Send + Sync + 'static,
    {
        let away = |it: crate::fault::Injected| self.inner.address.away(it.to_string());
        crate::fault::point("database.write:before").await.map_err(away)?;
        let this = self.clone();
        let number = this.inner.writes.fetch_add(1, Ordering::Relaxed);
        // A caller that is dropped between `COMMIT` and its answer must not leave it unknown.
        let writing = tokio::spawn(async move {
            let written = this.persist(patience, Purpose::Write { number }, &work).await;
            if number % SWEPT == 0 {
                this.sweep().await;
            }
            written
        });
        match writing.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(PostgresError::Closed),
            },
        }
    }

    /// Runs `work` in a transaction that only reads: all of it sees the same moment.
    ///
    /// # Errors
    /// What the server says.
    pub async fn read<T, F>(&self, work: F) -> Result<T, PostgresError>
    where
        T: Send,
        F: for<'a> Fn(&'a Step<'a>) -> Work<'a, T> + Send + Sync,
    {
        let away = |it: crate::fault::Injected| self.inner.address.away(it.to_string());
        crate::fault::point("database.read:before").await.map_err(away)?;
        self.persist(PATIENCE, Purpose::Read, &work).await
    }

    /// What wakes whoever waits for a message. The connection that listens is made with the
    /// first call, and kept until the last clone is gone.
    pub fn bell(&self) -> Arc<Bell> {
        let listener = self.inner.bell.get_or_init(|| listen::start(self.inner.address.clone()));
        listener.bell.clone()
    }

    /// What is to be known of the server, for `doctor`.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn facts(&self) -> Result<Facts, PostgresError> {
        facts::ask(self).await
    }

    async fn persist<T, F>(
        &self,
        patience: Duration,
        purpose: Purpose,
        work: &F,
    ) -> Result<T, PostgresError>
    where
        T: Send,
        F: for<'a> Fn(&'a Step<'a>) -> Work<'a, T> + Send + Sync,
    {
        let mut end = Instant::now() + patience;
        let mut pause = FIRST_PAUSE;
        let mut unsure = None;
        loop {
            let error = match self.attempt(purpose, &mut unsure, work).await {
                Ok(value) => return Ok(value),
                Err(undone) => {
                    if undone.unsure.is_some() {
                        // Whether it is there matters more than the time that the answer takes.
                        end = end.max(Instant::now() + ANSWER);
                        unsure = undone.unsure;
                    }
                    undone.error
                }
            };
            if !error.passes() || Instant::now() + pause >= end {
                return Err(if unsure.is_some() {
                    self.inner.address.unsure(&error)
                } else {
                    error
                });
            }
            tracing::debug!(%error, "asking the database again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(SLOWEST);
        }
    }

    /// One try. `unsure` is what an earlier one made and may have left there.
    async fn attempt<T, F>(
        &self,
        purpose: Purpose,
        unsure: &mut Option<T>,
        work: &F,
    ) -> Result<T, Undone<T>>
    where
        T: Send,
        F: for<'a> Fn(&'a Step<'a>) -> Work<'a, T> + Send + Sync,
    {
        let address = &self.inner.address;
        let nothing = |error| Undone { error, unsure: None };
        let mut client = self.client().await.map_err(nothing)?;
        // What `work` made: there from just before `COMMIT` is sent, unless nothing was written.
        let (mut sent, mut read) = (None, None);
        let tried = tokio::time::timeout(ANSWER, async {
            let step = Step::begin(&mut client, purpose == Purpose::Read).await?;
            if let (Purpose::Write { number }, true) = (purpose, unsure.is_some()) {
                // An earlier try that is still being committed is waited for here.
                if !step.mark(self.inner.process, number, true).await? {
                    read = unsure.take();
                    return step.end().await;
                }
            }
            let value = work(&step).await?;
            match purpose {
                Purpose::Write { number } => {
                    step.mark(self.inner.process, number, false).await?;
                    sent = Some(value);
                }
                Purpose::Read | Purpose::Migrate => read = Some(value),
            }
            step.end().await
        })
        .await;
        let error = match tried {
            Ok(Ok(())) => {
                return sent.or(read).ok_or(Undone { error: PostgresError::Closed, unsure: None });
            }
            Ok(Err(error)) => {
                if is_decided(&error) {
                    sent = None;
                }
                judge(address, &error)
            }
            Err(_) => {
                // What is still under way on it must not meet the next caller.
                drop(Object::take(client));
                address.away(format!("no answer for {} s", ANSWER.as_secs()))
            }
        };
        // Found to be there, but for the end of the look: that is well.
        match (purpose, read) {
            (Purpose::Write { .. }, Some(value)) => Ok(value),
            _ => Err(Undone { error, unsure: sent }),
        }
    }

    async fn client(&self) -> Result<Object, PostgresError> {
        self.inner.pool.get().await.map_err(|error| error::pool(&self.inner.address, &error))
    }

    /// Takes marks away that no try looks for any more.
    async fn sweep(&self) {
        let swept = self.persist(Duration::ZERO, Purpose::Migrate, &|step| {
            Box::pin(async move {
                step.execute("DELETE FROM writes WHERE at < now_ms() - 3600000", &[]).await
            })
        });
        if let Err(error) = swept.await {
            tracing::debug!(%error, "old marks of writes are taken away later");
        }
    }
}
