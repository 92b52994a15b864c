//! Reads `.codingworker.yml`. Strangers can write it: it is small, and each of its words is known.

use serde_yaml::{Mapping, Value};

use crate::domain::project::{DockerSteps, Narrowing, ProjectFile};
use crate::engine::{gate, plan};

mod prepare;
mod words;

use words::{bounded_command, only, wrong};

/// The file's name, at the repository's root.
pub const NAME: &str = ".codingworker.yml";
/// A longer file is refused unread.
pub const MOST_BYTES: usize = 64 << 10;

const KEYS: [&str; 8] =
    ["build", "lint", "test", "format", "image", "dockerfile", "prepare", "gate"];
const STEP_KEYS: [&str; 2] = ["command", "docker"];
/// It rewrites files where the checks run, and never talks to the engine.
const FORMAT_KEYS: [&str; 1] = ["command"];
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
    #[error("{NAME}{}: `{step}` should look like `{step}: {{command: \"…\"}}`, {problem}", at(.line))]
    NotAStep {
        /// Which one.
        step: &'static str,
        /// Where it stands, counted from 1, when that can be told.
        line: Option<usize>,
        /// What it is instead.
        problem: &'static str,
    },
    /// A value that cannot be understood, or that nobody may ask for.
    #[error("{NAME}{}: `{key}`: {problem}", at(.line))]
    Wrong {
        /// Whose value, with the keys that it stands below.
        key: String,
        /// Where it stands, counted from 1, when that can be told.
        line: Option<usize>,
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
/// When it is too large, not YAML, says a word that is not known, or asks for what it may not.
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
    let [build, lint, test] = ["build", "lint", "test"].map(|name| step(&file, name, text));
    let ((build, build_docker), (lint, lint_docker), (test, test_docker)) = (build?, lint?, test?);
    let read = ProjectFile {
        build,
        lint,
        test,
        format: step(&file, "format", text)?.0,
        gate: narrowing(&file, text)?,
        prepare: prepare::read(&file, text)?,
        image: named(&file, "image", "such as `image: node:22`", plan::checked_image, text)?,
        dockerfile: named(
            &file,
            "dockerfile",
            "such as `dockerfile: docker/ci.Dockerfile`",
            plan::checked_path,
            text,
        )?,
        docker: DockerSteps { build: build_docker, lint: lint_docker, test: test_docker },
    };
    if read.image.is_some() && read.dockerfile.is_some() {
        return Err(wrong("dockerfile", "there is an `image` too; say one of them", text));
    }
    Ok(read)
}

/// A text that `check` has nothing against.
fn named(
    file: &Mapping,
    key: &str,
    form: &str,
    check: fn(&str) -> Result<(), String>,
    text: &str,
) -> Result<Option<String>, ProjectFileError> {
    match file.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(it)) => {
            check(it).map_err(|problem| wrong(key, &problem, text)).map(|()| Some(it.clone()))
        }
        Some(_) => Err(wrong(key, &format!("expected a text, {form}"), text)),
    }
}

fn narrowing(file: &Mapping, text: &str) -> Result<Narrowing, ProjectFileError> {
    let wrong = |key: &str, problem: &str| wrong(key, problem, text);
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

/// The command of a step, and whether it says `docker:`.
fn step(
    file: &Mapping,
    name: &'static str,
    text: &str,
) -> Result<(Option<String>, Option<bool>), ProjectFileError> {
    let line = || words::line_of(text, name);
    let not_a_step = |problem| ProjectFileError::NotAStep { step: name, line: line(), problem };
    let step = match file.get(name) {
        None | Some(Value::Null) => return Ok((None, None)),
        Some(Value::Mapping(step)) => step,
        Some(_) => return Err(not_a_step("and is something else")),
    };
    only(step, if name == "format" { &FORMAT_KEYS } else { &STEP_KEYS }, name, text)?;
    let docker = match step.get("docker") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(docker)) => Some(*docker),
        Some(_) => {
            let key = format!("{name}.docker");
            return Err(wrong(&key, "expected `true` or `false`", text));
        }
    };
    match bounded_command(step.get("command")) {
        Ok(command) => Ok((Some(command), docker)),
        Err(problem) => Err(not_a_step(problem)),
    }
}

#[cfg(test)]
mod tests;
