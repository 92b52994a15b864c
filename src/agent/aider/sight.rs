//! What Aider must not see of a repository, and what it must not leave behind.
//!
//! It reads `.aider*` and `.env` from the tree's root whatever its flags say, and obeys them:
//! commands to run, servers to talk to. So they are moved away for the turn.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The tree without what Aider would obey. When this is dropped, what was moved away is back,
/// and what Aider left behind is gone.
#[derive(Debug)]
pub(super) struct Sight {
    tree: PathBuf,
    hidden: PathBuf,
    names: Vec<std::ffi::OsString>,
}

/// Whether Aider reads a file of this name by itself, or writes one.
fn is_aiders(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    name.starts_with(".aider") || name == ".env"
}

fn is_git(name: &std::ffi::OsStr) -> bool {
    name.to_string_lossy().eq_ignore_ascii_case(".git")
}

impl Sight {
    /// Moves what Aider would obey from `tree` to `hidden`, and removes a `.git` that something
    /// in the tree left there: ours lies elsewhere.
    pub(super) fn restrict(tree: &Path, hidden: &Path) -> io::Result<Self> {
        let mut it = Self { tree: tree.to_owned(), hidden: hidden.to_owned(), names: Vec::new() };
        for entry in fs::read_dir(tree)? {
            let name = entry?.file_name();
            if is_git(&name) {
                remove(&tree.join(&name))?;
            } else if is_aiders(&name) {
                fs::rename(tree.join(&name), hidden.join(&name))?;
                it.names.push(name);
            }
        }
        Ok(it)
    }
}

impl Drop for Sight {
    fn drop(&mut self) {
        let Ok(entries) = fs::read_dir(&self.tree) else { return };
        let names = entries.flatten().map(|it| it.file_name());
        for name in names.filter(|it| is_git(it) || is_aiders(it)).collect::<Vec<_>>() {
            if let Err(error) = remove(&self.tree.join(&name)) {
                tracing::warn!(?name, %error, "a file of the agent's could not be removed");
            }
        }
        for name in &self.names {
            if let Err(error) = fs::rename(self.hidden.join(name), self.tree.join(name)) {
                tracing::warn!(?name, %error, "a hidden file could not be put back");
            }
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    if path.symlink_metadata()?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// Those of `paths` that are ordinary files of the tree, reached without a link. Aider creates
/// a file that it is given and does not find, and sends what a link points at.
pub(super) fn ordinary(tree: &Path, paths: &[String]) -> Vec<String> {
    let is_ordinary = |path: &&String| {
        let mut so_far = tree.to_owned();
        let inside = path.split('/').all(|part| {
            so_far.push(part);
            !part.is_empty()
                && part != ".."
                && so_far.symlink_metadata().is_ok_and(|it| !it.is_symlink())
        });
        inside && so_far.is_file()
    };
    paths.iter().filter(is_ordinary).cloned().collect()
}

/// The links below `tree`, from its root, each name with a zero byte at its end: Aider would
/// read what they point at.
pub(super) fn links(tree: &Path) -> io::Result<Vec<u8>> {
    let mut found = Vec::new();
    let mut todo = vec![tree.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                todo.push(entry.path());
            } else if let (true, Ok(name)) = (kind.is_symlink(), entry.path().strip_prefix(tree)) {
                found.extend(name.as_os_str().as_bytes());
                found.push(0);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aider_would_obey_is_away_for_the_turn_and_back_after_it() {
        let tree = tempfile::tempdir().unwrap();
        let hidden = tempfile::tempdir().unwrap();
        let at = |name: &str| tree.path().join(name);
        fs::write(at(".env"), "theirs").unwrap();
        fs::write(at(".Aider.conf.yml"), "theirs").unwrap();
        fs::write(at("a.py"), "theirs").unwrap();
        let sight = Sight::restrict(tree.path(), hidden.path()).unwrap();
        assert!(!at(".env").exists() && !at(".Aider.conf.yml").exists() && at("a.py").exists());
        fs::write(at(".env"), "agent's").unwrap();
        fs::write(at(".git"), "gitdir: /elsewhere").unwrap();
        fs::create_dir(at(".aider.tags.cache.v4")).unwrap();
        drop(sight);
        assert_eq!(fs::read_to_string(at(".env")).unwrap(), "theirs");
        assert!(at(".Aider.conf.yml").exists());
        assert!(!at(".git").exists() && !at(".aider.tags.cache.v4").exists());
    }

    #[test]
    fn links_are_found_however_deep_and_not_followed() {
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir_all(tree.path().join("a/b")).unwrap();
        fs::write(tree.path().join("a/c"), "").unwrap();
        std::os::unix::fs::symlink("/etc", tree.path().join("a/b/etc")).unwrap();
        assert_eq!(links(tree.path()).unwrap(), b"a/b/etc\0");
    }

    #[test]
    fn links_and_files_that_are_not_there_are_not_given_to_it() {
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir(tree.path().join("src")).unwrap();
        fs::write(tree.path().join("src/a.py"), "").unwrap();
        std::os::unix::fs::symlink("/etc", tree.path().join("etc")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", tree.path().join("link")).unwrap();
        let paths = ["src/a.py", "src", "new.py", "link", "etc/passwd", "../x", "/etc/passwd"];
        let paths = paths.map(str::to_owned);
        assert_eq!(ordinary(tree.path(), &paths), ["src/a.py"]);
    }
}
