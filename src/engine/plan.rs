//! How a repository is checked: what its own file says, else what its files show.
//!
//! Without `.codingworker.yml` the first of these that yields a command wins, whatever else is
//! there: `Cargo.toml`, `go.mod`, `package.json`, Python, `Makefile`. A repository of several
//! languages that wants more says so in the file. A tool that is configured is used; one that is
//! not is not forced on anybody. Whether the tool is installed is for the runner to find out.
//!
//! A `Dockerfile` or a compose file yields no commands yet: there is no runner for containers,
//! and docker must not be started behind anybody's back. The plan's source says so.

use crate::domain::project::ProjectFile;
use crate::domain::verification::{Check, Plan, PlannedStep};

mod node;
mod python;

/// The file whose word counts.
const OWN_FILE: &str = ".codingworker.yml";
/// What stands for containers.
const CONTAINERS: [&str; 5] =
    ["Dockerfile", "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// A repository, as far as a plan needs it.
#[derive(Clone, Copy)]
struct Project<'a> {
    /// Every file, from the root, with `/`.
    files: &'a [&'a str],
    /// The text of one of them; `None` when it is not there or not text.
    read: &'a dyn Fn(&str) -> Option<String>,
}

impl Project<'_> {
    fn has(&self, path: &str) -> bool {
        self.files.contains(&path)
    }

    fn has_any(&self, paths: &[&str]) -> bool {
        paths.iter().any(|path| self.has(path))
    }

    /// The text of `path`; empty when it is not there.
    fn text(&self, path: &str) -> String {
        if self.has(path) { (self.read)(path).unwrap_or_default() } else { String::new() }
    }
}

/// The commands that were found.
#[derive(Default)]
struct Found {
    build: Option<String>,
    lint: Option<String>,
    test: Option<String>,
    format: Option<String>,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.build.is_none() && self.lint.is_none() && self.test.is_none()
    }

    fn into_plan(self, source: String) -> Plan {
        let steps =
            [(Check::Build, self.build), (Check::Lint, self.lint), (Check::Test, self.test)];
        let planned = |(check, command): (Check, Option<String>)| {
            command.map(|command| PlannedStep { check, command })
        };
        Plan { steps: steps.into_iter().filter_map(planned).collect(), format: self.format, source }
    }
}

/// Knows one language by its marker.
type Detector = fn(Project<'_>) -> Option<(&'static str, Found)>;

/// The plan for a repository: from its own `file` where it has one, else from its `files`, of
/// which `read` tells the text. `image` and `dir` are the values of `${IMAGE_NAME}` and
/// `${WORK_DIR}`. A plan without steps means that nothing was found.
pub fn plan(
    file: Option<&ProjectFile>,
    files: &[&str],
    read: &dyn Fn(&str) -> Option<String>,
    image: &str,
    dir: &str,
) -> Plan {
    if let Some(file) = file {
        let expanded = |line: &Option<String>| line.as_ref().map(|line| expand(line, image, dir));
        let found = Found {
            build: expanded(&file.build),
            lint: expanded(&file.lint),
            test: expanded(&file.test),
            format: expanded(&file.format),
        };
        return found.into_plan(OWN_FILE.to_owned());
    }
    let project = Project { files, read };
    let containers = CONTAINERS.iter().find(|path| project.has(path));
    let note = containers.map_or(String::new(), |path| format!(" ({path} is left alone)"));
    let detectors: [Detector; 5] = [rust, go, node::detect, python::detect, make];
    let mut found = detectors.iter().filter_map(|detect| detect(project));
    match found.find(|(_, found)| !found.is_empty()) {
        Some((marker, found)) => found.into_plan(format!("{marker}{note}")),
        None => Found::default().into_plan(format!("nothing found{note}")),
    }
}

/// Puts the two values in. One that a shell would take apart is left to the shell, which finds
/// it in the command's environment.
fn expand(line: &str, image: &str, dir: &str) -> String {
    let mut line = line.to_owned();
    for (name, value) in [("${IMAGE_NAME}", image), ("${WORK_DIR}", dir)] {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
        if !value.is_empty() && value.chars().all(plain) {
            line = line.replace(name, value);
        }
    }
    line
}

fn rust(project: Project<'_>) -> Option<(&'static str, Found)> {
    let manifest = project.has("Cargo.toml").then(|| project.text("Cargo.toml"))?;
    let mut options = String::new();
    if manifest.lines().any(|line| line.trim() == "[workspace]") {
        options.push_str(" --workspace");
    }
    if project.has("Cargo.lock") {
        options.push_str(" --locked");
    }
    let clippy = project.has_any(&["clippy.toml", ".clippy.toml"])
        || ["[lints.clippy]", "[workspace.lints.clippy]"]
            .iter()
            .any(|table| manifest.lines().any(|line| line.trim() == *table))
        || continuous_integration_says(project, "cargo clippy");
    Some((
        "Cargo.toml",
        Found {
            build: Some(format!("cargo build{options}")),
            lint: clippy.then(|| format!("cargo clippy{options} --all-targets")),
            // All of them, or the tests behind the first red binary look as if they were gone.
            test: Some(format!("cargo test{options} --no-fail-fast")),
            format: Some("cargo fmt".to_owned()),
        },
    ))
}

fn go(project: Project<'_>) -> Option<(&'static str, Found)> {
    project.has("go.mod").then(|| {
        let found = Found {
            build: Some("go build ./...".to_owned()),
            lint: Some("go vet ./...".to_owned()),
            test: Some("go test ./...".to_owned()),
            format: Some("gofmt -w .".to_owned()),
        };
        ("go.mod", found)
    })
}

/// `build` or `all`, `lint`, `test`. A `check` is the lint, unless there is no `test`: then it
/// is the tests, as GNU's conventions have it.
fn make(project: Project<'_>) -> Option<(&'static str, Found)> {
    let marker = ["GNUmakefile", "makefile", "Makefile"].into_iter().find(|it| project.has(it))?;
    let targets = make_targets(&project.text(marker));
    let first = |names: &[&str]| {
        let name = names.iter().find(|name| targets.iter().any(|target| target == *name))?;
        Some(format!("make {name}"))
    };
    let found = Found {
        build: first(&["build", "all"]),
        lint: if first(&["test"]).is_some() { first(&["lint", "check"]) } else { first(&["lint"]) },
        test: first(&["test", "check"]),
        format: first(&["fmt", "format"]),
    };
    Some((marker, found))
}

fn make_targets(makefile: &str) -> Vec<String> {
    let rule = |line: &str| {
        let (names, rest) = line.split_once(':')?;
        let is_rule = !line.starts_with(['\t', ' ', '#', '.'])
            && !names.contains(['=', '$'])
            && !rest.trim_start_matches(':').starts_with('=');
        is_rule.then(|| names.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    };
    makefile.lines().filter_map(rule).flatten().collect()
}

/// Whether a GitHub workflow runs `command`.
fn continuous_integration_says(project: Project<'_>, command: &str) -> bool {
    let workflow = |path: &&&str| {
        path.starts_with(".github/workflows/")
            && (path.ends_with(".yml") || path.ends_with(".yaml"))
    };
    let mut workflows = project.files.iter().filter(workflow).take(20);
    workflows.any(|path| project.text(path).contains(command))
}

#[cfg(test)]
mod tests;
