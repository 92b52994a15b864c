//! The last look at what a command brought, before it is kept: who made it is not to be trusted
//! with rights, and whoever copies or removes it later must be able to.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{about, is_folder};

/// Set-user-id, set-group-id and the sticky bit.
const SPECIAL: u32 = 0o7000;

/// Makes everything below `folder` its owner's to read and write (the Go tools close what they
/// bring), takes special rights away and removes what is neither file nor folder nor link. Never
/// follows a link.
pub(super) fn settle(folder: &Path) -> io::Result<()> {
    if !is_folder(folder) {
        let why = format!("{}: the command put something else in its place", folder.display());
        return Err(io::Error::new(ErrorKind::NotADirectory, why));
    }
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(path) = waiting.pop() {
        let found = fs::symlink_metadata(&path).map_err(about(&path))?;
        let kind = found.file_type();
        if kind.is_symlink() {
            continue;
        }
        if !kind.is_file() && !kind.is_dir() {
            fs::remove_file(&path).map_err(about(&path))?;
            continue;
        }
        let mode = found.permissions().mode() & 0o7777;
        let wanted = (mode | if kind.is_dir() { 0o700 } else { 0o600 }) & !SPECIAL;
        if wanted != mode {
            fs::set_permissions(&path, Permissions::from_mode(wanted)).map_err(about(&path))?;
        }
        if kind.is_dir() {
            for entry in fs::read_dir(&path).map_err(about(&path))? {
                waiting.push(entry.map_err(about(&path))?.path());
            }
        }
    }
    Ok(())
}

/// Waits until the file system has it: after a power cut, what has its name is whole.
pub(super) fn to_disk(folder: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::unistd::syncfs(fs::File::open(folder)?)?;
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        nix::unistd::sync();
    }
    Ok(())
}
