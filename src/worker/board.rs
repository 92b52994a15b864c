//! What a shift is doing right now, for those who watch it from beside: the watchdog, the health
//! and the metrics.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::job::JobId;
use crate::worker::lease::Lease;

/// What the loop of a shift is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Taking up what an earlier process left, one job after the other.
    Starting,
    /// All slots are taken.
    Full,
    /// Asking the queue for work: at most one long poll and its deadlines.
    Receiving,
    /// Making jobs of what came together. Waits for nothing but the store and the
    /// queue.
    Admitting,
    /// The queue could not be had; it is left alone for a while.
    Pausing,
    /// Taking nothing new.
    Draining,
}

impl Doing {
    /// All that a loop can be at.
    pub const ALL: [Self; 6] = [
        Self::Starting,
        Self::Full,
        Self::Receiving,
        Self::Admitting,
        Self::Pausing,
        Self::Draining,
    ];

    /// A word for it, as health and metrics show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Full => "full",
            Self::Receiving => "receiving",
            Self::Admitting => "admitting",
            Self::Pausing => "pausing",
            Self::Draining => "draining",
        }
    }
}

/// How the queue answered last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueState {
    /// Nobody has asked it yet.
    Unknown,
    /// It answered.
    Reachable,
    /// It did not, and why.
    Away(String),
}

/// A shift's board. Written by the shift alone.
pub struct Board {
    face: Mutex<Face>,
    running: Mutex<HashMap<JobId, Underway>>,
    count: watch::Sender<usize>,
    broken: AtomicU32,
}

struct Underway {
    lease: Arc<Lease>,
    cancel: CancellationToken,
}

struct Face {
    doing: Doing,
    since: Instant,
    queue: QueueState,
}

impl Default for Board {
    fn default() -> Self {
        let face =
            Face { doing: Doing::Starting, since: Instant::now(), queue: QueueState::Unknown };
        let (running, count) = (Mutex::default(), watch::channel(0).0);
        Self { face: Mutex::new(face), running, count, broken: AtomicU32::new(0) }
    }
}

impl Board {
    /// What the loop is at, and for how long.
    pub fn doing(&self) -> (Doing, Duration) {
        let face = self.face();
        (face.doing, face.since.elapsed())
    }

    /// How the queue answered last.
    pub fn queue(&self) -> QueueState {
        self.face().queue.clone()
    }

    /// The jobs under way, each with what is left of its lease.
    pub fn leases(&self) -> Vec<(JobId, Duration)> {
        self.jobs().iter().map(|(job, it)| (job.clone(), it.lease.left())).collect()
    }

    /// How many jobs are under way, now and whenever that changes.
    pub fn count(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    pub(super) fn turn_to(&self, doing: Doing) {
        let mut face = self.face();
        face.doing = doing;
        face.since = Instant::now();
    }

    pub(super) fn queue_is(&self, state: QueueState) {
        self.face().queue = state;
    }

    /// A job's journal could not be had; how often that was so since one last could.
    pub(super) fn journal_broke(&self) -> u32 {
        self.broken.fetch_add(1, Ordering::SeqCst)
    }

    pub(super) fn journal_works(&self) {
        self.broken.store(0, Ordering::SeqCst);
    }

    pub(super) fn begin(&self, job: JobId, lease: Arc<Lease>, cancel: CancellationToken) {
        let mut jobs = self.jobs();
        jobs.insert(job, Underway { lease, cancel });
        self.count.send_replace(jobs.len());
    }

    pub(super) fn end(&self, job: &JobId) {
        let mut jobs = self.jobs();
        jobs.remove(job);
        self.count.send_replace(jobs.len());
    }

    pub(super) fn lease_of(&self, job: &JobId) -> Option<Arc<Lease>> {
        self.jobs().get(job).map(|it| it.lease.clone())
    }

    /// The jobs under way that were not told yet that somebody asked for their end, and how to
    /// tell them.
    pub(super) fn untold(&self) -> HashMap<JobId, CancellationToken> {
        let jobs = self.jobs();
        let untold = jobs.iter().filter(|(_, it)| !it.cancel.is_cancelled());
        untold.map(|(job, it)| (job.clone(), it.cancel.clone())).collect()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.jobs().is_empty()
    }

    fn face(&self) -> std::sync::MutexGuard<'_, Face> {
        self.face.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn jobs(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Underway>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
