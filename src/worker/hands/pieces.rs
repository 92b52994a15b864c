//! A turn of a model that writes definitions: asked for one place after the other, and what it
//! answers is put in by us.

use tokio_util::sync::CancellationToken;

use crate::agent::{Edit, EditVerdict, Question};
use crate::domain::job::{
    Event, Failure, Fault, Progress, Request, Story, Tokens, Turn, TurnOutcome,
};
use crate::engine::aim;
use crate::engine::decide::Attempt;
use crate::engine::focus::SourceFile;
use crate::engine::prompt::piece::{self, Piece};
use crate::engine::splice;
use crate::engine::tactics::{self, Step};
use crate::worker::hands::attempt::{request_name, texts, whereabouts};
use crate::worker::hands::{Hands, Log};

/// What came of the questions of one turn.
#[derive(Default)]
struct Asked {
    calls: u32,
    tokens: Tokens,
    /// The files that were written.
    written: Vec<String>,
    /// Why the last answer could not be used.
    unusable: Option<TurnOutcome>,
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
        let mut texts = texts(workspace.tree().to_owned(), &entries).await;
        let sources =
            texts.iter().map(|(path, text)| SourceFile { path, text }).collect::<Vec<_>>();
        let aims = aim::aims(&issue, &sources);
        let steps = tactics::steps(&aims, attempt.attempt);
        if steps.is_empty() || attempt.request == Request::Cover {
            return Ok(None);
        }
        let (name, model) = (request_name(&attempt.request), &attempt.model.name);
        self.log.section(&format!("agent: {name} by {model}")).await;
        let mut asked = Asked::default();
        for step in &steps {
            let text = texts.iter_mut().find(|(path, _)| *path == step.path).map(|it| &mut it.1);
            let Some(text) = text else { continue };
            let edit = self.ask(attempt, step, text, &aims.missing, story, stop).await?;
            asked.calls += edit.calls;
            asked.tokens.read += edit.tokens.read;
            asked.tokens.written += edit.tokens.written;
            match edit.verdict {
                EditVerdict::ModelUnavailable(words) => {
                    return Err(Failure::new(Fault::ModelAway, words));
                }
                EditVerdict::ModelBusy(pushback) => return Err(pushback.into()),
                EditVerdict::TimedOut => asked.unusable = Some(TurnOutcome::TimedOut),
                EditVerdict::Truncated(reason) => {
                    asked.unusable = Some(TurnOutcome::Truncated { reason });
                }
                EditVerdict::FormatFailure => asked.unusable = Some(TurnOutcome::FormatFailure),
                EditVerdict::Answered => {
                    match splice::splice(&step.path, text, &step.places, &edit.reply) {
                        Ok(new) => {
                            *text = new;
                            self.write(&step.path, text, story).await?;
                            asked.written.push(step.path.clone());
                        }
                        Err(misfit) => {
                            let reason = misfit.to_string();
                            asked.unusable = Some(TurnOutcome::Truncated { reason });
                        }
                    }
                }
            }
        }
        let (tree, outcome) = match asked.unusable.filter(|_| asked.written.is_empty()) {
            Some(outcome) => (attempt.from.clone(), outcome),
            None => {
                let answered = Edit {
                    verdict: EditVerdict::Answered,
                    reply: String::new(),
                    calls: asked.calls,
                    tokens: asked.tokens,
                    took: std::time::Duration::ZERO,
                };
                self.keep(attempt, progress, &answered, &asked.written, story).await?
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
            calls: asked.calls,
            tokens: asked.tokens,
            left_out: Vec::new(),
            agent: version.to_owned(),
        })))
    }

    async fn ask(
        &mut self,
        attempt: &Attempt,
        step: &Step,
        text: &str,
        missing: &[String],
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Edit, Failure> {
        let inspection = story.inspection();
        let room = attempt.model.num_ctx.saturating_sub(attempt.model.reply_tokens());
        let question = piece::question(&Piece {
            title: inspection.map_or("", |it| it.title.as_str()),
            body: inspection.map_or("", |it| it.body.as_str()),
            path: &step.path,
            text,
            places: &step.places,
            missing,
            complaint: match &attempt.request {
                Request::Fix { complaint } => Some(complaint),
                Request::Implement | Request::Cover => None,
            },
            room,
        });
        let names: Vec<&str> = step.places.iter().map(|it| it.name.as_str()).collect();
        let line = format!("asked for {} of {}\n", names.join(", "), step.path);
        self.log.write(line.as_bytes());
        let agent = self.tools.agent.clone();
        let edit = agent
            .ask(
                Question {
                    model: &attempt.model,
                    system: question.system,
                    user: &question.user,
                    reply: question.reply,
                    temperature: attempt.temperature,
                    seed: attempt.attempt,
                },
                stop,
            )
            .await?;
        Log::tee(self.log.as_ref()).write(format!("{}\n", edit.reply).as_bytes());
        Ok(edit)
    }

    /// The tree was just put there by us, and `path` is a regular file of it.
    async fn write(&mut self, path: &str, text: &str, story: &Story) -> Result<(), Failure> {
        self.on_disk = None;
        let file = self.workspace(story).await?.tree().join(path);
        let written = tokio::fs::write(&file, text).await;
        written.map_err(|error| {
            let words = format!("the change could not be written to {}: {error}", file.display());
            Failure::new(Fault::Transient, words)
        })
    }
}
