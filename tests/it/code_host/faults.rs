//! GitHub going wrong: each fault gives the right error, and each thing is made once.

use std::io::{ErrorKind, Read};
use std::net::TcpListener;
use std::time::Duration;

use codingworker::code_host::CodeHost;
use serde_json::json;

use super::{Scene, api, change, draft, sort};
use crate::contract::code_host::MARKER;
use crate::github_double::{Fault, LOGIN, TOKEN};

/// After each of these nobody knows whether GitHub did what it was asked.
fn ambiguous() -> [Fault; 6] {
    [
        Fault::BadGateway,
        Fault::BadGatewayAfter,
        Fault::Dropped,
        Fault::DroppedAfter,
        Fault::Hang,
        Fault::HangAfter,
    ]
}

#[tokio::test]
async fn control_a_blind_second_post_makes_a_second_comment_and_a_false_failure() {
    let scene = Scene::new();
    let naive = octocrab::Octocrab::builder()
        .personal_token(TOKEN)
        .base_uri(scene.double.api_url())
        .unwrap()
        .add_header(http::header::ACCEPT, "application/vnd.github+json".to_owned())
        .build()
        .unwrap();
    let post_twice = async |path: &str, body: serde_json::Value| {
        let first = naive._post(path, Some(&body)).await.unwrap().status().as_u16();
        let second = naive._post(path, Some(&body)).await.unwrap().status().as_u16();
        (first, second)
    };
    scene.double.fault("issues/create-comment", Fault::BadGatewayAfter);
    let comment = json!({"body": "Working"});
    let comments = post_twice("/repos/acme/api/issues/1/comments", comment).await;
    assert_eq!(comments, (502, 201));
    assert_eq!(scene.comments(), ["Working", "Working"], "the danger is real");

    scene.double.fault("pulls/create", Fault::BadGatewayAfter);
    let pull = json!({"title": "Fix it", "head": "ai/issue-1", "base": "main"});
    assert_eq!(post_twice("/repos/acme/api/pulls", pull).await, (502, 422));
    assert_eq!(scene.double.pulls("acme/api").len(), 1, "it is open, and looks like a failure");
}

#[tokio::test]
async fn whatever_happens_to_the_answer_one_pull_request_is_opened() {
    for fault in ambiguous() {
        let scene = Scene::new();
        scene.double.fault("pulls/create", fault.clone());
        let pull = scene.impatient().open(&api(), &change(), &draft()).await;
        let pull = pull.unwrap_or_else(|e| panic!("{fault:?}: {e}"));
        let there = scene.double.pulls("acme/api");
        assert_eq!(there.len(), 1, "{fault:?}");
        assert_eq!((pull.number, pull.draft), (there[0].number, true), "{fault:?}");
    }
}

#[tokio::test]
async fn whatever_happens_to_the_answer_one_comment_is_made() {
    for fault in ambiguous() {
        let scene = Scene::new();
        let github = scene.impatient();
        let (first, then) = (format!("{MARKER}\nWorking"), format!("{MARKER}\nDone"));
        scene.double.fault("issues/create-comment", fault.clone());
        let id = github.say(&api(), 1, MARKER, None, &first).await.unwrap();
        scene.double.fault("issues/update-comment", fault.clone());
        let same = github.say(&api(), 1, MARKER, Some(id), &then).await.unwrap();
        assert_eq!((same, scene.comments()), (id, vec![then]), "{fault:?}");
    }
}

#[tokio::test]
async fn whatever_happens_to_the_answer_labels_end_up_right() {
    for fault in ambiguous() {
        let scene = Scene::new();
        scene.double.label("acme/api", 1, "ai-task", "maintainer");
        scene.double.fault("issues/add-labels", fault.clone());
        scene.double.fault("issues/remove-label", fault.clone());
        scene.impatient().label(&api(), 1, &["ai-task-done"], &["ai-task"]).await.unwrap();
        let issue = scene.double.issue_state("acme/api", 1);
        assert_eq!(issue.labels, ["ai-task-done"], "{fault:?}");
        assert_eq!(issue.events.len(), 3, "{fault:?}: labelled, labelled, unlabelled");
    }
}

