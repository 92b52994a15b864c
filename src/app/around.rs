//! What is around foreign code on this machine: the cage of the agent and of the machine's own
//! programs, and the container engine.

use std::path::PathBuf;
use std::sync::Arc;

use super::{AppError, Surroundings};
use crate::cage::bare::Bare;
use crate::cage::{self, Cage, Limits};
use crate::config::{Builder, CageChoice, Config, RunnerChoice};
use crate::docker::endpoint::{self, Found};
use crate::docker::{Docker, Owner};
use crate::runner::Runner;
use crate::runner::docker::{DockerOptions, DockerRunner};
use crate::runner::host::{HostOptions, HostRunner};
use crate::worker::scene::Places;

/// The cage for the agent, and for the machine's own programs: the strongest that there is.
///
/// # Errors
/// When the configuration wants one and there is none, or none that works.
pub async fn host_cage(
    config: &Config,
    around: &Surroundings,
    mark: &str,
) -> Result<Arc<dyn Cage>, AppError> {
    if config.cage.level == CageChoice::Native {
        return Ok(Arc::new(Bare));
    }
    let why = match cage::sandbox(&around.path, Some(mark)).await {
        Ok(sandbox) => return Ok(sandbox),
        Err(why) => why,
    };
    if let Some(image) = &config.docker.image {
        return own_image(around, image, mark).await;
    }
    if config.cage.level == CageChoice::Sandbox {
        return Err(AppError::NoCage(why));
    }
    tracing::warn!("agent and checks run on this machine without a cage: {why}");
    Ok(Arc::new(Bare))
}

/// A container of the image that the worker itself runs in, beside the worker's own.
async fn own_image(
    around: &Surroundings,
    image: &str,
    mark: &str,
) -> Result<Arc<dyn Cage>, AppError> {
    let docker = match find_engine(around) {
        Found::Here(endpoint, _) => {
            Docker::new(endpoint).map_err(|it| AppError::NoCage(it.to_string()))?
        }
        Found::Nowhere { .. } => {
            return Err(AppError::NoCage(
                "`docker.image` is set, and there is no container engine".to_owned(),
            ));
        }
        Found::Unusable(why) => return Err(AppError::NoCage(why)),
    };
    match docker.image(image).await {
        Ok(Some(_)) => {}
        Ok(None) => {
            return Err(AppError::NoCage(format!(
                "the container engine has no image `{image}`, which `docker.image` names: build or \
                 pull it"
            )));
        }
        // It may come back; until then jobs wait.
        Err(error) => tracing::warn!(%error, "the container engine does not answer yet"),
    }
    let owner = Owner { worker: mark.to_owned(), job: None };
    Ok(cage::of_image(docker, image, owner))
}

/// Looks for the container engine, as `docker` would.
pub fn find_engine(around: &Surroundings) -> Found {
    endpoint::find(&|name| around.env.get(name).cloned(), &around.home)
}

/// Who runs the project's commands.
///
/// # Errors
/// When the configuration wants an engine and names one that cannot be used.
pub fn runner(
    config: &Config,
    around: &Surroundings,
    cage: Arc<dyn Cage>,
    mark: &str,
) -> Result<Arc<dyn Runner>, AppError> {
    let host = HostRunner::new(
        HostOptions {
            path: around.path.clone(),
            extra_env: around.toolchains.clone(),
            mark: Some(mark.to_owned()),
            limits: limits(config),
        },
        cage,
    )
    .with_index(&|name| around.env.get(name).cloned());
    if places(config) == Places::Machine {
        return Ok(Arc::new(host));
    }
    if let (Found::Unusable(why), true) =
        (find_engine(around), config.verify.runner == RunnerChoice::Docker)
    {
        return Err(AppError::NoEngine(why));
    }
    let (env, home) = (around.env.clone(), around.home.clone());
    let options = DockerOptions {
        find: Arc::new(move || endpoint::find(&|name| env.get(name).cloned(), &home)),
        worker: mark.to_owned(),
        limits: limits(config),
        keep_images: config.docker.keep_images,
        buildkit: config.docker.builder == Builder::Buildkit,
        plugins: plugins(around),
    };
    Ok(Arc::new(DockerRunner::new(options, host)))
}

/// What one command may use up. An engine refuses to give more processors than there are.
pub fn limits(config: &Config) -> Limits {
    let there = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;
    let limits = config.cage.limits;
    Limits { cpus: limits.cpus.min(there), ..limits }
}

/// Which places a plan may name.
pub fn places(config: &Config) -> Places {
    match config.verify.runner {
        RunnerChoice::Auto => Places::Any,
        RunnerChoice::Docker => Places::Images,
        RunnerChoice::Native => Places::Machine,
    }
}

/// Removes what an earlier worker that was killed had left in the engine.
pub(super) async fn sweep(around: &Surroundings, mark: &str, keep_images: bool) {
    let Found::Here(endpoint, _) = find_engine(around) else { return };
    let Ok(docker) = Docker::new(endpoint) else { return };
    let owner = Owner { worker: mark.to_owned(), job: None };
    match docker.remove(&owner, !keep_images).await {
        Ok(0) => {}
        Ok(removed) => {
            tracing::warn!(removed, "removed what an earlier worker had left in the engine")
        }
        Err(error) => tracing::warn!(%error, "the container engine was not swept"),
    }
}

/// Where the operator's `docker` finds its plugins: their own folder, and those that their
/// configuration names. The project's commands get these, and nothing else of it.
fn plugins(around: &Surroundings) -> Vec<PathBuf> {
    let own = around.env.get("DOCKER_CONFIG").map(PathBuf::from);
    let own = own.unwrap_or_else(|| around.home.join(".docker"));
    let config = std::fs::read(own.join("config.json")).unwrap_or_default();
    let config: serde_json::Value = serde_json::from_slice(&config).unwrap_or_default();
    let extra = config["cliPluginsExtraDirs"].as_array().cloned().unwrap_or_default();
    let extra = extra.iter().filter_map(|it| it.as_str()).map(PathBuf::from);
    extra.chain([own.join("cli-plugins")]).filter(|it| it.is_dir()).collect()
}
