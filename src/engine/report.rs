//! Words for people: the pull request, the comment on the issue, the commit message, and the
//! lines on a terminal.
//!
//! All of it is rendered from a job's journal, so it never claims a check that did not run, and
//! never repeats what a model said about itself.

use std::fmt::Write;

use crate::domain::job::{JobId, Person, Story};
use crate::domain::time::Timestamp;

mod comment;
mod line;
mod pull_request;

pub use comment::comment;
pub use line::{lines, outcome, own_ms};
pub use pull_request::{body, title};

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
    /// How the checks were kept apart from the rest of the machine.
    pub isolation: String,
}

/// The hidden line by which the comment of a job is found again.
pub fn marker(job: &JobId) -> String {
    format!("<!-- codingworker:job={job} -->")
}

/// The message of the job's one commit, with the trailers that say where it came from.
pub fn commit_message(story: &Story) -> String {
    let mut message = format!("{}\n\nFor issue #{}.\n\n", subject(story, 72), story.task.issue());
    let _ = writeln!(message, "Codingworker-Job: {}", story.job);
    if let Some(turn) = story.turns().last() {
        let _ = writeln!(message, "Generated-by: {} ({})", inert(&turn.agent), inert(&turn.model));
    }
    if let Some(Person { id, login }) = story.inspection().and_then(|it| it.asked_by.as_ref()) {
        let login = inert(login);
        let _ =
            writeln!(message, "Co-authored-by: {login} <{id}+{login}@users.noreply.github.com>");
    }
    message
}

/// The issue's title as one line that closes nothing and calls nobody.
fn subject(story: &Story, most: usize) -> String {
    let title = story.inspection().map_or(story.task.title.as_str(), |it| it.title.as_str());
    let title = inert(title);
    let title = title.trim();
    match title.chars().count() {
        0 => format!("Work on issue {}", story.task.issue()),
        count if count <= most => title.to_owned(),
        _ => format!("{}…", title.chars().take(most - 1).collect::<String>().trim_end()),
    }
}

/// One line without control characters, in which nothing refers to an issue or a person:
/// neither `#1`, `GH-1` and an issue's address, nor `@name`.
fn inert(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().map(|it| if it.is_control() { ' ' } else { it }).peekable();
    while let Some(it) = chars.next() {
        out.push(it);
        let Some(next) = chars.peek() else { break };
        let refers = match it {
            '#' | '@' => next.is_alphanumeric(),
            '-' => next.is_ascii_digit() && ends_with(&out, "gh-"),
            '/' => {
                next.is_ascii_digit() && (ends_with(&out, "issues/") || ends_with(&out, "pull/"))
            }
            _ => false,
        };
        if refers {
            out.push(' ');
        }
    }
    out
}

fn ends_with(text: &str, end: &str) -> bool {
    let tail = text.len().checked_sub(end.len()).and_then(|at| text.get(at..));
    tail.is_some_and(|it| it.eq_ignore_ascii_case(end))
}

/// An inert line for Markdown, in which nothing is HTML or a link with words of its own either.
fn sentence(text: &str) -> String {
    let mut out = String::new();
    let text = inert(text);
    let mut chars = text.chars().peekable();
    while let Some(it) = chars.next() {
        out.push(it);
        let markup = |next: &char| match it {
            '<' => next.is_ascii_alphabetic() || matches!(next, '!' | '/' | '?'),
            ']' => matches!(next, '(' | '['),
            _ => false,
        };
        if chars.peek().is_some_and(markup) {
            out.push(' ');
        }
    }
    out
}

/// A block of foreign text in which nothing is a link, a mention or markup.
fn quoted(text: &str) -> String {
    let longest = text.split(|it| it != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

/// Foreign text inside a table's cell or a sentence, as code.
fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ").replace('|', "\\|");
    let longest = text.split(|it| it != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// The first lines of a text, bounded.
fn first_lines(text: &str, lines: usize, bytes: usize) -> String {
    let head = text.lines().take(lines).collect::<Vec<_>>().join("\n");
    cut(&head, bytes, head.len() < text.trim_end().len())
}

/// The last lines of a text, bounded.
fn last_lines(text: &str, lines: usize, bytes: usize) -> String {
    let all = text.trim_end().lines().collect::<Vec<_>>();
    let tail = all[all.len().saturating_sub(lines)..].join("\n");
    let start = (tail.len().saturating_sub(bytes)..=tail.len())
        .find(|at| tail.is_char_boundary(*at))
        .unwrap_or(0);
    tail[start..].to_owned()
}

fn cut(text: &str, bytes: usize, already: bool) -> String {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    match already || end < text.len() {
        true => format!("{}\n…", &text[..end]),
        false => text.to_owned(),
    }
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

/// When the job began and when the last thing happened.
fn times(story: &Story) -> Option<(Timestamp, Timestamp)> {
    let first = story.records.first()?;
    let began = Timestamp(first.at.0 - i64::try_from(first.took_ms).unwrap_or(0));
    Some((began, story.records.last()?.at))
}

#[cfg(test)]
mod tests;
