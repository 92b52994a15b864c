//! An SQS that answers by a script, for what an emulator never says.

use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use codingworker::queue::sqs::{SqsOptions, SqsQueue};
use serde_json::{Value, json};

use crate::contract::queue::Wish;

/// What it says to one call.
pub(super) enum Answer {
    Ok(Value),
    /// HTTP status, code and message.
    Error(u16, &'static str, &'static str),
    /// Nothing, ever.
    Silence,
}

/// A call's operation and its body.
type Call = (String, Value);

pub(super) struct ScriptedSqs {
    endpoint: String,
    calls: Arc<Mutex<Vec<Call>>>,
    server: tokio::task::JoinHandle<()>,
}

impl ScriptedSqs {
    /// Starts it on a free port of this machine.
    pub(super) async fn start(
        script: impl Fn(&str, &Value) -> Answer + Clone + Send + Sync + 'static,
    ) -> Self {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let heard = calls.clone();
        let answer = async move |headers: HeaderMap, body: String| {
            let target = headers["x-amz-target"].to_str().unwrap();
            let operation = target.strip_prefix("AmazonSQS.").unwrap().to_owned();
            let body = serde_json::from_str(&body).unwrap();
            let answer = script(&operation, &body);
            heard.lock().unwrap().push((operation, body));
            say(answer).await
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(answer));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { endpoint, calls, server }
    }

    /// A queue there.
    pub(super) async fn queue(&self, sdk: fn(&str) -> SdkConfig, wish: Wish) -> SqsQueue {
        let options = SqsOptions {
            queue_url: format!("{}/000000000000/tasks", self.endpoint),
            region: None,
            wait_time: wish.wait,
            visibility: wish.lease,
            endpoint: None,
        };
        SqsQueue::from_config(sdk(&self.endpoint), options).await.unwrap()
    }

    /// What it was asked so far.
    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(super) fn operations(&self) -> Vec<String> {
        self.calls().into_iter().map(|(operation, _)| operation).collect()
    }
}

impl Drop for ScriptedSqs {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn say(answer: Answer) -> Response {
    let (status, body) = match answer {
        Answer::Ok(body) => (StatusCode::OK, body),
        Answer::Error(status, code, message) => {
            let name = format!("com.amazonaws.sqs#{code}");
            (StatusCode::from_u16(status).unwrap(), json!({"__type": name, "message": message}))
        }
        Answer::Silence => std::future::pending().await,
    };
    let headers = [("content-type", "application/x-amz-json-1.0")];
    (status, headers, body.to_string()).into_response()
}
