//! Puts the new name into a file: into code by the grammar, into texts only where it is meant.

use super::{Rename, common};
use crate::engine::guard::is_lock_file;
use crate::engine::guard::language::{basename, extension, stem};
use crate::engine::symbols::{self, Word, WordKind};

/// `text` of the file at `path` with the new names. `None`: it stays as it is.
pub fn apply(rename: &Rename, path: &str, text: &str) -> Option<String> {
    if is_left_alone(path) {
        return None;
    }
    let words = match symbols::identifiers(path, text) {
        Some(words) => words,
        None if is_prose(path) => words_of(text),
        None => return None,
    };
    let shell = matches!(extension(path), "sh" | "bash" | "") && !is_prose(path);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for word in &words {
        let Some((old, new)) = rename.names.iter().find(|(old, _)| *old == word.text) else {
            continue;
        };
        let meant = match word.kind {
            WordKind::Code => !shell || !is_joined(text, word),
            WordKind::InString | WordKind::InComment => is_meant(text, word, old),
        };
        if meant {
            out.push_str(text.get(done..word.bytes.start)?);
            out.push_str(new);
            done = word.bytes.end;
        }
    }
    out.push_str(text.get(done..)?);
    (done > 0).then_some(out)
}

/// Whether a word in a text is the name: nothing else is called so, or it is written as code.
fn is_meant(text: &str, word: &Word, old: &str) -> bool {
    if is_joined(text, word) {
        return false;
    }
    let (before, after) = around(text, word);
    let line = before.rsplit('\n').next().unwrap_or_default();
    let quoted = line.matches('`').count() % 2 == 1
        && after.lines().next().unwrap_or_default().contains('`');
    common::is_distinctive(old) || quoted || after.starts_with('(')
}

/// Whether a word is a part of a longer one, of a path or of an option: `get-name`, `a/name`.
fn is_joined(text: &str, word: &Word) -> bool {
    let (before, after) = around(text, word);
    let file = after.strip_prefix('.').is_some_and(|it| {
        let end = it.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(it.len());
        matches!(
            &it[..end],
            "py" | "js"
                | "ts"
                | "tsx"
                | "jsx"
                | "rs"
                | "go"
                | "c"
                | "h"
                | "sh"
                | "md"
                | "json"
                | "txt"
        )
    });
    before.ends_with(['-', '/', '\\', '@'])
        || after.starts_with(['-', '/']) && !after.starts_with("->")
        || file
}

fn around<'t>(text: &'t str, word: &Word) -> (&'t str, &'t str) {
    (
        text.get(..word.bytes.start).unwrap_or_default(),
        text.get(word.bytes.end..).unwrap_or_default(),
    )
}

/// Whether a string holds this word and nothing else: the name itself, or just data.
pub(super) fn is_all_of_string(text: &str, word: &Word) -> bool {
    let (before, after) = around(text, word);
    ['"', '\'', '`'].iter().any(|quote| before.ends_with(*quote) && after.starts_with(*quote))
}

/// A text without a grammar: all of it is prose, but for blocks between ``` lines.
fn words_of(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let (mut block, mut at) = (false, 0);
    for line in text.split_inclusive('\n') {
        block ^= line.trim_start().starts_with("```");
        let kind = if block { WordKind::Code } else { WordKind::InComment };
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        let mut rest = line;
        while let Some(from) = rest.find(part) {
            let tail = rest.get(from..).unwrap_or_default();
            let length = tail.find(|c| !part(c)).unwrap_or(tail.len());
            let start = at + (line.len() - tail.len());
            let word = tail.get(..length).unwrap_or_default().to_owned();
            words.push(Word { text: word, bytes: start..start + length, kind });
            rest = tail.get(length..).unwrap_or_default();
        }
        at += line.len();
    }
    words
}

/// Whether a file is written for people or holds settings, and has no names of its own.
pub(super) fn is_prose(path: &str) -> bool {
    matches!(
        extension(path),
        "md" | "rst" | "txt" | "adoc" | "toml" | "json" | "yml" | "yaml" | "cfg" | "ini"
    ) || matches!(basename(path), "README" | "Makefile" | "CONTRIBUTING" | "Dockerfile")
}

/// Whether a file is not ours to change: history, what others made, what tools write.
pub(super) fn is_left_alone(path: &str) -> bool {
    const FOLDERS: [&str; 6] =
        ["node_modules", "vendor", "third_party", "dist", "target", "__pycache__"];
    const HISTORY: [&str; 6] =
        ["changelog", "changes", "history", "news", "releases", "release_notes"];
    is_lock_file(basename(path))
        || HISTORY.contains(&stem(path).to_lowercase().as_str())
        || path.split('/').any(|it| FOLDERS.contains(&it) || it.starts_with('.'))
        || path.contains(".min.")
}
