//! A stateful GitHub inside the test's process, for tests of one room and of the whole binary.
//!
//! Every request is judged by GitHub's own OpenAPI description, made strict (`description`), and
//! so is every reply of the double itself. What breaks it is answered with 599, written down, and
//! fails the test when the double is dropped. Faults are queued by operation.

#![expect(clippy::unwrap_used, reason = "a scene that cannot be set should end its test")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use futures_util::stream;
use serde_json::json;
use tokio_util::sync::CancellationToken;

mod asked;
mod conditional;
mod description;
mod fault;
mod graphql;
mod operation;
mod people;
mod schema;
mod shapes;
mod world;

use conditional::counted;
use description::{DESCRIPTION, Operation, Request, graphql_body};
pub(crate) use fault::Fault;
use fault::{Outcome, bad_gateway, before};
use graphql::GRAPHQL;
use operation::{Reply, perform};
use schema::Query;
pub(crate) use shapes::labelled_event;
pub(crate) use world::{
    CommentState, EnvironmentState, IssueState, PullState, RepositoryState, SettingsState, Token,
    World,
};

/// The token that the double knows from the start, of the person `LOGIN`.
pub(crate) const TOKEN: &str = "github_pat_11DOUBLE_of_the_worker";
/// Whose token it is.
pub(crate) const LOGIN: &str = "worker-account";
/// What a request that breaks GitHub's description is answered with.
const BROKEN_LAW: u16 = 599;

pub(crate) struct GitHubDouble {
    world: Arc<Mutex<World>>,
    address: SocketAddr,
    prefix: String,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Every operation that the double has a description of.
pub(crate) fn operations() -> BTreeSet<String> {
    let described = DESCRIPTION.operations.iter().map(|it| it.id.clone());
    described.chain([GRAPHQL.to_owned()]).collect()
}

impl GitHubDouble {
    /// Starts one on a free port. `root` holds the bare repositories, `{owner}/{name}.git`.
    pub(crate) fn start(root: &Path) -> Self {
        Self::start_under(root, "")
    }

