//! Whose comment counts, and which.

use codingworker::domain::job::{Event, JobState, Told};
use serde_json::json;

use super::{EVIL, answers_of, audit_of, jobs_of, last, refusal, seen};
use crate::binary::world::{MAINTAINER, PROJECT, RIGHT, World, right};
use crate::github_double::LOGIN;

/// A pull request of a person's from the branch `feature`.
pub(in crate::binary) fn pull(world: &World, name: &str) -> u64 {
    world.repository(name, &PROJECT);
    world.push(name, "feature", &[("note.txt", "one\n")]);
    let ends = ("feature", "main");
    world.github.open_pull(name, ends, ("Add a note", "It notes."), MAINTAINER)
}

/// Puts a comment on the queue, as GitHub's action would.
pub(in crate::binary) async fn submit(world: &World, name: &str, pull: u64, comment: u64) {
    submit_kind(world, name, pull, (comment, "issue_comment")).await;
}

async fn submit_kind(world: &World, name: &str, pull: u64, (comment, kind): (u64, &str)) {
    let said = world.github.look(|it| {
        let talk = it.repository_mut(name).talk(pull).cloned().unwrap_or_default();
        talk.into_iter().find(|it| it.id == comment).map(|it| it.body).unwrap_or_default()
    });
    let task = json!({
        "type": "pr_comment", "issue_number": pull, "pr_number": pull, "branch_name": "main",
        "repository": name, "title": "", "body": said, "comment_id": comment,
        "comment_kind": kind, "comment_author": MAINTAINER, "labels": ["ai-task"], "delivery": "any",
        "created_at": "2026-01-26T00:00:00Z",
    });
    world.submit_text(&task.to_string()).await;
}

