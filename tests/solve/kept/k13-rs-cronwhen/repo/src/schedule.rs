//! Five fields, and when they match.

use crate::date::Moment;
use crate::field::{Field, FieldError, Kind};
use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ScheduleError {
    FieldCount(usize),
    UnknownNickname(String),
    Field(FieldError),
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScheduleError::FieldCount(count) => write!(f, "expected five fields, found {count}"),
            ScheduleError::UnknownNickname(name) => write!(f, "unknown nickname {name}"),
            ScheduleError::Field(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ScheduleError {}

impl From<FieldError> for ScheduleError {
    fn from(error: FieldError) -> ScheduleError {
        ScheduleError::Field(error)
    }
}

/// How far ahead to look: February 29th may be eight years away.
const YEARS: u32 = 9;

impl Schedule {
    pub fn parse(text: &str) -> Result<Schedule, ScheduleError> {
        let text = text.trim();
        let text = if text.starts_with('@') {
            nickname(text)?
        } else {
            text
        };
        let parts: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = parts[..] else {
            return Err(ScheduleError::FieldCount(parts.len()));
        };
        Ok(Schedule {
            minute: Field::parse(Kind::Minute, minute)?,
            hour: Field::parse(Kind::Hour, hour)?,
            day: Field::parse(Kind::Day, day)?,
            month: Field::parse(Kind::Month, month)?,
            weekday: Field::parse(Kind::Weekday, weekday)?,
        })
    }

    fn matches_day(&self, moment: &Moment) -> bool {
        let by_day = self.day.matches(moment.day);
        let by_weekday = self.weekday.matches(moment.weekday());
        match (self.day.is_any(), self.weekday.is_any()) {
            (false, false) => by_day || by_weekday,
            _ => by_day && by_weekday,
        }
    }

    /// The first time after `after`, if there is one in the next years (`0 0 30 2 *` never runs).
    pub fn next(&self, after: Moment) -> Option<Moment> {
        let mut moment = after.next_minute();
        while moment.year <= after.year + YEARS {
            if !self.month.matches(moment.month) {
                moment = moment.next_month();
                continue;
            }
            if !self.matches_day(&moment) {
                moment = moment.next_day();
                continue;
            }
            match self.time_from(moment.hour, moment.minute) {
                Some((hour, minute)) => {
                    return Some(Moment {
                        hour,
                        minute,
                        ..moment
                    })
                }
                None => moment = moment.next_day(),
            }
        }
        None
    }

    /// The first time of day that is not before the given one.
    fn time_from(&self, hour: u32, minute: u32) -> Option<(u32, u32)> {
        if self.hour.matches(hour) {
            if let Some(minute) = self.minute.next(minute) {
                return Some((hour, minute));
            }
        }
        Some((self.hour.next(hour + 1)?, self.minute.next(0)?))
    }
}

fn nickname(text: &str) -> Result<&'static str, ScheduleError> {
    match text {
        "@hourly" => Ok("0 * * * *"),
        "@daily" | "@midnight" => Ok("0 0 * * *"),
        "@weekly" => Ok("0 0 * * 0"),
        "@monthly" => Ok("0 0 1 * *"),
        "@yearly" | "@annually" => Ok("0 0 1 1 *"),
        _ => Err(ScheduleError::UnknownNickname(text.to_string())),
    }
}
