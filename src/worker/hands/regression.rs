//! The examples that prove a change, as a test of the project's own.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::domain::change::ObjectId;
use crate::domain::example::{Example, Tried};
use crate::domain::job::{AddedTest, Failure, Story};
use crate::domain::verification::{Check, PlannedStep, Verification};
use crate::engine::example::regression::{Regression, regression};
use crate::engine::judge;
use crate::engine::source::SourceFile;
use crate::worker::hands::verify::checkout;
use crate::worker::hands::{Hands, Log};

impl Hands {
    /// `None`: there is nothing to write, or what was written is no good here: it is not found by
    /// `test`, it is red, or the project's linter has something against it.
    pub(super) async fn added_test(
        &mut self,
        tree: &ObjectId,
        test: &PlannedStep,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Option<AddedTest>, Failure> {
        let counted: Vec<&Example> =
            story.examples().filter(|it| it.counts()).map(|it| &it.example).collect();
        let tried = story.verdict().map(|it| it.0.examples.as_slice()).unwrap_or_default();
        let holds = |it: &&Tried| it.holds() && counted.contains(&&it.example);
        let examples: Vec<Example> =
            tried.iter().filter(holds).map(|it| it.example.clone()).collect();
        let texts = self.sources(tree, story).await?;
        let sources =
            texts.iter().map(|(path, text)| SourceFile { path, text }).collect::<Vec<_>>();
        let Some(written) = regression(&examples, story.task.thread(), &sources) else {
            return Ok(None);
        };
        self.put(tree, story).await?;
        let file = self.workspace(story).await?.tree().join(&written.path);
        // A link would lead elsewhere.
        if !file.parent().is_some_and(has_folder) {
            return Ok(None);
        }
        let with_test = self.with_test(tree, &written, story, stop).await?;
        let base = checkout(story)?.tree.clone();
        let paths = std::slice::from_ref(&written.path);
        let is_good = self.is_green(&with_test, test, story, stop).await?
            && self.red_after(&base, &with_test, paths, test, story, stop).await?.is_some();
        let path = written.path;
        if !is_good {
            let line = format!("a test with the examples is not added: {path} is of no use here\n");
            Log::tee(self.log.as_ref()).write(line.as_bytes());
        }
        let onto = tree.clone();
        Ok(is_good.then_some(AddedTest { path, onto, tree: with_test }))
    }

    /// The tree, which is on disk, with the test, in the project's own form.
    async fn with_test(
        &mut self,
        tree: &ObjectId,
        written: &Regression,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<ObjectId, Failure> {
        self.write(&written.path, &written.text, story).await?;
        let workspace = self.workspace(story).await?;
        let snapshot = workspace.snapshot().await?.tree;
        let with_test =
            workspace.graft(tree, &snapshot, std::slice::from_ref(&written.path)).await?;
        self.put(&with_test, story).await?;
        match &checkout(story)?.plan.format {
            Some(format) => self.format(with_test, format, story, stop).await,
            None => Ok(with_test),
        }
    }

    /// Whether the linter and the tests have nothing against it that they did not have against the
    /// base.
    async fn is_green(
        &mut self,
        tree: &ObjectId,
        test: &PlannedStep,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<bool, Failure> {
        let base = story.baseline().cloned().unwrap_or_default();
        let lint = checkout(story)?.plan.steps.iter().find(|it| it.check == Check::Lint).cloned();
        for planned in lint.iter().chain([test]) {
            self.put(tree, story).await?;
            let steps = Vec::from([self.step(planned, "proof", tree, story, stop).await?]);
            if judge::newly_red(&base, &Verification { steps, ..Verification::default() }).is_some()
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Makes the folder where there is none, in one that is there.
fn has_folder(folder: &Path) -> bool {
    match folder.symlink_metadata() {
        Ok(it) => it.is_dir(),
        Err(_) => std::fs::create_dir(folder).is_ok(),
    }
}
