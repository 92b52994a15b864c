//! What a target repository copies, judged as GitHub would run it: the script is taken out of the
//! shipped workflow and run by bash, with the real jq and a stand-in for `aws`.

#![cfg(target_os = "linux")] // The workflows run there, and the limits below are its kernel's.

use std::time::Instant;

use codingworker::domain::task::{CommentKind, Origin};
use codingworker::engine::authority::{body_digest, is_another_body};
use codingworker::engine::intake;
use serde_json::{Value, json};

mod corpus;
mod install;
mod runner;
mod shape;
mod whole;

use runner::{Runner, Sent, script};

/// What a queue takes at most since 2025, in bytes; ours is the default of before.
const SQS_LIMIT: usize = 1 << 20;
/// References and a digest are small, whatever the text is.
const SMALL: usize = 16 << 10;

/// The event of a label, as GitHub writes it.
fn labelled(number: u64, title: &Value, body: &Value, labels: &[String]) -> Value {
    let labels: Vec<_> = labels.iter().map(|it| json!({"id": 1, "name": it})).collect();
    json!({
        "action": "labeled",
        "label": {"id": 1, "name": "ai-task"},
        "issue": {
            "number": number, "title": title, "body": body, "labels": labels,
            "user": {"login": "octocat", "id": 583_231, "type": "User"},
            "updated_at": "2026-05-04T03:02:01Z",
        },
        "repository": {"id": 1_296_269, "full_name": "octo-org/hello.world"},
        "sender": {"login": "octocat", "id": 583_231, "type": "User"},
    })
}

/// The event of a comment in the conversation of a pull request.
fn said(number: u64, body: &Value, labels: &[String]) -> Value {
    let labels: Vec<_> = labels.iter().map(|it| json!({"id": 1, "name": it})).collect();
    let author = json!({"login": "octocat", "id": 583_231, "type": "User"});
    json!({
        "action": "created",
        "issue": {"number": number, "labels": labels, "title": body, "pull_request": {"url": "x"}},
        "comment": {
            "id": 4_123_456_789_u64 + number, "body": body, "user": author,
            "created_at": "2026-05-04T03:02:01Z",
        },
        "repository": {"id": 1_296_269, "full_name": "octo-org/hello.world"},
        "sender": author,
    })
}

/// What holds of every run, whatever was in the event.
fn one_good_message(runner: &Runner, event: &Value, what: &str) -> Sent {
    let sent = runner.run(event);
    assert!(sent.ok, "{what}: the script failed: {}", sent.printed);
    assert_eq!(sent.calls.len(), 1, "{what}: {:?}", sent.calls);
    assert_eq!(
        sent.calls[0],
        format!(
            "sqs send-message --queue-url {} --message-body file://{}/codingworker.json --query \
             MessageId --output text",
            runner::QUEUE,
            runner.temp().display()
        ),
        "{what}: argv holds more than what the workflow itself says"
    );
    let message = &sent.messages[0];
    assert!(message.len() <= SMALL && message.len() < SQS_LIMIT, "{what}: {}", message.len());
    assert!(message.is_ascii(), "{what}: SQS may refuse {message}");
    assert_eq!(message.matches('\n').count(), 1, "{what}: more than one line");
    assert!(sent.canaries.is_empty(), "{what}: something was run: {:?}", sent.canaries);
    assert!(runner::commands(&sent.printed).is_empty(), "{what}: printed {}", sent.printed);
    let expected = format!("as message {}.\n", runner::MESSAGE_ID);
    assert!(sent.printed.ends_with(&expected), "{what}: {}", sent.printed);
    assert_eq!(sent.printed.lines().count(), 1, "{what}: {}", sent.printed);
    sent
}

#[test]
fn whatever_an_issue_says_it_is_one_small_message() {
    let corpus = corpus::all();
    assert!(corpus.len() >= 200, "only {} cases", corpus.len());
    let started = Instant::now();
    let failed = runner::in_parallel(
        &corpus,
        |runner, index, case| {
            let number = index as u64 + 1;
            let event = labelled(number, &case.title, &case.body, &case.labels);
            let sent = one_good_message(runner, &event, case.what);
            let task = intake::task(&sent.messages[0], "m").unwrap();
            assert_eq!(task.origin, Origin::Issue { number }, "{}", case.what);
            assert_eq!(task.repository.to_string(), "octo-org/hello.world");
            assert_eq!(task.asking, "run-4711", "the same for every try of one run");
            assert_eq!((task.title.as_str(), task.body.as_str()), ("", ""), "{}", case.what);
            assert!(intake::unknown_keys(&sent.messages[0]).is_empty());
            let body = runner::as_read(&case.body);
            assert!(!is_another_body(&task, &body), "{}: both sides differ", case.what);
            assert!(is_another_body(&task, &format!("{body}.")), "{}", case.what);
        },
        &script("ai-task.yml"),
    );
    assert_eq!(failed, [""; 0]);
    println!("{} issues in {:.1?}", corpus.len(), started.elapsed());
}

