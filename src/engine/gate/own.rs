//! The worker's own secrets, in whatever form a text may hold them.
//!
//! A secret that is quoted, escaped, broken over lines or put together from pieces has the same
//! letters and digits in the same order. So only those are compared, of the text, of what its
//! escapes stand for, and of each form of the secret: as it is, backwards, in ROT13, as numbers,
//! in base64 at each of its three alignments, and that once more.

use std::borrow::Cow;
use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shorter secrets are not looked for: they would be found everywhere.
const SHORTEST: usize = 8;
/// The beginning of a longer secret gives it away.
const LONGEST: usize = 256;
/// Fewer letters and digits than this are a word that somebody may write.
const ENOUGH: usize = 12;

/// Escapes within escapes that are undone.
const MOST_ESCAPES: usize = 3;

/// Finds the worker's own secrets.
#[derive(Default)]
pub(super) struct Own {
    /// Over the letters and digits alone.
    squeezed: Option<AhoCorasick>,
    /// Over everything but what surrounds and joins texts: for secrets with few letters.
    joined: Option<AhoCorasick>,
}

impl Own {
    pub(super) fn new(secrets: &[&str]) -> Self {
        let (mut squeezed, mut joined) = (BTreeSet::new(), BTreeSet::new());
        for secret in secrets {
            // A key of many lines may also be written line by line.
            for part in std::iter::once(*secret).chain(secret.lines()).map(str::trim) {
                for form in forms(part) {
                    let letters = squeeze(&form);
                    if letters.len() >= ENOUGH {
                        squeezed.insert(letters);
                        continue;
                    }
                    let kept = join(&form);
                    joined.insert(if kept.len() >= SHORTEST { kept } else { form });
                }
            }
        }
        Self { squeezed: automaton(&squeezed), joined: automaton(&joined) }
    }

    /// Whether one of them is in these bytes.
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        let mut text = Cow::Borrowed(bytes);
        for _ in 0..=MOST_ESCAPES {
            if self.is_written_in(&text) {
                return true;
            }
            match unescaped(&text) {
                Some(plain) => text = Cow::Owned(plain),
                None => break,
            }
        }
        false
    }

    fn is_written_in(&self, bytes: &[u8]) -> bool {
        let joined = |it: &AhoCorasick| it.is_match(bytes) || it.is_match(&join(bytes));
        self.squeezed.as_ref().is_some_and(|it| it.is_match(&squeeze(bytes)))
            || self.joined.as_ref().is_some_and(joined)
    }
}

/// What escapes stand for: those of addresses, of string literals and of HTML. `None`: there are
/// none. A line break that is written as one joins what it parts, so it is left out.
fn unescaped(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(start) = bytes[at..].iter().position(|it| b"%\\&".contains(it)) {
        out.extend_from_slice(&bytes[at..at + start]);
        at += start;
        let (it, length) = escape(&bytes[at..]).unwrap_or((Some(bytes[at]), 1));
        out.extend(it);
        at += length;
    }
    out.extend_from_slice(&bytes[at..]);
    (out != bytes).then_some(out)
}

/// The byte that the escape at the beginning stands for, and how long it is.
fn escape(text: &[u8]) -> Option<(Option<u8>, usize)> {
    let number = |from: usize, length: usize, radix: u32| {
        let digits = std::str::from_utf8(text.get(from..from + length)?).ok()?;
        let plain = digits.bytes().all(|it| it.is_ascii_hexdigit());
        let value = u32::from_str_radix(digits, radix).ok().filter(|_| plain)?;
        u8::try_from(value).ok().map(|it| (Some(it), from + length))
    };
    let closed = |from: usize, end: u8, radix: u32| {
        let length = text.get(from..)?.iter().take(8).position(|it| *it == end)?;
        number(from, length, radix).map(|(it, length)| (it, length + 1))
    };
    match (*text.first()?, *text.get(1)?) {
        (b'%', _) => number(1, 2, 16),
        (b'\\', b'x') => number(2, 2, 16),
        (b'\\', b'u' | b'U') if text.get(2) == Some(&b'{') => closed(3, b'}', 16),
        (b'\\', b'u') => number(2, 4, 16),
        (b'\\', b'U') => number(2, 8, 16),
        (b'\\', b'0'..=b'3') => number(1, 3, 8),
        (b'\\', b'n' | b'r' | b't') => Some((None, 2)),
        (b'\\', it) => Some((Some(it), 2)),
        (b'&', b'#') if matches!(text.get(2), Some(b'x' | b'X')) => closed(3, b';', 16),
        (b'&', b'#') => closed(2, b';', 10),
        _ => {
            let named = [
                ("&amp;", b'&'),
                ("&lt;", b'<'),
                ("&gt;", b'>'),
                ("&quot;", b'"'),
                ("&apos;", b'\''),
            ];
            let found = named.iter().find(|it| text.starts_with(it.0.as_bytes()))?;
            Some((Some(found.1), found.0.len()))
        }
    }
}

