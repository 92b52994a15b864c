//! Statements with assertions that an issue shows: they judge the answers, and prove the right one.

use serde_json::json;

use crate::binary::pieces::SMALL;
use crate::binary::world::{CHECKS, REPOSITORY, World, answers};
use crate::scripted_ollama::Reply;

const COUNTER: &str = "class Counter:\n    def __init__(self):\n        self.n = 0\n\n    def add(self, by):\n        self.n = by\n";
const ISSUE: &str = "`Counter.add` forgets what was there. This should work:\n\n```python\ncounter = Counter()\ncounter.add(1)\nassert counter.n == 1\ncounter.add(2)\nassert counter.n == 3\n```\n";
const WRONG: &str = "```python\ndef add(self, by):\n    self.n = self.n * 2 + by\n```";
const RIGHT: &str = "```python\ndef add(self, by):\n    self.n = self.n + by\n```";

async fn world(replies: &[&str]) -> World {
    of("Adding to a counter", ISSUE, replies).await
}

async fn of(title: &str, body: &str, replies: &[&str]) -> World {
    let replies: Vec<_> = replies.iter().map(|it| Reply::Text((*it).to_owned())).collect();
    let mut world = World::empty(answers(replies)).await;
    let test = "import unittest\n\nfrom counter import Counter\n\n\nclass CounterTest(unittest.TestCase):\n    def test_start(self):\n        self.assertEqual(Counter().n, 0)\n";
    let files = [
        ("counter.py", COUNTER),
        ("tests/__init__.py", ""),
        ("tests/test_counter.py", test),
        (".codingworker.yml", CHECKS),
    ];
    world.repository(REPOSITORY, &files);
    world.issue(REPOSITORY, title, body);
    world.ollama.also(SMALL);
    world.config["aider"]["models"] =
        json!([{"name": format!("ollama_chat/{SMALL}"), "samples": 2, "attempts": 1}]);
    world.config["verify"]["write_tests"] = json!(true);
    world.submit(REPOSITORY, 1, "delivery").await;
    world.serve_until_empty().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_where_all_assertions_hold() {
    let world = world(&[WRONG, RIGHT]).await;
    let pull = world.the_pull();
    assert!(!pull.draft, "{}", pull.body);
    let row = "| `… assert counter.n == 3` | `passes` | \
               ✗ `fails: assert counter.n == 3, it is 2` | ✓ `passes` |";
    assert!(pull.body.contains(row), "{}", pull.body);
    let prompts = world.ollama.prompts();
    assert_eq!(prompts.len(), 2, "the wrong one was asked for again");
    let told = "- … assert counter.n == 3 (now: fails: assert counter.n == 3, it is 2)\n";
    assert!(prompts[0].contains(told), "{}", prompts[0]);
    assert!(prompts[0].contains("- … assert counter.n == 1\n"), "it holds: {}", prompts[0]);
    let files = world.files(REPOSITORY, &pull.head);
    let test = "    def test_counter(self):\n        counter = Counter()\n        counter.add(1)\n        \
                assert counter.n == 1\n        counter.add(2)\n        assert counter.n == 3";
    assert!(files["tests/test_issue_1.py"].ends_with(test), "{}", files["tests/test_issue_1.py"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_which_one_fails_is_a_draft_that_says_which() {
    let world = world(&[WRONG, WRONG]).await;
    let pull = world.the_pull();
    assert!(pull.draft, "{}", pull.body);
    let said = "The issue's example `… assert counter.n == 3` gives \
                `fails: assert counter.n == 3, it is 4`; expected: `passes`";
    assert!(pull.body.contains(said), "{}", pull.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_through_two_functions_is_judged_when_both_are_written() {
    let body = "`Counter.add` forgets what was there, and we need `def drained(counter)`, which gives `counter.n` and \
                leaves 0. So:\n\n```python\ncounter = Counter()\ncounter.add(1)\ncounter.add(2)\n\
                assert drained(counter) == 3\n```\n";
    let new =
        "```python\ndef drained(counter):\n    n, counter.n = counter.n, 0\n    return n\n```";
    let world = of("Add drained", body, &[new, RIGHT]).await;
    let pull = world.the_pull();
    assert!(!pull.draft, "{}\n{:#?}", pull.body, world.ollama.prompts());
    assert_eq!(world.ollama.prompts().len(), 2);
}
