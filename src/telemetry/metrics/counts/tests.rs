//! Every event and every outcome, once.

use super::*;
use crate::domain::change::{Change, ObjectId, PullRequest};
use crate::domain::job::{
    Answer, Checkout, Failure, Inspection, JobId, NewTests, Phase, Proof, Refusal, Tokens, Told,
};
use crate::domain::verification::Check;
use crate::telemetry::metrics::FAMILIES;

fn object() -> ObjectId {
    ObjectId("0".repeat(40))
}

fn checkout() -> Checkout {
    serde_json::from_value(serde_json::json!({
        "base": "0", "tree": "0", "plan": {"steps": [], "format": null, "source": "x"},
        "notes": [], "template": null,
    }))
    .unwrap()
}

fn inspection() -> Inspection {
    serde_json::from_value(serde_json::json!({
        "title": "", "body": "", "removed": 0, "open": true, "asked_by": null,
        "default_branch": "main", "public": false,
    }))
    .unwrap()
}

fn step_of(check: Check, exit: Exit, ms: u64) -> Step {
    let (command, excerpt) = ("x".to_owned(), String::new());
    Step { check, command, exit, duration_ms: ms, tests: None, excerpt }
}

fn turn(request: Request, outcome: TurnOutcome) -> Turn {
    Turn {
        request,
        model: "m".to_owned(),
        rung: 0,
        attempt: 0,
        outcome,
        tree: object(),
        files: Vec::new(),
        calls: 2,
        tokens: Tokens { read: 30, written: 4 },
        left_out: Vec::new(),
        agent: "aider".to_owned(),
        examples: Vec::new(),
        mutations: Vec::new(),
    }
}

fn red(check: Check) -> Complaint {
    Complaint::Red {
        check,
        command: "x".to_owned(),
        exit: Exit::Code(1),
        tests: Vec::new(),
        excerpt: String::new(),
    }
}

fn pull() -> PullRequest {
    PullRequest { number: 2, url: "u".to_owned(), draft: false }
}

fn change() -> Change {
    Change { branch: "b".to_owned(), commit: object() }
}

fn failure(fault: Fault) -> Failure {
    Failure::new(fault, "why")
}

/// One of each, in the order of the type. The match below breaks when one is added.
fn events() -> Vec<Event> {
    let all = vec![
        Event::Inspected(inspection()),
        Event::Told { phase: Phase::Working, comment: 1 },
        Event::Prepared(checkout()),
        Event::Baselined(Verification::default()),
        Event::Attempted(turn(Request::Implement, TurnOutcome::Edited)),
        Event::Verified {
            verification: Verification::default(),
            tree: object(),
            scope: Vec::new(),
            complaint: None,
        },
        Event::Proved(Proof {
            new_tests: NewTests::None,
            broken_old_tests: None,
            objections: Vec::new(),
            added: None,
        }),
        Event::Gated { tree: object(), stops: Vec::new(), notes: Vec::new(), kept: None },
        Event::Rebased { checkout: checkout(), tree: object() },
        Event::Committed { commit: object(), tree: object(), files: Vec::new() },
        Event::Pushed(change()),
        Event::Opened(pull()),
        Event::Ended(Outcome::GaveUp),
        Event::Labelled,
        Event::Closed,
        Event::Failed(failure(Fault::Transient)),
        Event::Rested,
        Event::Cancelled,
    ];
    let steps = all.iter().map(step).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(steps.len(), all.len(), "one of each");
    all
}

fn outcomes() -> Vec<Outcome> {
    let refusal = Refusal { reason: "no".to_owned(), told: Told::Nobody };
    vec![
        Outcome::Ready(pull()),
        Outcome::Incomplete(pull()),
        Outcome::Unproven(pull()),
        Outcome::BranchOnly(change()),
        Outcome::GaveUp,
        Outcome::NothingToChange,
        Outcome::Updated { change: change(), ready: true },
        Outcome::Answered(Answer::Question),
        Outcome::Joined(JobId("1".to_owned())),
        Outcome::Stopped(Vec::new()),
        Outcome::Clashed { files: Vec::new(), why: String::new() },
        Outcome::Refused(refusal),
        Outcome::Broke(failure(Fault::Permanent)),
        Outcome::Cancelled,
    ]
}

fn of(event: Event) -> Vec<Increment> {
    let about =
        About { repository: "Acme/Calc".to_owned(), since: Timestamp(1_000), ..About::default() };
    increments(&Record { at: Timestamp(61_000), took_ms: 1_500, event }, &about)
}

fn shown(increments: &[Increment]) -> Vec<String> {
    let labels = |it: &Labels| it.iter().map(|it| format!("{}={}", it.0, it.1)).collect::<Vec<_>>();
    let show = |it: &Increment| match it {
        Increment::Add { family, labels: of, by } => {
            format!("{family}{{{}}} +{by}", labels(of).join(","))
        }
        Increment::Observe { family, labels: of, value } => {
            format!("{family}{{{}}} {value}", labels(of).join(","))
        }
    };
    increments.iter().map(|it| show(it).replacen("codingworker_", "", 1)).collect()
}

