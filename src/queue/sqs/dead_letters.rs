//! The dead-letter queue: what goes there, what lies there, and how it comes back.
//!
//! A message gets there by SQS's own redrive policy, when it was received too often, or by us,
//! with two attributes: `reason` and `message_id`, by which the job's journal knows it.
//! Here, too, a message is put where it goes before it is deleted where it was: a second copy
//! does no harm, a lost one does.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageAttributeValue,
    MessageSystemAttributeName, QueueAttributeName,
};

use super::failed::Failed;
use super::{SqsQueue, client};
use crate::queue::{DeadLetter, QueueError, Receipt};

const REASON: &str = "reason";
const MESSAGE_ID: &str = "message_id";

/// A reason is for people, and counts towards the message's size.
const LONGEST_REASON: usize = 1024;

/// How many dead letters are shown.
const MOST_SHOWN: usize = 100;

/// How long a dead letter is hidden while we look at it. Should we die meanwhile, it is back then.
const LOOK: Duration = Duration::from_secs(60);

/// How long we look at most: well within `LOOK`, so that we see no message twice.
const PATIENCE: Duration = Duration::from_secs(45);

/// The queue's dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeadLetterQueue {
    pub(super) url: String,
    pub(super) max_receives: u32,
}

/// The part of a queue's redrive policy that matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RedrivePolicy {
    pub(super) target: String,
    pub(super) max_receives: u32,
}

impl RedrivePolicy {
    /// Reads the attribute's JSON, in which the number may be a string.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let policy: serde_json::Value = serde_json::from_str(text).ok()?;
        let target = policy.get("deadLetterTargetArn")?.as_str()?.to_owned();
        let count = policy.get("maxReceiveCount")?;
        let max_receives = count.as_u64().or_else(|| count.as_str()?.parse().ok())?;
        Some(Self { target, max_receives: u32::try_from(max_receives).ok()? })
    }

    /// Account and name in `arn:aws:sqs:REGION:ACCOUNT:NAME`.
    fn account_and_name(&self) -> Option<(&str, &str)> {
        match self.target.split(':').collect::<Vec<_>>().as_slice() {
            ["arn", _, "sqs", _, account, name] => Some((account, name)),
            _ => None,
        }
    }
}

/// A dead letter in our hands.
struct Found {
    letter: DeadLetter,
    sent_ms: u64,
    handle: String,
}

impl SqsQueue {
    /// Looked up once, when first needed. Not having one is not remembered: it may be made.
    pub(super) async fn dead_letter_queue(&self) -> Result<&DeadLetterQueue, QueueError> {
        self.dead_letters.get_or_try_init(|| self.find_dead_letter_queue()).await
    }

    async fn find_dead_letter_queue(&self) -> Result<DeadLetterQueue, QueueError> {
        let request = self
            .client
            .get_queue_attributes()
            .queue_url(self.address.url())
            .attribute_names(QueueAttributeName::RedrivePolicy);
        let answer = client::short(request.send())
            .await
            .map_err(|failed| failed.explain("GetQueueAttributes", &self.address))?;
        let text = answer.attributes().and_then(|all| all.get(&QueueAttributeName::RedrivePolicy));
        let policy = text.and_then(|text| RedrivePolicy::parse(text));
        let Some(policy) = policy else { return Err(self.no_dead_letter_queue()) };
        let Some((account, name)) = policy.account_and_name() else {
            return Err(self.no_dead_letter_queue());
        };
        let request =
            self.client.get_queue_url().queue_name(name).queue_owner_aws_account_id(account);
        let answer = client::short(request.send())
            .await
            .map_err(|failed| failed.explain("GetQueueUrl", &self.address))?;
        let url = answer.queue_url.ok_or_else(|| self.no_dead_letter_queue())?;
        Ok(DeadLetterQueue { url, max_receives: policy.max_receives })
    }

    fn no_dead_letter_queue(&self) -> QueueError {
        QueueError::Refused(format!(
            "queue `{}` has no dead-letter queue, so there is no place for what cannot be worked \
             on: type `codingworker doctor`, which shows the commands that make one",
            self.address.name()
        ))
    }

