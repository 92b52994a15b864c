//! Who asks, for what, and may he? Read freshly from the code host, and judged by the engine.

use std::collections::HashMap;

use crate::audit::Decision;
use crate::code_host::{Actor, HostError, Issue, Pull, Remark, RepositoryFacts};
use crate::domain::job::{Event, Failure, Inspection, Outcome, Person, Refusal, Story, Told};
use crate::domain::task::{Origin, Repository, Task};
use crate::domain::time::Timestamp;
use crate::engine::authority::{self, Approval, Asker, Facts, Subject};
use crate::engine::normalise;
use crate::engine::report;
use crate::engine::request;
use crate::worker::hands::{ASK, Hands, Tools};

/// How many approvals are looked at, the newest first.
const MOST_APPROVALS: usize = 20;
/// A day, in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// What is true of a repository whoever asks, and what was found out about people so far.
pub(super) struct Ground {
    pub(super) repository: Repository,
    pub(super) facts: RepositoryFacts,
    pinned: u64,
    pinned_names: Vec<Repository>,
    me: Option<Person>,
    may_push: HashMap<u64, bool>,
    /// Whether its checks may use the network; known once the facts are.
    pub(super) network: bool,
}

impl Hands {
    /// Reads what is asked for and by whom; begins the work, answers it, or refuses.
    pub(super) async fn inspect(&mut self, story: &Story) -> Result<Event, Failure> {
        let event = match story.task.origin {
            Origin::Issue { number } => self.inspect_issue(number, story).await?,
            Origin::PrComment { pull, comment } => {
                self.inspect_comment(pull, comment, story).await?
            }
        };
        self.note_inspection(story, &event).await?;
        Ok(event)
    }

    async fn note_inspection(&self, story: &Story, event: &Event) -> Result<(), Failure> {
        let (decision, why) = match event {
            Event::Ended(Outcome::Refused(it)) => (Decision::Refused, it.reason.clone()),
            Event::Ended(Outcome::Joined(job)) => {
                (Decision::Joined, format!("done together with job {job}"))
            }
            Event::Ended(outcome) => (Decision::Answered, report::outcome(outcome)),
            Event::Cancelled => (Decision::Ended, "stopped before it began".to_owned()),
            _ => (Decision::Allowed, "may ask for work here".to_owned()),
        };
        self.audit(story, decision, "", &why).await
    }

    async fn inspect_issue(&mut self, number: u64, story: &Story) -> Result<Event, Failure> {
        let judged = self.tools.judge_issue(number, &story.task).await?;
        self.asker = judged.asker;
        Ok(match judged.verdict {
            Ok(inspection) => Event::Inspected(*inspection),
            Err(refusal) => Event::Ended(Outcome::Refused(refusal)),
        })
    }

    /// What is to be judged about a comment; the rest is the caller's to fill in.
    pub(super) async fn facts_of_comment(
        &mut self,
        ground: &mut Ground,
        pull: &Pull,
        remark: &Remark,
        story: &Story,
    ) -> Result<Facts, Failure> {
        self.asker = remark.author.as_ref().map(|it| it.person.clone());
        let mut facts = self.tools.facts(ground, &story.task).await?;
        facts.asker = self.tools.asker_of(ground, remark.author.as_ref()).await?;
        facts.edited_after = remark.edited || authority::is_another_body(&story.task, &remark.body);
        facts.suspicious = normalise::markdown(&remark.body).is_suspicious();
        facts.digest = normalise::digest("", &remark.body);
        facts.subject = Subject::Pull {
            open: pull.open,
            merged: pull.merged,
            fork: pull.fork,
            maintainer_can_modify: pull.maintainer_can_modify,
            head_gone: pull.head_repository.is_none(),
            thread_matches: remark.thread == pull.number,
        };
        if facts.suspicious {
            self.tools.read_approvals(ground, pull.number, &mut facts).await?;
        }
        Ok(facts)
    }
}

/// What became of the question whether an issue may be worked on.
pub(in crate::worker) struct Judged {
    /// Who asks, where that can be told; the operator where he vouched for it.
    pub(in crate::worker) asker: Option<Person>,
    /// What is to be done, or why it is not.
    pub(in crate::worker) verdict: Result<Box<Inspection>, Refusal>,
}

/// Looks and judges, and changes nothing at the code host: whoever asks before a job begins gets
/// the same answer as the job.
impl Tools {
    /// Reads an issue and who asked for work on it, and judges that.
    pub(in crate::worker) async fn judge_issue(
        &self,
        number: u64,
        task: &Task,
    ) -> Result<Judged, Failure> {
        let mut ground = self.ground(task).await?;
        let issue = match self.host.issue(&ground.repository, number, ASK).await {
            Ok(issue) => issue,
            // What is not there was labelled by nobody, and a pull request is no issue.
            Err(error @ (HostError::NotFound(_) | HostError::Refused { status: 422, .. })) => {
                let refusal = Refusal { reason: error.to_string(), told: Told::Nobody };
                return Ok(Judged { asker: None, verdict: Err(refusal) });
            }
            Err(error) => return Err(error.into()),
        };
        let title = normalise::line(&issue.title);
        let body = normalise::markdown(&issue.body);
        let labelled = issue.labelled.as_ref();
        let mut asker = labelled.map(|it| it.by.person.clone());
        let mut facts = self.facts(&ground, task).await?;
        facts.digest = normalise::digest(&issue.title, &issue.body);
        facts.suspicious = body.is_suspicious();
        facts.subject = Subject::Issue {
            open: issue.open,
            is_labelled: issue.labels.iter().any(|it| is_ask(it)),
        };
        facts.edited_after = match (labelled, issue.edited_at) {
            (Some(labelling), Some(edited)) => labelling.at <= edited,
            _ => false,
        } || authority::is_another_body(task, &issue.body);
        facts.asker = self.asker_of(&mut ground, labelled.map(|it| &it.by)).await?;
        let vouched = self.store.is_vouched(task).await?;
        if vouched {
            asker = Some(vouched_for(&mut facts));
        }
        self.about_the_author(&mut ground, &issue, number, &mut facts).await?;
        if let Err(refusal) = authority::judge(&facts, &self.authority) {
            return Ok(Judged { asker, verdict: Err(refusal) });
        }
        if let Some(reason) = self.bounds.excess(&title, &body.text) {
            let refusal = Refusal { reason, told: Told::Everyone };
            return Ok(Judged { asker, verdict: Err(refusal) });
        }
        let inspection = Inspection {
            title,
            body: body.text,
            removed: body.removed,
            open: issue.open,
            asked_by: labelled.map(|it| it.by.person.clone()),
            // What the operator repeats was not waited for since the label was set.
            asked_at: labelled.map(|it| it.at).filter(|_| !vouched),
            default_branch: ground.facts.default_branch,
            public: ground.facts.public,
            network: authority::may_use_network(&facts, &self.authority),
            conversation: None,
        };
        Ok(Judged { asker, verdict: Ok(Box::new(inspection)) })
    }

