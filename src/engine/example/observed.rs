//! What functions give while the project's own tests run on the base, as calls with literals. A
//! change may keep to it where the issue asks for nothing else: who is told so breaks fewer tests.
//!
//! Python and Node.js: both take a program that is there before the project's own.

use super::block;
use super::place::Places;
use super::probe::{END, LIMIT, file};
use crate::domain::example::{Example, Language, Source};
use crate::engine::source::SourceFile;

/// The most of one function.
const MOST: usize = 6;
/// The most lines that are read of what was seen.
const MOST_LINES: usize = 400;

/// Read by the interpreter at its start.
const PYTHON: &str = include_str!("observed/sitecustomize.py");
/// Imported before a program's first line.
const NODE: &str = include_str!("observed/watch.mjs");

/// A shell script that runs `command` (the project's tests) and tells what `functions` gave in it:
/// each with the path of its file. Nothing that the tests print is told. `None`: none of them is of
/// a language that can be watched.
pub fn script(command: &str, functions: &[(&str, &str)]) -> Option<String> {
    let safe = |it: char| it.is_ascii_alphanumeric() || "-_./+@ ".contains(it);
    let mut python = Vec::new();
    let mut node = Vec::new();
    for (path, name) in functions {
        let target = format!("{name:?}: {path:?}");
        let is_safe = path.chars().all(safe) && name.chars().all(|it| safe(it) || it == '$');
        match super::place::language_of(path).filter(|_| is_safe) {
            Some(Language::Python) => python.push(target),
            Some(Language::JavaScript) => node.push(target),
            _ => {}
        }
    }
    if (python.is_empty() && node.is_empty()) || command.contains(END) {
        return None;
    }
    let limit = LIMIT * 3;
    let mut out = format!(
        "d=$(mktemp -d \"${{TMPDIR:-/tmp}}/probe.XXXXXX\") || exit 1\nt=\n\
         command -v timeout >/dev/null 2>&1 && t='timeout -s KILL {limit}'\n\
         export OBSERVED=\"$d/seen\"\n"
    );
    if !python.is_empty() {
        let text = format!("TARGETS = {{{}}}\n{PYTHON}", python.join(", "));
        out.push_str(&file("sitecustomize.py", &text));
        out.push_str(
            "export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=\"$d${PYTHONPATH:+:$PYTHONPATH}\"\n",
        );
    }
    if !node.is_empty() {
        let text = format!("const TARGETS = {{{}}};\n{NODE}", node.join(", "));
        out.push_str(&file("watch.mjs", &text));
        out.push_str(
            "export NODE_OPTIONS=\"${NODE_OPTIONS:+$NODE_OPTIONS }--import file://$d/watch.mjs\"\n",
        );
    }
    out.push_str(&file("command", command));
    out.push_str(&format!(
        "$t sh \"$d/command\" >/dev/null 2>&1 </dev/null\n\
         IFS= read -r nonce || exit 1\n\
         [ ! -f \"$d/seen\" ] || head -n {MOST_LINES} \"$d/seen\" | \
         while IFS= read -r line; do printf '%s %s\\n' \"$nonce\" \"$line\"; done\n\
         rm -rf \"$d\"\n"
    ));
    Some(out)
}

/// What was seen, of each function a few: the shortest call for each result first. Calls that
/// `others` have are left to them.
pub fn seen(
    output: &str,
    nonce: &str,
    others: &[Example],
    sources: &[SourceFile<'_>],
) -> Vec<Example> {
    let places = Places::of(sources);
    let lines = output.lines().filter_map(|it| it.strip_prefix(nonce)?.strip_prefix(' '));
    let mut lines: Vec<&str> = lines.filter(|_| !nonce.is_empty()).take(MOST_LINES).collect();
    lines.sort_by_key(|it| (it.len(), *it));
    lines.dedup();
    let claims = block::claims(&lines, &|_| true);
    let all = claims.iter().filter_map(|it| super::example(it, "", &places, false));
    let mut all: Vec<Example> =
        all.filter(|it| !others.iter().any(|other| other.call == it.call)).collect();
    for it in &mut all {
        it.source = Source::Observed;
    }
    // What gives different results for one call depends on more than the call.
    let steady = |it: &Example| {
        !all.iter().any(|other| other.call == it.call && other.expected != it.expected)
    };
    let mut found: Vec<Example> = Vec::new();
    for first_of_its_result in [true, false] {
        for it in all.iter().filter(|it| steady(it)) {
            let own = |other: &&Example| super::names(other).first() == super::names(it).first();
            let same: Vec<&Example> = found.iter().filter(own).collect();
            let is_new = !same.iter().any(|other| other.expected == it.expected);
            let is_there = found.contains(it);
            if !is_there && same.len() < MOST && (is_new || !first_of_its_result) {
                found.push(it.clone());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::example::Expected;

    const PAGES: &str = "def pages(count, per):\n    return count // per + 1\n";

    fn read(lines: &[&str], others: &[Example]) -> Vec<String> {
        let output: String = lines.iter().map(|it| format!("n0 {it}\n")).collect();
        let sources = [SourceFile { path: "pages.py", text: PAGES }];
        let seen = seen(&output, "n0", others, &sources);
        assert!(seen.iter().all(|it| it.source == Source::Observed && it.path == "pages.py"));
        seen.iter().map(|it| format!("{} {}", it.call, it.expected.words())).collect()
    }

    #[test]
    fn of_each_result_the_shortest_call_comes_first() {
        let lines =
            ["assert pages(25, 10) == 3", "assert pages(1, 10) == 1", "assert pages(0, 10) == 1"];
        assert_eq!(read(&lines, &[]), ["pages(0, 10) 1", "pages(25, 10) 3", "pages(1, 10) 1"]);
        let many: Vec<String> =
            (0..40).map(|it| format!("assert pages({it}, 10) == {it}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(read(&many, &[]).len(), MOST);
    }

    #[test]
    fn what_is_no_call_of_the_projects_or_known_or_changes_is_left_out() {
        assert!(
            read(&["assert other(1) == 1", "import os", "pages(1", "assert pages(x) == 1"], &[])
                .is_empty()
        );
        assert!(read(&["assert pages(1, 2) == 1", "assert pages(1, 2) == 3"], &[]).is_empty());
        let known = Example {
            language: Language::Python,
            path: "pages.py".to_owned(),
            call: "pages(20, 10)".to_owned(),
            expected: Expected::Value("2".to_owned()),
            given: None,
            source: Source::Spelled,
        };
        assert!(read(&["assert pages(20, 10) == 3"], &[known]).is_empty());
        let sources = [SourceFile { path: "pages.py", text: PAGES }];
        assert!(seen("x assert pages(0, 1) == 1\n", "n0", &[], &sources).is_empty());
        assert!(seen("assert pages(0, 1) == 1\n", "", &[], &sources).is_empty());
    }

    #[test]
    fn only_functions_of_languages_that_can_be_are_watched() {
        assert_eq!(script("make test", &[("a.rs", "one")]), None);
        assert_eq!(script("make test", &[("a'b.py", "one")]), None);
        let script = script("make test", &[("a.py", "one"), ("b.c", "two")]).unwrap();
        assert!(script.contains("TARGETS = {\"one\": \"a.py\"}"), "{script}");
        assert!(!script.contains("NODE_OPTIONS"), "{script}");
    }
}
