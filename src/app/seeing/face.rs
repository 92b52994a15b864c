//! How the worker is, and what it measures, read when somebody asks.

use std::time::Duration;

use async_trait::async_trait;

use super::kept::Kept;
use crate::app::beside::Beside;
use crate::app::living;
use crate::domain::time::Timestamp;
use crate::http::Face;
use crate::http::health::Vitals;
use crate::queue::Depth;
use crate::telemetry::machine;
use crate::telemetry::metrics::{Format, Readings};
use crate::worker::board::{Doing, QueueState};
use crate::worker::pulse::Writer;

/// How long an answer of the queue's is good for. SQS is asked twice for one, for the queue and for
/// its dead letters: at ten minutes that is at most 8,928 requests in a month, however often
/// somebody scrapes, beside 131,400 long polls. Our own database costs nothing.
pub(super) const SQS: Duration = Duration::from_secs(600);
const EMBEDDED: Duration = Duration::from_secs(5);
/// How long the queue may take to say how much waits.
const DEPTH: Duration = Duration::from_secs(3);
/// How long an answer of the writer's is good for. What it may take, together with the above, is
/// less than an answer may.
const WRITER: Duration = Duration::from_secs(1);

/// The worker, as it shows itself.
pub(super) struct WorkerFace {
    beside: Beside,
    started: Timestamp,
    /// How much waits, and when it was asked, if it could be.
    depth: Kept<Option<(Depth, Timestamp)>>,
    writer: Kept<Writer>,
}

impl WorkerFace {
    pub(super) fn new(beside: &Beside) -> Self {
        let started = (beside.clock)();
        Self { beside: beside.clone(), started, depth: Kept::default(), writer: Kept::default() }
    }

    async fn writer(&self) -> Writer {
        self.writer.get(WRITER, living::writer(&self.beside.database, living::WRITE)).await
    }

    async fn depth(&self) -> Option<(Depth, Timestamp)> {
        let sqs = self.beside.config.now().sqs.queue_url.is_some();
        let ask = async {
            let asked = tokio::time::timeout(DEPTH, self.beside.queue.depth()).await;
            Some((asked.ok()?.ok()?, (self.beside.clock)()))
        };
        self.depth.get(if sqs { SQS } else { EMBEDDED }, ask).await
    }

    async fn readings(&self) -> Readings {
        let vitals = self.vitals().await;
        let mut readings = Readings::default();
        let flag = |it: bool| f64::from(u8::from(it));
        readings.set("codingworker_healthy", flag(vitals.ills().is_empty()));
        readings.set("codingworker_ready", flag(vitals.hindrances().is_empty()));
        for doing in Doing::ALL {
            let label = ("state", doing.name());
            readings.set_of("codingworker_worker_state", label, flag(doing == vitals.doing));
        }
        readings.set("codingworker_worker_state_duration_seconds", vitals.since.as_secs_f64());
        readings.set("codingworker_slots", vitals.slots as f64);
        readings.set("codingworker_running_jobs", vitals.running as f64);
        let away = matches!(vitals.queue, QueueState::Away(_));
        readings.set("codingworker_queue_reachable", flag(!away));
        self.read_models(&mut readings);
        self.read_leases(&mut readings);
        self.read_queue(&mut readings).await;
        if let Ok(jobs) = self.beside.store.count_by_state().await {
            for (state, count) in jobs {
                readings.set_of("codingworker_stored_jobs", ("state", state.name()), count as f64);
            }
        }
        readings
    }

    fn read_models(&self, readings: &mut Readings) {
        let models = &self.beside.models;
        readings.set("codingworker_held_models", models.held() as f64);
        readings
            .set("codingworker_model_slots", self.beside.config.now().worker.model_slots as f64);
        let usage = models.usage();
        let turns = usage.iter().map(|it| it.turns).sum::<usize>();
        let waiting = usage.iter().map(|it| it.waiting).sum::<usize>();
        let name = "codingworker_model_turns";
        readings.set_of(name, ("state", "running"), turns as f64);
        readings.set_of(name, ("state", "waiting"), waiting as f64);
    }

    fn read_leases(&self, readings: &mut Readings) {
        let left = self.beside.board.leases().into_iter().map(|it| it.1).collect::<Vec<_>>();
        let shortest = left.iter().min().map(Duration::as_secs_f64);
        readings.set("codingworker_lease_remaining_seconds", shortest);
        // It is extended at each fifth of its length: half gone means that this failed twice.
        let half = self.beside.queue.lease() / 2;
        let at_risk = left.iter().filter(|it| **it < half).count();
        readings.set("codingworker_leases_at_risk", at_risk as f64);
    }

    async fn read_queue(&self, readings: &mut Readings) {
        let Some((depth, at)) = self.depth().await else { return };
        let name = "codingworker_queue_messages";
        readings.set_of(name, ("state", "waiting"), depth.waiting as f64);
        readings.set_of(name, ("state", "in_flight"), depth.in_flight as f64);
        readings.set_of(name, ("state", "dead"), depth.dead.map(|it| it as f64));
        let oldest = depth.oldest_seconds.map(|it| it as f64);
        readings.set("codingworker_queue_oldest_age_seconds", oldest);
        readings.set("codingworker_queue_asked_timestamp_seconds", at.0 as f64 / 1_000.0);
    }
}

#[async_trait]
impl Face for WorkerFace {
    async fn vitals(&self) -> Vitals {
        let writer = self.writer().await;
        let (board, config) = (&self.beside.board, self.beside.config.now());
        let (doing, since) = board.doing();
        Vitals {
            doing,
            since,
            writer,
            queue: board.queue(),
            draining: self.beside.bells.drain.is_cancelled(),
            running: *board.count().borrow(),
            slots: config.worker.slots,
        }
    }

    async fn metrics(&self, format: Format) -> String {
        let mut readings = self.readings().await;
        let state_dir = self.beside.config.now().worker.state_dir.clone();
        let started = self.started;
        let kept = readings.clone();
        let read = tokio::task::spawn_blocking(move || {
            machine::read(&mut readings, &state_dir, started);
            readings
        });
        let readings = read.await.unwrap_or(kept);
        self.beside.metrics.text(readings, format)
    }
}
