//! Images: which are there, what they bring along, fetching and naming them.

use std::time::Duration;

use bollard::models::CreateImageInfo;
use bollard::query_parameters::{CreateImageOptions, RemoveImageOptions, TagImageOptions};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use super::client::{ANSWER, Client, Failure};
use super::{Docker, DockerError};
use crate::process::Tee;

/// What of an image decides how a container of it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) id: String,
    /// Places that it wants to write to: each would become a volume.
    pub(crate) volumes: Vec<String>,
}

impl Docker {
    pub(crate) async fn look_at(&self, name: &str) -> Result<Option<Image>, DockerError> {
        let name = checked(name)?;
        self.client().await?.look_at(name).await
    }

    pub(super) async fn fetch(
        &self,
        name: &str,
        limit: Duration,
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> Result<String, DockerError> {
        let name = checked(name)?;
        let client = self.client().await?;
        if let Some(image) = client.look_at(name).await? {
            return Ok(image.id);
        }
        let fetch = async {
            let options =
                CreateImageOptions { from_image: Some(with_tag(name)), ..Default::default() };
            let mut news = client.api().create_image(Some(options), None, None);
            while let Some(piece) = news.next().await {
                let piece = piece.map_err(|error| not_fetched(name, client.failure(error)))?;
                if let Some(message) = piece.error_detail.as_ref().and_then(|it| it.message.clone())
                {
                    return Err(not_fetched(name, Failure::Other(DockerError::Refused(message))));
                }
                if let (Some(tee), Some(line)) = (tee, line_of(&piece)) {
                    tee.write(line.as_bytes());
                }
            }
            Ok(())
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return Err(DockerError::Stopped),
            answer = tokio::time::timeout(limit, fetch) => match answer {
                Ok(answer) => answer?,
                Err(_) => return Err(DockerError::RegistryAway {
                    image: name.to_owned(),
                    message: format!("it was not here after {} s", limit.as_secs()),
                }),
            },
        }
        match client.look_at(name).await? {
            Some(image) => Ok(image.id),
            None => Err(DockerError::Refused(format!("the image `{name}` could not be fetched"))),
        }
    }

    pub(super) async fn name(&self, id: &str, name: &str) -> Result<(), DockerError> {
        let (id, name) = (checked(id)?, checked(name)?);
        let client = self.client().await?;
        let before = client.look_at(name).await?;
        let full = with_tag(name);
        let (repo, tag) = full.rsplit_once(':').unwrap_or((name, "latest"));
        let options = TagImageOptions { repo: Some(repo.into()), tag: Some(tag.into()) };
        client.ask(ANSWER, client.api().tag_image(id, Some(options))).await?;
        let Some(before) = before else { return Ok(()) };
        let now = client.look_at(name).await?.map(|image| image.id);
        if now.as_ref() != Some(&before.id) && client.has_no_name(&before.id).await? {
            client.drop_image(&before.id).await?;
        }
        Ok(())
    }
}

impl Client {
    pub(super) async fn look_at(&self, name: &str) -> Result<Option<Image>, DockerError> {
        match self.ask(ANSWER, self.api().inspect_image(name)).await {
            Ok(image) => Ok(image.id.map(|id| Image {
                id,
                volumes: image.config.and_then(|it| it.volumes).unwrap_or_default(),
            })),
            Err(Failure::Missing(_)) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn has_no_name(&self, id: &str) -> Result<bool, DockerError> {
        match self.ask(ANSWER, self.api().inspect_image(id)).await {
            Ok(image) => Ok(image.repo_tags.unwrap_or_default().is_empty()),
            Err(Failure::Missing(_)) => Ok(false),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Takes one name from an image, or, by its id, an image that has none, with the layers that
    /// nothing else uses. Whether it was there and went: one that a container or another image
    /// stands on stays.
    pub(super) async fn drop_image(&self, name: &str) -> Result<bool, DockerError> {
        let options = RemoveImageOptions { force: false, noprune: false, platforms: None };
        match self.ask(ANSWER, self.api().remove_image(name, Some(options), None)).await {
            Ok(_) => Ok(true),
            Err(Failure::Missing(_) | Failure::Conflict(_)) => Ok(false),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// A name as the engine has them. It becomes part of a path, and a project's own file names it.
pub(super) fn checked(name: &str) -> Result<&str, DockerError> {
    let letters = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    let good = !name.is_empty()
        && name.len() <= 512
        && name.chars().all(letters)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.split('/').any(|it| it.is_empty() || it == "." || it == "..");
    if good {
        Ok(name)
    } else {
        Err(DockerError::Refused(format!(
            "`{}` is no name of an image: it is written like `node:22`",
            name.chars().take(100).collect::<String>().escape_debug()
        )))
    }
}

/// Without a tag the engine would fetch all that there are.
fn with_tag(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains([':', '@']) { name.to_owned() } else { format!("{name}:latest") }
}

fn line_of(piece: &CreateImageInfo) -> Option<String> {
    // Not the bars: each layer would move one a hundred times.
    let status = piece.status.as_deref().filter(|_| piece.progress_detail.is_none())?;
    Some(match &piece.id {
        Some(id) => format!("{id}: {status}\n"),
        None => format!("{status}\n"),
    })
}

/// Words of an answer that tell of the way to a registry, or of its state.
const ON_THE_WAY: [&str; 11] = [
    "dial tcp",
    "no such host",
    "i/o timeout",
    "TLS handshake timeout",
    "connection refused",
    "connection reset",
    "EOF",
    "Client.Timeout",
    "request canceled",
    "toomanyrequests",
    "server misbehaving",
];

pub(super) fn is_on_the_way(message: &str) -> bool {
    ON_THE_WAY.iter().any(|word| message.contains(word))
}

fn not_fetched(name: &str, failure: Failure) -> DockerError {
    match DockerError::from(failure) {
        DockerError::Refused(message) if is_on_the_way(&message) => {
            DockerError::RegistryAway { image: name.to_owned(), message }
        }
        DockerError::Refused(message) => {
            DockerError::Refused(format!("the image `{name}` could not be fetched: {message}"))
        }
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_lead_to_another_part_of_the_api_is_none() {
        for name in ["node:22", "a.b:5000/c/d_e", "sha256:0af", "ghcr.io/x/y@sha256:0af"] {
            assert!(checked(name).is_ok(), "{name}");
        }
        for name in ["", "../containers/x", "a/../b", "a?b", "a#b", "a%2fb", "/a", "a//b", "a b"] {
            assert!(checked(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_registry_that_is_away_is_not_the_projects_fault() {
        let fault = |message: &str| {
            not_fetched("x", Failure::Other(DockerError::Refused(message.into()))).fault()
        };
        use crate::domain::job::Fault;
        assert_eq!(
            fault("Get \"https://r/v2/\": dial tcp: lookup r: no such host"),
            Fault::Transient
        );
        assert_eq!(fault("toomanyrequests: You have reached your limit"), Fault::Transient);
        assert_eq!(fault("manifest for x:1 not found: manifest unknown"), Fault::Permanent);
    }

    #[test]
    fn a_name_without_a_tag_is_the_latest() {
        assert_eq!(with_tag("a:5000/b"), "a:5000/b:latest");
        assert_eq!(with_tag("b:1"), "b:1");
        assert_eq!(with_tag("b@sha256:00"), "b@sha256:00");
    }
}
