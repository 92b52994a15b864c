//! What the system says about this process and its disk. What it does not say is left out.

use std::path::Path;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
use nix::sys::statvfs::statvfs;

use super::metrics::Readings;
use crate::domain::time::Timestamp;

/// Reads it all. Blocks for a moment: `/proc` is walked.
pub fn read(readings: &mut Readings, state_dir: &Path, started: Timestamp) {
    readings.set("process_cpu_seconds", cpu_seconds());
    readings.set("process_resident_memory_bytes", resident());
    readings.set("process_open_fds", open_files());
    readings.set("process_max_fds", most_files());
    readings.set("process_start_time_seconds", started.0 as f64 / 1_000.0);
    readings.set("codingworker_child_processes", children());
    if let Ok(disk) = statvfs(state_dir) {
        // macOS counts blocks in 32 bits.
        #[allow(clippy::useless_conversion, clippy::allow_attributes, reason = "not everywhere")]
        let bytes = |blocks| u64::from(blocks) as f64 * disk.fragment_size() as f64;
        readings.set("codingworker_state_disk_size_bytes", bytes(disk.blocks()));
        readings.set("codingworker_state_disk_available_bytes", bytes(disk.blocks_available()));
        let used = bytes(disk.blocks()) - bytes(disk.blocks_free());
        readings.set("codingworker_state_disk_used_bytes", used);
    }
    let database = ["codingworker.db", "codingworker.db-wal"].map(|it| state_dir.join(it));
    let sizes = database.iter().filter_map(|it| std::fs::metadata(it).ok()).map(|it| it.len());
    readings.set("codingworker_database_size_bytes", sizes.sum::<u64>() as f64);
}

fn cpu_seconds() -> Option<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let seconds = |it: nix::sys::time::TimeVal| it.tv_sec() as f64 + it.tv_usec() as f64 / 1e6;
    Some(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024.0)
}

fn open_files() -> Option<f64> {
    let folder = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    // The one that the list itself is read through is not counted.
    Some(std::fs::read_dir(folder).ok()?.count().saturating_sub(1) as f64)
}

fn most_files() -> Option<f64> {
    getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(now, _)| now as f64)
}

/// The living processes below this one. The worker is the reaper of its descendants, so what lost
/// its parent is still below it.
fn children() -> Option<f64> {
    let entries = std::fs::read_dir("/proc").ok()?;
    let pids = entries.flatten().filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    let parents: std::collections::HashMap<u32, u32> = pids
        .filter_map(|pid| Some((pid, parent(&std::fs::read(format!("/proc/{pid}/stat")).ok()?)?)))
        .collect();
    // macOS has no such file system: nothing is known.
    let us = std::process::id();
    parents.get(&us)?;
    let below = |pid: u32| {
        let mut at = pid;
        // Numbers that are used again while we look could make a ring.
        for _ in 0..1_000 {
            match parents.get(&at) {
                Some(parent) if *parent == us => return true,
                Some(parent) => at = *parent,
                None => return false,
            }
        }
        false
    };
    Some(parents.keys().filter(|pid| below(**pid)).count() as f64)
}

/// The parent of a process that lives, out of its `/proc/PID/stat`. The program's name stands in
/// parentheses, and may itself hold some.
fn parent(stat: &[u8]) -> Option<u32> {
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let mut fields = std::str::from_utf8(&stat[after_name..]).ok()?.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.next()?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::{Format, Metrics};

    #[test]
    fn this_process_is_known_to_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let mut readings = Readings::default();
        read(&mut readings, folder.path(), Timestamp(1_500));
        let text = Metrics::default().text(readings, Format::OpenMetrics);
        assert!(text.contains("\nprocess_start_time_seconds 1.5\n"), "{text}");
        assert!(text.contains("\ncodingworker_state_disk_available_bytes "), "{text}");
        if cfg!(target_os = "linux") {
            for name in ["process_resident_memory_bytes", "process_open_fds", "process_max_fds"] {
                let line = text.lines().find(|it| it.starts_with(&format!("{name} "))).unwrap();
                assert!(line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() > 2.0, "{line}");
            }
            assert!(text.contains("\ncodingworker_child_processes "), "{text}");
        }
    }

    #[test]
    fn a_dead_child_is_no_living_process_and_a_name_may_hold_parentheses() {
        assert_eq!(parent(b"42 (a) b) (c) S 7 8 9 0"), Some(7));
        assert_eq!(parent(b"43 (x) Z 7 8 9 0"), None);
        assert_eq!(parent(b"nothing"), None);
    }
}
