//! What the cages of this machine have in common: the limits that a shell sets before it becomes the
//! program, and a control group around all of it.

use std::ffi::OsString;

use tokio_util::sync::CancellationToken;

use super::{CageError, Limits};
use crate::process::cgroup::{Caps, Cgroup};
use crate::process::{self, Ended, ProcessError, Spec, Tee};

/// Open files of one process.
const OPEN_FILES: u32 = 4096;

/// Runs `spec`, which is in `group` or enters it, and ends what is left in it.
pub(super) async fn run(
    spec: Spec,
    group: Option<Cgroup>,
    tee: Option<&dyn Tee>,
    stop: &CancellationToken,
) -> Result<Ended, ProcessError> {
    let answer = process::run(spec, tee, stop).await;
    if let Some(group) = group {
        group.end().await;
    }
    answer
}

pub(super) async fn group(mark: Option<&str>, limits: &Limits) -> Option<Cgroup> {
    let caps = Caps { memory: limits.memory, processes: limits.processes, cpus: limits.cpus };
    Cgroup::make(mark, &caps).await
}

/// The words that start `command`, inside of the group if there is one.
pub(super) fn enter(group: Option<&Cgroup>, command: Vec<OsString>) -> Vec<OsString> {
    match group {
        Some(group) => group.launch(command),
        None => command,
    }
}

/// Shell words that set what limits each process by itself. Those that a system does not know are
/// left out; what is tighter already stays.
pub(super) fn ulimits(limits: &Limits) -> String {
    // In POSIX's mode, which is that of all shells called `sh`, a block has 512 bytes.
    let blocks = limits.file_size.div_ceil(512).max(1);
    format!(
        "ulimit -c 0 2>/dev/null; ulimit -n {OPEN_FILES} 2>/dev/null; \
         ulimit -f {blocks} 2>/dev/null; "
    )
}

/// A weak replacement for the control group's limit of memory, for each process: what it reserves
/// without using it, as Go, Java and Node do, is not counted.
pub(super) fn data_ulimit(limits: &Limits) -> String {
    format!("ulimit -d {} 2>/dev/null; ", limits.memory.div_ceil(1024))
}

/// A process's error in the words of a cage. `program` is what the caller named.
pub(super) fn failed(error: ProcessError, program: &OsString) -> CageError {
    match error {
        ProcessError::Stopped(_) => CageError::Stopped(program.to_string_lossy().into_owned()),
        error @ ProcessError::NotStarted { .. } => CageError::NotStarted(error.to_string()),
    }
}
