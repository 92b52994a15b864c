//! Root's child is another user: what it may change has to be that user's.

use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;

use super::{CageError, Rules, USER};

/// Gives all that is writable to the child's user, and lets it connect to the sockets.
///
/// Nothing of an earlier child lives, so nobody puts a link where a folder was while we look.
pub(super) async fn hand_over(rules: Rules) -> Result<(), CageError> {
    let work = move || {
        rules.writable.iter().try_for_each(|path| give(&path.canonicalize()?))?;
        rules.sockets.iter().try_for_each(|path| open(path))
    };
    let failed = |error: std::io::Error| {
        CageError::NotStarted(format!(
            "what the command may change cannot be handed to it: {error}"
        ))
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer.map_err(failed),
        Err(error) => Err(failed(std::io::Error::other(error))),
    }
}

/// Goes through folders without following links, and leaves alone what has the owner already.
fn give(path: &Path) -> std::io::Result<()> {
    let meta = path.symlink_metadata()?;
    let here = |error: std::io::Error| {
        std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    };
    if needs_giving(&meta) {
        std::os::unix::fs::lchown(path, Some(USER), Some(USER)).map_err(here)?;
    }
    if meta.is_dir() {
        for entry in path.read_dir().map_err(here)? {
            give(&entry.map_err(here)?.path())?;
        }
    }
    Ok(())
}

/// A file that has another name may have it outside: who gives it away gives that away too.
fn needs_giving(meta: &Metadata) -> bool {
    let theirs = meta.uid() == USER && meta.gid() == USER;
    !theirs && (meta.is_dir() || meta.nlink() == 1)
}

fn open(socket: &Path) -> std::io::Result<()> {
    let meta = socket.metadata()?;
    let theirs = meta.uid() == USER || meta.permissions().mode() & 0o002 != 0;
    if meta.file_type().is_socket() && !theirs {
        std::os::unix::fs::chown(socket, Some(USER), None)?;
    }
    Ok(())
}
