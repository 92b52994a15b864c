//! What each operation does to the world, as GitHub's documentation tells it.

use serde_json::{Value, json};

use super::description::Request;
use super::shapes;
use super::world::{Account, RepositoryState, Token, World};

mod comment;
mod git;
mod issue;
mod pull;
mod settings;

/// An answer before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Value,
    /// What is sent instead of the body, as it is.
    pub(crate) text: Option<String>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body, text: None }
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

    fn not_found() -> Self {
        Self::message(404, "Not Found")
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
    let Some(at) = found else { return Reply::not_found() };
    let repository = world.repositories[at].clone();
    let role = role(&repository, token);
    if !may_see(&repository, token) {
        return Reply::not_found();
    }
    if let Some(refusal) = forbidden(&repository, role, operation) {
        return refusal;
    }
    world.follow_branches(at);
    in_repository(world, &repository.full_name(), operation, request, token, role)
}

/// Whether a repository is there, as far as this token can tell.
pub(super) fn may_see(repository: &RepositoryState, token: &Token) -> bool {
    repository.public || role(repository, token).is_some()
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
        _ => settings::need(operation)?,
    };
    if repository.archived {
        return Some(Reply::message(403, "Repository was archived so is read-only."));
    }
    let enough = match need.contains("administration") {
        true => role == Some("admin"),
        false => matches!(role, Some("admin" | "maintain" | "write")),
    };
    let lacking = repository.settings.lacks.iter().any(|it| need.contains(it));
    if enough && !lacking {
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

/// What GitHub tells of somebody: one of four permissions, and the role's own name.
fn permission(world: &World, repository: &RepositoryState, login: &str) -> Reply {
    let Some(account) = world.known(login) else { return Reply::not_found() };
    // As many as know the login by another case.
    let role = repository.roles.iter().find(|(it, _)| it.eq_ignore_ascii_case(login));
    let role = role.map_or(if repository.public { "read" } else { "none" }, |(_, role)| *role);
    let (name, base) = role.split_once(':').unwrap_or((role, role));
    let base = match base {
        "maintain" => "write",
        "triage" => "read",
        other => other,
    };
    Reply::new(200, shapes::permission(account, base, name))
}

fn in_repository(
    world: &mut World,
    full_name: &str,
    operation: &str,
    request: &Request,
    token: &Token,
    role: Option<&'static str>,
) -> Reply {
    let me = match &token.login {
        Some(login) => world.person(login),
        None => world.person("codingworker[bot]"),
    };
    let scene = Scene { full_name, request, me };
    let repository = world.repository(full_name);
    match operation {
        "repos/get" => {
            // GitHub shows an App no permissions of a person's.
            let shown = if token.login.is_some() { role } else { None };
            Reply::new(200, shapes::repository(repository, shown))
        }
        "repos/get-collaborator-permission-level" => {
            permission(world, repository, request.get("username"))
        }
        _ => issue::perform(world, operation, &scene)
            .or_else(|| comment::perform(world, operation, &scene))
            .or_else(|| pull::perform(world, operation, &scene))
            .or_else(|| git::perform(world, operation, &scene))
            .or_else(|| settings::perform(world, operation, &scene))
            .unwrap_or_else(|| {
                Reply::message(501, &format!("the double does not play {operation} yet"))
            }),
    }
}

/// Who asks what, of which repository.
struct Scene<'a> {
    full_name: &'a str,
    request: &'a Request,
    me: Account,
}

/// One page of a list, with the `link` header.
fn page(world: &World, full_name: &str, path: &str, all: Vec<Value>, request: &Request) -> Reply {
    let per_page = usize::try_from(request.number("per_page", 30)).unwrap().max(1);
    let number = usize::try_from(request.number("page", 1)).unwrap().max(1);
    let last = all.len().div_ceil(per_page).max(1);
    let items: Vec<Value> = all.into_iter().skip((number - 1) * per_page).take(per_page).collect();
    let address = format!("{}/repos/{}{path}", world.address, full_name);
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
