//! Small changes of an answer, tried one by one by the real programs.

use codingworker::engine::example::probe::trials;
use codingworker::engine::symbols::mutation::{Mutant, mutants};

use super::*;

const ISSUE: &str = "`clock(75)` should be `1`, and `clock(-10)` should be `-1`.";

/// The first change of `name` with which the issue's examples hold, and what is on disk afterwards.
async fn mended(path: &str, text: &str, mutants: &[Mutant]) -> (Option<String>, String) {
    let files = [(path, text)];
    let examples = found(ISSUE, &files);
    assert_eq!(examples.len(), 2);
    let dir = folder(&files);
    let script = trials::script(&examples, &sources(&files), path, mutants);
    let output = run(&dir, &script, "nonce").await;
    let hit = trials::hit(&output, "nonce").map(|it| mutants[it].of(text));
    let left = std::fs::read_to_string(dir.path().join("tree").join(path)).unwrap();
    (hit, left)
}

#[tokio::test]
async fn the_first_change_with_which_all_examples_hold_is_found_in_each_language() {
    let python = "def clock(minutes):\n    return int(minutes / 60)\n";
    let script =
        "function clock(minutes) {\n  return minutes / 60;\n}\nmodule.exports = { clock };\n";
    let c =
        "int clock(int minutes) {\n    if (minutes > 0) return -1;\n    return minutes / 60;\n}\n";
    for (path, text, wanted) in [
        ("clock.py", python, python.replace("int(minutes / 60)", "int(minutes // 60)")),
        ("clock.js", script, script.replace("minutes / 60", "Math.floor(minutes / 60)")),
        ("clock.c", c, c.replace("(minutes > 0)", "(!(minutes > 0))")),
    ] {
        let all = mutants(path, text, &["clock"], 400);
        let (hit, left) = mended(path, text, &all).await;
        assert_eq!(hit.as_deref(), Some(wanted.as_str()));
        assert_eq!(left, text, "it is put back");
    }
}

#[tokio::test]
async fn a_change_that_never_ends_or_ends_all_is_passed_over() {
    let text = "def clock(minutes):\n    return 0\n";
    let at = text.find("return 0").unwrap();
    let with = |new: &str| Mutant { bytes: at..at + "return 0".len(), new: new.to_owned() };
    let right = with("return minutes // 60");
    let all = [
        with("while True:\n        pass"),
        with("import os, signal; os.kill(os.getppid(), signal.SIGSTOP) if False else os._exit(0)"),
        with("print('nonce 1')"),
        with("it's \"no\" $(program)"),
        right.clone(),
    ];
    let (hit, left) = mended("clock.py", text, &all).await;
    assert_eq!(hit, Some(right.of(text)));
    assert_eq!(left, text);
    let (hit, _) = mended("clock.py", text, &all[..4]).await;
    assert_eq!(hit, None);
}

#[test]
fn a_script_is_never_longer_than_an_argument_may_be() {
    let new = "x".repeat(1_000);
    let all: Vec<Mutant> =
        (0..1_000).map(|it| Mutant { bytes: it..it + 1, new: new.clone() }).collect();
    assert!(trials::script(&[], &[], "m.py", &all).len() < 128 * 1024);
}
