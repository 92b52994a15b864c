//! `node --test`: the reporter for people, and TAP with its fields.

use super::super::{indent, without_duration};
use super::frames::{is_script, own_scripts};
use super::{Failure, Ours};

/// How many lines of a message are taken.
const MESSAGE: usize = 9;
/// How far above an error's name its place stands, in lines.
const ABOVE: usize = 5;

pub(super) fn read(lines: &[&str], ours: Ours<'_>) -> Vec<Failure> {
    let mut found = spec(lines, ours);
    if found.is_empty() {
        found = tap(lines, ours);
    }
    found
}

/// Below `✖ failing tests:` each has its place, its name and its error.
fn spec(lines: &[&str], ours: Ours<'_>) -> Vec<Failure> {
    let Some(start) = lines.iter().position(|it| *it == "✖ failing tests:") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let below = lines.get(start + 1..).unwrap_or_default();
    for (at, line) in below.iter().enumerate() {
        let Some(name) = line.strip_prefix("✖ ").map(without_duration) else { continue };
        let above = at.checked_sub(1).and_then(|it| below.get(it)).copied().unwrap_or_default();
        let position = above.strip_prefix("test at ").unwrap_or_default();
        let body = below.iter().skip(at + 1).take_while(|it| !it.starts_with("test at "));
        let body: Vec<&str> = body.copied().collect();
        found.push(failure(lines, start + 1 + at, (name, position), &body, ours));
    }
    found
}

/// `not ok 2 - subtracts`, and its fields between `---` and `...`.
fn tap(lines: &[&str], ours: Ours<'_>) -> Vec<Failure> {
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(rest) = line.trim_start().strip_prefix("not ok ") else { continue };
        let is_open = lines.get(at + 1).is_some_and(|it| it.trim() == "---");
        let is_meant = rest.contains(" # TODO") || rest.contains(" # SKIP");
        if !is_open || is_meant {
            continue;
        }
        let depth = indent(line);
        let fields = lines.iter().skip(at + 2);
        let fields: Vec<&str> =
            fields.take_while(|it| indent(it) > depth && it.trim() != "...").copied().collect();
        let field = |name: &str| {
            let found = fields.iter().find_map(|it| it.trim().strip_prefix(name));
            found.map(|it| it.trim().trim_matches(['\'', '"'])).unwrap_or_default()
        };
        if field("failureType:") == "subtestsFailed" {
            continue;
        }
        let name = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let name = name.trim_start().trim_start_matches("- ").replace("\\#", "#");
        let kept = ["error:", "expected:", "actual:"];
        let is_kept = |line: &&&str| kept.iter().any(|it| line.trim().starts_with(it));
        let mut body: Vec<&str> = fields.iter().filter(is_kept).copied().collect();
        let stack = fields.iter().skip_while(|it| !it.trim().starts_with("stack:")).skip(1);
        body.extend(stack.filter(|it| super::frames::script(it).is_some()));
        found.push(failure(lines, at, (&name, field("location:")), &body, ours));
    }
    found
}

fn failure(
    lines: &[&str],
    at: usize,
    (name, position): (&str, &str),
    body: &[&str],
    ours: Ours<'_>,
) -> Failure {
    let mut shown = vec![match position.is_empty() {
        true => name.to_owned(),
        false => format!("{name} (test at {position})"),
    }];
    let is_told = |line: &str| {
        let text = line.trim();
        let field = text.split_once(": ").map_or("", |(field, _)| field);
        let is_noise = ["generatedMessage", "code", "operator", "diff"].contains(&field);
        let is_frame = is_script(line) || text.contains("(node:") || text.starts_with("async ");
        !text.is_empty() && !["{", "}"].contains(&text) && !is_noise && !is_frame
    };
    let frames = own_scripts(body, ours);
    let plain = body
        .iter()
        .filter(|it| is_told(it))
        .filter(|it| !super::frames::script(it).is_some_and(|place| ours(place.path)));
    shown.extend(plain.take(MESSAGE).map(|it| it.trim().to_owned()));
    shown.extend(frames);
    // A file that did not load says why where it was loaded.
    if body.iter().any(|it| it.contains("'test failed'")) {
        shown.extend(why_not_loaded(lines, name));
    }
    // The files of a project are told apart by two names, as `tests` does.
    let names: Vec<&str> = name.split('/').collect();
    let name = match name.starts_with('/') {
        true => names.get(names.len().saturating_sub(2)..).unwrap_or_default().join("/"),
        false => name.to_owned(),
    };
    Failure { at, name, lines: shown }
}

/// `/project/c.test.js:2`, and the error that follows it.
fn why_not_loaded(lines: &[&str], file: &str) -> Vec<String> {
    let text = |line: &str| line.trim_start_matches("# ").to_owned();
    let is_error = |line: &str| {
        let head = text(line);
        let head = head.split([':', ' ']).next().unwrap_or_default();
        head.ends_with("Error") && head.chars().all(char::is_alphanumeric)
    };
    let Some(at) = lines.iter().position(|it| text(it).starts_with(&format!("{file}:"))) else {
        let error = lines.iter().find(|it| is_error(it));
        return error.map(|it| text(it)).into_iter().collect();
    };
    let mut shown = Vec::new();
    for line in lines.iter().skip(at).take(ABOVE + 1).filter(|it| !it.trim().is_empty()) {
        shown.push(text(line));
        if is_error(line) {
            break;
        }
    }
    shown
}
