//! What comes from the queue: to the dead letters, settled, adopted, or a job.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::OwnedSemaphorePermit;

use super::job::Known;
use super::{Desk, FIRST_PAUSE, LONGEST_PAUSE, Shift, ShiftError, owed};
use crate::domain::job::JobId;
use crate::domain::task::Task;
use crate::engine::intake;
use crate::fault::{Mutation, mutated};
use crate::queue::{Delivery, QueueError, Receipt, Settlement};
use crate::store::{Admission, StoreError, job_id};
use crate::worker::journal::News;
use crate::worker::lease::{Lease, Moment, settle};

/// A delivery that asks for a job.
struct Asked {
    task: Task,
    job: JobId,
    receipt: Receipt,
}

/// A delivery on its way into the store, with what is free for its job.
struct Entry {
    asked: Asked,
    slot: Option<OwnedSemaphorePermit>,
    /// Whether its job begins at once.
    begins: bool,
}

impl Shift {
    /// What was delivered together. It is admitted together too, so that one flush to the disk
    /// answers for all of it, and begun in the order in which it came.
    ///
    /// # Errors
    /// When the store fails for one of them; the others are begun all the same.
    pub(super) async fn admit(
        self: &Arc<Self>,
        deliveries: Vec<Delivery>,
        since: Moment,
        mut free: Vec<OwnedSemaphorePermit>,
        desk: &Desk,
    ) -> Result<(), ShiftError> {
        let mut left = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            left.extend(self.read(delivery, since).await);
        }
        let mut result = Ok(());
        while !left.is_empty() {
            // One task twice: the second finds the job of the first under way.
            let mut met = HashSet::new();
            let (now, later): (Vec<_>, _) =
                left.into_iter().partition(|it| met.insert(it.job.clone()));
            let mut entries = Vec::with_capacity(now.len());
            for asked in now {
                let receipt = asked.receipt.clone();
                match self.board.lease_of(&asked.job) {
                    Some(held) if !mutated(Mutation::NoAdopt) => {
                        let again = self.delivered_again(&held, receipt.clone(), since).await;
                        result = result.and(self.or_back(again, &receipt).await);
                    }
                    _ => {
                        let slot = free.pop();
                        let begins = slot.is_some() && !desk.lanes.are_needed_by(&asked.task);
                        entries.push(Entry { asked, slot, begins });
                    }
                }
            }
            let admitted = join_all(entries.iter().map(|it| self.enter(it))).await;
            for (entry, admitted) in entries.into_iter().zip(admitted) {
                let receipt = entry.asked.receipt.clone();
                let begun = match admitted {
                    Ok(admission) => {
                        self.answer(admission, entry, since, desk).await;
                        Ok(())
                    }
                    Err(error) => Err(error.into()),
                };
                result = result.and(self.or_back(begun, &receipt).await);
            }
            left = later;
        }
        result
    }

    /// A store that others keep up comes back, and the task waits for it in the queue.
    async fn or_back(
        &self,
        admitted: Result<(), ShiftError>,
        receipt: &Receipt,
    ) -> Result<(), ShiftError> {
        match admitted {
            Err(ShiftError::Store(error)) if self.may_come_back(&error) => {
                tracing::warn!(%error, "a task goes back: the store cannot be had");
                settle(&*self.queue, receipt, Settlement::Return(LONGEST_PAUSE)).await;
                Ok(())
            }
            admitted => admitted,
        }
    }

    /// What a delivery asks for; `None`: it was answered already.
    async fn read(&self, delivery: Delivery, since: Moment) -> Option<Asked> {
        let receipt = Receipt { asked_at: Some(since.wall()), ..delivery.receipt };
        if self.bells.drain.is_cancelled() {
            settle(&*self.queue, &receipt, Settlement::Return(Duration::ZERO)).await;
            return None;
        }
        let task = match intake::task(&delivery.body, &delivery.id) {
            Ok(task) => task,
            Err(refusal) => {
                tracing::warn!(message = %delivery.id, "to the dead letters: {refusal}");
                let reason = refusal.to_string();
                settle(&*self.queue, &receipt, Settlement::Bury { reason: reason.clone() }).await;
                let _ = self.news.send(News::Buried { message: delivery.id, reason });
                return None;
            }
        };
        for key in intake::unknown_keys(&delivery.body) {
            tracing::debug!(message = %delivery.id, key, "ignoring an unknown key");
        }
        Some(Asked { job: job_id(&task.key()), task, receipt })
    }

    async fn enter(&self, entry: &Entry) -> Result<Admission, StoreError> {
        let Asked { task, receipt, .. } = &entry.asked;
        let stored = serde_json::to_string(receipt).unwrap_or_default();
        crate::fault::point("store.admit:before").await?;
        self.store.admit(task, &stored, &self.claimant(entry.begins), (self.clock)()).await
    }

    async fn answer(
        self: &Arc<Self>,
        admission: Admission,
        entry: Entry,
        since: Moment,
        desk: &Desk,
    ) {
        let Entry { asked: Asked { receipt, .. }, slot, begins } = entry;
        let new = matches!(admission, Admission::New(_));
        match admission {
            Admission::Over(job) => {
                tracing::info!(job = %job.id, "the task was delivered again; its job is over");
                // A dead letter may have been told to a receipt that was no longer the newest.
                let verdict = owed::verdict_of(&self.store, &job).await;
                settle(&*self.queue, &receipt, verdict).await;
            }
            // Its job answers for it, or did.
            Admission::Claimed(job) => {
                tracing::info!(job = %job.id, "the request is done together with another");
                settle(&*self.queue, &receipt, Settlement::Done).await;
            }
            Admission::Held(job) => {
                let by = job.owner.as_deref().unwrap_or_default();
                tracing::info!(job = %job.id, by, "another worker is at it, and has this delivery now");
            }
            Admission::New(taken) | Admission::Known(taken) => {
                let known = Known { new, begun: begins };
                self.start((taken, known), receipt, since, std::future::ready(slot), desk);
            }
        }
    }

    /// A task whose job is under way here.
    async fn delivered_again(
        &self,
        held: &Lease,
        receipt: Receipt,
        asked: Moment,
    ) -> Result<(), ShiftError> {
        let job = &held.fence().job;
        let kept = held.receipt();
        if kept.id != receipt.id {
            // Another message with the same task. One is enough until the job is over: the one that
            // the queue is known to keep. Another worker may have left us one that is gone.
            match self.queue.extend(&kept).await {
                Ok(()) => {
                    tracing::info!(%job, "the task was sent again while its job runs");
                    settle(&*self.queue, &receipt, Settlement::Done).await;
                    return Ok(());
                }
                Err(QueueError::LeaseLost) => {}
                // It is handed out again, and looked at then.
                Err(_) => return Ok(()),
            }
        }
        tracing::info!(%job, "the task was delivered again while its job runs");
        let stored = serde_json::to_string(&receipt).unwrap_or_default();
        match self.store.hold(held.fence(), &stored).await {
            Ok(()) => held.adopt(receipt, asked),
            // It ended, or was taken, while we looked: the next delivery finds that, soon.
            Err(StoreError::Fenced(_)) => {
                settle(&*self.queue, &receipt, Settlement::Return(FIRST_PAUSE)).await;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
