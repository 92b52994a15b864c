//! A turn of a model that writes definitions: asked for one place after the other, and what it
//! answers is put in by us.

use std::collections::VecDeque;

use tokio_util::sync::CancellationToken;

use crate::agent::{Edit, EditVerdict};
use crate::domain::example::{Example, Expected, Language, Source, Tried};
use crate::domain::job::{
    Complaint, Event, Failure, Fault, Mutation, Progress, Request, Story, Tokens, Turn, TurnOutcome,
};
use crate::engine::aim::Place;
use crate::engine::decide::Attempt;
use crate::engine::example;
use crate::engine::prompt::broken;
use crate::engine::prompt::piece::Made;
use crate::engine::source::SourceFile;
use crate::engine::tactics::{self, Form, Step};
use crate::engine::{aim, splice};
use crate::worker::hands::Hands;
use crate::worker::hands::attempt::{request_name, texts, whereabouts};

mod mend;
mod observe;
mod sample;

use sample::Question;

/// The work of one turn, as far as it has come.
#[derive(Default)]
struct Work {
    /// The sources of the project, as the turn has made them.
    texts: Vec<(String, String)>,
    /// The files that were written.
    written: Vec<String>,
    /// New functions, and those with a new head.
    made: Vec<Made>,
    calls: u32,
    tokens: Tokens,
    /// Why the last answer could not be used.
    unusable: Option<TurnOutcome>,
    /// Whether the project's code ran, and may have left something behind.
    ran: bool,
    /// The examples that hold with what was written.
    held: Vec<Example>,
    /// What the worker changed of the answers, by trial.
    mutations: Vec<Mutation>,
}

impl Work {
    fn text(&self, path: &str) -> Option<&str> {
        self.texts.iter().find(|(it, _)| it == path).map(|(_, text)| text.as_str())
    }

    fn set(&mut self, path: &str, text: String) {
        match self.texts.iter_mut().find(|(it, _)| it == path) {
            Some((_, old)) => *old = text,
            None => self.texts.push((path.to_owned(), text)),
        }
        if !self.written.iter().any(|it| it == path) {
            self.written.push(path.to_owned());
        }
    }

    /// The sources of the project, with these files instead of theirs.
    fn with(&self, made: &[(String, String)]) -> Vec<(String, String)> {
        let mut texts = self.texts.clone();
        for (path, text) in made {
            match texts.iter_mut().find(|(it, _)| it == path) {
                Some((_, old)) => old.clone_from(text),
                None => texts.push((path.clone(), text.clone())),
            }
        }
        texts
    }

    /// Who calls what has got a new head in this step: they may have to say more, or less.
    fn callers_of(&self, step: &Step) -> Vec<Place> {
        if matches!(step.form, Form::Add(_) | Form::Follow) {
            return Vec::new();
        }
        let files = self.texts.iter().map(|(path, text)| SourceFile { path, text });
        let files = files.collect::<Vec<_>>();
        let own =
            step.places.iter().filter(|place| self.made.iter().any(|it| it.name == place.name));
        own.flat_map(|it| aim::callers(&it.name, &files)).collect()
    }
}

