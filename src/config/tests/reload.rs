//! What a reload can change, and the table that says so.

use super::*;
use crate::config::{KEYS, Key, Kind, reloadable};

fn changed(old: &str, new: &str) -> Vec<&'static str> {
    let machine = Machine::new();
    let load = |text: &str| Config::parse(text, &machine.options).unwrap();
    load(old).needs_restart(&load(new))
}

#[test]
fn only_what_was_put_together_at_the_start_needs_a_restart() {
    assert_eq!(changed("", ""), Vec::<&str>::new());
    assert_eq!(changed("", "worker: {slots: 3}\nlog: {level: debug}"), Vec::<&str>::new());
    assert_eq!(
        changed("", "worker: {slots: 3, worker_id: me}\nhttp: {listen: off}\nsqs: {region: x}"),
        ["worker.worker_id", "sqs.region", "http.listen"]
    );
}

#[test]
fn secrets_are_compared_by_what_they_are_and_never_named() {
    let token = |it: &str| format!("github: {{token: {it}}}\notel: {{headers: {{x-key: {it}}}}}");
    assert_eq!(changed(&token("one"), &token("one")), Vec::<&str>::new());
    assert_eq!(changed(&token("one"), &token("two")), ["github.token", "otel.headers"]);
    let env = |it: &str| format!("aider: {{env: {{KEY: {it}}}}}");
    assert_eq!(changed(&env("one"), &env("two")), Vec::<&str>::new());
}

#[test]
fn the_sections_that_the_start_holds_are_held_whole() {
    for Key { name, .. } in KEYS {
        let held = ["sqs.", "github.", "otel."].iter().any(|it| name.starts_with(it));
        let free = ["verify.", "trust.", "gate.", "deps.", "poll.", "notify.", "ollama."]
            .iter()
            .any(|it| name.starts_with(it));
        let says = reloadable(name);
        assert!(!(held && says), "{name}");
        assert!(says || !free, "{name}");
    }
    assert!(!reloadable("no.such_key"));
}

#[test]
fn the_shipped_file_says_the_words_that_each_key_takes() {
    for Key { name, kind, .. } in KEYS {
        let Kind::Choice(words) = kind else { continue };
        let key = name.split_once('.').unwrap().1;
        let lines: Vec<&str> = TEMPLATE.lines().collect();
        let at = lines.iter().position(|it| it.trim().starts_with(&format!("{key}:"))).unwrap();
        let above = lines[..at].iter().rev().take_while(|it| it.trim().starts_with('#'));
        let comment = above.copied().chain([lines[at]]).collect::<String>();
        for word in *words {
            assert!(comment.contains(word), "{name}: nothing is said of {word}");
        }
    }
}

#[test]
fn every_default_is_one_that_the_table_itself_accepts() {
    for Key { name, default, kind, about, .. } in KEYS.iter().chain(super::MODEL_KEYS) {
        assert!(about.ends_with('.') || about.ends_with("id"), "{name}: {about}");
        match kind {
            Kind::Integer { range: (low, high), unit } => {
                assert!((*low..=*high).contains(&default.parse().unwrap()) && !unit.is_empty());
            }
            Kind::Choice(words) => assert!(words.contains(default), "{name}"),
            Kind::Flag => assert!(["true", "false"].contains(default), "{name}"),
            _ => {}
        }
    }
}

#[test]
fn keys_of_the_agent_do_not_reach_a_collector_of_traces() {
    let machine = Machine::new()
        .file("otel: {headers: {x-api-key: abc}}")
        .env("CODINGWORKER__AIDER__ENV__GEMINI_API_KEY", "very-secret");
    let config = machine.load();
    assert_eq!(config.otel.headers.keys().collect::<Vec<_>>(), ["x-api-key"]);
    assert_eq!(config.aider.env.keys().collect::<Vec<_>>(), ["GEMINI_API_KEY"]);
    assert!(
        complaint("otel: {headers: {'a b': c}}").contains("`a b` is no name of an HTTP header")
    );
}
