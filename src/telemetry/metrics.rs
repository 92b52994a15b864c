//! Metrics: what is counted while it happens, and what is read when somebody asks.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::{Family as Series, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

use crate::domain::job::Record;
use crate::domain::time::Timestamp;

pub mod counts;
mod families;
mod format;
pub use counts::{About, Increment, Labels};
pub use families::{Family, Kind};
pub use format::Format;

use families::{FAMILIES, family};

/// How many values a label with names of others' making may have; the rest is `other`. Each value
/// is a series of its own in whatever keeps them.
const MOST_VALUES: usize = 50;
const BOUNDED: [&str; 2] = ["repository", "model"];

/// Everything that is measured, for the reference and the tests.
pub fn families() -> Vec<Family> {
    FAMILIES.to_vec()
}

/// The reference of what is measured, in Markdown. `notice` stands below its title.
pub fn reference(notice: &str) -> String {
    let mut page = format!(
        "# Metrics\n\n{notice}\n\n\
         `codingworker serve` answers `GET /metrics` on `http.listen` (127.0.0.1:9464 unless you \
         say otherwise), in the OpenMetrics text format 1.0, or in Prometheus's own (0.0.4) to \
         whoever asks for `text/plain`. Counters start at 0 with the process. No metric says what \
         an issue, a file or a secret holds.\n\n\
         `infra/grafana/codingworker.json` is a dashboard of them.\n\n\
         | name | type | unit | labels | what it says |\n|---|---|---|---|---|\n",
    );
    for it in FAMILIES {
        let shown = match it.kind {
            Kind::Counter => format!("`{}_total`", it.name),
            Kind::Info => format!("`{}_info`", it.name),
            Kind::Gauge | Kind::Histogram(_) => format!("`{}`", it.name),
        };
        let labels = it.labels.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
        let (kind, unit) = (it.kind.name(), it.unit.unwrap_or_default());
        let _ = writeln!(page, "| {shown} | {kind} | {unit} | {labels} | {} |", it.help);
    }
    page
}

/// What is counted. Clones are the same counters.
#[derive(Clone)]
pub struct Metrics {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Registry,
    counters: HashMap<&'static str, Counted>,
    histograms: HashMap<&'static str, Series<Labels, Histogram, Buckets>>,
    values: Mutex<HashMap<&'static str, BTreeSet<String>>>,
    reload: Mutex<Option<(bool, Timestamp)>>,
}

/// A counter, with labels or without: a series without any is written without braces.
enum Counted {
    One(Counter),
    Many(Series<Labels, Counter>),
}

