//! The one SQLite file under `state_dir`: how it is opened, and when a write counts.
//!
//! One thread writes, with `synchronous=FULL` and group commit (`database/writer.rs`), and a write
//! is answered after the flush: what was answered survives a power cut. Other processes
//! (`codingworker submit`, `jobs`, `cancel`) open the same file at the same time.
//!
//! SQL stays in this room, in the store and in `queue/sqlite.rs`.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::domain::job::Fault;
use crate::postgres::PostgresError;

mod backup;
mod writer;
use writer::{Until, Writer, commit_together, entry};

/// How long SQLite waits for another process that is writing.
const BUSY: Duration = Duration::from_secs(5);

/// Above this size the file is not read through after an unclean end: a start must stay quick,
/// and SQLite reports damage when it meets it.
const CHECKED_UP_TO: u64 = 4 << 20;

/// The schema, one step a version. Steps that were released are never edited.
const MIGRATIONS: [&str; 11] = [
    include_str!("database/001_jobs.sql"),
    include_str!("database/002_queue.sql"),
    include_str!("database/003_conversation.sql"),
    include_str!("database/004_audit.sql"),
    include_str!("database/005_outbox.sql"),
    include_str!("database/006_poll.sql"),
    include_str!("database/007_fence.sql"),
    include_str!("database/008_holds.sql"),
    include_str!("database/009_held_messages.sql"),
    include_str!("database/010_told.sql"),
    include_str!("database/011_fates.sql"),
];

/// The database. Clones share the connection; the last one to go closes the file.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    /// Reads from a file; everything, in memory.
    connection: Mutex<Connection>,
    /// `None` in memory: there, writes run on the caller's own thread, so that a test with a
    /// paused clock does not see the clock jump while it waits for another thread.
    writer: Option<Writer>,
}

impl Database {
    /// Opens the file, makes it (0600, in a folder of 0700) if there is none, and brings its
    /// schema up to date.
    ///
    /// # Errors
    /// When it cannot be opened, is damaged, or was written by a newer version.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        let unopened = |reason: &dyn std::fmt::Display| DatabaseError::Open {
            path: path.to_owned(),
            reason: reason.to_string(),
        };
        crate::fault::point_blocking("database.open:before")?;
        keep_private(path).map_err(|error| unopened(&error))?;
        let unclean = wal(path).metadata().is_ok_and(|it| it.len() > 0);
        let mut writer = connect(path).map_err(|error| at_open(path, error))?;
        use_wal(&writer, path)?;
        if unclean && path.metadata().is_ok_and(|it| it.len() <= CHECKED_UP_TO) {
            check(&writer, path)?;
        }
        migrate(&mut writer, path)?;
        let reader = connect(path).map_err(|error| at_open(path, error))?;
        reader.pragma_update(None, "query_only", true).map_err(|it| at_open(path, it))?;
        let writer = Writer::start(writer).map_err(|error| unopened(&error))?;
        Ok(Self::over(reader, Some(writer)))
    }

    /// A database that is gone with its last handle.
    ///
    /// # Errors
    /// When SQLite cannot be used at all.
    pub fn open_in_memory() -> Result<Self, DatabaseError> {
        let mut connection = Connection::open_in_memory()?;
        connection.pragma_update(None, "foreign_keys", true)?;
        migrate(&mut connection, Path::new(":memory:"))?;
        Ok(Self::over(connection, None))
    }

    fn over(connection: Connection, writer: Option<Writer>) -> Self {
        connection.set_prepared_statement_cache_capacity(64);
        Self { inner: Arc::new(Inner { connection: Mutex::new(connection), writer }) }
    }

    /// Runs `work` in a transaction, together with whatever else waits, and answers when it is
    /// on the disk. If `work` fails, what it wrote is undone and the others are kept.
    ///
    /// Once it was handed over it is carried out, also when the caller no longer waits.
    ///
    /// # Errors
    /// What SQLite says. Nothing was written then.
    pub async fn write<T, F>(&self, work: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.write_until(Until::Flushed, work).await
    }

    /// As `write`, but answers as soon as it is committed: a power cut may take it back, though
    /// never something that was written before it and not it. The end of this process, however
    /// sudden, takes nothing back. For what means nothing any more once this machine has stopped,
    /// like the lease of a process of its own.
    ///
    /// # Errors
    /// What SQLite says. Nothing was written then.
    pub async fn write_unflushed<T, F>(&self, work: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.write_until(Until::Committed, work).await
    }

    async fn write_until<T, F>(&self, until: Until, work: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (entry, answer) = entry(until, work);
        match &self.inner.writer {
            Some(writer) => writer.send(entry).await?,
            None => commit_together(&self.inner.lock(), vec![entry]),
        }
        match answer.await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(DatabaseError::Closed),
        }
    }

    /// Runs `work` on a connection that only reads. All of it sees the same moment.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn read<T, F>(&self, work: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        if self.inner.writer.is_none() {
            return Ok(work(&self.inner.lock())?);
        }
        crate::fault::point("database.read:before").await?;
        let inner = Arc::clone(&self.inner);
        let reading = tokio::task::spawn_blocking(move || {
            let connection = inner.lock();
            let snapshot = connection.unchecked_transaction()?;
            work(&snapshot)
        });
        match reading.await {
            Ok(result) => Ok(result?),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_) => Err(DatabaseError::Closed),
            },
        }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic in somebody's closure leaves no half-done state: its transaction is undone.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file holds what people asked for and what strangers wrote: nobody else reads it. SQLite
