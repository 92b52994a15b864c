//! GitHub's shapes, made from its own examples with our facts put in. Where an example breaks
//! GitHub's own schema, it is mended here.

use serde_json::{Value, json};

use codingworker::domain::job::Person;

use super::description::DESCRIPTION;
use super::world::{CommentState, EventState, IssueState, PullState, RepositoryState};

/// An example with its repository's name replaced by ours, and our facts laid over it.
fn shaped(name: &str, repository: Option<&RepositoryState>, facts: Value) -> Value {
    let mut value = DESCRIPTION.example(name);
    if let Some(repository) = repository {
        rename(&mut value, &repository.full_name());
    }
    lay_over(&mut value, facts);
    value
}

fn rename(value: &mut Value, full_name: &str) {
    match value {
        Value::String(text) => *text = text.replace("octocat/Hello-World", full_name),
        Value::Array(items) => items.iter_mut().for_each(|it| rename(it, full_name)),
        Value::Object(map) => map.values_mut().for_each(|it| rename(it, full_name)),
        _ => {}
    }
}

fn lay_over(value: &mut Value, facts: Value) {
    match (value, facts) {
        (Value::Object(map), Value::Object(facts)) => {
            for (key, fact) in facts {
                lay_over(map.entry(key).or_insert(Value::Null), fact);
            }
        }
        (value, fact) => *value = fact,
    }
}

/// As `simple-user`.
pub(crate) fn user(person: &Person) -> Value {
    let mut value = DESCRIPTION.example("issue-comment")["user"].clone();
    let login = &person.login;
    let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
    let html = format!("https://github.com/{login}");
    lay_over(&mut value, json!({"id": person.id, "login": login, "type": kind, "html_url": html}));
    value
}

/// The token's own user, as it is shown without the scope `user`.
pub(crate) fn me(person: &Person) -> Value {
    let name = "private-user-response-with-public-profile-information";
    shaped(name, None, json!({"id": person.id, "login": person.login, "user_view_type": "public"}))
}

pub(crate) fn repository(it: &RepositoryState, role: Option<&str>) -> Value {
    let mut value = shaped("full-repository-default-response", Some(it), repository_facts(it));
    let at_least = |roles: &[&str]| role.is_some_and(|it| roles.contains(&it));
    value["permissions"] = json!({
        "admin": at_least(&["admin"]),
        "maintain": at_least(&["admin"]),
        "push": at_least(&["admin", "write"]),
        "triage": at_least(&["admin", "write", "triage"]),
        "pull": role.is_some(),
    });
    for family in ["parent", "source", "template_repository", "organization"] {
        value.as_object_mut().unwrap().remove(family);
    }
    value
}

fn repository_facts(it: &RepositoryState) -> Value {
    json!({
        "id": it.id,
        "name": it.name,
        "full_name": it.full_name(),
        "owner": {"login": it.owner},
        "default_branch": it.default_branch,
        "private": !it.public,
        "visibility": if it.public { "public" } else { "private" },
        "archived": it.archived,
        "has_issues": true,
        "fork": false,
        "language": null,
    })
}

pub(crate) fn installed(repositories: &[&RepositoryState]) -> Value {
    let one = |it: &&RepositoryState| {
        let mut value = DESCRIPTION.example("repository-paginated-2")["repositories"][0].clone();
        rename(&mut value, &it.full_name());
        lay_over(&mut value, repository_facts(it));
        value
    };
    let all: Vec<Value> = repositories.iter().map(one).collect();
    json!({"total_count": all.len(), "repositories": all})
}

pub(crate) fn label(name: &str) -> Value {
    shaped("label-items", None, json!({"name": name, "description": null}))
}

pub(crate) fn issue(repository: &RepositoryState, it: &IssueState) -> Value {
    let number = it.number;
    let facts = json!({
        "id": 50_000 + number,
        "number": number,
        "title": it.title,
        "body": it.body,
        "state": if it.open { "open" } else { "closed" },
        "state_reason": if it.open { Value::Null } else { json!("completed") },
        "closed_at": if it.open { Value::Null } else { json!("2026-11-21T00:00:00Z") },
        "user": user(&it.author),
        "labels": it.labels.iter().map(|it| label(it)).collect::<Vec<_>>(),
        "comments": it.comments.len(),
        "html_url": format!("https://github.com/{}/issues/{number}", repository.full_name()),
        "assignee": null,
        "assignees": [],
        "milestone": null,
        "closed_by": null,
    });
    let mut value = shaped("issue", Some(repository), facts);
    for key in ["pull_request", "pinned_comment"] {
        value.as_object_mut().unwrap().remove(key);
    }
    value
}

/// A pull request, as the issue that it also is.
pub(crate) fn pull_as_issue(repository: &RepositoryState, it: &PullState) -> Value {
    let as_issue = IssueState {
        number: it.number,
        title: it.title.clone(),
        body: Some(it.body.clone()),
        open: it.open,
        author: it.author.clone(),
        labels: Vec::new(),
        events: Vec::new(),
        comments: Vec::new(),
    };
    let mut value = issue(repository, &as_issue);
    let html = format!("https://github.com/{}/pull/{}", repository.full_name(), it.number);
    value["pull_request"] =
        json!({"url": html, "html_url": html, "diff_url": html, "patch_url": html});
    value
}

pub(crate) fn comment(repository: &RepositoryState, it: &CommentState) -> Value {
    let mut author = user(&it.author);
    if it.by_app {
        author["type"] = json!("Bot");
    }
    let facts = json!({
        "id": it.id,
        "body": it.body,
        "user": author,
        "created_at": it.at,
        "performed_via_github_app": null,
        "minimized": null,
        "pin": null,
    });
    shaped("issue-comment", Some(repository), facts)
}

pub(crate) fn event(repository: &RepositoryState, it: &EventState) -> Value {
    let facts = json!({
        "id": it.id,
        "event": if it.labeled { "labeled" } else { "unlabeled" },
        "actor": user(&it.actor),
        "label": {"name": it.label, "color": "ededed"},
        "created_at": it.at,
        "commit_id": null,
        "commit_url": null,
    });
    shaped("issue-event-for-issue-items", Some(repository), facts)
}

pub(crate) fn pull(repository: &RepositoryState, it: &PullState, whole: bool) -> Value {
    let number = it.number;
    let end = |branch: &str, sha: &str| {
        json!({
            "label": format!("{}:{branch}", repository.owner),
            "ref": branch,
            "sha": sha,
            "user": {"login": repository.owner},
            "repo": repository_facts(repository),
        })
    };
    let facts = json!({
        "id": 70_000 + number,
        "number": number,
        "title": it.title,
        "body": it.body,
        "draft": it.draft,
        "state": if it.open { "open" } else { "closed" },
        "user": user(&it.author),
        "html_url": format!("https://github.com/{}/pull/{number}", repository.full_name()),
        "created_at": it.at,
        "head": end(&it.head, &it.sha),
        "base": end(&it.base, "6dcb09b5b57875f334f61aebed695e2e4193db5e"),
        "assignee": null,
        "assignees": [],
        "labels": [],
        "milestone": null,
        "merged_at": null,
        "closed_at": null,
        "requested_teams": [],
        "requested_reviewers": [],
    });
    let name = if whole { "pull-request" } else { "pull-request-simple-items" };
    shaped(name, Some(repository), facts)
}
