//! `stop`, `retry`, `model` and `status`, while there is work.

use codingworker::domain::job::{Answer, Event, Outcome};
use codingworker::domain::task::{CommentKind, CommentRef};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{DOUBLED, REVIEWER, TOPIC, World, assert_in_order, doubled, job_of};
use crate::binary::world::{MODEL, REPOSITORY, count};
use crate::scripted_ollama::Reply;

#[tokio::test]
async fn a_job_is_stopped_beside_its_slot_and_from_its_only_one_and_tried_again() {
    let go = CancellationToken::new();
    let held = go.clone();
    let answer = move |_: &str, before| match before < 2 {
        true => Reply::Hang,
        false => Reply::When(held.clone(), Box::new(doubled())),
    };
    let (mut world, pull) = World::talking(answer).await;
    let before = world.tip(TOPIC);
    world.config["worker"]["slots"] = json!(2);
    let text = "@ai-fix add a function double()";
    let spot = ("calc.py", Some(2), "@@ -1,2 +1,2 @@\n def add(a, b):\n+    return a + b");
    let id = world.github.look(|it| it.say_on_line(REPOSITORY, pull, spot, text, REVIEWER));
    let first = CommentRef { kind: CommentKind::ReviewComment, id };
    world.deliver(pull, first, text).await;
    let mut serving = world.serve(&["--drain"]);
    serving.until("the model is asked", || world.ollama.chats().len() == 1).await;
    // The same request once more while it runs, and somebody who may not stop anything.
    world.deliver(pull, first, text).await;
    let stranger = world.asks(pull, "@ai-fix stop", "stranger").await;
    serving.until("the stranger is answered", || world.replies(pull).len() == 2).await;
    assert!(world.reply(pull, stranger).contains("may not ask"));
    assert_eq!(count(&world.journal(first).await, |it| matches!(it, Event::Ended(_))), 0);
    let stop = world.asks(pull, "@ai-fix stop", REVIEWER).await;
    assert_eq!(serving.code().await, 0);
    world.nothing_is_left_running().await;
    let said = format!("Told to stop: `{}`", job_of(first));
    assert!(world.reply(pull, stop).contains(&said), "{}", world.reply(pull, stop));
    assert!(world.reply(pull, first).contains("Stopped, as somebody asked. Nothing was pushed."));
    assert_eq!(world.ended(first).await, Outcome::Cancelled);

    // With one slot the comment is seen where it stands.
    world.config["worker"]["slots"] = json!(1);
    let again = world.asks(pull, "@ai-fix retry", REVIEWER).await;
    let mut serving = world.serve(&["--drain"]);
    serving.until("the model is asked again", || world.ollama.chats().len() == 2).await;
    let stop = world.asks(pull, "@ai-fix stop", REVIEWER).await;
    assert_eq!(serving.code().await, 0);
    assert_eq!(world.ended(again).await, Outcome::Cancelled);
    let said = format!("Told to stop: `{}`", job_of(again));
    assert!(world.reply(pull, stop).contains(&said), "{}", world.reply(pull, stop));
    assert_eq!(world.tip(TOPIC), before);
    let parts = ["Request by reviewer", ", on calc.py, line 2", "add a function double()"];
    assert_in_order(&world.ollama.prompts()[1], &parts);

    // What stopped that one does not stop what the operator begins anew.
    world.says(&["retry", &job_of(again).0]);
    let status = world.asks(pull, "@ai-fix status", REVIEWER).await;
    let mut serving = world.serve(&["--drain"]);
    serving.until("the model is asked once more", || world.ollama.chats().len() == 3).await;
    let looked = world.github.count("pulls/list-reviews");
    let looks = || world.github.count("pulls/list-reviews") > looked;
    serving.until("it is looked whether somebody says stop", looks).await;
    go.cancel();
    assert_eq!(serving.code().await, 0);
    assert_in_order(&world.ollama.prompts()[2], &parts);
    assert!(world.replies(pull).iter().any(|it| it.body.contains("Done in")));
    assert_eq!(world.files(REPOSITORY, TOPIC)["calc.py"], DOUBLED.trim_end());
    let jobs = [format!("`{}`: done", job_of(stop)), format!("`{}`: cancelled", job_of(again))];
    assert_in_order(&world.reply(pull, status), &jobs.each_ref().map(String::as_str));
    world.assert_only_fast_forwards(TOPIC);
}

#[tokio::test]
async fn a_model_of_the_ladder_comes_first_from_then_on() {
    let (mut world, pull) = World::talking(|_, _| doubled()).await;
    world.ollama.also("bigger:latest");
    let model = |name: &str| json!({"name": format!("ollama_chat/{name}"), "timeout_seconds": 120});
    world.config["aider"]["models"] = json!([model(MODEL), model("bigger:latest")]);
    let text = "@ai-fix model bigger:latest\nadd a function double() to calc.py";
    let asked = world.asks(pull, text, REVIEWER).await;
    world.serve_until_empty().await;
    let chats = world.ollama.chats();
    assert_eq!(chats.len(), 1);
    assert_eq!(chats[0]["model"], "bigger:latest");
    assert!(world.ollama.prompts()[0].contains("add a function double() to calc.py"));
    assert!(!world.ollama.prompts()[0].contains("model bigger"));
    assert!(world.reply(pull, asked).contains("Done in"));
    let message = world.in_bare(&["log", "-1", "--format=%B", TOPIC]);
    assert!(message.contains("(ollama_chat/bigger:latest)"), "{message}");
}

#[tokio::test]
async fn a_request_that_is_stopped_before_its_turn_is_not_begun_and_a_later_one_is() {
    let (world, pull) = World::talking(|_, _| doubled()).await;
    let first = world.asks(pull, "@ai-fix let add() forget the second number", REVIEWER).await;
    let stop = world.asks(pull, "@ai-fix stop", REVIEWER).await;
    world.serve_until_empty().await;
    assert_eq!(world.ended(first).await, Outcome::Cancelled);
    assert!(world.reply(pull, first).contains("Stopped"), "{}", world.reply(pull, first));
    assert!(matches!(world.ended(stop).await, Outcome::Answered(Answer::Stopping { .. })));
    assert!(world.ollama.prompts().is_empty(), "no model was asked");
    let later = world.asks(pull, "@ai-fix let add() double the second number", REVIEWER).await;
    world.serve_until_empty().await;
    assert!(matches!(world.ended(later).await, Outcome::Updated { .. }));
}
