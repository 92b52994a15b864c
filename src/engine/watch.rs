//! What is new in the lists of a repository that is looked at again and again.
//!
//! The code host tells of no events: it has lists, newest first, in pages, with times in whole
//! seconds. From what a list shows and what was seen of it before, this says what is new and what
//! to remember. It decides nothing about trust: what it finds goes to the queue, and whoever may
//! not ask is refused there.
//!
//! What is not seen: an edit of a comment that asked for nothing before (nobody is asked by an
//! edit on the queue's way either), reviews of pull requests that are closed, and what was written
//! and taken away again between two looks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::task::{CommentKind, CommentRef, Repository};
use crate::domain::time::Timestamp;

mod budget;
mod message;

pub use budget::Budget;
pub use message::{comment_task, issue_task};

/// How many pages of a list are read in one go.
pub const MOST_PAGES: u32 = 10;
/// Comments that are older are not made up for after a time away.
const MOST_AWAY_MS: i64 = 7 * 86_400_000;
/// How far behind the newest it is looked again: what was written first may be shown second.
const OVERLAP_MS: i64 = 120_000;
/// What changed just now may change again within the same second, and look the same.
const UNSETTLED_MS: i64 = 5_000;
/// How many of what is older than the overlap are remembered, the newest.
const MOST_KNOWN: usize = 1_000;

/// A list of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// The open issues that carry the label, by when they changed.
    Issues,
    /// The comments of all conversations, by when they were written: an edit moves nothing.
    Comments,
    /// The comments on diffs, by when they changed: those of a review are shown when it is sent,
    /// which may be long after they were written.
    LineComments,
    /// The open issues and pull requests, by when they changed: there is no list of reviews.
    Threads,
}

impl List {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Issues, Self::Comments, Self::LineComments, Self::Threads];

    /// A word for it, in the database and in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Issues => "issues",
            Self::Comments => "comments",
            Self::LineComments => "line comments",
            Self::Threads => "threads",
        }
    }

    /// Whether its items are looked at again when they have changed.
    fn changes(self) -> bool {
        matches!(self, Self::Issues | Self::Threads)
    }
}

/// One item of a list. Its words are a stranger's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The number of an issue or pull request, the id of a comment.
    pub id: u64,
    /// The time that the list is sorted by.
    pub at: Timestamp,
    /// When it was written.
    pub written: Timestamp,
    /// The number of the issue or pull request that it is, or stands under.
    pub thread: u64,
    /// Whether that is a pull request.
    pub on_pull: bool,
    /// The login of whoever wrote it; empty where the account is gone.
    pub author: String,
    /// One line; empty for a comment.
    pub title: String,
    /// Markdown.
    pub body: String,
}

/// What was seen of a list so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When the list was looked at first. What was written before asks for nothing.
    pub since: Timestamp,
    /// Everything that is older was seen.
    pub floor: Timestamp,
    /// What was seen that is not older, and the newest of the rest: id, and the time it had.
    pub seen: BTreeMap<u64, Timestamp>,
    /// What was passed on of what was found behind the list: issues with the time of their
    /// labelling, reviews with the time they were sent.
    pub told: BTreeMap<u64, Timestamp>,
}

impl Mark {
    /// Whether a labelling, or a review, is one that was not passed on yet. Asks for it once.
    pub fn is_news(&mut self, id: u64, at: Timestamp) -> bool {
        let news = self.told.insert(id, at) != Some(at);
        keep_newest(&mut self.told, Timestamp(i64::MAX));
        news
    }
}

/// One reading of a list, page by page from the newest.
#[derive(Debug)]
pub struct Pass {
    list: List,
    mark: Mark,
    is_first: bool,
    newest: Timestamp,
    oldest: Timestamp,
    /// Before when nothing was made up for, where something is there that was not seen.
    cut: Option<Timestamp>,
    fresh: BTreeMap<u64, Sighting>,
    /// Whether any of that is not merely looked at again.
    has_news: bool,
    pages: u32,
    is_settled: bool,
    reached: bool,
    more: bool,
}

/// What a reading found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What is new, oldest first.
    pub fresh: Vec<Sighting>,
    /// What to remember, once that is on the queue.
    pub mark: Mark,
    /// Whether the list has to be read again now: while several pages were read, something may
    /// have been taken away and so have moved what follows past us.
    pub again: bool,
    /// Whether the list needs no look before it changes.
    pub is_settled: bool,
    /// What is older than this was given up, if anything may have been.
    pub dropped: Option<Timestamp>,
}

impl Pass {
    /// Begins to read a list of which `mark` was seen; `None`: it was never looked at.
    pub fn begin(list: List, mark: Option<Mark>) -> Self {
        Self {
            list,
            is_first: mark.is_none(),
            mark: mark.unwrap_or_default(),
            newest: Timestamp(i64::MIN),
            oldest: Timestamp(i64::MAX),
            cut: None,
            fresh: BTreeMap::new(),
            has_news: false,
            pages: 0,
            is_settled: true,
            reached: false,
            more: false,
        }
    }

