//! The hands of people on a folder: what they write, change and are allowed.

use super::issue::{issue_of, set_labels};
use super::ledger::{FolderComment, FolderIssue, FolderRole, Ledger};
use super::remark::{add_comment, comments_of};
use super::{Folder, refused};
use crate::code_host::{HostError, Permission};
use crate::domain::job::{Person, Spot};
use crate::domain::task::{CommentKind, CommentRef, Repository};

impl Folder {
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
            ledger.issues.push(FolderIssue {
                number,
                title: title.to_owned(),
                body: body.to_owned(),
                open: true,
                author: author.clone(),
                labels: Vec::new(),
                timeline: Vec::new(),
                comments: Vec::new(),
                edited_at: None,
            });
            set_labels(ledger, repository, number, author, labels, &[])?;
            Ok(number)
        })
        .await
    }

    /// Changes what an issue says.
    ///
    /// # Errors
    /// When there is no such issue, or its file cannot be written.
    pub async fn edit_issue(
        &self,
        repository: &Repository,
        number: u64,
        title: &str,
        body: &str,
    ) -> Result<(), HostError> {
        self.change(repository, |ledger| {
            let at = ledger.tick();
            let issue = issue_of(ledger, repository, number)?;
            (issue.title, issue.body) = (title.to_owned(), body.to_owned());
            issue.edited_at = Some(at);
            Ok(())
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

    /// Comments on an issue or a pull request. Gives the comment's id.
    ///
    /// # Errors
    /// When there is no such issue or pull request, or its file cannot be written.
    pub async fn comment(
        &self,
        repository: &Repository,
        thread: u64,
        author: &Person,
        body: &str,
    ) -> Result<u64, HostError> {
        self.write(repository, thread, author, body, (CommentKind::IssueComment, None)).await
    }

    /// Comments on lines of a pull request's diff. Gives the comment's id.
    ///
    /// # Errors
    /// When there is no such pull request, or its file cannot be written.
    pub async fn review_comment(
        &self,
        repository: &Repository,
        pull: u64,
        author: &Person,
        body: &str,
        spot: Spot,
    ) -> Result<u64, HostError> {
        let place = (CommentKind::ReviewComment, Some(spot));
        self.write(repository, pull, author, body, place).await
    }

    /// Reviews a pull request as a whole. Gives the review's id.
    ///
    /// # Errors
    /// When there is no such pull request, or its file cannot be written.
    pub async fn review(
        &self,
        repository: &Repository,
        pull: u64,
        author: &Person,
        body: &str,
    ) -> Result<u64, HostError> {
        self.write(repository, pull, author, body, (CommentKind::Review, None)).await
    }

    async fn write(
        &self,
        repository: &Repository,
        thread: u64,
        author: &Person,
        body: &str,
        (kind, spot): (CommentKind, Option<Spot>),
    ) -> Result<u64, HostError> {
        self.change(repository, |ledger| {
            let is_pull = ledger.pull_requests.iter().any(|it| it.number == thread);
            if kind != CommentKind::IssueComment && !is_pull {
                return refused(format!("`{repository}#{thread}` is no pull request"));
            }
            add_comment(ledger, repository, thread, author, body, (kind, spot))
        })
        .await
    }

    /// Changes what a comment or a review says.
    ///
    /// # Errors
    /// When there is no such comment, or its file cannot be written.
    pub async fn edit_comment(
        &self,
        repository: &Repository,
        thread: u64,
        comment: CommentRef,
        body: &str,
    ) -> Result<(), HostError> {
        self.change(repository, |ledger| {
            let at = ledger.tick();
            let comments = comments_of(ledger, repository, thread)?;
            let is_it = |it: &&mut FolderComment| (it.kind, it.id) == (comment.kind, comment.id);
            let Some(comment) = comments.iter_mut().find(is_it) else {
                return Err(HostError::NotFound(format!("comment {} there", comment.id)));
            };
            comment.earlier.push(std::mem::replace(&mut comment.body, body.to_owned()));
            comment.edited_at = Some(at);
            Ok(())
        })
        .await
    }

    /// Says what somebody may do. From the first such word on, everybody else may only read where
    /// the repository is public, and nothing where it is not.
    ///
    /// # Errors
    /// When there is no such repository, or its file cannot be written.
    pub async fn set_role(
        &self,
        repository: &Repository,
        person: &Person,
        permission: Permission,
    ) -> Result<(), HostError> {
        self.change(repository, |ledger| {
            let same = |it: &FolderRole| it.person.login.eq_ignore_ascii_case(&person.login);
            ledger.roles.retain(|it| !same(it));
            ledger.roles.push(FolderRole { person: person.clone(), permission });
            Ok(())
        })
        .await
    }
}

/// What somebody may do, by login and id: a login alone can change hands.
pub(super) fn permission(ledger: &Ledger, person: &Person) -> Permission {
    let same = |it: &Person| it.login.eq_ignore_ascii_case(&person.login);
    if let Some(role) = ledger.roles.iter().find(|it| same(&it.person)) {
        let known = role.person.id == person.id;
        return if known { role.permission } else { Permission::None };
    }
    match (ledger.roles.is_empty(), ledger.public) {
        (true, _) => Permission::Admin,
        (false, true) => Permission::Read,
        (false, false) => Permission::None,
    }
}
