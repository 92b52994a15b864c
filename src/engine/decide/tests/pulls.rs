//! Jobs for comments on a pull request.

use super::play::*;
use crate::domain::job::{Event, JobId, Outcome, Phase, Told, TurnOutcome};
use crate::domain::verification::Check;
use crate::engine::decide::{Action, decide};

#[test]
fn a_comment_on_a_pull_request_leads_to_a_commit_on_its_own_branch_and_no_second_pull_request() {
    let mut play = Play::begun_on_pull();
    play.hears([
        turn(TurnOutcome::Edited),
        green(),
        green(),
        proved(None),
        gated(),
        Event::Committed { commit: id("c"), tree: id("edited"), files: Vec::new() },
        Event::Pushed(change()),
        Event::Closed,
        told(Phase::Ended),
        Event::Labelled,
    ]);
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
    -> End Updated
    <- Ended
    -> Tell Ended
    <- Told(Ended)
    -> Label done
    <- Labelled
    -> Close Updated
    ");
}

#[test]
fn the_model_that_was_asked_for_comes_first() {
    let play = Play::begun_with(on_pull(Some(1)));
    assert!(play.story.ends_with("-> Attempt Implement by big\n"), "{}", play.story);
}

#[test]
fn what_breaks_something_never_goes_on_to_somebodys_branch() {
    let mut play = Play::begun_on_pull();
    while !play.story.ends_with("-> End GaveUp\n") {
        let event = match decide(&play.progress, &policy()) {
            Action::Attempt(_) => turn(TurnOutcome::Edited),
            Action::Verify { scope, .. } if scope.contains(&Check::Test) => red(Check::Test),
            Action::Verify { .. } => green(),
            other => panic!("{other:?} after {}", play.story),
        };
        play.hears([event]);
    }
    assert!(play.story.ends_with("-> End GaveUp\n"), "{}", play.story);
    assert!(!play.story.contains("Push"), "{}", play.story);
}

#[test]
fn a_branch_that_moved_is_followed_once_and_the_work_is_checked_and_looked_at_again() {
    let mut play = Play::begun_on_pull();
    let committed = |tree| Event::Committed { commit: id("c"), tree: id(tree), files: Vec::new() };
    play.hears([turn(TurnOutcome::Edited), green(), green(), proved(None), gated()]);
    play.hears([committed("edited"), rebased(), green(), gated(), committed("merged")]);
    let tail = "-> Push\n<- Rebased\n-> Verify [Build, Lint, Test]\n<- Green\n-> Gate\n\
                <- Gated\n-> Commit ready\n<- Committed\n-> Push\n";
    assert!(play.story.ends_with(tail), "{}", play.story);
}

#[test]
fn work_that_does_not_go_with_what_came_in_meanwhile_is_not_pushed() {
    let mut play = Play::begun_on_pull();
    play.hears([turn(TurnOutcome::Edited), green(), green(), proved(None), gated()]);
    let commit = Event::Committed { commit: id("c"), tree: id("edited"), files: Vec::new() };
    play.hears([commit, rebased(), red(Check::Test)]);
    assert!(play.story.ends_with("-> End Clashed\n"), "{}", play.story);
}

#[test]
fn what_must_not_be_pushed_is_not_even_committed() {
    for mut play in [Play::begun(), Play::begun_on_pull()] {
        play.hears([turn(TurnOutcome::Edited), green()]);
        if !play.progress.on_pull {
            play.hears([turn(TurnOutcome::NoChange)]);
        }
        play.hears([green(), proved(None), stopped()]);
        assert!(play.story.ends_with("-> End Stopped\n"), "{}", play.story);
        assert!(!play.story.contains("Commit"), "{}", play.story);
    }
}

#[test]
fn a_refusal_is_told_unless_it_would_only_bring_forth_another_comment() {
    let mut play = Play::new();
    play.hears([refused(Told::Everyone)]);
    assert!(play.story.ends_with("-> Tell Ended\n"), "{}", play.story);
    for quiet in [refused(Told::Nobody), ended(Outcome::Joined(JobId("other".to_owned())))] {
        let mut play = Play::new();
        play.hears([quiet]);
        assert!(play.story.contains("-> Close"), "{}", play.story);
        assert!(!play.story.contains("Tell") && !play.story.contains("Label"), "{}", play.story);
    }
}
