//! How far a job has come: a fold over its journal, and the whole life of a job on one page.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::change::ObjectId;
use crate::domain::example::Tried;
use crate::domain::job::{
    Complaint, Event, Failure, Fault, JobState, Outcome, Proof, Record, Refusal, Request, Told,
    Turn, TurnOutcome,
};
use crate::domain::time::Timestamp;
use crate::domain::verification::Check;

mod stage;
mod verdict;

pub use stage::Stage;

/// What the comment on the issue says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Taken from the queue.
    Queued,
    /// Being worked on.
    Working,
    /// Waiting for something that will come back.
    Waiting,
    /// Over.
    Ended,
}

/// The two passes over the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Until it builds.
    Implement,
    /// Tests for it, until all is green.
    Cover,
}

/// The best tree so far, in case none becomes green.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Best {
    /// The tree.
    pub tree: ObjectId,
    /// How far its checks came: 0 it does not build, 3 all green but an example of the issue
    /// gives something else, 4 all green, 5 proven.
    pub rank: u8,
}

/// How far a job has come. Folded from its records; never set by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is owed next.
    pub stage: Stage,
    /// A fault that stands in the way of it.
    pub trouble: Option<Failure>,
    /// Which pass the agent is in.
    pub pass: Pass,
    /// Which model of the ladder is asked, from 0.
    pub rung: usize,
    /// Which fresh start of that model it is, from 0.
    pub attempt: u32,
    /// Turns of this pass that did not do.
    pub fixes: u32,
    /// Questions that models were asked.
    pub calls: u32,
    /// Faults that passed, or did not.
    pub failures: u32,
    /// Pauses for a model that is away, since the last turn.
    pub waits: u32,
    /// Time spent on actions other than pauses.
    pub spent: Duration,
    /// Whether the examples of the issue are known: spelled out in it, or written down by a model.
    pub read: bool,
    /// The untouched base.
    pub base: Option<ObjectId>,
    /// What the next action starts from.
    pub tree: Option<ObjectId>,
    /// The tree that the first pass ended with.
    pub implemented: Option<ObjectId>,
    /// Whether the second pass was given up with this model.
    pub fell_back: bool,
    /// Whether the last turn was the worker's own, without a model.
    pub by_worker: bool,
    /// Whether work of the worker's own was put aside for a model's.
    pub put_aside: bool,
    /// The best tree so far.
    pub best: Option<Best>,
    /// Whether the work goes on to a pull request that is there.
    pub on_pull: bool,
    /// The tree that was looked at and may be pushed.
    pub gated: Option<ObjectId>,
    /// Whether the work was put on a newer tip already.
    pub rebased: bool,
    /// Whether what is to be published is all green, with nothing against it.
    pub ready: bool,
    /// Whether the last run of all checks proves the work: an example of the issue, or a check,
    /// failed on the base and passes.
    pub proven: bool,
    /// The checks that were red on the base and whose turning green proves something.
    pub red_on_base: Vec<Check>,
    /// What the comment says.
    pub told: Option<Phase>,
    /// What it says the job waits for.
    pub waits_for: Option<String>,
    /// Which comment it is.
    pub comment: Option<u64>,
    /// When workers died at it, within [`DEATHS_COUNT`] of the last time.
    pub deaths: Vec<Timestamp>,
}

/// For how long the death of a worker counts against the job that it was at.
pub const DEATHS_COUNT: Duration = Duration::from_secs(72 * 60 * 60);
/// How many workers may die at a job before it is the job that is to blame.
pub const MOST_DEATHS: usize = 3;

/// A record that cannot follow what was before.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job that owes {stage} cannot record {event}: its journal is damaged")]
pub struct OutOfOrder {
    stage: String,
    event: String,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            stage: Stage::Facts,
            trouble: None,
            pass: Pass::Implement,
            rung: 0,
            attempt: 0,
            fixes: 0,
            calls: 0,
            failures: 0,
            waits: 0,
            spent: Duration::ZERO,
            read: false,
            base: None,
            tree: None,
            implemented: None,
            fell_back: false,
            by_worker: false,
            put_aside: false,
            best: None,
            on_pull: false,
            gated: None,
            rebased: false,
            ready: false,
            proven: false,
            red_on_base: Vec::new(),
            told: None,
            waits_for: None,
            comment: None,
            deaths: Vec::new(),
        }
    }
}

