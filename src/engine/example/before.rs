//! What a program of the project's does without an option that an issue asks for: as before. Who
//! adds one easily changes what comes without it, and no test of before need see it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::command::{self, MOST_OUTPUT, quoted};
use super::place::Places;
use super::probe::{END, LIMIT};
use crate::domain::example::{Example, Expected, Language, Source, Tried};
use crate::engine::guard::language::extension;
use crate::engine::source::SourceFile;

/// The most command lines of one issue.
const MOST: usize = 6;
/// The largest file that stands in for one that only the issue has, in bytes.
const LARGEST: usize = 4_000;
/// Files that every project has, and any program that reads texts can read.
const TEXTS: [&str; 3] = ["md", "txt", "csv"];

/// The command lines of `tried` that are to be understood, without what is new in them. Whether a
/// file after a new option is its value nobody says, so there are both; one that is not there is
/// another one of its kind.
pub fn commands(tried: &[Tried], sources: &[SourceFile<'_>]) -> Vec<Vec<String>> {
    let places = Places::of(sources);
    let asked = tried.iter().filter(|it| it.example.expected == Expected::Understood);
    let mut found: Vec<Vec<String>> = Vec::new();
    for words in asked.filter_map(|it| command::words_of(&it.example.call)) {
        for with_value in [true, false] {
            let Some(plain) = without(&words, with_value, &places) else { continue };
            let plain: Option<Vec<String>> =
                plain.into_iter().map(|it| there(it, &places, sources)).collect();
            found.extend(plain.filter(|it| !found.contains(it)));
        }
    }
    found.truncate(MOST);
    found
}

/// `None` where nothing of it is new.
fn without(words: &[String], with_value: bool, places: &Places<'_>) -> Option<Vec<String>> {
    let (program, rest) = words.split_at_checked(command::own(words))?;
    let mut kept = program.to_vec();
    let mut all = rest.iter().peekable();
    while let Some(word) = all.next() {
        if !command::is_new_option(word, places) {
            kept.push(word.clone());
        } else if !word.contains('=') {
            all.next_if(|it| !it.starts_with('-') && (with_value || !is_file(it)));
        }
    }
    (kept.len() < words.len()).then_some(kept)
}

/// `book.txt`, but not `2.5`.
pub(super) fn is_file(word: &str) -> bool {
    let kind = extension(word);
    !kind.is_empty() && !kind.starts_with(|it: char| it.is_ascii_digit())
}

/// `None`: it is a file that is not there, nor is one like it.
pub(super) fn there(
    word: String,
    places: &Places<'_>,
    sources: &[SourceFile<'_>],
) -> Option<String> {
    if word.starts_with('-') || !is_file(&word) || places.file(&word).is_some() {
        return Some(word);
    }
    let kind = extension(&word);
    let fits = sources.iter().filter(|it| (1..=LARGEST).contains(&it.text.len()));
    let fits: Vec<_> = fits.filter(|it| command::is_plain(it.path)).collect();
    let largest = |kind: &str| {
        let same = fits.iter().filter(|it| extension(it.path) == kind);
        same.max_by_key(|it| it.text.len()).map(|it| it.path.to_owned())
    };
    largest(kind).or_else(|| TEXTS.iter().find_map(|it| largest(it)))
}

/// A shell script that tells what the `commands` print: those that succeed, and print the same
/// twice.
pub fn script(commands: &[Vec<String>]) -> Option<String> {
    let lines: Vec<String> = commands
        .iter()
        .map(|it| it.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "))
        .collect();
    if lines.is_empty() || lines.iter().any(|it| it.contains(END)) {
        return None;
    }
    let mut out = format!(
        "t=\ncommand -v timeout >/dev/null 2>&1 && t='timeout -s KILL {LIMIT}'\n\
         run() {{\n\
         one=$( $t \"$@\" 2>&1 </dev/null ) && two=$( $t \"$@\" 2>&1 </dev/null ) &&\n\
         [ -n \"$one\" ] && [ \"$one\" = \"$two\" ] &&\n\
         printf '%s' \"$one\" | head -c {} | base64 | tr -d '\\n'\n}}\n",
        MOST_OUTPUT + 1
    );
    for (nth, line) in lines.iter().enumerate() {
        out.push_str(&format!("r{nth}=$(run {line})\n"));
    }
    out.push_str("IFS= read -r nonce || exit 1\n");
    for nth in 0..lines.len() {
        out.push_str(&format!("printf '%s %s %s\\n' \"$nonce\" {nth} \"$r{nth}\"\n"));
    }
    Some(out)
}

/// What they printed, where that is no more than can be compared.
pub fn seen(
    output: &str,
    nonce: &str,
    commands: &[Vec<String>],
    sources: &[SourceFile<'_>],
) -> Vec<Example> {
    let places = Places::of(sources);
    let lines = output.lines().filter_map(|it| it.strip_prefix(nonce)?.strip_prefix(' '));
    let lines: Vec<&str> = lines.filter(|_| !nonce.is_empty()).collect();
    let example = |(nth, words): (usize, &Vec<String>)| {
        let nth = format!("{nth} ");
        let mut told = lines.iter().filter_map(|it| it.strip_prefix(&nth));
        let (Some(told), None) = (told.next(), told.next()) else { return None };
        let text = String::from_utf8(STANDARD.decode(told).ok()?).ok()?;
        (1..=MOST_OUTPUT).contains(&text.len()).then_some(Example {
            language: Language::Shell,
            path: command::program(words, &places)?,
            call: command::call(words),
            expected: Expected::Prints(text),
            given: None,
            source: Source::Observed,
        })
    };
    commands.iter().enumerate().filter_map(example).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::example::Verdict;

    const FILES: [(&str, &str); 4] = [
        ("count/__main__.py", "import sys\nprint('--all', sys.argv)\n"),
        ("README.md", "Counts."),
        ("docs/more.md", "Counts the words of a text."),
        ("rotate.sh", "echo $1\n"),
    ];

    fn plain(call: &str) -> Vec<String> {
        let sources = FILES.map(|(path, text)| SourceFile { path, text });
        let example = Example {
            language: Language::Shell,
            path: String::new(),
            call: call.to_owned(),
            expected: Expected::Understood,
            given: None,
            source: Source::Spelled,
        };
        let tried = [Tried { example, verdict: Verdict::Holds }];
        commands(&tried, &sources).iter().map(|it| command::call(it)).collect()
    }

    #[test]
    fn a_command_is_tried_without_what_is_new_in_it_on_a_file_that_is_there() {
        let text = "docs/more.md";
        let without = |it: &str| format!("python3 -m count{it} {text}");
        assert_eq!(plain("python3 -m count --top 3 book.txt"), [without("")]);
        assert_eq!(plain("python3 -m count --all --top=3 book.txt"), [without(" --all")]);
        // Whether the file is what the option takes nobody says.
        let all = plain("python3 -m count --brief README.md");
        assert_eq!(all, ["python3 -m count", "python3 -m count README.md"]);
        assert!(plain("python3 -m count --all book.txt").is_empty(), "nothing is new");
        assert_eq!(plain("sh rotate.sh -k 2.5"), ["sh rotate.sh"]);
    }

    #[test]
    fn what_is_told_counts_once_and_with_the_nonce() {
        let sources = FILES.map(|(path, text)| SourceFile { path, text });
        let commands = [["sh", "rotate.sh"].map(str::to_owned).to_vec()];
        let found = |output: &str, nonce: &str| seen(output, nonce, &commands, &sources).len();
        assert_eq!(found("n 0 YQ==\n", "n"), 1);
        for other in ["n 0 YQ==\nn 0 Yg==\n", "m 0 YQ==\n", "n 0 \n", "n 0 /w==\n", "n 0 Y\n"] {
            assert_eq!(found(other, "n"), 0, "{other}");
        }
        assert_eq!(found(" 0 YQ==\n", ""), 0);
        assert_eq!(script(&[]), None);
    }
}
