//! Secrets of known vendors, by the shape that their documentation gives them. Linear in the text.

mod kinds;

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

pub(super) use kinds::{JSON_WEB_TOKEN, KINDS};

/// What a vendor's secrets look like.
pub(super) struct Format {
    /// What it is, for people.
    pub(super) kind: &'static str,
    /// What stands before the anchor, if anything does.
    pub(super) lead: Option<(Class, usize, usize)>,
    /// One of these is in it.
    pub(super) anchors: &'static [&'static str],
    /// What follows the anchor.
    pub(super) rest: &'static [Part],
}

/// A piece of a secret.
pub(super) enum Part {
    /// So many characters of a class.
    Run(Class, usize, usize),
    /// Exactly this.
    Lit(&'static str),
}

/// Characters that a piece is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// `0-9`
    Digit,
    /// `0-9a-f`
    Hex,
    /// `0-9A-Z`
    Upper,
    /// `0-9a-z`
    Lower,
    /// `A-Za-z`
    Letter,
    /// `0-9A-Za-z`
    Word,
    /// `0-9A-Za-z_`
    Under,
    /// `0-9A-Za-z_-`
    Dash,
    /// `0-9A-Za-z_-.`
    Dot,
    /// `0-9A-Za-z+/`
    Base64,
    /// `0-9A-Za-z_.~-`
    Tilde,
}

impl Class {
    /// Whether a character is in it.
    pub(super) fn has(self, it: u8) -> bool {
        match self {
            Self::Digit => it.is_ascii_digit(),
            Self::Hex => matches!(it, b'0'..=b'9' | b'a'..=b'f'),
            Self::Upper => matches!(it, b'0'..=b'9' | b'A'..=b'Z'),
            Self::Lower => matches!(it, b'0'..=b'9' | b'a'..=b'z'),
            Self::Letter => it.is_ascii_alphabetic(),
            Self::Word => it.is_ascii_alphanumeric(),
            Self::Under => it.is_ascii_alphanumeric() || it == b'_',
            Self::Dash => it.is_ascii_alphanumeric() || b"_-".contains(&it),
            Self::Dot => it.is_ascii_alphanumeric() || b"_-.".contains(&it),
            Self::Base64 => it.is_ascii_alphanumeric() || b"+/".contains(&it),
            Self::Tilde => it.is_ascii_alphanumeric() || b"_-.~".contains(&it),
        }
    }
}

/// A secret in a text. It is never quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where.
    pub(super) span: Range<usize>,
    /// What it is, for people.
    pub(super) kind: &'static str,
}

struct Matcher {
    anchors: AhoCorasick,
    /// Which format each anchor belongs to.
    formats: Vec<&'static Format>,
}

static MATCHER: LazyLock<Option<Matcher>> = LazyLock::new(|| {
    let all = || KINDS.iter().flat_map(|it| it.anchors.iter().map(move |anchor| (anchor, it)));
    let anchors = AhoCorasick::new(all().map(|it| it.0)).ok()?;
    Some(Matcher { anchors, formats: all().map(|it| it.1).collect() })
});

/// The vendors' secrets in `text`, in their order.
pub(super) fn find(text: &str) -> Vec<Found> {
    let Some(matcher) = &*MATCHER else { return Vec::new() };
    let bytes = text.as_bytes();
    let found = matcher.anchors.find_overlapping_iter(bytes).filter_map(|anchor| {
        let format = matcher.formats.get(anchor.pattern().as_usize())?;
        let span = format.span(bytes, anchor.range())?;
        let free = bytes.get(anchor.start()..span.end)?;
        let free = std::str::from_utf8(free).ok()?;
        (!is_placeholder(free.get(anchor.len()..)?)).then_some(Found { span, kind: format.kind })
    });
    found.collect()
}

impl Format {
    /// The bytes that this format takes up around an anchor.
    fn span(&self, bytes: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
        let mut start = anchor.start;
        if let Some((class, least, most)) = self.lead {
            let run = bytes[..start].iter().rev().take_while(|it| class.has(**it)).count();
            if !(least..=most).contains(&run) {
                return None;
            }
            start -= run;
        }
        let before = start.checked_sub(1).map(|it| bytes[it]);
        if before.is_some_and(|it| it.is_ascii_alphanumeric() || it == b'_')
            && !after_escape(bytes, start)
        {
            return None;
        }
        let mut end = anchor.end;
        for part in self.rest {
            match part {
                Part::Lit(text) => {
                    if !bytes[end..].starts_with(text.as_bytes()) {
                        return None;
                    }
                    end += text.len();
                }
                Part::Run(class, least, most) => {
                    let rest = bytes[end..].iter().take(most + 1);
                    let run = rest.take_while(|it| class.has(**it)).count();
                    if !(*least..=*most).contains(&run) {
                        return None;
                    }
                    end += run;
                }
            }
        }
        Some(start..end)
    }
}

/// Whether the letter before is the end of `\n` or its like.
fn after_escape(bytes: &[u8], start: usize) -> bool {
    start >= 2 && bytes[start - 2] == b'\\' && b"nrt".contains(&bytes[start - 1])
}

/// Whether this stands where a secret should be put, or is none that chance made.
pub(super) fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 22] = [
        "example",
        "placeholder",
        "yourtoken",
        "your_",
        "your-",
        "yourkey",
        "xxxx",
        "dummy",
        "redacted",
        "changeme",
        "change_me",
        "change-me",
        "insert",
        "replace",
        "sample",
        "fake",
        "testtest",
        "notreal",
        "not-real",
        "not_real",
        "secret_here",
        "foobar",
    ];
    let lower = text.to_ascii_lowercase();
    if WORDS.iter().any(|it| lower.contains(it)) {
        return true;
    }
    let letters: Vec<u8> = lower.bytes().filter(u8::is_ascii_alphanumeric).collect();
    if letters.len() < 8 {
        return false;
    }
    // `abcdef…`, `123456…`, `aaaa…`.
    let pairs = letters.windows(2);
    let dull = pairs.filter(|it| it[1] == it[0] || it[1] == it[0].wrapping_add(1)).count();
    dull * 2 > letters.len() || entropy(&letters) < 2.4
}

/// How many bits of surprise there are in each character.
pub(super) fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    text.iter().for_each(|it| counts[usize::from(*it)] += 1);
    let all = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX)).max(1.0);
    let shares = counts.iter().filter(|it| **it > 0).map(|it| f64::from(*it) / all);
    shares.map(|it| -it * it.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_where_it_stands_and_named() {
        let body = "q8Zr2LmX0vTc7KpYb4NsD9wHe5JgA1uFi6Qo";
        let token = format!("ghp_{body}");
        let text = format!("token = \"{token}\"\nx\\n{token}\n");
        let found = find(&text);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(&text[found[0].span.clone()], token);
        assert!(found[0].kind.contains("GitHub"));
        for none in
            [format!("x{token}"), format!("{token}x"), format!("gh_{body}"), "ghp_".to_owned()]
        {
            assert!(find(&none).iter().all(|it| it.span.len() > 40), "{none}");
        }
    }

    #[test]
    fn what_stands_for_a_token_is_none() {
        for none in [
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            "ghp_000000000000000000000000000000000000",
            "ghp_<your-token>",
            "sk-ant-api03-${KEY}",
            "glpat-your_token_goes_in_here",
            "npm_123456789012345678901234567890123456",
            "hf_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert_eq!(find(none), [], "{none}");
        }
    }
}
