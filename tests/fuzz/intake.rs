//! A message of the queue's: `engine::intake`.

use codingworker::domain::task::{Origin, Repository, Task};
use codingworker::engine::intake::{LARGEST, task, unknown_keys};

pub(crate) const WORDS: &[&str] = &[
    "\"repository\":\"a/b\",",
    "\"issue_number\":7,",
    "\"type\":\"pr_comment\",",
    "\"type\":\"issue\",",
    "\"pr_number\":3,",
    "\"comment_id\":9,",
    "\"comment_kind\":\"review\",",
    "\"delivery\":\"d\",",
    "\"again\":\"x\",",
    "\"labels\":[],",
    "null",
    "../",
    ".git",
    "\\u0000",
    "\\ud800",
    "\u{202e}",
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "//",
];

/// # Panics
/// Where a law is broken.
pub(crate) fn check(data: &[u8]) {
    let body = String::from_utf8_lossy(data);
    let found = task(&body, "message-1");
    assert_eq!(found, task(&body, "message-1"), "the same message means two things");
    match found {
        Ok(task) => is_sound(&task, &body),
        Err(refusal) => {
            let why = refusal.to_string();
            assert!(!why.is_empty() && why.chars().count() < 600, "{} characters", why.len());
            assert!(!why.contains(['\n', '\r', '\u{1b}']), "more than a line: {why:?}");
        }
    }
    let keys = unknown_keys(&body);
    assert!(!keys.iter().any(|it| it == "repository" || it == "issue_number"));
}

fn is_sound(found: &Task, body: &str) {
    assert!(body.len() <= LARGEST);
    let name = found.repository.to_string();
    assert_eq!(Repository::try_from(name.clone()).as_ref(), Ok(&found.repository));
    assert!(!name.contains("..") && name.matches('/').count() == 1, "{name}");
    assert!(name.chars().all(|it| it.is_ascii_alphanumeric() || "-_./".contains(it)), "{name}");
    assert!(found.asking.chars().count() <= 200);
    assert!(found.thread() > 0);
    // What is meant must not depend on which of two keys a reader believes.
    let twice = body.replacen('{', "{\"repository\":\"evil/evil\",", 1);
    if twice.len() <= LARGEST {
        assert!(task(&twice, "message-1").is_err(), "two repositories: {twice}");
    }
    // It can be said again, and is the same job. A NUL apart, which no key may be made of.
    let again = match found.origin {
        Origin::Issue { number } => serde_json::json!({
            "repository": name, "issue_number": number, "delivery": found.asking,
        }),
        Origin::PrComment { pull, comment } => serde_json::json!({
            "repository": name, "type": "pr_comment", "pr_number": pull, "again": found.asking,
            "comment_id": comment.id, "comment_kind": comment.kind.name(),
        }),
    };
    let again = task(&again.to_string(), &found.asking).unwrap();
    assert_eq!((again.key(), again.thread()), (found.key(), found.thread()));
}
