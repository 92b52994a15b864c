//! What people write under pull requests, as GitHub tells of it.

use codingworker::code_host::{CodeHost, HostError, Remark};
use codingworker::domain::task::{CommentKind, CommentRef};

use super::{Scene, api, real_api, sort};
use crate::github_double::World;

const PLACE: (&str, Option<u64>, &str) = ("calc.py", Some(1), "@@ -1 +1 @@\n-a - b\n+a + b");

fn on_line(id: u64) -> CommentRef {
    CommentRef { kind: CommentKind::ReviewComment, id }
}

fn comment(id: u64) -> CommentRef {
    CommentRef { kind: CommentKind::IssueComment, id }
}

fn whole_review(id: u64) -> CommentRef {
    CommentRef { kind: CommentKind::Review, id }
}

async fn all(scene: &Scene, pull: u64) -> Vec<Remark> {
    scene.github().remarks(&real_api(), pull, None).await.unwrap()
}

#[tokio::test]
async fn a_comment_that_was_sent_with_its_review_was_not_edited() {
    let scene = Scene::new();
    let pull = scene.real_pull();
    // Written first, sent later: GitHub moves `updated_at`, and the text is the same.
    let id = scene.double.look(|it| it.say_on_line("acme/real", pull, PLACE, "Why?", "reviewer"));
    scene.double.look(|it| it.touch_comment("acme/real", id));
    // Hidden as off-topic: the same.
    let hidden = scene.double.comment("acme/real", pull, "Buy shoes", "stranger");
    scene.double.look(|it| it.touch_comment("acme/real", hidden));
    for comment in [on_line(id), comment(hidden)] {
        let remark = scene.github().remark(&real_api(), pull, comment).await.unwrap();
        assert!(!remark.edited, "{remark:?}");
    }
    assert!(all(&scene, pull).await.iter().all(|it| !it.edited));
}

#[tokio::test]
async fn a_comment_that_is_edited_between_two_requests_is_edited_or_old() {
    for nth in 1..=3 {
        for kind in [CommentKind::IssueComment, CommentKind::ReviewComment, CommentKind::Review] {
            let scene = Scene::new();
            let pull = scene.real_pull();
            let id = scene.double.look(|it| match kind {
                CommentKind::IssueComment => it.say("acme/real", pull, "old", "reviewer"),
                CommentKind::ReviewComment => {
                    it.say_on_line("acme/real", pull, PLACE, "old", "reviewer")
                }
                CommentKind::Review => it.review("acme/real", pull, "COMMENTED", "old", "reviewer"),
            });
            let edit = move |it: &mut World| it.edit_comment("acme/real", id, "new");
            scene.double.before("*", nth, edit);
            let comment = CommentRef { kind, id };
            let remark = scene.github().remark(&real_api(), pull, comment).await.unwrap();
            assert_eq!(remark.edited, remark.body == "new", "{kind:?} before {nth}: {remark:?}");
            let remarks = all(&scene, pull).await;
            assert!(remarks.iter().all(|it| it.edited == (it.body == "new")), "{remarks:?}");
        }
    }
}

#[tokio::test]
async fn where_a_comment_stands_is_githubs_word() {
    let scene = Scene::new();
    let pull = scene.real_pull();
    let other = scene.double.issue("acme/real", "Another thread", "", "reporter");
    let id = scene.double.comment("acme/real", other, "@ai-fix here", "reviewer");
    // Whoever delivers it may say that it stands under the pull request.
    let remark = scene.github().remark(&real_api(), pull, comment(id)).await.unwrap();
    assert_eq!(remark.thread, other);
    // One in another repository is not there, whatever the message says.
    let id = scene.double.comment("acme/api", 1, "@ai-fix there", "reviewer");
    let error = scene.github().remark(&real_api(), pull, comment(id)).await.unwrap_err();
    assert_eq!(sort(&error), "not found");
}

