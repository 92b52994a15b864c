//! What a queue does to its consumers in production, on demand: a decorator around any queue.
//!
//! Emulators deliver once, in order, and answer always. Real queues deliver twice, late and out
//! of order, throttle, and lose replies after they did what was asked. What goes wrong depends
//! on the seed and on how often each door was called, and on nothing else, so a failing seed
//! fails again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use codingworker::queue::{
    DeadLetter, Delivery, Depth, QueueError, Receipt, Settlement, TaskQueue, Waiting,
};
use tokio_util::sync::CancellationToken;

/// How often each thing goes wrong, in percent of the calls (or deliveries) it can happen to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    /// A delivery is handed out once more, while the first is still out.
    pub(crate) duplicate: u64,
    /// A delivery is handed out only at a later receive, while its lease runs.
    pub(crate) late: u64,
    /// The queue does what was asked, and the caller hears that it is unreachable. For a receive:
    /// the messages are out, to nobody, until their lease ends.
    pub(crate) lost_reply: u64,
    /// The queue refuses for now, and does nothing.
    pub(crate) throttle: u64,
    /// What is given back becomes visible a second later than asked.
    pub(crate) delay: u64,
}

impl Faults {
    /// Each of them often.
    pub(crate) const ROUGH: Self =
        Self { duplicate: 25, late: 20, lost_reply: 15, throttle: 15, delay: 50 };
    /// None of them; deliveries still come in another order.
    pub(crate) const NONE: Self =
        Self { duplicate: 0, late: 0, lost_reply: 0, throttle: 0, delay: 0 };
}

/// How often each thing went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) duplicated: u64,
    pub(crate) late: u64,
    pub(crate) lost_replies: u64,
    pub(crate) throttled: u64,
    pub(crate) delayed: u64,
}

/// A queue that goes wrong as `Faults` says. `depth`, `waiting`, `dead` and `redrive` are for people
/// and pass unharmed, so that a test can look with them.
pub(crate) struct FaultyQueue<Q: TaskQueue + ?Sized> {
    inner: Arc<Q>,
    seed: u64,
    faults: Faults,
    calls: [AtomicU64; 4],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Deliveries that come at a later receive.
    later: Vec<Delivery>,
    tally: Tally,
}

/// The doors that faults come through; each has its own series of dice.
#[derive(Clone, Copy)]
enum Door {
    Receive,
    Extend,
    Settle,
    Submit,
}

impl<Q: TaskQueue + ?Sized> FaultyQueue<Q> {
    /// The same seed makes the same faults at the same calls.
    pub(crate) fn new(inner: Arc<Q>, seed: u64, faults: Faults) -> Self {
        Self { inner, seed, faults, calls: Default::default(), state: Mutex::default() }
    }

    /// What went wrong so far.
    pub(crate) fn tally(&self) -> Tally {
        self.state.lock().unwrap().tally
    }

    fn dice(&self, door: Door) -> Dice {
        let call = self.calls[door as usize].fetch_add(1, Ordering::SeqCst);
        let mut dice = Dice(self.seed ^ ((door as u64 + 1) << 56) ^ (call << 20));
        dice.roll();
        dice
    }

    fn count(&self, field: impl FnOnce(&mut Tally) -> &mut u64) {
        *field(&mut self.state.lock().unwrap().tally) += 1;
    }

    fn throttle(&self, dice: &mut Dice) -> Result<(), QueueError> {
        if !dice.hits(self.faults.throttle) {
            return Ok(());
        }
        self.count(|tally| &mut tally.throttled);
        Err(QueueError::Unavailable("throttled, and nothing was done".into()))
    }

    fn reply<T>(&self, dice: &mut Dice, value: T) -> Result<T, QueueError> {
        if !dice.hits(self.faults.lost_reply) {
            return Ok(value);
        }
        self.count(|tally| &mut tally.lost_replies);
        Err(QueueError::Unavailable("the reply was lost, after it was done".into()))
    }

    /// Which of these come now. Others come later; some come now and later.
    fn disturb(&self, dice: &mut Dice, fresh: Vec<Delivery>) -> Vec<Delivery> {
        let state = &mut *self.state.lock().unwrap();
        let mut now = Vec::new();
        for delivery in fresh {
            if dice.hits(self.faults.late) {
                state.tally.late += 1;
                state.later.push(delivery);
                continue;
            }
            if dice.hits(self.faults.duplicate) {
                state.tally.duplicated += 1;
                state.later.push(delivery.clone());
            }
            now.push(delivery);
        }
        dice.shuffle(&mut now);
        now
    }
}

#[async_trait]
impl<Q: TaskQueue + ?Sized> TaskQueue for FaultyQueue<Q> {
    async fn receive(
        &self,
        most: usize,
        stop: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        let mut dice = self.dice(Door::Receive);
        self.throttle(&mut dice)?;
        if dice.hits(50) {
            let later = &mut self.state.lock().unwrap().later;
            dice.shuffle(later);
            let count = later.len().min(most);
            if count > 0 {
                return Ok(later.drain(..count).collect());
            }
        }
        let fresh = self.inner.receive(most, stop).await?;
        let fresh = self.reply(&mut dice, fresh)?;
        Ok(self.disturb(&mut dice, fresh))
    }

