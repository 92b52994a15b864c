//! The chain: how a row's hash is made, and how the first row is found that is not as it was.
//!
//! Nothing that is read here is trusted to be of the right type: whoever changed a row may have
//! changed the table too.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};
use sha2::{Digest, Sha256};

/// What row 1 has as the hash of the row before, and the head of an audit without rows.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The first thing that is hashed: says of what, and in which way.
const DOMAIN: &str = "codingworker audit 1";

/// What the chain is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many rows were read, up to the first bad one.
    pub rows: u64,
    /// The hash of the last of them: what to note somewhere else.
    pub head: String,
    /// The first row that is not as it was written.
    pub broken: Option<Broken>,
    /// Whether the head that was noted earlier is in the chain; `None` when none was asked for.
    pub expected: Option<bool>,
}

impl Verdict {
    /// Whether the chain holds, and has in it what was expected.
    pub fn is_sound(&self) -> bool {
        self.broken.is_none() && self.expected != Some(false)
    }
}

/// Where the chain breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The first bad row's number.
    pub row: i64,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// What can be wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The numbers go on behind it, or the head counts it.
    #[error("it is missing")]
    Missing,
    /// Its number was there already, or is below 1.
    #[error("its number belongs to another row")]
    Misnumbered,
    /// A column holds no text, or no number.
    #[error("it is not of the form that rows are written in")]
    Malformed,
    /// What it holds does not give its hash.
    #[error("its content is not what was hashed")]
    Changed,
    /// It is chained to another row than the one before it.
    #[error("it does not follow the row before it: one of the two was replaced")]
    Unchained,
    /// The head ends before it.
    #[error("the head does not count it: it was added behind the worker's back")]
    Uncounted,
    /// It is the last row, and the head has another hash.
    #[error("it is the last one, and the head names another: one of the two was replaced")]
    NotTheHead,
    /// There is no head, or it cannot be read.
    #[error("the head, which tells where the audit ends, is gone")]
    NoHead,
}

/// A row's hash, in hexadecimal digits.
pub(super) fn hash(previous: &[u8], seq: i64, entry: &[u8]) -> String {
    let mut digest = Sha256::new();
    digest.update(DOMAIN);
    digest.update("\n");
    digest.update(previous);
    digest.update(format!("\n{seq}\n{}\n", entry.len()));
    digest.update(entry);
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads every row in turn, and the head.
pub(super) fn verdict(
    connection: &Connection,
    expected: Option<&str>,
) -> rusqlite::Result<Verdict> {
    let mut chain = Chain {
        rows: 0,
        head: GENESIS.to_owned(),
        expected: expected.map(|it| (it, it == GENESIS)),
    };
    let broken = chain.follow(connection)?;
    Ok(Verdict {
        rows: u64::try_from(chain.rows).unwrap_or(0),
        head: chain.head,
        broken,
        expected: chain.expected.map(|(_, found)| found),
    })
}

struct Chain<'a> {
    rows: i64,
    head: String,
    /// What has to come by, and whether it did.
    expected: Option<(&'a str, bool)>,
}

impl Chain<'_> {
    fn follow(&mut self, connection: &Connection) -> rusqlite::Result<Option<Broken>> {
        let head = head(connection)?;
        let mut rows = connection
            .prepare("SELECT seq, entry, previous, hash FROM audit NOT INDEXED ORDER BY seq")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            if let Err(broken) = self.link(row) {
                return Ok(Some(broken));
            }
            // A row that nobody counted is worth less than one that is missing.
            if head.as_ref().is_some_and(|it| it.count < self.rows) {
                return Ok(Some(Broken { row: self.rows, flaw: Flaw::Uncounted }));
            }
        }
        let broken = |row, flaw| Ok(Some(Broken { row, flaw }));
        match head {
            None => broken(self.rows, Flaw::NoHead),
            Some(it) if it.count > self.rows => broken(self.rows + 1, Flaw::Missing),
            Some(it) if it.hash != self.head.as_bytes() => broken(self.rows, Flaw::NotTheHead),
            Some(_) => Ok(None),
        }
    }

    /// Adds a row to what is known to be good.
    fn link(&mut self, row: &Row<'_>) -> Result<(), Broken> {
        let next = self.rows + 1;
        let ValueRef::Integer(seq) = value(row, 0) else {
            return Err(Broken { row: next, flaw: Flaw::Malformed });
        };
        if seq > next {
            return Err(Broken { row: next, flaw: Flaw::Missing });
        }
        let bad = |flaw| Broken { row: seq, flaw };
        if seq < next {
            return Err(bad(Flaw::Misnumbered));
        }
        let [ValueRef::Text(entry), ValueRef::Text(previous), ValueRef::Text(stored)] =
            [value(row, 1), value(row, 2), value(row, 3)]
        else {
            return Err(bad(Flaw::Malformed));
        };
        let hash = hash(previous, seq, entry);
        if hash.as_bytes() != stored {
            return Err(bad(Flaw::Changed));
        }
        if previous != self.head.as_bytes() {
            return Err(bad(Flaw::Unchained));
        }
        if let Some((expected, found)) = &mut self.expected {
            *found |= *expected == hash;
        }
        self.rows = seq;
        self.head = hash;
        Ok(())
    }
}

struct Head {
    count: i64,
    hash: Vec<u8>,
}

/// The head, if there is one that can be read.
fn head(connection: &Connection) -> rusqlite::Result<Option<Head>> {
    let mut rows = connection.prepare("SELECT count, hash FROM audit_head")?;
    let head = rows
        .query_row([], |row| match [value(row, 0), value(row, 1)] {
            [ValueRef::Integer(count), ValueRef::Text(hash)] => {
                Ok(Some(Head { count, hash: hash.to_owned() }))
            }
            _ => Ok(None),
        })
        .optional()?;
    Ok(head.flatten())
}

fn value<'a>(row: &'a Row<'_>, column: usize) -> ValueRef<'a> {
    row.get_ref(column).unwrap_or(ValueRef::Null)
}
