//! Who plays agent and runner, and a stopwatch around every step of the hands.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use codingworker::agent::{Agent, AgentError, Edit, EditVerdict, Errand, Readiness};
use codingworker::domain::job::{Event, JobId, Model, Outcome, Progress, Story, Tokens};
use codingworker::domain::verification::Exit;
use codingworker::engine::decide::Action;
use codingworker::runner::{Command, Ended, Runner, RunnerError};
use codingworker::store::Job;
use codingworker::worker::crew::Crew;
use codingworker::worker::drive::Perform;
use codingworker::worker::lease::Lease;
use codingworker::worker::shift::Hire;
use tokio_util::sync::CancellationToken;

const BROKEN: &str = include_str!("../../src/demo/sample/stats.py");
const TESTS: &str = "import unittest\n\nfrom stats import mean, median\n\n\n\
    class StatsTest(unittest.TestCase):\n    def test_mean(self):\n\
    \x20       self.assertEqual(mean([1, 2, 3]), 2)\n\n    def test_median_of_even(self):\n\
    \x20       self.assertEqual(median([4, 1, 3, 2]), 2.5)\n";
const FIXED: &str = "\"\"\"Small statistics for lists of numbers.\"\"\"\n\n\n\
    def mean(numbers):\n    \"\"\"The arithmetic mean; 0 for an empty list.\"\"\"\n\
    \x20   if not numbers:\n        return 0\n    return sum(numbers) / len(numbers)\n\n\n\
    def median(numbers):\n    \"\"\"The middle value.\"\"\"\n    if not numbers:\n        return 0\n\
    \x20   ordered = sorted(numbers)\n    middle = len(ordered) // 2\n\
    \x20   return (ordered[middle] + ordered[~middle]) / 2\n";

/// What took how long, and how much of a job was not ours.
#[derive(Default)]
pub(crate) struct Stopwatch(Mutex<Times>);

#[derive(Default)]
struct Times {
    outside: Duration,
    asked: Option<Instant>,
    /// Of the job that runs, in the order in which it first came to them.
    job: Vec<(&'static str, Duration)>,
}

impl Stopwatch {
    /// A job begins.
    pub(crate) fn reset(&self) {
        *self.times() = Times::default();
    }

    /// How long agent and checks took so far.
    pub(crate) fn outside(&self) -> Duration {
        self.times().outside
    }

    /// When the agent was first asked, after the checks on the untouched base.
    pub(crate) fn first_asked(&self, begun: Instant) -> Duration {
        self.times().asked.map_or(Duration::MAX, |it| it.duration_since(begun))
    }

    /// What each kind of step took in the whole job.
    pub(crate) fn steps(&self) -> Vec<(&'static str, Duration)> {
        self.times().job.clone()
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The worker's own crew, with a stopwatch.
pub(crate) struct Agency {
    pub(crate) crew: Crew,
    pub(crate) watch: Arc<Stopwatch>,
}

#[async_trait]
impl Hire for Agency {
    async fn hands(&self, job: &Job, lease: Arc<Lease>) -> Box<dyn Perform> {
        let hands = self.crew.hands(job, lease).await;
        Box::new(TimedHands { hands, watch: self.watch.clone() })
    }

    async fn is_asked_to_stop(&self, job: &Job) -> bool {
        self.crew.is_asked_to_stop(job).await
    }

    async fn dismiss(&self, job: &JobId, outcome: &Outcome) {
        self.crew.dismiss(job, outcome).await;
    }
}

struct TimedHands {
    hands: Box<dyn Perform>,
    watch: Arc<Stopwatch>,
}

#[async_trait]
impl Perform for TimedHands {
    async fn perform(
        &mut self,
        action: Action,
        progress: &Progress,
        story: &Story,
        stop: &CancellationToken,
    ) -> Event {
        let name = name(&action);
        let (begun, before) = (Instant::now(), self.watch.outside());
        let event = self.hands.perform(action, progress, story, stop).await;
        let took = begun.elapsed();
        let mut times = self.watch.times();
        let ours = took.saturating_sub(times.outside - before);
        match times.job.iter_mut().find(|(step, _)| *step == name) {
            Some((_, sum)) => *sum += ours,
            None => times.job.push((name, ours)),
        }
        event
    }
}

fn name(action: &Action) -> &'static str {
    match action {
        Action::Inspect => "read the issue",
        Action::Tell(_) => "comment (3 times)",
        Action::Prepare => "check out",
        Action::Baseline => "base checks, around the commands",
        Action::Attempt(_) => "2 turns, around the agent",
        Action::Verify { .. } => "2 checks, around the commands",
        Action::Prove { .. } => "proof, around the commands",
        Action::Gate(_) => "gate",
        Action::Commit { .. } => "commit",
        Action::Push(_) => "push",
        Action::Open { .. } => "open the pull request",
        Action::Label { .. } => "label",
        _ => "other",
    }
}

/// Repairs the sample at its first turn, and tests it at the second; does what a comment asks for.
pub(crate) struct PlayedAgent(pub(crate) Arc<Stopwatch>);

#[async_trait]
impl Agent for PlayedAgent {
    async fn version(&self) -> Result<String, AgentError> {
        Ok("aider 0.0.0".to_owned())
    }

    async fn ready(&self, model: &Model) -> Result<Readiness, AgentError> {
        Ok(Readiness { context: model.num_ctx })
    }

    async fn edit(&self, errand: Errand<'_>, _: &CancellationToken) -> Result<Edit, AgentError> {
        let begun = Instant::now();
        let source = errand.tree.join("stats.py");
        let broken = std::fs::read_to_string(&source).is_ok_and(|it| it == BROKEN);
        let round = errand.prompt.split("round ").nth(1).and_then(|it| it.split_once(' '));
        let (file, text) = match (broken, round) {
            (true, _) => (source, FIXED.to_owned()),
            (false, None) => (errand.tree.join("tests/test_stats.py"), TESTS.to_owned()),
            (false, Some((round, _))) => (source, format!("{FIXED}\n\n# Round {round}.\n")),
        };
        std::fs::write(file, text).map_err(|it| AgentError::NotStarted(it.to_string()))?;
        let took = begun.elapsed();
        let mut times = self.0.times();
        times.asked.get_or_insert(begun);
        times.outside += took;
        let (reply, tokens) = (String::new(), Tokens::default());
        Ok(Edit { verdict: EditVerdict::Answered, reply, calls: 1, tokens, took })
    }
}

/// The tests are red where the new ones meet the old source.
pub(crate) struct PlayedRunner(pub(crate) Arc<Stopwatch>);

#[async_trait]
impl Runner for PlayedRunner {
    async fn run(&self, command: Command<'_>, _: &CancellationToken) -> Result<Ended, RunnerError> {
        let begun = Instant::now();
        let is = |name: &str, text: &str| {
            std::fs::read_to_string(command.tree.join(name)).is_ok_and(|it| it == text)
        };
        let red = command.line.contains("unittest")
            && is("stats.py", BROKEN)
            && is("tests/test_stats.py", TESTS);
        let took = begun.elapsed();
        self.0.times().outside += took;
        Ok(Ended { exit: Exit::Code(i32::from(red)), output: String::new(), took })
    }
}
