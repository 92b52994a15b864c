//! Folders and files beside git: made private, taken over by hard links, removed for good.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use super::WorkspaceError;

/// Makes a folder, and those above it, for our eyes only.
pub(super) fn make(folder: &Path) -> Result<(), WorkspaceError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(WorkspaceError::disk(folder))
}

pub(super) fn write(file: &Path, bytes: &[u8]) -> Result<(), WorkspaceError> {
    fs::write(file, bytes).map_err(WorkspaceError::disk(file))
}

/// Writes what `git init` would, without a template and without a process.
pub(super) fn git_skeleton(folder: &Path) -> Result<(), WorkspaceError> {
    for part in ["objects/pack", "objects/info", "refs/heads"] {
        make(&folder.join(part))?;
    }
    write(&folder.join("config"), CONFIG)?;
    write(&folder.join("HEAD"), b"ref: refs/heads/none\n")
}

/// The whole configuration of a git directory of ours. No remote, no driver, no filter.
pub(super) const CONFIG: &[u8] =
    b"[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n";

/// Takes over the packs of `mirror`: by hard links, or by copies on another file system. The
/// mirror may then be repacked, rebuilt or removed, and the workspace does not notice.
pub(super) fn take_packs(mirror: &Path, own: &Path) -> Result<(), WorkspaceError> {
    let (from, to) = (mirror.join("objects/pack"), own.join("objects/pack"));
    for entry in fs::read_dir(&from).map_err(WorkspaceError::disk(&from))? {
        let entry = entry.map_err(WorkspaceError::disk(&from))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with("pack-") || name.ends_with(".keep") {
            continue;
        }
        let (from, to) = (entry.path(), to.join(&*name));
        if fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to).map_err(WorkspaceError::disk(&to))?;
        }
    }
    let shallow = mirror.join("shallow");
    if shallow.exists() {
        let to = own.join("shallow");
        fs::copy(&shallow, &to).map_err(WorkspaceError::disk(&to))?;
    }
    Ok(())
}

/// Removes a file, a link or a folder, whatever it is, also below folders without permission to
/// write. Not being there is fine.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    let attempt = || if found.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match attempt() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path);
            attempt()
        }
        other => other,
    }
}

/// Gives us back the right to read and write every folder and file below `path`. Never follows
/// a link. What cannot be changed is left; the next call says so better.
pub(super) fn open_up(path: &Path) {
    let mut waiting = vec![path.to_path_buf()];
    while let Some(path) = waiting.pop() {
        let Ok(found) = fs::symlink_metadata(&path) else { continue };
        let mode = found.permissions().mode();
        let wanted = if found.is_dir() { mode | 0o700 } else { mode | 0o600 };
        if (found.is_dir() || found.is_file()) && wanted != mode {
            let _ = fs::set_permissions(&path, fs::Permissions::from_mode(wanted));
        }
        if found.is_dir()
            && let Ok(entries) = fs::read_dir(&path)
        {
            waiting.extend(entries.flatten().map(|entry| entry.path()));
        }
    }
}

/// Work on many files, away from the threads that must answer at once.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorkspaceError> + Send + 'static,
) -> Result<T, WorkspaceError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(WorkspaceError::Unusable(format!("a file operation broke off: {error}")))
    })
}
