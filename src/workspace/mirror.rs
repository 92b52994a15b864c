//! The mirror of one repository: bare, one branch at a time, as shallow as it goes. A second
//! job fetches what is new and nothing else. Whoever needs a branch holds the mirror from the
//! fetch until its packs are taken over by hard links: whatever branch comes next, and whatever
//! is pruned then, the workspace keeps its base.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::git::{Answer, Call, Git, object};
use super::{WorkspaceError, disk, rules};
use crate::domain::change::ObjectId;
use crate::domain::task::Repository;

/// A first fetch of a large repository over a slow line. Slower than a kilobyte a second for a
/// minute ends it sooner (`http.lowSpeedLimit`).
const FETCH: Duration = Duration::from_secs(1_800);
/// How long we wait for another worker's fetch.
const LOCK: Duration = Duration::from_secs(2_000);
/// Each fetch of something new adds a pack; with more than this, looking things up gets slow.
const MANY_PACKS: usize = 20;
/// Where the branch that is fetched is kept, whatever its name. Just one: a ref for each branch
/// would pile up, and `a` and `a/b` may well follow each other.
const BASE: &str = "refs/codingworker/base";

pub(super) struct Mirror<'a> {
    git: &'a Git,
    repository: &'a Repository,
    pub(super) folder: PathBuf,
}

