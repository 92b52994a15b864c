use super::*;
use crate::domain::job::{Answer, Model};
use crate::engine::report::{answer, found_by, refusal, reply, thread_marker};

/// The reply to the job's own request, in both languages.
fn told(story: &Story, phase: Phase) -> String {
    let own = own(story);
    let own = own.or_else(|| story.conversation().and_then(|it| it.requests.first()));
    let both = [Language::En, Language::Ja].map(|it| reply(story, &head(it), phase, own));
    for text in &both {
        assert!(text.ends_with("\n<!-- codingworker:job=0123456789ab -->\n"), "{text}");
    }
    both.join("--------\n")
}

fn broken() -> Event {
    Event::Ended(Outcome::Broke(Failure::new(Fault::Permanent, "the branch `ai/issue-3` is gone")))
}

#[test]
fn a_reply_says_how_far_the_job_is() {
    let mut away = done();
    away.records.push(record(Event::Failed(Failure::new(
        Fault::ModelAway,
        "Ollama does not answer at http://127.0.0.1:11434",
    ))));
    let said =
        [told(&done(), Phase::Queued), told(&done(), Phase::Working), told(&away, Phase::Waiting)];
    insta::assert_snapshot!(said.join("========\n"));
}

#[test]
fn a_new_commit_is_told_with_what_changed_and_the_checks_that_ran() {
    let ended = ended(done(), Outcome::Updated { change: change(), ready: true });
    insta::assert_snapshot!(told(&ended, Phase::Ended));
}

#[test]
fn doubts_conflicts_and_the_others_who_asked_are_told() {
    let mut story = talk(vec![
        turn(Request::Implement),
        verified(None),
        Event::Proved(Proof {
            new_tests: NewTests::PassOnBase,
            broken_old_tests: Some(OldTests {
                files: vec!["tests/words.rs".to_owned()],
                excerpt: "left: 1\nright: 0".to_owned(),
            }),
            objections: vec!["The function `total` is gone.".to_owned()],
            added: None,
        }),
        gated(&[], &["`run.sh` is executable"]),
        committed(),
        Event::Pushed(change()),
    ]);
    let talk = conversation(&mut story);
    talk.conflicts = true;
    talk.requests.push(asked(9, "bob", "start at 1"));
    let story = ended(story, Outcome::Updated { change: change(), ready: false });
    insta::assert_snapshot!(told(&story, Phase::Ended));
    // The other one who asked gets the same in a comment of his own.
    let other = &story.conversation().unwrap().requests[1];
    let to_bob = reply(&story, &head(Language::En), Phase::Ended, Some(other));
    assert!(to_bob.starts_with(
        "On [the request](https://github.com/acme/api/pull/45#issuecomment-9) of `bob`"
    ));
    assert!(to_bob.contains("other requests: [that](") && to_bob.contains(") of `alice`."));
    assert!(to_bob.contains("Job `0123456789ab`") && to_bob.ends_with("job=000000000009 -->\n"));
}

#[test]
fn what_was_not_done_is_told_with_what_to_do_next() {
    let unchanged = |outcome| {
        let mut story = talk(vec![turn(Request::Implement)]);
        if let Event::Attempted(turn) = &mut story.records[3].event {
            turn.outcome = outcome;
        }
        ended(story, Outcome::NothingToChange)
    };
    let red = talk(vec![turn(Request::Implement), verified(Some(complaint(Check::Test)))]);
    let stops = vec!["`.github/workflows/ci.yml` is protected".to_owned()];
    let clash = |files: &[&str], why: &str| Outcome::Clashed {
        files: files.iter().map(|it| (*it).to_owned()).collect(),
        why: why.to_owned(),
    };
    let said = [
        unchanged(TurnOutcome::NoChange),
        unchanged(TurnOutcome::TimedOut),
        ended(red.clone(), Outcome::GaveUp),
        ended(done(), Outcome::Stopped(stops)),
        ended(done(), clash(&["src/lib.rs"], "somebody pushed to the branch meanwhile.")),
        ended(red, clash(&[], "together with what was pushed meanwhile, the test fails")),
        {
            let mut it = done();
            it.records.push(record(broken()));
            it
        },
        ended(talk(Vec::new()), Outcome::Cancelled),
        ended(done(), Outcome::Cancelled),
    ];
    let said = said.map(|it| told(&it, Phase::Ended));
    insta::assert_snapshot!(said.join("========\n"));
}

