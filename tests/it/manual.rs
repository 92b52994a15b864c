//! The manuals: each command in them is one that the program takes, and who types those of
//! docs/setup.md, one after the other, gets what the page promises.

use std::path::Path;

use clap::error::ErrorKind;

mod machine;
mod setup;
mod terminal;

/// For the head of an audit.
const HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// All pages, as pairs of a path from the root and a text.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(root.join("docs")).unwrap();
    let names = docs.map(|it| format!("docs/{}", it.unwrap().file_name().to_str().unwrap()));
    let mut names: Vec<_> = names.filter(|it| it.ends_with(".md")).collect();
    names.push("README.md".to_owned());
    names.sort();
    names.into_iter().map(|it| (it.clone(), page(&it))).collect()
}

/// The text of a page, by its path from the root.
fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The lines of all `sh` blocks, in order.
fn typed(page: &str) -> Vec<&str> {
    let (mut lines, mut is_code) = (Vec::new(), false);
    for line in page.lines() {
        match line.trim_start().strip_prefix("```") {
            Some(language) => is_code = language == "sh",
            None if is_code && !line.trim().is_empty() => lines.push(line.trim()),
            None => {}
        }
    }
    lines
}

/// A piece of code in a page.
struct Code {
    line: usize,
    text: String,
    /// In a sentence, where a command may be named without what it needs.
    is_named: bool,
}

/// What a page says that one may type: each line of code, and each piece of it in a sentence.
/// Synopses (`text`) are none.
fn code(page: &str) -> Vec<Code> {
    let (mut found, mut block) = (Vec::new(), None);
    for (at, line) in page.lines().enumerate() {
        let it = |text: &str, is_named| Code { line: at + 1, text: text.to_owned(), is_named };
        if let Some(language) = line.trim_start().strip_prefix("```") {
            block = if block.is_some() { None } else { Some(language) };
            continue;
        }
        match block {
            Some("sh") => found.push(it(line, false)),
            Some(_) => {}
            None if line.starts_with("    ") => found.push(it(line, false)),
            None => {
                let pieces = line.split('`').skip(1).step_by(2);
                found.extend(pieces.map(|piece| it(piece, true)));
            }
        }
    }
    found
}

/// The words of each call of the program in a line of shell, without what stands around it.
fn calls(line: &str) -> Vec<Vec<String>> {
    let line = line.split(" #").next().unwrap_or_default();
    let simple = line.split([';', '|', '&']).flat_map(|it| it.split("&&"));
    let words = |it: &str| {
        let is_around = |it: &&str| *it == "sudo" || (it.contains('=') && !it.starts_with('-'));
        let words = it.split_whitespace().map(|it| it.trim_matches('"'));
        words.skip_while(is_around).map(str::to_owned).collect::<Vec<_>>()
    };
    simple.map(words).filter(|it| it.first().is_some_and(|it| it == "codingworker")).collect()
}

/// Why the program would not take it, with something in the place of what is left out.
fn refused(words: &[String], is_named: bool) -> Option<String> {
    let ahead = words.iter().map(String::as_str).scan("", |before, word| {
        let filled = match (*before, word) {
            ("--issue", "…" | "N") => "1",
            ("--expect", "HASH" | "HEAD") => HASH,
            (_, "…") => "x/y",
            (_, "[…]" | ">" | "<") => "",
            (_, word) => word,
        };
        *before = word;
        Some(filled)
    });
    let ahead: Vec<_> = ahead.filter(|it| !it.is_empty()).collect();
    let error = codingworker::cli::command().try_get_matches_from(ahead).err()?;
    let is_bare = is_named && words.iter().all(|it| !it.starts_with('-'));
    if is_bare && error.kind() == ErrorKind::MissingRequiredArgument {
        return None;
    }
    let text = error.to_string();
    error.use_stderr().then(|| text.lines().next().unwrap_or_default().to_owned())
}

#[test]
fn every_command_line_of_the_manuals_is_one_that_the_program_takes() {
    let (mut bad, mut count) = (Vec::new(), 0);
    for (name, page) in pages() {
        for Code { line: at, text, is_named } in code(&page) {
            // The bare name, in a sentence, is the program and not a command.
            for words in calls(&text).into_iter().filter(|it| it.len() > 1 || !is_named) {
                count += 1;
                let refused = refused(&words, is_named);
                bad.extend(refused.map(|why| format!("{name}:{at}: {}: {why}", words.join(" "))));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(count > 100, "only {count} were found");
}

#[test]
fn a_command_line_that_the_program_does_not_take_is_caught() {
    for (line, why) in [
        ("codingworker submit --repo o/r", "required arguments"),
        ("sleep 1; codingworker jobz # all", "unrecognized subcommand"),
        ("FOO=1 codingworker serve --pol-github &", "unexpected argument"),
        ("codingworker setup-repo nobody --check", "invalid value"),
        ("codingworker setup-repo o/r --poll --role-arn x", "cannot be used with"),
    ] {
        let calls = calls(line);
        assert_eq!(calls.len(), 1, "{line}");
        let said = refused(&calls[0], false).unwrap_or_default();
        assert!(said.contains(why), "{line}: {said}");
    }
    assert_eq!(refused(&calls("codingworker logs ID --follow")[0], false), None);
    assert_eq!(refused(&calls("codingworker retry")[0], true), None);
    assert!(refused(&calls("codingworker retry --now")[0], true).is_some());
}

#[test]
fn both_languages_of_the_set_up_have_the_same_commands() {
    let (english, japanese) = (page("docs/setup.md"), page("docs/setup.ja.md"));
    assert_eq!(typed(&english), typed(&japanese));
    assert!(typed(&english).len() > 20);
}
