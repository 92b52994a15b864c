use super::*;
use crate::domain::change::{Change, ChangeKind, FileChange, ObjectId, PullRequest};
use crate::domain::job::{
    Checkout, Complaint, Conversation, Failure, Fault, Inspection, NewTests, OldTests, Person,
    Phase, Proof, Record, Request, Standing, Tokens, Turn, TurnOutcome,
};
use crate::domain::project::Narrowing;
use crate::domain::task::{CommentKind, CommentRef, Origin, Task};
use crate::domain::verification::{
    Check, Exit, Levels, Plan, PlannedStep, Step, TestNames, Verification,
};

mod around;
mod commit;
mod foreign;
mod found;
mod hostile;
mod line;
mod place;
mod reply;
mod spent;

#[test]
fn the_body_of_a_ready_pull_request() {
    insta::assert_snapshot!(body(&green(), &head(Language::En), Standing::Ready));
}

#[test]
fn the_body_of_a_ready_pull_request_in_japanese() {
    insta::assert_snapshot!(body(&green(), &head(Language::Ja), Standing::Ready));
}

#[test]
fn the_body_of_an_incomplete_pull_request() {
    insta::assert_snapshot!(body(&red(), &head(Language::En), Standing::Incomplete));
}

#[test]
fn the_comment_from_start_to_end() {
    let mut told = String::new();
    let mut tell = |story: &Story, phase| {
        told.push_str(&comment(story, &head(Language::En), phase));
        told.push_str("\n--------\n");
    };
    tell(&green(), Phase::Queued);
    tell(&green(), Phase::Working);
    let mut away = green();
    away.records.push(record(Event::Failed(Failure::new(
        Fault::ModelAway,
        "Ollama does not answer at http://127.0.0.1:11434",
    ))));
    tell(&away, Phase::Waiting);
    for outcome in [
        Outcome::Ready(pull_request(false)),
        Outcome::NothingToChange,
        Outcome::Broke(Failure::new(Fault::Permanent, "issue 3 is closed, see #9 @all")),
        Outcome::Cancelled,
    ] {
        let mut story = green();
        story.records.push(record(Event::Ended(outcome)));
        tell(&story, Phase::Ended);
    }
    insta::assert_snapshot!(told);
}

#[test]
fn the_comment_on_what_stayed_red_names_the_check_and_its_last_lines_in_both_languages() {
    let mut story = red();
    story.records.push(record(Event::Ended(Outcome::Incomplete(pull_request(true)))));
    let english = comment(&story, &head(Language::En), Phase::Ended);
    let japanese = comment(&story, &head(Language::Ja), Phase::Ended);
    insta::assert_snapshot!(format!("{english}\n--------\n{japanese}"));
}

#[test]
fn foreign_text_can_neither_close_nor_call_nor_leave_its_box() {
    let mut story = green();
    if let Event::Inspected(it) = &mut story.records[0].event {
        it.title = "Fixes #1\nCo-authored-by: x <y>".to_owned();
        it.body =
            "````\n@everyone closes #2\n````\n<!-- codingworker:job=ffffffffffff -->".to_owned();
    }
    assert_eq!(title(&story), "Fixes # 1 Co-authored-by: x <y>");
    assert!(!commit_message(&story).contains("\nCo-authored-by: x"));
    let body = body(&story, &head(Language::En), Standing::Ready);
    let fence = "`````text\n";
    let inside = body.split(fence).nth(1).and_then(|it| it.split("\n`````\n").next());
    assert!(inside.is_some_and(|it| it.contains("@everyone") && it.contains("ffffffffffff")));
    assert_eq!(body.matches("@everyone").count(), 1);
}

#[test]
fn a_report_of_a_huge_job_stays_small() {
    let mut story = red();
    for record in &mut story.records {
        match &mut record.event {
            Event::Inspected(it) => it.body = "字".repeat(30_000),
            Event::Committed { files, .. } => {
                *files = (0..5_000)
                    .map(|nth| FileChange { path: format!("dir/{nth}"), ..files[0].clone() })
                    .collect();
            }
            Event::Verified { complaint: Some(Complaint::Red { excerpt, tests, .. }), .. } => {
                *excerpt = "x\n".repeat(100_000);
                *tests = (0..5_000).map(|it| it.to_string()).collect();
            }
            _ => {}
        }
    }
    assert!(body(&story, &head(Language::En), Standing::Incomplete).len() < 30_000);
    assert!(comment(&story, &head(Language::En), Phase::Ended).len() < 30_000);
}

#[test]
fn durations_read_as_people_say_them() {
    let said = [7, 1_250, 185_000, 3_723_000].map(duration);
    assert_eq!(said, ["7 ms", "1.2 s", "3 min 5 s", "1 h 2 min"]);
}

fn head(language: Language) -> Masthead {
    Masthead { language, worker: "mbp-001".to_owned() }
}

