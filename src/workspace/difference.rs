//! What differs between two trees, with its bytes: for those who judge what may be pushed.
//! All of it is read from the object database. What is on disk has no say.

use std::collections::BTreeMap;

use super::git::fields;
use super::listing::kind;
use super::{Difference, EntryKind, Side, Workspace, WorkspaceError};
use crate::domain::change::ObjectId;

/// A change of more files than this is no person's to review, and nobody's to judge.
pub(super) const MOST_DIFFERENCES: usize = 20_000;

/// One row of `diff-tree --raw`.
pub(super) struct Raw {
    pub(super) path: Vec<u8>,
    pub(super) old: Option<Entry>,
    pub(super) new: Option<Entry>,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) kind: EntryKind,
    pub(super) oid: String,
}

impl Workspace {
    /// Every path that is not the same in both trees, sorted by its bytes. A rename is a removal
    /// and an addition. The bytes of a file come along when it has at most `most_file` of them,
    /// and at most `most_total` come along in all; the new ones go first.
    ///
    /// # Errors
    /// `TooLarge` with more than 20,000 paths; otherwise when git fails.
    pub async fn differences(
        &self,
        from: &ObjectId,
        to: &ObjectId,
        most_file: u64,
        most_total: u64,
    ) -> Result<Vec<Difference>, WorkspaceError> {
        self.intact()?;
        let rows = self.raw(from, to, MOST_DIFFERENCES).await?;
        let sizes = self.sizes(entries(&rows)).await?;
        let size = |it: &Entry| sizes.get(&it.oid).copied().unwrap_or(0);
        let mut left = most_total;
        let mut wanted = BTreeMap::new();
        for entry in rows.iter().filter_map(|row| row.new.as_ref()).chain(olds(&rows)) {
            let size = size(entry);
            if entry.kind != EntryKind::Submodule && size <= most_file.min(left) {
                // Each time it is needed: each side gets bytes of its own.
                left -= size;
                *wanted.entry(entry.oid.clone()).or_insert(0_usize) += 1;
            }
        }
        let expected = wanted.keys().map(|oid| sizes.get(oid).copied().unwrap_or(0)).sum();
        let blobs = self.blobs(wanted.keys(), expected).await?;
        let mut take = |entry: Entry| {
            let bytes = match wanted.get_mut(&entry.oid) {
                Some(times) if *times > 0 && entry.kind != EntryKind::Submodule => {
                    *times -= 1;
                    blobs.get(&entry.oid).cloned()
                }
                _ => None,
            };
            Side { kind: entry.kind, size: size(&entry), bytes }
        };
        let mut halves = Vec::with_capacity(rows.len());
        for row in rows {
            halves.push((row.path, row.old, row.new.map(&mut take)));
        }
        let whole = |(path, old, new): (_, Option<Entry>, _)| Difference {
            path,
            old: old.map(&mut take),
            new,
        };
        Ok(halves.into_iter().map(whole).collect())
    }

    /// The same without sizes and bytes.
    pub(super) async fn raw(
        &self,
        from: &ObjectId,
        to: &ObjectId,
        most: usize,
    ) -> Result<Vec<Raw>, WorkspaceError> {
        let call = self.local("diff-tree").args(["-r", "-z", "--raw", "--no-abbrev"]);
        let call = call.args(["--no-renames", "--no-ext-diff", "--no-textconv"]);
        let call = call.args(["--ignore-submodules=none", "--end-of-options", &from.0, &to.0]);
        let rows = parse(&self.done(call).await?);
        if rows.len() > most {
            return Err(WorkspaceError::TooLarge(format!(
                "a change of {} files (at most {most} are looked at)",
                rows.len()
            )));
        }
        Ok(rows)
    }

    async fn sizes(
        &self,
        entries: impl Iterator<Item = &Entry>,
    ) -> Result<BTreeMap<String, u64>, WorkspaceError> {
        let blobs = entries.filter(|it| it.kind != EntryKind::Submodule);
        let asked: String = blobs.map(|it| format!("{}\n", it.oid)).collect();
        if asked.is_empty() {
            return Ok(BTreeMap::new());
        }
        let call = self.local("cat-file").arg("--batch-check=%(objectname) %(objectsize)");
        let answer = self.done(call.stdin(asked.into_bytes())).await?;
        let mut sizes = BTreeMap::new();
        for line in String::from_utf8_lossy(&answer).lines() {
            let (oid, size) = line.split_once(' ').unwrap_or((line, ""));
            let size = size.parse().map_err(|_| broken(line))?;
            sizes.insert(oid.to_owned(), size);
        }
        Ok(sizes)
    }

    /// Whole contents, by name; `expected` bytes in all.
    pub(super) async fn blobs(
        &self,
        oids: impl ExactSizeIterator<Item = &String>,
        expected: u64,
    ) -> Result<BTreeMap<String, Vec<u8>>, WorkspaceError> {
        if oids.len() == 0 {
            return Ok(BTreeMap::new());
        }
        let headers = 128_u64.saturating_mul(oids.len() as u64);
        let keep = usize::try_from(expected.saturating_add(headers)).unwrap_or(usize::MAX);
        let asked: String = oids.map(|oid| format!("{oid}\n")).collect();
        let call = self.local("cat-file").arg("--batch=%(objectname) %(objectsize)");
        let answer = self.done(call.stdin(asked.into_bytes()).keep(keep)).await?;
        let mut blobs = BTreeMap::new();
        let mut rest = answer.as_slice();
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let line = String::from_utf8_lossy(&rest[..end]).into_owned();
            let (oid, size) = line.split_once(' ').unwrap_or((&line, ""));
            let size: usize = size.parse().map_err(|_| broken(&line))?;
            let content = rest.get(end + 1..end + 1 + size).ok_or_else(|| broken(&line))?;
            blobs.insert(oid.to_owned(), content.to_vec());
            rest = rest.get(end + 2 + size..).unwrap_or_default();
        }
        Ok(blobs)
    }
}

fn broken(line: &str) -> WorkspaceError {
    WorkspaceError::Git { command: "cat-file", message: super::diagnosis::printable(line) }
}

fn olds(rows: &[Raw]) -> impl Iterator<Item = &Entry> {
    rows.iter().filter_map(|row| row.old.as_ref())
}

fn entries(rows: &[Raw]) -> impl Iterator<Item = &Entry> {
    rows.iter().flat_map(|row| [row.old.as_ref(), row.new.as_ref()]).flatten()
}

/// `:mode mode oid oid status`, then the path.
fn parse(output: &[u8]) -> Vec<Raw> {
    let mut rows = Vec::new();
    let mut fields = fields(output);
    while let (Some(meta), Some(path)) = (fields.next(), fields.next()) {
        let meta = String::from_utf8_lossy(meta).into_owned();
        let words: Vec<&str> = meta.trim_start_matches(':').split(' ').collect();
        let [old_mode, new_mode, old, new, ..] = words.as_slice() else { continue };
        let entry = |mode: &str, oid: &str| {
            (mode != "000000").then(|| Entry { kind: kind(mode), oid: oid.to_owned() })
        };
        rows.push(Raw {
            path: path.to_vec(),
            old: entry(old_mode, old),
            new: entry(new_mode, new),
        });
    }
    rows
}
