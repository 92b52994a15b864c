//! Folders and files beside git: made private, taken over by hard links, removed for good.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use super::WorkspaceError;

/// Makes a folder, and those above it, for our eyes only.
pub(super) fn make(folder: &Path) -> Result<(), WorkspaceError> {
    crate::fault::point_blocking("disk.make:before")?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(WorkspaceError::disk(folder))
}

pub(super) fn write(file: &Path, bytes: &[u8]) -> Result<(), WorkspaceError> {
    crate::fault::point_blocking("disk.write:before")?;
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

/// What is in no git directory of ours, and by which somebody else could steer git there.
pub(super) const STRANGE: [&str; 5] =
    ["commondir", "hooks", "info", "config.worktree", "objects/info/alternates"];

/// Whether a git directory is configured as we made it.
pub(super) fn is_ours(git_dir: &Path) -> bool {
    fs::read(git_dir.join("config")).is_ok_and(|config| config == CONFIG)
        && !STRANGE.iter().any(|name| git_dir.join(name).exists())
}

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
        // A pack is named by what it holds. What is here already may be the very same file.
        if to.exists() || fs::hard_link(&from, &to).is_ok() {
            continue;
        }
        let half = to.with_extension("half");
        fs::copy(&from, &half).map_err(WorkspaceError::disk(&half))?;
        fs::rename(&half, &to).map_err(WorkspaceError::disk(&to))?;
    }
    take_shallow(&mirror.join("shallow"), &own.join("shallow"))
}

/// Where history was cut, there and here: a mirror forgets a cut once no branch of its needs it.
pub(super) fn take_shallow(theirs: &Path, own: &Path) -> Result<(), WorkspaceError> {
    let mut cuts = BTreeSet::new();
    for file in [theirs, own] {
        match fs::read_to_string(file) {
            Ok(text) => cuts.extend(text.lines().map(str::to_owned)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(WorkspaceError::disk(file)(error)),
        }
    }
    if cuts.is_empty() {
        return Ok(());
    }
    let text: String = cuts.iter().map(|cut| format!("{cut}\n")).collect();
    replace(own, text.as_bytes())
}

/// Writes a file so that whoever reads it finds the old one or the new one, whole.
pub(super) fn replace(file: &Path, bytes: &[u8]) -> Result<(), WorkspaceError> {
    let half = file.with_extension("half");
    write(&half, bytes)?;
    fs::rename(&half, file).map_err(WorkspaceError::disk(file))
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
