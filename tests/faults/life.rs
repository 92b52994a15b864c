//! One life of a worker: from its start to its end, with what it passed on the way.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::world::{World, processes};

/// No life is longer: a worker that gets no further is a finding.
const LONGEST: Duration = Duration::from_secs(120);
/// For how long a worker may go on after its fault, before it is told to stop: what it waits for
/// then is a pause of its own.
pub(crate) const GOES_ON: Duration = Duration::from_millis(2_500);
/// How long a worker may take to stop when it was told to: the grace for children, and 2 s.
const STOPS_WITHIN: Duration = Duration::from_secs(12);
/// After this it is told once more, which is to put down what runs.
const AGAIN: Duration = Duration::from_millis(300);
const LOOK: Duration = Duration::from_millis(15);

/// How a life ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ended {
    /// `None` when it was killed by us.
    pub(crate) status: Option<ExitStatus>,
    /// Every point passed, with what was done there.
    pub(crate) trace: Vec<Passed>,
    /// When it was started, in microseconds since 1970.
    pub(crate) began: i64,
    /// How long it took to leave once it was told twice to stop.
    pub(crate) left_after: Option<Duration>,
    /// What should not have been.
    pub(crate) findings: Vec<String>,
}

/// A point passed.
#[derive(Clone, Debug)]
pub(crate) struct Passed {
    /// When, in microseconds since 1970, by the worker's clock.
    pub(crate) at: i64,
    pub(crate) name: String,
    pub(crate) mode: Option<String>,
}

impl Ended {
    /// Whether it ended as a worker does that is done.
    pub(crate) fn is_done(&self) -> bool {
        self.status.is_some_and(|it| it.success())
    }

    /// Whether it was ended by a signal that nobody can catch.
    pub(crate) fn is_killed(&self) -> bool {
        self.status.is_none_or(|it| it.code().is_none())
    }

    /// How long after its start it was at work on a job, in milliseconds.
    pub(crate) fn at_work_after(&self) -> Option<i64> {
        let begun = self.trace.iter().find(|it| it.name == "store.begin:before")?;
        Some((begun.at - self.began).max(0) / 1_000)
    }

    /// Whether the fault that was armed has happened.
    pub(crate) fn has_fired(&self) -> bool {
        self.trace.iter().any(|it| it.mode.is_some())
    }
}

/// Runs the binary with these faults armed, until it ends or is ended.
pub(crate) async fn live(
    world: &World,
    nth: usize,
    args: &[&str],
    faults: &str,
    goes_on: Duration,
) -> Ended {
    let trace = world.path().join(format!("trace-{nth}"));
    let log = world.path().join(format!("worker-{nth}.log"));
    let output = OpenOptions::new().create(true).append(true).open(log).unwrap();
    let mut command = world.command(args);
    command.env("CODINGWORKER_FAULTS", faults).env("CODINGWORKER_FAULT_TRACE", &trace);
    command.stdout(output.try_clone().unwrap()).stderr(output);
    let began = now();
    let mut child = command.spawn().unwrap();
    let (mut findings, mut left_after) = (Vec::new(), None);
    let status = watch(&mut child, &trace, goes_on, &mut findings, &mut left_after).await;
    // Whoever leaves by itself has ended its children before.
    let left = if left_after.is_some() { processes(world.path()) } else { Vec::new() };
    if !left.is_empty() {
        findings.push(format!("left, and left processes behind: {left:?}"));
    }
    Ended { status, trace: passed(&trace), began, left_after, findings }
}

async fn watch(
    child: &mut Child,
    trace: &PathBuf,
    goes_on: Duration,
    findings: &mut Vec<String>,
    left_after: &mut Option<Duration>,
) -> Option<ExitStatus> {
    let (begun, pid) = (Instant::now(), Pid::from_raw(child.id().cast_signed()));
    let mut news = Tail { path: trace, read: 0 };
    let mut fired: Option<(Instant, bool)> = None;
    let (mut told, mut again): (Option<Instant>, bool) = (None, false);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            *left_after = told.filter(|_| again).map(|at| at.elapsed() - AGAIN);
            return Some(status);
        }
        if fired.is_none() {
            let mode = parsed(&news.read()).into_iter().find_map(|it| it.mode);
            fired = mode.map(|mode| (Instant::now(), mode == "Hang"));
        }
        let hangs = fired.is_some_and(|(at, hang)| hang && at.elapsed() > LOOK * 10);
        let stuck = told.is_some_and(|at| at.elapsed() > STOPS_WITHIN);
        if stuck {
            findings.push(format!("did not stop within {STOPS_WITHIN:?} of SIGTERM"));
        } else if begun.elapsed() > LONGEST {
            findings.push(format!("neither ended nor got further within {LONGEST:?}"));
        }
        if hangs || stuck || begun.elapsed() > LONGEST {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        match (fired, told) {
            (Some((at, false)), None) if at.elapsed() >= goes_on => {
                let _ = kill(pid, Signal::SIGTERM);
                told = Some(Instant::now());
            }
            // The second one puts down what runs.
            (_, Some(at)) if !again && at.elapsed() > AGAIN => {
                let _ = kill(pid, Signal::SIGTERM);
                again = true;
            }
            _ => {}
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A file that grows, read once.
struct Tail<'a> {
    path: &'a PathBuf,
    read: u64,
}

impl Tail<'_> {
    /// The whole lines that have come since.
    fn read(&mut self) -> String {
        let mut text = String::new();
        if let Ok(mut file) = File::open(self.path) {
            file.seek(SeekFrom::Start(self.read)).unwrap();
            file.read_to_string(&mut text).unwrap();
        }
        text.truncate(text.rfind('\n').map_or(0, |it| it + 1));
        self.read += text.len() as u64;
        text
    }
}

fn passed(trace: &PathBuf) -> Vec<Passed> {
    parsed(&std::fs::read_to_string(trace).unwrap_or_default())
}

fn parsed(text: &str) -> Vec<Passed> {
    let line = |line: &str| {
        let mut words = line.split(' ');
        let at = words.next()?.parse().ok()?;
        let name = words.next()?.to_owned();
        let mode = words.next().map(|it| it.split('(').next().unwrap_or(it).to_owned());
        Some(Passed { at, name, mode })
    };
    text.lines().filter_map(line).collect()
}

/// Microseconds since 1970.
pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_micros()).unwrap()
}
