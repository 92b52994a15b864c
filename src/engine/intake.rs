//! A message becomes a task, or we say why not. The queue is untrusted input.

use serde::Deserialize;

use crate::domain::task::{NotARepository, Origin, Repository, Task};

/// The largest message that can be a task, in bytes: an SQS queue's default limit.
pub const LARGEST: usize = 256 * 1024;

/// Why a message cannot be a task. It will be the same at every delivery.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than a task may be.
    #[error("the message has {0} bytes; a task has at most {LARGEST}")]
    TooLarge(usize),
    /// Not JSON, or a value of the wrong type.
    #[error("the message is no task: {0}")]
    Malformed(String),
    /// The repository's name is none.
    #[error(transparent)]
    Repository(#[from] NotARepository),
    /// Issue numbers start at 1.
    #[error("`issue_number` is {0}; it must be 1 or more")]
    Number(i64),
    /// A kind of task that this version does not know.
    #[error(
        "tasks of type `{0}` are not understood by this version: update the worker, then `codingworker queue redrive`"
    )]
    Unknown(String),
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type", default = "issue")]
    kind: String,
    issue_number: i64,
    repository: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    labels: Option<Vec<String>>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    delivery: Option<String>,
}

fn issue() -> String {
    "issue".to_owned()
}

/// The keys that a message may have.
const KEYS: [&str; 9] = [
    "type",
    "issue_number",
    "repository",
    "title",
    "body",
    "labels",
    "created_at",
    "sender",
    "delivery",
];

/// Reads a message. `message_id` stands in for the labelling where the sender named none.
///
/// # Errors
/// When the message cannot be a task, now or ever.
pub fn task(body: &str, message_id: &str) -> Result<Task, Refusal> {
    if LARGEST < body.len() {
        return Err(Refusal::TooLarge(body.len()));
    }
    let value: serde_json::Value =
        serde_json::from_str(body).map_err(|it| Refusal::Malformed(format!("not JSON: {it}")))?;
    if let Some(kind) = value.get("type").and_then(|it| it.as_str()).filter(|it| *it != "issue") {
        return Err(Refusal::Unknown(kind.chars().take(40).collect()));
    }
    let message: Message =
        serde_json::from_value(value).map_err(|it| Refusal::Malformed(it.to_string()))?;
    debug_assert_eq!(message.kind, "issue");
    let number = u64::try_from(message.issue_number)
        .ok()
        .filter(|number| *number > 0)
        .ok_or(Refusal::Number(message.issue_number))?;
    let asking = [message.delivery, message.created_at]
        .into_iter()
        .flatten()
        .find(|it| !it.trim().is_empty())
        .unwrap_or_else(|| message_id.to_owned());
    Ok(Task {
        repository: Repository::try_from(message.repository)?,
        origin: Origin::Issue { number },
        title: message.title.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        labels: message.labels.unwrap_or_default(),
        asking: asking.chars().take(200).collect(),
    })
}

/// The keys of a message that mean nothing to us, for the debug log.
pub fn unknown_keys(body: &str) -> Vec<String> {
    match serde_json::from_str(body) {
        Ok(serde_json::Value::Object(map)) => map
            .into_iter()
            .map(|(key, _)| key)
            .filter(|key| !KEYS.contains(&key.as_str()))
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"type": "issue", "issue_number": 123, "repository": "owner/repo",
        "title": "Add", "body": "b", "labels": ["ai-task"], "created_at": "2025-01-26T00:00:00Z",
        "sender": "octocat", "delivery": "d-1", "later": true}"#;

    #[test]
    fn a_message_of_the_contract_is_a_task() {
        let task = task(GOOD, "m").unwrap();
        assert_eq!(task.key(), "issue owner/repo#123 d-1");
        assert_eq!(unknown_keys(GOOD), ["later"]);
    }

    #[test]
    fn an_older_sender_names_neither_type_nor_delivery() {
        let old = r#"{"issue_number": 1, "repository": "Owner/repo", "title": null,
            "created_at": "2025-01-26T00:00:00Z"}"#;
        assert_eq!(task(old, "m").unwrap().key(), "issue owner/repo#1 2025-01-26T00:00:00Z");
        let bare = r#"{"issue_number": 1, "repository": "o/r"}"#;
        assert_eq!(task(bare, "m-7").unwrap().key(), "issue o/r#1 m-7");
    }

    #[test]
    fn what_cannot_be_a_task_is_refused_with_the_reason() {
        let reason = |body: &str| task(body, "m").unwrap_err().to_string();
        assert!(reason("hello").starts_with("the message is no task: not JSON"));
        assert!(reason("[1]").contains("no task"));
        assert!(reason(r#"{"issue_number": "x", "repository": "o/r"}"#).contains("no task"));
        assert!(reason(r#"{"repository": "o/r"}"#).contains("issue_number"));
        assert!(reason(r#"{"issue_number": 0, "repository": "o/r"}"#).contains("1 or more"));
        assert!(reason(r#"{"issue_number": 1, "repository": "../r"}"#).contains("OWNER/NAME"));
        assert!(reason(r#"{"type": "pr_comment", "issue_number": 1}"#).contains("pr_comment"));
        assert!(reason(&"x".repeat(LARGEST + 1)).contains("at most"));
        assert!(reason(&"[".repeat(100_000)).contains("not JSON"));
    }

    proptest::proptest! {
        #[test]
        fn no_message_makes_it_panic(body in ".{0,200}") {
            let _ = (task(&body, "m"), unknown_keys(&body));
        }
    }
}
