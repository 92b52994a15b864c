//! The code-host room beyond the contract: what only GitHub, or only a folder, can do wrong.

#![expect(clippy::unwrap_used, reason = "a scene that cannot be set should end its test")]

mod double;
mod edits;
mod faults;
mod folder;
mod github;
mod permission;
mod pull;
mod reads;
mod talk;

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use tempfile::TempDir;

use codingworker::code_host::github::{GitHub, GitHubOptions};
use codingworker::code_host::{Draft, HostError};
use codingworker::domain::change::{Change, ObjectId};
use codingworker::domain::task::Repository;
use codingworker::retry::RetryPolicy;

use crate::contract::code_host::{BASE, TIP, bare, real};
use crate::github_double::{GitHubDouble, TOKEN};

/// A double with the repository `acme/api`, one issue, and a branch to show.
pub(crate) struct Scene {
    pub(crate) double: GitHubDouble,
    pub(crate) root: TempDir,
}

impl Scene {
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        let double = GitHubDouble::start(root.path());
        Self::with(double, root)
    }

    fn with(double: GitHubDouble, root: TempDir) -> Self {
        bare(root.path(), "acme/api", "main", &[("main", BASE), ("ai/issue-1", TIP)]);
        double.repository("acme/api");
        double.issue("acme/api", "Fix it", "Please.", "reporter");
        Self { double, root }
    }

    fn github(&self) -> GitHub {
        self.github_as(TOKEN)
    }

    /// With short pauses between its tries.
    fn github_as(&self, token: &str) -> GitHub {
        self.github_with(token, Duration::from_secs(30))
    }

    /// Waits half a second for an answer, and has tries enough for a slow machine.
    fn impatient(&self) -> GitHub {
        self.github_with(TOKEN, Duration::from_millis(500))
    }

    fn github_with(&self, token: &str, read_timeout: Duration) -> GitHub {
        let retry = RetryPolicy {
            initial: Duration::from_millis(20),
            cap: Duration::from_millis(50),
            least: Duration::from_millis(1),
            deadline: Duration::from_secs(30),
            tries: if read_timeout < Duration::from_secs(1) { 20 } else { 4 },
        };
        let options = GitHubOptions::new(self.double.api_url(), SecretString::from(token));
        GitHub::new(GitHubOptions { retry, read_timeout, ..options }).unwrap()
    }

    /// The repository `acme/real`, where git is real, with a pull request. Gives its number.
    fn real_pull(&self) -> u64 {
        let before = [("calc.py", "a - b\n"), ("gone.txt", "old\n")];
        real(self.root(), "acme/real", &[("main", &before), ("fix", &[("calc.py", "a + b\n")])]);
        self.double.repository("acme/real");
        self.double.open_pull("acme/real", ("fix", "main"), ("Fix it", "Closes #1"), "author")
    }

    fn comments(&self) -> Vec<String> {
        let all = self.double.issue_state("acme/api", 1).comments;
        all.into_iter().map(|it| it.body).collect()
    }

    fn root(&self) -> &Path {
        self.root.path()
    }
}

fn api() -> Repository {
    "acme/api".parse().unwrap()
}

fn real_api() -> Repository {
    "acme/real".parse().unwrap()
}

fn change() -> Change {
    Change { branch: "ai/issue-1".to_owned(), commit: ObjectId(TIP.to_owned()) }
}

fn draft() -> Draft {
    let (base, title) = ("main".to_owned(), "Fix it (#1)".to_owned());
    Draft { base, title, body: "Closes #1".to_owned(), draft: true }
}

/// What sort of error it is, in one word.
fn sort(error: &HostError) -> &'static str {
    match error {
        HostError::Unavailable(_) => "unavailable",
        HostError::RateLimited { .. } => "rate limited",
        HostError::BadToken(_) => "bad token",
        HostError::NotFound(_) => "not found",
        HostError::Refused { .. } => "refused",
        HostError::Misconfigured(_) => "misconfigured",
    }
}
