//! Whether a worker lives: the one rule for its watchdog and for its health. Pure.
//!
//! Dead is what only a restart would cure: a loop that hangs, a writer that is silent. A queue that
//! is away, a full disk and a worker that drains are none of it: a restart would cost what runs,
//! and cure nothing.

use std::time::Duration;

use crate::worker::board::Doing;

/// How long the loop may be at one thing. Each is a poll, a call or a pause, and the board is
/// turned at each: the longest poll ends after 40 s, the longest pause after a minute, and a call
/// with all its tries within two.
const STUCK: Duration = Duration::from_secs(5 * 60);

/// Whether the database takes what is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writer {
    /// It does.
    Writes,
    /// It answers, and says no: the disk is full, another process holds the file.
    Refuses(String),
    /// It does not answer, or has ended.
    Dead,
}

/// What only a restart would cure, in sentences, of a worker whose loop has been `doing` that for
/// so long. Empty: it lives.
pub fn ills(doing: Doing, since: Duration, writer: &Writer) -> Vec<String> {
    let mut ills = Vec::new();
    if hangs(doing, since) {
        let (doing, seconds) = (doing.name(), since.as_secs());
        ills.push(format!("the worker's loop has been `{doing}` for {seconds} s: it hangs"));
    }
    if *writer == Writer::Dead {
        ills.push("the database's writer does not answer".to_owned());
    }
    ills
}

fn hangs(doing: Doing, since: Duration) -> bool {
    match doing {
        // For as long as the jobs take.
        Doing::Full | Doing::Draining => false,
        Doing::Starting | Doing::Receiving | Doing::Admitting | Doing::Pausing => since > STUCK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn a_loop_that_waits_for_jobs_lives_and_one_that_hangs_in_a_call_does_not() {
        for doing in [Doing::Full, Doing::Draining] {
            assert!(ills(doing, DAY, &Writer::Writes).is_empty(), "{doing:?}");
        }
        for doing in [Doing::Receiving, Doing::Admitting, Doing::Pausing, Doing::Starting] {
            assert_eq!(ills(doing, DAY, &Writer::Writes).len(), 1, "{doing:?}");
            let most = Duration::from_secs(150);
            assert!(ills(doing, most, &Writer::Writes).is_empty(), "{doing:?}");
        }
    }

    #[test]
    fn a_writer_that_says_no_lives_and_a_silent_one_does_not() {
        let (doing, since) = (Doing::Receiving, Duration::ZERO);
        let full = Writer::Refuses("the disk is full".to_owned());
        assert!(ills(doing, since, &full).is_empty());
        let dead = ills(doing, since, &Writer::Dead);
        assert_eq!(dead, ["the database's writer does not answer"]);
        assert_eq!(ills(doing, DAY, &Writer::Dead).len(), 2);
    }
}
