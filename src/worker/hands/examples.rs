//! The issue's examples, tried where the project's checks run, on a tree that is put on disk first.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use tokio_util::sync::CancellationToken;

use crate::domain::change::ObjectId;
use crate::domain::example::{Example, Language, Tried};
use crate::domain::job::{Complaint, Failure, Story};
use crate::domain::verification::Verification;
use crate::engine::example::{self, probe};
use crate::engine::source::SourceFile;
use crate::worker::hands::Hands;
use crate::worker::hands::attempt::{issue_text, texts};

/// The most examples that the model is told of at once.
const MOST_TOLD: usize = 5;

impl Hands {
    /// All examples of the issue, on the untouched base. A request on a pull request has none: its
    /// words are about what is there already.
    pub(super) async fn examples_on_base(
        &mut self,
        tree: &ObjectId,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Vec<Tried>, Failure> {
        if story.conversation().is_some() {
            return Ok(Vec::new());
        }
        let texts = self.sources(tree, story).await?;
        let examples = example::examples(&issue_text(story), &files(&texts));
        self.try_out(&examples, &texts, "base", story, stop).await
    }

    /// Those that failed on the base as they should, on `tree`; adds to `verification` what came of
    /// them, and says when one gives something else still. `full`: also those that are slow.
    pub(super) async fn examples_on_work(
        &mut self,
        tree: &ObjectId,
        full: bool,
        verification: &mut Verification,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Option<Complaint>, Failure> {
        let base: Vec<Tried> = story.examples().cloned().collect();
        let mut due = example::judging(&base);
        due.retain(|it| full || it.language != Language::Rust);
        if due.is_empty() || story.conversation().is_some() {
            return Ok(None);
        }
        let texts = self.sources(tree, story).await?;
        verification.examples = self.try_out(&due, &texts, "work", story, stop).await?;
        let mut examples = example::contradicting(&verification.examples);
        examples.truncate(MOST_TOLD);
        Ok((!examples.is_empty()).then_some(Complaint::Contradicted { examples }))
    }

    /// The tree on disk as it is, whatever the checks did to it, and its sources.
    pub(super) async fn sources(
        &mut self,
        tree: &ObjectId,
        story: &Story,
    ) -> Result<Vec<(String, String)>, Failure> {
        self.put(tree, story).await?;
        let workspace = self.workspace(story).await?;
        let entries = workspace.files(tree).await?;
        Ok(texts(workspace.tree().to_owned(), &entries).await)
    }

    pub(super) async fn try_out(
        &mut self,
        examples: &[Example],
        texts: &[(String, String)],
        on: &str,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Vec<Tried>, Failure> {
        if examples.is_empty() {
            return Ok(Vec::new());
        }
        let script = probe::script(examples, &files(texts));
        let nonce = nonce();
        let calls = examples.iter().map(Example::shown).collect::<Vec<_>>().join("; ");
        let title = format!("examples ({on}): {calls}");
        let ended =
            self.run_fed(&script, &title, format!("{nonce}\n").as_bytes(), story, stop).await?;
        Ok(probe::judge(&ended.output, &nonce, examples))
    }
}

pub(super) fn files(texts: &[(String, String)]) -> Vec<SourceFile<'_>> {
    texts.iter().map(|(path, text)| SourceFile { path, text }).collect()
}

/// What nobody can guess, anew for each run.
pub(super) fn nonce() -> String {
    let part = |nth: u8| RandomState::new().hash_one(nth);
    format!("{:016x}{:016x}", part(0), part(1))
}
