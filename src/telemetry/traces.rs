//! Traces: each job is one, sent by OTLP over HTTP to the operator's own collector when it is over.
//!
//! A job *is* its journal, so its spans are made from that (`spans`), and nothing is recorded
//! meanwhile. Only names, numbers and verdicts leave: no title, no file, no message of an error.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanExporter as _;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::job::Record;
use crate::redact::Redactor;
use crate::store::Job;

mod spans;

/// The longest time for one request, and for all tries of a trace.
const REQUEST: Duration = Duration::from_secs(5);
const TRIES: Duration = Duration::from_secs(20);

/// Where traces go.
#[derive(Clone, Debug)]
pub struct Collector {
    /// The address, without `/v1/traces`.
    pub endpoint: String,
    /// What is sent along.
    pub headers: BTreeMap<String, SecretString>,
}

impl Collector {
    fn is(&self, other: &Self) -> bool {
        let values = |it: &Self| -> Vec<_> {
            it.headers.iter().map(|(k, v)| (k.clone(), v.expose_secret().to_owned())).collect()
        };
        self.endpoint == other.endpoint && values(self) == values(other)
    }
}

/// Why a trace was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// The settings cannot be used.
    #[error("traces cannot be sent to {0}: {1}: look at otel.endpoint and otel.headers")]
    Settings(String, String),
    /// The collector does not take it.
    #[error("the collector at {0} did not take a trace: {1}")]
    Refused(String, String),
    /// The collector does not answer.
    #[error("the collector at {0} did not answer within 20 s")]
    Silent(String),
}

/// Sends traces. It keeps the connection to the last collector.
pub struct Sender {
    worker: String,
    redactor: Redactor,
    to: Option<(Collector, SpanExporter)>,
}

impl Sender {
    /// A sender in the name of this worker. What `redactor` knows does not leave.
    pub fn new(worker: &str, redactor: Redactor) -> Self {
        Self { worker: worker.to_owned(), redactor, to: None }
    }

    /// Sends the trace of a job that is over. Tries again a few times when the collector is busy.
    ///
    /// # Errors
    /// When the collector does not take it; the trace is gone then.
    pub async fn send(
        &mut self,
        collector: &Collector,
        job: &Job,
        records: &[Record],
    ) -> Result<(), TraceError> {
        let spans = spans::of(job, records, &scope(), &self.redactor);
        let exporter = self.exporter(collector)?;
        let address = collector.endpoint.clone();
        match tokio::time::timeout(TRIES, exporter.export(spans)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                let error = self.redactor.text(&error.to_string()).into_owned();
                Err(TraceError::Refused(address, error))
            }
            Err(_) => Err(TraceError::Silent(address)),
        }
    }

    fn exporter(&mut self, collector: &Collector) -> Result<&SpanExporter, TraceError> {
        if !self.to.as_ref().is_some_and(|(known, _)| known.is(collector)) {
            self.to = Some((collector.clone(), self.connect(collector)?));
        }
        self.to.as_ref().map(|it| &it.1).ok_or_else(|| TraceError::Silent(String::new()))
    }

    fn connect(&self, collector: &Collector) -> Result<SpanExporter, TraceError> {
        let unusable = |error: &dyn std::fmt::Display| {
            TraceError::Settings(collector.endpoint.clone(), error.to_string())
        };
        // A redirect would take the headers elsewhere, and a proxy does not know our loopback.
        let client =
            reqwest::Client::builder().timeout(REQUEST).redirect(reqwest::redirect::Policy::none());
        let client = match collector.endpoint.starts_with("http://") {
            true => client.no_proxy(),
            false => client,
        };
        let client = client.build().map_err(|error| unusable(&error))?;
        let endpoint = format!("{}/v1/traces", collector.endpoint.trim_end_matches('/'));
        // The library takes values for percent-encoded, as they are in its own variables.
        let value = |it: &SecretString| it.expose_secret().replace('%', "%25");
        let headers = collector.headers.iter().map(|(name, it)| (name.clone(), value(it)));
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(opentelemetry_otlp::Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .with_timeout(TRIES)
            .with_headers(headers.collect::<HashMap<_, _>>())
            .build()
            .map_err(|error| unusable(&error))?;
        exporter.set_resource(&self.resource());
        Ok(exporter)
    }

    /// Who sends, by the names of OpenTelemetry's semantic conventions.
    fn resource(&self) -> Resource {
        let version = env!("CARGO_PKG_VERSION");
        Resource::builder_empty()
            .with_attributes([
                KeyValue::new("service.name", "codingworker"),
                KeyValue::new("service.version", version),
                KeyValue::new("service.instance.id", self.worker.clone()),
            ])
            .build()
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("codingworker").with_version(env!("CARGO_PKG_VERSION")).build()
}
