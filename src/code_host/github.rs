//! GitHub, and GitHub Enterprise Server, through octocrab.
//!
//! Every method looks first and makes only what is missing, so a whole method can simply be tried
//! again: after a 502, a broken connection or a time-out nobody knows whether GitHub did what it
//! was asked, and the second try finds out before it asks again. octocrab's own retries, which
//! repeat a POST blindly, are compiled out. What lasts longer than `GitHubOptions::retry` goes
//! back to the worker as `Unavailable` or `RateLimited`.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::code_host::{
    Actor, CodeHost, Draft, HostError, Issue, Permission, Pull, Remark, RepositoryFacts,
};
use crate::domain::change::{Change, PullRequest};
use crate::domain::job::{Fault, Person};
use crate::domain::task::{CommentRef, Repository};
use crate::domain::time::Timestamp;
use crate::retry::{RetryPolicy, Retryable, retry};

mod answer;
mod comment;
mod diff;
mod graphql;
mod issue;
mod onboard;
mod permission;
mod pull;
mod remark;
mod text;
mod token;
mod watch;
mod wire;

pub use token::{Permissions, TokenFacts, TokenKind};

use wire::Wire;

/// How to reach a GitHub.
#[derive(Clone, Debug)]
pub struct GitHubOptions {
    /// `https://api.github.com`, or a GitHub Enterprise Server's `https://HOST/api/v3`. Plain
    /// http is taken for this machine's own addresses only.
    pub api_url: String,
    /// A personal access token, fine-grained or classic, or an App's installation token.
    pub token: SecretString,
    /// How long to try within one call.
    pub retry: RetryPolicy,
    /// Of one connection's set-up.
    pub connect_timeout: Duration,
    /// Without a byte read or written.
    pub read_timeout: Duration,
}

impl GitHubOptions {
    /// With time-outs of 10 s to connect and 30 s of silence, and half a minute of patience.
    pub fn new(api_url: impl Into<String>, token: SecretString) -> Self {
        Self {
            api_url: api_url.into(),
            token,
            // GitHub recommends a second between two mutations, and its replicas need one too.
            retry: RetryPolicy { least: Duration::from_secs(1), ..RetryPolicy::default() },
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
        }
    }
}

/// A GitHub, with one token.
pub struct GitHub {
    wire: Wire,
    patience: RetryPolicy,
    /// Never cancelled: dropping a call's future stops it.
    stop: CancellationToken,
    me: OnceCell<Me>,
    kind: TokenKind,
}

/// Who we are to GitHub.
enum Me {
    User(Person),
    /// An App's installation has no user: GitHub answers `GET /user` with 403.
    App,
}

/// A user, as GitHub sends one everywhere. Absent where the account is gone.
#[derive(Clone, Debug, Deserialize)]
struct User {
    id: u64,
    login: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl From<User> for Person {
    fn from(it: User) -> Self {
        Self { id: it.id, login: it.login }
    }
}

/// Whose deed it is. What does not say that it is a person's is a program's.
fn actor(user: User, through_app: bool) -> Actor {
    let bot = through_app || user.kind.as_deref() != Some("User");
    Actor { person: user.into(), bot }
}

impl Retryable for HostError {
    fn fault(&self) -> Fault {
        HostError::fault(self)
    }

    fn wait(&self) -> Option<Duration> {
        HostError::wait(self)
    }
}

impl GitHub {
    /// Sets up the way to GitHub; asks it nothing yet. Must be called inside a tokio runtime,
    /// which octocrab's connection pool lives on.
    ///
    /// # Errors
    /// When the address or the token cannot be used, or this machine has no root certificates.
    pub fn new(options: GitHubOptions) -> Result<Self, HostError> {
        let wire = Wire::new(&options)?;
        let kind = TokenKind::of(options.token.expose_secret());
        let (stop, me) = (CancellationToken::new(), OnceCell::new());
        Ok(Self { wire, patience: options.retry, stop, me, kind })
    }

    /// Does the whole of `op` again while its fault is one that passes. `op` looks before it makes.
    async fn patiently<T, F: Future<Output = Result<T, HostError>>>(
        &self,
        op: impl FnMut() -> F,
    ) -> Result<T, HostError> {
        retry(&self.patience, &self.stop, op).await
    }

