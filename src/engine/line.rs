//! Who comes when: the places of those who wait, the times that follow from how long jobs took
//! so far, and whether what was said of them is still true enough.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use crate::domain::task::Repository;
use crate::domain::time::Timestamp;

/// So many jobs must have been finished before their median says anything.
pub const LEAST: usize = 3;
/// A job that takes longer than usual is taken to need this part of the usual time still.
const OVERDUE: u32 = 10;
/// A time that was told is told anew when it is off by more than this, and by a third.
const OFF: Duration = Duration::from_secs(5 * 60);
/// A comment is edited once in this time at most, times its place: what is far behind moves often
/// and reads seldom. Twenty that wait cost 216 edits an hour at the very most, of the 500 that
/// GitHub lets one account write.
const EDIT: Duration = Duration::from_secs(60);

/// How long a finished job took, from when it was allowed to begin to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Took {
    /// Of which repository, in lower case.
    pub repository: String,
    /// The model that it began with.
    pub model: String,
    /// So long.
    pub time: Duration,
}

/// How long jobs take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Medians {
    by_kind: HashMap<(Option<String>, Option<String>), Duration>,
}

impl Medians {
    /// What these jobs say.
    pub fn new(jobs: &[Took]) -> Self {
        let mut times: HashMap<_, Vec<Duration>> = HashMap::new();
        for job in jobs {
            let (repository, model) = (Some(job.repository.clone()), Some(job.model.clone()));
            let kinds = [
                (repository.clone(), model.clone()),
                (repository, None),
                (None, model),
                (None, None),
            ];
            for kind in kinds {
                times.entry(kind).or_default().push(job.time);
            }
        }
        let enough = times.into_iter().filter(|(_, times)| times.len() >= LEAST);
        let by_kind = enough.map(|(kind, mut times)| {
            times.sort_unstable();
            let (low, high) = (times[(times.len() - 1) / 2], times[times.len() / 2]);
            (kind, (low + high) / 2)
        });
        Self { by_kind: by_kind.collect() }
    }

    /// How long a job of this repository with this model takes: by the jobs of both, else by the
    /// repository's, else by the model's, else by all. `None`: too few were finished of any.
    pub fn of(&self, repository: &Repository, model: &str) -> Option<Duration> {
        let (repository, model) = (Some(repository.to_string().to_lowercase()), Some(model.into()));
        let kinds =
            [(repository.clone(), model.clone()), (repository, None), (None, model), (None, None)];
        kinds.iter().find_map(|it| self.by_kind.get(it)).copied()
    }
}

/// A job that has a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// How long it has had it.
    pub since: Duration,
    /// How long such jobs take, where that is known.
    pub usual: Option<Duration>,
}

impl Running {
    fn left(&self) -> Option<Duration> {
        let usual = self.usual?;
        Some(usual.saturating_sub(self.since).max(usual / OVERDUE))
    }
}

/// Where somebody stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// 1 is next in line. 0 has a slot waiting for it, and begins now.
    pub nth: usize,
    /// How long until it begins, where that can be said.
    pub begins_in: Option<Duration>,
}

/// The places of those who wait, in the order in which they will begin; each with how long it will
/// take, where that is known. Whoever comes first gets the slot that is free first.
pub fn places(slots: usize, running: &[Running], waiting: &[Option<Duration>]) -> Vec<Place> {
    let slots = slots.max(1).max(running.len());
    let free = slots - running.len();
    // When each slot is free. What is not known is not before anything that is.
    let taken = running.iter().map(|it| it.left().map_or(Far::Unknown, Far::In));
    let idle = std::iter::repeat_n(Far::In(Duration::ZERO), free);
    let mut slots = taken.chain(idle).map(Reverse).collect::<BinaryHeap<_>>();
    let mut known = running.iter().all(|it| it.usual.is_some());
    let mut places = Vec::with_capacity(waiting.len());
    for (nth, usual) in waiting.iter().enumerate() {
        let Some(Reverse(begins)) = slots.pop() else { break };
        let nth = (nth + 1).saturating_sub(free);
        let begins_in = match begins {
            Far::In(time) if known || nth == 0 => Some(time),
            _ => None,
        };
        places.push(Place { nth, begins_in });
        known = known && usual.is_some();
        let ends = match (begins, usual) {
            (Far::In(time), Some(usual)) => Far::In(time.saturating_add(*usual)),
            _ => Far::Unknown,
        };
        slots.push(Reverse(ends));
    }
    places
}

