//! The brain: given how far a job has come, what is the one next thing to do?
//!
//! Invariant: no I/O, no clock, no randomness here. `decide` may be called any number of times
//! for the same progress and always gives the same action.

use std::time::Duration;

use crate::domain::change::{Change, ObjectId};
use crate::domain::job::{
    Complaint, Failure, Fault, MOST_DEATHS, Model, Outcome, Pass, Phase, Progress, Request, Stage,
    Standing,
};
use crate::domain::verification::Check;
use crate::engine::tactics;

mod policy;

pub use policy::{OnFailure, Policy, Ready};

/// One thing for the worker to do. Imperative; carries all the worker needs.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "an action that nobody performs stalls its job"]
pub enum Action {
    /// Read the issue and the repository.
    Inspect,
    /// Make the comment on the issue say this.
    Tell(Phase),
    /// Check the default branch out.
    Prepare,
    /// Run all checks on the untouched base.
    Baseline,
    /// Give the agent a turn.
    Attempt(Attempt),
    /// Run these checks on this tree, until one is newly red.
    Verify {
        /// What to put on disk first.
        tree: ObjectId,
        /// Which checks, in order.
        scope: Vec<Check>,
    },
    /// Find out what the tests are worth.
    Prove {
        /// The work.
        tree: ObjectId,
        /// Whether a test with the examples of the issue is to be added.
        adds_test: bool,
    },
    /// Look at what would be pushed: may it be?
    Gate(ObjectId),
    /// Commit this tree.
    Commit {
        /// What the commit holds.
        tree: ObjectId,
        /// Whether all is green, with nothing against it.
        ready: bool,
    },
    /// Push this commit: to a branch of its own, or to the pull request's.
    Push(ObjectId),
    /// Open a pull request.
    Open {
        /// For what.
        change: Change,
        /// As what: all but `Ready` are drafts.
        standing: Standing,
    },
    /// Write down how the job ends.
    End(Outcome),
    /// Set the labels.
    Label {
        /// `ai-task-done`, or else `ai-task-failed`.
        done: bool,
    },
    /// Wait for a fault to pass.
    Rest(Duration),
    /// Wait until this model may be asked again.
    Await(Model),
    /// Write down that nothing follows, and settle the delivery.
    Close(Outcome),
    /// Nothing: the job was over before we came.
    Nothing(Outcome),
}

/// One turn that the agent is to be given.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// What for.
    pub request: Request,
    /// Whom.
    pub model: Model,
    /// The model's place on the ladder.
    pub rung: usize,
    /// Which fresh start of this model it belongs to, from 0.
    pub attempt: u32,
    /// The tree that it starts from.
    pub from: ObjectId,
    /// 0 for a first try; higher when the same prompt must not give the same answer.
    pub temperature: f32,
    /// What was wrong with the last start, where this one begins anew.
    pub warning: Option<Box<Complaint>>,
}

/// The longest rest that nobody asked us for.
const LONGEST_REST: Duration = Duration::from_secs(300);
/// The longest rest that a code host can ask us for: an hour's rate limit, and a margin.
const LONGEST_ASKED: Duration = Duration::from_secs(65 * 60);
/// How warm a model is asked when the same prompt must not give the same answer.
const WARM: f32 = 0.6;