    /// Who we are, asked once.
    async fn who(&self) -> Result<&Me, HostError> {
        // Whoever has a token of these sorts is somebody, and has to be known: what we wrote
        // ourselves must never be taken for somebody else's.
        let has_user =
            matches!(self.kind, TokenKind::FineGrained | TokenKind::Classic | TokenKind::Login);
        let ask = || async {
            let answer = self.wire.get("/user").await?.or_refusal("the token's user");
            match answer {
                Ok(answer) => Ok(Me::User(answer.json::<User>()?.into())),
                Err(HostError::Refused { status: 403, .. }) if !has_user => Ok(Me::App),
                Err(error) => Err(error),
            }
        };
        self.me.get_or_try_init(ask).await
    }

    async fn repository_once(&self, repository: &Repository) -> Result<RepositoryFacts, HostError> {
        let answer = self.wire.get(&path(repository)).await?.or_refusal(&named(repository))?;
        let wire: WireRepository = answer.json()?;
        // GitHub fills `permissions` for a person. For an App the list of its repositories tells.
        let may_push = match wire.permissions {
            Some(Levels { push: true, .. }) => true,
            _ if self.kind == TokenKind::Installation => self.installed_on(wire.id).await?,
            _ => false,
        };
        Ok(RepositoryFacts {
            id: wire.id,
            default_branch: wire.default_branch,
            public: wire.visibility.map_or(!wire.private, |it| it == "public"),
            archived: wire.archived,
            may_push,
        })
    }
}

/// What is read of a repository.
#[derive(Deserialize)]
struct WireRepository {
    id: u64,
    default_branch: String,
    #[serde(default)]
    private: bool,
    visibility: Option<String>,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    has_issues: bool,
    permissions: Option<Levels>,
}

/// What GitHub lets the token's person do.
#[derive(Deserialize)]
struct Levels {
    #[serde(default)]
    admin: bool,
    #[serde(default)]
    maintain: bool,
    #[serde(default)]
    push: bool,
    #[serde(default)]
    triage: bool,
}

fn path(repository: &Repository) -> String {
    format!("/repos/{}/{}", repository.owner(), repository.name())
}

fn named(repository: &Repository) -> String {
    format!("repository `{repository}`")
}

fn issue_named(repository: &Repository, number: u64) -> String {
    format!("issue `{repository}#{number}`")
}

#[async_trait]
impl CodeHost for GitHub {
    async fn repository(&self, repository: &Repository) -> Result<RepositoryFacts, HostError> {
        self.patiently(|| self.repository_once(repository)).await
    }

    async fn me(&self) -> Result<Option<Person>, HostError> {
        match self.patiently(|| self.who()).await? {
            Me::User(person) => Ok(Some(person.clone())),
            Me::App => Ok(None),
        }
    }

    async fn permission(
        &self,
        repository: &Repository,
        person: &Person,
    ) -> Result<Permission, HostError> {
        self.patiently(|| self.permission_once(repository, person)).await
    }

    async fn pull(&self, repository: &Repository, number: u64) -> Result<Pull, HostError> {
        self.patiently(|| self.pull_once(repository, number)).await
    }

    async fn diff(&self, repository: &Repository, number: u64) -> Result<String, HostError> {
        self.patiently(|| self.diff_once(repository, number)).await
    }

    async fn remark(
        &self,
        repository: &Repository,
        thread: u64,
        comment: CommentRef,
    ) -> Result<Remark, HostError> {
        self.patiently(|| self.remark_once(repository, thread, comment)).await
    }

    async fn remarks(
        &self,
        repository: &Repository,
        thread: u64,
        since: Option<Timestamp>,
    ) -> Result<Vec<Remark>, HostError> {
        self.patiently(|| self.remarks_once(repository, thread, since)).await
    }

    async fn issue(
        &self,
        repository: &Repository,
        number: u64,
        label: &str,
    ) -> Result<Issue, HostError> {
        self.patiently(|| self.issue_once(repository, number, label)).await
    }

    /// Where the repository's plan has no drafts, an ordinary pull request is opened instead,
    /// with `[incomplete]` before its title.
    async fn open(
        &self,
        repository: &Repository,
        change: &Change,
        draft: &Draft,
    ) -> Result<PullRequest, HostError> {
        self.patiently(|| self.open_once(repository, change, draft)).await
    }

    /// A body above GitHub's 65,536 characters is cut, with a note.
    async fn say(
        &self,
        repository: &Repository,
        issue: u64,
        marker: &str,
        known: Option<u64>,
        body: &str,
    ) -> Result<u64, HostError> {
        let body = text::fit_comment(body, marker);
        self.patiently(|| self.say_once(repository, issue, marker, known, &body)).await
    }

    async fn label(
        &self,
        repository: &Repository,
        issue: u64,
        add: &[&str],
        remove: &[&str],
    ) -> Result<(), HostError> {
        self.patiently(|| self.label_once(repository, issue, add, remove)).await
    }
}
