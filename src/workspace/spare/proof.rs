//! Which files of a tree that foreign code could write are still those that git wrote.
//!
//! The witness is the inode's change time. Every write, `chmod`, `utimes`, link and attribute sets
//! it to the kernel's clock, and no call sets it to anything else; size and modification time can be
//! set at will. Git's index holds it to the nanosecond, though git itself
//! compares whole seconds. Folders have no such witness, since a build writes in many: of theirs
//! nothing stays that could carry anything, or they go as a whole.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, File, FileTimes, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::hex;
use crate::workspace::checkout::is_attributes;
use crate::workspace::disk;
use crate::workspace::git::os;

/// The kernel's clock for files moves in steps of up to 10 ms (`CONFIG_HZ=100`). A file that was
/// written within the last steps before git was done could be changed without another time stamp.
const STEP_NS: i64 = 20_000_000;

/// What git noted of a file when it had written it, in the order of its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Noted {
    ctime: [u32; 2],
    mtime: [u32; 2],
    dev: u32,
    ino: u32,
    mode: u32,
    uid: u32,
    gid: u32,
    size: u32,
}

/// An index of git's.
#[derive(Debug, Default)]
pub(super) struct Index {
    files: HashMap<Vec<u8>, Noted>,
    folders: HashSet<Vec<u8>>,
    /// Path and object of each `.gitattributes`.
    pub(super) attributes: Vec<(Vec<u8>, String)>,
}

/// Removes from `tree` all that is not as `index` says git wrote it.
///
/// # Errors
/// When the index cannot be read, or the tree is none that could be used; nothing is promised of
/// it then.
pub(super) fn purify(tree: &Path, index: &Path) -> io::Result<Index> {
    let written = fs::symlink_metadata(index)?;
    let bytes = fs::read(index)?;
    let read = read(&bytes).ok_or_else(|| io::Error::other("the index is of an unknown form"))?;
    let norm = Norm::beside(tree)?;
    let root = fs::symlink_metadata(tree)?;
    if !root.is_dir() {
        return Err(io::Error::other("the tree is no folder"));
    }
    fs::set_permissions(tree, fs::Permissions::from_mode(0o700))?;
    if !norm.fits(tree, &fs::symlink_metadata(tree)?, 0o700) {
        return Err(io::Error::other("the tree's own folder was changed"));
    }
    let before = written.mtime().saturating_mul(1_000_000_000) + written.mtime_nsec() - STEP_NS;
    let times =
        FileTimes::new().set_modified(written.modified()?).set_accessed(written.modified()?);
    Purge { tree, index: &read, norm, before, times }.walk()?;
    Ok(read)
}

struct Purge<'a> {
    tree: &'a Path,
    index: &'a Index,
    norm: Norm,
    /// In nanoseconds: what has a change time after this is not believed.
    before: i64,
    times: FileTimes,
}

impl Purge<'_> {
    fn walk(&self) -> io::Result<()> {
        let mut waiting: Vec<Vec<u8>> = vec![Vec::new()];
        while let Some(folder) = waiting.pop() {
            let at = self.path(&folder);
            for entry in fs::read_dir(&at)? {
                let entry = entry?;
                let found = entry.metadata()?;
                let path = joined(&folder, &entry.file_name());
                match found.is_dir() {
                    true if self.is_folder(&path, &found) => waiting.push(path),
                    false if self.is_as_written(&path, &found) => {}
                    _ => disk::remove(&entry.path())?,
                }
            }
            // Also a time could be a message.
            File::open(&at)?.set_times(self.times)?;
        }
        Ok(())
    }

    fn is_folder(&self, path: &[u8], found: &Metadata) -> bool {
        let mode = self.norm.mode;
        self.index.folders.contains(path) && self.norm.fits(&self.path(path), found, mode)
    }

    fn is_as_written(&self, path: &[u8], found: &Metadata) -> bool {
        let Some(noted) = self.index.files.get(path) else { return false };
        let changed = found.ctime().saturating_mul(1_000_000_000) + found.ctime_nsec();
        let kind = match noted.mode & 0o170_000 {
            0o120_000 => found.is_symlink(),
            0o100_000 => found.is_file(),
            _ => false,
        };
        // Where time stamps are whole seconds, they prove nothing.
        kind && found.ctime_nsec() != 0
            && changed < self.before
            && found.nlink() == 1
            && Noted { mode: noted.mode, ..seen(found) } == *noted
    }

    fn path(&self, relative: &[u8]) -> PathBuf {
        self.tree.join(os(relative))
    }
}

/// As git cuts it to 32 bits.
fn seen(found: &Metadata) -> Noted {
    let cut = |number: i64| (number & 0xffff_ffff) as u32;
    let cut_unsigned = |number: u64| (number & 0xffff_ffff) as u32;
    Noted {
        ctime: [cut(found.ctime()), cut(found.ctime_nsec())],
        mtime: [cut(found.mtime()), cut(found.mtime_nsec())],
        dev: cut_unsigned(found.dev()),
        ino: cut_unsigned(found.ino()),
        mode: found.mode(),
        uid: found.uid(),
        gid: found.gid(),
        size: cut_unsigned(found.size()),
    }
}

/// What a folder is like that was just made.
struct Norm {
    dev: u64,
    mode: u32,
    owner: (u32, u32),
    extras: Option<Extras>,
}

