//! The one SDK client: its settings, its limits, and how a call ends.

use std::future::Future;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::receive_message::ReceiveMessageOutput;
use aws_sdk_sqs::operation::receive_message::builders::ReceiveMessageFluentBuilder;
use aws_types::service_config::ServiceConfigKey;

use super::failed::{Failed, chain};
use crate::queue::QueueError;

/// A poll is open for up to 20 s, so it gets more than the other calls.
const POLL: Limits = Limits { attempt: Duration::from_secs(30), whole: Duration::from_secs(35) };
const SHORT: Limits = Limits { attempt: Duration::from_secs(5), whole: Duration::from_secs(20) };

/// On top of the SDK's own limits, which a call has been seen to outlive (aws-sdk-rust#1094).
const BRACES: Duration = Duration::from_secs(5);

/// How long the SDK's chain may look for credentials: a machine's role is asked for by network.
const CREDENTIALS: Duration = Duration::from_secs(20);

struct Limits {
    attempt: Duration,
    whole: Duration,
}

impl Limits {
    fn config(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.whole)
            .build()
    }
}

/// The behaviour that we know, whatever the SDK's newest release does.
fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// Reads the SDK's own chain; a region given here goes before it.
pub(super) async fn sdk_config(region: Option<String>) -> SdkConfig {
    let loader = aws_config::defaults(behavior());
    match region {
        Some(region) => loader.region(Region::new(region)).load().await,
        None => loader.load().await,
    }
}

/// The endpoint that the SDK's chain names for SQS, or for everything.
pub(super) fn chosen_endpoint(sdk: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id("SQS")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    let own = sdk.service_config().and_then(|config| config.load_config(key));
    own.or_else(|| sdk.endpoint_url().map(str::to_owned))
}

pub(super) async fn client(
    sdk: &SdkConfig,
    endpoint: Option<String>,
) -> Result<Client, QueueError> {
    find_credentials(sdk).await?;
    if sdk.region().is_none() {
        return Err(QueueError::Refused(
            "no AWS region is known: set sqs.region in the configuration, or AWS_REGION".into(),
        ));
    }
    let mut config = Builder::from(sdk)
        .behavior_version(behavior())
        .timeout_config(SHORT.config())
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        // It takes a long poll that has nothing to say for a stalled one (aws-sdk-rust#1148).
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    config.set_endpoint_url(endpoint);
    Ok(Client::from_conf(config.build()))
}

/// Looks once, so that a machine without credentials hears of it at the start, and in words.
async fn find_credentials(sdk: &SdkConfig) -> Result<(), QueueError> {
    let Some(provider) = sdk.credentials_provider() else {
        return Err(no_credentials());
    };
    match tokio::time::timeout(CREDENTIALS, provider.provide_credentials()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(CredentialsError::CredentialsNotLoaded(_))) => Err(no_credentials()),
        Ok(Err(error @ CredentialsError::InvalidConfiguration(_))) => Err(QueueError::Refused(
            format!("the AWS configuration is wrong: {}; see ~/.aws/config", chain(&error)),
        )),
        // The chain's last resort is the role of a machine in EC2; where that door is shut, there
        // was nothing before it either.
        Ok(Err(error)) if chain(&error).contains("IMDS is disabled") => Err(no_credentials()),
        Ok(Err(error)) => Err(QueueError::Unavailable(format!(
            "the AWS credentials could not be had: {}; if you sign in by SSO, type `aws sso login`",
            chain(&error)
        ))),
        Err(_) => Err(QueueError::Unavailable(format!(
            "the AWS credentials could not be had in {} s",
            CREDENTIALS.as_secs()
        ))),
    }
}

pub(super) fn no_credentials() -> QueueError {
    QueueError::Refused(
        "no AWS credentials were found: type `aws configure` (or `aws sso login`), or set \
         AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or leave sqs.queue_url \
         empty to use the embedded queue"
            .into(),
    )
}

/// Waits for a long poll. One try: the next poll is the next try.
pub(super) async fn poll(
    request: ReceiveMessageFluentBuilder,
) -> Result<ReceiveMessageOutput, Failed> {
    let settings = aws_sdk_sqs::Config::builder()
        .timeout_config(POLL.config())
        .retry_config(RetryConfig::disabled());
    within(&POLL, request.customize().config_override(settings).send()).await
}

/// Waits for any other call.
pub(super) async fn short<T, E>(
    call: impl Future<Output = Result<T, SdkError<E>>>,
) -> Result<T, Failed>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    within(&SHORT, call).await
}

async fn within<T, E>(
    limits: &Limits,
    call: impl Future<Output = Result<T, SdkError<E>>>,
) -> Result<T, Failed>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let limit = limits.whole + BRACES;
    match tokio::time::timeout(limit, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Failed::from_sdk(&error)),
        Err(_) => Err(Failed::unanswered(limit)),
    }
}
