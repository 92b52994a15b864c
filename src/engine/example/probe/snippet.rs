//! Statements that an issue shows, up to an assertion, as a program that tells which one fails.

use std::ops::Range;

use super::{Steps, c, node, python, rust};
use crate::domain::example::{Example, Language};
use crate::engine::example::place::{Function, Places};
use crate::engine::example::render;
use crate::engine::example::snippet::{functions, read};
use crate::engine::example::value::{Quotes, Value};
use crate::engine::source::SourceFile;
use crate::engine::symbols::snippet::{Assertion, Snippet};

/// The longest assertion that is told, in characters.
const LONGEST: usize = 120;

/// Statements as they are run.
pub(super) struct Statements<'a> {
    pub(super) nth: usize,
    /// The file of what is called first.
    pub(super) path: &'a str,
    /// What their names stand for.
    pub(super) functions: Vec<Function>,
    /// With assertions that tell what they found, and without what brings in.
    pub(super) text: String,
}

/// What it takes to run an example's statements. `None`: what they name cannot be reached.
pub(super) fn steps(
    nth: usize,
    example: &Example,
    places: &Places<'_>,
    sources: &[SourceFile<'_>],
) -> Option<Steps> {
    let found = read(example)?;
    let functions = functions(example, &found, places)?;
    let safe = |it: char| it.is_ascii_alphanumeric() || "-_./+@ ".contains(it);
    if !functions.iter().all(|it| it.path.chars().all(safe)) {
        return None;
    }
    let first = functions.iter().find(|it| it.path == example.path).or(functions.first());
    let path = first.map(|it| it.path.clone())?;
    let text = telling(example, &found)?;
    let it = Statements { nth, path: &path, functions, text };
    match example.language {
        Language::Python => Some(python::statements(&it)),
        Language::JavaScript => Some(node::statements(&it)),
        Language::Rust => rust::statements(&it, sources),
        Language::C => c::statements(&it, sources),
        Language::Shell => None,
    }
}

/// The statements with assertions that tell.
fn telling(example: &Example, found: &Snippet) -> Option<String> {
    let text = example.call.as_str();
    let gone = found.imports.iter().map(|it| (it.clone(), String::new()));
    let mut changes: Vec<(Range<usize>, String)> = gone.collect();
    // Rust's assertions tell by themselves.
    if example.language != Language::Rust {
        for it in &found.assertions {
            changes.push((it.bytes.clone(), assertion(it, text, example.language)?));
        }
    }
    changes.sort_by_key(|(it, _)| std::cmp::Reverse(it.start));
    let mut out = text.to_owned();
    for (bytes, new) in changes {
        out.replace_range(bytes, &new);
    }
    Some(out)
}

fn assertion(it: &Assertion, text: &str, language: Language) -> Option<String> {
    let part = |it: &Range<usize>| text.get(it.clone());
    let line: String = part(&it.bytes)?.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.trim_end_matches(';').chars().take(LONGEST).collect();
    let told = render::plain(&Value::Text(line, Quotes::Double), language)?;
    let end = if language == Language::Python { "" } else { ";" };
    // C shows numbers and texts alone, and a pointer is neither.
    let shows = |right: &str| {
        let is_number = right.parse::<i64>().is_ok();
        let is_constant = |it: char| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_';
        language != Language::C || is_number || right.chars().all(is_constant) && right != "NULL"
    };
    let same = it.same.as_ref().and_then(|it| Some((part(&it.left)?, part(&it.right)?, it.how)));
    Some(match same.filter(|(_, right, _)| shows(right)) {
        Some((left, right, how)) if language == Language::JavaScript => {
            format!("probe_same(({left}), ({right}), {told}, '{how}'){end}")
        }
        Some((left, right, _)) => format!("probe_same(({left}), ({right}), {told}){end}"),
        None => format!("probe_hold(({}), {told}){end}", part(&it.condition)?),
    })
}
