//! What the agent and the checks of one job printed: a file that only grows.
//!
//! Bytes pass a filter on their way, so that no secret is ever on the disk.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::job::JobId;
use crate::process::Tee;

/// How much one job may print; the rest is dropped.
pub const MOST: u64 = 20 << 20;

const FULL: &str = "\n[codingworker: this log has reached 20 MiB; the rest is dropped]\n";

/// Changes a stream of bytes on its way to the disk, such as by taking secrets out.
pub trait Filter: Send {
    /// What may be written now. It may hold back an end that could be the beginning of a secret.
    fn push(&mut self, piece: &[u8]) -> Vec<u8>;

    /// What was held back, since the stream is over. Another may follow.
    fn finish(&mut self) -> Vec<u8>;
}

/// The filter that changes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unfiltered;

impl Filter for Unfiltered {
    fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        piece.to_vec()
    }

    fn finish(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

/// One job's log, open for appending.
pub struct JobLog {
    open: Mutex<Open>,
}

struct Open {
    file: File,
    filter: Box<dyn Filter>,
    /// How long the file is.
    length: u64,
    /// How long it may become.
    most: u64,
    /// Whether a failed write was already told of.
    complained: bool,
}

impl JobLog {
    /// Where the log of a job is, in the folder of logs.
    pub fn path(dir: &Path, id: &JobId) -> PathBuf {
        dir.join(format!("{id}.log"))
    }

    /// Opens the log, and makes it (0600, in a folder of 0700) if there is none. A job that goes
    /// on after a restart goes on in the same file.
    ///
    /// # Errors
    /// When the folder or the file cannot be made.
    pub fn create(dir: &Path, id: &JobId, filter: Box<dyn Filter>) -> io::Result<Self> {
        Self::bounded(dir, id, filter, MOST)
    }

    fn bounded(dir: &Path, id: &JobId, filter: Box<dyn Filter>, most: u64) -> io::Result<Self> {
        crate::fault::point_blocking("disk.open_log:before")?;
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let file =
            OpenOptions::new().create(true).append(true).mode(0o600).open(Self::path(dir, id))?;
        let length = file.metadata()?.len();
        Ok(Self { open: Mutex::new(Open { file, filter, length, most, complained: false }) })
    }

    /// Appends what the filter lets through. A log that cannot be written never stops a job: the
    /// bytes are dropped, and the first time that is logged.
    pub fn write(&self, bytes: &[u8]) {
        let mut open = self.lock();
        let passed = open.filter.push(bytes);
        open.append(&passed);
    }

    /// Where the next byte will be. What the filter held back is written first, so that it
    /// belongs to the section before.
    pub fn offset(&self) -> u64 {
        let mut open = self.lock();
        open.flush();
        open.length
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn flush(&mut self) {
        let held_back = self.filter.finish();
        self.append(&held_back);
    }

    fn append(&mut self, bytes: &[u8]) {
        if bytes.is_empty() || self.length > self.most {
            return; // Longer than it may be: the last line says so.
        }
        let room = usize::try_from(self.most - self.length).unwrap_or(usize::MAX);
        let fitting = &bytes[..bytes.len().min(room)];
        let ended = if bytes.len() > room { FULL.as_bytes() } else { b"" };
        let fault = crate::fault::point_blocking("disk.log:before").map_err(io::Error::from);
        let written = fault.and_then(|()| self.file.write_all(fitting));
        match written.and_then(|()| self.file.write_all(ended)) {
            Ok(()) => self.length += (fitting.len() + ended.len()) as u64,
            Err(error) => {
                // Part of it may be there.
                self.length = self.file.metadata().map_or(self.length, |it| it.len());
                if !self.complained {
                    tracing::warn!(%error, "a job's log cannot be written; its output is dropped");
                    self.complained = true;
                }
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.flush();
    }
}

impl Tee for JobLog {
    fn write(&self, bytes: &[u8]) {
        Self::write(self, bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn id() -> JobId {
        JobId("0123456789ab".into())
    }

    fn text(dir: &Path) -> String {
        std::fs::read_to_string(JobLog::path(dir, &id())).unwrap()
    }

    /// Holds the last byte back, as a filter does that waits for the rest of a secret.
    #[derive(Default)]
    struct OneBehind(Vec<u8>);

    impl Filter for OneBehind {
        fn push(&mut self, piece: &[u8]) -> Vec<u8> {
            self.0.extend_from_slice(piece);
            let last = self.0.pop();
            std::mem::replace(&mut self.0, last.into_iter().collect())
        }

        fn finish(&mut self) -> Vec<u8> {
            std::mem::take(&mut self.0)
        }
    }

    #[test]
    fn a_log_grows_across_restarts_and_knows_where_its_parts_begin() {
        let dir = tempfile::tempdir().unwrap();
        let log = JobLog::create(dir.path(), &id(), Box::new(Unfiltered)).unwrap();
        assert_eq!(log.offset(), 0);
        log.write(b"build\n");
        drop(log);
        let log = JobLog::create(dir.path(), &id(), Box::new(Unfiltered)).unwrap();
        assert_eq!(log.offset(), 6);
        Tee::write(&log, b"test\n");
        assert_eq!(text(dir.path()), "build\ntest\n");
    }

    #[test]
    fn what_a_filter_held_back_belongs_to_the_section_before() {
        let dir = tempfile::tempdir().unwrap();
        let log = JobLog::create(dir.path(), &id(), Box::new(OneBehind::default())).unwrap();
        log.write(b"abc");
        assert_eq!(text(dir.path()), "ab");
        assert_eq!(log.offset(), 3);
        log.write(b"def");
        drop(log);
        assert_eq!(text(dir.path()), "abcdef");
    }

    #[test]
    fn a_log_that_is_full_says_so_once_and_drops_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let open = || JobLog::bounded(dir.path(), &id(), Box::new(Unfiltered), 10).unwrap();
        let log = open();
        log.write(b"0123456");
        log.write(b"789abc");
        log.write(b"more");
        drop(log);
        open().write(b"after a restart");
        assert_eq!(text(dir.path()), format!("0123456789{FULL}"));
    }

    #[test]
    fn a_log_that_ends_exactly_at_its_bound_lost_nothing_until_more_comes() {
        let dir = tempfile::tempdir().unwrap();
        let log = JobLog::bounded(dir.path(), &id(), Box::new(Unfiltered), 4).unwrap();
        log.write(b"1234");
        assert_eq!(text(dir.path()), "1234");
        log.write(b"5");
        log.write(b"6");
        assert_eq!(text(dir.path()), format!("1234{FULL}"));
    }

    #[test]
    fn nobody_else_can_read_a_log() {
        let dir = tempfile::tempdir().unwrap();
        let logs = dir.path().join("logs");
        let _log = JobLog::create(&logs, &id(), Box::new(Unfiltered)).unwrap();
        assert_eq!(logs.metadata().unwrap().mode() & 0o777, 0o700);
        assert_eq!(JobLog::path(&logs, &id()).metadata().unwrap().mode() & 0o777, 0o600);
    }
}
