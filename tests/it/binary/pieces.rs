//! A small model: asked for functions, begun anew where it was wrong.

use codingworker::domain::job::{Event, Turn};
use serde_json::json;

use crate::binary::world::{BODY, CHECKS, OLD_TESTS, REPOSITORY, TITLE, World, answers};
use crate::scripted_ollama::Reply;

const SMALL: &str = "scripted:1.5b";
/// More than the model is to see of it.
const CALC: &str = "\"\"\"Sums.\"\"\"\n\nLIMIT = 9\n\n\ndef add(a, b):\n    return a - b\n\n\ndef twice(a):\n    secret = a\n    return secret * 2\n";

async fn world(replies: impl IntoIterator<Item = &'static str>) -> World {
    let replies: Vec<_> = replies.into_iter().map(|it| Reply::Text(it.to_owned())).collect();
    let mut world = World::empty(answers(replies)).await;
    let files = [
        ("calc.py", CALC),
        ("tests/__init__.py", ""),
        ("tests/test_calc.py", OLD_TESTS),
        (".codingworker.yml", CHECKS),
    ];
    world.repository(REPOSITORY, &files);
    world.issue(REPOSITORY, TITLE, BODY);
    world.ollama.also(SMALL);
    // Its size is in its name: nothing else is said of it.
    world.config["aider"]["models"] = json!([{"name": format!("ollama_chat/{SMALL}")}]);
    world.submit(REPOSITORY, 1, "delivery").await;
    world
}

async fn turns(world: &World) -> Vec<Turn> {
    let (_, records) = world.job().await;
    let turn = |it| if let Event::Attempted(turn) = it { Some(turn) } else { None };
    records.into_iter().filter_map(|it| turn(it.event)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_model_is_shown_one_function_and_writes_it_alone() {
    let world = world(["Here it is:\n```python\ndef add(a, b):\n    return a + b\n```\n"]).await;
    world.serve_until_empty().await;
    let pull = world.the_pull();
    let files = world.files(REPOSITORY, &pull.head);
    assert_eq!(files["calc.py"], CALC.replace("a - b", "a + b").trim_end());
    let prompts = world.ollama.prompts();
    assert_eq!(prompts.len(), 1, "{prompts:#?}");
    assert!(
        prompts[0].contains("```python\ndef add(a, b):\n    return a - b\n```"),
        "{}",
        prompts[0]
    );
    assert!(
        prompts[0].contains("def twice(a)") && !prompts[0].contains("secret"),
        "{}",
        prompts[0]
    );
    assert!(prompts[0].contains("LIMIT = 9") && prompts[0].contains(TITLE));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_test_is_begun_anew_from_the_base_and_not_mended() {
    let world = world([
        "```python\ndef add(a, b):\n    return a * b\n```",
        "```python\ndef add(a, b):\n    return a + b\n```",
    ])
    .await;
    world.serve_until_empty().await;
    let files = world.files(REPOSITORY, &world.the_pull().head);
    assert_eq!(files["calc.py"], CALC.replace("a - b", "a + b").trim_end());
    let attempts: Vec<u32> = turns(&world).await.iter().map(|it| it.attempt).collect();
    assert_eq!(attempts, [0, 1]);
    let chats = world.ollama.chats();
    let warmth: Vec<f64> =
        chats.iter().map(|it| it["options"]["temperature"].as_f64().unwrap()).collect();
    assert!(warmth[0] == 0.0 && warmth[0] < warmth[1], "{warmth:?}");
    let last = &world.ollama.prompts()[1];
    assert!(last.contains("return a - b") && !last.contains("a * b"), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_an_issue_points_at_no_function_a_small_model_writes_a_file_by_the_agent() {
    let reply = Reply::files(&[("greeting.txt", "goodbye\n")]);
    let mut world = World::empty(answers([reply])).await;
    let checks = "test: {command: \"grep -q . greeting.txt\"}\n";
    world.repository(REPOSITORY, &[("greeting.txt", "hello\n"), (".codingworker.yml", checks)]);
    world.issue(REPOSITORY, "Say goodbye in greeting.txt", "Instead of hello.");
    world.ollama.also(SMALL);
    world.config["aider"]["models"] = json!([{"name": format!("ollama_chat/{SMALL}")}]);
    world.submit(REPOSITORY, 1, "delivery").await;
    world.serve_until_empty().await;
    let files = world.files(REPOSITORY, &world.the_pull().head);
    assert_eq!(files["greeting.txt"], "goodbye");
}
