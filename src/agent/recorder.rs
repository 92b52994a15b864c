//! A proxy of ours between the agent and Ollama, for one turn.
//!
//! It lets through only the two calls that a turn needs, and only for the turn's models. Each
//! reply is read to its end here before the agent sees a byte of it: Aider applies half a file
//! when a stream breaks, and tries a failed call nine times over more than a minute. So a reply
//! that is not whole reaches it as an empty one that hit its length, on which it gives up at
//! once and edits nothing; what really happened stands in the record.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::Listener;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::agent::{bridge, ollama, socket};
use crate::engine::cooldown::Pushback;

mod entry;
mod reach;
mod reply;
use reply::Reply;

/// Prompts are far smaller; this only keeps a broken agent from filling memory.
const MAX_REQUEST: usize = 16 << 20;
/// Aider makes one call a turn, and four where the form is wrong; each is remembered whole.
const MAX_CALLS: usize = 32;

/// How long the recorder waits for the model.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until the first byte: a cold model is read from disk first.
    pub first_byte: Duration,
    /// Between two pieces of a reply.
    pub silence: Duration,
    /// For all calls of the turn together.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(300),
            silence: Duration::from_secs(120),
            total: Duration::from_secs(20 * 60),
        }
    }
}

/// What the model answered to one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub end: End,
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// Ollama's own word for why it stopped.
    pub done_reason: Option<String>,
    /// Tokens of the prompt.
    pub read: u64,
    /// Tokens of the reply.
    pub written: u64,
    /// The reply, at most `reply::MAX_TEXT` bytes.
    pub text: String,
}

/// How a reply ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With `done: true`, by itself. Only such a reply reaches the agent.
    Whole,
    /// It hit the length that was asked for, broke, or stopped without saying that it was done.
    Cut(String),
    /// It names a file that no turn may write, such as `../x` or `.git/config`.
    Refused(String),
    /// The model took too long.
    TimedOut(String),
    /// The server could not be reached, or answered with an error.
    Failed(String),
    /// The server turned the call away, for now.
    Busy(Pushback),
}

/// A running recorder. It ends when this is dropped.
#[derive(Debug)]
pub struct Recorder {
    /// Where it listens on TCP; `None` behind a bridge.
    address: Option<SocketAddr>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    /// Whom the turn may ask.
    models: Vec<String>,
    tree: PathBuf,
    http: reqwest::Client,
    limits: Limits,
    deadline: Instant,
    live: Option<mpsc::Sender<String>>,
    answers: Mutex<Vec<Answer>>,
    gone: CancellationToken,
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.shared.gone.cancel();
    }
}

impl Recorder {
    /// Listens on a loopback port of its own and passes calls for `models` on to `upstream`.
    /// A reply that would write outside `tree` does not reach the agent.
    /// The text of replies goes to `live` as it comes; what does not fit there is dropped.
    ///
    /// # Errors
    /// When there is no port, or no HTTP client can be made.
    pub async fn start(
        upstream: &str,
        models: &[&str],
        tree: &Path,
        limits: Limits,
        live: Option<mpsc::Sender<String>>,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = Some(listener.local_addr()?);
        let shared = Shared::new(upstream, models, tree, limits, live)?;
        serve(listener, Arc::clone(&shared));
        Ok(Self { address, shared })
    }

    /// The same on a Unix socket, for an agent behind a bridge.
    ///
    /// # Errors
    /// When the socket or an HTTP client cannot be made.
    pub fn start_at(
        path: &Path,
        upstream: &str,
        models: &[&str],
        tree: &Path,
        limits: Limits,
        live: Option<mpsc::Sender<String>>,
    ) -> std::io::Result<Self> {
        let listener = socket::listen(path)?;
        let shared = Shared::new(upstream, models, tree, limits, live)?;
        serve(listener, Arc::clone(&shared));
        Ok(Self { address: None, shared })
    }

    /// What the agent is given as Ollama's address; behind a bridge, what the bridge turns into
    /// its own.
    pub fn base(&self) -> String {
        match self.address {
            Some(address) => format!("http://{address}"),
            None => format!("http://{}", bridge::ADDRESS),
        }
    }

    /// The loopback port; `None` when it listens on a socket.
    pub fn port(&self) -> Option<u16> {
        self.address.map(|it| it.port())
    }

