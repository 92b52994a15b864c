//! Issues: what they say, who labelled them, and their labels.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::wire::{encoded, page_of};
use super::{GitHub, User, issue_named, path};
use crate::code_host::{HostError, Issue};
use crate::domain::job::Person;
use crate::domain::task::Repository;

/// How many pages of events are read, from the newest backwards, in search of a labelling.
const MOST_EVENT_PAGES: u32 = 10;
/// GitHub allows 100 labels on an issue.
const MOST_LABEL_PAGES: u32 = 2;

#[derive(Deserialize)]
struct WireIssue {
    title: String,
    body: Option<String>,
    state: String,
    labels: Vec<WireLabel>,
    user: Option<User>,
    /// GitHub's pull requests are issues too; only they have this.
    pull_request: Option<serde_json::Value>,
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
}

impl GitHub {
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
        let labelled_by = self.labelled_by(&format!("{address}/events"), &thing, label).await?;
        Ok(Issue {
            title: wire.title,
            body: wire.body.unwrap_or_default(),
            open: wire.state == "open",
            labels: wire.labels.into_iter().filter_map(WireLabel::name).collect(),
            author: wire.user.map(Person::from),
            labelled_by,
        })
    }

    /// Who set the label last. Events come oldest first, so the search begins at the last page.
    async fn labelled_by(
        &self,
        address: &str,
        thing: &str,
        label: &str,
    ) -> Result<Option<Person>, HostError> {
        let first = self.wire.get(&page_of(address, 1)).await?.or_refusal(thing)?;
        let last = first.page("last").unwrap_or(1);
        for page in (1..=last).rev().take(MOST_EVENT_PAGES as usize) {
            let events: Vec<WireEvent> = if page == 1 {
                first.json()?
            } else {
                self.wire.get(&page_of(address, page)).await?.or_refusal(thing)?.json()?
            };
            let is_it = |name: Option<String>| name.is_some_and(|it| same(&it, label));
            let newest = events.into_iter().rev().find_map(|it| {
                let labelled = it.event.as_deref() == Some("labeled");
                (labelled && is_it(it.label.and_then(WireLabel::name))).then_some(it.actor)
            });
            if let Some(actor) = newest {
                return Ok(actor.map(Person::from));
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
            self.wire.ask(Method::POST, &address, Some(&body)).await?.or_refusal(&thing)?;
        }
        for label in remove.iter().filter(|it| has(it)) {
            let one = format!("{address}/{}", encoded(label));
            match self.wire.ask(Method::DELETE, &one, None).await?.or_refusal(&thing) {
                // Somebody else was faster.
                Ok(_) | Err(HostError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// GitHub's labels do not tell `Bug` from `bug`.
fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
