//! Looking at lists by conditional requests.
//!
//! An answer of 304 does not count against the limit of requests:
//! <https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api>, "Use
//! conditional requests". The addresses never change, so that an ETag holds. They belong to one
//! token: with a new one everything is sent once more. `worker::watch` says what all that costs,
//! and keeps it within 60 requests in an hour where they never hold.

use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use serde::Deserialize;

use super::answer::Answer;
use super::pull::pull_named;
use super::wire::{Moment, encoded, page_of};
use super::{GitHub, User, issue_named, named, path};
use crate::code_host::HostError;
use crate::code_host::{Glance, Look, Page, Watch};
use crate::domain::change::Fate;
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;
use crate::engine::watch::{List, Sighting};

/// Of 100 each, the newest.
const MOST_REVIEW_PAGES: u32 = 2;
/// With fewer requests left than this until GitHub counts anew, they are the jobs'.
const FOR_JOBS: i64 = 50;
/// Longer than this nobody asks to be left alone who means it.
const LONGEST_WAIT: Duration = Duration::from_secs(3_900);

/// An issue or a pull request in a list.
#[derive(Deserialize)]
struct WireThread {
    number: u64,
    #[serde(default)]
    title: String,
    body: Option<String>,
    user: Option<User>,
    created_at: Moment,
    updated_at: Moment,
    pull_request: Option<serde_json::Value>,
}

/// A comment in a list, or a review.
#[derive(Deserialize)]
struct WireWords {
    id: u64,
    body: Option<String>,
    user: Option<User>,
    html_url: String,
    issue_url: Option<String>,
    pull_request_url: Option<String>,
    created_at: Option<Moment>,
    updated_at: Option<Moment>,
    /// Of a review; it has none while it is being written.
    submitted_at: Option<Moment>,
}

/// A pull request, as far as it says what became of it.
#[derive(Deserialize)]
struct WireFate {
    state: String,
    #[serde(default)]
    merged: bool,
}

impl From<WireThread> for Sighting {
    fn from(it: WireThread) -> Self {
        Self {
            id: it.number,
            at: it.updated_at.0,
            written: it.created_at.0,
            thread: it.number,
            on_pull: it.pull_request.is_some(),
            author: it.user.map(|it| it.login).unwrap_or_default(),
            title: it.title,
            body: it.body.unwrap_or_default(),
        }
    }
}

impl WireWords {
    /// `None` for what only its author sees yet, and for what stands under nothing.
    fn sighting(self, list: List) -> Option<Sighting> {
        let written = self.created_at.or(self.submitted_at)?.0;
        let at = match list {
            List::LineComments => self.updated_at.map_or(written, |it| it.0),
            _ => written,
        };
        let address = self.pull_request_url.as_ref().or(self.issue_url.as_ref())?;
        let thread = address.rsplit('/').next()?.parse().ok()?;
        // Of a comment in a conversation only the page's own address tells under what it stands.
        let on_pull =
            self.pull_request_url.is_some() || self.html_url.contains(&format!("/pull/{thread}#"));
        let author = self.user.map(|it| it.login).unwrap_or_default();
        let (title, body) = (String::new(), self.body.unwrap_or_default());
        Some(Sighting { id: self.id, at, written, thread, on_pull, author, title, body })
    }
}

fn address(repository: &Repository, list: List, label: &str) -> String {
    let order = "sort=updated&direction=desc";
    let list = match list {
        List::Issues => format!("/issues?labels={}&state=open&{order}", encoded(label)),
        List::Threads => format!("/issues?state=open&{order}"),
        List::Comments => "/issues/comments?sort=created&direction=desc".to_owned(),
        List::LineComments => format!("/pulls/comments?{order}"),
    };
    format!("{}{list}", path(repository))
}

