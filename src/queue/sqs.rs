//! The queue room's way to AWS SQS.
//!
//! SQS keeps the lease as a *visibility timeout*: a received message is hidden for that long, and
//! comes back when nobody deletes it. It gives no fencing and delivers more than once, so whoever
//! consumes from here must know a task again; this room only never loses one.
//!
//! A call is tried three times here (`client.rs`), but for receiving, where the next poll is the
//! next try. Callers may wait and ask again; they need no fast retry of their own.

use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::queue::{DeadLetter, Delivery, Depth, QueueError, Receipt, Settlement, TaskQueue};

mod address;
mod client;
mod dead_letters;
mod facts;
mod failed;

use address::Address;
use dead_letters::DeadLetterQueue;
use failed::Failed;

pub use facts::{SqsFacts, SqsWarning};

/// The largest task that goes in, in bytes (the contract's limit; SQS itself may take more).
const LARGEST_BODY: usize = 256 * 1024;

/// SQS hides a message for no longer than twelve hours, counted from its receipt.
const LONGEST_LEASE: Duration = Duration::from_secs(43_200);

/// SQS keeps a poll open for no longer.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Which queue, and how it is used. Everything else comes from the AWS SDK's own chain:
/// `AWS_PROFILE`, `AWS_ENDPOINT_URL_SQS`, `~/.aws`, the machine's role, …
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqsOptions {
    /// The queue's address, as AWS shows it.
    pub queue_url: String,
    /// The region, where the address does not name one. `None`: the SDK's own.
    pub region: Option<String>,
    /// How long a poll stays open when nothing is there; 20 seconds at most.
    pub wait_time: Duration,
    /// The lease: how long a delivery is ours before it must be extended.
    pub visibility: Duration,
    /// Where SQS answers, in place of what the SDK's chain says.
    pub endpoint: Option<String>,
}

/// A task queue on AWS SQS.
#[derive(Debug)]
pub struct SqsQueue {
    client: Client,
    address: Address,
    wait: Duration,
    lease: Duration,
    dead_letters: OnceCell<DeadLetterQueue>,
}

impl SqsQueue {
    /// Reads the SDK's own chain of settings and makes a queue of them. Finds the credentials,
    /// but asks nothing of the queue yet.
    ///
    /// # Errors
    /// When the options make no sense, plain `http` would leave this machine, or there are no
    /// credentials.
    pub async fn connect(options: SqsOptions) -> Result<Self, QueueError> {
        let address = Address::parse(&options.queue_url)?;
        let region = address.region().map(str::to_owned).or_else(|| options.region.clone());
        Self::from_config(client::sdk_config(region).await, options).await
    }

    /// The same with settings that are read already. Its region and endpoint are used as they
    /// are, but that `options.endpoint` goes before the endpoint.
    ///
    /// # Errors
    /// As [`SqsQueue::connect`].
    pub async fn from_config(sdk: SdkConfig, options: SqsOptions) -> Result<Self, QueueError> {
        let address = Address::parse(&options.queue_url)?;
        let wait = whole_seconds("sqs.wait_time_seconds", options.wait_time, 0, LONGEST_WAIT)?;
        let lease = whole_seconds("sqs.visibility_timeout", options.visibility, 1, LONGEST_LEASE)?;
        let endpoint = address.endpoint(options.endpoint, client::chosen_endpoint(&sdk))?;
        let client = client::client(&sdk, endpoint).await?;
        Ok(Self { client, address, wait, lease, dead_letters: OnceCell::new() })
    }

    /// Changes how long the delivery stays hidden, from now.
    async fn hide(&self, receipt: &Receipt, seconds: i32) -> Result<(), Failed> {
        let request = self
            .client
            .change_message_visibility()
            .queue_url(self.address.url())
            .receipt_handle(&receipt.handle)
            .visibility_timeout(seconds);
        client::short(request.send()).await.map(drop)
    }

