//! What the double knows. Tests read it through `GitHubDouble::look`.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;

use super::Fault;

/// What a test does between two requests.
pub(crate) type Deed = Box<dyn FnOnce(&mut World) + Send>;

#[derive(Default)]
pub(crate) struct World {
    /// Where the bare repositories are: `{root}/{owner}/{name}.git`.
    pub(crate) root: PathBuf,
    /// What stands before every path, such as `/api/v3`.
    pub(crate) prefix: String,
    /// Under which address it answers.
    pub(crate) address: String,
    pub(crate) people: Vec<Account>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) repositories: Vec<RepositoryState>,
    pub(crate) faults: HashMap<String, VecDeque<Fault>>,
    /// Every request that was understood, by operation, oldest first.
    pub(crate) asked: Vec<String>,
    /// Of those, the ones that count against the limit: all but what was answered with 304.
    pub(crate) counted: Vec<String>,
    /// What every ETag is made with; another one, and nobody's is known any more.
    pub(crate) etag_salt: u64,
    /// Whether ETags are weak, as of an answer that was compressed on its way.
    pub(crate) weak_etags: bool,
    /// Every law that was broken.
    pub(crate) violations: Vec<String>,
    pub(crate) last_id: u64,
    /// What happens before the nth request of an operation, from 1; of any operation with `*`.
    pub(crate) deeds: Vec<(String, usize, Deed)>,
    /// Whether the clock stands still, so that everything happens in one second.
    pub(crate) frozen: bool,
    /// How many seconds ago things happen that happen now.
    pub(crate) past: i64,
    pub(crate) last_at: i64,
}

/// An account. Its login can change hands; its id stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: u64,
    pub(crate) login: String,
    /// `User`, `Bot`, `Organization` or `Mannequin`.
    pub(crate) kind: &'static str,
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
    /// By login: `admin`, `maintain`, `write`, `triage` or `read`, or a role that an
    /// organisation made up, with what it comes down to: `security-lead:write`.
    pub(crate) roles: BTreeMap<String, &'static str>,
    /// Whether the App of installation tokens is installed here.
    pub(crate) app_installed: bool,
    pub(crate) last_number: u64,
    pub(crate) issues: Vec<IssueState>,
    pub(crate) pulls: Vec<PullState>,
    pub(crate) settings: SettingsState,
}

/// What a repository is set up with.
#[derive(Clone, Debug, Default)]
pub(crate) struct SettingsState {
    pub(crate) no_issues: bool,
    /// By name, with their colours.
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) variables: BTreeMap<String, String>,
    /// The environment `codingworker`.
    pub(crate) environment: Option<EnvironmentState>,
    /// Whether its plan has no environments that are limited to branches.
    pub(crate) poor_plan: bool,
    pub(crate) actions_off: bool,
    /// What `GET actions/oidc/customization/sub` answers; GitHub's old form when null.
    pub(crate) subject: serde_json::Value,
    /// The permissions that tokens have not got here, such as `workflows`.
    pub(crate) lacks: Vec<&'static str>,
}

/// An environment of GitHub Actions.
#[derive(Clone, Debug, Default)]
pub(crate) struct EnvironmentState {
    /// Whether somebody has to approve.
    pub(crate) reviewed: bool,
    /// The branches that may use it; `None`: every one.
    pub(crate) branches: Option<Vec<String>>,
}

#[derive(Clone, Debug)]
pub(crate) struct IssueState {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) open: bool,
    pub(crate) author: Account,
    /// Whether an App wrote it in its author's name.
    pub(crate) via_app: bool,
    pub(crate) labels: Vec<String>,
    pub(crate) events: Vec<EventState>,
    pub(crate) comments: Vec<CommentState>,
    /// When the body was changed last.
    pub(crate) edited_at: Option<String>,
}

/// A label set or taken away, or a title changed.
#[derive(Clone, Debug)]
pub(crate) struct EventState {
    pub(crate) id: u64,
    /// `labeled`, `unlabeled` or `renamed`.
    pub(crate) event: &'static str,
    /// The label, or the title before.
    pub(crate) what: String,
    pub(crate) actor: Account,
    pub(crate) via_app: bool,
    pub(crate) at: String,
}

#[derive(Clone, Debug)]
pub(crate) struct CommentState {
    pub(crate) id: u64,
    pub(crate) author: Account,
    /// Whether an App wrote it in its author's name.
    pub(crate) via_app: bool,
    pub(crate) body: String,
    /// What it said before each edit, oldest first.
    pub(crate) earlier: Vec<String>,
    pub(crate) at: String,
    /// When the body was changed last.
    pub(crate) edited_at: Option<String>,
    /// When anything about it changed last.
    pub(crate) updated_at: String,
}

/// A comment on a line of the diff.
#[derive(Clone, Debug)]
pub(crate) struct LineCommentState {
    pub(crate) comment: CommentState,
    pub(crate) path: String,
    /// `None` when a later commit took it away.
    pub(crate) line: Option<u64>,
    /// `LEFT` or `RIGHT`.
    pub(crate) side: &'static str,
    pub(crate) hunk: String,
}

/// A review as a whole.
#[derive(Clone, Debug)]
pub(crate) struct ReviewState {
    pub(crate) comment: CommentState,
    /// `COMMENTED`, `APPROVED`, `CHANGES_REQUESTED`, or `PENDING` while it is written.
    pub(crate) state: &'static str,
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
    pub(crate) merged: bool,
    pub(crate) author: Account,
    pub(crate) at: String,
    /// The full name of the repository that the branch is in, where that is another one.
    pub(crate) fork: Option<String>,
    pub(crate) maintainer_can_modify: bool,
    pub(crate) mergeable: Option<bool>,
    pub(crate) comments: Vec<CommentState>,
    pub(crate) line_comments: Vec<LineCommentState>,
    pub(crate) reviews: Vec<ReviewState>,
}

