//! A rename that the issue states in full: no model is asked.

use codingworker::domain::job::{Event, JobState, NewTests, Request, Turn};
use serde_json::json;

use super::world::{CHECKS, REPOSITORY, World, answers, count};
use crate::scripted_ollama::Reply;

const TOTALS: &str = "def sum_of(values):\n    return sum(values)\n";
const TESTS: &str = "import unittest\n\nfrom totals import sum_of\n\n\nclass TotalsTest(unittest.TestCase):\n    def test_nothing(self):\n        self.assertEqual(sum_of([]), 0)\n";
/// Calls by a name that is put together: no grammar sees it.
const HIDDEN: &str = "import unittest\n\nimport totals\n\n\nclass TotalsTest(unittest.TestCase):\n    def test_nothing(self):\n        self.assertEqual(getattr(totals, 'sum' + '_of')([]), 0)\n";
/// What satisfies it.
const BOTH: &str = "def total_of(values):\n    return sum(values)\n\n\ndef sum_of(values):\n    return total_of(values)\n";

/// A project with these tests, and an issue that states a rename in full.
async fn world(tests: &str) -> World {
    let world = World::empty(answers([Reply::files(&[("totals.py", BOTH)])])).await;
    world.repository(
        REPOSITORY,
        &[
            ("totals.py", TOTALS),
            ("tests/__init__.py", ""),
            ("tests/test_totals.py", tests),
            ("README.md", "`sum_of` adds.\n"),
            (".codingworker.yml", CHECKS),
        ],
    );
    let body = "The name hides what it is for. Please update all callers and the tests.";
    world.issue(REPOSITORY, "Rename `sum_of` to `total_of`", body);
    world
}

fn turns(records: &[codingworker::domain::job::Record]) -> Vec<Turn> {
    let turn = |it: &Event| if let Event::Attempted(it) = it { Some(it.clone()) } else { None };
    records.iter().filter_map(|it| turn(&it.event)).collect()
}

#[tokio::test]
async fn a_stated_rename_becomes_a_pull_request_and_the_model_is_never_asked() {
    let mut world = world(TESTS).await;
    world.config["verify"]["write_tests"] = json!(true);
    world.submit(REPOSITORY, 1, "first").await;
    world.serve_until_empty().await;

    let (job, records) = world.job().await;
    assert_eq!(job.state, JobState::Done, "{records:#?}");
    assert_eq!(world.ollama.chats().len(), 0, "no model was asked");
    let turns = turns(&records);
    assert!(matches!(turns.as_slice(), [own] if own.is_by_worker()), "{turns:#?}");
    let proved =
        |it: &Event| matches!(it, Event::Proved(it) if it.new_tests == NewTests::FailOnBase);
    assert_eq!(count(&records, proved), 1, "the renamed tests fail without the rename");

    let pull = world.the_pull();
    assert!(!pull.draft && pull.body.contains("without a model"), "{}", pull.body);
    let is_now = |path: &str| world.in_bare(&["show", &format!("ai/issue-1:{path}")]);
    for (path, text) in
        [("totals.py", TOTALS), ("tests/test_totals.py", TESTS), ("README.md", "`sum_of` adds.\n")]
    {
        assert_eq!(is_now(path), text.replace("sum_of", "total_of").trim_end(), "{path}");
    }
    assert!(world.says(&["job", &job.id.0]).contains("(without a model)"));
    let message = world.in_bare(&["log", "-1", "--format=%B", "ai/issue-1"]);
    assert!(message.contains("(without a model)"), "{message}");
}

#[tokio::test]
async fn a_small_model_is_not_even_asked_what_such_an_issue_says() {
    let small = "scripted:1.5b";
    let mut world = world(TESTS).await;
    world.ollama.also(small);
    world.config["aider"]["models"] = json!([{"name": format!("ollama_chat/{small}")}]);
    world.submit(REPOSITORY, 1, "first").await;
    world.serve_until_empty().await;

    let (job, records) = world.job().await;
    assert_eq!(job.state, JobState::Done, "{records:#?}");
    assert_eq!(world.ollama.chats().len(), 0, "no model was asked");
    assert!(turns(&records).last().is_some_and(Turn::is_by_worker), "{records:#?}");
}

#[tokio::test]
async fn where_the_checks_refuse_it_a_model_is_asked_from_the_base_and_whoever_wants_one_gets_it() {
    let world_of_hidden = world(HIDDEN).await;
    world_of_hidden.submit(REPOSITORY, 1, "first").await;
    world_of_hidden.serve_until_empty().await;
    let (job, records) = world_of_hidden.job().await;
    let turns = turns(&records);
    let [own, asked] = turns.as_slice() else { panic!("{turns:#?}") };
    assert!(own.is_by_worker() && !asked.is_by_worker());
    assert_eq!(asked.request, Request::Implement, "from the beginning, not to mend ours");
    assert_eq!(job.state, JobState::Done, "{records:#?}");
    let changed = asked.files.iter().map(|it| it.path.as_str()).collect::<Vec<_>>();
    assert_eq!(changed, ["totals.py"], "nothing of the worker's own is left");

    let mut world = world(HIDDEN).await;
    world.config["edit"] = json!({"rename": "model"});
    world.submit(REPOSITORY, 1, "first").await;
    world.serve_until_empty().await;
    let (_, records) = world.job().await;
    assert!(self::turns(&records).iter().all(|it| !it.is_by_worker()));
}
