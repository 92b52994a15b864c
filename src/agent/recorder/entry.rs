//! What comes in: how many may talk at once, in which form, and what of it is passed on.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::agent::ollama::same_model;

/// Connections at once: Aider has two, and each may send a request of the greatest size.
const MOST: usize = 16;

/// A listener that lets a further connection wait until one has ended.
pub(super) struct Slots<L> {
    listener: L,
    free: Arc<Semaphore>,
}

/// A connection in its slot.
pub(super) struct Held<S> {
    stream: S,
    _slot: Option<OwnedSemaphorePermit>,
}

impl<L: Listener> Slots<L> {
    pub(super) fn of(listener: L) -> Self {
        Self { listener, free: Arc::new(Semaphore::new(MOST)) }
    }
}

impl<L: Listener> Listener for Slots<L> {
    type Io = Held<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let slot = Arc::clone(&self.free).acquire_owned().await.ok();
        let (stream, address) = self.listener.accept().await;
        (Held { stream, _slot: slot }, address)
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Held<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Held<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Only requests that are meant for us: none that takes us for a proxy, and none that a page in
/// a browser of this machine was led to send by a name of its own.
pub(super) async fn meant_for_us(request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().and_then(|it| it.to_str().ok()).unwrap_or_default();
    let ours = host.strip_prefix("127.0.0.1:").is_some_and(|it| it.parse::<u16>().is_ok());
    if request.uri().authority().is_some() || !ours || hosts.next().is_some() {
        let error = json!({"error": "this is no proxy, and has no other name than 127.0.0.1"});
        return (StatusCode::BAD_REQUEST, error.to_string()).into_response();
    }
    next.run(request).await
}

/// What is passed on of a call for one of `models`, and for which; or the name of the other model
/// that it is for.
///
/// It is written anew, since Ollama reads keys in any case and takes the last: a second `Model`
/// would be another model than the one that was looked at.
pub(super) fn chat<'a>(body: &Bytes, models: &'a [String]) -> Result<(&'a str, Bytes), String> {
    let mut asked = object(body)?;
    let model = named(&asked, &["model"], models)?;
    asked.retain(|key, _| !key.eq_ignore_ascii_case("model"));
    asked.insert("model".to_owned(), model.into());
    Ok((model, Value::Object(asked).to_string().into()))
}

/// The same for a question about one of `models`.
pub(super) fn show(body: &Bytes, models: &[String]) -> Result<Bytes, String> {
    let model = named(&object(body)?, &["model", "name"], models)?;
    Ok(json!({"model": model, "name": model}).to_string().into())
}

fn object(body: &Bytes) -> Result<Map<String, Value>, String> {
    serde_json::from_slice(body).map_err(|_| String::new())
}

fn named<'a>(
    asked: &Map<String, Value>,
    keys: &[&str],
    models: &'a [String],
) -> Result<&'a str, String> {
    let names = asked.iter().filter(|(key, _)| keys.iter().any(|it| key.eq_ignore_ascii_case(it)));
    let names: Vec<&str> = names.map(|(_, name)| name.as_str().unwrap_or_default()).collect();
    let first = names.first().copied().unwrap_or_default();
    let model = models.iter().find(|it| same_model(first, it)).ok_or(first)?;
    match names.iter().find(|it| !same_model(it, model)) {
        Some(other) => Err((*other).to_owned()),
        None => Ok(model),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_names_two_models_is_for_neither() {
        let models = ["m:1b".to_owned(), "editor".to_owned()];
        let ours = |body: &str| chat(&Bytes::copy_from_slice(body.as_bytes()), &models);
        for body in [
            r#"{"model":"m:1b","Model":"other"}"#,
            r#"{"MODEL":"other","model":"m:1b"}"#,
            r#"{"model":"m:1b","model":"other"}"#,
            r#"{"model":"other"}"#,
            r#"{"model":"m:1b","Model":"editor"}"#,
            r#"{"model":["m:1b"]}"#,
            r#"{"messages":[]}"#,
            r#"[{"model":"m:1b"}]"#,
            "m:1b",
            "",
        ] {
            assert!(ours(body).is_err(), "{body}");
        }
        // The last of two equal keys counts, here as there; what is passed on has one.
        let passed = ours(r#"{"model":"other","model":"m:1b","stream":true}"#).unwrap();
        assert_eq!(passed, ("m:1b", r#"{"model":"m:1b","stream":true}"#.into()));
        assert_eq!(ours(r#"{"model":"editor:latest"}"#).unwrap().0, "editor");
    }

    #[test]
    fn of_a_question_about_the_model_only_its_name_is_passed_on() {
        let models = ["m".to_owned()];
        let ours = |body: &str| show(&Bytes::copy_from_slice(body.as_bytes()), &models);
        let plain = r#"{"model":"m","name":"m"}"#;
        assert_eq!(ours(r#"{"name":"m:latest","verbose":true}"#).unwrap(), plain);
        assert!(ours(r#"{"name":"m","Name":"other"}"#).is_err());
        assert!(ours("{}").is_err());
    }
}
