//! The double is strict: what GitHub does not describe is refused, written down, and fails a test.

use codingworker::code_host::github::GitHub;
use codingworker::code_host::{CodeHost, Watch};
use codingworker::engine::onboarding::{Deed, LABELS, Seen};
use codingworker::engine::watch::List;
use serde_json::{Value, json};

use codingworker::domain::task::CommentKind::{IssueComment, Review, ReviewComment};
use codingworker::domain::task::CommentRef;

use super::{Scene, api, change, draft, real_api};
use crate::contract::code_host::MARKER;
use crate::github_double::{Fault, LOGIN, TOKEN, operations};

struct Ask<'a>(&'a str, &'a str, Option<Value>, &'a [(&'a str, &'a str)]);

const HEADERS: [(&str, &str); 4] = [
    ("accept", "application/vnd.github+json"),
    ("x-github-api-version", "2022-11-28"),
    ("user-agent", "test"),
    ("authorization", "Bearer github_pat_11DOUBLE_of_the_worker"),
];

async fn asked(scene: &Scene, Ask(method, path, body, headers): Ask<'_>) -> u16 {
    let address = format!("{}{path}", scene.double.api_url());
    let mut request = reqwest::Client::new().request(method.parse().unwrap(), address);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn what_github_does_not_describe_is_refused_and_written_down() {
    let scene = Scene::new();
    let pulls = "/repos/acme/api/pulls";
    let pull = |key: &str, value: Value| {
        let mut body = json!({"title": "T", "head": "ai/issue-1", "base": "main"});
        body[key] = value;
        Some(body)
    };
    for (ask, why) in [
        (Ask("GET", "/repos/acme/api/pull", None, &HEADERS), "is not described"),
        (Ask("PUT", pulls, None, &HEADERS), "is not described"),
        (Ask("GET", "/repos/acme/api/pulls?stat=all", None, &HEADERS), "unknown query parameter"),
        (Ask("GET", "/repos/acme/api/pulls?state=every", None, &HEADERS), "query parameter state"),
        (Ask("GET", "/repos/acme/api/pulls?per_page=101", None, &HEADERS), "per_page above 100"),
        (Ask("GET", "/repos/acme/api/issues/one", None, &HEADERS), "path parameter issue_number"),
        (Ask("POST", pulls, pull("titel", json!("T")), &HEADERS), "titel"),
        (Ask("POST", pulls, pull("title", json!(1)), &HEADERS), "body: /title"),
        (Ask("POST", pulls, Some(json!({"title": "T"})), &HEADERS), "head"),
        (Ask("POST", pulls, None, &HEADERS), "the body is missing"),
        (Ask("GET", pulls, Some(json!({})), &HEADERS), "a body where none is described"),
        (Ask("GET", pulls, None, &HEADERS[1..]), "header accept"),
        (Ask("GET", pulls, None, &HEADERS[..3]), "header authorization"),
    ] {
        let what = format!("{} {}", ask.0, ask.1);
        assert_eq!(asked(&scene, ask).await, 599, "{what}");
        let violations = scene.double.take_violations();
        assert!(violations.iter().any(|it| it.contains(why)), "{what}: {violations:?}");
    }
    assert_eq!(HEADERS[3].1, format!("Bearer {TOKEN}"));
    assert_eq!(asked(&scene, Ask("GET", pulls, None, &HEADERS)).await, 200);
    assert_eq!(asked(&scene, Ask("POST", pulls, pull("draft", json!(true)), &HEADERS)).await, 201);
}

#[tokio::test]
async fn a_query_that_githubs_schema_does_not_know_is_refused() {
    let scene = Scene::new();
    let known = include_str!("../../../src/code_host/github/issue.graphql");
    let variables = json!({"owner": "acme", "name": "api", "number": 1});
    let body = |query: &str, variables: &Value| json!({"query": query, "variables": variables});
    let with = |key: &str, value: Value| {
        let mut variables = variables.clone();
        variables[key] = value;
        variables
    };
    let mut unknown_key = body(known, &variables);
    unknown_key["opinion"] = json!("none");
    for (body, why) in [
        (body(&known.replace("lastEditedAt", "editedAt"), &variables), "no field editedAt"),
        (body(&known.replace("(first: 100)", "(most: 100)"), &variables), "no argument most"),
        (body(&known.replace("number: $number", ""), &variables), "graphql"),
        (body(&known.replace("RenamedTitleEvent", "Renamed"), &variables), "no type Renamed"),
        (body(&known.replace("{ nodes { name } }", ""), &variables), "needs a selection"),
        (body(&known.replace("state", "state { name }"), &variables), "has no fields"),
        (body(&known.replace("query (", "mutation ("), &variables), "not one query"),
        (body("nonsense", &variables), "graphql"),
        (body(known, &with("number", json!("1"))), "variable number"),
        (body(known, &with("number", json!(3_000_000_000_u64))), "variable number"),
        (body(known, &with("owner", Value::Null)), "variable owner"),
        (body(known, &with("more", json!(1))), "more is not declared"),
        (unknown_key, "unknown key opinion"),
    ] {
        let what = body.to_string();
        assert_eq!(
            asked(&scene, Ask("POST", "/graphql", Some(body), &HEADERS)).await,
            599,
            "{what}"
        );
        let violations = scene.double.take_violations();
        assert!(violations.iter().any(|it| it.contains(why)), "{what}: {violations:?}");
    }
    let good = || Ask("POST", "/graphql", Some(body(known, &variables)), &HEADERS);
    assert_eq!(asked(&scene, good()).await, 200);
    scene.double.revoke(TOKEN);
    assert_eq!(asked(&scene, good()).await, 401);
}

#[tokio::test]
async fn a_deed_is_done_right_before_the_request_it_waits_for() {
    let scene = Scene::new();
    let rename = |title: &'static str| {
        move |it: &mut crate::github_double::World| {
            it.rename_issue("acme/api", 1, title, "reporter");
        }
    };
    scene.double.before("graphql", 2, rename("Second"));
    scene.double.before("*", 3, rename("First"));
    let issue = scene.github().issue(&api(), 1, "ai-task").await.unwrap();
    assert_eq!(issue.title, "First");
    let issue = scene.github().issue(&api(), 1, "ai-task").await.unwrap();
    assert_eq!(issue.title, "Second");
}

