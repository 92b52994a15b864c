//! What is told to people who are not looking: which happenings make a notice, and in which words.
//!
//! A notice holds strangers' words as they are, in one line each; what a service could take for
//! an order is made harmless where its text is put together (`notice::inert`).

use serde::{Deserialize, Serialize};

use crate::domain::job::{Complaint, Outcome, Story};
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;
use crate::engine::normalise;
use crate::engine::report::Language;

pub mod inert;
mod model;
mod template;
mod words;

pub use model::{ModelWatch, ModelWord};
pub use template::{Template, cut};

#[cfg(test)]
mod tests;

/// The longest title and the longest reason of a notice, in characters.
const MOST_TITLE: usize = 200;
const MOST_REASON: usize = 600;

/// The kinds of things that are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A job came to nothing.
    Failure,
    /// A job did what was asked for.
    Success,
    /// A job left work that is not finished.
    Incomplete,
    /// Whoever asked may not, or what was asked for is not to be done.
    Refused,
    /// A message went to the dead letters.
    DeadLetter,
    /// The worker stopped.
    WorkerStopped,
    /// The worker started, and had not been stopped properly before.
    WorkerStarted,
    /// Jobs wait for a model that does not answer.
    ModelUnreachable,
    /// It answers again.
    ModelBack,
    /// More happened than a channel may be told in an hour. Always told.
    Summary,
    /// Somebody tries the channel out. Always told.
    Test,
}

impl Kind {
    /// Those that a channel may choose from, by the names that people type.
    pub const CHOICE: [(&str, Self); 9] = [
        ("failure", Self::Failure),
        ("success", Self::Success),
        ("incomplete", Self::Incomplete),
        ("refused", Self::Refused),
        ("dead_letter", Self::DeadLetter),
        ("worker_stopped", Self::WorkerStopped),
        ("worker_started", Self::WorkerStarted),
        ("model_unreachable", Self::ModelUnreachable),
        ("model_back", Self::ModelBack),
    ];

    /// What a channel is told when it does not say: all that a person should look at. Success is
    /// not of it, as the code host tells of the pull request itself; neither is what was refused,
    /// as any stranger can bring that about.
    pub const USUAL: [Self; 7] = [
        Self::Failure,
        Self::Incomplete,
        Self::DeadLetter,
        Self::WorkerStopped,
        Self::WorkerStarted,
        Self::ModelUnreachable,
        Self::ModelBack,
    ];

    /// The name that people type and programs read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Test => "test",
            kind => Self::CHOICE.iter().find(|it| it.1 == kind).map_or("", |it| it.0),
        }
    }

    /// Whether somebody should look at it soon.
    pub fn is_bad(self) -> bool {
        !matches!(self, Self::Success | Self::ModelBack | Self::Test | Self::Summary)
    }
}

/// Something to tell, before it is put into the words of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Of which kind it is.
    pub kind: Kind,
    /// When it happened.
    pub at: Timestamp,
    /// The worker's name.
    pub worker: String,
    /// `owner/name`; empty where it is about no repository.
    pub repository: String,
    /// The issue or the pull request; 0 where it is about none.
    pub issue: u64,
    /// The job, or what the queue calls the message; may be empty.
    pub job: String,
    /// The issue's title, or the model's name: strangers' words. May be empty.
    pub title: String,
    /// How it ended, in a few words of ours.
    pub outcome: String,
    /// Why, in a sentence or some; holds strangers' words. May be empty.
    pub reason: String,
    /// Where a person reads more; may be empty.
    pub url: String,
}

