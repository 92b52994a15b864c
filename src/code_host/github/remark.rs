//! What people wrote under an issue or a pull request: comments, comments on the diff, reviews.
//!
//! REST tells who, where and when. Whether a text was edited it tells reliably only when it was
//! not: a review has no time of its last change at all, and a comment on the diff changes when the
//! review that it is part of is sent. Where REST does not settle it, text and time of the last
//! edit are read together from GraphQL, after everything else.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;

use super::graphql::{MOST_NODES, REMARKS};
use super::wire::{Moment, encoded};
use super::{GitHub, User, actor, path};
use crate::code_host::{HostError, Remark};
use crate::domain::job::Spot;
use crate::domain::task::{CommentKind, CommentRef, Repository};
use crate::domain::time::Timestamp;

/// Of 100 each, of each kind, the newest.
const MOST_PAGES: u32 = 3;

/// All three kinds; each has some of these.
#[derive(Deserialize)]
struct WireRemark {
    id: u64,
    node_id: String,
    body: Option<String>,
    user: Option<User>,
    performed_via_github_app: Option<serde_json::Value>,
    html_url: String,
    created_at: Option<Moment>,
    updated_at: Option<Moment>,
    /// Of a review; it has none while it is being written.
    submitted_at: Option<Moment>,
    state: Option<String>,
    issue_url: Option<String>,
    pull_request_url: Option<String>,
    path: Option<String>,
    line: Option<u64>,
    side: Option<String>,
    diff_hunk: Option<String>,
}

/// Text and time of the last edit, read together.
#[derive(Deserialize)]
struct Nodes {
    nodes: Vec<Option<Node>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    /// Absent where the id is of something else.
    id: Option<String>,
    #[serde(default)]
    body: String,
    last_edited_at: Option<Moment>,
}

impl WireRemark {
    fn written_at(&self) -> Option<Timestamp> {
        self.created_at.or(self.submitted_at).map(|it| it.0)
    }

    /// Whether only its author can see it yet.
    fn is_pending(&self) -> bool {
        self.state.as_deref() == Some("PENDING") || self.written_at().is_none()
    }

    /// Whether REST leaves open that it was edited.
    fn may_be_edited(&self) -> bool {
        self.created_at.is_none() || self.created_at != self.updated_at
    }

    /// Where it stands, as GitHub says: the repository's name and the number.
    fn stands_under(&self) -> Option<(String, u64)> {
        let address = self.pull_request_url.as_ref().or(self.issue_url.as_ref())?;
        let mut parts = address.rsplit('/');
        let number = parts.next()?.parse().ok()?;
        let (_kind, name, owner) = (parts.next()?, parts.next()?, parts.next()?);
        Some((format!("{owner}/{name}"), number))
    }

    fn spot(&self) -> Option<Spot> {
        // A line of the left side is one that is there no more.
        let line = self.line.filter(|_| self.side.as_deref() != Some("LEFT"));
        Some(Spot {
            path: self.path.clone()?,
            line,
            hunk: self.diff_hunk.clone().unwrap_or_default(),
        })
    }
}

impl GitHub {
    pub(super) async fn remark_once(
        &self,
        repository: &Repository,
        thread: u64,
        comment: CommentRef,
    ) -> Result<Remark, HostError> {
        let (base, id) = (path(repository), comment.id);
        let address = match comment.kind {
            CommentKind::IssueComment => format!("{base}/issues/comments/{id}"),
            CommentKind::ReviewComment => format!("{base}/pulls/comments/{id}"),
            CommentKind::Review => format!("{base}/pulls/{thread}/reviews/{id}"),
        };
        let thing = format!("{} {id} in `{repository}`", comment.kind.name());
        let gone = || HostError::NotFound(thing.clone());
        let wire: WireRemark = self.wire.get(&address).await?.or_refusal(&thing)?.json()?;
        if wire.id != id || wire.is_pending() {
            return Err(gone());
        }
        let edits = self.edits(std::slice::from_ref(&wire), &thing).await?;
        let remark = whole(repository, comment.kind, wire, &edits)?;
        remark.map(|(remark, _)| remark).ok_or_else(gone)
    }

