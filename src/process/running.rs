//! One child while it runs: three streams, two limits, and its end.

use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::Receiver;
use tokio::process::{ChildStdin, Command};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::captured::Capture;
use super::family::{Family, LOOK_AGAIN};
use super::leader::{self, Leader, Own};
use super::{Captured, Ended, Spec, Tee};
use crate::domain::verification::Exit;

/// How long after its end a child's output is read to the end, and its descendants are let live.
const DRAIN: Duration = Duration::from_secs(2);
/// How long we wait for what was killed: the system may hold it in an operation on a dead disk.
const BURIAL: Duration = Duration::from_secs(5);
/// How much is read at once. Each child has two of these for as long as it lives.
const AT_ONCE: usize = 16 << 10;
/// Longer than any child lives; a sum with it does not overflow.
const EVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// Why we ended a child.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Limit,
    Silence,
    Stop,
}

/// A child that was started. Dropped before its end, it takes its group with it.
pub(super) struct Running<L: Leader> {
    /// Here until `drop` hands it to a task that buries it.
    leader: Option<L>,
    buried: bool,
    stdin: Option<ChildStdin>,
    stdout: Stream,
    stderr: Stream,
    started: Instant,
}

impl Running<Own> {
    pub(super) async fn start(spec: &Spec) -> std::io::Result<Self> {
        let mut tries = 0;
        loop {
            match Self::try_start(spec) {
                // Somebody forked while a script was being written, and holds it open for a
                // moment: https://github.com/golang/go/issues/22315
                Err(error)
                    if error.kind() == std::io::ErrorKind::ExecutableFileBusy && tries < 50 =>
                {
                    tries += 1;
                    sleep(LOOK_AGAIN).await;
                }
                Err(error)
                    if error.kind() == std::io::ErrorKind::NotFound && !spec.cwd.is_dir() =>
                {
                    let message = format!("there is no folder {}", spec.cwd.display());
                    return Err(std::io::Error::new(std::io::ErrorKind::NotFound, message));
                }
                answer => return answer,
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that starts children")]
    fn try_start(spec: &Spec) -> std::io::Result<Self> {
        let (out, out_end) = std::io::pipe()?;
        let (err, err_end) = if spec.merge {
            (None, out_end.try_clone()?)
        } else {
            let (err, end) = std::io::pipe()?;
            (Some(err), end)
        };
        // A bare name that is looked up in another PATH than ours takes a fork, which copies the
        // tables of all our pages; a file is started by posix_spawn(3), which copies none.
        let found = spec.found().map_or_else(|| spec.program.clone(), Into::into);
        let mut command = Command::new(found);
        command
            .arg0(&spec.program)
            .args(&spec.args)
            .current_dir(&spec.cwd)
            .env_clear()
            .envs(spec.env.iter().map(|(name, value)| (name, value)))
            .stdin(if spec.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(out_end)
            .stderr(err_end);
        // Before the child: whatever fails after its start would leave it running.
        let stdout = Stream::new(Some(out.into()), spec.keep)?;
        let stderr = Stream::new(err.map(Into::into), spec.keep)?;
        let (mut child, family) = Family::start(&mut command, spec.mark.as_deref())?;
        Ok(Self {
            stdin: child.stdin.take(),
            leader: Some(Own { child, family }),
            buried: false,
            stdout,
            stderr,
            started: Instant::now(),
        })
    }
}

impl<L: Leader> Running<L> {
    /// What runs already, and writes both its streams to `output`.
    pub(super) fn of(leader: L, output: Pipe, keep: usize) -> Self {
        Self {
            leader: Some(leader),
            buried: false,
            stdin: None,
            stdout: Stream::of(Some(output), keep),
            stderr: Stream::of(None, keep),
            started: Instant::now(),
        }
    }

    /// `None` when `stop` ended it.
    pub(super) async fn finish(
        mut self,
        spec: &Spec,
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> std::io::Result<Option<Ended>> {
        let (status, cause) = self.watch(spec, tee, stop).await?;
        self.bury(spec.grace.min(DRAIN), tee).await;
        let exit = match (cause, status) {
            (Some(Cause::Stop), _) => return Ok(None),
            (Some(Cause::Limit), _) | (None, None) => Exit::TimedOut,
            (Some(Cause::Silence), _) => Exit::Silent,
            (None, Some(exit)) => exit,
        };
        let took = self.started.elapsed();
        Ok(Some(Ended { exit, stdout: self.stdout.take(), stderr: self.stderr.take(), took }))
    }

    /// Reads, feeds and keeps time until the leader is reaped, or not even SIGKILL ended it.
    async fn watch(
        &mut self,
        spec: &Spec,
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> std::io::Result<(Option<Exit>, Option<Cause>)> {
        let Some(leader) = &mut self.leader else { return Ok((None, None)) };
        let feed = feed(self.stdin.take(), spec.stdin.as_deref().unwrap_or_default());
        tokio::pin!(feed);
        let mut fed = false;
        let limit = self.started + spec.limit.min(EVER);
        let mut heard = self.started;
        let mut cause = None;
        let mut kill_at = limit;
        let mut give_up_at = None;
        loop {
            let silent_at = spec.silence.map_or(limit, |silence| heard + silence.min(EVER));
            let next = match (cause, give_up_at) {
                (_, Some(at)) => at,
                (Some(_), None) => kill_at,
                (None, None) => limit.min(silent_at),
            };
            // In this order: a child that has ended was not too slow, and one that floods us
            // with output cannot keep us from looking at the clock.
            let ending = tokio::select! {
                biased;
                status = leader.wait() => return Ok((Some(status?), cause)),
                () = stop.cancelled(), if cause.is_none() => Cause::Stop,
                () = sleep_until(next) => match (cause, give_up_at) {
                    (Some(_), Some(_)) => return Ok((None, cause)),
                    (Some(_), None) => {
                        leader.kill();
                        give_up_at = Some(Instant::now() + BURIAL);
                        continue;
                    }
                    (None, _) if next == limit => Cause::Limit,
                    (None, _) => Cause::Silence,
                },
                () = self.stdout.read(tee) => { heard = Instant::now(); continue; }
                () = self.stderr.read(tee) => { heard = Instant::now(); continue; }
                () = &mut feed, if !fed => { fed = true; continue; }
            };
            cause = Some(ending);
            leader.terminate();
            kill_at = Instant::now() + spec.grace.min(EVER);
        }
    }

    /// After the leader: ends the rest of the family, and reads what is left in the pipes.
    async fn bury(&mut self, grace: Duration, tee: Option<&dyn Tee>) {
        let Some(leader) = &mut self.leader else { return };
        let mut lives = leader.lives_on();
        if lives {
            leader.terminate();
        }
        let kill_at = Instant::now() + grace;
        let end_at = kill_at + BURIAL;
        // Once all are dead nobody writes any more: what is in the pipe comes without waiting.
        let mut close_at = kill_at.max(Instant::now() + LOOK_AGAIN * 10);
        // A look goes through all our children, so there is none for what was seen a moment ago.
        let mut seen = !lives;
        loop {
            if !std::mem::take(&mut seen) {
                lives = leader.lives_on();
            }
            let now = Instant::now();
            if lives && now >= kill_at {
                leader.kill();
                close_at = now + LOOK_AGAIN * 10;
            }
            let open = self.stdout.is_open() || self.stderr.is_open();
            if now >= end_at || (!lives && (!open || now >= close_at)) {
                break;
            }
            tokio::select! {
                biased;
                () = sleep(LOOK_AGAIN), if lives || open => {}
                () = async {
                    loop {
                        tokio::select! {
                            () = self.stdout.read(tee) => {}
                            () = self.stderr.read(tee) => {}
                        }
                        if !self.stdout.is_open() && !self.stderr.is_open() { break; }
                    }
                }, if open => {}
            }
        }
        self.buried = !lives;
    }
}

impl<L: Leader> Drop for Running<L> {
    fn drop(&mut self) {
        if let Some(leader) = self.leader.take()
            && !self.buried
        {
            leader::abandon(leader, BURIAL, LOOK_AGAIN);
        }
    }
}

/// Writes all of `bytes` to the child, and closes its input. That it does not read them is its
/// own affair.
async fn feed(stdin: Option<ChildStdin>, bytes: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(bytes).await;
    }
}

/// What a child's words come out of.
pub(super) type Pipe = Box<dyn AsyncRead + Send + Unpin>;

/// Our end of a pipe, and what came out of it.
struct Stream {
    pipe: Option<Pipe>,
    buffer: Vec<u8>,
    capture: Option<Capture>,
}

impl Stream {
    fn new(end: Option<OwnedFd>, keep: usize) -> std::io::Result<Self> {
        let pipe = end.map(Receiver::from_owned_fd).transpose()?;
        Ok(Self::of(pipe.map(|it| Box::new(it) as Pipe), keep))
    }

    fn of(pipe: Option<Pipe>, keep: usize) -> Self {
        let buffer = if pipe.is_some() { vec![0; AT_ONCE] } else { Vec::new() };
        Self { pipe, buffer, capture: Some(Capture::new(keep)) }
    }

    fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Waits for the next piece, or for ever when there is none to come. Loses nothing when it
    /// is dropped.
    async fn read(&mut self, tee: Option<&dyn Tee>) {
        let Some(pipe) = &mut self.pipe else { return std::future::pending().await };
        match pipe.read(&mut self.buffer).await {
            Ok(0) | Err(_) => self.pipe = None,
            Ok(length) => {
                let piece = &self.buffer[..length];
                if let Some(capture) = &mut self.capture {
                    capture.write(piece);
                }
                if let Some(tee) = tee {
                    tee.write(piece);
                }
            }
        }
    }

    fn take(&mut self) -> Captured {
        self.pipe = None;
        self.capture.take().map(Capture::finish).unwrap_or_default()
    }
}
