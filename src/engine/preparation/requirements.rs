//! What a Python project without a lock file says it needs, to run and to be checked.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::Project;

/// What people call the dependencies of their checks: extras, groups, and files.
const GROUPS: [&str; 19] = [
    "dev",
    "develop",
    "development",
    "test",
    "tests",
    "testing",
    "pytest",
    "lint",
    "linting",
    "style",
    "format",
    "typing",
    "types",
    "mypy",
    "ci",
    "check",
    "checks",
    "qa",
    "tools",
];
/// What else may be in the name of a file of requirements.
const PLAIN: [&str; 8] =
    ["requirements", "requirement", "base", "common", "main", "core", "all", "runtime"];

/// A script for `sed` that leaves out what lies in the repository itself: `-e .`, `.[dev]`, `../x`.
pub(super) const LOCAL: &str =
    r"/^[[:space:]]*((-e|--editable)([[:space:]=]|$)|\.{1,2}([/[]|[[:space:]]*$))/d";

/// More files than this include each other for no good reason.
const MOST_FILES: usize = 50;

#[derive(Default)]
pub(super) struct Requirements {
    /// Files for `pip install -r`.
    pub(super) roots: Vec<String>,
    /// These, and all that they include.
    pub(super) files: Vec<String>,
    /// Those with lines that only mean something beside the sources.
    pub(super) to_cut: Vec<String>,
    /// What other manifests name.
    pub(super) specs: Vec<String>,
    /// Whether there are hashes.
    pub(super) is_hashed: bool,
}

pub(super) fn find(project: Project<'_>) -> Requirements {
    let mut found = Requirements::default();
    let mut waiting: Vec<String> =
        project.files.iter().filter(|path| is_file(path)).map(|path| (*path).to_owned()).collect();
    waiting.sort();
    found.roots.clone_from(&waiting);
    while let Some(path) = waiting.pop() {
        if found.files.contains(&path) || found.files.len() >= MOST_FILES {
            continue;
        }
        let text = project.text(&path);
        found.is_hashed |= text.contains("--hash=");
        if text.lines().any(is_local) {
            found.to_cut.push(path.clone());
        }
        for included in text.lines().filter_map(|line| included(&path, line)) {
            found.roots.retain(|root| *root != included || *root == path);
            waiting.extend(project.has(&included).then_some(included));
        }
        found.files.push(path);
    }
    found.files.sort();
    found.to_cut.sort();
    let mut specs = pyproject(&project.toml("pyproject.toml"));
    specs.extend(setup_cfg(&project.text("setup.cfg")));
    let mut seen = BTreeSet::new();
    specs.retain(|spec| is_name(spec) && seen.insert(spec.clone()));
    found.specs = specs;
    found
}

/// `requirements.txt`, `requirements-dev.txt`, `test_requirements.txt`, `requirements/dev.txt`.
fn is_file(path: &str) -> bool {
    let Some(stem) = path.strip_suffix(".txt") else { return false };
    let (is_inside, stem) = match stem.strip_prefix("requirements/") {
        Some(stem) => (true, stem),
        None => (false, stem),
    };
    let stem = stem.to_ascii_lowercase();
    let words: Vec<&str> = stem.split(['-', '_', '.']).collect();
    let known = words.iter().all(|word| GROUPS.contains(word) || PLAIN.contains(word));
    known && (is_inside || words.contains(&"requirements") || words.contains(&"requirement"))
}

fn is_local(line: &str) -> bool {
    let line = line.trim();
    let rest = line.strip_prefix("..").or_else(|| line.strip_prefix('.'));
    let is_editable = ["-e", "--editable"].iter().any(|option| {
        line.strip_prefix(option)
            .is_some_and(|it| it.is_empty() || it.starts_with([' ', '\t', '=']))
    });
    is_editable || rest.is_some_and(|it| it.is_empty() || it.starts_with(['/', '[']))
}

/// The file that a line of another one includes, from the root.
fn included(by: &str, line: &str) -> Option<String> {
    let options = ["--requirement", "--constraint", "-r", "-c"];
    let rest = options.iter().find_map(|option| line.trim().strip_prefix(option))?;
    let name = rest.split(" #").next()?.trim_start_matches('=').trim();
    let folder = by.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(path.pop()?),
            part => path.push(part),
        }
    }
    Some(path.join("/"))
}

