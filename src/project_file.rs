//! Reads `.codingworker.yml`. Strangers can write it: it is small, and each of its words is known.

use serde_yaml::{Mapping, Value};

use crate::domain::project::{Narrowing, ProjectFile};
use crate::engine::gate;

/// The file's name, at the repository's root.
pub const NAME: &str = ".codingworker.yml";
/// A longer file is refused unread.
pub const MOST_BYTES: usize = 64 << 10;

const KEYS: [&str; 5] = ["build", "lint", "test", "format", "gate"];
const STEP_KEYS: [&str; 1] = ["command"];
const GATE_KEYS: [&str; 6] =
    ["max_files", "max_lines", "max_bytes", "max_file_bytes", "max_deletions", "protect"];
/// More patterns than anyone needs, and few enough to be tried on each path.
const MOST_PATTERNS: usize = 200;

/// Why the file cannot be obeyed, in words for whoever wrote it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProjectFileError {
    /// More than `MOST_BYTES`.
    #[error("{NAME} has {0} bytes; it may have {MOST_BYTES}")]
    TooLarge(usize),
    /// Not YAML, or not a table.
    #[error("{NAME} is not what it should be: {0}")]
    NotYaml(String),
    /// A word that means nothing here.
    #[error("{NAME}{}: unknown key `{key}`{}", at(.line), hint(.nearest))]
    UnknownKey {
        /// The word, with the keys that it stands below.
        key: String,
        /// Where it stands, counted from 1, when that can be told.
        line: Option<usize>,
        /// The known key that looks most like it.
        nearest: Option<&'static str>,
    },
    /// A step that is not `{command: "…"}`.
    #[error("{NAME}: `{step}` should look like `{step}: {{command: \"…\"}}`, {problem}")]
    NotAStep {
        /// Which one.
        step: &'static str,
        /// What it is instead.
        problem: &'static str,
    },
    /// A limit or a pattern of `gate` that cannot be understood.
    #[error("{NAME}: `{key}`: {problem}")]
    NotALimit {
        /// Which one.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

fn at(line: &Option<usize>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}

fn hint(nearest: &Option<&'static str>) -> String {
    nearest.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default()
}

/// Reads the file's text.
///
/// # Errors
/// When it is too large, not YAML, or says a word that is not known.
pub fn parse(text: &str) -> Result<ProjectFile, ProjectFileError> {
    if text.len() > MOST_BYTES {
        return Err(ProjectFileError::TooLarge(text.len()));
    }
    let not_yaml = |error: serde_yaml::Error| ProjectFileError::NotYaml(error.to_string());
    let file = match serde_yaml::from_str(text).map_err(not_yaml)? {
        Value::Null => return Ok(ProjectFile::default()),
        Value::Mapping(file) => file,
        _ => return Err(ProjectFileError::NotYaml("expected keys and values".to_owned())),
    };
    only(&file, &KEYS, "", text)?;
    Ok(ProjectFile {
        build: step(&file, "build", text)?,
        lint: step(&file, "lint", text)?,
        test: step(&file, "test", text)?,
        format: step(&file, "format", text)?,
        gate: narrowing(&file, text)?,
    })
}

fn narrowing(file: &Mapping, text: &str) -> Result<Narrowing, ProjectFileError> {
    let wrong = |key: &str, problem: &str| ProjectFileError::NotALimit {
        key: key.to_owned(),
        problem: problem.to_owned(),
    };
    let table = match file.get("gate") {
        None | Some(Value::Null) => return Ok(Narrowing::default()),
        Some(Value::Mapping(table)) => table,
        Some(_) => return Err(wrong("gate", "expected limits, such as `gate: {max_files: 5}`")),
    };
    only(table, &GATE_KEYS, "gate", text)?;
    let number = |key: &str| match table.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(it)) if it.is_u64() => Ok(it.as_u64()),
        Some(_) => Err(wrong(&format!("gate.{key}"), "expected a whole number, from 0")),
    };
    let list = match table.get("protect") {
        None | Some(Value::Null) => &Vec::new(),
        Some(Value::Sequence(list)) if list.len() <= MOST_PATTERNS => list,
        Some(Value::Sequence(_)) => return Err(wrong("gate.protect", "it has over 200 patterns")),
        Some(_) => return Err(wrong("gate.protect", "expected a list, such as `[\"docs/**\"]`")),
    };
    let pattern = |it: &Value| {
        let text = it.as_str().ok_or_else(|| "a pattern is a text".to_owned());
        text.and_then(|it| gate::checked_pattern(it).map(|()| it.to_owned()))
    };
    let protect = list.iter().map(pattern).collect::<Result<_, String>>();
    Ok(Narrowing {
        max_files: number("max_files")?,
        max_lines: number("max_lines")?,
        max_bytes: number("max_bytes")?,
        max_file_bytes: number("max_file_bytes")?,
        max_deletions: number("max_deletions")?,
        protect: protect.map_err(|problem| wrong("gate.protect", &problem))?,
    })
}

