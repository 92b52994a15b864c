//! `codingworker check [PATH]`: a repository's own checks, on a copy of it, as a job runs them.

use std::io::Write;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::{self, Surroundings};
use crate::config::Config;
use crate::deps::Deps;
use crate::domain::job::{Failure, Fault, JobId};
use crate::domain::task::Repository;
use crate::domain::verification::{Check, Exit as Ending, Isolation, Plan, PlannedStep, Step};
use crate::engine::report::duration;
use crate::engine::{plan, testlog};
use crate::process::{self, Tee};
use crate::project_file;
use crate::runner::{Command, Runner, RunnerError};
use crate::worker::scene::{self, Source, Stage};

use super::output::{Cell, Tone, harmless, table};
use super::{CliError, Desk, Exit, Output, serve, wait};

mod copy;

use copy::{Copy, Files};

/// The largest file that is read to find out how to check it, as a job has it.
const MOST: u64 = 256 * 1024;
/// How much of a red check's output is in the JSON.
const EXCERPT: (usize, usize) = (60, 6 * 1024);
/// How many failing tests are named.
const NAMED: usize = 50;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The repository's folder
    #[arg(default_value = ".", value_name = "PATH")]
    path: PathBuf,
}

/// The child's output, as it comes.
struct ToStderr;

impl Tee for ToStderr {
    fn write(&self, bytes: &[u8]) {
        // There is nobody to tell that standard error is closed.
        let _ = std::io::stderr().lock().write_all(bytes);
    }
}

/// Where the checks of one invocation run.
struct Scene<'a> {
    copy: &'a Copy,
    runner: &'a dyn Runner,
    job: &'a JobId,
    around: scene::Scene,
    env: Vec<(String, String)>,
    limit: std::time::Duration,
    network: bool,
}

/// The folder's own files stand for the default branch.
struct Folder<'a> {
    root: &'a Path,
    files: &'a Files,
}

#[async_trait]
impl Source for Folder<'_> {
    async fn export(
        &self,
        paths: &[String],
        to: &Path,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        let wanted = |it: &&PathBuf| paths.is_empty() || paths.iter().any(|path| **it == *path);
        let files = self.files.paths.iter().filter(wanted).cloned().collect();
        let failed = |error: CliError| Failure::new(Fault::Permanent, error.to_string());
        copy::files(self.root, files, to, stop).await.map_err(failed)
    }
}

pub(super) fn run(desk: &Desk<'_>, arguments: &Arguments) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let _logging = desk.logging(&config, false)?;
    let output = desk.output;
    let root = folder(&desk.options.cwd.join(&arguments.path))?;
    let around = serve::surroundings(desk)?;
    wait(|stop| async move {
        stop_on_terminate(&stop)?;
        let mark = format!("check-{}", std::process::id());
        let checked = check(&config, around, &root, &mark, output, &stop).await;
        process::end_marked(&mark).await;
        if stop.is_cancelled() {
            output.note("stopped");
            return Ok(Exit::Interrupted);
        }
        checked
    })
}

fn folder(path: &Path) -> Result<PathBuf, CliError> {
    let root = path
        .canonicalize()
        .map_err(|error| CliError::not_found(format!("{}: {error}", path.display())))?;
    match root.is_dir() {
        true => Ok(root),
        false => Err(CliError::not_found(format!("{} is no folder", root.display()))),
    }
}

/// A service manager's way to say Ctrl-C.
fn stop_on_terminate(stop: &CancellationToken) -> Result<(), CliError> {
    let mut terminate = signal(SignalKind::terminate())
        .map_err(|error| CliError::failed(format!("cannot listen for signals: {error}")))?;
    let stop = stop.clone();
    tokio::spawn(async move {
        terminate.recv().await;
        stop.cancel();
    });
    Ok(())
}