    async fn delete(&self, receipt: &Receipt) -> Result<(), QueueError> {
        let request = self
            .client
            .delete_message()
            .queue_url(self.address.url())
            .receipt_handle(&receipt.handle);
        match client::short(request.send()).await {
            Ok(_) => Ok(()),
            Err(failed) if failed.is_stale_handle() => Ok(()),
            Err(failed) => Err(failed.explain("DeleteMessage", &self.address)),
        }
    }

    async fn give_back(&self, receipt: &Receipt, after: Duration) -> Result<(), QueueError> {
        match self.hide(receipt, seconds_up(after.min(LONGEST_LEASE))).await {
            Ok(()) => Ok(()),
            Err(failed) if failed.is_stale_handle() => Ok(()),
            // So long after the receipt SQS hides it no further than the twelve hours: it comes
            // back by itself when the lease that it has now ends.
            Err(failed) if failed.is_twelve_hour_cap() => {
                tracing::warn!(
                    message = receipt.id,
                    "SQS hides a message for 12 hours at most: it comes back sooner than asked"
                );
                Ok(())
            }
            Err(failed) => Err(failed.explain("ChangeMessageVisibility", &self.address)),
        }
    }

    /// The numbers that SQS keeps about a queue, by name; a missing one is 0.
    async fn counts<const N: usize>(
        &self,
        url: &str,
        names: [QueueAttributeName; N],
    ) -> Result<[u64; N], Failed> {
        let request = self
            .client
            .get_queue_attributes()
            .queue_url(url)
            .set_attribute_names(Some(names.to_vec()));
        let answer = client::short(request.send()).await?;
        Ok(names.map(|name| {
            let value = answer.attributes().and_then(|all| all.get(&name));
            value.and_then(|text| text.parse().ok()).unwrap_or(0)
        }))
    }

