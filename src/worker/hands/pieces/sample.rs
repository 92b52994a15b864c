//! One question, asked until the examples of the issue have nothing against the answer, or as often
//! as the model may be asked.

use tokio_util::sync::CancellationToken;

use super::Work;
use crate::agent::{Edit, EditVerdict, Question as Words};
use crate::domain::example::{Example, Tried};
use crate::domain::job::{Complaint, Failure, Request, Story, TurnOutcome};
use crate::domain::verification::Check;
use crate::engine::aim::Missing;
use crate::engine::decide::Attempt;
use crate::engine::prompt::piece::{self, Made, Piece};
use crate::engine::splice::{self, Misfit, Wanted};
use crate::engine::tactics::{self, Form, Step};
use crate::engine::{reach, symbols};
use crate::worker::hands::{Hands, Log};

/// Seeds of one attempt's answers do not meet those of the next.
const SEEDS: u32 = 16;

/// What is asked, and what judges the answer.
pub(super) struct Question<'a> {
    pub(super) attempt: &'a Attempt,
    pub(super) step: &'a Step,
    /// How often the model was asked in this job before.
    pub(super) spent: u32,
    /// Whether the issue asks for an option of the command line.
    pub(super) option: bool,
    /// New functions that the issue wants and that are not there.
    pub(super) missing: &'a [String],
    /// The tests that an earlier try broke, as they are written.
    pub(super) broken: &'a str,
    /// What has to hold once this is answered; on the base none does.
    pub(super) examples: Vec<Tried>,
}

impl Question<'_> {
    /// The answer's files, unless it has again what an earlier try ended with.
    fn fits(&self, work: &Work, made: Files) -> Result<Files, Misfit> {
        if let Some(Complaint::Red { check: Check::Build, excerpt, .. }) =
            self.attempt.warning.as_deref()
        {
            for (path, text) in &made {
                splice::avoids(work.text(path).unwrap_or_default(), text, excerpt)?;
            }
        }
        Ok(made)
    }
}

/// What examples say of an answer.
#[derive(Default)]
pub(super) struct Judged {
    /// Those that hold.
    pub(super) held: Vec<Example>,
    /// How many of them do not hold on the base.
    pub(super) wanted: usize,
    /// How many were tried.
    all: usize,
}

impl Judged {
    fn is_full(&self) -> bool {
        self.held.len() == self.all
    }

    /// What the issue asks for goes before what was so already.
    fn rank(&self) -> (usize, usize) {
        (self.wanted, self.held.len())
    }
}

impl std::fmt::Display for Judged {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} of {} examples hold", self.held.len(), self.all)
    }
}

/// Files as an answer makes them.
pub(super) type Files = Vec<(String, String)>;