async fn check(
    config: &Config,
    around: Surroundings,
    root: &Path,
    mark: &str,
    output: &Output,
    stop: &CancellationToken,
) -> Result<Exit, CliError> {
    let files = copy::list(root, &around.path, stop).await?;
    for note in &files.notes {
        output.warn(note);
    }
    // The file first: nothing is copied for one that cannot be obeyed.
    let paths: Vec<&str> = files.paths.iter().filter_map(|it| it.to_str()).collect();
    let file = text_of(root, project_file::NAME, &paths).map(|it| project_file::parse(&it));
    let file = file.transpose().map_err(|error| CliError::usage(error.to_string()))?;
    let state_dir = app::state_dir(config)?;
    let copy = Copy::of(root, &files, state_dir, stop).await?;
    let image = image_name(root);
    let dir = copy.tree().to_string_lossy().into_owned();
    let read = |path: &str| text_of(copy.tree(), path, &paths);
    let cage = app::around::host_cage(config, &around, mark).await?;
    let runner = app::around::runner(config, &around, cage, mark)?;
    let made = |containers| {
        let (files, own) = (paths.as_slice(), file.as_ref());
        plan::plan(plan::Project { own, files, read: &read, image: &image, dir: &dir, containers })
    };
    let plan = scene::choose(runner.as_ref(), app::around::places(config), &made).await;
    let plan = plan.map_err(unfit)?;
    let level = runner.level(&plan);
    tell_plan(&plan, level, output)?;
    if plan.steps.is_empty() {
        let message = format!(
            "{} has no checks that were found: add a {}",
            root.display(),
            project_file::NAME
        );
        return Err(CliError::failed(message));
    }
    let job = JobId(mark.to_owned());
    let repository: Repository = format!("local/{image}").parse().map_err(|_| {
        CliError::failed(format!("{}: give the folder a shorter name", root.display()))
    })?;
    let stage = Stage {
        runner: runner.as_ref(),
        deps: &Deps::new(state_dir.join("deps")),
        source: &Folder { root, files: &files },
        job: &job,
        repository: &repository,
        plan: &plan,
        image_name: &image,
        folder: copy.folder(),
        seen: copy.folder(),
        limit: config.verify.timeout,
        tee: &ToStderr,
    };
    let env = vec![("IMAGE_NAME".to_owned(), image.clone()), ("WORK_DIR".to_owned(), dir.clone())];
    let work = async {
        let around = stage.set(stop).await.map_err(unfit)?;
        for note in &around.notes {
            output.warn(note);
        }
        let (runner, limit) = (runner.as_ref(), config.verify.timeout);
        let scene = Scene { copy: &copy, runner, job: &job, env, around, limit, network: false };
        let mut steps = Vec::new();
        for planned in &plan.steps {
            output.note(&format!("\n== {}: {}", planned.check.name(), harmless(&planned.command)));
            steps.push(scene.step(planned, stop).await?);
        }
        Ok::<_, CliError>(steps)
    };
    let steps = work.await;
    // Also when it was stopped: no worker sweeps what bears our name.
    runner.clean(&job, true).await;
    let steps = steps?;
    let green = steps.iter().all(|it| it.exit.is_success());
    tell_steps(root, &plan, level, &steps, output)?;
    Ok(if green { Exit::Done } else { Exit::Failed })
}

impl Scene<'_> {
    async fn step(
        &self,
        planned: &PlannedStep,
        stop: &CancellationToken,
    ) -> Result<Step, CliError> {
        let (check, line) = (planned.check, planned.command.as_str());
        let env = [self.env.as_slice(), &self.around.env].concat();
        let command = Command {
            job: self.job,
            image: self.around.image.as_deref(),
            docker: planned.docker,
            network: self.network,
            deps: self.around.deps.as_deref(),
            tree: self.copy.tree(),
            home: self.copy.home(),
            line,
            stdin: None,
            env: &env,
            limit: self.limit,
            tee: Some(&ToStderr),
        };
        let ended = self.runner.run(command, stop).await.map_err(|error| match error {
            RunnerError::Stopped => {
                CliError::Said { exit: Exit::Interrupted, message: error.to_string() }
            }
            error => CliError::missing(error.to_string()),
        })?;
        Ok(Step {
            check,
            command: line.to_owned(),
            exit: ended.exit,
            duration_ms: u64::try_from(ended.took.as_millis()).unwrap_or(u64::MAX),
            tests: match check {
                Check::Test => testlog::tests(line, &ended.output),
                Check::Build | Check::Lint => None,
            },
            excerpt: match ended.exit.is_success() {
                true => String::new(),
                false => testlog::excerpt(&ended.output, EXCERPT.0, EXCERPT.1),
            },
        })
    }
}

