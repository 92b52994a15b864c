//! One request to GitHub and its answer: addresses, time-outs, bounds, pages.
//!
//! octocrab's typed calls are not used: their models fail on one surprising null. Its transport
//! is: TLS, connection pool, the token's header for this host alone, the API version's header.

use std::net::IpAddr;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use octocrab::Octocrab;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::GitHubOptions;
use super::answer::{Answer, plain};
use crate::code_host::HostError;
use crate::domain::time::Timestamp;

/// The largest answer that is read: a page of 100 comments of the greatest size is 25 MiB.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;
/// The form that answers come in.
const JSON: &str = "application/vnd.github+json";
/// How often a GET is sent on, as when a repository was renamed.
const MOST_HOPS: usize = 3;

/// The form that an answer is wanted in, and what of it is known already.
type Form<'a> = (&'a str, Option<&'a str>);

/// The way to one GitHub, with one token.
pub(super) struct Wire {
    crab: Octocrab,
    /// Scheme, host and prefix, without a slash at the end.
    base: String,
    /// Of one request and its answer, belt and braces over octocrab's own time-outs.
    limit: Duration,
}

impl Wire {
    pub(super) fn new(options: &GitHubOptions) -> Result<Self, HostError> {
        let base = checked(&options.api_url)?;
        usable(&options.token)?;
        let broken = |e: octocrab::Error| {
            HostError::Misconfigured(format!("the connection to {base} could not be set up: {e}"))
        };
        let builder = Octocrab::builder()
            .personal_token(options.token.clone())
            .set_connect_timeout(Some(options.connect_timeout))
            .set_read_timeout(Some(options.read_timeout))
            .set_write_timeout(Some(options.read_timeout));
        // The upload address is named too, so that the token is bound to this one host. Without
        // the prefix: octocrab would set it before every path, and GraphQL's is outside of it.
        let origin = base.parse::<Uri>().ok().and_then(|it| origin(&it)).unwrap_or_default();
        let crab = builder
            .base_uri(origin.as_str())
            .and_then(|it| it.upload_uri(origin.as_str()))
            .and_then(|it| it.build())
            .map_err(broken)?;
        let limit = options.connect_timeout + options.read_timeout + Duration::from_secs(5);
        Ok(Self { crab, base, limit })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer, HostError> {
        self.ask(Method::GET, path, None).await
    }

    /// The same thing in another form, such as a diff.
    pub(super) async fn get_as(&self, path: &str, form: &str) -> Result<Answer, HostError> {
        self.ask_as(Method::GET, format!("{}{path}", self.base), (form, None), None).await
    }

    /// Asks for it if it is not what `etag` names; what has not changed comes back as a 304.
    pub(super) async fn get_unless(
        &self,
        path: &str,
        etag: Option<&str>,
    ) -> Result<Answer, HostError> {
        self.ask_as(Method::GET, format!("{}{path}", self.base), (JSON, etag), None).await
    }

    /// Asks GitHub's other API, which has an address of its own.
    pub(super) async fn post_graphql(&self, body: &Value) -> Result<Answer, HostError> {
        self.ask_as(Method::POST, self.graphql(), (JSON, None), Some(body)).await
    }

    /// Where the GraphQL API is: beside `/v3` on an Enterprise Server, below the REST API's
    /// address elsewhere. Always on the same host.
    pub(super) fn graphql(&self) -> String {
        match self.base.strip_suffix("/api/v3") {
            Some(server) => format!("{server}/api/graphql"),
            None => format!("{}/graphql", self.base),
        }
    }

    /// Every item of a list, as far as `most` pages of 100 go.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        thing: &str,
        most: u32,
    ) -> Result<Vec<T>, HostError> {
        let mut all = Vec::new();
        for page in 1..=most {
            let answer = self.get(&page_of(path, page)).await?.or_refusal(thing)?;
            all.extend(answer.json::<Vec<T>>()?);
            if answer.page("next").is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// The newest items of a list that comes oldest first, oldest first: the last `most` pages of
    /// 100. Pages are read from the last one backwards, so that an item which moves to an earlier
    /// page while we read is seen twice and not missed.
    pub(super) async fn newest<T: DeserializeOwned>(
        &self,
        path: &str,
        thing: &str,
        most: u32,
    ) -> Result<Vec<T>, HostError> {
        let first = self.get(&page_of(path, 1)).await?.or_refusal(thing)?;
        let last = first.page("last").unwrap_or(1);
        if last <= 1 {
            return first.json();
        }
        let mut pages = Vec::new();
        for page in (1..=last).rev().take(most as usize) {
            let answer = self.get(&page_of(path, page)).await?.or_refusal(thing)?;
            pages.push(answer.json::<Vec<T>>()?);
        }
        Ok(pages.into_iter().rev().flatten().collect())
    }

    /// Sends one request, once. Only a GET is sent on to another address, and only on this host:
    /// a mutation that arrives elsewhere, or as a GET, is worse than one that fails.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, HostError> {
        self.ask_as(method, format!("{}{path}", self.base), (JSON, None), body).await
    }

    async fn ask_as(
        &self,
        method: Method,
        first: String,
        form: Form<'_>,
        body: Option<&Value>,
    ) -> Result<Answer, HostError> {
        let mut address = first.clone();
        for _ in 0..=MOST_HOPS {
            let answer = self.send(&method, &address, form, body).await?;
            match answer.moved_to() {
                Some(next) if method == Method::GET => address = self.onward(&next)?,
                _ => return Ok(answer),
            }
        }
        Err(HostError::Refused { status: 302, message: format!("{first} is sent on in a circle") })
    }

    async fn send(
        &self,
        method: &Method,
        address: &str,
        (form, etag): Form<'_>,
        body: Option<&Value>,
    ) -> Result<Answer, HostError> {
        crate::fault::point("github.request:before").await?;
        let exchange = async {
            let request = http::request::Builder::new().method(method).uri(address);
            let mut request = request.header(http::header::ACCEPT, form);
            if let Some(etag) = etag {
                request = request.header(http::header::IF_NONE_MATCH, etag);
            }
            let request = self.crab.build_request(request, body);
            let request = request.map_err(|e| broken(&self.base, &e))?;
            let answer = self.crab.execute(request).await;
            let (head, body) = answer.map_err(|e| broken(&self.base, &e))?.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER).collect().await;
            let body = body.map_err(|e| broken(&self.base, e.as_ref()))?.to_bytes();
            Ok::<_, HostError>((head.status, head.headers, body))
        };
        let timed_out = || {
            let limit = self.limit.as_secs();
            HostError::Unavailable(format!("{} did not answer within {limit} s", self.base))
        };
        let (status, headers, body): (StatusCode, HeaderMap, _) =
            tokio::time::timeout(self.limit, exchange).await.map_err(|_| timed_out())??;
        crate::fault::point("github.request:after").await?;
        Ok(Answer { status, headers, body: body.to_vec() })
    }