impl Hands {
    /// `None`: the issue points at no definition of a language that we read, and whole files are
    /// the only way.
    pub(super) async fn pieces(
        &mut self,
        attempt: &Attempt,
        progress: &Progress,
        version: &str,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Option<Event>, Failure> {
        let issue = whereabouts(story);
        let workspace = self.workspace(story).await?;
        let entries = workspace.files(&attempt.from).await?;
        let texts = texts(workspace.tree().to_owned(), &entries).await;
        let sources =
            texts.iter().map(|(path, text)| SourceFile { path, text }).collect::<Vec<_>>();
        let mut aims = aim::aims(&issue, &sources);
        let mut due = due(story);
        // What the issue says in words was read of two functions: that is where it is wrong.
        let is_read = |it: &&Tried| it.counts() && it.example.source == Source::Worded;
        aims.lead(|place| due.iter().filter(is_read).any(|it| calls(it, &place.name)));
        let counted: Vec<Tried> = due.iter().filter(|it| it.counts()).cloned().collect();
        let is_tried = |name: &str| counted.iter().any(|it| calls(it, name));
        // What an example calls gave what it should, and a check was red all the same.
        let is_right = matches!(attempt.warning.as_deref(), Some(Complaint::Red { .. }))
            && !counted.is_empty();
        let steps = tactics::steps(&aims, attempt.attempt, &is_tried, is_right);
        if steps.is_empty() || attempt.request == Request::Cover {
            return Ok(None);
        }
        let (name, model) = (request_name(&attempt.request), &attempt.model.name);
        self.log.section(&format!("agent: {name} by {model}")).await;
        let mut missing: Vec<String> = aims.missing.iter().map(|it| it.name.clone()).collect();
        let broken = match attempt.warning.as_deref() {
            Some(Complaint::Red { tests, .. }) => broken::texts(tests, &sources),
            _ => String::new(),
        };
        let observed = self.observed(attempt, &steps, &is_tried, &texts, story, stop).await?;
        due.extend(observed.iter().cloned());
        let named: Vec<String> = steps.iter().flat_map(Step::names).map(str::to_owned).collect();
        let mut work = Work { texts, ..Work::default() };
        let mut queue = VecDeque::from(steps);
        while let Some(mut step) = queue.pop_front() {
            // What was written before may have moved it.
            let Some(text) = work.text(&step.path) else { continue };
            step.places = step.places.iter().filter_map(|it| splice::found(it, text)).collect();
            if step.places.is_empty() {
                continue;
            }
            // An example judges the last step of those that it calls, or else the last of all.
            let judges = |it: &&Tried| {
                let calls = |name: &str| calls(it, name);
                let is_command = it.example.language == Language::Shell;
                let last = queue.is_empty() && (it.judges() || is_command);
                let is_called = |step: &Step| step.names().into_iter().any(calls);
                is_called(&step) && !queue.iter().any(is_called)
                    || last && !named.iter().any(|name| calls(name))
            };
            let question = Question {
                examples: due.iter().filter(judges).cloned().collect(),
                option: aims.acts.is_some(),
                missing: &missing,
                broken: &broken,
                step: &step,
                attempt,
                spent: progress.calls.saturating_add(work.calls),
            };
            let is_proven = self.take(&question, &mut work, story, stop).await?;
            if !is_proven && attempt.attempt + 1 < attempt.model.attempts {
                break; // whatever follows is begun anew with it
            }
            missing.retain(|it| !work.made.iter().any(|made| made.name == *it));
            for caller in work.callers_of(&step) {
                let known = |it: &Step| it.places.contains(&caller);
                if known(&step) || queue.iter().any(known) {
                    continue;
                }
                let (path, form) = (caller.path.clone(), Form::Follow);
                queue.push_back(Step { path, form, places: Vec::from([caller]) });
            }
        }
        if work.ran && !work.written.is_empty() {
            // What the project's code left behind is not the model's work.
            self.put(&attempt.from, story).await?;
            for path in work.written.clone() {
                let text = work.text(&path).unwrap_or_default().to_owned();
                self.write(&path, &text, story).await?;
            }
        }
        let (tree, outcome) = match work.unusable.take().filter(|_| work.written.is_empty()) {
            Some(outcome) => (attempt.from.clone(), outcome),
            None => {
                let answered = Edit {
                    verdict: EditVerdict::Answered,
                    reply: String::new(),
                    calls: work.calls,
                    tokens: work.tokens,
                    took: std::time::Duration::ZERO,
                };
                self.keep(attempt, progress, &answered, &work.written, story).await?
            }
        };
        let files = self.touched(&tree, story).await?;
        Ok(Some(Event::Attempted(Turn {
            request: attempt.request.clone(),
            model: model.clone(),
            rung: attempt.rung,
            attempt: attempt.attempt,
            outcome,
            tree,
            files,
            calls: work.calls,
            tokens: work.tokens,
            left_out: Vec::new(),
            agent: version.to_owned(),
            examples: observed,
            mutations: work.mutations,
        })))
    }

    /// The tree was just put there by us, and `path` is a regular file of it, or none.
    pub(super) async fn write(
        &mut self,
        path: &str,
        text: &str,
        story: &Story,
    ) -> Result<(), Failure> {
        self.on_disk = None;
        let file = self.workspace(story).await?.tree().join(path);
        let written = tokio::fs::write(&file, text).await;
        written.map_err(|error| {
            let words = format!("the change could not be written to {}: {error}", file.display());
            Failure::new(Fault::Transient, words)
        })
    }
}

/// The examples of the issue that fail on the base as they should, and what holds there and has to
/// hold still: other examples of the same functions, what the tests see of them, what a program does
/// without a new option, and an exit status, which an option that nothing knows may have for another
/// reason. A request on a pull request has none.
fn due(story: &Story) -> Vec<Tried> {
    let of_issue = story.conversation().is_none();
    let judging: Vec<&Tried> = story.examples().filter(|it| of_issue && it.judges()).collect();
    let is_judged = |it: &Tried| {
        let names = example::names(&it.example);
        judging.iter().any(|other| names.iter().any(|name| calls(other, name)))
    };
    let is_of_command = |it: &Tried| match &it.example.expected {
        Expected::Exits(_) => true,
        Expected::Prints(_) => it.example.source == Source::Observed,
        _ => false,
    };
    let stays = |it: &&Tried| it.holds() && (is_judged(it) || is_of_command(it));
    story.examples().filter(|it| of_issue && (it.judges() || stays(it))).cloned().collect()
}

fn calls(tried: &Tried, name: &str) -> bool {
    example::names(&tried.example).iter().any(|it| it == name)
}
