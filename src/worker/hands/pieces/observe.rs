//! What is to stay as it is: what the functions that examples of the issue call give today, as the
//! project's own tests call them (of others it is not known whether they are to give the same), and
//! what a program does without the option that the issue asks for.

use tokio_util::sync::CancellationToken;

use crate::domain::example::{Example, Tried};
use crate::domain::job::{Failure, Story};
use crate::domain::verification::Check;
use crate::engine::decide::Attempt;
use crate::engine::example::{before, observed};
use crate::engine::source::SourceFile;
use crate::engine::tactics::{Form, Step};
use crate::worker::hands::Hands;
use crate::worker::hands::examples::nonce;
use crate::worker::hands::verify::checkout;

/// Tests that take longer are not run for it, in milliseconds.
const LONGEST: u64 = 30_000;

impl Hands {
    /// Of the functions that `steps` change and examples call (`is_tried`), and of the issue's
    /// commands; on the base, and once in a job.
    pub(super) async fn observed(
        &mut self,
        attempt: &Attempt,
        steps: &[Step],
        is_tried: &(dyn Fn(&str) -> bool + Sync),
        texts: &[(String, String)],
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Vec<Tried>, Failure> {
        if attempt.attempt > 0 || attempt.warning.is_some() || !attempt.model.observes {
            return Ok(Vec::new());
        }
        let sources =
            texts.iter().map(|(path, text)| SourceFile { path, text }).collect::<Vec<_>>();
        let mut seen = self.in_tests(attempt, steps, is_tried, &sources, story, stop).await?;
        seen.extend(self.before(attempt, &sources, story, stop).await?);
        if seen.is_empty() {
            return Ok(Vec::new());
        }
        let mut tried = self.try_out(&seen, texts, "base", story, stop).await?;
        tried.retain(Tried::holds);
        self.put(&attempt.from, story).await?;
        Ok(tried)
    }

    /// Empty where the tests are slow, or run where they cannot be watched.
    async fn in_tests(
        &mut self,
        attempt: &Attempt,
        steps: &[Step],
        is_tried: &(dyn Fn(&str) -> bool + Sync),
        sources: &[SourceFile<'_>],
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Vec<Example>, Failure> {
        let steps = steps.iter().filter(|it| matches!(it.form, Form::Change | Form::Afresh));
        let functions: Vec<(&str, &str)> = steps
            .flat_map(|it| it.places.iter())
            .filter(|it| it.container.is_none() && is_tried(&it.name))
            .map(|it| (it.path.as_str(), it.name.as_str()))
            .collect();
        let quick = story.baseline().and_then(|it| it.step(Check::Test));
        let quick = quick.is_some_and(|it| it.duration_ms <= LONGEST);
        let mut planned = checkout(story)?.plan.steps.iter();
        let planned = planned.find(|it| it.check == Check::Test && !it.docker);
        let script = planned.and_then(|it| observed::script(&it.command, &functions));
        let Some(script) = script.filter(|_| quick) else { return Ok(Vec::new()) };
        let names = functions.iter().map(|it| it.1).collect::<Vec<_>>().join(", ");
        let title = format!("what the tests see of {names}");
        let (output, nonce) = self.watched(&script, &title, attempt, story, stop).await?;
        let others: Vec<Example> = story.examples().map(|it| it.example.clone()).collect();
        Ok(observed::seen(&output, &nonce, &others, sources))
    }

    /// What the programs print whose commands the issue shows with a new option, without it.
    async fn before(
        &mut self,
        attempt: &Attempt,
        sources: &[SourceFile<'_>],
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Vec<Example>, Failure> {
        let tried: Vec<Tried> = story.examples().cloned().collect();
        let commands = before::commands(&tried, sources);
        let Some(script) = before::script(&commands) else { return Ok(Vec::new()) };
        let (output, nonce) =
            self.watched(&script, "what comes without the option", attempt, story, stop).await?;
        Ok(before::seen(&output, &nonce, &commands, sources))
    }

    /// Runs `script` on the base, and puts the base there again: what it told, and the nonce that
    /// it had to know.
    async fn watched(
        &mut self,
        script: &str,
        title: &str,
        attempt: &Attempt,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<(String, String), Failure> {
        let nonce = nonce();
        self.put(&attempt.from, story).await?;
        let ended =
            self.run_fed(script, title, format!("{nonce}\n").as_bytes(), story, stop).await?;
        self.put(&attempt.from, story).await?;
        Ok((ended.output, nonce))
    }
}