const ASKED: &str = "@ai-fix make add() in calc.py add";

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_counts_as_much_as_its_author_may_and_only_as_it_was_written() {
    let world = World::empty(|_, _| right()).await;
    let number = |name: &str| pull(&world, name);
    let (may_not, edited) = ("may not ask for work in", "was edited after it was written");
    let refused = [
        ("acme/triage", "tina", may_not),
        ("acme/stranger", "sam", may_not),
        ("acme/bot", "renovate[bot]", "is a bot, and may not ask"),
        ("acme/taken", "mira", may_not),
        ("acme/edited", MAINTAINER, edited),
    ];
    for (name, who, _) in refused {
        let pull = number(name);
        world.github.role(name, "tina", Some("triage"));
        world.github.role(name, "mira", Some("write"));
        world.github.role(name, "renovate[bot]", Some("write"));
        let comment = world.github.comment(name, pull, ASKED, who);
        if name == "acme/edited" {
            let evil = format!("{ASKED} {EVIL}");
            world.github.look(|it| it.edit_comment(name, comment, &evil));
        }
        submit(&world, name, pull, comment).await;
    }
    // Somebody else has the login of whoever wrote it, and with it what he may do.
    world.github.look(|it| drop(it.take_over("mira")));
    // Only something about it has changed, and not its text: that is no edit.
    let touched = number("acme/touched");
    let comment = world.github.comment("acme/touched", touched, ASKED, MAINTAINER);
    world.github.look(|it| it.touch_comment("acme/touched", comment));
    submit(&world, "acme/touched", touched, comment).await;
    world.serve_until_empty().await;

    for (name, who, words) in refused {
        let (reason, told) = refusal(&world, name, 1).await;
        assert!(reason.contains(words), "{name}: {reason}");
        let once = if name == "acme/bot" { Told::OncePerThread } else { Told::Everyone };
        assert_eq!(told, once, "{name}");
        let said = answers_of(&world, name, 1);
        assert_eq!(said.len(), 1, "{name}: {said:#?}");
        assert!(said[0].contains(words), "{name}: {said:#?}");
        let rows = audit_of(&world, name);
        assert_eq!(rows.len(), 1, "{name}: {rows:#?}");
        assert_eq!((&rows[0]["decision"], &rows[0]["why"]), (&json!("refused"), &json!(reason)));
        assert_eq!(rows[0]["actor"]["login"], who, "{rows:#?}");
        assert_eq!(world.files(name, "feature")["calc.py"], PROJECT[0].1.trim_end(), "{name}");
    }
    let (job, _) = jobs_of(&world, "acme/touched", touched).await.remove(0);
    assert_eq!(job.state, JobState::Done, "{:?}", last(&world, "acme/touched", touched).await);
    assert_eq!(world.files("acme/touched", "feature")["calc.py"], RIGHT.trim_end());
    let asked = &audit_of(&world, "acme/touched")[0];
    assert_eq!(asked["actor"]["login"], MAINTAINER);
    assert_eq!(asked["asked"], format!("issue_comment {comment}"));
    assert!(!world.ollama.prompts().concat().contains(EVIL));
    assert_eq!(world.ollama.chats().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_about_a_comment_that_does_not_ask_there_brings_about_nothing() {
    let world = World::empty(|_, _| right()).await;
    let name = "acme/forged";
    let first = pull(&world, name);
    let issue = world.github.issue(name, "An issue", "Its text", "reporter");
    let ends = ("feature", "main");
    let second = world.github.open_pull(name, ends, ("Another", "Its text"), MAINTAINER);
    let asks = world.github.comment(name, first, ASKED, MAINTAINER);
    let chat = world.github.comment(name, first, &format!("He said {ASKED}"), MAINTAINER);
    let quote = world.github.comment(name, first, &format!("> {ASKED}"), MAINTAINER);
    let ours = format!("{ASKED}\n\n<!-- codingworker:job=0123456789ab -->");
    let ours = world.github.comment(name, first, &ours, MAINTAINER);
    let own = world.github.comment(name, first, ASKED, LOGIN);
    let on_issue = world.github.comment(name, issue, ASKED, MAINTAINER);
    world.repository("acme/elsewhere", &PROJECT);
    let before = [seen(&world, name), seen(&world, "acme/elsewhere")];
    for (repository, pull, comment) in [
        (name, first, 424_242),
        (name, second, asks),
        (name, first, chat),
        (name, first, quote),
        (name, first, ours),
        (name, first, own),
        (name, first, on_issue),
        (name, issue, on_issue),
        (name, 77, asks),
        ("acme/elsewhere", first, asks),
    ] {
        submit(&world, repository, pull, comment).await;
    }
    world.serve_until_empty().await;
    assert_eq!([seen(&world, name), seen(&world, "acme/elsewhere")], before);
    for (job, records) in world.jobs().await {
        let silent = records.iter().all(|it| !matches!(it.event, Event::Told { .. }));
        assert!(silent && job.state == JobState::Failed, "{job:?} {records:#?}");
    }
    let rows = audit_of(&world, name);
    assert!(rows.iter().all(|it| it["decision"] == "refused"), "{rows:#?}");
    assert_eq!(rows.len() + audit_of(&world, "acme/elsewhere").len(), world.jobs().await.len());
    assert!(world.ollama.chats().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn reviews_and_comments_on_lines_count_by_the_same_rules() {
    let world = World::empty(|_, _| right()).await;
    let (edited, may_not) = ("was edited after it was written", "may not ask for work in");
    let spot = ("note.txt", Some(1), "@@ -0,0 +1 @@\n+one");
    let cases = [
        ("acme/line", "review_comment", "tina", may_not),
        ("acme/review", "review", "tina", may_not),
        ("acme/edited-line", "review_comment", MAINTAINER, edited),
        ("acme/edited-review", "review", MAINTAINER, edited),
    ];
    for (name, kind, who, words) in cases {
        let number = pull(&world, name);
        world.github.role(name, "tina", Some("triage"));
        let comment = world.github.look(|it| match kind {
            "review" => it.review(name, number, "CHANGES_REQUESTED", ASKED, who),
            _ => it.say_on_line(name, number, spot, ASKED, who),
        });
        if words == edited {
            world.github.look(|it| it.edit_comment(name, comment, &format!("{ASKED} {EVIL}")));
        }
        submit_kind(&world, name, number, (comment, kind)).await;
    }
    world.serve_until_empty().await;
    for (name, kind, who, words) in cases {
        let (reason, _) = refusal(&world, name, 1).await;
        assert!(reason.contains(words), "{name}: {reason}");
        let said = answers_of(&world, name, 1);
        assert!(said.len() == 1 && said[0].contains(words), "{name}: {said:#?}");
        let row = &audit_of(&world, name)[0];
        assert_eq!((&row["decision"], &row["actor"]["login"]), (&json!("refused"), &json!(who)));
        assert!(row["asked"].as_str().unwrap().starts_with(&format!("{kind} ")), "{row}");
    }
    assert!(world.ollama.chats().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_hides_words_is_worked_on_after_somebody_who_may_push_approved_of_it() {
    let world = World::empty(|_, _| right()).await;
    let name = "acme/hidden";
    let number = pull(&world, name);
    // Characters of the Tag block: a page shows none of them.
    let hidden = format!("{ASKED}\u{e0065}\u{e0076}\u{e0069}\u{e006c}");
    let ask = || world.github.comment(name, number, &hidden, MAINTAINER);
    submit(&world, name, number, ask()).await;
    world.serve_until_empty().await;
    let (reason, _) = refusal(&world, name, number).await;
    let digest = codingworker::engine::normalise::digest("", &hidden);
    let approval = format!("/ai-approve {digest}");
    assert!(reason.contains(&approval), "{reason}");

    world.github.comment(name, number, &approval, "stranger");
    submit(&world, name, number, ask()).await;
    world.serve_until_empty().await;
    assert!(world.ollama.prompts().is_empty(), "a stranger's approval counts for nothing");

    world.github.comment(name, number, &approval, MAINTAINER);
    submit(&world, name, number, ask()).await;
    world.serve_until_empty().await;
    assert_eq!(world.ollama.prompts().len(), 1);
    assert!(!world.ollama.prompts()[0].contains('\u{e0065}'), "what was hidden stays hidden");
}
