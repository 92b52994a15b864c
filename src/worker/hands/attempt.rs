//! One turn of the agent, and what it gets to see.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::agent::Errand;
use crate::domain::change::{ChangeKind, FileChange, ObjectId};
use crate::domain::job::{Complaint, Event, Failure, Pass, Progress, Request, Story, Turn};
use crate::domain::verification::Check;
use crate::engine::decide::{Action, Attempt};
use crate::engine::focus::{self, Focus};
use crate::engine::guard;
use crate::engine::prompt::{self, Ask, Prompt};
use crate::engine::source::SourceFile;
use crate::worker::hands::verify::checkout;
use crate::worker::hands::{Hands, Log};
use crate::workspace::{EntryKind, TreeEntry};

/// Files that hold a project's rules for those who write its code, the first that is there.
const CONVENTIONS: [&str; 2] = ["AGENTS.md", "CONVENTIONS.md"];
/// The largest rules that go along, in bytes: a small model's context is small.
const MOST_CONVENTIONS: u64 = 6 * 1024;
/// The largest file that is looked at.
pub(super) const MOST_FILE: usize = guard::MAX_READ;
/// How many files are read to find those that matter.
pub(super) const MOST_FILES: usize = 2_000;
/// A rest that is longer is not worth the memory of an agent that waits.
const LONG_REST: Duration = Duration::from_secs(10 * 60);
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
    /// Has the agent get ready beside whatever comes before its turns, and lets it go when no turn
    /// is to come, or not for long. What it cannot get ready it does at its turn.
    pub(super) fn warm_up(&mut self, action: &Action, story: &Story) {
        match action {
            Action::Attempt(it) if it.model.writes_definitions() => return,
            Action::Inspect | Action::Prepare | Action::Baseline if !self.tools.agent_ahead => {
                return;
            }
            Action::Inspect | Action::Prepare | Action::Baseline | Action::Attempt(_) => {}
            Action::Tell(_) | Action::Verify { .. } | Action::Prove { .. } | Action::Gate(_) => {
                return;
            }
            Action::Rest(rest) if *rest < LONG_REST => return,
            _ => {
                self.agent = None;
                return;
            }
        }
        if self.agent.is_none() {
            let folders = self.tools.workspaces.reserve(&story.job);
            let folders = folders.inspect_err(|error| tracing::debug!(%error, "no folders yet"));
            self.agent =
                folders.ok().and_then(|(tree, scratch)| self.tools.agent.for_job(&tree, &scratch));
        }
    }

    pub(super) async fn attempt(
        &mut self,
        mut attempt: Attempt,
        progress: &Progress,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        // What the worker does by itself takes no examples.
        let own = Attempt {
            request: match &attempt.request {
                Request::Read => Request::Implement,
                request => request.clone(),
            },
            ..attempt.clone()
        };
        if let Some(done) = self.rename(&own, progress, story).await? {
            return Ok(done);
        }
        let agent = self.agent.clone().unwrap_or_else(|| self.tools.agent.clone());
        let readiness = agent.ready(&attempt.model).await?;
        // Ollama drops what a model was not trained for, and says nothing.
        attempt.model.num_ctx = attempt.model.num_ctx.min(readiness.context);
        let version = agent.version().await?;
        self.put(&attempt.from, story).await?;
        if attempt.request == Request::Read {
            return self.read(&attempt, &version, story, stop).await;
        }
        if attempt.model.writes_definitions() {
            if let Some(event) = self.pieces(&attempt, progress, &version, story, stop).await? {
                return Ok(event);
            }
            // The agent knows no such form.
            "whole".clone_into(&mut attempt.model.edit_format);
        }
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
        if let Some(failure) = edit.refusal() {
            return Err(failure);
        }
        let (tree, outcome) = self.keep(&attempt, progress, &edit, &files, story).await?;
        let files = self.touched(&tree, story).await?;
        Ok(Event::Attempted(Turn {
            request: attempt.request,
            model: attempt.model.name,
            rung: attempt.rung,
            attempt: attempt.attempt,
            outcome,
            tree,
            files,
            calls: edit.calls,
            tokens: edit.tokens,
            left_out,
            agent: version,
            examples: Vec::new(),
            mutations: Vec::new(),
        }))
    }

    /// What the job has changed so far.
    pub(super) async fn touched(
        &mut self,
        tree: &ObjectId,
        story: &Story,
    ) -> Result<Vec<FileChange>, Failure> {
        let base = checkout(story)?.tree.clone();
        let mut files = self.workspace(story).await?.changes(&base, tree).await?;
        // A model that got hold of a secret may name a file by it, and the journal keeps names.
        for file in &mut files {
            file.path = self.hushed(&file.path);
        }
        Ok(files)
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
        let issue = whereabouts(story);
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
}

/// The texts of the regular files on disk that may be sources. The tree was just put there by
/// us, so none of them lies behind a link.
pub(super) async fn texts(
    tree: std::path::PathBuf,
    entries: &[TreeEntry],
) -> Vec<(String, String)> {
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

/// Whether the agent is asked for tests.
fn covers(attempt: &Attempt, progress: &Progress) -> bool {
    match &attempt.request {
        Request::Cover => true,
        Request::Implement | Request::Read => false,
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
        conversation: story.conversation(),
    }
}

/// What tells where the work is to be done: for a pull request also what it is about and which
/// files it changes, since "handle the empty file" names none.
pub(super) fn whereabouts(story: &Story) -> String {
    let mut text = issue_text(story);
    if let Some(it) = story.conversation() {
        let changed = it.diff.lines().filter_map(|line| line.strip_prefix("+++ b/"));
        let changed = changed.collect::<Vec<_>>().join("\n");
        text = format!("{text}\n{}\n{changed}", it.title);
    }
    text
}

pub(super) fn issue_text(story: &Story) -> String {
    story.inspection().map(|it| format!("{}\n{}", it.title, it.body)).unwrap_or_default()
}

pub(super) fn request_name(request: &Request) -> &'static str {
    match request {
        Request::Implement => "implement",
        Request::Read => "write examples down",
        Request::Cover => "write tests",
        Request::Fix { complaint: Complaint::Red { check, .. } } => match check {
            Check::Build => "fix the build",
            Check::Lint => "fix the lint",
            Check::Test => "fix the tests",
        },
        Request::Fix { complaint: Complaint::Contradicted { .. } } => "fix an example",
        Request::Fix { .. } => "answer again",
    }
}