#[tokio::test]
async fn under_a_new_name_nothing_is_read_by_the_old_one() {
    let scene = Scene::new();
    scene.real_pull();
    let id = scene.double.comment("acme/api", 1, "@ai-fix", "reviewer");
    let location = format!("{}/repos/acme/api/issues/comments/{id}", scene.double.api_url());
    let moved = crate::github_double::Fault::Moved { status: 301, location };
    scene.double.fault("issues/get-comment", moved);
    let error = scene.github().remark(&real_api(), 1, comment(id)).await.unwrap_err();
    assert!(error.to_string().contains("stands in `acme/api` now: use that name"), "{error}");
}

#[tokio::test]
async fn what_is_still_being_written_is_not_said_yet() {
    let scene = Scene::new();
    let pull = scene.real_pull();
    let id = scene
        .double
        .look(|it| it.review("acme/real", pull, "PENDING", "Not yet", crate::github_double::LOGIN));
    scene.double.look(|it| it.review("acme/real", pull, "APPROVED", "", "reviewer"));
    assert!(all(&scene, pull).await.is_empty(), "an approval without words says nothing either");
    let error = scene.github().remark(&real_api(), pull, whole_review(id)).await.unwrap_err();
    assert!(matches!(error, HostError::NotFound(_)), "{error}");
}

#[tokio::test]
async fn a_line_that_is_gone_or_of_the_old_side_is_no_line() {
    let scene = Scene::new();
    let pull = scene.real_pull();
    let (gone, left) = scene.double.look(|it| {
        let gone = ("calc.py", None, "@@");
        let gone = it.say_on_line("acme/real", pull, gone, "a", "reviewer");
        let left = it.say_on_line("acme/real", pull, PLACE, "b", "reviewer");
        it.repository_mut("acme/real").pull_mut(pull).line_comments[1].side = "LEFT";
        (gone, left)
    });
    for id in [gone, left] {
        let remark = scene.github().remark(&real_api(), pull, on_line(id)).await.unwrap();
        let spot = remark.spot.unwrap();
        assert_eq!((spot.path.as_str(), spot.line), ("calc.py", None));
    }
}

#[tokio::test]
async fn of_very_many_the_newest_are_kept() {
    let scene = Scene::new();
    let pull = scene.real_pull();
    scene.double.look(|it| {
        for nth in 0..430 {
            it.say("acme/real", pull, &format!("comment {nth}"), "reviewer");
            it.say_on_line("acme/real", pull, PLACE, &format!("line {nth}"), "reviewer");
            it.review("acme/real", pull, "COMMENTED", &format!("review {nth}"), "reviewer");
        }
    });
    let remarks = all(&scene, pull).await;
    assert!(remarks.is_sorted_by_key(|it| it.created_at));
    for (kind, word) in [
        (CommentKind::IssueComment, "comment"),
        (CommentKind::ReviewComment, "line"),
        (CommentKind::Review, "review"),
    ] {
        let of_kind: Vec<_> = remarks.iter().filter(|it| it.comment.kind == kind).collect();
        assert!((200..=300).contains(&of_kind.len()), "{word}: {}", of_kind.len());
        assert_eq!(of_kind.last().unwrap().body, format!("{word} 429"));
        let first = 430 - of_kind.len();
        assert_eq!(of_kind[0].body, format!("{word} {first}"), "without a gap");
    }
}

#[tokio::test]
async fn an_issue_has_comments_and_no_reviews() {
    let scene = Scene::new();
    scene.double.comment("acme/api", 1, "Me too", "stranger");
    let remarks = scene.github().remarks(&api(), 1, None).await.unwrap();
    assert_eq!(remarks.len(), 1);
    assert_eq!(scene.double.count("pulls/list-reviews"), 0);
}

#[tokio::test]
async fn what_is_deleted_while_we_read_is_left_out() {
    let scene = Scene::new();
    let pull = scene.real_pull();
    let id = scene.double.look(|it| it.review("acme/real", pull, "COMMENTED", "a", "reviewer"));
    scene.double.look(|it| it.review("acme/real", pull, "COMMENTED", "b", "reviewer"));
    let delete = move |it: &mut World| {
        it.repository_mut("acme/real").pull_mut(pull).reviews.retain(|it| it.comment.id != id);
    };
    scene.double.before("graphql", 1, delete);
    let remarks = all(&scene, pull).await;
    assert_eq!(remarks.iter().map(|it| it.body.as_str()).collect::<Vec<_>>(), ["b"]);
}
