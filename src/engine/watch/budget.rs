//! What looking may cost while nothing happens, for the case that ETags never hold: a proxy strips
//! them, or each hour brings a new token. A token bucket; pure.
//!
//! Where they hold, idle looks cost nothing, and this is never seen. Where they do not, a round of
//! one repository costs four requests: it is looked at five times at the interval, then every six
//! minutes.

use std::time::Duration;

/// What can be spent at once: five repositories' lists.
const MOST: f64 = 20.0;
/// What comes back in an hour. With what can be spent at once, no hour has more than sixty.
const AN_HOUR: f64 = 40.0;

/// What is left of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    left: f64,
    /// By a clock that only goes ahead.
    at: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: MOST, at: Duration::ZERO }
    }
}

impl Budget {
    /// Takes `requests` out, which were answered in full and told nothing new. What was spent is
    /// spent: it may go below nothing.
    pub fn spend(&mut self, requests: u32, now: Duration) {
        self.fill(now);
        self.left -= f64::from(requests);
    }

    /// How long to wait before `requests` may be spent; `None`: they may now.
    pub fn wait_for(&mut self, requests: u32, now: Duration) -> Option<Duration> {
        self.fill(now);
        let missing = f64::from(requests).min(MOST) - self.left;
        // A thousandth of a request is a rounding error.
        (missing > 1e-3).then(|| Duration::from_secs_f64(missing / AN_HOUR * 3_600.0))
    }

    /// Whether nothing was spent for long.
    pub fn is_full(&mut self, now: Duration) -> bool {
        self.fill(now);
        self.left >= MOST
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.left = (self.left + passed / 3_600.0 * AN_HOUR).min(MOST);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: f64 = 3_600.0;

    #[test]
    fn what_is_not_spent_is_there_and_what_is_gone_comes_back_with_time() {
        let (mut budget, start) = (Budget::default(), Duration::ZERO);
        assert!(budget.is_full(start));
        budget.spend(18, start);
        assert_eq!(budget.wait_for(2, start), None);
        assert_eq!(budget.wait_for(4, start), Some(Duration::from_secs(180)));
        assert_eq!(budget.wait_for(4, Duration::from_secs(180)), None);
        assert!(!budget.is_full(Duration::from_secs(180)));
        assert!(budget.is_full(Duration::from_secs(3 * 3_600)));
        assert_eq!(budget.wait_for(4, start), None, "a clock that goes back takes nothing away");
        budget.spend(200, Duration::from_secs(3 * 3_600));
        let wait = budget.wait_for(500, Duration::from_secs(3 * 3_600)).unwrap();
        assert!(wait <= Duration::from_secs(5 * 3_600), "what is never there is not waited for");
    }

    proptest! {
        /// Whoever spends whenever he may spends at most sixty in any hour.
        #[test]
        fn no_hour_has_more_than_sixty(
            steps in prop::collection::vec((0_u64..1_200, 1_u32..5), 1..200),
        ) {
            let (mut budget, mut now, mut spent) = (Budget::default(), Duration::ZERO, Vec::new());
            for (pause, requests) in steps {
                now += Duration::from_secs(pause);
                if let Some(wait) = budget.wait_for(requests, now) {
                    now += wait;
                    prop_assert_eq!(budget.wait_for(requests, now), None);
                }
                budget.spend(requests, now);
                spent.push((now.as_secs_f64(), requests));
                let hour = spent.iter().filter(|it| it.0 > now.as_secs_f64() - HOUR);
                prop_assert!(hour.map(|it| it.1).sum::<u32>() <= 60);
            }
        }
    }
}
