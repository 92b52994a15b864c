//! What clients are told, in the engine's own form.

use http::{HeaderMap, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use serde_json::json;

/// A body of any making.
pub(super) type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// Why a request did not reach the engine, or its answer not the client.
#[derive(Debug)]
pub(super) enum Stop {
    /// It may not. The witness hears of it.
    Refused(String),
    /// It is somebody else's: the client is told that it is not there, the witness what it was.
    NotOurs(String),
    /// It cannot be.
    Wrong(StatusCode, String),
    /// The engine is not there.
    Away(String),
}

pub(super) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// `{"message": "…"}`, which `docker` shows.
pub(super) fn message(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(full(json!({"message": text}).to_string()));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// The headers that speak of the answer rather than of the connection.
pub(super) fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    const CONNECTION: [header::HeaderName; 6] = [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
        header::UPGRADE,
        header::TRAILER,
        header::TE,
    ];
    let kept = headers.iter().filter(|(name, _)| !CONNECTION.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}
