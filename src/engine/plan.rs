//! How a repository is checked: what its own file says, else what its files show.
//!
//! Without commands in `.codingworker.yml` the first of these that fits wins, where a container
//! engine can be had: a compose file with a service `test`; a `Dockerfile`; an image or Dockerfile
//! of a `devcontainer.json`, with the commands of the language in it. Then the languages, with this
//! machine's programs: `Cargo.toml`, `go.mod`, `package.json`, Python, `Makefile`. A repository of
//! several languages that wants more says so in the file. A tool that is configured is used; one
//! that is not is not forced on anybody. Whether the tool is installed is for the runner to find out.
//!
//! What was seen and not used is said in the plan's source.

use crate::domain::project::{DockerSteps, Prepare, ProjectFile};
use crate::domain::verification::{Check, Place, Plan, PlannedStep, Preparation};
use crate::engine::preparation;

use compose::Testing;

mod compose;
mod containers;
mod devcontainer;
mod jsonc;
mod language;
mod node;
mod python;
mod reference;

pub use reference::{checked_image, checked_path};

/// The file whose word counts.
const OWN_FILE: &str = ".codingworker.yml";

/// A repository, as far as a plan needs it.
#[derive(Clone, Copy)]
pub struct Project<'a> {
    /// Its own file, where it has one.
    pub own: Option<&'a ProjectFile>,
    /// Every file, from the root, with `/`.
    pub files: &'a [&'a str],
    /// The text of one of them; `None` when it is not there or not text.
    pub read: &'a dyn Fn(&str) -> Option<String>,
    /// The value of `${IMAGE_NAME}`.
    pub image: &'a str,
    /// The value of `${WORK_DIR}`.
    pub dir: &'a str,
    /// Whether a container engine can be had, and may be used.
    pub containers: bool,
}

/// An empty folder, on a machine without a container engine.
impl Default for Project<'_> {
    fn default() -> Self {
        Self { own: None, files: &[], read: &|_| None, image: "", dir: "", containers: false }
    }
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

    fn into_steps(self, docker: DockerSteps) -> Vec<PlannedStep> {
        let steps = [
            (Check::Build, self.build, docker.build),
            (Check::Lint, self.lint, docker.lint),
            (Check::Test, self.test, docker.test),
        ];
        let planned = |(check, command, docker): (Check, Option<String>, Option<bool>)| {
            let command = command?;
            let docker = docker.unwrap_or_else(|| containers::says_docker(&command));
            Some(PlannedStep { check, command, docker })
        };
        steps.into_iter().filter_map(planned).collect()
    }
}

/// What it came to: which commands, where, and what told it.
struct Choice {
    place: Place,
    found: Found,
    source: String,
}

/// The plan for a repository. One without steps means that nothing was found.
///
/// What its own file says is obeyed whatever there is: a plan that needs a container engine where
/// there is none is for the runner to refuse, never to be replaced by another.
pub fn plan(project: Project<'_>) -> Plan {
    let choice = match project.own {
        Some(file) => own(project, file),
        None => found(project),
    };
    let format = choice.found.format.as_ref().map(|it| project.expand(it));
    let docker = project.own.map(|it| it.docker).unwrap_or_default();
    let mut steps = choice.found.into_steps(docker);
    let preparations = preparations(project, &steps);
    for step in &mut steps {
        step.command = project.expand(&step.command);
    }
    Plan { steps, format, source: choice.source, place: choice.place, preparations }
}

/// What the repository says itself. A file without any command leaves them to be found.
fn own(project: Project<'_>, file: &ProjectFile) -> Choice {
    let place = match (&file.image, &file.dockerfile) {
        (Some(name), _) => Place::Image { name: name.clone() },
        (None, Some(path)) => Place::Dockerfile { path: path.clone(), context: String::new() },
        (None, None) => Place::Host,
    };
    let written = Found {
        build: file.build.clone(),
        lint: file.lint.clone(),
        test: file.test.clone(),
        format: file.format.clone(),
    };
    if !written.is_empty() {
        return Choice { place, found: written, source: OWN_FILE.to_owned() };
    }
    let mut choice = match place {
        Place::Host => found(project),
        place => native(project, place),
    };
    choice.source = format!("{OWN_FILE}, {}", choice.source);
    choice.found.format = written.format.or(choice.found.format);
    choice
}