/// The one next thing to do.
pub fn decide(progress: &Progress, policy: &Policy) -> Action {
    if progress.killed_its_workers() {
        match &progress.stage {
            stage if !stage.is_over() => {
                return Action::End(Outcome::Broke(killed()));
            }
            // Telling of it kills as well.
            stage if progress.deaths.len() > MOST_DEATHS => {
                return match stage {
                    Stage::Closed(outcome) => Action::Nothing(outcome.clone()),
                    stage => Action::Close(over(stage)),
                };
            }
            _ => {}
        }
    }
    if let Some(failure) = &progress.trouble {
        return recover(progress, policy, failure);
    }
    if let Some(phase) = untold(progress) {
        return Action::Tell(phase);
    }
    match &progress.stage {
        Stage::Facts => Action::Inspect,
        Stage::Workspace => Action::Prepare,
        Stage::Baseline => Action::Baseline,
        Stage::Edit(request) => edit(progress, policy, request),
        Stage::Verdict => verify(progress, scope(progress.pass)),
        Stage::Implemented
            if writes_tests(progress, policy)
                && !progress.on_pull
                && !progress.by_worker
                && !is_late(progress, policy) =>
        {
            attempt(progress, policy, here(progress), Request::Cover)
        }
        Stage::Implemented => verify(progress, scope(Pass::Cover)),
        Stage::Worth => match &progress.tree {
            Some(tree) => Action::Prove {
                tree: tree.clone(),
                // What the worker renames is proven otherwise, and a pull request has no examples.
                adds_test: policy.write_tests
                    && progress.proven
                    && !progress.on_pull
                    && !progress.by_worker,
            },
            None => Action::Prepare,
        },
        Stage::Commit(_)
            if !progress.ready && !progress.on_pull && policy.on_failure == OnFailure::Nothing =>
        {
            Action::End(Outcome::GaveUp)
        }
        Stage::Commit(tree) => publish(progress, tree, progress.ready),
        Stage::Stopped(stops) => Action::End(Outcome::Stopped(stops.clone())),
        Stage::Recheck(tree) => Action::Verify { tree: tree.clone(), scope: scope(Pass::Cover) },
        Stage::Refuted(why) => {
            let why = format!("together with what was pushed meanwhile, {why}");
            Action::End(Outcome::Clashed { files: Vec::new(), why })
        }
        Stage::Updated(change) => {
            Action::End(Outcome::Updated { change: change.clone(), ready: progress.ready })
        }
        Stage::Push(commit) => Action::Push(commit.clone()),
        Stage::PullRequest(change) if !progress.ready && policy.on_failure == OnFailure::Branch => {
            Action::End(Outcome::BranchOnly(change.clone()))
        }
        Stage::PullRequest(change) => {
            Action::Open { change: change.clone(), standing: standing(progress, policy) }
        }
        Stage::Ending(pull_request) => Action::End(match standing(progress, policy) {
            Standing::Ready => Outcome::Ready(pull_request.clone()),
            Standing::Unproven => Outcome::Unproven(pull_request.clone()),
            Standing::Incomplete => Outcome::Incomplete(pull_request.clone()),
        }),
        Stage::Telling(_) => Action::Tell(Phase::Ended),
        Stage::Labels(outcome) => Action::Label {
            done: matches!(
                outcome,
                Outcome::Ready(_)
                    | Outcome::Unproven(_)
                    | Outcome::Updated { .. }
                    | Outcome::Answered(_)
            ),
        },
        Stage::Closing(outcome) => Action::Close(outcome.clone()),
        Stage::Closed(outcome) => Action::Nothing(outcome.clone()),
    }
}

/// What is said of a job at which [`MOST_DEATHS`] workers died.
pub fn killed() -> Failure {
    Failure::new(
        Fault::Permanent,
        "the worker died 3 times within 72 hours while it was at this job, which is most likely \
         the cause: look at the worker's log, then set the label again",
    )
}

/// What the comment should say and does not.
fn untold(progress: &Progress) -> Option<Phase> {
    let due = match &progress.stage {
        Stage::Facts => return None,
        stage if stage.is_over() => return None,
        _ if progress.waits > 0 => Phase::Waiting,
        Stage::Workspace | Stage::Baseline => Phase::Queued,
        _ => Phase::Working,
    };
    (progress.told != Some(due)).then_some(due)
}

fn edit(progress: &Progress, policy: &Policy, request: &Request) -> Action {
    let late = is_late(progress, policy);
    let model = policy.models.get(progress.rung);
    // Before anything is written: what is to come of it?
    if !late
        && !progress.read
        && !progress.on_pull
        && model.is_some_and(|it| it.reads)
        && *request == Request::Implement
    {
        return attempt(progress, policy, here(progress), Request::Read);
    }
    let max_fixes = model.and_then(|it| it.max_fixes).unwrap_or(policy.max_fixes);
    if !late && progress.fixes <= max_fixes {
        return attempt(progress, policy, here(progress), request.clone());
    }
    // The second pass is given up: is what the first one made good without new tests?
    // (On a pull request there is no second pass, and a small model has none.)
    let second = !progress.on_pull && !progress.fell_back && writes_tests(progress, policy);
    if let (Pass::Cover, true, Some(tree)) = (progress.pass, second, &progress.implemented) {
        return Action::Verify { tree: tree.clone(), scope: scope(Pass::Cover) };
    }
    let anew = progress.attempt.saturating_add(1);
    let asked_enough = |it: &Model| it.calls > 0 && progress.calls >= it.calls;
    if !late && model.is_some_and(|it| anew < it.attempts && !asked_enough(it)) {
        return attempt(progress, policy, (progress.rung, anew), Request::Implement);
    }
    if !late && progress.rung + 1 < policy.models.len() {
        return attempt(progress, policy, (progress.rung + 1, 0), Request::Implement);
    }
    match &progress.best {
        // What breaks something goes on to a branch of its own, and never to one of somebody's.
        Some(best) if policy.on_failure != OnFailure::Nothing && !progress.on_pull => {
            publish(progress, &best.tree, false)
        }
        Some(_) => Action::End(Outcome::GaveUp),
        None => Action::End(Outcome::NothingToChange),
    }
}

/// Nothing is committed that was not looked at.
fn publish(progress: &Progress, tree: &ObjectId, ready: bool) -> Action {
    match progress.gated.as_ref() == Some(tree) {
        true => Action::Commit { tree: tree.clone(), ready },
        false => Action::Gate(tree.clone()),
    }
}

