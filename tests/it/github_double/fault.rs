//! Faults that a test queues, and what the caller sees of them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::operation::Reply;

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// 502, and nothing was done.
    BadGateway,
    /// It was done, and then 502.
    BadGatewayAfter,
    /// The connection breaks before anything was done.
    Dropped,
    /// It was done, and then the connection breaks before the reply is whole.
    DroppedAfter,
    /// 403 or 429 with `retry-after`: the secondary limit.
    RetryAfter { status: u16, seconds: u64 },
    /// 403 without `retry-after`, which only its words tell from a refusal.
    SecondaryWithoutWait,
    /// 403 or 429, with the hour's requests spent until in so many seconds.
    Spent { status: u16, seconds: i64 },
    /// Nothing was done, and no answer comes.
    Hang,
    /// It was done, and no answer comes.
    HangAfter,
    /// Any status with any words.
    Says { status: u16, message: &'static str },
    /// 200 with an error of GraphQL's, and no data.
    GraphQl { kind: Option<&'static str>, message: &'static str },
    /// 200 with a page that is no JSON, as of a hotel's network.
    Portal,
    /// A list that lags behind: it is empty.
    Lags,
    /// A redirect to this address.
    Moved { status: u16, location: String },
}

/// What goes back to the caller.
pub(crate) enum Outcome {
    Reply(Reply),
    Raw(StatusCode, &'static str),
    Dropped,
    Hang,
}

pub(crate) fn bad_gateway() -> Outcome {
    Outcome::Raw(
        StatusCode::BAD_GATEWAY,
        "<html><head><title>502 Bad Gateway</title></head></html>",
    )
}

/// What comes instead of anything being done; `None` where it is done first.
pub(crate) fn before(fault: &Fault) -> Option<Outcome> {
    let secondary = "You have exceeded a secondary rate limit. Please wait a few minutes.";
    let reply = match fault {
        Fault::BadGatewayAfter | Fault::DroppedAfter | Fault::HangAfter => return None,
        Fault::BadGateway => return Some(bad_gateway()),
        Fault::Dropped => return Some(Outcome::Dropped),
        Fault::Hang => return Some(Outcome::Hang),
        Fault::Portal => {
            return Some(Outcome::Raw(StatusCode::OK, "<html>Welcome to the hotel</html>"));
        }
        Fault::RetryAfter { status, seconds } => {
            Reply::message(*status, secondary).with("retry-after", seconds)
        }
        Fault::SecondaryWithoutWait => Reply::message(403, secondary),
        Fault::Spent { status, seconds } => {
            Reply::message(*status, "API rate limit exceeded for user ID 1000.")
                .with("x-ratelimit-limit", 5_000)
                .with("x-ratelimit-remaining", 0)
                .with("x-ratelimit-reset", chrono::Utc::now().timestamp() + seconds)
        }
        Fault::GraphQl { kind, message } => {
            let mut error = json!({"message": message});
            if let Some(kind) = kind {
                error["type"] = json!(kind);
            }
            Reply::new(200, json!({"data": null, "errors": [error]}))
        }
        Fault::Lags => Reply::new(200, json!([])),
        Fault::Says { status, message } => Reply::message(*status, message),
        Fault::Moved { status, location } => {
            let body: Value = json!({"message": "Moved Permanently", "url": location});
            Reply::new(*status, body).with("location", location)
        }
    };
    Some(Outcome::Reply(reply))
}