    pub(super) async fn bury(&self, receipt: &Receipt, reason: &str) -> Result<(), QueueError> {
        let dead = self.dead_letter_queue().await.inspect_err(|error| {
            tracing::error!(message = receipt.id, %error, "a message could not be buried");
        })?;
        // Makes sure that it is still ours: a delivery that is settled already, or is out to
        // somebody else, must not leave a second dead letter.
        match self.hide(receipt, super::seconds_up(self.lease)).await {
            Ok(()) => {}
            Err(failed) if failed.is_stale_handle() => return Ok(()),
            Err(failed) if failed.is_twelve_hour_cap() => {}
            Err(failed) => return Err(failed.explain("ChangeMessageVisibility", &self.address)),
        }
        match self.send_dead_letter(dead, receipt, Some(reason)).await {
            // The body alone may fit where body and reason do not.
            Err(failed) if failed.is_too_long() => {
                tracing::warn!(message = receipt.id, reason, "buried without its reason: no room");
                self.send_dead_letter(dead, receipt, None).await
            }
            sent => sent,
        }
        .map_err(|failed| failed.explain("SendMessage (dead letters)", &self.address))
        .inspect_err(|error| {
            tracing::error!(message = receipt.id, %error, "a message could not be buried");
        })?;
        self.delete(receipt).await
    }

    async fn send_dead_letter(
        &self,
        dead: &DeadLetterQueue,
        receipt: &Receipt,
        reason: Option<&str>,
    ) -> Result<(), Failed> {
        let mut request =
            self.client.send_message().queue_url(&dead.url).message_body(&receipt.body);
        if let Some(reason) = reason {
            request = request
                .message_attributes(REASON, text_attribute(&presentable(reason)))
                .message_attributes(MESSAGE_ID, text_attribute(&receipt.id));
        }
        client::short(request.send()).await.map(drop)
    }

    pub(super) async fn read_dead_letters(&self) -> Result<Vec<DeadLetter>, QueueError> {
        let dead = self.dead_letter_queue().await?;
        let (mut handles, mut found) = (Vec::new(), Vec::<Found>::new());
        let started = tokio::time::Instant::now();
        let mut seen = HashSet::new();
        let outcome = loop {
            if found.len() >= MOST_SHOWN || started.elapsed() > PATIENCE {
                break Ok(());
            }
            match self.take_dead_letters(dead).await {
                Ok(batch) if batch.is_empty() => break Ok(()),
                Ok(batch) => {
                    handles.extend(batch.iter().map(|it| it.handle.clone()));
                    found.extend(batch.into_iter().filter(|it| seen.insert(it.letter.id.clone())));
                }
                Err(error) => break Err(error),
            }
        };
        self.show_again(dead, handles).await;
        outcome?;
        found.sort_by_key(|it| it.sent_ms);
        found.truncate(MOST_SHOWN);
        Ok(found.into_iter().map(|it| it.letter).collect())
    }

    pub(super) async fn send_back(&self, ids: &[String]) -> Result<usize, QueueError> {
        let dead = self.dead_letter_queue().await?;
        let names = [QueueAttributeName::ApproximateNumberOfMessages];
        let [count] = self
            .counts(&dead.url, names)
            .await
            .map_err(|failed| failed.explain("GetQueueAttributes", &self.address))?;
        // What is buried again while we are at it must not go round for ever.
        let most = if ids.is_empty() { count.max(10) as usize } else { ids.len() };
        let (mut handles, mut sent) = (Vec::new(), HashSet::new());
        let started = tokio::time::Instant::now();
        let outcome = loop {
            if sent.len() >= most || started.elapsed() > PATIENCE {
                break Ok(());
            }
            let batch = match self.take_dead_letters(dead).await {
                Ok(batch) if batch.is_empty() => break Ok(()),
                Ok(batch) => batch,
                Err(error) => break Err(error),
            };
            let (wanted, others): (Vec<_>, Vec<_>) =
                batch.into_iter().partition(|it| ids.is_empty() || ids.contains(&it.letter.id));
            handles.extend(others.into_iter().map(|it| it.handle));
            if let Err(error) = self.send_back_batch(dead, wanted, &mut sent).await {
                break Err(error);
            }
        };
        self.show_again(dead, handles).await;
        outcome.map(|()| sent.len())
    }