/// Begins like the name of a package: no option, no path, no comment.
pub(super) fn is_name(spec: &str) -> bool {
    let is_clean = !spec.chars().any(char::is_control) && spec.len() <= 500;
    is_clean && spec.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn pyproject(manifest: &Table) -> Vec<String> {
    let project = manifest.get("project");
    let own = project.and_then(|it| it.get("name")?.as_str()).unwrap_or_default();
    let mut found = texts(project.and_then(|it| it.get("dependencies")));
    let extras = project.and_then(|it| it.get("optional-dependencies"));
    let groups = manifest.get("dependency-groups");
    for name in GROUPS {
        extra(extras, own, name, 0, &mut found);
        group(groups, name, 0, &mut found);
    }
    if let Some(poetry) = manifest.get("tool").and_then(|it| it.get("poetry")) {
        found.extend(poetry_table(poetry.get("dependencies")));
        found.extend(poetry_table(poetry.get("dev-dependencies")));
        for name in GROUPS {
            let group = poetry.get("group").and_then(|it| it.get(name)?.get("dependencies"));
            found.extend(poetry_table(group));
        }
    }
    found
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(|it| it.trim().to_owned()).collect()
}

/// An extra may be made of others: `dev = ["api[test,lint]"]`.
fn extra(extras: Option<&Value>, own: &str, name: &str, depth: u8, found: &mut Vec<String>) {
    for spec in texts(extras.and_then(|it| it.get(name))) {
        let others = spec.strip_prefix(own).and_then(|it| it.trim().strip_prefix('['));
        match others.and_then(|it| it.strip_suffix(']')) {
            Some(others) if depth < 5 && !own.is_empty() => {
                others.split(',').for_each(|it| extra(extras, own, it.trim(), depth + 1, found));
            }
            Some(_) => {}
            None => found.push(spec),
        }
    }
}

/// A group may include another: `{include-group = "test"}`.
fn group(groups: Option<&Value>, name: &str, depth: u8, found: &mut Vec<String>) {
    let entries = groups.and_then(|it| it.get(name)?.as_array()).into_iter().flatten();
    for entry in entries {
        let other = entry.get("include-group").and_then(Value::as_str);
        match other {
            Some(other) if depth < 5 => group(groups, other, depth + 1, found),
            _ => found.extend(entry.as_str().map(|it| it.trim().to_owned())),
        }
    }
}

/// Poetry's own way to write versions: `^1.2` and `~1.2` are no more than "at least" here.
fn poetry_table(table: Option<&Value>) -> Vec<String> {
    let table = table.and_then(Value::as_table).into_iter().flatten();
    let spec = |(name, value): (&String, &Value)| {
        let version = value.as_str().or_else(|| value.get("version")?.as_str())?.trim();
        let spec = match version {
            _ if name == "python" => return None,
            // One of several ranges is nothing that pip knows.
            _ if version.contains('|') => name.clone(),
            "*" | "" => name.clone(),
            _ => match version.strip_prefix(['^', '~']).filter(|it| !it.starts_with('=')) {
                Some(least) => format!("{name}>={least}"),
                None if version.starts_with(|c: char| c.is_ascii_digit()) => {
                    format!("{name}=={version}")
                }
                None => format!("{name}{version}"),
            },
        };
        Some(spec)
    };
    table.filter_map(spec).collect()
}

/// `install_requires` and the extras of the checks.
fn setup_cfg(text: &str) -> Vec<String> {
    let (mut section, mut key, mut found) = (String::new(), String::new(), Vec::new());
    for line in text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])) {
        let value = if line.starts_with([' ', '\t']) {
            line
        } else if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end().trim_end_matches(']').to_owned();
            key.clear();
            continue;
        } else {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            key = name.trim().to_owned();
            value
        };
        let is_wanted = match section.as_str() {
            "options" => ["install_requires", "tests_require"].contains(&key.as_str()),
            "options.extras_require" => GROUPS.contains(&key.as_str()),
            _ => false,
        };
        if is_wanted && !value.trim().is_empty() {
            found.push(value.trim().to_owned());
        }
    }
    found
}