    async fn extend(&self, receipt: &Receipt) -> Result<(), QueueError> {
        let mut dice = self.dice(Door::Extend);
        self.throttle(&mut dice)?;
        self.inner.extend(receipt).await?;
        self.reply(&mut dice, ())
    }

    async fn settle(&self, receipt: &Receipt, verdict: Settlement) -> Result<(), QueueError> {
        let mut dice = self.dice(Door::Settle);
        self.throttle(&mut dice)?;
        let verdict = match verdict {
            Settlement::Return(after) if dice.hits(self.faults.delay) => {
                self.count(|tally| &mut tally.delayed);
                Settlement::Return(after + Duration::from_secs(1))
            }
            verdict => verdict,
        };
        self.inner.settle(receipt, verdict).await?;
        self.reply(&mut dice, ())
    }

    async fn submit(&self, body: &str) -> Result<String, QueueError> {
        let mut dice = self.dice(Door::Submit);
        self.throttle(&mut dice)?;
        let id = self.inner.submit(body).await?;
        self.reply(&mut dice, id)
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        self.inner.depth().await
    }

    async fn waiting(&self, most: usize) -> Result<Vec<Waiting>, QueueError> {
        self.inner.waiting(most).await
    }

    async fn dead(&self) -> Result<Vec<DeadLetter>, QueueError> {
        self.inner.dead().await
    }

    async fn redrive(&self, ids: &[String]) -> Result<usize, QueueError> {
        self.inner.redrive(ids).await
    }

    fn lease(&self) -> Duration {
        self.inner.lease()
    }
}

/// SplitMix64: small, and good enough to choose faults.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn hits(&mut self, percent: u64) -> bool {
        self.roll() % 100 < percent
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = (self.roll() % (last as u64 + 1)) as usize;
            items.swap(last, other);
        }
    }
}

mod tests {
    use super::*;

    /// Hands out ten new messages at each receive, for ever.
    #[derive(Default)]
    struct Endless(AtomicU64);

    #[async_trait]
    impl TaskQueue for Endless {
        async fn receive(
            &self,
            most: usize,
            _: &CancellationToken,
        ) -> Result<Vec<Delivery>, QueueError> {
            let first = self.0.fetch_add(most as u64, Ordering::SeqCst);
            let delivery = |n: u64| {
                let (id, body) = (n.to_string(), String::new());
                let receipt = Receipt {
                    id: id.clone(),
                    handle: id.clone(),
                    body: body.clone(),
                    asked_at: None,
                };
                Delivery { id, body, deliveries: 1, receipt }
            };
            Ok((first..first + most as u64).map(delivery).collect())
        }
        async fn extend(&self, _: &Receipt) -> Result<(), QueueError> {
            Ok(())
        }
        async fn settle(&self, _: &Receipt, _: Settlement) -> Result<(), QueueError> {
            Ok(())
        }
        async fn submit(&self, body: &str) -> Result<String, QueueError> {
            Ok(body.to_owned())
        }
        async fn depth(&self) -> Result<Depth, QueueError> {
            Ok(Depth::default())
        }
        async fn dead(&self) -> Result<Vec<DeadLetter>, QueueError> {
            Ok(Vec::new())
        }
        async fn redrive(&self, _: &[String]) -> Result<usize, QueueError> {
            Ok(0)
        }
        fn lease(&self) -> Duration {
            Duration::from_secs(1)
        }
    }

    /// What a consumer of ten receives sees, and what went wrong.
    async fn play(seed: u64, faults: Faults) -> (Vec<String>, Tally) {
        let queue = FaultyQueue::new(Arc::new(Endless::default()), seed, faults);
        let stop = CancellationToken::new();
        let mut seen = Vec::new();
        for _ in 0..10 {
            match queue.receive(10, &stop).await {
                Ok(batch) => seen.extend(batch.into_iter().map(|it| it.id)),
                Err(error) => seen.push(error.to_string()),
            }
        }
        (seen, queue.tally())
    }

    #[tokio::test]
    async fn a_seed_says_what_goes_wrong() {
        assert_eq!(play(7, Faults::ROUGH).await, play(7, Faults::ROUGH).await);
        assert_ne!(play(7, Faults::ROUGH).await, play(8, Faults::ROUGH).await);
    }

    #[tokio::test]
    async fn without_faults_everything_comes_once_in_another_order() {
        let (seen, tally) = play(1, Faults::NONE).await;
        assert_eq!(tally, Tally::default());
        let mut numbers: Vec<u32> = seen.iter().map(|id| id.parse().unwrap()).collect();
        assert!(!numbers.is_sorted());
        numbers.sort_unstable();
        assert_eq!(numbers, (0..100).collect::<Vec<_>>());
    }
}
