//! A collector that takes traces by OTLP over HTTP, as protobuf, and can be unwell.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

/// How it answers next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mood {
    /// 503 this often, then well.
    Busy(u32),
    /// 500, always.
    Broken,
    /// Nothing, ever.
    Hanging,
}

struct Inner {
    mood: Mutex<Mood>,
    calls: Mutex<Vec<HeaderMap>>,
    taken: Mutex<Vec<ExportTraceServiceRequest>>,
    /// What came, as it came.
    bytes: Mutex<Vec<u8>>,
}

pub(super) struct Collector {
    pub(super) endpoint: String,
    inner: Arc<Inner>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Collector {
    pub(super) async fn start(mood: Mood) -> Self {
        let inner = Arc::new(Inner {
            mood: Mutex::new(mood),
            calls: Mutex::default(),
            taken: Mutex::default(),
            bytes: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/traces", post(take)).with_state(inner.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { endpoint, inner, server }
    }

    pub(super) fn is(&self, mood: Mood) {
        *self.inner.mood.lock().unwrap() = mood;
    }

    /// The heads of all calls, also those that it did not take.
    pub(super) fn calls(&self) -> Vec<HeaderMap> {
        self.inner.calls.lock().unwrap().clone()
    }

    /// Everything that was sent, as it was sent.
    pub(super) fn raw(&self) -> Vec<u8> {
        self.inner.bytes.lock().unwrap().clone()
    }

    /// The traces that it took: what the sender says of itself, and the spans.
    pub(super) fn traces(&self) -> Vec<(Vec<KeyValue>, Vec<Span>)> {
        let taken = self.inner.taken.lock().unwrap();
        let resources = taken.iter().flat_map(|it| it.resource_spans.clone());
        let trace = |it: opentelemetry_proto::tonic::trace::v1::ResourceSpans| {
            let resource = it.resource.unwrap_or_default().attributes;
            (resource, it.scope_spans.into_iter().flat_map(|it| it.spans).collect())
        };
        resources.map(trace).collect()
    }
}

/// An attribute as text.
pub(super) fn attribute(all: &[KeyValue], key: &str) -> Option<String> {
    let value = all.iter().find(|it| it.key == key)?.value.clone()?.value?;
    Some(match value {
        Value::StringValue(it) => it,
        Value::IntValue(it) => it.to_string(),
        Value::BoolValue(it) => it.to_string(),
        other => format!("{other:?}"),
    })
}

async fn take(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    inner.calls.lock().unwrap().push(headers);
    inner.bytes.lock().unwrap().extend_from_slice(&body);
    let mood = *inner.mood.lock().unwrap();
    match mood {
        Mood::Hanging => std::future::pending().await,
        Mood::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Mood::Busy(left) if left > 0 => {
            *inner.mood.lock().unwrap() = Mood::Busy(left - 1);
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Mood::Busy(_) => {
            let request = ExportTraceServiceRequest::decode(body).unwrap();
            inner.taken.lock().unwrap().push(request);
            ([("content-type", "application/x-protobuf")], Vec::new()).into_response()
        }
    }
}
