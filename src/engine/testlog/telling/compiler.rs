//! Compilers and linters that say a place and a message on one line: gcc, clang, `tsc`, `eslint`.

use super::frames::{is_code, place};
use super::{Failure, Ours};

/// How many lines of code, or of explanation, are shown below a message.
const BELOW: usize = 4;

/// `src/list.c:5:21: error: …` of gcc, clang and `cargo --message-format short`, and what the linker
/// misses.
pub(super) fn located(lines: &[&str], _ours: Ours<'_>) -> Vec<Failure> {
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let above = at.checked_sub(1).and_then(|it| lines.get(it)).copied().unwrap_or_default();
        if line.contains("undefined reference to") || line.contains("undefined symbol:") {
            let function = Some(above).filter(|it| it.contains("in function "));
            let shown = function.into_iter().chain([*line]).map(str::to_owned).collect();
            let name = line.rsplit(": ").next().unwrap_or(line);
            found.push(Failure { at, name: name.to_owned(), lines: shown });
            continue;
        }
        let Some(it) = place(line) else { continue };
        let rest = it.rest.trim_start_matches([':', ' ']);
        let is_error = ["error:", "error[", "fatal error:"].iter().any(|it| rest.starts_with(it));
        if !is_error {
            continue;
        }
        let function = Some(above).filter(|above| {
            above.contains(": In ") && above.ends_with(':') && above.starts_with(it.path)
        });
        let code = lines.iter().skip(at + 1).take_while(|it| it.starts_with(' ') && is_code(it));
        let code = code.take(BELOW).copied();
        let message = rest.split_once(": ").map_or(rest, |(_, message)| message);
        found.push(Failure {
            at,
            name: format!("{}:{} {message}", it.path, it.line),
            lines: function.into_iter().chain([*line]).chain(code).map(str::to_owned).collect(),
        });
    }
    found
}

/// `src/sum.ts(2,3): error TS2322: …`, and for people `src/sum.ts:2:3 - error TS2322: …` with the
/// line of code below.
pub(super) fn typescript(lines: &[&str], _ours: Ours<'_>) -> Vec<Failure> {
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((position, message)) = line
            .split_once(": error TS")
            .filter(|(position, _)| position.ends_with(')') && !position.contains(' '))
            .or_else(|| line.split_once(" - error TS").filter(|(it, _)| place(it).is_some()))
        else {
            continue;
        };
        let message = message.split_once(": ").map_or(message, |(_, message)| message);
        let is_next = |line: &str| line.contains(" - error TS") || line.contains(": error TS");
        let below = lines.iter().skip(at + 1).take_while(|it| {
            let begins = it.starts_with(|c: char| c.is_ascii_digit());
            (it.is_empty() || it.starts_with(' ') || begins) && !is_next(it)
        });
        let below = below.filter(|it| !it.is_empty()).take(BELOW).copied();
        found.push(Failure {
            at,
            name: format!("{position} {message}"),
            lines: [*line].into_iter().chain(below).map(str::to_owned).collect(),
        });
    }
    found
}

/// A file's path on a line, and its problems below: `  3:14  error  'c' is not defined  no-undef`.
pub(super) fn eslint(lines: &[&str], _ours: Ours<'_>) -> Vec<Failure> {
    let (mut found, mut file) = (Vec::new(), "");
    for (at, line) in lines.iter().enumerate() {
        if !line.starts_with(' ') {
            file = line;
            continue;
        }
        let mut words = line.split_whitespace();
        let (position, kind) = (words.next().unwrap_or_default(), words.next());
        let is_position = position.split_once(':').is_some_and(|(line, column)| {
            [line, column].iter().all(|it| it.parse::<u32>().is_ok())
        });
        if !is_position || kind != Some("error") || file.is_empty() || file.contains(' ') {
            continue;
        }
        let message = words.collect::<Vec<_>>().join(" ");
        let text = format!("{file}:{position}: {message}");
        found.push(Failure { at, name: text.clone(), lines: vec![text] });
    }
    found
}
