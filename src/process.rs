//! Child processes: each in its own group, with a total limit, a silence limit and bounded
//! output. When `run` returns, by whatever way, the group is gone and its leader is reaped.
//!
//! On Linux the same is true, as far as it can be, of what left the group: see `process::family`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::verification::Exit;

mod captured;
pub mod cgroup;
mod family;
mod leader;
mod proc;
mod program;
mod running;

pub(crate) use captured::Capture;
pub use captured::plain;
pub(crate) use leader::Leader;
pub(crate) use program::find;

/// Shuts this process off from its own children, which run foreign code as the same user: its
/// environment and its memory, which hold the token, become unreadable to them (Linux, and not
/// for root), and no core file is written. To be called first thing in `main`.
pub fn keep_private() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_dumpable(false);
    let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0);
}

/// Gets the bytes that a child writes, as they come, both streams in order.
pub trait Tee: Send + Sync {
    /// Must not block for long; may drop.
    fn write(&self, bytes: &[u8]);
}

/// What to run, and under which limits.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The program, looked up in the `PATH` of `env` when it is a bare name.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Where it starts.
    pub cwd: PathBuf,
    /// Its whole environment: nothing is inherited.
    pub env: Vec<(OsString, OsString)>,
    /// Bytes for its standard input; `None` gives it `/dev/null`.
    pub stdin: Option<Vec<u8>>,
    /// After this long the group gets SIGTERM.
    pub limit: Duration,
    /// After this long without output the group gets SIGTERM.
    pub silence: Option<Duration>,
    /// How long after SIGTERM the group gets SIGKILL.
    pub grace: Duration,
    /// How much of each stream is kept: this many bytes of head, and as many of tail.
    pub keep: usize,
    /// Whether both streams go to `Ended::stdout` in the order they were written.
    pub merge: bool,
    /// Whose child it is, for `end_marked`: letters, digits, `-` and `_`. It stands in the
    /// child's environment, so it is no secret.
    pub mark: Option<String>,
}

impl Spec {
    /// A child with no arguments, an empty environment and nothing to read; it keeps 64 KiB at
    /// each end of each stream, and has 10 s between SIGTERM and SIGKILL.
    pub fn new(program: impl Into<OsString>, cwd: impl Into<PathBuf>, limit: Duration) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            cwd: cwd.into(),
            env: Vec::new(),
            stdin: None,
            limit,
            silence: None,
            grace: Duration::from_secs(10),
            keep: 64 << 10,
            merge: false,
            mark: None,
        }
    }
}

/// How a child ended, and what it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// By itself or by us.
    pub exit: Exit,
    /// Head and tail of its standard output (of both streams, where merged).
    pub stdout: Captured,
    /// Head and tail of its standard error.
    pub stderr: Captured,
    /// Wall-clock time.
    pub took: Duration,
}

/// The head and the tail of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The first bytes.
    pub head: Vec<u8>,
    /// The last bytes, after what was dropped.
    pub tail: Vec<u8>,
    /// How many bytes between the two were dropped.
    pub dropped: u64,
}

/// What kept a child from running.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// No such program, no such folder, no permission, no more processes.
    #[error("`{program}` could not be started: {source}")]
    NotStarted {
        /// The program's name.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// `stop` was cancelled; the group is gone.
    #[error("`{0}` was stopped")]
    Stopped(String),
}

/// Runs a child to its end.
///
/// What still lives when the child itself has ended gets SIGTERM at once and SIGKILL at most 2 s
/// later; by then its output is read to its end or given up. A child that is ended gets SIGTERM
/// and, after `grace`, SIGKILL. Dropping the future sends SIGKILL at once.
///
/// # Errors
/// When it could not be started, or `stop` was cancelled. A failing child is an answer.
pub async fn run(
    spec: Spec,
    tee: Option<&dyn Tee>,
    stop: &CancellationToken,
) -> Result<Ended, ProcessError> {
    let program = spec.program.to_string_lossy().into_owned();
    if stop.is_cancelled() {
        return Err(ProcessError::Stopped(program));
    }
    let not_started = |source| ProcessError::NotStarted { program: program.clone(), source };
    crate::fault::point("process.spawn:before").await?;
    let running = running::Running::start(&spec).await.map_err(not_started)?;
    crate::fault::point("process.spawn:after").await?;
    match running.finish(&spec, tee, stop).await.map_err(not_started)? {
        Some(ended) => Ok(ended),
        None => Err(ProcessError::Stopped(program)),
    }
}

/// Sees what somebody else started for us to its end, as `run` does a child of our own: the same
/// limits, and the same end. Both its streams come out of `output`. Of `spec` what was started
/// already, and its input, are left alone.
///
/// # Errors
/// When `stop` was cancelled, or `leader` cannot be waited for.
pub(crate) async fn oversee(
    leader: impl Leader,
    output: impl tokio::io::AsyncRead + Send + Unpin + 'static,
    spec: &Spec,
    tee: Option<&dyn Tee>,
    stop: &CancellationToken,
) -> Result<Ended, ProcessError> {
    let program = || spec.program.to_string_lossy().into_owned();
    let running = running::Running::of(leader, Box::new(output), spec.keep);
    match running.finish(spec, tee, stop).await {
        Ok(Some(ended)) => Ok(ended),
        Ok(None) => Err(ProcessError::Stopped(program())),
        Err(source) => Err(ProcessError::NotStarted { program: program(), source }),
    }
}

/// Ends all processes that were started with this `Spec::mark`, by this worker or by one that
/// was killed, and returns how many there were. Takes at most some seconds.
///
/// Found are those processes of our own user that kept the environment they were started with,
/// and all that are in a control group of this mark. Such groups are removed.
pub async fn end_marked(mark: &str) -> usize {
    family::end_marked(mark).await + cgroup::end_marked(mark).await
}

#[cfg(test)]
mod tests;
