//! The front door of the workspace room: git, for real, by its command line.
//!
//! Our git directory lies outside the tree that the agent and the checks can write, and every
//! call names it. So nothing that is planted in the tree (a `.git` with hooks, filters, drivers)
//! ever runs. No trait: tests use bare repositories on disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::domain::change::ObjectId;
use crate::domain::job::JobId;
use crate::domain::task::Repository;

mod address;
mod ahead;
mod askpass;
mod base;
mod checkout;
mod diagnosis;
mod difference;
mod disk;
mod error;
mod export;
mod git;
mod keep;
mod leftover;
mod listing;
mod mirror;
mod push;
mod rebase;
mod reserve;
mod rules;
mod seat;
mod snapshot;
mod spare;
mod stamps;
mod tree;

pub use ahead::FetchAhead;
#[doc(hidden)]
pub use askpass::askpass_tells;
pub use askpass::{ASKPASS_SOCKET, askpass_main};
pub(crate) use disk::remove as remove_tree;
pub use error::WorkspaceError;
pub use git::GitVersion;

/// What the room needs to know, once.
#[derive(Clone)]
pub struct WorkspaceOptions {
    /// Mirrors live in `mirrors/` below it.
    pub state_dir: PathBuf,
    /// One folder for each job is made here.
    pub work_dir: PathBuf,
    /// What comes before `/{owner}/{name}.git`: `https://…`, `file:///…`, or `http://` on loopback.
    pub git_url: String,
    /// Shown to the remote, and to nobody else.
    pub token: Option<SecretString>,
    /// Our own binary: git asks it for the token.
    pub askpass_program: PathBuf,
    /// More environment for the calls that talk to the remote: `https_proxy`, `SSL_CERT_FILE`.
    pub remote_env: Vec<(String, String)>,
    /// Whose children its processes are, for `process::end_marked`.
    pub mark: Option<String>,
}

/// All workspaces of one worker, and the mirrors that they are made from.
#[derive(Clone)]
pub struct Workspaces {
    git: Arc<git::Git>,
    state_dir: PathBuf,
    work_dir: PathBuf,
}

/// One job's checkout: a tree that others may write, and our own git directory beside it.
#[derive(Clone)]
pub struct Workspace {
    git: Arc<git::Git>,
    folder: PathBuf,
    tree: PathBuf,
    scratch: PathBuf,
    home: PathBuf,
    repository: Repository,
    base: ObjectId,
    base_tree: ObjectId,
}

/// What `check_out` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedOut {
    /// The commit of the branch that the work stands on.
    pub base: ObjectId,
    /// That commit's tree.
    pub tree: ObjectId,
    /// What a reviewer should know: submodules left alone, LFS pointers kept.
    pub notes: Vec<String>,
}

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// From the repository's root, with `/`. Invalid UTF-8 is replaced.
    pub path: String,
    /// Of its content, in bytes; 0 for a submodule.
    pub size: u64,
    /// What it is.
    pub kind: EntryKind,
}

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A file that may be executed.
    Executable,
    /// A symbolic link; its content is its target.
    Link,
    /// A commit of another repository.
    Submodule,
}

/// One path that is not the same in two trees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// From the repository's root, with `/`, as git has it: any bytes but zero.
    pub path: Vec<u8>,
    /// What was there; `None`: nothing.
    pub old: Option<Side>,
    /// What is there now; `None`: nothing any more.
    pub new: Option<Side>,
}

/// One path in one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// What it is.
    pub kind: EntryKind,
    /// Of its content, in bytes; 0 for a submodule.
    pub size: u64,
    /// The whole content, of a link its target; `None` for a submodule, and for what is larger
    /// than was asked for.
    pub bytes: Option<Vec<u8>>,
}

/// What became of work that was put on another base.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "one for each job, and taken apart at once")]
pub enum Rebased {
    /// It fits.
    Clean {
        /// The same folder, on the new base. `restore` the tree before anything else looks at it.
        workspace: Workspace,
        /// The new base.
        out: CheckedOut,
        /// The work on the new base. The same as `out.tree` when all of it is there already.
        tree: ObjectId,
    },
    /// The same places were changed here and there. Nothing was touched.
    Conflict {
        /// What the branch points at.
        tip: ObjectId,
        /// Where, from the repository's root. Invalid UTF-8 is replaced.
        files: Vec<String>,
    },
}

/// What is on disk now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// As a tree object.
    pub tree: ObjectId,
    /// Against the base.
    pub changes: Vec<crate::domain::change::FileChange>,
}

/// Who a commit is by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// As in `Name <mail>`.
    pub name: String,
    /// As in `Name <mail>`.
    pub email: String,
}

impl Workspaces {
    /// Checks the options; touches nothing.
    ///
    /// # Errors
    /// When `git_url` is none that we fetch from.
    pub fn new(options: WorkspaceOptions) -> Result<Self, WorkspaceError> {
        let WorkspaceOptions { state_dir, work_dir, .. } = options.clone();
        Ok(Self { git: Arc::new(git::Git::new(options)?), state_dir, work_dir })
    }

    /// Which git is installed.
    ///
    /// # Errors
    /// When there is none, or it does not say.
    pub async fn git_version(&self) -> Result<GitVersion, WorkspaceError> {
        self.git.version().await
    }

    fn workspace(
        &self,
        job: &JobId,
        repository: &Repository,
        base: ObjectId,
        base_tree: ObjectId,
    ) -> Result<Workspace, WorkspaceError> {
        let folder = self.folder(job)?;
        Ok(Workspace {
            git: Arc::clone(&self.git),
            tree: folder.join(reserve::TREE),
            scratch: folder.join(reserve::SCRATCH),
            home: folder.join("home"),
            folder,
            repository: repository.clone(),
            base,
            base_tree,
        })
    }

    fn folder(&self, job: &JobId) -> Result<PathBuf, WorkspaceError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if job.0.is_empty() || job.0.len() > 64 || !job.0.chars().all(plain) {
            return Err(WorkspaceError::Unusable(format!("`{job}` is no name of a job")));
        }
        Ok(self.work_dir.join(&job.0))
    }
}

impl Workspace {
    /// The checkout. The agent and the checks may write it.
    pub fn tree(&self) -> &Path {
        &self.tree
    }

    /// A folder beside the tree, for prompts and the like. Lives as long as the job.
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// A folder beside the tree that serves as HOME for what runs in the tree.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The commit that the work stands on.
    pub fn base(&self) -> &ObjectId {
        &self.base
    }

    fn git_dir(&self) -> PathBuf {
        self.folder.join("git")
    }

    /// A local call on our git directory: no remote, no token.
    fn local(&self, command: &'static str) -> git::Call {
        git::Call::new(command, self.git_dir())
    }

    async fn done(&self, call: git::Call) -> Result<Vec<u8>, WorkspaceError> {
        self.git.run(call, &CancellationToken::new()).await?.success(&self.repository)
    }
}
