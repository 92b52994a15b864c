//! Which definitions an issue is about. A small model changes one function well and a file badly,
//! so it is shown the functions, and the best one first.
//!
//! The words of the issue are weighed by how few definitions have them, as search engines do
//! (inverse document frequency): a word that stands everywhere points nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::engine::focus::{self, SourceFile, terms};
use crate::engine::guard::is_test_file;
use crate::engine::symbols::{self, Definition, Kind, Outline};

mod frames;
mod missing;
mod wide;

pub use missing::Missing;

/// A definition that may be the one to change.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The file, from the repository's root.
    pub path: String,
    /// As it is defined; empty: the whole file, a script.
    pub name: String,
    /// The class, `impl` or struct that it is in.
    pub container: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Where it stands in the file, with what is attached to it.
    pub bytes: Range<usize>,
    /// How much speaks for it; comparable within one issue alone.
    pub score: f64,
}

/// What an issue points at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aims {
    /// The most telling first. No more than [`MOST_PLACES`].
    pub places: Vec<Place>,
    /// Functions that the issue calls and nothing defines: to be made.
    pub missing: Vec<Missing>,
    /// Where an option of the command line is asked for, who calls the best place: one place reads
    /// it, another acts on it.
    pub acts: Option<Place>,
}

/// A longer script is not written as a whole, in bytes.
const MOST_SCRIPT: usize = 4_000;
/// With fewer lines outside of its functions a script is what they are.
const LEAST_LOOSE: usize = 3;
/// More callers of one function are not changed with it.
const MOST_CALLERS: usize = 3;
/// More are of no use to anybody.
pub const MOST_PLACES: usize = 12;
/// The issue names it.
const NAMED: f64 = 14.0;
/// It says a text that the issue quotes.
const QUOTED: f64 = 5.0;
/// A traceback of the issue ends in it, or goes through it.
const FRAME: f64 = 4.0;
/// What its body has in common with the issue, for each word.
const SHARED: f64 = 1.0;
/// The same for its name.
const IN_NAME: f64 = 2.5;
/// It reads what the issue names.
const USES: f64 = 2.0;
/// It reads the command line, and the issue speaks of an option.
const READS_OPTIONS: f64 = 6.0;
/// A program's entry brings parts together: it has words of all, and is rarely the place.
const ENTRY: f64 = 0.6;
/// So has who tells how the program is used, or reads its options.
const HELP: [&str; 5] = ["usage", "help", "print_usage", "print_help", "show_help"];
/// The issue names its file.
const OF_FILE: f64 = 3.0;

struct Entry<'a> {
    file: SourceFile<'a>,
    definition: Definition,
    text: &'a str,
    /// Its identifiers.
    words: BTreeSet<&'a str>,
    /// The parts of them, in small letters: `total_pages` has `total` and `page`.
    parts: BTreeSet<String>,
    /// What it says in a script without blanks between words: in comments and texts.
    wide: BTreeSet<String>,
}

impl Place {
    /// Whether it is a script as a whole.
    pub fn is_whole(&self) -> bool {
        self.name.is_empty()
    }
}

impl Entry<'_> {
    fn place(&self, score: f64) -> Place {
        Place {
            path: self.file.path.to_owned(),
            name: self.definition.name.clone(),
            container: self.definition.container.clone(),
            kind: self.definition.kind,
            bytes: self.definition.bytes.clone(),
            score,
        }
    }
}

/// Ranks the definitions of `sources` by what `issue` says.
pub fn aims(issue: &str, sources: &[SourceFile<'_>]) -> Aims {
    let useful = sources.iter().filter(|it| focus::is_useful(it) && !is_test_file(it.path));
    let outlined: Vec<(SourceFile<'_>, Outline)> =
        useful.filter_map(|it| Some((*it, symbols::outline(it.path, it.text)?))).collect();
    let entries = entries(&outlined);
    let terms = terms::of(issue);
    let plain: BTreeSet<String> = terms.plain.iter().map(|it| stemmed(it)).collect();
    let count = |holds: &dyn Fn(&Entry<'_>) -> bool| {
        let many = entries.iter().filter(|it| holds(it)).count();
        1.0 / (many.max(1) as f64).sqrt()
    };
    let named: BTreeMap<&str, f64> = terms
        .named
        .iter()
        .map(|term| (term.as_str(), count(&|it| it.words.contains(term.as_str()))))
        .collect();
    let shared: BTreeMap<&str, f64> =
        plain.iter().map(|term| (term.as_str(), count(&|it| it.parts.contains(term)))).collect();
    let wide: BTreeMap<String, f64> = wide::pairs(issue)
        .into_iter()
        .map(|pair| {
            let weight = count(&|it| it.wide.contains(&pair));
            (pair, weight)
        })
        .collect();
    let length = entries.iter().map(|it| it.text.len()).sum::<usize>() as f64;
    let average = (length / entries.len().max(1) as f64).max(1.0);
    let frames = frames::of(issue);
    let lowered = issue.to_lowercase();
    let named_file = |it: &str| lowered.contains(&it.to_lowercase()) || names_file(&lowered, it);

    let tells = |it: &Entry<'_>| {
        let help = HELP.contains(&it.definition.name.as_str());
        terms.options.is_empty() && (help || focus::takes_options(it.text))
    };
    let score = |it: &Entry<'_>| {
        let mut sure = 0.0;
        let mut body = 0.0;
        for (term, weight) in &named {
            if it.definition.name == *term {
                sure += NAMED;
            } else if it.words.contains(term) {
                body += USES * weight;
            }
        }
        let name = parts(&it.definition.name);
        for (term, weight) in &shared {
            if name.contains(*term) {
                sure += IN_NAME * weight;
            } else if it.parts.contains(*term) {
                body += SHARED * weight;
            }
        }
        let pairs = wide.iter().filter(|(pair, _)| it.wide.contains(*pair));
        body += SHARED * pairs.map(|(_, weight)| weight).sum::<f64>();
        let quotes = terms.quoted.iter().chain(&terms.options);
        sure += QUOTED * quotes.filter(|text| it.text.contains(text.as_str())).count() as f64;
        sure += FRAME
            * frames.iter().filter(|frame| frame.is_in(it.file, &it.definition)).count() as f64;
        if !terms.options.is_empty() && focus::takes_options(it.text) {
            sure += READS_OPTIONS;
        }
        if named_file(it.file.path) {
            sure += OF_FILE;
        }
        // A long definition has more words in common with anything.
        let long = (it.text.len() as f64 / average).sqrt();
        let entry = it.definition.name == "main" && terms.options.is_empty() && frames.is_empty();
        let weight = match it.definition.kind {
            Kind::Constant | Kind::Type => 0.6,
            _ if entry || tells(it) => ENTRY,
            _ => 1.0,
        };
        weight * (sure + body * 2.0 / (1.0 + long))
    };
    let mut places: Vec<Place> =
        entries.iter().map(|it| it.place(score(it))).filter(|it| it.score > 0.0).collect();
    places.sort_by(|one, other| {
        let order = other.score.total_cmp(&one.score);
        order.then_with(|| (&one.path, one.bytes.start).cmp(&(&other.path, other.bytes.start)))
    });
    places.truncate(MOST_PLACES);
    let missing = missing::of(issue, sources, &outlined, &places, &named_file);
    let best = places.first().filter(|_| !terms.options.is_empty());
    let acts = best.and_then(|it| callers(&it.name, sources).into_iter().next());
    Aims { places, missing, acts }
}

