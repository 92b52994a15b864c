//! The gate lets real work through: edits of real sources, and edits in other languages with all
//! that looks like a secret and is none.

mod written;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{env, fs};

use codingworker::engine::gate::{Blob, Entry, Kind, Limits, inspect};

/// SplitMix64: the same numbers on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        it ^ (it >> 31)
    }

    pub(crate) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap()
    }

    pub(crate) fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

const OWN: [&str; 2] = ["canary-0123456789-canary", "another-secret-of-the-worker"];

/// What speaks against an edit that turns `old` into `new`.
fn stops(path: &str, old: Option<&str>, new: &str) -> Vec<String> {
    let file = |text: &'_ str| text.len() as u64;
    let blob = |text| Blob { kind: Kind::File, size: file(text), bytes: Some(str::as_bytes(text)) };
    let entry = Entry { path: path.as_bytes(), old: old.map(blob), new: Some(blob(new)) };
    inspect(&[entry], &Limits::default(), &OWN).stops
}

/// Every source that this very test was built from: the compiler writes them down.
fn sources() -> BTreeSet<PathBuf> {
    let folder = env::current_exe().unwrap().parent().unwrap().to_owned();
    let lists = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let lists = lists.filter(|it| it.extension().is_some_and(|it| it == "d"));
    let mut found = BTreeSet::new();
    for list in lists {
        let text = fs::read_to_string(list).unwrap();
        let words = text.split_whitespace().filter(|it| it.ends_with(".rs"));
        found.extend(words.map(PathBuf::from));
    }
    found
}

/// A text as it was before a few places of it were written: some lines are not there yet, some
/// are others.
fn before(random: &mut Random, text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut kept: Vec<Option<&str>> = lines.iter().copied().map(Some).collect();
    for _ in 0..=random.below(4) {
        let start = random.below(lines.len());
        let end = (start + 1 + random.below(40)).min(lines.len());
        for line in &mut kept[start..end] {
            *line = if random.below(8) == 0 { Some("what stood here before") } else { None };
        }
    }
    kept.into_iter().flatten().flat_map(|it| [it, "\n"]).collect()
}

#[test]
fn real_edits_pass_the_gate() {
    let mut random = Random(1);
    let mut sources: Vec<PathBuf> = sources().into_iter().collect();
    assert!(sources.len() > 500, "only {} sources: was this built by cargo?", sources.len());
    let (mut edits, mut alarms) = (0, Vec::new());
    while edits < 600 {
        let path = sources.swap_remove(random.below(sources.len()));
        let Ok(new) = fs::read_to_string(&path) else { continue };
        if !(200..=12_000).contains(&new.len()) {
            continue;
        }
        edits += 1;
        let old = before(&mut random, &new);
        // From the package's own root: `…/src/index…/name-1.2.3/src/lib.rs`.
        let shown: Vec<&str> = path.iter().filter_map(|it| it.to_str()).collect();
        let shown = shown[shown.len().saturating_sub(2)..].join("/");
        let found = stops(&shown, Some(&old), &new);
        if !found.is_empty() {
            alarms.push(format!("{}: {found:?}", path.display()));
        }
    }
    while edits < 1_000 {
        edits += 1;
        let (path, old, new) = written::edit(&mut random);
        let found = stops(&path, old.as_deref(), &new);
        if !found.is_empty() {
            alarms.push(format!("{path}: {found:?}\n{new}"));
        }
    }
    assert!(alarms.len() <= 1, "{} of {edits}:\n{}", alarms.len(), alarms.join("\n"));
    // The gate does see these texts: the same edits with a secret in them are stopped.
    for _ in 0..50 {
        let (path, old, new) = written::edit(&mut random);
        let new = format!("{new}\n{}\n", OWN[0]);
        assert!(!stops(&path, old.as_deref(), &new).is_empty(), "{path}");
    }
}
