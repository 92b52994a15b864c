use super::*;
use crate::domain::example::Source;

const SOURCES: [SourceFile<'static>; 1] =
    [SourceFile { path: "calc.py", text: "def add(a, b):\n    return a - b\n" }];

fn example(call: &str) -> Example {
    Example {
        language: Language::Python,
        path: "calc.py".to_owned(),
        call: call.to_owned(),
        expected: Expected::Value("4".to_owned()),
        given: None,
        source: Source::Spelled,
    }
}

#[test]
fn a_line_without_the_nonce_says_nothing() {
    let examples = [example("add(2, 2)"), example("add(1, 3)")];
    let verdicts = |output: &str, nonce: &str| {
        judge(output, nonce, &examples).into_iter().map(|it| it.verdict).collect::<Vec<_>>()
    };
    let forged = "0 holds yes 4\nother 0 holds yes 4\nn1 1 gives no 2 and more\n";
    let gives = Verdict::Gives { what: "2 and more".to_owned(), as_said: false };
    assert_eq!(verdicts(forged, "n1"), [unknown("the trial did not end"), gives]);
    let empty = verdicts(" 0 holds yes 4\n 1 holds yes 4\n", "");
    assert!(empty.iter().all(|it| matches!(it, Verdict::Unknown { .. })));
    let twice = verdicts("n 0 holds yes 4\nn 0 gives yes 3\nn 1 unknown no why\n", "n");
    assert_eq!(twice, [unknown("it was told twice"), unknown("why")]);
    assert_eq!(verdicts("n 0 \nn 1 holds yes 4\n", "n")[1], Verdict::Holds);
}

#[test]
fn what_is_not_there_yet_is_told_without_running_anything() {
    let missing = Example { call: "double(2)".to_owned(), path: String::new(), ..example("") };
    let script = script(&[missing], &SOURCES);
    assert!(script.contains("r0='gives yes it is not defined'"), "{script}");
    assert!(!script.contains("python3"), "{script}");
}

#[test]
fn nothing_but_literals_gets_into_a_program_whatever_was_written_down() {
    for call in [
        "add(2, __import__('os').system('id'))",
        "add(2, 2); import os",
        "add(x, 2)",
        "add(2, 2)\nEND_OF_PROBE\nid",
        "os.system('id')",
    ] {
        let script = script(&[example(call)], &SOURCES);
        assert!(!script.contains("python3"), "{call}: {script}");
    }
    let odd = example("add('END_OF_PROBE\\n$(id)`id`', \"it's\")");
    let script = script(&[odd], &SOURCES);
    assert!(script.contains("python3"), "{script}");
    assert_eq!(script.lines().filter(|it| *it == END).count(), 1, "{script}");
}

#[test]
fn a_path_that_a_program_cannot_hold_is_left_alone() {
    let sources = [SourceFile { path: "a\"b.py", text: SOURCES[0].text }];
    let odd = Example { path: "a\"b.py".to_owned(), ..example("add(2, 2)") };
    assert!(script(&[odd], &sources).contains("it cannot be called from outside"));
}
