//! Where a worker listens: an address of this machine's own, or a Unix socket.

use std::fs::Permissions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener, UnixStream};

/// How long whoever may listen at a socket already has to answer.
const KNOCK: Duration = Duration::from_secs(2);

/// Where somebody listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At an address, with the port that it was given.
    Address(SocketAddr),
    /// At a Unix socket.
    Socket(PathBuf),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => write!(f, "http://{address}"),
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A place where we listen. A socket's file goes with it.
#[derive(Debug)]
pub struct Listener {
    pub(super) kind: Listening,
    place: Place,
    _file: Option<OwnFile>,
}

#[derive(Debug)]
pub(super) enum Listening {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    /// Where it is: port 0 has become a real one.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

/// Listens there. A socket can be reached by our own user alone; one that nobody answers on any
/// more is replaced.
///
/// # Errors
/// What the system says; `AddrInUse` when another program listens there.
pub async fn on(place: &Place) -> io::Result<Listener> {
    match place {
        Place::Address(address) => {
            let listener = TcpListener::bind(address).await?;
            let place = Place::Address(listener.local_addr()?);
            Ok(Listener { kind: Listening::Tcp(listener), place, _file: None })
        }
        Place::Socket(path) => {
            let (listener, file) = socket(path).await?;
            let place = Place::Socket(path.clone());
            Ok(Listener { kind: Listening::Unix(listener), place, _file: Some(file) })
        }
    }
}

async fn socket(path: &Path) -> io::Result<(UnixListener, OwnFile)> {
    if let Ok(metadata) = std::fs::symlink_metadata(path) {
        if !metadata.file_type().is_socket() {
            let said = "there is a file, and it is no socket: remove it, or name another path";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, said));
        }
        // Whoever is too busy to take the call lives too.
        let knocked = tokio::time::timeout(KNOCK, UnixStream::connect(path)).await;
        if !matches!(&knocked, Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
    }
    // It gets its place when it has its mode: there is no moment in which others could come in.
    let mut new = path.as_os_str().to_owned();
    new.push(".n");
    let new = PathBuf::from(new);
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&new)?;
    let placed = std::fs::set_permissions(&new, Permissions::from_mode(0o600))
        .and_then(|()| std::fs::metadata(&new))
        .and_then(|it| std::fs::rename(&new, path).map(|()| it.ino()));
    match placed {
        Ok(inode) => Ok((listener, OwnFile { path: path.to_owned(), inode })),
        Err(error) => {
            let _ = std::fs::remove_file(&new);
            Err(error)
        }
    }
}

/// A socket's file. When it goes, so does the file, unless another has taken its place.
#[derive(Debug)]
struct OwnFile {
    path: PathBuf,
    inode: u64,
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        if std::fs::symlink_metadata(&self.path).is_ok_and(|it| it.ino() == self.inode) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_ours_alone_and_goes_with_us() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = on(&Place::Socket(path.clone())).await.unwrap();
        let mode = std::fs::metadata(&path).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o600);
        UnixStream::connect(&path).await.unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_one_that_answers_or_is_none_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let place = Place::Socket(path.clone());
        // std's listener leaves its file behind, as a killed worker does.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let listener = on(&place).await.unwrap();
        assert_eq!(on(&place).await.unwrap_err().kind(), io::ErrorKind::AddrInUse);
        UnixStream::connect(&path).await.expect("the first still answers");
        drop(listener);
        std::fs::write(&path, "a letter").unwrap();
        assert_eq!(on(&place).await.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a letter");
    }

    #[tokio::test]
    async fn port_0_becomes_a_real_one_and_a_taken_one_is_said() {
        let any = Place::Address("127.0.0.1:0".parse().unwrap());
        let listener = on(&any).await.unwrap();
        assert_ne!(*listener.place(), any);
        let taken = on(listener.place()).await.unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
    }
}
