//! The list of what is measured: the registry, the reference page and the tests read it.
//!
//! Names follow the OpenMetrics specification 1.0 and Prometheus's naming conventions: a prefix,
//! base units, the unit at the end. `process_*` are the names that every Prometheus client uses.

/// A family of metrics: one name, and what it stands for.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The name, with its unit and without the suffix of its kind (`_total`, `_bucket`).
    pub name: &'static str,
    /// What its numbers do.
    pub kind: Kind,
    /// What it is measured in; the end of its name.
    pub unit: Option<&'static str>,
    /// What tells its series apart.
    pub labels: &'static [&'static str],
    /// What it says, as a sentence without its full stop.
    pub help: &'static str,
}

/// What the numbers of a family do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Grow, from the start of the process.
    Counter,
    /// Come and go.
    Gauge,
    /// Are spread over buckets with these upper bounds.
    Histogram(&'static [f64]),
    /// Never change: the labels are what is told.
    Info,
}

impl Kind {
    /// Its name in the text format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
            Self::Info => "info",
        }
    }
}

impl Family {
    /// The names that its samples have, which is what one asks Prometheus for.
    pub fn samples(&self) -> Vec<String> {
        let suffixes: &[&str] = match self.kind {
            Kind::Counter => &["_total"],
            Kind::Gauge => &[""],
            Kind::Histogram(_) => &["_bucket", "_sum", "_count"],
            Kind::Info => &["_info"],
        };
        suffixes.iter().map(|it| format!("{}{it}", self.name)).collect()
    }
}

/// Finds a family by its name.
pub(super) fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|it| it.name == name)
}

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Family {
    Family { name, kind: Kind::Counter, unit: None, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
    Family { name, kind: Kind::Gauge, unit: None, labels, help }
}

const fn seconds(
    name: &'static str,
    buckets: &'static [f64],
    labels: &'static [&'static str],
    help: &'static str,
) -> Family {
    Family { name, kind: Kind::Histogram(buckets), unit: Some("seconds"), labels, help }
}

const fn of(unit: &'static str, family: Family) -> Family {
    Family { unit: Some(unit), ..family }
}

const STEP: &[f64] = &[0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0];
const CHECK: &[f64] = &[0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0];
const TURN: &[f64] = &[1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0];
const JOB: &[f64] = &[15.0, 60.0, 180.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 36000.0];

