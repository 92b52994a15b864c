//! Hands that keep the models' limits: they ask no model that is held, and no server more often
//! at once than it may be. They wait without the job's slot for a model, and without counting
//! against the job's time.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::{Models, Ticket, interrupted};
use crate::domain::job::{Event, Model, Progress, Story, TurnOutcome};
use crate::engine::decide::{Action, Attempt, Policy};
use crate::fault::{Mutation, mutated};
use crate::worker::drive::Perform;
use crate::worker::slots::Slots;

/// A job's place among those that run at once. It can be left to others for a while.
pub struct Seat {
    slots: Slots,
    taken: Option<OwnedSemaphorePermit>,
}

impl Seat {
    /// A seat that is taken.
    pub fn new(slots: Slots, taken: OwnedSemaphorePermit) -> Self {
        Self { slots, taken: Some(taken) }
    }

    fn leave(&mut self) {
        self.taken = None;
    }

    async fn retake(&mut self) {
        if self.taken.is_none() && !mutated(Mutation::SeatNotRetaken) {
            self.taken = self.slots.take().await;
        }
    }
}

/// The hands of one job, within the models' limits.
pub struct Limited {
    hands: Box<dyn Perform>,
    models: Models,
    policy: Arc<Policy>,
    seat: Seat,
    ticket: Ticket,
    drain: CancellationToken,
    /// The right to a turn at a server, which was waited for.
    turn: Option<(String, OwnedSemaphorePermit)>,
}

impl Limited {
    /// `hands` of the job with this `ticket`, which has this `seat`. A job that waits for a model
    /// is put down when `drain` is cancelled.
    pub fn new(
        hands: Box<dyn Perform>,
        models: Models,
        policy: Arc<Policy>,
        seat: Seat,
        ticket: Ticket,
        drain: CancellationToken,
    ) -> Self {
        Self { hands, models, policy, seat, ticket, drain, turn: None }
    }

    /// Until the model may be asked. Others have the job's place meanwhile.
    async fn wait(&mut self, model: &Model, progress: &Progress) -> Event {
        self.seat.leave();
        let key = self.models.key(model);
        let told = progress.trouble.as_ref().map_or("", |it| it.message.as_str());
        tracing::info!(model = key.model, server = key.server, "waits for the model");
        if let Err(failure) = self.models.wait(&key, &self.ticket, told).await {
            return Event::Failed(failure);
        }
        // Still first in line: whoever is behind takes a place after us.
        self.seat.retake().await;
        self.models.step_out(&self.ticket);
        Event::Rested
    }

    /// A turn of the agent: now, or a pause after which it is this job's.
    async fn attempt(
        &mut self,
        attempt: Attempt,
        progress: &Progress,
        story: &Story,
        stop: &CancellationToken,
    ) -> Event {
        let key = self.models.key(&attempt.model);
        let waited_for = self.turn.take().filter(|(server, _)| *server == key.server);
        if let Err(failure) = self.models.enter(&key, &self.ticket).await {
            return Event::Failed(failure);
        }
        let turn = match waited_for {
            Some((_, turn)) => Some(turn),
            None => self.models.try_turn(&key.server),
        };
        let Some(turn) = turn else {
            let turn = tokio::select! {
                biased;
                () = stop.cancelled() => return Event::Failed(interrupted("the worker is stopping")),
                turn = self.models.turn(&key.server) => turn,
            };
            self.turn = turn.map(|it| (key.server, it));
            return Event::Rested;
        };
        let event = self.hands.perform(Action::Attempt(attempt), progress, story, stop).await;
        drop(turn);
        match event {
            Event::Failed(failure) if failure.fault.is_of_model() => {
                let away = self.policy.retry_delay;
                Event::Failed(self.models.refused(&key, failure, away).await)
            }
            Event::Attempted(it) if it.outcome != TurnOutcome::TimedOut && !it.is_by_worker() => {
                self.models.answered(&key).await;
                Event::Attempted(it)
            }
            other => {
                // It has not answered; whoever is next tries.
                self.models.leave(&self.ticket);
                other
            }
        }
    }
}

#[async_trait]
impl Perform for Limited {
    async fn perform(
        &mut self,
        action: Action,
        progress: &Progress,
        story: &Story,
        stop: &CancellationToken,
    ) -> Event {
        match action {
            Action::Await(model) => {
                let (ticket, models) = (self.ticket.clone(), self.models.clone());
                let drain = self.drain.clone();
                let event = tokio::select! {
                    biased;
                    () = stop.cancelled() => None,
                    () = drain.cancelled() => None,
                    event = self.wait(&model, progress) => Some(event),
                };
                event.unwrap_or_else(|| {
                    models.leave(&ticket);
                    Event::Failed(interrupted("the worker is stopping"))
                })
            }
            Action::Attempt(attempt) => self.attempt(attempt, progress, story, stop).await,
            Action::Prepare => {
                if let Some(model) = self.policy.models.get(progress.rung) {
                    self.models.warm(model);
                }
                self.hands.perform(Action::Prepare, progress, story, stop).await
            }
            other => self.hands.perform(other, progress, story, stop).await,
        }
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        self.models.leave(&self.ticket);
    }
}
