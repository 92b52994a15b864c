//! A comment on a pull request: what it asks for, and all that was said before it.

use std::time::Duration;

use crate::code_host::{HostError, Pull, Remark};
use crate::domain::job::{
    Answer, Asked, ClosedIssue, Conversation, Event, Failure, Fault, Inspection, Outcome, Refusal,
    Said, Story, Told,
};
use crate::domain::task::{CommentRef, comment_key};
use crate::engine::authority;
use crate::engine::closing;
use crate::engine::normalise;
use crate::engine::request::{self, Request};
use crate::store::job_id;
use crate::worker::hands::inspect::Ground;
use crate::worker::hands::{ASK, Hands};

/// How much of what was said before goes along, the newest first: more than a small model reads.
const MOST_EARLIER: usize = 20;
/// How much of a diff goes into the journal, in bytes: no small model reads more.
const MOST_DIFF: usize = 128 << 10;
/// How often, and after how long, it is asked again whether a pull request merges.
const MOST_LOOKS: u32 = 3;
const LOOK: Duration = Duration::from_secs(1);
/// How many requests are done in one go.
const MOST_TOGETHER: usize = 10;

impl Hands {
    pub(super) async fn inspect_comment(
        &mut self,
        number: u64,
        comment: CommentRef,
        story: &Story,
    ) -> Result<Event, Failure> {
        // From here on nobody else takes this request along.
        let (store, key) = (&self.tools.store, story.task.key());
        if store.claim(self.lease.fence(), std::slice::from_ref(&key)).await?.is_empty()
            && let Some(other) = store.claimed_by(&key).await?
        {
            return Ok(Event::Ended(Outcome::Joined(other)));
        }
        if !story.task.asking.is_empty() && !self.tools.store.is_vouched(&story.task).await? {
            return Ok(nobody_hears(
                "a comment is asked once, and only the operator repeats it".into(),
            ));
        }
        let mut ground = self.tools.ground(&story.task).await?;
        let pull = match self.pull(&ground, number).await {
            Ok(pull) => pull,
            Err(HostError::NotFound(what)) => {
                return Ok(nobody_hears(format!("{what} is not there")));
            }
            Err(error) => return Err(error.into()),
        };
        let mut remark = match self.tools.host.remark(&ground.repository, number, comment).await {
            Ok(remark) => remark,
            Err(HostError::NotFound(what)) => {
                return Ok(nobody_hears(format!("{what} is not there")));
            }
            Err(error) => return Err(error.into()),
        };
        let Some(request) = request::read(&remark.body) else {
            return Ok(nobody_hears("the comment does not ask for anything".to_owned()));
        };
        let facts = self.facts_of_comment(&mut ground, &pull, &remark, story).await?;
        ground.network = authority::may_use_network(&facts, &self.tools.authority);
        let works = match &request {
            Request::Change(_) | Request::Retry => true,
            Request::Model { text, .. } => text.is_some(),
            Request::Question(_) | Request::Stop | Request::Status | Request::Unknown(_) => false,
        };
        let judge = if works { authority::judge } else { authority::judge_command };
        if let Err(refusal) = judge(&facts, &self.tools.authority) {
            return Ok(Event::Ended(Outcome::Refused(refusal)));
        }
        let answer = match request {
            Request::Change(text) => {
                return self.converse(&mut ground, pull, remark, text, story).await;
            }
            Request::Model { name, text } => match self.rung(&name) {
                None => Answer::NoSuchModel { name, known: self.tools.ladder.clone() },
                Some(rung) => {
                    let name = self.tools.ladder[rung].clone();
                    let (store, thread) = (&self.tools.store, story.task.thread());
                    store.prefer_model(&ground.repository, thread, &name).await?;
                    if let Some(text) = text {
                        return self.converse(&mut ground, pull, remark, text, story).await;
                    }
                    Answer::Model { name }
                }
            },
            Request::Retry => match self.last_asked(&mut ground, &pull, story).await? {
                Some((text, spot)) => {
                    remark.spot = remark.spot.or(spot);
                    return self.converse(&mut ground, pull, remark, text, story).await;
                }
                None => Answer::NothingToRetry,
            },
            Request::Stop => self.stop_others(&remark, story).await?,
            Request::Status => self.status(story).await?,
            Request::Question(_) => Answer::Question,
            Request::Unknown(word) => Answer::Unknown { word },
        };
        Ok(Event::Ended(match authority::judge_answer(&facts, &self.tools.authority) {
            Ok(()) => Outcome::Answered(answer),
            Err(refusal) => Outcome::Refused(refusal),
        }))
    }

