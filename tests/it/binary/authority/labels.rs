//! Whose label counts.

use serde_json::{Value, json};

use super::{
    is_done, is_dropped, is_noted_as_refused, is_refused, nothing_was_pushed, seen, unlabelled,
};
use crate::binary::world::{MAINTAINER, World, right};
use crate::github_double::LOGIN;

const HELPER: &str = "helper[bot]";

#[tokio::test(flavor = "multi_thread")]
async fn a_label_counts_as_much_as_whoever_set_it_may() {
    let mut world = World::empty(|_, _| right()).await;
    world.config["worker"]["slots"] = json!(2);
    world.config["trust"] = json!({"bots": [world.github.look(|it| it.person(HELPER).id)]});
    let may_not = "may not ask for work in acme/";
    let refused = [
        ("acme/triage", "tina", Some("triage"), may_not),
        ("acme/reader", "rob", Some("read"), may_not),
        ("acme/nobody", "nell", None, may_not),
        ("acme/custom", "cora", Some("admin-of-docs:read"), may_not),
        ("acme/bot", "renovate[bot]", Some("write"), "is a bot, and may not ask"),
        ("acme/weak", HELPER, Some("triage"), may_not),
        ("acme/app", MAINTAINER, Some("write"), "is a bot, and may not ask"),
    ];
    let allowed = [
        ("acme/writer", MAINTAINER, Some("write")),
        ("acme/lead", "lena", Some("security-lead:write")),
        ("acme/helped", HELPER, Some("write")),
    ];
    let silent = [("acme/us", LOGIN, Some("write"))];
    let all = refused.iter().map(|it| (it.0, it.1, it.2)).chain(allowed).chain(silent);
    for (name, who, role) in all {
        let issue = unlabelled(&world, name, "reporter");
        world.github.role(name, who, role);
        world.github.label(name, issue, "ai-task", who);
        if name == "acme/app" {
            // A program that acts in a person's name is a program.
            world.github.look(|it| it.repository_mut(name).issue_mut(1).events[0].via_app = true);
        }
        // What the message says about who sent it counts for nothing.
        world.submit(name, issue, "first").await;
    }
    let before = seen(&world, "acme/us");
    world.serve_until_empty().await;

    for (name, who, _, words) in refused {
        is_refused(&world, name, 1, who, words).await;
        assert_eq!(world.labels(name, 1), ["ai-task-failed"], "{name}");
    }
    for (name, who, _) in allowed {
        is_done(&world, name, 1, who).await;
        assert_eq!(world.labels(name, 1), ["ai-task-done"], "{name}");
    }
    is_dropped(&world, "acme/us", 1, &before, "the worker's own account").await;
    assert_eq!(world.ollama.chats().len(), allowed.len());

    // One person with one token: the operator says that this is so.
    world.config["trust"]["own_account"] = json!(true);
    world.submit("acme/us", 1, "second").await;
    world.serve_until_empty().await;
    is_done(&world, "acme/us", 1, LOGIN).await;
    assert_eq!(world.ollama.chats().len(), allowed.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_nobody_on_github_stands_behind_brings_about_nothing() {
    let world = World::empty(|_, _| right()).await;
    let not_set = "does not carry the label `ai-task`";
    let cases = [("acme/never", not_set), ("acme/taken", not_set), ("acme/other", not_set)];
    for (name, _) in cases {
        unlabelled(&world, name, MAINTAINER);
    }
    // Labelled once, and not any more; and with another label.
    world.github.label("acme/taken", 1, "ai-task", MAINTAINER);
    world.github.unlabel("acme/taken", 1, "ai-task", MAINTAINER);
    world.github.label("acme/other", 1, "ai-task-later", MAINTAINER);
    let before = cases.map(|(name, _)| seen(&world, name));
    for (name, _) in cases {
        let forged = json!({
            "type": "issue", "issue_number": 1, "repository": name, "title": "x", "body": "y",
            "labels": ["ai-task"], "sender": MAINTAINER, "delivery": "forged",
        });
        world.submit_text(&forged.to_string()).await;
    }
    // A pull request is no issue that somebody labelled, and what is not there cannot be read.
    world.repository("acme/pull", &super::PROJECT);
    world.push("acme/pull", "feature", &[("note.txt", "one\n")]);
    let ends = ("feature", "main");
    let pull = world.github.open_pull("acme/pull", ends, ("A pull", "Its text"), MAINTAINER);
    let pull_before = seen(&world, "acme/pull");
    for number in [pull, 77] {
        let forged = json!({"issue_number": number, "repository": "acme/pull", "delivery": "f"});
        world.submit_text(&forged.to_string()).await;
    }
    world.serve_until_empty().await;
    for ((name, words), before) in cases.iter().zip(&before) {
        is_dropped(&world, name, 1, before, words).await;
        is_noted_as_refused(&world, name, "", &super::refusal(&world, name, 1).await.0);
        nothing_was_pushed(&world, name);
    }
    assert_eq!(seen(&world, "acme/pull"), pull_before);
    let decisions = super::audit_of(&world, "acme/pull");
    let decisions = decisions.iter().map(|it| &it["decision"]).collect::<Vec<&Value>>();
    assert_eq!(decisions, ["refused", "refused"]);
    assert!(world.ollama.chats().is_empty());
}
