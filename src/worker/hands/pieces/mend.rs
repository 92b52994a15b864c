//! A model's answer that is almost right, made right by trial. No question is asked for it.

use tokio_util::sync::CancellationToken;

use super::Work;
use super::sample::{Files, Judged, Question};
use crate::domain::example::{Example, Tried};
use crate::domain::job::{Failure, Mutation, Story};
use crate::engine::example::probe::trials;
use crate::engine::symbols::mutation;
use crate::worker::hands::Hands;
use crate::worker::hands::examples::{files, nonce};

impl Hands {
    /// The answer with one small change, where that makes all examples hold. `None`: none of those
    /// that were tried does, or the answer is not near enough.
    pub(super) async fn mended(
        &mut self,
        question: &Question<'_>,
        (judged, made): &(Judged, Files),
        work: &mut Work,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Option<(Judged, Files)>, Failure> {
        let path = question.step.path.as_str();
        let Some((_, text)) = made.iter().find(|(it, _)| it == path) else { return Ok(None) };
        // That one example alone holds after one of so many changes would say nothing.
        let wanted = question.examples.iter().filter(|it| it.judges()).count();
        if judged.wanted == wanted || wanted < 2 {
            return Ok(None);
        }
        let mutants = mutation::mutants(path, text, &question.step.names(), self.tools.mutants);
        if mutants.is_empty() {
            return Ok(None);
        }
        // What the tests see and the answer has changed may be what the issue is about.
        let counts = |it: &&Tried| it.judges() || judged.held.contains(&it.example);
        let due = question.examples.iter().filter(counts).map(|it| it.example.clone());
        let mut due: Vec<Example> = due.collect();
        due.sort_by_key(|it| judged.held.contains(it));
        for (path, text) in made {
            self.write(path, text, story).await?;
        }
        let texts = work.with(made);
        let script = trials::script(&due, &files(&texts), path, &mutants);
        let (nonce, title) = (nonce(), format!("small changes of {path}, by trial"));
        let input = format!("{nonce}\n");
        let ended = self.run_fed(&script, &title, input.as_bytes(), story, stop).await?;
        let Some(mutant) = trials::hit(&ended.output, &nonce).and_then(|it| mutants.get(it)) else {
            return Ok(None);
        };
        let old = text.get(mutant.bytes.clone()).unwrap_or_default().to_owned();
        let mut mended = made.clone();
        for (_, text) in mended.iter_mut().filter(|(it, _)| it == path) {
            *text = mutant.of(text);
        }
        let judged = self.held(question, &mended, work, story, stop).await?;
        if !due.iter().all(|it| judged.held.contains(it)) {
            return Ok(None);
        }
        let new = mutant.new.clone();
        self.log.write(format!("{judged} with `{new}` instead of `{old}` in {path}\n").as_bytes());
        work.mutations.push(Mutation { path: path.to_owned(), old, new });
        Ok(Some((judged, mended)))
    }
}
