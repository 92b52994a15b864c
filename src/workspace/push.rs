//! A commit, shown to the world: on a branch that we create, or one step further on one that is
//! there. Never by force.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::diagnosis::{diagnose, remote_words};
use super::git::{Answer, Call, is_object, object};
use super::{Workspace, WorkspaceError, disk, mirror, rules};
use crate::domain::change::{Change, ObjectId};

const PUSH: Duration = Duration::from_secs(600);
/// Whoever pushed more than this many commits on top of ours is told that the branch moved.
const DEPTH: u32 = 50;
const TIP: &str = "refs/codingworker/tip";

enum Seen {
    Below,
    Nowhere(ObjectId),
}

/// A git directory for one look at a branch's past. It borrows the workspace's objects.
struct Glass(PathBuf);

impl Glass {
    fn new(workspace: &Workspace, ours: &ObjectId) -> Result<Self, WorkspaceError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let nth = COUNT.fetch_add(1, Ordering::Relaxed);
        let glass = Self(workspace.folder.join(format!("look-{}-{nth}", std::process::id())));
        disk::remove(&glass.0).map_err(WorkspaceError::disk(&glass.0))?;
        disk::git_skeleton(&glass.0)?;
        disk::write(&glass.0.join("objects/info/alternates"), b"../../git/objects\n")?;
        // What we have, so that the remote sends the rest only.
        disk::make(&glass.0.join("refs/codingworker"))?;
        disk::write(&glass.0.join("refs/codingworker/ours"), format!("{ours}\n").as_bytes())?;
        disk::take_shallow(&workspace.git_dir().join("shallow"), &glass.0.join("shallow"))?;
        Ok(glass)
    }

    fn call(&self, command: &'static str) -> Call {
        Call::new(command, self.0.clone())
    }
}

