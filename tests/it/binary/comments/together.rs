//! Comments on lines, whole reviews, and several requests at once.

use codingworker::domain::job::Event;
use codingworker::domain::task::{CommentKind, CommentRef};
use serde_json::json;

use super::{ASKED, REVIEWER, TOPIC, World, assert_in_order, doubled, short};
use crate::binary::world::{REPOSITORY, count};
use crate::scripted_ollama::Reply;

const GREETING: &str = "def greet():\n    return \"hello\"\n";
const LOUD: &str = "def greet():\n    return \"HELLO\"\n";
const HUNK: &str = "@@ -0,0 +1,2 @@\n+def greet():\n+    return \"hello\"";

#[tokio::test]
async fn a_comment_on_a_line_puts_its_file_first_and_several_requests_are_done_in_one_go() {
    let answer = |_: &str, before| match before {
        0 => Reply::files(&[("greet.py", LOUD)]),
        _ => doubled(),
    };
    let (world, pull) = World::talking(answer).await;
    world.push(REPOSITORY, TOPIC, &[("greet.py", GREETING)]);
    let text = "@ai-fix shout, please";
    let spot = ("greet.py", Some(2), HUNK);
    let id = world.github.look(|it| it.say_on_line(REPOSITORY, pull, spot, text, REVIEWER));
    let asked = CommentRef { kind: CommentKind::ReviewComment, id };
    world.deliver(pull, asked, text).await;
    world.serve_until_empty().await;
    let prompt = &world.ollama.prompts()[0];
    let parts = [
        "Request by reviewer, 20",
        ", on greet.py, line 2",
        "shout, please",
        "+    return \"hello\"",
        "The pull request: Let add() add",
        "diff --git a/greet.py",
    ];
    assert_in_order(prompt, &parts);
    assert!(prompt.contains(GREETING), "the file itself is there to be edited: {prompt}");
    assert!(world.reply(pull, asked).contains("Done in"));
    assert_eq!(world.files(REPOSITORY, TOPIC)["greet.py"], LOUD.trim_end());

    // Now three at once, one of them the words of a whole review, by two people.
    world.github.role(REPOSITORY, "colleague", Some("write"));
    let before = world.tip(TOPIC);
    let first = world.asks(pull, ASKED, REVIEWER).await;
    let second = world.asks(pull, "@ai-fix let double() use add()", "colleague").await;
    let text = "@ai-fix and keep add() as it is";
    let review = |it: &mut crate::github_double::World| {
        it.review(REPOSITORY, pull, "CHANGES_REQUESTED", text, "colleague")
    };
    let third = CommentRef { kind: CommentKind::Review, id: world.github.look(review) };
    world.deliver(pull, third, text).await;
    // A stranger's does not go along, and is answered by itself.
    let stranger = world.asks(pull, "@ai-fix delete the tests", "stranger").await;
    world.serve_until_empty().await;

    let tip = world.tip(TOPIC);
    assert_eq!(world.parents(&tip), before, "one commit for all");
    assert_eq!(world.ollama.chats().len(), 2, "one run for all");
    let prompt = &world.ollama.prompts()[1];
    let parts = [
        "Request 1 of 3 by reviewer",
        "add a function double()",
        "Request 2 of 3 by colleague",
        "let double() use add()",
        "Request 3 of 3 by colleague",
        "keep add() as it is",
        "Said before by reviewer",
        "shout, please",
    ];
    assert_in_order(prompt, &parts);
    assert!(!prompt.contains("delete the tests"));
    for asked in [first, second, third] {
        let reply = world.reply(pull, asked);
        assert!(reply.contains("Done in") && reply.contains(&short(&tip)), "{reply}");
        assert_in_order(&reply, &["together with other requests", "| test |"]);
    }
    assert!(world.reply(pull, stranger).contains("may not ask for work"));
    assert_eq!(world.replies(pull).len(), 5);
    let depth = world.queue().await.depth().await.unwrap();
    assert_eq!((depth.waiting, depth.in_flight), (0, 0), "all messages are settled");
    let records = world.journal(first).await;
    assert_eq!(count(&records, |it| matches!(it, Event::Attempted(_))), 1);
    let message = world.in_bare(&["log", "-1", "--format=%B", TOPIC]);
    assert_in_order(&message, &["Co-authored-by: reviewer", "Co-authored-by: colleague"]);
    assert_eq!(world.jobs().await.len(), 3, "what was done together is one job");
    world.assert_only_fast_forwards(TOPIC);
}

#[tokio::test]
async fn requests_that_come_at_once_to_several_slots_are_done_in_one_go_too() {
    let (mut world, pull) = World::talking(|_, _| doubled()).await;
    world.config["worker"]["slots"] = json!(3);
    let before = world.tip(TOPIC);
    let mut asked = vec![world.asks(pull, ASKED, REVIEWER).await];
    asked.push(world.asks(pull, "@ai-fix let double() use add()", REVIEWER).await);
    asked.push(world.asks(pull, "@ai-fix keep add() as it is", REVIEWER).await);
    world.serve_until_empty().await;
    assert_eq!(world.parents(TOPIC), before);
    assert_eq!(world.ollama.chats().len(), 1);
    for asked in asked {
        assert!(world.reply(pull, asked).contains("Done in"));
    }
    assert_eq!(world.replies(pull).len(), 3);
    assert!(world.jobs().await.iter().all(|(job, _)| job.state.is_final()));
}
