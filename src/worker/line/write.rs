//! Writes of a place in line, and takes it back.

use std::time::Duration;

use super::{Line, LineError};
use crate::code_host::{HostError, Remark};
use crate::domain::job::{JobId, JobState};
use crate::domain::task::{CommentKind, CommentRef, Repository};
use crate::engine::line::{Said, Word};
use crate::engine::report;
use crate::worker::hands::Tools;

/// No write takes longer, so that no job waits longer for one.
pub(super) const WRITE: Duration = Duration::from_secs(15);
/// Between two writes, as GitHub asks of its clients.
const BETWEEN: Duration = Duration::from_secs(1);

impl Line {
    /// Takes back what was said, where nobody else says how it ended.
    pub(super) async fn withdraw(&mut self, job: &JobId) -> Result<(), LineError> {
        self.write(job, None).await
    }

    pub(super) async fn write(
        &mut self,
        job: &JobId,
        word: Option<&Word>,
    ) -> Result<(), LineError> {
        let written = tokio::time::timeout(WRITE, self.write_now(job, word)).await;
        if written.map_err(|_| LineError::Slow)?? {
            tokio::time::sleep(BETWEEN).await;
        }
        Ok(())
    }

    /// Whether something was written.
    async fn write_now(&mut self, job: &JobId, word: Option<&Word>) -> Result<bool, LineError> {
        let Some(note) = self.waiting.notes.get(job) else { return Ok(false) };
        let (repository, issue) = (note.task.repository.clone(), note.task.thread());
        let known = note.comment;
        // First the pen, then the look: whoever begins does it the other way round.
        let _pen = self.pens.take(job);
        let at_work = self.board.leases().iter().any(|it| it.0 == *job);
        let found = self.find(job).await?;
        let begun = match word {
            Some(_) => found.is_some_and(|it| it.state != JobState::Queued),
            None => found.is_some_and(|it| !it.state.is_final()),
        };
        if at_work || begun {
            return Ok(false);
        }
        let tools = self.tools.now();
        let there = comment(&tools, &repository, issue, job, known).await?;
        let now = (self.clock)();
        let said = there.as_ref().and_then(|it| Said::read(&it.body));
        let Some(note) = self.waiting.notes.get_mut(job) else { return Ok(false) };
        note.comment = there.as_ref().map(|it| it.comment.id);
        // The job's own word, of an earlier life: it is newer than any place in line.
        note.taken = there.is_some() && said.is_none();
        if note.taken {
            return Ok(false);
        }
        let (body, new) = match (word, said) {
            (Some(word), said) if said.is_none_or(|it| it.is_due(word, now)) => {
                let new = Said::of(word, now, said.is_some());
                (report::in_line(job, &tools.masthead, word, &new), Some(new))
            }
            (Some(_), said) => {
                note.said = said;
                return Ok(false);
            }
            (None, None) => return Ok(false),
            (None, Some(_)) => (report::out_of_line(job, &tools.masthead), None),
        };
        let (body, marker) = (tools.redactor.text(&body), report::marker(job));
        let id = tools.host.say(&repository, issue, &marker, note.comment, &body).await?;
        (note.comment, note.said) = (Some(id), new);
        Ok(true)
    }
}

/// Our own comment under an issue that carries the job's marker.
async fn comment(
    tools: &Tools,
    repository: &Repository,
    issue: u64,
    job: &JobId,
    known: Option<u64>,
) -> Result<Option<Remark>, HostError> {
    if let Some(id) = known {
        let comment = CommentRef { kind: CommentKind::IssueComment, id };
        match tools.host.remark(repository, issue, comment).await {
            Ok(found) => return Ok(Some(found)),
            // Somebody deleted it.
            Err(HostError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let (me, marker) = (tools.host.me().await?, report::marker(job));
    let is_ours = |it: &Remark| match (&me, &it.author) {
        (Some(me), Some(author)) => me.id == author.person.id,
        (None, Some(author)) => author.bot,
        (_, None) => false,
    };
    let remarks = tools.host.remarks(repository, issue, None).await?;
    Ok(remarks.into_iter().find(|it| is_ours(it) && it.body.trim().ends_with(&marker)))
}