#[tokio::test]
async fn a_read_is_tried_again_and_then_given_up() {
    let scene = Scene::new();
    for fault in [Fault::BadGateway, Fault::Dropped, Fault::Portal] {
        scene.double.fault("repos/get", fault);
    }
    assert_eq!(scene.github().repository(&api()).await.unwrap().default_branch, "main");
    assert_eq!(scene.double.count("repos/get"), 4);

    (0..9).for_each(|_| scene.double.fault("repos/get", Fault::BadGateway));
    let error = scene.github().repository(&api()).await.unwrap_err();
    assert_eq!(sort(&error), "unavailable");
    assert!(error.to_string().contains("502"), "{error}");
    assert_eq!(scene.double.count("repos/get"), 8, "four tries, no storm");
}

#[tokio::test]
async fn a_refusal_is_given_back_at_once_and_in_words() {
    let says = |status, message| Fault::Says { status, message };
    let many = Fault::RetryAfter { status: 429, seconds: 70 };
    let secondary = Fault::RetryAfter { status: 403, seconds: 90 };
    for (fault, wanted, wait, words) in [
        (says(401, "Bad credentials"), "bad token", None, "`github.token`"),
        (says(404, "Not Found"), "not found", None, "`acme/api`"),
        (
            says(403, "Resource protected by organization SAML enforcement."),
            "refused",
            None,
            "SAML",
        ),
        (says(410, "Issues are disabled for this repo"), "refused", None, "Issues are disabled"),
        (says(451, "Repository access blocked"), "refused", None, "451"),
        (says(422, "Validation Failed"), "refused", None, "Validation Failed"),
        (many, "rate limited", Some(70..=70), "secondary rate limit"),
        (secondary, "rate limited", Some(90..=90), "secondary rate limit"),
        (Fault::SecondaryWithoutWait, "rate limited", Some(60..=60), "secondary"),
        (Fault::Spent { status: 403, seconds: 900 }, "rate limited", Some(890..=901), "API rate"),
        (Fault::Spent { status: 429, seconds: 99_999 }, "rate limited", Some(3_900..=3_900), "API"),
    ] {
        let scene = Scene::new();
        scene.double.fault("pulls/create", fault.clone());
        let error = scene.github().open(&api(), &change(), &draft()).await.unwrap_err();
        assert_eq!(sort(&error), wanted, "{fault:?}: {error}");
        match (wait, error.wait()) {
            (None, None) => {}
            (Some(wanted), Some(wait)) => assert!(wanted.contains(&wait.as_secs()), "{wait:?}"),
            (wanted, wait) => panic!("{fault:?}: waits {wait:?} and not {wanted:?}"),
        }
        assert!(error.to_string().contains(words), "{error}");
        assert!(!format!("{error} {error:?}").contains(TOKEN), "the token is in {error:?}");
        assert_eq!(scene.double.count("pulls/create"), 1, "{fault:?}");
        assert!(scene.double.pulls("acme/api").is_empty());
    }
}

