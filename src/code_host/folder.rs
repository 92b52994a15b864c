//! A code host that is a folder: bare repositories at `{root}/{owner}/{name}.git`, and what is
//! said about each in `{root}/{owner}/{name}.json`. For `demo`, for trying things out, and for
//! tests of the whole binary; it keeps the laws that GitHub keeps.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use crate::code_host::{CodeHost, Draft, HostError, Issue, RepositoryFacts};
use crate::domain::change::{Change, PullRequest};
use crate::domain::job::Person;
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;

mod ledger;

pub use ledger::{FolderComment, FolderIssue, FolderPullRequest, LabelEvent, Ledger};

/// How often a symbolic ref is followed; git itself allows five.
const MOST_REF_HOPS: usize = 5;

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

    /// Writes an issue, with `labels` set by its author. Gives its number.
    ///
    /// # Errors
    /// When there is no such repository, or its file cannot be written.
    pub async fn create_issue(
        &self,
        repository: &Repository,
        title: &str,
        body: &str,
        author: &Person,
        labels: &[&str],
    ) -> Result<u64, HostError> {
        self.change(repository, |ledger| {
            ledger.last_number += 1;
            let number = ledger.last_number;
            let mut issue = FolderIssue {
                number,
                title: title.to_owned(),
                body: body.to_owned(),
                open: true,
                author: author.clone(),
                labels: Vec::new(),
                timeline: Vec::new(),
                comments: Vec::new(),
            };
            set_labels(&mut issue, author, labels, &[]);
            ledger.issues.push(issue);
            Ok(number)
        })
        .await
    }

    /// Closes an issue, or opens it again.
    ///
    /// # Errors
    /// When there is no such issue, or its file cannot be written.
    pub async fn set_open(
        &self,
        repository: &Repository,
        number: u64,
        open: bool,
    ) -> Result<(), HostError> {
        self.change(repository, |ledger| {
            issue_of(ledger, repository, number)?.open = open;
            Ok(())
        })
        .await
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

    /// The comments on an issue, in the order they were made.
    ///
    /// # Errors
    /// When there is no such issue, or its file cannot be read.
    pub async fn comments(
        &self,
        repository: &Repository,
        issue: u64,
    ) -> Result<Vec<FolderComment>, HostError> {
        let mut ledger = self.ledger(repository)?;
        Ok(issue_of(&mut ledger, repository, issue)?.comments.clone())
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

    /// The commit that a branch of the bare repository points at.
    fn branch(&self, repository: &Repository, branch: &str) -> Result<Option<String>, HostError> {
        commit_of(&self.bare(repository), &format!("refs/heads/{branch}"))
    }

    /// Writes the pull request where a person can read it, and gives the address.
    fn show(&self, repository: &Repository, pull: &FolderPullRequest) -> Result<String, HostError> {
        let name = format!("{}.pull-{}.md", repository.name(), pull.number);
        let path = self.root.join(repository.owner()).join(name);
        let (title, body) = (&pull.title, &pull.body);
        let state = if pull.draft { "draft" } else { "ready" };
        let text =
            format!("# {title}\n\n`{}` into `{}`, {state}\n\n{body}\n", pull.head, pull.base);
        ledger::replace(&path, text.as_bytes())?;
        let path = std::path::absolute(&path).map_err(|e| ledger::unreadable(&path, &e))?;
        Ok(format!("file://{}", path.display()))
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

    async fn issue(
        &self,
        repository: &Repository,
        number: u64,
        label: &str,
    ) -> Result<Issue, HostError> {
        let mut ledger = self.ledger(repository)?;
        let issue = issue_of(&mut ledger, repository, number)?;
        let set = issue.timeline.iter().rev().find(|it| it.set && same(&it.label, label));
        Ok(Issue {
            title: issue.title.clone(),
            body: issue.body.clone(),
            open: issue.open,
            labels: issue.labels.clone(),
            author: Some(issue.author.clone()),
            labelled_by: set.map(|it| it.by.clone()),
        })
    }

    async fn open(
        &self,
        repository: &Repository,
        change: &Change,
        draft: &Draft,
    ) -> Result<PullRequest, HostError> {
        self.must_exist(repository)?;
        let head = self.branch(repository, &change.branch)?;
        let base = self.branch(repository, &draft.base)?;
        self.change(repository, |ledger| {
            let known = ledger.pull_requests.iter().rev();
            let on_branch = known.filter(|it| it.head == change.branch);
            let found = on_branch
                .filter(|it| it.open || it.commit == change.commit.0)
                .max_by_key(|it| (it.open, it.base == draft.base, it.number));
            if let Some(it) = found {
                return Ok(PullRequest { number: it.number, url: it.url.clone(), draft: it.draft });
            }
            let Some((head, base)) = head.zip(base) else {
                let ends = format!("{} and {}", draft.base, change.branch);
                return refused(format!("one of the branches {ends} is not there"));
            };
            if head == base {
                let (base, head) = (&draft.base, &change.branch);
                return refused(format!("No commits between {base} and {head}"));
            }
            let mut pull = FolderPullRequest {
                number: ledger.last_number + 1,
                url: String::new(),
                title: draft.title.clone(),
                body: draft.body.clone(),
                head: change.branch.clone(),
                commit: head,
                base: draft.base.clone(),
                draft: draft.draft,
                open: true,
                at: now(),
            };
            pull.url = self.show(repository, &pull)?;
            ledger.last_number = pull.number;
            ledger.pull_requests.push(pull.clone());
            Ok(PullRequest { number: pull.number, url: pull.url, draft: pull.draft })
        })
        .await
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
            let next = ledger.last_comment + 1;
            let comments = &mut issue_of(ledger, repository, issue)?.comments;
            let ours = |it: &FolderComment| {
                let text = it.body.trim();
                it.author.id == self.me.id && (text.starts_with(marker) || text.ends_with(marker))
            };
            let at = comments
                .iter()
                .position(|it| Some(it.id) == known)
                .or_else(|| comments.iter().position(ours));
            if let Some(comment) = at.and_then(|at| comments.get_mut(at)) {
                if comment.body != body {
                    let earlier = std::mem::replace(&mut comment.body, body.to_owned());
                    comment.earlier.push(earlier);
                }
                return Ok(comment.id);
            }
            let (author, body, earlier) = (self.me.clone(), body.to_owned(), Vec::new());
            comments.push(FolderComment { id: next, author, body, at: now(), earlier });
            ledger.last_comment = next;
            Ok(next)
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
            set_labels(issue_of(ledger, repository, issue)?, &self.me, add, remove);
            Ok(())
        })
        .await
    }
}