/// When a slot is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Far {
    In(Duration),
    Unknown,
}

/// Until when a model's jobs wait, whatever their place, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Until then.
    pub until: Timestamp,
    /// In a few words; they may be the server's own.
    pub why: String,
}

/// What there is to say to somebody who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it stands.
    pub place: Place,
    /// What holds it up besides.
    pub held: Option<Held>,
}

/// What a comment says already. Stands in it, where nobody sees it: so it is known after a restart,
/// and to other workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// The place.
    pub nth: usize,
    /// The time until it begins, seen from `at`, to the minute.
    pub begins_in: Option<Duration>,
    /// Until when it is held up.
    pub held_until: Option<Timestamp>,
    /// When it was said.
    pub at: Timestamp,
    /// Whether that was an edit, and not the comment's beginning.
    pub edited: bool,
}

/// What the hidden line begins with.
const MARK: &str = "<!-- codingworker:line=";

impl Said {
    /// What is said by saying `word` now.
    pub fn of(word: &Word, at: Timestamp, edited: bool) -> Self {
        let minutes = |it: Duration| Duration::from_secs(it.as_secs().div_ceil(60) * 60);
        Self {
            nth: word.place.nth,
            begins_in: word.place.begins_in.map(minutes),
            held_until: word.held.as_ref().map(|it| it.until),
            at,
            edited,
        }
    }

    /// The hidden line.
    pub fn mark(&self) -> String {
        let minutes = self.begins_in.map(|it| (it.as_secs() / 60).to_string());
        let held = self.held_until.map(|it| it.0.to_string());
        let or_none = |it: Option<String>| it.unwrap_or_else(|| "-".to_owned());
        format!(
            "{MARK}{},{},{},{},{} -->",
            self.nth,
            or_none(minutes),
            or_none(held),
            self.at.0,
            u8::from(self.edited)
        )
    }

    /// What a comment says. `None`: it is not about a place in line, or not any more.
    pub fn read(body: &str) -> Option<Self> {
        let line = body.lines().find_map(|it| it.trim().strip_prefix(MARK))?;
        let mut fields = line.strip_suffix("-->")?.trim().split(',');
        let mut field = || fields.next();
        let optional = |text: &str| match text {
            "-" => Some(None),
            number => number.parse::<i64>().ok().map(Some),
        };
        let nth = field()?.parse().ok()?;
        let minutes = optional(field()?)?;
        let held = optional(field()?)?;
        let at = Timestamp(field()?.parse().ok()?);
        let edited = field()? == "1";
        let minutes = minutes.map(|it| u64::try_from(it).unwrap_or(0).min(1 << 32));
        let begins_in = minutes.map(|it| Duration::from_secs(it * 60));
        Some(Self { nth, begins_in, held_until: held.map(Timestamp), at, edited })
    }

    /// Whether it should say `word` instead, and may.
    pub fn is_due(&self, word: &Word, now: Timestamp) -> bool {
        let since = now.since(self.at);
        let pause = EDIT * u32::try_from(word.place.nth.max(1)).unwrap_or(u32::MAX);
        if self.edited && since < pause {
            return false;
        }
        let held = word.held.as_ref().map(|it| it.until);
        if self.nth != word.place.nth || self.held_until != held {
            return true;
        }
        match (self.begins_in, word.place.begins_in) {
            (None, None) => false,
            (Some(said), Some(is)) => {
                let expected = said.saturating_sub(since);
                let off = expected.abs_diff(is);
                off > OFF && off > expected / 3
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests;
