//! When the base's files were written, so that what a build made of them is known to be fresh, and
//! what it made beside them.
//!
//! `make` and `cargo` go by modification times. A file may have the time that it had for an earlier
//! job only if it is the same blob; any other is from now, and so newer than all that was built.

use std::collections::{HashMap, HashSet};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::sys::stat::{UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;

use super::checkout::is_attributes;
use super::git::{fields, os};
use super::listing::Row;
use super::snapshot::real_folders;
use super::tree::Index;
use super::{EntryKind, Workspace, WorkspaceError, disk, rules};

/// More than this is no build's: nothing of it is kept.
const MOST_IGNORED: usize = 20_000;

/// One file of the base: its object and its time.
struct Stamp {
    oid: String,
    seconds: i64,
    nanoseconds: i64,
}

impl Workspace {
    /// The base's files with their objects and times, to be handed to `restamp` of another job.
    /// The tree must be the base's: `restore` it first.
    ///
    /// # Errors
    /// When git or the disk fail.
    pub async fn stamps(&self) -> Result<Vec<u8>, WorkspaceError> {
        let (rows, tree) = (self.rows(&self.base_tree).await?, self.tree.clone());
        disk::aside(move || {
            let mut record = Vec::new();
            for row in files(&tree, &rows) {
                let Ok(found) = tree.join(os(&row.path)).symlink_metadata() else { continue };
                if found.is_file() {
                    let (seconds, rest) = (found.mtime(), found.mtime_nsec());
                    record.extend(format!("{} {seconds} {rest}\t", row.oid).into_bytes());
                    record.extend_from_slice(&row.path);
                    record.push(0);
                }
            }
            Ok(record)
        })
        .await
    }

    /// Gives files that are the same blob as in `record` its time, and all others the present one.
    /// Only before foreign code was in the tree.
    ///
    /// # Errors
    /// When git or the disk fail.
    pub async fn restamp(&self, record: Vec<u8>) -> Result<(), WorkspaceError> {
        let (rows, tree) = (self.rows(&self.base_tree).await?, self.tree.clone());
        disk::aside(move || {
            let known = parsed(&record);
            // The same blob may be other bytes on disk where what converts it is another.
            let rules = |path: &[u8]| is_attributes(path);
            let then: HashSet<_> = known
                .iter()
                .filter(|it| rules(it.0))
                .map(|(path, stamp)| (*path, stamp.oid.as_str()))
                .collect();
            let now: HashSet<_> = rows
                .iter()
                .filter(|row| rules(&row.path))
                .map(|row| (row.path.as_slice(), row.oid.as_str()))
                .collect();
            for row in files(&tree, &rows) {
                let same = known.get(row.path.as_slice()).filter(|it| it.oid == row.oid);
                let time = match same.filter(|_| then == now) {
                    Some(stamp) => TimeSpec::new(stamp.seconds, stamp.nanoseconds),
                    None => TimeSpec::UTIME_NOW,
                };
                set(&tree.join(os(&row.path)), &time)?;
            }
            Ok(())
        })
        .await?;
        // Else git would read all files again and again.
        let call = self.local("update-index").on(&self.tree, &self.base_index(), &self.base);
        self.done(call.args(["-q", "--refresh"])).await.map(drop)
    }

    /// What is ignored and on disk, a folder that is ignored as a whole as one path; without what
    /// an agent keeps for itself.
    ///
    /// # Errors
    /// When git fails, or these are too many.
    pub async fn ignored(&self) -> Result<Vec<Vec<u8>>, WorkspaceError> {
        self.intact()?;
        let index = Index::of(self)?;
        let call = self.local("ls-files").on(&self.tree, index.path(), &self.base);
        let call = call.args(["-z", "--others", "--ignored", "--exclude-standard", "--directory"]);
        let listed = self.done(call).await?;
        let own = |path: &&[u8]| !rules::is_agents_own(path);
        let found: Vec<_> = fields(&listed)
            .map(|path| path.strip_suffix(b"/").unwrap_or(path))
            .filter(own)
            .map(<[u8]>::to_vec)
            .collect();
        match found.len() {
            many if many > MOST_IGNORED => {
                Err(WorkspaceError::TooLarge(format!("{many} ignored files and folders")))
            }
            _ => Ok(found),
        }
    }
}

/// Those of the rows that are files, behind no link.
fn files<'r>(tree: &Path, rows: &'r [Row]) -> impl Iterator<Item = &'r Row> {
    let real = real_folders(tree, rows.iter().map(|row| &row.path));
    rows.iter().filter(move |row| {
        matches!(row.kind(), EntryKind::File | EntryKind::Executable)
            && os(&row.path).parent().is_some_and(|it| real.contains(it))
    })
}

fn parsed(record: &[u8]) -> HashMap<&[u8], Stamp> {
    let row = |field: &[u8]| -> Option<Stamp> {
        let mut words = std::str::from_utf8(field).ok()?.split(' ');
        let (oid, seconds, nanoseconds) = (words.next()?, words.next()?, words.next()?);
        Some(Stamp {
            oid: oid.to_owned(),
            seconds: seconds.parse().ok()?,
            nanoseconds: nanoseconds.parse().ok().filter(|it| (0..1_000_000_000).contains(it))?,
        })
    };
    let split = |field| {
        let at = <[u8]>::iter(field).position(|&byte| byte == b'\t')?;
        Some((&field[at + 1..], row(&field[..at])?))
    };
    fields(record).filter_map(split).collect()
}

/// The modification time of a file, never of what a link leads to.
fn set(file: &Path, time: &TimeSpec) -> Result<(), WorkspaceError> {
    let flag = UtimensatFlags::NoFollowSymlink;
    match utimensat(nix::fcntl::AT_FDCWD, file, &TimeSpec::UTIME_OMIT, time, flag) {
        Err(nix::errno::Errno::ENOENT) | Ok(()) => Ok(()),
        Err(error) => Err(WorkspaceError::disk(file)(error.into())),
    }
}
