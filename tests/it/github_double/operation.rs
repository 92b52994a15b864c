//! What each operation does to the world, as GitHub's documentation tells it.

use serde_json::{Value, json};

use codingworker::domain::job::Person;

use super::description::Request;
use super::shapes;
use super::world::{
    CommentState, EventState, IssueState, PullState, RepositoryState, Token, World, now,
};

/// An answer before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    pub(crate) fn message(status: u16, message: &str) -> Self {
        let url = "https://docs.github.com/rest";
        Self::new(
            status,
            json!({"message": message, "documentation_url": url, "status": status.to_string()}),
        )
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    fn invalid(message: &str) -> Self {
        let error = json!({"resource": "PullRequest", "code": "custom", "message": message});
        let mut reply = Self::message(422, "Validation Failed");
        reply.body["errors"] = json!([error]);
        reply
    }
}

/// Carries out one conforming request.
pub(crate) fn perform(
    world: &mut World,
    operation: &str,
    request: &Request,
    token: &Token,
) -> Reply {
    match operation {
        "users/get-authenticated" => return who_am_i(world, token),
        "apps/list-repos-accessible-to-installation" => return installation(world, token),
        _ => {}
    }
    let (owner, name) = (request.get("owner").to_lowercase(), request.get("repo").to_lowercase());
    let found = world
        .repositories
        .iter()
        .position(|it| it.owner.to_lowercase() == owner && it.name.to_lowercase() == name);
    let Some(at) = found else { return Reply::message(404, "Not Found") };
    // Taken out while it is worked on, so that world and repository can both be changed.
    let mut repository = world.repositories[at].clone();
    let role = role(&repository, token);
    let reply = if role.is_none() && !repository.public {
        Reply::message(404, "Not Found")
    } else if let Some(refusal) = forbidden(&repository, role, operation) {
        refusal
    } else {
        in_repository(world, &mut repository, operation, request, token, role)
    };
    world.repositories[at] = repository;
    reply
}

fn role(repository: &RepositoryState, token: &Token) -> Option<&'static str> {
    match &token.login {
        Some(login) => repository.roles.get(login).copied(),
        None => repository.app_installed.then_some("write"),
    }
}

/// What the token may not do: to change anything here takes `write`.
fn forbidden(repository: &RepositoryState, role: Option<&str>, operation: &str) -> Option<Reply> {
    let need = match operation {
        "pulls/create" => "pull_requests=write",
        "issues/add-labels" | "issues/remove-label" => "issues=write; pull_requests=write",
        "issues/create-comment" | "issues/update-comment" => "issues=write; pull_requests=write",
        _ => return None,
    };
    if repository.archived {
        return Some(Reply::message(403, "Repository was archived so is read-only."));
    }
    if matches!(role, Some("admin" | "write")) {
        return None;
    }
    let refusal = Reply::message(403, "Resource not accessible by personal access token");
    Some(refusal.with("x-accepted-github-permissions", need))
}

fn who_am_i(world: &mut World, token: &Token) -> Reply {
    let Some(login) = &token.login else {
        return Reply::message(403, "Resource not accessible by integration");
    };
    let mut reply = Reply::new(200, shapes::me(&world.person(login)));
    if let Some(scopes) = &token.scopes {
        reply = reply.with("x-oauth-scopes", scopes);
    }
    if let Some(expires) = &token.expires {
        reply = reply.with("github-authentication-token-expiration", expires);
    }
    reply
}

fn installation(world: &World, token: &Token) -> Reply {
    if token.login.is_some() {
        return Reply::message(403, "You must authenticate with an installation access token");
    }
    let all: Vec<&RepositoryState> =
        world.repositories.iter().filter(|it| it.app_installed).collect();
    Reply::new(200, shapes::installed(&all))
}

