//! Whose words are followed: those that were there when a person said yes.

use codingworker::domain::job::{Event, Outcome};
use codingworker::engine::authority::body_digest;
use codingworker::engine::normalise;
use nix::sys::signal::Signal;
use serde_json::json;

use super::{
    EVIL, answers_of, audit_of, is_done, is_refused, jobs_of, refusal, unlabelled, without_work,
};
use crate::binary::world::{BODY, MAINTAINER, TITLE, World, right};

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_of_references_says_by_a_digest_which_text_was_labelled() {
    let world = World::empty(|_, _| right()).await;
    // GitHub shows no edit of either. The sender read the same text with other ends of lines.
    let lines = BODY.replace('\n', "\r\n");
    for (name, seen) in [("acme/other", EVIL), ("acme/same", &lines)] {
        let issue = unlabelled(&world, name, "reporter");
        world.github.label(name, issue, "ai-task", MAINTAINER);
        let task = json!({
            "type": "issue", "repository": name, "issue_number": issue, "delivery": "run-1",
            "body_sha256": body_digest(seen),
        });
        world.submit_text(&task.to_string()).await;
    }
    world.serve_until_empty().await;
    let words = "was edited after the label was set: read it as it is now and set the label";
    is_refused(&world, "acme/other", 1, MAINTAINER, words).await;
    is_done(&world, "acme/same", 1, MAINTAINER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_edited_after_the_label_is_refused_until_it_is_labelled_again() {
    let mut world = World::empty(|_, _| right()).await;
    world.config["worker"]["slots"] = json!(2);
    let names = ["acme/edited", "acme/renamed"];
    for name in names {
        let issue = unlabelled(&world, name, "reporter");
        world.github.label(name, issue, "ai-task", MAINTAINER);
    }
    world.github.look(|it| {
        it.edit_issue("acme/edited", 1, &format!("{BODY} {EVIL}"));
        it.rename_issue("acme/renamed", 1, &format!("{TITLE} {EVIL}"), "reporter");
    });
    for name in names {
        world.submit(name, 1, "first").await;
    }
    world.serve_until_empty().await;
    for name in names {
        let words = "was edited after the label was set: read it as it is now and set the label";
        is_refused(&world, name, 1, MAINTAINER, words).await;
    }
    assert!(world.ollama.chats().is_empty());

    // Whoever labels again has read it; what is edited after we have read it changes nothing.
    for name in names {
        world.github.look(|it| {
            it.edit_issue(name, 1, BODY);
            it.rename_issue(name, 1, TITLE, "reporter");
            it.relabel(name, 1, "ai-task", MAINTAINER);
        });
        world.submit(name, 1, "second").await;
    }
    world.github.before("issues/create-comment", 1, move |it| {
        for name in names {
            it.edit_issue(name, 1, EVIL);
            it.rename_issue(name, 1, EVIL, "reporter");
        }
    });
    let late = |it: &World| it.github.issue_state("acme/edited", 1).title == EVIL;
    assert!(!late(&world));
    // One after the other: the first one's comment comes after it was read, and before the second.
    world.config["worker"]["slots"] = json!(1);
    world.serve_until_empty().await;
    assert!(late(&world));
    is_done(&world, "acme/edited", 1, MAINTAINER).await;
    let (reason, _) = refusal(&world, "acme/renamed", 1).await;
    assert!(reason.contains("was edited after the label was set"), "{reason}");
    assert_eq!(world.ollama.chats().len(), 1);
    assert!(!world.ollama.prompts().concat().contains(EVIL));
    let pull = world.github.pulls("acme/edited").remove(0);
    assert!(!pull.title.contains(EVIL) && !pull.body.contains(EVIL), "{pull:#?}");
}

/// GitHub is asked one thing after the other, and people do not wait for that.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_between_any_two_reads_is_seen_or_comes_too_late() {
    let world = World::empty(|_, _| right()).await;
    let mut serving = world.serve(&[]);
    let log = serving.log.clone();
    let waits = || std::fs::read_to_string(&log).unwrap().contains("waiting for tasks");
    serving.until("it waits for tasks", waits).await;
    let (mut refused, mut begun) = (0, 0);
    for nth in 2..22_usize {
        let name = format!("acme/race{nth}");
        let issue = unlabelled(&world, &name, "reporter");
        world.github.label(&name, issue, "ai-task", MAINTAINER);
        without_work(&world, &name);
        let edited = name.clone();
        world.github.before("*", nth / 2, move |it| match nth % 2 {
            0 => it.edit_issue(&edited, 1, EVIL),
            _ => it.rename_issue(&edited, 1, EVIL, "reporter"),
        });
        world.submit(&name, issue, "first").await;
        let over = async || {
            let jobs = jobs_of(&world, &name, 1).await;
            jobs.iter().any(|(job, _)| job.state.is_final())
        };
        while !over().await {
            serving.until("the worker lives", || true).await;
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let (_, records) = jobs_of(&world, &name, 1).await.remove(0);
        let read = format!("{records:?}");
        assert!(!read.contains(EVIL), "request {nth}: {read}");
        match super::last(&world, &name, 1).await {
            Outcome::Refused(it) => {
                assert!(it.reason.contains("was edited after the label was set"), "{}", it.reason);
                refused += 1;
            }
            _ => begun += 1,
        }
    }
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
    // Both happened, so the edits fell among the reads.
    assert!(3 <= refused && 3 <= begun, "{refused} refused, {begun} begun");
    assert!(world.ollama.chats().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_public_a_strangers_words_need_the_yes_of_somebody_who_may_push_to_these_words() {
    let mut world = World::empty(|_, _| right()).await;
    world.config["worker"]["slots"] = json!(2);
    world.config["trust"] = json!({"native": "always"});
    let strangers = [
        "acme/approved",
        "acme/unread",
        "acme/stranger",
        "acme/bot",
        "acme/edited",
        "acme/other",
        "acme/changed",
    ];
    for name in strangers.iter().chain(&["acme/member"]) {
        let author = if *name == "acme/member" { "mia" } else { "stranger" };
        let issue = unlabelled(&world, name, author);
        world.github.look(|it| it.repository_mut(name).public = true);
        world.github.role(name, "mia", Some("write"));
        world.github.role(name, "helper[bot]", Some("write"));
        world.github.label(name, issue, "ai-task", MAINTAINER);
        world.submit(name, issue, "first").await;
    }
    world.serve_until_empty().await;
    let digest = normalise::digest(TITLE, BODY);
    assert_eq!(digest.len(), 12);
    let approve = format!("/ai-approve {digest}");
    for name in strangers {
        let words = format!(
            "was written by stranger, who may not ask for work there: if it may be worked on as it stands, someone with write access comments `{approve}`"
        );
        is_refused(&world, name, 1, MAINTAINER, &words).await;
    }
    is_done(&world, "acme/member", 1, MAINTAINER).await;
    assert_eq!(world.ollama.chats().len(), 1);

    let say = |name: &str, body: &str, by: &str| world.github.comment(name, 1, body, by);
    say("acme/approved", &approve, "mia");
    say("acme/stranger", &approve, "stranger");
    say("acme/bot", &approve, "helper[bot]");
    say("acme/other", "/ai-approve 0123456789ab", "mia");
    say("acme/changed", &approve, "mia");
    let edited = say("acme/edited", "/ai-approve 0123456789ab", "mia");
    world.github.look(|it| {
        it.edit_comment("acme/edited", edited, &approve);
        it.edit_issue("acme/changed", 1, &format!("{BODY} {EVIL}"));
    });
    for name in strangers {
        world.github.look(|it| it.relabel(name, 1, "ai-task", MAINTAINER));
        world.submit(name, 1, "second").await;
    }
    world.serve_until_empty().await;
    is_done(&world, "acme/approved", 1, MAINTAINER).await;
    for name in &strangers[1..] {
        let (reason, _) = refusal(&world, name, 1).await;
        let wanted = match *name {
            "acme/changed" => normalise::digest(TITLE, &format!("{BODY} {EVIL}")),
            _ => digest.clone(),
        };
        assert!(reason.contains(&format!("`/ai-approve {wanted}`")), "{name}: {reason}");
        assert_eq!(answers_of(&world, name, 1).len(), 2, "{name}");
        assert_eq!(audit_of(&world, name).len(), 2, "{name}");
    }
    assert_eq!(world.ollama.chats().len(), 2);
    assert!(!world.ollama.prompts().concat().contains(EVIL));
    let (_, records) = jobs_of(&world, "acme/approved", 1).await.pop().unwrap();
    assert!(records.iter().any(|it| matches!(it.event, Event::Opened(_))));
}
