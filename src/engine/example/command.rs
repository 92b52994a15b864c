//! Commands of the project's own programs that an issue shows with what they print.

use super::place::{Places, language_of};
use crate::domain::example::{Example, Expected, Language, Source};

/// What begins a typed line.
const PROMPT: &str = "$ ";
/// The longest output that is compared, in bytes.
pub(super) const MOST_OUTPUT: usize = 2_000;
/// What tells that the block below it shows what should be.
const EXPECTED: [&str; 10] = [
    "expected",
    "should ",
    "i'd expect",
    "i would expect",
    "i expect",
    "want",
    "期待",
    "べき",
    "はず",
    "ほしい",
];

/// A command and what it printed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    words: Vec<String>,
    output: String,
    wanted: bool,
}

/// The commands of one block; `above` is the text before it.
pub(super) fn shown(lines: &[&str], above: &str) -> Vec<Shown> {
    let above = above.to_lowercase();
    let wanted = EXPECTED.iter().any(|it| above.contains(it));
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let Some(typed) = line.strip_prefix(PROMPT) else { continue };
        let begin = at;
        while lines.get(at).is_some_and(|it| !it.starts_with('$')) {
            at += 1;
        }
        let output = lines.get(begin..at).unwrap_or_default().join("\n");
        let output = output.trim_end().to_owned();
        let Some(words) = words(typed.trim()) else { continue };
        if output.is_empty()
            || output.len() > MOST_OUTPUT
            || output.contains("...")
            || output.contains('…')
        {
            continue;
        }
        found.push(Shown { words, output, wanted });
    }
    found
}

/// Those that are shown as they are and as they should be. What else a command needs, such as its
/// files, is there if it prints the one that the issue shows.
pub(super) fn examples(shown: &[Shown], places: &Places<'_>) -> Vec<Example> {
    let mut found = Vec::new();
    for wanted in shown.iter().filter(|it| it.wanted) {
        let same = |it: &&Shown| it.words == wanted.words;
        let mut given = shown.iter().filter(|it| !it.wanted).filter(same);
        let mut again = shown.iter().filter(|it| it.wanted).filter(same);
        let (Some(now), None) = (given.next(), given.next()) else { continue };
        let alone = again.next().is_some() && again.next().is_none();
        let Some(path) = program(&wanted.words, places) else { continue };
        if alone && now.output != wanted.output {
            found.push(Example {
                language: Language::Shell,
                path,
                call: wanted.call(),
                expected: Expected::Prints(wanted.output.clone()),
                given: Some(Expected::Prints(now.output.clone())),
                source: Source::Spelled,
            });
        }
    }
    found
}

impl Shown {
    /// The command line, as a shell takes it.
    pub(super) fn call(&self) -> String {
        call(&self.words)
    }
}

/// How many words of a command line say which program it is.
pub(super) fn own(words: &[String]) -> usize {
    if words.first().is_some_and(|it| it.starts_with("./")) { 1 } else { 2 }
}

/// Whether it is an option that nothing in the project knows.
pub(super) fn is_new_option(word: &str, places: &Places<'_>) -> bool {
    let name = word.split('=').next().unwrap_or_default();
    let is_option = name.strip_prefix('-').is_some_and(|it| {
        !matches!(it, "" | "-") && !it.starts_with(|it: char| it.is_ascii_digit())
    });
    is_option && !places.says(name)
}

/// As a shell takes it.
pub(super) fn call(words: &[String]) -> String {
    words.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(" ")
}

/// Command lines of the project's own programs with an option that nothing in it knows: they are to
/// be understood once it is there. Of those that are `known` the issue says more.
pub(super) fn understood(typed: &[String], known: &[String], places: &Places<'_>) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    for line in typed {
        let line = line.trim();
        let Some(words) = words(line.strip_prefix(PROMPT).unwrap_or(line)) else { continue };
        let Some(path) = program(&words, places) else { continue };
        let is_new = words.iter().skip(own(&words)).any(|it| is_new_option(it, places));
        let call = call(&words);
        let is_known = found.iter().any(|it| it.call == call) || known.contains(&call);
        if is_new && !is_known {
            found.push(Example {
                language: Language::Shell,
                path,
                call,
                expected: Expected::Understood,
                given: None,
                source: Source::Spelled,
            });
        }
    }
    found
}

/// The words of a command line that is nothing but a program and its arguments: no pipe, no
/// redirection, no variable, no second command.
pub(super) fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(it) = chars.next() {
        match it {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        end if end == it => break,
                        '$' | '`' | '\\' | '!' if it == '"' => return None,
                        inner => word.push(inner),
                    }
                }
            }
            ' ' | '\t' => words.extend(word.take()),
            it if it.is_control() || "|&;<>()$`\\*?[]{}~#!".contains(it) => return None,
            it => word.get_or_insert_default().push(it),
        }
    }
    words.extend(word);
    // `NAME=value program` is not one; `--name=value` is a part of one.
    let first = words.first()?;
    (first.starts_with('-') || !first.contains('=')).then_some(words)
}

/// The words of a call as `examples` writes it: each plain, or between single quotes.
pub(super) fn words_of(call: &str) -> Option<Vec<String>> {
    words(&call.replace("'\\''", "\u{1}"))
        .map(|all| all.into_iter().map(|it| it.replace('\u{1}', "'")).collect())
}

/// The file of the project's that a command runs.
pub(super) fn program(words: &[String], places: &Places<'_>) -> Option<String> {
    let word = |at: usize| words.get(at).map(String::as_str);
    let first = word(0)?;
    let file = |path: &str| places.file(path).map(|it| it.path.to_owned());
    match (first, word(1)) {
        ("python" | "python3", Some("-m")) => {
            let module = word(2)?.replace('.', "/");
            file(&format!("{module}/__main__.py")).or_else(|| file(&format!("{module}.py")))
        }
        ("python" | "python3" | "node" | "bash" | "sh", Some(path)) => file(path),
        _ if first.starts_with("./") => file(first).filter(|it| is_script(it)),
        _ => None,
    }
}

/// A script, or a file without an extension, which is run as it is.
fn is_script(path: &str) -> bool {
    let extension = crate::engine::guard::language::extension(path);
    matches!(extension, "" | "sh" | "bash") || language_of(path).is_some_and(|it| it != Language::C)
}

/// A word as a shell takes it for itself.
pub(super) fn quoted(word: &str) -> String {
    match is_plain(word) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// Whether it means itself to any shell.
pub(super) fn is_plain(word: &str) -> bool {
    let plain = |it: char| it.is_ascii_alphanumeric() || "-_./=:,@%+".contains(it);
    !word.is_empty() && word.chars().all(plain)
}
