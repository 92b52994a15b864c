//! What it takes to connect a repository: from what is there, the list of steps.
//!
//! `plan` looks at facts alone, so that a dry run, a check and the doing see the same list. What
//! somebody set up by hand is left alone: a step adds what is missing, changes what was asked for
//! by name, and says the rest.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::task::Repository;

pub mod diff;
pub mod facts;
mod own;
mod repository;
mod settings;
pub mod terraform;
pub mod words;
mod workflows;

pub use facts::{
    Actions, Branches, Cloud, Environment, Facts, Proposal, Proposed, Seen, Subject, Token,
};
pub use own::{Own, own};
pub use settings::region_of;

/// The environment that the workflows run in.
pub const ENVIRONMENT: &str = "codingworker";
/// The branch that proposes the workflow files.
pub const BRANCH: &str = "codingworker/setup";
/// The repository's variables that the workflows read.
pub const ROLE_ARN: &str = "CW_ROLE_ARN";
/// As `ROLE_ARN`.
pub const REGION: &str = "CW_REGION";
/// As `ROLE_ARN`.
pub const QUEUE_URL: &str = "CW_QUEUE_URL";
/// All of them.
pub const VARIABLES: [&str; 3] = [ROLE_ARN, REGION, QUEUE_URL];
/// The workflow files, by path.
pub const WORKFLOWS: [(&str, &str); 2] = [
    (".github/workflows/ai-task.yml", include_str!("../../infra/github/ai-task.yml")),
    (".github/workflows/ai-fix.yml", include_str!("../../infra/github/ai-fix.yml")),
];
/// The labels.
pub const LABELS: [Label; 3] = [
    Label {
        name: "ai-task",
        color: "1d76db",
        description: "Asks CodingWorker to turn this issue into a pull request",
    },
    Label {
        name: "ai-task-done",
        color: "0e8a16",
        description: "CodingWorker has opened a pull request for this issue",
    },
    Label {
        name: "ai-task-failed",
        color: "d93f0b",
        description: "CodingWorker could not do this; its comment says why",
    },
];

/// A label of the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// As people see it.
    pub name: &'static str,
    /// Red, green and blue in hexadecimal.
    pub color: &'static str,
    /// At most 100 characters.
    pub description: &'static str,
}

/// How tasks get from the repository to the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// A workflow sends them to a queue of AWS's.
    Queue(Settings),
    /// The worker asks GitHub itself.
    Poll,
}

/// What the workflows need to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The role that may send.
    pub role_arn: Value,
    /// The queue's region.
    pub region: Value,
    /// The queue.
    pub queue_url: Value,
}

/// A value, and whether the operator named it for this very purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// On the command line: it replaces another.
    Asked(String),
    /// In the worker's configuration: it replaces nothing.
    Configured(String),
    /// Nowhere.
    #[default]
    Unknown,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it is about.
    pub name: String,
    /// How it stands.
    pub state: State,
    /// That in words.
    pub detail: String,
    /// What to type, or to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// What would change in files, as a unified diff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// What is still to be done by us.
    #[serde(skip)]
    pub deed: Option<Deed>,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is right already.
    Done,
    /// It is to be done by us.
    Todo,
    /// As `Todo`, and it works without: where a plan does not allow it, nothing is missing.
    Better,
    /// It was done by us just now.
    Did,
    /// It is to be done by a person.
    Yours,
    /// It cannot be done as things are.
    Cannot,
    /// It works, and somebody should know.
    Warn,
}

/// Something to be done at the code host. Each looks first, and doing it twice changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Makes a label.
    Label(Label),
    /// Sets a variable of the repository.
    Variable {
        /// Its name.
        name: &'static str,
        /// What it is to be.
        value: String,
    },
    /// Makes the environment, and lets one branch alone use it.
    Environment {
        /// Which.
        branch: String,
    },
    /// Opens, or brings up to date, the pull request with the workflow files.
    Propose {
        /// Into which branch.
        base: String,
    },
}

