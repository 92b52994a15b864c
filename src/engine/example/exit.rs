//! Command lines that an issue wants to end with an exit status: "`-k 0` … exit with status 2".

use super::before::{is_file, there};
use super::command::{call, own, program, words, words_of};
use super::place::Places;
use crate::domain::example::{Example, Expected, Language, Source};
use crate::engine::source::SourceFile;
use crate::engine::symbols::mutation::Refused;

/// The most command lines of one issue.
const MOST: usize = 4;
/// The exit status of a program that was called wrongly: that of `argparse`, click and many a shell's.
const USAGE: u8 = 2;
/// What may stand between "exit" and the number.
const BETWEEN: [&str; 13] = [
    "with", "the", "a", "an", "exit", "error", "code", "status", "of", "should", "must", "be", "is",
];
/// One of them says that the number is no other one.
const SAYS: [&str; 3] = ["with", "code", "status"];
/// What turns the wish around.
const NOT: [&str; 6] = ["not", "never", "instead", "than", "cannot", "without"];
/// How far before "exit" that stands, in words.
const NEAR: usize = 3;
/// Stands for a piece of code in a sentence.
const CODE: char = '`';

/// What a sentence says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exit {
    /// The pieces of code in it: options with values, or command lines.
    codes: Vec<String>,
    /// The exit status.
    status: u8,
}

/// The sentences of a paragraph that want an exit status for what they show.
pub(super) fn exits(paragraph: &str) -> Vec<Exit> {
    sentences(paragraph).into_iter().filter_map(|it| it.read()).collect()
}

/// A sentence, [`CODE`] in place of its pieces of code.
#[derive(Default)]
struct Sentence {
    text: String,
    codes: Vec<String>,
}

fn sentences(paragraph: &str) -> Vec<Sentence> {
    let mut found = Vec::from([Sentence::default()]);
    for (nth, part) in paragraph.split('`').enumerate() {
        let plain = nth.is_multiple_of(2);
        if !plain && part.trim().parse::<u8>().is_err() {
            if let Some(last) = found.last_mut() {
                last.text.push(CODE);
                last.codes.push(part.trim().to_owned());
            }
            continue;
        }
        let mut chars = part.chars().peekable();
        while let Some(it) = chars.next() {
            let ends = matches!(it, '.' | '!' | '?')
                && chars.peek().is_none_or(|it| it.is_whitespace())
                || it == '。';
            if ends && plain {
                found.push(Sentence::default());
            } else if let Some(last) = found.last_mut() {
                last.text.push(it);
            }
        }
    }
    found
}

impl Sentence {
    fn read(self) -> Option<Exit> {
        let status = english(&self.text).or_else(|| japanese(&self.text))?;
        (status > 0 && !self.codes.is_empty()).then_some(Exit { codes: self.codes, status })
    }
}

/// "exit with code 2", "the exit status should be 2"; not "exits with 2", which may be how it is.
fn english(sentence: &str) -> Option<u8> {
    let lowered = sentence.to_lowercase();
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == CODE || it == '\'';
    let words: Vec<&str> = lowered.split(|it| !is_part(it)).filter(|it| !it.is_empty()).collect();
    let read = |(at, _): (usize, &&str)| {
        let before = words.get(at.saturating_sub(NEAR)..at).unwrap_or_default();
        if before.iter().any(|it| NOT.contains(it) || it.ends_with("n't")) {
            return None;
        }
        let rest = words.get(at + 1..).unwrap_or_default();
        let length = rest.iter().take_while(|it| BETWEEN.contains(it)).count();
        let (between, rest) = rest.split_at(length);
        let says = between.iter().any(|it| SAYS.contains(it));
        let is_so = between.contains(&"is");
        rest.first()?.parse::<u8>().ok().filter(|_| says && !is_so)
    };
    let mut all = words.iter().enumerate().filter(|(_, it)| **it == "exit").filter_map(read);
    let first = all.next()?;
    all.all(|it| it == first).then_some(first)
}

