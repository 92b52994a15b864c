//! The part of an output that an agent, or a person, needs to see.

use std::collections::BTreeSet;

/// A longer line is cut.
const LONGEST_LINE: usize = 300;
/// Lines shown before and after one that tells something.
const BEFORE: usize = 2;
const AFTER: usize = 6;
/// The end of an output often sums up.
const LAST: usize = 3;

/// The telling part of `output`: errors, failing assertions and where they are, with what is
/// merely noise left out; where nothing stands out, the end. At most `most_lines` lines and
/// `most_bytes` bytes.
pub fn excerpt(output: &str, most_lines: usize, most_bytes: usize) -> String {
    let lines = cleaned(output);
    let telling = (0..lines.len()).filter(|index| tells(&lines[*index]));
    let mut chosen = BTreeSet::new();
    let mut size = 0;
    let last = lines.len().saturating_sub(LAST)..lines.len();
    // The end first, so that it has its room; then from the top: the first error causes others.
    let around = telling.flat_map(|at| at.saturating_sub(BEFORE)..=at + AFTER);
    // With "…" between two parts, half of the lines could be gaps at the worst: count them in.
    let room = most_lines.saturating_sub(2);
    let from_end = (0..lines.len()).rev();
    let nothing_stands_out = !lines.iter().any(|line| tells(line));
    let wanted: Box<dyn Iterator<Item = usize>> = if lines.len() <= most_lines || nothing_stands_out
    {
        Box::new(from_end)
    } else {
        Box::new(last.chain(around))
    };
    let mut gaps = 0;
    for index in wanted.filter(|index| *index < lines.len()) {
        if chosen.contains(&index) {
            continue;
        }
        let bytes = lines[index].len() + 1;
        let all_fits = lines.len() <= most_lines;
        let most = if all_fits || nothing_stands_out { most_lines } else { room };
        if chosen.len() + gaps >= most || size + bytes + 4 * (gaps + 1) > most_bytes {
            break;
        }
        if index > 0 && !chosen.contains(&(index - 1)) && !nothing_stands_out && !all_fits {
            gaps += 1;
        }
        size += bytes;
        chosen.insert(index);
    }
    join(&lines, &chosen)
}

fn join(lines: &[String], chosen: &BTreeSet<usize>) -> String {
    let mut text = Vec::new();
    let mut next = chosen.first().copied().unwrap_or_default();
    for index in chosen {
        if *index > next {
            text.push("…");
        }
        text.push(&lines[*index]);
        next = index + 1;
    }
    text.join("\n").trim_end().to_owned()
}

/// Without noise, with short paths and lines, and no two empty lines in a row.
fn cleaned(output: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut skip_next = false;
    for line in output.lines() {
        let line = line.trim_end();
        if std::mem::take(&mut skip_next) && line.starts_with("    ") {
            continue;
        }
        // A frame in a library and the line of code below it.
        if line.trim_start().starts_with("File \"") && is_library(line) {
            skip_next = true;
            continue;
        }
        let doubled = line.is_empty() && lines.last().is_none_or(String::is_empty);
        if doubled || is_noise(line) {
            continue;
        }
        lines.push(shortened(line));
    }
    lines
}

pub(super) fn is_library(line: &str) -> bool {
    ["/lib/python3", "/site-packages/", "node_modules/", "node:internal", "/rustc/", "(node:"]
        .iter()
        .any(|part| line.contains(part))
}

fn is_noise(line: &str) -> bool {
    let text = line.trim_start();
    let starts = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    let frame = text.split_once(": ").is_some_and(|(number, rest)| {
        number.chars().all(|c| c.is_ascii_digit()) && !rest.contains("error") && rest.contains("::")
    });
    let passing =
        starts(&["✓", "✔", "ℹ", "--- PASS", "=== RUN", "=== PAUSE", "=== CONT", "ok  \t"])
            || (text.starts_with("test ") && text.ends_with("... ok"))
            || (text.starts_with("test_") && text.ends_with("... ok"))
            || (text.starts_with("ok ") && text.contains(" - "))
            || (text.contains("::") && text.contains(" PASSED"))
            || (text.starts_with("PASS ") && !text.contains("FAIL"));
    let progress = starts(&[
        "Compiling ",
        "Finished ",
        "Downloading ",
        "Downloaded ",
        "Updating ",
        "Locking ",
        "Blocking waiting",
        "Checking ",
        "Fresh ",
        "npm warn",
        "npm WARN",
        "npm notice",
        "npm error A complete log",
        "npm ERR! A complete log",
        "stack backtrace:",
        "note: run with `RUST_BACKTRACE",
        "note: Some details are omitted",
        "duration_ms:",
        "For more information about this error",
        "TAP version ",
        "# Subtest:",
        "# tests ",
        "# suites ",
        "# pass ",
        "# fail ",
        "# cancelled ",
        "# skipped ",
        "# todo ",
        "# duration_ms ",
    ]);
    // What npm says it runs; not a line of code that pytest (`>   x`) or jest (`> 4 | x`) points at.
    let npm = line.starts_with("> ") && !line.starts_with(">  ") && !line.contains(" | ");
    let library = is_library(text) && (text.starts_with("at ") || text.contains(" (node:"));
    let bare = ["---", "..."].contains(&text) || text.starts_with("at ./");
    frame || passing || progress || npm || library || bare
}

/// Whether a line says what is wrong, or where.
fn tells(line: &str) -> bool {
    let text = line.trim_start();
    let starts = [
        "error",
        "Error",
        "E   ",
        "FAIL",
        "Traceback",
        "assertion",
        "--- FAIL",
        "not ok",
        "✖",
        "✕",
        "×",
        "●",
        "ERROR",
        "thread '",
        "panic:",
        "fatal",
        "npm error",
        "make: ***",
        "Expected",
        "AssertionError",
        "# ",
    ];
    let contains = [
        "SyntaxError",
        "panicked at",
        "Error: ",
        "error: ",
        "error[",
        "undefined: ",
        "Exception: ",
        "AssertionError",
        "not found",
        "No such file",
        "Segmentation fault",
    ];
    starts.iter().any(|word| text.starts_with(word) && !text.starts_with("# Sub"))
        || contains.iter().any(|word| text.contains(word))
}

/// Paths into somebody's home or temporary folder keep their last two names.
pub(super) fn shortened(line: &str) -> String {
    const ROOTS: [&str; 7] =
        ["/tmp/", "/private/", "/var/folders/", "/home/", "/Users/", "/root/", "/var/lib/"];
    let mut short = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = ROOTS.iter().filter_map(|root| rest.find(root)).min() {
        let (before, path) = rest.split_at(at);
        let end =
            path.find([' ', '"', '\'', ':', ')', '(', ',', '`', '>', ']']).unwrap_or(path.len());
        let (path, after) = path.split_at(end);
        short.push_str(before);
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        match names.as_slice() {
            [.., folder, name] if names.len() > 2 => short.push_str(&format!("…/{folder}/{name}")),
            _ => short.push_str(path),
        }
        rest = after;
    }
    short.push_str(rest);
    if short.chars().count() > LONGEST_LINE {
        short = short.chars().take(LONGEST_LINE).chain(['…']).collect();
    }
    short
}
