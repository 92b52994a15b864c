//! A small model: asked for functions, begun anew where it was wrong.

use codingworker::domain::job::{Event, Outcome, Turn};
use serde_json::json;

use crate::binary::reading::{ASSERTED, in_words};
use crate::binary::world::{BODY, CHECKS, OLD_TESTS, REPOSITORY, TITLE, World, answers};
use crate::scripted_ollama::Reply;

pub(super) const SMALL: &str = "scripted:1.5b";
/// More than the model is to see of it.
const CALC: &str = "\"\"\"Sums.\"\"\"\n\nLIMIT = 9\n\n\ndef add(a, b):\n    return a - b\n\n\ndef twice(a):\n    secret = a\n    return secret * 2\n";
pub(super) const FILES: [(&str, &str); 4] = [
    ("calc.py", CALC),
    ("tests/__init__.py", ""),
    ("tests/test_calc.py", OLD_TESTS),
    (".codingworker.yml", CHECKS),
];

const PRODUCT: &str = "```python\ndef add(a, b):\n    return a * b\n```";
const RIGHT: &str = "```python\ndef add(a, b):\n    return a + b\n```";
const NOWHERE: &str =
    "```python\nimport nowhere_to_be_found\n\n\ndef add(a, b):\n    return a + b\n```";

async fn world(replies: impl IntoIterator<Item = &'static str>) -> World {
    tested(OLD_TESTS, replies).await
}

/// The same with these tests.
async fn tested(tests: &str, replies: impl IntoIterator<Item = &'static str>) -> World {
    let replies: Vec<_> = replies.into_iter().map(|it| Reply::Text(it.to_owned())).collect();
    let mut world = World::empty(answers(replies)).await;
    let file = |(path, text)| (path, if path == "tests/test_calc.py" { tests } else { text });
    world.repository(REPOSITORY, &FILES.map(file));
    world.issue(REPOSITORY, TITLE, BODY);
    world.ollama.also(SMALL);
    // Its size is in its name: nothing else is said of it.
    world.config["aider"]["models"] = json!([{"name": format!("ollama_chat/{SMALL}")}]);
    world.submit(REPOSITORY, 1, "delivery").await;
    world
}

