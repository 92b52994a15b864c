//! Drives one job from its first action to its last.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::domain::job::{Event, Fault, OutOfOrder, Outcome, Progress, Record, Story};
use crate::domain::time::Timestamp;
use crate::engine::decide::{Action, Policy, decide};

/// Does one action. Never fails: a failure is an event too.
#[async_trait]
pub trait Perform: Send {
    /// Carries out `action`. When `stop` is cancelled it puts everything down and answers with a
    /// failure that is `Interrupted`, after its child processes are gone.
    async fn perform(
        &mut self,
        action: Action,
        progress: &Progress,
        story: &Story,
        stop: &CancellationToken,
    ) -> Event;
}

/// Writes a job's records down. When it returns, they are on disk.
#[async_trait]
pub trait Journal: Send {
    /// Appends one record; `progress` is how far the job is with it.
    async fn append(
        &mut self,
        story: &Story,
        record: &Record,
        progress: &Progress,
    ) -> Result<(), JournalError>;
}

/// The journal could not be written: nothing more may happen.
#[derive(Debug, thiserror::Error)]
#[error("the job's journal could not be written: {message}")]
pub struct JournalError {
    /// Whether it is not ours to write any more, or cannot be written.
    pub fault: Fault,
    /// Why.
    pub message: String,
}

/// Why a drive ended before its job did.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// What happened could not be made durable.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal holds what cannot be.
    #[error(transparent)]
    OutOfOrder(#[from] OutOfOrder),
    /// We were told to put the job down. It can be taken up again where it is.
    #[error("the job was put down: {0}")]
    PutDown(String),
}

/// Where the time of a record comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Why a job might have to stop before its end.
#[derive(Clone, Debug, Default)]
pub struct Reins {
    /// Put it down now: the worker stops, or the task is no longer ours.
    pub stop: CancellationToken,
    /// Somebody said `codingworker cancel`.
    pub cancel: CancellationToken,
}

/// Performs what the engine decides and tells it what came of it, until it says close.
///
/// An event is journalled before the engine hears of it, so what a crash can lose is only the
/// one action in flight. Every action is therefore safe to do twice.
///
/// # Errors
/// When the job was put down, or its journal cannot be written or read.
pub async fn drive(
    hands: &mut dyn Perform,
    journal: &mut dyn Journal,
    policy: &Policy,
    story: &mut Story,
    clock: &Clock,
    reins: &Reins,
) -> Result<Outcome, DriveError> {
    let mut progress = Progress::replay(&story.records)?;
    loop {
        if reins.stop.is_cancelled() {
            return Err(DriveError::PutDown("the worker is stopping".to_owned()));
        }
        let action = decide(&progress, policy);
        let began = clock();
        let (event, last) = match action {
            _ if reins.cancel.is_cancelled() && !progress.stage.is_over() => {
                (Event::Cancelled, None)
            }
            Action::Nothing(outcome) => return Ok(outcome),
            Action::Close(outcome) => (Event::Closed, Some(outcome)),
            Action::End(outcome) => (Event::Ended(outcome), None),
            action => {
                tracing::info!(action = name(&action), "doing");
                let event = interruptible(hands, action, &progress, story, reins).await;
                (event, None)
            }
        };
        if let Event::Failed(failure) = &event {
            if failure.fault == Fault::Interrupted && !reins.cancel.is_cancelled() {
                return Err(DriveError::PutDown(failure.message.clone()));
            }
            if failure.fault == Fault::Interrupted {
                continue;
            }
            tracing::warn!(fault = ?failure.fault, "{}", failure.message);
        }
        let at = clock();
        let took_ms = u64::try_from(at.since(began).as_millis()).unwrap_or(u64::MAX);
        let record = Record { at, took_ms, event };
        let next = progress.after(&record)?;
        journal.append(story, &record, &next).await?;
        story.records.push(record);
        progress = next;
        if let Some(outcome) = last {
            return Ok(outcome);
        }
    }
}

/// Lets a cancelled job end its action as a stopping worker does.
async fn interruptible(
    hands: &mut dyn Perform,
    action: Action,
    progress: &Progress,
    story: &Story,
    reins: &Reins,
) -> Event {
    if progress.stage.is_over() {
        return hands.perform(action, progress, story, &reins.stop).await;
    }
    let halt = reins.stop.child_token();
    let performed = hands.perform(action, progress, story, &halt);
    tokio::pin!(performed);
    tokio::select! {
        biased;
        event = &mut performed => return event,
        () = reins.cancel.cancelled() => halt.cancel(),
    }
    performed.await
}

/// The action's name, for logs and for the list of a job's steps.
fn name(action: &Action) -> &'static str {
    match action {
        Action::Inspect => "inspect",
        Action::Tell(_) => "tell",
        Action::Prepare => "prepare",
        Action::Baseline => "baseline",
        Action::Attempt(_) => "attempt",
        Action::Verify { .. } => "verify",
        Action::Prove { .. } => "prove",
        Action::Gate(_) => "gate",
        Action::Commit { .. } => "commit",
        Action::Push(_) => "push",
        Action::Open { .. } => "open",
        Action::End(_) => "end",
        Action::Label { .. } => "label",
        Action::Rest(_) => "rest",
        Action::Await(_) => "await",
        Action::Close(_) => "close",
        Action::Nothing(_) => "nothing",
    }
}
