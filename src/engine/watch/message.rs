//! What was found, as a task on the queue.

use serde_json::json;

use super::Sighting;
use crate::domain::task::{CommentRef, Repository};
use crate::domain::time::Timestamp;

/// How much of a text goes along, in characters: the job reads the whole from the code host, and a
/// message has to stay below its limit however the text is escaped.
const MOST_BODY: usize = 8_000;
const MOST_TITLE: usize = 300;

/// The task of a labelled issue. The time of the labelling is what tells it from the next one.
pub fn issue_task(
    repository: &Repository,
    it: &Sighting,
    label: &str,
    labelled: Timestamp,
) -> String {
    let task = json!({
        "type": "issue", "repository": repository.to_string(), "issue_number": it.thread,
        "title": cut(&it.title, MOST_TITLE), "body": cut(&it.body, MOST_BODY), "labels": [label],
        "created_at": labelled.to_string(),
    });
    task.to_string()
}

/// The task of a comment under a pull request.
pub fn comment_task(repository: &Repository, comment: CommentRef, it: &Sighting) -> String {
    let task = json!({
        "type": "pr_comment", "repository": repository.to_string(), "pr_number": it.thread,
        "title": cut(&it.title, MOST_TITLE), "body": cut(&it.body, MOST_BODY), "labels": [],
        "comment_id": comment.id, "comment_kind": comment.kind.name(),
        "comment_author": cut(&it.author, MOST_TITLE), "created_at": it.written.to_string(),
    });
    task.to_string()
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
