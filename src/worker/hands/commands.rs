//! The commands of a comment: what is tried again, ended, told, and which model comes first.

use std::time::Duration;

use crate::code_host::{Pull, Remark};
use crate::domain::job::{Answer, Failure, Fault, JobState, Outcome, Spot, Story};
use crate::domain::task::CommentRef;
use crate::engine::normalise;
use crate::engine::request::{self, Request};
use crate::worker::hands::Hands;
use crate::worker::hands::converse::words;
use crate::worker::hands::inspect::Ground;

/// How far back a job is looked for that could be tried again, stopped or told about.
const MOST_JOBS: usize = 50;
/// How many jobs `status` names.
const MOST_STATUS: usize = 5;
/// How far the code host's clock may be ahead of ours.
const MOST_SKEW: Duration = Duration::from_secs(300);

impl Hands {
    /// What the last job on this pull request was asked for, and the lines that it was about; or
    /// what the issue asks for.
    pub(super) async fn last_asked(
        &mut self,
        ground: &mut Ground,
        pull: &Pull,
        story: &Story,
    ) -> Result<Option<(String, Option<Spot>)>, Failure> {
        let store = self.tools.store.clone();
        for job in store.jobs_of(&ground.repository, pull.number, MOST_JOBS).await? {
            let records = store.records(&job.id).await?;
            let past = Story { job: job.id, task: job.task, records };
            if past.job == story.job {
                continue;
            }
            if let Some(conversation) = past.conversation() {
                return Ok(Some(match conversation.requests.as_slice() {
                    [one] => (one.text.clone(), one.spot.clone()),
                    all => (all.iter().map(words).collect::<Vec<_>>().join("\n\n"), None),
                }));
            }
            // It broke before it had read what it was asked for.
            if let (Some(comment), Some(Outcome::Broke(_))) = (past.task.comment(), past.outcome())
                && let Some(unread) = self.unread(ground, pull, comment).await?
            {
                return Ok(Some(unread));
            }
        }
        let closes = self.closes(ground, &normalise::markdown(&pull.body).text).await?;
        Ok(closes.map(|it| (format!("{}\n\n{}", it.title, it.body), None)))
    }

    /// What a comment asks for that no job has read yet.
    async fn unread(
        &mut self,
        ground: &mut Ground,
        pull: &Pull,
        comment: CommentRef,
    ) -> Result<Option<(String, Option<Spot>)>, Failure> {
        let remark = match self.tools.host.remark(&ground.repository, pull.number, comment).await {
            Ok(remark) => remark,
            Err(error) if error.fault() == Fault::Permanent => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let asker = self.tools.asker_of(ground, remark.author.as_ref()).await?;
        let trusted = asker.is_some_and(|it| it.is_trusted(&self.tools.authority));
        Ok(match request::read(&remark.body) {
            Some(Request::Change(text)) if trusted && !remark.edited => Some((text, remark.spot)),
            _ => None,
        })
    }

    /// Ends what is under way on this pull request, and what waits for its turn there.
    pub(super) async fn stop_others(
        &self,
        remark: &Remark,
        story: &Story,
    ) -> Result<Answer, Failure> {
        let store = &self.tools.store;
        let (repository, thread) = (&story.task.repository, story.task.thread());
        let mut stopping = Vec::new();
        for job in store.jobs_of(repository, thread, MOST_JOBS).await? {
            if job.id == story.job {
                continue;
            }
            if !job.state.is_final() {
                store.request_cancel(&job.id, (self.tools.clock)()).await?;
                stopping.push(job.id);
            } else if job.state == JobState::Cancelled
                && remark.created_at.since(job.updated_at) < MOST_SKEW
            {
                // It was heard while the job ran, or waited.
                stopping.push(job.id);
            }
        }
        Ok(match stopping.is_empty() {
            true => Answer::NothingToStop,
            false => Answer::Stopping { jobs: stopping },
        })
    }

    pub(super) async fn status(&self, story: &Story) -> Result<Answer, Failure> {
        let (repository, thread) = (&story.task.repository, story.task.thread());
        let jobs = self.tools.store.jobs_of(repository, thread, MOST_STATUS + 1).await?;
        let others = jobs.into_iter().filter(|it| it.id != story.job).take(MOST_STATUS);
        let jobs = others.map(|it| (it.id, it.state.name().to_owned())).collect();
        Ok(Answer::Status { jobs })
    }

    /// A model's place on the ladder, by its name with or without what Aider puts before it.
    pub(super) fn rung(&self, name: &str) -> Option<usize> {
        let is_it = |known: &&String| {
            known.eq_ignore_ascii_case(name)
                || known.split_once('/').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(name))
        };
        self.tools.ladder.iter().position(|known| is_it(&known))
    }
}
