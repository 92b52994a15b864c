//! The gate before every push: `engine::gate`.

use codingworker::engine::gate::{Blob, Entry, Kind, Limits, Report, inspect};

/// The worker's own, and whatever else looks like one.
const SECRET: &str = "hush-4f1c7d09a2-never-to-leave";

pub(crate) const WORDS: &[&str] = &[
    "\x1e",
    "\x1f",
    SECRET,
    "hush-4f1c7d09a2",
    "-never-to-leave",
    "src/a.rs",
    ".git/config",
    ".GIT\u{200c}/hooks/x",
    "git~1",
    ".github/workflows/x.yml",
    ".codingworker.yml",
    "../",
    "/etc/passwd",
    "a\\b",
    "\u{202e}",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "AKIAIOSFODNN7EXAMPLE",
    "-----BEGIN RSA PRIVATE KEY-----\n",
    "package.json",
    "\"postinstall\": \"x\"",
    "\0",
    "<<<<<<< HEAD\n",
    "\n",
];

/// Entries are parted by `\x1e`, and within one a letter and the path from the old bytes and the
/// new ones by `\x1f`.
///
/// # Panics
/// Where a law is broken.
pub(crate) fn check(data: &[u8]) {
    let entries: Vec<Entry<'_>> = data.split(|it| *it == 0x1e).take(40).filter_map(entry).collect();
    let limits = Limits::default();
    let report = inspect(&entries, &limits, &[SECRET]);
    is_shown(&report);
    let stopped = !report.stops.is_empty();
    for entry in &entries {
        let new = entry.new.and_then(|it| it.bytes).unwrap_or_default();
        let old = entry.old.and_then(|it| it.bytes).unwrap_or_default();
        if holds(new, SECRET.as_bytes()) && !holds(old, SECRET.as_bytes()) {
            assert!(stopped, "the worker's own secret leaves");
        }
        let path = String::from_utf8_lossy(entry.path).to_lowercase();
        let parts: Vec<&str> = path.split('/').collect();
        let planted = parts.contains(&".git") || path.starts_with(".github/workflows/");
        let leads_out = entry.old.is_none() && (parts.contains(&"..") || path.starts_with('/'));
        assert!(stopped || !planted && !leads_out, "{path:?} leaves");
    }
    // In another order they are the same push, and with more to it a stop stays one.
    let turned: Vec<Entry<'_>> = entries.iter().rev().copied().collect();
    assert_eq!(inspect(&turned, &limits, &[SECRET]).stops.is_empty(), !stopped, "order counts");
    if let Some((_, fewer)) = entries.split_last()
        && !inspect(fewer, &limits, &[SECRET]).stops.is_empty()
    {
        assert!(stopped, "one entry more, and it may pass");
    }
    let nothing = Limits { max_files: 0, ..Limits::default() };
    assert_eq!(inspect(&entries, &nothing, &[]).stops.is_empty(), entries.is_empty());
}

fn is_shown(report: &Report) {
    for sentences in [&report.stops, &report.notes] {
        assert!(sentences.len() <= 21, "{} sentences", sentences.len());
        for sentence in sentences {
            assert!(!sentence.contains(SECRET), "the secret is shown");
            assert!(sentence.len() < 1_000, "{} bytes", sentence.len());
            assert!(!sentence.contains(['\n', '\r', '\u{1b}', '\u{202e}']), "{sentence:?}");
        }
    }
}

fn entry(text: &[u8]) -> Option<Entry<'_>> {
    let mut parts = text.splitn(3, |it| *it == 0x1f);
    let (letter, path) = parts.next()?.split_first()?;
    if path.is_empty() {
        return None;
    }
    let kind = match letter {
        b'x' => Kind::Executable,
        b'l' => Kind::Link,
        b's' => Kind::Submodule,
        b'o' => Kind::Other,
        _ => Kind::File,
    };
    let blob = |bytes| Blob { kind, size: <[u8]>::len(bytes) as u64, bytes: Some(bytes) };
    let old = parts.next().filter(|it| !it.is_empty()).map(blob);
    let new = if *letter == b'd' { None } else { parts.next().map(blob) };
    (old.is_some() || new.is_some()).then_some(Entry { path, old, new })
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|it| it == part)
}
