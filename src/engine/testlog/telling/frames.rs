//! Places in outputs: `src/lib.rs:14:29`, and frames that have one.

use super::Ours;

/// How many frames in the project's own files are shown.
pub(super) const MOST_FRAMES: usize = 3;

/// A place, as an output has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// The file.
    pub(super) path: &'a str,
    /// From 1.
    pub(super) line: &'a str,
    /// What comes after line and column.
    pub(super) rest: &'a str,
}

/// The place that a text begins with: `a.c:3:5: error`, `add_test.go:9: x`, `src/lib.rs:2:25`.
pub(super) fn place(text: &str) -> Option<Place<'_>> {
    let text = text.strip_prefix("file://").unwrap_or(text);
    let text = text.strip_prefix("./").unwrap_or(text);
    let (path, rest) = text.split_once(':')?;
    let is_path = path.rsplit('/').next().is_some_and(|it| it.contains('.'));
    if !is_path || path.contains(|c: char| c.is_whitespace() || "()'\"".contains(c)) {
        return None;
    }
    let (line, rest) = number(rest)?;
    let rest = match rest.strip_prefix(':').and_then(number) {
        Some((_, rest)) => rest,
        None => rest,
    };
    Some(Place { path, line, rest })
}

fn number(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The place of a frame of JavaScript: `at add (src/sum.js:3:5)`, `at src/sum.js:3:5`, and without
/// `at` as in TAP.
pub(super) fn script(line: &str) -> Option<Place<'_>> {
    let text = line.trim_start();
    let text = text.strip_prefix("at ").unwrap_or(text);
    let text = text.strip_prefix("async ").unwrap_or(text);
    // `… (a.js:3:5) {` is the last one, where the error has fields.
    let inner = text.rsplit_once('(').and_then(|(_, it)| it.split_once(')')).map(|(it, _)| it);
    place(inner.unwrap_or(text))
}

/// Whether a line is a frame of JavaScript.
pub(super) fn is_script(line: &str) -> bool {
    let text = line.trim_start();
    text.starts_with("at ") && (text.contains(':') || text.ends_with("(<anonymous>)"))
}

/// The frames of these lines that are in the project's own files, from the innermost.
pub(super) fn own_scripts(lines: &[&str], ours: Ours<'_>) -> Vec<String> {
    let own = lines.iter().filter(|it| script(it).is_some_and(|it| ours(it.path)));
    let mut frames: Vec<String> = Vec::new();
    for frame in own {
        let frame = frame.trim().trim_end_matches([' ', '{']).trim_start_matches("at ");
        let frame = format!("  at {frame}");
        if !frames.contains(&frame) && frames.len() < MOST_FRAMES {
            frames.push(frame);
        }
    }
    frames
}

/// Of the frames of code, the lines that are pointed at: the one above a caret, and the caret.
pub(super) fn pointed<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let is_caret = |line: &str| {
        line.trim_start().split_once('|').is_some_and(|(gutter, rest)| {
            gutter.trim().is_empty() && rest.contains('^') && rest.trim().chars().all(|c| c == '^')
        })
    };
    let pairs = lines.iter().zip(lines.iter().skip(1));
    pairs.filter(|(_, below)| is_caret(below)).flat_map(|(line, below)| [*line, *below]).collect()
}

/// Whether a line is of a frame of code: `> 4 | x`, `  3| y`, `   |   ^`.
pub(super) fn is_code(line: &str) -> bool {
    let text = line.trim_start().trim_start_matches("> ").trim_start();
    text.split_once('|').is_some_and(|(gutter, _)| {
        let gutter = gutter.trim_end();
        gutter.chars().all(|c| c.is_ascii_digit())
    })
}
