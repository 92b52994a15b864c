//! What can go wrong with a workspace, and who is to blame.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::change::ObjectId;
use crate::domain::job::Fault;
use crate::process::ProcessError;

/// What kept us from a workspace, a commit or a push. Every text is safe to show to people.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// We are stopping.
    #[error("stopped")]
    Stopped,
    /// There is no git, or the machine is out of processes.
    #[error("git could not be started ({0}): is it installed?")]
    NotStarted(String),
    /// The remote is away, or answered with a server's fault.
    #[error("the remote of {repository} is unreachable or has trouble: {message}")]
    Unavailable {
        /// Whose remote.
        repository: String,
        /// git's words.
        message: String,
    },
    /// A call of git did not end.
    #[error("`git {command}` was ended after {} s", limit.as_secs())]
    TimedOut {
        /// Which call.
        command: &'static str,
        /// Its limit.
        limit: Duration,
    },
    /// Another process holds the mirror.
    #[error("the mirror of {0} is held by another worker on this machine")]
    Busy(String),
    /// The token is missing, wrong, or may not do this.
    #[error(
        "the remote of {repository} refuses us: {message}. Check `github.token` and its permissions"
    )]
    Denied {
        /// Whose remote.
        repository: String,
        /// git's and the remote's words.
        message: String,
    },
    /// Not there, or hidden from our token.
    #[error("{0} is not there, or the token may not see it")]
    NotFound(String),
    /// The remote points elsewhere, and we never follow with a token in hand.
    #[error("the remote of {0} redirects elsewhere: was it renamed or moved? Use its new name")]
    Relocated(String),
    /// Nothing was ever committed there.
    #[error("{0} is empty: it has no commit to start from. Push a first commit, then label again")]
    Empty(String),
    /// The branch to start from is not there.
    #[error("{repository} has no branch `{branch}`")]
    BranchMissing {
        /// Whose.
        repository: String,
        /// Which.
        branch: String,
    },
    /// git would not take this name, or read it as something else.
    #[error("`{0}` cannot be the name of a branch")]
    BadBranch(String),
    /// The branch that we would create is there, with something else on it.
    #[error(
        "the branch `{branch}` is there already, at {tip}: delete or rename it, then try again"
    )]
    BranchTaken {
        /// Which.
        branch: String,
        /// What it points at.
        tip: ObjectId,
    },
    /// The branch has a commit that we do not know: somebody pushed while we worked.
    #[error("the branch `{branch}` moved while we worked: it is at {tip} now")]
    Moved {
        /// Which.
        branch: String,
        /// What it points at now.
        tip: ObjectId,
    },
    /// The branch that we worked on was deleted. We do not bring it back.
    #[error("the branch `{0}` was deleted while we worked; it is not made anew")]
    BranchGone(String),
    /// A hook, a ruleset or a protection said no.
    #[error("the remote rejected the branch `{branch}`: {message}")]
    PushRejected {
        /// Which.
        branch: String,
        /// The remote's words.
        message: String,
    },
    /// The tree holds something that must not reach a commit.
    #[error("`{path}` cannot be kept: {why}")]
    Unsafe {
        /// Which path, made printable.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The disk is full.
    #[error("the disk of this machine is full ({0}): make room, then try again")]
    NoSpace(String),
    /// More than we are ready to hold.
    #[error("{0} is larger than we handle")]
    TooLarge(String),
    /// A configuration, a name or a kind of repository that we do not work with.
    #[error("{0}")]
    Unusable(String),
    /// What an earlier process left for this job is not there any more.
    #[error("the workspace of job {0} is gone or incomplete")]
    Gone(String),
    /// The disk did not do as told.
    #[error("{}: {source}", path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// git failed with words that we do not know.
    #[error("`git {command}` failed: {message}")]
    Git {
        /// Which call.
        command: &'static str,
        /// Its words.
        message: String,
    },
}

impl WorkspaceError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Stopped => Fault::Interrupted,
            Self::NotStarted(_)
            | Self::Unavailable { .. }
            | Self::TimedOut { .. }
            | Self::Busy(_)
            | Self::NoSpace(_)
            | Self::Gone(_)
            | Self::Disk { .. }
            | Self::Git { .. } => Fault::Transient,
            Self::Denied { .. }
            | Self::NotFound(_)
            | Self::Relocated(_)
            | Self::Empty(_)
            | Self::BranchMissing { .. }
            | Self::BadBranch(_)
            | Self::BranchTaken { .. }
            | Self::Moved { .. }
            | Self::BranchGone(_)
            | Self::PushRejected { .. }
            | Self::Unsafe { .. }
            | Self::TooLarge(_)
            | Self::Unusable(_) => Fault::Permanent,
        }
    }

    /// For `map_err`: what the disk said about `path`.
    pub(super) fn disk(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::NoSpace(format!("{}: {source}", path.display()))
            }
            _ => Self::Disk { path, source },
        }
    }

    pub(super) fn unsafe_path(path: &[u8], why: impl Into<String>) -> Self {
        let path = String::from_utf8_lossy(path).escape_debug().take(300).collect();
        Self::Unsafe { path, why: why.into() }
    }
}

impl From<ProcessError> for WorkspaceError {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::Stopped(_) => Self::Stopped,
            ProcessError::NotStarted { source, .. } => Self::NotStarted(source.to_string()),
        }
    }
}
