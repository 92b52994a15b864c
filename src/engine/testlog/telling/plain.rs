//! What says `FAIL` in words of its own: shell scripts, Bats, TAP without fields, C's `assert`.

use super::{Failure, Ours};

/// How many lines below are shown.
const BELOW: usize = 6;

/// `FAIL: one word: expected 'b', got 'a'`, `not ok 2 prints`, `✗ prints`, with what is indented, or
/// commented, below.
pub(super) fn lines(lines: &[&str], _ours: Ours<'_>) -> Vec<Failure> {
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = failed(line) else { continue };
        let is_more = |line: &str| {
            let text = line.trim_start();
            (line.starts_with([' ', '\t']) || text.starts_with("# "))
                && failed(line).is_none()
                && !["ok ", "✓", "✔"].iter().any(|it| text.starts_with(it))
        };
        let below = lines.iter().skip(at + 1).take_while(|it| is_more(it)).take(BELOW);
        let shown = [line].into_iter().chain(below).map(|it| it.trim_start().to_owned());
        found.push(Failure { at, name: name.to_owned(), lines: shown.collect() });
    }
    found
}

/// What failed by this line.
fn failed(line: &str) -> Option<&str> {
    let text = line.trim_start();
    let marks = ["FAILED", "FAIL", "[FAILED]", "[FAIL]", "not ok", "✗", "✘", "✖", "Failed:"];
    let rest = marks.iter().find_map(|mark| text.strip_prefix(mark))?;
    // `FAILED (failures=2)` sums up, `FAILURE` is another word.
    if !rest.starts_with([':', ' ', '\t']) || rest.trim_start().starts_with('(') {
        return None;
    }
    let name = rest.trim_start_matches([':', ' ', '\t', '-']);
    let is_meant = name.contains(" # TODO") || name.contains(" # SKIP") || name.contains(" # skip");
    (!name.is_empty() && !is_meant).then_some(name)
}

/// `t: tests/test.c:5: main: Assertion 'x' failed.`, and how a program was ended.
pub(super) fn asserted(lines: &[&str], _ours: Ours<'_>) -> Vec<Failure> {
    let is_assertion = |line: &str| {
        (line.contains("Assertion `") || line.contains("Assertion failed: "))
            && (line.ends_with("failed.")
                || line.contains(", file ")
                || line.contains(", function "))
    };
    let found = lines.iter().enumerate().filter(|(_, line)| is_assertion(line));
    found
        .map(|(at, line)| Failure { at, name: (*line).to_owned(), lines: vec![(*line).to_owned()] })
        .collect()
}
