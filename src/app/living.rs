//! Says that the worker lives, as long as it does: its runtime, the thread that writes, and the
//! loop that takes tasks. Not that the queue answers: killing healthy jobs brings no cloud back.

use std::time::Duration;

use super::beside::Beside;
use crate::database::{Database, DatabaseError};
use crate::service::manager;
use crate::worker::pulse::{self, Writer};

/// How long the writer may take: SQLite waits 5 s for another process that writes.
pub(super) const WRITE: Duration = Duration::from_secs(6);

/// Tells the service manager that the worker is ready, keeps telling it that it lives, and that it
/// stops.
pub(super) fn start(beside: &Beside) {
    manager::ready("waiting for tasks");
    let (over, drain) = (beside.over.clone(), beside.bells.drain.clone());
    beside.tasks.spawn(async move {
        tokio::select! {
            () = over.cancelled() => {}
            () = drain.cancelled() => {}
        }
        manager::stopping("finishing what runs");
    });
    let Some(limit) = manager::watchdog() else { return };
    let beside = beside.clone();
    beside.tasks.clone().spawn(async move {
        let mut silent = false;
        loop {
            // Together with the pause less than the manager's patience, however short that is.
            let patience = WRITE.max(limit / 4).min(limit / 2);
            let writer = writer(&beside.database, patience).await;
            let (doing, since) = beside.board.doing();
            let ills = pulse::ills(doing, since, &writer);
            if ills.is_empty() {
                silent = false;
                manager::alive();
            } else if !silent {
                silent = true;
                let ills = ills.join("; ");
                tracing::error!("{ills}: the service manager will start this worker anew");
            }
            tokio::select! {
                () = beside.over.cancelled() => return,
                () = tokio::time::sleep(limit / 4) => {}
            }
        }
    });
}

/// Whether the thread that writes answers within `patience`. A full disk and another process that
/// holds the file are answers too.
pub(super) async fn writer(database: &Database, patience: Duration) -> Writer {
    // An empty transaction: nothing comes to the disk.
    match tokio::time::timeout(patience, database.write(|_| Ok(()))).await {
        Ok(Ok(())) => Writer::Writes,
        Err(_) | Ok(Err(DatabaseError::Closed)) => Writer::Dead,
        Ok(Err(error)) => Writer::Refuses(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_writer_that_hangs_does_not_answer_and_one_that_works_does() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(&dir.path().join("db")).unwrap();
        let patience = Duration::from_secs(30);
        assert_eq!(writer(&database, patience).await, Writer::Writes);
        let (let_go, held) = std::sync::mpsc::channel::<()>();
        let hanging = database.clone();
        let hanging = tokio::spawn(async move {
            let hang = hanging.write(move |_| {
                let _ = held.recv();
                Ok(())
            });
            hang.await
        });
        tokio::task::yield_now().await;
        assert_eq!(writer(&database, Duration::from_millis(50)).await, Writer::Dead);
        drop(let_go);
        hanging.await.unwrap().unwrap();
        assert_eq!(writer(&database, patience).await, Writer::Writes);
    }
}
