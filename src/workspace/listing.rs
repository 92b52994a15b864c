//! Reading git's listings. Everything is separated by zeros: names may hold newlines.

use std::collections::{BTreeMap, BTreeSet};

use super::git::fields;
use super::{EntryKind, TreeEntry};
use crate::domain::change::{ChangeKind, FileChange};

/// One row of `ls-tree -r -z -l`, its path as bytes.
pub(super) struct Row {
    pub(super) path: Vec<u8>,
    pub(super) mode: String,
    pub(super) oid: String,
    size: u64,
}

impl Row {
    pub(super) fn kind(&self) -> EntryKind {
        kind(&self.mode)
    }
}

pub(super) fn kind(mode: &str) -> EntryKind {
    match mode {
        "100755" => EntryKind::Executable,
        "120000" => EntryKind::Link,
        "160000" => EntryKind::Submodule,
        _ => EntryKind::File,
    }
}

/// `mode type oid size\tpath`, of `ls-tree -r -z`, with or without `-l`.
pub(super) fn rows(output: &[u8]) -> Vec<Row> {
    let row = |field: &[u8]| {
        let tab = field.iter().position(|&byte| byte == b'\t')?;
        let meta = std::str::from_utf8(&field[..tab]).ok()?;
        let mut words = meta.split_whitespace();
        let (mode, _, oid) = (words.next()?, words.next()?, words.next()?);
        let size = words.next().and_then(|size| size.parse().ok()).unwrap_or(0);
        let path = field[tab + 1..].to_vec();
        Some(Row { path, mode: mode.to_owned(), oid: oid.to_owned(), size })
    };
    fields(output).filter_map(row).collect()
}

impl From<Row> for TreeEntry {
    fn from(row: Row) -> Self {
        let path = String::from_utf8_lossy(&row.path).into_owned();
        Self { path, size: row.size, kind: row.kind() }
    }
}

/// Both halves of `diff-tree --raw --numstat -z`: what happened, then how many lines.
pub(super) fn changes(output: &[u8]) -> Vec<FileChange> {
    let mut found: BTreeMap<&[u8], FileChange> = BTreeMap::new();
    let mut fields = fields(output);
    while let Some(field) = fields.next() {
        if field.starts_with(b":") {
            let Some(path) = fields.next() else { break };
            let kind = match field.last() {
                Some(b'A') => ChangeKind::Added,
                Some(b'D') => ChangeKind::Removed,
                _ => ChangeKind::Changed,
            };
            let text = String::from_utf8_lossy(path).into_owned();
            found.insert(path, FileChange { path: text, kind, added: 0, removed: 0 });
            continue;
        }
        let mut parts = field.splitn(3, |&byte| byte == b'\t');
        let mut number =
            || parts.next().and_then(|n| std::str::from_utf8(n).ok()?.parse().ok()).unwrap_or(0);
        let (added, removed) = (number(), number());
        if let Some(change) = parts.next().and_then(|path| found.get_mut(path)) {
            (change.added, change.removed) = (added, removed);
        }
    }
    found.into_values().collect()
}

/// What `ls-files -t -s` and others say about a path on disk against the index.
#[derive(Default)]
pub(super) struct OnDisk {
    /// Tracked, by path: mode and object.
    pub(super) tracked: BTreeMap<Vec<u8>, (String, String)>,
    /// Not tracked, not ignored. A nested repository ends with `/`.
    pub(super) others: Vec<Vec<u8>>,
    /// Tracked, and possibly with other content now.
    pub(super) touched: Vec<Vec<u8>>,
    /// Tracked, and not there.
    pub(super) gone: Vec<Vec<u8>>,
}

pub(super) fn on_disk(output: &[u8]) -> OnDisk {
    let mut found = OnDisk::default();
    for field in fields(output) {
        let (tag, rest) = field.split_at(field.len().min(2));
        if tag == b"? " {
            found.others.push(rest.to_vec());
            continue;
        }
        let Some(tab) = rest.iter().position(|&byte| byte == b'\t') else { continue };
        let meta = String::from_utf8_lossy(&rest[..tab]).into_owned();
        let (mode, tail) = meta.split_once(' ').unwrap_or((&meta, ""));
        let oid = tail.split(' ').next().unwrap_or_default();
        let path = rest[tab + 1..].to_vec();
        match tag {
            b"R " => found.gone.push(path),
            b"C " => found.touched.push(path),
            _ => {
                found.tracked.insert(path, (mode.to_owned(), oid.to_owned()));
            }
        }
    }
    let gone: BTreeSet<&Vec<u8>> = found.gone.iter().collect();
    found.touched.retain(|path| !gone.contains(path));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_from_both_halves() {
        let raw =
            b":100644 100644 aa bb M\0a\nb\0:000000 100644 00 cc A\0n\0:100644 000000 aa 00 D\0o\0\
            3\t1\ta\nb\0-\t-\tn\x000\t2\to\0";
        let found = changes(raw);
        let told: Vec<_> =
            found.iter().map(|it| (it.path.as_str(), it.kind, it.added, it.removed)).collect();
        let expected = [
            ("a\nb", ChangeKind::Changed, 3, 1),
            ("n", ChangeKind::Added, 0, 0),
            ("o", ChangeKind::Removed, 0, 2),
        ];
        assert_eq!(told, expected);
    }
}
