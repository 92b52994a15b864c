//! What preparations brought in, kept for the jobs that come after.
//!
//! A store for each repository, keyed by command and contents of the files: complete or not there,
//! never changed once it is. Each job works on a copy of its own, so that what its code does to it
//! is gone with the job.
//!
//! On disk: `{root}/{owner}/{name}/{key}/files` is what was brought, `used` beside it says by its
//! time stamp when it was last asked for. What is being filled is called `.begun-…`, and is locked
//! by whoever fills it; one `rename` makes it complete. Nothing in the store is ever executed or
//! followed by us: a link is copied as a link.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::domain::task::Repository;
use crate::domain::verification::Preparation;
use crate::workspace::remove_tree;

pub mod caches;
mod copying;
mod pruning;
mod settling;

/// Begins the name of what is being filled.
const BEGUN: &str = ".begun-";
/// Begins the name of what is on its way out.
const GONE: &str = ".gone-";
/// What was brought, below an entry.
const FILES: &str = "files";
/// Written before the entry gets its name; its time stamp says when it was last asked for.
const USED: &str = "used";
/// Held by whoever fills what was begun.
const LOCK: &str = "lock";

/// The store of one worker.
#[derive(Clone, Debug)]
pub struct Deps {
    root: PathBuf,
}

/// What makes one thing that is kept differ from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// Of these parts, in their order.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A folder that is being filled. Dropped before `Deps::finish` has it, it is removed again.
#[derive(Debug)]
pub struct Begun {
    folder: PathBuf,
    becomes: PathBuf,
    /// Keeps `prune` off until we are done, however we end.
    _lock: File,
}

impl Begun {
    /// Where to put things: empty at first, only for our user, `$DEPS_DIR` of the command.
    pub fn files(&self) -> PathBuf {
        self.folder.join(FILES)
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        // After `finish` there is nothing under this name any more.
        let _ = remove_tree(&self.folder);
    }
}

impl Deps {
    /// The store in `root`, which is made when it is first needed.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The key of `preparation` when the files that it names have these contents (in their order;
    /// `None`: not there), for commands that run in `place` (`host`, or an image's id).
    pub fn key(preparation: &Preparation, contents: &[Option<Vec<u8>>], place: &str) -> Key {
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        };
        // Counted, so that nothing moves from one list or one field to its neighbour unnoticed.
        add(b"codingworker deps 1");
        for part in [&preparation.name, &preparation.command, place] {
            add(part.as_bytes());
        }
        add(&(preparation.files.len() as u64).to_be_bytes());
        for file in &preparation.files {
            add(file.as_bytes());
        }
        for content in contents {
            add(&[u8::from(content.is_some())]);
            add(content.as_deref().unwrap_or_default());
        }
        Key(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Where it is, if it is there and complete. Counts as used from now on.
    pub fn find(&self, repository: &Repository, key: &Key) -> Option<PathBuf> {
        let entry = self.entry(repository, key);
        let used = entry.join(USED);
        if !is_folder(&entry.join(FILES)) || !used.is_file() {
            return None;
        }
        // Not being able to say so costs it a few days of its life.
        if let Err(error) = std::fs::write(&used, b"used\n") {
            tracing::warn!(%repository, %key, %error, "cannot note that kept dependencies are used");
        }
        Some(entry.join(FILES))
    }

    /// An empty folder to fill, of the caller's own: another job that fills the same key at the
    /// same time has another one.
    ///
    /// # Errors
    /// From the disk.
    pub fn begin(&self, repository: &Repository, key: &Key) -> io::Result<Begun> {
        let becomes = self.entry(repository, key);
        let shelf = becomes.parent().unwrap_or(&self.root);
        make(shelf)?;
        // `prune` must not find the folder before it is locked.
        let _still = self.still()?;
        // A worker in another container may well have our number.
        let folder = loop {
            let folder = shelf.join(unique(BEGUN));
            match std::fs::create_dir(&folder) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => break made.map(|()| folder)?,
            }
        };
        make(&folder.join(FILES))?;
        let lock = File::create(folder.join(LOCK))?;
        lock.try_lock()?;
        Ok(Begun { folder, becomes, _lock: lock })
    }

