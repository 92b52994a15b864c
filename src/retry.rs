//! Trying again: the policy is ours, `backoff` supplies the intervals and is named here alone.
//!
//! Why not `backoff::future::retry`: it has no cancellation, its jitter is half and not full, and
//! its clock is `std`'s, so that a test with tokio's paused clock would wait for real. What it
//! tries again is decided here too: by the fault of the error, or by a closure.

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::job::Fault;

/// How patient to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The longest first pause. Each pause is drawn evenly from zero to its limit (full jitter).
    pub initial: Duration,
    /// The longest pause of all; the limit doubles until it gets here.
    pub cap: Duration,
    /// The shortest pause, for a side that needs a moment to see its own writes.
    pub least: Duration,
    /// No try begins later than this after the first one.
    pub deadline: Duration,
    /// How many tries at most, the first one included.
    pub tries: u32,
}

impl Default for RetryPolicy {
    /// Up to five tries within half a minute: what a caller can wait out.
    fn default() -> Self {
        Self {
            initial: Duration::from_secs(1),
            cap: Duration::from_secs(8),
            least: Duration::from_millis(100),
            deadline: Duration::from_secs(30),
            tries: 5,
        }
    }
}

impl RetryPolicy {
    /// One try and no other.
    pub fn never() -> Self {
        Self { tries: 1, ..Self::default() }
    }

    /// The pauses, without end. Where a random factor of 1 stretches an interval to between
    /// nothing and its double, half the limit gives full jitter up to the limit.
    pub fn pauses(&self) -> impl Iterator<Item = Duration> + use<> {
        let mut backoff = ExponentialBackoff {
            current_interval: self.initial / 2,
            initial_interval: self.initial / 2,
            max_interval: self.cap / 2,
            multiplier: 2.0,
            randomization_factor: 1.0,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        let (least, cap) = (self.least, self.cap);
        std::iter::from_fn(move || Some(backoff.next_backoff().unwrap_or(cap).min(cap).max(least)))
    }
}

/// An error that knows whether trying again can help.
pub trait Retryable {
    /// Who is to blame.
    fn fault(&self) -> Fault;

    /// How long the other side asked us to wait.
    fn wait(&self) -> Option<Duration> {
        None
    }
}

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It will be the same the next time.
    No,
    /// After a pause of our own choosing.
    Soon,
    /// After the pause that the other side asked for, and never before.
    After(Duration),
}

/// Tries until it works, the error is one that stays, or patience ends; then gives the last error.
///
/// A wait that the other side asked for and that does not fit before the deadline is not begun:
/// the error goes back at once, so that the caller can put the work down meanwhile. `stop` ends a
/// pause, not a try under way: whether a try may be cut short is for `op` to know.
///
/// `op` is no `AsyncFnMut`: its futures could not be shown to be `Send` where a trait asks for it.
///
/// # Errors
/// The last error of `op`.
pub async fn retry<T, E: Retryable, F: Future<Output = Result<T, E>>>(
    policy: &RetryPolicy,
    stop: &CancellationToken,
    op: impl FnMut() -> F,
) -> Result<T, E> {
    let judge = |error: &E| match (error.fault(), error.wait()) {
        (Fault::Permanent | Fault::Interrupted, _) => Again::No,
        (Fault::Transient | Fault::ModelAway | Fault::ModelBusy, Some(wait)) => Again::After(wait),
        (Fault::Transient | Fault::ModelAway | Fault::ModelBusy, None) => Again::Soon,
    };
    retry_when(policy, stop, judge, op).await
}

