//! What stood around the work, what the checks could not reach, and what was said beforehand.

use super::*;
use crate::domain::verification::Isolation;
use crate::engine::report::isolation;

fn checkout(story: &mut Story) -> &mut Checkout {
    match &mut story.records[1].event {
        Event::Prepared(it) => it,
        _ => unreachable!("the second record is the checkout"),
    }
}

/// A story whose agent and checks ran in these.
fn around(mut story: Story, agent: Isolation, checks: Isolation) -> Story {
    checkout(&mut story).levels = Levels { agent, checks };
    story
}

/// The same, its check red with these words.
fn said(words: &str, checks: Isolation) -> Story {
    let mut story = around(red(), Isolation::Sandbox, checks);
    for record in &mut story.records {
        if let Event::Verified { verification, .. } = &mut record.event {
            verification.steps[1].excerpt = words.to_owned();
        }
    }
    story
}

const NO_NETWORK: &str = "Checks run without a network, and what failed seems to want one: the \
     operator can allow it with `trust.allow_network`.";

#[test]
fn both_levels_are_told_where_they_differ_and_one_word_where_not() {
    let both = |agent, checks| {
        [Language::En, Language::Ja].map(|it| isolation(Levels { agent, checks }, it))
    };
    for level in [Isolation::Native, Isolation::Sandbox, Isolation::Container] {
        assert_eq!(both(level, level), [level.name(), level.name()]);
    }
    assert_eq!(
        both(Isolation::Sandbox, Isolation::Container),
        ["agent: sandbox · checks: container", "エージェント: sandbox · チェック: container"]
    );
}

#[test]
fn pull_request_comment_and_journal_say_what_was_around_the_job() {
    let story = around(green(), Isolation::Sandbox, Isolation::Container);
    let body = body(&story, &head(Language::En), Standing::Ready);
    assert!(body.contains("\n| isolation | agent: sandbox · checks: container |\n"), "{body}");
    let comment = comment(&story, &head(Language::En), Phase::Working);
    let foot = "<sub>Job `0123456789ab` · agent: sandbox · checks: container</sub>";
    assert!(comment.contains(foot), "{comment}");
    let said = lines(&story.records[1]);
    assert!(said[0].contains("checks from Cargo.toml (agent: sandbox · checks: container)"));
    assert_eq!(said[1], "note          1 submodule was left alone: vendor/x");
}

#[test]
fn before_there_is_a_checkout_nothing_is_claimed() {
    let mut story = green();
    story.records.truncate(1);
    let comment = comment(&story, &head(Language::En), Phase::Queued);
    assert!(comment.contains("<sub>Job `0123456789ab`</sub>"), "{comment}");
}

#[test]
fn a_check_that_wanted_a_network_is_told_with_what_the_operator_can_do() {
    let words = "getaddrinfo EAI_AGAIN registry.example";
    let told = |story: &Story| {
        let body = body(story, &head(Language::En), Standing::Incomplete);
        let ended = ended(story.clone(), Outcome::GaveUp);
        let comment = comment(&ended, &head(Language::En), Phase::Ended);
        assert_eq!(body.contains(NO_NETWORK), comment.contains(NO_NETWORK), "{body}{comment}");
        body.contains(NO_NETWORK)
    };
    assert!(told(&said(words, Isolation::Sandbox)));
    assert!(told(&said(words, Isolation::Container)));
    assert!(!told(&said("assertion failed", Isolation::Container)));
    // There it had one: the machine's own, or by the operator's leave.
    assert!(!told(&said(words, Isolation::Native)));
    let mut allowed = said(words, Isolation::Container);
    match &mut allowed.records[0].event {
        Event::Inspected(it) => it.network = true,
        _ => unreachable!("the first record is the inspection"),
    }
    assert!(!told(&allowed));
    let japanese =
        body(&said(words, Isolation::Sandbox), &head(Language::Ja), Standing::Incomplete);
    assert!(japanese.contains("運用者は `trust.allow_network` で許可できます"), "{japanese}");
}

#[test]
fn a_base_that_wants_a_network_is_told_once_though_the_work_is_done() {
    let mut story = around(green(), Isolation::Sandbox, Isolation::Sandbox);
    if let Event::Baselined(base) = &mut story.records[2].event {
        base.steps[1].excerpt = "Could not resolve host: db.example".to_owned();
    }
    let body = body(&story, &head(Language::En), Standing::Ready);
    assert_eq!(body.matches(NO_NETWORK).count(), 1, "{body}");
}

#[test]
fn dependencies_that_a_red_change_adds_are_told_by_the_files_that_list_them() {
    let mut story = said("error[E0432]: unresolved import `rand`", Isolation::Sandbox);
    for record in &mut story.records {
        if let Event::Committed { files, .. } = &mut record.event {
            files.push(FileChange { path: "Cargo.toml".to_owned(), ..files[0].clone() });
            files.push(FileChange { path: "web/package.json".to_owned(), ..files[0].clone() });
        }
    }
    let english = body(&story, &head(Language::En), Standing::Incomplete);
    let say = "Dependencies that the model added are not installed for the checks, which have \
               those of the default branch; changed: `Cargo.toml`, `web/package.json`";
    assert!(english.contains(say), "{english}");
    assert!(!body(&red(), &head(Language::En), Standing::Incomplete).contains("Dependencies"));
}

#[test]
fn what_failed_before_the_work_is_told_even_where_no_check_ran() {
    let note = "The dependencies could not be fetched: `npm ci` left with 1";
    let mut story = story(vec![turn(Request::Implement), committed()]);
    checkout(&mut story).notes = vec![note.to_owned()];
    let body = body(&story, &head(Language::En), Standing::Incomplete);
    assert!(body.contains(&format!("### Checks\n\n- {note}\n")), "{body}");
    let ended = ended(story, Outcome::GaveUp);
    let comment = comment(&ended, &head(Language::En), Phase::Ended);
    assert!(comment.contains(&format!("- {note}\n")), "{comment}");
}

#[test]
fn people_get_more_of_what_a_check_printed_than_the_model() {
    let printed = "running 2 tests\nleft: 1\nright: 0\ntest result: FAILED. 1 passed; 1 failed";
    let body = body(&said(printed, Isolation::Sandbox), &head(Language::En), Standing::Incomplete);
    assert!(body.contains("test result: FAILED. 1 passed; 1 failed"), "{body}");
    assert!(!body.contains("panicked at src/lib.rs:9"), "{body}");
}
