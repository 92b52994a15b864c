//! Every word of a source file that could be a name, and whether it stands in code.

use std::ops::Range;

use tree_sitter::Node;

use super::language::Language;

/// A word that could be a name: letters, digits, `_` and `$`, and no digit first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Where it stands, in bytes.
    pub bytes: Range<usize>,
    /// What it is a part of.
    pub kind: WordKind,
}

/// What a word is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordKind {
    /// The program: also what is computed within a string.
    Code,
    /// A string, a pattern, a here-document, the text of markup.
    InString,
    /// A comment.
    InComment,
}

/// The words of `text` at `path`, in their order; `None` as for `outline`. In a text with a
/// syntax error the kinds near it are a guess.
pub fn identifiers(path: &str, text: &str) -> Option<Vec<Word>> {
    let language = Language::of(path, text)?;
    let tree = language.parse(text)?;
    let kinds = paint(text, tree.root_node());
    let kind = |at: usize| kinds.get(at).copied().unwrap_or(WordKind::Code);
    let mut words = Vec::new();
    let mut start = None;
    let mut last = (WordKind::Code, false);
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        // Outside of code, Japanese runs straight on after a name.
        let now = (kind(at), kind(at) == WordKind::Code || c.is_ascii());
        let inside = is_part(language, c);
        if let Some(from) = start.filter(|_| !inside || now != last) {
            take(&mut words, text, from..at, last.0);
            start = None;
        }
        if inside && start.is_none() {
            start = Some(at);
        }
        last = now;
    }
    Some(words)
}

fn take(words: &mut Vec<Word>, text: &str, bytes: Range<usize>, kind: WordKind) {
    let word = text.get(bytes.clone()).unwrap_or_default();
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        words.push(Word { text: word.to_owned(), bytes, kind });
    }
}

/// Whether `c` can be in a name. In a shell `$` is a sign before one.
fn is_part(language: Language, c: char) -> bool {
    let sign = matches!(language, Language::JavaScript | Language::TypeScript | Language::Tsx);
    c.is_alphanumeric() || c == '_' || (c == '$' && sign)
}

/// What each byte is a part of. What is deeper in the tree is painted later.
fn paint(text: &str, root: Node<'_>) -> Vec<WordKind> {
    let mut kinds = vec![WordKind::Code; text.len()];
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        if let (Some(kind), Some(range)) = (of(node), kinds.get_mut(node.byte_range())) {
            range.fill(kind);
        }
        if node.kind() == "preproc_arg" {
            paint_quoted(text, node, &mut kinds);
        }
        if cursor.goto_first_child() || cursor.goto_next_sibling() {
            continue;
        }
        loop {
            if !cursor.goto_parent() {
                return kinds;
            }
            if cursor.goto_next_sibling() {
                break;
            }
        }
    }
}

/// What a node makes of its text; `None`: the same as around it.
fn of(node: Node<'_>) -> Option<WordKind> {
    Some(match node.kind() {
        "comment" | "line_comment" | "block_comment" | "hash_bang_line" | "html_comment" => {
            WordKind::InComment
        }
        "string"
        | "string_literal"
        | "raw_string_literal"
        | "interpreted_string_literal"
        | "template_string"
        | "char_literal"
        | "rune_literal"
        | "system_lib_string"
        | "raw_string"
        | "ansi_c_string"
        | "heredoc_body"
        | "regex"
        | "jsx_text" => {
            // A keyword of TypeScript's, the type, is called so too.
            node.is_named().then_some(WordKind::InString)?
        }
        "interpolation"
        | "template_substitution"
        | "expansion"
        | "simple_expansion"
        | "command_substitution"
        | "arithmetic_expansion" => WordKind::Code,
        _ => return None,
    })
}

/// The value of a C macro is one token: its strings are found by their quotes.
fn paint_quoted(text: &str, node: Node<'_>, kinds: &mut [WordKind]) {
    let mut open = None;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().take(node.end_byte()).skip(node.start_byte()) {
        match (open, byte) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(quote), _) if quote == byte => open = None,
            (None, b'"' | b'\'') => open = Some(byte),
            _ => {}
        }
        if let Some(kind) = kinds.get_mut(at).filter(|_| open.is_some()) {
            *kind = WordKind::InString;
        }
    }
}
