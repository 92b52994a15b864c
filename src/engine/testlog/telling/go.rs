//! `go build`, `go vet` and `go test`, also with `-v` and `-json`.

use serde_json::Value;

use super::frames::{MOST_FRAMES, place};
use super::{Failure, Ours};

/// How many lines of what a test said are taken.
const SAID: usize = 9;
/// How far behind a panic its frames are looked for, in lines.
const TRACE: usize = 80;

pub(super) fn read(lines: &[&str], ours: Ours<'_>) -> Vec<Failure> {
    let told = said(lines);
    let plain: Vec<&str> = match &told {
        Some(text) => text.lines().collect(),
        None => lines.to_vec(),
    };
    let mut found = errors(&plain);
    let failed: Vec<(usize, &str)> = plain
        .iter()
        .enumerate()
        .filter_map(|(at, line)| {
            let name = line.trim_start().strip_prefix("--- FAIL: ")?;
            Some((at, name.rsplit_once(" (").map_or(name, |(name, _)| name)))
        })
        .collect();
    for (at, name) in &failed {
        // A test that has parts fails with them, and says nothing of its own.
        let part = format!("{name}/");
        if !failed.iter().any(|(_, it)| it.starts_with(&part)) {
            found.push(test(&plain, *at, name, ours));
        }
    }
    found.sort_by_key(|it| it.at);
    found
}

/// What the events of `-json` say, as it would be without.
fn said(lines: &[&str]) -> Option<String> {
    let events = lines.iter().filter(|it| it.starts_with("{\"") && it.contains("\"Action\""));
    let mut text = String::new();
    for event in events.filter_map(|it| serde_json::from_str::<Value>(it).ok()) {
        text.push_str(event.get("Output").and_then(Value::as_str).unwrap_or_default());
    }
    (!text.is_empty()).then_some(text)
}

/// `./add.go:12:3: undefined: nothing`: the lines below `# example.com/calc`.
fn errors(lines: &[&str]) -> Vec<Failure> {
    let (mut found, mut in_package) = (Vec::new(), false);
    for (at, line) in lines.iter().enumerate() {
        in_package = line.starts_with("# ") || (in_package && !line.is_empty());
        let Some(it) = place(line.trim_start_matches("vet: ")) else { continue };
        if in_package && it.path.ends_with(".go") && it.rest.starts_with(':') {
            let more = lines.iter().skip(at + 1).take_while(|it| it.starts_with('\t')).take(4);
            found.push(Failure {
                at,
                name: format!("{}:{}{}", it.path, it.line, it.rest),
                lines: [line].into_iter().chain(more).map(|it| (*it).to_owned()).collect(),
            });
        }
    }
    found
}

fn test(lines: &[&str], at: usize, name: &str, ours: Ours<'_>) -> Failure {
    let is_end = |line: &str| {
        let text = line.trim_start();
        line.is_empty()
            || !line.starts_with([' ', '\t'])
            || ["--- ", "=== "].iter().any(|it| text.starts_with(it))
    };
    let below = lines.iter().skip(at + 1);
    let mut body: Vec<String> =
        below.clone().take_while(|it| !is_end(it)).map(|it| (*it).to_owned()).collect();
    if body.is_empty() && below.clone().next().is_some_and(|it| it.starts_with("panic: ")) {
        body.extend(below.clone().take(1).map(|it| (*it).to_owned()));
        body.extend(frames(lines, at + 2, ours));
    }
    if body.is_empty() {
        // With `-v` it speaks before it fails.
        let runs = |line: &str| {
            let name_of = line.strip_prefix("=== RUN ").or_else(|| line.strip_prefix("=== NAME "));
            name_of.is_some_and(|it| it.trim() == name)
        };
        let begun = lines.iter().take(at).rposition(|it| runs(it)).unwrap_or(at);
        let above = lines.iter().take(at).skip(begun + 1).take_while(|it| !is_end(it));
        body = above.map(|it| (*it).to_owned()).collect();
    }
    body.truncate(SAID);
    let head = format!("--- FAIL: {name}");
    Failure { at, name: name.to_owned(), lines: [head].into_iter().chain(body).collect() }
}

/// The frames of a panic that are in the project's own files.
fn frames(lines: &[&str], from: usize, ours: Ours<'_>) -> Vec<String> {
    let trace = lines.iter().skip(from).take(TRACE).filter_map(|it| it.strip_prefix('\t'));
    let own = trace.filter(|it| place(it).is_some_and(|it| ours(it.path)));
    own.take(MOST_FRAMES)
        .map(|it| format!("    at {}", it.split_once(" +0x").map_or(it, |(place, _)| place)))
        .collect()
}