    /// Whether whoever wrote the text may push, or somebody who may has approved of it.
    async fn about_the_author(
        &self,
        ground: &mut Ground,
        issue: &Issue,
        number: u64,
        facts: &mut Facts,
    ) -> Result<(), Failure> {
        facts.author = self.asker_of(ground, issue.author.as_ref()).await?;
        let trusted = facts.author.as_ref().is_some_and(|it| it.may_push);
        if (trusted || !facts.public) && !facts.suspicious {
            return Ok(());
        }
        self.read_approvals(ground, number, facts).await
    }

    /// Who approved of which text under an issue or a pull request.
    async fn read_approvals(
        &self,
        ground: &mut Ground,
        thread: u64,
        facts: &mut Facts,
    ) -> Result<(), Failure> {
        let remarks = self.host.remarks(&ground.repository, thread, None).await?;
        let approvals =
            remarks.iter().rev().filter_map(|it| Some((it, request::approval(&it.body)?)));
        for (remark, digest) in approvals.take(MOST_APPROVALS) {
            if let Some(by) = self.asker_of(ground, remark.author.as_ref()).await? {
                facts.approvals.push(Approval { by, digest, edited: remark.edited });
            }
        }
        Ok(())
    }

    pub(super) async fn ground(&self, task: &Task) -> Result<Ground, Failure> {
        let repository = task.repository.clone();
        let facts = self.host.repository(&repository).await?;
        let pinned = self.store.pin(&repository, facts.id).await?;
        let pins = self.store.pins().await?;
        let named = pins.into_iter().filter(|(_, id)| *id == facts.id);
        let pinned_names = named.filter_map(|(name, _)| name.parse().ok()).collect();
        let me = self.host.me().await?;
        let may_push = HashMap::new();
        let network = false;
        Ok(Ground { repository, facts, pinned, pinned_names, me, may_push, network })
    }

    async fn facts(&self, ground: &Ground, task: &Task) -> Result<Facts, Failure> {
        let since = Timestamp((self.clock)().0 - DAY_MS);
        let (store, thread) = (&self.store, task.thread());
        Ok(Facts {
            repository: ground.repository.clone(),
            repository_id: ground.facts.id,
            pinned: Some(ground.pinned),
            pinned_names: ground.pinned_names.clone(),
            thread,
            public: ground.facts.public,
            archived: ground.facts.archived,
            may_push: ground.facts.may_push,
            asker: None,
            edited_after: false,
            author: None,
            approvals: Vec::new(),
            digest: String::new(),
            subject: Subject::Issue { open: false, is_labelled: false },
            suspicious: false,
            runs_today: store.runs_since(&ground.repository, thread, since).await? + 1,
            refusals_today: store.refusals_since(&ground.repository, thread, since).await?,
            answers_today: store.answers_since(&ground.repository, thread, since).await?,
        })
    }

    /// Who somebody is to us. Asked of the code host once a job for each person.
    pub(super) async fn asker_of(
        &self,
        ground: &mut Ground,
        actor: Option<&Actor>,
    ) -> Result<Option<Asker>, Failure> {
        let Some(Actor { person, bot }) = actor else { return Ok(None) };
        let may_push = match ground.may_push.get(&person.id) {
            Some(known) => *known,
            None => {
                let found = self.host.permission(&ground.repository, person).await?;
                *ground.may_push.entry(person.id).or_insert(found.may_push())
            }
        };
        let is_us = ground.me.as_ref().is_some_and(|me| me.id == person.id);
        Ok(Some(Asker { person: person.clone(), bot: *bot, may_push, is_us }))
    }
}

/// The operator asked for it on this machine: that stands for the label, and for the text of
/// people who may push. A stranger's text needs its approval all the same. Says who asks now.
fn vouched_for(facts: &mut Facts) -> Person {
    let person = Person { id: 0, login: "operator".to_owned() };
    facts.asker = Some(Asker { person: person.clone(), bot: false, may_push: true, is_us: false });
    facts.edited_after = false;
    if let Subject::Issue { is_labelled, .. } = &mut facts.subject {
        *is_labelled = true;
    }
    person
}

/// GitHub's labels do not tell `Bug` from `bug`.
fn is_ask(label: &str) -> bool {
    label.to_lowercase() == ASK
}
