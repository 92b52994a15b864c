//! Failure is an outcome: never silence, never lost work.

use codingworker::domain::job::JobState;
use serde_json::json;

use super::world::{REPOSITORY, World, answers, wrong};
use crate::scripted_ollama::Reply;

fn worse() -> Reply {
    Reply::files(&[("calc.py", "def add(a, b):\n    return a % 2\n")])
}

/// A world in which every answer breaks a test, after the worker's work.
async fn after_failing(on_failure: &str, fixes: u32) -> World {
    let mut world = World::with(answers([wrong(), worse()])).await;
    world.config["verify"]["on_failure"] = json!(on_failure);
    world.config["verify"]["max_fixes"] = json!(fixes);
    world.submit(REPOSITORY, 1, "first").await;
    world.serve_until_empty().await;
    let (job, _) = world.job().await;
    assert_eq!(job.state, JobState::Failed);
    assert_eq!(world.issue_state().labels, ["ai-task-failed"]);
    let comment = world.the_comment(1).body;
    for part in [
        "Not finished",
        "**test** stayed red: `python3 -m unittest -v` (1)",
        "test_adding_nothing",
        "FAILED (failures=1)",
        "set the label `ai-task` again",
    ] {
        assert!(comment.contains(part), "no {part} in {comment}");
    }
    assert_eq!(world.ollama.chats().len(), fixes as usize + 1);
    world
}

#[tokio::test]
async fn work_that_never_gets_green_is_kept_as_a_draft_that_says_what_is_red() {
    let world = after_failing("draft", 1).await;
    assert_eq!(world.branches(), ["ai/issue-1", "main"]);
    let pull = world.the_pull();
    assert!(pull.draft);
    for part in ["Incomplete: do not merge", "**test** stayed red", "FAILED (failures=1)"] {
        assert!(pull.body.contains(part), "no {part} in {}", pull.body);
    }
    assert!(world.the_comment(1).body.contains("is in #2"), "{}", world.the_comment(1).body);
    world.assert_no_token();
}

#[tokio::test]
async fn or_as_a_branch_alone() {
    let world = after_failing("branch", 0).await;
    assert_eq!(world.branches(), ["ai/issue-1", "main"]);
    assert!(world.github.pulls(REPOSITORY).is_empty());
    assert!(world.the_comment(1).body.contains("is on `ai/issue-1`"));
}

#[tokio::test]
async fn or_on_this_machine_alone() {
    let world = after_failing("nothing", 0).await;
    assert_eq!(world.branches(), ["main"]);
    assert!(world.github.pulls(REPOSITORY).is_empty());
    let (job, _) = world.job().await;
    let kept = world.state_dir().join("workspaces");
    let kept = std::fs::read_dir(&kept).unwrap().flatten().map(|it| it.file_name());
    let kept = kept.map(|it| it.to_string_lossy().into_owned()).collect::<Vec<_>>();
    assert!(kept.iter().any(|it| it.contains(&job.id.0)), "{kept:?}");
}
