//! One POST to an address that the guard has judged.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

use super::{Guard, NotifyError, SEND_LIMIT, WebAddress};
use crate::domain::time::Timestamp;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// No wait that is asked for is kept longer.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Answers every name with what was judged: there is no second look that could find another.
struct Pinned(Vec<SocketAddr>);

impl reqwest::dns::Resolve for Pinned {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses = self.0.clone();
        Box::pin(std::future::ready(Ok(Box::new(addresses.into_iter()) as Addrs)))
    }
}

/// Posts `body`. What the other side answers besides its status is not read.
///
/// # Errors
/// When it was not taken with a status of success.
pub(super) async fn post(
    guard: &Guard,
    address: &WebAddress,
    headers: &[(&'static str, String)],
    body: String,
    now: Timestamp,
) -> Result<(), NotifyError> {
    let addresses = guard.find_web(address).await?;
    let host = address.host();
    let unreachable = |error: reqwest::Error| NotifyError::Unreachable(said(&host, &error));
    let client = Client::builder()
        .dns_resolver(Arc::new(Pinned(addresses)))
        .redirect(Policy::none())
        .no_proxy()
        .https_only(!address.is_plain())
        .connect_timeout(CONNECT_LIMIT)
        .timeout(SEND_LIMIT)
        .user_agent(concat!("codingworker/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(unreachable)?;
    let mut request = client.post(address.url()).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let answer = request.body(body).send().await.map_err(unreachable)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let asked = answer.headers().get("retry-after").and_then(|it| it.to_str().ok());
    let retry_after = asked.and_then(|it| wait(it, now)).map(|it| it.min(LONGEST_WAIT));
    Err(judged(&host, status, retry_after))
}

fn judged(host: &str, status: StatusCode, retry_after: Option<Duration>) -> NotifyError {
    let what = format!("{host} answered with status {}", status.as_u16());
    match status.as_u16() {
        408 | 425 | 429 | 500..=599 => NotifyError::Busy { what, retry_after },
        300..=399 => {
            NotifyError::Refused(format!("{what}: redirects are not followed, so give its own URL"))
        }
        401 | 403 | 404 | 410 => NotifyError::Refused(format!(
            "{what}: the address is not, or no longer, one to write to; make a new one there"
        )),
        _ => NotifyError::Refused(what),
    }
}

/// Seconds, or a date.
fn wait(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = chrono::DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some(Timestamp(date.timestamp_millis()).since(now))
}

/// What went wrong, without the address.
fn said(host: &str, error: &reqwest::Error) -> String {
    match () {
        () if error.is_timeout() => format!("{host} did not answer in time"),
        () if error.is_connect() => format!("{host} cannot be reached: {}", innermost(error)),
        () if error.is_builder() => "no HTTP client could be made".to_owned(),
        () => format!("the connection to {host} broke"),
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_as_seconds_or_as_a_date() {
        let now = Timestamp(784_111_777_000);
        let seconds = |it: &str| wait(it, now).map(|it| it.as_secs());
        assert_eq!(seconds("30"), Some(30));
        assert_eq!(wait("0.5", now), Some(Duration::from_millis(500)));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:40:37 GMT"), Some(0));
        assert_eq!((seconds("soon"), seconds("-1"), seconds("inf")), (None, None, None));
    }
}
