//! `rustc`, and what prints as it does; panics and failed tests of `cargo test` and `nextest`.

use super::frames::{MOST_FRAMES, place};
use super::{Failure, Ours};

/// How many lines of a message are taken.
const MESSAGE: usize = 8;

/// `error[E0308]: mismatched types`, its place on the line below, up to the next empty line.
pub(super) fn compiler(lines: &[&str], ours: Ours<'_>) -> Vec<Failure> {
    let mut found: Vec<(bool, Failure)> = Vec::new();
    for (at, head) in lines.iter().enumerate() {
        let below = lines.get(at + 1).map(|it| it.trim_start()).unwrap_or_default();
        let Some(position) = below.strip_prefix("--> ") else { continue };
        let is_other = ["warning", "note", "help"].iter().any(|it| head.starts_with(it));
        if is_other || head.starts_with(' ') || head.is_empty() {
            continue;
        }
        let block = lines.iter().skip(at).take_while(|it| !it.is_empty());
        // A gutter without code, or one that says that lines are left out, tells nothing.
        let block = block.filter(|it| !matches!(it.trim(), "|" | "..."));
        let message = head.split_once(": ").map_or(*head, |(_, message)| message);
        let failure = Failure {
            at,
            name: format!("{position} {message}"),
            lines: block.map(|it| (*it).to_owned()).collect(),
        };
        found.push((place(position).is_some_and(|it| ours(it.path)), failure));
    }
    // What is wrong in a dependency is wrong because of what is ours, if anything there is.
    found.sort_by_key(|(own, _)| !own);
    let first = found.iter().map(|(_, it)| it.at).min().unwrap_or_default();
    let mut found: Vec<Failure> = found.into_iter().map(|(_, it)| it).collect();
    if let Some(it) = found.first_mut() {
        it.at = first;
    }
    found
}

/// Panics, and tests that ended with an `Err`.
pub(super) fn tests(lines: &[&str], ours: Ours<'_>) -> Vec<Failure> {
    let mut found = Vec::new();
    // The block that is open: where it began, its name, and whether its panic was met.
    let mut open: Option<(usize, &str, bool)> = None;
    for (at, line) in lines.iter().enumerate() {
        let text = line.trim_start();
        let header = text.strip_prefix("---- ").and_then(|it| it.strip_suffix(" stdout ----"));
        if header.is_some() || text == "failures:" {
            found.extend(open.and_then(|it| silent(lines, it, at)));
            open = header.map(|name| (at, name, false));
        } else if let Some((thread, position)) = panicked(text) {
            let name = match &mut open {
                Some((_, name, met)) => {
                    *met = true;
                    name
                }
                None => thread,
            };
            found.push(panic(lines, at, (name, position), ours));
        }
    }
    found
}

/// `thread 'tests::adds' (8872) panicked at src/lib.rs:14:29:`: the thread, and the place.
fn panicked(line: &str) -> Option<(&str, &str)> {
    let (thread, rest) = line.strip_prefix("thread '")?.split_once('\'')?;
    let (_, place) = rest.split_once("panicked at ")?;
    Some((thread, place))
}

fn panic(lines: &[&str], at: usize, (name, position): (&str, &str), ours: Ours<'_>) -> Failure {
    let mut shown = vec![format!("{name} panicked at {position}")];
    let after = lines.iter().skip(at + 1).map(|it| it.trim());
    let is_end = |line: &str| {
        line.is_empty() || line.starts_with("stack backtrace:") || line.starts_with("note: ")
    };
    let message: Vec<&str> = after.take_while(|it| !is_end(it)).collect();
    shown.extend(message.iter().take(MESSAGE).map(|it| (*it).to_owned()));
    shown.extend(backtrace(lines, at + 1 + message.len(), position, ours));
    Failure { at, name: name.to_owned(), lines: shown }
}

/// The frames in the project's own files, but for one that only says the place of the panic again.
fn backtrace(lines: &[&str], from: usize, position: &str, ours: Ours<'_>) -> Vec<String> {
    let trace = lines
        .iter()
        .skip(from)
        .map(|it| it.trim())
        .take_while(|it| !it.is_empty() && (from == 0 || !it.starts_with("note: Some")));
    let (mut frames, mut function) = (Vec::new(), "");
    for line in trace {
        let Some(at) = line.strip_prefix("at ") else {
            function = line.split_once(": ").map_or("", |(_, name)| name);
            continue;
        };
        let is_own = place(at).is_some_and(|it| ours(it.path)) && !function.contains("{{closure}}");
        if is_own && frames.len() < MOST_FRAMES {
            frames.push((at.trim_start_matches("./").to_owned(), function));
        }
    }
    let says_nothing = |frames: &[(String, &str)]| match frames {
        [(only, _)] => only == position.trim_end_matches(':'),
        _ => false,
    };
    if says_nothing(&frames) {
        return Vec::new();
    }
    frames.into_iter().map(|(at, function)| format!("  at {function} ({at})")).collect()
}

/// A failed test whose block has no panic: what it printed.
fn silent(lines: &[&str], (at, name, met): (usize, &str, bool), end: usize) -> Option<Failure> {
    if met {
        return None;
    }
    let body = lines.iter().take(end).skip(at + 1).filter(|it| !it.is_empty());
    let body = body.take(MESSAGE).map(|it| (*it).to_owned());
    let shown: Vec<String> = [format!("{name} failed:")].into_iter().chain(body).collect();
    Some(Failure { at, name: name.to_owned(), lines: shown })
}
