//! The languages: a marker file, and the commands that are usual where it lies.

use super::{Found, Project, node, python};

/// Knows one language by its marker.
type Detector = fn(Project<'_>) -> Option<(&'static str, Found)>;

/// The first of them that yields a command, and its marker.
pub(super) fn find(project: Project<'_>) -> Option<(&'static str, Found)> {
    let detectors: [Detector; 5] = [rust, go, node::detect, python::detect, make];
    let mut found = detectors.iter().filter_map(|detect| detect(project));
    found.find(|(_, found)| !found.is_empty())
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
pub(super) fn make(project: Project<'_>) -> Option<(&'static str, Found)> {
    let marker = makefile(project)?;
    let targets = targets_of(&project.text(marker));
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

/// What the makefile can make; nothing where there is none.
pub(super) fn targets(project: Project<'_>) -> Vec<String> {
    makefile(project).map(|it| targets_of(&project.text(it))).unwrap_or_default()
}

fn makefile(project: Project<'_>) -> Option<&'static str> {
    ["GNUmakefile", "makefile", "Makefile"].into_iter().find(|it| project.has(it))
}

fn targets_of(makefile: &str) -> Vec<String> {
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
