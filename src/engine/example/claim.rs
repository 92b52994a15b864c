//! What a text says about calls, before it is decided what of it can be tried.

use super::value::{Call, Value};

/// What should come of a call, or comes of it now.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Result {
    Value(Value),
    Raises(String),
    /// Anything but an error.
    Returns,
    /// A text without its quotes, as it seems: only what the base gives can tell.
    Bare(String),
}

/// What a text says about one call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claim {
    pub(super) call: Call,
    /// What it says comes of it: now, or once the work is done.
    pub(super) said: Option<Result>,
    /// What it says should come of it.
    pub(super) wanted: Option<Result>,
    /// Whether the text complains about what is said: then nobody wants that.
    pub(super) complaint: bool,
}

/// A piece of a paragraph.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Call(Call),
    Value(Value),
    /// `f(1) == 2`, with nothing between but what says "gives".
    Pair(Call, Value),
    /// Code that is neither.
    Code(String),
    /// In lower case, but for what looks like a type.
    Word(String),
    /// Characters that are not ASCII: a run of them.
    Wide(String),
    /// `→`, `=>`, `->`, `==`.
    Arrow,
    Comma,
    Colon,
    /// The end of a sentence.
    Stop,
    Other,
}

/// Reads a paragraph. `is_known` says whether a bare name is a function of the project's: without
/// backticks nothing else is taken for a call.
pub(super) fn items(text: &str, is_known: &dyn Fn(&str) -> bool) -> Vec<Item> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(it) = rest.chars().next() {
        let (item, length) = next(rest, it, before, is_known);
        out.extend(item);
        let length = length.max(it.len_utf8());
        before = rest[..length].chars().next_back().unwrap_or(' ');
        rest = &rest[length..];
    }
    with_empty_texts(out)
}

/// "an empty string" is a value that nobody writes as one.
fn with_empty_texts(items: Vec<Item>) -> Vec<Item> {
    let is = |it: Option<&Item>, word: &str| matches!(it, Some(Item::Word(it)) if it == word);
    let mut out: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        if is(Some(&item), "string") && is(out.last(), "empty") {
            out.pop();
            if is(out.last(), "an") || is(out.last(), "the") {
                out.pop();
            }
            out.push(Item::Value(Value::Text(String::new(), super::value::Quotes::Double)));
        } else {
            out.push(item);
        }
    }
    out
}

fn next(
    rest: &str,
    first: char,
    before: char,
    is_known: &dyn Fn(&str) -> bool,
) -> (Option<Item>, usize) {
    for arrow in ["→", "⇒", "=>", "->", "=="] {
        if rest.starts_with(arrow) {
            return (Some(Item::Arrow), arrow.len());
        }
    }
    match first {
        '`' => code_span(rest),
        '.' | '!' | '?' | ';' | '。' | '！' | '？' => {
            let ends = rest[first.len_utf8()..].chars().next().is_none_or(char::is_whitespace);
            (
                Some(if ends || !first.is_ascii() || first == ';' {
                    Item::Stop
                } else {
                    Item::Other
                }),
                0,
            )
        }
        ',' | '、' | '，' | '(' | ')' | '（' | '）' | '—' | '–' => (Some(Item::Comma), 0),
        ':' | '：' => (Some(Item::Colon), 0),
        '*' | '_' if before.is_whitespace() || first == '*' => (None, 0),
        it if it.is_whitespace() => (None, 0),
        it if it.is_ascii_digit() || matches!(it, '-' | '"' | '[' | '{') => {
            bare_value(rest, before)
        }
        it if it.is_ascii_alphabetic() || it == '_' => word(rest, is_known),
        it if !it.is_ascii() => {
            let stops = |it: char| it.is_ascii() || "、。，！？：（）→⇒".contains(it);
            let end = rest.find(stops).unwrap_or(rest.len());
            (Some(Item::Wide(rest[..end].to_owned())), end)
        }
        _ => (Some(Item::Other), 0),
    }
}

fn code_span(rest: &str) -> (Option<Item>, usize) {
    let ticks = rest.len() - rest.trim_start_matches('`').len();
    let mark = &rest[..ticks];
    let Some(end) = rest[ticks..].find(mark) else { return (Some(Item::Other), ticks) };
    let inner = rest[ticks..ticks + end].trim();
    (Some(statement(inner)), end + 2 * ticks)
}

