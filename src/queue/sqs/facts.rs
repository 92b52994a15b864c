//! What `doctor` wants to know about a queue, and the command that mends each weakness.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;

use super::dead_letters::RedrivePolicy;
use super::{SqsQueue, client};
use crate::queue::QueueError;

/// A lease is renewed this often before it ends, so a few renewals may fail.
const HEARTBEATS_PER_LEASE: u32 = 5;

/// Each hand-back is another receipt, so a low limit buries healthy tasks while workers restart.
const GOOD_MAX_RECEIVES: u32 = 20;

/// How a queue is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqsFacts {
    /// The queue's own visibility timeout. The worker asks for its own with each receive.
    pub visibility: Duration,
    /// After how many receipts a message goes to the dead letters. `None`: it never does.
    pub max_receives: Option<u32>,
    /// The ARN of the dead-letter queue.
    pub dead_letters: Option<String>,
    /// Whether messages are encrypted where they are kept.
    pub encrypted: bool,
    /// What is weak about it.
    pub warnings: Vec<SqsWarning>,
}

/// A weakness, and what to type about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqsWarning {
    /// What is weak, and what comes of it.
    pub problem: String,
    /// The commands that mend it.
    pub command: String,
}

impl SqsQueue {
    /// Asks the queue how it is set up.
    ///
    /// # Errors
    /// When it cannot be asked: no such queue, no permission, no network.
    pub async fn attributes(&self) -> Result<SqsFacts, QueueError> {
        let names = [
            QueueAttributeName::VisibilityTimeout,
            QueueAttributeName::RedrivePolicy,
            QueueAttributeName::SqsManagedSseEnabled,
            QueueAttributeName::KmsMasterKeyId,
            QueueAttributeName::QueueArn,
        ];
        let request = self
            .client
            .get_queue_attributes()
            .queue_url(self.address.url())
            .set_attribute_names(Some(names.to_vec()));
        let answer = client::short(request.send())
            .await
            .map_err(|failed| failed.explain("GetQueueAttributes", &self.address))?;
        Ok(self.facts(&answer.attributes.unwrap_or_default()))
    }

    fn facts(&self, all: &HashMap<QueueAttributeName, String>) -> SqsFacts {
        let text = |name| all.get(&name).map(String::as_str).unwrap_or_default();
        let seconds = text(QueueAttributeName::VisibilityTimeout).parse().unwrap_or(30);
        let policy = RedrivePolicy::parse(text(QueueAttributeName::RedrivePolicy));
        let mut facts = SqsFacts {
            visibility: Duration::from_secs(seconds),
            max_receives: policy.as_ref().map(|policy| policy.max_receives),
            dead_letters: policy.map(|policy| policy.target),
            encrypted: text(QueueAttributeName::SqsManagedSseEnabled) == "true"
                || !text(QueueAttributeName::KmsMasterKeyId).is_empty(),
            warnings: Vec::new(),
        };
        facts.warnings = self.warnings(&facts, text(QueueAttributeName::QueueArn));
        facts
    }

    fn warnings(&self, facts: &SqsFacts, arn: &str) -> Vec<SqsWarning> {
        let mut warnings = Vec::new();
        let mut warn = |problem: String, command: String| {
            warnings.push(SqsWarning { problem, command });
        };
        let least = self.lease / HEARTBEATS_PER_LEASE * 3;
        if facts.visibility < least {
            warn(
                format!(
                    "its visibility timeout of {} s is less than three heartbeats ({} s): what \
                     another program receives comes back while it is still worked on",
                    facts.visibility.as_secs(),
                    least.as_secs()
                ),
                self.set_attributes(&format!("VisibilityTimeout={}", self.lease.as_secs())),
            );
        }
        match (&facts.dead_letters, facts.max_receives) {
            (Some(target), Some(count)) if count < 5 => warn(
                format!(
                    "its maxReceiveCount is {count}: each restart of a worker is another receipt, \
                     so healthy tasks end as dead letters; take 5 at least, better {GOOD_MAX_RECEIVES}"
                ),
                self.set_redrive_policy(target),
            ),
            (Some(_), _) => {}
            (None, _) => {
                let name = format!("{}-dead", self.address.name());
                let target = match arn.rsplit_once(':') {
                    Some((prefix, _)) => format!("{prefix}:{name}"),
                    None => format!("ARN-OF-{name}"),
                };
                warn(
                    "it has no dead-letter queue: what cannot be worked on comes back for ever, \
                     and its reason is not kept"
                        .to_owned(),
                    format!(
                        "aws sqs create-queue{} --queue-name {name} --attributes \
                         MessageRetentionPeriod=1209600 && {}",
                        self.region_option(),
                        self.set_redrive_policy(&target)
                    ),
                );
            }
        }
        if !facts.encrypted {
            warn(
                "its messages are not encrypted where they are kept".to_owned(),
                self.set_attributes("SqsManagedSseEnabled=true"),
            );
        }
        warnings
    }

    fn set_redrive_policy(&self, target: &str) -> String {
        let policy = format!(
            r#"{{\"deadLetterTargetArn\":\"{target}\",\"maxReceiveCount\":\"{GOOD_MAX_RECEIVES}\"}}"#
        );
        self.set_attributes(&format!(r#"'{{"RedrivePolicy":"{policy}"}}'"#))
    }

    fn set_attributes(&self, attributes: &str) -> String {
        format!(
            "aws sqs set-queue-attributes{} --queue-url {} --attributes {attributes}",
            self.region_option(),
            self.address.url()
        )
    }

    fn region_option(&self) -> String {
        self.address.region().map(|region| format!(" --region {region}")).unwrap_or_default()
    }
}
