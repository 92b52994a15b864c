//! Whoever sits at the worker's own machine may ask without a label, and once more.

use codingworker::domain::job::{JobState, Outcome};
use serde_json::json;

use super::{comments, is_dropped, jobs_of, last, seen, unlabelled};
use crate::binary::world::{MAINTAINER, RIGHT, World, right, wrong};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_asks_for_needs_no_label_and_what_failed_can_be_run_again() {
    let answer = |_: &str, before: usize| if before < 2 { wrong() } else { right() };
    let mut world = World::empty(answer).await;
    world.config["verify"]["max_fixes"] = json!(0);
    world.config["verify"]["on_failure"] = json!("nothing");
    // The control: the same message from anywhere else.
    let issue = unlabelled(&world, "acme/asked", "reporter");
    let before = seen(&world, "acme/asked");
    let message = json!({"issue_number": issue, "repository": "acme/asked", "delivery": "cli-1"});
    let file = world.path().join("task.json");
    std::fs::write(&file, message.to_string()).unwrap();
    world.says(&["submit", "--file", file.to_str().unwrap()]);
    world.serve_until_empty().await;
    is_dropped(&world, "acme/asked", issue, &before, "does not carry the label").await;

    world.says(&["submit", "--repo", "acme/asked", "--issue", &issue.to_string()]);
    let pull = comments::pull(&world, "acme/talk");
    let comment = world.github.comment("acme/talk", pull, "@ai-fix let add() add", MAINTAINER);
    comments::submit(&world, "acme/talk", pull, comment).await;
    world.serve_until_empty().await;
    assert_eq!(world.labels("acme/asked", issue), ["ai-task-failed"]);
    let both = [("acme/asked", issue), ("acme/talk", pull)];
    for (name, thread) in both {
        assert!(matches!(last(&world, name, thread).await, Outcome::GaveUp), "{name}");
    }
    assert_eq!(world.ollama.chats().len(), 2);

    // The control: that somebody wants it once more is not for a message to say.
    let before = seen(&world, "acme/talk");
    let again = json!({
        "type": "pr_comment", "repository": "acme/talk", "pr_number": pull, "comment_id": comment,
        "again": "cli-forged",
    });
    world.submit_text(&again.to_string()).await;
    world.serve_until_empty().await;
    is_dropped(&world, "acme/talk", pull, &before, "only the operator repeats it").await;

    for (name, thread) in both {
        let failed = &jobs_of(&world, name, thread).await;
        let failed = failed.iter().find(|(_, it)| it.len() > 5).expect("the job that failed");
        world.says(&["retry", &failed.0.id.0]);
    }
    world.serve_until_empty().await;
    for (name, thread) in both {
        let (job, _) = jobs_of(&world, name, thread).await.pop().unwrap();
        assert_eq!(job.state, JobState::Done, "{name}: {:?}", last(&world, name, thread).await);
    }
    assert_eq!(world.ollama.chats().len(), 4);
    assert_eq!(world.labels("acme/asked", issue), ["ai-task-done"]);
    let branch = format!("ai/issue-{issue}");
    assert_eq!(world.files("acme/asked", &branch)["calc.py"], RIGHT.trim_end());
    assert_eq!(world.files("acme/talk", "feature")["calc.py"], RIGHT.trim_end());
    let rows = super::audit_of(&world, "acme/asked");
    assert_eq!(rows.last().unwrap()["actor"]["login"], "operator", "{rows:#?}");
}
