//! What a pull request changes, as text.

use serde::Deserialize;

use super::pull::pull_named;
use super::{GitHub, path};
use crate::code_host::{HostError, MOST_DIFF, cut_diff};
use crate::domain::task::Repository;

/// The form that GitHub calls by this name.
const DIFF: &str = "application/vnd.github.diff";
/// Of 100 files each, where GitHub shows no whole diff.
const MOST_PAGES: u32 = 3;

/// A file of a pull request. GitHub leaves the patch out of what is binary or very long.
#[derive(Deserialize)]
struct WireFile {
    filename: String,
    previous_filename: Option<String>,
    status: String,
    patch: Option<String>,
}

impl GitHub {
    pub(super) async fn diff_once(
        &self,
        repository: &Repository,
        number: u64,
    ) -> Result<String, HostError> {
        let (address, thing) =
            (format!("{}/pulls/{number}", path(repository)), pull_named(repository, number));
        let answer = self.wire.get_as(&address, DIFF).await?;
        // GitHub's word for a diff of more than 300 files or 20,000 lines.
        if answer.status.as_u16() == 406 {
            return self.diff_by_files(&address, &thing).await;
        }
        let answer = answer.or_refusal(&thing)?;
        Ok(cut_diff(&String::from_utf8_lossy(&answer.body)))
    }

    async fn diff_by_files(&self, address: &str, thing: &str) -> Result<String, HostError> {
        let address = format!("{address}/files");
        let files: Vec<WireFile> = self.wire.pages(&address, thing, MOST_PAGES).await?;
        let mut diff = String::new();
        for file in &files {
            diff.push_str(&of_file(file));
            if diff.len() > MOST_DIFF {
                break;
            }
        }
        Ok(cut_diff(&diff))
    }
}

/// One file as git would show it.
fn of_file(file: &WireFile) -> String {
    let new = &file.filename;
    let old = file.previous_filename.as_ref().unwrap_or(new);
    let from = if file.status == "added" { "/dev/null".to_owned() } else { format!("a/{old}") };
    let to = if file.status == "removed" { "/dev/null".to_owned() } else { format!("b/{new}") };
    let patch = match &file.patch {
        Some(patch) => format!("--- {from}\n+++ {to}\n{}\n", patch.trim_end_matches('\n')),
        None => format!("({}; GitHub shows no lines of it)\n", file.status),
    };
    format!("diff --git a/{old} b/{new}\n{patch}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_shown_as_git_shows_it() {
        let file = |status: &str, patch: Option<&str>, before: Option<&str>| WireFile {
            filename: "new.txt".to_owned(),
            previous_filename: before.map(str::to_owned),
            status: status.to_owned(),
            patch: patch.map(str::to_owned),
        };
        assert_eq!(
            of_file(&file("added", Some("@@ -0,0 +1 @@\n+a"), None)),
            "diff --git a/new.txt b/new.txt\n--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+a\n"
        );
        assert_eq!(
            of_file(&file("renamed", Some("@@ -1 +1 @@\n-a\n+b\n"), Some("old.txt"))),
            "diff --git a/old.txt b/new.txt\n--- a/old.txt\n+++ b/new.txt\n@@ -1 +1 @@\n-a\n+b\n"
        );
        assert_eq!(
            of_file(&file("modified", None, None)),
            "diff --git a/new.txt b/new.txt\n(modified; GitHub shows no lines of it)\n"
        );
    }
}
