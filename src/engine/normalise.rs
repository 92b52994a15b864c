//! What a stranger wrote, as a reader of the page would see it: no comments, no tags, no
//! invisible characters, bounded. Applied before the text reaches a prompt, a log or a page.
//!
//! A normal form is its own normal form, and that holds by construction. One pass parses the
//! text as GitHub Markdown, puts the visible pieces together again, sweeps out characters that
//! take no place, and cuts what is too long. Cutting one thing can bring forth another
//! (`<!<!-- -->-- -->`), so passes are made until one changes nothing: what they end with is
//! text in which the parser finds nothing hidden. A text that takes more than eight of them
//! was built to outlast them. Its markup is then disarmed, and if it still moves, it is dropped.

mod characters;
mod doubt;
mod entity;
mod html;
mod link;
mod outline;
mod shown;

#[cfg(test)]
mod million_tests;
#[cfg(test)]
mod tests;

use sha2::{Digest, Sha256};

/// A text in normal form, and how much it lost on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normal {
    /// The text.
    pub text: String,
    /// How many characters a reader of the page would not have seen, and were left out.
    pub removed: usize,
    /// How many of them are there to be invisible: format characters, fillers, tags. What comes
    /// with emoji, and the control characters and icons of a pasted terminal, are not counted.
    pub invisible: usize,
    /// How many of those are of the Tag block (U+E0000 to U+E007F), which nobody types.
    pub tags: usize,
}

impl Normal {
    /// Whether so much was invisible that a person should look before a model does.
    pub fn is_suspicious(&self) -> bool {
        self.tags > 0 || self.invisible > UNSUSPICIOUS
    }
}

/// The longest text that is kept, in bytes and in lines.
const MOST_BYTES: usize = 64 * 1024;
const MOST_LINES: usize = 2_000;
/// The longest source that is read: an issue of 65,536 characters of four bytes.
const MOST_SOURCE: usize = 256 * 1024;
const MOST_TITLE: usize = 256;
const MOST_PASSES: usize = 8;
/// A pasted text may well hold a few soft hyphens or a byte-order mark.
const UNSUSPICIOUS: usize = 8;

const CUT: &str = "\n\n[the rest is left out: it is too long]";
const DROPPED: &str = "[the text is left out: it hides text within text]";

/// A Markdown text in normal form.
pub fn markdown(text: &str) -> Normal {
    let source = text.get(..text.floor_char_boundary(MOST_SOURCE)).unwrap_or_default();
    // At the beginning it says how the bytes are ordered, and GitHub reads on behind it.
    let unmarked = source.trim_start_matches('\u{feff}');
    let marks = source[..source.len() - unmarked.len()].chars().count();
    let mut normal = Normal {
        text: unmarked.replace("\r\n", "\n").replace('\r', "\n"),
        removed: marks,
        invisible: marks,
        tags: 0,
    };
    let cut = source.len() < text.len();
    if pass_until_still(&mut normal, cut) {
        return normal;
    }
    normal.text = disarmed(&normal.text);
    if !pass_until_still(&mut normal, false) {
        normal.removed += normal.text.chars().count();
        normal.text = DROPPED.to_owned();
    }
    normal
}

/// Makes passes until one changes nothing. Whether one did.
fn pass_until_still(normal: &mut Normal, cut: bool) -> bool {
    for number in 0..MOST_PASSES {
        let (text, hidden) = shown::shown(&normal.text);
        let swept = characters::sweep(&text);
        let text = bounded(characters::compact(&swept.text), cut && number == 0);
        if text == normal.text {
            return true;
        }
        normal.text = text;
        normal.removed += hidden + swept.removed;
        normal.invisible += swept.invisible;
        normal.tags += swept.tags;
    }
    false
}

/// With other characters of the same looks in place of those that Markdown and HTML begin with.
fn disarmed(text: &str) -> String {
    let twin = |it| match it {
        '<' => '‹',
        '>' => '›',
        '&' => '＆',
        '[' => '［',
        ']' => '］',
        '`' => '‘',
        '~' => '～',
        '|' => '｜',
        '\\' => '＼',
        _ => it,
    };
    text.chars().map(twin).collect()
}

/// A title in normal form: one line of visible characters, at most 256 of them.
pub fn line(text: &str) -> String {
    let mut text = text.replace(['\n', '\r', '\t', '\u{b}', '\u{c}', '\u{2028}', '\u{2029}'], " ");
    // What is left out can bring two blanks together, or leave a joiner at the end.
    loop {
        let next = one_line(&text);
        if next == text {
            return text;
        }
        text = next;
    }
}

fn one_line(text: &str) -> String {
    let swept = characters::sweep(text).text;
    let mut blank = false;
    let spaced = swept.trim().chars().filter(|it| {
        let again = blank && it.is_whitespace();
        blank = it.is_whitespace();
        !again
    });
    spaced.take(MOST_TITLE).collect::<String>().trim_end().to_owned()
}

/// A text that is no Markdown, such as a diff: all of it but the characters that take no place.
pub fn visible(text: &str) -> String {
    characters::sweep(text).text
}

/// What an approval is bound to: the first 12 hexadecimal digits of the SHA-256 of these bytes
/// in UTF-8: the title as [`line()`] gives it, one line feed, the body as [`markdown`] gives it.
pub fn digest(title: &str, body: &str) -> String {
    let text = format!("{}\n{}", line(title), markdown(body).text);
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(6).map(|it| format!("{it:02x}")).collect()
}

/// At most as much as is allowed, note included.
fn bounded(text: String, cut: bool) -> String {
    let lines = text.split('\n').count();
    if text.len() <= MOST_BYTES && lines <= MOST_LINES && !cut {
        return text;
    }
    let lines = text.split_inclusive('\n').take(MOST_LINES - CUT.split('\n').count() + 1);
    let end = lines.map(str::len).sum::<usize>().min(MOST_BYTES - CUT.len());
    let kept = text.get(..text.floor_char_boundary(end)).unwrap_or_default();
    format!("{}{CUT}", kept.trim_end())
}
