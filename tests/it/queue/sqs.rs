//! SQS over its real protocol: queues on the emulator, and what a script makes SQS say.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sqs::types::QueueAttributeName;
use codingworker::queue::sqs::{SqsOptions, SqsQueue};
use codingworker::queue::{QueueError, Receipt, Settlement, TaskQueue};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::scripted_sqs::{Answer, ScriptedSqs};
use crate::contract::queue::Wish;
use crate::setup::Emulator;

/// Settings as the SDK's chain would make them, with credentials that open nothing.
pub(super) fn sdk(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .build()
}

pub(super) fn options(queue_url: &str, wish: Wish) -> SqsOptions {
    SqsOptions {
        queue_url: queue_url.to_owned(),
        region: None,
        wait_time: wish.wait,
        visibility: wish.lease,
        endpoint: None,
    }
}

/// Creates a queue of a new name on the shared emulator, as an operator would.
async fn create(attributes: &[(QueueAttributeName, &str)]) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("queue-{}", COUNT.fetch_add(1, Ordering::SeqCst));
    let client = Client::new(&sdk(&Emulator::shared().endpoint()));
    let mut request = client.create_queue().queue_name(name);
    for (key, value) in attributes {
        request = request.attributes(key.clone(), *value);
    }
    request.send().await.unwrap().queue_url.unwrap()
}

async fn create_with_dead_letters(max_receives: u32) -> String {
    let dead = create(&[]).await;
    let name = dead.rsplit('/').next().unwrap();
    let policy = json!({
        "deadLetterTargetArn": format!("arn:aws:sqs:us-east-1:000000000000:{name}"),
        "maxReceiveCount": max_receives.to_string(),
    });
    create(&[(QueueAttributeName::RedrivePolicy, &policy.to_string())]).await
}

async fn connect(url: &str, wish: Wish) -> SqsQueue {
    SqsQueue::from_config(sdk(&Emulator::shared().endpoint()), options(url, wish)).await.unwrap()
}

/// An empty queue with dead letters, on the emulator.
pub(super) async fn queue(wish: Wish) -> Arc<SqsQueue> {
    let url = create_with_dead_letters(wish.max_receives).await;
    Arc::new(connect(&url, wish).await)
}

pub(super) const WISH: Wish =
    Wish { lease: Duration::from_secs(300), wait: Duration::from_secs(1), max_receives: 20 };
/// What the worker asks for unless its configuration says otherwise.
const DEFAULTS: Wish = Wish { wait: Duration::from_secs(20), ..WISH };

fn receipt() -> Receipt {
    Receipt { id: "m1".into(), handle: "h1".into(), body: "{}".into(), asked_at: None }
}

fn bury() -> Settlement {
    Settlement::Bury { reason: "not JSON".into() }
}

