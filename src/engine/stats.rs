//! Whether this pays: how many jobs were solved, by which model, and what became of their work.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::change::Fate;
use crate::domain::job::{Outcome, Request, Story, Turn};
use crate::domain::task::Origin;

/// Where a job's work came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An issue was implemented.
    Issue,
    /// Something was asked for on a pull request.
    PullRequest,
}

impl Kind {
    /// The words that people read.
    pub fn words(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::PullRequest => "pull request",
        }
    }
}

/// How a job went for which the agent had a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Solved {
    /// By the first answer.
    AtOnce,
    /// After more than one.
    Later,
    /// Not at all: what was made, if anything, is not ready.
    Never,
}

/// A job that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The repository, in lower case.
    pub repository: String,
    /// The model that had the last turn.
    pub model: String,
    /// Where it came from.
    pub kind: Kind,
    /// How it went.
    pub solved: Solved,
    /// The number of the pull request that its work is on, where there is one.
    pub pull: Option<u64>,
}

/// What an outcome says of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is ready.
    Solved,
    /// It is not.
    Unsolved,
    /// Nothing: it was not judged, or there was none to do.
    Nothing,
}

fn verdict(outcome: &Outcome) -> Verdict {
    match outcome {
        Outcome::Ready(_) | Outcome::Updated { ready: true, .. } => Verdict::Solved,
        Outcome::Updated { ready: false, .. }
        | Outcome::Incomplete(_)
        // It may be right: whether it was merged says so.
        | Outcome::Unproven(_)
        | Outcome::BranchOnly(_)
        | Outcome::GaveUp
        | Outcome::NothingToChange
        | Outcome::Stopped(_)
        | Outcome::Clashed { .. }
        | Outcome::Broke(_) => Verdict::Unsolved,
        Outcome::Answered(_) | Outcome::Joined(_) | Outcome::Refused(_) | Outcome::Cancelled => {
            Verdict::Nothing
        }
    }
}

/// The pull request that the work is on.
fn pull(story: &Story, outcome: &Outcome) -> Option<u64> {
    match outcome {
        Outcome::Updated { .. } => Some(story.task.thread()),
        _ => story.pull_request().map(|it| it.number),
    }
}

/// What a job tells; `None` where it tells nothing: it is not over, no model had a turn, or it was
/// cancelled.
pub fn case(story: &Story) -> Option<Case> {
    let outcome = story.outcome()?;
    let verdict = verdict(outcome);
    let model = story.turns().last()?.model.clone();
    // Tests for what was made are no other attempt at it, and neither is a look at the issue.
    let aside = |it: &&Turn| matches!(it.request, Request::Cover | Request::Read);
    let attempts = story.turns().filter(|it| !aside(it)).count();
    let solved = match verdict {
        Verdict::Nothing => return None,
        Verdict::Unsolved => Solved::Never,
        Verdict::Solved if attempts <= 1 => Solved::AtOnce,
        Verdict::Solved => Solved::Later,
    };
    Some(Case {
        repository: story.task.repository.to_string().to_lowercase(),
        model,
        kind: match story.task.origin {
            Origin::Issue { .. } => Kind::Issue,
            Origin::PrComment { .. } => Kind::PullRequest,
        },
        solved,
        pull: pull(story, outcome),
    })
}

/// Counts of jobs that have repository, model and kind in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All of them.
    pub jobs: u64,
    /// Ready after the model's first answer.
    pub at_once: u64,
    /// Ready after more than one.
    pub after_more_attempts: u64,
    /// Never ready.
    pub never: u64,
    /// Whose pull request was merged.
    pub merged: u64,
    /// Whose pull request was closed without a merge.
    pub closed: u64,
    /// Whose pull request is open, as far as it was seen.
    pub open: u64,
}

impl Counts {
    fn add(&mut self, solved: Solved, fate: Option<Fate>) {
        self.jobs += 1;
        match solved {
            Solved::AtOnce => self.at_once += 1,
            Solved::Later => self.after_more_attempts += 1,
            Solved::Never => self.never += 1,
        }
        match fate {
            Some(Fate::Merged) => self.merged += 1,
            Some(Fate::Closed) => self.closed += 1,
            Some(Fate::Open) => self.open += 1,
            None => {}
        }
    }

    /// Both together.
    pub fn plus(self, other: &Self) -> Self {
        Self {
            jobs: self.jobs + other.jobs,
            at_once: self.at_once + other.at_once,
            after_more_attempts: self.after_more_attempts + other.after_more_attempts,
            never: self.never + other.never,
            merged: self.merged + other.merged,
            closed: self.closed + other.closed,
            open: self.open + other.open,
        }
    }
}

/// The counts of one repository, model and kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The repository, in lower case.
    pub repository: String,
    /// The model that had the last turn.
    pub model: String,
    /// Where the work came from.
    pub kind: Kind,
    /// How many, and how they went.
    #[serde(flatten)]
    pub counts: Counts,
}

/// Counts the cases, by repository, model and kind; `fate` says what became of a pull request of a
/// repository, which is named in lower case.
pub fn rows(cases: &[Case], fate: impl Fn(&str, u64) -> Option<Fate>) -> Vec<Row> {
    let mut counts: BTreeMap<(&str, &str, Kind), Counts> = BTreeMap::new();
    for it in cases {
        let became = it.pull.map(|number| fate(&it.repository, number).unwrap_or(Fate::Open));
        let key = (it.repository.as_str(), it.model.as_str(), it.kind);
        counts.entry(key).or_default().add(it.solved, became);
    }
    let row = |((repository, model, kind), counts): ((&str, &str, Kind), Counts)| Row {
        repository: repository.to_owned(),
        model: model.to_owned(),
        kind,
        counts,
    };
    counts.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests;