fn in_repository(
    world: &mut World,
    repository: &mut RepositoryState,
    operation: &str,
    request: &Request,
    token: &Token,
    role: Option<&'static str>,
) -> Reply {
    let me = match &token.login {
        Some(login) => world.person(login),
        None => world.person("codingworker[bot]"),
    };
    match operation {
        "repos/get" => {
            // GitHub shows an App no permissions of a person's.
            let shown = if token.login.is_some() { role } else { None };
            return Reply::new(200, shapes::repository(repository, shown));
        }
        "issues/list-for-repo" => {
            let all = repository.issues.iter().map(|it| shapes::issue(repository, it)).collect();
            return page(world, repository, "/issues", all, request);
        }
        "pulls/list" => return list_pulls(world, repository, request),
        "pulls/create" => return create_pull(world, repository, request, me),
        "issues/update-comment" => return update_comment(repository, request, &me),
        _ => {}
    }
    let number = request.number("issue_number", 0);
    if let Some(pull) = repository.pulls.iter().find(|it| it.number == number) {
        return match operation {
            "issues/get" => Reply::new(200, shapes::pull_as_issue(repository, pull)),
            _ => Reply::message(404, "Not Found"),
        };
    }
    if !repository.issues.iter().any(|it| it.number == number) {
        return Reply::message(404, "Not Found");
    }
    let of_issue = |what: &str| format!("/issues/{number}/{what}");
    let issue = repository.issue(number);
    match operation {
        "issues/get" => Reply::new(200, shapes::issue(repository, issue)),
        "issues/list-events" => {
            let all = issue.events.iter().map(|it| shapes::event(repository, it)).collect();
            page(world, repository, &of_issue("events"), all, request)
        }
        "issues/list-comments" => {
            let all = issue.comments.iter().map(|it| shapes::comment(repository, it)).collect();
            page(world, repository, &of_issue("comments"), all, request)
        }
        "issues/list-labels-on-issue" => {
            let all = issue.labels.iter().map(|it| shapes::label(it)).collect();
            page(world, repository, &of_issue("labels"), all, request)
        }
        "issues/create-comment" => {
            let (by_app, body) = (token.login.is_none(), request.text("body").to_owned());
            create_comment(world, repository, number, me, by_app, body)
        }
        "issues/add-labels" => {
            let given = request.body["labels"].as_array().cloned().unwrap_or_default();
            let names = given.iter().filter_map(|it| it.as_str().or_else(|| it["name"].as_str()));
            for name in names {
                set_label(world, repository.issue_mut(number), name, true, &me);
            }
            labels_of(repository.issue(number))
        }
        "issues/remove-label" => {
            if !set_label(world, repository.issue_mut(number), request.get("name"), false, &me) {
                return Reply::message(404, "Label does not exist");
            }
            labels_of(repository.issue(number))
        }
        other => Reply::message(501, &format!("the double does not play {other} yet")),
    }
}

fn labels_of(issue: &IssueState) -> Reply {
    Reply::new(200, issue.labels.iter().map(|it| shapes::label(it)).collect())
}

/// Sets a label or takes it away, with its event. `false` when nothing had to be done.
pub(crate) fn set_label(
    world: &mut World,
    issue: &mut IssueState,
    label: &str,
    set: bool,
    actor: &Person,
) -> bool {
    let there = issue.labels.iter().position(|it| it.to_lowercase() == label.to_lowercase());
    match there {
        Some(at) if !set => drop(issue.labels.remove(at)),
        None if set => issue.labels.push(label.to_owned()),
        _ => return false,
    }
    let (id, label, actor, at) = (world.id(), label.to_owned(), actor.clone(), now());
    issue.events.push(EventState { id, labeled: set, label, actor, at });
    true
}

fn create_comment(
    world: &mut World,
    repository: &mut RepositoryState,
    number: u64,
    author: Person,
    by_app: bool,
    body: String,
) -> Reply {
    if body.trim().is_empty() || body.chars().count() > 65_536 {
        return Reply::invalid("body is empty or too long (maximum is 65536 characters)");
    }
    let id = world.id();
    let comment = CommentState { id, author, by_app, body, earlier: Vec::new(), at: now() };
    let reply = Reply::new(201, shapes::comment(repository, &comment));
    repository.issue_mut(number).comments.push(comment);
    reply
}