impl Norm {
    fn beside(tree: &Path) -> io::Result<Self> {
        let probe = tree.with_file_name("probe");
        disk::remove(&probe)?;
        fs::create_dir(&probe)?;
        let found = fs::symlink_metadata(&probe)?;
        let extras = extras(&probe);
        fs::remove_dir(&probe)?;
        let owner = (found.uid(), found.gid());
        Ok(Self { dev: found.dev(), mode: found.mode() & 0o7777, owner, extras })
    }

    /// Whether nothing tells it from a new folder but its entries and its times.
    fn fits(&self, path: &Path, found: &Metadata, mode: u32) -> bool {
        found.is_dir()
            && found.dev() == self.dev
            && found.mode() & 0o7777 == mode
            && (found.uid(), found.gid()) == self.owner
            && self.extras.is_some()
            && extras(path) == self.extras
    }
}

/// Attributes with their values, and flags.
type Extras = (Vec<(Vec<u8>, Vec<u8>)>, u32);

/// Extended attributes, access lists among them, and inode flags. `None`: they cannot be read.
#[cfg(target_os = "linux")]
fn extras(folder: &Path) -> Option<Extras> {
    use rustix::fs::{ioctl_getflags, lgetxattr, llistxattr};
    use rustix::io::Errno;
    /// The file system's own affair: how it keeps a folder's entries.
    const LAYOUT: u32 = 0x1000 | 0x8_0000 | 0x1000_0000;
    let mut names = [0_u8; 4_096];
    let length = match llistxattr(folder, &mut names) {
        Ok(length) => length,
        Err(Errno::NOTSUP) => 0,
        Err(_) => return None,
    };
    let mut attributes = Vec::new();
    for name in names[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        let mut value = [0_u8; 4_096];
        let length = lgetxattr(folder, OsStr::from_bytes(name), &mut value).ok()?;
        attributes.push((name.to_vec(), value[..length].to_vec()));
    }
    attributes.sort();
    let flags = match ioctl_getflags(File::open(folder).ok()?) {
        Ok(flags) => flags.bits() & !LAYOUT,
        Err(Errno::NOTTY | Errno::NOTSUP | Errno::INVAL) => 0,
        Err(_) => return None,
    };
    Some((attributes, flags))
}

#[cfg(not(target_os = "linux"))]
fn extras(_: &Path) -> Option<Extras> {
    None
}

fn joined(folder: &[u8], name: &OsStr) -> Vec<u8> {
    match folder.is_empty() {
        true => name.as_bytes().to_vec(),
        false => [folder, b"/", name.as_bytes()].concat(),
    }
}

/// Reads an index of version 2 or 3, as git's documentation describes it (`gitformat-index`).
fn read(bytes: &[u8]) -> Option<Index> {
    // SHA-1 or SHA-256: the file ends with a sum of the same length, and entries fit one of them.
    [20, 32].into_iter().find_map(|length| entries(bytes, length))
}

fn entries(bytes: &[u8], object: usize) -> Option<Index> {
    let word = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let half = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    if bytes.get(..4)? != b"DIRC" || !matches!(word(4)?, 2 | 3) {
        return None;
    }
    let mut index = Index::default();
    let mut at = 12;
    for _ in 0..word(8)? {
        let noted = Noted {
            ctime: [word(at)?, word(at + 4)?],
            mtime: [word(at + 8)?, word(at + 12)?],
            dev: word(at + 16)?,
            ino: word(at + 20)?,
            mode: word(at + 24)?,
            uid: word(at + 28)?,
            gid: word(at + 32)?,
            size: word(at + 36)?,
        };
        let flags = half(at + 40 + object)?;
        let is_extended = flags & 0x4000 != 0;
        let is_left_out = is_extended && half(at + 42 + object)? & 0x4000 != 0;
        let start = at + 42 + object + if is_extended { 2 } else { 0 };
        let length = bytes.get(start..)?.iter().position(|&byte| byte == 0)?;
        let path = &bytes[start..start + length];
        if path.is_empty() || flags & 0x3000 != 0 || usize::from(flags & 0xfff) != length.min(0xfff)
        {
            return None;
        }
        if is_attributes(path) {
            let oid = hex(bytes.get(at + 40..at + 40 + object)?).0;
            index.attributes.push((path.to_vec(), oid));
        }
        for (slash, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            if !index.folders.contains(&path[..slash]) {
                index.folders.insert(path[..slash].to_vec());
            }
        }
        // A submodule's folder is empty: it goes, and git makes it again.
        if !is_left_out && matches!(noted.mode & 0o170_000, 0o100_000 | 0o120_000) {
            index.files.insert(path.to_vec(), noted);
        }
        // One to eight zeros, to a multiple of eight.
        at += (start - at + length + 8) & !7;
    }
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_index_is_not_read() {
        let header = |version: u8, entries: u8| {
            [b"DIRC".as_slice(), &[0, 0, 0, version, 0, 0, 0, entries]].concat()
        };
        assert!(read(&header(2, 0)).is_some_and(|it| it.files.is_empty()));
        for bad in [
            &header(4, 0),
            &header(2, 1),
            b"DIRC".as_slice(),
            b"",
            &[header(3, 1), vec![0; 80]].concat(),
        ] {
            assert!(read(bad).is_none(), "{bad:?}");
        }
    }
}
