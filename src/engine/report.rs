//! Words for people: the pull request, the comment on the issue, the reply to a request, the
//! commit message, and the lines on a terminal.
//!
//! All of it is rendered from a job's journal, so it never claims a check that did not run, and
//! never repeats what a model said about itself.

use crate::domain::job::{Asked, Event, JobId, Outcome, Refusal, Story, Told};
use crate::domain::time::Timestamp;
use crate::domain::verification::Levels;

mod answer;
mod comment;
mod commit;
mod ending;
mod foreign;
mod found;
mod line;
mod place;
mod pull_request;
mod spent;

use foreign::{code, first_lines, inert, last_lines, link, quoted, sentence};

pub use answer::commands;
pub use comment::{comment, refusal, reply};
pub use commit::commit_message;
pub use line::{lines, outcome, own_ms};
pub use place::{in_line, out_of_line};
pub use pull_request::{body, title};
pub use spent::{Share, Spending, Stretch, shares, start, stretches, strip};

/// The language of what people read on the code host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// Japanese.
    Ja,
}

impl Language {
    fn pick<'a>(self, en: &'a str, ja: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Ja => ja,
        }
    }
}

/// What a report needs to know besides the journal.
#[derive(Clone, Debug)]
pub struct Masthead {
    /// Of what people read.
    pub language: Language,
    /// The worker's name.
    pub worker: String,
}

/// The hidden line by which the comment of a job is found again.
pub fn marker(job: &JobId) -> String {
    format!("<!-- codingworker:job={job} -->")
}

/// The hidden line by which the one comment a day is found again that refuses for a whole issue or
/// pull request, however many ask.
pub fn thread_marker(day: Timestamp) -> String {
    let day = day.to_string();
    let day = day.split('T').next().unwrap_or_default();
    format!("<!-- codingworker:cap={day} -->")
}

/// The hidden line by which the comment on this job is found again: its own, or that of the one
/// comment a day, when it ended with what that says.
pub fn found_by(story: &Story) -> String {
    match story.outcome() {
        Some(Outcome::Refused(Refusal { told: Told::OncePerThread, .. })) => {
            thread_marker(day(story))
        }
        _ => marker(&story.job),
    }
}

/// When it was decided how the job ends, however often it had to be told.
fn day(story: &Story) -> Timestamp {
    let ended = story.records.iter().rev().find(|it| matches!(it.event, Event::Ended(_)));
    ended.or(story.records.last()).map(|it| it.at).unwrap_or_default()
}

/// The request that this job is.
fn own(story: &Story) -> Option<&Asked> {
    story.conversation()?.requests.iter().find(|it| it.job == story.job)
}

/// `350 ms`, `4.2 s`, `3 min 5 s`, `1 h 2 min`.
pub fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
        _ => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

/// What was around the agent and the checks: `sandbox`, or both, where they differ.
pub fn isolation(levels: Levels, language: Language) -> String {
    let (agent, checks) = (levels.agent.name(), levels.checks.name());
    match (agent == checks, language) {
        (true, _) => agent.to_owned(),
        (false, Language::En) => format!("agent: {agent} · checks: {checks}"),
        (false, Language::Ja) => format!("エージェント: {agent} · チェック: {checks}"),
    }
}

/// When the job began and when the last thing happened.
fn times(story: &Story) -> Option<(Timestamp, Timestamp)> {
    let first = story.records.first()?;
    let began = Timestamp(first.at.0 - i64::try_from(first.took_ms).unwrap_or(0));
    Some((began, story.records.last()?.at))
}

#[cfg(test)]
mod tests;
