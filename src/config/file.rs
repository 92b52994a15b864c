//! The configuration file: which one it is, and which key is on which line.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde_yaml::Value;

use super::keys::{KEYS, hint};
use super::retired::{self, RETIRED};
use super::{ConfigError, LoadOptions};

/// More than this is refused before it is parsed: nesting makes parsing slow.
const LIMIT: u64 = 256 * 1024;

/// A file that was found, as text.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// The values of a file, each with its line.
#[derive(Default)]
pub(super) struct Leaves {
    pub(super) values: BTreeMap<&'static str, (Value, usize)>,
    /// Those of keys that there are no more.
    pub(super) retired: BTreeMap<&'static str, (Value, usize)>,
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// The first file of the search order. One that was named must be there.
pub(super) fn find(options: &LoadOptions) -> Result<Option<Found>, ConfigError> {
    let from_env = options.env.get("CODINGWORKER_CONFIG").filter(|it| !it.is_empty());
    let named = options.explicit.clone().or_else(|| from_env.map(PathBuf::from));
    if let Some(path) = named {
        return read(&options.cwd.join(path)).map(Some);
    }
    let places = [
        options.cwd.join("configs/config.yaml"),
        options.user_file(),
        options.etc.join("codingworker/config.yaml"),
    ];
    for path in places {
        match read(&path) {
            Err(ConfigError::Unreadable { source, .. })
                if matches!(source.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            other => return other.map(Some),
        }
    }
    Ok(None)
}

fn read(path: &Path) -> Result<Found, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LIMIT + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > LIMIT {
        return Err(ConfigError::TooLarge { path: path.to_owned() });
    }
    Ok(Found { path: path.to_owned(), text })
}

/// Takes a file apart. What is unknown is a problem, and everything else is still read.
pub(super) fn leaves(found: &Found) -> Leaves {
    let mut leaves = Leaves::default();
    let shown = found.path.display();
    let tree = match serde_yaml::from_str::<Value>(&found.text) {
        Ok(Value::Null) => return leaves,
        Ok(Value::Mapping(tree)) => tree,
        Ok(_) => {
            leaves.problems.push(format!("{shown}:1: expected sections such as `worker:`"));
            return leaves;
        }
        Err(error) => {
            let line = error.location().map_or(1, |it| it.line());
            leaves.problems.push(format!("{shown}:{line}: this is not YAML: {error}"));
            return leaves;
        }
    };
    for (section, inner) in &tree {
        let section = name(section);
        let line = line_of(&found.text, &[&section]);
        let known: Vec<&str> = KEYS.iter().filter_map(|it| in_section(it.name, &section)).collect();
        if known.is_empty() {
            let sections = KEYS.iter().filter_map(|it| Some(it.name.split_once('.')?.0));
            let whole = KEYS.iter().find(|it| in_any_section(it.name) == Some(section.as_str()));
            let hint = whole.map_or_else(
                || hint(&section, sections),
                |it| format!(": it belongs in a section, as `{}`", it.name),
            );
            leaves.problems.push(format!("{shown}:{line}: unknown section `{section}`{hint}"));
            continue;
        }
        match inner {
            Value::Null => {}
            Value::Mapping(pairs) => {
                for (key, value) in pairs {
                    let key = name(key);
                    let line = line_of(&found.text, &[&section, &key]);
                    match KEYS.iter().find(|it| in_section(it.name, &section) == Some(key.as_str()))
                    {
                        Some(_) if value.is_null() => {}
                        Some(it) => {
                            leaves.values.insert(it.name, (value.clone(), line));
                        }
                        None => {
                            let retired =
                                RETIRED.iter().find(|it| in_section(it, &section) == Some(&key));
                            match retired {
                                Some(it) => drop(leaves.retired.insert(it, (value.clone(), line))),
                                None => leaves.problems.push(format!(
                                    "{shown}:{line}: unknown key `{section}.{key}`{}",
                                    hint(&key, known.iter().copied())
                                )),
                            }
                        }
                    }
                }
            }
            _ => leaves.problems.push(format!(
                "{shown}:{line}: `{section}` is a section: expected keys below it, such as `{}:`",
                known[0]
            )),
        }
    }
    retired::settle(&mut leaves, &found.path);
    leaves
}

fn in_section<'a>(key: &'a str, section: &str) -> Option<&'a str> {
    key.strip_prefix(section)?.strip_prefix('.')
}

fn in_any_section(key: &str) -> Option<&str> {
    Some(key.split_once('.')?.1)
}

fn name(key: &Value) -> String {
    match key {
        Value::String(it) => it.clone(),
        Value::Number(it) => it.to_string(),
        Value::Bool(it) => it.to_string(),
        _ => "?".to_owned(),
    }
}

/// The line, from 1, on which the last key of `path` stands; that of the deepest key that could
/// be found, where the file is written in YAML's flow style. The parser tells no positions.
pub(super) fn line_of(text: &str, path: &[&str]) -> usize {
    let lines: Vec<(usize, usize, &str)> = text
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.len() - line.trim_start().len(), line.trim_start()))
        .filter(|(_, _, line)| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let (mut found, mut block) = (1, lines.as_slice());
    for key in path {
        let Some(indent) = block.iter().map(|it| it.1).min() else { break };
        let is_key = |it: &&(usize, usize, &str)| it.1 == indent && starts_with_key(it.2, key);
        let Some(at) = block.iter().position(|it| is_key(&it)) else { break };
        found = block[at].0;
        let end = block[at + 1..].iter().position(|it| it.1 <= indent);
        block = &block[at + 1..end.map_or(block.len(), |it| at + 1 + it)];
    }
    found
}

fn starts_with_key(line: &str, key: &str) -> bool {
    let unquoted = line.strip_prefix(['"', '\'']).unwrap_or(line);
    unquoted
        .strip_prefix(key)
        .is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_on_its_line() {
        let text = "# slots: 0\nworker:\n  # slots: 9\n  note: |\n    slots: 3\n  slots: 1\n\nsqs: {region: x}\n\"github\" :\n  'token': x\n";
        assert_eq!(line_of(text, &["worker"]), 2);
        assert_eq!(line_of(text, &["worker", "slots"]), 6);
        assert_eq!(line_of(text, &["sqs", "region"]), 8);
        assert_eq!(line_of(text, &["github", "token"]), 10);
        assert_eq!(line_of(text, &["none"]), 1);
    }
}