/// As `retry`, for errors of others: `judge` says what to do about each.
///
/// # Errors
/// The last error of `op`.
pub async fn retry_when<T, E, F: Future<Output = Result<T, E>>>(
    policy: &RetryPolicy,
    stop: &CancellationToken,
    judge: impl Fn(&E) -> Again,
    mut op: impl FnMut() -> F,
) -> Result<T, E> {
    let begun = Instant::now();
    let mut pauses = policy.pauses();
    let mut tries = 0;
    loop {
        let error = match op().await {
            Ok(it) => return Ok(it),
            Err(error) => error,
        };
        tries += 1;
        let own = pauses.next().unwrap_or(policy.cap);
        let pause = match judge(&error) {
            Again::No => return Err(error),
            Again::Soon => own,
            Again::After(wait) => wait.max(policy.least),
        };
        if tries >= policy.tries || begun.elapsed().saturating_add(pause) > policy.deadline {
            return Err(error);
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return Err(error),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Trouble(Fault, Option<Duration>);

    impl Retryable for Trouble {
        fn fault(&self) -> Fault {
            self.0
        }
        fn wait(&self) -> Option<Duration> {
            self.1
        }
    }

    /// Runs an operation that always fails like this, and tells how often and how long.
    async fn stubborn(policy: &RetryPolicy, fault: Fault, wait: Option<u64>) -> (u32, Duration) {
        let (tries, begun) = (Cell::new(0), Instant::now());
        let op = async || {
            tries.set(tries.get() + 1);
            Err::<(), _>(Trouble(fault, wait.map(Duration::from_secs)))
        };
        let stop = CancellationToken::new();
        assert!(retry(policy, &stop, op).await.is_err());
        (tries.get(), begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_that_passes_is_tried_again_until_it_has_passed() {
        let tries = Cell::new(0);
        let op = async || {
            tries.set(tries.get() + 1);
            if tries.get() < 4 { Err(Trouble(Fault::Transient, None)) } else { Ok(tries.get()) }
        };
        let got = retry(&RetryPolicy::default(), &CancellationToken::new(), op).await;
        assert_eq!(got, Ok(4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_that_stays_is_not_tried_again() {
        let policy = RetryPolicy::default();
        assert_eq!(stubborn(&policy, Fault::Permanent, None).await, (1, Duration::ZERO));
        assert_eq!(stubborn(&policy, Fault::Interrupted, Some(1)).await, (1, Duration::ZERO));
        assert_eq!(stubborn(&policy, Fault::ModelAway, None).await.0, policy.tries);
        assert_eq!(stubborn(&RetryPolicy::never(), Fault::Transient, None).await.0, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn no_try_begins_after_the_deadline() {
        let policy = RetryPolicy { tries: u32::MAX, ..RetryPolicy::default() };
        let (tries, took) = stubborn(&policy, Fault::Transient, None).await;
        assert!(tries > 3, "only {tries} tries in half a minute");
        assert!(took <= policy.deadline, "took {took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_was_asked_for_is_kept_or_not_begun() {
        let policy = RetryPolicy { tries: 3, ..RetryPolicy::default() };
        let kept = stubborn(&policy, Fault::Transient, Some(5)).await;
        assert_eq!((kept.0, kept.1.as_secs()), (3, 10));
        assert_eq!(stubborn(&policy, Fault::Transient, Some(31)).await, (1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn stopping_ends_the_pause_and_gives_the_last_error() {
        let stop = CancellationToken::new();
        stop.cancel();
        let begun = Instant::now();
        let op = async || Err::<(), _>(Trouble(Fault::Transient, None));
        let got = retry(&RetryPolicy::default(), &stop, op).await;
        assert_eq!(got, Err(Trouble(Fault::Transient, None)));
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_closure_can_judge_the_errors_of_others() {
        let judge = |error: &&str| if *error == "busy" { Again::Soon } else { Again::No };
        let answers = Cell::new(vec!["broken", "busy", "busy"]);
        let op = async || {
            let mut rest = answers.take();
            let next = rest.pop().unwrap();
            answers.set(rest);
            Err::<(), _>(next)
        };
        let got = retry_when(&RetryPolicy::default(), &CancellationToken::new(), judge, op).await;
        assert_eq!(got, Err("broken"));
        assert!(answers.take().is_empty());
    }

    #[test]
    fn pauses_are_drawn_from_the_whole_of_a_growing_interval_up_to_the_cap() {
        let policy = RetryPolicy { least: Duration::ZERO, ..RetryPolicy::default() };
        let runs: Vec<Vec<Duration>> =
            (0..200).map(|_| policy.pauses().take(8).collect()).collect();
        for (nth, limit) in [1_000, 2_000, 4_000, 8_000, 8_000, 8_000].into_iter().enumerate() {
            let limit = Duration::from_millis(limit);
            let nth: Vec<Duration> = runs.iter().map(|run| run[nth]).collect();
            assert!(nth.iter().all(|it| *it <= limit), "{:?} > {limit:?}", nth.iter().max());
            assert!(nth.iter().any(|it| *it < limit / 4), "no short pause: not full jitter");
            assert!(nth.iter().any(|it| *it > limit * 3 / 4), "no long pause: not full jitter");
        }
    }
}
