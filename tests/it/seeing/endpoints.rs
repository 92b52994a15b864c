//! The three addresses, and who is let near them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use codingworker::telemetry::metrics::families;
use nix::sys::signal::Signal;
use serde_json::json;
use tokio::net::TcpStream;

use super::listening::idle;
use super::parser::parsed;
use super::wire::Door;
use crate::binary::world::until;

#[tokio::test]
async fn a_worker_answers_to_its_own_name_and_to_nothing_else() {
    let world = idle("127.0.0.1:0").await;
    let mut serving = world.serve(&[]);
    serving.until("it listens", || Door::in_log(&world.log()).is_some()).await;
    let door = Door::in_log(&world.log()).unwrap();
    let Door::Port(port) = door else { panic!("{door:?}") };
    let ask = async |head: String| door.say(&head).await.map(|it| it.status);

    // The way of a page in a browser whose name was made to point here; and the control.
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("[::1]:{port}"), 200),
        (format!("rebound.example:{port}"), 421),
        ("127.0.0.1".to_owned(), 421),
        (format!("localhost:{port}\r\nHost: rebound.example:{port}"), 421),
    ] {
        let head = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(ask(head).await, Some(status), "{host}");
    }
    let proxied =
        format!("GET http://rebound.example/healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    assert_eq!(ask(proxied).await, Some(421));
    assert_eq!(ask("GET /healthz HTTP/1.0\r\n\r\n".to_owned()).await, Some(421));

    let head =
        |line: &str, more: &str| format!("{line} HTTP/1.1\r\nHost: localhost:{port}\r\n{more}\r\n");
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT"] {
        let status = ask(head(&format!("{method} /metrics"), "Content-Length: 0\r\n")).await;
        assert!(matches!(status, Some(400..=499)) && status != Some(404), "{method} {status:?}");
    }
    let empty = door.say(&head("HEAD /healthz", "")).await.unwrap();
    assert_eq!((empty.status, empty.body.as_str()), (200, ""));
    for path in ["/", "/healthz/", "/metrics/x", "/../etc/passwd", "/%2e%2e/metrics"] {
        assert_eq!(ask(head(&format!("GET {path}"), "")).await, Some(404), "{path}");
    }
    // A body is not waited for, and a head has an end.
    let body = head("GET /healthz", "Content-Length: 1000000\r\n");
    assert_eq!(ask(body).await, Some(200));
    let long = "X: ".to_owned() + &"x".repeat(64 << 10) + "\r\n";
    // Who is hung up on while still talking may miss the answer.
    assert!(matches!(ask(head("GET /healthz", &long)).await, Some(431) | None));
    let many = (0..200).map(|it| format!("X-{it}: 1\r\n")).collect::<String>();
    assert_eq!(ask(head("GET /healthz", &many)).await, Some(431));
    assert!(matches!(ask("nonsense\r\n\r\n".to_owned()).await, Some(400) | None));

    // Whoever holds connections and says nothing shuts nobody out.
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    }
    let begun = std::time::Instant::now();
    assert_eq!(door.get("/healthz").await.status, 200);
    assert_eq!(door.get("/metrics").await.status, 200);
    eprintln!("two answers beside 100 silent connections took {:?}", begun.elapsed());
    drop(held);
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
}

