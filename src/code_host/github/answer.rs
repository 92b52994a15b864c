//! What an answer of GitHub's means: the same status is a rate limit, a missing permission or a
//! refusal, and only its headers and words tell them apart.
//! <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>

use std::time::Duration;

use chrono::DateTime;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::code_host::HostError;
use crate::domain::time::Timestamp;

/// What GitHub asks for where it limits us and names no time.
const UNNAMED_WAIT: Duration = Duration::from_secs(60);
/// Limits are counted by the hour: a longer wait is a clock that is wrong.
const LONGEST_WAIT: Duration = Duration::from_secs(65 * 60);
/// How much of GitHub's words is passed on.
const MOST_WORDS: usize = 500;

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, read as JSON. What is no JSON comes from something between us and GitHub.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, HostError> {
        serde_json::from_slice(&self.body).map_err(|e| {
            let status = self.status.as_u16();
            if e.is_data() {
                let message = format!("the answer has an unexpected shape: {e}");
                return HostError::Refused { status, message };
            }
            HostError::Unavailable(format!(
                "{status} with something that is not GitHub's JSON, which begins `{}`; \
                 is `github.api_url` right, and does no proxy ask for a login?",
                plain(&String::from_utf8_lossy(&self.body), 80)
            ))
        })
    }

    /// This answer if it is a success, else what it means for `thing`.
    pub(super) fn or_refusal(self, thing: &str) -> Result<Self, HostError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let (status, message) = (self.status.as_u16(), self.words());
        Err(match status {
            401 => HostError::BadToken(message),
            404 => HostError::NotFound(thing.to_owned()),
            403 | 429 => match self.limit(&message) {
                Some(wait) => HostError::RateLimited { wait, message },
                None => HostError::Refused { status, message: self.with_need(message) },
            },
            408 | 500..=599 => HostError::Unavailable(format!("{status} {message}")),
            300..=399 => {
                let message = format!(
                    "{thing} has moved to {}: use its new name",
                    plain(self.header("location").unwrap_or("another address"), 200)
                );
                HostError::Refused { status, message }
            }
            _ => HostError::Refused { status, message },
        })
    }

    /// Where it says that the thing is now.
    pub(super) fn moved_to(&self) -> Option<String> {
        let moved = matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308);
        if moved { self.header("location").map(str::to_owned) } else { None }
    }

    /// The number of the page that the `link` header calls `next` or `last`.
    pub(super) fn page(&self, rel: &str) -> Option<u32> {
        let links = self.header("link")?;
        let link = links.split(',').find(|it| it.contains(&format!("rel=\"{rel}\"")))?;
        let (_, query) = link.split('>').next()?.split_once('?')?;
        query.split('&').find_map(|it| it.strip_prefix("page=")?.parse().ok())
    }

    /// When GitHub sent it, by its own clock.
    pub(super) fn sent(&self) -> Option<Timestamp> {
        let date = DateTime::parse_from_rfc2822(self.header("date")?).ok()?;
        Some(Timestamp(date.timestamp_millis()))
    }

    /// How long to wait, if this is a rate limit. The time of a reset is compared with the time of
    /// the answer, both GitHub's: our own clock may be wrong.
    fn limit(&self, message: &str) -> Option<Duration> {
        let number = |name| self.header(name)?.trim().parse::<i64>().ok();
        let seconds = |it: i64| {
            Duration::from_secs(u64::try_from(it).unwrap_or(0))
                .clamp(Duration::from_secs(1), LONGEST_WAIT)
        };
        if let Some(wait) = number("retry-after") {
            return Some(seconds(wait));
        }
        if number("x-ratelimit-remaining") == Some(0) {
            let reset = number("x-ratelimit-reset").zip(self.sent());
            return Some(reset.map_or(UNNAMED_WAIT, |(at, now)| seconds(at - now.0 / 1_000)));
        }
        let message = message.to_lowercase();
        let secondary = message.contains("secondary rate limit") || message.contains("abuse");
        (secondary || self.status == StatusCode::TOO_MANY_REQUESTS).then_some(UNNAMED_WAIT)
    }

    /// How long until GitHub counts anew, for an answer that says in its body that we are limited.
    pub(super) fn reset(&self) -> Duration {
        self.limit("").unwrap_or(UNNAMED_WAIT)
    }

    /// GitHub's message and its list of errors, on one line.
    pub(super) fn words(&self) -> String {
        let Ok(body) = serde_json::from_slice::<Value>(&self.body) else {
            let text = plain(&String::from_utf8_lossy(&self.body), 120);
            let reason = self.status.canonical_reason().unwrap_or("no reason given");
            return if text.is_empty() { reason.to_owned() } else { text };
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let one = |error: &Value| {
            text(error).or_else(|| text(&error["message"])).or_else(|| {
                let named = ["resource", "field", "code"].map(|key| text(&error[key]));
                let named: Vec<String> = named.into_iter().flatten().collect();
                (!named.is_empty()).then(|| named.join(" "))
            })
        };
        let mut words = text(&body["message"]).unwrap_or_else(|| "no reason given".to_owned());
        let errors: Vec<String> =
            body["errors"].as_array().into_iter().flatten().filter_map(one).collect();
        if !errors.is_empty() {
            words = format!("{words}: {}", errors.join("; "));
        }
        plain(&words, MOST_WORDS)
    }

    /// Adds what the token would need, where GitHub names it.
    fn with_need(&self, message: String) -> String {
        let named = |name| self.header(name).filter(|it| !it.trim().is_empty());
        if let Some(need) = named("x-accepted-github-permissions") {
            format!("{message} (the token needs the permission `{}`)", plain(need, 200))
        } else if let Some(need) =
            named("x-accepted-oauth-scopes").filter(|_| self.headers.contains_key("x-oauth-scopes"))
        {
            format!("{message} (the token needs one of the scopes `{}`)", plain(need, 200))
        } else {
            message
        }
    }
}

