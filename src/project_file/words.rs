//! What all parts of the file have in common: known keys, bounded commands, and where they stand.

use serde_yaml::{Mapping, Value};

use super::ProjectFileError;

/// A longer command belongs into a script.
const MOST_COMMAND: usize = 8 << 10;

/// A value that cannot be obeyed.
pub(super) fn wrong(key: &str, problem: &str, text: &str) -> ProjectFileError {
    let line = line_of(text, key);
    ProjectFileError::Wrong { key: key.to_owned(), line, problem: problem.to_owned() }
}

/// A shell line, or what it is instead.
pub(super) fn bounded_command(value: Option<&Value>) -> Result<String, &'static str> {
    match value {
        None | Some(Value::Null) => Err("and has no command"),
        Some(Value::String(line)) if line.trim().is_empty() => Err("and its command is empty"),
        Some(Value::String(line)) if line.contains('\0') => Err("and holds a NUL character"),
        Some(Value::String(line)) if line.len() > MOST_COMMAND => {
            Err("and its command is longer than 8192 bytes: put it into a script")
        }
        Some(Value::String(line)) => Ok(line.trim().to_owned()),
        Some(_) => Err("and its command is not text"),
    }
}

/// Refuses keys that are not among `known`.
pub(super) fn only(
    table: &Mapping,
    known: &[&'static str],
    above: &str,
    text: &str,
) -> Result<(), ProjectFileError> {
    for key in table.keys() {
        let shown = name_of(key);
        if known.contains(&shown.as_str()) {
            continue;
        }
        let likeness = |known: &&'static str| strsim::jaro_winkler(known, &shown);
        let nearest = known
            .iter()
            .copied()
            .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
            .filter(|nearest| likeness(nearest) > 0.6);
        let key = if above.is_empty() { shown } else { format!("{above}.{shown}") };
        return Err(ProjectFileError::UnknownKey { line: line_of(text, &key), key, nearest });
    }
    Ok(())
}

/// A key as it is shown, whatever it is.
pub(super) fn name_of(key: &Value) -> String {
    match key {
        Value::String(key) => key.chars().take(80).collect(),
        other => format!("{other:?}").chars().take(80).collect(),
    }
}

/// The line of `key`, `prepare.env.NAME`, counted from 1: each part is looked for behind the one
/// before. A hint for people, for the parser keeps no places.
pub(super) fn line_of(text: &str, key: &str) -> Option<usize> {
    let mut at = 0;
    for part in key.split('.') {
        at += position(&text[at..], part)?;
    }
    Some(text[..at].matches('\n').count() + 1)
}

/// Where `part` stands as a key.
fn position(text: &str, part: &str) -> Option<usize> {
    let is_key = |at: usize| {
        let line = text[..at].rsplit('\n').next().unwrap_or_default();
        let before = line.trim_end_matches(['"', '\'', ' ', '\t']);
        let after = text[at + part.len()..].trim_start_matches(['"', '\'', ' ']);
        (before.is_empty() || before.ends_with(['{', ',', '-', '?'])) && after.starts_with(':')
    };
    text.match_indices(part).map(|(at, _)| at).find(|at| is_key(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_where_it_is_one() {
        let text =
            "# test: no\nbuild: {command: 'test: x', docker: true}\ntest:\n  \"docker\" : 1\n";
        for (key, line) in [
            ("build", Some(2)),
            ("build.docker", Some(2)),
            ("test", Some(3)),
            ("test.docker", Some(4)),
            ("lint", None),
            ("test.command", None),
        ] {
            assert_eq!(line_of(text, key), line, "{key}");
        }
    }
}