#[tokio::test]
async fn a_broken_law_fails_the_test_that_broke_it() {
    let scene = Scene::new();
    assert_eq!(asked(&scene, Ask("GET", "/nowhere", None, &HEADERS)).await, 599);
    let dropped = tokio::task::spawn_blocking(move || drop(scene)).await;
    assert!(dropped.unwrap_err().is_panic());
}

#[tokio::test]
async fn every_operation_that_is_described_is_used_and_no_other() {
    let scene = Scene::new();
    let github = scene.github();
    scene.double.token("ghs_of_the_app", None, None);
    scene.double.look(|it| it.repository_mut("acme/api").app_installed = true);
    scene.github_as("ghs_of_the_app").repository(&api()).await.unwrap();
    github.permissions(&api()).await.unwrap();
    github.issue(&api(), 1, "ai-task").await.unwrap();
    github.open(&api(), &change(), &draft()).await.unwrap();
    let id = github.say(&api(), 1, MARKER, None, MARKER).await.unwrap();
    github.say(&api(), 1, MARKER, Some(id), &format!("{MARKER}\nDone")).await.unwrap();
    scene.double.label("acme/api", 1, "ai-task", "maintainer");
    github.label(&api(), 1, &["ai-task-done"], &["ai-task"]).await.unwrap();
    github.permission(&api(), &github.me().await.unwrap().unwrap()).await.unwrap();
    let pull = scene.real_pull();
    let place = ("calc.py", Some(1), "@@");
    let comments = scene.double.look(|it| {
        let on_line = it.say_on_line("acme/real", pull, place, "Why?", "stranger");
        let review = it.review("acme/real", pull, "APPROVED", "Good", "stranger");
        let comment = it.say("acme/real", pull, "Hm", "stranger");
        [(IssueComment, comment), (ReviewComment, on_line), (Review, review)]
    });
    for (kind, id) in comments {
        github.remark(&real_api(), pull, CommentRef { kind, id }).await.unwrap();
    }
    assert_eq!(github.remarks(&real_api(), pull, None).await.unwrap().len(), 3);
    scene.double.fault("pulls/get", Fault::Says { status: 406, message: "too large" });
    github.diff(&real_api(), pull).await.unwrap();
    github.pull(&real_api(), pull).await.unwrap();
    everything_of_setup_repo(&scene, &github).await;
    for list in List::ALL {
        github.look(&api(), list, "ai-task", 1, None).await.unwrap();
    }
    assert_eq!(scene.double.covered(), operations());
    let issue = scene.double.issue_state("acme/api", 1);
    assert_eq!(issue.comments[0].earlier, [MARKER], "the double keeps what was edited away");
    scene
        .double
        .until("the label", |it| {
            it.repository("acme/api").issue(1).events.iter().any(|it| it.actor.login == LOGIN)
        })
        .await;
}

async fn everything_of_setup_repo(scene: &Scene, github: &GitHub) {
    scene.double.role("acme/real", LOGIN, Some("admin"));
    let token = github.credentials().await.unwrap();
    let deeds = || {
        [
            Deed::Label(LABELS[0]),
            Deed::Variable { name: "CW_REGION", value: "eu-west-1".to_owned() },
            Deed::Variable { name: "CW_REGION", value: "eu-west-2".to_owned() },
            Deed::Environment { branch: "main".to_owned() },
            Deed::Propose { base: "main".to_owned() },
        ]
    };
    for deed in deeds() {
        github.carry_out(&real_api(), &deed, ("Title", "Body")).await.unwrap();
    }
    // As if somebody had taken the files out of the branch again.
    scene.double.look(|it| {
        let bare = it.bare("acme/real");
        let main = it.branch("acme/real", "main").unwrap();
        std::fs::write(bare.join("refs/heads/codingworker/setup"), main).unwrap();
    });
    for deed in deeds() {
        github.carry_out(&real_api(), &deed, ("Title", "Body")).await.unwrap();
    }
    let facts = github.survey(&real_api(), &token, true).await.unwrap();
    assert!(matches!(facts.cloud.unwrap().subject, Seen::Known(_)));
}
