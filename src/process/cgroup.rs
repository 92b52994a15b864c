//! Control groups: what a child and all that came of it may use up together, and an end that
//! nothing escapes, not even what opened a session of its own and cleared its environment.
//!
//! Each child gets a group of its own. It is made, in this order of preference: directly, by
//! root, in the first or the second version of the hierarchy; below our own group, where somebody
//! handed that over to us (`Delegate=yes` in a systemd unit); by the user's systemd, as a scope.
//! Where none of these works, or the system is not Linux, there is no group.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

use super::family::marker;

mod place;

use place::Place;

/// How long the processes of a group are given to die once they are killed.
const BURIAL: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Puts itself into each of the groups that are named up to `--`, then becomes what follows.
const ENTER: &str = r#"
for it; do
    shift
    [ "$it" = -- ] && break
    echo $$ > "$it/cgroup.procs" || exit 1
done
exec "$@""#;

/// What all processes of a group may use up together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Caps {
    /// Bytes of memory, swap included.
    pub memory: u64,
    /// Processes and threads at once.
    pub processes: u32,
    /// Processors' worth of time.
    pub cpus: f64,
}

/// A group of processes. Dropped before its end, it takes its processes with it.
#[derive(Debug)]
pub struct Cgroup {
    /// One in each hierarchy: three or so in the first version, one in the second.
    folders: Vec<PathBuf>,
    /// What starts a program in it, where writing to a file is not enough.
    launcher: Vec<OsString>,
    ended: bool,
}

impl Cgroup {
    /// A new group for a child of `mark`; `None` where this machine has none for us.
    pub async fn make(mark: Option<&str>, caps: &Caps) -> Option<Self> {
        let name = marker(mark);
        match Place::ours().await {
            Place::Nowhere => None,
            Place::Folders(parents) => {
                let folders = parents.iter().map(|parent| parent.join(&name)).collect();
                let group = Self { folders, launcher: Vec::new(), ended: false };
                match group.folders.iter().try_for_each(|folder| prepare(folder, caps)) {
                    Ok(()) => Some(group),
                    Err(error) => {
                        tracing::warn!(%error, "there is no control group for a command");
                        None
                    }
                }
            }
            Place::Scopes(scopes) => Some(Self {
                folders: vec![scopes.folder(&name)],
                launcher: scopes.launcher(&name, caps),
                ended: false,
            }),
        }
    }

    /// The words that start `command` inside of the group.
    pub fn launch(&self, command: Vec<OsString>) -> Vec<OsString> {
        let mut words = self.launcher.clone();
        if words.is_empty() {
            words.extend(["/bin/sh", "-c", ENTER, "sh"].map(OsString::from));
            words.extend(self.folders.iter().map(|it| it.clone().into_os_string()));
            words.push("--".into());
        }
        words.extend(command);
        words
    }

    /// Ends what is left in it, and removes it.
    pub async fn end(mut self) {
        self.ended = true;
        end_all(&self.folders).await;
    }
}

/// Nobody waits for the end any more: all are killed at once, and the folders go when they can.
impl Drop for Cgroup {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.folders.iter().for_each(|folder| kill_all(folder));
        let folders = std::mem::take(&mut self.folders);
        // Without a runtime the program itself is about to end; the next one cleans up.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { end_all(&folders).await });
        }
    }
}

/// Ends what lives in the groups of `mark`, whoever made them, removes them, and says how many
/// processes there were.
pub(super) async fn end_marked(mark: &str) -> usize {
    let mut left = Vec::new();
    for parent in Place::ours().await.parents() {
        let Ok(entries) = fs::read_dir(parent) else { continue };
        let marked = |name: &str| place::bare_name(name).starts_with(&format!("{mark}."));
        let groups = entries.flatten().filter(|it| it.file_name().to_str().is_some_and(marked));
        left.extend(groups.map(|it| it.path()).filter(|it| it.is_dir()));
    }
    let mut found: Vec<i32> = left.iter().flat_map(|folder| members(folder)).collect();
    found.sort_unstable();
    found.dedup();
    end_all(&left).await;
    found.len()
}

/// Makes a folder of the hierarchy, and writes the limits that it knows.
fn prepare(folder: &Path, caps: &Caps) -> std::io::Result<()> {
    /// Microseconds.
    const PERIOD: u32 = 100_000;
    fs::create_dir(folder)?;
    let quota = (caps.cpus.max(0.01) * f64::from(PERIOD)).round();
    // The name of a file, what goes into it, and whether there is no limit without it. Swap is
    // counted by some systems only.
    let settings = [
        ("memory.limit_in_bytes", caps.memory.to_string(), true),
        ("memory.memsw.limit_in_bytes", caps.memory.to_string(), false),
        ("memory.max", caps.memory.to_string(), true),
        ("memory.swap.max", "0".to_owned(), false),
        ("pids.max", caps.processes.to_string(), true),
        ("cpu.cfs_quota_us", quota.to_string(), false),
        ("cpu.max", format!("{quota} {PERIOD}"), false),
    ];
    for (file, value, needed) in settings {
        let file = folder.join(file);
        if file.exists()
            && let Err(error) = fs::write(&file, value)
            && needed
        {
            return Err(std::io::Error::other(format!("{}: {error}", file.display())));
        }
    }
    Ok(())
}

/// The processes in a group and in those below it.
fn members(folder: &Path) -> Vec<i32> {
    let list = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    let here = list.lines().flat_map(str::parse);
    here.chain(below(folder).iter().flat_map(|it| members(it))).collect()
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let folders = entries.flatten().filter(|it| it.file_type().is_ok_and(|it| it.is_dir()));
    folders.map(|it| it.path()).collect()
}

/// Sends SIGKILL to all that is in a group, and lets nothing new begin.
fn kill_all(folder: &Path) {
    // Since Linux 5.14, in the second version: at once, and no fork gets away.
    if fs::write(folder.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    // Nothing forks any more, so one look at the list finds all of them.
    let _ = fs::write(folder.join("pids.max"), "0");
    for pid in members(folder) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

async fn end_all(folders: &[PathBuf]) {
    let until = Instant::now() + BURIAL;
    let mut met = std::collections::BTreeSet::new();
    loop {
        let living: Vec<i32> = folders.iter().flat_map(|folder| members(folder)).collect();
        met.extend(living.iter().copied());
        folders.iter().for_each(|folder| kill_all(folder));
        // Orphans have become our children. Whatever is not our child is not reaped by this.
        met.retain(|pid| {
            matches!(
                waitpid(Pid::from_raw(*pid), Some(WaitPidFlag::WNOHANG)),
                Ok(nix::sys::wait::WaitStatus::StillAlive)
            )
        });
        let gone = folders.iter().filter(|folder| folder.exists()).all(|folder| remove(folder));
        if (gone && met.is_empty()) || Instant::now() >= until {
            break;
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Whether the group, and those that were made below it, are gone.
fn remove(folder: &Path) -> bool {
    below(folder).iter().for_each(|it| {
        remove(it);
    });
    fs::remove_dir(folder).is_ok() || !folder.exists()
}

#[cfg(test)]
mod tests;
