//! Who may start work. Decided from facts that were read freshly from the code host, never from
//! the message on the queue, and fail closed: what cannot be told counts as no.
//!
//! The order of the rules is part of them. The first one that says no is the one whose sentence
//! people read, so whoever may not ask learns that, and nothing about the worker behind it.

use crate::domain::job::{Person, Refusal, Told};
use crate::domain::task::Repository;
use crate::domain::verification::Isolation;

mod asking;
mod place;
mod text;

pub use text::{body_digest, is_another_body};

/// What the code host says, and what we remember, when somebody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Where the work is to be done, by the name it has now.
    pub repository: Repository,
    /// Its numeric id, which no other repository ever gets.
    pub repository_id: u64,
    /// The id that was behind this name when we first saw the name. `None`: not seen before.
    pub pinned: Option<u64>,
    /// The names behind which we first saw this id.
    pub pinned_names: Vec<Repository>,
    /// The issue's or the pull request's number.
    pub thread: u64,
    /// Whether strangers can read the repository.
    pub public: bool,
    /// Whether it is read-only for everybody.
    pub archived: bool,
    /// Whether our token may push.
    pub may_push: bool,
    /// Who set the label or wrote the comment. `None`: it cannot be told.
    pub asker: Option<Asker>,
    /// Whether the issue's text was edited after the label was set, or the comment since it was
    /// written: by the code host's word, or because its digest is not the sender's.
    pub edited_after: bool,
    /// Who wrote the issue. `None`: it cannot be told. Of no account for a pull request.
    pub author: Option<Asker>,
    /// Everything under the thread that approves a text.
    pub approvals: Vec<Approval>,
    /// What an approval has to name: the first digits of the digest of the text in normal form.
    pub digest: String,
    /// What the work answers to.
    pub subject: Subject,
    /// Whether the text holds more invisible characters than come about by accident.
    pub suspicious: bool,
    /// How often work was begun on this thread within a day, this time included.
    pub runs_today: u64,
    /// How often somebody was refused on this thread within a day, before this time.
    pub refusals_today: u64,
    /// How often a comment that asked for no work was answered on this thread within a day, before
    /// this time.
    pub answers_today: u64,
}

/// Somebody who asks, writes or approves, and what he may do in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// Who.
    pub person: Person,
    /// Whether it is a program's account.
    pub bot: bool,
    /// Whether he has write, maintain or admin, by the code host's own answer.
    pub may_push: bool,
    /// Whether it is the account of the worker's own token.
    pub is_us: bool,
}

/// Somebody says that a text may be worked on as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Who.
    pub by: Asker,
    /// Which text.
    pub digest: String,
    /// Whether the comment was edited since it was written.
    pub edited: bool,
}

/// What the work answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An issue that was labelled.
    Issue {
        /// Whether it is open.
        open: bool,
        /// Whether the label is still on it.
        is_labelled: bool,
    },
    /// A pull request that a comment stands under.
    Pull {
        /// Whether it is open: neither merged nor closed.
        open: bool,
        /// Whether it was merged.
        merged: bool,
        /// Whether its branch is in another repository.
        fork: bool,
        /// Whether whoever may push to the repository may push to the fork's branch too.
        maintainer_can_modify: bool,
        /// Whether its branch, or the repository that it was in, is not there any more.
        head_gone: bool,
        /// Whether the comment does stand under this pull request.
        thread_matches: bool,
    },
}

/// What the operator allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Where work may be done. Empty: wherever the token may push.
    pub repositories: Vec<Allowed>,
    /// The ids of bots that may ask, write and approve like people.
    pub bots: Vec<u64>,
    /// Whether the account of the worker's own token may: one person, one token.
    pub own_account: bool,
    /// Whether pull requests from forks are worked on.
    pub forks: bool,
    /// What is around the agent here. Only where that is nothing, the next three are asked.
    pub level: Isolation,
    /// Whether jobs of public repositories may run without a cage, or need none.
    pub native_public: bool,
    /// The same for private ones.
    pub native_private: bool,
    /// Repositories whose jobs may, whatever these two say.
    pub native_allowed: Vec<Allowed>,
    /// Repositories whose checks may use the network.
    pub network_allowed: Vec<Allowed>,
    /// How often work is begun on one thread within a day.
    pub max_runs_per_day: u64,
    /// Whether refusals are answered where strangers can read and provoke them.
    pub answer_refused_in_public: bool,
    /// The label that asks for work.
    pub label: String,
}

/// A repository that the operator allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// By its name, `owner/name`, in any case.
    Name(String),
    /// By its numeric id, whatever its name.
    Id(u64),
}

