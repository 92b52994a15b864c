//! `codingworker submit` and `retry`: what puts a task on the queue.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use crate::app::{self, AppError};
use crate::config::Config;
use crate::domain::task::{Origin, Task};
use crate::engine::intake;
use crate::store::{Job, JobFilter};

use super::jobs::{One, find, store};
use super::{CliError, Desk, Exit, answer, queue};

/// The label that starts a job.
const LABEL: &str = "ai-task";

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("task").required(true).args(["file", "repo"])))]
pub(super) struct Arguments {
    /// The task as JSON; `-` for standard input
    #[arg(long, value_name = "TASK.json")]
    file: Option<PathBuf>,
    /// The repository of the issue. Asked for by the operator: the issue needs no label
    #[arg(long, value_name = "OWNER/NAME", requires = "issue")]
    repo: Option<String>,
    /// The issue's number
    #[arg(long, value_name = "N", requires = "repo")]
    issue: Option<u64>,
    /// The issue's title; the job reads it from the code host
    #[arg(long, value_name = "TEXT", requires = "repo")]
    title: Option<String>,
    /// The issue's body; the job reads it from the code host
    #[arg(long, value_name = "TEXT", requires = "repo")]
    body: Option<String>,
}

/// Puts a task on the queue.
pub(super) fn submit(desk: &Desk<'_>, arguments: &Arguments) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let _logging = desk.logging(&config, false)?;
    let body = match &arguments.file {
        Some(path) => read(path)?,
        None => message(&serde_json::json!({
            "issue_number": arguments.issue,
            "repository": arguments.repo,
            "title": arguments.title.as_deref().unwrap_or_default(),
            "body": arguments.body.as_deref().unwrap_or_default(),
            "labels": [LABEL],
        })),
    };
    answer(send(desk, &config, &body, arguments.file.is_none()))
}

/// Puts the task of a job that is over on the queue again, as a new asking.
pub(super) fn retry(desk: &Desk<'_>, one: &One) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let _logging = desk.logging(&config, false)?;
    answer(async {
        let (_, job) = find(&config, &one.id).await?;
        if !job.state.is_final() {
            return Err(CliError::failed(format!(
                "job {0} is not over ({1}): let it end, or `codingworker cancel {0}` first",
                job.id,
                job.state.name()
            )));
        }
        let task = &job.task;
        let mut again = serde_json::json!({
            "issue_number": task.thread(),
            "repository": task.repository,
            "title": task.title,
            "body": task.body,
            "labels": task.labels,
        });
        if let Origin::PrComment { pull, comment } = task.origin {
            again["type"] = "pr_comment".into();
            again["pr_number"] = pull.into();
            again["comment_id"] = comment.id.into();
            again["comment_kind"] = comment.kind.name().into();
        }
        send(desk, &config, &message(&again), true).await
    })
}

/// `vouched`: the operator asks for it himself, so that no label has to say who does.
async fn send(
    desk: &Desk<'_>,
    config: &Config,
    body: &str,
    vouched: bool,
) -> Result<Exit, CliError> {
    let task = intake::task(body, "submit").map_err(|it| CliError::usage(it.to_string()))?;
    if vouched {
        let store = match app::known_store(config).await? {
            Some(store) => store,
            None => app::store(&app::database(config)?, None, ""),
        };
        store.vouch(&task, (app::clock())()).await.map_err(AppError::from)?;
    }
    let id = queue::open(config).await?.submit(body).await.map_err(AppError::from)?;
    if desk.output.wants_json() {
        desk.output.json(&serde_json::json!({
            "id": id, "repository": task.repository, "issue": task.thread(),
        }))?;
    } else {
        desk.output.print(&id)?;
    }
    if let Some(job) = known(config, &task).await? {
        desk.output.note(&format!(
            "this task is job {0} already ({1}), and the same task twice is one job: \
             `codingworker retry {0}` runs it again",
            job.id,
            job.state.name()
        ));
    }
    Ok(Exit::Done)
}

/// The job that this very asking has on this machine, if it has one.
async fn known(config: &Config, task: &Task) -> Result<Option<Job>, CliError> {
    let Some(store) = store(config).await? else { return Ok(None) };
    let filter = JobFilter { repository: Some(task.repository.clone()), ..JobFilter::default() };
    let jobs = store.jobs(&filter, usize::MAX).await.map_err(AppError::from)?;
    Ok(jobs.into_iter().find(|it| it.task.key() == task.key()))
}

/// A task's message, marked as an asking of its own.
fn message(task: &serde_json::Value) -> String {
    let now = (app::clock())();
    // The keys of a `RandomState` are random: enough to tell two askings apart.
    let random = RandomState::new().build_hasher().finish();
    let asking = format!("cli-{}-{random:016x}", now.0);
    let mut message = task.clone();
    match message.get("type").is_some() {
        true => message["again"] = asking.clone().into(),
        false => message["type"] = "issue".into(),
    }
    message["created_at"] = now.to_string().into();
    message["delivery"] = asking.into();
    message.to_string()
}

/// The task in a file. What is longer than any task is not read to its end.
fn read(path: &Path) -> Result<String, CliError> {
    let name = path.display();
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::NotFound => CliError::not_found(format!("there is no file {name}")),
        _ => CliError::failed(format!("cannot read {name}: {error}")),
    };
    let source: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => Box::new(std::fs::File::open(path).map_err(failed)?),
    };
    let mut bytes = Vec::new();
    source.take(intake::LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > intake::LARGEST {
        let most = intake::LARGEST;
        return Err(CliError::usage(format!("{name} is no task: it has more than {most} bytes")));
    }
    String::from_utf8(bytes)
        .map_err(|_| CliError::usage(format!("{name} is no task: it is not UTF-8 text")))
}
