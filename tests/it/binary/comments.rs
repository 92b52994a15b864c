//! People talk to a pull request, and the worker answers them there.

use codingworker::domain::job::{Event, JobId, Outcome, Record};
use codingworker::domain::task::{CommentKind, CommentRef, comment_key};
use codingworker::store::job_id;
use serde_json::json;

use super::world::{REPOSITORY, RIGHT, World};
use crate::github_double::{CommentState, LOGIN};
use crate::scripted_ollama::Reply;

mod answering;
mod changing;
mod commands;
mod crashing;
mod forking;
mod moving;
mod together;
mod trusting;

/// Somebody who may push, and asks.
const REVIEWER: &str = "reviewer";
/// The branch of the pull request of most tests.
const TOPIC: &str = "topic";
const ASKED: &str = "@ai-fix add a function double() to calc.py";
/// What `calc.py` is when that was done.
const DOUBLED: &str =
    "def add(a, b):\n    return a + b\n\n\ndef double(a):\n    return add(a, a)\n";

/// The model does what is asked for.
fn doubled() -> Reply {
    Reply::files(&[("calc.py", DOUBLED)])
}

/// A comment in the conversation.
fn comment(id: u64) -> CommentRef {
    CommentRef { kind: CommentKind::IssueComment, id }
}

/// The job that a comment is, or would have been.
fn job_of(comment: CommentRef) -> JobId {
    job_id(&comment_key(&REPOSITORY.parse().unwrap(), comment))
}

/// Fails unless all of `parts` are in `text`, one behind the other.
fn assert_in_order(text: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        let at = text[from..].find(part);
        from += at.unwrap_or_else(|| panic!("`{part}` does not follow in: {text}")) + part.len();
    }
}

impl World {
    /// The sample project, with somebody who may push and a pull request that answers issue 1.
    async fn talking(answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> (Self, u64) {
        let world = Self::with(answer).await;
        world.in_bare(&["config", "core.logAllRefUpdates", "true"]);
        world.github.role(REPOSITORY, REVIEWER, Some("write"));
        let pull = world.proposed(TOPIC, &[("calc.py", RIGHT)]);
        (world, pull)
    }

    /// A person pushes a branch with these files, and opens a pull request from it.
    fn proposed(&self, branch: &str, files: &[(&str, &str)]) -> u64 {
        self.from(branch, "main");
        self.push(REPOSITORY, branch, files);
        let words = ("Let add() add", "It subtracted.\n\nCloses #1");
        self.github.open_pull(REPOSITORY, (branch, "main"), words, "author")
    }

    /// The person's next commit is the first of a branch that begins here.
    fn from(&self, branch: &str, start: &str) {
        let tree = self.tree_of(REPOSITORY);
        self.git(&["-C", tree.to_str().unwrap(), "checkout", "-q", "-B", branch, start]);
    }

    /// Somebody writes a comment, and the repository's workflow queues it.
    async fn asks(&self, pull: u64, text: &str, by: &str) -> CommentRef {
        let comment = comment(self.github.comment(REPOSITORY, pull, text, by));
        self.deliver(pull, comment, text).await;
        comment
    }

    /// The repository's workflow queues a comment.
    async fn deliver(&self, pull: u64, comment: CommentRef, text: &str) {
        let state = self.github.pulls(REPOSITORY).into_iter().find(|it| it.number == pull);
        let state = state.unwrap();
        let task = json!({
            "type": "pr_comment", "issue_number": 1, "pr_number": pull,
            "branch_name": state.head, "repository": REPOSITORY, "title": state.title,
            "body": text, "comment_id": comment.id, "comment_kind": comment.kind.name(),
            "comment_author": "whoever", "labels": [], "created_at": "2026-01-26T00:00:00Z",
        });
        self.submit_text(&task.to_string()).await;
    }

    /// What the worker wrote under a pull request, oldest first.
    fn replies(&self, pull: u64) -> Vec<CommentState> {
        let pulls = self.github.pulls(REPOSITORY).into_iter().find(|it| it.number == pull);
        let mut comments = pulls.unwrap().comments;
        comments.retain(|it| it.author.login == LOGIN);
        comments
    }

    /// What the one comment says that answers this one.
    fn reply(&self, pull: u64, comment: CommentRef) -> String {
        let marker = format!("<!-- codingworker:job={} -->", job_of(comment));
        let mut replies = self.replies(pull);
        replies.retain(|it| it.body.contains(&marker));
        assert_eq!(replies.len(), 1, "{comment:?}: {replies:#?}");
        replies.remove(0).body
    }

    /// The journal of the job that a comment is.
    async fn journal(&self, comment: CommentRef) -> Vec<Record> {
        self.store().await.records(&job_of(comment)).await.unwrap()
    }

    /// How the job ended that a comment is.
    async fn ended(&self, comment: CommentRef) -> Outcome {
        let records = self.journal(comment).await;
        let ended = records.iter().rev().find_map(|it| match &it.event {
            Event::Ended(outcome) => Some(outcome.clone()),
            Event::Cancelled => Some(Outcome::Cancelled),
            _ => None,
        });
        ended.unwrap_or_else(|| panic!("{comment:?} has not ended: {records:#?}"))
    }

    /// The commit that a branch is at.
    fn tip(&self, branch: &str) -> String {
        self.in_bare(&["rev-parse", branch])
    }

    /// The commits that a commit stands on.
    fn parents(&self, commit: &str) -> String {
        self.in_bare(&["rev-parse", &format!("{commit}^@")])
    }

    /// Fails if a branch was ever moved to something that does not build on what it was.
    fn assert_only_fast_forwards(&self, branch: &str) {
        let log = self.bare(REPOSITORY).join("logs/refs/heads").join(branch);
        let log = std::fs::read_to_string(log).unwrap();
        assert!(!log.is_empty());
        for line in log.lines() {
            let (old, new) = (&line[..40], &line[41..81]);
            if old.chars().any(|it| it != '0') {
                self.in_bare(&["merge-base", "--is-ancestor", old, new]);
            }
        }
    }
}

/// A commit as replies name it.
fn short(commit: &str) -> String {
    commit[..10].to_owned()
}