/// Why the checks cannot run at all.
fn unfit(failure: Failure) -> CliError {
    match failure.fault {
        Fault::Permanent => CliError::failed(failure.message),
        Fault::Interrupted => CliError::Said { exit: Exit::Interrupted, message: failure.message },
        Fault::Transient | Fault::ModelAway | Fault::ModelBusy => {
            CliError::missing(failure.message)
        }
    }
}

/// The text of a regular file of the repository; of a link or a large file a job knows nothing.
fn text_of(root: &Path, path: &str, paths: &[&str]) -> Option<String> {
    let file = paths.contains(&path).then(|| root.join(path))?;
    let found = file.symlink_metadata().ok()?;
    (found.is_file() && found.len() <= MOST).then(|| std::fs::read_to_string(file).ok())?
}

/// What `${IMAGE_NAME}` is here, where there is no issue.
fn image_name(root: &Path) -> String {
    let name = root.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    format!("codingworker-{}-0", name.chars().map(plain).collect::<String>())
}

fn tell_plan(plan: &Plan, level: Isolation, output: &Output) -> Result<(), CliError> {
    let mut rows = vec![
        vec![Cell::faint("source"), Cell::plain(&plan.source)],
        vec![Cell::faint("runs in"), Cell::plain(level.name())],
    ];
    let step = |name: &str, command: &str| vec![Cell::faint(name), Cell::plain(command)];
    rows.extend(plan.steps.iter().map(|it| step(it.check.name(), &it.command)));
    if let Some(format) = &plan.format {
        rows.push(step("format", &format!("{format}  (on what the agent touches; not run here)")));
    }
    let text = table(output, &[], &rows);
    match output.wants_json() {
        true => output.note(text.trim_end()),
        false => output.print(&text)?,
    }
    Ok(())
}

fn tell_steps(
    root: &Path,
    plan: &Plan,
    level: Isolation,
    steps: &[Step],
    output: &Output,
) -> Result<(), CliError> {
    if output.wants_json() {
        let (source, format) = (&plan.source, &plan.format);
        let green = steps.iter().all(|it| it.exit.is_success());
        return output.json(&json!({
            "path": root, "source": source, "level": level, "format": format, "green": green,
            "steps": steps,
        }));
    }
    let row = |it: &Step| {
        let tone = if it.exit.is_success() { Tone::Good } else { Tone::Bad };
        vec![
            Cell::plain(it.check.name()),
            Cell(tone, ending(it.exit)),
            Cell::plain(duration(it.duration_ms)),
            Cell::plain(&it.command),
        ]
    };
    let rows: Vec<Vec<Cell>> = steps.iter().map(row).collect();
    let mut text = format!("\n{}", table(output, &["CHECK", "EXIT", "TOOK", "COMMAND"], &rows));
    let failed: Vec<&String> =
        steps.iter().filter_map(|it| it.tests.as_ref()).flat_map(|it| &it.failed).collect();
    if !failed.is_empty() {
        text.push_str(&format!("\n{} failing:\n", failed.len()));
        for name in failed.iter().take(NAMED) {
            text.push_str(&format!("  {}\n", harmless(name)));
        }
        if failed.len() > NAMED {
            text.push_str(&format!("  and {} more\n", failed.len() - NAMED));
        }
    }
    output.print(&text)
}

fn ending(exit: Ending) -> String {
    match exit {
        Ending::Code(code) => code.to_string(),
        Ending::Signal(signal) => format!("signal {signal}"),
        Ending::TimedOut => "timed out".to_owned(),
        Ending::Silent => "silent".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_name_that_docker_takes() {
        assert_eq!(image_name(Path::new("/a/My Repo")), "codingworker-my-repo-0");
    }

    #[test]
    fn every_end_of_a_command_has_a_word() {
        let words = [Ending::Code(2), Ending::Signal(9), Ending::TimedOut].map(ending);
        assert_eq!(words, ["2", "signal 9", "timed out"]);
    }
}
