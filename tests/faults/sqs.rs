//! SQS, as the emulator plays it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sqs::types::QueueAttributeName;
use codingworker::queue::sqs::{SqsOptions, SqsQueue};
use serde_json::json;

use crate::setup::Emulator;

/// A queue with dead letters, and what a worker's environment has to say so that it gets there.
pub(crate) async fn queue() -> (SqsQueue, String, BTreeMap<String, String>) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let emulator = tokio::task::spawn_blocking(Emulator::shared).await.unwrap();
    let number = COUNT.fetch_add(1, Ordering::SeqCst);
    let client = aws_sdk_sqs::Client::new(&sdk(emulator));
    let dead = format!("faults-{number}-dead");
    client.create_queue().queue_name(&dead).send().await.unwrap();
    let policy = json!({
        "deadLetterTargetArn": format!("arn:aws:sqs:us-east-1:000000000000:{dead}"),
        "maxReceiveCount": "20",
    });
    let create = client.create_queue().queue_name(format!("faults-{number}"));
    let create = create.attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
    let queue_url = create.send().await.unwrap().queue_url.unwrap();
    let options = SqsOptions {
        queue_url: queue_url.clone(),
        region: None,
        wait_time: Duration::from_secs(1),
        visibility: Duration::from_secs(30),
        endpoint: None,
    };
    let env = [
        ("AWS_ENDPOINT_URL_SQS", emulator.endpoint().as_str()),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let queue = SqsQueue::from_config(sdk(emulator), options).await.unwrap();
    (queue, queue_url, env.into())
}

fn sdk(emulator: &Emulator) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(emulator.endpoint())
        .build()
}
