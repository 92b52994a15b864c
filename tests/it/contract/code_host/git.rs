//! Bare repositories: by hand, where only the names of commits matter, and by git.

#![expect(clippy::disallowed_methods, reason = "the person uses plain git, as people do")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes a bare repository by hand, as far as a code host looks at one.
pub(crate) fn bare(root: &Path, full_name: &str, head: &str, branches: &[(&str, &str)]) -> PathBuf {
    let bare = root.join(format!("{full_name}.git"));
    std::fs::create_dir_all(&bare).unwrap();
    std::fs::write(bare.join("HEAD"), format!("ref: refs/heads/{head}\n")).unwrap();
    for (branch, commit) in branches {
        let file = bare.join("refs/heads").join(branch);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, format!("{commit}\n")).unwrap();
    }
    bare
}

/// Makes one with git. Each branch but the first begins where the first one is, and then gets a
/// commit with these files. Gives each branch's commit.
pub(crate) fn real(
    root: &Path,
    full_name: &str,
    branches: &[(&str, &[(&str, &str)])],
) -> Vec<String> {
    let tree = tempfile::TempDir::new().unwrap();
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        // The same files are the same commit, so that a fork shares what it began with.
        git.env("GIT_AUTHOR_DATE", "2026-11-21T00:00:00Z");
        git.env("GIT_COMMITTER_DATE", "2026-11-21T00:00:00Z");
        git.args(["-c", "user.name=A Person", "-c", "user.email=person@example.com"]);
        let ended = git.arg("-C").arg(tree.path()).args(args).output().unwrap();
        assert!(ended.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8(ended.stdout).unwrap().trim().to_owned()
    };
    let main = branches[0].0;
    git(&["init", "-q", "-b", main]);
    let mut commits = Vec::new();
    for (nth, (branch, files)) in branches.iter().enumerate() {
        if nth > 0 {
            git(&["checkout", "-q", "-b", branch, main]);
        }
        for (name, text) in *files {
            let file = tree.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        git(&["add", "-A"]);
        git(&["commit", "-q", "--allow-empty", "-m", "By a person"]);
        commits.push(git(&["rev-parse", "HEAD"]));
    }
    git(&["checkout", "-q", main]);
    let bare = root.join(format!("{full_name}.git"));
    std::fs::create_dir_all(bare.parent().unwrap()).unwrap();
    git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    commits
}
