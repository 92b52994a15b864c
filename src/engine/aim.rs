//! Which definitions an issue is about. A small model changes one function well and a file badly,
//! so it is shown the functions, and the best one first.

use std::ops::Range;

use crate::engine::guard::is_test_file;
use crate::engine::source::{SourceFile, is_useful};
use crate::engine::symbols::{self, Kind, Outline};
use crate::engine::terms;

mod entry;
mod files;
mod frames;
mod missing;
mod rank;
mod wide;

pub use files::files;
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

/// More callers of one function are not changed with it.
const MOST_CALLERS: usize = 3;
/// More are of no use to anybody.
pub const MOST_PLACES: usize = 12;

impl Place {
    /// Whether it is a script as a whole.
    pub fn is_whole(&self) -> bool {
        self.name.is_empty()
    }
}

impl Aims {
    /// Puts the first place first that `is_it`, if there is one.
    pub fn lead(&mut self, is_it: impl Fn(&Place) -> bool) {
        if let Some(at) = self.places.iter().position(is_it) {
            let place = self.places.remove(at);
            self.places.insert(0, place);
        }
    }
}

/// Ranks the definitions of `sources` by what `issue` says.
pub fn aims(issue: &str, sources: &[SourceFile<'_>]) -> Aims {
    let useful = sources.iter().filter(|it| is_useful(it) && !is_test_file(it.path));
    let outlined: Vec<(SourceFile<'_>, Outline)> =
        useful.filter_map(|it| Some((*it, symbols::outline(it.path, it.text)?))).collect();
    let entries = entry::entries(&outlined);
    let lowered = issue.to_lowercase();
    let named_file = |it: &str| names_file(&lowered, it);
    let query = rank::Query::of(issue, &entries, &named_file);
    let scored = entries.iter().map(|it| it.place(query.score(it)));
    let mut places: Vec<Place> = scored.filter(|it| it.score > 0.0).collect();
    places.sort_by(|one, other| {
        let order = other.score.total_cmp(&one.score);
        order.then_with(|| (&one.path, one.bytes.start).cmp(&(&other.path, other.bytes.start)))
    });
    places.truncate(MOST_PLACES);
    let missing = missing::of(issue, sources, &outlined, &places, &named_file);
    let best = places.first().filter(|_| query.asks_for_option());
    let acts = best.and_then(|it| callers(&it.name, sources).into_iter().next());
    Aims { places, missing, acts }
}

/// The definitions that name `name`, other than itself: who calls it. In the order of the files,
/// no more than three.
pub fn callers(name: &str, sources: &[SourceFile<'_>]) -> Vec<Place> {
    let useful = sources.iter().filter(|it| is_useful(it) && !is_test_file(it.path));
    let naming = useful.filter(|it| terms::words(it.text).contains(name));
    let outlined: Vec<(SourceFile<'_>, Outline)> =
        naming.filter_map(|it| Some((*it, symbols::outline(it.path, it.text)?))).collect();
    let entries = entry::entries(&outlined).into_iter();
    let calls = entries.filter(|it| {
        let other = it.definition.name != name && !it.definition.name.is_empty();
        other && it.words.contains(name)
    });
    calls.map(|it| it.place(0.0)).take(MOST_CALLERS).collect()
}

/// Whether an issue, in small letters, names the file by its path or by its name.
fn names_file(lowered: &str, path: &str) -> bool {
    let path = path.to_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    lowered.contains(&path) || name.contains('.') && lowered.contains(name)
}

#[cfg(test)]
mod tests;
