//! A stateful double of Ollama over HTTP: it answers `/api/chat` by a script or by what the
//! prompt says, fails in the ways that the real one was seen to fail, and remembers what it
//! was asked. A model cannot be had in a test, so this stands in for it.
#![allow(dead_code, clippy::allow_attributes, reason = "shared by several test modules")]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What one call gets.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A reply in pieces, to its end.
    Text(String),
    /// A reply that stops after this text with `done_reason: length`.
    Length(String),
    /// This text, then the stream ends as if all were well, without `done: true`.
    NoDone(String),
    /// This text, then the connection breaks.
    Broken(String),
    /// This text, then an error in the stream.
    StreamError(String, String),
    /// This text, then silence until the double is dropped.
    Stall(String),
    /// One piece of the text each interval, then the end.
    Drip(String, Duration),
    /// No headers until the double is dropped.
    Hang,
    /// No headers until the test says so; then this.
    When(CancellationToken, Box<Reply>),
    /// The connection is closed before any header.
    Close,
    /// A status and a body.
    Status(u16, String),
    /// A status of 200 and a body that is no reply.
    Garbage(String),
}

impl Reply {
    /// A reply in whole-file form: each file's path and content.
    pub(crate) fn files(files: &[(&str, &str)]) -> Self {
        let listing = |(path, text): &(&str, &str)| format!("{path}\n```\n{text}```\n\n");
        Self::Text(files.iter().map(listing).collect())
    }
}

type Answerer = Box<dyn Fn(&str, usize) -> Reply + Send + Sync>;

enum Script {
    /// One after the other; the last one again and again.
    List(VecDeque<Reply>),
    /// By the text of all messages, and the number of calls before.
    By(Answerer),
}

struct Inner {
    model: String,
    /// What else it has.
    others: Mutex<Vec<String>>,
    context: u32,
    script: Mutex<Script>,
    chats: Mutex<Vec<Value>>,
    paths: Mutex<Vec<String>>,
    loads: Mutex<Vec<Value>>,
    /// A load is over when this is cancelled.
    loaded: Mutex<CancellationToken>,
    fault: Mutex<Option<Reply>>,
    gone: CancellationToken,
}

/// A running double. It ends when this is dropped; calls that hang are let go then.
pub(crate) struct ScriptedOllama {
    base: String,
    inner: Arc<Inner>,
}

impl Drop for ScriptedOllama {
    fn drop(&mut self) {
        self.inner.gone.cancel();
    }
}

impl ScriptedOllama {
    /// Has `model`, and answers with `replies` in order, the last one again and again.
    pub(crate) async fn with(model: &str, replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::start(model, Script::List(replies.into_iter().collect())).await
    }

    /// Has `model`, and answers by the prompt's text and the number of chats before.
    pub(crate) async fn by(
        model: &str,
        answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start(model, Script::By(Box::new(answer))).await
    }

