//! An answer that is almost right, and put right by trial.

use codingworker::domain::job::Event;
use serde_json::json;

use crate::binary::world::{CHECKS, REPOSITORY, World, answers};
use crate::scripted_ollama::Reply;

const SMALL: &str = "scripted:1.5b";
const CLOCK: &str = "def clock(minutes):\n    return str(minutes)\n";
/// Right but for two characters: 10 hours have no leading zero, and one hour has.
const NEARLY: &str = "```python\ndef clock(minutes):\n    hours = minutes // 60\n    return f\"{hours:02d}:{minutes % 60:02d}\"\n```";

/// A job whose issue gives two examples, and whose model gets one of them right.
async fn nearly_right(mutants: u32) -> World {
    let body = "`clock(75)` should be `'1:15'`, and `clock(600)` should be `'10:00'`.";
    answered(mutants, body, NEARLY).await
}

/// A job whose issue is `body`, and whose model answers so.
async fn answered(mutants: u32, body: &str, answer: &str) -> World {
    let mut world = World::empty(answers([Reply::Text(answer.to_owned())])).await;
    let test = "import unittest\n\nfrom clock import clock\n\n\nclass ClockTest(unittest.TestCase):\n    def test_text(self):\n        self.assertIsInstance(clock(1), str)\n";
    let files = [
        ("clock.py", CLOCK),
        ("tests/__init__.py", ""),
        ("tests/test_clock.py", test),
        (".codingworker.yml", CHECKS),
    ];
    world.repository(REPOSITORY, &files);
    world.issue(REPOSITORY, "Hours and minutes", body);
    world.ollama.also(SMALL);
    world.config["aider"]["models"] =
        json!([{"name": format!("ollama_chat/{SMALL}"), "samples": 1, "attempts": 1}]);
    world.config["edit"] = json!({"mutants": mutants});
    world.submit(REPOSITORY, 1, "delivery").await;
    world.serve_until_empty().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_one_small_change_away_is_put_right_without_a_question() {
    let world = nearly_right(0).await;
    let pull = world.the_pull();
    assert!(pull.draft, "without trials it stays wrong: {}", pull.body);

    let world = nearly_right(400).await;
    let pull = world.the_pull();
    let files = world.files(REPOSITORY, &pull.head);
    assert!(files["clock.py"].contains("f\"{hours}:{minutes % 60:02d}\""), "{}", files["clock.py"]);
    assert!(!pull.draft, "{}", pull.body);
    assert!(pull.body.contains("the worker changed `:02d` to ` ` in `clock.py`"), "{}", pull.body);
    assert_eq!(world.ollama.prompts().len(), 1);
    let (_, records) = world.job().await;
    let mended = records
        .iter()
        .filter(|it| matches!(&it.event, Event::Attempted(turn) if turn.mutations.len() == 1));
    assert_eq!(mended.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_example_holds_with_is_put_right_where_several_say_how() {
    let dashed = "```python\ndef clock(minutes):\n    return ' <' + str(minutes) + '>'\n```";
    let one = "`clock(75)` should be `'<75>'`.";
    let pull = answered(400, one, dashed).await.the_pull();
    assert!(pull.draft, "one example alone says little of a change: {}", pull.body);
    let two = "`clock(75)` should be `'<75>'`, and `clock(9)` should be `'<9>'`.";
    let world = answered(400, two, dashed).await;
    let pull = world.the_pull();
    assert!(!pull.draft, "{}", pull.body);
    assert!(pull.body.contains("the worker changed"), "{}", pull.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_change_starts_from_the_first_one_that_comes_nearest() {
    let two_off = "```python\ndef clock(minutes):\n    return ' <' + str(minutes + 1) + '>'\n```";
    let two = "`clock(75)` should be `'<75>'`, and `clock(8)` should be `'<8>'`.";
    let pull = answered(400, two, two_off).await.the_pull();
    assert!(pull.draft, "two examples fit two changes by chance: {}", pull.body);
    let body = format!("{two} And `clock(0)` should be `'<0>'`.");
    let world = answered(400, &body, two_off).await;
    let pull = world.the_pull();
    assert!(!pull.draft, "{}", pull.body);
    assert_eq!(pull.body.matches("the worker changed").count(), 2, "{}", pull.body);
    assert_eq!(world.ollama.prompts().len(), 1);
}

/// What lists the lines of a file, with an option or without one.
fn lists(option: &str, body: &str) -> String {
    format!(
        "import argparse\nimport sys\n\n\ndef build():\n    parser = argparse.ArgumentParser()\n    parser.add_argument(\"file\")\n{option}    return parser\n\n\ndef main():\n    args = build().parse_args()\n{body}    return 0\n\n\nif __name__ == \"__main__\":\n    sys.exit(main())\n"
    )
}

/// The file that a job makes whose issue asks for that option, and whose model answers so.
async fn with_option(mutants: u32, option: &str, body: &str) -> (World, String) {
    let more = "`--top 0` makes no sense: print an error and exit with code 2.";
    with_option_for(more, mutants, option, body).await
}

/// The same, where the issue says `more` of the option.
async fn with_option_for(more: &str, mutants: u32, option: &str, body: &str) -> (World, String) {
    let print = "    for line in open(args.file):\n        print(line, end=\"\")\n";
    let answer = lists(option, body);
    let (_, functions) = answer.split_once("\n\n\n").unwrap();
    let (functions, _) = functions.split_once("\n\n\nif").unwrap();
    let mut world =
        World::empty(answers([Reply::Text(format!("```python\n{functions}\n```"))])).await;
    let text: String = (1..30).map(|it| format!("Line {it}\n")).collect();
    let plain = lists("", print);
    let checks = "test: {command: \"python3 lines.py README.md\"}\n";
    let files = [("lines.py", plain.as_str()), ("README.md", &text), (".codingworker.yml", checks)];
    world.repository(REPOSITORY, &files);
    let body = format!(
        "Only the first N lines of build and main in lines.py:\n\n    python3 lines.py --top 3 book.txt\n\n{more}\n"
    );
    world.issue(REPOSITORY, "Add an option --top N to lines.py", &body);
    world.ollama.also(SMALL);
    world.config["aider"]["models"] = json!([{"name": format!("ollama_chat/{SMALL}"), "samples": 1, "attempts": 1, "reads": false}]);
    world.config["verify"]["ready"] = json!("proven");
    world.config["edit"] = json!({"mutants": mutants});
    world.submit(REPOSITORY, 1, "delivery").await;
    world.serve_until_empty().await;
    let pull = world.the_pull();
    let made = world.files(REPOSITORY, &pull.head)["lines.py"].clone();
    (world, made)
}

const TOP: &str = "    parser.add_argument(\"--top\", type=int, default=10)\n";
const FIRST: &str =
    "    for line in list(open(args.file))[:args.top]:\n        print(line, end=\"\")\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_option_has_no_value_that_nobody_gave_it() {
    let refuses =
        "    if args.top <= 0:\n        print(\"no\", file=sys.stderr)\n        return 2\n";
    let body = format!("{refuses}{FIRST}");
    let (world, made) = with_option(0, TOP, &body).await;
    assert!(made.contains("default=10"), "{made}\n{}", world.the_pull().body);

    let (world, made) = with_option(400, TOP, &body).await;
    let right = lists(
        &TOP.replace("10", "None"),
        &body.replace("if args.top", "if args.top is not None and args.top"),
    );
    let pull = world.the_pull();
    assert_eq!(made, right.trim_end(), "{}", pull.body);
    assert!(pull.draft, "it proves nothing: {}", pull.body);
    assert!(pull.body.contains("the worker changed `10` to `None` in `lines.py`"), "{}", pull.body);
    assert_eq!(world.ollama.prompts().len(), 1);

    let (_, made) = with_option_for("Without it the first 10.", 400, TOP, FIRST).await;
    assert!(made.contains("default=10"), "the issue wants it: {made}");
    let (_, made) = with_option_for("Without it all.", 400, TOP, FIRST).await;
    assert!(made.contains("default=None"), "nobody wants it: {made}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_the_issue_wants_refused_is_refused_by_the_parser_of_the_answer() {
    let (_, made) = with_option(0, TOP, FIRST).await;
    assert!(!made.contains(".error("), "{made}");

    let (world, made) = with_option(400, TOP, FIRST).await;
    let refuses = "    if args.top is not None and args.top <= 0:\n        build().error(\"argument --top: must be more than 0\")\n";
    let right = lists(&TOP.replace("10", "None"), &format!("{refuses}{FIRST}"));
    assert_eq!(made, right.trim_end(), "{}", world.the_pull().body);
}
