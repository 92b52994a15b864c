//! Where GitHub's parser parts from ours over what is code. What it does not take for code is
//! parsed there, and may be hidden; so it is parsed here.

use std::ops::Range;

/// What GitHub takes a code span for.
pub(super) enum Reading {
    Code,
    /// Its first backticks are part of an address, and its last ones may begin another span.
    Address,
    Text,
}

/// What is known of the text before a code span.
#[derive(Default)]
pub(super) struct Doubt {
    /// A run of backticks without its match. From then on GitHub's parser remembers wrongly
    /// where such runs end, and takes later spans for text.
    stray: bool,
    /// A tag on a line of its own, within a paragraph. Where the paragraph goes on beyond its
    /// list or quote, GitHub begins a block of HTML there.
    lone_tag: bool,
    /// Up to here the source was searched for an address, and whether one reaches that far.
    searched: usize,
    address: bool,
    rules: Option<Rules>,
}

/// GitHub's parser knows code spans of 80 backticks, and this is more than anyone needs.
const LONGEST_FENCE: usize = 16;

impl Doubt {
    pub(super) fn end_block(&mut self) {
        (self.stray, self.lone_tag) = (false, false);
    }

    pub(super) fn tag(&mut self, source: &str, range: &Range<usize>) {
        let rest = source[range.end..].trim_start_matches([' ', '\t']);
        let alone = rest.is_empty() || rest.starts_with('\n');
        self.lone_tag |= alone && is_line_start(&source[..range.start]);
    }

    /// Whether a `<` that is text here may hide what comes after it on the page.
    pub(super) fn may_hide(&self, markup: &str) -> bool {
        let tag = |it: char| it.is_ascii_alphabetic() || "/!?".contains(it);
        self.lone_tag && markup[1..].starts_with(tag)
    }

    pub(super) fn text(&mut self, text: &str) {
        self.stray |= text.contains('`');
    }

    /// What GitHub takes a code span for that begins there, in this block.
    pub(super) fn code(
        &mut self,
        source: &str,
        at: usize,
        block: Range<usize>,
        fence: &str,
        inner: &str,
    ) -> Reading {
        if self.is_address(source, at) {
            return Reading::Address;
        }
        let loaded = inner.contains(['<', '[', '&', '\\']);
        let misread = self.stray || self.lone_tag || self.has_rule(source, at, block);
        match fence.len() > LONGEST_FENCE || loaded && misread {
            true => Reading::Text,
            false => Reading::Code,
        }
    }

    fn has_rule(&mut self, source: &str, at: usize, block: Range<usize>) -> bool {
        self.rules(source).unsettle(at, block)
    }

    /// Whether there may be one column only from here on, and GitHub hides the others.
    pub(super) fn is_column(&mut self, source: &str, at: usize, block: &Range<usize>) -> bool {
        let rules = self.rules(source);
        let next = rules.columns.partition_point(|it| *it < block.start);
        rules.columns.get(next).is_some_and(|it| *it <= at)
    }

    fn rules(&mut self, source: &str) -> &Rules {
        self.rules.get_or_insert_with(|| Rules::of(source))
    }

    /// Whether a bare address (`https://…`) reaches up to there. GitHub makes a link of it up to
    /// the next blank or `<`, with all backticks and backslashes on the way.
    pub(super) fn is_address(&mut self, source: &str, at: usize) -> bool {
        let from = self.searched.min(at);
        let new = source.get(from..at).unwrap_or_default();
        let address = match new.rfind(|it: char| it.is_ascii_whitespace() || it == '<') {
            Some(blank) => begins_address(&new[blank..]),
            None => {
                let overlap = source.floor_char_boundary(from.saturating_sub(8));
                self.address || begins_address(source.get(overlap..at).unwrap_or_default())
            }
        };
        (self.searched, self.address) = (at, address);
        address
    }
}

/// Whether a line begins after this, but for blanks and marks of quotes.
pub(super) fn is_line_start(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '\t', '>']);
    before.is_empty() || before.ends_with('\n')
}

fn begins_address(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["://", "www.", "mailto:", "xmpp:"].into_iter().any(|it| text.contains(it))
}

/// The lines that could stand between the head and the body of a table. GitHub makes a table of
/// the line before one, and ends a span there, or does not if it tried before.
struct Rules {
    at: Vec<usize>,
    /// Where those for a single column end.
    columns: Vec<usize>,
    /// Where lines that are not blank begin to follow one another, and how many are such rules.
    runs: Vec<(usize, usize)>,
}

impl Rules {
    fn of(source: &str) -> Self {
        let (mut at, mut columns, mut runs) = (Vec::new(), Vec::new(), vec![(0, 0)]);
        let mut start = 0;
        for line in source.split_inclusive('\n') {
            let end = start + line.len();
            if line.contains('-') && line.bytes().all(|it| b" \t\n>|:-".contains(&it)) {
                at.push(start);
                let inner = line.trim_matches([' ', '\t', '\n', '>', '|']);
                if line.contains(['|', ':']) && !inner.contains('|') {
                    columns.push(end);
                }
                if let Some((_, count)) = runs.last_mut() {
                    *count += 1;
                }
            } else if line.bytes().all(|it| b" \t\n>".contains(&it)) {
                runs.push((end, 0));
            }
            start = end;
        }
        Self { at, columns, runs }
    }

    /// Whether there is such a line in this block, or more than one around it.
    fn unsettle(&self, at: usize, block: Range<usize>) -> bool {
        let next = self.at.partition_point(|it| *it < block.start);
        let run = self.runs.partition_point(|(start, _)| *start <= at);
        let around = self.runs.get(run.saturating_sub(1)).map_or(0, |(_, count)| *count);
        self.at.get(next).is_some_and(|it| *it < block.end) || around > 1
    }
}
