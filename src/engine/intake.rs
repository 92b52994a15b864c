//! A message becomes a task, or we say why not. The queue is untrusted input.

use serde::Deserialize;

use crate::domain::task::{CommentKind, CommentRef, NotARepository, Origin, Repository, Task};

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
    /// A number that this kind of task cannot do without.
    #[error("the message is no task: missing field `{0}`")]
    Missing(&'static str),
    /// Numbers at the code host start at 1.
    #[error("`{0}` is {1}; it must be 1 or more")]
    Number(&'static str, i64),
    /// A kind of task that this version does not know.
    #[error(
        "tasks of type `{0}` are not understood by this version: update the worker, then `codingworker queue redrive`"
    )]
    Unknown(String),
}

impl Refusal {
    /// A parser's words, which may repeat what a stranger sent: one line, of bounded length.
    fn malformed(words: impl std::fmt::Display) -> Self {
        let words = words.to_string();
        Self::Malformed(words.chars().filter(|it| !it.is_control()).take(300).collect())
    }
}

/// What a sender may say. `branch_name` and `comment_author` are read for their types alone: where
/// the work goes and who asked is read from the code host.
#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type", default = "issue")]
    kind: String,
    repository: String,
    issue_number: Option<i64>,
    pr_number: Option<i64>,
    comment_id: Option<i64>,
    comment_kind: Option<String>,
    #[serde(rename = "branch_name")]
    _branch_name: Option<String>,
    #[serde(rename = "comment_author")]
    _comment_author: Option<String>,
    title: Option<String>,
    body: Option<String>,
    body_sha256: Option<String>,
    labels: Option<Vec<String>>,
    created_at: Option<String>,
    delivery: Option<String>,
    again: Option<String>,
}

fn issue() -> String {
    "issue".to_owned()
}

/// The ways to write under a pull request.
const COMMENTS: [CommentKind; 3] =
    [CommentKind::IssueComment, CommentKind::ReviewComment, CommentKind::Review];

/// The keys that a message may have.
const KEYS: [&str; 16] = [
    "type",
    "issue_number",
    "pr_number",
    "comment_id",
    "comment_kind",
    "comment_author",
    "branch_name",
    "repository",
    "title",
    "body",
    "body_sha256",
    "labels",
    "created_at",
    "sender",
    "delivery",
    "again",
];

/// Reads a message. `message_id` stands in for the labelling where the sender named none.
///
/// # Errors
/// When the message cannot be a task, now or ever.
pub fn task(body: &str, message_id: &str) -> Result<Task, Refusal> {
    if LARGEST < body.len() {
        return Err(Refusal::TooLarge(body.len()));
    }
    let value: serde_json::Value = serde_json::from_str(body)
        .map_err(|it| Refusal::malformed(format_args!("not JSON: {it}")))?;
    if !value.is_object() {
        return Err(Refusal::malformed("expected an object of keys and values"));
    }
    let kind = value.get("type").and_then(|it| it.as_str());
    if let Some(kind) = kind.filter(|it| !matches!(*it, "issue" | "pr_comment")) {
        return Err(Refusal::Unknown(kind.chars().take(40).collect()));
    }
    // From the text again: a `Value` has forgotten that a key was there twice, and which of the
    // two is meant must not depend on who reads it.
    let message: Message = serde_json::from_str(body).map_err(Refusal::malformed)?;
    let repository = Repository::try_from(message.repository)?;
    let issue = message.issue_number.map(|it| number("issue_number", it)).transpose()?;
    let origin = match message.kind.as_str() {
        "pr_comment" => Origin::PrComment {
            pull: required("pr_number", message.pr_number)?,
            comment: CommentRef {
                kind: comment_kind(message.comment_kind.as_deref())?,
                id: required("comment_id", message.comment_id)?,
            },
        },
        _ => Origin::Issue { number: issue.ok_or(Refusal::Missing("issue_number"))? },
    };
    let given = |it: &String| !it.trim().is_empty();
    let asking = match origin {
        // One asking for ever, whoever delivers it; `codingworker retry` makes another of it.
        Origin::PrComment { .. } => message.again.unwrap_or_default(),
        Origin::Issue { .. } => {
            let named = [message.delivery, message.created_at].into_iter().flatten().find(given);
            named.unwrap_or_else(|| message_id.to_owned())
        }
    };
    Ok(Task {
        repository,
        origin,
        title: message.title.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        body_sha256: message.body_sha256.map(digest).transpose()?,
        labels: message.labels.unwrap_or_default(),
        asking: asking.chars().take(200).collect(),
    })
}

fn comment_kind(name: Option<&str>) -> Result<CommentKind, Refusal> {
    let Some(name) = name else { return Ok(CommentKind::default()) };
    COMMENTS.into_iter().find(|it| it.name() == name).ok_or_else(|| {
        let known = COMMENTS.map(CommentKind::name).join(", ");
        Refusal::malformed(format_args!("`comment_kind` is `{name:.40}`: expected one of {known}"))
    })
}

fn digest(text: String) -> Result<String, Refusal> {
    let whole = text.len() == 64 && text.chars().all(|it| it.is_ascii_hexdigit());
    whole.then(|| text.to_ascii_lowercase()).ok_or_else(|| {
        Refusal::malformed("`body_sha256` is no digest: expected 64 hexadecimal digits")
    })
}

fn required(key: &'static str, value: Option<i64>) -> Result<u64, Refusal> {
    number(key, value.ok_or(Refusal::Missing(key))?)
}

fn number(key: &'static str, value: i64) -> Result<u64, Refusal> {
    u64::try_from(value).ok().filter(|it| *it > 0).ok_or(Refusal::Number(key, value))
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
mod tests;
