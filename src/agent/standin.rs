//! A stand-in for a model, for `codingworker demo` on a machine without Ollama: it speaks
//! Ollama's protocol and gives fixed replies, one after the other. It thinks nothing; whoever
//! starts it says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The name under which the stand-in is asked.
pub const MODEL: &str = "stand-in";

/// What it says to one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The whole reply, in the form that the agent expects.
    pub text: String,
    /// Between two pieces of it, so that a person sees it being written.
    pub pace: Duration,
}

#[derive(Debug)]
struct Script {
    replies: Vec<Reply>,
    calls: AtomicUsize,
}

/// Serves `script` until it is dropped. When all replies were given, the last one is repeated.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, script: Vec<Reply>) -> std::io::Result<()> {
    let script = Arc::new(Script { replies: script, calls: AtomicUsize::new(0) });
    let router = Router::new()
        .route("/api/version", get(async || json!({"version": "0.0.0-stand-in"}).to_string()))
        .route("/api/tags", get(async || json!({"models": [{"name": MODEL}]}).to_string()))
        .route("/api/show", post(show))
        .route("/api/chat", post(chat))
        .with_state(script);
    axum::serve(listener, router).await
}

fn is_ours(body: &Bytes) -> bool {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    asked["model"].as_str().or(asked["name"].as_str()) == Some(MODEL)
}

fn not_found() -> Response {
    let error = json!({"error": format!("the stand-in has only the model `{MODEL}`")});
    (StatusCode::NOT_FOUND, error.to_string()).into_response()
}

async fn show(body: Bytes) -> Response {
    if !is_ours(&body) {
        return not_found();
    }
    json!({
        "template": "", "details": {}, "capabilities": ["completion"],
        "model_info": {"general.architecture": "script", "script.context_length": 32768},
    })
    .to_string()
    .into_response()
}

async fn chat(State(script): State<Arc<Script>>, body: Bytes) -> Response {
    if !is_ours(&body) {
        return not_found();
    }
    let call = script.calls.fetch_add(1, Ordering::Relaxed);
    let Some(reply) = script.replies.get(call).or_else(|| script.replies.last()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let read = body.len() / 4;
    let written = reply.text.len() / 4;
    let pieces = reply.text.split_inclusive(' ').map(|text| {
        json!({"model": MODEL, "created_at": "1970-01-01T00:00:00Z", "done": false,
               "message": {"role": "assistant", "content": text}})
    });
    let last = json!({"model": MODEL, "created_at": "1970-01-01T00:00:00Z", "done": true,
        "done_reason": "stop", "message": {"role": "assistant", "content": ""},
        "total_duration": 1, "prompt_eval_count": read, "eval_count": written});
    let lines: Vec<Value> = pieces.chain([last]).collect();
    let pace = reply.pace;
    let drops = stream::unfold(lines.into_iter(), move |mut lines| async move {
        let next = lines.next()?;
        tokio::time::sleep(pace).await;
        Some((Ok::<_, std::convert::Infallible>(format!("{next}\n")), lines))
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(drops)).into_response()
}
