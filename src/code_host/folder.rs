//! A code host that is a folder: bare repositories at `{root}/{owner}/{name}.git`, and what is
//! said about each in `{root}/{owner}/{name}.json`. For `demo`, for trying things out, and for
//! tests of the whole binary; it keeps the laws that GitHub keeps.

use std::path::PathBuf;

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use crate::code_host::{
    Actor, CodeHost, Draft, HostError, Issue, Permission, Pull, Remark, RepositoryFacts,
};
use crate::domain::change::{Change, PullRequest};
use crate::domain::job::Person;
use crate::domain::task::{CommentRef, Repository};
use crate::domain::time::Timestamp;

mod git;
mod issue;
mod ledger;
mod people;
mod pull;
mod remark;
mod watch;

pub use ledger::{FolderComment, FolderIssue, FolderPullRequest, FolderRole, LabelEvent, Ledger};

/// A folder of repositories.
pub struct Folder {
    root: PathBuf,
    me: Person,
}

impl Folder {
    /// Takes the folder as it is; nothing is made in it yet.
    pub fn new(root: PathBuf) -> Self {
        Self { root, me: Person { id: 1, login: "codingworker".to_owned() } }
    }

    /// The same folder, as seen by somebody else: what is said and labelled is theirs.
    pub fn as_person(&self, me: Person) -> Self {
        Self { root: self.root.clone(), me }
    }

    /// Where the bare repository is to be.
    pub fn bare(&self, repository: &Repository) -> PathBuf {
        self.root.join(repository.owner()).join(format!("{}.git", repository.name()))
    }

    /// The pull requests, in the order they were opened.
    ///
    /// # Errors
    /// When there is no such repository, or its file cannot be read.
    pub async fn pull_requests(
        &self,
        repository: &Repository,
    ) -> Result<Vec<FolderPullRequest>, HostError> {
        Ok(self.ledger(repository)?.pull_requests)
    }

    /// The comments on an issue or a pull request, in the order they were made.
    ///
    /// # Errors
    /// When there is no such issue or pull request, or its file cannot be read.
    pub async fn comments(
        &self,
        repository: &Repository,
        thread: u64,
    ) -> Result<Vec<FolderComment>, HostError> {
        let mut ledger = self.ledger(repository)?;
        Ok(remark::comments_of(&mut ledger, repository, thread)?.clone())
    }

    /// All that is known of a repository.
    ///
    /// # Errors
    /// When there is no such repository, or its file cannot be read.
    pub fn ledger(&self, repository: &Repository) -> Result<Ledger, HostError> {
        self.must_exist(repository)?;
        ledger::read(&self.file(repository))
    }

    /// Changes what is known of a repository, under its lock, on disk before it returns.
    ///
    /// # Errors
    /// When there is no such repository, its file cannot be written, or `alter` refuses.
    pub async fn change<T>(
        &self,
        repository: &Repository,
        alter: impl FnOnce(&mut Ledger) -> Result<T, HostError> + Send,
    ) -> Result<T, HostError> {
        self.must_exist(repository)?;
        let path = self.file(repository);
        let _lock = ledger::lock(&path).await?;
        // From here to the end nothing waits, so that a dropped call leaves no half of a change.
        let before = ledger::read(&path)?;
        let mut after = before.clone();
        let made = alter(&mut after)?;
        if after != before {
            let text = serde_json::to_vec_pretty(&after).map_err(|e| {
                HostError::Misconfigured(format!("{} cannot be written: {e}", path.display()))
            })?;
            ledger::replace(&path, &text)?;
        }
        Ok(made)
    }

    fn file(&self, repository: &Repository) -> PathBuf {
        self.root.join(repository.owner()).join(format!("{}.json", repository.name()))
    }

    fn must_exist(&self, repository: &Repository) -> Result<(), HostError> {
        let bare = self.bare(repository);
        if bare.join("HEAD").is_file() {
            return Ok(());
        }
        Err(HostError::NotFound(format!("repository `{repository}` ({})", bare.display())))
    }
}

