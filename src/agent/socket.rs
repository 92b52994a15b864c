//! Unix sockets at paths of any length.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// macOS takes 104 bytes, Linux 108; the last is a zero.
const LONGEST: usize = 103;

/// A name by which the kernel takes the socket at `path`, however deep it lies. The name is good
/// for as long as this is kept.
#[derive(Debug)]
pub(super) struct Near {
    path: PathBuf,
    _folder: Option<File>,
}

impl Near {
    /// Its folder must be there; the socket need not.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        if path.as_os_str().as_bytes().len() <= LONGEST {
            return Ok(Self { path: path.to_owned(), _folder: None });
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        // Linux alone has this, and it alone has the cages that need a socket.
        let folder = File::open(parent)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name);
        Ok(Self { path, _folder: Some(folder) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Listens at `path` for whoever can reach it: the folder keeps everybody on this machine out but
/// us, and the user inside a cage, to whom the socket alone is handed, may be another.
pub(super) fn listen(path: &Path) -> io::Result<UnixListener> {
    let near = Near::new(path)?;
    let listener = UnixListener::bind(near.path())?;
    std::fs::set_permissions(near.path(), std::fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    #[test]
    fn a_socket_deep_below_can_be_bound_and_reached() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let socket = deep.join("s");
        UnixListener::bind(&socket).expect_err("else there is nothing to get round");
        let listener = UnixListener::bind(Near::new(&socket).unwrap().path()).unwrap();
        assert!(socket.exists());
        UnixStream::connect(Near::new(&socket).unwrap().path()).unwrap();
        listener.accept().unwrap();
    }
}