/// gives its side files the mode of the file itself. A folder that was there keeps its mode.
fn keep_private(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    if file.metadata()?.mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

fn wal(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304;",
    )?;
    Ok(connection)
}

/// Two processes that make the file at once may each find the other in the way; SQLite's own
/// waiting does not cover this one step.
fn use_wal(connection: &Connection, path: &Path) -> Result<(), DatabaseError> {
    let begun = Instant::now();
    loop {
        match connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0))
        {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                return Err(DatabaseError::Open {
                    path: path.to_owned(),
                    reason: format!(
                        "this file system allows only the journal mode `{mode}`; put \
                         worker.state_dir on a local disk"
                    ),
                });
            }
            Err(error) if is_busy(&error) && begun.elapsed() < BUSY => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(at_open(path, error)),
        }
    }
}

fn check(connection: &Connection, path: &Path) -> Result<(), DatabaseError> {
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| at_open(path, error))?;
    if found == "ok" {
        return Ok(());
    }
    Err(DatabaseError::Damaged { path: path.to_owned(), detail: found })
}

/// How many steps of the schema a file has, if this program knows them all.
fn pending(found: i64, path: &Path) -> Result<usize, DatabaseError> {
    let known = MIGRATIONS.len();
    match usize::try_from(found) {
        Ok(steps) if steps <= known => Ok(steps),
        _ => Err(DatabaseError::TooNew { path: path.to_owned(), found, known }),
    }
}

/// The version of the schema that a file has.
fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), DatabaseError> {
    let known = MIGRATIONS.len();
    let pending = |found: i64| pending(found, path);
    let on = |error| at_open(path, error);
    if pending(version(connection).map_err(on)?)? == known {
        return Ok(());
    }
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(on)?;
    // Another process may have been faster while we waited for the lock.
    for migration in &MIGRATIONS[pending(version(&step).map_err(on)?)?..] {
        step.execute_batch(migration).map_err(on)?;
    }
    step.pragma_update(None, "user_version", known as i64).map_err(on)?;
    step.commit().map_err(on)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn at_open(path: &Path, error: rusqlite::Error) -> DatabaseError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DatabaseError::Busy,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            DatabaseError::Damaged { path, detail: error.to_string() }
        }
        _ => DatabaseError::Open { path, reason: error.to_string() },
    }
}

/// What can be wrong with the database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// No permission, no folder, no file system that can do it.
    #[error("the database {path} cannot be opened: {reason}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A later version has changed the schema.
    #[error(
        "the database {path} was written by a newer codingworker (its schema is version {found}, \
         this program knows {known}): run the newer program, or set worker.state_dir to another \
         folder"
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// The schema's version in it.
        found: i64,
        /// The newest that we know.
        known: usize,
    },
    /// What is in the file is no longer a sound database.
    #[error(
        "the database {path} is damaged ({detail}): stop codingworker, move the file and its -wal \
         and -shm neighbours away to keep them, and start again with an empty one"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite found.
        detail: String,
    },
    /// A backup that is none, or a place where none can be made.
    #[error("the backup {path} cannot be used: {reason}")]
    Backup {
        /// The file.
        path: PathBuf,
        /// Why not, and what to take instead.
        reason: String,
    },
    /// Another process is writing and does not come to an end.
    #[error("the database is busy: another process has held it for {} seconds", BUSY.as_secs())]
    Busy,
    /// No room.
    #[error("the database cannot grow: the disk under worker.state_dir is full")]
    DiskFull,
    /// The disk, or the machine beneath it, did not do what it was asked for: `SQLITE_IOERR` and
    /// its like. It may at the next try.
    #[error("the database could not be read or written: {0}")]
    Unreached(String),
    /// Anything else: what was asked for is wrong, or the schema.
    #[error("the database failed: {0}")]
    Failed(String),
    /// The one on a server.
    #[error(transparent)]
    Server(#[from] PostgresError),
    /// The writer has ended.
    #[error("the database is closed")]
    Closed,
}

impl DatabaseError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Busy | Self::DiskFull | Self::Unreached(_) => Fault::Transient,
            Self::Open { .. }
            | Self::TooNew { .. }
            | Self::Damaged { .. }
            | Self::Backup { .. }
            | Self::Failed(_) => Fault::Permanent,
            Self::Server(error) => error.fault(),
            Self::Closed => Fault::Interrupted,
        }
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            // CannotOpen: of its side files, as when no more files may be open.
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Unreached(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
