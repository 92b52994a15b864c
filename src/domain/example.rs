//! An example that an issue gives: a call, and what it should give. And what it gave.

use serde::{Deserialize, Serialize};

/// The languages in which a call can be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Python 3.
    Python,
    /// JavaScript in Node.js; TypeScript where Node.js takes it as it is.
    JavaScript,
    /// Rust: public functions of a library crate.
    Rust,
    /// C, but not C++.
    C,
    /// A command line: a program of the project's, with its arguments.
    Shell,
}

/// A call that the issue spells out, with what should come of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The language of `call` and of the values.
    pub language: Language,
    /// The file that defines what is called, from the repository's root. Empty: the issue asks for
    /// it, and it is not there yet.
    pub path: String,
    /// The call, with nothing in it but literals and further calls: `add(2, 2)`. Or statements of
    /// the issue, up to an assertion: see [`Expected::Passes`].
    pub call: String,
    /// What should come of it.
    pub expected: Expected,
    /// What comes of it now, where the issue says so: the reason for which it must fail on base.
    pub given: Option<Expected>,
    /// Who says so.
    #[serde(default)]
    pub source: Source,
}

impl Example {
    /// The call in one line. Of statements the last one that says something, which is or has what
    /// is asserted.
    pub fn shown(&self) -> String {
        if self.expected != Expected::Passes {
            return self.call.clone();
        }
        let mut lines = self.call.lines().map(str::trim);
        let says = |it: &&str| it.contains(|it: char| it.is_alphanumeric());
        let last = lines.rfind(says).unwrap_or_default();
        let before = if lines.next().is_some() { "… " } else { "" };
        format!("{before}{last}")
    }

    /// Whether it shows that the work is done where it holds.
    pub fn proves(&self) -> bool {
        let is_part = matches!(self.expected, Expected::Understood | Expected::Exits(_));
        !is_part && self.source != Source::Observed
    }
}

/// Where an example comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The issue spells it out.
    #[default]
    Spelled,
    /// The issue says it in words alone, and a model wrote it down.
    Worded,
    /// Seen while the project's own tests ran on the base: it holds there, and proves nothing.
    Observed,
}

/// What comes of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of", rename_all = "snake_case")]
pub enum Expected {
    /// A value, as a literal of the language.
    Value(String),
    /// Statements with assertions end, and all of these hold.
    Passes,
    /// An error of this type.
    Raises(String),
    /// Any value, and no error.
    Returns,
    /// What a command prints to its standard output, without the last line's end.
    Prints(String),
    /// A command line is understood, whatever comes of it. It is a part of what is wanted, so that
    /// it can speak against a change and never for one.
    Understood,
    /// A command ends with this exit status. What has it easily is a part of what is wanted: it can
    /// speak against a change and never for one.
    Exits(u8),
}

impl Expected {
    /// In a few words, for people and for the model.
    pub fn words(&self) -> String {
        match self {
            Self::Value(it) => it.clone(),
            Self::Passes => "passes".to_owned(),
            Self::Raises(error) => format!("raises {error}"),
            Self::Returns => "no error".to_owned(),
            Self::Prints(text) => format!("prints {text:?}"),
            Self::Understood => "no error about its usage".to_owned(),
            Self::Exits(status) => format!("exit status {status}"),
        }
    }
}

/// What a tree makes of an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Verdict {
    /// What the issue wants.
    Holds,
    /// Something else.
    Gives {
        /// What: a value, or an error. Bounded; foreign code made it.
        what: String,
        /// Whether that is what the issue says it gives now; true where it does not say.
        as_said: bool,
    },
    /// It could not be tried.
    Unknown {
        /// Why, in a few words.
        why: String,
    },
}

/// An example that was tried on a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Which.
    pub example: Example,
    /// What came of it.
    pub verdict: Verdict,
}

impl Tried {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.verdict == Verdict::Holds
    }

    /// Of the base: whether it can judge a change. It fails there, and for the reason that is given
    /// where one is given.
    pub fn judges(&self) -> bool {
        matches!(self.verdict, Verdict::Gives { as_said: true, .. })
    }

    /// Of the base: whether it can prove a change.
    pub fn counts(&self) -> bool {
        self.judges() && self.example.proves()
    }

    /// What it gave, in a few words; empty where it gave what is expected.
    pub fn gave(&self) -> &str {
        match &self.verdict {
            Verdict::Holds => "",
            Verdict::Gives { what, .. } => what,
            Verdict::Unknown { why } => why,
        }
    }
}
