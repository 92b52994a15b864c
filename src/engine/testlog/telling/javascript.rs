//! jest, vitest and mocha.

use super::frames::{is_code, is_script, own_scripts, pointed};
use super::{Failure, Ours};

/// How many lines of a message are taken.
const MESSAGE: usize = 9;

/// A failure under a bullet, below the line of its file: `FAIL ./sum.test.js`, `  ● sums › adds`.
pub(super) fn jest(lines: &[&str], ours: Ours<'_>) -> Vec<Failure> {
    let (mut found, mut file) = (Vec::new(), "");
    if !lines.iter().any(|it| it.starts_with("Test Suites: ")) {
        return found;
    }
    for (at, line) in lines.iter().enumerate() {
        let header = line.strip_prefix("FAIL ").or_else(|| line.strip_prefix("PASS "));
        if let Some(path) = header {
            file = super::super::without_duration(path.trim());
        }
        // What failed is told a second time below this.
        if line.starts_with("Summary of all failing tests") {
            break;
        }
        let Some(name) = line.strip_prefix("  ● ").filter(|it| *it != "Console") else {
            continue;
        };
        let is_end = |line: &str| {
            let is_word = line.starts_with(|c: char| c.is_ascii_alphabetic());
            is_word || line.starts_with("  ● ")
        };
        let body: Vec<&str> =
            lines.iter().skip(at + 1).take_while(|it| !is_end(it)).copied().collect();
        // Before that stands general advice about what could not be parsed.
        let details = body.iter().rposition(|it| it.trim() == "Details:").map_or(0, |it| it + 1);
        let body = body.get(details..).unwrap_or_default();
        let (name, head) = match name.starts_with("Test suite failed") {
            true => (format!("{file} (did not run)"), format!("{file}: {name}")),
            false => (name.to_owned(), format!("{file} ● {name}")),
        };
        found.push(Failure { at, name, lines: composed(head, body, ours) });
    }
    found
}

/// ` FAIL  sum.test.ts > sums > adds`, up to the next rule.
pub(super) fn vitest(lines: &[&str], ours: Ours<'_>) -> Vec<Failure> {
    let mut found = Vec::new();
    if !lines.iter().any(|it| it.trim_start().starts_with("Test Files ")) {
        return found;
    }
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = line.trim_start().strip_prefix("FAIL  ") else { continue };
        let is_end = |line: &str| line.starts_with('⎯');
        let is_head = |line: &str| line.trim_start().starts_with("FAIL  ");
        // Tests with the same error have one message, below the names of all.
        let body = lines.iter().skip(at + 1).skip_while(|it| is_head(it));
        let body: Vec<&str> = body.take_while(|it| !is_end(it) && !is_head(it)).copied().collect();
        let name = match name.split_once(" [ ") {
            Some((file, _)) => format!("{} (did not run)", file.trim()),
            None => name.trim().to_owned(),
        };
        let head = format!("FAIL {name}");
        found.push(Failure { at, name, lines: composed(head, &body, ours) });
    }
    found
}

/// `  1) sums`, the names of what it is in below each other, and the last with a colon.
pub(super) fn mocha(lines: &[&str], ours: Ours<'_>) -> Vec<Failure> {
    let mut found = Vec::new();
    let failing = |line: &str| {
        line.trim().strip_suffix(" failing").is_some_and(|it| it.parse::<u32>().is_ok())
    };
    let Some(start) = lines.iter().position(|it| failing(it)) else { return found };
    let heads: Vec<usize> = lines
        .iter()
        .enumerate()
        .skip(start + 1)
        .filter(|(_, line)| numbered(line).is_some())
        .map(|(at, _)| at)
        .collect();
    for (nth, at) in heads.iter().enumerate() {
        let end = heads.get(nth + 1).copied().unwrap_or(lines.len());
        let block = lines.get(*at..end).unwrap_or_default();
        let names = block.iter().position(|it| it.ends_with(':')).unwrap_or(0);
        let (names, body) = block.split_at((names + 1).min(block.len()));
        let path: Vec<&str> = names
            .iter()
            .map(|it| numbered(it).unwrap_or(it.trim()).trim_end_matches(':'))
            .collect();
        let name = path.join(" > ");
        let lines = composed(name.clone(), body, ours);
        found.push(Failure { at: *at, name, lines });
    }
    found
}

/// The name behind `  1) `.
fn numbered(line: &str) -> Option<&str> {
    let (number, name) = line.strip_prefix("  ")?.split_once(") ")?;
    number.parse::<u32>().ok().map(|_| name)
}

/// The message, the line of code that is pointed at, and the frames in the project's own files.
fn composed(head: String, body: &[&str], ours: Ours<'_>) -> Vec<String> {
    let is_frame = |line: &str| is_script(line) || line.trim_start().starts_with("❯ ");
    let message = body.iter().filter(|it| !it.trim().is_empty() && !is_frame(it) && !is_code(it));
    let message = message.take(MESSAGE).map(|it| it.trim_start().to_owned());
    let code = pointed(body).into_iter().map(str::to_owned);
    let points: Vec<&str> =
        body.iter().map(|it| it.trim_start().trim_start_matches("❯ ")).collect();
    let frames = own_scripts(&points, ours);
    [head].into_iter().chain(message).chain(code).chain(frames).collect()
}
