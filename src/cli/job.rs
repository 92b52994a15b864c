//! `codingworker job`: one job, step by step.

use std::path::Path;

use serde::Serialize;

use crate::app;
use crate::domain::job::JobState;
use crate::domain::job::{Event, Record, Story};
use crate::domain::verification::Levels;
use crate::engine::report::{self, Share, duration};
use crate::store::Job;

mod time;

use super::jobs::{One, Summary, find, story, tone};
use super::output::{Cell, Output, Tone, age, harmless, table};
use super::{CliError, Desk, Exit, answer, trouble};

/// A job as programs read it, with its whole journal.
#[derive(Debug, Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    summary: Summary,
    branch: Option<&'a str>,
    outcome: Option<String>,
    /// Where the manual has it, of a job that failed.
    more: Option<String>,
    cancel_requested: bool,
    /// Once it was laid out.
    levels: Option<Levels>,
    /// What everything but the agent and the checks took.
    own_ms: u64,
    /// What all its time went into, the most first.
    spent: Vec<Share>,
    records: &'a [Record],
}

pub(super) fn show(desk: &Desk<'_>, one: &One) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let _logging = desk.logging(&config, false)?;
    answer(async {
        let (store, job) = find(&config, &one.id).await?;
        let story = story(&store, &job).await?;
        if desk.output.wants_json() {
            desk.output.json(&whole(&job, &story))?;
        } else {
            let folder = config.github.clone_base_dir.join(&job.id.0);
            desk.output.print(&page(desk, &job, &story, &folder))?;
        }
        Ok(Exit::Done)
    })
}

fn whole<'a>(job: &Job, story: &'a Story) -> Whole<'a> {
    Whole {
        summary: Summary::of(job, title(story)),
        branch: story.change().map(|it| it.branch.as_str()),
        outcome: story.outcome().map(report::outcome),
        more: more(job, story),
        cancel_requested: job.cancel_requested,
        levels: story.checkout().map(|it| it.levels),
        own_ms: report::own_ms(&story.records),
        spent: report::shares(&report::stretches(story)),
        records: &story.records,
    }
}

/// `folder` is where the work on it is, while it is kept.
fn page(desk: &Desk<'_>, job: &Job, story: &Story, folder: &Path) -> String {
    let asked = if job.task.comment().is_some() { "request" } else { "issue" };
    let now = (app::clock())();
    let when = |at| format!("{at} ({} ago)", age(now.since(at)));
    let mut rows = vec![
        vec![Cell::faint("job"), Cell::plain(job.id.to_string())],
        vec![Cell::faint("state"), Cell(tone(job.state), state(job))],
        vec![Cell::faint("repository"), Cell::plain(job.task.repository.to_string())],
        vec![Cell::faint(asked), Cell::plain(format!("#{} {}", job.task.thread(), title(story)))],
        vec![Cell::faint("created"), Cell::plain(when(job.created_at))],
        vec![Cell::faint("updated"), Cell::plain(when(job.updated_at))],
    ];
    let took = job.updated_at.since(job.created_at).as_millis();
    let ended = story.outcome().map(report::outcome);
    let more = [
        ("took", job.state.is_final().then(|| duration(u64::try_from(took).unwrap_or(u64::MAX)))),
        ("isolation", isolation(story)),
        ("branch", story.change().map(|it| it.branch.clone())),
        ("pull request", job.pull_request.clone()),
        ("outcome", ended),
        ("more", more(job, story)),
        ("workspace", folder.is_dir().then(|| folder.display().to_string())),
        ("to see its work", kept(story)),
    ];
    rows.extend(more.into_iter().filter_map(|(name, value)| {
        value.map(|value| vec![Cell::faint(name), Cell::plain(value)])
    }));
    let mut text = table(desk.output, &[], &rows);
    if !story.records.is_empty() {
        text.push('\n');
        text.push_str(&steps(desk.output, story));
        let own = report::own_ms(&story.records);
        text.push_str(&format!("\neverything but the agent and the checks: {own} ms\n\n"));
        text.push_str(&time::bar(desk.output, story, Output::columns()));
    }
    text
}

/// A line for each step: when it began, what it was and what came of it, how long it took.
fn steps(output: &Output, story: &Story) -> String {
    let mut text = String::new();
    for record in &story.records {
        let began = report::start(record).to_string();
        let time = began.split(['T', 'Z']).nth(1).unwrap_or_default().to_owned();
        for (nth, line) in report::lines(record).iter().enumerate() {
            let when = if nth == 0 { time.as_str() } else { "" };
            let when = output.toned(Tone::Faint, &format!("{when:<8}"));
            text.push_str(&format!("{when}  {}\n", harmless(line)));
        }
    }
    text
}

/// Where the manual has what made it fail.
fn more(job: &Job, story: &Story) -> Option<String> {
    let ended = story.outcome().filter(|_| job.state == JobState::Failed).map(report::outcome)?;
    trouble::find(&ended).map(|it| it.place())
}

/// What was around the agent and the checks.
fn isolation(story: &Story) -> Option<String> {
    story.checkout().map(|it| report::isolation(it.levels, report::Language::En))
}

/// The command that shows the work of a job that was stopped before its push.
fn kept(story: &Story) -> Option<String> {
    story.records.iter().rev().find_map(|record| match &record.event {
        Event::Gated { kept, .. } => kept.clone(),
        _ => None,
    })
}

fn state(job: &Job) -> String {
    let leaving = job.cancel_requested && !job.state.is_final();
    format!("{}{}", job.state.name(), if leaving { ", to be cancelled" } else { "" })
}

/// As the code host gave it when the job began, else as the sender did.
fn title(story: &Story) -> &str {
    story.inspection().map_or(story.task.title.as_str(), |it| it.title.as_str())
}
