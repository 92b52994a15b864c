//! What a change adds, line by line.

use std::collections::{HashMap, HashSet};

/// How much a text changed. A line that only moved within its file is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Lines that are there now and were not.
    pub(super) added: u64,
    /// Lines that were there and are not.
    pub(super) removed: u64,
    /// Bytes of the added lines.
    pub(super) bytes: u64,
}

/// Compares two texts.
pub(super) fn size(old: &[u8], new: &[u8]) -> Size {
    let mut size = Size::default();
    let mut left: HashMap<&[u8], u64> = HashMap::new();
    for line in old.split_inclusive(|it| *it == b'\n') {
        *left.entry(line).or_default() += 1;
        size.removed += 1;
    }
    for line in new.split_inclusive(|it| *it == b'\n') {
        match left.get_mut(line).filter(|it| **it > 0) {
            Some(count) => {
                *count -= 1;
                size.removed -= 1;
            }
            None => {
                size.added += 1;
                size.bytes += line.len() as u64;
            }
        }
    }
    size
}

/// Lines that stood in the base, in any file that changed: to move them is to add nothing.
/// What surrounds a line is left out: to indent it is to add nothing, too.
#[derive(Default)]
pub(super) struct Known<'a>(HashSet<&'a str>);

impl<'a> Known<'a> {
    /// Takes in a text of the base.
    pub(super) fn learn(&mut self, text: &'a str) {
        self.0.extend(text.lines().map(core));
    }

    /// Whether a line is new.
    pub(super) fn is_new(&self, line: &str) -> bool {
        !self.0.contains(core(line))
    }
}

fn core(line: &str) -> &str {
    line.trim_matches([' ', '\t', '\r'])
}

/// A text that is pushed, and which of its lines are new.
pub(super) struct Text<'a> {
    /// All of it.
    pub(super) all: &'a str,
    /// Where each line begins, and whether it is new.
    lines: Vec<(usize, bool)>,
}

impl<'a> Text<'a> {
    /// Tells new lines from those that are `known`.
    pub(super) fn new(all: &'a str, known: &Known<'_>) -> Self {
        let mut at = 0;
        let lines = all.split_inclusive('\n').map(|line| {
            at += line.len();
            (at - line.len(), known.is_new(line.trim_end_matches('\n')))
        });
        Self { lines: lines.collect(), all }
    }

    /// The new lines, each with its number, from 1, and its end.
    pub(super) fn added(&self) -> impl Iterator<Item = (usize, &'a str)> + '_ {
        let ends = self.lines.iter().skip(1).map(|it| it.0).chain([self.all.len()]);
        let all = self.lines.iter().zip(ends).enumerate();
        all.filter(|(_, (start, _))| start.1)
            .map(|(at, (start, end))| (at + 1, &self.all[start.0..end]))
    }

    /// The number of the first new line that these bytes touch.
    pub(super) fn new_line(&self, span: &std::ops::Range<usize>) -> Option<usize> {
        let first = self.lines.partition_point(|it| it.0 <= span.start).saturating_sub(1);
        let touched = self.lines.iter().enumerate().skip(first);
        touched
            .take_while(|(_, it)| it.0 < span.end.max(span.start + 1))
            .find(|(_, it)| it.1)
            .map(|(at, _)| at + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_counted() {
        let size = |old: &str, new: &str| {
            let it = size(old.as_bytes(), new.as_bytes());
            (it.added, it.removed, it.bytes)
        };
        assert_eq!(size("", ""), (0, 0, 0));
        assert_eq!(size("", "a\nb\n"), (2, 0, 4));
        assert_eq!(size("a\nb\n", ""), (0, 2, 0));
        assert_eq!(size("a\nb\nc\n", "c\na\nB\n"), (1, 1, 2));
        assert_eq!(size("}\n", "}\n}\n"), (1, 0, 2));
        assert_eq!(size("a", "a\n"), (1, 1, 2));
    }

    #[test]
    fn a_line_that_was_there_is_not_new_when_it_is_moved_or_indented() {
        let mut known = Known::default();
        known.learn("one\r\n  two\n");
        let text = Text::new("\ttwo\nthree\none\nfour", &known);
        assert_eq!(text.added().collect::<Vec<_>>(), [(2, "three\n"), (4, "four")]);
        assert_eq!(text.new_line(&(0..3)), None);
        assert_eq!(text.new_line(&(0..6)), Some(2));
        assert_eq!(text.new_line(&(11..14)), None);
        assert_eq!(text.new_line(&(11..18)), Some(4));
        assert_eq!(Text::new("", &known).new_line(&(0..0)), None);
    }
}
