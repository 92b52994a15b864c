//! GitHub's shapes, made from its own examples with our facts put in. Where an example breaks
//! GitHub's own schema, it is mended here.

use serde_json::{Value, json};

use super::description::DESCRIPTION;
use super::world::{
    Account, CommentState, EventState, IssueState, LineCommentState, PullState, RepositoryState,
    ReviewState, World,
};

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
pub(crate) fn user(account: &Account) -> Value {
    let mut value = DESCRIPTION.example("issue-comment")["user"].clone();
    let Account { id, login, kind } = account;
    let html = format!("https://github.com/{login}");
    lay_over(&mut value, json!({"id": id, "login": login, "type": kind, "html_url": html}));
    value
}

/// What a person may do: `permission` is one of four, `role` may be anything.
pub(crate) fn permission(account: &Account, permission: &str, role: &str) -> Value {
    let mut user = user(account);
    user["role_name"] = json!(role);
    let facts = json!({"permission": permission, "role_name": role, "user": user});
    shaped("repository-collaborator-permission-response-if-user-has-admin-permissions", None, facts)
}

/// What is said of an App that did something in somebody's name.
fn app(through_app: bool) -> Value {
    if !through_app {
        return Value::Null;
    }
    json!({
        "id": 7, "node_id": "A_7", "owner": user(&Account {
            id: 8, login: "app-maker".to_owned(), kind: "Organization",
        }),
        "name": "An App", "slug": "an-app", "description": null,
        "external_url": "https://app.example", "html_url": "https://github.com/apps/an-app",
        "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
        "permissions": {"issues": "write"}, "events": [],
    })
}

/// The token's own user, as it is shown without the scope `user`.
pub(crate) fn me(person: &Account) -> Value {
    let name = "private-user-response-with-public-profile-information";
    shaped(name, None, json!({"id": person.id, "login": person.login, "user_view_type": "public"}))
}

