//! `codingworker jobs` and `cancel`, and how a job is found by what somebody types.

use clap::Args;
use serde::Serialize;

use crate::app::{self, AppError};
use crate::config::Config;
use crate::domain::job::{JobId, JobState, Story};
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;
use crate::store::{Found, Job, JobFilter, Store};

use super::output::{Cell, Tone, age, table};
use super::{CliError, Desk, Exit, answer};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only those that stand here: queued, running, waiting, done, failed or cancelled
    #[arg(long, value_name = "STATE")]
    state: Option<JobState>,
    /// Only those for this repository
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<Repository>,
}

#[derive(Debug, Args)]
pub(super) struct One {
    /// The job's id, or enough of its beginning
    #[arg(value_name = "ID")]
    pub(super) id: String,
}

/// A job as programs read it.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) id: String,
    pub(super) state: JobState,
    pub(super) repository: String,
    pub(super) issue: u64,
    pub(super) title: String,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) pull_request: Option<String>,
}

impl Summary {
    pub(super) fn of(job: &Job, title: &str) -> Self {
        Self {
            id: job.id.0.clone(),
            state: job.state,
            repository: job.task.repository.to_string(),
            issue: job.task.thread(),
            title: title.to_owned(),
            created_at: job.created_at.to_string(),
            updated_at: job.updated_at.to_string(),
            pull_request: job.pull_request.clone(),
        }
    }
}

/// Prints the list.
pub(super) fn list(desk: &Desk<'_>, arguments: Arguments) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let _logging = desk.logging(&config, false)?;
    let filter = JobFilter { state: arguments.state, repository: arguments.repo };
    answer(async {
        let mut jobs = Vec::new();
        if let Some(store) = store(&config).await? {
            for job in store.jobs(&filter, usize::MAX).await.map_err(AppError::from)? {
                let title = title(&store, &job).await?;
                jobs.push((job, title));
            }
        }
        let all = filter == JobFilter::default();
        print(desk, &config, if all { "jobs" } else { "such jobs" }, &jobs)?;
        Ok(Exit::Done)
    })
}

fn print(
    desk: &Desk<'_>,
    config: &Config,
    kind: &str,
    jobs: &[(Job, String)],
) -> Result<(), CliError> {
    if desk.output.wants_json() {
        let all = jobs.iter().map(|(job, title)| Summary::of(job, title)).collect::<Vec<_>>();
        return desk.output.json(&all);
    }
    if jobs.is_empty() {
        let place = config.worker.state_dir.display();
        desk.output.note(&format!("no {kind} in {place}: `codingworker submit` makes one"));
        return Ok(());
    }
    let now = (app::clock())();
    let rows = jobs.iter().map(|(job, title)| row(job, title, now)).collect::<Vec<_>>();
    let head = ["ID", "STATE", "ISSUE", "AGE", "PULL REQUEST", "TITLE"];
    desk.output.print(&table(desk.output, &head, &rows))
}

fn row(job: &Job, title: &str, now: Timestamp) -> Vec<Cell> {
    vec![
        Cell::plain(job.id.to_string()),
        Cell(tone(job.state), job.state.name().to_owned()),
        Cell::plain(format!("{}#{}", job.task.repository, job.task.thread())),
        Cell::plain(age(now.since(job.created_at))),
        Cell::plain(job.pull_request.as_deref().unwrap_or("-")),
        Cell::plain(title),
    ]
}

/// The tone of a state.
pub(super) fn tone(state: JobState) -> Tone {
    match state {
        JobState::Done => Tone::Good,
        JobState::Failed => Tone::Bad,
        JobState::Waiting => Tone::Doubtful,
        JobState::Queued | JobState::Cancelled => Tone::Faint,
        JobState::Running => Tone::Plain,
    }
}

/// The title as the sender gave it, else as the code host did when the job began.
async fn title(store: &Store, job: &Job) -> Result<String, CliError> {
    if !job.task.title.is_empty() {
        return Ok(job.task.title.clone());
    }
    let story = story(store, job).await?;
    Ok(story.inspection().map(|it| it.title.clone()).unwrap_or_default())
}

/// A job with its journal.
pub(super) async fn story(store: &Store, job: &Job) -> Result<Story, CliError> {
    let records = store.records(&job.id).await.map_err(AppError::from)?;
    Ok(Story { job: job.id.clone(), task: job.task.clone(), records })
}

/// Asks for a job's end.
pub(super) fn cancel(desk: &Desk<'_>, one: &One) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let _logging = desk.logging(&config, false)?;
    answer(async {
        let (store, job) = find(&config, &one.id).await?;
        let asked = store.request_cancel(&job.id, (app::clock())()).await;
        if !asked.map_err(AppError::from)? {
            // It may have ended since it was found.
            let state = state(&store, &job.id).await?.name();
            return Err(CliError::failed(format!("job {} is over already: {state}", job.id)));
        }
        let working = app::is_working(&config);
        if desk.output.wants_json() {
            let value = serde_json::json!({
                "id": job.id, "cancel_requested": true, "worker_running": working,
            });
            desk.output.json(&value)?;
        } else {
            desk.output.print(&job.id.0)?;
        }
        desk.output.note(match working {
            true => "the worker ends it and everything that it runs",
            false => "no worker is running: this takes effect at the next `codingworker serve`",
        });
        Ok(Exit::Done)
    })
}

/// Where a job stands by now.
pub(super) async fn state(store: &Store, id: &JobId) -> Result<JobState, CliError> {
    match store.find(&id.0).await.map_err(AppError::from)? {
        Found::One(job) => Ok(job.state),
        _ => Err(CliError::not_found(format!("job {id} is no longer there"))),
    }
}

/// The store of the state folder, if there is one yet.
pub(super) async fn store(config: &Config) -> Result<Option<Store>, CliError> {
    Ok(app::known_store(config).await?)
}

/// The one job whose id begins so.
pub(super) async fn find(config: &Config, prefix: &str) -> Result<(Store, Job), CliError> {
    let none = || {
        CliError::not_found(format!(
            "no job `{prefix}` in {}: `codingworker jobs` lists those that are there",
            config.worker.state_dir.display()
        ))
    };
    let store = store(config).await?.ok_or_else(none)?;
    match store.find(prefix).await.map_err(AppError::from)? {
        Found::One(job) => Ok((store, *job)),
        Found::None => Err(none()),
        Found::Many(ids) => {
            let ids = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Err(CliError::usage(format!("`{prefix}` is the beginning of more than one job: {ids}")))
        }
    }
}