/// What its files show.
fn found(project: Project<'_>) -> Choice {
    let compose = containers::compose_file(project);
    let dockerfile = project.has(containers::DOCKERFILE).then_some(containers::DOCKERFILE);
    if !project.containers {
        let unused = dockerfile.or(compose.map(|it| it.0)).or(devcontainer::find(project));
        let note = unused.map(|it| format!(" ({it} is left alone: no container engine is used)"));
        return native(project, Place::Host).noting(&note.unwrap_or_default());
    }
    let composed = |file: &str, testing| Choice {
        place: Place::Host,
        found: containers::composed(testing),
        source: file.to_owned(),
    };
    match (compose, dockerfile) {
        (Some((file, testing @ Testing::Service { .. })), _)
        | (Some((file, testing @ Testing::Unknown)), None) => composed(file, testing),
        (_, Some(dockerfile)) => {
            let (marker, found) = containers::dockerfile(project);
            let marker = marker.map(|it| format!(", {it}")).unwrap_or_default();
            Choice { place: Place::Host, found, source: format!("{dockerfile}{marker}") }
        }
        // Services that the project needs, and none that says how it is tested.
        (Some((file, testing @ Testing::Missing)), None) => {
            let choice = developed(project);
            let note = format!(" ({file} is left alone: it has no service `test`)");
            if choice.found.is_empty() { composed(file, testing) } else { choice.noting(&note) }
        }
        (None, None) => developed(project),
    }
}

/// The language's commands, where its people develop.
fn developed(project: Project<'_>) -> Choice {
    let Some(devcontainer) = devcontainer::detect(project) else {
        return native(project, Place::Host);
    };
    let file = devcontainer.file;
    match devcontainer.place {
        Err(why) => native(project, Place::Host).noting(&format!(" ({file} is left alone: {why})")),
        Ok(place) => {
            let choice = native(project, place);
            if choice.found.is_empty() {
                return choice;
            }
            let unused = match devcontainer.passed_over.as_slice() {
                [] => String::new(),
                keys => format!(" (without its {})", keys.join(", ")),
            };
            Choice { source: format!("{file}{unused}, {}", choice.source), ..choice }
        }
    }
}

/// The language's commands in `place`.
fn native(project: Project<'_>, place: Place) -> Choice {
    match language::find(project) {
        Some((marker, found)) => Choice { place, found, source: marker.to_owned() },
        None => Choice {
            place: Place::Host,
            found: Found::default(),
            source: "nothing found".to_owned(),
        },
    }
}

impl Choice {
    fn noting(self, note: &str) -> Self {
        Self { source: format!("{}{note}", self.source), ..self }
    }
}

/// What is brought in while there is a network: by the project's own command where it has one, else
/// what the manifests name. What talks to the engine fetches what it builds on by building.
fn preparations(project: Project<'_>, steps: &[PlannedStep]) -> Vec<Preparation> {
    if steps.is_empty() {
        return Vec::new();
    }
    let own = project.own.and_then(|it| it.prepare.as_ref()).map(prepared);
    let mut all = match own {
        Some(own) => vec![own],
        None if steps.iter().all(|it| it.docker) => Vec::new(),
        None => preparation::preparations(project.files, project.read),
    };
    if project.containers && !all.iter().any(|it| it.docker) {
        all.extend(containers::preparations(steps));
    }
    for it in &mut all {
        it.command = put_in(&it.command, "${IMAGE_NAME}", project.image);
    }
    all
}

fn prepared(own: &Prepare) -> Preparation {
    Preparation {
        name: "own".to_owned(),
        docker: containers::says_docker(&own.command),
        command: own.command.clone(),
        files: own.files.clone(),
        env: own.env.clone(),
    }
}

impl Project<'_> {
    fn expand(&self, line: &str) -> String {
        put_in(&put_in(line, "${IMAGE_NAME}", self.image), "${WORK_DIR}", self.dir)
    }
}

/// Puts a value in. One that a shell would take apart is left to the shell, which finds it in the
/// command's environment.
fn put_in(line: &str, name: &str, value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    match !value.is_empty() && value.chars().all(plain) {
        true => line.replace(name, value),
        false => line.to_owned(),
    }
}

#[cfg(test)]
mod tests;
