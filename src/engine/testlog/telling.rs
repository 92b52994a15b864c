//! What of a failed check's output tells what to mend: the first failure, and the names of the rest.
//!
//! A small model reads little, and believes what it reads last: so it gets the first error with its
//! place and the line of code that was shown, or the failed test with what was expected, what came
//! instead, and the frames in the project's own files. What is not recognised is left to `excerpt`.

use std::collections::BTreeSet;

use super::excerpt::{is_library, shortened};

mod compiler;
mod frames;
mod go;
mod javascript;
mod node;
mod plain;
mod python;
mod rust;

/// The most lines that are told.
const MOST_LINES: usize = 15;
/// The most bytes.
const MOST_BYTES: usize = 2 * 1024;
/// The longest line, in bytes: the first that fits, so that all is within `MOST_BYTES`.
const LONGEST_LINE: [usize; 3] = [300, 200, 120];
/// How much of a name is told in the list of the rest, in characters.
const NAME: usize = 70;
/// How long that list may be, in bytes.
const NAMES: usize = 240;
/// Of what is too long, the last lines are shown too: there stands the place.
const LAST: usize = 3;

/// Whether a path, as an output has it, is that of a file of the project.
pub(super) type Ours<'a> = &'a dyn Fn(&str) -> bool;

/// One thing that failed.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    /// The line of the output that it begins at.
    at: usize,
    /// Which it is: a test's name as its runner gives it, else the place and the message.
    name: String,
    /// What is shown of it.
    lines: Vec<String>,
}

/// What finds the failures of one kind of tool in the lines of an output, in their order.
type Reader = fn(&[&str], Ours<'_>) -> Vec<Failure>;

/// The part of `output` that tells, in at most 15 lines and 2 KiB; `None` when nothing in it is
/// recognised. `ours` says whether a path is of a file of the project; the failures of tests that
/// are in `stood`, by the names that `tests` reads, are left out: they failed before.
pub fn telling(output: &str, ours: &dyn Fn(&str) -> bool, stood: &[String]) -> Option<String> {
    let lines: Vec<&str> = output.lines().map(str::trim_end).collect();
    // A runner or a compiler says what is wrong; a traceback or a "FAIL" may be mere talk of a
    // test that passes.
    let sure: [Reader; 10] = [
        rust::compiler,
        rust::tests,
        go::read,
        javascript::jest,
        javascript::vitest,
        javascript::mocha,
        node::read,
        python::read,
        compiler::typescript,
        compiler::located,
    ];
    let unsure: [Reader; 4] = [compiler::eslint, plain::asserted, python::script, plain::lines];
    let first = |readers: &[Reader]| {
        let all = readers.iter().map(|read| read(&lines, ours)).filter(|it| !it.is_empty());
        all.min_by_key(|found| found.first().map(|it| it.at))
    };
    let mut found = first(&sure).or_else(|| first(&unsure))?;
    let mut known: Vec<String> = Vec::new();
    found.retain(|it| {
        let is_new = !known.contains(&it.name) && !stood.iter().any(|old| is_same(old, &it.name));
        known.push(it.name.clone());
        is_new
    });
    told(&found)
}

/// Whether a path of an output is that of one of `files`, which are named from the project's root.
/// Where a check runs in a container of its own the root may be anywhere.
pub fn is_of_project(path: &str, files: &BTreeSet<String>) -> bool {
    let path = path.strip_prefix("./").unwrap_or(path);
    let ends =
        path.char_indices().filter(|(_, c)| *c == '/').filter_map(|(at, _)| path.get(at + 1..));
    files.contains(path)
        || (path.starts_with('/')
            && !is_library(path)
            && ends.into_iter().any(|it| files.contains(it)))
}

/// Whether the name of a test, as `tests` reads it, stands for `name`, as a failure is headed.
fn is_same(test: &str, name: &str) -> bool {
    let ends = |test: &str| {
        test.strip_suffix(name).is_some_and(|before| !before.ends_with(char::is_alphanumeric))
    };
    !name.is_empty() && (ends(test) || ends(&test.replace("::", ".")))
}

fn told(found: &[Failure]) -> Option<String> {
    let (first, rest) = found.split_first()?;
    let more = more(rest);
    let room = MOST_LINES - usize::from(more.is_some());
    let lines: Vec<String> = first
        .lines
        .iter()
        .map(|line| shortened(line.trim_end()))
        .filter(|it| !it.is_empty())
        .collect();
    let mut shown: Vec<&str> = match lines.len() > room {
        false => lines.iter().map(String::as_str).collect(),
        true => {
            let head = lines.iter().take(room - LAST - 1).map(String::as_str);
            let tail = lines.iter().skip(lines.len() - LAST).map(String::as_str);
            head.chain(["…"]).chain(tail).collect()
        }
    };
    shown.extend(more.as_deref());
    let texts = LONGEST_LINE
        .iter()
        .map(|longest| shown.iter().map(|line| cut(line, *longest)).collect::<Vec<_>>().join("\n"));
    texts.into_iter().find(|it| it.len() <= MOST_BYTES).filter(|it| !it.is_empty())
}

/// `and 3 more: a, b, c`
fn more(rest: &[Failure]) -> Option<String> {
    if rest.is_empty() {
        return None;
    }
    let mut text = format!("and {} more: ", rest.len());
    for (nth, failure) in rest.iter().enumerate() {
        let name = shortened(failure.name.trim());
        let name = match name.char_indices().nth(NAME) {
            Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
            None => name,
        };
        if nth > 0 && text.len() + name.len() > NAMES {
            text.push_str(", …");
            break;
        }
        if nth > 0 {
            text.push_str(", ");
        }
        text.push_str(&name);
    }
    Some(text)
}

/// The beginning of a line, of at most so many bytes.
fn cut(line: &str, longest: usize) -> String {
    if line.len() <= longest {
        return line.to_owned();
    }
    let end =
        line.char_indices().map(|(at, _)| at).take_while(|at| *at + '…'.len_utf8() <= longest);
    format!("{}…", line.get(..end.last().unwrap_or(0)).unwrap_or_default())
}

#[cfg(test)]
mod tests;
