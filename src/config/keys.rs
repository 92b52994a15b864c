//! The keys that there are: what each is, what it may be set to, and its default.
//!
//! One table (`keys/table.rs`) drives the reading of the layers, the ranges and words that are
//! accepted, `codingworker config`, the reference in `docs/configuration.md`, and what a reload
//! can change.

use std::ops::RangeInclusive;

mod table;

pub use table::{KEYS, MODEL_KEYS};

/// One key of the configuration.
#[derive(Clone, Debug)]
pub struct Key {
    /// `section.key`
    pub name: &'static str,
    /// As YAML.
    pub default: &'static str,
    /// What it may be set to.
    pub kind: Kind,
    /// What it is, for people.
    pub about: &'static str,
    /// Whether a reload (SIGHUP) brings it into force. If not, the next start does.
    pub reloadable: bool,
}

/// What a key may be set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Integer {
        /// From, and to.
        range: (u64, u64),
        /// Of what: seconds, MiB, …
        unit: &'static str,
    },
    /// true or false.
    Flag,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// Anything else: says what, in a few words.
    Text(&'static str),
    /// A path of this machine.
    Path,
    /// A token, a password: never shown, and it may stand in a file of its own.
    Secret,
    /// Names with secrets.
    Secrets,
    /// A list; says of what.
    List(&'static str),
}

impl Key {
    const fn new(
        name: &'static str,
        default: &'static str,
        kind: Kind,
        about: &'static str,
    ) -> Self {
        Self { name, default, kind, about, reloadable: true }
    }

    const fn integer(
        name: &'static str,
        default: &'static str,
        range: RangeInclusive<u64>,
        unit: &'static str,
        about: &'static str,
    ) -> Self {
        let kind = Kind::Integer { range: (*range.start(), *range.end()), unit };
        Self::new(name, default, kind, about)
    }

    const fn flag(name: &'static str, default: &'static str, about: &'static str) -> Self {
        Self::new(name, default, Kind::Flag, about)
    }

    const fn choice(
        name: &'static str,
        default: &'static str,
        names: &'static [&'static str],
        about: &'static str,
    ) -> Self {
        Self::new(name, default, Kind::Choice(names), about)
    }

    const fn list(
        name: &'static str,
        default: &'static str,
        of: &'static str,
        about: &'static str,
    ) -> Self {
        Self::new(name, default, Kind::List(of), about)
    }

    const fn text(
        name: &'static str,
        default: &'static str,
        what: &'static str,
        about: &'static str,
    ) -> Self {
        Self::new(name, default, Kind::Text(what), about)
    }

    /// What was put together at the start holds it: a reload cannot change it.
    const fn at_start(self) -> Self {
        Self { reloadable: false, ..self }
    }

    /// The whole numbers that are accepted, of a key that is one.
    pub(super) fn range(&self) -> RangeInclusive<u64> {
        match self.kind {
            Kind::Integer { range: (low, high), .. } => low..=high,
            _ => 0..=u64::MAX,
        }
    }
}

/// Starts the name of a variable that sets a key.
pub(super) const PREFIX: &str = "CODINGWORKER__";

/// Starts the name of a variable that adds to the map `aider.env`.
pub(super) const AIDER_ENV: &str = "CODINGWORKER__AIDER__ENV__";

/// What the table says about `name`.
pub(super) fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|it| it.name == name)
}

/// What the table says about `name`, which a model of `aider.models` may have.
pub(super) fn model_key(name: &str) -> Option<&'static Key> {
    MODEL_KEYS.iter().find(|it| it.name == name)
}

/// Whether a reload (SIGHUP) brings a new value of `name` into force.
pub fn reloadable(name: &str) -> bool {
    key(name).is_some_and(|it| it.reloadable)
}

/// The variable that sets `key`.
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}

/// The one of `known` that looks most like `name`, if any does.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.into_iter().map(|it| (strsim::jaro_winkler(name, it), it));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.7).then_some(best.1)
}

/// `; did you mean `slots`?`, or nothing.
pub(super) fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |it| format!(": did you mean `{it}`?"))
}