#[tokio::test]
async fn a_short_wait_that_github_asks_for_is_kept() {
    let scene = Scene::new();
    scene.double.fault("issues/create-comment", Fault::RetryAfter { status: 403, seconds: 1 });
    let begun = std::time::Instant::now();
    scene.github().say(&api(), 1, MARKER, None, MARKER).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!((scene.comments().len(), scene.double.count("issues/create-comment")), (1, 2));
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_is_named_and_not_tried_again() {
    let scene = Scene::new();
    let github = scene.github();
    github.repository(&api()).await.unwrap();
    scene.double.revoke(TOKEN);
    let error = github.say(&api(), 1, MARKER, None, MARKER).await.unwrap_err();
    assert_eq!(sort(&error), "bad token");
    assert_eq!(scene.double.count("users/get-authenticated"), 1);
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let scene = Scene::new();
    scene.double.role("acme/api", LOGIN, Some("read"));
    let github = scene.github();
    assert!(!github.repository(&api()).await.unwrap().may_push);
    let error = github.label(&api(), 1, &["ai-task-done"], &[]).await.unwrap_err();
    assert!(error.to_string().contains("needs the permission `issues=write"), "{error}");
    scene.double.role("acme/api", LOGIN, None);
    assert_eq!(sort(&github.repository(&api()).await.unwrap_err()), "not found");
}

#[tokio::test]
async fn an_archived_repository_is_told_and_refuses() {
    let scene = Scene::new();
    scene.double.look(|it| it.repository_mut("acme/api").archived = true);
    assert!(scene.github().repository(&api()).await.unwrap().archived);
    let error = scene.github().open(&api(), &change(), &draft()).await.unwrap_err();
    assert!(error.to_string().contains("archived so is read-only"), "{error}");
}

#[tokio::test]
async fn a_read_follows_a_renamed_repository_and_a_mutation_does_not() {
    let scene = Scene::new();
    let location = |path: &str| format!("{}{path}", scene.double.api_url());
    let moved = |status, path: &str| Fault::Moved { status, location: location(path) };
    scene.double.fault("repos/get", moved(301, "/repos/acme/api"));
    scene.github().repository(&api()).await.unwrap();

    scene.double.fault("pulls/create", moved(307, "/repos/acme/api/pulls"));
    let error = scene.github().open(&api(), &change(), &draft()).await.unwrap_err();
    assert!(error.to_string().contains("use its new name"), "{error}");
    assert!(scene.double.pulls("acme/api").is_empty());

    (0..9).for_each(|_| scene.double.fault("repos/get", moved(302, "/repos/acme/api")));
    let error = scene.github().repository(&api()).await.unwrap_err();
    assert!(error.to_string().contains("in a circle"), "{error}");
}

#[tokio::test]
async fn the_token_does_not_follow_to_another_host() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let location = format!("http://{}/repos/acme/api", elsewhere.local_addr().unwrap());
    let scene = Scene::new();
    let moved = Fault::Moved { status: 302, location };
    scene.double.fault("repos/get", moved.clone());
    let error = scene.github().repository(&api()).await.unwrap_err();
    assert!(error.to_string().contains("another host"), "{error}");
    assert_eq!(elsewhere.accept().unwrap_err().kind(), ErrorKind::WouldBlock);

    // Control: a client that follows where it is sent does arrive there.
    scene.double.fault("repos/get", moved);
    let request = reqwest::Client::builder().user_agent("naive").build().unwrap();
    let request = request
        .get(format!("{}/repos/acme/api", scene.double.api_url()))
        .header("accept", "application/vnd.github+json")
        .header("x-github-api-version", "2022-11-28")
        .bearer_auth(TOKEN)
        .timeout(Duration::from_millis(300));
    assert!(request.send().await.is_err(), "nobody answers there");
    let (mut arrived, _) = elsewhere.accept().unwrap();
    let mut head = [0; 16];
    arrived.set_nonblocking(false).unwrap();
    arrived.read_exact(&mut head).unwrap();
    assert!(head.starts_with(b"GET /repos/acme/"));
}

#[tokio::test]
async fn a_pull_request_that_the_list_does_not_show_yet_is_not_opened_again() {
    let scene = Scene::new();
    let first = scene.github().open(&api(), &change(), &draft()).await.unwrap();
    scene.double.fault("pulls/list", Fault::Lags);
    let second = scene.github().open(&api(), &change(), &draft()).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(scene.double.count("pulls/create"), 2, "it was asked, and refused with 422");
    assert_eq!(scene.double.pulls("acme/api").len(), 1);

    // Where it stays out of sight, the refusal is passed on.
    scene.double.fault("pulls/list", Fault::Lags);
    scene.double.fault("pulls/list", Fault::Lags);
    let error = scene.github().open(&api(), &change(), &draft()).await.unwrap_err();
    assert!(error.to_string().contains("already exists for acme:ai/issue-1"), "{error}");
}