    /// As `start`, with a prefix before every path, as GitHub Enterprise Server's `/api/v3`.
    pub(crate) fn start_under(root: &Path, prefix: &str) -> Self {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap();
        let mut world = World {
            root: root.to_owned(),
            prefix: prefix.to_owned(),
            address: format!("http://{address}{prefix}"),
            ..World::default()
        };
        world.person(LOGIN);
        let expires = Some("2027-01-31 00:00:00 UTC".to_owned());
        let token = Token { login: Some(LOGIN.to_owned()), scopes: None, expires };
        world.tokens.insert(TOKEN.to_owned(), token);
        let world = Arc::new(Mutex::new(world));
        let stop = CancellationToken::new();
        let serving = (world.clone(), stop.clone());
        // A thread of its own, so that a test may block while the binary talks to the double.
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(serve(socket, serving.0, serving.1));
        });
        Self { world, address, prefix: prefix.to_owned(), stop, thread: Some(thread) }
    }

    /// For `github.api_url`.
    pub(crate) fn api_url(&self) -> String {
        format!("http://{}{}", self.address, self.prefix)
    }

    /// Makes a private repository where the worker's account may write. Its default branch is
    /// what `HEAD` of the bare repository says.
    pub(crate) fn repository(&self, full_name: &str) {
        let (owner, name) = full_name.split_once('/').unwrap();
        let mut world = self.world();
        let head = world.root.join(format!("{full_name}.git/HEAD"));
        let head = std::fs::read_to_string(head).unwrap_or_default();
        let branch = head.trim().strip_prefix("ref: refs/heads/").unwrap_or("main");
        let id = 900_000 + world.id();
        world.repositories.push(RepositoryState {
            owner: owner.to_owned(),
            name: name.to_owned(),
            id,
            default_branch: branch.to_owned(),
            public: false,
            archived: false,
            drafts: true,
            roles: BTreeMap::from([(LOGIN.to_owned(), "write")]),
            app_installed: false,
            last_number: 0,
            issues: Vec::new(),
            pulls: Vec::new(),
            settings: SettingsState::default(),
        });
    }

    /// Writes an issue, without labels. Gives its number.
    pub(crate) fn issue(&self, repository: &str, title: &str, body: &str, author: &str) -> u64 {
        self.world().write_issue(repository, title, body, author)
    }

    /// Somebody sets a label.
    pub(crate) fn label(&self, repository: &str, issue: u64, label: &str, by: &str) {
        self.world().set_label(repository, issue, label, true, by);
    }

    /// Somebody takes a label away.
    pub(crate) fn unlabel(&self, repository: &str, issue: u64, label: &str, by: &str) {
        self.world().set_label(repository, issue, label, false, by);
    }

    /// Somebody says something under an issue or a pull request. Gives the comment's id.
    pub(crate) fn comment(&self, repository: &str, thread: u64, body: &str, by: &str) -> u64 {
        self.world().say(repository, thread, body, by)
    }

    /// Somebody opens a pull request from a branch of the repository. Gives its number.
    pub(crate) fn open_pull(
        &self,
        repository: &str,
        ends: (&str, &str),
        words: (&str, &str),
        by: &str,
    ) -> u64 {
        self.world().open_pull(repository, None, ends, words, by)
    }

    /// Does something right before the nth request of an operation from now on, from 1; `*` is
    /// any operation. What people do there is what `World` can do.
    pub(crate) fn before(
        &self,
        operation: &str,
        nth: usize,
        deed: impl FnOnce(&mut World) + Send + 'static,
    ) {
        assert!(operation == "*" || operations().contains(operation), "no operation {operation}");
        self.world().deeds.push((operation.to_owned(), nth, Box::new(deed)));
    }

    /// What an account may do in a repository: see `RepositoryState::roles`; `None`: nothing.
    pub(crate) fn role(&self, repository: &str, login: &str, role: Option<&'static str>) {
        let mut world = self.world();
        world.person(login);
        let roles = &mut world.repository_mut(repository).roles;
        match role {
            Some(role) => drop(roles.insert(login.to_owned(), role)),
            None => drop(roles.remove(login)),
        }
    }

    /// Makes another token known.
    pub(crate) fn token(&self, token: &str, login: Option<&str>, scopes: Option<&str>) {
        let (login, scopes) = (login.map(str::to_owned), scopes.map(str::to_owned));
        let known = Token { login, scopes, expires: None };
        self.world().tokens.insert(token.to_owned(), known);
    }

    /// From now on the token is not taken.
    pub(crate) fn revoke(&self, token: &str) {
        self.world().tokens.remove(token);
    }

    /// The next request of this operation, such as `pulls/create`, goes wrong; further ones queue.
    pub(crate) fn fault(&self, operation: &str, fault: Fault) {
        assert!(
            operations().contains(operation),
            "GitHub's description has no operation {operation}"
        );
        self.world().faults.entry(operation.to_owned()).or_default().push_back(fault);
    }

    /// Reads, or changes, anything.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&mut World) -> T) -> T {
        at(&mut self.world())
    }

    /// Waits until the world is so, for a minute at most.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&World) -> bool) {
        let wait = async {
            while !is_so(&self.world()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), wait).await;
        assert!(waited.is_ok(), "waited a minute for: {what}; asked: {:?}", self.world().asked);
    }

    /// How often an operation was asked for.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.world().count(operation)
    }

    /// An issue as it is now.
    pub(crate) fn issue_state(&self, repository: &str, number: u64) -> IssueState {
        self.world().repository(repository).issue(number).clone()
    }

    /// The pull requests as they are now.
    pub(crate) fn pulls(&self, repository: &str) -> Vec<PullState> {
        self.world().repository(repository).pulls.clone()
    }

    /// Forgets the broken laws, for the tests of the double itself.
    pub(crate) fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut self.world().violations)
    }

    /// Fails if any request, or any reply, broke GitHub's description.
    pub(crate) fn assert_clean(&self) {
        let violations = self.take_violations();
        assert!(violations.is_empty(), "GitHub's description was broken: {violations:#?}");
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for GitHubDouble {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the double itself broke");
        }
        if !std::thread::panicking() {
            self.assert_clean();
        }
    }
}

async fn serve(socket: std::net::TcpListener, world: Arc<Mutex<World>>, stop: CancellationToken) {
    let socket = tokio::net::TcpListener::from_std(socket).unwrap();
    let router = Router::new().fallback(answer).with_state((world, stop.clone()));
    tokio::select! {
        served = axum::serve(socket, router).into_future() => served.unwrap(),
        () = stop.cancelled() => {}
    }
}

