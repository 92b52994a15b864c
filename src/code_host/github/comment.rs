//! The one comment on an issue, found again by its marker.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::text::carries;
use super::{GitHub, Me, issue_named, path};
use crate::code_host::HostError;
use crate::domain::task::Repository;

/// GitHub allows 2,500 comments on an issue.
const MOST_PAGES: u32 = 30;

#[derive(Deserialize)]
struct WireComment {
    id: u64,
    body: Option<String>,
    user: Option<Author>,
    performed_via_github_app: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Author {
    id: u64,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl WireComment {
    /// Whether we wrote it. An App does not learn its own id from its token: it takes what an App
    /// wrote, and GitHub refuses the edit if that was another one.
    fn is_ours(&self, me: &Me) -> bool {
        match (me, &self.user) {
            (Me::User(me), Some(author)) => author.id == me.id,
            (Me::User(_), None) => false,
            (Me::App, author) => {
                let bot = author.as_ref().and_then(|it| it.kind.as_deref()) == Some("Bot");
                bot || self.performed_via_github_app.is_some()
            }
        }
    }
}

impl GitHub {
    pub(super) async fn say_once(
        &self,
        repository: &Repository,
        issue: u64,
        marker: &str,
        known: Option<u64>,
        body: &str,
    ) -> Result<u64, HostError> {
        if let Some(id) = known {
            match self.edit(repository, id, body).await {
                // Somebody deleted it.
                Err(HostError::NotFound(_)) => {}
                edited => return edited,
            }
        }
        let me = self.who().await?;
        let thing = issue_named(repository, issue);
        let address = format!("{}/issues/{issue}/comments", path(repository));
        let comments: Vec<WireComment> = self.wire.pages(&address, &thing, MOST_PAGES).await?;
        let ours = |it: &&WireComment| {
            it.is_ours(me) && it.body.as_deref().is_some_and(|body| carries(body, marker))
        };
        for comment in comments.iter().filter(ours) {
            if comment.body.as_deref() == Some(body) {
                return Ok(comment.id);
            }
            match self.edit(repository, comment.id, body).await {
                Err(HostError::NotFound(_)) => {}
                Err(HostError::Refused { status: 403, .. }) if matches!(me, Me::App) => {}
                edited => return edited,
            }
        }
        crate::fault::point("github.comment:before").await?;
        let created = self.wire.ask(Method::POST, &address, Some(&json!({ "body": body }))).await?;
        crate::fault::point("github.comment:after").await?;
        Ok(created.or_refusal(&thing)?.json::<WireComment>()?.id)
    }

    async fn edit(&self, repository: &Repository, id: u64, body: &str) -> Result<u64, HostError> {
        let address = format!("{}/issues/comments/{id}", path(repository));
        crate::fault::point("github.edit_comment:before").await?;
        let edited = self.wire.ask(Method::PATCH, &address, Some(&json!({ "body": body }))).await?;
        crate::fault::point("github.edit_comment:after").await?;
        let thing = format!("comment {id} in `{repository}`");
        Ok(edited.or_refusal(&thing)?.json::<WireComment>()?.id)
    }
}
