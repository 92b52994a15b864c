//! Which files an issue is about.

use super::entry::{self, Entry};
use super::{names_file, rank};
use crate::engine::guard::is_test_file;
use crate::engine::source::{SourceFile, is_useful};
use crate::engine::symbols::{self, Outline};

/// A file as a whole has words of everything that is in it: what speaks for one definition counts
/// twice as much.
const WHOLE: f64 = 0.5;
/// A test has the words of what it tests.
const TEST: f64 = 0.5;
/// The issue names it by its path, or by its name.
const NAMED: f64 = 40.0;

/// How much speaks for each file of `sources` that may be of use, the most telling first: what
/// speaks for the best of its definitions, or for all of it. Comparable within one issue alone.
/// What words are worth is taken from the files that are no tests.
pub fn files<'a>(issue: &str, sources: &[SourceFile<'a>]) -> Vec<(f64, SourceFile<'a>)> {
    let useful = sources.iter().copied().filter(is_useful);
    let (tests, ours): (Vec<_>, Vec<_>) = useful.partition(|it| is_test_file(it.path));
    let (ours, tests) = (entries(&ours), entries(&tests));
    let lowered = issue.to_lowercase();
    let is_named = |it: &str| names_file(&lowered, it);
    let query = rank::Query::of(issue, &ours, &is_named);
    let mut scored: Vec<(f64, SourceFile<'a>)> = Vec::new();
    for entry in ours.iter().chain(&tests) {
        let whole = if entry.definition.name.is_empty() { WHOLE } else { 1.0 };
        let score = whole * query.score(entry);
        match scored.last_mut() {
            Some((best, file)) if file.path == entry.file.path => *best = best.max(score),
            _ => scored.push((score, entry.file)),
        }
    }
    for (score, file) in &mut scored {
        *score += if is_named(file.path) { NAMED } else { 0.0 };
        *score *= if is_test_file(file.path) { TEST } else { 1.0 };
    }
    scored.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.path.cmp(other.1.path)));
    scored
}

/// The definitions of each file, and it as a whole, file by file.
fn entries<'a>(files: &[SourceFile<'a>]) -> Vec<Entry<'a>> {
    let of = |file: &SourceFile<'a>| {
        let outline: Outline = symbols::outline(file.path, file.text).unwrap_or_default();
        let mut entries = entry::entries(&[(*file, outline)]);
        entries.push(entry::whole(*file, file.text));
        entries
    };
    files.iter().flat_map(of).collect()
}
