//! The text of an issue, piece by piece: paragraphs, blocks of code, tables.

use super::claim::{self, Claim};
use super::place::Places;
use super::value::Call;
use super::{block, command, exit, snippet};
use crate::domain::example::Example;

/// Words of a remark that may tell of another result than the one before it.
const OTHERWISE: [&str; 12] = [
    "now", "today", "current", "actual", "instead", "expected", "wrong", "not ", "but", "empty",
    "今", "現在",
];

/// All that an issue says.
#[derive(Default)]
pub(super) struct Read {
    pub(super) claims: Vec<Claim>,
    /// Assertions with what stands before them.
    pub(super) snippets: Vec<Example>,
    pub(super) shown: Vec<command::Shown>,
    /// Lines of code that may be commands.
    pub(super) typed: Vec<String>,
    pub(super) exits: Vec<exit::Exit>,
}

impl Read {
    pub(super) fn of(issue: &str, places: &Places<'_>) -> Self {
        let is_known = |name: &str| {
            let call = Call {
                scope: Vec::new(),
                name: name.to_owned(),
                args: Vec::new(),
                named: Vec::new(),
            };
            places.find(&call, issue, "").is_some()
        };
        let mut read = Self::default();
        let mut paragraph = String::new();
        let mut above = String::new();
        let lines: Vec<&str> = issue.lines().collect();
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            at += 1;
            let fence = ["```", "~~~"].into_iter().find(|it| line.trim_start().starts_with(it));
            let indented = |it: &&str| it.starts_with("    ") || it.starts_with('\t');
            let is_code = fence.is_some() || (indented(line) && paragraph.trim().is_empty());
            let is_table = line.trim_start().starts_with('|');
            // The first line is the title.
            if is_code || is_table || line.trim().is_empty() || starts_anew(line) || at == 2 {
                read.paragraph(&mut paragraph, &mut above, &is_known);
            }
            let begin = at;
            if let Some(fence) = fence {
                let closes = |it: &&str| it.trim_start().starts_with(fence);
                while lines.get(at).is_some_and(|it| !closes(it)) {
                    at += 1;
                }
                // A fence that is never closed.
                if at < lines.len() {
                    let block = lines.get(begin..at).unwrap_or_default();
                    let info = line.trim().trim_start_matches(['`', '~']);
                    if !read.snippet(block, info, issue, places, &is_known) {
                        read.block(block, &above, &is_known);
                    }
                    at += 1;
                }
                above.clear();
            } else if is_code {
                while lines.get(at).is_some_and(indented) {
                    at += 1;
                }
                let block = lines.get(begin - 1..at).unwrap_or_default();
                let block: Vec<&str> = block
                    .iter()
                    .map(|it| it.strip_prefix("    ").unwrap_or(it.trim_start()))
                    .collect();
                if !read.snippet(&block, "", issue, places, &is_known) {
                    read.block(&block, &above, &is_known);
                }
            } else if is_table {
                while lines.get(at).is_some_and(|it| it.trim_start().starts_with('|')) {
                    at += 1;
                }
                read.claims.extend(block::table(lines.get(begin - 1..at).unwrap_or_default()));
            } else if line.starts_with('#') {
                above = (*line).to_owned();
            } else if !line.trim_start().starts_with('>') {
                paragraph.push_str(line);
                paragraph.push('\n');
            }
        }
        read.paragraph(&mut paragraph, &mut above, &is_known);
        read
    }

    fn paragraph(
        &mut self,
        paragraph: &mut String,
        above: &mut String,
        is_known: &dyn Fn(&str) -> bool,
    ) {
        let text = std::mem::take(paragraph);
        if !text.trim().is_empty() {
            let said = without_remark(without_bullet(&text));
            self.claims.extend(claim::claims(said, None, is_known));
            self.typed.extend(text.split('`').skip(1).step_by(2).map(str::to_owned));
            self.exits.extend(exit::exits(&text));
            *above = text;
        }
    }

    /// False: it is no snippet, or one of assertions that stand for themselves.
    fn snippet(
        &mut self,
        lines: &[&str],
        info: &str,
        issue: &str,
        places: &Places<'_>,
        is_known: &dyn Fn(&str) -> bool,
    ) -> bool {
        let Some((examples, found)) = snippet::examples(lines, info, issue, places) else {
            return false;
        };
        let plain = block::claims(lines, is_known).len() == found.assertions.len();
        if plain && !found.prepares {
            return false;
        }
        self.snippets.extend(examples);
        true
    }

    fn block(&mut self, lines: &[&str], above: &str, is_known: &dyn Fn(&str) -> bool) {
        self.typed.extend(lines.iter().map(|it| (*it).to_owned()));
        match lines.iter().any(|it| it.starts_with("$ ")) {
            true => self.shown.extend(command::shown(lines, above)),
            false => self.claims.extend(block::claims(lines, is_known)),
        }
    }
}

/// Whether a line begins an item of a list, or a heading.
fn starts_anew(line: &str) -> bool {
    line.starts_with('#') || without_bullet(line).len() < line.trim_start().len()
}

fn without_bullet(text: &str) -> &str {
    let text = text.trim_start();
    let digits = text.trim_start_matches(|it: char| it.is_ascii_digit());
    let numbered = if digits.len() < text.len() { digits.strip_prefix(". ") } else { None };
    let bullet =
        ["- [ ] ", "- [x] ", "- ", "* ", "+ ", "・"].iter().find_map(|it| text.strip_prefix(it));
    numbered.or(bullet).unwrap_or(text)
}

/// `call` -> `value` without what is said of it between brackets at its end: why it is so, and not
/// what else it is. If that names a condition after all, a right answer is not known to be right;
/// left out, a wrong one may be taken for it.
fn without_remark(text: &str) -> &str {
    let whole = text.trim_end().trim_end_matches(['.', '。']);
    let pairs = [('(', ')'), ('（', '）')];
    let found = pairs.iter().find_map(|(open, close)| {
        let (row, remark) = whole.strip_suffix(*close)?.rsplit_once(*open)?;
        Some((row.trim_end(), remark))
    });
    let Some((row, remark)) = found else { return text };
    let mut parts = row.split('`');
    let is_code = |it: Option<&str>| it.is_some_and(|it| !it.trim().is_empty());
    let arrows = ["->", "=>", "→", "⇒", "=="];
    let is_row = parts.next() == Some("")
        && is_code(parts.next())
        && parts.next().is_some_and(|it| arrows.contains(&it.trim()))
        && is_code(parts.next())
        && parts.next() == Some("")
        && parts.next().is_none();
    let lowered = remark.to_lowercase();
    let tells = lowered.contains(|it: char| it.is_ascii_digit() || "`'\"“「".contains(it))
        || OTHERWISE.iter().any(|it| lowered.contains(it));
    if is_row && !tells { row } else { text }
}
