//! The one thread that writes, and its group commit.
//!
//! What waits together is committed together: one flush to the disk answers all of them. Each
//! write has a savepoint of its own, so that one that fails does not take the others with it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::DatabaseError;

/// How many writes may wait; whoever comes later waits for room.
const INBOX: usize = 256;
/// How many writes share one commit at most.
const TOGETHER: usize = 128;

/// What came of a write: its answer, or the panic that belongs to whoever asked for it.
pub(super) type Outcome<T> = thread::Result<Result<T, DatabaseError>>;

/// What must be true before a write is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// It is on the disk.
    Flushed,
    /// It is committed. A power cut may take it back, as long as nothing later was flushed.
    Committed,
}

/// A write on its way: first run in a transaction with others, then answered.
pub(super) trait Entry: Send {
    /// When it may be answered.
    fn until(&self) -> Until;

    /// Runs in its own savepoint and says whether that is to be kept.
    fn run(&mut self, connection: &Connection) -> Result<(), DatabaseError>;

    /// Called when the fate of the whole transaction is known.
    fn answer(self: Box<Self>, committed: Result<(), DatabaseError>);
}

struct Write<T, F> {
    until: Until,
    work: Option<F>,
    outcome: Option<Outcome<T>>,
    reply: oneshot::Sender<Outcome<T>>,
}

/// Wraps `work` for the writer, with the place where its answer will come.
pub(super) fn entry<T, F>(until: Until, work: F) -> (Box<dyn Entry>, oneshot::Receiver<Outcome<T>>)
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Write { until, work: Some(work), outcome: None, reply }), answer)
}

impl<T, F> Entry for Write<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn until(&self) -> Until {
        self.until
    }

    fn run(&mut self, connection: &Connection) -> Result<(), DatabaseError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let outcome = catch_unwind(AssertUnwindSafe(|| work(connection)))
            .map(|result| result.map_err(DatabaseError::from));
        let kept = match &outcome {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.clone()),
            Err(_) => Err(DatabaseError::Failed("a write panicked".into())),
        };
        self.outcome = Some(outcome);
        kept
    }

    fn answer(self: Box<Self>, committed: Result<(), DatabaseError>) {
        let outcome = match (self.outcome, committed) {
            // Its own failure tells more than the transaction's.
            (Some(own @ (Err(_) | Ok(Err(_)))), _) => own,
            (_, Err(error)) => Ok(Err(error)),
            (Some(done), Ok(())) => done,
            (None, Ok(())) => Ok(Err(DatabaseError::Closed)),
        };
        // Whoever asked may have gone away; what it asked for is written all the same.
        let _ = self.reply.send(outcome);
    }
}

/// Runs the entries in one transaction, and answers them once it is on the disk.
pub(super) fn commit_together(connection: &Connection, mut entries: Vec<Box<dyn Entry>>) {
    let committed = transact(connection, &mut entries);
    for entry in entries {
        entry.answer(committed.clone());
    }
}

fn transact(connection: &Connection, entries: &mut [Box<dyn Entry>]) -> Result<(), DatabaseError> {
    // Said each time, so that no transaction is ever flushed less than its writes need. In WAL mode
    // a flush reaches all commits before it: their order is kept, whatever is lost.
    let flushed = entries.iter().any(|it| it.until() == Until::Flushed);
    let level = if flushed { "FULL" } else { "NORMAL" };
    connection.execute_batch(&format!("PRAGMA synchronous = {level}; BEGIN IMMEDIATE"))?;
    let committed = entries
        .iter_mut()
        .try_for_each(|entry| in_savepoint(connection, entry.as_mut()))
        .and_then(|()| Ok(crate::fault::point_blocking("database.commit:before")?))
        .and_then(|()| Ok(connection.execute_batch("COMMIT")?))
        .and_then(|()| Ok(crate::fault::point_blocking("database.commit:after")?));
    if committed.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    committed
}

/// An error from here ends the whole transaction; a write that merely failed is no error.
fn in_savepoint(connection: &Connection, entry: &mut dyn Entry) -> Result<(), DatabaseError> {
    let say = |sql| connection.prepare_cached(sql)?.execute([]);
    say("SAVEPOINT entry")?;
    let kept = entry.run(connection);
    if connection.is_autocommit() {
        // A full disk and a failed write of the file make SQLite roll everything back by itself.
        return Err(kept.err().unwrap_or_else(|| {
            DatabaseError::Unreached("a write ended the transaction it shares".into())
        }));
    }
    if kept.is_err() {
        say("ROLLBACK TO entry")?;
    }
    say("RELEASE entry")?;
    Ok(())
}

/// The writer's inbox, and the thread to wait for when the database is closed.
pub(super) struct Writer {
    inbox: Option<mpsc::Sender<Box<dyn Entry>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (inbox, mut entries) = mpsc::channel::<Box<dyn Entry>>(INBOX);
        let thread = thread::Builder::new().name("database".into()).spawn(move || {
            let mut waiting = Vec::with_capacity(TOGETHER);
            while entries.blocking_recv_many(&mut waiting, TOGETHER) > 0 {
                commit_together(&connection, std::mem::take(&mut waiting));
            }
            let _ = connection.execute_batch("PRAGMA optimize");
        })?;
        Ok(Self { inbox: Some(inbox), thread: Some(thread) })
    }

    /// Queues a write; waits while the inbox is full.
    pub(super) async fn send(&self, entry: Box<dyn Entry>) -> Result<(), DatabaseError> {
        let inbox = self.inbox.as_ref().ok_or(DatabaseError::Closed)?;
        inbox.send(entry).await.map_err(|_| DatabaseError::Closed)
    }
}

impl Drop for Writer {
    /// Waits for what was asked for, so that the last one out closes the file cleanly.
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}
