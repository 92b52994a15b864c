//! Jobs whose first turn is the worker's own, without a model.

use super::play::*;
use crate::domain::job::TurnOutcome;
use crate::domain::verification::Check;
use crate::engine::decide::{Action, decide};

#[test]
fn what_the_worker_did_itself_is_checked_and_no_model_writes_tests_for_it() {
    let mut play = Play::begun();
    play.hears([own_turn(), green(), green(), proved(None)]);
    play.publishes();
    insta::assert_snapshot!(play.story, @r"
    -> Attempt Implement by small
    <- Edited
    -> Verify [Build]
    <- Green
    -> Verify [Build, Lint, Test]
    <- Green
    -> Prove
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
fn where_its_checks_are_red_the_model_begins_from_the_base_with_all_its_fixes() {
    for red_at in [Check::Build, Check::Test] {
        let mut play = Play::begun();
        play.hears([own_turn()]);
        if red_at == Check::Test {
            play.hears([green()]);
        }
        play.hears([red(red_at)]);
        let Action::Attempt(attempt) = decide(&play.progress, &policy()) else {
            panic!("{}", play.story)
        };
        assert_eq!((attempt.from, attempt.temperature), (id("base"), 0.0));
        assert!(play.story.ends_with("-> Attempt Implement by small\n"), "{}", play.story);
        // From here on all is as usual: two fixes, then the bigger model.
        for _ in 0..3 {
            play.hears([turn(TurnOutcome::Edited), red(Check::Build)]);
        }
        assert!(play.story.ends_with("-> Attempt Implement by big, from base\n"), "{}", play.story);
    }
}
