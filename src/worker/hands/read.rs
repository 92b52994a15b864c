//! What an issue says in words, as calls that can be tried: written down by the model, and believed
//! only where the issue and the base bear it out.

use tokio_util::sync::CancellationToken;

use crate::agent::{EditVerdict, Question};
use crate::domain::example::{Example, Tried};
use crate::domain::job::{Event, Failure, Story, Tokens, Turn, TurnOutcome};
use crate::engine::decide::Attempt;
use crate::engine::prompt::reading::{self, Reading};
use crate::engine::source::SourceFile;
use crate::engine::{aim, example};
use crate::worker::hands::attempt::{issue_text, texts, whereabouts};
use crate::worker::hands::{Hands, Log};

/// How warm it is asked, each time: it has to say the same.
const WARMTH: [f32; 2] = [0.0, 0.3];

impl Hands {
    /// A turn that changes nothing.
    pub(super) async fn read(
        &mut self,
        attempt: &Attempt,
        version: &str,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        let issue = issue_text(story);
        let workspace = self.workspace(story).await?;
        let entries = workspace.files(&attempt.from).await?;
        let texts = texts(workspace.tree().to_owned(), &entries).await;
        let sources =
            texts.iter().map(|(path, text)| SourceFile { path, text }).collect::<Vec<_>>();
        let aims = aim::aims(&whereabouts(story), &sources);
        // Without a number or a text there is nothing to try.
        let tells = issue.contains(|it: char| it.is_ascii_digit() || "\"'`".contains(it));
        let mut subjects = example::subjects(&aims, &sources);
        subjects.retain(|_| tells);
        // A rename is proven by itself.
        if !subjects.is_empty() && self.renamed(attempt, story).await?.is_some() {
            subjects.clear();
        }
        let mut turn = Turn {
            request: attempt.request.clone(),
            model: subjects.first().map_or_else(String::new, |_| attempt.model.name.clone()),
            rung: attempt.rung,
            attempt: attempt.attempt,
            outcome: TurnOutcome::NoChange,
            tree: attempt.from.clone(),
            files: Vec::new(),
            calls: 0,
            tokens: Tokens::default(),
            left_out: Vec::new(),
            agent: version.to_owned(),
            examples: Vec::new(),
            mutations: Vec::new(),
        };
        for (place, language) in subjects {
            let reading = Reading {
                title: story.inspection().map_or("", |it| it.title.as_str()),
                body: story.inspection().map_or("", |it| it.body.as_str()),
                text: sources.iter().find(|it| it.path == place.path).map_or("", |it| it.text),
                place: &place,
                language,
                room: attempt.model.num_ctx.saturating_sub(attempt.model.reply_tokens()),
            };
            let (found, once) =
                self.told_of(&reading, attempt, &issue, &sources, &mut turn, stop).await?;
            let all = [found.as_slice(), once.as_slice()].concat();
            if all.is_empty() {
                continue;
            }
            let tried = self.try_out(&all, &texts, "base", story, stop).await?;
            let (sure, unsure) = tried.into_iter().partition(|it| found.contains(&it.example));
            let mut tried = example::borne_out(sure, &issue);
            tried.extend(example::quoted(unsure, &issue));
            // What is wrong is there: the issue says so, and the base bears it out.
            let is_there = tried.iter().any(Tried::judges);
            if is_there || turn.examples.is_empty() {
                turn.examples = tried;
            }
            if is_there {
                break;
            }
        }
        Ok(Event::Attempted(turn))
    }

    /// The examples of one function that it writes down each time, and those that it says once.
    async fn told_of(
        &mut self,
        reading: &Reading<'_>,
        attempt: &Attempt,
        issue: &str,
        sources: &[SourceFile<'_>],
        turn: &mut Turn,
        stop: &CancellationToken,
    ) -> Result<(Vec<Example>, Vec<Example>), Failure> {
        let name = &reading.place.name;
        let words = reading::question(reading);
        self.log.section(&format!("agent: examples of {name} by {}", turn.model)).await;
        let mut replies = Vec::new();
        for (seed, temperature) in (0..).zip(WARMTH) {
            let question = Question {
                model: &attempt.model,
                system: words.system,
                user: &words.user,
                reply: words.reply,
                temperature,
                seed,
            };
            let edit = self.tools.agent.clone().ask(question, stop).await?;
            turn.calls += edit.calls;
            turn.tokens.read += edit.tokens.read;
            turn.tokens.written += edit.tokens.written;
            Log::tee(self.log.as_ref()).write(format!("{}\n", edit.reply).as_bytes());
            if let Some(failure) = edit.refusal() {
                return Err(failure);
            }
            // A list that goes on for ever begins like one that does not.
            let is_list = matches!(edit.verdict, EditVerdict::Answered | EditVerdict::Truncated(_));
            replies.push(if is_list { edit.reply } else { String::new() });
            if example::worded(issue, name, &replies, sources).is_empty() {
                break;
            }
        }
        let each = example::worded(issue, name, &replies, sources);
        Ok((each, example::said_once(issue, name, &replies, sources)))
    }
}