fn issue_of<'a>(
    ledger: &'a mut Ledger,
    repository: &Repository,
    number: u64,
) -> Result<&'a mut FolderIssue, HostError> {
    if ledger.pull_requests.iter().any(|it| it.number == number) {
        return refused(format!("`{repository}#{number}` is a pull request and not an issue"));
    }
    let found = ledger.issues.iter_mut().find(|it| it.number == number);
    found.ok_or_else(|| HostError::NotFound(format!("issue `{repository}#{number}`")))
}

fn set_labels(issue: &mut FolderIssue, by: &Person, add: &[&str], remove: &[&str]) {
    let mut note = |set: bool, label: &str| {
        let label = label.to_owned();
        issue.timeline.push(LabelEvent { set, label, by: by.clone(), at: now() });
    };
    for label in add {
        if !issue.labels.iter().any(|it| same(it, label)) {
            issue.labels.push((*label).to_owned());
            note(true, label);
        }
    }
    for label in remove {
        let before = issue.labels.len();
        issue.labels.retain(|it| !same(it, label));
        if issue.labels.len() < before {
            note(false, label);
        }
    }
}

/// Reads a ref as git keeps it: a file of its own, or a line of `packed-refs`.
fn commit_of(bare: &Path, name: &str) -> Result<Option<String>, HostError> {
    let mut name = name.to_owned();
    for _ in 0..MOST_REF_HOPS {
        if name.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
            return Ok(None);
        }
        let Ok(text) = std::fs::read_to_string(bare.join(&name)) else {
            let packed = std::fs::read_to_string(bare.join("packed-refs")).unwrap_or_default();
            let line = packed.lines().find_map(|line| {
                let (commit, packed) = line.split_once(' ')?;
                (packed == name).then(|| commit.to_owned())
            });
            return Ok(line);
        };
        match text.trim().strip_prefix("ref: ") {
            Some(next) => name = next.to_owned(),
            None => return Ok(Some(text.trim().to_owned())),
        }
    }
    refused(format!("the branch {name} points at itself"))
}

fn refused<T>(message: String) -> Result<T, HostError> {
    Err(HostError::Refused { status: 422, message })
}

/// Labels do not tell `Bug` from `bug`, as on GitHub.
fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// This folder plays a code host, and a code host has a clock of its own.
fn now() -> Timestamp {
    Timestamp(chrono::Utc::now().timestamp_millis())
}
