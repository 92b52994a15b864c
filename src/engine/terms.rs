//! What an issue names. Identifiers are ASCII whatever language surrounds them.

use std::collections::BTreeSet;

/// The words of an issue by how much they tell.
#[derive(Debug, Default)]
pub(in crate::engine) struct Terms {
    /// Identifiers: in backticks, or by their form.
    pub(in crate::engine) named: BTreeSet<String>,
    /// Ordinary words, in lower case.
    pub(in crate::engine) plain: BTreeSet<String>,
    /// Texts in quotes, as they may stand in the code.
    pub(in crate::engine) quoted: BTreeSet<String>,
    /// Options of a command line.
    pub(in crate::engine) options: BTreeSet<String>,
}

const COMMON: &[&str] = &[
    "the", "and", "for", "with", "that", "this", "from", "should", "would", "like", "when", "not",
    "are", "was", "has", "have", "but", "all", "any", "can", "could", "please", "add", "new",
    "use", "used", "make", "need", "needs", "want", "into", "instead", "there", "then", "than",
    "them", "they", "its", "only", "also", "now", "today", "before", "after", "error", "expected",
    "actual", "returns", "return", "function", "method", "class", "file", "line", "lines", "code",
    "test", "tests", "true", "false", "none", "null", "value", "values", "string", "number", "let",
    "var", "const", "int", "struct", "bug", "fix", "support", "here",
];

/// Words of a program's standard library and of every issue: they are identifiers and tell nothing.
const EVERYWHERE: [&str; 26] = [
    "ValueError",
    "TypeError",
    "KeyError",
    "RangeError",
    "Error",
    "None",
    "Some",
    "Option",
    "NaN",
    "assert",
    "self",
    "stderr",
    "stdout",
    "print",
    "main",
    "import",
    "export",
    "true",
    "false",
    "null",
    "str",
    "String",
    "int",
    "struct",
    "python3",
    "README",
];

/// Picks the words of an issue apart.
pub(in crate::engine) fn of(issue: &str) -> Terms {
    let mut terms = Terms::default();
    for code in between(issue, '`') {
        for word in identifiers(code) {
            name(&mut terms, word);
        }
    }
    // The words of a link are of where it leads.
    let told = issue.split_whitespace().filter(|it| !it.contains("://"));
    for word in told.flat_map(identifiers) {
        if looks_like_code(word) {
            name(&mut terms, word);
        } else if word.len() > 2 {
            let lower = word.to_lowercase();
            if !COMMON.contains(&lower.as_str()) {
                terms.plain.insert(lower);
            }
        }
    }
    for text in between(issue, '"').chain(between(issue, '\'')) {
        if (4..80).contains(&text.len()) && !text.contains('\n') {
            terms.quoted.insert(text.to_owned());
        }
    }
    let blank = |it: char| it.is_whitespace() || "`'\"(),.:;".contains(it);
    for word in issue.split(blank) {
        let letters = word.trim_start_matches('-');
        let dashes = word.len() - letters.len();
        if (1..=2).contains(&dashes) && letters.starts_with(|it: char| it.is_ascii_alphabetic()) {
            terms.options.insert(word.to_owned());
        }
    }
    terms
}

fn name(terms: &mut Terms, word: &str) {
    if word.len() > 1
        && !EVERYWHERE.contains(&word)
        && !word.starts_with(|it: char| it.is_numeric())
    {
        terms.named.insert(word.to_owned());
    }
}

/// The words of a file, as identifiers and in lower case.
pub(in crate::engine) fn words(text: &str) -> BTreeSet<&str> {
    identifiers(text).collect()
}

/// The words of a text in their order.
pub(in crate::engine) fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_')).filter(|it| !it.is_empty())
}

/// `snake_case`, `camelCase`, `PascalCase` with two humps, `CONSTANT_CASE`.
fn looks_like_code(word: &str) -> bool {
    let inner = word.trim_matches('_');
    let humps = inner.as_bytes().windows(2);
    inner.contains('_')
        || humps.into_iter().any(|it| it[0].is_ascii_lowercase() && it[1].is_ascii_uppercase())
}

/// The pieces between pairs of `mark`. An apostrophe inside a word opens nothing.
fn between(text: &str, mark: char) -> impl Iterator<Item = &str> {
    text.lines().flat_map(move |line| line.split(mark).skip(1).step_by(2))
}

/// Whether the issue asks for a change in every place, the tests among them.
pub(in crate::engine) fn reaches_everywhere(issue: &str) -> bool {
    let issue = issue.to_lowercase();
    ["rename", "everywhere", "all call", "改名", "リネーム", "名前を変更", "すべての呼び出し"]
        .iter()
        .any(|it| issue.contains(it))
}
