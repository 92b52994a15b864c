//! A copy of a checkout, so that nothing is left behind in somebody's own folder.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use tokio_util::sync::CancellationToken;

use crate::cli::{CliError, Exit};
use crate::process::{self, Spec};
use crate::project_file;
use crate::workspace::remove_tree;

/// More files than this are no repository.
const MOST_FILES: usize = 200_000;
/// The largest copy, in bytes.
const MOST_BYTES: u64 = 4 << 30;
/// How long a listing by git may be, in bytes at each end.
const LISTING: usize = 64 << 20;
/// What is left out where git does not say what belongs to the repository.
const LEFT_OUT: [&str; 3] = [".git", "target", "node_modules"];

/// What belongs to a repository.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// From its root.
    pub(super) paths: Vec<PathBuf>,
    /// What its owner should know.
    pub(super) notes: Vec<String>,
}

/// A copy on disk, with a HOME beside it. Dropping it removes both.
#[derive(Debug)]
pub(super) struct Copy {
    folder: PathBuf,
    tree: PathBuf,
    home: PathBuf,
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Err(error) = remove_tree(&self.folder) {
            tracing::warn!(folder = %self.folder.display(), "this copy cannot be removed: {error}");
        }
    }
}

impl Copy {
    /// Copies `files` from `root` to a new folder below `state_dir`.
    pub(super) async fn of(
        root: &Path,
        files: &Files,
        state_dir: &Path,
        stop: &CancellationToken,
    ) -> Result<Self, CliError> {
        let above = state_dir.join("check");
        let (root, paths, stop) = (root.to_owned(), files.paths.clone(), stop.clone());
        aside(move || {
            sweep(&above);
            let now = chrono::Utc::now().timestamp_millis();
            let folder = above.join(format!("{}-{now}", std::process::id()));
            let copy = Self { tree: folder.join("tree"), home: folder.join("home"), folder };
            for folder in [copy.tree(), copy.home()] {
                let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
                made.map_err(|error| disk(folder, &error))?;
            }
            fill(&root, &paths, copy.tree(), &stop)?;
            Ok(copy)
        })
        .await
    }

    /// What all of it is in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The copy itself.
    pub(super) fn tree(&self) -> &Path {
        &self.tree
    }

    /// A fresh HOME.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }
}

/// Copies `paths` from `root` into the folder `to`, which is made.
pub(super) async fn files(
    root: &Path,
    paths: Vec<PathBuf>,
    to: &Path,
    stop: &CancellationToken,
) -> Result<(), CliError> {
    let (root, to, stop) = (root.to_owned(), to.to_owned(), stop.clone());
    aside(move || {
        fs::create_dir_all(&to).map_err(|error| disk(&to, &error))?;
        fill(&root, &paths, &to, &stop)
    })
    .await
}

fn fill(
    root: &Path,
    paths: &[PathBuf],
    to: &Path,
    stop: &CancellationToken,
) -> Result<(), CliError> {
    let mut bytes = 0;
    for path in paths {
        if stop.is_cancelled() {
            return Err(stopped());
        }
        let from = root.join(path);
        bytes += copy_one(&from, &to.join(path)).map_err(|error| disk(&from, &error))?;
        if bytes > MOST_BYTES {
            return Err(too_large(root));
        }
    }
    Ok(())
}

/// Copies a file or a link, and gives its size. What is neither, or gone, is left out.
fn copy_one(from: &Path, to: &Path) -> io::Result<u64> {
    let found = match from.symlink_metadata() {
        Ok(found) if found.is_file() || found.is_symlink() => found,
        Ok(_) => return Ok(0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(0),
        Err(error) => return Err(error),
    };
    if let Some(above) = to.parent() {
        fs::create_dir_all(above)?;
    }
    if found.is_symlink() {
        std::os::unix::fs::symlink(fs::read_link(from)?, to)?;
        return Ok(0);
    }
    fs::copy(from, to)
}

/// Removes what earlier invocations that were killed have left.
fn sweep(above: &Path) {
    let Ok(entries) = fs::read_dir(above) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|it| it.split_once('-')).and_then(|it| it.0.parse().ok());
        let gone = |pid| kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH);
        if pid.is_some_and(gone) {
            let _ = remove_tree(&entry.path());
        }
    }
}

/// What belongs to the repository at `root`: what git tracks, or every file where there is no
/// git repository.
pub(super) async fn list(
    root: &Path,
    path: &str,
    stop: &CancellationToken,
) -> Result<Files, CliError> {
    if let Some(mut paths) = tracked(root, path, stop).await? {
        let mut notes = Vec::new();
        if root.join(".git").symlink_metadata().is_err() {
            notes.push(format!(
                "{} is a folder inside a repository: a job runs the checks at its root",
                root.display()
            ));
        }
        let own = Path::new(project_file::NAME);
        if root.join(own).is_file() && !paths.iter().any(|it| it == own) {
            notes.push(format!("{} is not committed yet: a job would not see it", own.display()));
            paths.push(own.to_owned());
        }
        return Ok(Files { paths, notes });
    }
    let from = root.to_owned();
    let paths = aside(move || walk(&from)).await?;
    Ok(Files { paths, notes: Vec::new() })
}

