//! A worker's face: whether it lives, whether it takes work, and what it measures, over HTTP.
//!
//! Read-only, for this machine alone, and nothing secret: no title, no file, no token. Even so it
//! answers only to its own name, since a page in a browser of this machine may ask too.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::telemetry::metrics::Format;

mod connection;
pub mod health;
pub mod listen;

use health::Vitals;
use listen::{Listener, Place};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// Whom the three addresses ask.
#[async_trait]
pub trait Face: Send + Sync {
    /// How the worker is.
    async fn vitals(&self) -> Vitals;

    /// Everything that is measured, as text.
    async fn metrics(&self, format: Format) -> String;
}

/// Serves until `over` is cancelled.
pub async fn serve(listener: Listener, face: Arc<dyn Face>, over: CancellationToken) {
    let place = listener.place().clone();
    let router = router(face, place);
    connection::serve(listener, router, &over).await;
}

fn router(face: Arc<dyn Face>, place: Place) -> Router {
    // A `get` answers HEAD too, and 405 to everything else.
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(nothing)
        .layer(from_fn_with_state(Arc::new(place), meant_for_us))
        .with_state(face)
}

async fn healthz(State(face): State<Arc<dyn Face>>) -> Response {
    let vitals = face.vitals().await;
    told(&vitals, vitals.ills(), "alive", "ill")
}

async fn readyz(State(face): State<Arc<dyn Face>>) -> Response {
    let vitals = face.vitals().await;
    told(&vitals, vitals.hindrances(), "ready", "not ready")
}

fn told(vitals: &Vitals, reasons: Vec<String>, well: &str, ill: &str) -> Response {
    let (status, word) = match reasons.is_empty() {
        true => (StatusCode::OK, well),
        false => (StatusCode::SERVICE_UNAVAILABLE, ill),
    };
    let body = json!({
        "status": word, "reasons": reasons, "state": vitals.doing.name(),
        "running": vitals.running, "slots": vitals.slots,
    });
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn metrics(State(face): State<Arc<dyn Face>>, headers: HeaderMap) -> Response {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok());
    let accept = accept.collect::<Vec<_>>().join(",");
    let format = Format::accepted((!accept.is_empty()).then_some(accept.as_str()));
    let head = [(header::CONTENT_TYPE, format.content_type()), (header::VARY, "Accept")];
    (head, face.metrics(format).await).into_response()
}

async fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "here are /healthz, /readyz and /metrics\n").into_response()
}

/// Lets only requests through that call us by our own name, and answers each in time.
async fn meant_for_us(State(place): State<Arc<Place>>, request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().and_then(|it| it.to_str().ok()).unwrap_or_default();
    let ours = match &*place {
        Place::Address(address) => is_our_name(host, *address),
        // No name leads to a socket.
        Place::Socket(_) => true,
    };
    if request.uri().authority().is_some() || !ours || hosts.next().is_some() {
        let said = "this worker answers as localhost, 127.0.0.1 or [::1], with its port\n";
        return (StatusCode::MISDIRECTED_REQUEST, said).into_response();
    }
    match tokio::time::timeout(ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let said = json!({"status": "silent", "reasons": ["there was no answer in time"]});
            (StatusCode::SERVICE_UNAVAILABLE, Json(said)).into_response()
        }
    }
}

/// Whether a `Host` header names this machine and our port: a name of somebody else's that he
/// made point here is none of ours.
fn is_our_name(host: &str, address: SocketAddr) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse() == Ok(address.port()) => name,
        // Without a port it is 80.
        _ if address.port() == 80 => host,
        _ => return false,
    };
    let own = match address {
        SocketAddr::V4(it) => it.ip().to_string(),
        SocketAddr::V6(it) => format!("[{}]", it.ip()),
    };
    ["localhost", "127.0.0.1", "[::1]", &own].iter().any(|it| name.eq_ignore_ascii_case(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_own_names_with_our_port_are_ours() {
        let here: SocketAddr = "127.0.0.1:9464".parse().unwrap();
        for good in ["127.0.0.1:9464", "localhost:9464", "LOCALHOST:9464", "[::1]:9464"] {
            assert!(is_our_name(good, here), "{good}");
        }
        for bad in [
            "",
            "localhost",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1:+9464x",
            "evil.example:9464",
            "localhost.evil.example:9464",
            "127.0.0.1.nip.io:9464",
            "localhost:9464:9464",
            "x@localhost:9464",
            "127.0.0.2:9464",
            "[::1",
        ] {
            assert!(!is_our_name(bad, here), "{bad}");
        }
        assert!(is_our_name("127.0.0.2:1", "127.0.0.2:1".parse().unwrap()));
        assert!(is_our_name("localhost", "127.0.0.1:80".parse().unwrap()));
    }
}
