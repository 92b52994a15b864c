//! Whether jobs wait for a model: told once when it has lasted, and once when it is over.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::job::{Event, Record};
use crate::domain::time::Timestamp;

/// What is known of the models, by what happens to jobs. Survives a restart where it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelWatch {
    away: Option<Away>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Away {
    since: Timestamp,
    why: String,
    told: bool,
}

/// What is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelWord {
    /// It has not answered for long enough.
    Unreachable {
        /// What the last try said.
        why: String,
        /// When the first of these failed.
        since: Timestamp,
    },
    /// It answers, and people were told that it did not.
    Back {
        /// Since when it had not.
        since: Timestamp,
    },
}

impl ModelWatch {
    /// What a job's record says about the models.
    pub fn heard(&mut self, record: &Record) -> Option<ModelWord> {
        match &record.event {
            Event::Failed(failure) if failure.fault.is_of_model() => {
                match &mut self.away {
                    Some(away) => away.why.clone_from(&failure.message),
                    none => {
                        let (since, why) = (record.at, failure.message.clone());
                        *none = Some(Away { since, why, told: false });
                    }
                }
                None
            }
            // Some model has answered.
            Event::Attempted(_) => {
                let away = self.away.take()?;
                away.told.then_some(ModelWord::Back { since: away.since })
            }
            _ => None,
        }
    }

    /// When somebody should look at `due`, if nothing else is heard.
    pub fn look_at(&self, quiet: Duration) -> Option<Timestamp> {
        let away = self.away.as_ref().filter(|it| !it.told)?;
        let quiet = i64::try_from(quiet.as_millis()).unwrap_or(i64::MAX);
        Some(Timestamp(away.since.0.saturating_add(quiet)))
    }

    /// What there is to tell by now, once.
    pub fn due(&mut self, now: Timestamp, quiet: Duration) -> Option<ModelWord> {
        if self.look_at(quiet)? > now {
            return None;
        }
        let away = self.away.as_mut()?;
        away.told = true;
        Some(ModelWord::Unreachable { why: away.why.clone(), since: away.since })
    }
}
