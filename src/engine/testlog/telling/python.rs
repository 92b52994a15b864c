//! `unittest`, `pytest`, and a traceback by itself.

use super::super::python::unittest_name;
use super::frames::{MOST_FRAMES, place};
use super::{Failure, Ours};

/// How many lines of an exception are taken.
const MESSAGE: usize = 8;

pub(super) fn read(lines: &[&str], ours: Ours<'_>) -> Vec<Failure> {
    let found = unittest(lines, ours);
    if found.is_empty() { pytest(lines, ours) } else { found }
}

/// Under a double line `FAIL: test_two (calc.Sums.test_two)`, and its traceback.
fn unittest(lines: &[&str], ours: Ours<'_>) -> Vec<Failure> {
    let mut found = Vec::new();
    let is_rule = |line: &str| line.starts_with("======");
    let heads = lines.iter().enumerate().filter(|(_, it)| is_rule(it));
    for (rule, _) in heads {
        let at = rule + 1;
        let Some(head) = lines.get(at) else { continue };
        let Some(test) = head.strip_prefix("ERROR: ").or_else(|| head.strip_prefix("FAIL: "))
        else {
            continue;
        };
        let block = lines.iter().skip(at + 1);
        let block: Vec<&str> = block
            .take_while(|it| !(is_rule(it) || it.starts_with("Ran ") && it.contains(" test")))
            .filter(|it| !it.starts_with("------"))
            .copied()
            .collect();
        let name = unittest_name(test).map_or_else(|| test.to_owned(), |(name, _)| name);
        let lines = [(*head).to_owned()].into_iter().chain(traceback(&block, ours)).collect();
        found.push(Failure { at, name, lines });
    }
    found
}

/// A traceback that no runner prints.
pub(super) fn script(lines: &[&str], ours: Ours<'_>) -> Vec<Failure> {
    let start = lines.iter().position(|it| it.starts_with("Traceback (most recent call last)"));
    let bare = || lines.iter().position(|it| it.starts_with("  File \"") && !it.contains(", in "));
    let Some(at) = start.or_else(bare) else { return Vec::new() };
    let shown = traceback(lines.get(at..).unwrap_or_default(), ours);
    let name = shown.last().cloned().unwrap_or_default();
    if shown.is_empty() {
        return Vec::new();
    }
    vec![Failure { at, name, lines: shown }]
}

/// `  File "shop.py", line 5, in price`: path, line, and the function.
fn frame(line: &str) -> Option<(&str, &str, &str)> {
    let (path, rest) = line.trim_start().strip_prefix("File \"")?.split_once("\", line ")?;
    let (number, function) = rest.split_once(", in ").unwrap_or((rest, ""));
    number.parse::<u32>().ok().map(|_| (path, number, function))
}

/// The frames in the project's own files, and the exception.
fn traceback(block: &[&str], ours: Ours<'_>) -> Vec<String> {
    // Of several, the last is the one that was not caught.
    let begin = block.iter().rposition(|it| it.starts_with("Traceback ")).unwrap_or(0);
    let block = block.get(begin..).unwrap_or_default();
    let mut frames: Vec<String> = Vec::new();
    let mut last = 0;
    for (at, line) in block.iter().enumerate() {
        let Some((path, number, function)) = frame(line) else { continue };
        last = at;
        // What cannot be parsed stands in a frame without a function.
        if ours(path) || function.is_empty() {
            let code = block.get(at + 1).filter(|it| it.starts_with("    ")).map(|it| it.trim());
            let within = if function.is_empty() { "" } else { " in " };
            frames.push(format!("{path}:{number}{within}{function}: {}", code.unwrap_or_default()));
        }
    }
    let rest = block.iter().skip(last + 1).skip_while(|it| it.starts_with(' ') || it.is_empty());
    let rest = rest.filter(|it| !it.is_empty() && !it.starts_with("? "));
    let said = rest.take(MESSAGE).map(|it| (*it).to_owned());
    outer_and_inner(frames).into_iter().chain(said).collect()
}

/// The first frame, where the test stands, and the last ones, where it went wrong.
fn outer_and_inner(mut frames: Vec<String>) -> Vec<String> {
    if frames.len() > MOST_FRAMES {
        frames.drain(1..frames.len() + 1 - MOST_FRAMES);
    }
    frames
}

/// `____ test_add[2-3] ____`, up to the next of these or a double line.
fn pytest(lines: &[&str], ours: Ours<'_>) -> Vec<Failure> {
    let mut found = Vec::new();
    let is_section = |line: &str| line.starts_with("=====") && line.ends_with("=====");
    let is_begin =
        |line: &str| is_section(line) && (line.contains(" FAILURES ") || line.contains(" ERRORS "));
    let Some(start) = lines.iter().position(|it| is_begin(it)) else { return found };
    for (at, line) in lines.iter().enumerate().skip(start) {
        let Some(head) = header(line) else { continue };
        let block = lines.iter().skip(at + 1);
        let block: Vec<&str> =
            block.take_while(|it| header(it).is_none() && !is_section(it)).copied().collect();
        let name = head.strip_prefix("ERROR collecting ");
        let name = name.or_else(|| head.split_once(" of ").map(|(_, name)| name)).unwrap_or(head);
        let lines = [head.to_owned()].into_iter().chain(reported(&block, ours)).collect();
        found.push(Failure { at, name: name.to_owned(), lines });
    }
    found
}

/// The name between two rows of underscores.
fn header(line: &str) -> Option<&str> {
    let inner = line.strip_prefix("_")?.trim_matches('_');
    let name = inner.strip_prefix(' ')?.strip_suffix(' ')?;
    (!name.contains("_ _")).then_some(name)
}

/// The places in the project's own files with their code, and what stands behind `E`.
fn reported(block: &[&str], ours: Ours<'_>) -> Vec<String> {
    let (mut frames, mut code) = (Vec::new(), None);
    for (at, line) in block.iter().enumerate() {
        // What is captured of the test's own output comes last.
        if line.starts_with("-----") {
            break;
        }
        if let Some(pointed) = line.strip_prefix("> ") {
            code = Some(pointed.trim());
        } else if let Some(it) =
            place(line).filter(|it| it.rest.starts_with(": ") || it.rest == ":")
        {
            let below = block.get(at + 1).filter(|it| it.starts_with("    ")).map(|it| it.trim());
            let shown = code.take().or(below).unwrap_or_default();
            if ours(it.path) {
                frames.push(format!("{}:{}: {shown}", it.path, it.line));
            }
        }
    }
    let said = block.iter().filter(|it| **it == "E" || it.starts_with("E  "));
    let said =
        said.filter(|it| it.len() > 1 && !it.trim_start_matches('E').trim().starts_with("? "));
    let said = said.filter(|it| !it.trim_start_matches('E').trim().is_empty());
    let said = said.take(MESSAGE).map(|it| (*it).to_owned());
    outer_and_inner(frames).into_iter().chain(said).collect()
}
