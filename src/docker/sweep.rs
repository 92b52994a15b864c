//! Removing what carries our labels, and nothing else.

use std::collections::HashMap;
use std::time::Duration;

use bollard::query_parameters::{
    ListContainersOptions, ListImagesOptions, ListNetworksOptions, ListVolumesOptions,
    RemoveContainerOptions, RemoveVolumeOptions,
};
use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::client::{ANSWER, Client, Failure};
use super::{CACHE_PREFIX, Docker, DockerError, JOB_LABEL, Owner, WORKER_LABEL};

/// How long we go on with what is just being removed, or still holds on to something that is.
const PATIENCE: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(100);
/// So many passes over what was made while we removed.
const PASSES: usize = 3;

impl Owner {
    pub(super) fn labels(&self) -> Vec<(String, String)> {
        let job = self.job.iter().map(|job| (JOB_LABEL.to_owned(), job.0.clone()));
        std::iter::once((WORKER_LABEL.to_owned(), self.worker.clone())).chain(job).collect()
    }

    fn filters(&self) -> Option<HashMap<String, Vec<String>>> {
        let labels = self.labels().into_iter().map(|(name, value)| format!("{name}={value}"));
        Some(HashMap::from([("label".to_owned(), labels.collect())]))
    }
}

impl Docker {
    pub(super) async fn sweep(&self, owner: &Owner, images: bool) -> Result<usize, DockerError> {
        let client = self.client().await?;
        let mut gone = 0;
        // A build or a compose file that is just being ended may make one more.
        for pass in 0..PASSES {
            let containers = client.sweep_containers(owner).await?;
            gone += containers;
            if containers == 0 && pass > 0 {
                break;
            }
            let (networks, volumes) =
                tokio::join!(client.sweep_networks(owner), client.sweep_volumes(owner));
            let others = networks? + volumes?;
            gone += others;
            if containers + others == 0 {
                break;
            }
        }
        if images {
            gone += client.sweep_images(owner).await?;
        }
        Ok(gone)
    }
}

impl Client {
    async fn sweep_containers(&self, owner: &Owner) -> Result<usize, DockerError> {
        let options =
            ListContainersOptions { all: true, filters: owner.filters(), ..Default::default() };
        let list = self.ask(ANSWER, self.api().list_containers(Some(options))).await?;
        let ids = list.into_iter().filter_map(|it| it.id);
        sum(join_all(ids.map(|id| async move { self.drop_container(&id).await })).await)
    }

    /// Ends a container and removes it with its nameless volumes; `false`: there was none.
    pub(super) async fn drop_container(&self, id: &str) -> Result<bool, DockerError> {
        let options = || RemoveContainerOptions { v: true, force: true, link: false };
        self.until_gone(|| self.api().remove_container(id, Some(options()))).await
    }

    async fn sweep_networks(&self, owner: &Owner) -> Result<usize, DockerError> {
        let options = ListNetworksOptions { filters: owner.filters() };
        let list = self.ask(ANSWER, self.api().list_networks(Some(options))).await?;
        let ids = list.into_iter().filter_map(|it| it.id);
        let each =
            ids.map(|id| async move { self.until_gone(|| self.api().remove_network(&id)).await });
        sum(join_all(each).await)
    }

    async fn sweep_volumes(&self, owner: &Owner) -> Result<usize, DockerError> {
        let options = ListVolumesOptions { filters: owner.filters() };
        let list = self.ask(ANSWER, self.api().list_volumes(Some(options))).await?;
        let names = list.volumes.unwrap_or_default().into_iter().map(|it| it.name);
        let each = names.map(|name| async move {
            let options = || RemoveVolumeOptions { force: true };
            self.until_gone(|| self.api().remove_volume(&name, Some(options()))).await
        });
        sum(join_all(each).await)
    }

    /// Takes our names from our images, but for that of the cache. What has no name then goes.
    async fn sweep_images(&self, owner: &Owner) -> Result<usize, DockerError> {
        let options =
            ListImagesOptions { all: false, filters: owner.filters(), ..Default::default() };
        let list = self.ask(ANSWER, self.api().list_images(Some(options))).await?;
        let mut gone = 0;
        // One by one: they stand on each other's layers.
        for image in list {
            let names: Vec<_> =
                image.repo_tags.iter().filter(|it| *it != "<none>:<none>").collect();
            let dropped = if names.is_empty() {
                self.drop_image(&image.id).await?
            } else {
                let mut dropped = false;
                for name in names.into_iter().filter(|it| !it.starts_with(CACHE_PREFIX)) {
                    dropped |= self.drop_image(name).await?;
                }
                dropped
            };
            gone += usize::from(dropped);
        }
        Ok(gone)
    }

    /// Asks again while the engine is at it, or something that is just going still holds on to it.
    async fn until_gone<F>(&self, remove: impl Fn() -> F) -> Result<bool, DockerError>
    where
        F: Future<Output = Result<(), bollard::errors::Error>>,
    {
        let until = Instant::now() + PATIENCE;
        let mut was_there = false;
        loop {
            let message = match self.ask(ANSWER, remove()).await {
                Ok(()) => return Ok(true),
                Err(Failure::Missing(_)) => return Ok(was_there),
                Err(Failure::Conflict(message)) => message,
                Err(Failure::Other(DockerError::Refused(message)))
                    if ["in progress", "in use", "active endpoints", "busy"]
                        .iter()
                        .any(|word| message.contains(word)) =>
                {
                    message
                }
                Err(failure) => return Err(failure.into()),
            };
            was_there = true;
            if Instant::now() >= until {
                return Err(DockerError::Refused(message));
            }
            sleep(AGAIN).await;
        }
    }
}

/// One that could not be removed keeps none of the others.
fn sum(answers: Vec<Result<bool, DockerError>>) -> Result<usize, DockerError> {
    let mut gone = 0;
    for answer in answers {
        gone += usize::from(answer?);
    }
    Ok(gone)
}
