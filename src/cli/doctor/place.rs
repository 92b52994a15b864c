//! The state folder and the room on its disk.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use super::Finding;
use crate::config::Config;

const GIB: u64 = 1 << 30;
/// Mirrors, workspaces and what checks build in them.
const ROOM_WARN: u64 = 5 * GIB;
const ROOM_FAIL: u64 = GIB;

/// What is known of the state folder.
#[derive(Clone, Debug, Default)]
struct Place {
    path: PathBuf,
    /// What there is of it already: itself, or the nearest folder above.
    nearest: PathBuf,
    is_folder: bool,
    is_writable: bool,
    mode: u32,
    /// Whether it is another user's.
    foreign: bool,
    /// Bytes that this user may still write.
    room: Option<u64>,
}

/// Looks at the state folder, and makes nothing.
pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let path = config.worker.state_dir.clone();
    // A disk may hang as a network does.
    match tokio::task::spawn_blocking(move || place(path)).await {
        Ok(place) => vec![judge_folder(&place), judge_room(&place)],
        Err(error) => vec![Finding::fail("state_dir", error.to_string(), "ask again")],
    }
}

fn place(path: PathBuf) -> Place {
    let nearest = path.ancestors().find(|it| it.exists()).unwrap_or(Path::new("/")).to_owned();
    let found = nearest.metadata().ok();
    Place {
        is_folder: found.as_ref().is_some_and(std::fs::Metadata::is_dir),
        is_writable: is_writable(&nearest),
        mode: found.as_ref().map_or(0, |it| it.permissions().mode() & 0o777),
        foreign: found.is_some_and(|it| it.uid() != nix::unistd::geteuid().as_raw()),
        room: room(&nearest),
        nearest,
        path,
    }
}

/// Whether this user may write there, asked without writing.
pub(super) fn is_writable(path: &Path) -> bool {
    let flags =
        if path.is_dir() { AccessFlags::W_OK | AccessFlags::X_OK } else { AccessFlags::W_OK };
    access(path, flags).is_ok()
}

// The kinds of these numbers differ between systems.
#[allow(clippy::useless_conversion, clippy::allow_attributes, reason = "u32 on macOS")]
fn room(path: &Path) -> Option<u64> {
    let disk = nix::sys::statvfs::statvfs(path).ok()?;
    Some(u64::from(disk.blocks_available()).saturating_mul(u64::from(disk.fragment_size())))
}

fn judge_folder(place: &Place) -> Finding {
    let (path, nearest) = (place.path.display(), place.nearest.display());
    let is_there = place.path == place.nearest;
    let name = "state_dir";
    if !place.is_folder {
        let remedy = format!("move {nearest} away, or set `worker.state_dir`");
        return Finding::fail(name, format!("{nearest} is no folder"), remedy);
    }
    if !place.is_writable {
        let remedy = format!("sudo chown \"$USER\" {nearest}; or set `worker.state_dir`");
        return Finding::fail(name, format!("this user may not write to {nearest}"), remedy);
    }
    if !is_there {
        return Finding::ok(name, format!("{path} is made at the first start"));
    }
    if place.foreign {
        let remedy = format!("sudo chown -R \"$USER\" {path}");
        return Finding::fail(name, format!("{path} is another user's"), remedy);
    }
    let remedy = format!("chmod 700 {path}");
    match place.mode {
        mode if mode & 0o022 != 0 => {
            Finding::fail(name, format!("others may write to {path} ({mode:o})"), remedy)
        }
        mode if mode & 0o055 != 0 => {
            Finding::warn(name, format!("others may read {path} ({mode:o})"), remedy)
        }
        _ => Finding::ok(name, path.to_string()),
    }
}

fn judge_room(place: &Place) -> Finding {
    let Some(room) = place.room else {
        return Finding::info(
            "disk",
            format!("{} does not tell its room", place.nearest.display()),
        );
    };
    let tenths = room / (GIB / 10);
    let detail = format!("{}.{} GiB free", tenths / 10, tenths % 10);
    let remedy = "make room, or set `worker.state_dir` to a larger disk";
    match room {
        0..ROOM_FAIL => Finding::fail("disk", detail, remedy),
        ROOM_FAIL..ROOM_WARN => Finding::warn("disk", detail, remedy.to_owned()),
        _ => Finding::ok("disk", detail),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    fn private() -> Place {
        Place {
            path: "/s".into(),
            nearest: "/s".into(),
            is_folder: true,
            is_writable: true,
            mode: 0o700,
            foreign: false,
            room: Some(100 * GIB),
        }
    }

    #[test]
    fn a_folder_that_others_can_use_names_the_command_that_closes_it() {
        assert_eq!(judge_folder(&private()).status, Status::Ok);
        for (mode, status) in [(0o755, Status::Warn), (0o777, Status::Fail), (0o720, Status::Fail)]
        {
            let judged = judge_folder(&Place { mode, ..private() });
            assert_eq!((judged.status, judged.remedy), (status, Some("chmod 700 /s".to_owned())));
        }
    }

    #[test]
    fn a_folder_that_cannot_be_used_fails() {
        for place in [
            Place { is_folder: false, ..private() },
            Place { is_writable: false, ..private() },
            Place { foreign: true, ..private() },
        ] {
            assert_eq!(judge_folder(&place).status, Status::Fail, "{place:?}");
        }
        // Not there yet: whose the folder above is, and who reads it, does not matter.
        let later = Place { path: "/s/x".into(), mode: 0o755, foreign: true, ..private() };
        assert_eq!(judge_folder(&later).status, Status::Ok);
    }

    #[test]
    fn little_room_is_doubted_and_none_fails() {
        let judged = |room| judge_room(&Place { room: Some(room), ..private() });
        assert_eq!(judged(5 * GIB).status, Status::Ok);
        assert_eq!(judged(5 * GIB - 1).status, Status::Warn);
        assert_eq!(judged(GIB - 1).status, Status::Fail);
        assert_eq!(judged(GIB + GIB / 2).detail, "1.5 GiB free");
    }
}
