//! The lines of files that a traceback in an issue names.

use crate::engine::source::SourceFile;
use crate::engine::symbols::Definition;

/// More than this is a log, and no traceback.
const MOST: usize = 40;

/// One line of a traceback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The end of the file's path, as far as the issue has it.
    pub(super) file: String,
    /// From 1.
    pub(super) line: usize,
}

impl Frame {
    /// Whether that line is one of `definition`'s.
    pub(super) fn is_in(&self, file: SourceFile<'_>, definition: &Definition) -> bool {
        let same = file.path == self.file
            || self.file.strip_suffix(file.path).is_some_and(|it| it.ends_with('/'))
            || file.path.strip_suffix(&self.file).is_some_and(|it| it.ends_with('/'));
        let line_at = |at: usize| 1 + file.text.bytes().take(at).filter(|it| *it == b'\n').count();
        same && (line_at(definition.bytes.start)..=line_at(definition.bytes.end))
            .contains(&self.line)
    }
}

/// `File "a/b.py", line 12` of Python, and `a/b.rs:12` with or without a column, as everybody else
/// writes it.
pub(super) fn of(issue: &str) -> Vec<Frame> {
    let mut frames = Vec::new();
    for line in issue.lines() {
        if let Some((file, rest)) = line.split_once("File \"").and_then(|it| it.1.split_once('"')) {
            let digits = rest.split("line ").nth(1).unwrap_or_default();
            frames.extend(frame(file, digits));
            continue;
        }
        let apart = |it: char| it.is_whitespace() || "()[]'\"`,".contains(it);
        for word in line.split(apart) {
            if let Some((file, rest)) = word.split_once(':') {
                frames.extend(frame(file.trim_start_matches("./"), rest));
            }
        }
    }
    frames.truncate(MOST);
    frames
}

/// The frame where it happened, of those that `is_ours`: Python prints it last, everybody else
/// first.
pub(super) fn innermost(frames: &[Frame], is_ours: &dyn Fn(&Frame) -> bool) -> Option<usize> {
    let ours = |at: &usize| frames.get(*at).is_some_and(is_ours);
    let is_python = |it: &Frame| it.file.ends_with(".py") || it.file.ends_with(".pyw");
    match frames.iter().any(is_python) {
        true => (0..frames.len()).rev().find(ours),
        false => (0..frames.len()).find(ours),
    }
}

fn frame(file: &str, digits: &str) -> Option<Frame> {
    let end = digits.find(|it: char| !it.is_ascii_digit()).unwrap_or(digits.len());
    let line = digits[..end].parse().ok()?;
    let name = file.rsplit('/').next()?;
    let plain = name.split_once('.').is_some_and(|(stem, end)| {
        !stem.is_empty() && end.starts_with(|it: char| it.is_ascii_alphabetic())
    });
    (plain && line > 0).then(|| Frame { file: file.to_owned(), line })
}
