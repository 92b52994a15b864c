//! Pull requests: found, or opened.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::text::{fit_body, fit_title};
use super::wire::encoded;
use super::{GitHub, named, path};
use crate::code_host::{Draft, HostError};
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
        let created = self.wire.ask(Method::POST, &address, Some(&body)).await?;
        Ok(created.or_refusal(&named(repository))?.json::<WirePull>()?.into())
    }
}

fn says(message: &str, words: &str) -> bool {
    message.to_lowercase().contains(words)
}
