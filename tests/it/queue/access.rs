//! What keeps us from SQS before anything is sent.

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_sqs::config::SharedCredentialsProvider;
use codingworker::queue::QueueError;
use codingworker::queue::sqs::SqsQueue;

use super::sqs::{WISH, options, sdk};

#[tokio::test]
async fn without_credentials_it_says_what_to_type() {
    let shut =
        "failed to load IMDS session token: IMDS is disabled or the caller has no permission";
    let none = SdkConfig::builder().region(Region::new("us-east-1")).build();
    for bare in [
        none.clone(),
        lacking(&none, || CredentialsError::not_loaded("no provider had any")),
        lacking(&none, move || CredentialsError::provider_error(shut)),
    ] {
        let refused = SqsQueue::from_config(bare, options(TASKS, WISH)).await.unwrap_err();
        assert!(matches!(refused, QueueError::Refused(_)), "{refused}");
        assert!(refused.to_string().contains("aws configure"), "{refused}");
    }
}

#[tokio::test]
async fn a_sign_in_that_ran_out_passes_once_somebody_signs_in() {
    let none = SdkConfig::builder().region(Region::new("us-east-1")).build();
    let expired = lacking(&none, || CredentialsError::provider_error("the token has expired"));
    let away = SqsQueue::from_config(expired, options(TASKS, WISH)).await.unwrap_err();
    assert!(matches!(away, QueueError::Unavailable(_)), "{away}");
    assert!(away.to_string().contains("aws sso login"), "{away}");
}

const TASKS: &str = "https://sqs.us-east-1.amazonaws.com/1/tasks";

/// Settings whose credentials cannot be had.
fn lacking(
    sdk: &SdkConfig,
    error: impl Fn() -> CredentialsError + Send + Sync + 'static,
) -> SdkConfig {
    let provider = SharedCredentialsProvider::new(Lacking(Box::new(error)));
    sdk.to_builder().credentials_provider(provider).build()
}

struct Lacking(Box<dyn Fn() -> CredentialsError + Send + Sync>);

impl std::fmt::Debug for Lacking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lacking")
    }
}

impl ProvideCredentials for Lacking {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err((self.0)()))
    }
}

#[tokio::test]
async fn plain_http_to_another_machine_is_refused_before_anything_is_sent() {
    let mut options = options(TASKS, WISH);
    for (chain, option) in [
        ("http://sqs.example.com", None),
        ("http://127.0.0.1:1", Some("http://sqs.example.com".to_owned())),
    ] {
        options.endpoint = option;
        let refused = SqsQueue::from_config(sdk(chain), options.clone()).await.unwrap_err();
        assert!(refused.to_string().contains("plain http"), "{refused}");
    }
}