#[async_trait]
impl CodeHost for Folder {
    async fn repository(&self, repository: &Repository) -> Result<RepositoryFacts, HostError> {
        let ledger = self.ledger(repository)?;
        let path = self.bare(repository).join("HEAD");
        let head = std::fs::read_to_string(&path).map_err(|e| ledger::unreadable(&path, &e))?;
        let branch = head.trim().strip_prefix("ref: refs/heads/").ok_or_else(|| {
            let text = format!("{} names no branch: set it by `git symbolic-ref`", path.display());
            HostError::Misconfigured(text)
        })?;
        let name = Sha256::digest(repository.to_string().to_lowercase());
        Ok(RepositoryFacts {
            // Of 48 bits, so that every JSON reader keeps it whole.
            id: name.iter().take(6).fold(0, |id, byte| id << 8 | u64::from(*byte)),
            default_branch: branch.to_owned(),
            public: ledger.public,
            archived: ledger.archived,
            may_push: !ledger.archived,
        })
    }

    async fn me(&self) -> Result<Option<Person>, HostError> {
        Ok(Some(self.me.clone()))
    }

    async fn permission(
        &self,
        repository: &Repository,
        person: &Person,
    ) -> Result<Permission, HostError> {
        Ok(people::permission(&self.ledger(repository)?, person))
    }

    async fn pull(&self, repository: &Repository, number: u64) -> Result<Pull, HostError> {
        self.read_pull(repository, number).await
    }

    async fn diff(&self, repository: &Repository, number: u64) -> Result<String, HostError> {
        self.read_diff(repository, number).await
    }

    async fn remark(
        &self,
        repository: &Repository,
        _thread: u64,
        comment: CommentRef,
    ) -> Result<Remark, HostError> {
        let all = self.all_remarks(repository)?;
        let found = all.into_iter().map(|(it, _)| it).find(|it| it.comment == comment);
        found.ok_or_else(|| {
            let kind = comment.kind.name();
            HostError::NotFound(format!("{kind} {} in `{repository}`", comment.id))
        })
    }

    async fn remarks(
        &self,
        repository: &Repository,
        thread: u64,
        since: Option<Timestamp>,
    ) -> Result<Vec<Remark>, HostError> {
        remark::comments_of(&mut self.ledger(repository)?, repository, thread)?;
        let all = self.all_remarks(repository)?.into_iter().filter(|(it, changed)| {
            it.thread == thread && since.is_none_or(|since| since <= *changed)
        });
        Ok(all.map(|(it, _)| it).collect())
    }

    async fn issue(
        &self,
        repository: &Repository,
        number: u64,
        label: &str,
    ) -> Result<Issue, HostError> {
        let mut ledger = self.ledger(repository)?;
        Ok(issue::told(issue::issue_of(&mut ledger, repository, number)?, label))
    }

    async fn open(
        &self,
        repository: &Repository,
        change: &Change,
        draft: &Draft,
    ) -> Result<PullRequest, HostError> {
        self.open_pull(repository, change, draft).await
    }

    async fn say(
        &self,
        repository: &Repository,
        issue: u64,
        marker: &str,
        known: Option<u64>,
        body: &str,
    ) -> Result<u64, HostError> {
        self.change(repository, |ledger| {
            remark::say(ledger, repository, issue, &self.me, (marker, known), body)
        })
        .await
    }

    async fn label(
        &self,
        repository: &Repository,
        issue: u64,
        add: &[&str],
        remove: &[&str],
    ) -> Result<(), HostError> {
        self.change(repository, |ledger| {
            issue::set_labels(ledger, repository, issue, &self.me, add, remove)
        })
        .await
    }
}

/// Programs' accounts are called so on GitHub, and here.
fn actor(person: &Person) -> Actor {
    Actor { person: person.clone(), bot: person.login.ends_with("[bot]") }
}

fn refused<T>(message: String) -> Result<T, HostError> {
    Err(HostError::Refused { status: 422, message })
}
