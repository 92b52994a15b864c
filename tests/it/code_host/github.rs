//! What only GitHub has: pages, plans, Apps, roles, Enterprise addresses.

use codingworker::code_host::github::{GitHub, GitHubOptions, TokenKind};
use codingworker::code_host::{CodeHost, HostError};
use secrecy::SecretString;
use tempfile::TempDir;

use super::{Scene, api, change, draft, sort};
use crate::contract::code_host::{MARKER, TIP, bare};
use crate::github_double::{GitHubDouble, LOGIN, TOKEN};

#[tokio::test]
async fn our_comment_is_found_on_the_third_page() {
    let scene = Scene::new();
    let mut ours = 0;
    for nth in 0..250 {
        let (body, by) = if nth == 240 { (MARKER, LOGIN) } else { ("Me too", "stranger") };
        let id = scene.double.comment("acme/api", 1, body, by);
        ours = if nth == 240 { id } else { ours };
    }
    let body = format!("{MARKER}\nDone");
    assert_eq!(scene.github().say(&api(), 1, MARKER, None, &body).await.unwrap(), ours);
    assert_eq!(scene.comments().len(), 250);
    assert_eq!(scene.double.count("issues/list-comments"), 3);
}

#[tokio::test]
async fn the_newest_labelling_is_found_behind_hundreds_of_events() {
    let scene = Scene::new();
    scene.double.label("acme/api", 1, "ai-task", "long-ago");
    for nth in 0..120 {
        scene.double.label("acme/api", 1, &format!("other-{nth}"), "stranger");
    }
    let labelled_by = async || {
        let issue = scene.github().issue(&api(), 1, "ai-task").await.unwrap();
        issue.labelled.unwrap().by.person.login
    };
    assert_eq!(labelled_by().await, "long-ago");
    scene.double.unlabel("acme/api", 1, "ai-task", "long-ago");
    scene.double.label("acme/api", 1, "ai-task", "maintainer");
    for nth in 0..120 {
        scene.double.unlabel("acme/api", 1, &format!("other-{nth}"), "stranger");
    }
    assert_eq!(labelled_by().await, "maintainer");
}

#[tokio::test]
async fn where_the_plan_has_no_drafts_the_title_says_incomplete() {
    let scene = Scene::new();
    scene.double.look(|it| it.repository_mut("acme/api").drafts = false);
    let pull = scene.github().open(&api(), &change(), &draft()).await.unwrap();
    assert!(!pull.draft);
    let again = scene.github().open(&api(), &change(), &draft()).await.unwrap();
    assert_eq!(again, pull);
    let there = scene.double.pulls("acme/api");
    assert_eq!((there.len(), there[0].title.as_str()), (1, "[incomplete] Fix it (#1)"));
}

#[tokio::test]
async fn a_new_commit_after_a_closed_pull_request_gets_a_new_one() {
    let scene = Scene::new();
    let first = scene.github().open(&api(), &change(), &draft()).await.unwrap();
    scene.double.look(|it| it.repository_mut("acme/api").pulls[0].open = false);
    let newer = "3333333333333333333333333333333333333333";
    bare(scene.root(), "acme/api", "main", &[("ai/issue-1", newer)]);
    let mut change = change();
    change.commit.0 = newer.to_owned();
    let second = scene.github().open(&api(), &change, &draft()).await.unwrap();
    assert_ne!(first.number, second.number);
}

#[tokio::test]
async fn packed_branches_are_branches() {
    let scene = Scene::new();
    let bare = scene.root().join("acme/api.git");
    std::fs::remove_dir_all(bare.join("refs/heads/ai")).unwrap();
    let packed =
        format!("# pack-refs with: peeled fully-peeled sorted \n{TIP} refs/heads/ai/issue-1\n");
    std::fs::write(bare.join("packed-refs"), packed).unwrap();
    scene.github().open(&api(), &change(), &draft()).await.unwrap();
}

