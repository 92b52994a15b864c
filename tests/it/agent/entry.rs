//! What may be asked of the recorder: everything else is refused without a word to Ollama.

use std::path::Path;

use codingworker::agent::recorder::Recorder;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use super::{NAME, limits};
use crate::scripted_ollama::{Reply, ScriptedOllama};

/// The status of the answer to `head` (with `{host}` for the recorder's own) and `body`.
async fn status(port: u16, head: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head = head.replace("{host}", &format!("127.0.0.1:{port}"));
    let length = body.len();
    let request = format!("{head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test]
async fn no_other_request_reaches_the_server() {
    let ollama = ScriptedOllama::with(NAME, [Reply::Text("x".into())]).await;
    let tree = Path::new("/nonexistent");
    let recorder = Recorder::start(ollama.base(), &[NAME], tree, limits(), None).await.unwrap();
    let port = recorder.port().unwrap();
    let ours = json!({"model": NAME, "messages": []}).to_string();
    let host = "Host: {host}";
    let mut heads = Vec::new();
    for line in [
        "DELETE /api/delete",
        "POST /api/delete",
        "POST /api/pull",
        "POST /api/push",
        "POST /api/create",
        "POST /api/copy",
        "POST /api/generate",
        "POST /api/embed",
        "POST /v1/chat/completions",
        "GET /api/tags",
        "GET /api/ps",
        "GET /api/version",
        "HEAD /api/blobs/sha256:0",
        "GET /api/chat",
        "PUT /api/chat",
        "DELETE /api/chat",
        "OPTIONS /api/chat",
        "PATCH /api/show",
        "GET /",
        "POST /api/chat/",
        "POST //api/chat",
        "POST /api/./chat",
        "POST /api/pull/../chat",
        "POST /api/%63hat",
        "POST /API/chat",
        "POST /api/chat%2f..%2fpull",
        "POST http://127.0.0.1:11434/api/pull",
        "POST http://127.0.0.1:11434/api/chat",
        "POST http://evil.example/api/chat",
    ] {
        heads.push(format!("{line} HTTP/1.1\r\n{host}"));
    }
    for other in [
        "Host: evil.example",
        "Host: localhost:11434",
        "X-Nothing: 1",
        "Host: {host}\r\nHost: {host}",
    ] {
        heads.push(format!("POST /api/chat HTTP/1.1\r\n{other}"));
    }
    heads.push("CONNECT 127.0.0.1:11434 HTTP/1.1\r\nHost: 127.0.0.1:11434".to_owned());
    heads.push(format!("GET /api/chat HTTP/1.1\r\n{host}\r\nX-HTTP-Method-Override: POST"));
    for head in heads {
        let status = status(port, &head, &ours).await;
        assert!((400..500).contains(&status), "{head}: {status}");
    }
    for body in [
        json!({"model": "another"}).to_string(),
        json!({"model": NAME, "Model": "another"}).to_string(),
        format!(r#"{{"model":"{NAME}","model":"another"}}"#),
        json!({"name": "another"}).to_string(),
        json!([ours]).to_string(),
        "{".to_owned(),
        String::new(),
    ] {
        for path in ["/api/chat", "/api/show"] {
            let head = format!("POST {path} HTTP/1.1\r\n{host}");
            assert_eq!(status(port, &head, &body).await, 403, "{path} {body}");
        }
    }
    assert_eq!(ollama.paths(), [""; 0]);
    assert_eq!(recorder.answers(), []);

    // The control, with what Aider's own calls never have, and which is no harm.
    let head =
        format!("POST /api/chat?x=/api/pull HTTP/1.1\r\n{host}\r\nX-Original-URL: /api/pull");
    assert_eq!(status(port, &head, &ours).await, 200);
    assert_eq!(ollama.paths(), ["/api/chat"]);
    assert_eq!(ollama.chats()[0]["model"], NAME);
}

#[tokio::test]
async fn an_agent_that_opens_too_many_connections_waits_for_its_own() {
    let ollama = ScriptedOllama::with(NAME, [Reply::Text("x".into())]).await;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let tree = Path::new("/nonexistent");
    let recorder =
        Recorder::start_at(&socket, ollama.base(), &[NAME], tree, limits(), None).unwrap();
    assert_eq!(recorder.port(), None);
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(UnixStream::connect(&socket).await.unwrap());
    }
    let body = json!({"model": NAME}).to_string();
    let head = "POST /api/show HTTP/1.1\r\nHost: 127.0.0.1:1\r\nConnection: close";
    let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let mut last = UnixStream::connect(&socket).await.unwrap();
    last.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let waiting = last.read_to_string(&mut answer);
    drop(idle);
    tokio::time::timeout(limits().total, waiting).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn a_turn_has_no_more_calls_than_a_turn_needs() {
    let ollama = ScriptedOllama::with(NAME, [Reply::Text("x".into())]).await;
    let tree = Path::new("/nonexistent");
    let recorder = Recorder::start(ollama.base(), &[NAME], tree, limits(), None).await.unwrap();
    let body = json!({"model": NAME, "messages": []}).to_string();
    for _ in 0..40 {
        let head = "POST /api/chat HTTP/1.1\r\nHost: {host}";
        assert_eq!(status(recorder.port().unwrap(), head, &body).await, 200);
    }
    assert_eq!((ollama.chats().len(), recorder.answers().len()), (32, 32));
}
