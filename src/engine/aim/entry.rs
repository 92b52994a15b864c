//! Definitions as they are weighed: the words that each of them has.

use std::collections::{BTreeMap, BTreeSet};

use super::{Place, wide};
use crate::engine::source::SourceFile;
use crate::engine::symbols::{Definition, Kind, Outline};
use crate::engine::terms;

/// A longer script is not written as a whole, in bytes.
const MOST_SCRIPT: usize = 4_000;
/// With fewer lines outside of its functions a script is what they are.
const LEAST_LOOSE: usize = 3;

/// One definition, or a script as a whole.
pub(super) struct Entry<'a> {
    pub(super) file: SourceFile<'a>,
    pub(super) definition: Definition,
    pub(super) text: &'a str,
    /// Its identifiers.
    pub(super) words: BTreeSet<&'a str>,
    /// How often it has each part of them, in small letters: `total_pages` has `total` and `page`.
    /// And what it says in a script without blanks between words: in comments and texts.
    pub(super) parts: BTreeMap<String, usize>,
}

impl Entry<'_> {
    pub(super) fn place(&self, score: f64) -> Place {
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

/// The definitions that are shown one by one: of a class its methods.
pub(super) fn entries<'a>(outlined: &[(SourceFile<'a>, Outline)]) -> Vec<Entry<'a>> {
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
            let (definition, words) = (definition.clone(), terms::words(text));
            entries.push(Entry { file: *file, definition, text, words, parts: counted(text) });
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
    is_worth.then(|| whole(file, &loose))
}

/// `file` as a whole, with the words of `said`.
pub(super) fn whole<'a>(file: SourceFile<'a>, said: &str) -> Entry<'a> {
    Entry {
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
        parts: counted(said),
    }
}

/// How often `text` has each part of a word, and each pair of characters that stand together.
fn counted(text: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for part in terms::identifiers(text).flat_map(parts).chain(wide::pairs(text)) {
        *counts.entry(part).or_default() += 1;
    }
    counts
}

/// `totalPages`, `total_pages` and `TOTAL_PAGES` have the parts `total` and `page`.
pub(super) fn parts(identifier: &str) -> BTreeSet<String> {
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
pub(super) fn stemmed(word: &str) -> String {
    let endings = ["ing", "ed", "es", "s"];
    let stem = endings.iter().find_map(|end| word.strip_suffix(end).filter(|it| it.len() > 2));
    let stem = stem.unwrap_or(word);
    stem.strip_suffix('e').filter(|it| it.len() > 2).unwrap_or(stem).to_owned()
}