#[tokio::test]
async fn what_is_too_long_for_github_is_cut_and_arrives() {
    let scene = Scene::new();
    let github = scene.github();
    let long = "ログ \u{1f41b}\n".repeat(30_000);
    let id = github.say(&api(), 1, MARKER, None, &format!("{long}\n\n{MARKER}")).await.unwrap();
    let again = github.say(&api(), 1, MARKER, None, &format!("Done\n\n{MARKER}")).await.unwrap();
    assert_eq!(id, again, "the cut comment kept its marker");
    let mut draft = draft();
    (draft.title, draft.body) = (long.clone(), long);
    github.open(&api(), &change(), &draft).await.unwrap();
    let there = scene.double.pulls("acme/api");
    assert!(there[0].body.contains("cut here") && there[0].title.chars().count() <= 256);
}

#[tokio::test]
async fn an_app_is_known_by_its_installation_and_its_comments() {
    let scene = Scene::new();
    scene.double.token("ghs_of_the_app", None, None);
    let app = scene.github_as("ghs_of_the_app");
    scene.double.look(|it| it.repository_mut("acme/api").public = true);
    assert!(!app.repository(&api()).await.unwrap().may_push, "anybody may read it");
    scene.double.look(|it| it.repository_mut("acme/api").app_installed = true);
    assert!(app.repository(&api()).await.unwrap().may_push);

    // A person and another App forge the marker; the other App's comment cannot be edited.
    scene.double.comment("acme/api", 1, MARKER, "stranger");
    scene.double.comment("acme/api", 1, MARKER, "other[bot]");
    let first = app.say(&api(), 1, MARKER, None, &format!("{MARKER}\nWorking")).await.unwrap();
    let second = app.say(&api(), 1, MARKER, None, &format!("{MARKER}\nDone")).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(scene.comments(), [MARKER, MARKER, &format!("{MARKER}\nDone")]);
    assert_eq!(app.credentials().await.unwrap().login, None);
}

#[tokio::test]
async fn doctor_learns_what_the_token_is_and_may() {
    let scene = Scene::new();
    let facts = scene.github().credentials().await.unwrap();
    assert_eq!((facts.kind, facts.login.as_deref()), (TokenKind::FineGrained, Some(LOGIN)));
    assert_eq!((facts.scopes, facts.expires.is_some()), (None, true));
    assert!(facts.server_time.is_some_and(|it| it.0 > 1_700_000_000_000));

    scene.double.token("ghp_classic", Some(LOGIN), Some("repo, workflow"));
    let facts = scene.github_as("ghp_classic").credentials().await.unwrap();
    assert_eq!(facts.kind, TokenKind::Classic);
    assert_eq!(facts.scopes.unwrap(), ["repo", "workflow"]);

    let error = scene.github_as("ghp_never_made").credentials().await.unwrap_err();
    assert_eq!(sort(&error), "bad token");

    for (role, may_push) in [("admin", true), ("write", true), ("triage", false), ("read", false)] {
        scene.double.role("acme/api", LOGIN, Some(role));
        let permissions = scene.github().permissions(&api()).await.unwrap();
        assert_eq!((permissions.role, permissions.facts.may_push), (role, may_push));
        assert!(permissions.has_issues && permissions.reads_issues);
        assert!(permissions.reads_pull_requests);
    }
}

#[tokio::test]
async fn an_enterprise_server_is_reached_under_its_prefix() {
    let root = TempDir::new().unwrap();
    let double = GitHubDouble::start_under(root.path(), "/api/v3");
    let scene = Scene::with(double, root);
    scene.github().repository(&api()).await.unwrap();
    scene.github().open(&api(), &change(), &draft()).await.unwrap();
    let slash = format!("{}/", scene.double.api_url());
    let github = GitHub::new(GitHubOptions::new(slash, SecretString::from(TOKEN))).unwrap();
    github.issue(&api(), 1, "ai-task").await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_asked_is_said_before_it_is_asked() {
    let new = |url: &str, token: &str| {
        GitHub::new(GitHubOptions::new(url, SecretString::from(token))).err().unwrap()
    };
    let error = new("http://github.example.com", TOKEN);
    assert!(error.to_string().contains("plain http would show the token"), "{error}");
    assert!(matches!(new("https://api.github.com", "two\nlines"), HostError::BadToken(_)));
    // Nobody is there.
    let scene = Scene::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut options = GitHubOptions::new(format!("http://{closed}"), SecretString::from(TOKEN));
    options.retry.tries = 1;
    let error = GitHub::new(options).unwrap().repository(&api()).await.unwrap_err();
    assert_eq!(sort(&error), "unavailable");
    assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
    drop(scene);
}