/// Foreign words made fit for one line of ours.
pub(super) fn plain(text: &str, most: usize) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= most {
        return words;
    }
    words.chars().take(most).chain(['\u{2026}']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().unwrap();
            map.insert(name, value.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, headers: map, body: body.as_bytes().to_vec() }
    }

    fn meaning(status: u16, headers: &[(&str, &str)], message: &str) -> HostError {
        let body = serde_json::json!({"message": message}).to_string();
        answer(status, headers, &body).or_refusal("issue `acme/api#7`").unwrap_err()
    }

    fn wait(status: u16, headers: &[(&str, &str)], message: &str) -> Option<u64> {
        meaning(status, headers, message).wait().map(|it| it.as_secs())
    }

    const DATE: (&str, &str) = ("date", "Sat, 21 Nov 2026 04:20:00 GMT");

    #[test]
    fn a_limit_says_how_long_to_wait() {
        let spent = ("x-ratelimit-remaining", "0");
        let reset = ("x-ratelimit-reset", "1795235100"); // 04:25:00
        assert_eq!(wait(403, &[spent, reset, DATE], "API rate limit exceeded"), Some(300));
        assert_eq!(wait(429, &[spent, reset, DATE], "API rate limit exceeded"), Some(300));
        assert_eq!(wait(403, &[("retry-after", "7")], "secondary rate limit"), Some(7));
        assert_eq!(wait(429, &[("retry-after", "7")], "slow down"), Some(7));
        assert_eq!(wait(403, &[], "You have exceeded a secondary rate limit."), Some(60));
        assert_eq!(wait(429, &[], "Too many requests"), Some(60));
        // A reset in the past, a clock gone wild and a reset without a date.
        assert_eq!(wait(403, &[spent, ("x-ratelimit-reset", "1"), DATE], ""), Some(1));
        assert_eq!(wait(403, &[spent, ("x-ratelimit-reset", "9995235100"), DATE], ""), Some(3_900));
        assert_eq!(wait(403, &[spent, reset], ""), Some(60));
    }

    #[test]
    fn a_real_403_is_no_limit_and_names_the_missing_permission() {
        let left = ("x-ratelimit-remaining", "4999");
        let need = ("x-accepted-github-permissions", "issues=write");
        let words = "Resource not accessible by personal access token";
        assert_eq!(
            meaning(403, &[left, need], words).to_string(),
            "the code host refused with 403: Resource not accessible by personal access token \
             (the token needs the permission `issues=write`)"
        );
        let scopes = [("x-oauth-scopes", ""), ("x-accepted-oauth-scopes", "repo")];
        assert!(meaning(403, &scopes, words).to_string().contains("one of the scopes `repo`"));
    }

    #[test]
    fn each_status_has_its_meaning() {
        assert!(matches!(meaning(401, &[], "Bad credentials"), HostError::BadToken(_)));
        assert!(
            matches!(meaning(404, &[], "Not Found"), HostError::NotFound(it) if it.contains("#7"))
        );
        assert!(matches!(
            meaning(410, &[], "Issues are disabled for this repo"),
            HostError::Refused { status: 410, .. }
        ));
        assert!(matches!(
            meaning(451, &[], "Repository access blocked"),
            HostError::Refused { status: 451, .. }
        ));
        for passing in [408, 500, 502, 503, 504, 599] {
            assert!(matches!(meaning(passing, &[], "?"), HostError::Unavailable(_)), "{passing}");
        }
        let moved = meaning(307, &[("location", "https://api.github.com/repositories/1")], "Moved");
        assert!(moved.to_string().contains("has moved to https://api.github.com/repositories/1"));
    }

    #[test]
    fn a_422_tells_its_list_of_errors() {
        let body = r#"{"message":"Validation Failed","errors":[
            {"resource":"PullRequest","code":"custom","message":"No commits between main and x"},
            {"resource":"PullRequest","field":"head","code":"invalid"}, "plain"]}"#;
        let words = answer(422, &[], body).words();
        let errors = "No commits between main and x; PullRequest head invalid; plain";
        assert_eq!(words, format!("Validation Failed: {errors}"));
    }

    #[test]
    fn foreign_words_stay_on_one_line_and_short() {
        assert_eq!(
            answer(502, &[], "<html>\r\n\u{1b}[31mBad\u{7}</html>").words(),
            "<html> [31mBad </html>"
        );
        assert_eq!(answer(502, &[], "").words(), "Bad Gateway");
        let long = serde_json::json!({"message": "x".repeat(9_999)}).to_string();
        assert_eq!(answer(500, &[], &long).words().chars().count(), MOST_WORDS + 1);
    }

    #[test]
    fn a_login_page_in_between_is_not_taken_for_github() {
        let portal = answer(200, &[], "<html>Welcome to the hotel</html>");
        assert!(matches!(portal.json::<Value>(), Err(HostError::Unavailable(_))));
        let shape = answer(200, &[], "[]");
        assert!(matches!(shape.json::<u64>(), Err(HostError::Refused { status: 200, .. })));
    }

    #[test]
    fn the_link_header_names_pages() {
        let link = r#"<https://api.github.com/r/1/x?per_page=100&page=2>; rel="next", <https://api.github.com/r/1/x?per_page=100&page=14>; rel="last""#;
        let answer = answer(200, &[("link", link)], "[]");
        assert_eq!((answer.page("next"), answer.page("last")), (Some(2), Some(14)));
        assert_eq!(answer.page("prev"), None);
    }
}
