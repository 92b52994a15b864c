//! How much speaks for a definition.
//!
//! Words of the issue count as search engines count them, by Okapi BM25: by how few definitions
//! have them, by how often this one has them, and less in a long one than in a short one
//! (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009). Names,
//! quoted texts and the lines of a traceback say more, and are added to it.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Entry, parts, stemmed};
use super::frames::{self, Frame};
use super::wide;
use crate::engine::symbols::Kind;
use crate::engine::{source, terms};

/// How soon a word that comes again says nothing new: BM25's `k1`.
const SATURATION: f64 = 1.5;
/// How much a long definition has its words taken for chance: BM25's `b`.
const LENGTH: f64 = 0.3;
/// The issue names it.
const NAMED: f64 = 14.0;
/// It says a text that the issue quotes.
const QUOTED: f64 = 5.0;
/// A traceback of the issue goes through it.
const FRAME: f64 = 4.0;
/// It ends in it.
const LAST_FRAME: f64 = 12.0;
/// A word of the issue in its name.
const IN_NAME: f64 = 2.5;
/// In the name of what it is in.
const IN_CONTAINER: f64 = 0.6;
/// In the path of its file.
const IN_PATH: f64 = 0.3;
/// It reads what the issue names.
const USES: f64 = 2.0;
/// It reads the command line, and the issue speaks of an option.
const READS_OPTIONS: f64 = 6.0;
/// The issue names its file.
const OF_FILE: f64 = 3.0;
/// A program's entry brings parts together: it has words of all, and is rarely the place.
const ENTRY: f64 = 0.8;
/// So has who tells how the program is used, or reads its options.
const HELP: [&str; 5] = ["usage", "help", "print_usage", "print_help", "show_help"];
/// What is no function is changed less often.
const CONSTANT: f64 = 0.6;
const TYPE: f64 = 0.4;
/// What shows how the program is used has its words, and is not what it does.
const SHOWN: f64 = 0.5;

/// An issue, as definitions are weighed by it.
pub(super) struct Query<'a> {
    terms: terms::Terms,
    frames: Vec<Frame>,
    /// The last of the traceback that is ours.
    last: Option<usize>,
    /// How much each name of the issue tells.
    named: BTreeMap<String, f64>,
    /// How much each of its words does, without endings, or pair of characters.
    plain: BTreeMap<String, f64>,
    /// The same for words in the paths of files.
    paths: BTreeMap<String, f64>,
    /// How long a definition is, in bytes.
    average: f64,
    is_named: &'a dyn Fn(&str) -> bool,
}

/// What a word tells that `many` have.
fn rarity(many: usize) -> f64 {
    1.0 / (many.max(1) as f64).sqrt()
}

impl<'a> Query<'a> {
    /// `is_named`: whether the issue names the file at a path.
    pub(super) fn of(
        issue: &str,
        entries: &[Entry<'_>],
        is_named: &'a dyn Fn(&str) -> bool,
    ) -> Query<'a> {
        let terms = terms::of(issue);
        let frames = frames::of(issue);
        let stands = |frame: &Frame| entries.iter().any(|it| frame.is_in(it.file, &it.definition));
        let weigh = |many: usize, it: String| (it, rarity(many));
        let named = terms.named.iter().map(|term| {
            let many = entries.iter().filter(|it| it.words.contains(term.as_str())).count();
            weigh(many, term.clone())
        });
        let words: BTreeSet<String> =
            terms.plain.iter().map(|it| stemmed(it)).chain(wide::pairs(issue)).collect();
        let plain = words.iter().map(|word| {
            let many = entries.iter().filter(|it| it.parts.contains_key(word)).count();
            weigh(many, word.clone())
        });
        let files: BTreeMap<&str, BTreeSet<String>> =
            entries.iter().map(|it| (it.file.path, of_path(it.file.path))).collect();
        let paths = words
            .iter()
            .map(|word| weigh(files.values().filter(|it| it.contains(word)).count(), word.clone()));
        let length = entries.iter().map(|it| it.text.len()).sum::<usize>() as f64;
        Query {
            named: named.collect(),
            plain: plain.collect(),
            paths: paths.collect(),
            last: frames::innermost(&frames, &stands),
            average: (length / entries.len().max(1) as f64).max(1.0),
            terms,
            frames,
            is_named,
        }
    }

    /// Whether it speaks of options of a command line.
    pub(super) fn asks_for_option(&self) -> bool {
        !self.terms.options.is_empty()
    }

    /// How much speaks for `entry`; comparable within one issue alone. 0: nothing.
    pub(super) fn score(&self, entry: &Entry<'_>) -> f64 {
        self.kind(entry) * (self.sure(entry) + self.words(entry))
    }

    /// What points at it.
    fn sure(&self, entry: &Entry<'_>) -> f64 {
        let name = &entry.definition.name;
        let mut sum = if self.named.contains_key(name) { NAMED } else { 0.0 };
        let quotes = self.terms.quoted.iter().chain(&self.terms.options);
        sum += QUOTED * quotes.filter(|it| entry.text.contains(it.as_str())).count() as f64;
        for (at, frame) in self.frames.iter().enumerate() {
            if frame.is_in(entry.file, &entry.definition) {
                sum += if self.last == Some(at) { LAST_FRAME } else { FRAME };
            }
        }
        if self.asks_for_option() && source::takes_options(entry.text) {
            sum += READS_OPTIONS;
        }
        if (self.is_named)(entry.file.path) {
            sum += OF_FILE;
        }
        let within = |of: &BTreeSet<String>, weights: &BTreeMap<String, f64>| -> f64 {
            of.iter().filter_map(|it| weights.get(it)).sum()
        };
        let container = entry.definition.container.as_deref().map(parts).unwrap_or_default();
        sum + IN_NAME * within(&parts(name), &self.plain)
            + IN_CONTAINER * within(&container, &self.plain)
            + IN_PATH * within(&of_path(entry.file.path), &self.paths)
    }

    /// What it has in common with the issue.
    fn words(&self, entry: &Entry<'_>) -> f64 {
        let name = &entry.definition.name;
        let uses = self.named.iter().filter(|(it, _)| *it != name);
        let uses = uses.filter(|(it, _)| entry.words.contains(it.as_str()));
        let long = 1.0 - LENGTH + LENGTH * entry.text.len() as f64 / self.average;
        let of_name = parts(name);
        let shared = self.plain.iter().filter(|(it, _)| !of_name.contains(*it));
        let shared = shared.filter_map(|(it, weight)| {
            let often = *entry.parts.get(it)? as f64;
            Some(weight * often * (SATURATION + 1.0) / (often + SATURATION * long))
        });
        USES * uses.map(|(_, weight)| weight).sum::<f64>() + shared.sum::<f64>()
    }

    fn kind(&self, entry: &Entry<'_>) -> f64 {
        let name = entry.definition.name.as_str();
        let is_entry = name == "main" && !self.asks_for_option() && self.frames.is_empty();
        let helps = HELP.contains(&name) || source::takes_options(entry.text);
        let shown = match entry.file.path.split('/').next() {
            Some("example" | "examples" | "doc" | "docs") => SHOWN,
            _ => 1.0,
        };
        shown
            * match entry.definition.kind {
                Kind::Constant => CONSTANT,
                Kind::Type => TYPE,
                _ if is_entry || helps && !self.asks_for_option() => ENTRY,
                _ => 1.0,
            }
    }
}

/// The words of a path, without the ending of the file's name.
fn of_path(path: &str) -> BTreeSet<String> {
    let stem = path.rsplit_once('.').map_or(path, |it| it.0);
    terms::identifiers(stem).flat_map(parts).collect()
}
