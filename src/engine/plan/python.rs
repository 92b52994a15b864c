//! Python: pytest where it is configured or imported, else unittest.

use super::{Found, Project};

const MARKERS: [&str; 6] =
    ["pyproject.toml", "setup.cfg", "setup.py", "requirements.txt", "pytest.ini", "tox.ini"];

pub(super) fn detect(project: Project<'_>) -> Option<(&'static str, Found)> {
    let tests: Vec<&str> = project.files.iter().copied().filter(|path| is_test(path)).collect();
    let marker = match MARKERS.into_iter().find(|marker| project.has(marker)) {
        Some(marker) => marker,
        None if !tests.is_empty() => "tests in Python",
        None => return None,
    };
    let configured = |table: &str| {
        let files = ["pyproject.toml", "setup.cfg", "tox.ini"];
        files
            .iter()
            .any(|file| project.text(file).lines().any(|line| line.trim_start().starts_with(table)))
    };
    // A lock file's tool also makes the environment that the tests need.
    let (install, run) = if project.has("uv.lock") {
        ("uv sync --frozen && ", "uv run --frozen ")
    } else if project.has("poetry.lock") {
        ("poetry install --no-interaction && ", "poetry run ")
    } else {
        ("", "")
    };
    let test = if uses_pytest(project, &tests, &configured) {
        Some(format!("{run}python3 -m pytest -v"))
    } else {
        unittest(project, &tests).map(|command| format!("{run}{command}"))
    };
    let lint = if configured("[tool.ruff") || project.has_any(&["ruff.toml", ".ruff.toml"]) {
        Some(format!("{run}ruff check ."))
    } else if configured("[flake8]") || project.has(".flake8") {
        Some(format!("{run}python3 -m flake8"))
    } else {
        None
    };
    let format = if configured("[tool.ruff.format]") {
        Some(format!("{run}ruff format ."))
    } else {
        configured("[tool.black]").then(|| format!("{run}black -q ."))
    };
    let build = Some(format!("{install}{run}python3 -m compileall -q ."));
    Some((marker, Found { build, lint, test, format }))
}

fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".py") && (name.starts_with("test") || name.ends_with("_test.py"))
}

fn uses_pytest(project: Project<'_>, tests: &[&str], configured: &dyn Fn(&str) -> bool) -> bool {
    let config = project.has("pytest.ini")
        || project.files.iter().any(|path| path.rsplit('/').next() == Some("conftest.py"))
        || ["[tool.pytest", "[tool:pytest]", "[pytest]"].iter().any(|table| configured(table));
    // Functions named `test…` outside a class are what only pytest finds.
    let says = |line: &str| {
        ["import pytest", "from pytest", "def test_", "async def test_"]
            .iter()
            .any(|word| line.starts_with(word))
    };
    config || tests.iter().take(50).any(|path| project.text(path).lines().any(says))
}

/// `None` when there are no tests.
fn unittest(project: Project<'_>, tests: &[&str]) -> Option<String> {
    let first =
        tests.iter().find(|path| path.rsplit('/').next().unwrap_or("").starts_with("test"))?;
    // Discovery looks into packages only. A folder of tests that is none has to be named.
    let folder = first.rsplit_once('/').map_or("", |(folder, _)| folder);
    if folder.is_empty() || project.has(&format!("{folder}/__init__.py")) {
        return Some("python3 -m unittest -v".to_owned());
    }
    let plain = folder.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    plain.then(|| format!("python3 -m unittest discover -v -s {folder}"))
}
