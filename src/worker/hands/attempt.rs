//! One turn of the agent: what it gets to see, and what of its answer is kept.

use tokio_util::sync::CancellationToken;

use crate::agent::{Edit, EditVerdict, Errand};
use crate::domain::change::{ChangeKind, FileChange, ObjectId};
use crate::domain::job::{
    Complaint, Event, Failure, Fault, Pass, Progress, Request, Story, Turn, TurnOutcome,
};
use crate::domain::verification::Check;
use crate::engine::decide::Attempt;
use crate::engine::focus::{self, Focus, SourceFile};
use crate::engine::guard::{self, ChangedFile, Finding, Remedy};
use crate::engine::prompt::{self, Ask, Prompt};
use crate::worker::hands::verify::checkout;
use crate::worker::hands::{Hands, Log};
use crate::workspace::{EntryKind, TreeEntry};

/// Files that hold a project's rules for those who write its code, the first that is there.
const CONVENTIONS: [&str; 2] = ["AGENTS.md", "CONVENTIONS.md"];
/// The largest rules that go along, in bytes: a small model's context is small.
const MOST_CONVENTIONS: u64 = 6 * 1024;
/// The largest file that is looked at.
const MOST_FILE: usize = 256 * 1024;
/// How many files are read to find those that matter.
const MOST_FILES: usize = 2_000;
/// How many files the agent may edit at once.
const MOST_EDIT: usize = 6;

/// What goes along with a prompt: paths, with their sizes in bytes.
struct Chat {
    edit: Vec<(String, usize)>,
    read: Vec<(String, usize)>,
    left_out: Vec<String>,
    conventions: bool,
}

impl Hands {
    pub(super) async fn attempt(
        &mut self,
        mut attempt: Attempt,
        progress: &Progress,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        let agent = self.tools.agent.clone();
        let readiness = agent.ready(&attempt.model).await?;
        // Ollama drops what a model was not trained for, and says nothing.
        attempt.model.num_ctx = attempt.model.num_ctx.min(readiness.context);
        let version = agent.version().await?;
        self.put(&attempt.from, story).await?;
        let chat = self.chat(&attempt, progress, readiness.context, story).await?;
        let Prompt { text, mut left_out } =
            prompt::prompt(&ask(&attempt, progress, &chat, readiness.context, story));
        left_out.extend(chat.left_out.iter().cloned());
        self.log
            .section(&format!(
                "agent: {} by {}",
                request_name(&attempt.request),
                attempt.model.name
            ))
            .await;
        for line in &left_out {
            self.log.write(format!("left out: {line}\n").as_bytes());
        }
        self.on_disk = None;
        let log = self.log.clone();
        let workspace = self.workspace(story).await?;
        let names = |files: &[(String, usize)]| {
            files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>()
        };
        let (files, read) = (names(&chat.edit), names(&chat.read));
        let errand = Errand {
            tree: workspace.tree(),
            scratch: workspace.scratch(),
            prompt: &text,
            read: &read,
            files: &files,
            model: &attempt.model,
            temperature: attempt.temperature,
            tee: Some(Log::tee(log.as_ref())),
        };
        let edit = agent.edit(errand, stop).await?;
        if let EditVerdict::ModelUnavailable(message) = &edit.verdict {
            return Err(Failure::new(Fault::ModelAway, message.clone()));
        }
        let (tree, outcome) = self.keep(&attempt, progress, &edit, &files, story).await?;
        let base = checkout(story)?.tree.clone();
        let files = self.workspace(story).await?.changes(&base, &tree).await?;
        Ok(Event::Attempted(Turn {
            request: attempt.request,
            model: attempt.model.name,
            rung: attempt.rung,
            outcome,
            tree,
            files,
            calls: edit.calls,
            tokens: edit.tokens,
            left_out,
            agent: version,
        }))
    }

