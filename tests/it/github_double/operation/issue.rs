//! Issues, their events and their labels.

use serde_json::Value;

use super::{Reply, Scene, page};
use crate::github_double::description::Request;
use crate::github_double::shapes;
use crate::github_double::world::{IssueState, RepositoryState, World};

pub(super) fn perform(world: &mut World, operation: &str, scene: &Scene) -> Option<Reply> {
    let Scene { full_name, request, me } = scene;
    let known = [
        "issues/list-for-repo",
        "issues/get",
        "issues/list-events",
        "issues/list-labels-on-issue",
        "issues/add-labels",
        "issues/remove-label",
    ];
    if !known.contains(&operation) {
        return None;
    }
    let repository = world.repository(full_name);
    if operation == "issues/list-for-repo" {
        return Some(page(world, full_name, "/issues", list(repository, request), request));
    }
    let number = request.number("issue_number", 0);
    if let Some(pull) = repository.pulls.iter().find(|it| it.number == number) {
        return Some(match operation {
            "issues/get" => Reply::new(200, shapes::pull_as_issue(repository, pull)),
            _ => Reply::not_found(),
        });
    }
    let Some(issue) = repository.issues.iter().find(|it| it.number == number) else {
        return Some(Reply::not_found());
    };
    let of_issue = |what: &str| format!("/issues/{number}/{what}");
    Some(match operation {
        "issues/get" => Reply::new(200, shapes::issue(repository, issue)),
        "issues/list-events" => {
            let all = issue.events.iter().map(|it| shapes::event(repository, number, it));
            page(world, full_name, &of_issue("events"), all.collect(), request)
        }
        "issues/list-labels-on-issue" => {
            let all = issue.labels.iter().map(|it| shapes::label(it)).collect();
            page(world, full_name, &of_issue("labels"), all, request)
        }
        "issues/add-labels" => {
            let given = request.body["labels"].as_array().cloned().unwrap_or_default();
            let names = given.iter().filter_map(|it| it.as_str().or_else(|| it["name"].as_str()));
            for name in names {
                world.set_label(full_name, number, name, true, &me.login);
            }
            labels_of(world.repository(full_name).issue(number))
        }
        _ => {
            if !world.set_label(full_name, number, request.get("name"), false, &me.login) {
                return Some(Reply::message(404, "Label does not exist"));
            }
            labels_of(world.repository(full_name).issue(number))
        }
    })
}

/// The issues, and the pull requests, which are issues too and have no labels here.
fn list(repository: &RepositoryState, request: &Request) -> Vec<Value> {
    let is_open = |open: bool| match request.get("state") {
        "all" => true,
        "closed" => !open,
        _ => open,
    };
    let wanted: Vec<String> = request.get("labels").split(',').map(str::to_lowercase).collect();
    let has = |it: &IssueState, label: &String| {
        label.is_empty() || it.labels.iter().any(|it| it.to_lowercase() == *label)
    };
    let issues = repository.issues.iter().filter(|it| is_open(it.open));
    let issues = issues.filter(|it| wanted.iter().all(|label| has(it, label)));
    let issues = issues.map(|it| (it.updated_at(), it.number, shapes::issue(repository, it)));
    let unlabelled = request.get("labels").is_empty();
    let pulls = repository.pulls.iter().filter(|it| is_open(it.open) && unlabelled);
    let pulls = pulls.map(|it| (it.updated_at(), it.number, shapes::pull_as_issue(repository, it)));
    let mut all: Vec<_> = issues.chain(pulls).collect();
    if request.get("sort") == "updated" {
        all.sort_by_key(|(at, number, _)| std::cmp::Reverse((at.clone(), *number)));
    }
    if request.get("direction") == "asc" {
        all.reverse();
    }
    all.into_iter().map(|(_, _, it)| it).collect()
}

fn labels_of(issue: &IssueState) -> Reply {
    Reply::new(200, issue.labels.iter().map(|it| shapes::label(it)).collect())
}
