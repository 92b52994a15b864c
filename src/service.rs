//! The front door of the service room: the worker as a service of this machine.
//!
//! A unit of systemd or an agent of launchd is rendered from a `Definition`, by pure functions,
//! and written, started, looked at and taken away again by a `Service`, which talks to
//! `systemctl`, `journalctl` and `launchctl`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::process::Spec;

mod caller;
pub mod launchd;
pub mod manager;
pub mod systemd;

pub use caller::Caller;
use launchd::Launchd;
use systemd::Systemd;

/// How a service is called, by systemd; `.service` comes behind it.
pub const NAME: &str = "codingworker";
/// Seconds from a service manager's SIGTERM to its SIGKILL. The worker itself puts its jobs down
/// after 10 s (`worker::lifecycle::PATIENCE`); what it then ends gets 10 s more, is buried within
/// 7 s, and deliveries are given back with a call of 20 s at most, tried three times.
pub const STOP_SECONDS: u64 = 120;
/// Seconds that a start may take: migrating the database, and ending what a killed worker left.
pub const START_SECONDS: u64 = 120;
/// How long a word with the service manager may take that starts or ends nothing.
const ANSWER: Duration = Duration::from_secs(30);
/// Of a word that starts or ends the worker: as long as that may take, and a little more.
const CHANGE: Duration = Duration::from_secs(START_SECONDS + STOP_SECONDS + 10);
/// What a line of ours begins with, in a comment of every file that we write.
const MARK: &str = "codingworker-service:";

/// Whose service it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Of one user, run by the manager of that user's session.
    User,
    /// Of the machine, run as an account of its own.
    System,
}

/// What a service is made from. All paths are absolute.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The worker's program.
    pub program: PathBuf,
    /// Its configuration file.
    pub config: PathBuf,
    /// Its version, for those who read the file.
    pub version: String,
    /// Whose service it is.
    pub scope: Scope,
    /// The account that it runs as; a user's service has its user's.
    pub account: Option<String>,
    /// Folders that it writes to, beside `/var/lib/codingworker` and `/run/codingworker`.
    pub writable: Vec<PathBuf>,
    /// Whether something that it needs to read is in somebody's home.
    pub reads_homes: bool,
    /// Its environment, by name and value. Everybody on this machine may read it: no secrets.
    pub environment: Vec<(String, String)>,
    /// Files with secrets, each with the name that it gets in `$CREDENTIALS_DIRECTORY`.
    pub credentials: Vec<(String, PathBuf)>,
    /// Whether jobs may trace their own processes, as debuggers and leak sanitizers do.
    pub allow_ptrace: bool,
    /// What it writes is appended here, where the service manager keeps no journal.
    pub log: PathBuf,
}

/// What a file of ours tells about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// The worker's program.
    pub program: PathBuf,
    /// Its configuration file.
    pub config: PathBuf,
    /// The version that wrote the file.
    pub version: String,
    /// Where what it writes is appended to, where there is no journal.
    pub log: Option<PathBuf>,
}

/// Why a service cannot be made, changed or looked at.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// No service manager, or it does not answer.
    #[error("{0}")]
    NoManager(String),
    /// It was asked for something and refused.
    #[error("`{command}` failed: {said}")]
    Refused {
        /// What was asked.
        command: String,
        /// Its answer.
        said: String,
    },
    /// Something cannot be written down so that the service manager reads it as it is.
    #[error("{what} cannot be put into a service's file: {why}; give it another name")]
    Unwritable {
        /// The text.
        what: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is a file, and not by us.
    #[error(
        "{} was not written by `codingworker service install`: it is left as it is; move it away \
         first", .0.display()
    )]
    Foreign(PathBuf),
    /// There is no such service.
    #[error(
        "no service is installed here (there is no {}): `codingworker service install`", .0.display()
    )]
    NotInstalled(PathBuf),
    /// A file cannot be read, written or removed.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What the service manager says about the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// In one word.
    pub state: State,
    /// The service manager's own words for it.
    pub detail: String,
    /// Since when, as the service manager writes times; `None` where it does not say.
    pub since: Option<String>,
    /// Of the worker.
    pub pid: Option<u32>,
    /// How often it was started anew by the service manager; `None` where it does not count.
    pub restarts: Option<u32>,
    /// How its last process ended, when it did not run to a clean end.
    pub last_exit: Option<String>,
    /// Whether it starts by itself.
    pub enabled: bool,
}

/// What a service is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It works.
    Running,
    /// It begins to, or waits to be started anew.
    Starting,
    /// It was told to stop.
    Stopping,
    /// It was stopped, or never started.
    Stopped,
    /// It ended by itself and is not started anew.
    Failed,
}

/// A service manager, and the file that it reads about us.
#[derive(Clone, Debug)]
pub enum Service {
    /// Linux.
    Systemd(Systemd),
    /// macOS.
    Launchd(Launchd),
}

impl Service {
    /// The file.
    pub fn file(&self) -> &Path {
        match self {
            Self::Systemd(it) => &it.file,
            Self::Launchd(it) => &it.file,
        }
    }

    /// What would be written.
    ///
    /// # Errors
    /// When something in the definition cannot be written down.
    pub fn render(&self, definition: &Definition) -> Result<String, ServiceError> {
        match self {
            Self::Systemd(_) => systemd::unit(definition),
            Self::Launchd(_) => launchd::plist(definition),
        }
    }

    /// What is installed.
    ///
    /// # Errors
    /// When nothing is, or not by us.
    pub fn installed(&self) -> Result<Installed, ServiceError> {
        let path = self.file();
        match std::fs::read_to_string(path) {
            Ok(text) => installed(&text).ok_or_else(|| ServiceError::Foreign(path.to_owned())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(ServiceError::NotInstalled(path.to_owned()))
            }
            Err(source) => Err(ServiceError::File { path: path.to_owned(), source }),
        }
    }