    /// As `with`, at an address of its own that nobody listens on yet, or not any more.
    pub(crate) async fn at(
        address: SocketAddr,
        model: &str,
        replies: impl IntoIterator<Item = Reply>,
    ) -> Self {
        let end = std::time::Instant::now() + Duration::from_secs(30);
        let listener = loop {
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(error) => assert!(std::time::Instant::now() < end, "{address}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        Self::serve(listener, model, Script::List(replies.into_iter().collect()))
    }

    async fn start(model: &str, script: Script) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        Self::serve(listener, model, script)
    }

    fn serve(listener: TcpListener, model: &str, script: Script) -> Self {
        let base = format!("http://{}", listener.local_addr().unwrap());
        let loaded = CancellationToken::new();
        loaded.cancel();
        let inner = Arc::new(Inner {
            model: model.to_owned(),
            others: Mutex::default(),
            context: 32768,
            script: Mutex::new(script),
            chats: Mutex::default(),
            paths: Mutex::default(),
            loads: Mutex::default(),
            loaded: Mutex::new(loaded),
            fault: Mutex::default(),
            gone: CancellationToken::new(),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        let gone = inner.gone.clone();
        tokio::spawn(async move {
            let server = axum::serve(listener, router);
            let _ = server.with_graceful_shutdown(gone.cancelled_owned()).await;
        });
        Self { base, inner }
    }

    /// Where it listens.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// What it answers from now on.
    pub(crate) fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        *self.inner.script.lock().unwrap() = Script::List(replies.into_iter().collect());
    }

    /// Has another model from now on.
    pub(crate) fn also(&self, model: &str) {
        self.inner.others.lock().unwrap().push(model.to_owned());
    }

    /// Answers every call, `/api/tags` and `/api/version` too, with this; `None` ends it.
    pub(crate) fn fault(&self, fault: Option<Reply>) {
        *self.inner.fault.lock().unwrap() = fault;
    }

    /// The bodies of all `/api/chat` calls.
    pub(crate) fn chats(&self) -> Vec<Value> {
        self.inner.chats.lock().unwrap().clone()
    }

    /// The text of all messages of each chat.
    pub(crate) fn prompts(&self) -> Vec<String> {
        self.chats().iter().map(prompt_text).collect()
    }

    /// The paths of all calls.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.inner.paths.lock().unwrap().clone()
    }

    /// The bodies of all requests that load the model.
    pub(crate) fn loads(&self) -> Vec<Value> {
        self.inner.loads.lock().unwrap().clone()
    }

    /// From now on a load takes until the token is cancelled.
    pub(crate) fn load_slowly(&self) -> CancellationToken {
        let loaded = CancellationToken::new();
        *self.inner.loaded.lock().unwrap() = loaded.clone();
        loaded
    }

    /// Fails when two chats asked for different contexts: Ollama reloads the model for that.
    pub(crate) fn assert_constant_num_ctx(&self, expected: u32) {
        for chat in self.chats() {
            assert_eq!(chat["options"]["num_ctx"], expected, "a reload between two calls");
        }
    }
}

fn prompt_text(chat: &Value) -> String {
    let messages = chat["messages"].as_array().cloned().unwrap_or_default();
    let texts = messages.iter().map(|it| it["content"].as_str().unwrap_or_default().to_owned());
    texts.collect::<Vec<_>>().join("\n")
}

async fn answer(State(inner): State<Arc<Inner>>, uri: Uri, body: Bytes) -> Response {
    inner.paths.lock().unwrap().push(uri.path().to_owned());
    let fault = inner.fault.lock().unwrap().clone();
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    if uri.path() == "/api/chat" {
        inner.chats.lock().unwrap().push(value.clone());
    }
    if let Some(fault) = fault {
        return play(&inner, fault).await;
    }
    let name = value["model"].as_str().or(value["name"].as_str()).unwrap_or_default();
    let others = inner.others.lock().unwrap().clone();
    let models = std::iter::once(&inner.model).chain(&others).collect::<Vec<_>>();
    let bare = |it: &str| it.trim_end_matches(":latest").to_owned();
    let known = models.iter().any(|it| bare(it) == bare(name));
    match uri.path() {
        "/api/version" => json!({"version": "0.12.0"}).to_string().into_response(),
        "/api/tags" => {
            let models = models.iter().map(|it| json!({"name": it, "digest": "00"}));
            json!({"models": models.collect::<Vec<_>>()}).to_string().into_response()
        }
        "/api/show" | "/api/chat" | "/api/generate" if !known => {
            let error = json!({"error": format!("model '{name}' not found")}).to_string();
            (StatusCode::NOT_FOUND, error).into_response()
        }
        "/api/show" => json!({
            "template": "", "details": {}, "capabilities": ["completion"],
            "model_info": {"general.architecture": "qwen2", "qwen2.context_length": inner.context},
        })
        .to_string()
        .into_response(),
        // Without a prompt it only loads the model.
        "/api/generate" => {
            inner.loads.lock().unwrap().push(value.clone());
            let loaded = inner.loaded.lock().unwrap().clone();
            tokio::select! {
                () = loaded.cancelled() => {}
                () = inner.gone.cancelled() => {}
            }
            json!({"model": name, "response": "", "done": true, "done_reason": "load"})
                .to_string()
                .into_response()
        }
        "/api/chat" => {
            let before = inner.chats.lock().unwrap().len() - 1;
            let reply = match &mut *inner.script.lock().unwrap() {
                Script::By(answer) => answer(&prompt_text(&value), before),
                Script::List(list) if list.len() > 1 => list.pop_front().unwrap(),
                Script::List(list) => list.front().cloned().unwrap_or(Reply::Close),
            };
            play(&inner, reply).await
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn line(text: &str) -> String {
    let message = json!({"role": "assistant", "content": text});
    format!(
        "{}\n",
        json!({"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": false})
    )
}

fn last(reason: &str, text: &str) -> String {
    let message = json!({"role": "assistant", "content": ""});
    let end = json!({
        "model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": true,
        "done_reason": reason, "total_duration": 1, "prompt_eval_count": 100,
        "eval_count": text.len() / 4 + 1,
    });
    format!("{end}\n")
}

/// The text in pieces of a few characters, as tokens come.
fn pieces(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(12).map(|it| line(&it.iter().collect::<String>())).collect()
}

fn chunked(lines: Vec<String>) -> Response {
    Body::from_stream(stream::iter(lines.into_iter().map(Ok::<_, Infallible>))).into_response()
}

async fn play(inner: &Inner, reply: Reply) -> Response {
    let gone = inner.gone.clone();
    match reply {
        Reply::Text(text) => {
            chunked(pieces(&text).into_iter().chain([last("stop", &text)]).collect())
        }
        Reply::Length(text) => {
            chunked(pieces(&text).into_iter().chain([last("length", &text)]).collect())
        }
        Reply::NoDone(text) => chunked(pieces(&text)),
        Reply::StreamError(text, error) => {
            let error = format!("{}\n", json!({"error": error}));
            chunked(pieces(&text).into_iter().chain([error]).collect())
        }
        Reply::Broken(text) => {
            let good = pieces(&text).into_iter().map(Ok);
            // hyper may drop what it has not flushed yet when the body fails: give it a turn.
            let bad = stream::once(async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(std::io::Error::other("broken on purpose"))
            });
            use futures_util::StreamExt;
            Body::from_stream(stream::iter(good).chain(bad)).into_response()
        }
        Reply::Stall(text) => {
            use futures_util::StreamExt;
            let good = pieces(&text).into_iter().map(Ok::<_, Infallible>);
            let quiet = stream::once(async move {
                gone.cancelled().await;
                Ok(String::new())
            });
            Body::from_stream(stream::iter(good).chain(quiet)).into_response()
        }
        Reply::Drip(text, interval) => {
            let lines = pieces(&text).into_iter().chain([last("stop", &text)]);
            let drops = stream::unfold(lines.into_iter(), move |mut lines| async move {
                let next = lines.next()?;
                tokio::time::sleep(interval).await;
                Some((Ok::<_, Infallible>(next), lines))
            });
            Body::from_stream(drops).into_response()
        }
        Reply::Hang => {
            gone.cancelled().await;
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Reply::When(said, reply) => {
            tokio::select! {
                () = said.cancelled() => Box::pin(play(inner, *reply)).await,
                () = gone.cancelled() => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            }
        }
        // A handler that panics closes the connection without an answer; a body that fails at
        // once does the same without a trace in the test's output.
        Reply::Close => Body::from_stream(stream::once(async {
            Err::<Bytes, _>(std::io::Error::other("closed on purpose"))
        }))
        .into_response(),
        Reply::Status(status, body) => {
            (StatusCode::from_u16(status).unwrap(), body).into_response()
        }
        Reply::Garbage(body) => body.into_response(),
    }
}

#[tokio::test]
async fn the_double_answers_as_ollama_does() {
    let ollama = ScriptedOllama::with("m:1b", [Reply::Text("one".into())]).await;
    let client = codingworker::agent::ollama::Ollama::new(ollama.base()).unwrap();
    assert_eq!(client.version().await.unwrap(), "0.12.0");
    assert_eq!(client.models().await.unwrap(), ["m:1b"]);
    assert_eq!(client.show("m:1b").await.unwrap().context, Some(32768));
}
