//! A bare repository on disk, a person who pushes to it, and the workspaces under test.
#![expect(clippy::disallowed_methods, reason = "the person uses plain git, as people do")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use codingworker::domain::change::{ChangeKind, ObjectId};
use codingworker::domain::job::JobId;
use codingworker::domain::task::Repository;
use codingworker::domain::time::Timestamp;
use codingworker::workspace::{
    CheckedOut, Identity, Snapshot, Workspace, WorkspaceError, WorkspaceOptions, Workspaces,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) repository: Repository,
    pub(crate) stop: CancellationToken,
}

impl World {
    /// An empty bare repository at `remotes/acme/api.git`.
    pub(crate) fn empty() -> Self {
        let dir = TempDir::new().unwrap();
        let world =
            Self { dir, repository: "acme/api".parse().unwrap(), stop: CancellationToken::new() };
        git(world.path(), &["init", "-q", "--bare", "-b", "main", "remotes/acme/api.git"]);
        world
    }

    /// One with these files on `main`.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let world = Self::empty();
        world.person_pushes(files, "main");
        world
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn remote(&self) -> PathBuf {
        self.path().join("remotes/acme/api.git")
    }

    pub(crate) fn options(&self) -> WorkspaceOptions {
        WorkspaceOptions {
            state_dir: self.path().join("state"),
            work_dir: self.path().join("work"),
            git_url: format!("file://{}/remotes", self.path().display()),
            token: None,
            askpass_program: env!("CARGO_BIN_EXE_codingworker").into(),
            remote_env: Vec::new(),
            mark: None,
        }
    }

    pub(crate) fn workspaces(&self) -> Workspaces {
        Workspaces::new(self.options()).unwrap()
    }

    pub(crate) async fn check_out(&self, job: &str) -> (Workspace, CheckedOut) {
        self.try_check_out(job, "main").await.unwrap()
    }

    pub(crate) async fn try_check_out(
        &self,
        job: &str,
        branch: &str,
    ) -> Result<(Workspace, CheckedOut), WorkspaceError> {
        let job = JobId(job.to_owned());
        self.workspaces().check_out(&job, &self.repository, branch, &self.stop).await
    }

    /// A person commits these files, whatever bytes they hold, and pushes.
    pub(crate) fn person_pushes(&self, files: &[(&str, &str)], branch: &str) -> ObjectId {
        let person = self.path().join("person");
        if !person.exists() {
            git(self.path(), &["init", "-q", "person"]);
        }
        write(&person, files);
        git(&person, &["-c", "core.autocrlf=false", "add", "-A", "-f"]);
        self.person_commits(branch)
    }

    pub(crate) fn person_commits(&self, branch: &str) -> ObjectId {
        let person = self.path().join("person");
        git(&person, &["commit", "-q", "--allow-empty", "-m", "by a person"]);
        let remote = self.remote();
        let to = format!("HEAD:refs/heads/{branch}");
        git(&person, &["push", "-q", &remote.to_string_lossy(), &to]);
        ObjectId(git(&person, &["rev-parse", "HEAD"]))
    }

    /// Somebody clones the branch, does this to it, commits and pushes the plain way.
    pub(crate) fn somebody(&self, branch: &str, does: impl FnOnce(&Path)) -> ObjectId {
        let clone = TempDir::new_in(self.path()).unwrap();
        let remote = self.remote();
        git(
            clone.path(),
            &["clone", "-q", "--single-branch", "-b", branch, &remote.to_string_lossy(), "."],
        );
        does(clone.path());
        git(clone.path(), &["-c", "core.autocrlf=false", "add", "-A", "-f"]);
        git(clone.path(), &["commit", "-q", "--allow-empty", "-m", "by somebody"]);
        git(clone.path(), &["push", "-q", "origin", &format!("HEAD:refs/heads/{branch}")]);
        ObjectId(git(clone.path(), &["rev-parse", "HEAD"]))
    }

    /// Makes a branch at the remote that stands where another does.
    pub(crate) fn branch(&self, name: &str, at: &str) {
        let (name, at) = (format!("refs/heads/{name}"), format!("refs/heads/{at}"));
        git(&self.remote(), &["update-ref", "-m", "created", &name, &at]);
    }

    /// Work on what is on disk, as a commit on the base.
    pub(crate) async fn work(&self, workspace: &Workspace, files: &[(&str, &str)]) -> ObjectId {
        write(workspace.tree(), files);
        let tree = workspace.snapshot().await.unwrap().tree;
        workspace.commit(&tree, "work", &author(), AT).await.unwrap()
    }

    /// A pre-receive hook at the remote.
    pub(crate) fn hook(&self, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let hook = self.remote().join("hooks/pre-receive");
        std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
        std::fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn tip(&self, branch: &str) -> Option<ObjectId> {
        let name = format!("refs/heads/{branch}");
        let found = git(&self.remote(), &["for-each-ref", "--format=%(objectname)", &name]);
        (!found.is_empty()).then_some(ObjectId(found))
    }
}

/// Plain git, with nothing but a name and no configuration of this machine's.
pub(crate) fn git(cwd: &Path, args: &[&str]) -> String {
    let (ok, out) = try_git(cwd, args);
    assert!(ok, "git {args:?} in {}: {out}", cwd.display());
    out
}

pub(crate) fn try_git(cwd: &Path, args: &[&str]) -> (bool, String) {
    let out = Command::new("git")
        .args(["-c", "user.name=Person", "-c", "user.email=person@example.com"])
        .args(args)
        .current_dir(cwd)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    let text = if out.status.success() { out.stdout } else { out.stderr };
    (out.status.success(), String::from_utf8_lossy(&text).trim_end().to_owned())
}

pub(crate) fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Every file and link below a folder, `.git` at its root aside, with its content or target.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn add(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            let kind = entry.file_type().unwrap();
            if kind.is_symlink() {
                let target = std::fs::read_link(&path).unwrap();
                found.insert(name, target.to_string_lossy().into_owned().into_bytes());
            } else if kind.is_dir() {
                if name != ".git" {
                    add(root, &path, found);
                }
            } else if kind.is_file() {
                found.insert(name, std::fs::read(&path).unwrap());
            } else {
                found.insert(name, b"(special)".to_vec());
            }
        }
    }
    let mut found = BTreeMap::new();
    add(folder, folder, &mut found);
    found
}

pub(crate) fn told(snapshot: &Snapshot) -> Vec<(&str, ChangeKind)> {
    snapshot.changes.iter().map(|it| (it.path.as_str(), it.kind)).collect()
}

pub(crate) fn author() -> Identity {
    Identity { name: "CodingWorker".into(), email: "worker@example.com".into() }
}

pub(crate) const AT: Timestamp = Timestamp(1_795_234_799_000);