/// Keeps other processes, and other jobs of this one, off the mirror until dropped.
pub(super) struct Held(#[expect(dead_code, reason = "the lock ends with the file")] File);

impl<'a> Mirror<'a> {
    pub(super) fn of(git: &'a Git, state_dir: &Path, repository: &'a Repository) -> Self {
        let owner = state_dir.join("mirrors").join(repository.owner());
        Self { git, repository, folder: owner.join(format!("{}.git", repository.name())) }
    }

    pub(super) fn call(&self, command: &'static str) -> Call {
        Call::new(command, self.folder.clone())
    }

    pub(super) async fn hold(&self, stop: &CancellationToken) -> Result<Held, WorkspaceError> {
        let path = self.folder.with_extension("git.lock");
        disk::make(self.folder.parent().unwrap_or(&self.folder))?;
        let file = File::create(&path).map_err(WorkspaceError::disk(&path))?;
        let waiting = async {
            loop {
                match file.try_lock() {
                    Ok(()) => return Ok(()),
                    Err(std::fs::TryLockError::WouldBlock) => {}
                    Err(std::fs::TryLockError::Error(error)) => {
                        return Err(WorkspaceError::disk(&path)(error));
                    }
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let busy = || WorkspaceError::Busy(self.repository.to_string());
        tokio::select! {
            biased;
            held = tokio::time::timeout(LOCK, waiting) => held.map_err(|_| busy())??,
            () = stop.cancelled() => return Err(WorkspaceError::Stopped),
        }
        Ok(Held(file))
    }

    /// Whether there was nothing yet, so that trouble with it cannot come from old damage.
    pub(super) fn prepare(&self) -> Result<bool, WorkspaceError> {
        if self.folder.join("HEAD").exists() {
            // Restored at each use: nobody else has any business in there.
            disk::write(&self.folder.join("config"), disk::CONFIG)?;
            for name in disk::STRANGE {
                let path = self.folder.join(name);
                disk::remove(&path).map_err(WorkspaceError::disk(&path))?;
            }
            self.clear_locks()?;
            return Ok(false);
        }
        disk::remove(&self.folder).map_err(WorkspaceError::disk(&self.folder))?;
        disk::git_skeleton(&self.folder)?;
        Ok(true)
    }

    /// We hold the mirror, so a lock or half a pack in it was left by somebody who was killed.
    fn clear_locks(&self) -> Result<(), WorkspaceError> {
        let packs = self.folder.join("objects/pack");
        let entries = std::fs::read_dir(&packs).into_iter().flatten().flatten();
        let halves = entries.map(|entry| entry.path()).filter(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("tmp_"))
        });
        let locks =
            ["shallow.lock", "packed-refs.lock", "HEAD.lock", "refs/codingworker/base.lock"];
        for path in locks.iter().map(|name| self.folder.join(name)).chain(halves) {
            disk::remove(&path).map_err(WorkspaceError::disk(&path))?;
        }
        Ok(())
    }

    pub(super) fn destroy(&self) -> Result<(), WorkspaceError> {
        disk::remove(&self.folder).map_err(WorkspaceError::disk(&self.folder))
    }

    /// Brings the tip of `branch` here and says what it is: a commit and its tree.
    pub(super) async fn fetch(
        &self,
        branch: &str,
        stop: &CancellationToken,
    ) -> Result<(ObjectId, ObjectId), WorkspaceError> {
        rules::branch(branch)?;
        let url = self.git.address.of(self.repository);
        let fetch = fetch(self.call("fetch"), 1, &url, branch, BASE);
        let answer = self.git.run(fetch, stop).await?;
        if names_no_branch(&answer) {
            return Err(self.why_no(branch, stop).await?);
        }
        answer.success(self.repository)?;
        let call =
            self.call("rev-parse").args([format!("{BASE}^{{commit}}"), format!("{BASE}^{{tree}}")]);
        let found = self.git.run(call, stop).await?.success(self.repository)?;
        let mut lines = found.split(|&byte| byte == b'\n').map(object);
        match (lines.next(), lines.next()) {
            (Some(base), Some(tree)) => Ok((base, tree)),
            _ => Err(WorkspaceError::Git { command: "rev-parse", message: "no tree".into() }),
        }
    }

    /// Whether what was fetched last is still what the mirror keeps.
    pub(super) async fn stands_at(&self, commit: &ObjectId, stop: &CancellationToken) -> bool {
        let call = self.call("rev-parse").arg(format!("{BASE}^{{commit}}"));
        let answer = self.git.run(call, stop).await;
        answer.is_ok_and(|it| it.code == 0 && object(&it.stdout) == *commit)
    }

    async fn why_no(
        &self,
        branch: &str,
        stop: &CancellationToken,
    ) -> Result<WorkspaceError, WorkspaceError> {
        let call = self
            .call("ls-remote")
            .args(["--heads", "--end-of-options", &self.git.address.of(self.repository)])
            .remote(Duration::from_secs(120));
        let heads = self.git.run(call, stop).await?.success(self.repository)?;
        let repository = self.repository.to_string();
        Ok(match heads.is_empty() {
            true => WorkspaceError::Empty(repository),
            false => WorkspaceError::BranchMissing { repository, branch: branch.to_owned() },
        })
    }

    pub(super) fn is_worn(&self) -> bool {
        let packs = std::fs::read_dir(self.folder.join("objects/pack")).into_iter().flatten();
        let is_pack = |name: std::ffi::OsString| name.to_string_lossy().ends_with(".pack");
        packs.flatten().filter(|entry| is_pack(entry.file_name())).count() > MANY_PACKS
    }

    /// Makes one pack of many, without what no branch reaches any more.
    pub(super) async fn repack(&self, stop: &CancellationToken) -> Result<(), WorkspaceError> {
        let _held = self.hold(stop).await?;
        let call = self.call("repack").args(["-a", "-d", "-q"]).limit(FETCH);
        self.git.run(call, stop).await?.success(self.repository).map(drop)
    }
}

/// A call that brings the last `depth` commits of `branch`, and nothing else, to the ref `into`.
pub(super) fn fetch(call: Call, depth: u32, url: &str, branch: &str, into: &str) -> Call {
    call.args(["--quiet", "--no-progress", "--no-tags", "--no-write-fetch-head"])
        .args(["--no-recurse-submodules", "--no-auto-maintenance", "--update-shallow"])
        .args([&format!("--depth={depth}"), "--end-of-options", url])
        .arg(format!("+refs/heads/{branch}:{into}"))
        .remote(FETCH)
}

pub(super) fn names_no_branch(answer: &Answer) -> bool {
    answer.code != 0 && answer.stderr.contains("couldn't find remote ref")
}

/// What is at `refs/heads/{branch}` of the remote.
pub(super) async fn remote_tip(
    git: &Git,
    call: Call,
    repository: &Repository,
    branch: &str,
    stop: &CancellationToken,
) -> Result<Option<ObjectId>, WorkspaceError> {
    rules::branch(branch)?;
    let name = format!("refs/heads/{branch}");
    let call = call
        .args(["--refs", "--end-of-options", &git.address.of(repository), &name])
        .remote(Duration::from_secs(120));
    let listed = git.run(call, stop).await?.success(repository)?;
    // The pattern matches the end of longer names as well.
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let mut rows = listed.lines().filter_map(|line| line.split_once('\t'));
    Ok(rows.find(|(_, found)| *found == name).map(|(tip, _)| ObjectId(tip.to_owned())))
}

/// Every mirror there is, by repository.
pub(super) fn all(state_dir: &Path) -> Vec<Repository> {
    let folders = |path: PathBuf| {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok())
    };
    let mirrors = state_dir.join("mirrors");
    folders(mirrors.clone())
        .flat_map(|owner| {
            folders(mirrors.join(&owner)).filter_map(move |name| {
                format!("{owner}/{}", name.strip_suffix(".git")?).parse().ok()
            })
        })
        .collect()
}