    /// The files that go along: those that hold what the issue names, and what the work so far
    /// has touched.
    async fn chat(
        &mut self,
        attempt: &Attempt,
        progress: &Progress,
        context: u32,
        story: &Story,
    ) -> Result<Chat, Failure> {
        let base = checkout(story)?.tree.clone();
        let issue = issue_text(story);
        let workspace = self.workspace(story).await?;
        let entries = workspace.files(&attempt.from).await?;
        let texts = texts(workspace.tree().to_owned(), &entries).await;
        let sources = texts.iter().map(|(path, text)| SourceFile { path, text });
        let sources = sources.collect::<Vec<_>>();
        let budget = prompt::file_budget(context, attempt.model.reply_tokens());
        let touched = workspace.changes(&base, &attempt.from).await?;
        let touched = touched.into_iter().filter(|it| it.kind != ChangeKind::Removed);
        let touched = touched.map(|it| it.path).collect::<Vec<_>>();
        let Focus { mut edit, mut read, left_out } = match covers(attempt, progress) {
            true => {
                let changed = touched.iter().map(String::as_str).collect::<Vec<_>>();
                focus::focus_on_tests(&issue, &changed, &sources, budget)
            }
            false => focus::focus(&issue, &sources, budget),
        };
        for path in touched {
            if !edit.contains(&path) && !read.contains(&path) && edit.len() < MOST_EDIT {
                edit.push(path);
            }
        }
        if let Request::Fix { complaint: Complaint::Red { check: Check::Test, .. } } =
            &attempt.request
        {
            // Whichever side is wrong must be there to be changed.
            edit.append(&mut read);
        }
        let conventions = CONVENTIONS
            .iter()
            .find(|name| entries.iter().any(|it| it.path == **name && it.size <= MOST_CONVENTIONS));
        read.extend(conventions.map(|it| (*it).to_owned()));
        let sized = |paths: Vec<String>| {
            let size = |path: &String| entries.iter().find(|it| it.path == *path).map(|it| it.size);
            let sized = paths.into_iter().filter_map(|path| {
                let size = usize::try_from(size(&path)?).ok()?;
                Some((path, size))
            });
            sized.collect::<Vec<_>>()
        };
        Ok(Chat {
            edit: sized(edit),
            read: sized(read),
            left_out,
            conventions: conventions.is_some(),
        })
    }

    /// What of the answer is kept, and what there is to say about it.
    async fn keep(
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
            EditVerdict::Answered | EditVerdict::ModelUnavailable(_) => {}
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

/// The texts of the regular files on disk that may be sources. The tree was just put there by
/// us, so none of them lies behind a link.
async fn texts(tree: std::path::PathBuf, entries: &[TreeEntry]) -> Vec<(String, String)> {
    let small = |it: &&TreeEntry| {
        let plain = matches!(it.kind, EntryKind::File | EntryKind::Executable);
        plain && it.size <= MOST_FILE as u64
    };
    let paths = entries.iter().filter(small).take(MOST_FILES);
    let paths = paths.map(|it| it.path.clone()).collect::<Vec<_>>();
    let read = move || {
        let text =
            |path: String| std::fs::read_to_string(tree.join(&path)).ok().map(|text| (path, text));
        paths.into_iter().filter_map(text).collect()
    };
    tokio::task::spawn_blocking(read).await.unwrap_or_default()
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

/// Whether the agent is asked for tests.
fn covers(attempt: &Attempt, progress: &Progress) -> bool {
    match &attempt.request {
        Request::Cover => true,
        Request::Implement => false,
        Request::Fix { complaint: Complaint::Unusable { .. } } => {
            progress.pass == Pass::Cover && attempt.rung == progress.rung
        }
        Request::Fix { .. } => false,
    }
}

fn ask<'a>(
    attempt: &'a Attempt,
    progress: &Progress,
    chat: &'a Chat,
    context: u32,
    story: &'a Story,
) -> Ask<'a> {
    let inspection = story.inspection();
    let plan = story.checkout().map(|it| &it.plan);
    let test = plan.and_then(|it| it.steps.iter().find(|step| step.check == Check::Test));
    let test_file = covers(attempt, progress).then(|| chat.edit.first()).flatten();
    Ask {
        title: inspection.map_or("", |it| it.title.as_str()),
        body: inspection.map_or("", |it| it.body.as_str()),
        request: &attempt.request,
        files: &chat.edit,
        read: &chat.read,
        test_command: test.map(|it| it.command.as_str()),
        test_file: test_file.map(|(path, _)| path.as_str()),
        conventions: chat.conventions,
        context,
        reply: attempt.model.reply_tokens(),
    }
}

fn issue_text(story: &Story) -> String {
    story.inspection().map(|it| format!("{}\n{}", it.title, it.body)).unwrap_or_default()
}

fn request_name(request: &Request) -> &'static str {
    match request {
        Request::Implement => "implement",
        Request::Cover => "write tests",
        Request::Fix { complaint: Complaint::Red { check, .. } } => match check {
            Check::Build => "fix the build",
            Check::Lint => "fix the lint",
            Check::Test => "fix the tests",
        },
        Request::Fix { .. } => "answer again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
