//! Statements that an issue shows with assertions among them: each assertion, with all that stands
//! before it, is an example. What it calls is the project's, or the issue asks for it; nothing else
//! is run of it but what makes and compares values.

use super::place::{Function, Places};
use crate::domain::example::{Example, Expected, Language, Source};
use crate::engine::symbols::snippet::{Snippet, snippet};

/// The most examples of one block.
const MOST: usize = 6;

/// What a block of code shows, and whether it is more than single assertions that stand for
/// themselves. `info` is what stands behind its fence.
pub(super) fn examples(
    lines: &[&str],
    info: &str,
    issue: &str,
    places: &Places<'_>,
) -> Option<(Vec<Example>, Snippet)> {
    let text = outdented(lines);
    let language = language(info).or_else(|| places.only_language())?;
    let found = snippet(language, &text)?;
    let mut path = None;
    for name in &found.names {
        match places.defined(name, issue).filter(|it| it.language == language) {
            Some(it) => path = path.or(Some(it.path)),
            // A macro, a type, a constant: the header brings it.
            None if language == Language::C && !found.called.contains(name) => {
                places.mentions(name).then_some(())?;
            }
            None => is_asked(name, &text, issue, &found, places).then_some(())?,
        }
    }
    // What calls nothing of the project's says nothing about it.
    found.names.first()?;
    let mut ends: Vec<usize> = found.assertions.iter().map(|it| it.end).collect();
    ends.dedup();
    // The last one has all.
    let skipped = ends.len().saturating_sub(MOST);
    let path = path.unwrap_or_default();
    let all = ends.into_iter().skip(skipped).filter_map(|end| {
        Some(Example {
            language,
            path: path.clone(),
            call: text.get(..end)?.trim_end().to_owned(),
            expected: Expected::Passes,
            given: None,
            source: Source::Spelled,
        })
    });
    Some((all.collect(), found))
}

/// Without the blanks that all lines begin with: those of a list's item.
fn outdented(lines: &[&str]) -> String {
    let filled = lines.iter().filter(|it| !it.trim().is_empty());
    let depth = filled.map(|it| it.len() - it.trim_start().len()).min().unwrap_or(0);
    let lines: Vec<&str> = lines.iter().map(|it| it.get(depth..).unwrap_or_default()).collect();
    lines.join("\n")
}

/// Whether the issue wants a function of this name that is not there: it calls it, and speaks of it
/// outside of these statements too.
fn is_asked(name: &str, text: &str, issue: &str, found: &Snippet, places: &Places<'_>) -> bool {
    let is_new = found.called.iter().any(|it| it == name) && !places.mentions(name);
    is_new && !super::BUILTINS.contains(&name) && count(issue, name) > count(text, name)
}

fn count(text: &str, name: &str) -> usize {
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_';
    text.split(|it| !is_part(it)).filter(|it| *it == name).count()
}

/// The language that a fence names.
fn language(info: &str) -> Option<Language> {
    let word = info.split([' ', '{', ',']).next().unwrap_or_default().to_ascii_lowercase();
    Some(match word.as_str() {
        "python" | "py" | "python3" => Language::Python,
        "javascript" | "js" | "typescript" | "ts" | "mjs" | "node" => Language::JavaScript,
        "rust" | "rs" => Language::Rust,
        "c" => Language::C,
        _ => return None,
    })
}

/// The statements of an example, and what is in them.
pub(super) fn read(example: &Example) -> Option<Snippet> {
    (example.expected == Expected::Passes).then(|| snippet(example.language, &example.call))?
}

/// The lines of an example's statements, without what brings in what they name. `None`: they cannot
/// be indented, because a text in them may go over lines.
pub(super) fn statements(example: &Example) -> Option<Vec<String>> {
    let mut text = example.call.clone();
    for it in read(example)?.imports.iter().rev() {
        text.replace_range(it.clone(), "");
    }
    let is_open = |it: &str| it.matches('"').count() % 2 == 1 || it.contains(['`', '\\']);
    let fits = !text.contains("\"\"\"") && !text.contains("'''") && !text.lines().any(is_open);
    let lines = text.lines().map(|it| it.trim_end().to_owned()).filter(|it| !it.is_empty());
    fits.then(|| lines.collect())
}

/// The names of what it calls, and of what it uses of that.
pub(super) fn names(example: &Example) -> Vec<String> {
    let Some(found) = read(example) else { return Vec::new() };
    [found.called, found.members].concat()
}

/// Whether all that it calls is there.
pub(super) fn is_there(example: &Example, places: &Places<'_>) -> bool {
    let Some(found) = read(example) else { return false };
    found.called.iter().all(|it| places.defined(it, "").is_some())
}

/// What its names stand for. `None` where that is no longer known.
pub(super) fn functions(
    example: &Example,
    found: &Snippet,
    places: &Places<'_>,
) -> Option<Vec<Function>> {
    let mut all = Vec::new();
    for name in &found.names {
        match places.defined(name, &example.path) {
            Some(it) => all.push(it),
            None if example.language == Language::C => {}
            None => return None,
        }
    }
    Some(all)
}
