//! The front door of the cage room: what surrounds a child that runs foreign code.
//!
//! Whatever the cage, paths mean the same inside and outside of it.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::docker::{Docker, Owner};
use crate::domain::job::Fault;
use crate::domain::verification::Isolation;
use crate::process::{Ended, Spec, Tee};

pub mod bare;
pub mod bubblewrap;
pub mod container;
mod install;
mod launch;
mod owner;
pub mod seatbelt;

/// The user and the group of root's child, in every cage: nobody's number, and the same in the
/// images that call it `nonroot`.
const USER: u32 = 65_532;

/// Something that runs a child under rules.
#[async_trait]
pub trait Cage: Send + Sync {
    /// How much it keeps apart.
    fn level(&self) -> Isolation;

    /// Whether its children have a loopback interface of their own, so that nothing which listens
    /// on this machine's can be reached from inside, unless by a Unix socket.
    fn has_own_loopback(&self) -> bool;

    /// Runs a child to its end, as `process::run` does: a child that fails is an answer. When it
    /// returns, by whatever way, nothing that came of the child lives any more.
    async fn run(
        &self,
        spec: Spec,
        rules: &Rules,
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> Result<Ended, CageError>;
}

/// What a child may see, reach and use up. Everything that is not named is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Folders and files that it may change. They must be there.
    pub writable: Vec<PathBuf>,
    /// Folders and files that it may read, besides the system's own programs and libraries.
    /// Those that are not there are left out.
    pub readable: Vec<PathBuf>,
    /// Unix sockets that it may connect to. They must be there.
    pub sockets: Vec<PathBuf>,
    /// What it may talk to besides these.
    pub network: Network,
    /// What it may use up.
    pub limits: Limits,
}

/// What a child may talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Nothing.
    None,
    /// This port of this machine's loopback, where `Cage::has_own_loopback` is false; nothing else.
    Port(u16),
    /// Everything that this machine can.
    Open,
}

/// What a child and all that comes of it may use up, together. How long it may run is in its `Spec`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Bytes of memory, swap included.
    pub memory: u64,
    /// Processes and threads at once.
    pub processes: u32,
    /// Processors' worth of time.
    pub cpus: f64,
    /// Bytes of one file.
    pub file_size: u64,
    /// Bytes in `/tmp`.
    pub temporary: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 4 << 30, processes: 512, cpus: 2.0, file_size: 1 << 30, temporary: 1 << 30 }
    }
}

/// The sandbox of this machine: bubblewrap on Linux, sandbox-exec on macOS. `path` is where
/// programs are looked for; `mark` is whose children they are, for `process::end_marked`. Tries
/// it out, which takes some tens of milliseconds.
///
/// # Errors
/// Why there is none, and what to type so that there is one.
pub async fn sandbox(path: &str, mark: Option<&str>) -> Result<Arc<dyn Cage>, String> {
    if cfg!(target_os = "macos") {
        return Ok(Arc::new(seatbelt::Seatbelt::find(mark).await?));
    }
    Ok(Arc::new(bubblewrap::Bubblewrap::find(path, mark).await?))
}

/// Containers of an image, one for each child. The image must be there: nothing is fetched.
pub fn of_image(docker: Docker, image: &str, owner: Owner) -> Arc<dyn Cage> {
    Arc::new(container::Container { docker, image: image.to_owned(), owner })
}

/// What kept a child from running, or from running to its end.
#[derive(Debug, thiserror::Error)]
pub enum CageError {
    /// The program, a folder, or a tool of the cage is not there.
    #[error("{0}")]
    NotStarted(String),
    /// The cage cannot do what it is asked, here or ever.
    #[error("{0}")]
    Impossible(String),
    /// The container engine went away, or did not answer. What came of the child is not known.
    #[error("{0}")]
    EngineAway(String),
    /// `stop` was cancelled; nothing of it lives.
    #[error("`{0}` was stopped")]
    Stopped(String),
}

impl CageError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotStarted(_) | Self::EngineAway(_) => Fault::Transient,
            Self::Impossible(_) => Fault::Permanent,
            Self::Stopped(_) => Fault::Interrupted,
        }
    }
}
