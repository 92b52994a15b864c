//! A job's journal as a reader wants it: what was the latest of each thing?

use crate::domain::change::{Change, FileChange, PullRequest};
use crate::domain::example::Tried;
use crate::domain::job::{
    Checkout, Complaint, Conversation, Event, Inspection, JobId, Mutation, Outcome, Proof, Record,
    Turn,
};
use crate::domain::task::Task;
use crate::domain::verification::Verification;

/// A job with all that is written down about it, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// Which job.
    pub job: JobId,
    /// What was asked.
    pub task: Task,
    /// What happened.
    pub records: Vec<Record>,
}

impl Story {
    fn latest<'a, T>(&'a self, pick: impl Fn(&'a Event) -> Option<T>) -> Option<T> {
        self.records.iter().rev().find_map(|record| pick(&record.event))
    }

    /// The issue and the repository, as they were read.
    pub fn inspection(&self) -> Option<&Inspection> {
        self.latest(|event| if let Event::Inspected(it) = event { Some(it) } else { None })
    }

    /// The pull request that is talked about, where the task came from a comment on one.
    pub fn conversation(&self) -> Option<&Conversation> {
        self.inspection().and_then(|it| it.conversation.as_ref())
    }

    /// What was checked out, or what the work was put on since.
    pub fn checkout(&self) -> Option<&Checkout> {
        self.latest(|event| match event {
            Event::Prepared(it) | Event::Rebased { checkout: it, .. } => Some(it),
            _ => None,
        })
    }

    /// The checks on the untouched base.
    pub fn baseline(&self) -> Option<&Verification> {
        self.latest(|event| if let Event::Baselined(it) = event { Some(it) } else { None })
    }

    /// The examples of the issue, as tried on the untouched base: those that it spells out, and
    /// those that a model wrote down.
    pub fn examples(&self) -> impl Iterator<Item = &Tried> {
        let spelled = self.baseline().into_iter().flat_map(|it| it.examples.iter());
        spelled.chain(self.turns().flat_map(|it| it.examples.iter()))
    }

    /// The agent's turns, in order.
    pub fn turns(&self) -> impl Iterator<Item = &Turn> {
        turns_of(&self.records)
    }

    /// What the tests are worth.
    pub fn proof(&self) -> Option<&Proof> {
        self.latest(|event| if let Event::Proved(it) = event { Some(it) } else { None })
    }

    /// What a reviewer should look at first, as the gate found it.
    pub fn notes(&self) -> &[String] {
        let notes = self.latest(|event| match event {
            Event::Gated { notes, .. } => Some(notes.as_slice()),
            _ => None,
        });
        notes.unwrap_or_default()
    }

    /// What the commit changes against the base.
    pub fn files(&self) -> Option<&[FileChange]> {
        self.latest(|event| match event {
            Event::Committed { files, .. } => Some(files.as_slice()),
            _ => None,
        })
    }

    /// The checks that speak for the work: those of the tree that was committed, else the last.
    pub fn verdict(&self) -> Option<(&Verification, Option<&Complaint>)> {
        let (verification, complaint, _) = self.judged()?;
        Some((verification, complaint))
    }

    /// What the worker found by trial in the attempt that the verdict is about.
    pub fn mutations(&self) -> Vec<&Mutation> {
        let at = self.judged().map_or(0, |(_, _, at)| at);
        let turns: Vec<&Turn> = turns_of(self.records.get(..at).unwrap_or_default()).collect();
        let last = turns.last().map(|it| (it.rung, it.attempt));
        let of_last = turns.into_iter().filter(|it| Some((it.rung, it.attempt)) == last);
        of_last.flat_map(|it| &it.mutations).collect()
    }

    /// The verdict, and the place of its record.
    fn judged(&self) -> Option<(&Verification, Option<&Complaint>, usize)> {
        let committed = self.latest(|event| match event {
            Event::Committed { tree, .. } => Some(tree),
            _ => None,
        });
        let added = self.proof().and_then(|it| it.added.as_ref());
        let committed = committed.map(|tree| match added {
            Some(added) if added.tree == *tree => &added.onto,
            _ => tree,
        });
        self.records.iter().enumerate().rev().find_map(|(at, record)| match &record.event {
            Event::Verified { verification, tree, complaint, .. }
                if committed.is_none_or(|it| it == tree) =>
            {
                Some((verification, complaint.as_ref(), at))
            }
            _ => None,
        })
    }

    /// The branch that was pushed.
    pub fn change(&self) -> Option<&Change> {
        self.latest(|event| if let Event::Pushed(it) = event { Some(it) } else { None })
    }

    /// The pull request that was opened.
    pub fn pull_request(&self) -> Option<&PullRequest> {
        self.latest(|event| if let Event::Opened(it) = event { Some(it) } else { None })
    }

    /// How it was decided to end.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.latest(|event| match event {
            Event::Ended(outcome) => Some(outcome),
            Event::Cancelled => Some(&Outcome::Cancelled),
            _ => None,
        })
    }
}

fn turns_of(records: &[Record]) -> impl Iterator<Item = &Turn> {
    records.iter().filter_map(|record| match &record.event {
        Event::Attempted(turn) => Some(turn),
        _ => None,
    })
}