impl Drop for Glass {
    fn drop(&mut self) {
        let _ = disk::remove(&self.0);
    }
}

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
        self.is_fit(branch, commit)?;
        // Empty expectation: the branch must not be there. The remote checks it atomically.
        let answer = self.send(branch, commit, "", stop).await;
        let change = || Change { branch: branch.to_owned(), commit: commit.clone() };
        let answer = match answer {
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

    /// Puts `commit`, which is the base and one step, on `branch`, which is at the base. Never
    /// anything else: a branch that moved stays where it is, one that was deleted stays deleted.
    /// Is the commit there already, also below what somebody added, then we were here before.
    ///
    /// # Errors
    /// `Moved`, `BranchGone` and `PushRejected` as they say; otherwise the remote is away or
    /// refuses us.
    pub async fn push_onto(
        &self,
        branch: &str,
        commit: &ObjectId,
        stop: &CancellationToken,
    ) -> Result<Change, WorkspaceError> {
        self.is_fit(branch, commit)?;
        self.is_one_step(commit).await?;
        // Why this overwrites nothing, though the option's name says force: our git goes on only
        // if the branch is at the base by the remote's own list; it then sends "from the base to
        // the commit", which the remote compares again under its lock. So the one update that can
        // happen is from the base to the commit, and the base is the commit's parent: that is a
        // fast-forward. A push without expectation would make a deleted branch anew.
        let answer = self.send(branch, commit, &self.base.0, stop).await;
        let change = || Change { branch: branch.to_owned(), commit: commit.clone() };
        let answer = match answer {
            Ok(answer) if answer.code == 0 => return Ok(change()),
            Err(WorkspaceError::Stopped) => return Err(WorkspaceError::Stopped),
            other => other,
        };
        // It failed, or its answer was lost on the way: what is there now decides.
        let look = self.local("ls-remote");
        match mirror::remote_tip(&self.git, look, &self.repository, branch, stop).await {
            Ok(None) => Err(WorkspaceError::BranchGone(branch.to_owned())),
            Ok(Some(tip)) if tip == *commit => Ok(change()),
            Ok(Some(tip)) if tip != self.base => match self.look(branch, commit, stop).await? {
                Seen::Below => Ok(change()),
                Seen::Nowhere(tip) => Err(WorkspaceError::Moved { branch: branch.to_owned(), tip }),
            },
            Err(WorkspaceError::Stopped) => Err(WorkspaceError::Stopped),
            _ => Err(match answer {
                Ok(answer) => self.refusal(branch, &answer),
                Err(error) => error,
            }),
        }
    }

    /// Before anything is called: afterwards, what went wrong is looked up at the remote.
    fn is_fit(&self, branch: &str, commit: &ObjectId) -> Result<(), WorkspaceError> {
        rules::branch(branch)?;
        self.intact()?;
        match is_object(commit) {
            true => Ok(()),
            false => Err(WorkspaceError::Unusable(format!("`{commit}` is no name of a commit"))),
        }
    }

    async fn send(
        &self,
        branch: &str,
        commit: &ObjectId,
        expected: &str,
        stop: &CancellationToken,
    ) -> Result<Answer, WorkspaceError> {
        let name = format!("refs/heads/{branch}");
        let call = self
            .local("push")
            .args(["--porcelain", "--no-progress", "--no-verify", "--no-follow-tags"])
            .args(["--no-signed", "--recurse-submodules=no", "--receive-pack=git-receive-pack"])
            .arg(format!("--force-with-lease={name}:{expected}"))
            .args(["--end-of-options", &self.git.address.of(&self.repository)])
            .arg(format!("{commit}:{name}"))
            // The base may no longer be any branch's tip. Without asking first which commits the
            // remote has, we would send the whole of it back.
            .config("push.negotiate=true")
            .remote(PUSH);
        self.git.run(call, stop).await
    }

    /// Whether the base is the one parent of `commit`, by what is written in it.
    async fn is_one_step(&self, commit: &ObjectId) -> Result<(), WorkspaceError> {
        let written = self.done(self.local("cat-file").args(["commit", &commit.0])).await?;
        let written = String::from_utf8_lossy(&written).into_owned();
        let head = written.lines().take_while(|line| !line.is_empty());
        let parents: Vec<&str> = head.filter_map(|line| line.strip_prefix("parent ")).collect();
        match parents == [self.base.0.as_str()] {
            true => Ok(()),
            false => Err(WorkspaceError::Unusable(format!("`{commit}` is no commit on the base"))),
        }
    }

    /// Whether `commit` is among the last commits of `branch`. Looks in a git directory that is
    /// gone afterwards, so that ours keeps its short past.
    async fn look(
        &self,
        branch: &str,
        commit: &ObjectId,
        stop: &CancellationToken,
    ) -> Result<Seen, WorkspaceError> {
        let glass = Glass::new(self, commit)?;
        let url = self.git.address.of(&self.repository);
        let call = mirror::fetch(glass.call("fetch"), DEPTH, &url, branch, TIP);
        let answer = self.git.run(call, stop).await?;
        if mirror::names_no_branch(&answer) {
            return Err(WorkspaceError::BranchGone(branch.to_owned()));
        }
        answer.success(&self.repository)?;
        let call = glass.call("merge-base").args(["--is-ancestor", &commit.0, TIP]);
        let answer = self.git.run(call, stop).await?;
        match answer.code {
            0 => Ok(Seen::Below),
            1 => {
                let call = glass.call("rev-parse").args(["--verify", TIP]);
                let tip = self.git.run(call, stop).await?.success(&self.repository)?;
                Ok(Seen::Nowhere(object(&tip)))
            }
            _ => answer.success(&self.repository).map(|_| Seen::Below),
        }
    }

    /// What `branch` points at, at the remote.
    ///
    /// # Errors
    /// When the remote is away or refuses us.
    pub async fn remote_tip(&self, branch: &str) -> Result<Option<ObjectId>, WorkspaceError> {
        self.intact()?;
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
        // The last two: somebody held the branch's lock, and did not move it in the end.
        let unwell =
            ["Internal Server Error", "unpacker error", "failed to update ref", "cannot lock ref"];
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
