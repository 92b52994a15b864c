use serde_json::{Value, json};

use super::*;
use crate::domain::job::{JobId, Record};
use crate::domain::task::{CommentKind, CommentRef, Task};

fn story(origin: Origin, events: &[Value]) -> Story {
    let record = |event: &Value| -> Record {
        serde_json::from_value(json!({"at": 1, "took_ms": 1, "event": event})).unwrap()
    };
    Story {
        job: JobId("0123456789ab".to_owned()),
        task: Task {
            repository: "Acme/Api".parse().unwrap(),
            origin,
            title: String::new(),
            body: String::new(),
            body_sha256: None,
            labels: Vec::new(),
            asking: "a".to_owned(),
        },
        records: events.iter().map(record).collect(),
    }
}

fn issue(events: &[Value]) -> Option<Case> {
    case(&story(Origin::Issue { number: 7 }, events))
}

fn turn(request: Value, model: &str) -> Value {
    json!({"event": "attempted", "of": {"request": request, "model": model, "rung": 0,
        "outcome": {"kind": "edited"}, "tree": "a", "files": [], "calls": 1,
        "tokens": {"read": 1, "written": 1}, "left_out": [], "agent": "aider"}})
}

fn implement() -> Value {
    turn(json!({"kind": "implement"}), "small")
}

fn fix(model: &str) -> Value {
    turn(json!({"kind": "fix", "complaint": {"kind": "unusable", "reason": "cut off"}}), model)
}

fn cover() -> Value {
    turn(json!({"kind": "cover"}), "small")
}

fn opened(kind: &str) -> Vec<Value> {
    let pull = json!({"number": 8, "url": "https://example.com/8", "draft": kind != "ready"});
    let mut ended = pull.clone();
    ended["kind"] = kind.into();
    vec![json!({"event": "opened", "of": pull}), json!({"event": "ended", "of": ended})]
}

fn after(turns: &[Value], end: &[Value]) -> Vec<Value> {
    [turns, end].concat()
}

#[test]
fn a_job_is_solved_at_once_when_the_first_answer_was_ready() {
    let case = issue(&after(&[implement(), cover()], &opened("ready"))).unwrap();
    assert_eq!(
        case,
        Case {
            repository: "acme/api".to_owned(),
            model: "small".to_owned(),
            kind: Kind::Issue,
            solved: Solved::AtOnce,
            pull: Some(8),
        }
    );
}

#[test]
fn a_job_that_took_more_answers_counts_for_the_model_that_had_the_last() {
    let case = issue(&after(&[implement(), fix("small"), fix("big")], &opened("ready"))).unwrap();
    assert_eq!((case.solved, case.model.as_str()), (Solved::Later, "big"));
}

#[test]
fn a_draft_is_never_solved_and_its_pull_request_is_followed() {
    let case = issue(&after(&[implement()], &opened("incomplete"))).unwrap();
    assert_eq!((case.solved, case.pull), (Solved::Never, Some(8)));
    let gave_up = json!({"event": "ended", "of": {"kind": "gave_up"}});
    let case = issue(&after(&[implement(), fix("small")], &[gave_up])).unwrap();
    assert_eq!((case.solved, case.pull), (Solved::Never, None));
}

#[test]
fn what_no_model_was_asked_for_or_nobody_waited_for_does_not_count() {
    let broke = json!({"event": "ended", "of": {"kind": "broke", "fault": "permanent",
        "message": "no", "retry_after_ms": null}});
    assert_eq!(issue(&[broke]), None);
    assert_eq!(issue(&[implement()]), None, "it goes on");
    assert_eq!(issue(&[implement(), json!({"event": "cancelled"})]), None);
}

#[test]
fn a_request_on_a_pull_request_is_followed_there() {
    let comment = CommentRef { kind: CommentKind::IssueComment, id: 1 };
    let origin = Origin::PrComment { pull: 45, comment };
    let change = json!({"branch": "b", "commit": "c"});
    for (ready, solved) in [(true, Solved::AtOnce), (false, Solved::Never)] {
        let ended =
            json!({"event": "ended", "of": {"kind": "updated", "change": change, "ready": ready}});
        let case = case(&story(origin.clone(), &[implement(), ended])).unwrap();
        assert_eq!((case.kind, case.solved, case.pull), (Kind::PullRequest, solved, Some(45)));
    }
}

#[test]
fn cases_are_counted_by_repository_model_and_kind_with_what_became_of_them() {
    let of = |repository: &str, model: &str, solved, pull| Case {
        repository: repository.to_owned(),
        model: model.to_owned(),
        kind: Kind::Issue,
        solved,
        pull,
    };
    let cases = [
        of("acme/api", "small", Solved::AtOnce, Some(1)),
        of("acme/api", "small", Solved::Later, Some(2)),
        of("acme/api", "small", Solved::Never, Some(3)),
        of("acme/api", "small", Solved::Never, None),
        of("acme/api", "big", Solved::AtOnce, Some(4)),
        of("acme/web", "small", Solved::AtOnce, Some(1)),
        Case { kind: Kind::PullRequest, ..of("acme/web", "small", Solved::AtOnce, Some(1)) },
    ];
    let fate = |repository: &str, number: u64| match (repository, number) {
        ("acme/api", 1) => Some(Fate::Merged),
        ("acme/api", 2) => Some(Fate::Closed),
        ("acme/web", 1) => Some(Fate::Open),
        // Nobody knows of the rest: nothing was seen of it yet.
        _ => None,
    };
    let rows = rows(&cases, fate);
    let heads: Vec<_> = rows.iter().map(|it| (&*it.repository, &*it.model, it.kind)).collect();
    assert_eq!(
        heads,
        [
            ("acme/api", "big", Kind::Issue),
            ("acme/api", "small", Kind::Issue),
            ("acme/web", "small", Kind::Issue),
            ("acme/web", "small", Kind::PullRequest),
        ]
    );
    let small = Counts {
        jobs: 4,
        at_once: 1,
        after_more_attempts: 1,
        never: 2,
        merged: 1,
        closed: 1,
        open: 1,
    };
    assert_eq!(rows[1].counts, small);
    let all = rows.iter().fold(Counts::default(), |sum, it| sum.plus(&it.counts));
    assert_eq!((all.jobs, all.at_once, all.merged, all.closed, all.open), (7, 4, 1, 1, 4));
}