#[test]
fn every_event_is_counted_under_the_name_that_the_journal_has_for_it() {
    for event in events() {
        let name = serde_json::to_value(&event).unwrap()["event"].as_str().unwrap().to_owned();
        assert_eq!(step(&event), name);
        let decided = matches!(event, Event::Ended(_) | Event::Closed | Event::Cancelled);
        let timed = shown(&of(event))
            .iter()
            .any(|it| *it == format!("step_duration_seconds{{step={name}}} 1.5"));
        assert_eq!(timed, !decided, "{name}");
    }
}

#[test]
fn every_outcome_is_counted_under_the_name_that_the_journal_has_for_it() {
    for (how, known) in outcomes().into_iter().zip(OUTCOMES) {
        let name = serde_json::to_value(&how).unwrap()["kind"].as_str().unwrap().to_owned();
        assert_eq!((how.name(), known), (name.as_str(), name.as_str()));
        let mut wanted = vec![
            format!("jobs{{kind=issue,outcome={name}}} +1"),
            format!("job_duration_seconds{{kind=issue,outcome={name}}} 60"),
            format!("repository_jobs{{repository=acme/calc,outcome={name}}} +1"),
        ];
        if name == "refused" {
            wanted.push("refusals{kind=issue} +1".to_owned());
        }
        assert_eq!(shown(&of(Event::Ended(how))), wanted);
    }
    assert_eq!(shown(&of(Event::Cancelled))[0], "jobs{kind=issue,outcome=cancelled} +1");
}

#[test]
fn a_turn_counts_its_model_its_tokens_and_what_came_of_it() {
    assert_eq!(
        shown(&of(Event::Attempted(turn(Request::Implement, TurnOutcome::Edited)))),
        [
            "step_duration_seconds{step=attempted} 1.5",
            "attempts{model=m,request=implement,result=edited} +1",
            "model_calls{model=m} +2",
            "model_duration_seconds{model=m} 1.5",
            "model_tokens{direction=read,model=m} +30",
            "model_tokens{direction=written,model=m} +4",
        ]
    );
    let unusable = Complaint::Unusable { reason: "cut".to_owned() };
    for (complaint, name) in
        [(red(Check::Build), "build"), (red(Check::Test), "test"), (unusable, "unusable")]
    {
        let fix = Event::Attempted(turn(Request::Fix { complaint }, TurnOutcome::TimedOut));
        let fix = shown(&of(fix));
        assert!(fix.contains(&format!("fixes{{complaint={name}}} +1")), "{fix:?}");
        assert!(fix.contains(&"attempts{model=m,request=fix,result=timed_out} +1".to_owned()));
    }
}

#[test]
fn each_check_that_ran_is_timed_with_what_it_said() {
    let steps = vec![
        step_of(Check::Build, Exit::Code(0), 250),
        step_of(Check::Lint, Exit::Code(2), 10),
        step_of(Check::Test, Exit::TimedOut, 600_000),
    ];
    let verification = Verification { steps, ..Verification::default() };
    let wanted = [
        "check_duration_seconds{check=build,result=passed} 0.25",
        "check_duration_seconds{check=lint,result=failed} 0.01",
        "check_duration_seconds{check=test,result=timed_out} 600",
    ];
    assert_eq!(shown(&of(Event::Baselined(verification.clone())))[1..], wanted);
    let (tree, scope, complaint) = (object(), Vec::new(), None);
    let verified = Event::Verified { verification, tree, scope, complaint };
    assert_eq!(shown(&of(verified))[1..], wanted);
}

#[test]
fn a_retry_is_counted_by_the_fault_before_it() {
    let faults = [
        Fault::Transient,
        Fault::ModelAway,
        Fault::ModelBusy,
        Fault::Permanent,
        Fault::Interrupted,
    ];
    for (it, name) in faults.iter().zip(FAULTS) {
        let failed = shown(&of(Event::Failed(failure(*it))));
        assert_eq!(failed[1], format!("failures{{fault={name}}} +1"));
        let about = About { comment: true, fault: Some(*it), ..About::default() };
        let rested = Record { at: Timestamp(0), took_ms: 10_000, event: Event::Rested };
        let rested = shown(&increments(&rested, &about));
        assert_eq!(rested[1], format!("retries{{fault={name}}} +1"));
        let ended = Record { at: Timestamp(0), took_ms: 0, event: Event::Cancelled };
        assert!(shown(&increments(&ended, &about))[0].starts_with("jobs{kind=comment"));
    }
}

#[test]
fn what_is_counted_stands_in_the_table_with_the_same_labels() {
    let mut all = events().into_iter().flat_map(of).collect::<Vec<_>>();
    all.extend(outcomes().into_iter().flat_map(|it| of(Event::Ended(it))));
    let fix = Request::Fix { complaint: red(Check::Lint) };
    all.extend(of(Event::Attempted(turn(fix, TurnOutcome::NoChange))));
    for increment in all {
        let (family, labels) = match increment {
            Increment::Add { family, labels, .. } | Increment::Observe { family, labels, .. } => {
                (family, labels)
            }
        };
        let known = FAMILIES.iter().find(|it| it.name == family).unwrap();
        assert_eq!(labels.iter().map(|it| it.0).collect::<Vec<_>>(), known.labels, "{family}");
    }
}
