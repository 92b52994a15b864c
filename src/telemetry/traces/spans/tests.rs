use std::collections::HashSet;

use secrecy::SecretString;
use serde_json::json;

use super::*;
use crate::domain::job::{Failure, JobId, JobState};
use crate::domain::task::{Origin, Task};
use crate::domain::time::Timestamp;

const SECRET: &str = "ghp_0123456789abcdef";

fn job() -> Job {
    Job {
        id: JobId("0123456789ab".to_owned()),
        task: Task {
            repository: "Acme/Calc".parse().unwrap(),
            origin: Origin::Issue { number: 1 },
            title: "PRIVATE title".to_owned(),
            body: "PRIVATE body".to_owned(),
            labels: Vec::new(),
            body_sha256: None,
            asking: String::new(),
        },
        state: JobState::Done,
        created_at: Timestamp(1_000),
        updated_at: Timestamp(9_000),
        receipt: None,
        pull_request: None,
        cancel_requested: false,
        owner: None,
    }
}

fn records() -> Vec<Record> {
    let attempted = json!({"event": "attempted", "of": {
        "request": {"kind": "implement"}, "model": format!("m-{SECRET}"), "rung": 0,
        "outcome": {"kind": "edited"}, "tree": "0", "files": [], "calls": 1,
        "tokens": {"read": 30, "written": 4}, "left_out": ["PRIVATE file"], "agent": "a",
    }});
    let verified = json!({"event": "verified", "of": {
        "verification": {"steps": [{
            "check": "test", "command": "PRIVATE command", "exit": {"code": 1}, "duration_ms": 20,
            "tests": null, "excerpt": "PRIVATE output",
        }]},
        "tree": "0", "scope": ["test"], "complaint": {
            "kind": "unusable", "reason": "PRIVATE reason",
        },
    }});
    let event = |it| serde_json::from_value::<Event>(it).unwrap();
    let failure = Failure::new(Fault::Transient, format!("PRIVATE {SECRET}"));
    vec![
        Record { at: Timestamp(3_000), took_ms: 1_500, event: event(attempted) },
        Record { at: Timestamp(4_000), took_ms: 500, event: event(verified) },
        Record { at: Timestamp(5_000), took_ms: 10, event: Event::Failed(failure.clone()) },
        Record { at: Timestamp(6_000), took_ms: 0, event: Event::Ended(Outcome::Broke(failure)) },
        Record { at: Timestamp(9_000), took_ms: 0, event: Event::Closed },
    ]
}

fn spans() -> Vec<SpanData> {
    let redactor = Redactor::new([SecretString::from(SECRET)]);
    of(&job(), &records(), &InstrumentationScope::builder("t").build(), &redactor)
}

fn ms(it: SystemTime) -> u128 {
    it.duration_since(UNIX_EPOCH).unwrap().as_millis()
}

#[test]
fn a_job_is_one_trace_with_a_span_below_it_for_each_record() {
    let spans = spans();
    let names = spans.iter().map(|it| it.name.as_ref()).collect::<Vec<_>>();
    assert_eq!(names, ["job", "attempted", "verified", "failed", "ended", "closed"]);
    let root = &spans[0];
    assert_eq!((ms(root.start_time), ms(root.end_time)), (1_000, 9_000));
    assert_eq!((ms(spans[1].start_time), ms(spans[1].end_time)), (1_500, 3_000));
    assert_eq!(root.parent_span_id, SpanId::INVALID);
    let traces = spans.iter().map(|it| it.span_context.trace_id()).collect::<HashSet<_>>();
    assert_eq!(traces.len(), 1);
    assert!(spans.iter().all(|it| it.span_context.is_valid() && it.span_context.is_sampled()));
    assert!(spans[1..].iter().all(|it| it.parent_span_id == root.span_context.span_id()));
    let ids = spans.iter().map(|it| it.span_context.span_id()).collect::<HashSet<_>>();
    assert_eq!(ids.len(), spans.len());
    assert_eq!(spans, self::spans(), "sent twice, it is the same trace");
}

#[test]
fn what_failed_is_an_error_by_its_fault() {
    let spans = spans();
    assert_eq!(spans[0].status, Status::error("transient"));
    assert_eq!(spans[3].status, Status::error("transient"));
    assert_eq!(spans[1].status, Status::Unset);
}

#[test]
fn numbers_and_names_leave_and_texts_and_secrets_do_not() {
    let said = format!("{:?}", spans());
    assert!(format!("{:?}{:?}", job(), records()).contains(SECRET), "there is something to leak");
    assert!(!said.contains(SECRET), "{said}");
    assert!(!said.contains("PRIVATE"), "{said}");
    for part in ["Acme", "Calc", "codingworker.check.test.exit", "gen_ai.usage.input_tokens"] {
        assert!(said.contains(part), "no {part} in {said}");
    }
}

#[test]
fn a_job_without_end_of_records_is_a_bounded_trace_and_a_clock_set_back_does_no_harm() {
    let one = |at| Record { at: Timestamp(at), took_ms: 5_000, event: Event::Rested };
    let many = (0..5_000).map(|it| one(it - 2_000)).collect::<Vec<_>>();
    let scope = InstrumentationScope::builder("t").build();
    let spans = of(&job(), &many, &scope, &Redactor::default());
    assert_eq!(spans.len(), MOST + 1);
    assert!(spans.iter().all(|it| it.start_time <= it.end_time));
}
