//! Every read that decides about people, under every fault: tried again where it passes, and an
//! error where it does not.

use codingworker::code_host::{CodeHost, HostError};
use codingworker::domain::task::{CommentKind, CommentRef};

use super::{Scene, api, real_api, sort};
use crate::github_double::{Fault, TOKEN};

const READS: [(&str, &str); 14] = [
    ("me", "users/get-authenticated"),
    ("pull", "pulls/get"),
    ("diff", "pulls/get"),
    ("comment", "issues/get-comment"),
    ("line", "pulls/get-review-comment"),
    ("line", "graphql"),
    ("review", "pulls/get-review"),
    ("review", "graphql"),
    ("remarks", "issues/list-comments"),
    ("remarks", "pulls/list-review-comments"),
    ("remarks", "pulls/list-reviews"),
    ("issue", "issues/get"),
    ("issue", "issues/list-events"),
    ("issue", "graphql"),
];

struct Stage {
    scene: Scene,
    pull: u64,
    comment: CommentRef,
    line: CommentRef,
    review: CommentRef,
}

impl Stage {
    fn new() -> Self {
        let scene = Scene::new();
        let pull = scene.real_pull();
        let (comment, line, review) = scene.double.look(|it| {
            let place = ("calc.py", Some(1), "@@");
            let comment = it.say("acme/real", pull, "a", "reviewer");
            let line = it.say_on_line("acme/real", pull, place, "b", "reviewer");
            it.touch_comment("acme/real", line);
            (comment, line, it.review("acme/real", pull, "COMMENTED", "c", "reviewer"))
        });
        let of = |kind, id| CommentRef { kind, id };
        Self {
            scene,
            pull,
            comment: of(CommentKind::IssueComment, comment),
            line: of(CommentKind::ReviewComment, line),
            review: of(CommentKind::Review, review),
        }
    }

    /// What is read, as text, so that all can be compared.
    async fn read(&self, what: &str) -> Result<String, HostError> {
        let (github, there, pull) = (self.scene.github(), real_api(), self.pull);
        Ok(match what {
            "me" => format!("{:?}", github.me().await?),
            "pull" => format!("{:?}", github.pull(&there, pull).await?),
            "diff" => github.diff(&there, pull).await?,
            "comment" => format!("{:?}", github.remark(&there, pull, self.comment).await?),
            "line" => format!("{:?}", github.remark(&there, pull, self.line).await?),
            "review" => format!("{:?}", github.remark(&there, pull, self.review).await?),
            "remarks" => format!("{:?}", github.remarks(&there, pull, None).await?),
            _ => format!("{:?}", github.issue(&api(), 1, "ai-task").await?),
        })
    }
}

#[tokio::test]
async fn what_passes_is_tried_again_and_gives_the_same() {
    for (what, operation) in READS {
        let stage = Stage::new();
        let wanted = stage.read(what).await.unwrap();
        for fault in [Fault::BadGateway, Fault::DroppedAfter, Fault::BadGatewayAfter] {
            stage.scene.double.fault(operation, fault);
        }
        assert_eq!(stage.read(what).await.unwrap(), wanted, "{what} by {operation}");
        (0..4).for_each(|_| stage.scene.double.fault(operation, Fault::Dropped));
        let error = stage.read(what).await.unwrap_err();
        assert_eq!(sort(&error), "unavailable", "{what} by {operation}: {error}");
    }
}

#[tokio::test]
async fn what_does_not_pass_is_an_error_in_words_without_the_token() {
    let says = |status, message| Fault::Says { status, message };
    let stage = Stage::new();
    for (what, operation) in READS {
        for (fault, sorted) in [
            (says(401, "Bad credentials"), "bad token"),
            (says(403, "Resource not accessible by personal access token"), "refused"),
            (Fault::RetryAfter { status: 403, seconds: 70 }, "rate limited"),
            (Fault::Spent { status: 429, seconds: 900 }, "rate limited"),
        ] {
            stage.scene.double.fault(operation, fault.clone());
            let error = stage.read(what).await.unwrap_err();
            assert_eq!(sort(&error), sorted, "{what} by {operation}, {fault:?}: {error}");
            assert!(!format!("{error} {error:?}").contains(TOKEN));
        }
    }
}
