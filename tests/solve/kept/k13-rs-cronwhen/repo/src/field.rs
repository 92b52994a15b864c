//! One of the five fields of a schedule.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Minute,
    Hour,
    Day,
    Month,
    Weekday,
}

impl Kind {
    pub fn bounds(self) -> (u32, u32) {
        match self {
            Kind::Minute => (0, 59),
            Kind::Hour => (0, 23),
            Kind::Day => (1, 31),
            Kind::Month => (1, 12),
            Kind::Weekday => (0, 6),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Kind::Minute => "minute",
            Kind::Hour => "hour",
            Kind::Day => "day of the month",
            Kind::Month => "month",
            Kind::Weekday => "day of the week",
        }
    }
}

/// The values that match, as bits, and whether the field was given as `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    bits: u64,
    any: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub kind: Kind,
    pub text: String,
    pub reason: &'static str,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.kind.name(), self.text, self.reason)
    }
}

impl std::error::Error for FieldError {}

impl Field {
    pub fn parse(kind: Kind, text: &str) -> Result<Field, FieldError> {
        let mut field = Field {
            bits: 0,
            any: text.starts_with('*'),
        };
        for part in text.split(',') {
            let error = |reason| FieldError {
                kind,
                text: part.to_string(),
                reason,
            };
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => {
                    (range, Some(parse_number(step).ok_or(error("not a step"))?))
                }
                None => (part, None),
            };
            if step == Some(0) {
                return Err(error("a step of zero"));
            }
            let (low, high) = parse_range(kind, range, step.is_some()).map_err(error)?;
            for value in (low..=high).step_by(step.unwrap_or(1) as usize) {
                field.bits |= 1 << value;
            }
        }
        Ok(field)
    }

    pub fn matches(&self, value: u32) -> bool {
        self.bits & (1 << value) != 0
    }

    /// Whether the field began with a star, which makes it no restriction (even with a step).
    pub fn is_any(&self) -> bool {
        self.any
    }

    /// The smallest value that matches and is not below `from`.
    pub fn next(&self, from: u32) -> Option<u32> {
        (from..64).find(|value| self.matches(*value))
    }
}

fn parse_range(kind: Kind, text: &str, has_step: bool) -> Result<(u32, u32), &'static str> {
    let (min, max) = kind.bounds();
    if text == "*" {
        return Ok((min, max));
    }
    let (low, high) = match text.split_once('-') {
        Some((low, high)) => (
            parse_number(low).ok_or("not a number")?,
            parse_number(high).ok_or("not a number")?,
        ),
        None => {
            let value = parse_number(text).ok_or("not a number")?;
            // `5/10` means from 5 on, every 10
            (value, if has_step { max } else { value })
        }
    };
    if low < min || low > max || high < min || high > max {
        return Err("out of range");
    }
    if low > high {
        return Err("the range is upside down");
    }
    Ok((low, high))
}

fn parse_number(text: &str) -> Option<u32> {
    if text.is_empty() || text.len() > 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}