    pub(super) async fn remarks_once(
        &self,
        repository: &Repository,
        thread: u64,
        since: Option<Timestamp>,
    ) -> Result<Vec<Remark>, HostError> {
        let thing = format!("`{repository}#{thread}`");
        let base = path(repository);
        let after =
            since.map_or_else(String::new, |it| format!("since={}", encoded(&it.to_string())));
        let address = format!("{base}/issues/{thread}/comments?{after}");
        let comments: Vec<WireRemark> =
            self.wire.newest(address.trim_end_matches('?'), &thing, MOST_PAGES).await?;
        let address = format!("{base}/pulls/{thread}/comments?sort=created&direction=desc&{after}");
        let address = address.trim_end_matches('&');
        // An issue that is no pull request has none of the other kinds.
        let on_lines: Option<Vec<WireRemark>> =
            some(self.wire.pages(address, &thing, MOST_PAGES).await)?;
        let reviews: Vec<WireRemark> = match on_lines {
            Some(_) => {
                let address = format!("{base}/pulls/{thread}/reviews");
                some(self.wire.newest(&address, &thing, MOST_PAGES).await)?.unwrap_or_default()
            }
            None => Vec::new(),
        };
        let mut all = Vec::new();
        for (kind, wires) in [
            (CommentKind::IssueComment, comments),
            (CommentKind::ReviewComment, on_lines.unwrap_or_default()),
            (CommentKind::Review, reviews),
        ] {
            let wires: Vec<WireRemark> = wires.into_iter().filter(|it| !it.is_pending()).collect();
            let edits = self.edits(&wires, &thing).await?;
            for wire in wires {
                let Some((remark, changed)) = whole(repository, kind, wire, &edits)? else {
                    continue;
                };
                // A review that only approves, or that only holds comments on lines, says nothing.
                let empty = kind == CommentKind::Review && remark.body.trim().is_empty();
                if !empty && since.is_none_or(|since| to_the_second(since) <= changed) {
                    all.push(remark);
                }
            }
        }
        all.sort_by_key(|it| (it.created_at, it.comment.id, it.comment.kind));
        all.dedup_by_key(|it| it.comment);
        Ok(all)
    }

    /// What GraphQL says about those that may have been edited, by node id.
    async fn edits(
        &self,
        wires: &[WireRemark],
        thing: &str,
    ) -> Result<HashMap<String, Node>, HostError> {
        let open = wires.iter().filter(|it| it.may_be_edited()).map(|it| it.node_id.as_str());
        let open: Vec<&str> = open.collect();
        let mut known = HashMap::new();
        for ids in open.chunks(MOST_NODES) {
            let answer: Nodes = self.query(REMARKS, json!({ "ids": ids }), thing).await?;
            let nodes = answer.nodes.into_iter().flatten();
            known.extend(nodes.filter_map(|it| Some((it.id.clone()?, it))));
        }
        Ok(known)
    }
}

/// The remark, and when it was written or changed last. `None` when it was deleted meanwhile.
fn whole(
    repository: &Repository,
    kind: CommentKind,
    wire: WireRemark,
    edits: &HashMap<String, Node>,
) -> Result<Option<(Remark, Timestamp)>, HostError> {
    let odd = |what: &str| {
        let message = format!("{} {} in `{repository}` {what}", kind.name(), wire.id);
        HostError::Refused { status: 200, message }
    };
    let created_at = wire.written_at().ok_or_else(|| odd("has no time"))?;
    let (name, thread) = wire.stands_under().ok_or_else(|| odd("stands under nothing"))?;
    if !name.eq_ignore_ascii_case(&repository.to_string()) {
        return Err(odd(&format!("stands in `{name}` now: use that name")));
    }
    let (body, edited_at) = if wire.may_be_edited() {
        let Some(node) = edits.get(&wire.node_id) else { return Ok(None) };
        (node.body.clone(), node.last_edited_at.map(|it| it.0))
    } else {
        (wire.body.clone().unwrap_or_default(), None)
    };
    let spot = wire.spot();
    let changed = [Some(created_at), edited_at, wire.updated_at.map(|it| it.0)];
    let remark = Remark {
        comment: CommentRef { kind, id: wire.id },
        thread,
        author: wire.user.map(|it| actor(it, wire.performed_via_github_app.is_some())),
        body,
        created_at,
        edited: edited_at.is_some(),
        url: wire.html_url,
        spot,
    };
    let changed = changed.into_iter().flatten().max();
    Ok(Some((remark, changed.unwrap_or(created_at))))
}

/// GitHub's times have no fractions.
fn to_the_second(at: Timestamp) -> Timestamp {
    Timestamp(at.0.div_euclid(1_000) * 1_000)
}

fn some<T>(answer: Result<T, HostError>) -> Result<Option<T>, HostError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(HostError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