/// What has happened.
#[derive(Clone, Debug)]
pub enum Happening<'a> {
    /// A job is over, and all is told on the code host.
    JobOver(&'a Story),
    /// A message went to the dead letters.
    Buried {
        /// What the queue calls it.
        message: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// The worker stops.
    Stopped {
        /// Whether it was told to.
        told_to: bool,
    },
    /// The worker starts, and was not stopped properly.
    StartedAgain {
        /// When it is known to have run last.
        seen: Timestamp,
    },
    /// Jobs have waited for a model for some time.
    ModelUnreachable {
        /// What the last try said.
        why: &'a str,
        /// When the first of these failed.
        since: Timestamp,
    },
    /// It answers again.
    ModelBack {
        /// Since when it had not.
        since: Timestamp,
    },
    /// Somebody tries a channel out.
    Test {
        /// The channel's name.
        channel: &'a str,
    },
    /// So many notices were held back.
    Held(&'a [Notice]),
}

/// Who tells, to whom, and when.
#[derive(Clone, Debug)]
pub struct Teller<'a> {
    /// The worker's name.
    pub worker: &'a str,
    /// Of what people read.
    pub language: Language,
    /// When it happened.
    pub at: Timestamp,
    /// Where people read the code host's pages, such as `https://github.com`; empty: nowhere.
    pub site: &'a str,
}

/// The notice that a happening makes. `None`: nothing to tell, as when somebody cancelled a job,
/// or another job answers for it.
pub fn notice(happening: &Happening<'_>, teller: &Teller<'_>) -> Option<Notice> {
    let blank = |kind| Notice {
        kind,
        at: teller.at,
        worker: line(teller.worker, MOST_TITLE),
        repository: String::new(),
        issue: 0,
        job: String::new(),
        title: String::new(),
        outcome: String::new(),
        reason: String::new(),
        url: String::new(),
    };
    let language = teller.language;
    let mut notice = match happening {
        Happening::JobOver(story) => {
            let outcome = story.outcome()?;
            of_story(story, outcome, teller, blank(kind_of(outcome)?))
        }
        Happening::Buried { message, reason } => Notice {
            job: line(message, MOST_TITLE),
            reason: line(reason, MOST_REASON),
            ..blank(Kind::DeadLetter)
        },
        Happening::Stopped { told_to } => {
            Notice { reason: words::stopped(*told_to, language), ..blank(Kind::WorkerStopped) }
        }
        Happening::StartedAgain { seen } => {
            Notice { reason: words::seen(*seen, language), ..blank(Kind::WorkerStarted) }
        }
        Happening::ModelUnreachable { why, since } => Notice {
            reason: line(why, MOST_REASON),
            title: words::since(*since, language),
            ..blank(Kind::ModelUnreachable)
        },
        Happening::ModelBack { since } => Notice {
            title: words::away(teller.at.since(*since), language),
            ..blank(Kind::ModelBack)
        },
        Happening::Test { channel } => {
            Notice { title: line(channel, MOST_TITLE), ..blank(Kind::Test) }
        }
        Happening::Held(held) => {
            Notice { reason: words::held(held, language), ..blank(Kind::Summary) }
        }
    };
    if notice.outcome.is_empty() {
        notice.outcome = words::of_kind(notice.kind, language).to_owned();
    }
    Some(notice)
}

fn of_story(story: &Story, outcome: &Outcome, teller: &Teller<'_>, blank: Notice) -> Notice {
    let (task, language) = (&story.task, teller.language);
    let title = story.inspection().map_or(task.title.as_str(), |it| it.title.as_str());
    Notice {
        repository: task.repository.to_string(),
        issue: task.thread(),
        job: story.job.0.clone(),
        title: line(title, MOST_TITLE),
        outcome: words::outcome(outcome, language),
        reason: line(&reason(story, outcome, language), MOST_REASON),
        url: url(story, outcome, teller.site),
        ..blank
    }
}

/// Which notice an outcome is. `None`: whoever ended the job knows, or another job answers.
fn kind_of(outcome: &Outcome) -> Option<Kind> {
    match outcome {
        Outcome::Ready(_)
        | Outcome::Unproven(_)
        | Outcome::Updated { ready: true, .. }
        | Outcome::Answered(_) => Some(Kind::Success),
        Outcome::Incomplete(_) | Outcome::BranchOnly(_) | Outcome::Updated { ready: false, .. } => {
            Some(Kind::Incomplete)
        }
        Outcome::GaveUp
        | Outcome::NothingToChange
        | Outcome::Stopped(_)
        | Outcome::Clashed { .. }
        | Outcome::Broke(_) => Some(Kind::Failure),
        Outcome::Refused(_) => Some(Kind::Refused),
        Outcome::Joined(_) | Outcome::Cancelled => None,
    }
}

fn reason(story: &Story, outcome: &Outcome, language: Language) -> String {
    match outcome {
        Outcome::Broke(failure) => failure.message.clone(),
        Outcome::Refused(refusal) => refusal.reason.clone(),
        Outcome::Stopped(stops) => stops.join(" "),
        Outcome::Clashed { why, .. } => why.clone(),
        Outcome::Incomplete(_) | Outcome::BranchOnly(_) | Outcome::GaveUp => {
            match story.verdict().and_then(|it| it.1) {
                Some(Complaint::Red { check, .. }) => words::red(*check, language),
                _ => String::new(),
            }
        }
        _ => String::new(),
    }
}

/// The pull request, or else the page of what was asked on.
fn url(story: &Story, outcome: &Outcome, site: &str) -> String {
    let pull = match outcome {
        Outcome::Ready(it) | Outcome::Unproven(it) | Outcome::Incomplete(it) => {
            Some(it.url.clone())
        }
        _ => story.pull_request().map(|it| it.url.clone()),
    };
    let page = || {
        let kind = if story.task.comment().is_some() { "pull" } else { "issues" };
        format!("{site}/{}/{kind}/{}", story.task.repository, story.task.thread())
    };
    let url = pull.unwrap_or_else(|| if site.is_empty() { String::new() } else { page() });
    if inert::is_plain_address(&url) { url } else { String::new() }
}

/// Whether a channel that wants these kinds, of these repositories (none: of all), is told. What
/// is about no repository is told to all.
pub fn is_wanted(notice: &Notice, kinds: &[Kind], repositories: &[Repository]) -> bool {
    let kind = matches!(notice.kind, Kind::Summary | Kind::Test) || kinds.contains(&notice.kind);
    let named = |it: &Repository| it.to_string().eq_ignore_ascii_case(&notice.repository);
    let about =
        notice.repository.is_empty() || repositories.is_empty() || repositories.iter().any(named);
    kind && about
}

/// The first line of a notice: what a subject or a title holds.
pub fn headline(notice: &Notice, language: Language) -> String {
    let text = words::headline(notice.kind, language).fill(notice, &str::to_owned, &str::to_owned);
    line(&text, 2 * MOST_TITLE)
}

/// A notice's text: by the operator's own template, or else by ours. What strangers wrote passes
/// `harmless` first; an address of ours passes `link`.
pub fn text(
    notice: &Notice,
    template: Option<&Template>,
    language: Language,
    harmless: &dyn Fn(&str) -> String,
    link: &dyn Fn(&str) -> String,
) -> String {
    match template.filter(|_| !matches!(notice.kind, Kind::Summary | Kind::Test)) {
        Some(template) => template.fill(notice, harmless, link),
        None => words::body(notice.kind, language).fill(notice, harmless, link),
    }
}

/// The notice with its texts in visible lines of bounded length, whoever wrote it down.
pub fn tidy(notice: Notice) -> Notice {
    let reason = match notice.kind {
        // Has a line for each of what it stands for.
        Kind::Summary => {
            let lines = notice.reason.lines().map(|it| line(it, 2 * MOST_TITLE));
            lines.collect::<Vec<_>>().join("\n")
        }
        _ => line(&notice.reason, MOST_REASON),
    };
    Notice {
        worker: line(&notice.worker, MOST_TITLE),
        repository: line(&notice.repository, MOST_TITLE),
        job: line(&notice.job, MOST_TITLE),
        title: line(&notice.title, MOST_TITLE),
        outcome: line(&notice.outcome, MOST_TITLE),
        reason,
        ..notice
    }
}

/// One visible line, bounded.
fn line(text: &str, most: usize) -> String {
    cut(&normalise::visible(text).split_whitespace().collect::<Vec<_>>().join(" "), most)
}
