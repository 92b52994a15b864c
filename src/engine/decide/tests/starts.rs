//! A small model begins anew, on a clean tree, where a large one mends what it made.

use super::play::*;
use crate::domain::job::{Model, TurnOutcome};
use crate::domain::verification::Check;
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