    /// Where a redirected GET may go on: to the same scheme and host, where the token is at home.
    fn onward(&self, location: &str) -> Result<String, HostError> {
        let origin = |address: &str| origin(&address.parse().ok()?);
        if origin(location).is_some() && origin(location) == origin(&self.base) {
            return Ok(location.to_owned());
        }
        let message = format!(
            "it sends us to another host, which does not get the token: {}",
            plain(location, 200)
        );
        Err(HostError::Refused { status: 307, message })
    }
}

/// Scheme and host of an address.
fn origin(uri: &Uri) -> Option<String> {
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?.as_str().to_lowercase()))
}

/// The address of one page of a list.
pub(super) fn page_of(path: &str, page: u32) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}per_page=100&page={page}")
}

/// A moment as GitHub writes it: RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Moment(pub(super) Timestamp);

impl TryFrom<String> for Moment {
    type Error = chrono::ParseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let moment = chrono::DateTime::parse_from_rfc3339(&text)?;
        Ok(Self(Timestamp(moment.timestamp_millis())))
    }
}

/// Makes a text safe inside one segment of a path or one value of a query.
pub(super) fn encoded(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
    }
    safe
}

/// The base address without its last slash. The token goes there with every request, so the
/// address must be one that nobody can listen in on.
fn checked(api_url: &str) -> Result<String, HostError> {
    let refuse = |why: &str| {
        let text = format!("`github.api_url` is `{api_url}`: {why}");
        Err(HostError::Misconfigured(text))
    };
    let Ok(uri) = api_url.parse::<Uri>() else {
        return refuse("that is not an address, such as https://api.github.com");
    };
    let (Some(scheme), Some(authority), Some(host)) =
        (uri.scheme_str(), uri.authority(), uri.host())
    else {
        return refuse("it needs a scheme and a host, such as https://api.github.com");
    };
    if authority.as_str().contains('@') || uri.query().is_some() {
        return refuse("a name, a password or a query has no place in it; use `github.token`");
    }
    let address: Result<IpAddr, _> = host.trim_matches(['[', ']']).parse();
    let loopback = host == "localhost" || address.is_ok_and(|it| it.is_loopback());
    match scheme {
        "https" => {}
        "http" if loopback => {}
        "http" => {
            return refuse("plain http would show the token to everybody on the way; use https");
        }
        _ => return refuse("it has to begin with https://"),
    }
    Ok(api_url.trim_end_matches('/').to_owned())
}