/// `None` when this is no git repository, or it tracks nothing.
async fn tracked(
    root: &Path,
    path: &str,
    stop: &CancellationToken,
) -> Result<Option<Vec<PathBuf>>, CliError> {
    // Nothing that the repository configures is started, whoever it belongs to.
    let args = [
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "safe.directory=*",
        "ls-files",
        "--cached",
        "-z",
    ];
    let env = [
        ("PATH", path),
        ("HOME", "/dev/null"),
        ("LC_ALL", "C.UTF-8"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_OPTIONAL_LOCKS", "0"),
    ];
    let spec = Spec {
        args: args.map(OsString::from).to_vec(),
        env: env.map(|(name, value)| (name.into(), value.into())).to_vec(),
        keep: LISTING,
        ..Spec::new("git", root, Duration::from_secs(60))
    };
    let ended = match process::run(spec, None, stop).await {
        Ok(ended) => ended,
        Err(_) if stop.is_cancelled() => return Err(stopped()),
        Err(error) => return Err(CliError::missing(format!("{error}: install git"))),
    };
    if !ended.exit.is_success() {
        return Ok(None);
    }
    if ended.stdout.dropped > 0 {
        return Err(too_large(root));
    }
    let bytes = [ended.stdout.head, ended.stdout.tail].concat();
    let names = bytes.split(|it| *it == 0).filter(|it| !it.is_empty());
    let mut paths: Vec<PathBuf> = names.map(|it| PathBuf::from(OsStr::from_bytes(it))).collect();
    // A file that is being merged is listed once for each side.
    paths.dedup();
    if paths.len() > MOST_FILES {
        return Err(too_large(root));
    }
    Ok(Some(paths).filter(|it| !it.is_empty()))
}

/// Every file and link below `root`, without following any.
fn walk(root: &Path) -> Result<Vec<PathBuf>, CliError> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(folder) = waiting.pop() {
        let full = root.join(&folder);
        for entry in fs::read_dir(&full).map_err(|error| disk(&full, &error))? {
            let entry = entry.map_err(|error| disk(&full, &error))?;
            let kind = entry.file_type().map_err(|error| disk(&full, &error))?;
            let (name, path) = (entry.file_name(), folder.join(entry.file_name()));
            if kind.is_dir() && !LEFT_OUT.iter().any(|it| name == *it) {
                waiting.push(path);
            } else if kind.is_file() || kind.is_symlink() {
                found.push(path);
            }
            if found.len() + waiting.len() > MOST_FILES {
                return Err(too_large(root));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn disk(path: &Path, error: &io::Error) -> CliError {
    CliError::failed(format!("{}: {error}", path.display()))
}

fn stopped() -> CliError {
    CliError::Said { exit: Exit::Interrupted, message: "stopped".to_owned() }
}

fn too_large(root: &Path) -> CliError {
    CliError::failed(format!(
        "{} has more than {MOST_FILES} files or {} GiB: name the repository's own folder",
        root.display(),
        MOST_BYTES >> 30
    ))
}

/// Work on many files, away from the threads that must answer at once.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CliError> + Send + 'static,
) -> Result<T, CliError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(CliError::failed(format!("a file operation broke off: {error}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_git_everything_but_what_is_built_is_copied_and_links_stay_links() {
        let (from, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for file in ["a", "src/b", "target/c", "node_modules/d"] {
            let file = from.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "x").unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", from.path().join("link")).unwrap();
        let paths = walk(from.path()).unwrap();
        assert_eq!(paths, ["a", "link", "src/b"].map(PathBuf::from));
        let files = Files { paths, notes: Vec::new() };
        let stop = CancellationToken::new();
        let copy = Copy::of(from.path(), &files, state.path(), &stop).await.unwrap();
        assert!(copy.tree().join("src/b").is_file());
        assert!(copy.tree().join("link").is_symlink());
        let folder = copy.folder.clone();
        drop(copy);
        assert!(!folder.exists());
    }

    #[test]
    fn what_a_killed_invocation_left_is_removed_and_that_of_a_living_one_is_not() {
        let above = tempfile::tempdir().unwrap();
        let living = above.path().join(format!("{}-1", std::process::id()));
        let dead = above.path().join(format!("{}-1", i32::MAX));
        let other = above.path().join("other");
        for folder in [&living, &dead, &other] {
            fs::create_dir(folder).unwrap();
        }
        sweep(above.path());
        assert!(living.exists() && other.exists() && !dead.exists());
    }
}