/// What a piece of code is.
fn statement(code: &str) -> Item {
    match Value::of(code) {
        Some(Value::Call(call)) => Item::Call(call),
        Some(value) => Item::Value(value),
        None => match pair(code) {
            Some((call, value)) => Item::Pair(call, value),
            None => Item::Code(code.to_owned()),
        },
    }
}

/// `f(1) == 2`, `f(1) -> 2`, `f(1) // => 2`.
pub(super) fn pair(code: &str) -> Option<(Call, Value)> {
    let (value, rest) = Value::begins(code)?;
    let Value::Call(call) = value else { return None };
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("//").or_else(|| rest.strip_prefix('#')).unwrap_or(rest);
    let rest = rest.trim_start();
    let arrows = ["===", "==", "=>", "->", "→", "⇒"];
    let rest = arrows.iter().find_map(|it| rest.strip_prefix(it))?;
    Some((call, Value::of(rest.trim().trim_end_matches(';'))?))
}

/// A value in the middle of a sentence stands for itself: `3` does, `3%` and `3rd` do not.
fn bare_value(rest: &str, before: char) -> (Option<Item>, usize) {
    let skipped = (Some(Item::Other), run(rest));
    if !(before.is_whitespace() || matches!(before, '(' | '`' | '*') || !before.is_ascii()) {
        return skipped;
    }
    match Value::begins(rest) {
        Some((value, after)) if ends_here(after) => {
            (Some(Item::Value(value)), rest.len() - after.len())
        }
        _ => skipped,
    }
}

fn ends_here(after: &str) -> bool {
    let mut chars = after.trim_start_matches('*').chars();
    match (chars.next(), chars.next()) {
        (None, _) => true,
        (Some('.' | ',' | ';' | ':' | '!' | '?' | ')'), next) => {
            next.is_none_or(|it| it.is_whitespace() || !it.is_ascii() || ").,;:".contains(it))
        }
        (Some(it), _) => it.is_whitespace() || !it.is_ascii(),
    }
}

/// Up to the next blank, so that the rest of `3rd` is no word.
fn run(rest: &str) -> usize {
    let ends = |it: char| it.is_whitespace() || it == '`' || !it.is_ascii();
    rest.char_indices().skip(1).find(|(_, it)| ends(*it)).map_or(rest.len(), |(at, _)| at)
}

fn word(rest: &str, is_known: &dyn Fn(&str) -> bool) -> (Option<Item>, usize) {
    let name = super::value::name(rest);
    let after = &rest[name.len()..];
    if after.starts_with('(') && is_known(name) {
        let found = Value::begins(rest).filter(|(_, after)| ends_here(after));
        return match found {
            Some((Value::Call(call), after)) => (Some(Item::Call(call)), rest.len() - after.len()),
            _ => (Some(Item::Other), run(rest)),
        };
    }
    let end = rest
        .char_indices()
        .find(|(_, it)| !(it.is_ascii_alphanumeric() || matches!(it, '\'' | '_')))
        .map_or(rest.len(), |(at, _)| at);
    let word = &rest[..end.max(1)];
    let length = word.len();
    // `calc.py`, `a/b` and `e.g` are one word.
    let joined = rest[length..].strip_prefix(['.', '/', '-', '@']);
    if joined.is_some_and(|it| it.starts_with(|it: char| it.is_ascii_alphanumeric())) {
        let end =
            rest.find(|it: char| it.is_whitespace() || it == '`' || it == ',' || !it.is_ascii());
        let all = rest[..end.unwrap_or(rest.len())].trim_end_matches(['.', ':', ')', ';']);
        return (Some(Item::Word(all.to_owned())), all.len());
    }
    let is_type = super::is_error(word);
    let item = match word {
        "None" | "True" | "False" | "null" | "true" | "false" | "undefined" | "NULL" => {
            Value::of(word).map_or(Item::Other, Item::Value)
        }
        word if is_type => Item::Word(word.to_owned()),
        word => Item::Word(word.to_lowercase()),
    };
    (Some(item), length)
}

impl Claim {
    /// Nothing is said about it yet.
    pub(super) fn about(call: Call) -> Self {
        Self { call, said: None, wanted: None, complaint: false }
    }
}

/// What a paragraph, or a comment behind a call, says.
pub(super) fn claims(
    text: &str,
    subject: Option<Call>,
    is_known: &dyn Fn(&str) -> bool,
) -> Vec<Claim> {
    let items = items(text, is_known);
    match super::japanese::is_japanese(&items) {
        true => super::japanese::claims(&items, subject),
        false => super::sentence::claims(&items, subject),
    }
}
