//! What a record of a job's journal adds to the counters. Pure.

use crate::domain::job::{Complaint, Event, Fault, Outcome, Record, Request, Turn, TurnOutcome};
use crate::domain::time::Timestamp;
use crate::domain::verification::{Exit, Step, Verification};

/// The labels of a series, by name.
pub type Labels = Vec<(&'static str, String)>;

/// What changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Increment {
    /// A counter grows.
    Add {
        /// The family's name.
        family: &'static str,
        /// Which of its series.
        labels: Labels,
        /// By how much.
        by: u64,
    },
    /// A histogram gets one more value.
    Observe {
        /// The family's name.
        family: &'static str,
        /// Which of its series.
        labels: Labels,
        /// The value, in the family's unit.
        value: f64,
    },
}

/// Whose record it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Whether it answers to an issue, or to a comment on a pull request.
    pub comment: bool,
    /// `owner/name`.
    pub repository: String,
    /// When the job became known.
    pub since: Timestamp,
    /// The fault of its last failure.
    pub fault: Option<Fault>,
}

impl About {
    /// The word for what the job answers to.
    pub fn kind(&self) -> &'static str {
        if self.comment { "comment" } else { "issue" }
    }
}

/// What this record adds.
pub fn increments(record: &Record, about: &About) -> Vec<Increment> {
    let mut all = Vec::new();
    let step = step(&record.event);
    // These two are decisions, which take no time.
    if !matches!(record.event, Event::Ended(_) | Event::Closed | Event::Cancelled) {
        all.push(observe(
            "codingworker_step_duration_seconds",
            vec![("step", step.to_owned())],
            record.took_ms,
        ));
    }
    match &record.event {
        Event::Baselined(verification) | Event::Verified { verification, .. } => {
            all.extend(checks(verification));
        }
        Event::Attempted(turn) => all.extend(attempted(turn, record.took_ms)),
        Event::Ended(outcome) => all.extend(ended(outcome, record.at, about)),
        Event::Cancelled => all.extend(ended(&Outcome::Cancelled, record.at, about)),
        Event::Failed(failure) => {
            let labels = vec![("fault", fault(failure.fault).to_owned())];
            all.push(add("codingworker_failures", labels, 1));
        }
        Event::Rested => {
            // A pause after no fault was for the model, which another job had.
            let labels = about.fault.map(|it| vec![("fault", fault(it).to_owned())]);
            all.extend(labels.map(|it| add("codingworker_retries", it, 1)));
        }
        Event::Inspected(_)
        | Event::Told { .. }
        | Event::Prepared(_)
        | Event::Proved(_)
        | Event::Gated { .. }
        | Event::Rebased { .. }
        | Event::Committed { .. }
        | Event::Pushed(_)
        | Event::Opened(_)
        | Event::Labelled
        | Event::Orphaned
        | Event::Closed => {}
    }
    all
}

fn attempted(turn: &Turn, took_ms: u64) -> Vec<Increment> {
    let name = if turn.is_by_worker() { "none" } else { &turn.model };
    let model = || ("model", name.to_owned());
    let (request, complaint) = match &turn.request {
        Request::Implement => ("implement", None),
        Request::Read => ("read", None),
        Request::Cover => ("cover", None),
        Request::Fix { complaint } => ("fix", Some(complaint)),
    };
    let labels = vec![
        model(),
        ("request", request.to_owned()),
        ("result", result(&turn.outcome).to_owned()),
    ];
    let mut all = vec![
        add("codingworker_attempts", labels, 1),
        add("codingworker_model_calls", vec![model()], u64::from(turn.calls)),
        observe("codingworker_model_duration_seconds", vec![model()], took_ms),
    ];
    for (direction, count) in [("read", turn.tokens.read), ("written", turn.tokens.written)] {
        let labels = vec![("direction", direction.to_owned()), model()];
        all.push(add("codingworker_model_tokens", labels, count));
    }
    if let Some(complaint) = complaint {
        let about = match complaint {
            Complaint::Red { check, .. } => check.name(),
            Complaint::Unusable { .. } => "unusable",
            Complaint::Contradicted { .. } => "example",
        };
        all.push(add("codingworker_fixes", vec![("complaint", about.to_owned())], 1));
    }
    all
}

