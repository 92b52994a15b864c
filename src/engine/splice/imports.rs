//! Where what a file brings in from elsewhere is written.

use super::{Edit, File, applied};
use crate::engine::guard::language::Language;
use crate::engine::symbols::{self, Outline};

/// The imports of the answer that the file does not have, after its own.
pub(super) fn of(file: &File<'_>, code: &str, answer: &Outline) -> Option<Edit> {
    let language = Language::of(file.path)?;
    let defined = |at: usize| answer.definitions.iter().any(|it| it.bytes.contains(&at));
    let had: Vec<&str> = file.text.lines().map(str::trim).collect();
    let mut at = 0;
    let mut new = Vec::new();
    for line in code.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end();
        let fresh = !had.contains(&line.trim()) && !new.contains(&line);
        if is_import(language, line) && fresh && !defined(start) {
            new.push(line);
        }
    }
    placed(language, file.text, file.outline, &new)
}

/// `text` with one more line that brings something in. `None`: the language has none that we know.
pub fn brought(path: &str, text: &str, line: &str) -> Option<String> {
    let outline = symbols::outline(path, text)?;
    let edit = placed(Language::of(path)?, text, &outline, &[line])?;
    Some(applied(text, Vec::from([edit])))
}

/// After the file's own; where it has none, before its first definition.
fn placed(language: Language, text: &str, outline: &Outline, new: &[&str]) -> Option<Edit> {
    if new.is_empty() {
        return None;
    }
    let first = outline.definitions.iter().map(|it| it.bytes.start).min();
    let head = &text[..first.unwrap_or(text.len())];
    let mut last = None;
    let mut at = 0;
    for line in head.split_inclusive('\n') {
        at += line.len();
        if is_import(language, line.trim_end()) {
            last = Some(at);
        }
    }
    let (at, after) = match last {
        Some(at) => (at, "\n"),
        None => (text[..head.len()].rfind('\n').map_or(0, |at| at + 1), "\n\n"),
    };
    Some((at..at, new.join("\n") + after))
}

/// Whether it is one whole line that brings a name in.
pub(in crate::engine) fn is_import(language: Language, line: &str) -> bool {
    match language {
        Language::Python => {
            (line.starts_with("import ") || line.starts_with("from ") && line.contains(" import "))
                && !line.ends_with(['(', '\\'])
        }
        Language::JavaScript => {
            (line.starts_with("import ") && (line.contains(" from ") || line.contains(['"', '\''])))
                || (line.starts_with("const ") && line.contains("= require("))
        }
        Language::Rust => line.starts_with("use ") && line.ends_with(';'),
        Language::C => line.starts_with("#include"),
        Language::Go | Language::Shell => false,
    }
}