#[tokio::test]
async fn an_idle_worker_is_alive_ready_and_says_what_it_measures_in_both_formats() {
    let world = idle("127.0.0.1:0").await;
    let mut serving = world.serve(&[]);
    serving.until("it listens", || Door::in_log(&world.log()).is_some()).await;
    let door = Door::in_log(&world.log()).unwrap();
    let alive = door.get("/healthz").await;
    assert_eq!((alive.status, alive.header("content-type")), (200, Some("application/json")));
    assert_eq!(alive.json()["status"], "alive");
    let mut ready = door.get("/readyz").await;
    while ready.status != 200 {
        assert_eq!(ready.reasons(), "the worker is starting");
        ready = door.get("/readyz").await;
    }
    assert_eq!(ready.json()["slots"], 1);

    let open = door.get("/metrics").await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!((open.status, open.header("content-type")), (200, Some(kind)));
    let found = parsed(&open.body, "openmetrics").unwrap();
    let names = found.iter().map(|it| it.split(' ').next().unwrap()).collect::<Vec<_>>();
    for name in &names {
        assert!(families().iter().any(|it| it.name == *name), "{name} is in no table");
    }
    for name in ["codingworker_jobs", "codingworker_queue_messages", "process_open_fds"] {
        assert!(names.contains(&name), "no {name} in {names:?}");
    }
    let plain = door.get_as("/metrics", "Accept: text/plain\r\n").await;
    assert_eq!(plain.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let plain = parsed(&plain.body, "prometheus").unwrap();
    assert!(plain.iter().any(|it| it.starts_with("codingworker_jobs counter 28")), "{plain:?}");
    assert!(parsed(&open.body.replace("# EOF\n", ""), "openmetrics").is_err(), "the judge judges");
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
}

#[tokio::test]
async fn a_reload_is_counted_and_so_is_one_that_was_refused() {
    let mut world = idle("127.0.0.1:0").await;
    let mut serving = world.serve(&[]);
    serving.until("it works", || world.log().contains("waiting for tasks")).await;
    let door = Door::in_log(&world.log()).unwrap();
    let good = world.config.clone();
    let counts = async || {
        let metrics = door.get("/metrics").await;
        let count = |it: &str| {
            metrics.sample(&format!("codingworker_config_reloads_total{{result=\"{it}\"}}"))
        };
        let last = metrics.sample("codingworker_config_last_reload_successful");
        let at = metrics.sample("codingworker_config_last_reload_timestamp_seconds");
        (count("taken"), count("refused"), last, at)
    };
    assert_eq!(counts().await, (Some(0.0), Some(0.0), None, None));
    world.config["worker"]["slots"] = json!("many");
    world.write_config();
    serving.signal(Signal::SIGHUP);
    let refused = || world.log().contains("the configuration stays as it was");
    serving.until("it is refused", refused).await;
    let (taken, refused, last, at) = counts().await;
    assert_eq!((taken, refused, last), (Some(0.0), Some(1.0), Some(0.0)));
    assert!(at > Some(1.7e9), "{at:?}");
    world.config = good;
    world.write_config();
    serving.signal(Signal::SIGHUP);
    serving.until("it is taken", || world.log().contains("was read anew")).await;
    let (taken, refused, last, again) = counts().await;
    assert_eq!((taken, refused, last), (Some(1.0), Some(1.0), Some(1.0)));
    assert!(again >= at);
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
}

/// A queue at AWS that is empty, and can go away.
async fn sqs(away: Arc<AtomicBool>, asked: Arc<AtomicUsize>) -> String {
    let answer = async move |headers: HeaderMap| {
        if away.load(Ordering::SeqCst) {
            return (StatusCode::SERVICE_UNAVAILABLE, "{}".to_owned()).into_response();
        }
        let operation = headers["x-amz-target"].to_str().unwrap().to_owned();
        let body = match operation.as_str() {
            "AmazonSQS.GetQueueAttributes" => {
                asked.fetch_add(1, Ordering::SeqCst);
                json!({"Attributes": {
                    "ApproximateNumberOfMessages": "7",
                    "ApproximateNumberOfMessagesNotVisible": "2",
                    "VisibilityTimeout": "300",
                }})
            }
            _ => {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                json!({})
            }
        };
        ([("content-type", "application/x-amz-json-1.0")], body.to_string()).into_response()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    endpoint
}

#[tokio::test]
async fn a_queue_that_is_away_is_no_illness_and_being_looked_at_costs_no_requests() {
    let mut world = idle("127.0.0.1:0").await;
    let (away, asked) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
    let endpoint = sqs(away.clone(), asked.clone()).await;
    world.config["sqs"]["queue_url"] = json!(format!("{endpoint}/000000000000/tasks"));
    for (name, value) in [
        ("AWS_ENDPOINT_URL_SQS", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ] {
        world.env.insert(name.to_owned(), value.to_owned());
    }
    let mut serving = world.serve(&[]);
    serving.until("it listens", || Door::in_log(&world.log()).is_some()).await;
    let door = Door::in_log(&world.log()).unwrap();
    let becomes = async |status: u16| loop {
        let ready = door.get("/readyz").await;
        if ready.status == status {
            return ready;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    becomes(200).await;

    // One look at the queue is a few requests: its own numbers and those of its dead letters.
    let unasked = asked.load(Ordering::SeqCst);
    door.get("/metrics").await;
    let before = asked.load(Ordering::SeqCst);
    assert!(before - unasked <= 2, "{}", before - unasked);
    for _ in 0..20 {
        let metrics = door.get("/metrics").await;
        let waiting = metrics.sample("codingworker_queue_messages{state=\"waiting\"}");
        assert_eq!(waiting, Some(7.0));
        assert_eq!(metrics.sample("codingworker_queue_reachable"), Some(1.0));
    }
    assert_eq!(asked.load(Ordering::SeqCst), before, "20 more scrapes ask SQS nothing");

    away.store(true, Ordering::SeqCst);
    let ready = becomes(503).await;
    assert!(ready.reasons().contains("queue"), "{ready:?}");
    let alive = door.get("/healthz").await;
    assert_eq!((alive.status, alive.json()["state"].as_str()), (200, Some("pausing")));
    let metrics = door.get("/metrics").await;
    assert_eq!(metrics.sample("codingworker_queue_reachable"), Some(0.0));
    assert_eq!(metrics.sample("codingworker_ready"), Some(0.0));
    assert_eq!(metrics.sample("codingworker_healthy"), Some(1.0));
    parsed(&metrics.body, "openmetrics").unwrap();

    away.store(false, Ordering::SeqCst);
    becomes(200).await;
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
    until("the log is written", || world.log().contains("stopped")).await;
}
