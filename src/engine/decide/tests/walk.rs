//! Every history that the world can answer with.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::play::*;
use crate::domain::job::{
    Answer, Event, Fault, JobId, Outcome, Phase, Progress, Told, Turn, TurnOutcome,
};
use crate::domain::verification::{Check, Verification};
use crate::engine::decide::{Action, Policy, decide};

/// Walks every history the engine allows. Nothing panics, and every path ends.
#[test]
fn every_history_ends_whatever_the_world_answers() {
    let answers = [
        Event::Inspected(inspection()),
        Event::Inspected(on_pull(None)),
        Event::Inspected(on_pull(Some(1))),
        refused(Told::Everyone),
        refused(Told::Nobody),
        ended(Outcome::Answered(Answer::Question)),
        ended(Outcome::Joined(JobId("other".to_owned()))),
        Event::Prepared(checkout()),
        Event::Baselined(Verification::default()),
        turn(TurnOutcome::Edited),
        own_turn(),
        turn(TurnOutcome::NoChange),
        turn(TurnOutcome::TimedOut),
        turn(TurnOutcome::Truncated { reason: "x".to_owned() }),
        green(),
        proven(),
        contradicted(),
        red(Check::Build),
        red(Check::Test),
        proved(None),
        gated(),
        stopped(),
        rebased(),
        ended(Outcome::Clashed { files: Vec::new(), why: String::new() }),
        Event::Committed { commit: id("c"), tree: id("edited"), files: Vec::new() },
        Event::Pushed(change()),
        Event::Opened(pull_request()),
        told(Phase::Ended),
        Event::Labelled,
        Event::Closed,
        broke(Fault::Transient),
        broke(Fault::Permanent),
        broke(Fault::ModelAway),
        broke(Fault::ModelBusy),
        Event::Rested,
    ];
    let policy = Policy { max_waits: 1, max_retries: 1, max_fixes: 1, ..policy() };
    let mut walk =
        Walk { answers: &answers, policy, on_path: HashSet::new(), done: HashSet::new() };
    walk.on(Progress::default());
    assert!(walk.done.len() > 100_000, "it came to {} states alone", walk.done.len());
}

/// A walk in depth through the states that a job can be in, each once.
struct Walk<'a> {
    answers: &'a [Event],
    policy: Policy,
    /// How the states are written that lead to where it is.
    on_path: HashSet<String>,
    /// Those from where every history ends. Hashes of how they are written: half a million texts
    /// are a gigabyte.
    done: HashSet<u64>,
}

impl Walk<'_> {
    /// Panics where a history comes back to a state that it was in, as it would run for ever.
    fn on(&mut self, progress: Progress) {
        let written = format!("{progress:?}");
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(&written);
        if self.done.contains(&hash) {
            return;
        }
        assert!(self.on_path.insert(written.clone()), "some history runs for ever: {written}");
        assert!(self.on_path.len() < 300, "some history is too long: {written}");
        let action = decide(&progress, &self.policy);
        let answers = match action {
            Action::Nothing(_) => &[],
            _ => self.answers,
        };
        for answer in answers.iter().filter(|it| fits(&action, it, &progress)) {
            let answer = complete(&action, answer);
            let after = progress.clone().after(&record(answer.clone()));
            self.on(after.unwrap_or_else(|it| panic!("{action:?} / {answer:?}: {it}")));
        }
        self.on_path.remove(&written);
        self.done.insert(hash);
    }
}

/// Whether the hands could answer `action` with `event`.
fn fits(action: &Action, event: &Event, progress: &Progress) -> bool {
    match (action, event) {
        (Action::End(_) | Action::Close(_), it) => matches!(it, Event::Closed),
        (Action::Rest(_) | Action::Await(_), it) => matches!(it, Event::Rested),
        (Action::Push(_), Event::Rebased { .. }) => progress.on_pull && !progress.rebased,
        (Action::Push(_), Event::Ended(Outcome::Clashed { .. })) => progress.on_pull,
        (Action::Inspect, Event::Ended(it)) => {
            matches!(it, Outcome::Refused(_) | Outcome::Answered(_) | Outcome::Joined(_))
        }
        (_, Event::Failed(it)) if it.fault.is_of_model() => {
            matches!(action, Action::Attempt(_))
        }
        (_, Event::Failed(_)) => true,
        (Action::Inspect, Event::Inspected(_))
        | (Action::Tell(_), Event::Told { .. })
        | (Action::Prepare, Event::Prepared(_))
        | (Action::Baseline, Event::Baselined(_))
        | (Action::Attempt(_), Event::Attempted(_))
        | (Action::Verify { .. }, Event::Verified { .. })
        | (Action::Prove { .. }, Event::Proved(_))
        | (Action::Gate(_), Event::Gated { .. })
        | (Action::Commit { .. }, Event::Committed { .. })
        | (Action::Push(_), Event::Pushed(_))
        | (Action::Open { .. }, Event::Opened(_))
        | (Action::Label { .. }, Event::Labelled) => true,
        _ => false,
    }
}

/// Fills in what the hands copy from the action.
pub(super) fn complete(action: &Action, event: &Event) -> Event {
    match (action, event.clone()) {
        (Action::End(outcome), Event::Closed) => Event::Ended(outcome.clone()),
        (Action::Tell(phase), Event::Told { comment, .. }) => {
            Event::Told { phase: *phase, comment }
        }
        (Action::Attempt(attempt), Event::Attempted(turn)) => Event::Attempted(Turn {
            request: attempt.request.clone(),
            rung: attempt.rung,
            attempt: attempt.attempt,
            tree: match turn.outcome {
                TurnOutcome::Edited => id("edited"),
                _ => attempt.from.clone(),
            },
            ..turn
        }),
        (Action::Gate(tree), Event::Gated { stops, notes, kept, .. }) => {
            Event::Gated { tree: tree.clone(), stops, notes, kept }
        }
        (Action::Verify { tree, scope }, Event::Verified { verification, complaint, .. }) => {
            Event::Verified { verification, tree: tree.clone(), scope: scope.clone(), complaint }
        }
        (_, event) => event,
    }
}