#[async_trait]
impl Watch for GitHub {
    async fn look(
        &self,
        repository: &Repository,
        list: List,
        label: &str,
        page: u32,
        etag: Option<&str>,
    ) -> Result<Look, HostError> {
        let address = page_of(&address(repository, list, label), page);
        let answer = self.wire.get_unless(&address, etag).await?;
        let wait = wait(&answer);
        if answer.status == StatusCode::NOT_MODIFIED && etag.is_some() {
            return Ok(Look { page: None, wait });
        }
        let answer = answer.or_refusal(&named(repository))?;
        let items = match list {
            List::Issues | List::Threads => {
                let all = answer.json::<Vec<WireThread>>()?.into_iter().map(Sighting::from);
                // The label can be put on a pull request too, where it asks for nothing.
                all.filter(|it| list == List::Threads || !it.on_pull).collect()
            }
            List::Comments | List::LineComments => {
                let all = answer.json::<Vec<WireWords>>()?;
                all.into_iter().filter_map(|it| it.sighting(list)).collect()
            }
        };
        let page = Page {
            items,
            etag: answer.header("etag").map(str::to_owned),
            more: answer.page("next").is_some(),
            sent: answer.sent(),
        };
        Ok(Look { page: Some(page), wait })
    }

    async fn labelled(
        &self,
        repository: &Repository,
        issue: u64,
        label: &str,
    ) -> Result<Option<Timestamp>, HostError> {
        let events = format!("{}/issues/{issue}/events", path(repository));
        let labelled = self.labelled(&events, &issue_named(repository, issue), label).await?;
        Ok(labelled.map(|it| it.at))
    }

    async fn reviews(
        &self,
        repository: &Repository,
        pull: u64,
    ) -> Result<Vec<Sighting>, HostError> {
        let reviews = format!("{}/pulls/{pull}/reviews", path(repository));
        let thing = issue_named(repository, pull);
        let all: Vec<WireWords> = self.wire.newest(&reviews, &thing, MOST_REVIEW_PAGES).await?;
        Ok(all.into_iter().filter_map(|it| it.sighting(List::Threads)).collect())
    }

    async fn fate(
        &self,
        repository: &Repository,
        number: u64,
        etag: Option<&str>,
    ) -> Result<Glance, HostError> {
        let address = format!("{}/pulls/{number}", path(repository));
        let answer = self.wire.get_unless(&address, etag).await?;
        let wait = wait(&answer);
        if answer.status == StatusCode::NOT_MODIFIED && etag.is_some() {
            return Ok(Glance { fate: None, etag: etag.map(str::to_owned), wait });
        }
        let answer = answer.or_refusal(&pull_named(repository, number))?;
        let etag = answer.header("etag").map(str::to_owned);
        let fate = match answer.json::<WireFate>()? {
            WireFate { merged: true, .. } => Fate::Merged,
            WireFate { state, .. } if state == "open" => Fate::Open,
            WireFate { .. } => Fate::Closed,
        };
        Ok(Glance { fate: Some(fate), etag, wait })
    }
}

/// How long GitHub wants to be left alone, by its headers.
fn wait(answer: &Answer) -> Option<Duration> {
    let number = |name| answer.header(name)?.trim().parse::<i64>().ok();
    let seconds = |it: i64| Duration::from_secs(u64::try_from(it).unwrap_or(0)).min(LONGEST_WAIT);
    let asked = number("x-poll-interval").map(seconds);
    let spent = number("x-ratelimit-remaining").is_some_and(|it| it < FOR_JOBS);
    let reset = number("x-ratelimit-reset").zip(answer.sent()).filter(|_| spent);
    asked.max(reset.map(|(at, now)| seconds(at - now.0.div_euclid(1_000))))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn waits(headers: &[(&str, &str)]) -> Option<u64> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap());
        }
        let answer = Answer { status: StatusCode::OK, headers: map, body: Vec::new() };
        wait(&answer).map(|it| it.as_secs())
    }

    #[test]
    fn github_says_when_it_wants_to_be_left_alone() {
        let date = ("date", "Sat, 21 Nov 2026 04:20:00 GMT");
        let reset = ("x-ratelimit-reset", "1795235100"); // 04:25:00
        assert_eq!(waits(&[date, reset]), None);
        assert_eq!(waits(&[("x-poll-interval", "120")]), Some(120));
        assert_eq!(waits(&[date, reset, ("x-ratelimit-remaining", "50")]), None);
        assert_eq!(waits(&[date, reset, ("x-ratelimit-remaining", "49")]), Some(300));
        assert_eq!(waits(&[("x-poll-interval", "999999")]), Some(3_900));
    }
}