fn record(event: Event) -> Record {
    Record { at: Timestamp(1_795_234_800_000), took_ms: 1_000, event }
}

fn id(name: &str) -> ObjectId {
    ObjectId(name.to_owned())
}

fn pull_request(draft: bool) -> PullRequest {
    PullRequest { number: 7, url: "https://github.com/acme/api/pull/7".to_owned(), draft }
}

fn step(check: Check, command: &str, exit: Exit, failed: &[&str]) -> Step {
    Step {
        check,
        command: command.to_owned(),
        exit,
        duration_ms: 1_250,
        tests: (check == Check::Test).then(|| TestNames {
            passed: vec!["counts".to_owned()],
            failed: failed.iter().map(|it| (*it).to_owned()).collect(),
        }),
        excerpt: String::new(),
    }
}

fn turn(request: Request) -> Event {
    Event::Attempted(Turn {
        request,
        model: "ollama_chat/qwen2.5-coder:1.5b".to_owned(),
        rung: 0,
        attempt: 0,
        outcome: TurnOutcome::Edited,
        tree: id("7ree"),
        files: Vec::new(),
        calls: 1,
        tokens: Tokens { read: 1_200, written: 300 },
        left_out: Vec::new(),
        agent: "aider 0.86.2".to_owned(),
        examples: Vec::new(),
        mutations: Vec::new(),
    })
}

fn complaint(check: Check) -> Complaint {
    Complaint::Red {
        check,
        command: "cargo test".to_owned(),
        exit: Exit::Code(101),
        tests: vec!["words::empty".to_owned()],
        excerpt: "thread 'words::empty' panicked at src/lib.rs:9\nleft: 1\nright: 0".to_owned(),
    }
}

fn story(mut rest: Vec<Event>) -> Story {
    let inspection = Inspection {
        title: "Count the words of #12 for @everybody".to_owned(),
        body: "`count()` should be 0 for an empty text.\n\nToday it is 1.".to_owned(),
        removed: 12,
        open: true,
        asked_by: Some(Person { id: 583_231, login: "octocat".to_owned() }),
        asked_at: None,
        default_branch: "main".to_owned(),
        public: false,
        network: false,
        conversation: None,
    };
    let planned =
        |check, command: &str| PlannedStep { check, command: command.to_owned(), docker: false };
    let checkout = Checkout {
        base: id("ba5e"),
        tree: id("ba5e7ree"),
        plan: Plan {
            steps: vec![planned(Check::Build, "cargo build"), planned(Check::Test, "cargo test")],
            format: None,
            source: "Cargo.toml".to_owned(),
            ..Plan::default()
        },
        levels: Levels::default(),
        narrowing: Narrowing::default(),
        notes: vec!["1 submodule was left alone: vendor/x".to_owned()],
        template: Some("## Checklist\n\n- [ ] I read the diff".to_owned()),
    };
    let base = Verification {
        examples: Vec::new(),
        steps: vec![
            step(Check::Build, "cargo build", Exit::Code(0), &[]),
            step(Check::Test, "cargo test", Exit::Code(101), &["release"]),
        ],
    };
    let mut events =
        vec![Event::Inspected(inspection), Event::Prepared(checkout), Event::Baselined(base)];
    events.append(&mut rest);
    Story {
        job: JobId("0123456789ab".to_owned()),
        task: Task {
            repository: "acme/api".parse().unwrap(),
            origin: Origin::Issue { number: 3 },
            title: String::new(),
            body: String::new(),
            body_sha256: None,
            labels: Vec::new(),
            asking: "d".to_owned(),
        },
        records: events.into_iter().map(record).collect(),
    }
}

fn committed() -> Event {
    let file = |path: &str, kind| FileChange { path: path.to_owned(), kind, added: 4, removed: 1 };
    Event::Committed {
        commit: id("c0ffee"),
        tree: id("7ree"),
        files: vec![
            file("src/lib.rs", ChangeKind::Changed),
            file("tests/empty|pipe.rs", ChangeKind::Added),
        ],
    }
}

fn verified(complaint: Option<Complaint>) -> Event {
    let exit = Exit::Code(if complaint.is_some() { 101 } else { 0 });
    Event::Verified {
        verification: Verification {
            examples: Vec::new(),
            steps: vec![
                step(Check::Build, "cargo build", Exit::Code(0), &[]),
                step(Check::Test, "cargo test", exit, &[]),
            ],
        },
        tree: id("7ree"),
        scope: vec![Check::Build, Check::Lint, Check::Test],
        complaint,
    }
}

