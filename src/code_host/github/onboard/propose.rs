//! The pull request with the workflow files.
//!
//! One commit is made of objects that nobody sees until a branch points at it, so that a token
//! which may not touch workflows leaves nothing behind. Nothing is forced: the branch is created,
//! or moved forward.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{GitHub, there};
use crate::code_host::HostError;
use crate::code_host::github::wire::encoded;
use crate::code_host::github::{named, path};
use crate::domain::task::Repository;
use crate::engine::onboarding::{BRANCH, Proposal, Proposed, WORKFLOWS, are_shipped};

#[derive(Deserialize)]
struct Reference {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    sha: String,
}

#[derive(Deserialize)]
struct Commit {
    tree: Object,
}

#[derive(Deserialize)]
struct File {
    content: Option<String>,
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct WirePull {
    number: u64,
    html_url: String,
    state: String,
    head: End,
    base: End,
}

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
    /// Whether it comes from our branch of this very repository.
    fn is_ours(&self) -> bool {
        let id = |end: &End| end.repo.as_ref().map(|it| it.id);
        self.head.branch == BRANCH && id(&self.head).is_some() && id(&self.head) == id(&self.base)
    }
}

impl From<WirePull> for Proposed {
    fn from(it: WirePull) -> Self {
        Self { number: it.number, url: it.html_url }
    }
}

impl GitHub {
    /// The workflow files of a branch.
    pub(super) async fn files(
        &self,
        repository: &Repository,
        branch: &str,
    ) -> Result<BTreeMap<String, String>, HostError> {
        let mut files = BTreeMap::new();
        for (file, _) in WORKFLOWS {
            let address = format!("{}/contents/{file}?ref={}", path(repository), encoded(branch));
            let answer = self.wire.get(&address).await?.or_refusal(&format!("file `{file}`"));
            if let Some(answer) = there(answer)? {
                files.insert(file.to_owned(), text(answer.json()?));
            }
        }
        Ok(files)
    }

    pub(super) async fn proposal(
        &self,
        repository: &Repository,
    ) -> Result<Option<Proposal>, HostError> {
        if self.tip(repository, BRANCH).await?.is_none() {
            return Ok(None);
        }
        let pull = self.pulls_of_ours(repository).await?.into_iter().find(|it| it.state == "open");
        let files = self.files(repository, BRANCH).await?;
        Ok(Some(Proposal { files, pull: pull.map(Proposed::from) }))
    }

    /// Opens it, or brings it up to date.
    pub(super) async fn propose(
        &self,
        repository: &Repository,
        base: &str,
        words: (&str, &str),
    ) -> Result<Proposed, HostError> {
        let tip = self.tip(repository, BRANCH).await?;
        let pulls = self.pulls_of_ours(repository).await?;
        let open = pulls.iter().any(|it| it.state == "open");
        if let Some(tip) = &tip
            && !open
            && let Some(over) = pulls.iter().find(|it| it.head.sha == *tip)
            && !self.moved_on(repository, base, words.0).await?
        {
            // Somebody decided about it, or merged it in a way that leaves the branch behind.
            let message = format!(
                "the branch {BRANCH} is left from pull request #{}: {}",
                over.number, over.html_url
            );
            return Err(HostError::Refused { status: 409, message });
        }
        self.bring(repository, base, words.0).await?;
        match self.pulls_of_ours(repository).await?.into_iter().find(|it| it.state == "open") {
            Some(pull) => Ok(pull.into()),
            None => self.open_setup(repository, base, words).await,
        }
    }

    /// Makes our branch have the shipped files.
    async fn bring(
        &self,
        repository: &Repository,
        base: &str,
        message: &str,
    ) -> Result<(), HostError> {
        let Some(tip) = self.tip(repository, BRANCH).await? else {
            let thing = format!("branch `{base}` of {}", named(repository));
            let from = self.tip(repository, base).await?.ok_or(HostError::NotFound(thing))?;
            let commit = self.commit(repository, &from, message).await?;
            let body = json!({"ref": format!("refs/heads/{BRANCH}"), "sha": commit});
            let address = format!("{}/git/refs", path(repository));
            return self.make(Method::POST, &address, &body, repository).await;
        };
        if are_shipped(&self.files(repository, BRANCH).await?)
            || self.moved_on(repository, base, message).await?
        {
            return Ok(());
        }
        let commit = self.commit(repository, &tip, message).await?;
        self.forward(repository, &commit).await
    }