/// octocrab panics on a token that no header can carry, such as one with a line break.
fn usable(token: &SecretString) -> Result<(), HostError> {
    let token = token.expose_secret();
    if token.is_empty() {
        return Err(HostError::BadToken("it is empty".to_owned()));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let why = "it holds a space, a line break or another character that no token has";
        return Err(HostError::BadToken(why.to_owned()));
    }
    Ok(())
}

/// A connection that broke, with all that its layers have to say. None of them knows the token.
fn broken(base: &str, error: &(dyn std::error::Error + 'static)) -> HostError {
    let mut words = error.to_string();
    let mut inner = error.source();
    while let Some(error) = inner {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        inner = error.source();
    }
    HostError::Unavailable(format!("{base}: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_travels_over_https_or_stays_on_this_machine() {
        for good in [
            "https://api.github.com",
            "https://github.example.com/api/v3/",
            "http://127.0.0.1:8080/api/v3",
            "http://localhost:1",
            "http://[::1]:8080",
        ] {
            assert_eq!(checked(good).unwrap(), good.trim_end_matches('/'));
        }
        for bad in [
            "http://api.github.com",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "https://user:secret@api.github.com",
            "https://api.github.com?token=x",
            "ftp://api.github.com",
            "api.github.com",
            "",
            "https://",
        ] {
            assert!(checked(bad).is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_an_error_and_not_a_panic() {
        for bad in ["", "abc\n", "a b", "t\u{f6}ken"] {
            assert!(matches!(usable(&bad.into()), Err(HostError::BadToken(_))), "{bad:?}");
        }
        assert!(usable(&"ghp_0123".into()).is_ok());
    }

    #[tokio::test]
    async fn graphql_is_beside_the_rest_api_on_the_same_host() {
        for (rest, graphql) in [
            ("https://api.github.com", "https://api.github.com/graphql"),
            ("https://api.github.com/", "https://api.github.com/graphql"),
            ("https://api.acme.ghe.com", "https://api.acme.ghe.com/graphql"),
            ("https://git.acme.example/api/v3", "https://git.acme.example/api/graphql"),
            ("https://git.acme.example/api/v3/", "https://git.acme.example/api/graphql"),
        ] {
            let wire = Wire::new(&GitHubOptions::new(rest, "ghp_0123".into())).unwrap();
            assert_eq!(wire.graphql(), graphql);
        }
    }

    #[test]
    fn a_moment_is_read_in_every_zone_and_nothing_else_is_a_moment() {
        let read = |text: &str| Moment::try_from(text.to_owned()).map(|it| it.0.to_string()).ok();
        for text in ["2026-11-21T04:20:00Z", "2026-11-21T13:20:00+09:00", "2026-11-21T04:20:00.9Z"]
        {
            assert_eq!(read(text).as_deref(), Some("2026-11-21T04:20:00Z"), "{text}");
        }
        for text in ["", "yesterday", "2026-11-21", "2026-13-21T04:20:00Z", "1795235100"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn text_in_an_address_cannot_leave_its_place() {
        assert_eq!(encoded("ai-task"), "ai-task");
        assert_eq!(encoded("a/b?c#d e&f%"), "a%2Fb%3Fc%23d%20e%26f%25");
        assert_eq!(encoded("日"), "%E6%97%A5");
        assert_eq!(page_of("/a", 1), "/a?per_page=100&page=1");
        assert_eq!(page_of("/a?b=c", 2), "/a?b=c&per_page=100&page=2");
    }
}
