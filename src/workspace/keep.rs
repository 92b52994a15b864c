//! Work that was stopped, kept where a person can look at it.

use std::path::{Path, PathBuf};

use super::checkout::MARK;
use super::git::{is_object, object};
use super::{Workspace, WorkspaceError, Workspaces, disk};
use crate::domain::change::ObjectId;
use crate::domain::job::JobId;

/// With a ref on it, nothing collects it: also not the person's own `git gc`.
const KEPT: &str = "refs/codingworker/kept";

impl Workspaces {
    /// Where the work of this job is, if it is still there.
    pub fn kept_at(&self, job: &JobId) -> Option<PathBuf> {
        let folder = self.folder(job).ok()?;
        folder.join(MARK).exists().then_some(folder)
    }
}

impl Workspace {
    /// Puts a ref on a commit, or on a commit made of a tree, and returns the command line with
    /// which a person sees it. It names our git directory, which is bare, from anywhere: nothing
    /// that is planted in the tree is read, let alone run.
    ///
    /// # Errors
    /// When git or the disk fail, or this is no object of ours.
    pub async fn keep(&self, work: &ObjectId) -> Result<String, WorkspaceError> {
        self.intact()?;
        if !is_object(work) {
            return Err(WorkspaceError::Unusable(format!("`{work}` is no name of an object")));
        }
        let call = self.local("cat-file").args(["-t", &work.0]);
        let commit = match object(&self.done(call).await?).0.as_str() {
            "tree" => self.private_commit(work, Some(&self.base), "work that was stopped").await?,
            "commit" => work.clone(),
            _ => {
                return Err(WorkspaceError::Unusable(format!("`{work}` is no commit and no tree")));
            }
        };
        let lock = self.git_dir().join(format!("{KEPT}.lock"));
        disk::remove(&lock).map_err(WorkspaceError::disk(&lock))?;
        let call = self.local("update-ref").args(["--no-deref", KEPT, &commit.0]);
        self.done(call).await?;
        let git_dir =
            std::path::absolute(self.git_dir()).map_err(WorkspaceError::disk(self.git_dir()))?;
        Ok(format!(
            "git --git-dir={} log -1 --stat -p --no-ext-diff --no-textconv {KEPT}",
            quoted(&git_dir)?
        ))
    }

    /// A commit that is never pushed.
    pub(super) async fn private_commit(
        &self,
        tree: &ObjectId,
        parent: Option<&ObjectId>,
        message: &str,
    ) -> Result<ObjectId, WorkspaceError> {
        let mut call = self.local("commit-tree").args([&tree.0, "-F", "-"]);
        if let Some(parent) = parent {
            call = call.args(["-p", &parent.0]);
        }
        for role in ["AUTHOR", "COMMITTER"] {
            call = call
                .env(&format!("GIT_{role}_NAME"), "CodingWorker")
                .env(&format!("GIT_{role}_EMAIL"), "codingworker@localhost");
        }
        Ok(object(&self.done(call.stdin(message.as_bytes().to_vec())).await?))
    }
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> Result<String, WorkspaceError> {
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control));
    let text = text.ok_or_else(|| {
        WorkspaceError::Unusable("the work folder's name cannot be shown as a command".into())
    })?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%=".contains(c);
    if text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        let quoted = |path: &str| quoted(Path::new(path)).ok();
        assert_eq!(quoted("/srv/work-1/git").as_deref(), Some("/srv/work-1/git"));
        assert_eq!(quoted("/a b/$(id)").as_deref(), Some("'/a b/$(id)'"));
        assert_eq!(quoted("/it's").as_deref(), Some(r"'/it'\''s'"));
        assert_eq!(quoted("/a\nb"), None);
    }
}
