//! A crontab file: entries, comments, and settings like `SHELL=/bin/sh`.

use crate::schedule::{Schedule, ScheduleError};
use std::fmt;

#[derive(Debug, PartialEq)]
pub struct Entry {
    pub line: usize,
    /// The schedule as it is written.
    pub when: String,
    pub schedule: Schedule,
    pub command: String,
}

#[derive(Debug, PartialEq)]
pub struct CrontabError {
    pub line: usize,
    pub problem: Problem,
}

#[derive(Debug, PartialEq)]
pub enum Problem {
    Schedule(ScheduleError),
    NoCommand,
}

impl fmt::Display for CrontabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Schedule(error) => write!(f, "line {}: {error}", self.line),
            Problem::NoCommand => write!(f, "line {}: no command", self.line),
        }
    }
}

impl std::error::Error for CrontabError {}

pub fn parse(text: &str) -> Result<Vec<Entry>, CrontabError> {
    let mut entries = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let text = raw.trim();
        if text.is_empty() || text.starts_with('#') || is_setting(text) {
            continue;
        }
        entries.push(parse_entry(index + 1, text)?);
    }
    Ok(entries)
}

/// `NAME=value` or `NAME = value`
fn is_setting(text: &str) -> bool {
    let Some((name, _)) = text.split_once('=') else {
        return false;
    };
    let name = name.trim_end();
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn parse_entry(line: usize, text: &str) -> Result<Entry, CrontabError> {
    let fields = if text.starts_with('@') { 1 } else { 5 };
    let mut rest = text;
    for _ in 0..fields {
        rest = match rest.split_once(char::is_whitespace) {
            Some((_, after)) => after.trim_start(),
            None => "",
        };
    }
    let when = text[..text.len() - rest.len()].trim_end();
    let schedule = Schedule::parse(when).map_err(|error| CrontabError {
        line,
        problem: Problem::Schedule(error),
    })?;
    if rest.is_empty() {
        return Err(CrontabError {
            line,
            problem: Problem::NoCommand,
        });
    }
    Ok(Entry {
        line,
        when: when.to_string(),
        schedule,
        command: rest.to_string(),
    })
}
