//! Conditional requests: an ETag with what is sent, and 304 for who has just that.

use axum::http::HeaderMap;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::operation::Reply;
use super::world::World;

/// A reply as it is sent, and whether it counts against the limit of requests.
pub(super) fn counted(
    world: &mut World,
    operation: String,
    headers: &HeaderMap,
    reply: Reply,
) -> Reply {
    let reply = conditional(world, headers, reply);
    if reply.status != 304 {
        world.counted.push(operation);
    }
    let left = 5_000_usize.saturating_sub(world.counted.len());
    let reset = chrono::Utc::now().timestamp() + 1_800;
    let reply = reply.with("x-ratelimit-limit", 5_000).with("x-ratelimit-reset", reset);
    reply.with("x-ratelimit-remaining", left)
}

/// With its ETag; 304 where the caller has just that. Words and not descriptions tell of it:
/// <https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api>.
fn conditional(world: &World, headers: &HeaderMap, reply: Reply) -> Reply {
    if reply.status != 200 {
        return reply;
    }
    let mut digest = Sha256::new();
    digest.update(world.etag_salt.to_be_bytes());
    digest.update(reply.body.to_string());
    digest.update(reply.text.as_deref().unwrap_or_default());
    digest.update(format!("{:?}", reply.headers));
    let tag = format!("\"{:x}\"", digest.finalize());
    let known = headers.get("if-none-match").and_then(|it| it.to_str().ok());
    let reply = match known {
        Some(known) if known.trim_start_matches("W/") == tag => Reply::new(304, json!(null)),
        _ => reply,
    };
    reply.with("etag", if world.weak_etags { format!("W/{tag}") } else { tag })
}