    /// How many dead letters there are, as far as we are allowed to know.
    async fn dead_count(&self) -> Result<Option<u64>, QueueError> {
        let dead = match self.dead_letter_queue().await {
            Ok(dead) => dead,
            Err(QueueError::Refused(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let names = [QueueAttributeName::ApproximateNumberOfMessages];
        match self.counts(&dead.url, names).await {
            Ok([count]) => Ok(Some(count)),
            Err(failed) => match failed.explain("GetQueueAttributes", &self.address) {
                QueueError::Refused(reason) => {
                    tracing::debug!(reason, "the dead letters cannot be counted");
                    Ok(None)
                }
                error => Err(error),
            },
        }
    }
}

#[async_trait]
impl TaskQueue for SqsQueue {
    /// Does not drop an open poll when `stop` is cancelled: SQS would go on with it, and hide
    /// for a whole lease what it then hands to nobody. So stopping can take one `wait_time`.
    async fn receive(
        &self,
        most: usize,
        stop: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        if stop.is_cancelled() {
            return Ok(Vec::new());
        }
        let request = self
            .client
            .receive_message()
            .queue_url(self.address.url())
            .max_number_of_messages(most.clamp(1, 10) as i32)
            .wait_time_seconds(seconds_up(self.wait))
            .visibility_timeout(seconds_up(self.lease))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        crate::fault::point("sqs.receive:before").await?;
        let answer = client::poll(request)
            .await
            .map_err(|failed| failed.explain("ReceiveMessage", &self.address))?;
        crate::fault::point("sqs.receive:after").await?;
        Ok(answer.messages.unwrap_or_default().into_iter().filter_map(delivery).collect())
    }

    async fn extend(&self, receipt: &Receipt) -> Result<(), QueueError> {
        crate::fault::point("sqs.extend:before").await?;
        let failed = match self.hide(receipt, seconds_up(self.lease)).await {
            Ok(()) => return Ok(crate::fault::point("sqs.extend:after").await?),
            Err(failed) => failed,
        };
        if failed.is_twelve_hour_cap() {
            tracing::warn!(
                message = receipt.id,
                "the delivery is 12 hours old, and SQS extends no lease beyond that"
            );
            return Err(QueueError::LeaseLost);
        }
        if failed.is_stale_handle() {
            return Err(QueueError::LeaseLost);
        }
        Err(failed.explain("ChangeMessageVisibility", &self.address))
    }

    async fn settle(&self, receipt: &Receipt, verdict: Settlement) -> Result<(), QueueError> {
        crate::fault::point("sqs.settle:before").await?;
        match verdict {
            Settlement::Done => self.delete(receipt).await,
            Settlement::Return(after) => self.give_back(receipt, after).await,
            Settlement::Bury { reason } => self.bury(receipt, &reason).await,
        }?;
        Ok(crate::fault::point("sqs.settle:after").await?)
    }

    async fn submit(&self, body: &str) -> Result<String, QueueError> {
        if body.is_empty() || body.len() > LARGEST_BODY {
            return Err(QueueError::Refused(format!(
                "a task has 1 to {LARGEST_BODY} bytes, and this one has {}: shorten its body",
                body.len()
            )));
        }
        crate::fault::point("sqs.submit:before").await?;
        let request = self.client.send_message().queue_url(self.address.url()).message_body(body);
        let answer = client::short(request.send())
            .await
            .map_err(|failed| failed.explain("SendMessage", &self.address))?;
        crate::fault::point("sqs.submit:after").await?;
        Ok(answer.message_id.unwrap_or_default())
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let [waiting, in_flight] = self
            .counts(self.address.url(), names)
            .await
            .map_err(|failed| failed.explain("GetQueueAttributes", &self.address))?;
        // SQS tells the age of the oldest message to CloudWatch alone.
        Ok(Depth { waiting, in_flight, oldest_seconds: None, dead: self.dead_count().await? })
    }

    async fn dead(&self) -> Result<Vec<DeadLetter>, QueueError> {
        self.read_dead_letters().await
    }

    async fn redrive(&self, ids: &[String]) -> Result<usize, QueueError> {
        self.send_back(ids).await
    }

    fn lease(&self) -> Duration {
        self.lease
    }

    fn longest_hold(&self) -> Option<Duration> {
        Some(LONGEST_LEASE)
    }
}

/// A message without id, handle or body cannot be worked on, nor settled.
fn delivery(message: Message) -> Option<Delivery> {
    let count = message
        .attributes()
        .and_then(|all| all.get(&MessageSystemAttributeName::ApproximateReceiveCount))
        .and_then(|text| text.parse().ok());
    let (Some(id), Some(handle), Some(body)) =
        (message.message_id, message.receipt_handle, message.body)
    else {
        tracing::warn!("SQS handed out a message without id, handle or body; left alone");
        return None;
    };
    Some(Delivery {
        id: id.clone(),
        body: body.clone(),
        deliveries: count.unwrap_or(1),
        receipt: Receipt { id, handle, body, asked_at: None },
    })
}

/// SQS counts in whole seconds; a part of one counts as one.
fn seconds_up(duration: Duration) -> i32 {
    let whole = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(whole).unwrap_or(i32::MAX)
}

fn whole_seconds(
    key: &str,
    value: Duration,
    least: u64,
    most: Duration,
) -> Result<Duration, QueueError> {
    let seconds = seconds_up(value) as u64;
    if (least..=most.as_secs()).contains(&seconds) {
        return Ok(Duration::from_secs(seconds));
    }
    Err(QueueError::Refused(format!(
        "{key} is {seconds}, and SQS takes {least} to {} seconds",
        most.as_secs()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_second_counts_as_one() {
        assert_eq!(seconds_up(Duration::ZERO), 0);
        assert_eq!(seconds_up(Duration::from_millis(1)), 1);
        assert_eq!(seconds_up(Duration::from_secs(300)), 300);
    }

    #[test]
    fn times_that_sqs_does_not_take_are_refused_by_the_name_of_their_key() {
        let long = whole_seconds("sqs.wait_time_seconds", Duration::from_secs(21), 0, LONGEST_WAIT);
        assert_eq!(
            long.unwrap_err().to_string(),
            "the queue refused: sqs.wait_time_seconds is 21, and SQS takes 0 to 20 seconds"
        );
        let none = whole_seconds("sqs.visibility_timeout", Duration::ZERO, 1, LONGEST_LEASE);
        assert!(none.is_err());
    }
}
