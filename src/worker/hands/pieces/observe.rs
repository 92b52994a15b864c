//! What the functions that examples of the issue call give today, as the project's own tests call
//! them. Of others it is not known whether they are to give the same.

use tokio_util::sync::CancellationToken;

use crate::domain::example::{Example, Tried};
use crate::domain::job::{Failure, Story};
use crate::domain::verification::Check;
use crate::engine::decide::Attempt;
use crate::engine::example::observed;
use crate::engine::focus::SourceFile;
use crate::engine::tactics::{Form, Step};
use crate::worker::hands::Hands;
use crate::worker::hands::examples::nonce;
use crate::worker::hands::verify::checkout;

/// Tests that take longer are not run for it, in milliseconds.
const LONGEST: u64 = 30_000;

impl Hands {
    /// Of the functions that `steps` change and examples call (`is_tried`); on the base, and once in
    /// a job. Empty where the tests are slow, or run where they cannot be watched.
    pub(super) async fn observed(
        &mut self,
        attempt: &Attempt,
        steps: &[Step],
        is_tried: &(dyn Fn(&str) -> bool + Sync),
        texts: &[(String, String)],
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Vec<Tried>, Failure> {
        let first = attempt.attempt == 0 && attempt.warning.is_none() && attempt.model.observes;
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
        let Some(script) = script.filter(|_| first && quick) else { return Ok(Vec::new()) };
        let nonce = nonce();
        let names = functions.iter().map(|it| it.1).collect::<Vec<_>>().join(", ");
        let title = format!("what the tests see of {names}");
        self.put(&attempt.from, story).await?;
        let ended =
            self.run_fed(&script, &title, format!("{nonce}\n").as_bytes(), story, stop).await?;
        let sources =
            texts.iter().map(|(path, text)| SourceFile { path, text }).collect::<Vec<_>>();
        let others: Vec<Example> = story.examples().map(|it| it.example.clone()).collect();
        let seen = observed::seen(&ended.output, &nonce, &others, &sources);
        self.put(&attempt.from, story).await?;
        let mut tried = self.try_out(&seen, texts, "base", story, stop).await?;
        tried.retain(Tried::holds);
        Ok(tried)
    }
}
