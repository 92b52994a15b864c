//! What the suite is asked for.

use std::path::PathBuf;

const USAGE: &str = "usage: faults [--rounds N] [--sample] [--seed N] [--jobs N] [--only CASE] [--write FILE]\n\
    CASE is part of a case's name, such as `fresh/journal.Pushed:before/kill/1`.";

/// The command line.
#[derive(Debug)]
pub(crate) struct Args {
    /// How often each point meets each mode.
    pub(crate) rounds: u64,
    /// Every point killed, and in one other mode alone: what is done when nothing else is said.
    pub(crate) sample: bool,
    /// Which hits and which modes of a sample.
    pub(crate) seed: u64,
    /// How many cases at once.
    pub(crate) jobs: usize,
    /// Only cases whose name has this in it.
    pub(crate) only: Option<String>,
    /// Where the table goes.
    pub(crate) write: Option<PathBuf>,
    /// `cargo test -- --list` asks every target for its tests: these are no tests of Cargo's.
    pub(crate) list: bool,
}

impl Args {
    /// Whether a case of this name is to be run.
    pub(crate) fn wants(&self, case: &str) -> bool {
        self.only.as_ref().is_none_or(|only| case.contains(only))
    }

    /// As `cargo test` hands them on: what only the standard harness knows is passed over.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            rounds: 1,
            sample: true,
            seed: 0,
            jobs: 6,
            only: None,
            write: None,
            list: false,
        };
        let mut words = words;
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value\n{USAGE}"));
            let number = |it: String| it.parse::<u64>().map_err(|_| format!("{it} is no number"));
            match word.as_str() {
                "--rounds" => {
                    args.rounds = number(value()?)?.max(1);
                    args.sample = false;
                }
                "--seed" => args.seed = number(value()?)?,
                "--jobs" => args.jobs = number(value()?)?.max(1) as usize,
                "--only" => {
                    args.only = Some(value()?);
                    args.sample = false;
                }
                "--write" => args.write = Some(value()?.into()),
                "--sample" => args.sample = true,
                "--list" => args.list = true,
                // `cargo test NAME`: tests of that name are asked for, and none of these is.
                name if !name.starts_with('-') => args.list = true,
                "--quiet" | "-q" | "--nocapture" | "--no-capture" | "--show-output" => {}
                "--exact" | "--include-ignored" => {}
                "--test-threads" | "--skip" | "--color" => drop(value()?),
                other if other.starts_with("--test-threads=") => {}
                _ => return Err(format!("`{word}` is not known\n{USAGE}")),
            }
        }
        Ok(args)
    }
}
