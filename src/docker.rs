//! The container engine: found as `docker` finds it, asked over its API.
//!
//! `docker` is what the house knows of it; behind it, `client` is one conversation, and each of
//! the others one kind of thing that the engine keeps.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::domain::job::{Fault, JobId};
use crate::process::Tee;

mod build;
mod client;
pub(crate) mod container;
mod context;
pub mod endpoint;
mod ignore;
mod image;
mod own;
pub mod proxy;
mod sweep;

use endpoint::Endpoint;

/// The label of everything that a worker makes: whose it is (`Owner::worker`).
pub const WORKER_LABEL: &str = "codingworker.worker";
/// The label of everything that a job makes: its id.
pub const JOB_LABEL: &str = "codingworker.job";
/// The label of the image that keeps a repository's layers: `OWNER/NAME`.
pub const CACHE_LABEL: &str = "codingworker.cache";

/// How the names of images begin that keep a repository's layers. `remove` leaves them alone.
pub const CACHE_PREFIX: &str = "codingworker-cache-";

/// An engine.
#[derive(Clone, Debug)]
pub struct Docker {
    endpoint: Endpoint,
    known: Arc<Known>,
}

/// What was found out about an engine, and stays so.
#[derive(Debug, Default)]
struct Known {
    traits: OnceCell<container::Traits>,
    own: OnceCell<Option<own::Own>>,
    has_no_init: AtomicBool,
}

/// Whose containers, networks, volumes and images something is: these two become labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The worker, by `process_mark` of its state folder: another worker's are left alone.
    pub worker: String,
    /// The job, where there is one.
    pub job: Option<JobId>,
}

/// What the engine says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineFacts {
    /// `20.10.24`
    pub version: String,
    /// `1.41`, as agreed on.
    pub api: String,
    /// `Docker Engine`, `Podman Engine`, …
    pub name: String,
    /// Whether it runs without root's rights.
    pub rootless: bool,
    /// The version of its `runc`, where it says so.
    pub runc: Option<String>,
}

/// An image to build from a folder.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// What is sent along. Links in it are sent as links.
    pub context: &'a Path,
    /// The Dockerfile, from the context's root.
    pub dockerfile: &'a str,
    /// What it is to be called.
    pub tag: &'a str,
    /// Whether its commands have the network.
    pub network: bool,
    /// Bytes of memory for one of its commands.
    pub memory: u64,
    /// How long it may take.
    pub limit: std::time::Duration,
}

/// Why the engine did not do it.
#[derive(Debug, thiserror::Error)]
pub enum DockerError {
    /// There is no engine on this machine, or none that we can use. Says where it was looked for.
    #[error("{0}")]
    NotFound(String),
    /// It is not there now, or does not answer in time.
    #[error("the container engine at {endpoint} does not answer: {message}")]
    Away {
        /// Where.
        endpoint: String,
        /// What was seen.
        message: String,
    },
    /// An image is not here, and the way to where it is kept is closed just now.
    #[error("the image `{image}` could not be fetched: {message}")]
    RegistryAway {
        /// Which.
        image: String,
        /// What was seen.
        message: String,
    },
    /// It says no: no such image, a Dockerfile that does not build.
    #[error("{0}")]
    Refused(String),
    /// We are stopping.
    #[error("stopped")]
    Stopped,
}

impl DockerError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Away { .. } | Self::RegistryAway { .. } => Fault::Transient,
            Self::NotFound(_) | Self::Refused(_) => Fault::Permanent,
            Self::Stopped => Fault::Interrupted,
        }
    }
}

impl Docker {
    /// The engine behind `endpoint`. Nothing is asked of it yet.
    ///
    /// # Errors
    /// When there is no such thing as this endpoint on this machine (a remote one, for example).
    pub fn new(endpoint: Endpoint) -> Result<Self, DockerError> {
        let possible = match &endpoint {
            Endpoint::Unix(path) => path.is_absolute() && path.to_str().is_some(),
            Endpoint::Loopback(address) => address.ip().is_loopback(),
        };
        if !possible {
            return Err(DockerError::NotFound(format!("{endpoint} is no engine of this machine")));
        }
        Ok(Self { endpoint, known: Arc::default() })
    }

    /// Where it is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Asks it who it is, and agrees on a version of the API. Takes five seconds at most, for each
    /// of the two.
    ///
    /// # Errors
    /// `Away`; `Refused` when this user may not ask.
    pub async fn facts(&self) -> Result<EngineFacts, DockerError> {
        self.introduce().await
    }

    /// The id of an image that is there; `None` when it is not.
    ///
    /// # Errors
    /// `Away`; `Refused` when the name is none.
    pub async fn image(&self, name: &str) -> Result<Option<String>, DockerError> {
        Ok(self.look_at(name).await?.map(|image| image.id))
    }

    /// Fetches an image unless it is there, and gives its id.
    ///
    /// # Errors
    /// `Refused` when there is no such image, `RegistryAway`, `Away`, `Stopped`.
    pub async fn pull(
        &self,
        name: &str,
        limit: std::time::Duration,
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> Result<String, DockerError> {
        self.fetch(name, limit, tee, stop).await
    }

    /// Builds an image, shows the log as it comes, and gives its id. An image of the Dockerfile's
    /// that is not here is fetched by the engine, whatever network its commands have.
    ///
    /// # Errors
    /// `Refused` with the end of the log when it does not build; `RegistryAway`, `Away`, `Stopped`.
    pub async fn build(
        &self,
        build: Build<'_>,
        owner: &Owner,
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> Result<String, DockerError> {
        self.make(build, owner, tee, stop).await
    }

    /// Gives an image another name, and takes that name from the image that had it. An image that
    /// has lost its last name so is removed, with the layers that nothing else uses.
    ///
    /// # Errors
    /// `Away`, `Refused`.
    pub async fn tag(&self, id: &str, name: &str) -> Result<(), DockerError> {
        self.name(id, name).await
    }

    /// Removes the containers, networks and volumes of `owner` (of the whole worker, where it has
    /// no job), running or not; with `images`, its images as well, but not those that are called
    /// by `CACHE_PREFIX`, nor the layers that others use. Says how many things went. Takes seconds
    /// at most. What cannot be removed keeps nothing else of its kind.
    ///
    /// # Errors
    /// `Away`; `Refused` when something would not go.
    pub async fn remove(&self, owner: &Owner, images: bool) -> Result<usize, DockerError> {
        self.sweep(owner, images).await
    }

    /// Where a path of ours is for the engine: the same, unless we run in a container ourselves
    /// and it lies in a volume or a mount of it.
    ///
    /// # Errors
    /// `Refused` when the engine cannot see it at all; `Away`, when it was never asked before.
    pub async fn host_path(&self, path: &Path) -> Result<PathBuf, DockerError> {
        match self.own().await? {
            None => Ok(path.to_owned()),
            // Links mean something else outside.
            Some(own) => own.outside(&path.canonicalize().unwrap_or_else(|_| path.to_owned())),
        }
    }

    /// Whether we run in a container of this engine.
    ///
    /// # Errors
    /// `Away`.
    pub async fn is_around_us(&self) -> Result<bool, DockerError> {
        Ok(self.own().await?.is_some())
    }

    pub(crate) fn has_init(&self) -> bool {
        !self.known.has_no_init.load(Ordering::Relaxed)
    }

    pub(crate) fn without_init(&self) {
        self.known.has_no_init.store(true, Ordering::Relaxed);
    }
}