pub(super) async fn turns(world: &World) -> Vec<Turn> {
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
    // An example tries it: it is written from its description, and not from what is wrong; and from
    // what the project's own tests see of it.
    let described = "    >>> add(2, 2)\n    4\n    >>> add(2, 0)\n    2\n    \"\"\"\n```";
    assert!(prompts[0].contains("```python\ndef add(a, b):\n"), "{}", prompts[0]);
    assert!(prompts[0].contains(described), "{}", prompts[0]);
    assert!(
        prompts[0].contains("def twice(a)") && !prompts[0].contains("secret"),
        "{}",
        prompts[0]
    );
    assert!(prompts[0].contains("LIMIT = 9") && prompts[0].contains(TITLE));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_with_the_examples_is_added_only_where_the_project_takes_it() {
    let refuses = "lint: {command: \"! test -e tests/test_issue_1.py\"}\n";
    let blind = "test: {command: python3 -m unittest tests.test_calc}\n";
    let test = "\"\"\"The examples of issue #1.\"\"\"\n\nimport unittest\n\nfrom calc import add\n\n\n\
                class Issue1Test(unittest.TestCase):\n    def test_add(self):\n        \
                self.assertEqual(add(2, 2), 4)";
    for (checks, writes, is_added) in [
        (String::new(), true, true),
        (refuses.to_owned(), true, false),
        (blind.to_owned(), true, false),
        (String::new(), false, false),
    ] {
        let replies = [Reply::Text(RIGHT.to_owned())];
        let mut world = World::empty(answers(replies)).await;
        let checks = match checks.starts_with("test:") {
            true => checks,
            false => format!("{CHECKS}{checks}"),
        };
        let files =
            FILES.map(|(path, text)| (path, if path.ends_with("yml") { &checks } else { text }));
        world.repository(REPOSITORY, &files);
        world.issue(REPOSITORY, TITLE, BODY);
        world.ollama.also(SMALL);
        world.config["aider"]["models"] = json!([{"name": format!("ollama_chat/{SMALL}")}]);
        world.config["verify"]["write_tests"] = json!(writes);
        world.submit(REPOSITORY, 1, "delivery").await;
        world.serve_until_empty().await;
        let pull = world.the_pull();
        let files = world.files(REPOSITORY, &pull.head);
        let added = files.get("tests/test_issue_1.py");
        assert_eq!(added.map(String::as_str), is_added.then_some(test), "{checks} {writes}");
        let is_said = pull.body.contains("The worker added the examples as a test.");
        assert_eq!(is_said, is_added, "{}", pull.body);
        assert!(!pull.draft, "it is proven either way: {}", pull.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_test_is_begun_anew_from_the_base_and_not_mended() {
    // What is no literal is not seen while they run.
    let tests = OLD_TESTS.replace("2, 0", "Fraction(2), 0");
    let tests = tests.replace("import unittest", "import unittest\nfrom fractions import Fraction");
    let world = tested(&tests, [PRODUCT, RIGHT]).await;
    world.serve_until_empty().await;
    let files = world.files(REPOSITORY, &world.the_pull().head);
    assert_eq!(files["calc.py"], CALC.replace("a - b", "a + b").trim_end());
    let attempts: Vec<u32> = turns(&world).await.iter().map(|it| it.attempt).collect();
    assert_eq!(attempts, [0, 1]);
    let chats = world.ollama.chats();
    // In another form, from the code as it stands: a new question, with a seed of its own.
    let seeds: Vec<u64> = chats.iter().map(|it| it["options"]["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds.len(), 2);
    assert_ne!(seeds[0], seeds[1]);
    let last = &world.ollama.prompts()[1];
    // It is told what the first try broke, and sees nothing of that try itself.
    assert!(last.contains("```python\ndef add(a, b):\n    return a - b\n```"), "{last}");
    assert!(last.contains("def test_adding_nothing(self):") && !last.contains("a * b"), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_changes_what_the_tests_see_is_asked_for_again_before_they_run() {
    let world = world([PRODUCT, RIGHT]).await;
    world.serve_until_empty().await;
    let pull = world.the_pull();
    let files = world.files(REPOSITORY, &pull.head);
    assert_eq!(files["calc.py"], CALC.replace("a - b", "a + b").trim_end());
    let turns = turns(&world).await;
    assert!(matches!(turns.as_slice(), [one] if one.calls == 2), "{turns:#?}");
    // It holds before and after: that is no example of the issue.
    assert!(!pull.body.contains("add(2, 0)"), "{}", pull.body);
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

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_that_is_too_large_is_answered_with_how_to_cut_it() {
    let mut world = World::empty(answers([])).await;
    world.repository(REPOSITORY, &FILES);
    let points: String = (0..12).map(|it| format!("- [ ] the point number {it}\n")).collect();
    world.issue(REPOSITORY, "Many things", &points);
    world.ollama.also(SMALL);
    world.config["aider"]["models"] = json!([{"name": format!("ollama_chat/{SMALL}")}]);
    world.submit(REPOSITORY, 1, "delivery").await;
    world.serve_until_empty().await;
    let (row, records) = world.job().await;
    let refused = records.iter().any(|it| match &it.event {
        Event::Ended(Outcome::Refused(it)) => it.reason.contains("a list of 12 points"),
        _ => false,
    });
    assert!(refused, "{row:?}");
    assert!(world.ollama.prompts().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_which_an_example_cannot_be_tried_any_more_is_not_taken_for_a_right_one() {
    let world = in_words([ASSERTED, ASSERTED, NOWHERE, RIGHT]).await;
    world.serve_until_empty().await;
    let pull = world.the_pull();
    assert!(!pull.draft, "{}", pull.body);
    let files = world.files(REPOSITORY, &pull.head);
    assert_eq!(files["calc.py"], CALC.replace("a - b", "a + b").trim_end());
    let calls: Vec<u32> = turns(&world).await.iter().map(|it| it.calls).collect();
    assert_eq!(calls, [2, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_with_the_code_as_it_is_is_asked_again_at_once() {
    let same = "```python\ndef add(a, b):\n    return a - b\n```";
    let world = world([same, RIGHT]).await;
    world.serve_until_empty().await;
    let files = world.files(REPOSITORY, &world.the_pull().head);
    assert_eq!(files["calc.py"], CALC.replace("a - b", "a + b").trim_end());
    let turns = turns(&world).await;
    assert!(matches!(turns.as_slice(), [one] if one.calls == 2), "{turns:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_example_proves_is_not_broken_by_the_steps_after_it() {
    let new = "```python\ndef plus(a, b):\n    return a + b\n```";
    let replies = [new, NOWHERE, NOWHERE, NOWHERE].map(|it| Reply::Text(it.to_owned()));
    let mut world = World::empty(answers(replies)).await;
    let files = FILES.map(|(path, text)| (path, text.replace("a - b", "a + b")));
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    world.repository(REPOSITORY, &files);
    let body = "A new function beside `add`: `plus(1, 2)` gives 3.";
    world.issue(REPOSITORY, "Add `plus(a, b)`", body);
    world.ollama.also(SMALL);
    world.config["aider"]["models"] = json!([{"name": format!("ollama_chat/{SMALL}")}]);
    world.submit(REPOSITORY, 1, "delivery").await;
    world.serve_until_empty().await;
    let calc = &world.files(REPOSITORY, &world.the_pull().head)["calc.py"];
    assert!(calc.contains("def plus(a, b)") && !calc.contains("nowhere"), "{calc}");
    assert_eq!(turns(&world).await.len(), 1, "the first start was good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_the_issue_shows_has_to_be_understood_and_proves_nothing_by_that() {
    let greet = "#!/bin/sh\nset -eu\nname=you\n[ $# = 0 ] || { echo 'usage: greet.sh' >&2; exit 2; }\necho \"Hello $name\"\n";
    let talks = greet.replace("name=you", "name=you # or -n NAME");
    let takes = "if [ \"${1:-}\" = -n ]; then name=$2; shift 2; fi\n[ $#";
    let takes = greet.replace("[ $#", takes);
    let replies = [talks, takes.clone()].map(|it| Reply::Text(format!("```sh\n{it}```")));
    let mut world = World::empty(answers(replies)).await;
    let checks = "test: {command: \"test \\\"$(sh greet.sh)\\\" = 'Hello you'\"}\n";
    world.repository(REPOSITORY, &[("greet.sh", greet), (".codingworker.yml", checks)]);
    let body = "The script greet.sh should greet somebody by name:\n\n    sh greet.sh -n Ada\n";
    world.issue(REPOSITORY, "Add an option -n NAME to greet.sh", body);
    world.config["verify"]["ready"] = json!("proven");
    world.ollama.also(SMALL);
    world.config["aider"]["models"] = json!([{"name": format!("ollama_chat/{SMALL}")}]);
    world.submit(REPOSITORY, 1, "delivery").await;
    world.serve_until_empty().await;
    let pull = world.the_pull();
    assert_eq!(world.files(REPOSITORY, &pull.head)["greet.sh"], takes.trim_end());
    assert!(pull.draft && pull.body.contains("nothing proves the change"), "{}", pull.body);
    let calls: Vec<u32> = turns(&world).await.iter().map(|it| it.calls).collect();
    assert_eq!(calls.iter().sum::<u32>(), 2, "{calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_without_a_new_option_stays_as_it_was() {
    let greet = "#!/bin/sh\nset -eu\nname=you\n[ $# = 0 ] || { echo 'usage: greet.sh' >&2; exit 2; }\necho \"Hello $name\"\n";
    let option = "if [ \"${1:-}\" = -n ]; then name=$2; shift 2; fi\n[ $#";
    let right = greet.replace("[ $#", option);
    let wrong = right.replace("name=you", "name=Ada");
    for (observes, expected) in [(false, &wrong), (true, &right)] {
        let replies = [&wrong, &right].map(|it| Reply::Text(format!("```sh\n{it}```")));
        let mut world = World::empty(answers(replies)).await;
        let checks = "test: {command: \"sh greet.sh\"}\n";
        world.repository(REPOSITORY, &[("greet.sh", greet), (".codingworker.yml", checks)]);
        let body = "The script greet.sh should greet somebody by name:\n\n    sh greet.sh -n Ada\n";
        world.issue(REPOSITORY, "Add an option -n NAME to greet.sh", body);
        world.ollama.also(SMALL);
        let name = format!("ollama_chat/{SMALL}");
        world.config["aider"]["models"] = json!([{"name": name, "observes": observes}]);
        world.submit(REPOSITORY, 1, "delivery").await;
        world.serve_until_empty().await;
        let made = &world.files(REPOSITORY, &world.the_pull().head)["greet.sh"];
        assert_eq!(made, expected.trim_end(), "observes: {observes}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_the_issue_wants_refused_has_to_be_and_proves_nothing_by_that() {
    let greet = "#!/bin/sh\nset -eu\nname=you\n[ $# = 0 ] || { echo 'usage: greet.sh' >&2; exit 2; }\necho \"Hello $name\"\n";
    let takes = "if [ \"${1:-}\" = -n ]; then name=$2; shift 2; fi\n[ $#";
    let takes = greet.replace("[ $#", takes);
    let refuses = takes.replace("[ $#", "[ \"$name\" ] || { echo 'no name' >&2; exit 2; }\n[ $#");
    let replies = [takes, refuses.clone()].map(|it| Reply::Text(format!("```sh\n{it}```")));
    let mut world = World::empty(answers(replies)).await;
    let checks = "test: {command: \"test \\\"$(sh greet.sh)\\\" = 'Hello you'\"}\n";
    world.repository(REPOSITORY, &[("greet.sh", greet), (".codingworker.yml", checks)]);
    let body = "The script greet.sh should greet somebody by name:\n\n    sh greet.sh -n Ada\n\n\
                A name of nothing (`-n ''`) is an error: exit with status 2.\n";
    world.issue(REPOSITORY, "Add an option -n NAME to greet.sh", body);
    world.config["verify"]["ready"] = json!("proven");
    world.ollama.also(SMALL);
    world.config["aider"]["models"] = json!([{"name": format!("ollama_chat/{SMALL}")}]);
    world.submit(REPOSITORY, 1, "delivery").await;
    world.serve_until_empty().await;
    let pull = world.the_pull();
    assert_eq!(world.files(REPOSITORY, &pull.head)["greet.sh"], refuses.trim_end());
    assert!(pull.draft && pull.body.contains("nothing proves the change"), "{}", pull.body);
}

/// Without an example, so that checks alone judge an answer.
async fn unjudged(files: &[(&str, &str)], issue: (&str, &str), replies: &[&str]) -> World {
    let replies: Vec<_> = replies.iter().map(|it| Reply::Text((*it).to_owned())).collect();
    let mut world = World::empty(answers(replies)).await;
    world.repository(REPOSITORY, files);
    world.issue(REPOSITORY, issue.0, issue.1);
    world.ollama.also(SMALL);
    let name = format!("ollama_chat/{SMALL}");
    world.config["aider"]["models"] = json!([{"name": name, "reads": false, "samples": 2}]);
    world.submit(REPOSITORY, 1, "delivery").await;
    world.serve_until_empty().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_the_build_refused_comes_to_no_second_build() {
    // Its grammar takes it, and Python does not.
    let refused = "```python\ndef add(a, b):\n    nonlocal somewhere_else\n    return a + b\n```";
    let again = refused.replace("a + b", "b + a");
    let issue = ("`add` subtracts", "It is to add.");
    let world = unjudged(&FILES, issue, &[refused, &again, RIGHT]).await;
    let files = world.files(REPOSITORY, &world.the_pull().head);
    assert_eq!(files["calc.py"], CALC.replace("a - b", "a + b").trim_end());
    let calls: Vec<u32> = turns(&world).await.iter().map(|it| it.calls).collect();
    assert_eq!(calls, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_ends_where_examples_speak_against_it_and_what_is_made_is_brought_in() {
    let report = "LIMIT = 3\n\n\ndef total(a, b):\n    return 0\n";
    let files = [FILES[0], FILES[1], FILES[2], FILES[3], ("report.py", report)];
    let body = "`plus(1, 2)` gives 3.";
    let wrong = "```python\ndef plus(a, b):\n    return a * b\n```";
    let worse = "```python\ndef plus(a, b):\n    return 0\n```";
    let right = "```python\ndef plus(a, b):\n    return a + b\n```";
    // It writes the new function a second time.
    let total = "```python\ndef plus(a, b):\n    return 7\n\n\ndef total(a, b):\n    return plus(a, b)\n```";
    let issue = ("Add `plus(a, b)` to calc.py and use it in `total`", body);
    let world = unjudged(&files, issue, &[wrong, worse, right, total]).await;
    let made = world.files(REPOSITORY, &world.the_pull().head);
    let expected = report.replace("LIMIT", "from calc import plus\n\nLIMIT");
    assert_eq!(made["report.py"], expected.replace("return 0", "return plus(a, b)").trim_end());
    assert!(made["calc.py"].contains("def plus(a, b):\n    return a + b\n"), "{made:?}");
    let calls: Vec<u32> = turns(&world).await.iter().map(|it| it.calls).collect();
    assert_eq!(calls[0], 2, "nobody was asked for `total`: {calls:?}");
}
