//! The one way out of a worker's life: here it dies, or stands still.
//!
//! Whatever a worker does that anybody else can see goes through its gate, before and after. A
//! dead worker's calls never come back, so from outside it is as if its process was killed there.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use codingworker::domain::time::Timestamp;
use codingworker::worker::drive::Clock;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// One life of a worker: from its start to its death or its end.
pub(crate) struct Gate {
    pub(crate) worker: usize,
    pub(crate) life: usize,
    /// How many jobs it may have at work.
    pub(crate) slots: usize,
    began: Instant,
    pub(crate) died: CancellationToken,
    world: Arc<World>,
    /// Passes until it dies; negative: it does not.
    left: AtomicI64,
    frozen: Mutex<Option<Instant>>,
    /// How wrong the clock on its wall is, in milliseconds.
    pub(crate) skew: Arc<AtomicI64>,
}

impl Gate {
    pub(crate) fn new(
        world: &Arc<World>,
        worker: usize,
        life: usize,
        slots: usize,
        left: i64,
        skew: &Arc<AtomicI64>,
    ) -> Arc<Self> {
        world.alive[worker].store(life + 1, Ordering::SeqCst);
        Arc::new(Self {
            worker,
            life,
            slots,
            began: Instant::now(),
            died: CancellationToken::new(),
            world: world.clone(),
            left: AtomicI64::new(left),
            frozen: Mutex::default(),
            skew: skew.clone(),
        })
    }

    /// Goes through, unless the worker is dead; waits while it stands still.
    pub(crate) async fn pass(&self) {
        loop {
            if self.died.is_cancelled() {
                return std::future::pending().await;
            }
            let until = *self.frozen.lock().unwrap();
            match until.filter(|it| Instant::now() < *it) {
                Some(until) => tokio::time::sleep_until(until).await,
                None => break,
            }
        }
        if !self.world.is_calm() && self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.die().await;
        }
    }

    /// It dies here and now.
    pub(crate) async fn die(&self) {
        self.world.note(&format!("w{} dies", self.worker));
        self.world.state().crashes += 1;
        self.end();
        std::future::pending().await
    }

    /// Nothing that it has begun will have an effect any more.
    pub(crate) fn end(&self) {
        self.died.cancel();
        self.world.alive[self.worker].store(0, Ordering::SeqCst);
        self.world.windows[self.worker].store(0, Ordering::SeqCst);
    }

    /// It stands still until then, unless an effect of its is on its way.
    pub(crate) fn freeze(&self, until: Instant) {
        if !self.is_in_window() {
            self.world.note(&format!("w{} stands still", self.worker));
            *self.frozen.lock().unwrap() = Some(until);
            self.world.disturb(self.worker, until);
        }
    }

    /// It ended as it was told to.
    pub(crate) fn close(&self) {
        self.world.alive[self.worker].store(0, Ordering::SeqCst);
        if self.world.is_undisturbed_since(self.worker, self.began) {
            self.world.state().tidy.insert((self.worker, self.life));
        }
    }

    pub(crate) fn is_in_window(&self) -> bool {
        self.world.windows[self.worker].load(Ordering::SeqCst) > 0
    }

    pub(crate) fn window(self: &Arc<Self>) -> Window {
        self.world.windows[self.worker].fetch_add(1, Ordering::SeqCst);
        Window(self.clone())
    }

    pub(crate) fn clock(&self) -> Clock {
        let (world, skew) = (self.world.clone(), self.skew.clone());
        Arc::new(move || Timestamp(world.now().0 + skew.load(Ordering::SeqCst)))
    }
}

/// Between the confirmation of a lease and the effect that it is for. What happens there no
/// worker can prevent: the margin of the lease is what it has for it.
pub(crate) struct Window(Arc<Gate>);

impl Drop for Window {
    fn drop(&mut self) {
        if !self.0.died.is_cancelled() {
            self.0.world.windows[self.0.worker].fetch_sub(1, Ordering::SeqCst);
        }
    }
}
