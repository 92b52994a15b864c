//! Makes inputs out of the corpus, and looks for one that breaks a law.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use sha2::{Digest, Sha256};

/// No input grows beyond this: the largest limit of a reader's is 256 KiB.
const LARGEST: usize = 400 * 1024;

/// One change of an input.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Word(Index, Index),
    Insert(Index, Vec<u8>),
    Remove(Index, u16),
    Repeat(Index, u8, u16),
    Splice { from: Index, start: Index, length: u16, at: Index },
    Number(Index, Index),
    Cut(Index),
}

const NUMBERS: [&str; 8] =
    ["0", "-1", "1", "4294967296", "9223372036854775807", "18446744073709551616", "1e999", "0x10"];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        3 => (at(), 0_u8..8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        6 => (at(), at()).prop_map(|(at, word)| Change::Word(at, word)),
        2 => (at(), prop::collection::vec(any::<u8>(), 1..6))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        3 => (at(), 1_u16..40).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (at(), 1_u8..40, 1_u16..3_000).prop_map(|(at, of, times)| Change::Repeat(at, of, times)),
        3 => (at(), at(), 1_u16..200, at())
            .prop_map(|(from, start, length, at)| Change::Splice { from, start, length, at }),
        2 => (at(), at()).prop_map(|(at, number)| Change::Number(at, number)),
        1 => at().prop_map(Change::Cut),
    ]
}

impl Change {
    fn apply(&self, text: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&str]) {
        let place = |at: &Index, text: &[u8]| at.index(text.len() + 1);
        match self {
            Self::Flip(at, bit) if !text.is_empty() => {
                let at = at.index(text.len());
                text[at] ^= 1 << bit;
            }
            Self::Flip(..) => {}
            Self::Word(at, word) => {
                let (at, word) = (place(at, text), words[word.index(words.len())]);
                text.splice(at..at, word.bytes());
            }
            Self::Insert(at, bytes) => {
                let at = place(at, text);
                text.splice(at..at, bytes.iter().copied());
            }
            Self::Remove(at, length) => {
                let at = place(at, text);
                text.drain(at..(at + usize::from(*length)).min(text.len()));
            }
            Self::Repeat(at, of, times) => {
                let at = place(at, text);
                let piece = text[at..(at + usize::from(*of)).min(text.len())].to_vec();
                text.splice(at..at, piece.repeat(usize::from(*times)));
            }
            Self::Splice { from, start, length, at } => {
                let (other, at) = (&corpus[from.index(corpus.len())], place(at, text));
                let start = place(start, other);
                let end = (start + usize::from(*length)).min(other.len());
                text.splice(at..at, other[start..end].iter().copied());
            }
            Self::Number(at, number) => {
                let at = place(at, text);
                let Some(start) = text[at..].iter().position(u8::is_ascii_digit) else { return };
                let start = at + start;
                let digits = text[start..].iter().take_while(|it| it.is_ascii_digit()).count();
                let number = NUMBERS[number.index(NUMBERS.len())];
                text.splice(start..start + digits, number.bytes());
            }
            Self::Cut(at) => text.truncate(place(at, text)),
        }
        text.truncate(LARGEST);
    }
}

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target)
}

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder(target)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|it| it.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// How long to go on, where somebody said it.
#[expect(clippy::disallowed_methods, reason = "a test binary has no configuration")]
fn seconds() -> Option<Duration> {
    std::env::var("FUZZ_SECONDS").ok()?.parse().ok().map(Duration::from_secs)
}

/// Runs `check` on the corpus, then on `cases` inputs that are made of it and of `words`.
pub(crate) fn fuzz(target: &str, check: fn(&[u8]), words: &[&str], cases: u32) {
    let seeds = corpus(target);
    assert!(!seeds.is_empty(), "{target} has no corpus");
    for (path, seed) in &seeds {
        println!("{}", path.display());
        check(seed);
    }
    let corpus: Vec<Vec<u8>> = seeds.into_iter().map(|it| it.1).collect();
    let (began, limit) = (Instant::now(), seconds());
    let mut done = 0_u64;
    for round in 0_u64.. {
        let seed = match limit {
            None => [7; 32],
            Some(_) => fresh(round),
        };
        let config = Config {
            cases,
            failure_persistence: None,
            max_shrink_iters: 2_000,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let input = (any::<Index>(), prop::collection::vec(change(), 1..8));
        let made = |(seed, changes): &(Index, Vec<Change>)| {
            let mut text = corpus[seed.index(corpus.len())].clone();
            changes.iter().for_each(|it| it.apply(&mut text, &corpus, words));
            text
        };
        let result = TestRunner::new_with_rng(config, rng).run(&input, |recipe| {
            check(&made(&recipe));
            Ok(())
        });
        match result {
            Ok(()) => {}
            Err(TestError::Abort(why)) => panic!("{target}: {why}"),
            Err(TestError::Fail(why, recipe)) => panic!("{}", kept(target, &made(&recipe), &why)),
        }
        done += u64::from(cases);
        if limit.is_none_or(|limit| began.elapsed() >= limit) {
            break;
        }
    }
    println!("{target}: {done} inputs in {:.1} s", began.elapsed().as_secs_f64());
}

/// Writes down what broke a law, so that every later run tries it.
fn kept(target: &str, text: &[u8], why: &dyn std::fmt::Display) -> String {
    let name: String = Sha256::digest(text).iter().take(4).map(|it| format!("{it:02x}")).collect();
    let path = folder(target).join(format!("found-{name}"));
    fs::write(&path, text).unwrap();
    format!("{why}\nthe input is kept in {}: commit it with the remedy", path.display())
}

/// Other inputs in every run.
fn fresh(round: u64) -> [u8; 32] {
    use std::hash::BuildHasher;
    let state = std::hash::RandomState::new();
    let mut seed = [0; 32];
    for (at, part) in seed.chunks_mut(8).enumerate() {
        part.copy_from_slice(&state.hash_one((round, at)).to_le_bytes());
    }
    seed
}
