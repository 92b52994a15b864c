//! The recorder and the client, without Aider: what each fault of a server becomes.

use std::path::Path;
use std::time::Duration;

use codingworker::agent::aider::{Aider, AiderOptions};
use codingworker::agent::ollama::Ollama;
use codingworker::agent::recorder::{Answer, End, Limits, Recorder};
use codingworker::agent::{Agent, AgentError};
use codingworker::domain::job::{Fault, Model};
use serde_json::{Value, json};

use super::{NAME, limits};
use crate::scripted_ollama::{Reply, ScriptedOllama};

fn short() -> Limits {
    Limits {
        first_byte: Duration::from_millis(300),
        silence: Duration::from_millis(300),
        total: Duration::from_secs(20),
    }
}

/// Asks as Aider does; gives back the text and the reason that it would see.
async fn chat(recorder: &Recorder, model: &str) -> Result<(String, String), u16> {
    // Aider sends no Content-Type.
    let body = json!({"model": model, "messages": [], "stream": true}).to_string();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.post(format!("{}/api/chat", recorder.base())).body(body).send().await;
    let answer = answer.unwrap();
    if !answer.status().is_success() {
        return Err(answer.status().as_u16());
    }
    let text = answer.text().await.unwrap();
    let lines: Vec<Value> = text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let said = lines.iter().map(|it| it["message"]["content"].as_str().unwrap()).collect();
    let last = lines.last().unwrap();
    assert_eq!(last["done"], true);
    Ok((said, last["done_reason"].as_str().unwrap().to_owned()))
}

async fn outcome(reply: Reply, limits: Limits) -> (Answer, (String, String)) {
    let ollama = ScriptedOllama::with(NAME, [reply]).await;
    let tree = Path::new("/nonexistent");
    let recorder = Recorder::start(ollama.base(), &[NAME], tree, limits, None).await.unwrap();
    let seen = chat(&recorder, NAME).await.unwrap();
    (recorder.answers().pop().unwrap(), seen)
}

#[tokio::test]
async fn a_whole_reply_reaches_the_agent_as_it_is() {
    let (answer, seen) = outcome(Reply::Text("one\ntwo 日本\n".into()), limits()).await;
    assert_eq!(answer.end, End::Whole);
    assert_eq!(seen, ("one\ntwo 日本\n".into(), "stop".into()));
}

#[tokio::test]
async fn nothing_of_a_reply_that_is_not_whole_reaches_the_agent() {
    let half = || "a.py\n```\nhalf".to_owned();
    let page = Reply::Garbage("<html>busy</html>".into());
    let failures = [
        Reply::Status(404, r#"{"error":"model not found"}"#.into()),
        Reply::Status(500, "oops".into()),
        Reply::Status(503, String::new()),
        Reply::StreamError(half(), "CUDA out of memory".into()),
        page,
        Reply::Close,
    ];
    for reply in failures {
        let (answer, seen) = outcome(reply.clone(), limits()).await;
        assert!(matches!(answer.end, End::Failed(_) | End::Busy(_)), "{reply:?}: {answer:?}");
        assert_eq!(seen, (String::new(), "length".to_owned()), "{reply:?}");
    }
    for reply in [Reply::NoDone(half()), Reply::Broken(half()), Reply::Length(half())] {
        let (answer, seen) = outcome(reply.clone(), limits()).await;
        assert!(matches!(answer.end, End::Cut(_)), "{reply:?}: {answer:?}");
        assert_eq!(answer.text, half(), "{reply:?}");
        assert_eq!(seen, (String::new(), "length".to_owned()), "{reply:?}");
    }
}

#[tokio::test]
async fn silence_and_slowness_have_limits() {
    let drip = Reply::Drip("word ".repeat(1000), Duration::from_millis(50));
    let soon = Limits { total: Duration::from_secs(1), ..limits() };
    for (reply, limits) in
        [(Reply::Hang, short()), (Reply::Stall("half".into()), short()), (drip, soon)]
    {
        let (answer, seen) = outcome(reply.clone(), limits).await;
        assert!(matches!(answer.end, End::TimedOut(_)), "{reply:?}: {answer:?}");
        assert_eq!(seen.1, "length");
    }
}

#[tokio::test]
async fn after_a_failure_the_server_is_not_asked_again() {
    let replies = [Reply::Status(500, String::new()), Reply::Text("late".into())];
    let ollama = ScriptedOllama::with(NAME, replies).await;
    let tree = Path::new("/nonexistent");
    let recorder = Recorder::start(ollama.base(), &[NAME], tree, limits(), None).await.unwrap();
    chat(&recorder, NAME).await.unwrap();
    assert_eq!(chat(&recorder, NAME).await.unwrap().0, "");
    assert_eq!((ollama.chats().len(), recorder.answers().len()), (1, 1));
}

#[tokio::test]
async fn the_recorder_serves_one_model_and_two_paths() {
    let ollama = ScriptedOllama::with(NAME, [Reply::Text("x".into())]).await;
    let tree = Path::new("/nonexistent");
    let recorder = Recorder::start(ollama.base(), &[NAME], tree, limits(), None).await.unwrap();
    assert_eq!(chat(&recorder, "another").await, Err(403));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for path in ["/api/tags", "/api/pull", "/api/delete", "/api/generate", "/"] {
        let answer = client.post(format!("{}{path}", recorder.base())).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 404, "{path}");
    }
    let (base, body) = (recorder.base(), json!({"name": NAME}).to_string());
    let shown = client.post(format!("{base}/api/show")).body(body).send().await.unwrap();
    let shown: Value = shown.json().await.unwrap();
    assert_eq!(shown["model_info"]["qwen2.context_length"], 32768);
    assert_eq!(ollama.paths(), ["/api/show"]);
    drop(recorder);
    let closed = async {
        while client.get(&base).send().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), closed).await.expect("its port is closed");
}