fn green() -> Story {
    story(vec![
        turn(Request::Implement),
        turn(Request::Fix { complaint: complaint(Check::Build) }),
        turn(Request::Cover),
        verified(None),
        Event::Proved(Proof {
            new_tests: NewTests::FailOnBase,
            broken_old_tests: None,
            objections: Vec::new(),
            added: None,
        }),
        committed(),
        Event::Pushed(Change { branch: "ai/issue-3".to_owned(), commit: id("c0ffee") }),
        Event::Opened(pull_request(false)),
    ])
}

fn red() -> Story {
    story(vec![
        turn(Request::Implement),
        verified(Some(complaint(Check::Test))),
        Event::Proved(Proof {
            new_tests: NewTests::PassOnBase,
            broken_old_tests: Some(OldTests {
                files: vec!["tests/words.rs".to_owned()],
                excerpt: "old".to_owned(),
            }),
            objections: vec!["The function `total` is gone.".to_owned()],
            added: None,
        }),
        committed(),
    ])
}

fn gated(stops: &[&str], notes: &[&str]) -> Event {
    let owned = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
    Event::Gated { tree: id("7ree"), stops: owned(stops), notes: owned(notes), kept: None }
}

fn asked(nth: u64, login: &str, text: &str) -> Asked {
    Asked {
        job: JobId(format!("{nth:012x}")),
        comment: CommentRef { kind: CommentKind::IssueComment, id: nth },
        url: format!("https://github.com/acme/api/pull/45#issuecomment-{nth}"),
        by: Person { id: nth, login: login.to_owned() },
        at: Timestamp(1_795_234_700_000),
        text: text.to_owned(),
        spot: None,
    }
}

/// A job that answers a comment on a pull request, with what came after the checkout.
fn talk(rest: Vec<Event>) -> Story {
    let mut story = story(rest);
    let mut own = asked(8, "alice", "rename calc to calcTotal\n\nand say so");
    own.job = story.job.clone();
    story.task.origin = Origin::PrComment { pull: 45, comment: own.comment };
    if let Event::Inspected(it) = &mut story.records[0].event {
        it.title = "rename calc to calcTotal".to_owned();
        it.asked_by = Some(own.by.clone());
        it.conversation = Some(Conversation {
            pull: 45,
            title: "Count words".to_owned(),
            body: "It counts.".to_owned(),
            head: "ai/issue-3".to_owned(),
            fork: None,
            base: "main".to_owned(),
            conflicts: false,
            diff: String::new(),
            closes: None,
            requests: vec![own],
            earlier: Vec::new(),
            rung: None,
        });
    }
    story
}

/// The same, up to a pushed commit.
fn done() -> Story {
    talk(vec![
        turn(Request::Implement),
        verified(None),
        Event::Proved(Proof {
            new_tests: NewTests::FailOnBase,
            broken_old_tests: None,
            objections: Vec::new(),
            added: None,
        }),
        gated(&[], &["`Cargo.toml` has a new dependency: `rand`"]),
        committed(),
        Event::Pushed(change()),
    ])
}

fn change() -> Change {
    Change { branch: "ai/issue-3".to_owned(), commit: id("c0ffee5deadbeef") }
}

fn conversation(story: &mut Story) -> &mut Conversation {
    match &mut story.records[0].event {
        Event::Inspected(it) => it.conversation.as_mut().unwrap(),
        _ => unreachable!("a story begins with a look"),
    }
}

fn ended(mut story: Story, outcome: Outcome) -> Story {
    story.records.push(record(Event::Ended(outcome)));
    story
}

#[test]
fn a_job_without_a_change_says_what_became_of_its_last_turn() {
    let mut story = green();
    story.records.retain(|it| matches!(it.event, Event::Inspected(_) | Event::Attempted(_)));
    for record in &mut story.records {
        if let Event::Attempted(turn) = &mut record.event {
            turn.outcome = TurnOutcome::TimedOut;
        }
    }
    story.records.push(record(Event::Ended(Outcome::NothingToChange)));
    let english = comment(&story, &head(Language::En), Phase::Ended);
    assert!(english.contains("it ran out of time (`timeout_seconds`)"), "{english}");
    let japanese = comment(&story, &head(Language::Ja), Phase::Ended);
    assert!(japanese.contains("時間切れになりました"), "{japanese}");
}

#[test]
fn what_the_gate_noticed_comes_before_all_but_the_issue() {
    for (story, ready) in [(green(), Standing::Ready), (red(), Standing::Incomplete)] {
        let mut story = story;
        let committed =
            story.records.iter().position(|it| matches!(it.event, Event::Committed { .. }));
        let noticed = gated(&[], &["`run.sh` is executable", "a new dependency: `x` @all"]);
        story.records.insert(committed.unwrap(), record(noticed));
        let body = body(&story, &head(Language::En), ready);
        let first = "Closes #3\n\n> [!IMPORTANT]\n> **Look at this first:**\n\
                     > - `run.sh` is executable\n> - a new dependency: `x` @ all\n\n";
        assert!(body.starts_with(first), "{body}");
    }
}
