//! What of the agent's answer is kept, and what speaks against it.

use crate::agent::{Edit, EditVerdict};
use crate::domain::change::{ChangeKind, FileChange, ObjectId};
use crate::domain::job::{Failure, Pass, Progress, Request, Story, TurnOutcome};
use crate::engine::decide::Attempt;
use crate::engine::guard::{self, ChangedFile, Finding, Remedy};
use crate::worker::hands::Hands;
use crate::worker::hands::attempt::{MOST_FILE, MOST_FILES, issue_text};
use crate::worker::hands::verify::checkout;

impl Hands {
    /// What of the answer is kept, and what there is to say about it.
    pub(super) async fn keep(
        &mut self,
        attempt: &Attempt,
        progress: &Progress,
        edit: &Edit,
        seen: &[String],
        story: &Story,
    ) -> Result<(ObjectId, TurnOutcome), Failure> {
        let from = attempt.from.clone();
        match &edit.verdict {
            EditVerdict::TimedOut => return Ok((from, TurnOutcome::TimedOut)),
            EditVerdict::Truncated(reason) => {
                return Ok((from, TurnOutcome::Truncated { reason: reason.clone() }));
            }
            EditVerdict::FormatFailure => return Ok((from, TurnOutcome::FormatFailure)),
            EditVerdict::Answered
            | EditVerdict::ModelUnavailable(_)
            | EditVerdict::ModelBusy(_) => {}
        }
        let base = checkout(story)?.tree.clone();
        let workspace = self.workspace(story).await?;
        let made = workspace.snapshot().await?.tree;
        let changes = workspace.changes(&from, &made).await?;
        let findings = self.findings(&from, &made, &changes, story).await?;
        let again = findings.iter().filter(|it| it.remedy == Remedy::AskAgain);
        let again = again.map(|it| it.words.clone()).collect::<Vec<_>>();
        if !again.is_empty() {
            return Ok((from, TurnOutcome::Truncated { reason: again.join(" ") }));
        }
        let dropped = findings.into_iter().filter(|it| it.remedy == Remedy::Drop);
        let mut undone = dropped.map(|it| it.path).collect::<Vec<_>>();
        let first = progress.pass == Pass::Implement || from == base;
        undone.extend(out_of_bounds(&attempt.request, first, &changes, seen));
        let workspace = self.workspace(story).await?;
        let tree = workspace.graft(&made, &from, &undone).await?;
        if tree == from {
            return Ok((from, TurnOutcome::NoChange));
        }
        let left = workspace.changes(&from, &tree).await?;
        let left = self.changed_files(&from, &tree, &left, story).await?;
        let left = left.iter().map(Changed::view).collect::<Vec<_>>();
        if !guard::has_effect(&issue_text(story), &left) {
            return Ok((from, TurnOutcome::NoChange));
        }
        let beside = match attempt.request {
            Request::Implement => guard::beside_the_point(&issue_text(story), seen, &left),
            _ => None,
        };
        if let Some(reason) = beside {
            return Ok((from, TurnOutcome::Truncated { reason }));
        }
        Ok((tree, TurnOutcome::Edited))
    }

    /// What speaks against the change from one tree to another.
    pub(super) async fn findings(
        &mut self,
        from: &ObjectId,
        to: &ObjectId,
        changes: &[FileChange],
        story: &Story,
    ) -> Result<Vec<Finding>, Failure> {
        let changed = self.changed_files(from, to, changes, story).await?;
        let view = changed.iter().map(Changed::view).collect::<Vec<_>>();
        let issue = issue_text(story);
        let mut findings = guard::inspect(&issue, &view);
        for change in view.iter().filter(|it| guard::is_test_file(it.path)) {
            let lost =
                guard::lost_tests(change.old.unwrap_or_default(), change.new.unwrap_or_default());
            let lost = lost.into_iter().filter(|it| !guard::may_go(&issue, it)).collect::<Vec<_>>();
            if !lost.is_empty() {
                let words =
                    format!("{} has lost the tests {}: keep them.", change.path, lost.join(", "));
                let path = change.path.to_owned();
                findings.push(Finding { path, remedy: Remedy::AskAgain, words });
            }
        }
        Ok(findings)
    }

    async fn changed_files(
        &mut self,
        from: &ObjectId,
        to: &ObjectId,
        changes: &[FileChange],
        story: &Story,
    ) -> Result<Vec<Changed>, Failure> {
        let workspace = self.workspace(story).await?;
        let mut changed = Vec::new();
        for change in changes.iter().take(MOST_FILES) {
            let text =
                |bytes: Option<Vec<u8>>| bytes.map(|it| String::from_utf8_lossy(&it).into_owned());
            changed.push(Changed {
                path: change.path.clone(),
                old: text(workspace.read(from, &change.path, MOST_FILE).await?),
                new: text(workspace.read(to, &change.path, MOST_FILE).await?),
            });
        }
        Ok(changed)
    }
}

/// A changed file with both its texts.
struct Changed {
    path: String,
    old: Option<String>,
    new: Option<String>,
}

impl Changed {
    fn view(&self) -> ChangedFile<'_> {
        ChangedFile { path: &self.path, old: self.old.as_deref(), new: self.new.as_deref() }
    }
}

/// Paths whose change is undone: in the first pass, tests that were there and were not given to
/// be edited (they are, where the issue is about them or reaches everywhere); sources, when tests
/// were asked for.
fn out_of_bounds(
    request: &Request,
    first_pass: bool,
    changes: &[FileChange],
    given: &[String],
) -> Vec<String> {
    let out = |change: &&FileChange| {
        let test = guard::is_test_file(&change.path);
        match request {
            Request::Cover => !test,
            _ if first_pass => {
                test && change.kind != ChangeKind::Added && !given.contains(&change.path)
            }
            _ => false,
        }
    };
    changes.iter().filter(out).map(|it| it.path.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::Complaint;

    fn undone(request: &Request, first_pass: bool, given: &[&str]) -> Vec<String> {
        let change =
            |path: &str, kind| FileChange { path: path.to_owned(), kind, added: 1, removed: 1 };
        let changes = [
            change("src/a.js", ChangeKind::Changed),
            change("test/a.test.js", ChangeKind::Changed),
            change("test/new.test.js", ChangeKind::Added),
        ];
        let given = given.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        out_of_bounds(request, first_pass, &changes, &given)
    }

    #[test]
    fn the_first_pass_leaves_tests_alone_that_it_was_not_given() {
        assert_eq!(undone(&Request::Implement, true, &["src/a.js"]), ["test/a.test.js"]);
        assert!(undone(&Request::Implement, true, &["src/a.js", "test/a.test.js"]).is_empty());
    }

    #[test]
    fn who_is_asked_for_tests_changes_nothing_else() {
        assert_eq!(undone(&Request::Cover, false, &["test/a.test.js"]), ["src/a.js"]);
    }

    #[test]
    fn a_fix_of_the_second_pass_may_change_both_sides() {
        let complaint = Complaint::Unusable { reason: String::new() };
        assert!(undone(&Request::Fix { complaint }, false, &[]).is_empty());
    }
}
