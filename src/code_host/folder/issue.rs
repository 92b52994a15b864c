//! Issues of a folder, and their labels.

use super::ledger::{FolderIssue, LabelEvent, Ledger};
use super::{actor, refused};
use crate::code_host::{HostError, Issue, Labelling};
use crate::domain::job::Person;
use crate::domain::task::Repository;

pub(super) fn issue_of<'a>(
    ledger: &'a mut Ledger,
    repository: &Repository,
    number: u64,
) -> Result<&'a mut FolderIssue, HostError> {
    if ledger.pull_requests.iter().any(|it| it.number == number) {
        return refused(format!("`{repository}#{number}` is a pull request and not an issue"));
    }
    let found = ledger.issues.iter_mut().find(|it| it.number == number);
    found.ok_or_else(|| HostError::NotFound(format!("issue `{repository}#{number}`")))
}

/// An issue as the worker is told of it.
pub(super) fn told(issue: &FolderIssue, label: &str) -> Issue {
    let newest = issue.timeline.iter().rev().find(|it| same(&it.label, label));
    let in_force = issue.labels.iter().any(|it| same(it, label));
    Issue {
        title: issue.title.clone(),
        body: issue.body.clone(),
        open: issue.open,
        labels: issue.labels.clone(),
        author: Some(actor(&issue.author)),
        labelled: newest
            .filter(|it| it.set && in_force)
            .map(|it| Labelling { by: actor(&it.by), at: it.at }),
        edited_at: issue.edited_at,
    }
}

pub(super) fn set_labels(
    ledger: &mut Ledger,
    repository: &Repository,
    number: u64,
    by: &Person,
    add: &[&str],
    remove: &[&str],
) -> Result<(), HostError> {
    let changes = add.iter().map(|it| (true, *it)).chain(remove.iter().map(|it| (false, *it)));
    for (set, label) in changes {
        let labels = &mut issue_of(ledger, repository, number)?.labels;
        let there = labels.iter().position(|it| same(it, label));
        match there {
            None if set => labels.push(label.to_owned()),
            Some(there) if !set => drop(labels.remove(there)),
            _ => continue,
        }
        let at = ledger.tick();
        let event = LabelEvent { set, label: label.to_owned(), by: by.clone(), at };
        issue_of(ledger, repository, number)?.timeline.push(event);
    }
    Ok(())
}

/// Labels do not tell `Bug` from `bug`, as on GitHub.
fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
