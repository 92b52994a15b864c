//! What functions give while the project's own tests run on the base, as calls with literals. A
//! change may keep to it where the issue asks for nothing else: who is told so breaks fewer tests.
//!
//! Python alone: its interpreter reads `sitecustomize` at its start, and tells of calls.

use super::block;
use super::place::Places;
use super::probe::{END, LIMIT};
use crate::domain::example::{Example, Language, Source};
use crate::engine::focus::SourceFile;

/// The most of one function.
const MOST: usize = 6;
/// The most lines that are read of what was seen.
const MOST_LINES: usize = 400;

/// Tells of the calls of the functions in `TARGETS`, each by its name, with the path of its file.
const HOOK: &str = r#"
import ast, os, sys, threading

SEEN = os.environ.get("OBSERVED")

def literal(value):
    text = repr(value)
    if len(text) > 200 or "\n" in text or ast.literal_eval(text) != value:
        raise ValueError
    return text

def begin():
    calls, told = {}, set()

    def called(frame, code):
        if code.co_flags & 0x0C or len(told) > 200:
            return
        plain = code.co_varnames[: code.co_argcount]
        named = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        words = [literal(frame.f_locals[it]) for it in plain]
        words += ["%s=%s" % (it, literal(frame.f_locals[it])) for it in named]
        calls[id(frame)] = "%s(%s)" % (code.co_name, ", ".join(words))

    def hook(frame, event, got):
        code = frame.f_code
        if code.co_name not in TARGETS or event not in ("call", "return"):
            return
        try:
            path = os.path.realpath(code.co_filename)
            if not path.endswith("/" + TARGETS[code.co_name]):
                return
            if frame.f_globals[code.co_name].__code__ is not code:
                return
            if event == "call":
                called(frame, code)
                return
            call = calls.pop(id(frame), None)
            if call is None or got is None:
                return
            line = "assert %s == %s\n" % (call, literal(got))
            if line not in told:
                told.add(line)
                with open(SEEN, "a", encoding="utf-8") as seen:
                    seen.write(line)
        except Exception:
            pass

    sys.setprofile(hook)
    threading.setprofile(hook)

if SEEN:
    begin()
"#;

/// A shell script that runs `command` (the project's tests) and tells what `functions` gave in it:
/// each with the path of its file. Nothing that the tests print is told. `None`: none of them is of
/// a language that can be watched.
pub fn script(command: &str, functions: &[(&str, &str)]) -> Option<String> {
    let safe = |it: char| it.is_ascii_alphanumeric() || "-_./+@ ".contains(it);
    let known = |path: &str| super::place::language_of(path) == Some(Language::Python);
    let targets: Vec<String> = functions
        .iter()
        .filter(|(path, name)| known(path) && path.chars().all(safe) && name.chars().all(safe))
        .map(|(path, name)| format!("{name:?}: {path:?}"))
        .collect();
    if targets.is_empty() || command.contains(END) {
        return None;
    }
    let limit = LIMIT * 3;
    Some(format!(
        "d=$(mktemp -d \"${{TMPDIR:-/tmp}}/probe.XXXXXX\") || exit 1\nt=\n\
         command -v timeout >/dev/null 2>&1 && t='timeout -s KILL {limit}'\n\
         cat > \"$d/sitecustomize.py\" <<'{END}'\nTARGETS = {{{}}}\n{}\n{END}\n\
         cat > \"$d/command\" <<'{END}'\n{command}\n{END}\n\
         PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=\"$d${{PYTHONPATH:+:$PYTHONPATH}}\" OBSERVED=\"$d/seen\" \
         $t sh \"$d/command\" >/dev/null 2>&1 </dev/null\n\
         IFS= read -r nonce || exit 1\n\
         [ ! -f \"$d/seen\" ] || head -n {MOST_LINES} \"$d/seen\" | \
         while IFS= read -r line; do printf '%s %s\\n' \"$nonce\" \"$line\"; done\n\
         rm -rf \"$d\"\n",
        targets.join(", "),
        HOOK.trim(),
    ))
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
    fn only_functions_of_python_are_watched() {
        assert_eq!(script("make test", &[("a.js", "one")]), None);
        assert_eq!(script("make test", &[("a'b.py", "one")]), None);
        let script = script("make test", &[("a.py", "one"), ("b.c", "two")]).unwrap();
        assert!(script.contains("TARGETS = {\"one\": \"a.py\"}"), "{script}");
    }
}