/// The definitions that name `name`, other than itself: who calls it. In the order of the files,
/// no more than three.
pub fn callers(name: &str, sources: &[SourceFile<'_>]) -> Vec<Place> {
    let useful = sources.iter().filter(|it| focus::is_useful(it) && !is_test_file(it.path));
    let naming = useful.filter(|it| terms::words(it.text).contains(name));
    let outlined: Vec<(SourceFile<'_>, Outline)> =
        naming.filter_map(|it| Some((*it, symbols::outline(it.path, it.text)?))).collect();
    let entries = entries(&outlined).into_iter();
    let calls = entries.filter(|it| {
        let other = it.definition.name != name && !it.definition.name.is_empty();
        other && it.words.contains(name)
    });
    calls.map(|it| it.place(0.0)).take(MOST_CALLERS).collect()
}

/// The definitions that are shown one by one: of a class its methods.
fn entries<'a>(outlined: &[(SourceFile<'a>, Outline)]) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for (file, outline) in outlined {
        let full = |it: &Definition| {
            outline.definitions.iter().any(|other| other.container.as_ref() == Some(&it.name))
        };
        entries.extend(script(*file, outline));
        for definition in &outline.definitions {
            let Some(text) = file.text.get(definition.bytes.clone()) else { continue };
            if definition.kind == Kind::Type && full(definition) {
                continue;
            }
            let words = terms::words(text);
            let parts = words.iter().flat_map(|it| parts(it)).collect();
            let (definition, wide) = (definition.clone(), wide::pairs(text));
            entries.push(Entry { file: *file, definition, text, words, parts, wide });
        }
    }
    entries
}

/// A short script as a whole: what stands outside of its functions is seen and written with them.
fn script<'a>(file: SourceFile<'a>, outline: &Outline) -> Option<Entry<'a>> {
    let mut loose = String::new();
    let mut at = 0;
    for it in &outline.definitions {
        loose.push_str(file.text.get(at..it.bytes.start).unwrap_or_default());
        at = at.max(it.bytes.end);
    }
    loose.push_str(file.text.get(at..).unwrap_or_default());
    let code = loose.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with('#'));
    let is_worth =
        outline.is_script && file.text.len() <= MOST_SCRIPT && code.count() >= LEAST_LOOSE;
    is_worth.then(|| Entry {
        file,
        definition: Definition {
            name: String::new(),
            kind: Kind::Function,
            container: None,
            bytes: 0..file.text.len(),
            body: 0..file.text.len(),
            signature: String::new(),
        },
        text: file.text,
        words: terms::words(file.text),
        parts: terms::words(&loose).iter().flat_map(|it| parts(it)).collect(),
        wide: wide::pairs(&loose),
    })
}

fn names_file(lowered: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    name.contains('.') && lowered.contains(&name)
}

/// `totalPages`, `total_pages` and `TOTAL_PAGES` have the parts `total` and `page`.
fn parts(identifier: &str) -> BTreeSet<String> {
    let mut parts = Vec::from([String::new()]);
    let mut low = false;
    for letter in identifier.chars() {
        let breaks = letter == '_' || letter.is_ascii_uppercase() && low;
        if breaks {
            parts.push(String::new());
        }
        if let (true, Some(last)) = (letter != '_', parts.last_mut()) {
            last.push(letter.to_ascii_lowercase());
        }
        low = letter.is_ascii_lowercase() || letter.is_ascii_digit();
    }
    parts.into_iter().filter(|it| it.len() > 2).map(|it| stemmed(&it)).collect()
}

/// Without the endings that English puts on a word: enough to bring `pages` and `page` together.
fn stemmed(word: &str) -> String {
    let endings = ["ing", "ed", "es", "s"];
    let stem = endings.iter().find_map(|end| word.strip_suffix(end).filter(|it| it.len() > 2));
    let stem = stem.unwrap_or(word);
    stem.strip_suffix('e').filter(|it| it.len() > 2).unwrap_or(stem).to_owned()
}

#[cfg(test)]
mod tests;
