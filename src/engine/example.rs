//! The examples of an issue: calls that it spells out, with what they should give. Read by fixed
//! rules, and strictly: what is understood in part alone is no example. Nothing runs of an issue
//! but calls of the project's own functions with literals.

use crate::domain::example::{Example, Expected, Language, Source, Tried, Verdict};
use crate::engine::source::SourceFile;

pub mod before;
mod block;
mod claim;
mod command;
mod exit;
mod japanese;
pub mod observed;
mod place;
pub mod probe;
mod read;
pub mod regression;
mod render;
mod sentence;
mod snippet;
mod value;
mod worded;

pub use exit::refused;
pub(in crate::engine) use place::language_of;
pub use worded::{borne_out, quoted, said_once, subjects, worded};

use claim::{Claim, Result};
use place::Places;
use read::Read;
use value::{Call, Value};

/// The most examples of one issue.
const MOST: usize = 12;
/// The longest call, and the longest value, in bytes.
const LONGEST: usize = 2_000;
/// The longest issue that is read, in bytes.
const MOST_TEXT: usize = 64 << 10;

/// What a project's own functions are not called.
const BUILTINS: [&str; 34] = [
    "print",
    "len",
    "range",
    "sorted",
    "sum",
    "min",
    "max",
    "abs",
    "round",
    "int",
    "str",
    "float",
    "list",
    "dict",
    "set",
    "tuple",
    "open",
    "repr",
    "type",
    "isinstance",
    "input",
    "eval",
    "exec",
    "parseInt",
    "parseFloat",
    "Number",
    "String",
    "Boolean",
    "require",
    "fetch",
    "setTimeout",
    "alert",
    "compile",
    "exit",
];
/// Words of an issue that asks for something that is not there yet.
const ASKS: [&str; 11] = [
    "add ",
    "new ",
    "introduce",
    "create",
    "implement",
    "provide",
    "need a ",
    "追加",
    "新し",
    "作って",
    "ほしい",
];
/// Words of an issue that speaks of the error that should come, in a way that is not understood.
const OTHER_ERROR: [&str; 6] =
    ["error message", "clear error", "better error", "proper error", "raise", "エラーに"];

