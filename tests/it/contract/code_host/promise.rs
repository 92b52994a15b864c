//! Issues, comments, labels, and pull requests that we open.

use codingworker::code_host::{Draft, HostError};
use codingworker::domain::change::{Change, ObjectId};
use codingworker::domain::job::Fault;

use super::{MARKER, TIP, World, api};

fn change(branch: &str) -> Change {
    Change { branch: branch.to_owned(), commit: ObjectId(TIP.to_owned()) }
}

fn draft(title: &str, draft: bool) -> Draft {
    let (base, title) = ("trunk".to_owned(), title.to_owned());
    Draft { base, title, body: "Closes #1\n\n日本語の本文".to_owned(), draft }
}

pub(super) async fn facts_are_read(world: &dyn World) {
    let facts = world.host().repository(&api()).await.unwrap();
    assert_eq!(facts.default_branch, "trunk");
    assert!(!facts.public && !facts.archived && facts.may_push);
    assert_eq!(world.host().repository(&api()).await.unwrap().id, facts.id);
}

pub(super) async fn an_issue_tells_who_labelled_it_last(world: &dyn World) {
    let body = "計算が間違っています。\n\n```\nsum([]) → エラー\n```";
    let number = world.issue("合計のバグを直す \u{1f41b}", body, "reporter").await;
    let issue = world.host().issue(&api(), number, "ai-task").await.unwrap();
    assert_eq!((issue.title.as_str(), issue.body.as_str()), ("合計のバグを直す \u{1f41b}", body));
    assert_eq!(issue.author.unwrap().person.login, "reporter");
    assert_eq!((issue.labelled, issue.labels.len(), issue.open), (None, 0, true));

    world.label(number, "ai-task", "first").await;
    world.label(number, "AI-Task", "maintainer").await;
    world.label(number, "bug", "somebody").await;
    let issue = world.host().issue(&api(), number, "ai-task").await.unwrap();
    assert_eq!(issue.labelled.unwrap().by.person.login, "maintainer");
    assert_eq!(issue.labels.len(), 2);
}

pub(super) async fn a_closed_issue_is_seen_as_closed_and_an_empty_body_is_empty(world: &dyn World) {
    let number = world.issue("Done already", "", "reporter").await;
    world.close(number).await;
    let issue = world.host().issue(&api(), number, "ai-task").await.unwrap();
    assert!(!issue.open);
    assert_eq!(issue.body, "");
}

pub(super) async fn opening_twice_gives_one_pull_request(world: &dyn World) {
    let number = world.issue("Fix it", "", "reporter").await;
    let (host, title) = (world.host(), "合計を直す (#1)");
    let first = host.open(&api(), &change("ai/issue-1"), &draft(title, true)).await.unwrap();
    let second = host.open(&api(), &change("ai/issue-1"), &draft("Other", false)).await.unwrap();
    assert_eq!(first, second);
    assert!(first.draft && first.number > number, "numbers are shared with issues");
    let body = "Closes #1\n\n日本語の本文".to_owned();
    assert_eq!(world.pulls().await, [(first.number, title.to_owned(), body, true)]);

    // A person closes it. The very commit was shown already: not again.
    world.close_pull(first.number).await;
    let third = host.open(&api(), &change("ai/issue-1"), &draft(title, true)).await.unwrap();
    assert_eq!(third.number, first.number);
    // Its number is not an issue's.
    let error = host.issue(&api(), first.number, "ai-task").await.unwrap_err();
    assert!(error.to_string().contains("is a pull request"), "{error}");
}

pub(super) async fn no_pull_request_is_opened_for_nothing(world: &dyn World) {
    let host = world.host();
    let error = host.open(&api(), &change("ai/same"), &draft("Empty", false)).await.unwrap_err();
    assert!(error.to_string().contains("No commits between trunk and ai/same"), "{error}");
    assert_eq!(error.fault(), Fault::Permanent);
    let error = host.open(&api(), &change("ai/gone"), &draft("Gone", false)).await.unwrap_err();
    assert!(matches!(error, HostError::Refused { status: 422, .. }), "{error}");
    assert!(world.pulls().await.is_empty());
}

pub(super) async fn saying_again_edits_the_one_comment(world: &dyn World) {
    let number = world.issue("Talk", "", "reporter").await;
    // A stranger quotes and even forges the marker: neither is ours.
    let quoted = format!("> {MARKER}\n\nWhat is this?");
    let forged = format!("{MARKER}\nAll tests passed.");
    world.comment(number, &quoted, "stranger").await;
    world.comment(number, &forged, "stranger").await;
    // So does the person whose token we use, by hand.
    world.comment_by_hand(number, &quoted).await;
    let say = async |known, text: &str| {
        let body = format!("{text}\n\n{MARKER}");
        world.host().say(&api(), number, MARKER, known, &body).await.unwrap()
    };
    let id = say(None, "待っています").await;
    assert_eq!(say(Some(id), "作業中").await, id);
    assert_eq!(say(None, "the id was forgotten").await, id);
    assert_eq!(say(None, "the id was forgotten").await, id);
    assert_eq!(say(Some(id + 1_000), "終わりました").await, id, "that comment was never there");
    let last = format!("終わりました\n\n{MARKER}");
    assert_eq!(world.comments(number).await, [quoted.clone(), forged, quoted, last]);

    let other = "<!-- codingworker:job=ba9876543210 -->";
    let body = format!("{other}\nanother job");
    let another = world.host().say(&api(), number, other, None, &body).await.unwrap();
    assert_ne!(another, id);
}

pub(super) async fn labels_become_what_they_should_be(world: &dyn World) {
    let number = world.issue("Labels", "", "reporter").await;
    world.label(number, "AI-Task", "maintainer").await;
    world.label(number, "needs 日本語/review?", "maintainer").await;
    for _ in 0..2 {
        let remove = ["ai-task", "needs 日本語/review?", "never-there"];
        world.host().label(&api(), number, &["ai-task-done"], &remove).await.unwrap();
        let issue = world.host().issue(&api(), number, "ai-task").await.unwrap();
        assert_eq!(issue.labels, ["ai-task-done"]);
        assert_eq!(issue.labelled, None, "what was taken away asks for nothing any more");
    }
}

pub(super) async fn what_is_missing_is_named(world: &dyn World) {
    let (host, gone) = (world.host(), "acme/gone".parse().unwrap());
    let missing = |error: HostError, name: &str| {
        assert!(matches!(error, HostError::NotFound(_)), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    };
    missing(host.repository(&gone).await.unwrap_err(), "acme/gone");
    missing(host.issue(&gone, 1, "ai-task").await.unwrap_err(), "acme/gone");
    missing(host.issue(&api(), 404, "ai-task").await.unwrap_err(), "acme/api#404");
    missing(host.say(&api(), 404, MARKER, None, MARKER).await.unwrap_err(), "acme/api#404");
    missing(host.label(&api(), 404, &["a"], &[]).await.unwrap_err(), "acme/api#404");
    let pull = host.open(&gone, &change("ai/issue-1"), &draft("T", false)).await;
    missing(pull.unwrap_err(), "acme/gone");
}
