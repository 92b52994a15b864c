//! Functions that an issue wants and nobody has written yet.

use std::collections::BTreeSet;

use super::{Place, SourceFile};
use crate::engine::symbols::{Kind, Outline};
use crate::engine::terms;

/// A function that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// Its name.
    pub name: String,
    /// Its head as the issue gives it, `pad(text, width)`; empty where there are only calls of it.
    pub head: String,
    /// What it is put beside.
    pub beside: Place,
}

/// A longer one is no head.
const LONGEST_HEAD: usize = 200;

/// The functions that stand in backticks before a parenthesis and that no file knows, in the order
/// of the issue. They go into the file that the issue names, else into that of the best place.
pub(super) fn of(
    issue: &str,
    sources: &[SourceFile<'_>],
    outlined: &[(SourceFile<'_>, Outline)],
    places: &[Place],
    is_named: &dyn Fn(&str) -> bool,
) -> Vec<Missing> {
    let calls = calls(issue);
    let Some(beside) = beside(outlined, places, is_named).filter(|_| !calls.is_empty()) else {
        return Vec::new();
    };
    let known: BTreeSet<&str> = sources.iter().flat_map(|it| terms::words(it.text)).collect();
    let mut missing: Vec<Missing> = Vec::new();
    for (name, code) in calls.iter().filter(|(name, _)| !known.contains(name)) {
        let head = if is_head(name, code) { *code } else { "" };
        match missing.iter_mut().find(|it| it.name == *name) {
            Some(it) if it.head.len() < head.len() => head.clone_into(&mut it.head),
            Some(_) => {}
            None => missing.push(Missing {
                name: (*name).to_owned(),
                head: head.to_owned(),
                beside: beside.clone(),
            }),
        }
    }
    missing
}

/// The best place of the one file that the issue names, or its last definition; else the best one.
fn beside(
    outlined: &[(SourceFile<'_>, Outline)],
    places: &[Place],
    is_named: &dyn Fn(&str) -> bool,
) -> Option<Place> {
    let mut named = outlined.iter().filter(|(file, _)| is_named(file.path));
    let (Some((file, outline)), None) = (named.next(), named.next()) else {
        return places.first().cloned();
    };
    let last = || {
        let last = outline.definitions.iter().rfind(|it| it.container.is_none())?;
        Some(Place {
            path: file.path.to_owned(),
            name: last.name.clone(),
            container: None,
            kind: Kind::Function,
            bytes: last.bytes.clone(),
            score: 0.0,
        })
    };
    let best = places.iter().find(|it| it.path == file.path);
    best.cloned().or_else(last).or_else(|| places.first().cloned())
}

/// Each name before a parenthesis in backticks, and all the code that it stands in.
fn calls(issue: &str) -> Vec<(&str, &str)> {
    let spans = issue.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let name = |code: &'_ str| -> Option<(usize, usize)> {
        let end = code.find('(')?;
        let head = code[..end].trim_end();
        let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_';
        let start = head
            .rfind(|it| !is_part(it))
            .map_or(0, |at| at + head[at..].chars().next().map_or(1, char::len_utf8));
        let name = &head[start..];
        let legal = name.len() > 2 && !name.starts_with(|it: char| it.is_ascii_digit());
        legal.then_some((start, head.len()))
    };
    spans.filter_map(|code| name(code).map(|(from, to)| (&code[from..to], code.trim()))).collect()
}

/// Whether code says how a function is called and not what it is called with: `f(a, b)` and
/// `int f(const char *a)`, but not `f(1)` or `f("a")`.
fn is_head(name: &str, code: &str) -> bool {
    let Some((_, arguments)) = code.split_once(name).and_then(|it| it.1.split_once('(')) else {
        return false;
    };
    let arguments = arguments.rsplit_once(')').map_or(arguments, |it| it.0);
    let literal = |it: &str| {
        it.trim_start().starts_with(|it: char| it.is_ascii_digit() || "-\"'[{".contains(it))
    };
    code.len() <= LONGEST_HEAD && !arguments.trim().is_empty() && !arguments.split(',').any(literal)
}
