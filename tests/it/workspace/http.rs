//! A git server over real HTTP: `git http-backend` behind a small bridge that asks for a password
//! and remembers what it was shown.
#![expect(clippy::disallowed_methods, reason = "a server starts its CGI program")]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode};

/// What a server does with a request.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Serves the repositories below a folder to who shows this token.
    Serve(PathBuf, &'static str),
    /// The same, but what it says after a push is lost on the way.
    Lossy(PathBuf, &'static str),
    /// Never answers.
    Hang,
    /// Sends everybody to this address.
    Redirect(String),
    /// Answers with this status.
    Fail(u16),
}

/// Called at each request, while git waits for the answer.
pub(crate) type Watch = Arc<dyn Fn() + Send + Sync>;

pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Option<String>>>>,
    serving: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Bridge {
    manner: Manner,
    watch: Watch,
    seen: Arc<Mutex<Vec<Option<String>>>>,
}

impl Server {
    pub(crate) async fn start(manner: Manner) -> Self {
        Self::watched(manner, Arc::new(|| ())).await
    }

    pub(crate) async fn watched(manner: Manner, watch: Watch) -> Self {
        let seen = Arc::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bridge = Bridge { manner, watch, seen: Arc::clone(&seen) };
        let router = axum::Router::new().fallback(answer).with_state(bridge);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, seen, serving }
    }

    /// The credentials that each request came with.
    pub(crate) fn seen(&self) -> Vec<Option<String>> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What a client sends for a user and a password.
pub(crate) fn basic(user: &str, password: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("Basic ");
    for chunk in format!("{user}:{password}").as_bytes().chunks(3) {
        let bits = (0..3).fold(0, |bits, n| bits << 8 | u32::from(*chunk.get(n).unwrap_or(&0)));
        for n in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * n) & 63) as usize];
            text.push(if n <= chunk.len() { digit as char } else { '=' });
        }
    }
    text
}

async fn answer(State(bridge): State<Bridge>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 64 << 20).await.unwrap();
    let shown = parts.headers.get("authorization").map(|it| it.to_str().unwrap().to_owned());
    bridge.seen.lock().unwrap().push(shown.clone());
    let plain = |status: u16| Response::builder().status(status);
    let (root, token, is_lost) = match bridge.manner {
        Manner::Fail(status) => return plain(status).body(Body::empty()).unwrap(),
        Manner::Redirect(to) => {
            let to = format!("{to}{}", parts.uri.path_and_query().unwrap());
            return plain(302).header("location", to).body(Body::empty()).unwrap();
        }
        Manner::Hang => std::future::pending().await,
        Manner::Serve(root, token) => (root, token, false),
        Manner::Lossy(root, token) => (root, token, parts.method == "POST" && is_push(&parts.uri)),
    };
    if shown != Some(basic("x-access-token", token)) {
        let ask = plain(401).header("www-authenticate", "Basic realm=\"git\"");
        return ask.body(Body::empty()).unwrap();
    }
    let (uri, method) = (parts.uri.clone(), parts.method.to_string());
    let watch = bridge.watch;
    let cgi = move || {
        watch();
        run_cgi(&root, &method, uri.path(), uri.query().unwrap_or(""), &parts.headers, &body)
    };
    let said = tokio::task::spawn_blocking(cgi).await.unwrap();
    if is_lost { plain(502).body(Body::empty()).unwrap() } else { said }
}

fn is_push(uri: &axum::http::Uri) -> bool {
    uri.path().ends_with("/git-receive-pack")
}

fn run_cgi(
    root: &std::path::Path,
    method: &str,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response<Body> {
    let header = |name: &str| headers.get(name).map_or("", |it| it.to_str().unwrap());
    let mut child = Command::new("git")
        .arg("http-backend")
        .env_clear()
        .env("PATH", "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("REMOTE_USER", "worker")
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let body = body.clone();
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&body)));
    let output = child.wait_with_output().unwrap().stdout;
    feeding.join().unwrap();
    let end = output.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let (name, value) = line.split_once(": ").unwrap();
        response = match name {
            "Status" => response.status(StatusCode::from_bytes(&value.as_bytes()[..3]).unwrap()),
            _ => response.header(name, value),
        };
    }
    response.body(Body::from(output[end + 4..].to_vec())).unwrap()
}