    /// What the model answered so far, in order.
    pub fn answers(&self) -> Vec<Answer> {
        self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One call of our own, without an agent between: under the same limits, and read the same way.
///
/// # Errors
/// When no HTTP client can be made.
pub(super) async fn ask(upstream: &str, body: &Value, limits: Limits) -> std::io::Result<Answer> {
    // No file of a tree is at stake: the answer is only read.
    let shared = Shared::new(upstream, &[], Path::new("/"), limits, None)?;
    Ok(shared.call(Bytes::from(body.to_string())).await)
}

impl Answer {
    fn failed(end: End, status: Option<u16>) -> Self {
        Self { end, status, done_reason: None, read: 0, written: 0, text: String::new() }
    }
}

fn serve<L: Listener>(listener: L, shared: Arc<Shared>)
where
    L::Addr: std::fmt::Debug,
{
    let gone = shared.gone.clone();
    let router = Router::new()
        .route("/api/chat", post(chat))
        .route("/api/show", post(show))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .layer(from_fn(entry::meant_for_us))
        .with_state(shared);
    tokio::spawn(async move {
        let server = axum::serve(entry::Slots::of(listener), router);
        let _ = server.with_graceful_shutdown(gone.cancelled_owned()).await;
    });
}

impl Shared {
    fn new(
        upstream: &str,
        models: &[&str],
        tree: &Path,
        limits: Limits,
        live: Option<mpsc::Sender<String>>,
    ) -> std::io::Result<Arc<Self>> {
        let http = ollama::client(upstream).build().map_err(std::io::Error::other)?;
        Ok(Arc::new(Self {
            upstream: upstream.to_owned(),
            models: models.iter().map(|it| (*it).to_owned()).collect(),
            tree: tree.to_owned(),
            http,
            limits,
            deadline: Instant::now() + limits.total,
            live,
            answers: Mutex::default(),
            gone: CancellationToken::new(),
        }))
    }

    fn keep(&self, answer: Answer) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
    }

    /// Whether there is no sense in another call.
    fn already_over(&self) -> bool {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.len() >= MAX_CALLS || answers.last().is_some_and(|it| it.end != End::Whole)
    }

    async fn call(&self, body: Bytes) -> Answer {
        let cut_off = |words: &str| Answer::failed(End::TimedOut(words.to_owned()), None);
        tokio::select! {
            biased;
            () = self.gone.cancelled() => cut_off("the turn was over"),
            () = tokio::time::sleep_until(self.deadline) => {
                let seconds = self.limits.total.as_secs();
                cut_off(&format!("the model was still answering after {seconds} s"))
            }
            answer = self.exchange(body) => answer,
        }
    }

    async fn exchange(&self, body: Bytes) -> Answer {
        let request = self
            .http
            .post(format!("{}/api/chat", self.upstream))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        let quiet = |limit: Duration| {
            let words = format!("the model sent nothing for {} s", limit.as_secs());
            Answer::failed(End::TimedOut(words), None)
        };
        let first = Instant::now() + self.limits.first_byte;
        let mut response = match tokio::time::timeout_at(first, request.send()).await {
            Err(_) => return quiet(self.limits.first_byte),
            Ok(Err(error)) => {
                let words = format!("Ollama at {} {}", self.upstream, ollama::silence(&error));
                return Answer::failed(End::Failed(words), None);
            }
            Ok(Ok(response)) => response,
        };
        let status = response.status();
        let mut reply = Reply::of(response.headers());
        let mut next = first;
        loop {
            match tokio::time::timeout_at(next, response.chunk()).await {
                Err(_) if reply.is_empty() => return quiet(self.limits.first_byte),
                Err(_) => return reply.timed_out(quiet(self.limits.silence)),
                Ok(Err(_)) => return reply.broken(status.as_u16()),
                Ok(Ok(None)) => return reply.finish(status.as_u16()),
                Ok(Ok(Some(bytes))) => {
                    let fresh = reply.take(&bytes);
                    if let (Some(live), false) = (&self.live, fresh.is_empty()) {
                        let _ = live.try_send(fresh);
                    }
                    // A loop of the model's would run on until its length; why wait.
                    if reply.is_over() {
                        return reply.finish(status.as_u16());
                    }
                }
            }
            next = Instant::now() + self.limits.silence;
        }
    }
}

async fn chat(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let (model, body) = match entry::chat(&body, &shared.models) {
        Ok(asked) => asked,
        Err(other) => return refusal(&other),
    };
    if shared.already_over() {
        return unusable(model);
    }
    let mut answer = shared.call(body).await;
    if let (End::Whole, Some(path)) =
        (&answer.end, reach::forbidden_path(&answer.text, &shared.tree))
    {
        answer.end = End::Refused(format!("the reply writes to `{path}`"));
    }
    let response = match &answer.end {
        End::Whole => whole(model, &answer),
        _ => unusable(model),
    };
    shared.keep(answer);
    response
}

async fn show(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let body = match entry::show(&body, &shared.models) {
        Ok(body) => body,
        Err(other) => return refusal(&other),
    };
    let request = shared
        .http
        .post(format!("{}/api/show", shared.upstream))
        .header(header::CONTENT_TYPE, "application/json")
        .timeout(Duration::from_secs(10))
        .body(body);
    // Aider asks this to learn what the model can do. Our own settings have told it already, so
    // when Ollama does not answer, an empty description will do: the chat call will say more.
    let known = async { request.send().await.ok()?.error_for_status().ok()?.bytes().await.ok() };
    let described = tokio::select! {
        biased;
        () = shared.gone.cancelled() => None,
        it = known => it.filter(|it| serde_json::from_slice::<Value>(it).is_ok()),
    };
    let empty = || json!({"template": "", "details": {}, "model_info": {}}).to_string().into();
    json_response(described.unwrap_or_else(empty))
}

fn refusal(name: &str) -> Response {
    let error = json!({"error": format!("this turn is not for the model `{name}`")});
    (StatusCode::FORBIDDEN, error.to_string()).into_response()
}

fn whole(model: &str, answer: &Answer) -> Response {
    let reason = answer.done_reason.as_deref().unwrap_or("stop");
    stream(model, &answer.text, reason, answer.read, answer.written)
}

/// The one answer on which Aider edits nothing, asks nothing more, and ends.
fn unusable(model: &str) -> Response {
    stream(model, "", "length", 0, 0)
}

fn stream(model: &str, text: &str, reason: &str, read: u64, written: u64) -> Response {
    let at = "1970-01-01T00:00:00Z";
    let body = json!({
        "model": model, "created_at": at, "done": false,
        "message": {"role": "assistant", "content": text},
    });
    let end = json!({
        "model": model, "created_at": at, "done": true, "done_reason": reason,
        "message": {"role": "assistant", "content": ""},
        "total_duration": 1, "prompt_eval_count": read, "eval_count": written,
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], format!("{body}\n{end}\n")).into_response()
}

fn json_response(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
