//! An answer that is good for a while, so that nobody's asking costs more than that.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// The last answer, and when it came.
pub(super) struct Kept<T>(Mutex<Option<(T, Instant)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Kept<T> {
    /// The answer that is there, if it is no older than `good`; else a new one. Who asks while
    /// somebody else does waits for the same answer.
    pub(super) async fn get(&self, good: Duration, ask: impl Future<Output = T>) -> T {
        let mut kept = self.0.lock().await;
        if let Some((answer, _)) = kept.as_ref().filter(|(_, at)| at.elapsed() < good) {
            return answer.clone();
        }
        let answer = ask.await;
        *kept = Some((answer.clone(), Instant::now()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::face::SQS;
    use super::*;

    /// Scrapes so often for a day, and says what that is in requests to SQS for 31 days.
    async fn requests_in_a_month(every: Duration) -> usize {
        let (kept, asked) = (Kept::default(), AtomicUsize::new(0));
        let day = Duration::from_secs(24 * 60 * 60);
        for _ in 0..day.as_millis() / every.as_millis() {
            kept.get(SQS, async { asked.fetch_add(1, Ordering::Relaxed) }).await;
            tokio::time::advance(every).await;
        }
        // For the queue and for its dead letters.
        asked.into_inner() * 2 * 31
    }

    #[tokio::test(start_paused = true)]
    async fn a_month_of_scrapes_asks_sqs_nine_thousand_times_at_most() {
        let every_15_s = requests_in_a_month(Duration::from_secs(15)).await;
        assert!((8_000..=9_000).contains(&every_15_s), "{every_15_s}");
        let every_second = requests_in_a_month(Duration::from_secs(1)).await;
        assert!(every_second <= 9_000, "{every_second}");
    }
}
