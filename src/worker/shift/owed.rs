//! Words that are owed to the queue: deliveries of jobs that are over, and that could not be
//! settled when they ended. The job's row is where they wait.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::job::{Progress, Stage};
use crate::fault::{Mutation, mutated};
use crate::queue::{QueueError, Receipt, Settlement, TaskQueue};
use crate::store::{Job, Store};

use super::job::verdict;

/// How often it is tried.
const PAUSE: Duration = Duration::from_secs(60);
/// How many at a time.
const MOST: usize = 100;

/// Settles what is owed, now and every minute. Never ends.
pub(super) async fn settle(store: &Store, queue: &Arc<dyn TaskQueue>) {
    loop {
        match store.unsettled(MOST).await {
            Ok(_) if mutated(Mutation::ReceiptForgotten) => {}
            Ok(jobs) => {
                for job in jobs {
                    settle_one(store, queue, &job).await;
                }
            }
            Err(error) => tracing::warn!(%error, "what the queue is owed cannot be read"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What the queue is to be told about a job that is over.
pub(super) async fn verdict_of(store: &Store, job: &Job) -> Settlement {
    let records = store.records(&job.id).await.unwrap_or_default();
    match Progress::replay(&records).map(|it| it.stage) {
        Ok(Stage::Closed(outcome)) if !mutated(Mutation::DeadLetterLost) => verdict(&outcome),
        _ => Settlement::Done,
    }
}

async fn settle_one(store: &Store, queue: &Arc<dyn TaskQueue>, job: &Job) {
    let Some(stored) = job.receipt.as_deref() else { return };
    let settled = match serde_json::from_str::<Receipt>(stored) {
        Ok(receipt) => {
            let verdict = verdict_of(store, job).await;
            queue.settle(&receipt, verdict).await
        }
        Err(_) => Ok(()),
    };
    match settled {
        // Whoever lost the message has it delivered again, and finds its job over.
        Ok(()) | Err(QueueError::LeaseLost) => {
            if let Err(error) = store.settled(&job.id, stored).await {
                tracing::warn!(job = %job.id, %error, "it could not be noted that it is settled");
            }
        }
        Err(error) => tracing::debug!(job = %job.id, %error, "the delivery is settled later"),
    }
}
