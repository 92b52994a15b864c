//! The manual against the program: no message without cause and remedy, none in the manual that
//! the program no longer says, and no page that differs from what the program prints.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use codingworker::cli::trouble::{self, AREAS, Trouble};

mod fragments;
mod lexer;
mod links;
mod messages;

use fragments::FRAGMENTS;
use messages::Message;

/// All sources, as pairs of a path from the root and a text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut folders) = (Vec::new(), vec![root.join("src")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                // The table itself says nothing; it is what is compared with.
                // (Nor is a fault on purpose ever shown to a person.)
                if !name.starts_with("src/cli/trouble") && !name.starts_with("src/fault") {
                    found.push((name, fs::read_to_string(&path).unwrap()));
                }
            }
        }
    }
    found.sort();
    found
}

/// All messages of the program. Reading every source takes a while.
fn said_anywhere() -> &'static [Message] {
    static ALL: OnceLock<Vec<Message>> = OnceLock::new();
    ALL.get_or_init(|| messages::of(&sources()))
}

fn entries() -> impl Iterator<Item = &'static Trouble> {
    AREAS.iter().flat_map(|it| it.1)
}

/// Messages that neither the table nor the list of fragments has, ready to be put into the table.
fn missing(said: &[Message]) -> Vec<String> {
    let known = |it: &Message| {
        let mut says = entries().flat_map(|it| it.says);
        says.any(|says| *says == it.text) || FRAGMENTS.iter().any(|(text, _)| *text == it.text)
    };
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in said.iter().filter(|it| !known(it)) {
        let place = format!("{}:{}", message.file, message.line);
        places.entry(message.text.clone()).or_default().push(place);
    }
    let entry = |(text, places): (String, Vec<String>)| {
        let id: String =
            text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
        let id = id.to_lowercase().split_whitespace().take(4).collect::<Vec<_>>().join("-");
        format!(
            "    // {}\n    Trouble {{\n        id: {id:?},\n        says: &[{text:?}],\n        \
             cause: \"\",\n        remedy: \"\",\n        told: false,\n    }},",
            places.join(", ")
        )
    };
    places.into_iter().map(entry).collect()
}

#[test]
fn every_message_of_the_program_has_a_cause_and_a_remedy() {
    let missing = missing(said_anywhere());
    assert!(
        missing.is_empty(),
        "{} messages are not in src/cli/trouble/*.rs; add them to an entry, or these:\n{}",
        missing.len(),
        missing.join("\n")
    );
}

#[test]
fn a_message_that_nobody_wrote_down_is_caught_wherever_it_comes_from() {
    for invented in [
        "#[derive(Error)] enum E { #[error(\"the teapot {0} is empty\")] A(u8) }",
        "#[error(\n    \"the teapot {} is \\\n     empty\", name(.0)\n)]\nstruct E;",
        "fn a() { CliError::failed(format!(\"the teapot {x} is empty\")) }",
        "fn a() { let words = format!(\"the teapot {x} is empty\"); CliError::usage(words) }",
        "fn a(why: String) -> E { Failure::new(Fault::Permanent, why) } \
         fn b() { a(format!(\"the teapot {x} is empty\")) }",
        "fn a() { let bad = |why: &str| Finding::fail(NAME, why, REMEDY); \
         bad(\"the teapot {x} is empty\") }",
        "enum E { #[error(\"{0}\")] Other(String) } \
         fn a() { E::Other(format!(\"the teapot {x} is empty\")) }",
        "fn a() { tracing::error!(%error, \"the teapot {x} is empty\") }",
    ] {
        let sources = [("src/kitchen.rs".to_owned(), invented.to_owned())];
        let missing = missing(&messages::of(&sources));
        assert_eq!(missing.len(), 1, "{invented}");
        assert!(missing[0].contains("\"the teapot … is empty\""), "{}", missing[0]);
        assert!(missing[0].contains("// src/kitchen.rs:"), "{}", missing[0]);
    }
    let room = ("src/config/kitchen.rs".to_owned(), "fn a() { x(\"no such teapot\") }".to_owned());
    assert_eq!(missing(&messages::of(&[room])).len(), 1);
    let stop = "fn a() { x(\"{name} is a teapot.\"); y(\"made of tin\") }".to_owned();
    assert_eq!(missing(&messages::of(&[("src/engine/gate/kitchen.rs".to_owned(), stop)])).len(), 1);
}