fn update_comment(repository: &mut RepositoryState, request: &Request, me: &Person) -> Reply {
    let id = request.number("comment_id", 0);
    let mut all = repository.issues.iter_mut().flat_map(|it| &mut it.comments);
    let Some(comment) = all.find(|it| it.id == id) else {
        return Reply::message(404, "Not Found");
    };
    if comment.author != *me {
        return Reply::message(403, "You do not have permission to edit this comment.");
    }
    let body = request.text("body");
    if body.trim().is_empty() || body.chars().count() > 65_536 {
        return Reply::invalid("body is empty or too long (maximum is 65536 characters)");
    }
    comment.earlier.push(std::mem::replace(&mut comment.body, body.to_owned()));
    let comment = comment.clone();
    Reply::new(200, shapes::comment(repository, &comment))
}

fn list_pulls(world: &World, repository: &RepositoryState, request: &Request) -> Reply {
    let state = match request.get("state") {
        "" => "open",
        other => other,
    };
    // GitHub takes a head without an owner for no filter at all.
    let head = Some(request.get("head")).filter(|it| it.contains(':'));
    let here = |pull: &PullState| format!("{}:{}", repository.owner, pull.head);
    let wanted = |it: &&PullState| {
        (state == "all" || (state == "open") == it.open)
            && head.is_none_or(|head| head.to_lowercase() == here(it).to_lowercase())
            && (request.get("base").is_empty() || request.get("base") == it.base)
    };
    let all = repository.pulls.iter().rev().filter(wanted);
    let all = all.map(|it| shapes::pull(repository, it, false)).collect();
    page(world, repository, "/pulls", all, request)
}

fn create_pull(
    world: &mut World,
    repository: &mut RepositoryState,
    request: &Request,
    author: Person,
) -> Reply {
    let (head, base) = (request.text("head"), request.text("base"));
    let head = head.strip_prefix(&format!("{}:", repository.owner)).unwrap_or(head);
    let draft = request.body["draft"].as_bool().unwrap_or(false);
    let Some(tip) = world.branch(repository, base) else { return no_branch("base") };
    let Some(sha) = world.branch(repository, head) else { return no_branch("head") };
    if sha == tip {
        return Reply::invalid(&format!("No commits between {base} and {head}"));
    }
    let open = |it: &&PullState| it.open && it.head == head && it.base == base;
    if repository.pulls.iter().any(|it| open(&it)) {
        let owner = &repository.owner;
        return Reply::invalid(&format!("A pull request already exists for {owner}:{head}."));
    }
    if draft && !repository.drafts {
        return Reply::message(422, "Draft pull requests are not supported in this repository.");
    }
    let title = request.text("title").to_owned();
    if title.trim().is_empty() || title.chars().count() > 256 {
        return Reply::invalid("title is empty or too long (maximum is 256 characters)");
    }
    repository.last_number += 1;
    let pull = PullState {
        number: repository.last_number,
        title,
        body: request.text("body").to_owned(),
        head: head.to_owned(),
        sha,
        base: base.to_owned(),
        draft,
        open: true,
        author,
        at: now(),
    };
    let reply = Reply::new(201, shapes::pull(repository, &pull, true));
    repository.pulls.push(pull);
    reply
}

fn no_branch(field: &str) -> Reply {
    let mut reply = Reply::message(422, "Validation Failed");
    reply.body["errors"] = json!([{"resource": "PullRequest", "field": field, "code": "invalid"}]);
    reply
}

/// One page of a list, with the `link` header.
fn page(
    world: &World,
    repository: &RepositoryState,
    path: &str,
    all: Vec<Value>,
    request: &Request,
) -> Reply {
    let per_page = usize::try_from(request.number("per_page", 30)).unwrap().max(1);
    let number = usize::try_from(request.number("page", 1)).unwrap().max(1);
    let last = all.len().div_ceil(per_page).max(1);
    let items: Vec<Value> = all.into_iter().skip((number - 1) * per_page).take(per_page).collect();
    let address = format!("{}/repos/{}{path}", world.address, repository.full_name());
    let link = |page: usize, rel: &str| {
        format!("<{address}?per_page={per_page}&page={page}>; rel=\"{rel}\"")
    };
    let mut links = Vec::new();
    if number > 1 {
        links.extend([link(number - 1, "prev"), link(1, "first")]);
    }
    if number < last {
        links.extend([link(number + 1, "next"), link(last, "last")]);
    }
    let reply = Reply::new(200, Value::Array(items));
    if links.is_empty() { reply } else { reply.with("link", links.join(", ")) }
}
