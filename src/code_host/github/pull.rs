//! Pull requests: found, or opened, or read.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::text::{fit_body, fit_title};
use super::wire::encoded;
use super::{GitHub, User, actor, named, path};
use crate::code_host::{Draft, HostError, Pull};
use crate::domain::change::{Change, PullRequest};
use crate::domain::task::Repository;

/// What stands before the title where the repository's plan has no drafts.
const INSTEAD_OF_DRAFT: &str = "[incomplete] ";

#[derive(Deserialize)]
struct WirePull {
    number: u64,
    html_url: String,
    state: String,
    #[serde(default)]
    draft: bool,
    head: End,
    base: End,
}

/// One end of a pull request.
#[derive(Deserialize)]
struct End {
    #[serde(rename = "ref")]
    branch: String,
    sha: String,
    repo: Option<EndRepository>,
}

#[derive(Deserialize)]
struct EndRepository {
    id: u64,
    full_name: String,
}

/// A pull request that was asked for by its number.
#[derive(Deserialize)]
struct WholePull {
    #[serde(flatten)]
    short: WirePull,
    title: String,
    body: Option<String>,
    user: Option<User>,
    #[serde(default)]
    merged: bool,
    #[serde(default)]
    maintainer_can_modify: bool,
    mergeable: Option<bool>,
}

impl WirePull {
    /// Whether it comes from this very repository: a fork may have a branch of the same name.
    fn is_from_here(&self) -> bool {
        let id = |end: &End| end.repo.as_ref().map(|it| it.id);
        id(&self.head).is_some() && id(&self.head) == id(&self.base)
    }
}

impl From<WirePull> for PullRequest {
    fn from(it: WirePull) -> Self {
        Self { number: it.number, url: it.html_url, draft: it.draft }
    }
}

impl GitHub {
    pub(super) async fn pull_once(
        &self,
        repository: &Repository,
        number: u64,
    ) -> Result<Pull, HostError> {
        let thing = pull_named(repository, number);
        let address = format!("{}/pulls/{number}", path(repository));
        let wire: WholePull = self.wire.get(&address).await?.or_refusal(&thing)?.json()?;
        let fork = !wire.short.is_from_here();
        let WirePull { number, state, draft, head, base, .. } = wire.short;
        Ok(Pull {
            number,
            title: wire.title,
            body: wire.body.unwrap_or_default(),
            author: wire.user.map(|it| actor(it, false)),
            open: state == "open",
            merged: wire.merged,
            head: head.branch,
            tip: head.sha,
            // A name that is none of ours is as good as gone: it is a fork's in any case.
            head_repository: head.repo.and_then(|it| it.full_name.try_into().ok()),
            fork,
            maintainer_can_modify: wire.maintainer_can_modify,
            base: base.branch,
            mergeable: wire.mergeable,
            draft,
        })
    }

    pub(super) async fn open_once(
        &self,
        repository: &Repository,
        change: &Change,
        draft: &Draft,
    ) -> Result<PullRequest, HostError> {
        if let Some(found) = self.opened(repository, change, &draft.base).await? {
            return Ok(found);
        }
        match self.create(repository, change, draft).await {
            Err(HostError::Refused { status: 422, message })
                if says(&message, "already exists") =>
            {
                // Ours after all, from a try whose answer was lost.
                let found = self.opened(repository, change, &draft.base).await?;
                found.ok_or(HostError::Refused { status: 422, message })
            }
            Err(HostError::Refused { status: 422, message })
                if draft.draft && says(&message, "draft pull requests are not supported") =>
            {
                let title = format!("{INSTEAD_OF_DRAFT}{}", draft.title);
                let instead = Draft { title, draft: false, ..draft.clone() };
                self.create(repository, change, &instead).await
            }
            created => created,
        }
    }

    /// The pull request that is open on the branch, or the one that was opened for this very
    /// commit: what a person merged or closed meanwhile is not opened a second time.
    async fn opened(
        &self,
        repository: &Repository,
        change: &Change,
        base: &str,
    ) -> Result<Option<PullRequest>, HostError> {
        let head = encoded(&format!("{}:{}", repository.owner(), change.branch));
        let pulls = path(repository);
        let address = format!("{pulls}/pulls?state=all&head={head}&per_page=100");
        let all: Vec<WirePull> =
            self.wire.get(&address).await?.or_refusal(&named(repository))?.json()?;
        let best = all
            .into_iter()
            // A `head` that GitHub cannot read is ignored, and everything comes back.
            .filter(|it| it.is_from_here() && it.head.branch == change.branch)
            .filter(|it| it.state == "open" || it.head.sha == change.commit.0)
            .max_by_key(|it| (it.state == "open", it.base.branch == base, it.number));
        Ok(best.map(PullRequest::from))
    }

    async fn create(
        &self,
        repository: &Repository,
        change: &Change,
        draft: &Draft,
    ) -> Result<PullRequest, HostError> {
        let body = json!({
            "title": fit_title(&draft.title),
            "head": change.branch,
            "base": draft.base,
            "body": fit_body(&draft.body),
            "draft": draft.draft,
        });
        let address = format!("{}/pulls", path(repository));
        crate::fault::point("github.open_pull:before").await?;
        let created = self.wire.ask(Method::POST, &address, Some(&body)).await?;
        crate::fault::point("github.open_pull:after").await?;
        Ok(created.or_refusal(&named(repository))?.json::<WirePull>()?.into())
    }
}

pub(super) fn pull_named(repository: &Repository, number: u64) -> String {
    format!("pull request `{repository}#{number}`")
}

fn says(message: &str, words: &str) -> bool {
    message.to_lowercase().contains(words)
}