impl Hands {
    /// Asks, and puts the best answer into `work` and on disk. False: examples speak against it.
    pub(super) async fn take(
        &mut self,
        question: &Question<'_>,
        work: &mut Work,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<bool, Failure> {
        let step = question.step;
        let names = step.names().into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>();
        let line = format!("asked for {} of {}\n", names.join(", "), step.path);
        self.log.write(line.as_bytes());
        let mut best = self.answered(question, work, story, stop).await?;
        if let Some(near) = &best
            && let Some(mended) = self.mended(question, near, work, story, stop).await?
        {
            best = Some(mended);
        }
        let before = heads(step, work);
        let (judged, made) = best.unwrap_or_default();
        let judging = question.examples.iter().filter(|it| it.judges()).count();
        let is_proven = judged.wanted == judging;
        if !question.examples.is_empty() {
            work.held = judged.held;
        }
        for (path, text) in made {
            self.write(&path, &text, story).await?;
            work.set(&path, text);
        }
        for made in heads(step, work) {
            if !before.contains(&made) {
                work.made.retain(|it| it.name != made.name);
                work.made.push(made);
            }
        }
        Ok(is_proven)
    }

    /// The best answer that could be put in.
    async fn answered(
        &mut self,
        question: &Question<'_>,
        work: &mut Work,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Option<(Judged, Files)>, Failure> {
        let step = question.step;
        let mut best: Option<(Judged, Files)> = None;
        let mut seen: Vec<String> = Vec::new();
        let most = tactics::samples(&question.attempt.model, &step.form, question.spent);
        for nth in 0..most {
            let edit = self.ask(question, nth, work, story, stop).await?;
            work.calls += edit.calls;
            work.tokens.read += edit.tokens.read;
            work.tokens.written += edit.tokens.written;
            if let Some(failure) = edit.refusal() {
                return Err(failure);
            }
            work.unusable = match edit.verdict {
                EditVerdict::TimedOut => {
                    work.unusable = Some(TurnOutcome::TimedOut);
                    break;
                }
                EditVerdict::Truncated(reason) => Some(TurnOutcome::Truncated { reason }),
                EditVerdict::FormatFailure => Some(TurnOutcome::FormatFailure),
                _ => None,
            };
            if work.unusable.is_some() || seen.contains(&edit.reply) {
                continue;
            }
            let reply = piece::undescribed(&edit.reply, &question.examples);
            let made = made(step, work, question.missing, &reply);
            let made = made.and_then(|it| question.fits(work, it));
            let made = match made {
                Ok(made) => made,
                Err(misfit) => {
                    work.unusable = Some(TurnOutcome::Truncated { reason: misfit.to_string() });
                    continue;
                }
            };
            seen.push(edit.reply);
            if made.iter().all(|(path, text)| work.text(path) == Some(text)) {
                if !work.written.is_empty() {
                    break; // what was written before may be all that there is to do
                }
                work.unusable = Some(TurnOutcome::NoChange);
                continue;
            }
            work.ran |= !question.examples.is_empty() || !work.held.is_empty();
            let judged = self.held(question, &made, work, story, stop).await?;
            if !judged.is_full() {
                self.log.write(format!("{judged}\n").as_bytes());
            }
            // Without examples of its own it is not to break those of what was written before.
            if question.examples.is_empty() && !judged.is_full() {
                continue;
            }
            let is_full = judged.is_full();
            if best.as_ref().is_none_or(|(most, _)| most.rank() < judged.rank()) {
                best = Some((judged, made));
            }
            if is_full {
                break;
            }
        }
        Ok(best)
    }

    /// How many examples hold with these files. Without some of its own the question has those that
    /// hold so far.
    pub(super) async fn held(
        &mut self,
        question: &Question<'_>,
        made: &Files,
        work: &Work,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Judged, Failure> {
        let due: Vec<Example> = match question.examples.is_empty() {
            true => work.held.clone(),
            false => question.examples.iter().map(|it| it.example.clone()).collect(),
        };
        if due.is_empty() {
            return Ok(Judged::default());
        }
        for (path, text) in made {
            self.write(path, text, story).await?;
        }
        let tried = self.try_out(&due, &work.with(made), "answer", story, stop).await?;
        // What could be tried before, and cannot be now, was broken.
        let held: Vec<Example> =
            tried.into_iter().filter(Tried::holds).map(|it| it.example).collect();
        let wanted = question.examples.iter().filter(|it| it.judges());
        let wanted = wanted.filter(|it| held.contains(&it.example)).count();
        Ok(Judged { wanted, held, all: due.len() })
    }

    async fn ask(
        &mut self,
        question: &Question<'_>,
        nth: u32,
        work: &Work,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Edit, Failure> {
        let (attempt, step) = (question.attempt, question.step);
        let inspection = story.inspection();
        let room = attempt.model.num_ctx.saturating_sub(attempt.model.reply_tokens());
        let words = piece::question(&Piece {
            title: inspection.map_or("", |it| it.title.as_str()),
            body: inspection.map_or("", |it| it.body.as_str()),
            path: &step.path,
            text: work.text(&step.path).unwrap_or_default(),
            form: &step.form,
            places: &step.places,
            option: question.option,
            missing: question.missing,
            made: &work.made,
            examples: &question.examples,
            described: nth.is_multiple_of(2),
            complaint: match &attempt.request {
                Request::Fix { complaint } => Some(complaint),
                Request::Implement | Request::Read | Request::Cover => attempt.warning.as_deref(),
            },
            broken: question.broken,
            room,
        });
        let agent = self.tools.agent.clone();
        let edit = agent
            .ask(
                Words {
                    model: &attempt.model,
                    system: words.system,
                    user: &words.user,
                    reply: words.reply,
                    temperature: match nth {
                        // The code is seen as it stands for the first time: that is new enough.
                        0 if attempt.attempt == 1
                            && step.form == Form::Change
                            && question.examples.iter().any(Tried::counts) =>
                        {
                            0.0
                        }
                        0 => attempt.temperature,
                        nth => tactics::temperature(attempt.attempt, nth),
                    },
                    seed: attempt.attempt * SEEDS + nth,
                },
                stop,
            )
            .await?;
        Log::tee(self.log.as_ref()).write(format!("{}\n", edit.reply).as_bytes());
        Ok(edit)
    }
}

/// The functions of a step with their heads, as far as they are there.
fn heads(step: &Step, work: &Work) -> Vec<Made> {
    let outline = work.text(&step.path).and_then(|text| symbols::outline(&step.path, text));
    let definitions = outline.map(|it| it.definitions).unwrap_or_default();
    let own = definitions.into_iter().filter(|it| step.names().contains(&it.name.as_str()));
    own.map(|it| Made { name: it.name, path: step.path.clone(), head: it.signature }).collect()
}

/// The files that an answer makes of the work so far: the step's own, and what it takes so that
/// others can call what is new.
fn made(step: &Step, work: &Work, missing: &[String], reply: &str) -> Result<Files, Misfit> {
    let text = work.text(&step.path).ok_or(Misfit::NoCode)?;
    let others = || work.made.iter().filter(|it| it.path != step.path);
    let elsewhere: Vec<&str> = others().map(|it| it.name.as_str()).collect();
    let wanted = Wanted { missing, elsewhere: &elsewhere };
    let mut text = match (&step.form, step.places.first()) {
        (Form::Add(new), Some(beside)) => splice::add(
            &step.path,
            text,
            &Missing { beside: beside.clone(), ..new.clone() },
            reply,
        )?,
        (Form::Follow, _) => splice::follow(&step.path, text, &step.places, reply)?,
        _ => splice::splice(&step.path, text, &step.places, &wanted, reply)?,
    };
    for other in others() {
        if let Some(brought) = reach::imported(&step.path, &text, &other.path, &other.name) {
            text = brought;
        }
    }
    let header = reach::header_of(&step.path);
    let mut header = header.and_then(|path| Some((work.text(&path)?.to_owned(), path)));
    let mut is_announced = false;
    for name in missing {
        if let Some(listed) = reach::exported(&step.path, &text, name) {
            text = listed;
        }
        if let Some((old, _)) = &mut header
            && let Some(new) = reach::declared(&step.path, &text, old, name)
        {
            (*old, is_announced) = (new, true);
        }
    }
    let mut made = Vec::from([(step.path.clone(), text)]);
    made.extend(header.filter(|_| is_announced).map(|(text, path)| (path, text)));
    Ok(made)
}
