//! When to look again what became of a pull request, and when no more.

use std::time::Duration;

use crate::domain::time::Timestamp;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// After this nobody asks any more: what was left open for so long tells nothing new.
pub const FORGOTTEN: Duration = DAY.saturating_mul(90);
/// How many are looked at in an hour, by all workers that share a store. One whose repository was
/// renamed takes two requests.
pub const MOST_IN_AN_HOUR: u64 = 30;

/// How long is waited between two looks at a pull request that is so old; `None`: there is none
/// any more. Never less than an hour, so that those looked at in an hour are the looks.
fn pause(age: Duration) -> Option<Duration> {
    match age {
        it if it < DAY * 2 => Some(HOUR),
        it if it < DAY * 14 => Some(HOUR * 6),
        it if it <= FORGOTTEN => Some(DAY),
        _ => None,
    }
}

/// Whether a pull request is to be looked at that a job opened, or pushed to, at `since`, and that
/// was looked at last at `looked_at`.
pub fn is_due(since: Timestamp, looked_at: Option<Timestamp>, now: Timestamp) -> bool {
    let last = looked_at.map_or(since, |it| it.max(since));
    pause(now.since(since)).is_some_and(|pause| now.since(last) >= pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(n: i64) -> Timestamp {
        Timestamp(1_795_234_800_000 + n * 3_600_000)
    }

    #[test]
    fn a_new_pull_request_is_left_alone_for_an_hour_and_an_old_one_for_ever() {
        for (looked_at, now, due) in [
            (None, 0, false),
            (None, 1, true),
            (Some(1), 1, false),
            (Some(1), 2, true),
            (Some(47), 50, false),
            (Some(47), 53, true),
            (Some(14 * 24), 15 * 24 - 1, false),
            (Some(14 * 24), 15 * 24, true),
            (None, 90 * 24, true),
            (None, 90 * 24 + 1, false),
        ] {
            assert_eq!(
                is_due(hours(0), looked_at.map(hours), hours(now)),
                due,
                "{looked_at:?} {now}"
            );
        }
    }

    #[test]
    fn what_was_pushed_to_again_is_young_again() {
        assert!(!is_due(hours(100), Some(hours(2)), hours(100)));
        assert!(is_due(hours(100), Some(hours(2)), hours(101)));
        assert!(!is_due(hours(5), None, hours(0)), "a clock that was set back makes nothing due");
    }
}