/// `終了コード 2 で終了してください`.
fn japanese(sentence: &str) -> Option<u8> {
    const WISHES: [&str; 6] = ["ください", "ほしい", "べき", "すること", "したい", "よう"];
    const COMPLAINTS: [&str; 4] = ["しま", "現在", "今は", "ではなく"];
    let has = |all: &[&str]| all.iter().any(|it| sentence.contains(it));
    let (_, rest) =
        ["終了コード", "終了ステータス"].iter().find_map(|it| sentence.split_once(it))?;
    let rest = rest.trim_start_matches(|it: char| it.is_whitespace() || "はがをに".contains(it));
    let digits = rest.split(|it: char| !it.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|_| has(&WISHES) && !has(&COMPLAINTS))
}

/// The command lines: such as the sentence shows them, or one of those that were `typed`, with the
/// sentence's value for its option.
pub(super) fn examples(
    exits: &[Exit],
    typed: &[String],
    places: &Places<'_>,
    sources: &[SourceFile<'_>],
) -> Vec<Example> {
    let typed: Vec<Vec<String>> = typed
        .iter()
        .filter_map(|it| words(it.trim().trim_start_matches("$ ")))
        .filter(|it| program(it, places).is_some())
        .collect();
    let mut found: Vec<Example> = Vec::new();
    for (exit, code) in exits.iter().flat_map(|exit| exit.codes.iter().map(move |it| (exit, it))) {
        let Some(code) = words(code) else { continue };
        let line = match code.first().is_some_and(|it| it.starts_with('-')) {
            true => typed.iter().find_map(|it| with(it, &code)).and_then(|it| {
                it.into_iter().map(|it| there(it, places, sources)).collect::<Option<Vec<_>>>()
            }),
            // What a file has in it that is not there decides what comes of it.
            false => {
                let is_there = |it: &String| !is_file(it) || places.file(it).is_some();
                Some(code).filter(|it| it.iter().skip(own(it)).all(is_there))
            }
        };
        let Some(line) = line else { continue };
        let (Some(path), call) = (program(&line, places), call(&line)) else { continue };
        if !found.iter().any(|it| it.call == call) {
            found.push(Example {
                language: Language::Shell,
                path,
                call,
                expected: Expected::Exits(exit.status),
                given: None,
                source: Source::Spelled,
            });
        }
    }
    found.truncate(MOST);
    found
}

/// A command line with another value for the option that `option` has a value for: `-k 0`,
/// `--top=0`. `None` where it has no such option, or the value stands for others, as `N` does.
fn with(line: &[String], option: &[String]) -> Option<Vec<String>> {
    let stands_for_others =
        |it: &str| !it.is_empty() && it.chars().all(|it| it.is_ascii_uppercase() || it == '_');
    let (name, value) = match option {
        [name, value] => (name.as_str(), value.as_str()),
        [joined] => joined.split_once('=')?,
        _ => return None,
    };
    let at = line.iter().position(|it| it.split('=').next() == Some(name))?;
    let (before, rest) = line.split_at(at);
    let taken = if rest.first()?.contains('=') { 1 } else { 2 };
    let after = rest.get(taken..)?;
    let fits = at >= own(line) && !stands_for_others(value);
    fits.then(|| [before, option, after].concat())
}

/// The values of 0 and below that an example wants refused as a parser of arguments does it, with its
/// exit status: the largest of each option.
pub fn refused(examples: &[Example]) -> Vec<Refused> {
    let mut found: Vec<Refused> = Vec::new();
    let exits = examples.iter().filter(|it| it.expected == Expected::Exits(USAGE));
    for words in exits.filter_map(|it| words_of(&it.call)) {
        let next = words.iter().skip(1).map(String::as_str).chain([""]);
        for (word, next) in words.iter().zip(next) {
            let (option, value) = word.split_once('=').unwrap_or((word, next));
            let value = value.parse::<i64>().ok().filter(|it| *it <= 0);
            let Some(most) = value.filter(|_| option.starts_with('-')) else { continue };
            match found.iter_mut().find(|it| it.option == option) {
                Some(it) => it.most = it.most.max(most),
                None => found.push(Refused { option: option.to_owned(), most }),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [(&str, &str); 3] = [
        ("keep.sh", "echo $1\n"),
        ("count/__main__.py", "import sys\n# takes --all N\n"),
        ("README.md", "Well-known.\n"),
    ];

    fn found(issue: &str) -> Vec<String> {
        let sources = FILES.map(|(path, text)| SourceFile { path, text });
        let found = super::super::examples(&format!("Title\n{issue}"), &sources);
        let exits = found.into_iter().filter_map(|it| match it.expected {
            Expected::Exits(status) => Some(format!("{} -> {status}", it.call)),
            _ => None,
        });
        exits.collect()
    }

    #[test]
    fn an_option_with_a_value_that_is_refused_is_tried_in_a_command_that_is_shown() {
        let shown = "I would like\n\n    ./keep.sh -k 5 app.log\n\n";
        let of = |words: &str| found(&format!("{shown}{words}"));
        let all = ["./keep.sh -k 0 README.md -> 2", "./keep.sh -k '' README.md -> 2"];
        assert_eq!(of("If it is none (`-k 0`, `-k \"\"`), say so and exit with status 2."), all);
        for words in [
            "`-k 0` makes no sense: print an error and exit with code 2.",
            "With `-k 0` it should exit with an exit code of `2`! Nothing else.",
            "- for `-k 0` the exit status must be 2",
            "`-k 0` では終了コード 2 で終了してください。",
        ] {
            assert_eq!(of(words), all[..1], "{words}");
        }
        assert_eq!(of("For `-k=0` exit with code 2."), ["./keep.sh -k=0 README.md -> 2"]);
        for words in [
            "`-k 0` should not exit with code 2.",
            "`-k 0` exits with code 2.",
            "`-k 0` makes no sense. Otherwise exit with code 2.",
            "`-k N` should exit with code 2 or exit with code 3.",
            "`-k N` should exit with code 2 where N is no number.",
            "`-n 0` should exit with code 2.",
            "`-k 0` should exit with code 0.",
            "`-k 0` should exit with code 1000.",
            "`-k 0` should exit after 2 tries.",
            "Exit with code 2.",
            "`-k 0` で終了コード 2 で終了してしまいます。",
        ] {
            assert!(of(words).is_empty(), "{words}");
        }
    }

    #[test]
    fn what_is_refused_is_the_largest_value_of_an_option() {
        let sources = FILES.map(|(path, text)| SourceFile { path, text });
        let of = |words: &str| {
            let shown = "Title\n\n    ./keep.sh -k 5 README.md\n\n";
            let all = refused(&super::super::examples(&format!("{shown}{words}"), &sources));
            all.into_iter().map(|it| (it.option, it.most)).collect::<Vec<_>>()
        };
        assert_eq!(of("Exit with code 2 for `-k -3` and `-k 0`."), [("-k".to_owned(), 0)]);
        assert_eq!(of("Exit with code 2 for `-k=-1`."), [("-k".to_owned(), -1)]);
        for words in ["Exit with code 3 for `-k 0`.", "Exit with code 2 for `-k 7`.", "`-k 0`."] {
            assert!(of(words).is_empty(), "{words}");
        }
    }

    #[test]
    fn a_command_line_is_tried_as_the_sentence_shows_it_where_its_files_are_there() {
        let of = |line: &str| found(&format!("`{line}` should exit with status 3."));
        assert_eq!(of("python3 -m count --all README.md").len(), 1);
        assert_eq!(of("./keep.sh"), ["./keep.sh -> 3"]);
        assert!(of("python3 -m count --all book.txt").is_empty());
        assert!(of("rm -rf x").is_empty());
        assert!(of("./keep.sh; true").is_empty());
    }
}
