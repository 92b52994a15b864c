//! One case: a point, what happens there, and what became of it.

use std::fmt;
use std::time::{Duration, Instant};

use crate::life::{Ended, GOES_ON, live};
use crate::oracle::{self, Outcome};
use crate::world::{Ground, World};

/// What has gone before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scenario {
    /// A task waits, and a worker starts.
    Fresh,
    /// A worker was killed at the job before, after the agent's turn.
    TakenUp,
    /// The fault is in `codingworker submit`.
    Submitted,
    /// As `Fresh`, over SQS, with the fault in `codingworker submit` or in the worker.
    Sqs,
    /// As `TakenUp`, over SQS.
    SqsTakenUp,
}

impl Scenario {
    /// Those in which points are looked for.
    pub(crate) const ALL: [Self; 5] =
        [Self::Fresh, Self::TakenUp, Self::Submitted, Self::Sqs, Self::SqsTakenUp];

    /// Whether the queue is SQS.
    pub(crate) fn is_remote(self) -> bool {
        matches!(self, Self::Sqs | Self::SqsTakenUp)
    }
}

/// What happens at the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    Kill,
    Error,
    Hang,
    Delay,
    Panic,
    /// SIGTERM while the point is passed, and once more.
    Stop,
}

impl Mode {
    pub(crate) const ALL: [Self; 6] =
        [Self::Kill, Self::Error, Self::Hang, Self::Delay, Self::Panic, Self::Stop];

    /// As the environment has it.
    fn words(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Error => "error",
            Self::Hang => "hang",
            Self::Delay | Self::Stop => "delay:300",
            Self::Panic => "panic",
        }
    }
}

/// A point, a mode, and at which of its hits.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) scenario: Scenario,
    pub(crate) point: String,
    pub(crate) mode: Mode,
    pub(crate) hit: u64,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, point, mode, hit } = self;
        let words = format!("{scenario:?}/{point}/{mode:?}/{hit}");
        let (scenario, rest) = words.split_once('/').unwrap();
        let mode = format!("{mode:?}");
        let rest = rest.replace(&format!("/{mode}/"), &format!("/{}/", mode.to_lowercase()));
        write!(f, "{}/{rest}", scenario.to_lowercase())
    }
}

/// What came of a case.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    /// The life that had the fault.
    pub(crate) first: Ended,
    /// Whether the fault happened at all.
    pub(crate) fired: bool,
    /// From the start of the next process to the begin of work on the job, in milliseconds.
    pub(crate) recovery: Option<i64>,
    /// How long those took to leave that were told to stop.
    pub(crate) stops: Vec<Duration>,
    /// What it took, all in all.
    pub(crate) took: Duration,
    /// Every law that was broken.
    pub(crate) findings: Vec<String>,
    /// What the workers have said, when something was found.
    pub(crate) said: String,
}

/// How often a worker may be started until all is over.
const MOST_LIVES: usize = 5;
pub(crate) const DRAIN: [&str; 2] = ["serve", "--drain"];
/// Where the worker was killed before, when a job is taken up.
pub(crate) const BEFORE: &str = "journal.Attempted:after=kill";

/// Runs it from the trigger to its end.
pub(crate) async fn run(ground: &Ground, case: &Case) -> Verdict {
    let began = Instant::now();
    let world = World::make(ground, case.scenario).await;
    let faults = format!("{}={}@{}", case.point, case.mode.words(), case.hit);
    let after = if case.mode == Mode::Stop { Duration::ZERO } else { GOES_ON };
    let first = begin(&world, case.scenario, &faults, after).await;
    let may_fail = matches!(case.mode, Mode::Error | Mode::Panic);
    let mut verdict = recover(&world, ground, first, may_fail).await;
    let ended = verdict.first.status;
    // A command that a person types just ends.
    let is_worker = case.scenario != Scenario::Submitted;
    if case.mode == Mode::Stop && is_worker && !ended.is_some_and(|it| it.success()) {
        verdict.findings.push(format!("left with {ended:?} after SIGTERM"));
    }
    if !verdict.findings.is_empty() {
        verdict.said = said(&world);
    }
    verdict.took = began.elapsed();
    verdict
}

/// Starts workers until all is over, and judges.
pub(crate) async fn recover(
    world: &World,
    ground: &Ground,
    first: Ended,
    may_fail: bool,
) -> Verdict {
    let mut findings = first.findings.clone();
    let fired = first.has_fired();
    let mut stops = first.left_after.into_iter().collect::<Vec<_>>();
    let (mut over, mut lives, mut recovery) = (false, 0, None);
    // Whoever was killed is started again at once, and finds what it left as it was.
    let mut at_once = first.is_killed() && oracle::is_under_way(world).await;
    while !over && lives < MOST_LIVES {
        if !at_once {
            world.time_passes().await;
        }
        at_once = false;
        let life = live(world, 10 + lives, &DRAIN, "", GOES_ON).await;
        findings.extend(life.findings.iter().cloned());
        over = life.is_done() && oracle::is_settled(world).await;
        // On SQS what was received and not yet written down is waited for.
        if recovery.is_none() && !world.is_remote() {
            recovery = life.at_work_after();
        }
        stops.extend(life.left_after);
        lives += 1;
    }
    if !over {
        findings.push(format!("not over after {lives} lives"));
    }
    let (outcome, more) = oracle::judge(world, ground, may_fail).await;
    findings.extend(more);
    let (said, took) = (String::new(), Duration::ZERO);
    Verdict { outcome, first, fired, recovery, stops, took, findings, said }
}

/// Everything up to the end of the life that has the fault.
pub(crate) async fn begin(
    world: &World,
    scenario: Scenario,
    faults: &str,
    goes_on: Duration,
) -> Ended {
    let mut trace = Vec::new();
    if matches!(scenario, Scenario::Submitted | Scenario::Sqs) {
        let task = world.path().join("task.json");
        std::fs::write(&task, world.task()).unwrap();
        let submit = ["submit", "--file", task.to_str().unwrap()];
        let submitted = live(world, 0, &submit, faults, goes_on).await;
        // A person who is not told that it worked says it again.
        if !submitted.is_done() {
            let again = live(world, 2, &submit, "", goes_on).await;
            assert!(again.is_done(), "{}", said(world));
        }
        if scenario == Scenario::Submitted {
            return submitted;
        }
        trace = submitted.trace;
    } else {
        world.queue().submit(&world.task()).await.unwrap();
    }
    if matches!(scenario, Scenario::TakenUp | Scenario::SqsTakenUp) {
        live(world, 0, &DRAIN, BEFORE, goes_on).await;
    }
    let mut first = live(world, 1, &DRAIN, faults, goes_on).await;
    first.trace.extend(trace);
    first
}

pub(crate) fn said(world: &World) -> String {
    let mut files = std::fs::read_dir(world.path()).unwrap().flatten().collect::<Vec<_>>();
    files.sort_by_key(std::fs::DirEntry::file_name);
    let logs = files.into_iter().map(|it| it.path());
    let logs = logs.filter(|it| it.extension().is_some_and(|it| it == "log"));
    logs.map(|it| std::fs::read_to_string(it).unwrap_or_default()).collect()
}
