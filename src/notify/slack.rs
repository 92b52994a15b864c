//! Slack's incoming webhooks, and what speaks like them (Mattermost, Rocket.Chat).

use async_trait::async_trait;
use serde_json::json;

use super::{Channel, Guard, NotifyError, Parcel, WebAddress, Words, client};
use crate::engine::notice::inert;

/// Slack cuts what is longer than 40,000 characters; nobody reads even this much.
const MOST: usize = 3_000;

/// One webhook.
#[derive(Debug)]
pub struct Slack {
    guard: Guard,
    address: WebAddress,
    words: Words,
}

impl Slack {
    /// The webhook at this address.
    pub fn new(guard: Guard, address: WebAddress, words: Words) -> Self {
        Self { guard, address, words }
    }
}

#[async_trait]
impl Channel for Slack {
    async fn send(&self, parcel: &Parcel) -> Result<(), NotifyError> {
        let text = self.words.text(&parcel.notice, MOST, inert::slack, inert::slack_link);
        // Without any markup, names and links but our own.
        let body = json!({
            "text": text, "mrkdwn": false, "parse": "none", "link_names": false,
            "unfurl_links": false, "unfurl_media": false,
        });
        client::post(&self.guard, &self.address, &[], body.to_string(), parcel.at).await
    }
}
