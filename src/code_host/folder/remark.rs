//! What is written under the issues and pull requests of a folder.

use super::ledger::{FolderComment, Ledger};
use super::{Folder, actor};
use crate::code_host::{HostError, Remark};
use crate::domain::job::{Person, Spot};
use crate::domain::task::{CommentKind, CommentRef, Repository};
use crate::domain::time::Timestamp;

impl Folder {
    /// Everything that was written, oldest first, each with when it was written or changed last.
    pub(super) fn all_remarks(
        &self,
        repository: &Repository,
    ) -> Result<Vec<(Remark, Timestamp)>, HostError> {
        let ledger = self.ledger(repository)?;
        let place = self.file(repository);
        let url = |id: u64| format!("file://{}#comment-{id}", place.display());
        let issues = ledger.issues.into_iter().map(|it| (it.number, it.comments));
        let pulls = ledger.pull_requests.into_iter().map(|it| (it.number, it.comments));
        let mut all = Vec::new();
        for (thread, comments) in issues.chain(pulls) {
            all.extend(comments.into_iter().map(|it| {
                let changed = it.edited_at.unwrap_or(it.at);
                let remark = Remark {
                    comment: CommentRef { kind: it.kind, id: it.id },
                    thread,
                    author: Some(actor(&it.author)),
                    body: it.body,
                    created_at: it.at,
                    edited: !it.earlier.is_empty(),
                    url: url(it.id),
                    spot: it.spot,
                };
                (remark, changed)
            }));
        }
        all.sort_by_key(|(it, _)| (it.created_at, it.comment.id));
        Ok(all)
    }
}

/// The comments of an issue or a pull request.
pub(super) fn comments_of<'a>(
    ledger: &'a mut Ledger,
    repository: &Repository,
    thread: u64,
) -> Result<&'a mut Vec<FolderComment>, HostError> {
    let issues = ledger.issues.iter_mut().map(|it| (it.number, &mut it.comments));
    let pulls = ledger.pull_requests.iter_mut().map(|it| (it.number, &mut it.comments));
    let found = issues.chain(pulls).find(|(number, _)| *number == thread);
    found
        .map(|(_, comments)| comments)
        .ok_or_else(|| HostError::NotFound(format!("issue `{repository}#{thread}`")))
}

/// Writes something under an issue or a pull request.
pub(super) fn add_comment(
    ledger: &mut Ledger,
    repository: &Repository,
    thread: u64,
    author: &Person,
    body: &str,
    (kind, spot): (CommentKind, Option<Spot>),
) -> Result<u64, HostError> {
    let (id, at) = (ledger.last_comment + 1, ledger.tick());
    comments_of(ledger, repository, thread)?.push(FolderComment {
        id,
        author: author.clone(),
        body: body.to_owned(),
        at,
        earlier: Vec::new(),
        edited_at: None,
        kind,
        spot,
    });
    ledger.last_comment = id;
    Ok(id)
}

/// Edits the comment that `known` is the id of or that carries the marker, or makes it.
pub(super) fn say(
    ledger: &mut Ledger,
    repository: &Repository,
    thread: u64,
    me: &Person,
    (marker, known): (&str, Option<u64>),
    body: &str,
) -> Result<u64, HostError> {
    let comments = comments_of(ledger, repository, thread)?;
    let ours = |it: &FolderComment| {
        let text = it.body.trim();
        it.kind == CommentKind::IssueComment
            && it.author.id == me.id
            && (text.starts_with(marker) || text.ends_with(marker))
    };
    let at = comments
        .iter()
        .position(|it| Some(it.id) == known && it.kind == CommentKind::IssueComment)
        .or_else(|| comments.iter().position(ours));
    let Some((at, there)) = at.and_then(|at| Some((at, comments.get(at)?))) else {
        let place = (CommentKind::IssueComment, None);
        return add_comment(ledger, repository, thread, me, body, place);
    };
    let id = there.id;
    if there.body != body {
        let now = ledger.tick();
        if let Some(comment) = comments_of(ledger, repository, thread)?.get_mut(at) {
            comment.earlier.push(std::mem::replace(&mut comment.body, body.to_owned()));
            comment.edited_at = Some(now);
        }
    }
    Ok(id)
}