    /// The pull request. GitHub begins to find out whether it merges when it is first asked.
    async fn pull(&self, ground: &Ground, number: u64) -> Result<Pull, HostError> {
        let host = &self.tools.host;
        let mut pull = host.pull(&ground.repository, number).await?;
        for _ in 0..MOST_LOOKS {
            if pull.mergeable.is_some() || !pull.open {
                break;
            }
            tokio::time::sleep(LOOK).await;
            pull = host.pull(&ground.repository, number).await?;
        }
        Ok(pull)
    }

    /// All that the work needs to know: what is asked for here and in the comments that wait
    /// behind this one, and what was said before.
    async fn converse(
        &mut self,
        ground: &mut Ground,
        pull: Pull,
        remark: Remark,
        text: String,
        story: &Story,
    ) -> Result<Event, Failure> {
        let host = self.tools.host.clone();
        let diff = host.diff(&ground.repository, pull.number).await?;
        let remarks = host.remarks(&ground.repository, pull.number, None).await?;
        // What the operator repeats is newer than any stop under it.
        if story.task.asking.is_empty() && self.is_stopped(ground, &remark, &remarks).await? {
            return Ok(Event::Cancelled);
        }
        let mut requests = Vec::from_iter(asked(story.job.clone(), &remark, text));
        requests.extend(self.waiting(ground, &remark, &remarks).await?);
        let earlier = self.earlier(ground, &remark, &remarks).await?;
        let thread = pull.number;
        let preferred = self.tools.store.preferred_model(&ground.repository, thread).await?;
        let body = normalise::markdown(&pull.body);
        let words = requests.iter().map(words).collect::<Vec<_>>().join("\n\n");
        let title = words.lines().find(|it| !it.trim().is_empty()).unwrap_or_default();
        let conversation = Conversation {
            pull: pull.number,
            title: normalise::line(&pull.title),
            closes: self.closes(ground, &body.text).await?,
            body: body.text,
            fork: pull.head_repository.clone().filter(|_| pull.fork),
            head: pull.head,
            base: pull.base,
            conflicts: pull.mergeable == Some(false),
            diff: visible(&diff),
            requests,
            earlier,
            rung: preferred.and_then(|name| self.rung(&name)),
        };
        Ok(Event::Inspected(Inspection {
            title: normalise::line(title),
            body: words.clone(),
            removed: body.removed,
            open: pull.open,
            asked_by: self.asker.clone(),
            asked_at: None,
            default_branch: ground.facts.default_branch.clone(),
            public: ground.facts.public,
            network: ground.network,
            conversation: Some(conversation),
        }))
    }

