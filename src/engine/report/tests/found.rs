//! What proves a change, and what is said where nothing does.

use super::*;
use crate::domain::example::{Example, Expected, Language as Code, Source, Tried, Verdict};
use crate::domain::job::Mutation;

pub(super) fn tried(text: &str, verdict: Verdict) -> Tried {
    let example = Example {
        language: Code::Python,
        path: "calc.py".to_owned(),
        call: text.to_owned(),
        expected: Expected::Value(text.to_owned()),
        given: None,
        source: Source::Spelled,
    };
    Tried { example, verdict }
}

pub(super) fn gives(what: &str) -> Verdict {
    Verdict::Gives { what: what.to_owned(), as_said: true }
}

/// A green story with one example, which gave this before and that afterwards.
fn with(before: Verdict, now: Verdict) -> Story {
    let mut story = green();
    for record in &mut story.records {
        match &mut record.event {
            Event::Baselined(it) => it.examples = vec![tried("add(2, 2)", before.clone())],
            Event::Verified { verification: it, .. } => {
                it.examples = vec![tried("add(2, 2)", now.clone())];
            }
            _ => {}
        }
    }
    story
}

#[test]
fn an_example_is_shown_with_what_it_gave_before_and_what_it_gives_now() {
    let story = with(gives("0"), Verdict::Holds);
    let english = body(&story, &head(Language::En), Standing::Ready);
    let table = "### Examples of the issue\n\n| example | expected | before | now |\n|---|---|---|---|\n\
                 | `add(2, 2)` | `add(2, 2)` | ✗ `0` | ✓ `add(2, 2)` |\n\n";
    assert!(english.contains(table), "{english}");
    let japanese = body(&story, &head(Language::Ja), Standing::Ready);
    assert!(japanese.contains("### イシューの例"), "{japanese}");
}

#[test]
fn what_a_model_wrote_down_is_marked_as_such() {
    let mut story = green();
    let mut example = tried("add(2, 2)", gives("0"));
    example.example.source = Source::Worded;
    for record in &mut story.records {
        match &mut record.event {
            Event::Attempted(it) => it.examples = vec![example.clone()],
            Event::Verified { verification: it, .. } => {
                it.examples = vec![Tried { verdict: Verdict::Holds, ..example.clone() }];
            }
            _ => {}
        }
    }
    let said = body(&story, &head(Language::En), Standing::Ready);
    assert!(
        said.contains("| `add(2, 2)` ¹ | `add(2, 2)` | ✗ `0` | ✓ `add(2, 2)` |\n\n¹ "),
        "{said}"
    );
    assert!(
        !body(&with(gives("0"), Verdict::Holds), &head(Language::En), Standing::Ready)
            .contains('¹')
    );
}

#[test]
fn an_example_that_did_not_fail_before_is_not_shown_as_proof() {
    for before in [Verdict::Holds, Verdict::Gives { what: "7".to_owned(), as_said: false }] {
        let said = body(&with(before, Verdict::Holds), &head(Language::En), Standing::Unproven);
        assert!(!said.contains("Examples of the issue"), "{said}");
        assert!(said.contains("none of them failed before as it should"), "{said}");
    }
}

#[test]
fn a_draft_that_nothing_proves_says_so_first_and_why() {
    let none = body(&green(), &head(Language::En), Standing::Unproven);
    let first =
        "Closes #3\n\n> [!NOTE]\n> **Checks pass, nothing proves the change.**\n> No example";
    assert!(none.starts_with(first), "{none}");
    let untried = Verdict::Unknown { why: "the import fails".to_owned() };
    let untried = body(&with(untried.clone(), untried), &head(Language::En), Standing::Unproven);
    assert!(untried.contains("they could not be tried"), "{untried}");
}

#[test]
fn a_draft_whose_checks_are_as_red_as_they_were_does_not_say_that_they_pass() {
    let mut story = green();
    for record in &mut story.records {
        if let Event::Baselined(it) | Event::Verified { verification: it, .. } = &mut record.event {
            it.steps = vec![step(Check::Test, "make test", Exit::Code(1), &[])];
        }
    }
    let said = body(&story, &head(Language::En), Standing::Unproven);
    assert!(said.contains("> **No check is newly red, nothing proves the change.**"), "{said}");
    assert!(!said.contains("Checks pass"), "{said}");
    assert!(!said.contains("no check was red before"), "{said}");
}

#[test]
fn what_was_found_by_trial_is_said_and_only_of_the_attempt_that_counts() {
    let mut story = green();
    for record in &mut story.records {
        if let Event::Attempted(turn) = &mut record.event {
            let (path, old, new) = ("m.py".to_owned(), "<".to_owned(), "<=".to_owned());
            turn.mutations = vec![Mutation { path, old, new }];
        }
    }
    let said = body(&story, &head(Language::En), Standing::Ready);
    assert!(said.contains("the worker changed `<` to `<=` in `m.py`"), "{said}");
    let last = story.records.iter().rposition(|it| matches!(it.event, Event::Verified { .. }));
    let mut anew = turn(Request::Implement);
    if let Event::Attempted(turn) = &mut anew {
        turn.attempt = 1;
    }
    let at = last.unwrap();
    story.records.insert(at, Record { event: anew, ..story.records[at].clone() });
    let said = body(&story, &head(Language::En), Standing::Ready);
    assert!(!said.contains("the worker changed"), "it was begun anew: {said}");
}

#[test]
fn what_speaks_against_a_change_alone_is_no_example_that_could_have_proven_it() {
    let mut story = with(gives("usage: add"), Verdict::Holds);
    for record in &mut story.records {
        if let Event::Baselined(it) = &mut record.event {
            it.examples[0].example.expected = Expected::Understood;
        }
    }
    let said = body(&story, &head(Language::En), Standing::Unproven);
    assert!(said.contains("> No example was found"), "{said}");
}
