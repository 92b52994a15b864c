//! What `doctor` asks: whose token it is, how long it lives, and what it may do.

use serde::Deserialize;

use super::{GitHub, Levels, User, WireRepository, named, path};
use crate::code_host::{HostError, RepositoryFacts};
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;

/// An App can be installed on very many repositories; this many pages of 100 are looked through.
const MOST_PAGES: u32 = 50;

/// What sort of token it is, by its prefix.
/// <https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `github_pat_`: limited to named repositories and permissions. The one to use.
    FineGrained,
    /// `ghp_`: reaches everything its owner reaches, within its scopes.
    Classic,
    /// `ghs_`: an App's installation, for an hour; also what GitHub Actions hands out.
    Installation,
    /// `gho_` and `ghu_`: somebody logged in, as with `gh auth login`.
    Login,
    /// Another prefix, as older GitHub Enterprise Servers have.
    Unknown,
}

impl TokenKind {
    /// Reads it off the token.
    pub(super) fn of(token: &str) -> Self {
        match token.split_once('_').map(|(prefix, _)| prefix) {
            Some("github") if token.starts_with("github_pat_") => Self::FineGrained,
            Some("ghp") => Self::Classic,
            Some("ghs") => Self::Installation,
            Some("gho" | "ghu") => Self::Login,
            _ => Self::Unknown,
        }
    }
}

/// What GitHub tells about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// What sort it is.
    pub kind: TokenKind,
    /// Whose it is; `None` for an App's installation, which is nobody's.
    pub login: Option<String>,
    /// The scopes of a classic token or a login; other sorts have none.
    pub scopes: Option<Vec<String>>,
    /// When it ends, in GitHub's words; `None` when it does not, or GitHub does not say.
    pub expires: Option<String>,
    /// GitHub's clock as it answered, to compare ours with.
    pub server_time: Option<Timestamp>,
}

/// What a token may do in a repository, as far as can be learnt without changing anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// The repository.
    pub facts: RepositoryFacts,
    /// The person's role: `admin`, `maintain`, `write`, `triage` or `read`. A fine-grained token
    /// may be allowed less than its owner; GitHub tells that only when something is refused.
    pub role: &'static str,
    /// Whether the repository has issues at all.
    pub has_issues: bool,
    /// Whether the token may read issues.
    pub reads_issues: bool,
    /// Whether the token may read pull requests.
    pub reads_pull_requests: bool,
}

#[derive(Deserialize)]
struct Installed {
    repositories: Vec<InstalledOn>,
}

#[derive(Deserialize)]
struct InstalledOn {
    id: u64,
}

impl GitHub {
    /// Whose token it is, and how long it lives.
    ///
    /// # Errors
    /// `BadToken` when GitHub does not take it; otherwise as every call.
    pub async fn credentials(&self) -> Result<TokenFacts, HostError> {
        self.patiently(|| self.credentials_once()).await
    }

    async fn credentials_once(&self) -> Result<TokenFacts, HostError> {
        let answer = self.wire.get("/user").await?;
        let header = |name| answer.header(name).map(str::to_owned);
        let mut facts = TokenFacts {
            kind: self.kind,
            login: None,
            scopes: header("x-oauth-scopes").map(|it| {
                it.split(',')
                    .map(str::trim)
                    .filter(|it| !it.is_empty())
                    .map(str::to_owned)
                    .collect()
            }),
            expires: header("github-authentication-token-expiration"),
            server_time: answer.sent(),
        };
        match answer.or_refusal("the token's user") {
            Ok(answer) => facts.login = Some(answer.json::<User>()?.login),
            Err(HostError::Refused { status: 403, .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(facts)
    }

    /// What the token may do in `repository`.
    ///
    /// # Errors
    /// `NotFound` when it may not even see it; otherwise as every call.
    pub async fn permissions(&self, repository: &Repository) -> Result<Permissions, HostError> {
        self.patiently(|| self.permissions_once(repository)).await
    }

    async fn permissions_once(&self, repository: &Repository) -> Result<Permissions, HostError> {
        let facts = self.repository_once(repository).await?;
        let address = path(repository);
        let thing = named(repository);
        let wire: WireRepository = self.wire.get(&address).await?.or_refusal(&thing)?.json()?;
        Ok(Permissions {
            role: match wire.permissions {
                Some(Levels { admin: true, .. }) => "admin",
                Some(Levels { maintain: true, .. }) => "maintain",
                _ if facts.may_push => "write",
                Some(Levels { triage: true, .. }) => "triage",
                _ => "read",
            },
            has_issues: wire.has_issues,
            reads_issues: self.reads(&format!("{address}/issues?per_page=1")).await?,
            reads_pull_requests: self.reads(&format!("{address}/pulls?per_page=1")).await?,
            facts,
        })
    }

    async fn reads(&self, address: &str) -> Result<bool, HostError> {
        match self.wire.get(address).await?.or_refusal(address) {
            Ok(_) => Ok(true),
            Err(HostError::NotFound(_) | HostError::Refused { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the App that the token is of was installed on this repository. It can read every
    /// public one, so that it can read it says nothing.
    pub(super) async fn installed_on(&self, id: u64) -> Result<bool, HostError> {
        for page in 1..=MOST_PAGES {
            let address = super::wire::page_of("/installation/repositories", page);
            let answer = self.wire.get(&address).await?.or_refusal("the App's installation")?;
            if answer.json::<Installed>()?.repositories.iter().any(|it| it.id == id) {
                return Ok(true);
            }
            if answer.page("next").is_none() {
                break;
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_its_kind() {
        for (token, kind) in [
            ("github_pat_11AAA_bbb", TokenKind::FineGrained),
            ("ghp_abc", TokenKind::Classic),
            ("ghs_abc", TokenKind::Installation),
            ("gho_abc", TokenKind::Login),
            ("ghu_abc", TokenKind::Login),
            ("0123456789abcdef", TokenKind::Unknown),
        ] {
            assert_eq!(TokenKind::of(token), kind, "{token}");
        }
    }
}