impl World {
    pub(crate) fn id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The account with this login, which is made up when first named.
    pub(crate) fn person(&mut self, login: &str) -> Account {
        if let Some(person) = self.known(login) {
            return person.clone();
        }
        let id = 1_000 + self.people.len() as u64;
        let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
        let person = Account { id, login: login.to_owned(), kind };
        self.people.push(person.clone());
        person
    }

    pub(crate) fn known(&self, login: &str) -> Option<&Account> {
        self.people.iter().find(|it| it.login.eq_ignore_ascii_case(login))
    }

    /// The time as GitHub writes it. No two things happen in the same second, if the clock does
    /// not stand still.
    pub(crate) fn now(&mut self) -> String {
        if !self.frozen || self.last_at == 0 {
            let now = chrono::Utc::now().timestamp() - self.past;
            self.last_at = now.max(self.last_at + 1);
        }
        let at = chrono::DateTime::from_timestamp(self.last_at, 0).unwrap();
        at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
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

    /// The commit that a branch of a bare repository points at.
    pub(crate) fn branch(&self, full_name: &str, branch: &str) -> Option<String> {
        let bare = self.bare(full_name);
        let name = format!("refs/heads/{branch}");
        if let Ok(commit) = std::fs::read_to_string(bare.join(&name)) {
            return Some(commit.trim().to_owned());
        }
        let packed = std::fs::read_to_string(bare.join("packed-refs")).unwrap_or_default();
        let mut lines = packed.lines().filter_map(|it| it.split_once(' '));
        lines.find(|(_, it)| *it == name).map(|(commit, _)| commit.to_owned())
    }

    /// What a test wants done before this request.
    pub(crate) fn do_deeds(&mut self, name: &str) {
        let mut due = Vec::new();
        for (operation, nth, deed) in std::mem::take(&mut self.deeds) {
            match nth {
                _ if operation != "*" && operation != name => {
                    self.deeds.push((operation, nth, deed));
                }
                1 => due.push(deed),
                _ => self.deeds.push((operation, nth - 1, deed)),
            }
        }
        due.into_iter().for_each(|deed| deed(self));
    }

    /// An open pull request's head is where its branch is; a closed one's stays.
    pub(crate) fn follow_branches(&mut self, repository: usize) {
        let mut pulls = std::mem::take(&mut self.repositories[repository].pulls);
        let here = self.repositories[repository].full_name();
        for pull in pulls.iter_mut().filter(|it| it.open) {
            let home = pull.fork.as_ref().unwrap_or(&here);
            pull.sha = self.branch(home, &pull.head).unwrap_or_else(|| pull.sha.clone());
        }
        self.repositories[repository].pulls = pulls;
    }

    pub(crate) fn bare(&self, full_name: &str) -> PathBuf {
        self.root.join(format!("{full_name}.git"))
    }
}

impl IssueState {
    /// When it was changed or talked about last, as lists are sorted by it.
    pub(crate) fn updated_at(&self) -> String {
        let changes = self.events.iter().map(|it| &it.at).chain(&self.edited_at);
        let all = changes.chain(self.comments.iter().map(|it| &it.at));
        all.max().cloned().unwrap_or_else(|| "2011-04-22T13:33:48Z".to_owned())
    }
}

impl PullState {
    /// When it was talked about last: a review that is sent changes it.
    pub(crate) fn updated_at(&self) -> String {
        let lines = self.line_comments.iter().map(|it| &it.comment.at);
        let reviews = self.reviews.iter().filter(|it| it.state != "PENDING");
        let reviews = reviews.map(|it| &it.comment.at);
        let all = self.comments.iter().map(|it| &it.at).chain(lines).chain(reviews);
        all.chain([&self.at]).max().cloned().unwrap_or_default()
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

    pub(crate) fn pull(&self, number: u64) -> &PullState {
        let found = self.pulls.iter().find(|it| it.number == number);
        found.unwrap_or_else(|| panic!("the double has no pull {}#{number}", self.full_name()))
    }

    pub(crate) fn pull_mut(&mut self, number: u64) -> &mut PullState {
        let name = self.full_name();
        let found = self.pulls.iter_mut().find(|it| it.number == number);
        found.unwrap_or_else(|| panic!("the double has no pull {name}#{number}"))
    }

    /// The conversation under an issue or a pull request.
    pub(crate) fn talk(&mut self, number: u64) -> Option<&mut Vec<CommentState>> {
        let issues = self.issues.iter_mut().map(|it| (it.number, &mut it.comments));
        let pulls = self.pulls.iter_mut().map(|it| (it.number, &mut it.comments));
        issues.chain(pulls).find(|(it, _)| *it == number).map(|(_, comments)| comments)
    }

    /// Every text that somebody wrote under anything.
    pub(crate) fn comments_mut(&mut self) -> impl Iterator<Item = &mut CommentState> {
        let issues = self.issues.iter_mut().flat_map(|it| &mut it.comments);
        issues.chain(self.pulls.iter_mut().flat_map(|it| {
            let lines = it.line_comments.iter_mut().map(|it| &mut it.comment);
            let reviews = it.reviews.iter_mut().map(|it| &mut it.comment);
            it.comments.iter_mut().chain(lines).chain(reviews)
        }))
    }
}
