//! A task: what somebody asked for, in our words.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a message on the queue asks of us, checked at the edge (`engine::intake`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Where the work is to be done.
    pub repository: Repository,
    /// What the work answers to.
    pub origin: Origin,
    /// The title as the sender saw it. The code host's own text wins when the job starts.
    pub title: String,
    /// The body as the sender saw it. Empty where he sends references alone.
    pub body: String,
    /// The digest of the body as the sender saw it, if he told: 64 hexadecimal digits in lower
    /// case, of what `engine::authority::body_digest` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_sha256: Option<String>,
    /// The labels as the sender saw them.
    pub labels: Vec<String>,
    /// Which asking this is: the same issue labelled twice is two, delivered twice is one. Empty
    /// for a comment, which is one asking for ever, unless the operator tries it again.
    pub asking: String,
}

/// Where the request came from, and so where the answer goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Origin {
    /// An issue was labelled.
    Issue {
        /// Its number in the repository, from 1.
        number: u64,
    },
    /// Somebody wrote `@ai-fix` on a pull request.
    PrComment {
        /// The pull request's number in the repository, from 1.
        pull: u64,
        /// What was written.
        comment: CommentRef,
    },
}

/// One thing that somebody wrote under a pull request. Each kind has numbers of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CommentRef {
    /// Of which kind it is.
    pub kind: CommentKind,
    /// Its id at the code host.
    pub id: u64,
}

/// The three ways to write under a pull request.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum CommentKind {
    /// A comment in the conversation.
    #[default]
    IssueComment,
    /// A comment on a line of the diff.
    ReviewComment,
    /// The words of a whole review.
    Review,
}

impl CommentKind {
    /// The name that it has in a task.
    pub fn name(self) -> &'static str {
        match self {
            Self::IssueComment => "issue_comment",
            Self::ReviewComment => "review_comment",
            Self::Review => "review",
        }
    }
}

impl Task {
    /// What makes two deliveries the same task: one key, one job, across restarts and queues.
    pub fn key(&self) -> String {
        match self.origin {
            Origin::Issue { number } => {
                let repository = self.repository.to_string().to_lowercase();
                format!("issue {repository}#{number} {}", self.asking)
            }
            Origin::PrComment { comment, .. } => {
                let key = comment_key(&self.repository, comment);
                match self.asking.is_empty() {
                    true => key,
                    false => format!("{key} {}", self.asking),
                }
            }
        }
    }

    /// The issue or the pull request that the answer goes to: both are counted together.
    pub fn thread(&self) -> u64 {
        match self.origin {
            Origin::Issue { number } => number,
            Origin::PrComment { pull, .. } => pull,
        }
    }

    /// The comment that asks, if one does.
    pub fn comment(&self) -> Option<CommentRef> {
        match self.origin {
            Origin::Issue { .. } => None,
            Origin::PrComment { comment, .. } => Some(comment),
        }
    }
}

/// The key of the task that a comment is, whoever delivers it and whatever else he says about it.
pub fn comment_key(repository: &Repository, comment: CommentRef) -> String {
    let repository = repository.to_string().to_lowercase();
    format!("comment {repository} {} {}", comment.kind.name(), comment.id)
}

/// `owner/name`, checked once, at the edge.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Repository {
    owner: String,
    name: String,
}

/// The text was not `owner/name`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a repository: expected OWNER/NAME, of letters, digits, `-`, `_` and `.`")]
pub struct NotARepository(String);

impl Repository {
    /// The account that the repository belongs to.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The name within its account.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl TryFrom<String> for Repository {
    type Error = NotARepository;

    fn try_from(text: String) -> Result<Self, NotARepository> {
        let plain = |part: &str| {
            (1..=100).contains(&part.len())
                && !part.starts_with(['.', '-'])
                && !part.to_ascii_lowercase().ends_with(".git")
                && !part.to_ascii_lowercase().ends_with(".lock")
                && !part.contains("..")
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        match text.split_once('/') {
            Some((owner, name)) if plain(owner) && (plain(name) || name == ".github") => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(NotARepository(text.chars().take(120).collect())),
        }
    }
}

impl std::str::FromStr for Repository {
    type Err = NotARepository;

    fn from_str(text: &str) -> Result<Self, NotARepository> {
        Self::try_from(text.to_owned())
    }
}

impl From<Repository> for String {
    fn from(it: Repository) -> Self {
        it.to_string()
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_owner_slash_name_and_nothing_that_a_path_could_abuse() {
        for good in ["acme/api", "a/b", "O-1/x.y_z", "acme/.github"] {
            assert_eq!(good.parse::<Repository>().unwrap().to_string(), good);
        }
        for bad in ["acme", "/", "a/", "/b", "a/..", "../b", "a/b/c", "a b/c", "a/b.git", "a/-x"] {
            assert!(bad.parse::<Repository>().is_err(), "{bad} was taken");
        }
    }
}