    async fn send_back_batch(
        &self,
        dead: &DeadLetterQueue,
        wanted: Vec<Found>,
        sent: &mut HashSet<String>,
    ) -> Result<(), QueueError> {
        for found in wanted {
            if !sent.contains(&found.letter.id) {
                let request = self
                    .client
                    .send_message()
                    .queue_url(self.address.url())
                    .message_body(&found.letter.body);
                client::short(request.send())
                    .await
                    .map_err(|failed| failed.explain("SendMessage", &self.address))?;
                sent.insert(found.letter.id);
            }
            let request =
                self.client.delete_message().queue_url(&dead.url).receipt_handle(found.handle);
            match client::short(request.send()).await {
                Ok(_) => {}
                Err(failed) if failed.is_stale_handle() => {}
                Err(failed) => {
                    return Err(failed.explain("DeleteMessage (dead letters)", &self.address));
                }
            }
        }
        Ok(())
    }

    /// Up to ten dead letters, hidden from others for a moment. Waits a second, since a poll that
    /// does not wait asks only some of SQS's servers.
    async fn take_dead_letters(&self, dead: &DeadLetterQueue) -> Result<Vec<Found>, QueueError> {
        let request = self
            .client
            .receive_message()
            .queue_url(&dead.url)
            .max_number_of_messages(10)
            .wait_time_seconds(1)
            .visibility_timeout(LOOK.as_secs() as i32)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_attribute_names(REASON)
            .message_attribute_names(MESSAGE_ID);
        let answer = client::poll(request)
            .await
            .map_err(|failed| failed.explain("ReceiveMessage (dead letters)", &self.address))?;
        let messages = answer.messages.unwrap_or_default().into_iter();
        Ok(messages.filter_map(|message| found(message, dead.max_receives)).collect())
    }

    /// Gives back what we only looked at. Not worth failing for: it comes back by itself.
    async fn show_again(&self, dead: &DeadLetterQueue, handles: Vec<String>) {
        for handles in handles.chunks(10) {
            let entries = handles.iter().enumerate().filter_map(|(n, handle)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(n.to_string())
                    .receipt_handle(handle)
                    .visibility_timeout(0)
                    .build()
                    .ok()
            });
            let request = self
                .client
                .change_message_visibility_batch()
                .queue_url(&dead.url)
                .set_entries(Some(entries.collect()));
            if let Err(failed) = client::short(request.send()).await {
                tracing::warn!(
                    ?failed,
                    "dead letters that were looked at stay hidden for up to {} s",
                    LOOK.as_secs()
                );
            }
        }
    }
}

fn found(message: Message, max_receives: u32) -> Option<Found> {
    let attribute = |name: &str| {
        let value = message.message_attributes()?.get(name)?;
        value.string_value().map(str::to_owned)
    };
    let reason = attribute(REASON)
        .unwrap_or_else(|| format!("received {max_receives} times without being settled"));
    let id = attribute(MESSAGE_ID).or_else(|| message.message_id.clone())?;
    let sent_ms = message
        .attributes()
        .and_then(|all| all.get(&MessageSystemAttributeName::SentTimestamp))
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let letter = DeadLetter { id, body: message.body.unwrap_or_default(), reason };
    Some(Found { letter, sent_ms, handle: message.receipt_handle? })
}

/// An attribute's value cannot be empty, and holds only the characters that a body may hold.
fn presentable(reason: &str) -> String {
    let mut text: String = reason
        .chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' => c,
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
            c => c,
        })
        .collect();
    let end = text.floor_char_boundary(LONGEST_REASON);
    text.truncate(end);
    if text.trim().is_empty() { "no reason was given".to_owned() } else { text }
}

fn text_attribute(text: &str) -> MessageAttributeValue {
    let value = MessageAttributeValue::builder().data_type("String").string_value(text).build();
    // Building fails only without a data type.
    value.unwrap_or_else(|error| unreachable!("a data type is set: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redrive_policy_is_read_with_its_number_in_either_form() {
        let arn = "arn:aws:sqs:eu-west-1:123456789012:tasks-dead";
        for count in ["20", "\"20\""] {
            let text = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{count}}}"#);
            let policy = RedrivePolicy::parse(&text).unwrap();
            assert_eq!(policy.max_receives, 20);
            assert_eq!(policy.account_and_name(), Some(("123456789012", "tasks-dead")));
        }
        assert_eq!(RedrivePolicy::parse("{}"), None);
        assert_eq!(RedrivePolicy::parse("no JSON"), None);
    }

    #[test]
    fn a_reason_is_made_fit_for_an_attribute() {
        assert_eq!(presentable("bad\u{1} JSON\tat 1"), "bad\u{fffd} JSON\tat 1");
        assert_eq!(presentable("  "), "no reason was given");
        let long = presentable(&"字".repeat(1000));
        assert_eq!(long, "字".repeat(341));
    }
}