/// All families, in the order in which they are served.
pub(super) const FAMILIES: &[Family] = &[
    counter(
        "codingworker_jobs",
        &["kind", "outcome"],
        "Jobs that ended, by what they came from (issue, comment) and how they ended",
    ),
    counter(
        "codingworker_repository_jobs",
        &["repository", "outcome"],
        "Jobs that ended, by repository: the first 50 since the start, then `other`",
    ),
    seconds(
        "codingworker_job_duration_seconds",
        JOB,
        &["kind", "outcome"],
        "From when a job became known to when it was decided how it ends",
    ),
    counter(
        "codingworker_attempts",
        &["model", "request", "result"],
        "Turns of the agent, by model, what was asked for and what came of it",
    ),
    counter(
        "codingworker_fixes",
        &["complaint"],
        "Turns in which the agent was asked to mend its work, by the check that was red",
    ),
    counter("codingworker_refusals", &["kind"], "Jobs that were refused, without any work"),
    counter(
        "codingworker_failures",
        &["fault"],
        "Actions that failed, by who is to blame; what a check says is no failure",
    ),
    counter(
        "codingworker_retries",
        &["fault"],
        "Actions that are tried again after a pause, by the fault before it",
    ),
    of(
        "tokens",
        counter(
            "codingworker_model_tokens",
            &["direction", "model"],
            "Tokens that the model read and wrote, by its own count",
        ),
    ),
    counter("codingworker_model_calls", &["model"], "Calls to the model"),
    seconds(
        "codingworker_model_duration_seconds",
        TURN,
        &["model"],
        "How long a turn of the agent took with this model",
    ),
    seconds(
        "codingworker_check_duration_seconds",
        CHECK,
        &["check", "result"],
        "How long a check took, on the untouched base and on the work",
    ),
    seconds(
        "codingworker_step_duration_seconds",
        STEP,
        &["step"],
        "How long an action took, by the event in the job's journal that tells of it",
    ),
    counter(
        "codingworker_messages_buried",
        &[],
        "Messages that went to the dead letters because they were no tasks",
    ),
    counter(
        "codingworker_missed_records",
        &[],
        "Records that came too fast to be counted here; the journal has them",
    ),
    counter("codingworker_traces", &["result"], "Traces of jobs: sent, failed, dropped"),
    counter("codingworker_config_reloads", &["result"], "Reloads of the configuration"),
    of(
        "seconds",
        gauge(
            "codingworker_config_last_reload_timestamp_seconds",
            &[],
            "When the configuration was last reloaded, or was refused, since 1970",
        ),
    ),
    gauge(
        "codingworker_config_last_reload_successful",
        &[],
        "Whether the last reload was taken: 1, or 0 when the old configuration is still in use",
    ),
    gauge("codingworker_healthy", &[], "Whether /healthz says 200"),
    gauge("codingworker_ready", &[], "Whether /readyz says 200"),
    gauge("codingworker_worker_state", &["state"], "What the worker's loop is at: 1 for one state"),
    of(
        "seconds",
        gauge(
            "codingworker_worker_state_duration_seconds",
            &[],
            "For how long the loop has been at it",
        ),
    ),
    gauge("codingworker_slots", &[], "How many jobs the worker does at once"),
    gauge("codingworker_model_slots", &[], "How many agents ask one model's server at once"),
    gauge(
        "codingworker_model_turns",
        &["state"],
        "Jobs whose agent has its turn at a model (running), or waits for another job's (waiting)",
    ),
    gauge(
        "codingworker_held_models",
        &[],
        "Models that are not asked for a while: their servers are away or turned us away",
    ),
    gauge("codingworker_running_jobs", &[], "Jobs under way"),
    gauge("codingworker_stored_jobs", &["state"], "Jobs in the store, by where they stand"),
    of(
        "seconds",
        gauge(
            "codingworker_lease_remaining_seconds",
            &[],
            "What is left of the lease that ends first, while jobs are under way",
        ),
    ),
    gauge(
        "codingworker_leases_at_risk",
        &[],
        "Leases with less than half of their length left: extending them fails",
    ),
    gauge("codingworker_queue_reachable", &[], "Whether the queue answered when last asked"),
    gauge(
        "codingworker_queue_messages",
        &["state"],
        "Messages in the queue: waiting, in_flight, dead; asked for at most every 5 minutes on SQS",
    ),
    of(
        "seconds",
        gauge(
            "codingworker_queue_oldest_age_seconds",
            &[],
            "Age of the oldest waiting message, where the queue tells",
        ),
    ),
    of(
        "seconds",
        gauge(
            "codingworker_queue_asked_timestamp_seconds",
            &[],
            "When the queue was asked for these numbers, since 1970",
        ),
    ),
    gauge(
        "codingworker_child_processes",
        &[],
        "Living processes below the worker: agents, checks, git",
    ),
    of(
        "bytes",
        gauge(
            "codingworker_state_disk_available_bytes",
            &[],
            "Room left for the worker on the disk under worker.state_dir",
        ),
    ),
    of(
        "bytes",
        gauge("codingworker_state_disk_size_bytes", &[], "Size of the disk under worker.state_dir"),
    ),
    of(
        "bytes",
        gauge(
            "codingworker_state_disk_used_bytes",
            &[],
            "What is used of the disk under worker.state_dir, by whomever",
        ),
    ),
    of(
        "bytes",
        gauge(
            "codingworker_database_size_bytes",
            &[],
            "Size of the database, with what is not yet folded into it",
        ),
    ),
    Family {
        name: "codingworker_build",
        kind: Kind::Info,
        unit: None,
        labels: &["version", "os", "arch"],
        help: "Which program this is",
    },
    of(
        "seconds",
        counter("process_cpu_seconds", &[], "Processor time of the worker itself, user and system"),
    ),
    of(
        "bytes",
        gauge("process_resident_memory_bytes", &[], "Memory of the worker itself; Linux only"),
    ),
    gauge("process_open_fds", &[], "Open file descriptors"),
    gauge("process_max_fds", &[], "How many file descriptors may be open"),
    of("seconds", gauge("process_start_time_seconds", &[], "When the worker started, since 1970")),
];
