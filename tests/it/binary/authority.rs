//! Who may start work: decided from what GitHub says when the job begins, never from the message.
//!
//! Where nothing is to be shown but that a job was allowed to begin, the repository's default
//! branch is one that it has not: the job then ends before the agent is started.

use codingworker::domain::job::{Event, JobState, Outcome, Record, Told};
use codingworker::store::Job;
use serde_json::{Value, json};

use super::world::{BODY, PROJECT, TITLE, World};
use crate::github_double::LOGIN;

mod audit;
pub(super) mod comments;
mod labels;
mod operator;
mod places;
mod texts;

/// What nobody approved of, and so no model reads.
const EVIL: &str = "EVIL-WORDS";

/// Makes the sample repository, with an issue that nobody has labelled yet.
fn unlabelled(world: &World, name: &str, author: &str) -> u64 {
    world.repository(name, &PROJECT);
    world.github.issue(name, TITLE, BODY, author)
}

/// A repository in which a job that may begin ends right after that.
fn without_work(world: &World, name: &str) {
    world.github.look(|it| it.repository_mut(name).default_branch = "nowhere".to_owned());
}

/// The jobs for one issue or pull request, oldest first.
pub(super) async fn jobs_of(world: &World, name: &str, thread: u64) -> Vec<(Job, Vec<Record>)> {
    let mut jobs = world.jobs().await;
    jobs.retain(|(it, _)| it.task.repository.to_string() == name && it.task.thread() == thread);
    jobs
}

/// How the last job on this issue or pull request ended.
pub(super) async fn last(world: &World, name: &str, thread: u64) -> Outcome {
    let (job, records) = jobs_of(world, name, thread).await.pop().expect("a job");
    assert!(job.state.is_final(), "{name}#{thread}: {}", job.state.name());
    let ended = records.into_iter().rev().find_map(|it| match it.event {
        Event::Ended(outcome) => Some(outcome),
        _ => None,
    });
    ended.unwrap_or_else(|| panic!("{name}#{thread} has not ended"))
}

/// With which sentence the last job was refused, and who got to read that.
pub(super) async fn refusal(world: &World, name: &str, thread: u64) -> (String, Told) {
    match last(world, name, thread).await {
        Outcome::Refused(it) => (it.reason, it.told),
        other => panic!("{name}#{thread} was not refused: {other:?}"),
    }
}

/// Whether the last job was allowed to begin.
async fn began(world: &World, name: &str, thread: u64) -> bool {
    let (_, records) = jobs_of(world, name, thread).await.pop().expect("a job");
    records.iter().any(|it| matches!(it.event, Event::Inspected(_)))
}

/// What the worker wrote under an issue or a pull request, oldest first.
pub(super) fn answers_of(world: &World, name: &str, thread: u64) -> Vec<String> {
    let said = world.github.look(|it| it.repository_mut(name).talk(thread).unwrap().clone());
    let ours = said.into_iter().filter(|it| it.author.login == LOGIN);
    ours.map(|it| it.body).collect()
}

/// The audit of a repository, oldest row first.
pub(super) fn audit_of(world: &World, name: &str) -> Vec<Value> {
    let rows = world.says(&["audit", "--repo", name, "--json"]);
    let mut rows = serde_json::from_str::<Vec<Value>>(&rows).unwrap();
    rows.reverse();
    rows
}

/// Everything that somebody can see of a repository on GitHub.
fn seen(world: &World, name: &str) -> String {
    let bare = world.bare(name);
    let refs = world.git(&["-C", bare.to_str().unwrap(), "for-each-ref"]);
    world.github.look(|it| format!("{:#?}\n{refs}", it.repository(name)))
}

/// The one comment is the one sentence, the one row of the audit says the same of whoever asked,
/// and nothing was pushed.
async fn is_refused(world: &World, name: &str, thread: u64, who: &str, words: &str) {
    let (reason, _) = refusal(world, name, thread).await;
    assert!(reason.contains(words), "{name}: {reason}");
    let said = answers_of(world, name, thread);
    assert_eq!(said.len(), 1, "{name}: {said:#?}");
    let sentence = said[0].split("\n<").next().unwrap().trim();
    assert!(sentence.contains(words), "{name}: {sentence}");
    assert!(!sentence.contains('\n') && !sentence.contains(". "), "{name}: {sentence}");
    is_noted_as_refused(world, name, who, &reason);
    nothing_was_pushed(world, name);
}

fn is_noted_as_refused(world: &World, name: &str, who: &str, reason: &str) {
    let rows = audit_of(world, name);
    assert_eq!(rows.len(), 1, "{name}: {rows:#?}");
    assert_eq!(rows[0]["decision"], "refused", "{rows:#?}");
    assert_eq!(rows[0]["why"], *reason, "{rows:#?}");
    assert_eq!(rows[0]["actor"]["login"].as_str().unwrap_or_default(), who, "{rows:#?}");
}

fn nothing_was_pushed(world: &World, name: &str) {
    let bare = world.bare(name);
    let all = ["-C", bare.to_str().unwrap(), "for-each-ref", "--format=%(refname:short)"];
    assert_eq!(world.git(&all), "main", "{name}");
    assert!(world.github.pulls(name).iter().all(|it| it.author.login != LOGIN), "{name}");
}

/// Refused, noted, and nothing at all to be seen on GitHub.
async fn is_dropped(world: &World, name: &str, thread: u64, before: &str, words: &str) {
    let (reason, told) = refusal(world, name, thread).await;
    assert!(reason.contains(words), "{name}: {reason}");
    assert_eq!(told, Told::Nobody, "{name}: {reason}");
    assert_eq!(seen(world, name), before, "{name}: something is to be seen");
    let rows = audit_of(world, name);
    let row = rows.last().expect("a row");
    assert_eq!((&row["decision"], &row["why"]), (&json!("refused"), &json!(reason)), "{name}");
}

/// The work was done, and the audit says who asked for it.
async fn is_done(world: &World, name: &str, thread: u64, who: &str) {
    let (job, _) = jobs_of(world, name, thread).await.pop().expect("a job");
    assert_eq!(job.state, JobState::Done, "{name}: {:?}", last(world, name, thread).await);
    let rows = audit_of(world, name);
    let of_job = |it: &&Value| it["job"] == job.id.0.as_str();
    let decisions = rows.iter().filter(of_job).map(|it| it["decision"].clone());
    assert_eq!(decisions.collect::<Vec<_>>(), ["allowed", "pushed", "ended"], "{name}: {rows:#?}");
    let by = rows.iter().filter(of_job).all(|it| it["actor"]["login"] == who);
    assert!(by, "{name}: {rows:#?}");
}
