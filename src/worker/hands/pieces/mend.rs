//! A model's answer that is almost right, made right by trial. No question is asked for it.

use tokio_util::sync::CancellationToken;

use super::Work;
use super::sample::{Files, Judged, Question};
use crate::domain::example::{Example, Language, Tried};
use crate::domain::job::{Failure, Mutation, Story};
use crate::engine::example;
use crate::engine::example::probe::trials::{self, Outcome};
use crate::engine::symbols::mutation::{self, Mutant, Said};
use crate::worker::hands::Hands;
use crate::worker::hands::examples::{files, nonce};

/// The most changes of one answer: the second starts from the first one that came nearest.
const MOST: usize = 2;

impl Hands {
    /// The answer with a new option that has no value of its own, or with a small change or two, where
    /// that makes hold what did not. `None`: none of those that were tried does.
    pub(super) async fn mended(
        &mut self,
        question: &Question<'_>,
        near: &(Judged, Files),
        work: &mut Work,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Option<(Judged, Files)>, Failure> {
        if self.tools.mutants == 0 {
            return Ok(None);
        }
        let given = self.undefaulted(question, near, work, story, stop).await?;
        let near = given.as_ref().unwrap_or(near);
        let changed = self.changed(question, near, work, story, stop).await?;
        Ok(changed.or(given))
    }

    /// Only where all command lines do with it what they are to.
    async fn undefaulted(
        &mut self,
        question: &Question<'_>,
        (judged, made): &(Judged, Files),
        work: &mut Work,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Option<(Judged, Files)>, Failure> {
        let is_command = |it: &Tried| it.example.language == Language::Shell;
        let (due, failing) =
            due(question, judged, |it| is_command(it) && (it.judges() || it.holds()));
        let path = question.step.path.as_str();
        let Some((_, text)) = made.iter().find(|(it, _)| it == path) else { return Ok(None) };
        if failing == 0 {
            return Ok(None);
        }
        let refused = example::refused(&due);
        let issue =
            story.inspection().map(|it| format!("{}\n{}", it.title, it.body)).unwrap_or_default();
        let said = Said { issue: &issue, refused: &refused };
        let options = mutation::undefaulted(path, text, &question.step.names(), said);
        let (options, mutants): (Vec<Vec<Mutant>>, Vec<Mutant>) = options
            .into_iter()
            .filter_map(|it| Mutant::together(&it, text).map(|whole| (it, whole)))
            .unzip();
        let tried = self.tried_by(&mutants, (&due, failing), (path, made), work, story, stop);
        let Outcome::Hit(nth) = tried.await? else { return Ok(None) };
        let (Some(parts), Some(whole)) = (options.get(nth), mutants.get(nth)) else {
            return Ok(None);
        };
        let changes = parts.iter().map(|it| changing(path, text, it)).collect();
        let mut mended = made.clone();
        mended.iter_mut().filter(|(it, _)| it == path).for_each(|(_, it)| *it = whole.of(it));
        self.kept(question, (&due, mended), changes, work, story, stop).await
    }

    async fn changed(
        &mut self,
        question: &Question<'_>,
        (judged, made): &(Judged, Files),
        work: &mut Work,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Option<(Judged, Files)>, Failure> {
        let wanted = question.examples.iter().filter(|it| it.judges()).count();
        if judged.wanted == wanted {
            return Ok(None);
        }
        // What the tests see and the answer has changed may be what the issue is about.
        let (due, failing) = due(question, judged, Tried::judges);
        let (path, mut mended) = (question.step.path.as_str(), made.clone());
        let mut changes = Vec::new();
        // As many changes as examples can fit whatever these say: there are more of them.
        for _ in 1..wanted.min(MOST + 1) {
            let Some((_, text)) = mended.iter().find(|(it, _)| it == path) else { break };
            let mutants = mutation::mutants(path, text, &question.step.names(), self.tools.mutants);
            let outcome = self
                .tried_by(&mutants, (&due, failing), (path, &mended), work, story, stop)
                .await?;
            let (Outcome::Hit(nth) | Outcome::Near(nth)) = outcome else { break };
            let (Some(mutant), Some((_, text))) =
                (mutants.get(nth), mended.iter_mut().find(|(it, _)| it == path))
            else {
                break;
            };
            changes.push(changing(path, text, mutant));
            *text = mutant.of(text);
            if matches!(outcome, Outcome::Hit(_)) {
                return self.kept(question, (&due, mended), changes, work, story, stop).await;
            }
        }
        Ok(None)
    }

    /// What comes of each of the changes of the file at `path`.
    async fn tried_by(
        &mut self,
        mutants: &[Mutant],
        (due, failing): (&[Example], usize),
        (path, made): (&str, &Files),
        work: &Work,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Outcome, Failure> {
        if mutants.is_empty() {
            return Ok(Outcome::Nothing);
        }
        for (path, text) in made {
            self.write(path, text, story).await?;
        }
        let texts = work.with(made);
        let script = trials::script(due, failing, &files(&texts), path, mutants);
        let (nonce, title) = (nonce(), format!("small changes of {path}, by trial"));
        let input = format!("{nonce}\n");
        let ended = self.run_fed(&script, &title, input.as_bytes(), story, stop).await?;
        Ok(trials::outcome(&ended.output, &nonce, due))
    }

    /// The answer with the changes, if all examples hold with them once more.
    async fn kept(
        &mut self,
        question: &Question<'_>,
        (due, mended): (&[Example], Files),
        changes: Vec<Mutation>,
        work: &mut Work,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Option<(Judged, Files)>, Failure> {
        let judged = self.held(question, &mended, work, story, stop).await?;
        if !due.iter().all(|it| judged.held.contains(it)) {
            return Ok(None);
        }
        for Mutation { path, old, new } in &changes {
            let line = format!("{judged} with `{new}` instead of `{old}` in {path}\n");
            self.log.write(line.as_bytes());
        }
        work.mutations.extend(changes);
        Ok(Some((judged, mended)))
    }
}

/// What has to hold with a change: what `counts`, and what holds with the answer as it is. Those that
/// do not hold come first, so many of them.
fn due(
    question: &Question<'_>,
    judged: &Judged,
    counts: impl Fn(&Tried) -> bool,
) -> (Vec<Example>, usize) {
    let all = question.examples.iter();
    let due = all.filter(|it| counts(it) || judged.held.contains(&it.example));
    let mut due: Vec<Example> = due.map(|it| it.example.clone()).collect();
    due.sort_by_key(|it| judged.held.contains(it));
    let failing = due.iter().filter(|it| !judged.held.contains(it)).count();
    (due, failing)
}

fn changing(path: &str, text: &str, mutant: &Mutant) -> Mutation {
    let old = text.get(mutant.bytes.clone()).unwrap_or_default().to_owned();
    Mutation { path: path.to_owned(), old, new: mutant.new.clone() }
}