impl Progress {
    /// Folds a journal.
    ///
    /// # Errors
    /// When a record cannot follow the one before it.
    pub fn replay(records: &[Record]) -> Result<Self, OutOfOrder> {
        records.iter().try_fold(Self::default(), |progress, record| progress.after(record))
    }

    /// Where the job stands, for lists.
    pub fn state(&self) -> JobState {
        match &self.stage {
            Stage::Closed(
                Outcome::Ready(_)
                | Outcome::Unproven(_)
                | Outcome::Updated { .. }
                | Outcome::Answered(_)
                | Outcome::Joined(_),
            ) => JobState::Done,
            Stage::Closed(Outcome::Cancelled) => JobState::Cancelled,
            Stage::Closed(_) => JobState::Failed,
            _ if self.waits > 0 || self.trouble.is_some() => JobState::Waiting,
            Stage::Facts => JobState::Queued,
            _ => JobState::Running,
        }
    }

    /// Whether so many workers died at it that it is taken for the cause.
    pub fn killed_its_workers(&self) -> bool {
        self.deaths.len() >= MOST_DEATHS
    }

    /// The whole life of a job, on one page.
    ///
    /// # Errors
    /// When the record cannot follow what was before.
    pub fn after(mut self, record: &Record) -> Result<Self, OutOfOrder> {
        if !matches!(record.event, Event::Rested) {
            self.spent += Duration::from_millis(record.took_ms);
        }
        let says_nothing = matches!(record.event, Event::Rested | Event::Told { .. });
        if !says_nothing && !matches!(record.event, Event::Failed(_) | Event::Orphaned) {
            self.failures = 0;
        }
        self.stage = match (std::mem::replace(&mut self.stage, Stage::Facts), &record.event) {
            (stage, Event::Told { phase, comment }) => {
                (self.told, self.comment) = (Some(*phase), Some(*comment));
                self.waits_for = match phase {
                    Phase::Waiting => self.trouble.as_ref().map(|it| it.message.clone()),
                    Phase::Queued | Phase::Working | Phase::Ended => None,
                };
                match stage {
                    Stage::Telling(outcome) => Stage::Labels(outcome),
                    stage => stage,
                }
            }
            (Stage::Telling(outcome), Event::Failed(it)) if it.fault == Fault::Permanent => {
                Stage::Labels(outcome)
            }
            (Stage::Labels(outcome), Event::Failed(it)) if it.fault == Fault::Permanent => {
                Stage::Closing(outcome)
            }
            (stage @ (Stage::Closed(_) | Stage::Closing(_)), Event::Failed(_)) => stage,
            (stage, Event::Failed(failure)) => {
                match failure.fault {
                    Fault::ModelAway | Fault::ModelBusy => self.waits += 1,
                    _ => self.failures += 1,
                }
                self.trouble = Some(failure.clone());
                stage
            }
            (stage, Event::Rested) => {
                self.trouble = None;
                stage
            }
            (stage, Event::Orphaned) => {
                self.deaths.retain(|death| record.at.since(*death) < DEATHS_COUNT);
                self.deaths.push(record.at);
                stage
            }
            (stage, Event::Cancelled) if !stage.is_over() => Stage::Telling(Outcome::Cancelled),
            (stage, Event::Ended(outcome)) if !stage.is_over() => {
                (self.trouble, self.failures, self.waits) = (None, 0, 0);
                match outcome {
                    // Others answer, or nobody does.
                    Outcome::Joined(_) | Outcome::Refused(Refusal { told: Told::Nobody, .. }) => {
                        Stage::Closing(outcome.clone())
                    }
                    outcome => Stage::Telling(outcome.clone()),
                }
            }
            (Stage::Labels(outcome), Event::Labelled) => Stage::Closing(outcome),
            (
                Stage::Telling(outcome) | Stage::Labels(outcome) | Stage::Closing(outcome),
                Event::Closed,
            ) => Stage::Closed(outcome),
            (Stage::Facts, Event::Inspected(inspection)) => {
                if let Some(conversation) = &inspection.conversation {
                    self.on_pull = true;
                    self.rung = conversation.rung.unwrap_or(0);
                }
                Stage::Workspace
            }
            (Stage::Workspace, Event::Prepared(checkout)) => {
                self.base = Some(checkout.tree.clone());
                self.tree = Some(checkout.tree.clone());
                Stage::Baseline
            }
            (Stage::Baseline, Event::Baselined(base)) => {
                self.red_on_base = verdict::telling(base);
                self.read = base.examples.iter().any(Tried::counts);
                Stage::Edit(Request::Implement)
            }
            (Stage::Edit(_) | Stage::Implemented, Event::Attempted(turn)) => self.turned(turn),
            (Stage::Recheck(_), Event::Verified { tree, complaint, .. }) => match complaint {
                None => {
                    self.tree = Some(tree.clone());
                    Stage::Commit(tree.clone())
                }
                Some(complaint) => Stage::Refuted(complaint.title()),
            },
            (stage, Event::Verified { verification, tree, scope, complaint })
                if stage.may_verify() =>
            {
                // Checks while an edit is owed: the second pass is given up, and what the first
                // one made is judged as it stands.
                self.fell_back = matches!(stage, Stage::Edit(_));
                self.verified(verification, tree, scope, complaint.as_ref())
            }
            (Stage::Worth, Event::Proved(proof)) => self.proved(proof),
            (
                stage @ (Stage::Commit(_) | Stage::Edit(_) | Stage::Implemented),
                Event::Gated { tree, stops, .. },
            ) => match stops.is_empty() {
                true => {
                    self.gated = Some(tree.clone());
                    stage
                }
                false => Stage::Stopped(stops.clone()),
            },
            (Stage::Push(_), Event::Rebased { checkout, tree }) => {
                (self.base, self.tree) = (Some(checkout.tree.clone()), Some(tree.clone()));
                (self.gated, self.rebased) = (None, true);
                Stage::Recheck(tree.clone())
            }
            (
                Stage::Commit(_) | Stage::Edit(_) | Stage::Implemented,
                Event::Committed { commit, .. },
            ) => Stage::Push(commit.clone()),
            (Stage::Push(_), Event::Pushed(change)) => match self.on_pull {
                true => Stage::Updated(change.clone()),
                false => Stage::PullRequest(change.clone()),
            },
            (Stage::PullRequest(_), Event::Opened(it)) => Stage::Ending(it.clone()),
            (stage, event) => {
                return Err(OutOfOrder { stage: short(&stage), event: short(event) });
            }
        };
        Ok(self)
    }

