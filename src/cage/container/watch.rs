//! A container while it runs: its output, two limits, and its end.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::cage::Rules;
use crate::docker::DockerError;
use crate::docker::container::{Attached, Container, Piece};
use crate::domain::verification::Exit;
use crate::process::{Capture, Ended, Spec, Tee};

/// How long after its end what is left of its output is read.
const DRAIN: Duration = Duration::from_secs(2);
/// How long we wait for what was killed.
const BURIAL: Duration = Duration::from_secs(15);
/// Longer than any child lives; a sum with it does not overflow.
const EVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// Why we ended it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Limit,
    Silence,
    Stop,
}

/// What it has said so far.
struct Heard<'a> {
    stdout: Capture,
    stderr: Capture,
    merge: bool,
    tee: Option<&'a dyn Tee>,
}

impl Heard<'_> {
    fn take(&mut self, piece: Piece) {
        let (bytes, is_error) = match piece {
            Piece::Out(bytes) => (bytes, false),
            Piece::Err(bytes) => (bytes, !self.merge),
        };
        if is_error {
            self.stderr.write(&bytes)
        } else {
            self.stdout.write(&bytes)
        }
        if let Some(tee) = self.tee {
            tee.write(&bytes);
        }
    }
}

/// Hears a container that was started to its end; `None` when `stop` ended it. It may still have
/// to be removed, and does so when this fails.
pub(super) async fn watch(
    container: &Container,
    mut attached: Attached,
    spec: &Spec,
    rules: &Rules,
    tee: Option<&dyn Tee>,
    stop: &CancellationToken,
) -> Result<Option<Ended>, DockerError> {
    let started = Instant::now();
    let mut heard = Heard {
        stdout: Capture::new(spec.keep),
        stderr: Capture::new(spec.keep),
        merge: spec.merge,
        tee,
    };
    let (code, cause) = until_end(container, &mut attached, spec, stop, &mut heard).await?;
    let took = started.elapsed();
    let drain = async {
        while let Some(Ok(piece)) = attached.output.next().await {
            heard.take(piece);
        }
    };
    let _ = timeout(DRAIN, drain).await;
    let exit = match cause {
        Some(Cause::Stop) => return Ok(None),
        Some(Cause::Limit) => Exit::TimedOut,
        Some(Cause::Silence) => Exit::Silent,
        None => exit_of(code),
    };
    if exit != Exit::Code(0) && container.ran_out_of_memory().await {
        heard.take(Piece::Out(out_of_memory(rules.limits.memory).into_bytes()));
    }
    Ok(Some(Ended { exit, stdout: heard.stdout.finish(), stderr: heard.stderr.finish(), took }))
}

/// Reads, feeds and keeps time until the container has ended.
async fn until_end(
    container: &Container,
    attached: &mut Attached,
    spec: &Spec,
    stop: &CancellationToken,
    heard: &mut Heard<'_>,
) -> Result<(i64, Option<Cause>), DockerError> {
    let end = container.wait();
    let input = &mut attached.input;
    let feed = async {
        // That it does not read it is its own affair.
        let _ = input.write_all(spec.stdin.as_deref().unwrap_or_default()).await;
        let _ = input.shutdown().await;
    };
    tokio::pin!(end, feed);
    let (mut fed, mut open) = (spec.stdin.is_none(), true);
    let limit = Instant::now() + spec.limit.min(EVER);
    let mut last_word = Instant::now();
    let mut cause = None;
    let mut next_signal = limit;
    let mut killed = false;
    loop {
        let silent_at = spec.silence.map_or(limit, |silence| last_word + silence.min(EVER));
        let next = if cause.is_some() { next_signal } else { limit.min(silent_at) };
        // In this order: one that has ended was not too slow, and one that floods us with output
        // cannot keep us from looking at the clock.
        let ending = tokio::select! {
            biased;
            code = &mut end => return Ok((code?, cause)),
            () = stop.cancelled(), if cause.is_none() => Cause::Stop,
            () = sleep_until(next) => match cause {
                Some(_) if killed => return Err(container.stuck()),
                Some(_) => {
                    container.signal("SIGKILL").await?;
                    killed = true;
                    next_signal = Instant::now() + BURIAL;
                    continue;
                }
                None if next == limit => Cause::Limit,
                None => Cause::Silence,
            },
            piece = attached.output.next(), if open => {
                match piece {
                    Some(Ok(piece)) => {
                        last_word = Instant::now();
                        heard.take(piece);
                    }
                    // What became of it is for `end` to say: the engine may be away.
                    Some(Err(_)) | None => open = false,
                }
                continue;
            }
            () = &mut feed, if !fed => { fed = true; continue; }
        };
        cause = Some(ending);
        next_signal = Instant::now() + spec.grace.min(EVER);
        container.signal("SIGTERM").await?;
    }
}

/// A shell's way to say that a signal ended a child, taken back: the numbers of signals end at 31
/// where programs use them for their end.
fn exit_of(code: i64) -> Exit {
    let code = i32::try_from(code).unwrap_or(i32::MAX);
    match code {
        129..=159 => Exit::Signal(code - 128),
        code => Exit::Code(code),
    }
}

fn out_of_memory(limit: u64) -> String {
    format!(
        "\ncodingworker: the kernel ended a process here, because all together took more than {} \
         MiB of memory (`cage.memory_mb`)\n",
        limit >> 20
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_told_from_an_exit_code() {
        for (code, exit) in [
            (0, Exit::Code(0)),
            (7, Exit::Code(7)),
            (127, Exit::Code(127)),
            (128, Exit::Code(128)),
            (137, Exit::Signal(9)),
            (143, Exit::Signal(15)),
            (200, Exit::Code(200)),
        ] {
            assert_eq!(exit_of(code), exit);
        }
    }
}
