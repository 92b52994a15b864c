//! Discord's webhooks.

use async_trait::async_trait;
use serde_json::json;

use super::{Channel, Guard, NotifyError, Parcel, WebAddress, Words, client};
use crate::engine::notice::{cut, inert};

/// Discord refuses a longer message. It may count characters as JavaScript does, by two for some.
const MOST: usize = 2_000;
/// Makes no previews of links.
const SUPPRESS_EMBEDS: u32 = 1 << 2;

/// One webhook.
#[derive(Debug)]
pub struct Discord {
    guard: Guard,
    address: WebAddress,
    words: Words,
}

impl Discord {
    /// The webhook at this address.
    pub fn new(guard: Guard, address: WebAddress, words: Words) -> Self {
        Self { guard, address, words }
    }
}

#[async_trait]
impl Channel for Discord {
    async fn send(&self, parcel: &Parcel) -> Result<(), NotifyError> {
        let text = self.words.text(&parcel.notice, MOST, inert::discord, inert::discord_link);
        let body = json!({
            "content": fitted(text), "flags": SUPPRESS_EMBEDS,
            // Whatever the text says, nobody is called.
            "allowed_mentions": {"parse": []},
        });
        client::post(&self.guard, &self.address, &[], body.to_string(), parcel.at).await
    }
}

fn fitted(text: String) -> String {
    let over = text.encode_utf16().count().saturating_sub(MOST);
    if over == 0 { text } else { cut(&text, text.chars().count().saturating_sub(over)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_emoji_fits_too() {
        let long = fitted("😀".repeat(MOST));
        assert!(long.encode_utf16().count() <= MOST && long.ends_with('…'));
        assert_eq!(fitted("a".repeat(MOST)), "a".repeat(MOST));
    }
}