    /// Takes the next page, which was sent at `sent` by the code host's own clock; `more`: there
    /// is one behind it. Whether that is to be read.
    pub fn take(&mut self, page: Vec<Sighting>, more: bool, sent: Timestamp) -> bool {
        self.pages += 1;
        if self.is_first && self.pages == 1 {
            // Times of a code host have no fractions.
            self.mark.since = Timestamp(sent.0.div_euclid(1_000) * 1_000);
        }
        let horizon = self.horizon(sent);
        for it in page {
            self.oldest = self.oldest.min(it.at);
            if it.at < horizon {
                self.reached = true;
                let is_lost = self.mark.floor <= it.at && !self.mark.seen.contains_key(&it.id);
                self.cut = self.cut.or(is_lost.then_some(horizon));
                continue;
            }
            self.newest = self.newest.max(it.at);
            self.look_at(it, sent);
        }
        self.more = more;
        // What was there before the first look asks for nothing, but for issues, which wait.
        let wanted = self.list == List::Issues || !self.is_first;
        wanted && more && !self.reached && self.pages < MOST_PAGES
    }

    /// What is older does not have to be looked at.
    fn horizon(&self, sent: Timestamp) -> Timestamp {
        match (self.is_first, self.list) {
            (true, _) => Timestamp(i64::MIN),
            (_, List::Issues) => self.mark.floor,
            _ => self.mark.floor.max(Timestamp(sent.0 - MOST_AWAY_MS)),
        }
    }

    fn look_at(&mut self, it: Sighting, sent: Timestamp) {
        let known = self.mark.seen.get(&it.id);
        let is_known = if self.list.changes() { known == Some(&it.at) } else { known.is_some() };
        let unsettled = Timestamp(it.at.0 - 1);
        self.has_news |= !is_known && known != Some(&unsettled);
        let mut at = it.at;
        if self.list.changes() && it.at.0 > sent.0 - UNSETTLED_MS {
            self.is_settled = false;
            at = unsettled;
        }
        self.mark.seen.insert(it.id, at);
        if !is_known && (!self.is_first || self.list == List::Issues) {
            self.fresh.insert(it.id, it);
        }
    }

    /// Ends the reading.
    pub fn end(mut self) -> Found {
        let gave_up = self.more && !self.reached && self.pages >= MOST_PAGES;
        let again = self.pages > 1 && self.has_news && !gave_up;
        if !again {
            let floor = Timestamp(self.newest.0.saturating_sub(OVERLAP_MS));
            self.mark.floor = self.mark.floor.max(floor);
        }
        let floor = self.mark.floor;
        match self.list {
            // What is older is below the horizon for ever.
            List::Comments => self.mark.seen.retain(|_, at| floor <= *at),
            _ => keep_newest(&mut self.mark.seen, floor),
        }
        let mut fresh: Vec<Sighting> = self.fresh.into_values().collect();
        fresh.sort_by_key(|it| (it.at, it.id));
        Found {
            fresh,
            again,
            is_settled: self.is_settled && !again,
            dropped: self.cut.or(gave_up.then_some(self.oldest)),
            mark: self.mark,
        }
    }
}

/// Whether a comment is to be passed on as a request.
pub fn asks(mark: &Mark, it: &Sighting) -> bool {
    it.on_pull && mark.since <= it.written && super::request::read(&it.body).is_some()
}

/// Forgets the oldest of those below `floor` that are too many.
fn keep_newest(known: &mut BTreeMap<u64, Timestamp>, floor: Timestamp) {
    let mut below: Vec<(Timestamp, u64)> =
        known.iter().filter(|(_, at)| **at < floor).map(|(id, at)| (*at, *id)).collect();
    let Some(too_many) = below.len().checked_sub(MOST_KNOWN) else { return };
    below.sort_unstable();
    for (_, id) in below.into_iter().take(too_many) {
        known.remove(&id);
    }
}

/// The kind of comment that a list is made of; `None`: it is made of threads.
pub fn kind(list: List) -> Option<CommentKind> {
    match list {
        List::Comments => Some(CommentKind::IssueComment),
        List::LineComments => Some(CommentKind::ReviewComment),
        List::Issues | List::Threads => None,
    }
}

/// The task that a comment is, if it asks for something.
pub fn request_of(
    repository: &Repository,
    mark: &Mark,
    kind: CommentKind,
    it: &Sighting,
) -> Option<String> {
    let comment = CommentRef { kind, id: it.id };
    asks(mark, it).then(|| comment_task(repository, comment, it))
}

#[cfg(test)]
mod tests;
