//! What came of all cases: on the terminal, and as docs/reliability.md.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

use crate::args::Args;
use crate::case::{Case, Mode, Verdict};
use crate::machine::Trial;
use crate::oracle::Outcome;

/// One line of the table.
#[derive(Default)]
struct Row {
    runs: usize,
    fired: usize,
    pulls: usize,
    comments: usize,
    lost: usize,
    doubled: usize,
    broken: usize,
    recoveries: Vec<i64>,
}

/// How many of the slowest cases are told.
const SLOWEST: usize = 8;

/// All that was seen.
pub(crate) struct Report {
    points: usize,
    missing: Vec<String>,
    by_mode: BTreeMap<Mode, Row>,
    by_room: BTreeMap<String, Row>,
    by_trial: BTreeMap<String, Row>,
    failed: Vec<(String, Verdict)>,
    unfired: Vec<String>,
    /// How long each worker took that was told to stop, in milliseconds.
    stops: Vec<u128>,
    took: Vec<(Duration, String)>,
}

impl Report {
    pub(crate) fn new(points: usize, missing: Vec<String>) -> Self {
        let (by_mode, by_room, by_trial) = Default::default();
        let (failed, unfired, stops, took) = Default::default();
        Self { points, missing, by_mode, by_room, by_trial, failed, unfired, stops, took }
    }

    pub(crate) fn add(&mut self, case: Case, verdict: Verdict) {
        let room = case.point.split('.').next().unwrap_or_default().to_owned();
        self.by_mode.entry(case.mode).or_default().add(&verdict);
        self.by_room.entry(room).or_default().add(&verdict);
        if !verdict.fired {
            self.unfired.push(case.to_string());
        }
        self.note(case.to_string(), verdict);
    }

    pub(crate) fn add_trial(&mut self, trial: &Trial, verdict: Verdict) {
        self.by_trial.entry(trial.to_string()).or_default().add(&verdict);
        self.note(trial.to_string(), verdict);
    }

    fn note(&mut self, case: String, verdict: Verdict) {
        self.stops.extend(verdict.stops.iter().map(Duration::as_millis));
        self.took.push((verdict.took, case.clone()));
        if !verdict.findings.is_empty() {
            println!("\nFAILED {case}\n  {}", verdict.findings.join("\n  "));
            println!("  once more: ./taskw faults -- --only '{case}'");
            println!("{}", tail(&verdict.said));
            self.failed.push((case, verdict));
        }
    }

    pub(crate) fn is_well(&self) -> bool {
        self.failed.is_empty() && self.missing.is_empty() && self.unfired.is_empty()
    }

    pub(crate) fn print(&self, took: Duration) {
        println!("\n{}", self.table());
        for it in &self.missing {
            println!("a point that no run passes: {it}");
        }
        for it in &self.unfired {
            println!("a fault that did not happen: {it}");
        }
        for (case, verdict) in &self.failed {
            println!("failed: {case}: {}", verdict.findings.join("; "));
        }
        let mut slowest = self.took.clone();
        slowest.sort();
        for (took, case) in slowest.iter().rev().take(SLOWEST) {
            println!("slow: {:.1} s for {case}", took.as_secs_f64());
        }
        println!("{}", self.times());
        println!("{} cases in {} s, {} s of a processor", self.took.len(), took.as_secs(), spent());
    }

    /// How soon work is taken up again, and how soon a worker leaves that is told to.
    fn times(&self) -> String {
        let mut recoveries =
            self.by_mode.values().flat_map(|it| it.recoveries.clone()).collect::<Vec<_>>();
        let mut stops = self.stops.clone();
        recoveries.sort_unstable();
        stops.sort_unstable();
        format!(
            "- From the start of the next process to the work on the job that was left: {} at the \
             median, {} at the 99th percentile ({} starts).\n\
             - From the signal that puts down what runs to the end of the process: {} at the \
             median, {} at the 99th percentile, {} at most ({} workers{}).\n",
            quantile(&recoveries, 50),
            quantile(&recoveries, 99),
            recoveries.len(),
            quantile(&stops, 50),
            quantile(&stops, 99),
            quantile(&stops, 100),
            stops.len(),
            if self.failed.is_empty() { "; none left a process behind" } else { "" },
        )
    }