fn ended(how: &Outcome, at: Timestamp, about: &About) -> Vec<Increment> {
    let (kind, how) = (about.kind().to_owned(), how.name().to_owned());
    let labels = vec![("kind", kind.clone()), ("outcome", how.clone())];
    let took = u64::try_from(at.since(about.since).as_millis()).unwrap_or(u64::MAX);
    let mut all = vec![
        add("codingworker_jobs", labels.clone(), 1),
        observe("codingworker_job_duration_seconds", labels, took),
    ];
    let labels = vec![("repository", about.repository.to_lowercase()), ("outcome", how.clone())];
    all.push(add("codingworker_repository_jobs", labels, 1));
    if how == "refused" {
        all.push(add("codingworker_refusals", vec![("kind", kind)], 1));
    }
    all
}

fn checks(verification: &Verification) -> impl Iterator<Item = Increment> + '_ {
    verification.steps.iter().map(|it| {
        let labels =
            vec![("check", it.check.name().to_owned()), ("result", verdict(it).to_owned())];
        observe("codingworker_check_duration_seconds", labels, it.duration_ms)
    })
}

fn verdict(step: &Step) -> &'static str {
    match step.exit {
        Exit::Code(0) => "passed",
        Exit::Code(_) => "failed",
        Exit::Signal(_) => "killed",
        Exit::TimedOut => "timed_out",
        Exit::Silent => "silent",
    }
}

/// The name of an event: what it is called in the journal.
pub fn step(event: &Event) -> &'static str {
    match event {
        Event::Inspected(_) => "inspected",
        Event::Told { .. } => "told",
        Event::Prepared(_) => "prepared",
        Event::Baselined(_) => "baselined",
        Event::Attempted(_) => "attempted",
        Event::Verified { .. } => "verified",
        Event::Proved(_) => "proved",
        Event::Gated { .. } => "gated",
        Event::Rebased { .. } => "rebased",
        Event::Committed { .. } => "committed",
        Event::Pushed(_) => "pushed",
        Event::Opened(_) => "opened",
        Event::Ended(_) => "ended",
        Event::Labelled => "labelled",
        Event::Closed => "closed",
        Event::Failed(_) => "failed",
        Event::Rested => "rested",
        Event::Cancelled => "cancelled",
        Event::Orphaned => "orphaned",
    }
}

/// The ways in which a job ends.
pub(super) const OUTCOMES: [&str; 14] = [
    "ready",
    "incomplete",
    "unproven",
    "branch_only",
    "gave_up",
    "nothing_to_change",
    "updated",
    "answered",
    "joined",
    "stopped",
    "clashed",
    "refused",
    "broke",
    "cancelled",
];

/// All faults, by name.
pub(super) const FAULTS: [&str; 5] =
    ["transient", "model_away", "model_busy", "permanent", "interrupted"];

/// The name of a fault.
pub fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::Transient => "transient",
        Fault::ModelAway => "model_away",
        Fault::ModelBusy => "model_busy",
        Fault::Permanent => "permanent",
        Fault::Interrupted => "interrupted",
    }
}

/// The name of what came of a turn.
pub fn result(outcome: &TurnOutcome) -> &'static str {
    match outcome {
        TurnOutcome::Edited => "edited",
        TurnOutcome::NoChange => "no_change",
        TurnOutcome::FormatFailure => "format_failure",
        TurnOutcome::Truncated { .. } => "truncated",
        TurnOutcome::TimedOut => "timed_out",
    }
}

fn add(family: &'static str, labels: Labels, by: u64) -> Increment {
    Increment::Add { family, labels, by }
}

fn observe(family: &'static str, labels: Labels, ms: u64) -> Increment {
    Increment::Observe { family, labels, value: ms as f64 / 1_000.0 }
}

#[cfg(test)]
mod tests;