#[derive(Clone, Debug)]
struct Buckets(&'static [f64]);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

/// What was read when somebody asked: which family, which of its series, which value.
#[derive(Clone, Debug, Default)]
pub struct Readings(Vec<(&'static str, Labels, f64)>);

impl Readings {
    /// One value of a family without labels. A value that nobody knows is left out.
    pub fn set(&mut self, family: &'static str, value: impl Into<Option<f64>>) {
        self.0.extend(value.into().map(|it| (family, Labels::new(), it)));
    }

    /// One value of a family with one label.
    pub fn set_of(
        &mut self,
        family: &'static str,
        label: (&'static str, &str),
        value: impl Into<Option<f64>>,
    ) {
        let labels = vec![(label.0, label.1.to_owned())];
        self.0.extend(value.into().map(|it| (family, labels, it)));
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let (mut counters, mut histograms) = (HashMap::new(), HashMap::new());
        let mut registry = Registry::default();
        for it in FAMILIES {
            match it.kind {
                Kind::Counter if it.name.starts_with("process_") => {}
                Kind::Counter if it.labels.is_empty() => {
                    let counter = Counter::default();
                    register(&mut registry, it, counter.clone());
                    counters.insert(it.name, Counted::One(counter));
                }
                Kind::Counter => {
                    let series = Series::<Labels, Counter>::default();
                    register(&mut registry, it, series.clone());
                    counters.insert(it.name, Counted::Many(series));
                }
                Kind::Histogram(buckets) => {
                    let series = Series::new_with_constructor(Buckets(buckets));
                    register(&mut registry, it, series.clone());
                    histograms.insert(it.name, series);
                }
                Kind::Info => {
                    let labels = vec![
                        ("version", env!("CARGO_PKG_VERSION")),
                        ("os", std::env::consts::OS),
                        ("arch", std::env::consts::ARCH),
                    ];
                    register(&mut registry, it, Info::new(labels));
                }
                Kind::Gauge => {}
            }
        }
        let inner = Inner {
            registry,
            counters,
            histograms,
            values: Mutex::default(),
            reload: Mutex::default(),
        };
        let metrics = Self { inner: Arc::new(inner) };
        metrics.begin_at_zero();
        metrics
    }
}

impl Metrics {
    /// Series whose labels are known exist from the start, so that their first increase is seen.
    fn begin_at_zero(&self) {
        for kind in ["issue", "comment"] {
            for outcome in counts::OUTCOMES {
                self.add("codingworker_jobs", &[("kind", kind), ("outcome", outcome)], 0);
            }
            self.add("codingworker_refusals", &[("kind", kind)], 0);
        }
        for fault in counts::FAULTS {
            self.add("codingworker_failures", &[("fault", fault)], 0);
            self.add("codingworker_retries", &[("fault", fault)], 0);
        }
        for complaint in ["build", "lint", "test", "unusable"] {
            self.add("codingworker_fixes", &[("complaint", complaint)], 0);
        }
        for result in ["sent", "failed", "dropped"] {
            self.add("codingworker_traces", &[("result", result)], 0);
        }
        for result in ["taken", "refused"] {
            self.add("codingworker_config_reloads", &[("result", result)], 0);
        }
    }

    /// Counts a record that has become durable.
    pub fn count(&self, record: &Record, about: &About) {
        for increment in counts::increments(record, about) {
            self.apply(increment);
        }
    }

    /// Counts a message that went to the dead letters.
    pub fn count_buried(&self) {
        self.add("codingworker_messages_buried", &[], 1);
    }

    /// Counts records that were missed.
    pub fn count_missed(&self, records: u64) {
        self.add("codingworker_missed_records", &[], records);
    }

    /// Counts a trace: `sent`, `failed`, `dropped`.
    pub fn count_trace(&self, result: &'static str) {
        self.add("codingworker_traces", &[("result", result)], 1);
    }

    /// Notes that the configuration was read again, and whether it was taken.
    pub fn reloaded(&self, taken: bool, at: Timestamp) {
        let result = if taken { "taken" } else { "refused" };
        self.add("codingworker_config_reloads", &[("result", result)], 1);
        *self.inner.reload.lock().unwrap_or_else(PoisonError::into_inner) = Some((taken, at));
    }

    fn add(&self, family: &'static str, labels: &[(&'static str, &str)], by: u64) {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.apply(Increment::Add { family, labels, by });
    }

    fn apply(&self, increment: Increment) {
        match increment {
            Increment::Add { family, labels, by } => match self.inner.counters.get(family) {
                Some(Counted::One(counter)) => {
                    counter.inc_by(by);
                }
                Some(Counted::Many(series)) => {
                    series.get_or_create(&self.bounded(labels)).inc_by(by);
                }
                None => debug_assert!(false, "{family} is in no table"),
            },
            Increment::Observe { family, labels, value } => {
                match self.inner.histograms.get(family) {
                    Some(series) => series.get_or_create(&self.bounded(labels)).observe(value),
                    None => debug_assert!(false, "{family} is in no table"),
                }
            }
        }
    }

    fn bounded(&self, mut labels: Labels) -> Labels {
        for (name, value) in &mut labels {
            if !BOUNDED.contains(name) {
                continue;
            }
            let mut values = self.inner.values.lock().unwrap_or_else(PoisonError::into_inner);
            let known = values.entry(name).or_default();
            if !known.contains(value.as_str()) {
                if known.len() < MOST_VALUES {
                    known.insert(value.clone());
                } else {
                    "other".clone_into(value);
                }
            }
        }
        labels
    }

    /// Everything, as text in this format.
    pub fn text(&self, mut readings: Readings, format: Format) -> String {
        if let Some((taken, at)) = *self.inner.reload.lock().unwrap_or_else(PoisonError::into_inner)
        {
            let seconds = at.0 as f64 / 1_000.0;
            readings.set("codingworker_config_last_reload_timestamp_seconds", seconds);
            readings.set("codingworker_config_last_reload_successful", f64::from(u8::from(taken)));
        }
        let mut out = String::with_capacity(32 << 10);
        // Writing to a String does not fail.
        let _ = text::encode_registry(&mut out, &self.inner.registry);
        let _ = text::encode_registry(&mut out, &registry_of(&readings));
        let _ = text::encode_eof(&mut out);
        format::written(out, format)
    }
}

fn registry_of(readings: &Readings) -> Registry {
    let mut registry = Registry::default();
    for it in FAMILIES {
        let mine = || readings.0.iter().filter(|reading| reading.0 == it.name);
        let Some((_, _, value)) = mine().next() else { continue };
        match (it.kind, it.labels.is_empty()) {
            (Kind::Counter, _) => register(&mut registry, it, ConstCounter::new(*value)),
            (_, true) => {
                let gauge = Gauge::<f64, AtomicU64>::default();
                gauge.set(*value);
                register(&mut registry, it, gauge);
            }
            (_, false) => {
                let series = Series::<Labels, Gauge<f64, AtomicU64>>::default();
                for (_, labels, value) in mine() {
                    series.get_or_create(labels).set(*value);
                }
                register(&mut registry, it, series);
            }
        }
    }
    debug_assert!(readings.0.iter().all(|it| family(it.0).is_some()), "{readings:?}");
    registry
}

/// The library puts the unit at the end of the name, and a full stop behind the help.
fn register(registry: &mut Registry, family: &Family, metric: impl Metric) {
    let Some(unit) = family.unit else {
        return registry.register(family.name, family.help, metric);
    };
    let stem = family.name.strip_suffix(unit).and_then(|it| it.strip_suffix('_'));
    let unit = match unit {
        "seconds" => Unit::Seconds,
        "bytes" => Unit::Bytes,
        other => Unit::Other(other.to_owned()),
    };
    registry.register_with_unit(stem.unwrap_or(family.name), family.help, unit, metric);
}

#[cfg(test)]
mod tests;