    fn table(&self) -> String {
        let mut text = "| at each point | runs | pull request | comment instead | lost | doubled \
                        | left over or other | at work again, p50 | p99 |\n\
                        |---|---:|---:|---:|---:|---:|---:|---:|---:|\n"
            .to_owned();
        for (mode, row) in &self.by_mode {
            text.push_str(&row.line(&format!("{mode:?}").to_lowercase()));
        }
        text.push_str(
            "\n| points of | runs | pull request | comment instead | lost | doubled \
                       | left over or other | at work again, p50 | p99 |\n\
                       |---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for (room, row) in &self.by_room {
            text.push_str(&row.line(&format!("`{room}`")));
        }
        text.push_str(
            "\n| of the machine | runs | pull request | comment instead | lost | doubled \
                       | left over or other | at work again, p50 | p99 |\n\
                       |---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for (trial, row) in &self.by_trial {
            text.push_str(&row.line(trial));
        }
        text
    }

    pub(crate) fn markdown(&self, args: &Args, took: Duration) -> String {
        let mut text = include_str!("promise.md").to_owned();
        let date = chrono::Utc::now().format("%Y-%m-%d");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let _ = write!(
            text,
            "`./taskw faults -- {}` on {date}, {}, {cores} processors ({}): {} points, {} runs in \
             {} s ({} s of a processor; a load of {} at the end).\n\n{}\n",
            if args.sample { "--sample".to_owned() } else { format!("--rounds {}", args.rounds) },
            std::env::consts::OS,
            processor(),
            self.points,
            self.took.len(),
            took.as_secs(),
            spent(),
            load(),
            self.times(),
        );
        text.push_str(&self.table());
        text.push('\n');
        text.push_str(include_str!("matrix.md"));
        text
    }
}

impl Row {
    fn add(&mut self, verdict: &Verdict) {
        self.runs += 1;
        self.fired += usize::from(verdict.fired);
        self.broken += usize::from(!verdict.findings.is_empty());
        match verdict.outcome {
            Outcome::Pull => self.pulls += 1,
            Outcome::Comment => self.comments += 1,
            Outcome::Lost => self.lost += 1,
            Outcome::Doubled => self.doubled += 1,
        }
        self.recoveries.extend(verdict.recovery);
    }

    fn line(&self, name: &str) -> String {
        let mut recoveries = self.recoveries.clone();
        recoveries.sort_unstable();
        let Self { runs, pulls, comments, lost, doubled, broken, .. } = self;
        let (middle, most) = (quantile(&recoveries, 50), quantile(&recoveries, 99));
        format!(
            "| {name} | {runs} | {pulls} | {comments} | {lost} | {doubled} | {broken} | {middle} \
             | {most} |\n"
        )
    }
}

fn quantile(sorted: &[impl std::fmt::Display], share: usize) -> String {
    match sorted.len() {
        0 => "-".to_owned(),
        many => format!("{} ms", sorted[(many * share / 100).min(many - 1)]),
    }
}

/// What the machine calls its processor.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|it| it.strip_prefix("model name")?.split_once(": "));
    name.map_or(std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned())
}

/// How many processes wanted a processor in the last minutes: others' work slows this one's.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').nth(1).unwrap_or("?").to_owned()
}

/// The processor's time that this process and its children have had, in seconds.
fn spent() -> i64 {
    let of = |who| {
        let usage = getrusage(who).unwrap();
        usage.user_time().tv_sec() + usage.system_time().tv_sec()
    };
    of(UsageWho::RUSAGE_SELF) + of(UsageWho::RUSAGE_CHILDREN)
}

fn tail(text: &str) -> String {
    let lines = text.lines().rev().take(25).collect::<Vec<_>>();
    lines.into_iter().rev().map(|it| format!("    {it}\n")).collect()
}
