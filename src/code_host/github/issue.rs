//! Issues: what they say, who labelled them, and their labels.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::graphql::ISSUE;
use super::wire::{Moment, encoded, page_of};
use super::{GitHub, User, actor, issue_named, path};
use crate::code_host::{HostError, Issue, Labelling};
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;

/// How many pages of events are read, from the newest backwards, in search of a labelling.
const MOST_EVENT_PAGES: u32 = 10;
/// GitHub allows 100 labels on an issue.
const MOST_LABEL_PAGES: u32 = 2;

/// What REST tells of an issue, and GraphQL does not.
#[derive(Deserialize)]
struct WireIssue {
    user: Option<User>,
    performed_via_github_app: Option<serde_json::Value>,
    /// GitHub's pull requests are issues too; only they have this.
    pull_request: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Found {
    repository: Option<FoundRepository>,
}

#[derive(Deserialize)]
struct FoundRepository {
    issue: Option<Text>,
}

/// What GraphQL tells of an issue: its text and when that was changed, in one read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    title: String,
    body: String,
    last_edited_at: Option<Moment>,
    state: String,
    labels: Option<List<Named>>,
    /// The newest change of the title, if there was one.
    timeline_items: List<Renamed>,
}

#[derive(Deserialize)]
struct List<T> {
    nodes: Option<Vec<Option<T>>>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Renamed {
    created_at: Moment,
}

impl<T> List<T> {
    fn items(&self) -> impl Iterator<Item = &T> {
        self.nodes.iter().flatten().flatten()
    }
}

impl Text {
    fn edited_at(&self) -> Option<Timestamp> {
        let renamed = self.timeline_items.items().map(|it| it.created_at.0).max();
        self.last_edited_at.map(|it| it.0).max(renamed)
    }
}

/// GitHub's description allows both shapes.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireLabel {
    Whole { name: Option<String> },
    Name(String),
}

impl WireLabel {
    fn name(self) -> Option<String> {
        match self {
            Self::Whole { name } => name,
            Self::Name(name) => Some(name),
        }
    }
}

#[derive(Deserialize)]
struct WireEvent {
    event: Option<String>,
    actor: Option<User>,
    label: Option<WireLabel>,
    created_at: Moment,
    performed_via_github_app: Option<serde_json::Value>,
}

impl GitHub {
    /// Four reads, in this order, so that no change in between is taken for none: who wrote it,
    /// who labelled it, the text, and once more when the text was changed. A text that was changed
    /// before the third read shows its change in the third or the fourth; one that was changed
    /// later is the old one, and at worst too fresh a change is told with it.
    pub(super) async fn issue_once(
        &self,
        repository: &Repository,
        number: u64,
        label: &str,
    ) -> Result<Issue, HostError> {
        let thing = issue_named(repository, number);
        let address = format!("{}/issues/{number}", path(repository));
        let wire: WireIssue = self.wire.get(&address).await?.or_refusal(&thing)?.json()?;
        if wire.pull_request.is_some() {
            let message = format!("`{repository}#{number}` is a pull request and not an issue");
            return Err(HostError::Refused { status: 422, message });
        }
        let labelled = self.labelled(&format!("{address}/events"), &thing, label).await?;
        let text = self.text(repository, number, &thing).await?;
        let again = self.text(repository, number, &thing).await?;
        let labels: Vec<String> = text.labels.iter().flat_map(List::items).map(named).collect();
        let in_force = labels.iter().any(|it| same(it, label));
        let edited_at = text.edited_at().max(again.edited_at());
        let through_app = wire.performed_via_github_app.is_some();
        Ok(Issue {
            title: text.title,
            body: text.body,
            open: text.state == "OPEN",
            labels,
            author: wire.user.map(|it| actor(it, through_app)),
            labelled: labelled.filter(|_| in_force),
            edited_at,
        })
    }

    async fn text(
        &self,
        repository: &Repository,
        number: u64,
        thing: &str,
    ) -> Result<Text, HostError> {
        let (owner, name) = (repository.owner(), repository.name());
        let variables = json!({"owner": owner, "name": name, "number": number});
        let found: Found = self.query(ISSUE, variables, thing).await?;
        let issue = found.repository.and_then(|it| it.issue);
        issue.ok_or_else(|| HostError::NotFound(thing.to_owned()))
    }

    /// Who set the label last, unless it was taken away after that. Events come oldest first, so
    /// the search begins at the last page.
    pub(super) async fn labelled(
        &self,
        address: &str,
        thing: &str,
        label: &str,
    ) -> Result<Option<Labelling>, HostError> {
        let first = self.wire.get(&page_of(address, 1)).await?.or_refusal(thing)?;
        let last = first.page("last").unwrap_or(1);
        for page in (1..=last).rev().take(MOST_EVENT_PAGES as usize) {
            let events: Vec<WireEvent> = if page == 1 {
                first.json()?
            } else {
                self.wire.get(&page_of(address, page)).await?.or_refusal(thing)?.json()?
            };
            let newest = events.into_iter().rev().find_map(|mut it| {
                let set = match it.event.as_deref() {
                    Some("labeled") => true,
                    Some("unlabeled") => false,
                    _ => return None,
                };
                let name = it.label.take().and_then(WireLabel::name);
                name.is_some_and(|name| same(&name, label)).then_some((set, it))
            });
            if let Some((set, event)) = newest {
                return Ok(event.actor.filter(|_| set).map(|user| Labelling {
                    by: actor(user, event.performed_via_github_app.is_some()),
                    at: event.created_at.0,
                }));
            }
        }
        Ok(None)
    }

    /// Adds before it takes away, so that an issue is never without any of our labels.
    pub(super) async fn label_once(
        &self,
        repository: &Repository,
        issue: u64,
        add: &[&str],
        remove: &[&str],
    ) -> Result<(), HostError> {
        let thing = issue_named(repository, issue);
        let address = format!("{}/issues/{issue}/labels", path(repository));
        let there: Vec<WireLabel> = self.wire.pages(&address, &thing, MOST_LABEL_PAGES).await?;
        let there: Vec<String> = there.into_iter().filter_map(WireLabel::name).collect();
        let has = |label: &str| there.iter().any(|it| same(it, label));
        let missing: Vec<&&str> = add.iter().filter(|it| !has(it)).collect();
        if !missing.is_empty() {
            // GitHub makes a label that the repository does not have yet.
            let body = json!({ "labels": missing });
            crate::fault::point("github.label:before").await?;
            self.wire.ask(Method::POST, &address, Some(&body)).await?.or_refusal(&thing)?;
            crate::fault::point("github.label:after").await?;
        }
        for label in remove.iter().filter(|it| has(it)) {
            let one = format!("{address}/{}", encoded(label));
            crate::fault::point("github.unlabel:before").await?;
            match self.wire.ask(Method::DELETE, &one, None).await?.or_refusal(&thing) {
                // Somebody else was faster.
                Ok(_) | Err(HostError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
            crate::fault::point("github.unlabel:after").await?;
        }
        Ok(())
    }
}

fn named(label: &Named) -> String {
    label.name.clone()
}

/// GitHub's labels do not tell `Bug` from `bug`.
fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
