//! What makes a pull request ready: that something which failed before passes now.

use codingworker::domain::example::Verdict;
use codingworker::domain::job::{Complaint, Event, JobState, Outcome};
use codingworker::domain::verification::Check;
use serde_json::json;

use super::world::{PROJECT, REPOSITORY, TITLE, World, answers, count, right};
use crate::scripted_ollama::Reply;

/// Green by the project's tests, and not what the issue asks for.
fn green_and_wrong() -> Reply {
    Reply::files(&[("calc.py", "def add(a, b):\n    return a + 2 * b\n")])
}

/// A world where only what is proven is ready.
async fn strict(world: World) -> World {
    let mut world = world;
    world.config["verify"]["ready"] = json!("proven");
    world.submit(REPOSITORY, 1, "first").await;
    world.serve_until_empty().await;
    world
}

#[tokio::test]
async fn an_example_of_the_issue_sends_a_wrong_answer_back_and_proves_the_right_one() {
    let world = strict(World::with(answers([green_and_wrong(), right()])).await).await;
    let (job, records) = world.job().await;
    assert_eq!(job.state, JobState::Done);
    let on_base = |it: &Event| match it {
        Event::Baselined(base) => {
            base.examples.iter().all(|it| it.counts()) && !base.examples.is_empty()
        }
        _ => false,
    };
    assert_eq!(count(&records, on_base), 1, "{records:#?}");
    let gave = |it: &Event| match it {
        Event::Verified { complaint: Some(Complaint::Contradicted { examples }), .. } => {
            let what = "6".to_owned();
            examples.len() == 1 && examples[0].verdict == Verdict::Gives { what, as_said: false }
        }
        _ => false,
    };
    assert_eq!(count(&records, gave), 1, "{records:#?}");
    let green = |it: &Event| {
        matches!(it, Event::Verified { verification, complaint: None, .. }
            if verification.step(Check::Test).is_some() && verification.examples.iter().all(|it| it.holds()))
    };
    assert_eq!(count(&records, green), 1, "{records:#?}");
    let prompts = world.ollama.prompts();
    assert_eq!(prompts.len(), 2);
    assert!(prompts[1].contains("add(2, 2): expected 4, but it gives 6"), "{}", prompts[1]);

    let pull = world.the_pull();
    assert!(!pull.draft, "{}", pull.body);
    assert!(pull.body.contains("| `add(2, 2)` | `4` | ✗ `0` | ✓ `4` |"), "{}", pull.body);
    // The probe's own files are nowhere.
    let changed = world.in_bare(&["diff", "--name-only", "main", "ai/issue-1"]);
    assert_eq!(changed.trim(), "calc.py");
    assert_eq!(world.issue_state().labels, ["ai-task-done"]);
}

#[tokio::test]
async fn without_an_example_green_checks_make_a_draft_that_says_that_nothing_proves_it() {
    let world = World::empty(answers([right()])).await;
    world.repository(REPOSITORY, &PROJECT);
    world.issue(REPOSITORY, TITLE, "It should add.");
    let world = strict(world).await;
    let (job, records) = world.job().await;
    assert_eq!(job.state, JobState::Done);
    let unproven = |it: &Event| matches!(it, Event::Ended(Outcome::Unproven(_)));
    assert_eq!(count(&records, unproven), 1, "{records:#?}");
    let pull = world.the_pull();
    assert!(pull.draft);
    for part in ["Checks pass, nothing proves the change.", "No example was found"] {
        assert!(pull.body.contains(part), "no {part} in {}", pull.body);
    }
    assert!(!pull.body.contains("Incomplete"), "{}", pull.body);
    let comment = world.the_comment(1).body;
    assert!(comment.contains("Checks pass, nothing proves the change."), "{comment}");
    assert_eq!(world.issue_state().labels, ["ai-task-done"]);
}
