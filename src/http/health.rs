//! How a worker is, and what keeps it from taking work. Pure. What makes it ill is for
//! `worker::pulse` to say, as the watchdog asks there too.

use std::time::Duration;

use crate::worker::board::{Doing, QueueState};
use crate::worker::pulse::{self, Writer};

/// How a worker is at this moment.
#[derive(Clone, Debug)]
pub struct Vitals {
    /// What its loop is at.
    pub doing: Doing,
    /// For how long.
    pub since: Duration,
    /// Whether the database takes what is written.
    pub writer: Writer,
    /// How the queue answered last.
    pub queue: QueueState,
    /// Whether it was told to take nothing new.
    pub draining: bool,
    /// Jobs under way.
    pub running: usize,
    /// Jobs that it does at once.
    pub slots: usize,
}

impl Vitals {
    /// What only a restart would cure, in sentences. Empty: all is well.
    pub fn ills(&self) -> Vec<String> {
        pulse::ills(self.doing, self.since, &self.writer)
    }

    /// Why it takes no work, in sentences. Empty: it does, as soon as a slot is free.
    pub fn hindrances(&self) -> Vec<String> {
        let mut all = self.ills();
        if self.draining || self.doing == Doing::Draining {
            all.push("the worker is stopping: it takes nothing new".to_owned());
        } else if self.doing == Doing::Starting {
            all.push("the worker is starting".to_owned());
        }
        // Before the first poll is over nobody knows more than that it answered at the start:
        // without that there is no worker.
        if let QueueState::Away(why) = &self.queue {
            all.push(why.clone());
        }
        if let Writer::Refuses(why) = &self.writer {
            all.push(why.clone());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn well() -> Vitals {
        Vitals {
            doing: Doing::Receiving,
            since: Duration::from_secs(19),
            writer: Writer::Writes,
            queue: QueueState::Reachable,
            draining: false,
            running: 0,
            slots: 1,
        }
    }

    #[test]
    fn a_worker_that_polls_is_alive_and_ready() {
        assert!(well().ills().is_empty() && well().hindrances().is_empty());
        let first = Vitals { queue: QueueState::Unknown, ..well() };
        assert!(first.hindrances().is_empty(), "the first poll may take 20 s");
        let full = Vitals { doing: Doing::Full, since: Duration::from_secs(36_000), ..well() };
        assert!(full.hindrances().is_empty(), "a job may take hours");
    }

    #[test]
    fn a_loop_that_hangs_and_a_dead_writer_are_ills() {
        for doing in [Doing::Starting, Doing::Receiving, Doing::Admitting, Doing::Pausing] {
            let hangs = Vitals { doing, since: Duration::from_secs(3_600), ..well() };
            assert_eq!(hangs.ills().len(), 1, "{doing:?}");
            assert!(!hangs.hindrances().is_empty());
        }
        let dead = Vitals { writer: Writer::Dead, ..well() };
        assert_eq!(dead.ills(), ["the database's writer does not answer"]);
    }

    #[test]
    fn what_a_restart_does_not_cure_only_keeps_it_from_taking_work() {
        let away = QueueState::Away("the queue is busy".to_owned());
        for hindered in [
            Vitals { queue: away, ..well() },
            Vitals { draining: true, ..well() },
            Vitals { doing: Doing::Draining, since: Duration::from_secs(36_000), ..well() },
            Vitals { doing: Doing::Starting, ..well() },
            Vitals { writer: Writer::Refuses("the disk is full".to_owned()), ..well() },
        ] {
            assert!(hindered.ills().is_empty(), "{hindered:?}");
            assert_eq!(hindered.hindrances().len(), 1, "{hindered:?}");
        }
    }
}