/// The examples of an issue, for a project with these sources. What is called is defined in one of
/// them, or the issue asks for it as new.
pub fn examples(issue: &str, sources: &[SourceFile<'_>]) -> Vec<Example> {
    let issue = &issue[..issue.floor_char_boundary(MOST_TEXT)];
    let places = Places::of(sources);
    let read = Read::of(issue, &places);
    let asks = asks(issue);
    let mut merged: Vec<Claim> = Vec::new();
    let mut doubtful: Vec<Call> = Vec::new();
    for claim in read.claims {
        match merged.iter_mut().find(|it| it.call == claim.call) {
            Some(known) => {
                if !known.merge(&claim) {
                    doubtful.push(claim.call);
                }
            }
            None => merged.push(claim),
        }
    }
    let texts: Vec<String> =
        merged.iter().filter(|it| it.gives_text()).map(|it| it.call.name.clone()).collect();
    let sure = merged.iter_mut().filter(|it| !doubtful.contains(&it.call));
    let mut found: Vec<Example> = Vec::new();
    for claim in sure {
        if texts.contains(&claim.call.name) {
            claim.quote();
        }
        found.extend(example(claim, issue, &places, asks));
    }
    found.extend(read.snippets);
    found.extend(command::examples(&read.shown, &places));
    found.extend(exit::examples(&read.exits, &read.typed, &places, sources));
    let known: Vec<String> = found
        .iter()
        .map(|it| it.call.clone())
        .chain(read.shown.iter().map(|it| it.call()))
        .collect();
    found.extend(command::understood(&read.typed, &known, &places));
    found.truncate(MOST);
    found
}

/// Whether all that an example calls is defined in these sources.
pub fn is_there(example: &Example, sources: &[SourceFile<'_>]) -> bool {
    example.language == Language::Shell || Places::of(sources).has(example)
}

/// The names of the functions that an example calls.
pub fn names(example: &Example) -> Vec<String> {
    if example.expected == Expected::Passes {
        return snippet::names(example);
    }
    calls_of(example).into_iter().map(|it| it.name).collect()
}

/// Those that fail on the base as they should: they judge a change.
pub fn judging(base: &[Tried]) -> Vec<Example> {
    base.iter().filter(|it| it.judges()).map(|it| it.example.clone()).collect()
}

/// Those that still give something else, as far as one can tell.
pub fn contradicting(now: &[Tried]) -> Vec<Tried> {
    let fails = |it: &&Tried| matches!(it.verdict, Verdict::Gives { .. });
    now.iter().filter(fails).cloned().collect()
}

impl Claim {
    /// Whether it shows that what is called gives a text: in quotes, or twice without them, as it
    /// is and as it should be.
    fn gives_text(&self) -> bool {
        let is_text = |it: &Option<Result>| matches!(it, Some(Result::Value(Value::Text(..))));
        let is_bare = |it: &Option<Result>| matches!(it, Some(Result::Bare(_)));
        is_text(&self.wanted) || is_text(&self.said) || is_bare(&self.wanted) && is_bare(&self.said)
    }

    /// What is without quotes is a text.
    fn quote(&mut self) {
        for it in [&mut self.said, &mut self.wanted] {
            if let Some(Result::Bare(bare)) = it {
                *it = Some(text(bare));
            }
        }
    }

    /// Adds what another place of the issue says. False: they contradict each other.
    fn merge(&mut self, other: &Self) -> bool {
        self.complaint |= other.complaint;
        let agrees = |one: &Option<Result>, two: &Option<Result>| match (one, two) {
            (Some(one), Some(two)) => one == two,
            _ => true,
        };
        let (said, wanted) = (agrees(&self.said, &other.said), agrees(&self.wanted, &other.wanted));
        // What one place just says is what the other one wants.
        let repeats = |plain: &Self, full: &Self| {
            plain.wanted.is_none() && plain.said.is_some() && plain.said == full.wanted
        };
        if repeats(other, self) {
            return true;
        }
        if repeats(self, other) {
            *self = other.clone();
            return true;
        }
        self.said = self.said.take().or_else(|| other.said.clone());
        self.wanted = self.wanted.take().or_else(|| other.wanted.clone());
        said && wanted
    }
}

/// What a claim can be tried as.
fn example(claim: &Claim, issue: &str, places: &Places<'_>, asks: bool) -> Option<Example> {
    let (wanted, given) = match (&claim.wanted, &claim.said) {
        (Some(wanted), said) => (wanted.clone(), said.as_ref().filter(|it| *it != wanted)),
        (None, Some(Result::Value(it))) if !claim.complaint => (Result::Value(it.clone()), None),
        (None, Some(said @ Result::Raises(_))) if !speaks_of_errors(issue) => {
            (Result::Returns, Some(said))
        }
        _ => return None,
    };
    // A text without its quotes is one if the base gives the other one that is shown so.
    let (wanted, given) = match (wanted, given) {
        (Result::Bare(wanted), Some(Result::Bare(given))) => (text(&wanted), Some(text(given))),
        (Result::Bare(_), _) | (_, Some(Result::Bare(_))) => return None,
        (wanted, given) => (wanted, given.cloned()),
    };
    let (path, language) = match places.find(&claim.call, issue, "") {
        Some(function) => (function.path.clone(), function.language),
        None => {
            let name = claim.call.name.as_str();
            let new = asks
                && claim.call.scope.is_empty()
                && !BUILTINS.contains(&name)
                && !places.mentions(name)
                && issue.contains(&format!("`{name}"));
            (String::new(), places.only_language().filter(|_| new)?)
        }
    };
    // What is called inside has to be there in any case.
    let call = Value::Call(claim.call.clone());
    let inner = call.calls().into_iter().skip(1).chain(match &wanted {
        Result::Value(it) => it.calls(),
        _ => Vec::new(),
    });
    for inner in inner {
        places.find_inner(inner, issue, &path).filter(|it| it.language == language)?;
    }
    let expected = expected(&wanted, language)?;
    let given = match given {
        Some(it) => Some(self::expected(&it, language)?),
        None => None,
    };
    let call = render::plain(&call, language)?;
    (call.len() <= LONGEST).then_some(Example {
        language,
        path,
        call,
        expected,
        given,
        source: Source::Spelled,
    })
}

fn text(bare: &str) -> Result {
    Result::Value(Value::Text(bare.to_owned(), value::Quotes::Double))
}

fn expected(result: &Result, language: Language) -> Option<Expected> {
    let raises = matches!(language, Language::Python | Language::JavaScript);
    Some(match result {
        Result::Value(it) => {
            Expected::Value(render::plain(it, language).filter(|it| it.len() <= LONGEST)?)
        }
        Result::Raises(error) if raises => Expected::Raises(error.clone()),
        Result::Returns if raises => Expected::Returns,
        _ => return None,
    })
}

/// Whether it is said in words what error there should be: then "no error" may be wrong.
fn speaks_of_errors(issue: &str) -> bool {
    let issue = issue.to_lowercase();
    OTHER_ERROR.iter().any(|it| issue.contains(it))
}

fn asks(issue: &str) -> bool {
    let issue = issue.to_lowercase();
    ASKS.iter().any(|it| issue.contains(it))
}

/// Whether a word names a type of error.
fn is_error(word: &str) -> bool {
    let name = word.rsplit('.').next().unwrap_or(word);
    let ends = ["Error", "Exception", "SystemExit", "KeyboardInterrupt", "StopIteration"];
    name.starts_with(|it: char| it.is_ascii_uppercase())
        && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
        && ends.iter().any(|it| name.ends_with(it))
}

/// The calls of an example, read back from its text.
fn calls_of(example: &Example) -> Vec<Call> {
    let expected = match &example.expected {
        Expected::Value(it) => Value::of(it),
        _ => None,
    };
    let all = [Value::of(&example.call), expected];
    all.iter().flatten().flat_map(Value::calls).cloned().collect()
}

#[cfg(test)]
mod tests;
