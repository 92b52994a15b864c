//! Looking at a folder of repositories as at a code host: all is read, and nothing costs.

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use super::ledger::{FolderComment, Ledger};
use super::{Folder, issue};
use crate::code_host::HostError;
use crate::code_host::{Glance, Look, Page, Watch};
use crate::domain::change::Fate;
use crate::domain::task::{CommentKind, Repository};
use crate::domain::time::Timestamp;
use crate::engine::watch::{List, Sighting};

const PER_PAGE: usize = 100;

#[async_trait]
impl Watch for Folder {
    async fn look(
        &self,
        repository: &Repository,
        list: List,
        label: &str,
        page: u32,
        etag: Option<&str>,
    ) -> Result<Look, HostError> {
        let ledger = self.ledger(repository)?;
        let written = serde_json::to_vec(&ledger).map_err(|e| {
            HostError::Misconfigured(format!("what is known of {repository} cannot be told: {e}"))
        })?;
        let now = format!("\"{:x}\"", Sha256::digest(written));
        if etag == Some(now.as_str()) {
            return Ok(Look { page: None, wait: None });
        }
        let mut all = match list {
            List::Issues | List::Threads => threads(&ledger, list, label),
            List::Comments => comments(&ledger, CommentKind::IssueComment),
            List::LineComments => comments(&ledger, CommentKind::ReviewComment),
        };
        all.sort_by_key(|it| std::cmp::Reverse((it.at, it.id)));
        let from = PER_PAGE * (page.max(1) as usize - 1);
        let more = from + PER_PAGE < all.len();
        let items = all.into_iter().skip(from).take(PER_PAGE).collect();
        let sent = Some(Timestamp(chrono::Utc::now().timestamp_millis()).max(ledger.last_at));
        Ok(Look { page: Some(Page { items, etag: Some(now), more, sent }), wait: None })
    }

    async fn labelled(
        &self,
        repository: &Repository,
        number: u64,
        label: &str,
    ) -> Result<Option<Timestamp>, HostError> {
        let mut ledger = self.ledger(repository)?;
        let issue = issue::told(issue::issue_of(&mut ledger, repository, number)?, label);
        Ok(issue.labelled.map(|it| it.at))
    }

    async fn reviews(
        &self,
        repository: &Repository,
        pull: u64,
    ) -> Result<Vec<Sighting>, HostError> {
        let all = comments(&self.ledger(repository)?, CommentKind::Review);
        Ok(all.into_iter().filter(|it| it.thread == pull).collect())
    }

    async fn fate(
        &self,
        repository: &Repository,
        number: u64,
        etag: Option<&str>,
    ) -> Result<Glance, HostError> {
        let pull = self.pull_of(repository, number)?;
        let fate = match (pull.merged, pull.open) {
            (true, _) => Fate::Merged,
            (false, true) => Fate::Open,
            (false, false) => Fate::Closed,
        };
        let now = format!("\"{}\"", fate.name());
        let changed = etag != Some(now.as_str());
        Ok(Glance { fate: changed.then_some(fate), etag: Some(now), wait: None })
    }
}

fn threads(ledger: &Ledger, list: List, label: &str) -> Vec<Sighting> {
    let newest = |at: Timestamp, comments: &[FolderComment]| {
        comments.iter().map(|it| it.at).fold(at, Timestamp::max)
    };
    let issues = ledger.issues.iter().filter(|it| it.open).filter(|it| {
        let labelled = it.labels.iter().any(|it| it.to_lowercase() == label.to_lowercase());
        list == List::Threads || labelled
    });
    let issues = issues.map(|it| {
        let changed = it.timeline.iter().map(|it| it.at).chain(it.edited_at);
        let at = changed.fold(Timestamp::default(), Timestamp::max);
        Sighting {
            id: it.number,
            at: newest(at, &it.comments),
            written: Timestamp::default(),
            thread: it.number,
            on_pull: false,
            author: it.author.login.clone(),
            title: it.title.clone(),
            body: it.body.clone(),
        }
    });
    let pulls = ledger.pull_requests.iter().filter(|it| it.open && list == List::Threads);
    let pulls = pulls.map(|it| Sighting {
        id: it.number,
        at: newest(it.at, &it.comments),
        written: it.at,
        thread: it.number,
        on_pull: true,
        author: it.author.as_ref().map(|it| it.login.clone()).unwrap_or_default(),
        title: it.title.clone(),
        body: it.body.clone(),
    });
    issues.chain(pulls).collect()
}

fn comments(ledger: &Ledger, kind: CommentKind) -> Vec<Sighting> {
    let issues = ledger.issues.iter().map(|it| (it.number, false, &it.comments));
    let pulls = ledger.pull_requests.iter().map(|it| (it.number, true, &it.comments));
    let all = issues.chain(pulls).flat_map(|(thread, on_pull, all)| {
        let of_kind = all.iter().filter(move |it| it.kind == kind);
        of_kind.map(move |it| Sighting {
            id: it.id,
            at: match kind {
                CommentKind::ReviewComment => it.edited_at.unwrap_or(it.at),
                _ => it.at,
            },
            written: it.at,
            thread,
            on_pull,
            author: it.author.login.clone(),
            title: String::new(),
            body: it.body.clone(),
        })
    });
    all.collect()
}
