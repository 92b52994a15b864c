//! Characters: what takes no place on a page goes, what is left is composed (NFC), and runs that
//! only serve to push things out of sight are shortened.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// The most blank lines, blanks and combining marks in a row. A Hebrew letter may carry four
/// marks and a Tibetan one six; "zalgo" text carries dozens.
const MOST_BLANK_LINES: usize = 2;
const MOST_BLANKS: usize = 64;
const MOST_MARKS: usize = 6;

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';

/// A text without what takes no place, and how much of that there was.
#[derive(Default)]
pub(super) struct Swept {
    pub(super) text: String,
    /// All the characters that were left out.
    pub(super) removed: usize,
    /// Those of them that exist to be invisible. Not so: control characters (a pasted terminal is
    /// full of them), private-use ones (its icons), and what belongs to an emoji.
    pub(super) invisible: usize,
    /// Those of them in the Tag block.
    pub(super) tags: usize,
}

/// A text of visible characters only, in Unicode's composed form.
pub(super) fn sweep(text: &str) -> Swept {
    if text.bytes().all(|it| matches!(it, b' '..=b'~' | b'\n' | b'\t')) {
        return Swept { text: text.to_owned(), ..Swept::default() };
    }
    let mut swept = Swept { text: String::with_capacity(text.len()), ..Swept::default() };
    let (mut before, mut marks, mut joiners) = ('\n', 0, false);
    for it in text.chars() {
        let class = class(it);
        marks = if class == Class::Mark { marks + 1 } else { 0 };
        joiners |= class == Class::Joiner;
        match class {
            Class::Mark if marks > MOST_MARKS => swept.removed += 1,
            Class::Visible | Class::Mark | Class::Joiner => swept.text.push(it),
            Class::Refused if is_selector(it) && is_pictograph(before) => {}
            Class::Refused => {
                swept.removed += 1;
                swept.tags += usize::from(is_tag(it));
                swept.invisible += usize::from(is_invisible(it));
            }
        }
        before = it;
    }
    if joiners {
        without_joiners(&mut swept);
    }
    if !is_nfc(&swept.text) {
        swept.text = swept.text.nfc().collect();
    }
    swept
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Visible,
    /// A mark upon the letter before it.
    Mark,
    Joiner,
    Refused,
}

fn class(it: char) -> Class {
    use GeneralCategory::{
        Control, EnclosingMark, Format, NonspacingMark, PrivateUse, Surrogate, Unassigned,
    };
    match it {
        '\n' | '\t' | ' '..='~' => return Class::Visible,
        JOINER | NON_JOINER => return Class::Joiner,
        _ if is_filler(it) => return Class::Refused,
        _ => {}
    }
    match it.general_category() {
        Control | Format | PrivateUse | Surrogate | Unassigned => Class::Refused,
        NonspacingMark | EnclosingMark => Class::Mark,
        _ => Class::Visible,
    }
}

/// Whether a joiner may stand between these two: they are letters of one script that needs it.
pub(super) fn may_join(before: char, after: char) -> bool {
    let script = |it: char| match it {
        '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{870}'..='\u{8ff}' => 1, // Arabic
        '\u{700}'..='\u{74f}' | '\u{860}'..='\u{86f}' => 2,                         // Syriac
        '\u{7c0}'..='\u{7ff}' => 3,                                                 // N'Ko
        // Devanagari to Sinhala: nine scripts, a block of 128 each.
        '\u{900}'..='\u{dff}' => 4 + (u32::from(it) - 0x900) / 0x80,
        '\u{1000}'..='\u{109f}' | '\u{aa60}'..='\u{aa7f}' => 20, // Myanmar
        '\u{1780}'..='\u{17ff}' => 21,                           // Khmer
        '\u{1800}'..='\u{18af}' => 22,                           // Mongolian
        _ => 0,
    };
    let (before, after) = (script(before), script(after));
    before != 0 && before == after
}

fn is_joiner(it: char) -> bool {
    it == JOINER || it == NON_JOINER
}

/// The Tag block: ASCII that no page shows and every model reads.
fn is_tag(it: char) -> bool {
    matches!(it, '\u{e0000}'..='\u{e007f}')
}

fn is_selector(it: char) -> bool {
    matches!(it, '\u{fe0e}' | '\u{fe0f}')
}

/// Characters of other categories that take no place: Unicode's default-ignorable ones, fillers.
fn is_filler(it: char) -> bool {
    matches!(
        it,
        '\u{34f}' // combining grapheme joiner
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
        | '\u{17b4}' | '\u{17b5}' // Khmer vowels that are never written
        | '\u{2028}' | '\u{2029}' // line and paragraph separators
        | '\u{2800}' // the blank of Braille
        | '\u{16fe4}' // Khitan filler
        | '\u{1d159}' // a note without a head
        | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' // variation selectors
        | '\u{e0000}'..='\u{e0fff}' // tags, and more variation selectors
    )
}

fn is_invisible(it: char) -> bool {
    is_filler(it) || it.general_category() == GeneralCategory::Format
}

/// What a variation selector or a joiner has an honest reason to follow.
fn is_pictograph(it: char) -> bool {
    use GeneralCategory::{MathSymbol, ModifierSymbol, OtherPunctuation, OtherSymbol};
    it.is_ascii_digit()
        || matches!(
            it.general_category(),
            OtherSymbol | ModifierSymbol | MathSymbol | OtherPunctuation
        )
}

fn without_joiners(swept: &mut Swept) {
    if !swept.text.contains(is_joiner) {
        return;
    }
    let mut text = String::with_capacity(swept.text.len());
    let (mut before, mut rest) = ('\n', swept.text.chars());
    while let Some(it) = rest.next() {
        if !is_joiner(it) {
            text.push(it);
            before = it;
            continue;
        }
        let after = rest.clone().next().unwrap_or('\n');
        if may_join(before, after) {
            text.push(it);
        } else if !(is_pictograph(before) && is_pictograph(after)) {
            swept.removed += 1;
            swept.invisible += 1;
        }
    }
    swept.text = text;
}

/// Without blanks at the ends of lines, blank lines at both ends, and long runs of either.
pub(super) fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.split('\n') {
        let line = line.trim_end();
        if line.is_empty() {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            (0..=blank.min(MOST_BLANK_LINES)).for_each(|_| out.push('\n'));
        }
        blank = 0;
        out.push_str(&fewer_blanks(line));
    }
    out
}

fn fewer_blanks(line: &str) -> Cow<'_, str> {
    if line.len() <= MOST_BLANKS {
        return Cow::Borrowed(line);
    }
    let mut run = 0;
    let kept = line.chars().filter(|it| {
        run = if it.is_whitespace() { run + 1 } else { 0 };
        run <= MOST_BLANKS
    });
    Cow::Owned(kept.collect())
}