fn step(
    file: &Mapping,
    name: &'static str,
    text: &str,
) -> Result<Option<String>, ProjectFileError> {
    let wrong = |problem| ProjectFileError::NotAStep { step: name, problem };
    let step = match file.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Mapping(step)) => step,
        Some(_) => return Err(wrong("and is something else")),
    };
    only(step, &STEP_KEYS, name, text)?;
    match step.get("command") {
        None | Some(Value::Null) => Err(wrong("and has no command")),
        Some(Value::String(line)) if line.trim().is_empty() => {
            Err(wrong("and its command is empty"))
        }
        Some(Value::String(line)) if line.contains('\0') => Err(wrong("and holds a NUL character")),
        Some(Value::String(line)) => Ok(Some(line.trim().to_owned())),
        Some(_) => Err(wrong("and its command is not text")),
    }
}

/// Refuses keys that are not among `known`.
fn only(
    table: &Mapping,
    known: &[&'static str],
    above: &str,
    text: &str,
) -> Result<(), ProjectFileError> {
    for key in table.keys() {
        let shown = match key {
            Value::String(key) => key.chars().take(80).collect(),
            other => format!("{other:?}").chars().take(80).collect::<String>(),
        };
        if known.contains(&shown.as_str()) {
            continue;
        }
        let likeness = |known: &&'static str| strsim::jaro_winkler(known, &shown);
        let nearest = known
            .iter()
            .copied()
            .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
            .filter(|nearest| likeness(nearest) > 0.6);
        let starts = |line: &str| {
            let line = line.trim_start_matches(|c: char| c.is_whitespace() || "{,-\"'".contains(c));
            line.starts_with(&shown)
        };
        let line = text.lines().position(starts).map(|index| index + 1);
        let key = if above.is_empty() { shown } else { format!("{above}.{shown}") };
        return Err(ProjectFileError::UnknownKey { key, line, nearest });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn each_step_has_a_command_and_may_be_left_out() {
        let file = parse("build: {command: \"make ${IMAGE_NAME}\"}\ntest:\n  command: >\n    make\n    test\nlint:\n").unwrap();
        assert_eq!(file.build.as_deref(), Some("make ${IMAGE_NAME}"));
        assert_eq!(file.test.as_deref(), Some("make test"));
        assert_eq!((file.lint, file.format), (None, None));
        assert_eq!(parse("# nothing yet\n").unwrap(), ProjectFile::default());
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_its_line_and_the_nearest_known_one() {
        assert_eq!(
            refusal("build: {command: make}\ntests: {command: make test}\n"),
            ".codingworker.yml, line 2: unknown key `tests`; did you mean `test`?"
        );
        assert_eq!(
            refusal("test:\n  comand: make test\n"),
            ".codingworker.yml, line 2: unknown key `test.comand`; did you mean `command`?"
        );
        assert_eq!(refusal("zzz: 1"), ".codingworker.yml, line 1: unknown key `zzz`");
    }

    #[test]
    fn the_gate_may_be_narrowed_and_what_would_widen_it_is_no_word_here() {
        let file = parse("gate: {max_files: 5, protect: ['docs/**', Makefile]}").unwrap();
        assert_eq!((file.gate.max_files, file.gate.max_lines), (Some(5), None));
        assert_eq!(file.gate.protect, ["docs/**", "Makefile"]);
        assert_eq!(parse("gate:").unwrap().gate, Narrowing::default());
        assert_eq!(
            refusal("gate:\n  allow: ['**']\n"),
            ".codingworker.yml, line 2: unknown key `gate.allow`"
        );
        for (given, expected) in [
            ("gate: 5", "`gate`: expected limits"),
            ("gate: {max_files: -1}", "`gate.max_files`: expected a whole number"),
            ("gate: {max_lines: many}", "`gate.max_lines`: expected a whole number"),
            ("gate: {protect: docs}", "`gate.protect`: expected a list"),
            ("gate: {protect: [1]}", "`gate.protect`: a pattern is a text"),
            ("gate: {protect: ['/etc']}", "`gate.protect`: `/etc`"),
        ] {
            assert!(refusal(given).contains(expected), "{given}: {}", refusal(given));
        }
    }

    #[test]
    fn what_is_no_step_is_refused_with_the_form_that_is_expected() {
        assert_eq!(
            refusal("test: make test"),
            ".codingworker.yml: `test` should look like `test: {command: \"…\"}`, and is something else"
        );
        for bad in ["test: {}", "test: {command: }", "test: {command: ' '}", "test: {command: 5}"] {
            assert!(refusal(bad).contains("should look like"), "{bad}");
        }
        for bad in [
            "- build",
            "just text",
            "build: [",
            "a: 1\na: 2",
            "build: {command: x}\nbuild: {command: y}",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_huge_file_and_one_that_unfolds_to_a_huge_one_are_refused() {
        assert_eq!(parse(&"#".repeat(70_000)), Err(ProjectFileError::TooLarge(70_000)));
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..30 {
            let below = format!("*a{}", i - 1);
            bomb.push_str(&format!("a{i}: &a{i} [{}]\n", [below.as_str(); 10].join(", ")));
        }
        assert!(parse(&bomb).is_err());
        assert!(parse(&"[".repeat(60_000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,200}") {
            let _ = parse(&text);
        }
    }
}
