//! GitHub's other API, as far as it tells when a text was edited.

use serde_json::{Value, json};

use super::operation::{Reply, may_see};
use super::schema::Query;
use super::world::{CommentState, IssueState, RepositoryState, Token, World};

/// The name under which its requests are counted and faults are queued.
pub(super) const GRAPHQL: &str = "graphql";

/// Its path, beside the REST API's prefix.
pub(super) fn path(prefix: &str) -> String {
    match prefix.strip_suffix("/v3") {
        Some(server) => format!("{server}/graphql"),
        None => format!("{prefix}/graphql"),
    }
}

/// Answers one conforming query, with what is wrong with the answer.
pub(super) fn perform(world: &World, query: &Query, token: &Token) -> (Reply, Vec<String>) {
    let mut errors = Vec::new();
    let mut wrong = Vec::new();
    for (field, played) in [
        ("labels", "first: 100"),
        ("timelineItems", "last: 1, itemTypes: [RENAMED_TITLE_EVENT]"),
        ("repository", "owner: $owner, name: $name"),
        ("issue", "number: $number"),
    ] {
        let others = query.asks(field).into_iter().filter(|it| it != played);
        wrong.extend(others.map(|it| format!("the double does not play {field}({it})")));
    }
    let repository = found_repository(world, query, token);
    let number = query.variable("number").as_u64();
    let issue = repository.zip(number).and_then(|(repository, number)| {
        let issue = repository.issues.iter().find(|it| it.number == number);
        issue.map(shaped_issue)
    });
    let mut missing = |path: Value, message: String| {
        errors.push(json!({"type": "NOT_FOUND", "path": path, "message": message}));
    };
    if number.is_some() && repository.is_none() {
        let name = query.variable("name");
        let message = format!("Could not resolve to a Repository with the name {name}.");
        missing(json!(["repository"]), message);
    } else if let Some(number) = number.filter(|_| issue.is_none()) {
        let message = format!("Could not resolve to an Issue with the number of {number}.");
        missing(json!(["repository", "issue"]), message);
    }
    let mut nodes = Vec::new();
    let ids = query.variable("ids").as_array().cloned().unwrap_or_default();
    if ids.len() > 100 {
        errors.push(json!({"type": "ARGUMENT_LIMIT", "message": "You may not provide more than \
            100 node ids; you provided more."}));
    }
    for (at, id) in ids.iter().enumerate() {
        let node = id.as_str().and_then(|id| node(world, id, token));
        if node.is_none() {
            let message = format!("Could not resolve to a node with the global id of {id}");
            errors.push(json!({"type": "NOT_FOUND", "path": ["nodes", at], "message": message}));
        }
        nodes.push(node.unwrap_or(Value::Null));
    }
    let found = repository.map(|_| json!({"__typename": "Repository", "issue": issue}));
    let (data, more) = query.answer(&json!({"repository": found, "nodes": nodes}));
    wrong.extend(more);
    let mut body = json!({ "data": data });
    if !errors.is_empty() {
        body["errors"] = json!(errors);
    }
    (Reply::new(200, body), wrong)
}

fn found_repository<'a>(
    world: &'a World,
    query: &Query,
    token: &Token,
) -> Option<&'a RepositoryState> {
    let (owner, name) = (query.variable("owner").as_str()?, query.variable("name").as_str()?);
    let found = world
        .repositories
        .iter()
        .find(|it| it.owner.eq_ignore_ascii_case(owner) && it.name.eq_ignore_ascii_case(name));
    found.filter(|it| may_see(it, token))
}

fn shaped_issue(issue: &IssueState) -> Value {
    let labels = issue.labels.iter().map(|it| json!({"__typename": "Label", "name": it}));
    let newest = issue.events.iter().rev().find(|it| it.event == "renamed");
    let renamed = newest.map(|it| json!({"__typename": "RenamedTitleEvent", "createdAt": it.at}));
    json!({
        "__typename": "Issue",
        "title": issue.title,
        "body": issue.body.as_deref().unwrap_or(""),
        "lastEditedAt": issue.edited_at,
        "state": if issue.open { "OPEN" } else { "CLOSED" },
        "labels": {"nodes": labels.collect::<Vec<_>>()},
        "timelineItems": {"nodes": renamed.into_iter().collect::<Vec<_>>()},
    })
}

fn node(world: &World, node_id: &str, token: &Token) -> Option<Value> {
    let (kind, id) = node_id.split_once('_')?;
    let id: u64 = id.parse().ok()?;
    let mut seen = world.repositories.iter().filter(|it| may_see(it, token));
    let found = seen.find_map(|it| comment(it, kind, id))?;
    let name = match kind {
        "IC" => "IssueComment",
        "PRRC" => "PullRequestReviewComment",
        _ => "PullRequestReview",
    };
    Some(json!({
        "__typename": name,
        "id": node_id,
        "body": found.body,
        "lastEditedAt": found.edited_at,
    }))
}

fn comment<'a>(repository: &'a RepositoryState, kind: &str, id: u64) -> Option<&'a CommentState> {
    let pulls = repository.pulls.iter();
    let all: Vec<&CommentState> = match kind {
        "IC" => {
            let issues = repository.issues.iter().flat_map(|it| &it.comments);
            issues.chain(pulls.flat_map(|it| &it.comments)).collect()
        }
        "PRRC" => pulls.flat_map(|it| &it.line_comments).map(|it| &it.comment).collect(),
        "PRR" => pulls.flat_map(|it| &it.reviews).map(|it| &it.comment).collect(),
        _ => Vec::new(),
    };
    all.into_iter().find(|it| it.id == id)
}
