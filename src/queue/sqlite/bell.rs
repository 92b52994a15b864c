//! How a message wakes whoever waits for one, within this process and from others, without
//! asking the file again and again.
//!
//! Who receives binds a datagram socket beside the database; who submits sends it one byte. The
//! byte says only "look": what is there to do stands in the database, so a lost byte costs time
//! and nothing else.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UnixDatagram;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// How often the file is looked at when there can be no socket: its path is too long for the
/// system (about 100 bytes), or another receiver has it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many bytes one look takes away; each stands for a submit while nobody listened.
const AT_ONCE: usize = 1_024;

/// The bell of one queue.
pub(super) struct Bell {
    path: Option<PathBuf>,
    here: Notify,
    bound: Mutex<Option<Arc<Socket>>>,
}

/// A socket of ours, and which file it is.
pub(super) struct Socket {
    socket: UnixDatagram,
    path: PathBuf,
    file: (u64, u64),
}

/// By what a receiver hears of other processes.
pub(super) enum Ear {
    /// There are none.
    Nobody,
    /// They send a byte.
    Socket(Arc<Socket>),
    /// They cannot be heard; look now and then.
    Deaf,
}

impl Bell {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self { path, here: Notify::new(), bound: Mutex::new(None) }
    }

    /// Wakes everyone who waits. After the commit: whoever wakes must find what it woke for.
    pub(super) fn ring(&self) {
        self.here.notify_waiters();
        let Some(path) = &self.path else { return };
        // Nobody there, or so many unheard bytes that one more tells nothing: both are well.
        let _ = net::UnixDatagram::unbound().and_then(|socket| {
            socket.set_nonblocking(true)?;
            socket.send_to(&[1], path)
        });
    }

    /// Ends when the bell is rung in this process.
    pub(super) fn rung(&self) -> Notified<'_> {
        self.here.notified()
    }

    /// Makes sure that other processes can wake us, and takes away what they sent so far.
    pub(super) fn listen(&self) -> Ear {
        let Some(path) = &self.path else { return Ear::Nobody };
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        if bound.as_ref().is_none_or(|it| it.is_gone()) {
            *bound = None;
            match Socket::bind(path) {
                Ok(socket) => *bound = Some(Arc::new(socket)),
                Err(error) => tracing::debug!(%error, path = %path.display(), "no wake socket"),
            }
        }
        let Some(socket) = bound.clone() else { return Ear::Deaf };
        if socket.drain() > 0 {
            // Others in this process wait for the same bytes.
            self.here.notify_waiters();
        }
        Ear::Socket(socket)
    }
}

impl Ear {
    /// Ends when another process has submitted something.
    pub(super) async fn heard(&self) {
        match self {
            Self::Socket(it) if it.socket.readable().await.is_ok() => {}
            _ => std::future::pending().await,
        }
    }

    /// How long the file may stay unlooked at.
    pub(super) fn patience(&self) -> Option<Duration> {
        matches!(self, Self::Deaf).then_some(LOOK_EVERY)
    }
}

impl Socket {
    fn bind(path: &Path) -> io::Result<Self> {
        clear(path)?;
        let socket = UnixDatagram::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        let file = identity(path)?;
        Ok(Self { socket, path: path.to_owned(), file })
    }

    /// Whether somebody has removed or replaced the file, so that no byte reaches us any more.
    fn is_gone(&self) -> bool {
        identity(&self.path).ok() != Some(self.file)
    }

    fn drain(&self) -> usize {
        let mut byte = [0; 1];
        (0..AT_ONCE).take_while(|_| self.socket.try_recv(&mut byte).is_ok()).count()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if !self.is_gone() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Takes away what a receiver left that is dead; never a living one's socket, nor another file.
fn clear(path: &Path) -> io::Result<()> {
    let there = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        there => there?,
    };
    if !there.file_type().is_socket() {
        return Err(io::Error::new(ErrorKind::AlreadyExists, "a file that is no socket is there"));
    }
    match net::UnixDatagram::unbound()?.connect(path) {
        Ok(()) => Err(io::Error::new(ErrorKind::AddrInUse, "another receiver is listening")),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|it| (it.dev(), it.ino()))
}
