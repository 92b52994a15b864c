//! A job's records as lines on a terminal: for who watches, and for who looks back.
//!
//! They hold strangers' words as they are; whoever prints them makes them harmless.

use crate::domain::job::{
    Complaint, Event, NewTests, Outcome, Phase, Record, Request, TurnOutcome,
};
use crate::domain::verification::{Exit, Verification};
use crate::engine::report::{Language, duration, isolation};

/// What there is to say about a record. Some say nothing.
pub fn lines(record: &Record) -> Vec<String> {
    let took = duration(record.took_ms);
    let line = |what: &str, rest: String| vec![format!("{what:<14}{rest}  [{took}]")];
    match &record.event {
        Event::Inspected(it) => {
            let what = if it.conversation.is_some() { "request" } else { "issue" };
            line(what, format!("read: {}", it.title))
        }
        Event::Orphaned => line("worker", "died at this job; another goes on with it".to_owned()),
        Event::Told { phase: Phase::Waiting, .. } => line("comment", "waiting".to_owned()),
        Event::Told { phase, .. } => line("comment", format!("{phase:?}").to_lowercase()),
        Event::Prepared(it) => {
            let (source, around) = (&it.plan.source, isolation(it.levels, Language::En));
            let said = format!("{}, checks from {source} ({around})", short(&it.base.0));
            let notes = it.notes.iter().map(|it| format!("{:<14}{it}", "note"));
            line("checkout", said).into_iter().chain(notes).collect()
        }
        Event::Baselined(it) => checks("base", it),
        Event::Attempted(turn) => {
            let asked = match &turn.request {
                Request::Implement => "implement".to_owned(),
                Request::Read => "write examples down".to_owned(),
                Request::Cover => "write tests".to_owned(),
                Request::Fix { complaint: Complaint::Red { check, .. } } => {
                    format!("fix the {}", check.name())
                }
                Request::Fix { complaint: Complaint::Contradicted { .. } } => {
                    "fix an example".to_owned()
                }
                Request::Fix { .. } => "answer again".to_owned(),
            };
            let came = match &turn.outcome {
                _ if !turn.examples.is_empty() => {
                    let calls = turn.examples.iter().map(|it| it.example.shown());
                    calls.collect::<Vec<_>>().join("; ")
                }
                TurnOutcome::NoChange if turn.request == Request::Read => "none".to_owned(),
                TurnOutcome::Edited => {
                    turn.files.iter().map(|it| it.path.as_str()).collect::<Vec<_>>().join(", ")
                }
                TurnOutcome::NoChange => "no change".to_owned(),
                TurnOutcome::FormatFailure => "not in the form that edits have".to_owned(),
                TurnOutcome::Truncated { reason } => reason.clone(),
                TurnOutcome::TimedOut => "timed out".to_owned(),
            };
            if turn.is_by_worker() {
                return line("worker", format!("{asked}: {came} (without a model)"));
            }
            let (model, calls) = (&turn.model, turn.calls);
            line("agent", format!("{asked}: {came} ({model}, {calls} model calls)"))
        }
        Event::Verified { verification, .. } => checks("check", verification),
        Event::Proved(proof) => match proof.new_tests {
            NewTests::FailOnBase if proof.added.is_some() => {
                line("proof", "the examples, as a test, fail without the change".to_owned())
            }
            NewTests::FailOnBase => {
                line("proof", "the new tests fail without the change".to_owned())
            }
            NewTests::PassOnBase => {
                line("proof", "the new tests pass without the change, too".to_owned())
            }
            NewTests::None => line("proof", "no new tests".to_owned()),
            NewTests::NotRun => line("proof", "not known".to_owned()),
        },
        Event::Gated { stops, notes, .. } => match (stops.as_slice(), notes.as_slice()) {
            ([], []) => line("gate", "nothing speaks against a push".to_owned()),
            ([], notes) => line("gate", format!("may be pushed; look at: {}", notes.join(", "))),
            (stops, _) => line("gate", stops.join(" ")),
        },
        Event::Rebased { checkout, .. } => {
            line("rebase", format!("the branch has moved, now on {}", short(&checkout.base.0)))
        }
        Event::Committed { commit, files, .. } => {
            line("commit", format!("{} ({} files)", short(&commit.0), files.len()))
        }
        Event::Pushed(it) => line("push", it.branch.clone()),
        Event::Opened(it) => {
            let kind = if it.draft { ", a draft" } else { "" };
            line("pull request", format!("#{}{kind}", it.number))
        }
        Event::Ended(outcome) => line("ended", self::outcome(outcome)),
        Event::Failed(failure) => line("fault", failure.message.clone()),
        Event::Labelled => line("label", "set".to_owned()),
        Event::Rested => line("pause", "over, trying again".to_owned()),
        Event::Cancelled => line("ended", self::outcome(&Outcome::Cancelled)),
        Event::Closed => Vec::new(),
    }
}

/// How a job ended, in a few words.
pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ready(it) => format!("pull request #{} is ready for review", it.number),
        Outcome::Incomplete(it) => format!("pull request #{} is a draft, incomplete", it.number),
        Outcome::Unproven(it) => {
            format!("pull request #{} is a draft: nothing proves the change", it.number)
        }
        Outcome::BranchOnly(it) => format!("branch {}, without a pull request", it.branch),
        Outcome::GaveUp => "gave up: nothing was kept at the code host".to_owned(),
        Outcome::NothingToChange => "the model found nothing to change".to_owned(),
        Outcome::Updated { change, ready: true } => format!("a new commit is on {}", change.branch),
        Outcome::Updated { change, ready: false } => {
            format!("a new commit is on {}, with doubts", change.branch)
        }
        Outcome::Answered(_) => "answered: no change was asked for".to_owned(),
        Outcome::Joined(job) => format!("done together with job {job}"),
        Outcome::Stopped(why) => format!("stopped before the push: {}", why.join(" ")),
        Outcome::Clashed { why, .. } => format!("nothing was pushed: {why}"),
        Outcome::Refused(refusal) => format!("refused: {}", refusal.reason),
        Outcome::Broke(failure) => failure.message.clone(),
        Outcome::Cancelled => "cancelled".to_owned(),
    }
}

/// How long everything but the agent and the checks took: our own share of a job, and the code
/// host's. Pauses are nobody's work.
pub fn own_ms(records: &[Record]) -> u64 {
    let own = records.iter().filter(|record| {
        !matches!(
            record.event,
            Event::Attempted(_)
                | Event::Baselined(_)
                | Event::Verified { .. }
                | Event::Proved(_)
                | Event::Rested
        )
    });
    own.map(|record| record.took_ms).sum()
}

fn checks(name: &str, verification: &Verification) -> Vec<String> {
    let steps = verification.steps.iter().map(|step| {
        let exit = match step.exit {
            Exit::Code(0) => "green (exit 0)".to_owned(),
            Exit::Code(code) => format!("RED (exit {code})"),
            Exit::Signal(signal) => format!("RED (signal {signal})"),
            Exit::TimedOut => "RED (out of time)".to_owned(),
            Exit::Silent => "RED (silent for too long)".to_owned(),
        };
        let took = duration(step.duration_ms);
        format!("{name:<14}{}: {} {exit}  [{took}]", step.check.name(), step.command)
    });
    steps.collect()
}

fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}