#[test]
fn whatever_a_comment_says_it_is_one_small_message() {
    // The other script is the same but for a few words: what was put together is not tried again.
    let corpus = corpus::by_hand();
    let started = Instant::now();
    let failed = runner::in_parallel(
        &corpus,
        |runner, index, case| {
            let number = index as u64 + 1;
            let body = match &case.body {
                Value::String(it) => json!(format!("@ai-fix {it}")),
                _ => json!("@ai-fix"),
            };
            let event = said(number, &body, &case.labels);
            let sent = one_good_message(runner, &event, case.what);
            let task = intake::task(&sent.messages[0], "m").unwrap();
            let Origin::PrComment { pull, comment } = task.origin else { panic!("{}", case.what) };
            assert_eq!((pull, comment.kind), (number, CommentKind::IssueComment), "{}", case.what);
            assert_eq!(comment.id, 4_123_456_789 + number);
            assert_eq!(task.body, "", "{}", case.what);
            assert!(intake::unknown_keys(&sent.messages[0]).is_empty());
            assert!(!is_another_body(&task, &runner::as_read(&body)), "{}", case.what);
        },
        &script("ai-fix.yml"),
    );
    assert_eq!(failed, [""; 0]);
    println!("{} comments in {:.1?}", corpus.len(), started.elapsed());
}

#[test]
fn a_stop_is_known_from_the_message_and_in_our_words_alone() {
    let runner = Runner::new(&script("ai-fix.yml"));
    for (body, sent) in [
        ("@ai-fix stop", "@ai-fix stop"),
        ("@AI-Fix:  Stop!\r\n", "@ai-fix stop"),
        ("@ai-fix status.", "@ai-fix status"),
        ("@ai-fix stop using unwrap", ""),
        ("@ai-fix stop\nand do not", ""),
        ("@ai-fix stopx", ""),
        ("x @ai-fix stop", ""),
    ] {
        let event = said(3, &json!(body), &[]);
        let message = one_good_message(&runner, &event, body).messages.remove(0);
        assert_eq!(intake::task(&message, "m").unwrap().body, sent, "{body:?}");
    }
}

#[test]
fn an_event_that_is_none_sends_nothing_and_repeats_nothing() {
    for workflow in ["ai-task.yml", "ai-fix.yml"] {
        let runner = Runner::new(&script(workflow));
        for event in ["", "{", "[1]", "\"::add-mask::x\"", "{\"issue\": \"##[group]x\"}", "nul"] {
            let sent = runner.run_text(event.as_bytes());
            assert!(sent.calls.is_empty() || !sent.ok, "{workflow} sent {event}");
            assert!(sent.messages.is_empty(), "{workflow} sent {event}: {:?}", sent.messages);
            let printed = runner::commands(&sent.printed);
            assert_eq!(
                printed,
                ["::error::this event could not be made into a task; nothing was sent"],
                "{workflow}: {event}"
            );
        }
    }
}

#[test]
fn a_queue_that_refuses_fails_the_run() {
    let runner = Runner::new(&script("ai-task.yml"));
    let sent = runner.refusing(&labelled(1, &json!("t"), &json!("b"), &[]));
    assert!(!sent.ok, "{}", sent.printed);
    assert!(!sent.printed.contains("is on the queue"), "{}", sent.printed);
}

/// The control: what the corpus does to a workflow that puts the text where programs are.
#[test]
fn a_workflow_that_pastes_the_text_is_taken_over_and_has_no_room_for_long_ones() {
    let pasted = r#"
        MESSAGE='{"type": "issue", "title": "'${{ github.event.issue.title }}'"}'
        aws sqs send-message --queue-url "$QUEUE_URL" --message-body "$MESSAGE"
        echo "Sent: ${{ github.event.issue.title }}"
    "#;
    let mut fired = 0;
    let mut commanded = 0;
    for case in corpus::by_hand() {
        let Some(title) = case.title.as_str() else { continue };
        if title.len() > 1000 || title.contains('\0') {
            continue;
        }
        // As GitHub does it: before any shell sees it.
        let runner = Runner::new(&pasted.replace("${{ github.event.issue.title }}", title));
        let sent = runner.run(&json!({}));
        fired += usize::from(!sent.canaries.is_empty());
        commanded += usize::from(!runner::commands(&sent.printed).is_empty());
    }
    assert!(fired >= 8, "the corpus has lost its bite: {fired} titles did something");
    assert!(commanded >= 2, "{commanded} titles gave GitHub a command");

    let by_environment = r#"
        MESSAGE=$(jq --null-input --compact-output --arg body "$(jq -r .issue.body "$GITHUB_EVENT_PATH")" '{$body}')
        aws sqs send-message --queue-url "$QUEUE_URL" --message-body "$MESSAGE"
    "#;
    let long = json!("あ".repeat(65_536));
    let sent = Runner::new(by_environment).run(&labelled(1, &json!("t"), &long, &[]));
    assert!(!sent.ok && sent.messages.is_empty(), "the kernel takes arguments of any length now");
}

#[test]
fn the_digest_is_of_the_text_and_not_of_its_line_ends() {
    let runner = Runner::new(&script("ai-task.yml"));
    let digest = |body: &str| {
        let sent = runner.run(&labelled(1, &json!("t"), &json!(body), &[]));
        let message: Value = serde_json::from_str(&sent.messages[0]).unwrap();
        message["body_sha256"].as_str().unwrap().to_owned()
    };
    // Known from elsewhere: `printf '' | sha256sum` and `printf 'a\nb' | sha256sum`.
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!((digest("").as_str(), body_digest("").as_str()), (empty, empty));
    let lines = "7e18f737311b2dc3b2f269dd78396b0351f14fb66efa879f768cb23181883c78";
    assert_eq!(digest("a\nb"), lines);
    assert_eq!(digest("a\r\nb"), digest("a\nb"));
    assert_eq!(digest("a\r\nb"), body_digest("a\nb"));
    assert_ne!(digest("a\n\nb"), digest("a\nb"));
    // Two ways to write the same letter are two texts.
    assert_ne!(digest("\u{e9}"), digest("e\u{301}"));
}
