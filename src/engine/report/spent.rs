//! Where a job's time went, by its journal alone.

use serde::Serialize;

use crate::domain::job::{Event, Record, Story};
use crate::domain::time::Timestamp;
use crate::domain::verification::{Check, Verification};

/// What time is spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Spending {
    /// From the label or the comment to the job's beginning: the queue, and whatever is before it.
    Queue,
    /// Reading what is asked, and by whom.
    Inspect,
    /// The checkout, and what the checks need.
    Prepare,
    /// Turns of the agent.
    Model,
    /// The build.
    Build,
    /// The linter.
    Lint,
    /// The tests, and whether they are worth something.
    Test,
    /// Around the commands of the checks: trees put on disk, formatters.
    Checks,
    /// Pauses because the model was away.
    ModelAway,
    /// The gate, the commit and the push.
    Push,
    /// Comments, labels, the pull request.
    Tell,
    /// What failed and was tried again, with the pauses between.
    Retries,
    /// Nobody worked on it: the worker was down, or had given it back.
    Idle,
}

impl Spending {
    /// All of them, in the order of a job's life.
    pub const ALL: [Self; 13] = [
        Self::Queue,
        Self::Inspect,
        Self::Prepare,
        Self::Model,
        Self::Build,
        Self::Lint,
        Self::Test,
        Self::Checks,
        Self::ModelAway,
        Self::Push,
        Self::Tell,
        Self::Retries,
        Self::Idle,
    ];

    /// A few words for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queue => "in the queue",
            Self::Inspect => "inspect",
            Self::Prepare => "prepare",
            Self::Model => "agent and model",
            Self::Build => "build",
            Self::Lint => "lint",
            Self::Test => "test",
            Self::Checks => "around checks",
            Self::ModelAway => "model away",
            Self::Push => "gate and push",
            Self::Tell => "telling",
            Self::Retries => "faults, retries",
            Self::Idle => "set down",
        }
    }

    /// A letter for it, where there are no colours.
    pub fn letter(self) -> char {
        match self {
            Self::Queue => 'q',
            Self::Inspect => 'i',
            Self::Prepare => 'p',
            Self::Model => 'M',
            Self::Build => 'B',
            Self::Lint => 'L',
            Self::Test => 'T',
            Self::Checks => 'c',
            Self::ModelAway => 'w',
            Self::Push => 'g',
            Self::Tell => 't',
            Self::Retries => 'r',
            Self::Idle => '.',
        }
    }
}

/// A stretch of a job's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// What it was spent on.
    pub on: Spending,
    /// When it began.
    pub from: Timestamp,
    /// How long it was, in milliseconds.
    pub ms: u64,
}

/// How much of a job's time was spent on one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// On what.
    pub on: Spending,
    /// In milliseconds.
    pub ms: u64,
}

/// A job's time in the order in which it went by, without gaps.
pub fn stretches(story: &Story) -> Vec<Stretch> {
    let mut all = Vec::new();
    let mut end = asked_at(story);
    let mut blame = Spending::Retries;
    for (nth, record) in story.records.iter().enumerate() {
        let begin = start(record);
        let gap = if nth == 0 { Spending::Queue } else { Spending::Idle };
        if let Some(end) = end {
            push(&mut all, gap, end, ms(begin.since(end)));
        }
        if let Event::Failed(failure) = &record.event {
            let away = failure.fault.is_of_model();
            blame = if away { Spending::ModelAway } else { Spending::Retries };
        }
        of_record(record, blame, begin, &mut all);
        end = end.max(Some(record.at));
    }
    all
}

/// When each record's action began.
pub fn start(record: &Record) -> Timestamp {
    Timestamp(record.at.0.saturating_sub(i64::try_from(record.took_ms).unwrap_or(i64::MAX)))
}

/// The sums, the largest first; what took no time is left out.
pub fn shares(stretches: &[Stretch]) -> Vec<Share> {
    let sum = |on: Spending| stretches.iter().filter(|it| it.on == on).map(|it| it.ms).sum();
    let all = Spending::ALL.map(|on| Share { on, ms: sum(on) });
    let mut some = all.into_iter().filter(|it| it.ms > 0).collect::<Vec<_>>();
    some.sort_by_key(|it| std::cmp::Reverse(it.ms));
    some
}

/// When somebody asked, by the code host's clock: the label was set, or the comment written.
/// `None`: not known, as with what the operator asks for himself.
fn asked_at(story: &Story) -> Option<Timestamp> {
    let inspection = story.inspection()?;
    let own = inspection.conversation.as_ref().and_then(|it| it.requests.first());
    // What is asked again was not waited for since it was first asked.
    let comment = own.filter(|_| story.task.asking.is_empty()).map(|it| it.at);
    inspection.asked_at.or(comment)
}

fn of_record(record: &Record, blame: Spending, begin: Timestamp, all: &mut Vec<Stretch>) {
    let on = match &record.event {
        Event::Baselined(it) | Event::Verified { verification: it, .. } => {
            return of_checks(it, begin, record.took_ms, all);
        }
        Event::Inspected(_) | Event::Ended(_) | Event::Closed | Event::Cancelled => {
            Spending::Inspect
        }
        Event::Prepared(_) => Spending::Prepare,
        Event::Attempted(_) => Spending::Model,
        Event::Proved(_) => Spending::Test,
        Event::Gated { .. }
        | Event::Committed { .. }
        | Event::Pushed(_)
        | Event::Rebased { .. } => Spending::Push,
        Event::Told { .. } | Event::Opened(_) | Event::Labelled => Spending::Tell,
        Event::Failed(_) | Event::Rested => blame,
        Event::Orphaned => Spending::Idle,
    };
    push(all, on, begin, record.took_ms);
}

/// The commands' own times, and what is left of the whole.
fn of_checks(it: &Verification, begin: Timestamp, whole: u64, all: &mut Vec<Stretch>) {
    let mut left = whole;
    let ran: u64 = it.steps.iter().map(|it| it.duration_ms).sum();
    let around = whole.saturating_sub(ran);
    let mut at = begin;
    let mut spend = |on, ms: u64| {
        let ms = ms.min(left);
        push(all, on, at, ms);
        left -= ms;
        at = Timestamp(at.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)));
    };
    spend(Spending::Checks, around);
    for step in &it.steps {
        let on = match step.check {
            Check::Build => Spending::Build,
            Check::Lint => Spending::Lint,
            Check::Test => Spending::Test,
        };
        spend(on, step.duration_ms);
    }
}

fn push(all: &mut Vec<Stretch>, on: Spending, from: Timestamp, ms: u64) {
    if ms > 0 {
        all.push(Stretch { on, from, ms });
    }
}

fn ms(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Which stretch each of `width` equal parts of the whole belongs to: the one that has most of it.
/// What is shorter than half a part has none.
pub fn strip(stretches: &[Stretch], width: usize) -> Vec<Spending> {
    let whole: u64 = stretches.iter().map(|it| it.ms).sum();
    if whole == 0 || width == 0 {
        return Vec::new();
    }
    let parts = u128::try_from(width).unwrap_or(1);
    let mut cells = Vec::with_capacity(width);
    for nth in 0..parts {
        let (low, high) = (nth * u128::from(whole), (nth + 1) * u128::from(whole));
        let mut begin = 0u128;
        let mut best = (0, stretches[0].on);
        for stretch in stretches {
            let end = begin + u128::from(stretch.ms) * parts;
            let shared = end.min(high).saturating_sub(begin.max(low));
            if best.0 < shared {
                best = (shared, stretch.on);
            }
            begin = end;
        }
        cells.push(best.1);
    }
    cells
}
