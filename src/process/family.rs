//! All processes that came of one child, and how they end.
//!
//! The child leads a process group, which catches nearly everything. What left the group
//! (`setsid`, a shell's job control, a daemon) is caught on Linux alone, in two ways: we are the
//! reaper of our descendants, so that an orphan becomes *our* child and is seen; and each child
//! carries `CODINGWORKER_CHILD` in its environment, so that an orphan can be told from that of
//! another child. Both are best effort against accidents, not a cage against malice: a
//! process that clears its environment and opens a session of its own ends only once no other
//! child of ours lives, and one with another user's rights not at all. On macOS the group is all.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpgrp};
use tokio::process::Child;

use super::proc;

/// The variable that all our children carry.
pub(super) const MARKER: &str = "CODINGWORKER_CHILD";

/// How often we look whether the processes we signalled are gone.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The leaders that run now, and the marker of each.
static LIVE: Mutex<Option<HashMap<i32, String>>> = Mutex::new(None);

struct Live(MutexGuard<'static, Option<HashMap<i32, String>>>);

impl Live {
    fn lock() -> Self {
        Self(LIVE.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn leaders(&mut self) -> &mut HashMap<i32, String> {
        self.0.get_or_insert_default()
    }
}

/// A child and its descendants.
pub(super) struct Family {
    group: Pid,
    marker: String,
    /// Once the group was seen to be gone its number may belong to others.
    group_gone: bool,
    /// What left the group, as we saw it. A process that is just dying shows no marker any more.
    seen: HashSet<i32>,
}

impl Family {
    /// Starts `command` as the leader of a group of its own.
    ///
    /// The registry is locked meanwhile: no leader is ever taken for an orphan.
    pub(super) fn start(
        command: &mut tokio::process::Command,
        mark: Option<&str>,
    ) -> std::io::Result<(Child, Self)> {
        reap_our_descendants();
        let marker = marker(mark);
        command.env(MARKER, &marker).process_group(0);
        let mut live = Live::lock();
        let leader = command.spawn()?;
        let id = leader.id().and_then(|id| i32::try_from(id).ok()).unwrap_or(i32::MAX);
        live.leaders().insert(id, marker.clone());
        Ok((
            leader,
            Self { group: Pid::from_raw(id), marker, group_gone: false, seen: HashSet::new() },
        ))
    }

    /// Asks the whole group, and what left it, to end.
    pub(super) fn terminate(&mut self) {
        self.signal(Signal::SIGTERM);
        self.signal(Signal::SIGCONT); // a stopped process hears nothing else
    }

    /// Ends the whole group, and what left it.
    pub(super) fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
    }

    fn signal(&mut self, signal: Signal) {
        if !self.group_gone {
            let _ = killpg(self.group, signal);
        }
        for orphan in self.orphans() {
            let _ = kill(orphan, signal);
        }
    }

    /// Whether anything is left of it, its leader being reaped already. Reaps what died.
    pub(super) fn lives_on(&mut self) -> bool {
        if !self.group_gone {
            reap(Pid::from_raw(-self.group.as_raw()));
            // EPERM is macOS's word for a group of zombies alone.
            self.group_gone = killpg(self.group, None).is_err();
        }
        !self.group_gone || !self.orphans().is_empty()
    }

    /// What left the group and lost its parent. Reaps those that are dead.
    fn orphans(&mut self) -> Vec<Pid> {
        // When a child of ours dies while we look, its children become ours behind our back; and
        // the kernel's list may skip one then. So only two quiet looks in a row count.
        let mut quiet = 0;
        for _ in 0..1_000 {
            match self.look_for_orphans() {
                (orphans, _) if !orphans.is_empty() => return orphans,
                (_, true) => quiet = 0,
                (_, false) => quiet += 1,
            }
            if quiet == 2 {
                break;
            }
        }
        Vec::new()
    }

    /// One look: the orphans, and whether anything died meanwhile.
    fn look_for_orphans(&mut self) -> (Vec<Pid>, bool) {
        let mut live = Live::lock();
        let leaders = live.leaders();
        let alone = leaders.keys().all(|leader| *leader == self.group.as_raw());
        let (our_group, our_session) = (getpgrp().as_raw(), proc::our_session());
        let mut died = false;
        let mut orphans = Vec::new();
        for child in proc::our_children() {
            if leaders.contains_key(&child) {
                continue;
            }
            let Some(it) = proc::stat(child) else {
                died = true;
                continue;
            };
            if it.group == our_group || leaders.contains_key(&it.group) {
                continue;
            }
            // Somebody else in this program may start children and wait for them. They are in
            // our session; what opened one of its own is certainly not theirs.
            let foreign = it.session != our_session;
            let ours = match proc::marker(child) {
                _ if it.zombie => false,
                _ if self.seen.contains(&child) => true,
                Some(marker) => marker == self.marker || !leaders.values().any(|it| *it == marker),
                None => alone && foreign,
            };
            if ours {
                self.seen.insert(child);
                orphans.push(Pid::from_raw(child));
            } else if it.zombie && (foreign || self.seen.contains(&child)) {
                died |= reap(Pid::from_raw(child));
            }
        }
        (orphans, died)
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        Live::lock().leaders().remove(&self.group.as_raw());
    }
}

/// Ends every process that carries `mark`, whoever started it, and says how many there were.
pub(super) async fn end_marked(mark: &str) -> usize {
    let mut found = std::collections::BTreeSet::new();
    // Twenty rounds of 100 ms: two seconds of grace, then KILL until none is left.
    for round in 0..40 {
        let marked = proc::marked(&format!("{mark}.")).await;
        if marked.is_empty() {
            break;
        }
        let signal = if round < 20 { Signal::SIGTERM } else { Signal::SIGKILL };
        for (pid, group) in marked {
            let new = found.insert(pid);
            if new || signal == Signal::SIGKILL {
                if group > 1 && group != getpgrp().as_raw() {
                    let _ = killpg(Pid::from_raw(group), signal);
                    let _ = killpg(Pid::from_raw(group), Signal::SIGCONT);
                }
                let _ = kill(Pid::from_raw(pid), signal);
                let _ = kill(Pid::from_raw(pid), Signal::SIGCONT);
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    found.len()
}

/// From now on orphans among our descendants become our children, and not those of process 1.
fn reap_our_descendants() {
    #[cfg(target_os = "linux")]
    {
        static ONCE: OnceLock<()> = OnceLock::new();
        ONCE.get_or_init(|| {
            // Refused only by kernels before 3.4: then the group is all that we end.
            let _ = nix::sys::prctl::set_child_subreaper(true);
        });
    }
}

pub(super) fn marker(mark: Option<&str>) -> String {
    static WORKER: OnceLock<u64> = OnceLock::new();
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    // The standard library seeds its hash maps from the system's source of randomness.
    let worker = WORKER.get_or_init(|| RandomState::new().build_hasher().finish());
    let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("{}.{worker:016x}.{next}", mark.unwrap_or_default())
}

/// Reaps what is dead of `pid`, or of its group where it is negative; says whether anything was.
fn reap(pid: Pid) -> bool {
    let mut any = false;
    loop {
        match waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) => any = true,
            Err(Errno::EINTR) => {}
            _ => return any,
        }
    }
}
