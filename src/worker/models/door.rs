//! The door of one model: whether it is held, who tries it, who stands in line.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::{Now, Ticket};
use crate::domain::job::{Failure, Fault};
use crate::engine::cooldown::{Hold, LONGEST};

#[derive(Default)]
pub(super) struct Door {
    hold: Option<Placed>,
    /// Who tries whether the model answers again.
    pub(super) trial: Option<Ticket>,
    /// Who waits, the oldest job first.
    pub(super) waiting: BTreeSet<Ticket>,
}

struct Placed {
    hold: Hold,
    /// When it ends by the clock that nobody can set.
    ends: Instant,
    /// Whether the store has it.
    stored: bool,
}

/// How a job stands before a door.
pub(super) enum Stand {
    /// Nobody holds the model.
    Open,
    /// It is held for so long.
    Held { left: Duration },
    /// The hold is over, and the job may try.
    Trial,
    /// The hold is over, and another job tries.
    Tried,
}

impl Door {
    pub(super) fn stand(&self, ticket: &Ticket, now: Now) -> Stand {
        let Some(placed) = &self.hold else { return Stand::Open };
        let left = placed.left(now);
        if !left.is_zero() {
            return Stand::Held { left };
        }
        match self.trial.as_ref().is_none_or(|it| it == ticket) {
            true => Stand::Trial,
            false => Stand::Tried,
        }
    }

    pub(super) fn hold(&self) -> Option<&Hold> {
        self.hold.as_ref().map(|it| &it.hold)
    }

    pub(super) fn is_held(&self, now: Now) -> bool {
        self.hold.as_ref().is_some_and(|it| !it.left(now).is_zero())
    }

    /// What a job says that may not pass.
    pub(super) fn failure(&self) -> Failure {
        let open = || Failure::new(Fault::ModelAway, String::new());
        self.hold().map_or_else(open, Hold::failure)
    }

    pub(super) fn place(&mut self, hold: Hold, now: Now) {
        let ends = now.instant + hold.left(now.wall);
        (self.hold, self.trial) = (Some(Placed { hold, ends, stored: false }), None);
    }

    /// The store has this hold now.
    pub(super) fn note_stored(&mut self, hold: &Hold) {
        if let Some(placed) = self.hold.as_mut().filter(|it| it.hold == *hold) {
            placed.stored = true;
        }
    }

    pub(super) fn is_stored(&self) -> bool {
        self.hold.as_ref().is_some_and(|it| it.stored)
    }

    /// A hold that the store knows. One that we know already stays, with its clock.
    pub(super) fn learn(&mut self, hold: Hold, now: Now) {
        let newer = self.hold().is_none_or(|it| it.until < hold.until);
        // Long over, and nobody has asked since: it says nothing any more.
        let stale = LONGEST < now.wall.since(hold.until);
        if newer && !stale {
            self.place(hold.clone(), now);
            self.note_stored(&hold);
        }
    }

    /// The store has no hold any more; one that never was there stays.
    pub(super) fn forget_stored(&mut self) -> bool {
        let stored = self.is_stored();
        if stored {
            self.open();
        }
        stored
    }

    pub(super) fn open(&mut self) {
        (self.hold, self.trial) = (None, None);
    }

    /// Whether nothing is known of the model.
    pub(super) fn is_forgotten(&self) -> bool {
        self.hold.is_none() && self.waiting.is_empty()
    }
}

impl Placed {
    /// By the clock that says less: a laptop that slept has waited, and a clock that was set back
    /// makes nobody wait longer.
    fn left(&self, now: Now) -> Duration {
        self.hold.left(now.wall).min(self.ends.saturating_duration_since(now.instant))
    }
}