#[test]
fn each_answer_has_words_in_both_languages() {
    let job = |name: &str| JobId(name.to_owned());
    let answers = [
        Answer::Question,
        Answer::Unknown { word: "frobnicate".to_owned() },
        Answer::Unknown { word: String::new() },
        Answer::NothingToRetry,
        Answer::Model { name: "ollama_chat/qwen2.5-coder:7b".to_owned() },
        Answer::NoSuchModel {
            name: "gpt".to_owned(),
            known: vec!["small".to_owned(), "big".to_owned()],
        },
        Answer::Stopping { jobs: vec![job("aaaaaaaaaaaa"), job("bbbbbbbbbbbb")] },
        Answer::NothingToStop,
        Answer::Status { jobs: Vec::new() },
        Answer::Status {
            jobs: vec![
                (job("aaaaaaaaaaaa"), "running".to_owned()),
                (job("bbbbbbbbbbbb"), "a new commit is on ai/issue-3".to_owned()),
            ],
        },
    ];
    let said = answers.map(|it| {
        [Language::En, Language::Ja].map(|language| answer::answer(&it, language)).concat()
    });
    insta::assert_snapshot!(said.join("--------\n"));
}

#[test]
fn before_anything_is_read_the_task_itself_is_answered() {
    let mut story = done();
    story.records.clear();
    let outcome = Outcome::Answered(Answer::NothingToStop);
    let said = comment(&ended(story.clone(), outcome), &head(Language::En), Phase::Ended);
    insta::assert_snapshot!(said, @"
    Nothing is running for this pull request.

    <sub>Job `0123456789ab`</sub>
    <!-- codingworker:job=0123456789ab -->
    ");
    let refused = Refusal { reason: "`mallory` may not write here.".into(), told: Told::Everyone };
    let story = ended(story, Outcome::Refused(refused.clone()));
    let said = comment(&story, &head(Language::En), Phase::Ended);
    assert!(said.starts_with("`mallory` may not write here.\n"), "{said}");
    assert_eq!(said, refusal(&story, &head(Language::En), &refused));
    assert!(said.ends_with(&format!("\n{}\n", found_by(&story))));
}

#[test]
fn the_one_refusal_a_day_is_found_again_by_its_day() {
    let reason = "10 jobs ran here today; more begin tomorrow.".to_owned();
    let refused = Refusal { reason, told: Told::OncePerThread };
    for story in [green(), done()] {
        let mut story = ended(story, Outcome::Refused(refused.clone()));
        story.records.iter_mut().for_each(|it| it.at = Timestamp(1_795_305_599_000));
        let marker = "<!-- codingworker:cap=2026-11-21 -->";
        assert_eq!(found_by(&story), marker);
        // Told after midnight, it is still the refusal of that day.
        let mut late = record(Event::Rested);
        late.at = Timestamp(1_795_305_600_000);
        assert_eq!(thread_marker(late.at), "<!-- codingworker:cap=2026-11-22 -->");
        story.records.push(late);
        let said = refusal(&story, &head(Language::En), &refused);
        assert!(said.ends_with(&format!("\n{marker}\n")), "{said}");
        assert!(!said.contains("codingworker:job="));
        story.records.truncate(0);
        let story = ended(story, Outcome::Refused(refused.clone()));
        assert!(comment(&story, &head(Language::Ja), Phase::Ended).contains(marker));
    }
}

#[test]
fn an_issue_is_told_what_stopped_or_refused_its_job() {
    let stops = vec!["`.env` is protected".to_owned(), "a token of ours is in line 3".to_owned()];
    let refused =
        Refusal { reason: "The text was edited: label again.".into(), told: Told::Everyone };
    let said = [Outcome::Stopped(stops), Outcome::Refused(refused)]
        .map(|outcome| comment(&ended(green(), outcome), &head(Language::En), Phase::Ended));
    insta::assert_snapshot!(said.join("--------\n"));
}

#[test]
fn a_model_of_the_ladder_is_named_as_the_ladder_names_it() {
    let model = Model {
        name: "ollama_chat/qwen2.5-coder:1.5b".to_owned(),
        timeout: std::time::Duration::from_secs(1),
        num_ctx: 8_192,
        edit_format: "whole".to_owned(),
        attempts: 1,
        samples: 1,
        calls: 0,
        reads: false,
        observes: false,
        max_fixes: None,
        editor: None,
    };
    let said = answer::answer(&Answer::Model { name: model.name.clone() }, Language::En);
    assert!(said.contains(&format!("`{}`", model.name)), "{said}");
}
