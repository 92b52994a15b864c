//! GitHub's other API. It alone tells when a text was edited, and tells it together with the text.
//!
//! Only queries are sent, never mutations, so that each may be asked again.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::GitHub;
use crate::code_host::HostError;

/// An issue's text, and when it was changed last.
pub(super) const ISSUE: &str = include_str!("issue.graphql");
/// The same of comments and reviews, by their node ids.
pub(super) const REMARKS: &str = include_str!("remarks.graphql");

/// How many nodes GitHub gives at once.
pub(super) const MOST_NODES: usize = 100;

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Vec<Error>,
}

#[derive(Deserialize)]
struct Error {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    message: String,
}

impl GitHub {
    /// Asks one query. What is not there is null in the answer; everything else that goes wrong is
    /// an error, also where GitHub sends a part of the answer with it.
    pub(super) async fn query<T: DeserializeOwned>(
        &self,
        query: &str,
        variables: Value,
        thing: &str,
    ) -> Result<T, HostError> {
        let body = json!({"query": query, "variables": variables});
        let answer = self.wire.post_graphql(&body).await?;
        let answer = answer.or_refusal(thing).map_err(|e| self.out_of_reach(e))?;
        let Reply { data, errors } = answer.json()?;
        let serious = |it: &&Error| it.kind.as_deref() != Some("NOT_FOUND");
        if let Some(error) = errors.iter().find(serious) {
            return Err(self.refusal(error, thing, &answer));
        }
        if data.is_null() && !errors.is_empty() {
            return Err(HostError::NotFound(thing.to_owned()));
        }
        serde_json::from_value(data).map_err(|e| {
            let message = format!("the GraphQL answer has an unexpected shape: {e}");
            HostError::Refused { status: 200, message }
        })
    }

    /// A 404 or a 403 here says something about the address or the token, and nothing about the
    /// thing that was asked for.
    fn out_of_reach(&self, error: HostError) -> HostError {
        let (status, words) = match error {
            HostError::NotFound(_) => (404, "Not Found".to_owned()),
            HostError::Refused { status, message } => (status, message),
            other => return other,
        };
        let address = self.wire.graphql();
        let message = format!(
            "{words}: GitHub's GraphQL API ({address}) is needed to learn when a text was edited; \
             use a token that may read it"
        );
        HostError::Refused { status, message }
    }

    fn refusal(&self, error: &Error, thing: &str, answer: &super::answer::Answer) -> HostError {
        let words = super::answer::plain(&error.message, 300);
        match error.kind.as_deref() {
            Some("RATE_LIMITED" | "RATE_LIMIT") => {
                HostError::RateLimited { wait: answer.reset(), message: words }
            }
            // GitHub names no type where it gave up by itself.
            None if says_later(&words) => HostError::Unavailable(format!("GraphQL: {words}")),
            Some("FORBIDDEN" | "INSUFFICIENT_SCOPES") => self.out_of_reach(HostError::Refused {
                status: 403,
                message: format!("{thing}: {words}"),
            }),
            _ => HostError::Refused { status: 422, message: format!("GraphQL: {thing}: {words}") },
        }
    }
}

fn says_later(words: &str) -> bool {
    let words = words.to_lowercase();
    ["something went wrong", "timeout", "timed out", "timedout", "try again"]
        .iter()
        .any(|it| words.contains(it))
}
