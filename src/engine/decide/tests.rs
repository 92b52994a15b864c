mod own;
mod play;
mod pulls;
mod starts;
mod walk;

use std::time::Duration;

use play::*;

use crate::domain::job::{
    Event, Failure, Fault, JobState, OldTests, Outcome, Phase, Progress, Standing, TurnOutcome,
};
use crate::domain::verification::{Check, Exit, Verification};
use crate::engine::decide::{Action, Policy, Ready, decide};

#[test]
fn a_job_that_needs_one_fix() {
    let mut play = Play::begun();
    play.hears([
        turn(TurnOutcome::Edited),
        red(Check::Build),
        turn(TurnOutcome::Edited),
        green(),
        turn(TurnOutcome::Edited),
        proven(),
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
    <- Proven
    -> Prove, with a test
    <- Proved
    -> Gate
    <- Gated
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
        play.story
            .ends_with("-> Verify [Build, Lint, Test]\n<- Green\n-> Prove\n<- Proved\n-> Gate\n"),
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
    assert!(play.story.contains("-> Open draft, incomplete\n"), "{}", play.story);
    assert!(play.story.ends_with("-> Close Incomplete\n"), "{}", play.story);
}

#[test]
fn green_checks_alone_are_a_draft_that_says_so_and_is_no_failure() {
    let mut play = Play::begun();
    play.hears([turn(TurnOutcome::Edited), green(), turn(TurnOutcome::Edited), green()]);
    // Tests that the model wrote prove nothing: `proved` says that they fail on the base.
    play.hears([proved(None)]);
    play.publishes();
    assert!(play.story.contains("-> Open draft, unproven\n"), "{}", play.story);
    assert!(play.story.contains("-> Label done\n"), "{}", play.story);
    assert!(play.story.ends_with("-> Close Unproven\n"), "{}", play.story);
    assert_eq!(
        play.progress.clone().after(&record(Event::Closed)).unwrap().state(),
        JobState::Done
    );
}

#[test]
fn where_green_is_enough_nothing_has_to_be_proven() {
    let mut play = Play::begun();
    play.hears([turn(TurnOutcome::Edited), green(), turn(TurnOutcome::Edited), green()]);
    play.hears([proved(None), gated()]);
    play.hears([
        Event::Committed { commit: id("c"), tree: id("edited"), files: Vec::new() },
        Event::Pushed(change()),
    ]);
    let green = Policy { ready: Ready::Green, ..policy() };
    let open = Action::Open { change: change(), standing: Standing::Ready };
    assert_eq!(decide(&play.progress, &green), open);
}

#[test]
fn a_check_that_was_red_on_the_base_proves_the_change_that_turns_it_green() {
    let mut play = Play::new();
    play.hears([
        Event::Inspected(inspection()),
        told(Phase::Queued),
        Event::Prepared(checkout()),
        Event::Baselined(red_base()),
        told(Phase::Working),
        turn(TurnOutcome::Edited),
        green(),
        turn(TurnOutcome::Edited),
    ]);
    let mut still_red = play.progress.clone();
    still_red = still_red.after(&record(full(red_base()))).unwrap();
    assert!(!still_red.proven, "red on both sides, and nobody's fault");
    let mut steps = red_base().steps;
    steps[0].exit = Exit::Code(0);
    let verification = Verification { steps, ..Verification::default() };
    let now = play.progress.after(&record(full(verification))).unwrap();
    assert!(now.proven);
}

#[test]
fn an_example_that_still_gives_something_else_is_told_to_the_model_whatever_the_checks_say() {
    let mut play = Play::begun();
    play.hears([turn(TurnOutcome::Edited), contradicted()]);
    assert!(play.story.ends_with("-> Attempt Fix(example) by small, warm\n"), "{}", play.story);
    play.hears([turn(TurnOutcome::Edited), green(), turn(TurnOutcome::Edited)]);
    play.hears([contradicted()]);
    assert!(play.story.ends_with("-> Attempt Fix(example) by small, warm\n"), "{}", play.story);
}

#[test]
fn a_tree_that_an_example_contradicts_is_better_than_one_with_a_red_test_and_never_ready() {
    let mut play = Play::begun();
    play.hears([turn(TurnOutcome::Edited), green(), turn(TurnOutcome::Edited)]);
    play.hears([red(Check::Test)]);
    let rank = |play: &Play| play.progress.best.as_ref().unwrap().rank;
    assert_eq!(rank(&play), 2);
    play.hears([turn(TurnOutcome::Edited), contradicted()]);
    assert_eq!(rank(&play), 3);
    play.progress.spent = Duration::from_secs(4_000);
    play.hears([turn(TurnOutcome::Edited), contradicted()]);
    play.hears([contradicted()]);
    play.publishes();
    assert!(play.story.contains("-> Open draft, incomplete\n"), "{}", play.story);
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
    play.hears([gated()]);
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
    play.hears([red(Check::Build), gated()]);
    assert!(play.story.ends_with("-> Commit incomplete\n"), "{}", play.story);
}

#[test]
fn one_failure_that_passes_does_not_silence_the_last_comment_and_many_do() {
    let mut play = Play::begun();
    play.hears([broke(Fault::Permanent), ended(Outcome::GaveUp)]);
    for _ in 0..3 {
        play.hears([broke(Fault::Transient)]);
        assert!(play.story.contains("-> Rest"), "{}", play.story);
        play.hears([Event::Rested]);
        assert!(play.story.ends_with("-> Tell Ended\n"), "{}", play.story);
    }
    play.hears([broke(Fault::Transient)]);
    assert!(play.story.ends_with("-> Close GaveUp\n"), "{}", play.story);
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