/// What the work is worth to a reviewer. (A commit on somebody's own pull request has no standing.)
fn standing(progress: &Progress, policy: &Policy) -> Standing {
    match policy.ready {
        _ if !progress.ready => Standing::Incomplete,
        // What the worker did by itself is what was asked for, word by word, as it has seen.
        Ready::Proven if !progress.proven && !progress.by_worker => Standing::Unproven,
        Ready::Proven | Ready::Green => Standing::Ready,
    }
}

/// Which model, and which start of it, the job is at.
fn here(progress: &Progress) -> (usize, u32) {
    (progress.rung, progress.attempt)
}

/// A model that writes functions alone cannot begin a file of tests.
fn writes_tests(progress: &Progress, policy: &Policy) -> bool {
    let model = policy.models.get(progress.rung);
    policy.write_tests && !model.is_some_and(Model::writes_definitions)
}

fn attempt(
    progress: &Progress,
    policy: &Policy,
    (rung, number): (usize, u32),
    request: Request,
) -> Action {
    let afresh = (rung, number) != here(progress);
    let from = if afresh { &progress.base } else { &progress.tree };
    let warning = match &progress.stage {
        Stage::Edit(Request::Fix { complaint }) if afresh => Some(Box::new(complaint.clone())),
        _ => None,
    };
    match (policy.models.get(rung), from) {
        (Some(model), Some(from)) => Action::Attempt(Attempt {
            request,
            model: model.clone(),
            rung,
            attempt: number,
            from: from.clone(),
            warning,
            temperature: match number {
                _ if !afresh && progress.fixes > 0 => WARM,
                number => tactics::temperature(number, 0),
            },
        }),
        // A shorter ladder than the one the journal was written under, or no checkout.
        _ => Action::End(Outcome::Broke(Failure::new(
            Fault::Permanent,
            "the configured models changed while the job was under way: run it again",
        ))),
    }
}

fn verify(progress: &Progress, scope: Vec<Check>) -> Action {
    match &progress.tree {
        Some(tree) => Action::Verify { tree: tree.clone(), scope },
        None => Action::Prepare,
    }
}

fn scope(pass: Pass) -> Vec<Check> {
    match pass {
        Pass::Implement => Vec::from([Check::Build]),
        Pass::Cover => Vec::from([Check::Build, Check::Lint, Check::Test]),
    }
}

fn is_late(progress: &Progress, policy: &Policy) -> bool {
    policy.job_limit <= progress.spent
}

fn recover(progress: &Progress, policy: &Policy, failure: &Failure) -> Action {
    let give_up = || match &progress.stage {
        // It is decided how the job ends; what could not be told is in the log.
        stage if stage.is_over() => Action::Close(over(stage)),
        _ => Action::End(Outcome::Broke(failure.clone())),
    };
    let asked = failure.retry_after_ms.map(Duration::from_millis);
    match failure.fault {
        Fault::ModelAway | Fault::ModelBusy if progress.waits <= policy.max_waits => {
            // A server that came back may turn out to lack the model: that takes a person.
            if progress.told.is_some() && progress.waits_for.as_ref() != Some(&failure.message) {
                return Action::Tell(Phase::Waiting);
            }
            match awaited(progress, policy) {
                Some(model) => Action::Await(model),
                // Only a turn of the agent asks a model.
                None => Action::Rest(policy.retry_delay.min(LONGEST_REST)),
            }
        }
        Fault::Transient if progress.failures <= policy.max_retries => Action::Rest(match asked {
            Some(asked) => asked.min(LONGEST_ASKED),
            None => doubled(policy.retry_delay, progress.failures).min(LONGEST_REST),
        }),
        Fault::ModelAway
        | Fault::ModelBusy
        | Fault::Transient
        | Fault::Permanent
        | Fault::Interrupted => give_up(),
    }
}

/// The model that a job waits for: the one that it asks as soon as nothing is in the way.
pub fn awaited(progress: &Progress, policy: &Policy) -> Option<Model> {
    progress.trouble.as_ref().filter(|it| it.fault.is_of_model())?;
    let freed = Progress { trouble: None, told: Some(Phase::Waiting), ..progress.clone() };
    match decide(&freed, policy) {
        Action::Attempt(attempt) => Some(attempt.model),
        _ => None,
    }
}

fn over(stage: &Stage) -> Outcome {
    match stage {
        Stage::Telling(it) | Stage::Labels(it) | Stage::Closing(it) | Stage::Closed(it) => {
            it.clone()
        }
        _ => Outcome::GaveUp,
    }
}

fn doubled(first: Duration, nth: u32) -> Duration {
    first.saturating_mul(1 << nth.saturating_sub(1).min(16))
}

#[cfg(test)]
mod tests;