    /// Writes the file, has the service manager read it, and lets the service start by itself
    /// from now on; with `start`, also now. What was there before, if it was ours, is replaced.
    ///
    /// # Errors
    /// When there is no service manager, a file of somebody else's is in the way, or it refuses.
    pub async fn install(&self, text: &str, start: bool) -> Result<(), ServiceError> {
        self.answers().await?;
        match self.installed() {
            Ok(_) | Err(ServiceError::NotInstalled(_)) => {}
            Err(error) => return Err(error),
        }
        if let Some(folder) = installed(text).and_then(|it| it.log?.parent().map(Path::to_owned)) {
            std::fs::create_dir_all(&folder)
                .map_err(|source| ServiceError::File { path: folder, source })?;
        }
        write(self.file(), text)?;
        match self {
            Self::Systemd(it) => it.take_up(start).await,
            Self::Launchd(it) => it.take_up(start).await,
        }
    }

    /// Stops the service and removes the file. What the worker keeps stays.
    ///
    /// # Errors
    /// When nothing of ours is installed, or the service manager refuses.
    pub async fn uninstall(&self) -> Result<(), ServiceError> {
        self.installed()?;
        self.answers().await?;
        let path = self.file();
        let remove = || {
            std::fs::remove_file(path)
                .map_err(|source| ServiceError::File { path: path.to_owned(), source })
        };
        match self {
            Self::Systemd(it) => {
                it.leave().await?;
                remove()?;
                it.forget().await
            }
            Self::Launchd(it) => {
                it.leave().await?;
                remove()
            }
        }
    }

    /// Starts it; one that runs is left alone.
    ///
    /// # Errors
    /// When nothing of ours is installed, or it does not come up.
    pub async fn start(&self) -> Result<(), ServiceError> {
        self.installed()?;
        self.answers().await?;
        match self {
            Self::Systemd(it) => it.start().await,
            Self::Launchd(it) => it.start().await,
        }
    }

    /// Stops it until it is started, or until the next boot or login.
    ///
    /// # Errors
    /// When nothing of ours is installed, or it does not end.
    pub async fn stop(&self) -> Result<(), ServiceError> {
        self.installed()?;
        self.answers().await?;
        match self {
            Self::Systemd(it) => it.stop().await,
            Self::Launchd(it) => it.stop().await,
        }
    }

    /// How it is.
    ///
    /// # Errors
    /// When nothing of ours is installed, or the service manager does not answer.
    pub async fn status(&self) -> Result<Status, ServiceError> {
        self.installed()?;
        self.answers().await?;
        match self {
            Self::Systemd(it) => it.status().await,
            Self::Launchd(it) => it.status().await,
        }
    }

    /// What prints its last lines, and with `follow` those that come, until it is stopped.
    ///
    /// # Errors
    /// When nothing of ours is installed.
    pub fn lines(&self, most: u32, follow: bool) -> Result<Spec, ServiceError> {
        let installed = self.installed()?;
        Ok(match self {
            Self::Systemd(it) => it.lines(most, follow),
            Self::Launchd(it) => it.lines(&installed, most, follow),
        })
    }

    /// What is to be said once it is installed.
    pub fn advice(&self, definition: &Definition) -> Vec<String> {
        match self {
            Self::Systemd(it) => it.advice(),
            Self::Launchd(_) => launchd::advice(definition),
        }
    }

    async fn answers(&self) -> Result<(), ServiceError> {
        match self {
            Self::Systemd(it) => it.answers().await,
            Self::Launchd(it) => it.answers().await,
        }
    }
}

/// The line by which a file of ours is known. JSON without `-` twice and without `>`, so that it
/// may stand in a comment of XML, and on one line, so that it may stand in one of a unit.
fn mark(definition: &Definition, log: Option<&Path>) -> String {
    let installed = Installed {
        program: definition.program.clone(),
        config: definition.config.clone(),
        version: definition.version.clone(),
        log: log.map(Path::to_owned),
    };
    let json = serde_json::to_string(&installed).unwrap_or_default();
    format!("{MARK} {}", json.replace('-', "\\u002d").replace('>', "\\u003e"))
}

/// What a file tells about itself, if we wrote it.
fn installed(text: &str) -> Option<Installed> {
    let line = text.lines().find_map(|line| {
        let line = line.trim_start_matches(['#', ' ']).trim_start_matches("<!--");
        line.trim_start().strip_prefix(MARK)
    })?;
    serde_json::from_str(line.trim().trim_end_matches("-->").trim()).ok()
}

/// A path as text, without what ends a line.
fn text(path: &Path) -> Result<&str, ServiceError> {
    let unwritable = |why| ServiceError::Unwritable { what: path.display().to_string(), why };
    let text = path.to_str().ok_or_else(|| unwritable("it is not UTF-8"))?;
    plain(text)
}

fn plain(text: &str) -> Result<&str, ServiceError> {
    match text.chars().any(char::is_control) {
        false => Ok(text),
        true => Err(ServiceError::Unwritable {
            what: text.escape_default().to_string(),
            why: "it holds a control character",
        }),
    }
}

/// All of it or nothing, readable by everybody: it holds no secrets.
fn write(path: &Path, text: &str) -> Result<(), ServiceError> {
    use std::os::unix::fs::OpenOptionsExt;
    let failed = |source| ServiceError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let _ = std::fs::remove_file(&new);
    let open = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(&new);
    open.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&new, path))
        .inspect_err(|_| drop(std::fs::remove_file(&new)))
        .map_err(failed)
}

#[cfg(test)]
mod tests;