fn automaton(forms: &BTreeSet<Vec<u8>>) -> Option<AhoCorasick> {
    if forms.is_empty() {
        return None;
    }
    let builder = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(forms);
    // The only failure is more than 2^31 bytes of secrets.
    builder.ok()
}

fn squeeze(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(u8::is_ascii_alphanumeric).collect()
}

fn join(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|it| !b" \t\r\n\0\"'`\\+,".contains(it)).collect()
}

fn forms(secret: &str) -> Vec<Vec<u8>> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let secret = &secret[..secret.floor_char_boundary(LONGEST)];
    let bytes = secret.as_bytes();
    let of = |write: &dyn Fn(&u8) -> String| bytes.iter().map(write).collect::<String>();
    let mut forms: Vec<Vec<u8>> = vec![
        bytes.to_vec(),
        secret.chars().rev().collect::<String>().into(),
        bytes.iter().map(|it| turned(*it)).collect(),
        of(&|it| format!("{it:02x}")).into(),
        of(&|it| format!("{it:02x}").chars().rev().collect()).into(),
        // Lists of numbers; letters' case is all one.
        of(&|it| format!("0x{it:02x}")).into(),
        of(&|it| format!("{it:03o}")).into(),
        of(&|it| it.to_string()).into(),
    ];
    for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        for once in (0..3).map(|shift| base64_at(&engine, bytes, shift)) {
            forms.push(once.chars().rev().collect::<String>().into());
            forms.extend((0..3).map(|shift| base64_at(&engine, once.as_bytes(), shift).into()));
            forms.push(once.into());
        }
    }
    let backwards: Vec<u8> = bytes.iter().rev().copied().collect();
    forms.extend((0..3).map(|shift| base64_at(&STANDARD_NO_PAD, &backwards, shift).into()));
    forms.retain(|it| it.len() >= SHORTEST);
    forms
}

/// ROT13.
fn turned(it: u8) -> u8 {
    match it {
        b'a'..=b'm' | b'A'..=b'M' => it + 13,
        b'n'..=b'z' | b'N'..=b'Z' => it - 13,
        _ => it,
    }
}

/// The characters of the base64 of a longer text that depend on `secret` alone, when `shift`
/// bytes (modulo 3) stand before it.
fn base64_at(engine: &impl Engine, secret: &[u8], shift: usize) -> String {
    let shifted = [vec![0; shift], secret.to_vec()].concat();
    let encoded = engine.encode(&shifted);
    let (start, end) = ((shift * 8).div_ceil(6), shifted.len() * 8 / 6);
    encoded.get(start..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_as_far_as_they_are_some() {
        for (text, plain) in [
            ("a%2Fb%2fc", "a/b/c"),
            ("\\x41\\u0042\\u{43}\\104\\\"", "ABCD\""),
            ("&#65;&#x42;&amp;c", "AB&c"),
            ("a\\nb", "ab"),
            ("100%\\", "100%\\"),
            ("%4", "%4"),
            ("&#;&#xzz;&nbsp;%+1", "&#;&#xzz;&nbsp;%+1"),
        ] {
            let found = unescaped(text.as_bytes()).unwrap_or(text.as_bytes().to_vec());
            assert_eq!(String::from_utf8_lossy(&found), plain, "{text}");
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        let own = Own::new(&["ghp_0123456789abcdefghijABCDEFGHIJ012345", "short", ""]);
        assert!(!own.is_in(b"short ghp_0123456789abcdefghij"));
        assert!(!Own::default().is_in(b"anything"));
        assert!(!Own::new(&[]).is_in(b""));
    }

    #[test]
    fn a_secret_with_few_letters_is_found_as_it_is_and_in_pieces() {
        let own = Own::new(&["p@ss-w!rd"]);
        assert!(own.is_in(b"x = \"p@ss-w!rd\"") && own.is_in(b"\"p@ss\" +\n  \"-w!rd\""));
        assert!(!own.is_in(b"password pass word p ss w rd"));
        assert!(Own::new(&["\"\"\"\"\"\"\"\""]).is_in(b"x\"\"\"\"\"\"\"\"x"));
    }
}
