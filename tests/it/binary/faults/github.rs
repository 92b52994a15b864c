//! GitHub: answers that are lost, limits, refusals, and repositories that cannot be worked on.

use codingworker::domain::job::{Event, Outcome};
use serde_json::json;

use crate::binary::world::{BODY, PROJECT, REPOSITORY, TITLE, World, right, wrong};
use crate::github_double::{Fault, TOKEN};
use crate::scripted_ollama::Reply;

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_and_limits_of_github_change_nothing() {
    let world = World::with(|_, _| right()).await;
    for (operation, fault) in [
        ("repos/get", Fault::RetryAfter { status: 403, seconds: 2 }),
        ("issues/get", Fault::Spent { status: 429, seconds: 3 }),
        ("issues/create-comment", Fault::BadGatewayAfter),
        ("issues/update-comment", Fault::DroppedAfter),
        ("pulls/list", Fault::BadGateway),
        ("pulls/create", Fault::BadGatewayAfter),
        ("issues/add-labels", Fault::BadGatewayAfter),
        ("issues/remove-label", Fault::DroppedAfter),
    ] {
        world.github.fault(operation, fault);
    }
    world.submit(REPOSITORY, 1, "delivery").await;
    world.serve_until_empty().await;
    let left = world.github.look(|it| it.faults.values().map(|it| it.len()).sum::<usize>());
    assert_eq!(left, 0, "a fault did not happen");
    assert!(!world.the_pull().draft);
    assert_eq!(world.issue_state().labels, ["ai-task-done"]);
    let comment = world.the_comment(1);
    assert!(comment.body.contains(&format!("#{}", world.the_pull().number)), "{comment:#?}");
    assert_eq!(world.branches(), ["ai/issue-1", "main"]);
    let (_, records) = world.job().await;
    let inspected = records.iter().find(|it| matches!(it.event, Event::Inspected(_))).unwrap();
    assert!(4_000 <= inspected.took_ms, "it did not wait as it was asked: {inspected:?}");
    world.assert_no_token();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_revoked_in_the_middle_ends_the_job_with_a_sentence() {
    let slow = |_: &str, _| {
        let Reply::Text(text) = right() else { unreachable!("it is a text") };
        Reply::Drip(text, std::time::Duration::from_millis(500))
    };
    let world = World::with(slow).await;
    world.submit(REPOSITORY, 1, "delivery").await;
    let mut serving = world.serve(&["--drain"]);
    serving.until("the model writes", || !world.ollama.chats().is_empty()).await;
    world.github.revoke(TOKEN);
    assert_eq!(serving.code().await, 0);
    let said = world.broke(REPOSITORY, 1).await;
    assert!(said.contains("does not take the token") && said.contains("`github.token`"), "{said}");
    assert!(serving.said().contains("does not take the token"), "{}", serving.said());
    let (job, _) = world.job().await;
    let shown = world.command(&["job", &job.id.0]).output().unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("does not take the token"), "{shown}");
    // What was made is not lost: the push needs no API.
    assert_eq!(world.branches(), ["ai/issue-1", "main"]);
    assert!(world.github.pulls(REPOSITORY).is_empty());
    let depth = world.queue().await.depth().await.unwrap();
    assert_eq!((depth.waiting, depth.in_flight, depth.dead), (0, 0, Some(0)), "{depth:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_worked_on_is_refused_with_a_reason() {
    let mut world = World::empty(|_, _| right()).await;
    world.config["worker"]["slots"] = json!(4);
    let plain = ["archived", "readonly", "public", "closed", "nobranch", "gone"];
    for name in plain {
        world.repository(&format!("acme/{name}"), &PROJECT);
    }
    world.unborn("acme/empty", "main");
    let slip = [("calc.py", ""), (".codingworker.yml", "test: {comand: make}\n")];
    world.repository("acme/slip", &slip);
    let no_yaml = [("calc.py", ""), (".codingworker.yml", "test: {command: \"make\n")];
    world.repository("acme/noyaml", &no_yaml);
    for name in plain.iter().chain(&["empty", "slip", "noyaml"]) {
        world.ask(&format!("acme/{name}"), TITLE, BODY).await;
    }
    world.github.look(|it| {
        it.repository_mut("acme/archived").archived = true;
        it.repository_mut("acme/public").public = true;
        it.repository_mut("acme/nobranch").default_branch = "release".to_owned();
        it.repository_mut("acme/closed").issue_mut(1).open = false;
        it.repositories.retain(|it| it.name != "gone");
    });
    world.github.role("acme/readonly", crate::github_double::LOGIN, Some("read"));
    world.serve_until_empty().await;
    for (name, words) in [
        ("archived", "acme/archived is archived"),
        ("readonly", "may not push to acme/readonly"),
        ("public", "`trust.allow_native`"),
        ("closed", "issue 1 of acme/closed is closed"),
    ] {
        let repository = format!("acme/{name}");
        let outcome = world.outcome(&repository, 1).await;
        let Outcome::Refused(refusal) = outcome else { panic!("{repository}: {outcome:?}") };
        assert!(refusal.reason.contains(words), "{repository}: {}", refusal.reason);
        // Where the token may not write, nobody can be told but the operator.
        if !["archived", "readonly"].contains(&name) {
            let comment = world.comment(&repository, 1);
            assert!(comment.contains(words), "{repository}: {comment}");
            assert_eq!(world.labels(&repository, 1), ["ai-task-failed"], "{repository}");
        }
    }
    for (name, words, told) in [
        ("gone", "repository `acme/gone` is not there, or the token may not see it", false),
        ("nobranch", "acme/nobranch has no branch `release`", true),
        ("empty", "acme/empty is empty", true),
        ("slip", "did you mean `command`?", true),
        ("noyaml", ".codingworker.yml", true),
    ] {
        let repository = format!("acme/{name}");
        let said = world.broke(&repository, 1).await;
        assert!(said.contains(words), "{repository}: {said}");
        if told {
            let comment = world.comment(&repository, 1);
            assert!(comment.contains("could not be done"), "{repository}: {comment}");
            assert!(comment.contains(words), "{repository}: {comment}");
            assert_eq!(world.labels(&repository, 1), ["ai-task-failed"], "{repository}");
        }
    }
    assert!(world.ollama.chats().is_empty(), "the model was asked for nothing");
    let depth = world.queue().await.depth().await.unwrap();
    assert_eq!((depth.waiting, depth.in_flight, depth.dead), (0, 0, Some(0)), "{depth:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_not_comment_ends_the_job_before_the_work() {
    let world = World::with(|_, _| right()).await;
    let message = "Resource not accessible by personal access token";
    for _ in 0..2 {
        world.github.fault("issues/create-comment", Fault::Says { status: 403, message });
    }
    world.submit(REPOSITORY, 1, "delivery").await;
    world.serve_until_empty().await;
    let said = world.broke(REPOSITORY, 1).await;
    assert!(said.contains("403") && said.contains(message), "{said}");
    assert!(world.log().contains(message), "{}", world.log());
    assert_eq!(world.labels(REPOSITORY, 1), ["ai-task-failed"]);
    assert_eq!(world.comment(REPOSITORY, 1), "");
    assert!(world.ollama.chats().is_empty() && world.branches() == ["main"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_pull_request_is_told_and_a_plan_without_drafts_gets_an_ordinary_one() {
    let answer = |prompt: &str, _: usize| match prompt.contains("adds wrongly") {
        true => wrong(),
        false => right(),
    };
    let mut world = World::empty(answer).await;
    world.config["verify"]["max_fixes"] = json!(0);
    for name in ["acme/refused", "acme/nodrafts"] {
        world.repository(name, &PROJECT);
    }
    world.github.look(|it| it.repository_mut("acme/nodrafts").drafts = false);
    let message = "Resource not accessible by personal access token";
    world.github.fault("pulls/create", Fault::Says { status: 403, message });
    // One slot: in this order.
    world.ask("acme/refused", TITLE, BODY).await;
    world.ask("acme/nodrafts", "add() in calc.py adds wrongly", BODY).await;
    world.serve_until_empty().await;

    let said = world.broke("acme/refused", 1).await;
    assert!(said.contains("403") && said.contains(message), "{said}");
    let comment = world.comment("acme/refused", 1);
    assert!(comment.contains(message), "{comment}");
    assert_eq!(world.labels("acme/refused", 1), ["ai-task-failed"]);
    assert!(world.files("acme/refused", "ai/issue-1")["calc.py"].contains("a + b"));

    let pull = world.github.pulls("acme/nodrafts").remove(0);
    let outcome = world.outcome("acme/nodrafts", 1).await;
    assert!(matches!(outcome, Outcome::Incomplete(_)), "{outcome:?}");
    assert!(!pull.draft && pull.title.starts_with("[incomplete] "), "{pull:#?}");
    assert!(pull.body.contains("do not merge"), "{}", pull.body);
    let comment = world.comment("acme/nodrafts", 1);
    assert!(comment.contains("**test** stayed red"), "{comment}");
    assert!(comment.contains("test_adding_nothing"), "{comment}");
    assert_eq!(world.labels("acme/nodrafts", 1), ["ai-task-failed"]);
}