/// Why an open poll is never dropped (and the control for the contract's clause on stopping).
#[tokio::test]
async fn a_poll_that_is_dropped_swallows_a_message() {
    let url = create_with_dead_letters(20).await;
    let client = Client::new(&sdk(&Emulator::shared().endpoint()));
    let poll = client.receive_message().queue_url(&url).wait_time_seconds(3).visibility_timeout(60);
    let dropped = tokio::time::timeout(Duration::from_millis(500), poll.send()).await;
    assert!(dropped.is_err(), "the poll was open when it was dropped");
    let queue = connect(&url, WISH).await;
    queue.submit("swallowed").await.unwrap();
    let began = Instant::now();
    while queue.depth().await.unwrap().in_flight == 0 {
        assert!(began.elapsed() < Duration::from_secs(10), "SQS went on with the dropped poll");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn without_dead_letters_nothing_is_buried_and_nothing_is_deleted() {
    let queue = connect(&create(&[]).await, WISH).await;
    queue.submit("no task").await.unwrap();
    let delivery = queue.receive(1, &CancellationToken::new()).await.unwrap().remove(0);
    let refused = queue.settle(&delivery.receipt, bury()).await.unwrap_err();
    assert!(matches!(refused, QueueError::Refused(_)));
    assert!(refused.to_string().contains("codingworker doctor"), "{refused}");
    assert_eq!(queue.depth().await.unwrap().in_flight, 1, "it is still there");
    assert_eq!(queue.depth().await.unwrap().dead, None);
    assert!(matches!(queue.dead().await, Err(QueueError::Refused(_))));
    assert!(matches!(queue.redrive(&[]).await, Err(QueueError::Refused(_))));
}

#[tokio::test]
async fn a_weak_queue_is_told_how_to_mend() {
    let url = create(&[
        (QueueAttributeName::VisibilityTimeout, "30"),
        (QueueAttributeName::SqsManagedSseEnabled, "false"),
    ])
    .await;
    let facts = connect(&url, WISH).await.attributes().await.unwrap();
    assert_eq!(facts.visibility, Duration::from_secs(30));
    assert_eq!((facts.max_receives, facts.dead_letters, facts.encrypted), (None, None, false));
    let name = url.rsplit('/').next().unwrap();
    let commands: Vec<_> = facts.warnings.into_iter().map(|it| it.command).collect();
    assert_eq!(
        commands,
        [
            format!(
                "aws sqs set-queue-attributes --queue-url {url} --attributes VisibilityTimeout=300"
            ),
            format!(
                "aws sqs create-queue --queue-name {name}-dead --attributes \
                 MessageRetentionPeriod=1209600 && aws sqs set-queue-attributes --queue-url {url} \
                 --attributes '{{\"RedrivePolicy\":\"{{\\\"deadLetterTargetArn\\\":\
                 \\\"arn:aws:sqs:us-east-1:000000000000:{name}-dead\\\",\
                 \\\"maxReceiveCount\\\":\\\"20\\\"}}\"}}'"
            ),
            format!(
                "aws sqs set-queue-attributes --queue-url {url} --attributes \
                 SqsManagedSseEnabled=true"
            ),
        ]
    );
}

#[tokio::test]
async fn a_strong_queue_is_left_in_peace() {
    let dead = create(&[]).await;
    let name = dead.rsplit('/').next().unwrap();
    let arn = format!("arn:aws:sqs:us-east-1:000000000000:{name}");
    let policy = |count: u32| json!({"deadLetterTargetArn": arn, "maxReceiveCount": count});
    let strong = [
        (QueueAttributeName::VisibilityTimeout, "300"),
        (QueueAttributeName::SqsManagedSseEnabled, "true"),
        (QueueAttributeName::RedrivePolicy, &*policy(20).to_string()),
    ];
    let facts = connect(&create(&strong).await, WISH).await.attributes().await.unwrap();
    assert_eq!(facts.warnings, []);
    assert_eq!((facts.max_receives, facts.dead_letters), (Some(20), Some(arn.clone())));
    let hasty = [(QueueAttributeName::RedrivePolicy, &*policy(2).to_string())];
    let facts = connect(&create(&hasty).await, WISH).await.attributes().await.unwrap();
    assert!(facts.warnings.iter().any(|it| it.problem.contains("maxReceiveCount is 2")));
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_said_so() {
    let url = format!("{}/000000000000/nowhere", Emulator::shared().endpoint());
    let refused = connect(&url, WISH).await.depth().await.unwrap_err();
    assert!(matches!(refused, QueueError::Refused(_)), "{refused}");
    assert!(refused.to_string().contains("there is no queue"), "{refused}");
}

#[tokio::test]
async fn an_emulator_is_found_by_the_queue_url_alone() {
    let bare = SdkConfig::builder()
        .region(Region::new("us-east-1"))
        .credentials_provider(sdk("").credentials_provider().unwrap())
        .build();
    let queue = SqsQueue::from_config(bare, options(&create(&[]).await, WISH)).await.unwrap();
    assert_eq!(queue.depth().await.unwrap().waiting, 0);
}

#[tokio::test]
async fn an_idle_poll_is_one_request_that_waits_for_20_seconds() {
    let server = ScriptedSqs::start(|_, _| Answer::Ok(json!({}))).await;
    let queue = server.queue(sdk, DEFAULTS).await;
    assert!(queue.receive(99, &CancellationToken::new()).await.unwrap().is_empty());
    let calls = server.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let (operation, body) = &calls[0];
    assert_eq!(operation, "ReceiveMessage");
    assert_eq!(body["WaitTimeSeconds"], 20);
    assert_eq!(body["VisibilityTimeout"], 300);
    assert_eq!(body["MaxNumberOfMessages"], 10);
}

#[tokio::test]
async fn a_message_is_put_among_the_dead_before_it_is_deleted() {
    let server = ScriptedSqs::start(dead_letters_that_take_all).await;
    let queue = server.queue(sdk, WISH).await;
    queue.settle(&receipt(), bury()).await.unwrap();
    assert_eq!(
        server.operations(),
        [
            "GetQueueAttributes",
            "GetQueueUrl",
            "ChangeMessageVisibility",
            "SendMessage",
            "DeleteMessage"
        ]
    );
    queue.settle(&receipt(), bury()).await.unwrap();
    assert_eq!(server.calls().len(), 8, "the dead-letter queue is looked up once");
}

#[tokio::test]
async fn a_reason_holds_only_what_sqs_takes() {
    let server = ScriptedSqs::start(dead_letters_that_take_all).await;
    let queue = server.queue(sdk, WISH).await;
    for (reason, sent) in [
        ("bad \0 byte".to_owned(), "bad \u{fffd} byte".to_owned()),
        (String::new(), "no reason was given".to_owned()),
        ("é".repeat(1000), "é".repeat(512)),
    ] {
        queue.settle(&receipt(), Settlement::Bury { reason }).await.unwrap();
        let calls = server.calls();
        let (_, letter) = calls.iter().rfind(|(name, _)| name == "SendMessage").unwrap();
        assert_eq!(letter["MessageAttributes"]["reason"]["StringValue"], sent);
        assert_eq!(letter["MessageAttributes"]["message_id"]["StringValue"], "m1");
    }
}

#[tokio::test]
async fn what_the_dead_letters_do_not_take_is_not_deleted() {
    let server = ScriptedSqs::start(|operation, body| match operation {
        "SendMessage" => Answer::Error(403, "AccessDenied", "no"),
        _ => dead_letters_that_take_all(operation, body),
    })
    .await;
    let queue = server.queue(sdk, WISH).await;
    let refused = queue.settle(&receipt(), bury()).await.unwrap_err();
    assert!(matches!(refused, QueueError::Refused(_)), "{refused}");
    assert!(!server.operations().contains(&"DeleteMessage".to_owned()));
}

#[tokio::test]
async fn a_body_that_leaves_no_room_for_a_reason_is_buried_without() {
    let server = ScriptedSqs::start(|operation, body| match operation {
        "SendMessage" if body.get("MessageAttributes").is_some() => Answer::Error(
            400,
            "InvalidParameterValue",
            "One or more parameters are invalid. Reason: Message must be shorter than 262144 bytes.",
        ),
        _ => dead_letters_that_take_all(operation, body),
    })
    .await;
    let queue = server.queue(sdk, WISH).await;
    queue.settle(&receipt(), bury()).await.unwrap();
    assert_eq!(server.operations().last().unwrap(), "DeleteMessage");
}

fn dead_letters_that_take_all(operation: &str, _: &serde_json::Value) -> Answer {
    Answer::Ok(match operation {
        "GetQueueAttributes" => json!({"Attributes": {"RedrivePolicy":
            r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:dead","maxReceiveCount":5}"#}}),
        "GetQueueUrl" => json!({"QueueUrl": "http://127.0.0.1/1/dead"}),
        "SendMessage" => json!({"MessageId": "m2", "MD5OfMessageBody": "unread"}),
        _ => json!({}),
    })
}

#[tokio::test]
async fn a_lease_that_sqs_does_not_extend_is_lost() {
    for (code, message) in [
        ("ReceiptHandleIsInvalid", "The input receipt handle is invalid."),
        ("MessageNotInflight", ""),
        (
            "InvalidParameterValue",
            "Value h1 for parameter ReceiptHandle is invalid. Reason: Message does not exist or is \
             not available for visibility timeout change.",
        ),
        (
            "InvalidParameterValue",
            "Value 300 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout \
             for the message is beyond the limit [43200 seconds]",
        ),
    ] {
        let server = ScriptedSqs::start(move |_, _| Answer::Error(400, code, message)).await;
        let queue = server.queue(sdk, WISH).await;
        let lost = queue.extend(&receipt()).await;
        assert!(matches!(lost, Err(QueueError::LeaseLost)), "{code} {message}: {lost:?}");
        let returned = queue.settle(&receipt(), Settlement::Return(Duration::ZERO)).await;
        assert!(returned.is_ok(), "giving back what is gone is fine: {returned:?}");
    }
}

#[tokio::test]
async fn a_short_call_is_tried_three_times_and_a_poll_once() {
    let server = ScriptedSqs::start(|_, _| Answer::Error(503, "ServiceUnavailable", "busy")).await;
    let queue = server.queue(sdk, WISH).await;
    let polled = queue.receive(1, &CancellationToken::new()).await;
    assert!(matches!(polled, Err(QueueError::Unavailable(_))), "{polled:?}");
    assert_eq!(server.calls().len(), 1);
    let extended = queue.extend(&receipt()).await;
    assert!(matches!(extended, Err(QueueError::Unavailable(_))), "{extended:?}");
    assert_eq!(server.calls().len(), 4);
}

/// Under a paused clock, which jumps to the next timer: that there is one is what is shown.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_never_answered_ends() {
    let server = ScriptedSqs::start(|_, _| Answer::Silence).await;
    let queue = server.queue(sdk, DEFAULTS).await;
    let began = tokio::time::Instant::now();
    let polled = queue.receive(1, &CancellationToken::new()).await;
    assert!(matches!(polled, Err(QueueError::Unavailable(_))), "{polled:?}");
    assert!(began.elapsed() <= Duration::from_secs(40), "{:?}", began.elapsed());
    let began = tokio::time::Instant::now();
    let extended = queue.extend(&receipt()).await;
    assert!(matches!(extended, Err(QueueError::Unavailable(_))), "{extended:?}");
    assert!(began.elapsed() <= Duration::from_secs(25), "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_address_where_nobody_answers_is_unavailable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}/1/tasks");
    let queue = SqsQueue::from_config(sdk(&format!("http://{free}")), options(&url, WISH));
    let polled = queue.await.unwrap().receive(1, &CancellationToken::new()).await;
    assert!(matches!(polled, Err(QueueError::Unavailable(_))), "{polled:?}");
}
