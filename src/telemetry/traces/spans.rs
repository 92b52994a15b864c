//! A job's journal as spans: one for the job, and below it one for each record.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use sha2::{Digest, Sha256};

use crate::domain::job::{Event, Fault, Outcome, Record, Request, Turn};
use crate::domain::verification::{Exit, Verification};
use crate::redact::Redactor;
use crate::store::Job;
use crate::telemetry::metrics::counts;

/// The most spans of one trace: a collector takes 4 MiB at once.
const MOST: usize = 1_000;

/// The spans of a job that is over, the job's own first.
pub(super) fn of(
    job: &Job,
    records: &[Record],
    scope: &InstrumentationScope,
    redactor: &Redactor,
) -> Vec<SpanData> {
    let trace = Trace { id: &job.id.0, scope, redactor };
    let begun = records.iter().map(began).chain([job.created_at.0]).min().unwrap_or_default();
    let over = records.iter().map(|it| it.at.0).max().unwrap_or(begun);
    let outcome = records.iter().rev().find_map(|it| match &it.event {
        Event::Ended(outcome) => Some(outcome),
        Event::Cancelled => Some(&Outcome::Cancelled),
        _ => None,
    });
    let status = match outcome {
        Some(Outcome::Broke(failure)) => failed(failure.fault),
        _ => Status::Unset,
    };
    let mut spans =
        vec![trace.span(0, "job", (begun, over), job_attributes(job, records, outcome), status)];
    // What is left out is the middle: how it began and how it ended tells most.
    for (at, record) in records.iter().enumerate() {
        if at < MOST / 2 || at + MOST / 2 >= records.len() {
            let status = match &record.event {
                Event::Failed(failure) => failed(failure.fault),
                _ => Status::Unset,
            };
            let name = counts::step(&record.event);
            let times = (began(record), record.at.0);
            spans.push(trace.span(at as u64 + 1, name, times, attributes(record), status));
        }
    }
    spans
}

struct Trace<'a> {
    id: &'a str,
    scope: &'a InstrumentationScope,
    redactor: &'a Redactor,
}

impl Trace<'_> {
    /// The span with this number; 0 is the job's own.
    fn span(
        &self,
        number: u64,
        name: &'static str,
        (begun, over): (i64, i64),
        attributes: Vec<KeyValue>,
        status: Status,
    ) -> SpanData {
        let clean = |it: KeyValue| match &it.value {
            opentelemetry::Value::String(text) => {
                KeyValue::new(it.key.clone(), self.redactor.text(text.as_str()).into_owned())
            }
            _ => it,
        };
        SpanData {
            span_context: SpanContext::new(
                self.trace_id(),
                self.span_id(number),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: if number == 0 { SpanId::INVALID } else { self.span_id(0) },
            parent_span_is_remote: false,
            span_kind: if number == 0 { SpanKind::Consumer } else { SpanKind::Internal },
            name: name.into(),
            start_time: time(begun),
            end_time: time(over.max(begun)),
            attributes: attributes.into_iter().map(clean).collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: self.scope.clone(),
        }
    }

    /// Made from the job's name: whoever knows the job finds its trace, and one that is sent twice
    /// is the same.
    fn trace_id(&self) -> TraceId {
        TraceId::from_bytes(first(&Sha256::digest(format!("codingworker trace {}", self.id))))
    }

    fn span_id(&self, number: u64) -> SpanId {
        let digest = Sha256::digest(format!("codingworker span {} {number}", self.id));
        SpanId::from_bytes(first(&digest))
    }
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|at| bytes.get(at).copied().unwrap_or_default())
}

fn time(ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or_default())
}

fn began(record: &Record) -> i64 {
    record.at.0.saturating_sub(i64::try_from(record.took_ms).unwrap_or(i64::MAX))
}

/// A failure's message may quote what a program printed: it stays here.
fn failed(fault: Fault) -> Status {
    Status::error(counts::fault(fault))
}

fn job_attributes(job: &Job, records: &[Record], outcome: Option<&Outcome>) -> Vec<KeyValue> {
    let turns = records.iter().filter_map(|it| match &it.event {
        Event::Attempted(turn) => Some(turn),
        _ => None,
    });
    let turns = turns.collect::<Vec<_>>();
    let mut models = turns.iter().map(|it| it.model.as_str()).collect::<Vec<_>>();
    models.retain(|it| !it.is_empty());
    models.dedup();
    let sum = |count: fn(&Turn) -> u64| number(turns.iter().map(|it| count(it)).sum());
    let repository = &job.task.repository;
    let kind = if job.task.comment().is_some() { "comment" } else { "issue" };
    let mut all = vec![
        KeyValue::new("codingworker.job.id", job.id.0.clone()),
        KeyValue::new("codingworker.job.kind", kind),
        KeyValue::new("codingworker.job.attempts", number(turns.len() as u64)),
        KeyValue::new("vcs.owner.name", repository.owner().to_owned()),
        KeyValue::new("vcs.repository.name", repository.name().to_owned()),
        KeyValue::new("gen_ai.request.model", models.join(",")),
        KeyValue::new("gen_ai.usage.input_tokens", sum(|it| it.tokens.read)),
        KeyValue::new("gen_ai.usage.output_tokens", sum(|it| it.tokens.written)),
    ];
    if let Some(outcome) = outcome {
        all.push(KeyValue::new("codingworker.job.outcome", outcome.name()));
    }
    all
}

fn attributes(record: &Record) -> Vec<KeyValue> {
    let mut all = vec![KeyValue::new("codingworker.step", counts::step(&record.event))];
    match &record.event {
        Event::Attempted(turn) => {
            let request = match turn.request {
                Request::Implement => "implement",
                Request::Read => "read",
                Request::Cover => "cover",
                Request::Fix { .. } => "fix",
            };
            all.extend([
                KeyValue::new("gen_ai.request.model", turn.model.clone()),
                KeyValue::new("gen_ai.usage.input_tokens", number(turn.tokens.read)),
                KeyValue::new("gen_ai.usage.output_tokens", number(turn.tokens.written)),
                KeyValue::new("codingworker.attempt.request", request),
                KeyValue::new("codingworker.attempt.result", counts::result(&turn.outcome)),
                KeyValue::new("codingworker.attempt.calls", i64::from(turn.calls)),
            ]);
        }
        Event::Baselined(verification) => all.extend(checks(verification)),
        Event::Verified { verification, complaint, .. } => {
            all.extend(checks(verification));
            all.push(KeyValue::new("codingworker.checks.green", complaint.is_none()));
        }
        Event::Gated { stops, .. } => {
            all.push(KeyValue::new("codingworker.gate.stops", number(stops.len() as u64)));
        }
        Event::Ended(outcome) => {
            all.push(KeyValue::new("codingworker.job.outcome", outcome.name()));
        }
        Event::Failed(failure) => {
            all.push(KeyValue::new("error.type", counts::fault(failure.fault)));
        }
        _ => {}
    }
    all
}

fn checks(verification: &Verification) -> impl Iterator<Item = KeyValue> + '_ {
    verification.steps.iter().flat_map(|it| {
        let exit = match it.exit {
            Exit::Code(code) => code.to_string(),
            Exit::Signal(signal) => format!("signal {signal}"),
            Exit::TimedOut => "timed out".to_owned(),
            Exit::Silent => "silent".to_owned(),
        };
        let name = |what: &str| format!("codingworker.check.{}.{what}", it.check.name());
        [
            KeyValue::new(name("exit"), exit),
            KeyValue::new(name("duration_ms"), number(it.duration_ms)),
        ]
    })
}

fn number(it: u64) -> i64 {
    i64::try_from(it).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