    fn turned(&mut self, turn: &Turn) -> Stage {
        self.waits = 0;
        self.calls = self.calls.saturating_add(turn.calls);
        if turn.request == Request::Read {
            self.read = true;
            return Stage::Edit(Request::Implement);
        }
        self.by_worker = turn.is_by_worker();
        if (turn.rung, turn.attempt) != (self.rung, self.attempt) {
            (self.rung, self.attempt) = (turn.rung, turn.attempt);
            (self.fixes, self.pass) = (0, Pass::Implement);
            (self.implemented, self.fell_back) = (None, false);
        }
        self.tree = Some(turn.tree.clone());
        match (&turn.outcome, &turn.request) {
            (TurnOutcome::Edited, _) => Stage::Verdict,
            // The work is there; tests for it are welcome and not worth losing it for.
            (TurnOutcome::NoChange | TurnOutcome::TimedOut, Request::Cover) => Stage::Verdict,
            (TurnOutcome::TimedOut, _) => {
                // Another start would take as long.
                (self.fixes, self.attempt) = (u32::MAX, u32::MAX);
                Stage::Edit(turn.request.clone())
            }
            (TurnOutcome::NoChange, Request::Fix { .. }) => {
                self.fixes = self.fixes.saturating_add(1);
                Stage::Edit(turn.request.clone())
            }
            (TurnOutcome::NoChange, Request::Implement | Request::Read) => {
                self.unusable("the answer changed no file")
            }
            (TurnOutcome::FormatFailure, _) => {
                self.unusable("the answer was not in the form that edits have")
            }
            (TurnOutcome::Truncated { reason }, _) => self.unusable(reason),
        }
    }

    /// A reply that no check can judge costs a fix, and in the second pass never the work.
    fn unusable(&mut self, reason: &str) -> Stage {
        self.fixes = self.fixes.saturating_add(1);
        Stage::Edit(Request::Fix { complaint: Complaint::Unusable { reason: reason.to_owned() } })
    }

    fn proved(&mut self, proof: &Proof) -> Stage {
        self.ready = proof.broken_old_tests.is_none() && proof.objections.is_empty();
        if let Some(added) = &proof.added {
            self.tree = Some(added.tree.clone());
        }
        match self.tree.clone() {
            Some(tree) => Stage::Commit(tree),
            None => Stage::Facts,
        }
    }
}

fn short(it: &impl std::fmt::Debug) -> String {
    format!("{it:?}").chars().take(120).collect()
}