fn model(name: &str, num_ctx: u32) -> Model {
    let timeout = Duration::from_secs(60);
    Model {
        name: name.into(),
        timeout,
        num_ctx,
        edit_format: "whole".into(),
        attempts: 1,
        samples: 1,
        calls: 0,
        reads: false,
        observes: false,
        max_fixes: None,
        editor: None,
    }
}

#[tokio::test]
async fn a_model_is_ready_with_the_context_that_it_has() {
    let ollama = ScriptedOllama::with("scripted:latest", []).await;
    let aider = aider_without_a_program(ollama.base());
    for (asked, context) in [(8192, 8192), (100_000, 32768)] {
        for name in ["ollama_chat/scripted", "ollama/scripted:latest"] {
            assert_eq!(aider.ready(&model(name, asked)).await.unwrap().context, context);
        }
    }
    assert_eq!(aider.ready(&model("gemini/flash", 5)).await.unwrap().context, 5);
}

fn aider_without_a_program(base: &str) -> Aider {
    Aider::new(AiderOptions { bin: "aider".into(), ..super::options(base, limits()) }).unwrap()
}

#[tokio::test]
async fn a_missing_model_says_what_to_type() {
    let ollama = ScriptedOllama::with("scripted", []).await;
    let aider = aider_without_a_program(ollama.base());
    let error = aider.ready(&model("ollama_chat/qwen2.5-coder:1.5b", 8192)).await.unwrap_err();
    assert_eq!(error.fault(), Fault::ModelAway);
    assert!(error.to_string().contains("`ollama pull qwen2.5-coder:1.5b`"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_none_is_away() {
    let ollama = ScriptedOllama::with(NAME, []).await;
    let client = Ollama::new(ollama.base()).unwrap();
    for fault in [
        Reply::Status(500, r#"{"error":"busy"}"#.into()),
        Reply::Status(301, String::new()),
        Reply::Status(404, String::new()),
        Reply::Garbage("<html>not Ollama</html>".into()),
        Reply::Garbage("{}".into()),
        Reply::Close,
    ] {
        ollama.fault(Some(fault.clone()));
        let error = client.show(NAME).await.unwrap_err();
        assert!(matches!(error, AgentError::ModelAway(_)), "{fault:?}: {error:?}");
        assert!(error.to_string().contains(ollama.base()), "{error}");
    }
    ollama.fault(None);
    client.show(NAME).await.unwrap();
    let gone = ollama.base().to_owned();
    drop(ollama);
    let away = async {
        loop {
            match Ollama::new(&gone).unwrap().version().await {
                Ok(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                Err(error) => return error,
            }
        }
    };
    let error = tokio::time::timeout(Duration::from_secs(20), away).await.unwrap();
    assert!(error.to_string().contains("ollama serve"), "{error}");
}

#[tokio::test]
async fn the_stand_in_answers_in_order() {
    use codingworker::agent::standin::{self, MODEL};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let reply = |text: &str| standin::Reply { text: text.into(), pace: Duration::ZERO };
    let server = tokio::spawn(standin::serve(listener, vec![reply("one two"), reply("three")]));
    assert_eq!(Ollama::new(&base).unwrap().show(MODEL).await.unwrap().context, Some(32768));
    let tree = Path::new("/nonexistent");
    let recorder = Recorder::start(&base, &[MODEL], tree, limits(), None).await.unwrap();
    for expected in ["one two", "three", "three"] {
        assert_eq!(chat(&recorder, MODEL).await.unwrap(), (expected.into(), "stop".into()));
    }
    server.abort();
}
