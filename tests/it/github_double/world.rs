//! What the double knows. Tests read it through `GitHubDouble::look`.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;

use codingworker::domain::job::Person;

use super::Fault;

#[derive(Default)]
pub(crate) struct World {
    /// Where the bare repositories are: `{root}/{owner}/{name}.git`.
    pub(crate) root: PathBuf,
    /// What stands before every path, such as `/api/v3`.
    pub(crate) prefix: String,
    /// Under which address it answers.
    pub(crate) address: String,
    pub(crate) people: Vec<Person>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) repositories: Vec<RepositoryState>,
    pub(crate) faults: HashMap<String, VecDeque<Fault>>,
    /// Every request that was understood, by operation, oldest first.
    pub(crate) asked: Vec<String>,
    /// Every law that was broken.
    pub(crate) violations: Vec<String>,
    pub(crate) last_id: u64,
}

/// A token, and who may use it for what.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// `None`: of an App's installation.
    pub(crate) login: Option<String>,
    /// As a classic token's header has them.
    pub(crate) scopes: Option<String>,
    pub(crate) expires: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct RepositoryState {
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) id: u64,
    pub(crate) default_branch: String,
    pub(crate) public: bool,
    pub(crate) archived: bool,
    /// Whether its plan has draft pull requests.
    pub(crate) drafts: bool,
    /// By login: `admin`, `write`, `triage` or `read`.
    pub(crate) roles: BTreeMap<String, &'static str>,
    /// Whether the App of installation tokens is installed here.
    pub(crate) app_installed: bool,
    pub(crate) last_number: u64,
    pub(crate) issues: Vec<IssueState>,
    pub(crate) pulls: Vec<PullState>,
}

#[derive(Clone, Debug)]
pub(crate) struct IssueState {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) open: bool,
    pub(crate) author: Person,
    pub(crate) labels: Vec<String>,
    pub(crate) events: Vec<EventState>,
    pub(crate) comments: Vec<CommentState>,
}

/// A label set or taken away.
#[derive(Clone, Debug)]
pub(crate) struct EventState {
    pub(crate) id: u64,
    pub(crate) labeled: bool,
    pub(crate) label: String,
    pub(crate) actor: Person,
    pub(crate) at: String,
}

#[derive(Clone, Debug)]
pub(crate) struct CommentState {
    pub(crate) id: u64,
    pub(crate) author: Person,
    /// Whether an App wrote it.
    pub(crate) by_app: bool,
    pub(crate) body: String,
    /// What it said before each edit, oldest first.
    pub(crate) earlier: Vec<String>,
    pub(crate) at: String,
}

#[derive(Clone, Debug)]
pub(crate) struct PullState {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) head: String,
    pub(crate) sha: String,
    pub(crate) base: String,
    pub(crate) draft: bool,
    pub(crate) open: bool,
    pub(crate) author: Person,
    pub(crate) at: String,
}

impl World {
    pub(crate) fn id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The person with this login, who is made up when first named.
    pub(crate) fn person(&mut self, login: &str) -> Person {
        if let Some(person) = self.people.iter().find(|it| it.login == login) {
            return person.clone();
        }
        let person = Person { id: 1_000 + self.people.len() as u64, login: login.to_owned() };
        self.people.push(person.clone());
        person
    }

    pub(crate) fn repository(&self, full_name: &str) -> &RepositoryState {
        let found = self.repositories.iter().find(|it| it.full_name() == full_name);
        found.unwrap_or_else(|| panic!("the double has no repository {full_name}"))
    }

    pub(crate) fn repository_mut(&mut self, full_name: &str) -> &mut RepositoryState {
        let found = self.repositories.iter_mut().find(|it| it.full_name() == full_name);
        found.unwrap_or_else(|| panic!("the double has no repository {full_name}"))
    }

    /// How often an operation was asked for.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.asked.iter().filter(|it| *it == operation).count()
    }

    /// The commit that a branch of the bare repository points at.
    pub(crate) fn branch(&self, repository: &RepositoryState, branch: &str) -> Option<String> {
        let bare = self.root.join(format!("{}.git", repository.full_name()));
        let name = format!("refs/heads/{branch}");
        if let Ok(commit) = std::fs::read_to_string(bare.join(&name)) {
            return Some(commit.trim().to_owned());
        }
        let packed = std::fs::read_to_string(bare.join("packed-refs")).unwrap_or_default();
        let mut lines = packed.lines().filter_map(|it| it.split_once(' '));
        lines.find(|(_, it)| *it == name).map(|(commit, _)| commit.to_owned())
    }
}

impl RepositoryState {
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    pub(crate) fn issue(&self, number: u64) -> &IssueState {
        let found = self.issues.iter().find(|it| it.number == number);
        found.unwrap_or_else(|| panic!("the double has no issue {}#{number}", self.full_name()))
    }

    pub(crate) fn issue_mut(&mut self, number: u64) -> &mut IssueState {
        let name = self.full_name();
        let found = self.issues.iter_mut().find(|it| it.number == number);
        found.unwrap_or_else(|| panic!("the double has no issue {name}#{number}"))
    }
}

/// The time as GitHub writes it.
pub(crate) fn now() -> String {
    chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
