//! What is answered in words alone, and what is made and not pushed.

use std::path::Path;

use codingworker::domain::job::{Answer, Outcome};
use serde_json::json;

use super::{ASKED, REVIEWER, TOPIC, World, assert_in_order, job_of};
use crate::binary::world::{MODEL, REPOSITORY, RIGHT, answers, right, wrong};
use crate::scripted_ollama::Reply;

#[tokio::test]
async fn what_asks_for_no_work_is_answered_without_the_model() {
    let (world, pull) = World::talking(answers([Reply::Close])).await;
    let before = world.tip(TOPIC);
    let closed = world.proposed("closed", &[("calc.py", RIGHT)]);
    let merged = world.proposed("merged", &[("calc.py", RIGHT)]);
    let fork = world.proposed("fork", &[("calc.py", RIGHT)]);
    // Nothing was asked for yet on a pull request that closes no issue.
    let bare = world.proposed("bare", &[("calc.py", RIGHT)]);
    world.repository("forker/calc", &[("calc.py", RIGHT)]);
    world.github.look(|it| {
        let repository = it.repository_mut(REPOSITORY);
        repository.pull_mut(bare).body.clear();
        repository.pull_mut(closed).open = false;
        (repository.pull_mut(merged).open, repository.pull_mut(merged).merged) = (false, true);
        let pull = repository.pull_mut(fork);
        (pull.fork, pull.head) = (Some("forker/calc".to_owned()), "main".to_owned());
    });
    let known = format!("@ai-fix model {MODEL}");
    let table = [
        (pull, "@ai-fix why did you change add()?", "Found nothing to change"),
        (pull, "@ai-fix dance", "`dance` is no command"),
        (pull, "@ai-fix", "alone asks for nothing"),
        (pull, "@ai-fix stop", "Nothing is running"),
        (pull, "@ai-fix model gpt-9000", "is none of this worker's models"),
        (pull, known.as_str(), "is asked first on this pull request"),
        (pull, "@ai-fix status", "On this pull request, newest first"),
        (bare, "@ai-fix retry", "nothing to try again"),
        (closed, ASKED, "is closed: reopen it"),
        (merged, ASKED, "is merged: open an issue"),
        (fork, ASKED, "comes from a fork, and this worker does not push to forks"),
    ];
    let mut asked = Vec::new();
    for (pull, text, _) in table {
        asked.push(world.asks(pull, text, REVIEWER).await);
    }
    world.serve_until_empty().await;
    for ((pull, text, said), comment) in table.iter().zip(&asked) {
        let reply = world.reply(*pull, *comment);
        assert!(reply.contains(said), "{text}: {reply}");
    }
    let list = ["`@ai-fix retry`", "`@ai-fix stop`", "`@ai-fix model NAME`", "`@ai-fix status`"];
    assert_in_order(&world.reply(pull, asked[1]), &list);
    assert!(world.reply(pull, asked[4]).contains(MODEL), "the ladder is named");
    assert!(world.reply(pull, asked[0]).contains("`@ai-fix rename calc to calcTotal`"));
    let status = world.ended(asked[6]).await;
    assert!(matches!(&status, Outcome::Answered(Answer::Status { jobs }) if jobs.len() == 5));
    assert!(world.ollama.chats().is_empty(), "the model was asked");
    assert_eq!(world.tip(TOPIC), before);
    assert_eq!(world.replies(pull).len(), 7);
    assert_eq!(world.labels(REPOSITORY, 1), ["ai-task"]);

    // The operator lets a request be answered once more; nobody else's message can.
    world.says(&["retry", &job_of(asked[0]).0]);
    let task = json!({
        "type": "pr_comment", "pr_number": pull, "repository": REPOSITORY, "body": ASKED,
        "comment_id": asked[1].id, "again": "and again",
    });
    world.submit_text(&task.to_string()).await;
    world.serve_until_empty().await;
    assert_eq!(world.replies(pull).len(), 8);
    assert!(world.replies(pull)[7].body.contains("Found nothing to change"));
}

#[tokio::test]
async fn what_changes_nothing_or_breaks_a_green_check_is_not_pushed_and_said() {
    let answer = |prompt: &str, _: usize| match prompt.contains("multiply") {
        true => wrong(),
        // Exactly what is there.
        false => right(),
    };
    let (mut world, pull) = World::talking(answer).await;
    world.config["verify"]["max_fixes"] = json!(0);
    let broken = world.proposed("broken", &[("calc.py", RIGHT)]);
    let before = (world.tip(TOPIC), world.tip("broken"));
    let unchanged = world.asks(pull, "@ai-fix let add() in calc.py add", REVIEWER).await;
    let breaking = world.asks(broken, "@ai-fix let add() in calc.py multiply", REVIEWER).await;
    world.serve_until_empty().await;

    let reply = world.reply(pull, unchanged);
    assert!(reply.contains("Found nothing to change, so nothing was pushed"), "{reply}");
    assert!(reply.contains("`@ai-fix rename calc to calcTotal`"), "{reply}");
    assert_eq!(world.ended(unchanged).await, Outcome::NothingToChange);

    let reply = world.reply(broken, breaking);
    assert!(reply.contains("nothing was pushed"), "{reply}");
    assert!(reply.contains("test_adding_nothing"), "it shows what broke: {reply}");
    assert_eq!(world.ended(breaking).await, Outcome::GaveUp);
    // What was made is where the reply says.
    let said = world.says(&["job", &job_of(breaking).0]);
    let folder = said.lines().find_map(|it| it.strip_prefix("workspace")).unwrap().trim();
    let made = std::fs::read_to_string(Path::new(folder).join("tree/calc.py")).unwrap();
    assert!(made.contains("a * b"), "{made}");
    assert_eq!((world.tip(TOPIC), world.tip("broken")), before);
    assert_eq!(world.github.pulls(REPOSITORY).len(), 2);
}
