//! What takes secrets out of all that leaves: `redact`.

use std::sync::LazyLock;

use codingworker::redact::{MASK, Redactor};
use secrecy::SecretString;

const TOKEN: &str = "ghp_A/b+c\"d\\e f%g";
const LONGER: &str = "ghp_A/b+c\"d\\e f%g-and-longer";
const OVERLAPS: &str = "f%g-and-longer-still";

/// Three forms of the longest secret fit in many times over, and it is soon done.
const MOST: usize = 4_096;

static REDACTOR: LazyLock<Redactor> =
    LazyLock::new(|| Redactor::new([TOKEN, LONGER, OVERLAPS].map(SecretString::from)));

pub(crate) const WORDS: &[&str] = &[
    TOKEN,
    LONGER,
    OVERLAPS,
    "ghp_A/b+c\"d",
    "\\e f%g",
    "-and-longer",
    "-still",
    "ghp_A%2Fb%2Bc%22d%5Ce%20f%25g",
    "ghp_A/b+c\\\"d\\\\e f%g",
    "ghp_A\\/b+c\\\"d\\\\e f%g",
    "Z2hwX0EvYitjImRcZSBmJWc=",
    "6768705f412f622b6322645c6520662567",
    "6768705F412F622B6322645C6520662567",
    "g\0h\0p\0_\0A\0/\0b\0+\0c\0\"\0d\0\\\0e\0 \0f\0%\0g\0",
    "***",
    "\n",
    "x",
];

/// The first byte says how the rest is cut into pieces.
///
/// # Panics
/// Where a law is broken.
pub(crate) fn check(data: &[u8]) {
    let (first, text) = data.split_first().unwrap_or((&0, &[]));
    let (redactor, text) = (&*REDACTOR, &text[..text.len().min(MOST)]);
    let whole = redactor.bytes(text);
    for forms in [TOKEN.as_bytes(), LONGER.as_bytes(), OVERLAPS.as_bytes()] {
        assert!(!holds(&whole, forms), "a secret is left");
        let hex: String = forms.iter().map(|it| format!("{it:02x}")).collect();
        assert!(!holds(&whole, hex.as_bytes()) && !holds(&whole, hex.to_uppercase().as_bytes()));
        let json = serde_json::to_string(std::str::from_utf8(forms).unwrap()).unwrap();
        assert!(!holds(&whole, json.trim_matches('"').as_bytes()), "a quoted secret is left");
    }
    assert_eq!(redactor.bytes(&whole), whole, "once more takes more out");
    let masks = whole.windows(MASK.len()).filter(|it| *it == MASK.as_bytes()).count();
    assert!(masks > 0 || *whole == *text, "it changed what is no secret");
    assert!(whole.len() <= text.len(), "it made more of it");

    // Cut into pieces of one size, of growing sizes, and of sizes that look random.
    let sizes: [fn(usize, usize) -> usize; 3] =
        [|it, _| it % 7 + 1, |it, at| it % 3 + at % 29 + 1, |it, at| (it * 31 + at * 17) % 61];
    for size in sizes {
        let (mut stream, mut out, mut rest, mut at) = (redactor.stream(), Vec::new(), text, 0);
        while !rest.is_empty() {
            let (piece, later) = rest.split_at(size(usize::from(*first), at).min(rest.len()));
            let certain = stream.push(piece);
            // What is out is certain: it is how the whole begins.
            assert!(whole[out.len()..].starts_with(&certain), "it was let out too early");
            out.extend(certain);
            (rest, at) = (later, at + 1);
        }
        out.extend(stream.finish());
        assert_eq!(out, *whole, "cut in pieces it is another text");
    }
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|it| it == part)
}
