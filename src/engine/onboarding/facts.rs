//! What was found at a repository that is to be connected.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::task::Repository;

/// Something that the token may read, or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen<T> {
    /// This is how it is.
    Known(T),
    /// The code host refused to show it, in these words.
    Hidden(String),
}

/// The repository, the token, and what is set up already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its name of today.
    pub repository: Repository,
    /// Its number, which stays when it is renamed.
    pub id: u64,
    /// Its owner's number.
    pub owner_id: u64,
    /// The branch that workflows on issues run from.
    pub default_branch: String,
    /// Whether strangers can read it.
    pub public: bool,
    /// Whether it is read-only for everybody.
    pub archived: bool,
    /// Whether it has issues at all.
    pub has_issues: bool,
    /// Whether the token may push.
    pub may_push: bool,
    /// Whether whoever owns the token administers the repository.
    pub admin: bool,
    /// The token.
    pub token: Token,
    /// Those of our labels that are there.
    pub labels: BTreeSet<String>,
    /// What the way through AWS needs; `None` for the way without.
    pub cloud: Option<Cloud>,
}

/// Whose token it is, and what it says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// `None` for an App's installation.
    pub login: Option<String>,
    /// The scopes of a classic token or a login. Other sorts have none, and tell what they may do
    /// only when they are refused.
    pub scopes: Option<Vec<String>>,
}

impl Token {
    /// Whether it says of itself that it has not got `scope`.
    pub fn lacks(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_some_and(|it| !it.is_empty() && !it.iter().any(|it| it == scope))
    }
}

/// What the way through AWS needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Whether workflows run at all.
    pub actions: Seen<Actions>,
    /// Those of our variables that are there, with their values.
    pub variables: Seen<BTreeMap<String, String>>,
    /// The environment, if it is there.
    pub environment: Seen<Option<Environment>>,
    /// The workflow files of the default branch, by path; a file that is not there is left out.
    pub files: BTreeMap<String, String>,
    /// The branch that proposes them, if it is there.
    pub proposal: Option<Proposal>,
    /// What stands in the `sub` of a workflow's identity token.
    pub subject: Seen<Subject>,
}

/// What the repository says of its workflows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actions {
    /// Whether they run.
    pub enabled: bool,
    /// Whose actions they may use: `all`, `local_only` or `selected`.
    pub allowed: Option<String>,
}

/// An environment of GitHub Actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Whether a job waits there for a person or for a time.
    pub waits: bool,
    /// Which branches may use it.
    pub branches: Branches,
}

/// Which branches may use an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Branches {
    /// Every one.
    All,
    /// Those that are protected.
    Protected,
    /// Those that match one of these names.
    Named(Vec<String>),
}

/// The branch that proposes the workflow files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its files, as `Cloud::files`.
    pub files: BTreeMap<String, String>,
    /// The pull request that is open on it.
    pub pull: Option<Proposed>,
}

/// The pull request with the workflow files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// Its number.
    pub number: u64,
    /// Where a person reads it.
    pub url: String,
}

/// How GitHub makes the `sub` of a workflow's identity token.
/// <https://docs.github.com/actions/reference/security/oidc>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Whether it is GitHub's own form.
    pub default: bool,
    /// Of which claims it is made otherwise.
    pub keys: Vec<String>,
    /// Whether it has the numbers of owner and repository in it, where GitHub says so.
    pub immutable: Option<bool>,
    /// What it begins with, where GitHub says so.
    pub prefix: Option<String>,
}
