//! `trust`: who is trusted with what.

use serde::{Deserialize, Serialize};

use super::{AnswerRefused, Native};
use crate::domain::task::Repository;

/// `trust`: who is trusted with what.
#[derive(Debug)]
pub struct Trust {
    /// Empty: every one that the token may push to.
    pub repositories: Vec<Allowed>,
    /// Where jobs may run without a cage, on a machine that has none.
    pub native: Native,
    /// Repositories whose jobs may, whatever `native` says: public ones too.
    pub allow_native: Vec<Allowed>,
    /// Repositories whose checks may use the network.
    pub allow_network: Vec<Allowed>,
    /// Per issue and per pull request.
    pub max_runs_per_day: u32,
    /// Bots that may ask, by the numbers of their accounts.
    pub bots: Vec<u64>,
    /// Whether the account of the worker's own token may ask.
    pub own_account: bool,
    /// Whether pull requests from forks are worked on, where the maintainer may push.
    pub forks: bool,
    /// Which refusals are answered by a comment.
    pub answer_refused: AnswerRefused,
}

/// A repository that may be worked on, as the operator names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Allowed {
    /// By its number at the code host, which stays when it is renamed and is never given again.
    Id(u64),
    /// By its name.
    Name(Repository),
}

impl Allowed {
    /// Whether this is the repository of that name, or of that number where it is known.
    pub fn is(&self, repository: &Repository, id: Option<u64>) -> bool {
        match self {
            Self::Id(own) => id == Some(*own),
            Self::Name(own) => own.to_string().eq_ignore_ascii_case(&repository.to_string()),
        }
    }
}

impl std::str::FromStr for Allowed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit()) {
            let id = text.parse().ok().filter(|&it| it > 0);
            return id.map(Self::Id).ok_or_else(|| format!("`{text}` is no repository's number"));
        }
        text.parse().map(Self::Name).map_err(|error: <Repository as std::str::FromStr>::Err| {
            format!("{error}, or a repository's number")
        })
    }
}

impl std::fmt::Display for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_allowed_by_its_name_in_any_case_or_by_its_number() {
        let name: Allowed = "Acme/Api".parse().unwrap();
        let id: Allowed = "12".parse().unwrap();
        let (api, web) = ("acme/api".parse().unwrap(), "acme/web".parse().unwrap());
        assert!(name.is(&api, None) && name.is(&api, Some(12)) && !name.is(&web, Some(12)));
        assert!(id.is(&web, Some(12)) && !id.is(&api, Some(13)) && !id.is(&api, None));
        for bad in ["", "acme", "0", "99999999999999999999", "-1", "a/b/c"] {
            assert!(bad.parse::<Allowed>().is_err(), "{bad}");
        }
    }
}
