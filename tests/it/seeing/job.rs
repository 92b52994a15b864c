//! A real job, as metrics and as a trace; and what stopping looks like.

use std::collections::BTreeSet;

use codingworker::domain::job::JobState;
use nix::sys::signal::Signal;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::collector::{Collector, Mood, attribute};
use super::listening::idle;
use super::parser::parsed;
use super::wire::{Answer, Door};
use crate::binary::world::{
    BODY, CHECKS, MODEL, PROJECT, REPOSITORY, TITLE, World, broken, right, steps, until,
};
use crate::github_double::TOKEN;
use crate::scripted_ollama::Reply;

const KEY: &str = "otel-key-0123456789";

#[tokio::test]
async fn a_job_is_counted_and_is_one_trace_and_a_stopping_worker_is_not_ready() {
    let collector = Collector::start(Mood::Busy(1)).await;
    let release = CancellationToken::new();
    let (held, second) = (release.clone(), broken());
    // The first job needs two turns; the second one's model waits for us.
    let mut world = World::with(move |_, before| match before {
        0 => second.clone(),
        1 => right(),
        _ => Reply::When(held.clone(), Box::new(right())),
    })
    .await;
    let path = world.path().join("seen.sock");
    world.config["http"]["listen"] = json!(format!("unix:{}", path.display()));
    world.config["otel"] = json!({"endpoint": collector.endpoint, "headers": {"x-api-key": KEY}});
    world.submit(REPOSITORY, 1, "first").await;
    let door = Door::socket(&path);
    let mut serving = world.serve(&[]);
    serving.until("the trace is there", || !collector.traces().is_empty()).await;
    let metrics = door.get("/metrics").await;
    counts_the_job(&metrics);
    is_one_trace(&world, &collector).await;

    let issue = world.issue(REPOSITORY, TITLE, BODY);
    world.submit(REPOSITORY, issue, "second").await;
    serving.until("the model is asked again", || world.ollama.chats().len() == 3).await;
    let busy = door.get("/metrics").await;
    assert_eq!(busy.sample("codingworker_running_jobs"), Some(1.0));
    assert_eq!(busy.sample("codingworker_worker_state{state=\"full\"}"), Some(1.0));
    assert_eq!(busy.sample("codingworker_leases_at_risk"), Some(0.0));
    assert!(busy.sample("codingworker_lease_remaining_seconds").unwrap() > 200.0);
    assert!(busy.sample("codingworker_child_processes").unwrap() >= 1.0, "Aider runs");
    assert_eq!(door.get("/readyz").await.status, 200, "a worker with a full desk is ready");

    serving.signal(Signal::SIGINT);
    until("it drains", || world.log().contains("finishing what runs")).await;
    let ready = door.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.reasons().contains("stopping"), "{ready:?}");
    assert_eq!(door.get("/healthz").await.status, 200);

    // From here the collector hangs: the job ends all the same, and the worker soon after it.
    collector.is(Mood::Hanging);
    release.cancel();
    assert_eq!(serving.code().await, 0);
    assert!(world.jobs().await.iter().all(|it| it.0.state == JobState::Done));
    assert_eq!(collector.traces().len(), 1);
    assert!(world.log().contains("the last traces were not sent in time"), "{}", world.log());
    let said = String::from_utf8_lossy(&collector.raw()).into_owned() + &metrics.body + &busy.body;
    for private in [TOKEN, KEY, TITLE, BODY, CHECKS, "calc.py", "unittest", "a - b"] {
        assert!(!said.contains(private), "{private} is none of theirs");
    }
    assert!(!world.log().contains(KEY));
}

fn counts_the_job(metrics: &Answer) {
    let model = format!("model=\"ollama_chat/{MODEL}\"");
    for (series, value) in [
        ("codingworker_jobs_total{kind=\"issue\",outcome=\"ready\"}".to_owned(), 1.0),
        ("codingworker_jobs_total{kind=\"issue\",outcome=\"broke\"}".to_owned(), 0.0),
        (
            format!(
                "codingworker_repository_jobs_total{{repository=\"{REPOSITORY}\",outcome=\"ready\"}}"
            ),
            1.0,
        ),
        (format!("codingworker_attempts_total{{{model},request=\"fix\",result=\"edited\"}}"), 1.0),
        ("codingworker_fixes_total{complaint=\"build\"}".to_owned(), 1.0),
        (format!("codingworker_model_calls_total{{{model}}}"), 2.0),
        (format!("codingworker_model_duration_seconds_count{{{model}}}"), 2.0),
        (
            "codingworker_check_duration_seconds_count{check=\"build\",result=\"failed\"}"
                .to_owned(),
            1.0,
        ),
        (
            "codingworker_check_duration_seconds_count{check=\"test\",result=\"passed\"}"
                .to_owned(),
            2.0,
        ),
        ("codingworker_step_duration_seconds_count{step=\"attempted\"}".to_owned(), 2.0),
        ("codingworker_stored_jobs{state=\"done\"}".to_owned(), 1.0),
        ("codingworker_missed_records_total".to_owned(), 0.0),
    ] {
        assert_eq!(metrics.sample(&series), Some(value), "{series} in {}", metrics.body);
    }
    let tokens = format!("codingworker_model_tokens_total{{direction=\"read\",{model}}}");
    assert!(metrics.sample(&tokens).unwrap() > 0.0);
    parsed(&metrics.body, "openmetrics").unwrap();
}

