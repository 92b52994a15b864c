//! The plan of the house as tables, and tests that read every source file against them.
//!
//! To add a room, put it on a floor here first. Each rule is also shown a text that breaks it:
//! a rule that catches nothing would be green too.

use std::fs;
use std::path::{Path, PathBuf};

/// A room may name rooms on its own floor or below.
const FLOORS: [&str; 6] = [
    "domain",
    "engine",
    "fault process project_file retry redact database store audit queue code_host workspace agent runner cage deps docker notify postgres service telemetry",
    "worker",
    "http",
    "config app cli demo lib main",
];

/// Rooms that open on to the world, and who else may name what is behind their front doors:
/// whoever wires the house up, and whoever looks whether the wires hold.
const FRONT_DOORS: [&str; 6] = ["queue", "code_host", "agent", "runner", "cage", "notify"];
const WIRING: [&str; 7] =
    ["app", "cli/check", "cli/doctor", "cli/notify", "cli/serve", "cli/setup_repo", "demo"];

/// Outside crates, and the only places that may name them: `queue/sqs` is `queue/sqs.rs` and
/// everything in `queue/sqs/`.
const VENDORS: [(&str, &str); 35] = [
    ("bollard", "docker"),
    ("tar", "docker"),
    ("aws_config", "queue/sqs"),
    ("aws_sdk_sqs", "queue/sqs"),
    ("octocrab", "code_host/github"),
    ("rustix", "workspace/spare"),
    ("rusqlite", "database store audit queue/sqlite notify/outbox"),
    ("serde_yaml", "config project_file"),
    ("backoff", "retry"),
    ("clap", "cli"),
    ("clap_complete", "cli"),
    ("axum", "agent/recorder agent/standin http"),
    ("hmac", "notify/webhook"),
    ("lettre", "notify/email config/notify"),
    ("opentelemetry", "telemetry/traces"),
    ("opentelemetry_otlp", "telemetry/traces"),
    ("tokio_postgres", "postgres"),
    ("tokio_postgres_rustls", "postgres"),
    ("deadpool_postgres", "postgres"),
    ("rustls_platform_verifier", "postgres/tls"),
    ("prometheus_client", "telemetry/metrics"),
    ("sd_notify", "service/manager"),
    ("terminal_size", "cli/output"),
    ("hyper", "docker/proxy http/connection"),
    (
        "reqwest",
        "agent/ollama agent/recorder queue/sqs/address notify/client notify/guard/tests telemetry/traces",
    ),
    ("tracing_appender", "cli/logging"),
    ("tree_sitter", "engine/symbols"),
    ("tree_sitter_bash", "engine/symbols"),
    ("tree_sitter_c", "engine/symbols"),
    ("tree_sitter_go", "engine/symbols"),
    ("tree_sitter_javascript", "engine/symbols"),
    ("tree_sitter_python", "engine/symbols"),
    ("tree_sitter_rust", "engine/symbols"),
    ("tree_sitter_typescript", "engine/symbols"),
    ("tracing_subscriber", "cli/logging redact"),
];

/// What the nouns may be made of.
const DOMAIN_CRATES: [&str; 6] = ["std", "serde", "thiserror", "crate", "super", "self"];

/// What takes time, differs from run to run or reaches outside.
const IMPURE: [&str; 12] = [
    "async fn",
    "async move",
    "async {",
    ".await",
    "tokio::",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "Instant",
    "::now(",
];

#[test]
fn no_room_names_a_floor_above_it() {
    obeyed(no_floor_above);
    caught(no_floor_above, "queue/sqs.rs", "use crate::worker::Hands;");
    caught(no_floor_above, "domain/task.rs", "fn f() { crate::engine::decide::decide() }");
    caught(no_floor_above, "engine/decide.rs", "use crate::{domain::job::Job, queue::Delivery};");
}

#[test]
fn only_the_wiring_looks_behind_a_front_door() {
    obeyed(doors_are_shut);
    caught(doors_are_shut, "worker/hands.rs", "use crate::queue::sqs::SqsQueue;");
    caught(doors_are_shut, "cli/queue.rs", "use crate::queue::{sqlite::SqliteQueue, TaskQueue};");
    assert_eq!(doors_are_shut("worker.rs", "use crate::queue::{Delivery, TaskQueue};"), [""; 0]);
    assert_eq!(doors_are_shut("app.rs", "use crate::queue::sqs::SqsQueue;"), [""; 0]);
}

#[test]
fn the_two_lowest_floors_are_pure() {
    obeyed(the_brain_is_pure);
    caught(the_brain_is_pure, "engine/decide.rs", "pub async fn decide() {}");
    caught(the_brain_is_pure, "domain/time.rs", "let now = std::time::SystemTime::now();");
}

