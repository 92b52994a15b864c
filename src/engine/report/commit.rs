//! The message of the job's one commit, and the line that stands for what was asked.

use std::fmt::Write;

use crate::domain::job::{Person, Story};
use crate::engine::report::{inert, own};

/// The most requests that a message tells of, one by one.
const MOST_REQUESTS: usize = 10;

/// The message of the job's one commit, with the trailers that say where it came from.
pub fn commit_message(story: &Story) -> String {
    let thread = story.task.thread();
    let mut message = format!("{}\n\n", subject(story, 72));
    let requests = story.conversation().map(|it| it.requests.as_slice()).unwrap_or_default();
    if requests.len() > 1 {
        for asked in requests.iter().take(MOST_REQUESTS) {
            let _ = writeln!(message, "- {}", short(first_line(&asked.text), 70));
        }
        message.push('\n');
    }
    let _ = match story.task.comment() {
        None => writeln!(message, "For issue #{thread}.\n"),
        Some(_) => writeln!(message, "For pull request #{thread}.\n"),
    };
    let _ = writeln!(message, "Codingworker-Job: {}", story.job);
    if let Some(turn) = story.turns().last() {
        let model = if turn.is_by_worker() { "without a model" } else { &inert(&turn.model) };
        let _ = writeln!(message, "Generated-by: {} ({model})", inert(&turn.agent));
    }
    for Person { id, login } in people(story) {
        let login = inert(login);
        let _ =
            writeln!(message, "Co-authored-by: {login} <{id}+{login}@users.noreply.github.com>");
    }
    message
}

/// Everybody who asked for what was done, once each.
fn people(story: &Story) -> Vec<&Person> {
    let requests = story.conversation().map(|it| it.requests.as_slice()).unwrap_or_default();
    let asked_by = story.inspection().and_then(|it| it.asked_by.as_ref());
    let mut people: Vec<&Person> = Vec::new();
    for person in requests.iter().map(|it| &it.by).chain(asked_by) {
        if people.iter().all(|it| it.id != person.id) {
            people.push(person);
        }
    }
    people
}

/// What was asked, as one line that closes nothing and calls nobody: the title, or the
/// first line of the request.
pub(super) fn subject(story: &Story, most: usize) -> String {
    let title = match (own(story), story.inspection()) {
        (Some(asked), _) => first_line(&asked.text),
        (None, Some(inspection)) => inspection.title.as_str(),
        (None, None) => story.task.title.as_str(),
    };
    let thread = story.task.thread();
    match (short(title, most), story.task.comment()) {
        (title, _) if !title.is_empty() => title,
        (_, None) => format!("Work on issue {thread}"),
        (_, Some(_)) => format!("Work on pull request {thread}"),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().find(|it| !it.trim().is_empty()).unwrap_or_default()
}

/// An inert line of at most so many characters.
fn short(text: &str, most: usize) -> String {
    let text = inert(text);
    let text = text.trim();
    match text.chars().count() <= most {
        true => text.to_owned(),
        false => format!("{}…", text.chars().take(most - 1).collect::<String>().trim_end()),
    }
}
