//! Where work may be done, and what becomes of a question that GitHub does not answer.

use codingworker::domain::job::{Event, Outcome};
use serde_json::json;

use super::{
    answers_of, audit_of, began, is_dropped, is_refused, jobs_of, last, refusal, seen, unlabelled,
    without_work,
};
use crate::binary::world::{MAINTAINER, World, count, right};
use crate::github_double::Fault;

#[tokio::test(flavor = "multi_thread")]
async fn only_the_operators_repositories_are_worked_on_whatever_they_are_called() {
    let mut world = World::empty(|_, _| right()).await;
    let names = ["acme/named", "acme/numbered", "acme/recycled", "acme/moved", "acme/outside"];
    for name in names {
        let issue = unlabelled(&world, name, "reporter");
        world.github.label(name, issue, "ai-task", MAINTAINER);
        without_work(&world, name);
        world.submit(name, issue, "first").await;
    }
    let number = world.github.look(|it| it.repository("acme/numbered").id);
    world.config["trust"]["repositories"] =
        json!(["Acme/Named", number, "acme/recycled", "acme/moved"]);
    world.serve_until_empty().await;
    for name in &names[..4] {
        assert!(began(&world, name, 1).await, "{name}: {:?}", last(&world, name, 1).await);
        assert_eq!(audit_of(&world, name)[0]["decision"], "allowed", "{name}");
    }
    let words = "acme/outside is not in `trust.repositories`";
    is_refused(&world, "acme/outside", 1, MAINTAINER, words).await;

    // The same name, and another repository behind it; another name, and the same repository.
    world.github.look(|it| {
        it.repository_mut("acme/recycled").id += 5_000;
        it.repository_mut("acme/moved").name = "renamed".to_owned();
    });
    let (old, new) = (world.bare("acme/moved"), world.bare("acme/renamed"));
    std::fs::rename(old, new).unwrap();
    for name in ["acme/recycled", "acme/renamed", "acme/numbered"] {
        world.github.look(|it| it.relabel(name, 1, "ai-task", MAINTAINER));
        world.submit(name, 1, "second").await;
    }
    world.serve_until_empty().await;
    let (reason, _) = refusal(&world, "acme/recycled", 1).await;
    assert!(reason.contains("acme/recycled is not the repository that it was"), "{reason}");
    assert_eq!(audit_of(&world, "acme/recycled").last().unwrap()["why"], reason);
    for name in ["acme/renamed", "acme/numbered"] {
        assert!(began(&world, name, 1).await, "{name}: {:?}", last(&world, name, 1).await);
    }
    assert!(world.ollama.chats().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_ask_is_not_guessed_when_github_does_not_say() {
    let mut world = World::empty(|_, _| right()).await;
    world.config["worker"]["max_retries"] = json!(1);
    const ASKED: &str = "repos/get-collaborator-permission-level";
    for name in ["acme/passes", "acme/stays"] {
        let issue = unlabelled(&world, name, MAINTAINER);
        world.github.label(name, issue, "ai-task", MAINTAINER);
        without_work(&world, name);
        world.submit(name, issue, "first").await;
    }
    for fault in [Fault::BadGateway, Fault::Dropped] {
        world.github.fault(ASKED, fault);
    }
    let mut serving = world.serve(&["--drain"]);
    let asked = || world.github.issue_state("acme/passes", 1).comments.len() == 1;
    serving.until("the first is told about", asked).await;
    // From here on it never answers.
    for _ in 0..200 {
        world.github.fault(ASKED, Fault::BadGateway);
    }
    assert_eq!(serving.code().await, 0);
    assert!(began(&world, "acme/passes", 1).await);

    let (_, records) = jobs_of(&world, "acme/stays", 1).await.remove(0);
    assert_eq!(count(&records, |it| matches!(it, Event::Inspected(_))), 0, "{records:#?}");
    assert_eq!(count(&records, |it| matches!(it, Event::Rested)), 1, "{records:#?}");
    assert!(matches!(last(&world, "acme/stays", 1).await, Outcome::Broke(_)));
    let rows = audit_of(&world, "acme/stays");
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!(rows[0]["decision"], "ended", "{rows:#?}");
    assert!(world.ollama.chats().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_strangers_read_refusals_can_be_kept_to_the_audit() {
    let mut world = World::empty(|_, _| right()).await;
    world.config["trust"] = json!({"native": "always", "answer_refused": "private"});
    for name in ["acme/public", "acme/private"] {
        let issue = unlabelled(&world, name, MAINTAINER);
        world.github.look(|it| it.repository_mut(name).public = name == "acme/public");
        world.github.role(name, "tina", Some("triage"));
        world.github.label(name, issue, "ai-task", "tina");
        world.submit(name, issue, "first").await;
    }
    let before = seen(&world, "acme/public");
    world.serve_until_empty().await;
    let words = "tina may not ask for work";
    is_dropped(&world, "acme/public", 1, &before, words).await;
    is_refused(&world, "acme/private", 1, "tina", words).await;
    assert!(answers_of(&world, "acme/public", 1).is_empty());
}
