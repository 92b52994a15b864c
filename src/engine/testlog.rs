//! What test runners print, read: which tests passed and failed, and the part worth showing.
//!
//! A runner is known by its output, not by the command, which is `make test` as often as not;
//! the command only helps where the output leaves a doubt. What is not understood is left out:
//! then the steps are compared as a whole.

use std::collections::BTreeSet;

use crate::domain::verification::TestNames;

mod excerpt;
mod go;
mod javascript;
mod narrow;
mod node;
mod python;
mod rust;
mod telling;

pub use excerpt::excerpt;
pub use narrow::narrowed;
pub use telling::{is_of_project, telling};

/// The names that one output told. A name that both passed and failed counts as failed: two
/// tests may have one name.
#[derive(Default)]
struct Names {
    passed: BTreeSet<String>,
    failed: BTreeSet<String>,
}

impl Names {
    fn add(&mut self, passed: bool, name: impl Into<String>) {
        let set = if passed { &mut self.passed } else { &mut self.failed };
        set.insert(name.into());
    }
}

/// The single tests that `output` names; `None` when it names none. A runner that prints only
/// the failures leaves `passed` empty, as does an output that was cut.
pub fn tests(command: &str, output: &str) -> Option<TestNames> {
    let mut names = Names::default();
    rust::read(output, &mut names);
    go::read(output, &mut names);
    python::read(output, &mut names);
    javascript::read(output, &mut names);
    node::read(command, output, &mut names);
    if names.passed.is_empty() && names.failed.is_empty() {
        return None;
    }
    // Of an output that lost its middle nobody can say that a test is gone.
    let is_whole =
        !output.lines().any(|line| line.starts_with("[… ") && line.ends_with(" left out …]"));
    let passed = names.passed.difference(&names.failed).filter(|_| is_whole).cloned().collect();
    Some(TestNames { passed, failed: names.failed.into_iter().collect() })
}

/// How many of `c` a line starts with.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A name without the time it took: `adds (3 ms)`, `adds (0.8ms)`, `adds 3ms`.
fn without_duration(name: &str) -> &str {
    let is_time = |text: &str| {
        let number = text.trim_end_matches("ms").trim_end_matches(['s', 'm']).trim_end();
        number.len() < text.len()
            && number.starts_with(|c: char| c.is_ascii_digit())
            && number.chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    let name = name.trim_end();
    if let Some((start, time)) = name.strip_suffix(')').and_then(|name| name.rsplit_once(" (")) {
        return if is_time(time) { start } else { name };
    }
    match name.rsplit_once(' ') {
        Some((start, time)) if is_time(time) => start.trim_end(),
        _ => name,
    }
}

#[cfg(test)]
mod tests;