    /// Whether somebody who may said stop after this request, while it waited for its turn.
    async fn is_stopped(
        &mut self,
        ground: &mut Ground,
        own: &Remark,
        remarks: &[Remark],
    ) -> Result<bool, Failure> {
        let stops = remarks.iter().filter(|it| {
            let later = own.created_at < it.created_at && !it.edited;
            later && matches!(request::read(&it.body), Some(Request::Stop))
        });
        for stop in stops {
            let asker = self.tools.asker_of(ground, stop.author.as_ref()).await?;
            if asker.is_some_and(|it| it.is_trusted(&self.tools.authority)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The requests that were written after this one and that nobody has begun: they become this
    /// job's, and their own messages find that out.
    async fn waiting(
        &mut self,
        ground: &mut Ground,
        own: &Remark,
        remarks: &[Remark],
    ) -> Result<Vec<Asked>, Failure> {
        let mut found = Vec::new();
        let later = remarks.iter().filter(|it| {
            it.comment != own.comment && own.created_at <= it.created_at && !it.edited
        });
        for remark in later {
            let Some(Request::Change(text)) = request::read(&remark.body) else { continue };
            let asker = self.tools.asker_of(ground, remark.author.as_ref()).await?;
            let allowed = asker.is_some_and(|it| it.is_trusted(&self.tools.authority));
            let hidden = normalise::markdown(&remark.body).is_suspicious();
            if allowed && !hidden && found.len() + 1 < MOST_TOGETHER {
                let key = comment_key(&ground.repository, remark.comment);
                found.extend(asked(job_id(&key), remark, text).map(|it| (key, it)));
            }
        }
        let keys = found.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        let ours = self.tools.store.claim(self.lease.fence(), &keys).await?;
        Ok(found.into_iter().filter(|(key, _)| ours.contains(key)).map(|(_, it)| it).collect())
    }

    /// What people who may push said before, oldest first.
    async fn earlier(
        &mut self,
        ground: &mut Ground,
        own: &Remark,
        remarks: &[Remark],
    ) -> Result<Vec<Said>, Failure> {
        let mut earlier = Vec::new();
        let before = remarks.iter().rev().filter(|it| {
            it.comment != own.comment
                && it.created_at <= own.created_at
                && !request::is_ours(&it.body)
        });
        for remark in before {
            let asker = self.tools.asker_of(ground, remark.author.as_ref()).await?;
            let Some(asker) = asker.filter(|it| it.may_push && !it.bot) else { continue };
            let text = normalise::markdown(&remark.body).text;
            if !text.trim().is_empty() {
                earlier.push(Said { by: asker.person, at: remark.created_at, text });
            }
            if earlier.len() == MOST_EARLIER {
                break;
            }
        }
        earlier.reverse();
        Ok(earlier)
    }

    /// The issue that the pull request says it closes. A stranger's words count for nothing here.
    pub(super) async fn closes(
        &mut self,
        ground: &mut Ground,
        body: &str,
    ) -> Result<Option<ClosedIssue>, Failure> {
        let Some(number) = closing::closes(body) else { return Ok(None) };
        let issue = match self.tools.host.issue(&ground.repository, number, ASK).await {
            Ok(issue) => issue,
            Err(error) if error.fault() == Fault::Permanent => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let author = self.tools.asker_of(ground, issue.author.as_ref()).await?;
        let text = normalise::markdown(&issue.body);
        let trusted = author.is_some_and(|it| it.may_push) || !ground.facts.public;
        if !trusted || text.is_suspicious() {
            return Ok(None);
        }
        let title = normalise::line(&issue.title);
        Ok(Some(ClosedIssue { number, title, body: text.text }))
    }
}

/// The message speaks of what is not so: an answer would be all that its sender could bring about.
fn nobody_hears(reason: String) -> Event {
    Event::Ended(Outcome::Refused(Refusal { reason, told: Told::Nobody }))
}

fn asked(job: crate::domain::job::JobId, remark: &Remark, text: String) -> Option<Asked> {
    Some(Asked {
        job,
        comment: remark.comment,
        url: remark.url.clone(),
        by: remark.author.as_ref()?.person.clone(),
        at: remark.created_at,
        text,
        spot: remark.spot.clone(),
    })
}

/// A request with the file that it is about, so that it is found.
pub(super) fn words(asked: &Asked) -> String {
    match &asked.spot {
        Some(spot) => format!("{}\n\n(about {})", asked.text, spot.path),
        None => asked.text.clone(),
    }
}

/// The beginning of a diff, with nothing in it that cannot be seen.
fn visible(diff: &str) -> String {
    normalise::visible(&diff[..diff.floor_char_boundary(MOST_DIFF)])
}
