//! `prepare:`, the repository's own way to bring in what its checks need.

use serde_yaml::{Mapping, Value};

use crate::domain::project::Prepare;
use crate::engine::plan;

use super::ProjectFileError;
use super::words::{bounded_command, name_of, only, wrong};

const KEYS: [&str; 3] = ["command", "files", "env"];
const FORM: &str = "such as `prepare: {command: \"make deps\", files: [deps.lock]}`";
const MOST_FILES: usize = 100;
const MOST_VARIABLES: usize = 50;
const MOST_NAME: usize = 100;
const MOST_VALUE: usize = 4096;

/// What makes programs load foreign code, ours around the check included, or points them at
/// somebody else's settings and sockets.
const LOADERS: [&str; 10] =
    ["LD_", "DYLD_", "GIT_", "GH_", "GITHUB_", "AWS_", "DOCKER_", "DBUS_", "SSH_", "BASH_FUNC_"];
/// The same, one by one; and what the worker sets itself.
const FIXED: [&str; 20] = [
    "BASH_ENV",
    "ENV",
    "IFS",
    "NODE_OPTIONS",
    "PROMPT_COMMAND",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PERL5OPT",
    "RUBYOPT",
    "GPG_AGENT_INFO",
    "XDG_RUNTIME_DIR",
    "CONTAINER_HOST",
    "COMPOSE_FILE",
    "HOME",
    "PWD",
    "SHELL",
    "TMPDIR",
    "DEPS_DIR",
    "IMAGE_NAME",
    "WORK_DIR",
];
/// Names that end like this hold secrets, and a secret in this file is one that everyone can read.
const SECRETS: [&str; 5] = ["TOKEN", "KEY", "SECRET", "PASSWORD", "CREDENTIALS"];

pub(super) fn read(file: &Mapping, text: &str) -> Result<Option<Prepare>, ProjectFileError> {
    let wrong = |key: &str, problem: &str| wrong(key, problem, text);
    let table = match file.get("prepare") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Mapping(table)) => table,
        Some(_) => return Err(wrong("prepare", &format!("expected a table, {FORM}"))),
    };
    only(table, &KEYS, "prepare", text)?;
    let command = bounded_command(table.get("command"))
        .map_err(|problem| wrong("prepare", &format!("expected a command, {FORM}, {problem}")))?;
    Ok(Some(Prepare { command, files: files(table, text)?, env: env(table, text)? }))
}

fn files(table: &Mapping, text: &str) -> Result<Vec<String>, ProjectFileError> {
    let wrong = |problem: &str| wrong("prepare.files", problem, text);
    let list = match table.get("files") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Sequence(list)) if list.len() <= MOST_FILES => list,
        Some(Value::Sequence(_)) => return Err(wrong("it has over 100 files")),
        Some(_) => return Err(wrong("expected a list, such as `[package-lock.json]`")),
    };
    let file = |it: &Value| {
        let path = it.as_str().ok_or_else(|| wrong("a file is named by a text"))?;
        plan::checked_path(path).map_err(|problem| wrong(&problem))?;
        match path.contains(['*', '?']) {
            true => Err(wrong(&format!("`{path}` is a pattern; name the files one by one"))),
            false => Ok(path.to_owned()),
        }
    };
    list.iter().map(file).collect()
}

fn env(table: &Mapping, text: &str) -> Result<Vec<(String, String)>, ProjectFileError> {
    let form = "expected names and values, such as `env: {NPM_CONFIG_OFFLINE: \"true\"}`";
    let table = match table.get("env") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Mapping(table)) if table.len() <= MOST_VARIABLES => table,
        Some(Value::Mapping(_)) => {
            return Err(wrong("prepare.env", "it has over 50 variables", text));
        }
        Some(_) => return Err(wrong("prepare.env", form, text)),
    };
    let variable = |(key, value): (&Value, &Value)| {
        let name = name_of(key);
        let wrong = |problem: &str| wrong(&format!("prepare.env.{name}"), problem, text);
        if !key.is_string() || !is_plain(&name) {
            return Err(wrong("is not the name of a variable"));
        }
        if let Some(problem) = refused(&name) {
            return Err(wrong(problem));
        }
        let value = match value {
            Value::String(it) => it.clone(),
            Value::Number(it) => it.to_string(),
            Value::Bool(it) => it.to_string(),
            _ => return Err(wrong("expected a text")),
        };
        if value.len() > MOST_VALUE || value.chars().any(char::is_control) {
            return Err(wrong("is longer than 4096 bytes, or has more than one line"));
        }
        Ok((name, value))
    };
    table.iter().map(variable).collect()
}

fn is_plain(name: &str) -> bool {
    name.len() <= MOST_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn refused(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    let word = name.rsplit('_').next().unwrap_or_default();
    if SECRETS.contains(&word) {
        return Some("looks like a secret; everyone who can read the repository can read this");
    }
    let is_loader = LOADERS.iter().any(|it| name.starts_with(it));
    (is_loader || FIXED.contains(&name.as_str())).then_some(
        "may not be set here: it changes how programs are loaded, or it is the worker's to set",
    )
}
