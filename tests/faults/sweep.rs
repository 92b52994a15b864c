//! What a suite that was killed has left: its folders, what is mounted there, and its workers.

use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::world::processes;

/// How folders of the suite begin; the suite's process follows.
pub(crate) const PREFIX: &str = "cw-fault-";

/// Clears away what belongs to suites that are no more.
pub(crate) fn sweep() {
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix(PREFIX).and_then(|it| it.split_once('-')).map(|it| it.0);
        let Some(owner) = owner.and_then(|it| it.parse::<u32>().ok()) else { continue };
        if !is_suite(owner) {
            clear(&entry.path());
        }
    }
}

/// Whether this process is there, and a suite.
fn is_suite(pid: u32) -> bool {
    let program = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    program.file_name().is_some_and(|it| it.to_string_lossy().starts_with("faults"))
}

fn clear(folder: &Path) {
    for (pid, _) in processes(folder) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    for mount in mounts.lines().filter_map(|it| it.split(' ').nth(1)) {
        if Path::new(mount).starts_with(folder) {
            crate::machine::unmount(Path::new(mount));
        }
    }
    // Another suite may be at it too.
    let _ = std::fs::remove_dir_all(folder);
}
