//! A commit, shown to the world: on a branch that we create, and never force.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::diagnosis::{diagnose, remote_words};
use super::git::Answer;
use super::{Workspace, WorkspaceError, mirror, rules};
use crate::domain::change::{Change, ObjectId};

const PUSH: Duration = Duration::from_secs(600);

impl Workspace {
    /// Creates `branch` at the remote with `commit` on it. Is it there already with this very
    /// commit, then we were here before. With any other it stays as it is.
    ///
    /// # Errors
    /// `BranchTaken` and `PushRejected` as they say; otherwise the remote is away or refuses us.
    pub async fn push(
        &self,
        branch: &str,
        commit: &ObjectId,
        stop: &CancellationToken,
    ) -> Result<Change, WorkspaceError> {
        rules::branch(branch)?;
        self.intact()?;
        let name = format!("refs/heads/{branch}");
        let call = self
            .local("push")
            .args(["--porcelain", "--no-progress", "--no-verify", "--no-follow-tags"])
            .args(["--no-signed", "--recurse-submodules=no", "--receive-pack=git-receive-pack"])
            // Empty expectation: the branch must not be there. The remote checks it atomically.
            .arg(format!("--force-with-lease={name}:"))
            .args(["--end-of-options", &self.git.address.of(&self.repository)])
            .arg(format!("{commit}:{name}"))
            // The base may no longer be any branch's tip. Without asking first which commits the
            // remote has, we would send the whole of it back.
            .config("push.negotiate=true")
            .remote(PUSH);
        let change = || Change { branch: branch.to_owned(), commit: commit.clone() };
        let answer = match self.git.run(call, stop).await {
            Ok(answer) if answer.code == 0 => return Ok(change()),
            Err(WorkspaceError::Stopped) => return Err(WorkspaceError::Stopped),
            other => other,
        };
        // It failed, or its answer was lost on the way: what is there now decides.
        let look = self.local("ls-remote");
        let tip = mirror::remote_tip(&self.git, look, &self.repository, branch, stop).await;
        match (tip, answer) {
            (Ok(Some(tip)), _) if tip == *commit => Ok(change()),
            (Ok(Some(tip)), _) => {
                Err(WorkspaceError::BranchTaken { branch: branch.to_owned(), tip })
            }
            (Err(WorkspaceError::Stopped), _) => Err(WorkspaceError::Stopped),
            (_, Ok(answer)) => Err(self.refusal(branch, &answer)),
            (_, Err(error)) => Err(error),
        }
    }

    /// What `branch` points at, at the remote.
    ///
    /// # Errors
    /// When the remote is away or refuses us.
    pub async fn remote_tip(&self, branch: &str) -> Result<Option<ObjectId>, WorkspaceError> {
        let (look, stop) = (self.local("ls-remote"), CancellationToken::new());
        mirror::remote_tip(&self.git, look, &self.repository, branch, &stop).await
    }

    fn refusal(&self, branch: &str, answer: &Answer) -> WorkspaceError {
        let porcelain = String::from_utf8_lossy(&answer.stdout);
        let rejected = porcelain.lines().find_map(|line| {
            let reason = line.strip_prefix("!")?.rsplit('\t').next()?.trim();
            let reason = reason.strip_prefix("[remote rejected]")?.trim().trim_matches(['(', ')']);
            Some(self.git.hush(reason.to_owned()))
        });
        let words = remote_words(&answer.stderr);
        let unwell = ["Internal Server Error", "unpacker error"];
        match rejected {
            // The server's own trouble, not a rule of the repository's.
            Some(reason) if unwell.iter().any(|it| reason.contains(it)) => {
                WorkspaceError::Unavailable {
                    repository: self.repository.to_string(),
                    message: format!("{reason} {words}").trim().to_owned(),
                }
            }
            Some(reason) => WorkspaceError::PushRejected {
                branch: branch.to_owned(),
                message: if words.is_empty() { reason } else { format!("{reason}: {words}") },
            },
            None => diagnose(&self.repository.to_string(), "push", &answer.stderr),
        }
    }
}
