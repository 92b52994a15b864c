//! Small changes of an answer, tried one by one by the real programs.

use codingworker::engine::example::probe::trials::{self, Outcome};
use codingworker::engine::symbols::mutation::{Mutant, mutants};

use super::*;

const ISSUE: &str = "`clock(75)` should be `1`, and `clock(-10)` should be `-1`.";

/// The first change of `name` with which the issue's examples hold, and what is on disk afterwards.
async fn mended(path: &str, text: &str, mutants: &[Mutant]) -> (Option<String>, String) {
    let files = [(path, text)];
    let examples = found(ISSUE, &files);
    assert_eq!(examples.len(), 2);
    let dir = folder(&files);
    let script = trials::script(&examples, 2, &sources(&files), path, mutants);
    let output = run(&dir, &script, "nonce").await;
    let hit = match trials::outcome(&output, "nonce", &examples) {
        Outcome::Hit(it) => Some(mutants[it].of(text)),
        _ => None,
    };
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
        ("-clock.js", script, script.replace("minutes / 60", "Math.floor(minutes / 60)")),
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

/// A folder with the programs that a Mac has, as far as a trial needs them.
#[expect(clippy::disallowed_methods, reason = "asks where this machine's programs are")]
fn without_timeout() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let found = "for it in sh mktemp cp date head tail rm cat perl; do command -v $it; done; \
                 python3 -c 'import sys; print(sys.executable)'";
    let told = std::process::Command::new("sh").args(["-c", found]).output().unwrap().stdout;
    for program in String::from_utf8(told).unwrap().lines() {
        let name = program.rsplit('/').next().unwrap();
        let name = if name.starts_with("python") { "python3" } else { name };
        std::os::unix::fs::symlink(program, dir.path().join(name)).unwrap();
    }
    dir
}

#[tokio::test]
async fn where_there_is_no_timeout_a_change_that_never_ends_is_passed_over_too() {
    let text = "def clock(minutes):\n    return 0\n";
    let files = [("clock.py", text)];
    let at = text.find("return 0").unwrap();
    let with = |new: &str| Mutant { bytes: at..text.len() - 1, new: new.to_owned() };
    let all = [with("while True:\n        pass"), with("return minutes // 60")];
    let examples = found(ISSUE, &files);
    let (dir, programs) = (folder(&files), without_timeout());
    let script = trials::script(&examples, 2, &sources(&files), "clock.py", &all);
    let path = programs.path().to_str().unwrap().to_owned();
    let output = run_with(path, &dir, &script, "nonce").await;
    assert_eq!(trials::outcome(&output, "nonce", &examples), Outcome::Hit(1), "{output}");
}

#[test]
fn a_script_is_never_longer_than_an_argument_may_be() {
    let new = "x".repeat(1_000);
    let all: Vec<Mutant> =
        (0..1_000).map(|it| Mutant { bytes: it..it + 1, new: new.clone() }).collect();
    assert!(trials::script(&[], 0, &[], "m.py", &all).len() < 128 * 1024);
}

#[tokio::test]
async fn where_none_makes_them_hold_the_one_that_comes_nearest_is_told() {
    let text = "def name(words):\n    return '+'.join(words)\n";
    let files = [("name.py", text)];
    let issue = "`name(['', 'a', 'b'])` should be `'a-b'`, and `name(['c', ''])` should be `'c'`.";
    let (examples, dir) = (found(issue, &files), folder(&files));
    assert_eq!(examples.len(), 2);
    let at = text.find("'+'.join(words)").unwrap();
    let with = |new: &str| Mutant { bytes: at..text.len() - 1, new: new.to_owned() };
    let tried = async |all: &[&str]| {
        let all: Vec<Mutant> = all.iter().map(|it| with(it)).collect();
        let script = trials::script(&examples, 2, &sources(&files), "name.py", &all);
        let output = run(&dir, &script, "nonce").await;
        trials::outcome(&output, "nonce", &examples)
    };
    let further = "'+' + '+'.join(words)";
    let (near, nearer) = ("'-'.join(words)", "'-'.join(words).strip('+-')[:2]");
    assert_eq!(tried(&[further, near, nearer, "words.no"]).await, Outcome::Near(2));
    assert_eq!(tried(&[further, "words.no", "'+'.join(words)"]).await, Outcome::Nothing);
    let right = "'-'.join(words).strip('-')";
    assert_eq!(tried(&[near, right, nearer]).await, Outcome::Hit(1));
}

#[tokio::test]
async fn one_that_breaks_what_held_comes_not_near() {
    let text = "def name(words):\n    return '+'.join(words)\n";
    let files = [("name.py", text)];
    let issue = "`name(['a', 'b'])` should be `'a-b'`, `name(['c', 'd'])` should be `'c-d'`, and \
                 `name(['e'])` should be `'e'`.";
    let (examples, dir) = (found(issue, &files), folder(&files));
    assert_eq!(examples.len(), 3);
    let at = text.find("'+'.join(words)").unwrap();
    let with = |new: &str| Mutant { bytes: at..text.len() - 1, new: new.to_owned() };
    let (breaks, keeps) =
        (with("'-'.join(words[:1]) + '-b'"), with("'-'.join(words).replace('c', 'x')"));
    let tried = async |examples: &[Example]| {
        let all = [breaks.clone(), keeps.clone()];
        let script = trials::script(examples, 2, &sources(&files), "name.py", &all);
        trials::outcome(&run(&dir, &script, "nonce").await, "nonce", examples)
    };
    assert_eq!(tried(&examples).await, Outcome::Near(1));
    assert_eq!(
        tried(&examples[..2]).await,
        Outcome::Near(0),
        "it is nearer where nobody asks for the third"
    );
}
