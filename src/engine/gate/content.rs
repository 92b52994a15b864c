//! What a push holds: how much it is, and what must not be in it.

use std::borrow::Cow;

use super::lines::{self, Known, Text};
use super::own::Own;
use super::{Blob, Entry, Kind, Limits, Report, invisible, secret, token};
use crate::engine::guard::language::Language;

/// What is no text may be as large as an icon.
const MOST_BINARY: u64 = 64 << 10;
/// Findings of each kind that are told of one file.
const MOST_IN_FILE: usize = 5;

/// Looks into one file after the other.
pub(super) struct Content<'a> {
    own: &'a Own,
    limits: &'a Limits,
    known: Known<'a>,
    /// Added and removed in all files so far.
    pub(super) lines: u64,
    /// Added in all files so far.
    pub(super) bytes: u64,
}

impl<'a> Content<'a> {
    pub(super) fn new(entries: &'a [Entry<'a>], own: &'a Own, limits: &'a Limits) -> Self {
        let mut known = Known::default();
        let olds = entries.iter().filter_map(|it| it.old?.bytes);
        olds.filter_map(|it| std::str::from_utf8(it).ok()).for_each(|it| known.learn(it));
        Self { own, limits, known, lines: 0, bytes: 0 }
    }

    pub(super) fn inspect(&mut self, entry: &Entry<'_>, name: &str, report: &mut Report) {
        let old = entry.old.and_then(|it| it.bytes).unwrap_or_default();
        let Some(new) = entry.new else {
            self.lines += lines::size(old, b"").removed;
            return;
        };
        let Some(bytes) = new.bytes else {
            if new.kind != Kind::Submodule {
                let size = new.size;
                let why = "too large to be looked at, and so to be pushed";
                report.stops.push(format!("{name} has {size} bytes: {why}."));
            }
            return;
        };
        if self.own.is_in(bytes) {
            report.stops.push(format!("{name} holds a secret of this worker, in some form."));
        }
        match text_of(bytes) {
            Some(text) => self.text(entry, &text, name, report),
            None => self.binary(entry, new, bytes, name, report),
        }
    }

    fn text(&mut self, entry: &Entry<'_>, text: &str, name: &str, report: &mut Report) {
        let old = entry.old.and_then(|it| it.bytes).unwrap_or_default();
        let size = lines::size(old, text.as_bytes());
        self.lines = self.lines.saturating_add(size.added + size.removed);
        self.bytes = self.bytes.saturating_add(size.bytes);
        let most = self.limits.max_file_bytes;
        if size.bytes > most {
            let added = size.bytes;
            report.stops.push(format!(
                "{added} bytes are added in {name}; the limit is {most} (`gate.max_file_bytes`)."
            ));
            return;
        }
        const BOM: &str = "\u{feff}";
        let kept_bom = old.starts_with(BOM.as_bytes());
        let text = text.strip_prefix(BOM).filter(|_| kept_bom).unwrap_or(text);
        let text = Text::new(text, &self.known);
        let hidden = text.added().filter_map(|(line, it)| Some((line, invisible::first(it)?.1)));
        for (line, it) in hidden.take(MOST_IN_FILE) {
            let what = invisible::name(it);
            report.stops.push(format!("{name}, line {line}, would get the character {what}."));
        }
        let mut mixed = text.added().filter(|it| invisible::mixed_word(it.1).is_some());
        if let Some((line, _)) = mixed.next() {
            report
                .notes
                .push(format!("{name}, line {line}, has Cyrillic letters in a Latin word."));
        }
        let path = String::from_utf8_lossy(entry.path);
        let mut told = 0;
        for found in secret::find(&path, text.all) {
            if told < MOST_IN_FILE
                && let Some(line) = text.new_line(&found.span)
            {
                told += 1;
                let kind = found.kind;
                report.stops.push(format!("{name}, line {line}, looks like a secret: {kind}."));
            }
        }
    }

    fn binary(
        &mut self,
        entry: &Entry<'_>,
        new: Blob<'_>,
        bytes: &[u8],
        name: &str,
        report: &mut Report,
    ) {
        if entry.old.is_some_and(|it| it.bytes == new.bytes) {
            return;
        }
        self.bytes = self.bytes.saturating_add(new.size);
        let was_text = entry.old.and_then(|it| it.bytes).is_some_and(|it| text_of(it).is_some());
        let is_code = Language::of(&String::from_utf8_lossy(entry.path)).is_some();
        if was_text || is_code {
            report.stops.push(format!("{name} has NUL characters, so no reviewer would see it."));
        }
        if new.size > MOST_BINARY.min(self.limits.max_file_bytes) {
            let size = new.size;
            report.stops.push(format!("{name} is no text and has {size} bytes: 65536 at most."));
            return;
        }
        let plain: Vec<u8> = bytes.iter().copied().filter(|it| *it != 0).collect();
        let found = token::find(&String::from_utf8_lossy(&plain));
        if let Some(found) = found.first() {
            let kind = found.kind;
            report.stops.push(format!("{name} looks as if it held a secret: {kind}."));
        }
    }
}

/// A text, or `None` for what no editor shows as one. What is not UTF-8 is read as far as it goes.
pub(super) fn text_of(bytes: &[u8]) -> Option<Cow<'_, str>> {
    (!bytes.contains(&0)).then(|| String::from_utf8_lossy(bytes))
}
