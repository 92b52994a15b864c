//! A copy of the whole database, made and taken back while other processes use it.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::{BUSY, Database, DatabaseError, at_open, pending, version, wal};

/// How many tables of ours a backup has at least: an empty SQLite file is none.
const OURS: &str = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'jobs'";

impl Database {
    /// Writes what the database `from` holds at this moment to a new file, for its owner alone.
    /// Others may go on writing meanwhile. Says how many bytes it has.
    ///
    /// # Errors
    /// When there is a file of that name already, or one of the two cannot be used. No file is
    /// left behind then.
    pub fn back_up(from: &Path, to: &Path) -> Result<u64, DatabaseError> {
        let source = read_only(from)?;
        pending(version(&source).map_err(|it| at_open(from, it))?, from)?;
        if to.exists() {
            return Err(no_backup(to, "there is a file of this name already: choose another"));
        }
        let part = Part::beside(to)?;
        {
            let mut copy = Connection::open(&part.0).map_err(|it| at_open(&part.0, it))?;
            whole(&source, &mut copy)?;
            // One file that can be read anywhere, without neighbours.
            copy.pragma_update(None, "journal_mode", "delete")?;
            sound(&copy, &part.0)?;
        }
        let written = File::open(&part.0).and_then(|it| it.sync_all().and_then(|()| it.metadata()));
        let bytes = written.map_err(|it| unopened(&part.0, it))?.len();
        // Unlike a rename, a link takes nobody's place.
        fs::hard_link(&part.0, to).map_err(|it| unopened(to, it))?;
        Ok(bytes)
    }

    /// Puts what a backup holds in the place of all that the database `into` holds, in one step,
    /// and keeps what was there in a file beside it, whose name it says. The caller sees to it
    /// that no worker has the old contents in mind.
    ///
    /// # Errors
    /// When the backup is none, is damaged or from a newer version, or a file cannot be used.
    /// Nothing has changed then.
    pub fn restore(
        from: &Path,
        into: &Path,
        stamp: &str,
    ) -> Result<Option<PathBuf>, DatabaseError> {
        let source = kept_well(from)?;
        let mut kept = None;
        if into.exists() {
            let mut name = into.as_os_str().to_owned();
            name.push(format!(".before-{stamp}"));
            let aside = PathBuf::from(name);
            match Self::back_up(into, &aside) {
                Ok(_) => kept = Some(aside),
                // What cannot be read is what one restores over; it goes aside as it is.
                Err(DatabaseError::Damaged { .. }) => {
                    fs::rename(into, &aside).map_err(|it| unopened(&aside, it))?;
                    let _ = fs::remove_file(wal(into));
                    kept = Some(aside);
                }
                Err(error) => return Err(error),
            }
        }
        // Opened as a worker would: private, and in the mode that a worker expects.
        drop(Self::open(into)?);
        let mut target = Connection::open(into).map_err(|it| at_open(into, it))?;
        target.busy_timeout(BUSY)?;
        whole(&source, &mut target)?;
        Ok(kept)
    }
}

/// Opens a backup that can be restored.
fn kept_well(from: &Path) -> Result<Connection, DatabaseError> {
    // What helps a worker's own damaged database does not help here.
    let earlier = |error| match error {
        DatabaseError::Damaged { detail, .. } => {
            no_backup(from, format!("it is damaged ({detail}): take an earlier one"))
        }
        other => other,
    };
    let source = read_only(from).map_err(earlier)?;
    let steps = version(&source).map_err(|it| earlier(at_open(from, it)))?;
    pending(steps, from)?;
    sound(&source, from).map_err(earlier)?;
    let ours: i64 = source.query_row(OURS, [], |row| row.get(0))?;
    if ours == 0 {
        return Err(no_backup(from, "there are no jobs in it: it is no backup of codingworker"));
    }
    Ok(source)
}

/// Copies all pages in one step: what another process writes meanwhile comes before or after.
fn whole(from: &Connection, to: &mut Connection) -> Result<(), DatabaseError> {
    Backup::new(from, to)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    Ok(())
}

fn read_only(path: &Path) -> Result<Connection, DatabaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|it| at_open(path, it))?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

fn sound(connection: &Connection, path: &Path) -> Result<(), DatabaseError> {
    let found: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|it| at_open(path, it))?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => Err(DatabaseError::Damaged { path: path.to_owned(), detail: found }),
    }
}

fn no_backup(path: &Path, reason: impl Into<String>) -> DatabaseError {
    DatabaseError::Backup { path: path.to_owned(), reason: reason.into() }
}

fn unopened(path: &Path, reason: impl std::fmt::Display) -> DatabaseError {
    DatabaseError::Open { path: path.to_owned(), reason: reason.to_string() }
}

/// A file that is being written. Goes when it is dropped.
struct Part(PathBuf);

impl Part {
    fn beside(path: &Path) -> Result<Self, DatabaseError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let part = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(&part).map_err(|it| unopened(&part, it))?;
        Ok(Self(part))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