pub(crate) fn repository(it: &RepositoryState, role: Option<&str>) -> Value {
    let mut value = shaped("full-repository-default-response", Some(it), repository_facts(it));
    let at_least = |roles: &[&str]| role.is_some_and(|it| roles.contains(&it));
    value["permissions"] = json!({
        "admin": at_least(&["admin"]),
        "maintain": at_least(&["admin", "maintain"]),
        "push": at_least(&["admin", "maintain", "write"]),
        "triage": at_least(&["admin", "maintain", "write", "triage"]),
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
        "has_issues": !it.settings.no_issues,
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

/// GitHub's example of this name, with our repository and our facts in it.
pub(crate) fn example(name: &str, repository: &RepositoryState, facts: Value) -> Value {
    shaped(name, Some(repository), facts)
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
        "performed_via_github_app": app(it.via_app),
        "labels": it.labels.iter().map(|it| label(it)).collect::<Vec<_>>(),
        "comments": it.comments.len(),
        "html_url": format!("https://github.com/{}/issues/{number}", repository.full_name()),
        "updated_at": it.updated_at(),
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

/// What a workflow that begins by `issues: labeled` finds in its event file, as far as REST has the
/// same shapes.
pub(crate) fn labelled_event(
    world: &mut World,
    full_name: &str,
    number: u64,
    label_name: &str,
    by: &str,
) -> Value {
    let by = user(&world.person(by));
    let it = world.repository(full_name);
    json!({
        "action": "labeled",
        "label": label(label_name),
        "issue": issue(it, it.issue(number)),
        "repository": repository(it, None),
        "sender": by,
    })
}

/// A pull request, as the issue that it also is.
pub(crate) fn pull_as_issue(repository: &RepositoryState, it: &PullState) -> Value {
    let as_issue = IssueState {
        number: it.number,
        title: it.title.clone(),
        body: Some(it.body.clone()),
        open: it.open,
        author: it.author.clone(),
        via_app: false,
        labels: Vec::new(),
        events: Vec::new(),
        comments: it.comments.clone(),
        edited_at: None,
    };
    let mut value = issue(repository, &as_issue);
    let html = format!("https://github.com/{}/pull/{}", repository.full_name(), it.number);
    value["updated_at"] = json!(it.updated_at());
    value["pull_request"] =
        json!({"url": html, "html_url": html, "diff_url": html, "patch_url": html});
    value
}

pub(crate) fn comment(repository: &RepositoryState, number: u64, it: &CommentState) -> Value {
    let name = repository.full_name();
    let is_pull = repository.pulls.iter().any(|it| it.number == number);
    let thread = format!("{}/{number}", if is_pull { "pull" } else { "issues" });
    let facts = json!({
        "id": it.id,
        "node_id": format!("IC_{}", it.id),
        "body": it.body,
        "user": user(&it.author),
        "created_at": it.at,
        "updated_at": it.updated_at,
        "issue_url": format!("https://api.github.com/repos/{name}/issues/{number}"),
        "html_url": format!("https://github.com/{name}/{thread}#issuecomment-{}", it.id),
        "performed_via_github_app": app(it.via_app),
        "minimized": null,
        "pin": null,
    });
    shaped("issue-comment", Some(repository), facts)
}

pub(crate) fn line_comment(
    repository: &RepositoryState,
    pull: u64,
    it: &LineCommentState,
) -> Value {
    let (name, comment) = (repository.full_name(), &it.comment);
    let id = comment.id;
    let facts = json!({
        "id": id,
        "node_id": format!("PRRC_{id}"),
        "body": comment.body,
        "user": user(&comment.author),
        "created_at": comment.at,
        "updated_at": comment.updated_at,
        "path": it.path,
        "line": it.line,
        "side": it.side,
        "diff_hunk": it.hunk,
        "pull_request_url": format!("https://api.github.com/repos/{name}/pulls/{pull}"),
        "html_url": format!("https://github.com/{name}/pull/{pull}#discussion_r{id}"),
    });
    shaped("pull-request-review-comment-2", Some(repository), facts)
}

pub(crate) fn review(repository: &RepositoryState, pull: u64, it: &ReviewState) -> Value {
    let (name, comment) = (repository.full_name(), &it.comment);
    let id = comment.id;
    let facts = json!({
        "id": id,
        "node_id": format!("PRR_{id}"),
        "body": comment.body,
        "user": user(&comment.author),
        "state": it.state,
        "submitted_at": comment.at,
        "pull_request_url": format!("https://api.github.com/repos/{name}/pulls/{pull}"),
        "html_url": format!("https://github.com/{name}/pull/{pull}#pullrequestreview-{id}"),
    });
    let mut value = shaped("pull-request-review-4", Some(repository), facts);
    if it.state == "PENDING" {
        value.as_object_mut().unwrap().remove("submitted_at");
    }
    value
}

/// A changed file with its part of a diff.
pub(crate) fn file(name: &str, status: &str, patch: &str) -> Value {
    let count = |sign: char| patch.lines().filter(|it| it.starts_with(sign)).count();
    let (additions, deletions) = (count('+'), count('-'));
    let facts = json!({
        "filename": name, "status": status, "additions": additions, "deletions": deletions,
        "changes": additions + deletions, "patch": patch,
    });
    shaped("diff-entry-items", None, facts)
}

pub(crate) fn event(repository: &RepositoryState, number: u64, it: &EventState) -> Value {
    let mut facts = json!({
        "id": it.id,
        "event": it.event,
        "actor": user(&it.actor),
        "created_at": it.at,
        "commit_id": null,
        "commit_url": null,
        "performed_via_github_app": app(it.via_app),
    });
    let mut value = shaped("issue-event-for-issue-items", Some(repository), json!({}));
    value.as_object_mut().unwrap().remove("label");
    if it.event == "renamed" {
        let later = repository.issue(number).events.iter().filter(|it| it.event == "renamed");
        let next = later.skip_while(|other| other.id != it.id).nth(1);
        let to = next.map_or(&repository.issue(number).title, |it| &it.what);
        facts["rename"] = json!({"from": it.what, "to": to});
    } else {
        facts["label"] = json!({"name": it.what, "color": "ededed"});
    }
    lay_over(&mut value, facts);
    value
}

pub(crate) fn pull(
    world: &World,
    repository: &RepositoryState,
    it: &PullState,
    whole: bool,
) -> Value {
    let number = it.number;
    let end = |home: Option<&RepositoryState>, branch: &str, sha: &str| {
        let owner = home.map_or("unknown", |it| it.owner.as_str());
        json!({
            "label": format!("{owner}:{branch}"),
            "ref": branch,
            "sha": sha,
            "user": {"login": owner},
            "repo": home.map_or(Value::Null, repository_facts),
        })
    };
    let fork =
        it.fork.as_ref().map(|fork| world.repositories.iter().find(|it| it.full_name() == *fork));
    let base = world.branch(&repository.full_name(), &it.base).unwrap_or_default();
    let mut facts = json!({
        "id": 70_000 + number,
        "number": number,
        "title": it.title,
        "body": it.body,
        "draft": it.draft,
        "state": if it.open { "open" } else { "closed" },
        "user": user(&it.author),
        "html_url": format!("https://github.com/{}/pull/{number}", repository.full_name()),
        "created_at": it.at,
        "head": end(fork.unwrap_or(Some(repository)), &it.head, &it.sha),
        "base": end(Some(repository), &it.base, &base),
        "assignee": null,
        "assignees": [],
        "labels": [],
        "milestone": null,
        "merged_at": if it.merged { json!(it.at) } else { Value::Null },
        "closed_at": if it.open { Value::Null } else { json!(it.at) },
        "requested_teams": [],
        "requested_reviewers": [],
    });
    if whole {
        facts["merged"] = json!(it.merged);
        facts["mergeable"] = json!(it.mergeable);
        facts["maintainer_can_modify"] = json!(it.maintainer_can_modify);
    }
    let name = if whole { "pull-request" } else { "pull-request-simple-items" };
    shaped(name, Some(repository), facts)
}
