//! What an issue says in words, written down by a small model as calls.

use codingworker::domain::job::Request;
use serde_json::json;

use crate::binary::pieces::{FILES, SMALL, turns};
use crate::binary::world::{REPOSITORY, World, answers};
use crate::scripted_ollama::Reply;

/// An issue that gives its one example in words.
const IN_WORDS: &str = "When I add 7 and 5 it says 2. It should be 12.";

/// A job for that issue, with these answers.
pub(super) async fn in_words(replies: impl IntoIterator<Item = &'static str>) -> World {
    worded(&FILES, ("`add` is wrong", IN_WORDS), replies).await
}

/// The same for another issue of another repository.
async fn worded(
    files: &[(&str, &str)],
    (title, body): (&str, &str),
    replies: impl IntoIterator<Item = &'static str>,
) -> World {
    let replies: Vec<_> = replies.into_iter().map(|it| Reply::Text(it.to_owned())).collect();
    let mut world = World::empty(answers(replies)).await;
    world.repository(REPOSITORY, files);
    world.issue(REPOSITORY, title, body);
    world.config["verify"]["ready"] = json!("proven");
    world.ollama.also(SMALL);
    world.config["aider"]["models"] = json!([{"name": format!("ollama_chat/{SMALL}")}]);
    world.submit(REPOSITORY, 1, "delivery").await;
    world
}

pub(super) const ASSERTED: &str = "```python\nassert add(7, 5) == 12\n```";

#[tokio::test(flavor = "multi_thread")]
async fn what_an_issue_says_in_words_is_written_down_by_the_model_and_proves_the_change() {
    let world = in_words([
        ASSERTED,
        ASSERTED,
        "```python\ndef add(a, b):\n    return a * b\n```",
        "```python\ndef add(a, b):\n    return a + b\n```",
    ])
    .await;
    world.serve_until_empty().await;
    let pull = world.the_pull();
    assert!(!pull.draft, "{}", pull.body);
    assert!(pull.body.contains("| `add(7, 5)` ¹ | `12` | ✗ `2` | ✓ `12` |"), "{}", pull.body);
    let turns = turns(&world).await;
    let asked: Vec<_> = turns.iter().map(|it| (it.request.clone(), it.calls)).collect();
    // The wrong answer was seen to be wrong before any check of the project's ran.
    assert_eq!(asked, [(Request::Read, 2), (Request::Implement, 2)]);
    let prompts = world.ollama.prompts();
    assert!(prompts[2].contains(">>> add(7, 5)\n    12\n"), "{}", prompts[2]);
    assert!(prompts[3].contains("- add(7, 5) gives 12\n"), "{}", prompts[3]);
    assert!(prompts[3].contains("still:\n- add(2, 0) gives 2\n"), "{}", prompts[3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_of_the_second_place_shows_that_it_is_wrong_there() {
    let pages = "def shown(entries, size):\n    pages = pages_of(entries, size)\n    page = min(1, pages)\n    return f\"page {page} of {pages} pages\"\n\n\ndef pages_of(entries, size):\n    return entries // size + 1\n";
    let checks = "build: {command: \"python3 -m compileall -q .\"}\n";
    let files = [("pages.py", pages), (".codingworker.yml", checks)];
    let body = "With 20 entries of 10 each it says \"page 1 of 3 pages\". 2 pages are enough.";
    let right = "```python\ndef pages_of(entries, size):\n    return -(-entries // size)\n```";
    let made_up = "```python\nassert shown(5, 7) == 'page 4'\n```";
    let told = "```python\nassert pages_of(20, 10) == 2\n```";
    let issue = ("One page too many is shown", body);
    let world = worded(&files, issue, [made_up, told, told, right]).await;
    world.serve_until_empty().await;
    assert!(!world.the_pull().draft, "{}", world.the_pull().body);
    let prompts = world.ollama.prompts();
    let about: Vec<bool> = prompts[..2].iter().map(|it| it.contains("for `shown`")).collect();
    assert_eq!(about, [true, false], "{prompts:#?}");
    assert!(prompts[3].contains(">>> pages_of(20, 10)\n    2\n"), "{}", prompts[3]);
    assert_eq!(prompts.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_makes_up_about_an_issue_proves_nothing() {
    let invented = "```python\nassert add(20, 30) == 50\n```";
    let world = in_words([invented, "```python\ndef add(a, b):\n    return a + b\n```"]).await;
    world.serve_until_empty().await;
    let pull = world.the_pull();
    assert!(pull.draft && pull.body.contains("nothing proves the change"), "{}", pull.body);
    assert_eq!(turns(&world).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_model_says_once_counts_where_the_base_fails_as_the_issue_quotes() {
    let text = "def fields(line):\n    name, price = line.split(\",\")\n    return [name, price]\n";
    let checks = "build: {command: \"python3 -m compileall -q .\"}\n";
    let files = [("fields.py", text), (".codingworker.yml", checks)];
    let once = "```python\nassert fields('x,y,7') == ['x,y', '7']\n```";
    let other = "```python\nassert fields('x,y') == ['x', 'y']\n```";
    let right = "```python\ndef fields(line):\n    return line.rsplit(\",\", 1)\n```";
    for (error, is_proven) in [
        ("an error", false),
        ("`ValueError: not enough values to unpack`", false),
        ("`ValueError: too many values to unpack`", true),
    ] {
        let body = format!("The line \"x,y,7\" ends in {error}. It should be x,y and 7.");
        let issue = ("`fields` breaks at a comma", body.as_str());
        let world = worded(&files, issue, [once, other, right]).await;
        world.serve_until_empty().await;
        let pull = world.the_pull();
        assert_eq!(!pull.draft, is_proven, "{error}: {}", pull.body);
        let shown = pull.body.contains("| `fields(\"x,y,7\")` ¹ |");
        assert_eq!(shown, is_proven, "{error}: {}", pull.body);
    }
}
