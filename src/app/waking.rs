//! Keeps the machine awake while a job runs, and notices when it slept all the same.
//!
//! Awake is kept on macOS alone, where a laptop sleeps by itself after some minutes. A server does
//! not, and a Linux desktop is asked by its own settings. Nothing is to be done after a sleep:
//! leases are judged by two clocks (`worker::lease`), so one that ended meanwhile is known to have.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::AppError;
use super::beside::Beside;
use crate::process::{self, Spec};

/// How often the clocks are compared.
const TICK: Duration = Duration::from_secs(30);
/// Less than this between the two clocks is no sleep: clocks are corrected now and then, and on a
/// busy machine we are late ourselves.
const JUMP: Duration = Duration::from_secs(10);
/// Before another try, where what keeps awake does not work.
const PAUSE: Duration = Duration::from_secs(60);
/// Longer than any job.
const EVER: Duration = Duration::from_secs(365 * 24 * 3600);

#[expect(clippy::unused_async, reason = "all those beside a shift are started alike")]
pub(super) async fn start(beside: &Beside) -> Result<(), AppError> {
    let of = beside.clone();
    beside.tasks.spawn(async move {
        tokio::select! {
            () = of.over.cancelled() => {}
            () = watch_clocks(&of) => {}
        }
    });
    if cfg!(target_os = "macos") {
        let (count, over) = (beside.board.count(), beside.over.clone());
        beside.tasks.spawn(keep_awake(count, over, caffeinate()));
    }
    Ok(())
}

/// No idle sleep, until it or we ended, by whatever way.
fn caffeinate() -> Spec {
    let mut spec = Spec::new("/usr/bin/caffeinate", "/", EVER);
    spec.args = ["-i", "-w", &std::process::id().to_string()].map(Into::into).to_vec();
    spec.grace = Duration::from_secs(1);
    spec
}

/// Runs `awake` whenever there are jobs, until `over`.
async fn keep_awake(
    mut count: tokio::sync::watch::Receiver<usize>,
    over: CancellationToken,
    awake: Spec,
) {
    loop {
        tokio::select! {
            () = over.cancelled() => return,
            some = count.wait_for(|it| *it > 0) => if some.is_err() { return },
        }
        let enough = over.child_token();
        let held = process::run(awake.clone(), None, &enough);
        let idle = async {
            let _ = count.wait_for(|it| *it == 0).await;
            enough.cancel();
            std::future::pending::<()>().await;
        };
        // Ends when the child has: cancelled, it is put to an end and reaped first.
        let ended = tokio::select! {
            ended = held => ended,
            () = idle => return,
        };
        if enough.is_cancelled() {
            continue;
        }
        match ended {
            Err(error) => tracing::debug!(%error, "the machine may fall asleep during a job"),
            Ok(_) => tracing::debug!("what keeps the machine awake ended by itself"),
        }
        tokio::select! {
            () = over.cancelled() => return,
            () = sleep(PAUSE) => {}
        }
    }
}

async fn watch_clocks(beside: &Beside) {
    let mut before = (Instant::now(), (beside.clock)());
    loop {
        sleep(TICK).await;
        let after = (Instant::now(), (beside.clock)());
        let ran = after.0.saturating_duration_since(before.0);
        match jump(ran, after.1.0.saturating_sub(before.1.0)) {
            Some(Jump::Ahead(by)) => tracing::info!(
                slept_s = by.as_secs(),
                jobs = beside.board.leases().len(),
                "this machine slept, or its clock was set ahead"
            ),
            Some(Jump::Back(by)) => {
                tracing::warn!(by_s = by.as_secs(), "this machine's clock was set back");
            }
            None => {}
        }
        before = after;
    }
}

/// What the wall clock did that the monotonic one, which stands still in sleep, did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Jump {
    Ahead(Duration),
    Back(Duration),
}

/// `ran` by the monotonic clock, `passed_ms` by the one on the wall.
fn jump(ran: Duration, passed_ms: i64) -> Option<Jump> {
    let ran_ms = i64::try_from(ran.as_millis()).unwrap_or(i64::MAX);
    let more = passed_ms.saturating_sub(ran_ms);
    let by = Duration::from_millis(more.unsigned_abs());
    match more {
        _ if by < JUMP => None,
        0.. => Some(Jump::Ahead(by)),
        _ => Some(Jump::Back(by)),
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;

    #[test]
    fn a_sleep_is_what_only_the_wall_clock_saw() {
        let s = Duration::from_secs;
        assert_eq!(jump(s(30), 30_000), None);
        assert_eq!(jump(s(30), 39_999), None);
        assert_eq!(jump(s(31), 3_631_000), Some(Jump::Ahead(s(3_600))));
        assert_eq!(jump(s(30), -30_000), Some(Jump::Back(s(60))));
        // We were late, and nothing slept.
        assert_eq!(jump(s(300), 300_100), None);
        assert!(jump(Duration::MAX, i64::MIN).is_some());
    }

    /// A child that says that it is there, by a file, as long as it is.
    fn awake(dir: &std::path::Path) -> Spec {
        let mut spec = Spec::new("/bin/sh", dir, Duration::from_secs(60));
        let line =
            "trap 'rm held; exit' TERM; echo >> starts; echo > held; while :; do sleep 0.02; done";
        spec.args = ["-c", line].map(Into::into).to_vec();
        spec.env = vec![("PATH".into(), "/usr/bin:/bin".into())];
        spec
    }

    async fn until(what: impl Fn() -> bool) {
        tokio::time::timeout(Duration::from_secs(20), async {
            while !what() {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn the_machine_is_kept_awake_while_a_job_runs_and_no_longer() {
        let dir = tempfile::tempdir().unwrap();
        let held = dir.path().join("held");
        let (jobs, count) = watch::channel(0);
        let over = CancellationToken::new();
        let task = tokio::spawn(keep_awake(count, over.clone(), awake(dir.path())));
        tokio::task::yield_now().await;
        assert!(!held.exists());
        jobs.send_replace(1);
        until(|| held.exists()).await;
        jobs.send_replace(2);
        jobs.send_replace(0);
        until(|| !held.exists()).await;
        jobs.send_replace(1);
        until(|| held.exists()).await;
        over.cancel();
        task.await.unwrap();
        assert!(!held.exists(), "it was not ended before we were");
        let starts = std::fs::read_to_string(dir.path().join("starts")).unwrap();
        assert_eq!(starts.lines().count(), 2, "one for each time that there was work");
    }
}
