//! A webhook of anybody's own: JSON, signed.
//!
//! How to verify one: take the header `X-Codingworker-Timestamp` (seconds since 1970) and the body
//! as its bytes came; compute HMAC-SHA256 with the channel's `secret` over the timestamp, a `.`
//! and the body; write it as `sha256=` and lower-case hexadecimal digits; compare with
//! `X-Codingworker-Signature` in constant time; refuse timestamps older than five minutes. What
//! came before has an `X-Codingworker-Delivery` that you have seen: a notice may come twice.

use async_trait::async_trait;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Channel, Guard, NotifyError, Parcel, WebAddress, Words, client};
use crate::engine::notice::inert;

/// The longest text, in characters. The other fields are bounded by what makes notices.
const MOST: usize = 4_000;

/// One webhook.
#[derive(Debug)]
pub struct Webhook {
    guard: Guard,
    address: WebAddress,
    secret: Option<SecretString>,
    words: Words,
}

impl Webhook {
    /// The webhook at this address; with a secret, what is sent there is signed.
    pub fn new(
        guard: Guard,
        address: WebAddress,
        secret: Option<SecretString>,
        words: Words,
    ) -> Self {
        Self { guard, address, secret, words }
    }
}

#[async_trait]
impl Channel for Webhook {
    async fn send(&self, parcel: &Parcel) -> Result<(), NotifyError> {
        let body = body(parcel, &self.words).to_string();
        let timestamp = parcel.at.0.div_euclid(1_000).to_string();
        let mut headers = vec![
            ("x-codingworker-event", parcel.notice.kind.name().to_owned()),
            ("x-codingworker-delivery", parcel.delivery.clone()),
            ("x-codingworker-timestamp", timestamp.clone()),
        ];
        if let Some(secret) = &self.secret {
            let signature = signature(secret.expose_secret(), &timestamp, &body)?;
            headers.push(("x-codingworker-signature", signature));
        }
        client::post(&self.guard, &self.address, &headers, body, parcel.at).await
    }
}

/// What is sent. Programs read it: strangers' words are as they are, but in `text`, which is for
/// people, without mentions.
fn body(parcel: &Parcel, words: &Words) -> Value {
    let notice = words.clean(&parcel.notice);
    let or_null = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    json!({
        "event": notice.kind.name(),
        "delivery": parcel.delivery,
        "at": notice.at.to_string(),
        "worker": notice.worker,
        "repository": or_null(&notice.repository),
        "issue": if notice.issue == 0 { Value::Null } else { json!(notice.issue) },
        "job": or_null(&notice.job),
        "title": or_null(&notice.title),
        "outcome": notice.outcome,
        "reason": or_null(&notice.reason),
        "url": or_null(&notice.url),
        "text": words.text(&notice, MOST, inert::plain, inert::plain),
    })
}

fn signature(secret: &str, timestamp: &str, body: &str) -> Result<String, NotifyError> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let mut mac = mac.map_err(|error| NotifyError::Refused(format!("no signature: {error}")))?;
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    let digits = mac.finalize().into_bytes();
    let digits = digits.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Ok(format!("sha256={digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_what_others_compute() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac "It's a Secret to Everybody"
        let signed = signature("It's a Secret to Everybody", "1700000000", "{}").unwrap();
        assert_eq!(
            signed,
            "sha256=1df0d47c3774d7ccf5c4d51759477d319136747489fd8d3da926674d75de192f"
        );
    }
}