    /// What was begun is complete: from now on it is found, and not changed any more. Where
    /// somebody else was faster, his stays and ours goes. What came with rights or of a kind that
    /// has no business among dependencies (set-user-id programs, devices, pipes) is put right.
    ///
    /// # Errors
    /// From the disk, and when the folder is none any more.
    pub async fn finish(&self, begun: Begun) -> io::Result<PathBuf> {
        aside(move || {
            let files = begun.files();
            settling::settle(&files)?;
            std::fs::write(begun.folder.join(USED), b"used\n")?;
            settling::to_disk(&begun.folder)?;
            match std::fs::rename(&begun.folder, &begun.becomes) {
                Ok(()) => {}
                Err(_) if is_folder(&begun.becomes.join(FILES)) => {}
                Err(error) => return Err(error),
            }
            Ok(begun.becomes.join(FILES))
        })
        .await
    }

    /// What was begun is complete, and takes the place of what there is. Put right as by `finish`.
    ///
    /// # Errors
    /// As those of `finish`.
    pub async fn replace(&self, begun: Begun) -> io::Result<()> {
        let store = self.clone();
        aside(move || {
            settling::settle(&begun.files())?;
            std::fs::write(begun.folder.join(USED), b"used\n")?;
            settling::to_disk(&begun.folder)?;
            let gone = begun.becomes.with_file_name(unique(GONE));
            {
                let _still = store.still()?;
                if is_folder(&begun.becomes) {
                    std::fs::rename(&begun.becomes, &gone)?;
                }
                std::fs::rename(&begun.folder, &begun.becomes)?;
            }
            remove_tree(&gone)
        })
        .await
    }

    /// Nothing of this key is found from now on.
    ///
    /// # Errors
    /// From the disk.
    pub async fn forget(&self, repository: &Repository, key: &Key) -> io::Result<()> {
        let (store, entry) = (self.clone(), self.entry(repository, key));
        aside(move || {
            let gone = entry.with_file_name(unique(GONE));
            let renamed = {
                let _still = store.still()?;
                std::fs::rename(&entry, &gone)
            };
            match renamed {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                renamed => renamed.and_then(|()| remove_tree(&gone)),
            }
        })
        .await
    }

    /// Copies what was found to `to`, which must be empty or not there, sharing blocks where the
    /// file system can. The copy is its owner's to change.
    ///
    /// # Errors
    /// From the disk.
    pub async fn copy(from: &Path, to: &Path) -> io::Result<()> {
        copying::copy(from, to).await
    }

    /// Removes what was not used for so long, then the oldest until no more than `bytes` are left,
    /// and what was begun and never finished. Says how much went, in bytes. What was used in the
    /// last minutes stays in any case: a job may be about to copy it.
    pub async fn prune(&self, unused_for: Duration, bytes: u64) -> u64 {
        let store = self.clone();
        aside(move || Ok(pruning::prune(&store, unused_for, bytes))).await.unwrap_or(0)
    }

    fn entry(&self, repository: &Repository, key: &Key) -> PathBuf {
        self.root.join(repository.owner()).join(repository.name()).join(&key.0)
    }

    /// Nobody begins or prunes while this is held: for moments only.
    fn still(&self) -> io::Result<File> {
        make(&self.root)?;
        let lock = File::create(self.root.join(".lock"))?;
        lock.lock()?;
        Ok(lock)
    }
}

/// A name that nobody else has: not in this process, nor in another that lives.
fn unique(beginning: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{beginning}{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A folder itself, not a link to one.
fn is_folder(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|it| it.is_dir())
}

/// Makes a folder, and those above it, for our eyes only.
fn make(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Work on many files, away from the threads that must answer at once.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let broken = |error| io::Error::other(format!("a file operation broke off: {error}"));
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(broken(error)))
}

/// For `map_err`: which path it was about.
fn about(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    let path = path.to_path_buf();
    move |error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => io::Error::new(
            error.kind(),
            format!("{}: {error}: make room, then try again", path.display()),
        ),
        kind => io::Error::new(kind, format!("{}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests;
