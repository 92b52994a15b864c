//! A rename that the issue states in full, done without the agent and its model.

use std::path::PathBuf;
use std::time::Duration;

use crate::agent::{Edit, EditVerdict};
use crate::domain::job::{Event, Failure, Progress, Request, Story, Tokens, Turn, TurnOutcome};
use crate::engine::decide::Attempt;
use crate::engine::rename;
use crate::engine::source::SourceFile;
use crate::worker::hands::Hands;
use crate::worker::hands::attempt::{MOST_FILES, issue_text, texts};
use crate::workspace::WorkspaceError;

/// What a turn of the worker's own names as its agent.
const OWN: &str = concat!("codingworker ", env!("CARGO_PKG_VERSION"));

impl Hands {
    /// The first turn of a job whose issue states a rename in full. `None`: it is the agent's.
    pub(super) async fn rename(
        &mut self,
        attempt: &Attempt,
        progress: &Progress,
        story: &Story,
    ) -> Result<Option<Event>, Failure> {
        let first = attempt.request == Request::Implement
            && attempt.rung == 0
            && progress.base.as_ref() == Some(&attempt.from)
            && story.turns().all(|it| it.request == Request::Read && it.is_by_worker());
        if !first {
            return Ok(None);
        }
        let Some(files) = self.renamed(attempt, story).await? else { return Ok(None) };
        self.log.section("rename: by the worker itself, without a model").await;
        for (path, _) in &files {
            self.log.write(format!("{path}\n").as_bytes());
        }
        self.on_disk = None;
        let paths = files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
        write(self.workspace(story).await?.tree().to_owned(), files).await?;
        let edit = Edit {
            verdict: EditVerdict::Answered,
            reply: String::new(),
            calls: 0,
            tokens: Tokens::default(),
            took: Duration::ZERO,
        };
        let (tree, outcome) = self.keep(attempt, progress, &edit, &paths, story).await?;
        if outcome != TurnOutcome::Edited {
            // Something speaks against it: the agent is asked as if nothing had been done.
            self.log.write(format!("not kept: {outcome:?}\n").as_bytes());
            return Ok(None);
        }
        let files = self.touched(&tree, story).await?;
        Ok(Some(Event::Attempted(Turn {
            request: attempt.request.clone(),
            model: String::new(),
            rung: attempt.rung,
            attempt: attempt.attempt,
            outcome,
            tree,
            files,
            calls: 0,
            tokens: Tokens::default(),
            left_out: Vec::new(),
            agent: OWN.to_owned(),
            examples: Vec::new(),
            mutations: Vec::new(),
        })))
    }

    /// The files that the rename changes, with their new texts. `None`: the issue is about something
    /// else, or about more.
    pub(super) async fn renamed(
        &mut self,
        attempt: &Attempt,
        story: &Story,
    ) -> Result<Option<Vec<(String, String)>>, Failure> {
        if !self.tools.renames || story.conversation().is_some() {
            return Ok(None);
        }
        self.put(&attempt.from, story).await?;
        let issue = issue_text(story);
        let workspace = self.workspace(story).await?;
        let entries = workspace.files(&attempt.from).await?;
        if entries.len() > MOST_FILES {
            return Ok(None); // the name may stand in one that is not read
        }
        let texts = texts(workspace.tree().to_owned(), &entries).await;
        // Grammars over a whole repository are no work for the thread that answers others.
        let work = move || {
            let sources = texts.iter().map(|(path, text)| SourceFile { path, text });
            let sources = sources.collect::<Vec<_>>();
            let rename = rename::stated(&issue, &sources)?;
            let new = |it: &SourceFile<'_>| {
                rename::apply(&rename, it.path, it.text).map(|text| (it.path.to_owned(), text))
            };
            Some(sources.iter().filter_map(new).collect::<Vec<_>>())
        };
        Ok(tokio::task::spawn_blocking(work).await.unwrap_or_default())
    }
}

/// Writes texts over files that are there: they keep their modes. None of them lies behind a
/// link, for the tree was just put there by us.
async fn write(tree: PathBuf, files: Vec<(String, String)>) -> Result<(), WorkspaceError> {
    let all = tree.clone();
    let one = move |(path, text): &(String, String)| {
        let path = tree.join(path);
        let done = std::fs::write(&path, text);
        done.map_err(|source| WorkspaceError::Disk { path, source })
    };
    let work = tokio::task::spawn_blocking(move || files.iter().try_for_each(one)).await;
    work.unwrap_or_else(|error| {
        Err(WorkspaceError::Disk { path: all, source: std::io::Error::other(error) })
    })
}
