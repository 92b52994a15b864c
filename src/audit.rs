//! Who asked what, what was decided, and why: rows that are only ever added, each chained to the
//! one before by its hash, so that a changed, moved or missing row is found.
//!
//! # How another program checks it
//!
//! The table `audit` has `seq` (1, 2, 3 … without gaps), `entry` (JSON), `previous` and `hash`,
//! all of them texts but the first. For each row in turn
//!
//! ```text
//! previous = the hash of the row before; for row 1: 64 zeros
//! hash     = SHA-256 of "codingworker audit 1\n" previous "\n" seq "\n" length "\n" entry
//! ```
//!
//! with both hashes as 64 lower-case hexadecimal digits, `seq` in decimal, and `length` the number
//! of bytes of `entry`, in decimal. What is hashed is the stored text, byte for byte: nothing has
//! to be serialised again. The one row of `audit_head` holds the number of rows and the hash of
//! the last one, written in the same transaction as the row.
//!
//! # What it cannot prove
//!
//! There is no secret in it. Who may write the file can make a whole new chain, with a head that
//! goes with it, or put an older copy of the file in its place, or delete it. That shows only to
//! whoever noted a head before, somewhere else: `codingworker audit verify --expect HASH` says
//! whether that head is still in the chain, and so whether everything up to it is as it was.
//! Neither can it prove that what was written down was true, or that all was written down.

use rusqlite::{Connection, OptionalExtension, params};

use crate::database::{Database, DatabaseError};
use crate::domain::job::Fault;
use crate::domain::task::Repository;

mod chain;
mod entry;

pub use chain::{Broken, Flaw, GENESIS, Verdict};
pub use entry::{Decision, Entry, LONGEST_KEY, Row};

use entry::StoredRow;

/// The audit of this machine. Clones are the same one.
#[derive(Clone)]
pub struct Audit {
    database: Database,
}

/// Which rows to list. Nothing set: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Those about this repository, in whatever case it is typed.
    pub repository: Option<Repository>,
    /// Those about the jobs whose ids begin so.
    pub job: Option<String>,
}

impl Audit {
    /// The audit in this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Adds a row, and answers when it is on the disk. An entry whose key is there already is an
    /// action that was redone, after a crash perhaps: the row from the first time stands and is
    /// what comes back, whatever else the entry says.
    ///
    /// Texts are cut to their bounds. They have to be without secrets, and in normal form.
    ///
    /// # Errors
    /// When the key is empty or too long, or the database fails; nothing was added then.
    pub async fn append(&self, entry: &Entry) -> Result<Row, AuditError> {
        if entry.key.is_empty() || entry.key.len() > LONGEST_KEY {
            return Err(AuditError::Key { length: entry.key.len() });
        }
        let (key, text) = (entry.key.clone(), entry.text()?);
        crate::fault::point("audit.append:before").await?;
        let row = self.database.write(move |it| {
            let there = it
                .prepare_cached("SELECT seq, entry, previous, hash FROM audit WHERE key = ?1")?
                .query_row([key], StoredRow::from)
                .optional()?;
            there.map_or_else(|| add(it, text), Ok)
        });
        let row = row.await?;
        crate::fault::point("audit.append:after").await?;
        row.row()
    }

    /// At most `most` rows, newest first.
    ///
    /// # Errors
    /// When the database fails, or one of them cannot be read.
    pub async fn rows(&self, filter: &AuditFilter, most: usize) -> Result<Vec<Row>, AuditError> {
        let repository = filter.repository.as_ref().map(|it| it.to_string().to_lowercase());
        let job = filter.job.as_ref().map(|it| it.to_ascii_lowercase());
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows: Vec<StoredRow> = self
            .database
            .read(move |it| {
                // `g` comes after every hexadecimal digit.
                it.prepare_cached(
                    "SELECT seq, entry, previous, hash FROM audit
                     WHERE (?1 IS NULL OR repository = ?1)
                       AND (?2 IS NULL OR (job >= ?2 AND job < ?2 || 'g'))
                     ORDER BY seq DESC LIMIT ?3",
                )?
                .query_map(params![repository, job, most], StoredRow::from)?
                .collect()
            })
            .await?;
        rows.into_iter().map(StoredRow::row).collect()
    }

    /// Reads the whole chain and says whether it holds. `expected` is a head that was noted
    /// earlier: it has to be in the chain.
    ///
    /// # Errors
    /// When the database fails. A broken chain is no error here, but what the verdict is about.
    pub async fn verify(&self, expected: Option<&str>) -> Result<Verdict, AuditError> {
        let expected = expected.map(str::to_ascii_lowercase);
        Ok(self.database.read(move |it| chain::verdict(it, expected.as_deref())).await?)
    }
}

/// A row at the end, and the head that goes with it.
fn add(connection: &Connection, entry: String) -> rusqlite::Result<StoredRow> {
    let (count, previous): (i64, String) = connection
        .prepare_cached("SELECT count, hash FROM audit_head")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let seq = count + 1;
    let hash = chain::hash(previous.as_bytes(), seq, entry.as_bytes());
    connection
        .prepare_cached("INSERT INTO audit (seq, entry, previous, hash) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![seq, entry, previous, hash])?;
    connection
        .prepare_cached("UPDATE audit_head SET count = ?1, hash = ?2")?
        .execute(params![seq, hash])?;
    Ok(StoredRow { seq, entry, previous, hash })
}

/// What can be wrong with the audit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// The database could not do it.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// An entry cannot be told from others.
    #[error("an audit entry needs a key of 1 to {LONGEST_KEY} bytes, and this one has {length}")]
    Key {
        /// How long it is, in bytes.
        length: usize,
    },
    /// What is stored is not what this version writes.
    #[error(
        "row {row} of the audit cannot be read ({detail}): `codingworker audit verify` says \
         whether it was changed"
    )]
    Unreadable {
        /// The row's number.
        row: i64,
        /// What is wrong with it.
        detail: String,
    },
}

impl AuditError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Database(error) => error.fault(),
            Self::Key { .. } | Self::Unreadable { .. } => Fault::Permanent,
        }
    }
}

#[cfg(test)]
mod tests;