#[test]
fn the_nouns_are_made_of_std_serde_and_thiserror() {
    obeyed(nouns_are_plain);
    caught(nouns_are_plain, "domain/time.rs", "use chrono::Utc;");
}

#[test]
fn each_outside_crate_is_named_only_in_its_own_room() {
    obeyed(vendors_stay_home);
    caught(vendors_stay_home, "worker/hands.rs", "octocrab::instance()");
    caught(vendors_stay_home, "queue/sqlite.rs", "use aws_sdk_sqs::Client;");
    assert_eq!(vendors_stay_home("queue/sqs/errors.rs", "use aws_sdk_sqs::Client;"), [""; 0]);
}

#[test]
fn every_room_of_the_map_is_on_a_floor_and_has_one_way_in() {
    for (file, _) in sources() {
        floor(room(&file));
        assert!(!file.ends_with("mod.rs"), "{file}: a room's door is `noun.rs`");
    }
}

fn no_floor_above(file: &str, text: &str) -> Vec<String> {
    let here = floor(room(file));
    let named = named_after("crate::", text);
    named.iter().filter(|it| here < floor(it)).map(|it| format!("{file} names `{it}`")).collect()
}

fn doors_are_shut(file: &str, text: &str) -> Vec<String> {
    let wired = WIRING.iter().any(|home| lives_in(file, home));
    FRONT_DOORS
        .into_iter()
        .filter(|door| !wired && room(file) != *door)
        .flat_map(|door| named_after(&format!("crate::{door}::"), text))
        .filter(|it| it.starts_with(|c: char| c.is_ascii_lowercase()))
        .map(|it| format!("{file} looks behind a door, at `{it}`"))
        .collect()
}

fn the_brain_is_pure(file: &str, text: &str) -> Vec<String> {
    let pure = matches!(room(file), "domain" | "engine") && !file.ends_with("tests.rs");
    let text = text.split("#[cfg(test)]").next().unwrap();
    IMPURE
        .into_iter()
        .filter(|it| pure && text.contains(it))
        .map(|it| format!("{file} contains `{it}`"))
        .collect()
}

fn nouns_are_plain(file: &str, text: &str) -> Vec<String> {
    let uses = text.lines().filter_map(|line| line.trim_start().strip_prefix("use "));
    uses.map(word)
        .filter(|it| room(file) == "domain" && !DOMAIN_CRATES.contains(it))
        .map(|it| format!("{file} uses `{it}`"))
        .collect()
}

fn vendors_stay_home(file: &str, text: &str) -> Vec<String> {
    VENDORS
        .iter()
        .filter(|(_, homes)| !homes.split(' ').any(|home| lives_in(file, home)))
        .filter(|(vendor, _)| names(text, vendor))
        .map(|(vendor, _)| format!("{file} names `{vendor}`"))
        .collect()
}

/// Whether `crate_name` is used as a path's beginning.
fn names(text: &str, crate_name: &str) -> bool {
    text.match_indices(&format!("{crate_name}::")).any(|(at, _)| {
        !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':')
    })
}

/// The words that follow `prefix`: one for a plain path, several for `{a::b, c}`.
fn named_after<'a>(prefix: &str, text: &'a str) -> Vec<&'a str> {
    let mut named = Vec::new();
    for rest in text.split(prefix).skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            named.push(word(rest));
            continue;
        };
        let (mut depth, mut start) = (0, 0);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    named.push(word(group[start..at].trim_start()));
                    start = at + 1;
                    if c == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    named.retain(|it| !it.is_empty());
    named
}

#[track_caller]
fn obeyed(rule: impl Fn(&str, &str) -> Vec<String>) {
    let broken: Vec<String> = sources().iter().flat_map(|(file, text)| rule(file, text)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[track_caller]
fn caught(rule: impl Fn(&str, &str) -> Vec<String>, file: &str, text: &str) {
    assert_eq!(rule(file, text).len(), 1, "the rule does not catch `{text}` in {file}");
}

fn lives_in(file: &str, home: &str) -> bool {
    let inside = file.strip_prefix(home).filter(|_| !home.is_empty());
    inside.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

fn room(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap()
}

fn floor(room: &str) -> usize {
    let on = |rooms: &&str| rooms.split(' ').any(|it| it == room);
    FLOORS.iter().position(on).unwrap_or_else(|| panic!("`{room}` is on no floor yet"))
}

/// Every source file's path below `src`, and its text without comments.
fn sources() -> Vec<(String, String)> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => walk(&path, found),
                false if path.extension().is_some_and(|it| it == "rs") => found.push(path),
                false => (),
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&src, &mut found);
    found.sort();
    let name = |path: &Path| path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
    let code = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.collect::<Vec<_>>().join("\n")
    };
    found.iter().map(|path| (name(path), code(path))).collect()
}