#[test]
fn what_only_tests_say_is_no_message() {
    for quiet in [
        "#[cfg(test)] mod tests { #[error(\"the teapot is empty\")] struct E; }",
        "#[test] fn a() { CliError::failed(\"the teapot is empty\") }",
        "// CliError::failed(\"the teapot is empty\")",
        "const A: &str = r#\"CliError::failed(\"the teapot is empty\")\"#;",
        "fn a() { CliError::failed(\"{}: {error}\") }",
    ] {
        let said = messages::of(&[("src/a.rs".to_owned(), quiet.to_owned())]);
        assert!(missing(&said).is_empty(), "{quiet}");
    }
    let tests = [
        ("src/a.rs".to_owned(), "#[cfg(test)]\nmod cases;".to_owned()),
        ("src/a/cases.rs".to_owned(), "fn a() { CliError::failed(\"no tea today\") }".to_owned()),
    ];
    assert!(missing(&messages::of(&tests)).is_empty());
    assert_eq!(missing(&messages::of(&tests[1..])).len(), 1);
}

#[test]
fn nothing_is_in_the_table_that_the_program_no_longer_says() {
    let said = said_anywhere();
    let is_said = |text: &str| said.iter().any(|it| it.text == text);
    let dead = entries().flat_map(|it| it.says.iter().map(move |says| (it.id, *says)));
    let dead: Vec<_> = dead.filter(|it| !is_said(it.1)).collect();
    assert!(dead.is_empty(), "take them out of src/cli/trouble/*.rs: {dead:#?}");
    let dead: Vec<_> = FRAGMENTS.iter().filter(|it| !is_said(it.0)).collect();
    assert!(dead.is_empty(), "take them out of tests/it/reference/fragments.rs: {dead:#?}");
}

#[test]
fn each_message_belongs_to_one_entry_and_is_found_by_its_words() {
    let mut owners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in entries() {
        entry.says.iter().for_each(|it| owners.entry(it).or_default().push(entry.id));
    }
    owners.retain(|_, ids| ids.len() > 1);
    assert!(owners.is_empty(), "{owners:#?}");
    let lost: Vec<_> = entries()
        .flat_map(|entry| entry.says.iter().map(move |says| (entry.id, says.replace('…', "x-1"))))
        .map(|(id, said)| (id, trouble::find(&said).map(|it| it.id), said))
        .filter(|(id, found, _)| *found != Some(*id))
        .collect();
    assert!(lost.is_empty(), "another entry knows more of these: {lost:#?}");
}

#[test]
fn entries_are_named_once_and_say_something() {
    let mut ids: Vec<_> = entries().map(|it| it.id).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for Trouble { id, says, cause, remedy, .. } in entries() {
        let plain = id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        assert!(plain && !says.is_empty(), "{id}");
        assert!(cause.len() > 10 && cause.ends_with('.'), "{id}: {cause}");
        assert!(remedy.len() > 10 && remedy.ends_with('.'), "{id}: {remedy}");
    }
    for (text, reason) in FRAGMENTS {
        assert!(reason.len() > 5, "{text}: say where it appears");
    }
}

/// What a command says in an empty home: its exit code, standard output and standard error.
#[expect(clippy::disallowed_methods, reason = "the program as a shell starts it")]
fn said(args: &[&str]) -> (i32, String, String) {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("bad.yaml"), "worker: {slots: 0}").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_codingworker"));
    command.args(args).env_clear().env("HOME", home.path()).current_dir(home.path());
    let ran = command.output().unwrap();
    let text = |it: Vec<u8>| String::from_utf8(it).unwrap();
    (ran.status.code().unwrap(), text(ran.stdout), text(ran.stderr))
}

fn printed(part: &str) -> String {
    let (code, page, words) = said(&["reference", part]);
    assert_eq!((code, words.as_str()), (0, ""));
    page
}

#[test]
fn an_error_has_a_hint_where_it_does_not_say_itself_what_to_do() {
    let (code, _, words) = said(&["--config", "none.yaml", "jobs"]);
    let lines: Vec<&str> = words.lines().collect();
    assert_eq!((code, lines.len()), (2, 3), "{words}");
    assert!(lines[0].starts_with("error: cannot read the configuration file"), "{words}");
    assert!(lines[1].starts_with("hint: Name the file that you mean with --config"), "{words}");
    assert_eq!(lines[2], "more: docs/troubleshooting.md#config-file-unreadable");
    let (code, _, words) = said(&["--config", "bad.yaml", "config"]);
    assert_eq!((code, words.lines().count()), (2, 1), "{words}");
    assert!(words.ends_with("`worker.slots`: 0 is out of range: expected 1 to 64\n"), "{words}");
}

#[test]
fn programs_read_the_error_as_one_object() {
    let (code, out, words) = said(&["--json", "--config", "none.yaml", "jobs"]);
    let error: serde_json::Value = serde_json::from_str(&words).unwrap();
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error["error"].as_str().unwrap().starts_with("cannot read the configuration file"));
    assert_eq!(error["id"], "config-file-unreadable");
    assert_eq!(error["more"], "docs/troubleshooting.md#config-file-unreadable");
}

#[test]
fn the_pages_of_the_manual_are_what_the_program_prints() {
    for part in ["commands", "configuration", "metrics", "troubleshooting"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{part}.md"));
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(written == printed(part), "docs/{part}.md is old: ./taskw docs:reference");
    }
}