impl Step {
    fn new(name: &str, state: State, detail: impl Into<String>) -> Self {
        let (name, detail) = (name.to_owned(), detail.into());
        Self { name, state, detail, remedy: None, diff: None, deed: None }
    }

    fn done(name: &str, detail: impl Into<String>) -> Self {
        Self::new(name, State::Done, detail)
    }

    fn todo(name: &str, detail: impl Into<String>, deed: Deed) -> Self {
        Self { deed: Some(deed), ..Self::new(name, State::Todo, detail) }
    }

    fn yours(name: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..Self::new(name, State::Yours, detail) }
    }

    fn cannot(name: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..Self::new(name, State::Cannot, detail) }
    }

    fn warn(name: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..Self::new(name, State::Warn, detail) }
    }

    /// Whether the repository is connected as far as this step goes.
    pub fn is_right(&self) -> bool {
        matches!(self.state, State::Done | State::Did | State::Warn | State::Better)
    }
}

/// What is to be done at the code host, in order. When the first step that cannot be done makes
/// the others pointless, they are left out.
pub fn plan(facts: &Facts, way: &Way) -> Vec<Step> {
    let mut steps = repository::steps(facts);
    if facts.archived || !facts.may_push {
        return steps;
    }
    steps.extend(LABELS.iter().map(|it| repository::label(facts, it)));
    let (Way::Queue(settings), Some(cloud)) = (way, &facts.cloud) else { return steps };
    steps.extend(settings::actions(facts, cloud));
    steps.extend(settings::variables(facts, cloud, settings));
    steps.push(settings::environment(facts, cloud));
    steps.push(workflows::step(facts, cloud));
    steps.push(terraform::step(facts, cloud));
    steps
}

/// A step whose deed was refused, in the code host's words.
pub fn refused(step: Step, facts: &Facts, status: u16, words: &str) -> Step {
    let again = with_more(&facts.repository);
    let (detail, remedy) = match &step.deed {
        // Without a branch rule, the role still takes nothing but workflows of the default branch.
        Some(Deed::Environment { .. }) if !facts.public && matches!(status, 404 | 422) => {
            let detail = format!(
                "the repository's plan does not let an environment be limited to a branch \
                 ({words}); the role's trust in the workflows of {} alone stands without it",
                facts.default_branch
            );
            let remedy = "nothing has to be done; a plan with environments would add a lock";
            return Step { deed: None, ..Step::warn(&step.name, detail, remedy) };
        }
        Some(Deed::Environment { .. }) => (
            format!("GitHub refuses: {words}; it takes \"Administration: write\""),
            format!("{again}; or by hand: {}", settings::environment_page(&facts.repository)),
        ),
        Some(Deed::Variable { name, value }) => (
            format!("GitHub refuses: {words}; it takes \"Variables: write\""),
            format!("{again}; or: {}", settings::by_hand(&facts.repository, name, value)),
        ),
        Some(Deed::Propose { .. }) if status == 409 => {
            (words.to_owned(), workflows::delete_branch(&facts.repository))
        }
        Some(Deed::Propose { .. }) => (
            format!(
                "GitHub refuses: {words}; files below .github/workflows take \"Workflows: write\", \
                 of a classic token the scope `workflow`"
            ),
            again,
        ),
        Some(Deed::Label(_)) | None => {
            (format!("GitHub refuses: {words}; it takes \"Issues: write\""), again)
        }
    };
    Step::cannot(&step.name, detail, remedy)
}

/// How a person with more rights than the worker's token does the same. The worker itself should
/// not hold such a token: it could change workflows, and with them everything.
fn with_more(repository: &Repository) -> String {
    format!(
        "run it with a token of yours that may, for this one time: \
         CODINGWORKER__GITHUB__TOKEN=\"$(gh auth token)\" codingworker setup-repo {repository}"
    )
}

/// Whether the files are those that are shipped, all of them.
pub fn are_shipped(files: &BTreeMap<String, String>) -> bool {
    WORKFLOWS.iter().all(|(path, text)| files.get(*path).is_some_and(|it| it == text))
}

#[cfg(test)]
mod tests;