async fn is_one_trace(world: &World, collector: &Collector) {
    // It was busy at first, and was asked again, with the key each time.
    let calls = collector.calls();
    assert_eq!(calls.len(), 2);
    for call in calls {
        assert_eq!(call["x-api-key"], KEY);
        assert_eq!(call["content-type"], "application/x-protobuf");
    }
    let (job, records) = world.job().await;
    let (resource, spans) = collector.traces().remove(0);
    assert_eq!(attribute(&resource, "service.name").as_deref(), Some("codingworker"));
    assert_eq!(attribute(&resource, "service.instance.id").as_deref(), Some("test-worker"));
    assert_eq!(spans.iter().map(|it| &it.trace_id).collect::<BTreeSet<_>>().len(), 1);
    let root = &spans[0];
    assert_eq!((root.name.as_str(), root.parent_span_id.len()), ("job", 0));
    let below = spans[1..].iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    assert_eq!(below, steps(&records), "a span for each record, in order");
    assert!(spans[1..].iter().all(|it| it.parent_span_id == root.span_id));
    let about = |key: &str| attribute(&root.attributes, key);
    assert_eq!(about("codingworker.job.id").as_deref(), Some(job.id.0.as_str()));
    assert_eq!(about("codingworker.job.outcome").as_deref(), Some("ready"));
    assert_eq!(about("vcs.repository.name").as_deref(), Some("calc"));
    assert_eq!(about("codingworker.job.attempts").as_deref(), Some("2"));
    let turn = spans.iter().find(|it| it.name == "attempted").unwrap();
    let model = format!("ollama_chat/{MODEL}");
    assert_eq!(attribute(&turn.attributes, "gen_ai.request.model"), Some(model));
    assert!(turn.end_time_unix_nano > turn.start_time_unix_nano);
    assert!(root.start_time_unix_nano <= turn.start_time_unix_nano);
    let red = spans.iter().find(|it| it.name == "verified").unwrap();
    assert_eq!(attribute(&red.attributes, "codingworker.check.build.exit").as_deref(), Some("1"));
    assert_eq!(attribute(&red.attributes, "codingworker.checks.green").as_deref(), Some("false"));
}

/// Jobs that end at once: nobody may ask for them, so no agent starts.
#[tokio::test]
async fn a_collector_that_is_broken_costs_traces_and_a_warning_and_no_job() {
    let collector = Collector::start(Mood::Broken).await;
    let mut world = idle("127.0.0.1:0").await;
    world.repository(REPOSITORY, &PROJECT);
    world.config["otel"] = json!({"endpoint": collector.endpoint});
    for number in 1..=3 {
        let issue = world.github.issue(REPOSITORY, TITLE, BODY, "stranger");
        world.github.label(REPOSITORY, issue, "ai-task", "stranger");
        world.submit(REPOSITORY, issue, &format!("delivery {number}")).await;
    }
    let mut serving = world.serve(&[]);
    serving.until("it listens", || Door::in_log(&world.log()).is_some()).await;
    let door = Door::in_log(&world.log()).unwrap();
    let failed = async || loop {
        let metrics = door.get("/metrics").await;
        if metrics.sample("codingworker_traces_total{result=\"failed\"}") == Some(3.0) {
            return metrics;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let metrics =
        tokio::time::timeout(std::time::Duration::from_secs(120), failed()).await.unwrap();
    let refused = "codingworker_jobs_total{kind=\"issue\",outcome=\"refused\"}";
    assert_eq!(metrics.sample(refused), Some(3.0));
    assert_eq!(metrics.sample("codingworker_refusals_total{kind=\"issue\"}"), Some(3.0));
    let warnings = world.log().matches("did not take a trace").count();
    assert_eq!(warnings, 1, "{}", world.log());
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
}
