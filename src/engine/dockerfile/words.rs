//! The words of an instruction.

use std::collections::HashMap;

/// `--flag`s at the beginning, and the words after them.
pub(super) fn flags(rest: &str) -> (Vec<&str>, Vec<&str>) {
    let mut words: Vec<&str> = rest.split_whitespace().collect();
    let end = words.iter().position(|it| !it.starts_with("--")).unwrap_or(words.len());
    let others = words.split_off(end);
    words.retain(|it| *it != "--");
    (words, others)
}

/// What follows the flags, as it is written.
pub(super) fn after_flags(rest: &str) -> &str {
    let mut rest = rest.trim_start();
    while rest.starts_with("--") {
        rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
    }
    rest
}

/// `["a", "b"]`
pub(super) fn list(text: &str) -> Option<Vec<String>> {
    text.starts_with('[').then(|| serde_json::from_str(text).ok()).flatten()
}

/// A word without the quotes around the whole of it; `None` when quotes or escapes stand inside,
/// where builders may differ.
pub(super) fn unquoted(word: &str) -> Option<&str> {
    let inner = ['"', '\''].iter().find_map(|quote| {
        word.strip_prefix(*quote)?
            .strip_suffix(*quote)
            .filter(|it| *quote == '"' || !it.contains('$'))
    });
    let inner = inner.unwrap_or(word);
    (!inner.contains(['"', '\'', '\\', '`'])).then_some(inner)
}

/// Puts in the values of variables; `None` when one is not known, or said in a way that builders
/// may read differently.
pub(super) fn expand(text: &str, values: &HashMap<String, String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once('$') {
        out.push_str(head);
        if let Some(braced) = tail.strip_prefix('{') {
            let (inside, after) = braced.split_once('}')?;
            out.push_str(&braces(inside, values)?);
            rest = after;
        } else {
            let end = tail.find(|c: char| !is_name(c)).unwrap_or(tail.len());
            out.push_str(values.get(&tail[..end])?);
            rest = &tail[end..];
        }
    }
    out.push_str(rest);
    Some(out)
}

fn braces(inside: &str, values: &HashMap<String, String>) -> Option<String> {
    let end = inside.find(|c: char| !is_name(c)).unwrap_or(inside.len());
    let (name, modifier) = inside.split_at(end);
    if name.is_empty() || modifier.contains(['$', '{']) {
        return None;
    }
    let value = values.get(name).filter(|it| !it.is_empty());
    match (modifier.get(..2), modifier) {
        (_, "") => values.get(name).cloned(),
        (Some(":-"), _) => Some(value.cloned().unwrap_or_else(|| modifier[2..].to_owned())),
        (Some(":+"), _) => Some(value.map(|_| modifier[2..].to_owned()).unwrap_or_default()),
        _ => None,
    }
}

/// The variables of a word; `None` when they are said in another way than `$NAME` or `${NAME}`.
pub(super) fn names(word: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    for part in word.split('$').skip(1) {
        let name = match part.strip_prefix('{') {
            Some(braced) => braced.split_once('}')?.0,
            None => &part[..part.find(|c: char| !is_name(c)).unwrap_or(part.len())],
        };
        if name.is_empty() || !name.chars().all(is_name) {
            return None;
        }
        found.push(name.to_owned());
    }
    Some(found)
}

/// `NAME=value …`, or `NAME value` as `ENV` once was written.
pub(super) fn assignments(rest: &str) -> Vec<(String, String)> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    match words.as_slice() {
        [name, ..] if !name.contains('=') && words.len() > 1 && !rest.contains('=') => {
            vec![((*name).to_owned(), words[1..].join(" "))]
        }
        _ => {
            // A value with spaces counts for every name of the line: only its characters matter.
            let named = words.iter().filter_map(|it| it.split_once('='));
            named.map(|(name, _)| (name.to_owned(), rest.replacen(name, "", 1))).collect()
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