    /// Whether the branch, which has nothing of its own, could be moved to a new commit on `base`.
    async fn moved_on(
        &self,
        repository: &Repository,
        base: &str,
        message: &str,
    ) -> Result<bool, HostError> {
        let Some(from) = self.tip(repository, base).await? else { return Ok(false) };
        let commit = self.commit(repository, &from, message).await?;
        match self.forward(repository, &commit).await {
            Ok(()) => Ok(true),
            // It has commits that are not on `base`.
            Err(HostError::Refused { status: 422, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The commit that a branch points at.
    async fn tip(
        &self,
        repository: &Repository,
        branch: &str,
    ) -> Result<Option<String>, HostError> {
        // A branch's name keeps its slashes here.
        let name = branch.split('/').map(encoded).collect::<Vec<_>>().join("/");
        let address = format!("{}/git/ref/heads/{name}", path(repository));
        let answer = self.wire.get(&address).await?.or_refusal(&format!("branch `{branch}`"));
        let answer = match answer {
            Err(HostError::Refused { status: 409, message }) => {
                let message = format!("{message} (push a first commit)");
                return Err(HostError::Refused { status: 409, message });
            }
            answer => there(answer)?,
        };
        answer.map(|it| Ok(it.json::<Reference>()?.object.sha)).transpose()
    }

    /// A commit on `parent` with the shipped files. No branch points at it yet.
    async fn commit(
        &self,
        repository: &Repository,
        parent: &str,
        message: &str,
    ) -> Result<String, HostError> {
        let git = format!("{}/git", path(repository));
        let thing = named(repository);
        let address = format!("{git}/commits/{parent}");
        let parent_commit: Commit = self.wire.get(&address).await?.or_refusal(&thing)?.json()?;
        let file = |(path, text): &(&str, &str)| json!({"path": path, "mode": "100644", "type": "blob", "content": text});
        let files: Vec<Value> = WORKFLOWS.iter().map(file).collect();
        let body = json!({"base_tree": parent_commit.tree.sha, "tree": files});
        let answer = self.wire.ask(Method::POST, &format!("{git}/trees"), Some(&body)).await?;
        let tree: Object = answer.or_refusal(&thing)?.json()?;
        let body = json!({"message": message, "tree": tree.sha, "parents": [parent]});
        let answer = self.wire.ask(Method::POST, &format!("{git}/commits"), Some(&body)).await?;
        Ok(answer.or_refusal(&thing)?.json::<Object>()?.sha)
    }

    async fn forward(&self, repository: &Repository, commit: &str) -> Result<(), HostError> {
        let address = format!("{}/git/refs/heads/{BRANCH}", path(repository));
        let body = json!({"sha": commit, "force": false});
        self.make(Method::PATCH, &address, &body, repository).await
    }

    /// Every pull request from our branch, newest first.
    async fn pulls_of_ours(&self, repository: &Repository) -> Result<Vec<WirePull>, HostError> {
        let head = encoded(&format!("{}:{BRANCH}", repository.owner()));
        let address = format!("{}/pulls?state=all&head={head}&per_page=100", path(repository));
        let all: Vec<WirePull> =
            self.wire.get(&address).await?.or_refusal(&named(repository))?.json()?;
        Ok(all.into_iter().filter(WirePull::is_ours).collect())
    }

    async fn open_setup(
        &self,
        repository: &Repository,
        base: &str,
        (title, body): (&str, &str),
    ) -> Result<Proposed, HostError> {
        let body = json!({"title": title, "head": BRANCH, "base": base, "body": body});
        let address = format!("{}/pulls", path(repository));
        let answer = self.wire.ask(Method::POST, &address, Some(&body)).await?;
        Ok(answer.or_refusal(&named(repository))?.json::<WirePull>()?.into())
    }
}

/// A file's text. What is no text, or too large to be sent, is no file of ours: empty.
fn text(file: File) -> String {
    let content = file.content.filter(|_| file.encoding.as_deref() == Some("base64"));
    let packed: String =
        content.unwrap_or_default().chars().filter(|it| !it.is_whitespace()).collect();
    let bytes = BASE64_STANDARD.decode(packed).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}
