//! A small model begins anew, on a clean tree, where a large one mends what it made.

use super::play::*;
use crate::domain::example::Verdict;
use crate::domain::job::{Event, Model, Request, Turn, TurnOutcome};
use crate::domain::verification::{Check, Verification};
use crate::engine::decide::Policy;

fn small() -> Policy {
    let mut policy = policy();
    policy.models[0].edit_format = Model::DEFINITION.to_owned();
    (policy.models[0].attempts, policy.models[0].max_fixes) = (3, Some(0));
    policy
}

#[test]
fn what_is_wrong_is_begun_anew_each_time_warmer_and_then_the_next_model_has_its_turn() {
    let mut play = Play::begun_under(small());
    play.hears([turn(TurnOutcome::Edited), red(Check::Build)]);
    play.hears([turn(TurnOutcome::Edited), green(), red(Check::Test)]);
    play.hears([turn(TurnOutcome::FormatFailure)]);
    insta::assert_snapshot!(play.story, @r"
    -> Attempt Implement by small
    <- Edited
    -> Verify [Build]
    <- Red(Build)
    -> Attempt Implement by small, warm, from base
    <- Edited
    -> Verify [Build]
    <- Green
    -> Verify [Build, Lint, Test]
    <- Red(Test)
    -> Attempt Implement by small, warm, from base
    <- FormatFailure
    -> Attempt Implement by big, from base
    ");
}

#[test]
fn what_it_made_is_judged_without_tests_of_its_own() {
    let mut play = Play::begun_under(small());
    play.hears([turn(TurnOutcome::Edited), green(), green()]);
    assert!(play.story.ends_with("-> Prove\n"), "{}", play.story);
    assert!(!play.story.contains("Cover"), "{}", play.story);
}

#[test]
fn of_several_starts_that_all_stay_red_the_best_goes_out_as_a_draft() {
    let mut policy = small();
    policy.models.truncate(1);
    let mut play = Play::begun_under(policy);
    play.hears([turn(TurnOutcome::Edited), green(), red(Check::Test)]);
    play.hears([turn(TurnOutcome::Edited), red(Check::Build)]);
    play.hears([turn(TurnOutcome::NoChange)]);
    assert_eq!(play.progress.best.as_ref().map(|it| it.rank), Some(2));
    assert!(play.story.ends_with("-> Gate\n"), "{}", play.story);
}

#[test]
fn a_small_model_that_timed_out_is_not_begun_anew() {
    let mut play = Play::begun_under(small());
    play.hears([turn(TurnOutcome::TimedOut)]);
    assert!(play.story.ends_with("-> Attempt Implement by big, from base\n"), "{}", play.story);
}

/// A model that is first asked for the examples of the issue.
fn reader() -> Policy {
    let mut policy = small();
    policy.models[0].reads = true;
    policy
}

fn read() -> Event {
    match turn(TurnOutcome::NoChange) {
        Event::Attempted(it) => Event::Attempted(Turn { request: Request::Read, ..it }),
        other => other,
    }
}

#[test]
fn before_anything_is_written_a_small_model_reads_the_issue_once() {
    let mut play = Play::begun_under(reader());
    assert_eq!(play.story, "-> Attempt Read by small\n");
    play.hears([read(), turn(TurnOutcome::FormatFailure), turn(TurnOutcome::Edited)]);
    insta::assert_snapshot!(play.story, @r"
    -> Attempt Read by small
    <- NoChange
    -> Attempt Implement by small
    <- FormatFailure
    -> Attempt Implement by small, warm, from base
    <- Edited
    -> Verify [Build]
    ");
}

#[test]
fn an_issue_that_spells_an_example_out_need_not_be_read() {
    let fails = Verdict::Gives { what: "0".to_owned(), as_said: true };
    for (verdict, next) in [(fails, "Implement"), (Verdict::Holds, "Read")] {
        let base = Verification { examples: vec![tried(verdict)], ..Verification::default() };
        let play = Play::begun_on(inspection(), base, reader());
        assert_eq!(play.story, format!("-> Attempt {next} by small\n"));
    }
}
