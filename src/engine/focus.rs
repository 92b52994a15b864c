//! Which files a small model needs to see: those that hold what the issue names. A file that is
//! not in the chat is one that the model invents.

use crate::engine::aim;
use crate::engine::guard::is_test_file;
use crate::engine::source::{SourceFile, is_code, is_useful};
use crate::engine::terms::{self, Terms, words};

/// Bounds beside the budget: a small model loses the thread with more.
const MAX_EDIT: usize = 4;
const MAX_READ: usize = 3;
/// A file for which so many times less speaks than for the best shares words with the issue.
const FAR: f64 = 4.0;

/// What the agent gets to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    /// Files that it may edit, the most telling first.
    pub edit: Vec<String>,
    /// Files that show how these are used, such as tests.
    pub read: Vec<String>,
    /// Files that belong here and did not fit.
    pub left_out: Vec<String>,
}

/// Picks the files for an issue within `budget` bytes. Tests go to `read`, unless the issue
/// asks for them by name or by a change that reaches everywhere, such as a rename.
pub fn focus(issue: &str, files: &[SourceFile<'_>], budget: usize) -> Focus {
    let scored = aim::files(issue, files);
    let terms = terms::of(issue);
    if !scored.iter().any(|(score, file)| *score > 0.0 && is_code(file.path)) {
        let useful: Vec<SourceFile<'_>> = scored.iter().map(|it| it.1).collect();
        return fallback(&useful, budget);
    }
    choose(issue, &terms, &scored, budget)
}

/// The same for writing tests: tests may be edited, the sources are there to be read.
pub fn focus_on_tests(
    issue: &str,
    changed: &[&str],
    files: &[SourceFile<'_>],
    budget: usize,
) -> Focus {
    let mut focus = Focus::default();
    let mut room = budget;
    let sources = files.iter().filter(|it| changed.contains(&it.path) && !is_test_file(it.path));
    for file in sources.filter(|it| is_useful(it)) {
        take(&mut focus.read, &mut focus.left_out, &mut room, file, MAX_EDIT);
    }
    // The tests that name what the sources define, or what the issue names.
    let stems: Vec<String> = changed.iter().map(|it| stem(it)).collect();
    let terms = terms::of(issue);
    let mut tests: Vec<(usize, &SourceFile<'_>)> = files
        .iter()
        .filter(|it| is_test_file(it.path) && is_useful(it) && is_code(it.path))
        .map(|it| {
            let words = words(it.text);
            let named = terms.named.iter().filter(|term| words.contains(term.as_str())).count();
            let of_stem = stems
                .iter()
                .filter(|stem| it.path.contains(stem.as_str()) || words.contains(stem.as_str()));
            (named + 3 * of_stem.count(), it)
        })
        .collect();
    tests.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.path.cmp(other.1.path)));
    for (_, file) in tests.iter().filter(|(score, _)| *score > 0).take(1) {
        take(&mut focus.edit, &mut focus.left_out, &mut room, file, 1);
    }
    focus
}

fn take(
    list: &mut Vec<String>,
    left_out: &mut Vec<String>,
    room: &mut usize,
    file: &SourceFile<'_>,
    most: usize,
) {
    if list.len() < most && file.text.len() <= *room {
        *room -= file.text.len();
        list.push(file.path.to_owned());
    } else {
        left_out.push(file.path.to_owned());
    }
}

fn choose(issue: &str, terms: &Terms, scored: &[(f64, SourceFile<'_>)], budget: usize) -> Focus {
    let everywhere = terms::reaches_everywhere(issue);
    let best = scored.iter().find(|(_, it)| is_code(it.path) && !is_test_file(it.path));
    let best = best.map_or(0.0, |(score, _)| *score);
    let mut focus = Focus::default();
    let mut room = budget;
    let lowered = issue.to_lowercase();
    for (score, file) in scored.iter().filter(|(score, _)| *score > 0.0) {
        let asked_for = lowered.contains(&file.path.to_lowercase());
        // Who names what the issue names shows how it is used, or has to change with it.
        let words = words(file.text);
        let shows_use =
            is_code(file.path) && terms.named.iter().any(|it| words.contains(it.as_str()));
        if *score < best / FAR && !asked_for && !shows_use {
            continue;
        }
        if is_test_file(file.path) && !everywhere && !asked_for || !is_code(file.path) && !asked_for
        {
            if is_test_file(file.path) && focus.read.len() < MAX_READ {
                // Tests are shown from what is left when the sources are in.
                focus.read.push(file.path.to_owned());
            }
        } else {
            take(&mut focus.edit, &mut focus.left_out, &mut room, file, MAX_EDIT);
        }
    }
    let size =
        |path: &str| scored.iter().find(|it| it.1.path == path).map_or(0, |it| it.1.text.len());
    let shown = std::mem::take(&mut focus.read);
    for path in shown {
        if size(&path) <= room {
            room -= size(&path);
            focus.read.push(path);
        } else {
            focus.left_out.push(path);
        }
    }
    focus
}

/// Nothing matches: the smallest plausible sources, so that the model sees at least one.
fn fallback(files: &[SourceFile<'_>], budget: usize) -> Focus {
    let mut sources: Vec<&SourceFile<'_>> = files
        .iter()
        .filter(|it| is_code(it.path) && !is_test_file(it.path) && !it.text.trim().is_empty())
        .collect();
    let is_entry = |it: &&SourceFile<'_>| {
        ["main", "lib", "index", "app", "cli"].contains(&stem(it.path).as_str())
    };
    sources.sort_by_key(|it| (!is_entry(it), it.path.matches('/').count(), it.text.len()));
    let mut focus = Focus::default();
    let mut room = budget;
    for file in sources {
        take(&mut focus.edit, &mut focus.left_out, &mut room, file, MAX_EDIT);
    }
    focus.left_out.truncate(MAX_EDIT);
    focus
}

fn stem(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name).to_lowercase()
}

#[cfg(test)]
mod tests;