async fn answer(
    State((world, stop)): State<(Arc<Mutex<World>>, CancellationToken)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let outcome = {
        let mut world = world.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        outcome(&mut world, &method, &uri, &headers, &body)
    };
    match outcome {
        Outcome::Reply(reply) => {
            let form = match reply.text {
                Some(_) => "application/vnd.github.diff; charset=utf-8",
                None => "application/json; charset=utf-8",
            };
            let mut response = Response::builder()
                .status(reply.status)
                .header("content-type", form)
                .header("x-github-request-id", "0000:0000:0000000");
            for (name, value) in &reply.headers {
                response = response.header(*name, value);
            }
            let text = match reply.status {
                204 | 304 => String::new(),
                _ => reply.text.unwrap_or_else(|| reply.body.to_string()),
            };
            response.body(Body::from(text)).unwrap()
        }
        Outcome::Raw(status, text) => {
            let html = Response::builder().status(status).header("content-type", "text/html");
            html.body(Body::from(text)).unwrap()
        }
        // A body that breaks makes the server cut the connection.
        Outcome::Dropped => {
            let cut = stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut")) });
            let response = Response::builder().header("content-length", "1000");
            response.body(Body::from_stream(cut)).unwrap()
        }
        Outcome::Hang => {
            stop.cancelled().await;
            Response::default()
        }
    }
}

fn outcome(
    world: &mut World,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Outcome {
    let judged = judge(world, method, uri, headers, body);
    let (name, asked) = match judged {
        Ok(understood) => understood,
        Err(broken) => {
            let reply = json!({"message": "GitHub's description was broken", "errors": broken});
            world.violations.extend(broken);
            return Outcome::Reply(Reply::new(BROKEN_LAW, reply));
        }
    };
    world.asked.push(name.clone());
    world.do_deeds(&name);
    let bearer = headers.get("authorization").and_then(|it| it.to_str().ok());
    let token = bearer.and_then(|it| it.strip_prefix("Bearer "));
    let Some(token) = token.and_then(|it| world.tokens.get(it)).cloned() else {
        return Outcome::Reply(Reply::message(401, "Bad credentials"));
    };
    let fault = world.faults.get_mut(&name).and_then(|queue| queue.pop_front());
    if let Some(fault) = fault.as_ref().and_then(before) {
        return fault;
    }
    let (reply, wrong) = match asked {
        Asked::GraphQl(query) => graphql::perform(world, &query, &token),
        Asked::Rest(operation, request) => {
            let reply = perform(world, &operation.id, &request, &token);
            let wrong = match reply.text {
                Some(_) => Vec::new(),
                None => operation.judge_reply(reply.status, &reply.body),
            };
            (reply, wrong)
        }
    };
    world.violations.extend(wrong.iter().map(|it| format!("reply of {name}: {it}")));
    match fault {
        Some(Fault::BadGatewayAfter) => bad_gateway(),
        Some(Fault::DroppedAfter) => Outcome::Dropped,
        Some(Fault::HangAfter) => Outcome::Hang,
        _ => Outcome::Reply(counted(world, name, headers, reply)),
    }
}

/// A request that breaks no law.
enum Asked {
    Rest(&'static Operation, Request),
    GraphQl(Query),
}

/// What a request is and says, under the name that it is counted by; or every law that it breaks.
fn judge(
    world: &World,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(String, Asked), Vec<String>> {
    if *method == Method::POST && uri.path() == graphql::path(&world.prefix) {
        let (body, mut wrong) = graphql_body(headers, body);
        return match Query::read(&body) {
            Ok(query) if wrong.is_empty() => Ok((GRAPHQL.to_owned(), Asked::GraphQl(query))),
            Ok(_) => Err(wrong),
            Err(more) => {
                wrong.extend(more);
                Err(wrong)
            }
        };
    }
    let path = uri.path().strip_prefix(&world.prefix).unwrap_or("(outside of the prefix)");
    let judged = DESCRIPTION.request(method, path, uri.query().unwrap_or(""), headers, body);
    judged.map(|(operation, request)| (operation.id.clone(), Asked::Rest(operation, request)))
}
