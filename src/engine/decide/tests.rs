use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use crate::domain::change::{Change, ObjectId, PullRequest};
use crate::domain::job::{
    Checkout, Complaint, Event, Failure, Fault, Inspection, Model, NewTests, OldTests, Outcome,
    Phase, Progress, Proof, Record, Request, Tokens, Turn, TurnOutcome,
};
use crate::domain::time::Timestamp;
use crate::domain::verification::{Check, Exit, Plan, Verification};
use crate::engine::decide::{Action, OnFailure, Policy, decide};

#[test]
fn a_job_that_needs_one_fix() {
    let mut play = Play::begun();
    play.hears([
        turn(TurnOutcome::Edited),
        red(Check::Build),
        turn(TurnOutcome::Edited),
        green(),
        turn(TurnOutcome::Edited),
        green(),
        proved(None),
    ]);
    play.publishes();
    insta::assert_snapshot!(play.story, @r"
    -> Attempt Implement by small
    <- Edited
    -> Verify [Build]
    <- Red(Build)
    -> Attempt Fix(build) by small, warm
    <- Edited
    -> Verify [Build]
    <- Green
    -> Attempt Cover by small
    <- Edited
    -> Verify [Build, Lint, Test]
    <- Green
    -> Prove
    <- Proved
    -> Commit ready
    <- Committed
    -> Push
    <- Pushed
    -> Open
    <- Opened
    -> End Ready
    <- Ended
    -> Tell Ended
    <- Told(Ended)
    -> Label done
    <- Labelled
    -> Close Ready
    ");
}

#[test]
fn before_the_first_turn_the_issue_is_read_and_answered_and_the_base_is_checked() {
    let play = Play::begun();
    insta::assert_snapshot!(play.prologue, @r"
    -> Inspect
    <- Inspected
    -> Tell Queued
    <- Told(Queued)
    -> Prepare
    <- Prepared
    -> Baseline
    <- Baselined
    -> Tell Working
    <- Told(Working)
    -> Attempt Implement by small
    ");
}

#[test]
fn the_bigger_model_starts_on_a_clean_tree_when_the_small_one_ran_out_of_fixes() {
    let mut play = Play::begun();
    for _ in 0..3 {
        play.hears([turn(TurnOutcome::Edited), red(Check::Build)]);
    }
    insta::assert_snapshot!(play.story, @r"
    -> Attempt Implement by small
    <- Edited
    -> Verify [Build]
    <- Red(Build)
    -> Attempt Fix(build) by small, warm
    <- Edited
    -> Verify [Build]
    <- Red(Build)
    -> Attempt Fix(build) by small, warm
    <- Edited
    -> Verify [Build]
    <- Red(Build)
    -> Attempt Implement by big, from base
    ");
}

#[test]
fn a_model_that_timed_out_is_not_asked_again() {
    let mut play = Play::begun();
    play.hears([turn(TurnOutcome::TimedOut)]);
    assert!(play.story.ends_with("-> Attempt Implement by big, from base\n"), "{}", play.story);
}

#[test]
fn an_answer_that_left_code_out_is_asked_for_again_before_any_check() {
    let mut play = Play::begun();
    play.hears([turn(TurnOutcome::Truncated { reason: "a.py ends early".to_owned() })]);
    assert!(
        play.story.ends_with("-> Attempt Fix(a.py ends early) by small, warm\n"),
        "{}",
        play.story
    );
}

#[test]
fn when_the_second_pass_fails_the_work_of_the_first_is_judged_without_new_tests() {
    let mut play = Play::begun();
    play.hears([turn(TurnOutcome::Edited), green(), turn(TurnOutcome::Edited)]);
    for _ in 0..2 {
        play.hears([red(Check::Test), turn(TurnOutcome::Edited)]);
    }
    play.hears([red(Check::Test), green(), proved(None)]);
    assert!(
        play.story.ends_with(
            "-> Verify [Build, Lint, Test]\n<- Green\n-> Prove\n<- Proved\n-> Commit ready\n"
        ),
        "{}",
        play.story
    );
}

#[test]
fn what_never_became_green_goes_out_as_a_draft_after_the_last_model() {
    let mut play = Play::begun();
    for _ in 0..6 {
        play.hears([turn(TurnOutcome::Edited), red(Check::Build)]);
    }
    play.publishes();
    assert!(play.story.contains("-> Commit incomplete\n"), "{}", play.story);
    assert!(play.story.contains("-> Open draft\n"), "{}", play.story);
    assert!(play.story.ends_with("-> Close Incomplete\n"), "{}", play.story);
}

#[test]
fn green_checks_with_broken_old_tests_are_a_draft() {
    let mut play = Play::begun();
    let old = OldTests { files: vec!["test_a.py".to_owned()], excerpt: String::new() };
    play.hears([
        turn(TurnOutcome::Edited),
        green(),
        turn(TurnOutcome::Edited),
        green(),
        proved(Some(old)),
    ]);
    assert!(play.story.ends_with("-> Commit incomplete\n"), "{}", play.story);
}

#[test]
fn a_model_that_never_changes_anything_ends_the_job_without_a_branch() {
    let mut play = Play::begun();
    for _ in 0..6 {
        play.hears([turn(TurnOutcome::NoChange)]);
    }
    play.hears([ended(Outcome::NothingToChange), told(Phase::Ended), Event::Labelled]);
    assert!(play.story.ends_with("-> Close NothingToChange\n"), "{}", play.story);
    assert!(!play.story.contains("Push"));
}

#[test]
fn a_model_that_is_away_is_waited_for_and_burns_no_try() {
    let mut play = Play::begun();
    play.hears([broke(Fault::ModelAway), told(Phase::Waiting)]);
    for _ in 0..20 {
        play.hears([Event::Rested, broke(Fault::ModelAway)]);
    }
    play.hears([Event::Rested, turn(TurnOutcome::Edited), told(Phase::Working)]);
    assert!(play.story.ends_with("-> Verify [Build]\n"), "{}", play.story);
}

#[test]
fn a_wait_is_told_anew_when_it_is_for_something_else() {
    let mut play = Play::begun();
    let away = |why: &str| Event::Failed(Failure::new(Fault::ModelAway, why));
    let (down, missing) = (away("the server is down"), away("the model is missing"));
    play.hears([down.clone(), told(Phase::Waiting), Event::Rested, down, Event::Rested]);
    assert_eq!(play.story.matches("-> Tell Waiting\n").count(), 1, "{}", play.story);
    play.hears([missing, told(Phase::Waiting), Event::Rested]);
    assert_eq!(play.story.matches("-> Tell Waiting\n").count(), 2, "{}", play.story);
}

#[test]
fn a_fault_that_passes_is_rested_for_a_few_times_and_a_lasting_one_is_told() {
    let mut play = Play::begun();
    for _ in 0..3 {
        play.hears([broke(Fault::Transient), Event::Rested]);
    }
    assert!(play.story.ends_with("-> Attempt Implement by small\n"), "{}", play.story);
    play.hears([broke(Fault::Transient)]);
    assert!(play.story.ends_with("-> End Broke\n"), "{}", play.story);

    let mut play = Play::begun();
    play.hears([broke(Fault::Permanent)]);
    assert!(play.story.ends_with("-> End Broke\n"), "{}", play.story);
}

#[test]
fn a_rest_is_as_long_as_the_code_host_asks_and_no_longer_than_its_limit_can_be() {
    let failure =
        |ms| Failure { fault: Fault::Transient, message: String::new(), retry_after_ms: Some(ms) };
    for (asked, rest) in [(7_000, 7), (99_999_999, 65 * 60)] {
        let progress = Progress { trouble: Some(failure(asked)), ..Progress::default() };
        assert_eq!(decide(&progress, &policy()), Action::Rest(Duration::from_secs(rest)));
    }
}

#[test]
fn when_the_time_is_over_no_further_turn_is_begun() {
    let mut play = Play::begun();
    play.hears([turn(TurnOutcome::Edited)]);
    play.progress.spent = Duration::from_secs(4_000);
    play.hears([red(Check::Build)]);
    assert!(play.story.ends_with("-> Commit incomplete\n"), "{}", play.story);
}

#[test]
fn what_cannot_be_told_does_not_keep_a_job_open() {
    let mut play = Play::begun();
    play.hears([
        broke(Fault::Permanent),
        ended(Outcome::GaveUp),
        broke(Fault::Permanent),
        broke(Fault::Permanent),
    ]);
    assert!(play.story.ends_with("-> Close GaveUp\n"), "{}", play.story);
}

/// Walks every history the engine allows. Nothing panics, and every path ends.
#[test]
fn every_history_ends_whatever_the_world_answers() {
    let answers = [
        Event::Inspected(inspection()),
        Event::Prepared(checkout()),
        Event::Baselined(Verification::default()),
        turn(TurnOutcome::Edited),
        turn(TurnOutcome::NoChange),
        turn(TurnOutcome::TimedOut),
        turn(TurnOutcome::Truncated { reason: "x".to_owned() }),
        green(),
        red(Check::Build),
        red(Check::Test),
        proved(None),
        Event::Committed { commit: id("c"), tree: id("edited"), files: Vec::new() },
        Event::Pushed(change()),
        Event::Opened(pull_request()),
        told(Phase::Ended),
        Event::Labelled,
        Event::Closed,
        broke(Fault::Transient),
        broke(Fault::Permanent),
        broke(Fault::ModelAway),
        Event::Rested,
    ];
    let policy = Policy { max_waits: 1, max_retries: 1, ..policy() };
    let mut open = HashMap::from([(format!("{:?}", Progress::default()), Progress::default())]);
    let mut steps = 0;
    while !open.is_empty() {
        steps += 1;
        assert!(steps < 300, "some history runs for ever: {:?}", open.keys().next());
        let mut next = HashMap::new();
        for progress in open.into_values() {
            let action = decide(&progress, &policy);
            if matches!(action, Action::Nothing(_)) {
                continue;
            }
            for answer in answers.iter().filter(|it| fits(&action, it)) {
                let answer = complete(&action, answer);
                let after = progress.clone().after(&record(answer.clone()));
                let after = after.unwrap_or_else(|it| panic!("{action:?} / {answer:?}: {it}"));
                assert_ne!(after, progress, "{action:?} answered by {answer:?} changes nothing");
                next.insert(format!("{after:?}"), after);
            }
        }
        open = next;
    }
}

/// Whether the hands could answer `action` with `event`.
fn fits(action: &Action, event: &Event) -> bool {
    match (action, event) {
        (Action::End(_) | Action::Close(_), it) => matches!(it, Event::Closed),
        (Action::Rest(_), it) => matches!(it, Event::Rested),
        (_, Event::Failed(it)) if it.fault == Fault::ModelAway => {
            matches!(action, Action::Attempt(_))
        }
        (_, Event::Failed(_)) => true,
        (Action::Inspect, Event::Inspected(_))
        | (Action::Tell(_), Event::Told { .. })
        | (Action::Prepare, Event::Prepared(_))
        | (Action::Baseline, Event::Baselined(_))
        | (Action::Attempt(_), Event::Attempted(_))
        | (Action::Verify { .. }, Event::Verified { .. })
        | (Action::Prove(_), Event::Proved(_))
        | (Action::Commit { .. }, Event::Committed { .. })
        | (Action::Push(_), Event::Pushed(_))
        | (Action::Open { .. }, Event::Opened(_))
        | (Action::Label { .. }, Event::Labelled) => true,
        _ => false,
    }
}

/// Fills in what the hands copy from the action.
fn complete(action: &Action, event: &Event) -> Event {
    match (action, event.clone()) {
        (Action::End(outcome), Event::Closed) => Event::Ended(outcome.clone()),
        (Action::Tell(phase), Event::Told { comment, .. }) => {
            Event::Told { phase: *phase, comment }
        }
        (Action::Attempt(attempt), Event::Attempted(turn)) => Event::Attempted(Turn {
            request: attempt.request.clone(),
            rung: attempt.rung,
            tree: match turn.outcome {
                TurnOutcome::Edited => id("edited"),
                _ => attempt.from.clone(),
            },
            ..turn
        }),
        (Action::Verify { tree, scope }, Event::Verified { verification, complaint, .. }) => {
            Event::Verified { verification, tree: tree.clone(), scope: scope.clone(), complaint }
        }
        (_, event) => event,
    }
}

/// Plays events to a fresh job and writes down both sides of the talk.
struct Play {
    progress: Progress,
    prologue: String,
    story: String,
}

impl Play {
    /// A job that is about to give the agent its first turn.
    fn begun() -> Self {
        let mut play =
            Self { progress: Progress::default(), prologue: String::new(), story: String::new() };
        play.says();
        play.hears([
            Event::Inspected(inspection()),
            told(Phase::Queued),
            Event::Prepared(checkout()),
            Event::Baselined(Verification::default()),
            told(Phase::Working),
        ]);
        play.prologue = std::mem::take(&mut play.story);
        play.says();
        play
    }

    fn hears(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            let event = complete(&decide(&self.progress, &policy()), &event);
            writeln!(self.story, "<- {}", heard(&event)).unwrap();
            self.progress = self.progress.clone().after(&record(event)).unwrap();
            self.says();
        }
    }

    fn publishes(&mut self) {
        self.hears([
            Event::Committed { commit: id("c"), tree: id("edited"), files: Vec::new() },
            Event::Pushed(change()),
            Event::Opened(pull_request()),
            Event::Closed,
            told(Phase::Ended),
            Event::Labelled,
        ]);
    }

    fn says(&mut self) {
        let line = match decide(&self.progress, &policy()) {
            Action::Attempt(it) => {
                let what = match &it.request {
                    Request::Fix { complaint: Complaint::Red { check, .. } } => {
                        format!("Fix({})", check.name())
                    }
                    Request::Fix { complaint: Complaint::Unusable { reason } } => {
                        format!("Fix({reason})")
                    }
                    other => format!("{other:?}"),
                };
                let warm = if it.temperature > 0.0 { ", warm" } else { "" };
                let base = if it.rung != self.progress.rung { ", from base" } else { "" };
                format!("Attempt {what} by {}{warm}{base}", it.model.name)
            }
            Action::Verify { scope, .. } => format!("Verify {scope:?}"),
            Action::Prove(_) => "Prove".to_owned(),
            Action::Commit { ready, .. } => {
                format!("Commit {}", if ready { "ready" } else { "incomplete" })
            }
            Action::Push(_) => "Push".to_owned(),
            Action::Open { draft, .. } => format!("Open{}", if draft { " draft" } else { "" }),
            Action::End(it) => format!("End {}", name(&it)),
            Action::Close(it) => format!("Close {}", name(&it)),
            Action::Label { done } => format!("Label {}", if done { "done" } else { "failed" }),
            Action::Tell(phase) => format!("Tell {phase:?}"),
            Action::Rest(rest) => format!("Rest {} s", rest.as_secs()),
            other => format!("{other:?}"),
        };
        writeln!(self.story, "-> {line}").unwrap();
    }
}

fn name(outcome: &Outcome) -> String {
    format!("{outcome:?}").split('(').next().unwrap().to_owned()
}

fn heard(event: &Event) -> String {
    match event {
        Event::Attempted(it) => name_of(&it.outcome),
        Event::Verified { complaint: Some(Complaint::Red { check, .. }), .. } => {
            format!("Red({check:?})")
        }
        Event::Verified { .. } => "Green".to_owned(),
        Event::Told { phase, .. } => format!("Told({phase:?})"),
        other => name_of(other),
    }
}

fn name_of(it: &impl std::fmt::Debug) -> String {
    format!("{it:?}").split(['(', ' ']).next().unwrap().to_owned()
}

fn policy() -> Policy {
    let model = |name: &str| Model {
        name: name.to_owned(),
        timeout: Duration::from_secs(600),
        num_ctx: 8192,
        edit_format: "whole".to_owned(),
    };
    Policy {
        models: Vec::from([model("small"), model("big")]),
        max_fixes: 2,
        max_retries: 3,
        retry_delay: Duration::from_secs(10),
        max_waits: 360,
        job_limit: Duration::from_secs(3_600),
        write_tests: true,
        on_failure: OnFailure::Draft,
    }
}

fn record(event: Event) -> Record {
    Record { at: Timestamp(0), took_ms: 0, event }
}

fn id(name: &str) -> ObjectId {
    ObjectId(name.to_owned())
}

fn inspection() -> Inspection {
    Inspection {
        title: String::new(),
        body: String::new(),
        removed: 0,
        open: true,
        asked_by: None,
        default_branch: "main".to_owned(),
        public: false,
    }
}

fn checkout() -> Checkout {
    Checkout {
        base: id("base-commit"),
        tree: id("base"),
        plan: Plan::default(),
        notes: Vec::new(),
        template: None,
    }
}

fn turn(outcome: TurnOutcome) -> Event {
    Event::Attempted(Turn {
        request: Request::Implement,
        model: String::new(),
        rung: 0,
        outcome,
        tree: id("edited"),
        files: Vec::new(),
        calls: 1,
        tokens: Tokens::default(),
        left_out: Vec::new(),
        agent: String::new(),
    })
}

fn verified(complaint: Option<Complaint>) -> Event {
    Event::Verified {
        verification: Verification::default(),
        tree: id("edited"),
        scope: Vec::new(),
        complaint,
    }
}

fn green() -> Event {
    verified(None)
}

fn red(check: Check) -> Event {
    verified(Some(Complaint::Red {
        check,
        command: String::new(),
        exit: Exit::Code(1),
        tests: Vec::new(),
        excerpt: String::new(),
    }))
}

fn proved(broken_old_tests: Option<OldTests>) -> Event {
    Event::Proved(Proof {
        new_tests: NewTests::FailOnBase,
        broken_old_tests,
        objections: Vec::new(),
    })
}

fn change() -> Change {
    Change { branch: "ai/issue-1".to_owned(), commit: id("c") }
}

fn pull_request() -> PullRequest {
    PullRequest { number: 7, url: String::new(), draft: false }
}

fn ended(outcome: Outcome) -> Event {
    Event::Ended(outcome)
}

fn told(phase: Phase) -> Event {
    Event::Told { phase, comment: 1 }
}

fn broke(fault: Fault) -> Event {
    Event::Failed(Failure::new(fault, ""))
}