/// One rule: why not, if not.
type Rule = fn(&Facts, &Policy) -> Option<Refusal>;

/// What has to hold for anything at all to be done for whoever asks.
const ASKING: [Rule; 4] = [asking::somebody_asks, asking::may_ask, place::allowed, text::unedited];
/// What has to hold, besides, for work.
const WORK: [Rule; 6] = [
    place::within_reach,
    place::caged,
    place::not_too_often,
    place::open,
    text::by_a_writer,
    text::plain,
];

/// Whether the work that is asked for may be done.
///
/// # Errors
/// When it may not: why, in a sentence, and who gets to read that.
pub fn judge(facts: &Facts, policy: &Policy) -> Result<(), Refusal> {
    first_refusal(ASKING.iter().chain(&WORK), facts, policy)
}

/// Whether a command may be obeyed that starts no work, such as to stop. It may where the pull
/// request is closed meanwhile, and where there was too much work today already.
///
/// # Errors
/// When it may not: why, in a sentence, and who gets to read that.
pub fn judge_command(facts: &Facts, policy: &Policy) -> Result<(), Refusal> {
    first_refusal(ASKING.iter(), facts, policy)
}

/// Whether the checks of this repository may use the network. Nothing in the repository has a say
/// in that.
pub fn may_use_network(facts: &Facts, policy: &Policy) -> bool {
    place::has_network(facts, policy)
}

/// Whether a command that was obeyed is answered. Whoever answers our answers with the next command
/// is told once, and not again.
///
/// # Errors
/// When there were enough answers today: why, in a sentence, and who gets to read that.
pub fn judge_answer(facts: &Facts, policy: &Policy) -> Result<(), Refusal> {
    let most = policy.max_runs_per_day;
    if facts.answers_today < most {
        return Ok(());
    }
    let unanswered = facts.public && !policy.answer_refused_in_public;
    let reason = format!(
        "{} was answered {most} times in a day without work, and `trust.max_runs_per_day` is \
         {most}: commands are obeyed still, and answered again tomorrow",
        facts.name()
    );
    let told = if unanswered { Told::Nobody } else { Told::OncePerThread };
    Err(Refusal { reason, told })
}

fn first_refusal<'a>(
    mut rules: impl Iterator<Item = &'a Rule>,
    facts: &Facts,
    policy: &Policy,
) -> Result<(), Refusal> {
    let Some(refusal) = rules.find_map(|rule| rule(facts, policy)) else { return Ok(()) };
    let unanswered = facts.public && !policy.answer_refused_in_public;
    let flooded = policy.max_runs_per_day < facts.refusals_today;
    let told = if unanswered || flooded { Told::Nobody } else { refusal.told };
    Err(Refusal { told, ..refusal })
}

impl Asker {
    /// Whether his words may be worked on: the same for asking, writing and approving.
    pub fn is_trusted(&self, policy: &Policy) -> bool {
        let obeyed = policy.own_account || !self.is_us;
        self.may_push && obeyed && (!self.bot || policy.bots.contains(&self.person.id))
    }

    /// His login, fit for a sentence.
    fn name(&self) -> String {
        let name = printable(&self.person.login, 40);
        if name.is_empty() { format!("account {}", self.person.id) } else { name }
    }
}

impl Facts {
    /// Whether somebody who may do so said that the text may be worked on as it stands.
    fn is_approved(&self, policy: &Policy) -> bool {
        self.approvals.iter().any(|it| {
            let same = !self.digest.is_empty() && it.digest.eq_ignore_ascii_case(&self.digest);
            same && !it.edited && it.by.is_trusted(policy)
        })
    }

    fn is_issue(&self) -> bool {
        matches!(self.subject, Subject::Issue { .. })
    }

    /// `issue 7 of acme/api`.
    fn name(&self) -> String {
        let kind = if self.is_issue() { "issue" } else { "pull request" };
        format!("{kind} {} of {}", self.thread, self.repository)
    }

    /// How to ask once more.
    fn ask_again(&self, policy: &Policy) -> String {
        match self.is_issue() {
            true => format!("set the label `{}` again", printable(&policy.label, 50)),
            false => "write a new comment".to_owned(),
        }
    }
}

/// What of a stranger's name can stand in a sentence of ours.
fn printable(name: &str, most: usize) -> String {
    name.chars()
        .filter(|it| it.is_ascii_alphanumeric() || "-_[]".contains(*it))
        .take(most)
        .collect()
}

fn refused(reason: String) -> Option<Refusal> {
    Some(Refusal { reason, told: Told::Everyone })
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod tests;
