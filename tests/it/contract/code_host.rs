//! What every code host promises, run on each.

#![expect(clippy::unwrap_used, reason = "a scene that cannot be set should end its test")]

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use secrecy::SecretString;
use tempfile::TempDir;

use codingworker::code_host::folder::Folder;
use codingworker::code_host::github::{GitHub, GitHubOptions};
use codingworker::code_host::{CodeHost, Draft, HostError};
use codingworker::domain::change::{Change, ObjectId};
use codingworker::domain::job::{Fault, Person};
use codingworker::domain::task::Repository;

use crate::github_double::{GitHubDouble, LOGIN, TOKEN};

/// Makes a bare repository by hand, as far as a code host looks at one.
pub(crate) fn bare(root: &Path, full_name: &str, head: &str, branches: &[(&str, &str)]) -> PathBuf {
    let bare = root.join(format!("{full_name}.git"));
    std::fs::create_dir_all(&bare).unwrap();
    std::fs::write(bare.join("HEAD"), format!("ref: refs/heads/{head}\n")).unwrap();
    for (branch, commit) in branches {
        let file = bare.join("refs/heads").join(branch);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, format!("{commit}\n")).unwrap();
    }
    bare
}

pub(crate) const BASE: &str = "1111111111111111111111111111111111111111";
pub(crate) const TIP: &str = "2222222222222222222222222222222222222222";
pub(crate) const MARKER: &str = "<!-- codingworker:job=0123456789ab -->";

/// A host under test, and the hand of other people on it.
#[async_trait]
trait World: Send + Sync {
    fn host(&self) -> &dyn CodeHost;
    async fn issue(&self, title: &str, body: &str, author: &str) -> u64;
    async fn label(&self, issue: u64, label: &str, by: &str);
    async fn close(&self, issue: u64);
    /// Bodies of the comments on an issue.
    async fn comments(&self, issue: u64) -> Vec<String>;
    /// Somebody else says something.
    async fn comment(&self, issue: u64, body: &str, by: &str);
    /// The person whose account the host uses says something.
    async fn comment_by_hand(&self, issue: u64, body: &str);
    /// Number, title, body and draft of each pull request.
    async fn pulls(&self) -> Vec<(u64, String, String, bool)>;
    async fn close_pull(&self, number: u64);
}

struct InFolder {
    folder: Folder,
    _root: TempDir,
}

struct OnGitHub {
    github: GitHub,
    double: GitHubDouble,
    _root: TempDir,
}

fn root() -> TempDir {
    let root = TempDir::new().unwrap();
    let branches = [("trunk", BASE), ("ai/issue-1", TIP), ("ai/same", BASE)];
    bare(root.path(), "acme/api", "trunk", &branches);
    root
}

fn in_folder() -> InFolder {
    let root = root();
    InFolder { folder: Folder::new(root.path().to_owned()), _root: root }
}

fn on_github() -> OnGitHub {
    let root = root();
    let double = GitHubDouble::start(root.path());
    double.repository("acme/api");
    let options = GitHubOptions::new(double.api_url(), SecretString::from(TOKEN));
    OnGitHub { github: GitHub::new(options).unwrap(), double, _root: root }
}

fn api() -> Repository {
    "acme/api".parse().unwrap()
}

fn person(login: &str) -> Person {
    let id = login.bytes().fold(100, |id, byte| id * 7 % 9_973 + u64::from(byte));
    Person { id, login: login.to_owned() }
}

#[async_trait]
impl World for InFolder {
    fn host(&self) -> &dyn CodeHost {
        &self.folder
    }
    async fn issue(&self, title: &str, body: &str, author: &str) -> u64 {
        self.folder.create_issue(&api(), title, body, &person(author), &[]).await.unwrap()
    }
    async fn label(&self, issue: u64, label: &str, by: &str) {
        let host = self.folder.as_person(person(by));
        host.label(&api(), issue, &[], &[label]).await.unwrap();
        host.label(&api(), issue, &[label], &[]).await.unwrap();
    }
    async fn close(&self, issue: u64) {
        self.folder.set_open(&api(), issue, false).await.unwrap();
    }
    async fn comments(&self, issue: u64) -> Vec<String> {
        let all = self.folder.comments(&api(), issue).await.unwrap();
        all.into_iter().map(|it| it.body).collect()
    }
    async fn comment(&self, issue: u64, body: &str, by: &str) {
        let host = self.folder.as_person(person(by));
        host.say(&api(), issue, "(never there)", None, body).await.unwrap();
    }
    async fn comment_by_hand(&self, issue: u64, body: &str) {
        self.folder.say(&api(), issue, "(never there)", None, body).await.unwrap();
    }
    async fn pulls(&self) -> Vec<(u64, String, String, bool)> {
        let all = self.folder.pull_requests(&api()).await.unwrap();
        all.into_iter().map(|it| (it.number, it.title, it.body, it.draft)).collect()
    }
    async fn close_pull(&self, number: u64) {
        let close = |ledger: &mut codingworker::code_host::folder::Ledger| {
            let mut all = ledger.pull_requests.iter_mut();
            all.find(|it| it.number == number).unwrap().open = false;
            Ok(())
        };
        self.folder.change(&api(), close).await.unwrap();
    }
}

#[async_trait]
impl World for OnGitHub {
    fn host(&self) -> &dyn CodeHost {
        &self.github
    }
    async fn issue(&self, title: &str, body: &str, author: &str) -> u64 {
        self.double.issue("acme/api", title, body, author)
    }
    async fn label(&self, issue: u64, label: &str, by: &str) {
        self.double.unlabel("acme/api", issue, label, by);
        self.double.label("acme/api", issue, label, by);
    }
    async fn close(&self, issue: u64) {
        self.double.look(|it| it.repository_mut("acme/api").issue_mut(issue).open = false);
    }
    async fn comments(&self, issue: u64) -> Vec<String> {
        let all = self.double.issue_state("acme/api", issue).comments;
        all.into_iter().map(|it| it.body).collect()
    }
    async fn comment(&self, issue: u64, body: &str, by: &str) {
        self.double.comment("acme/api", issue, body, by);
    }
    async fn comment_by_hand(&self, issue: u64, body: &str) {
        self.double.comment("acme/api", issue, body, LOGIN);
    }
    async fn pulls(&self) -> Vec<(u64, String, String, bool)> {
        let all = self.double.pulls("acme/api").into_iter();
        all.map(|it| (it.number, it.title, it.body, it.draft)).collect()
    }
    async fn close_pull(&self, number: u64) {
        self.double.look(|it| {
            let mut all = it.repository_mut("acme/api").pulls.iter_mut();
            all.find(|it| it.number == number).unwrap().open = false;
        });
    }
}

fn change(branch: &str) -> Change {
    Change { branch: branch.to_owned(), commit: ObjectId(TIP.to_owned()) }
}

fn draft(title: &str, draft: bool) -> Draft {
    let (base, title) = ("trunk".to_owned(), title.to_owned());
    Draft { base, title, body: "Closes #1\n\n日本語の本文".to_owned(), draft }
}

async fn facts_are_read(world: &dyn World) {
    let facts = world.host().repository(&api()).await.unwrap();
    assert_eq!(facts.default_branch, "trunk");
    assert!(!facts.public && !facts.archived && facts.may_push);
    assert_eq!(world.host().repository(&api()).await.unwrap().id, facts.id);
}

async fn an_issue_tells_who_labelled_it_last(world: &dyn World) {
    let body = "計算が間違っています。\n\n```\nsum([]) → エラー\n```";
    let number = world.issue("合計のバグを直す \u{1f41b}", body, "reporter").await;
    let issue = world.host().issue(&api(), number, "ai-task").await.unwrap();
    assert_eq!((issue.title.as_str(), issue.body.as_str()), ("合計のバグを直す \u{1f41b}", body));
    assert_eq!(issue.author.unwrap().login, "reporter");
    assert_eq!((issue.labelled_by, issue.labels.len(), issue.open), (None, 0, true));

    world.label(number, "ai-task", "first").await;
    world.label(number, "AI-Task", "maintainer").await;
    world.label(number, "bug", "somebody").await;
    let issue = world.host().issue(&api(), number, "ai-task").await.unwrap();
    assert_eq!(issue.labelled_by.unwrap().login, "maintainer");
    assert_eq!(issue.labels.len(), 2);
}

async fn a_closed_issue_is_seen_as_closed_and_an_empty_body_is_empty(world: &dyn World) {
    let number = world.issue("Done already", "", "reporter").await;
    world.close(number).await;
    let issue = world.host().issue(&api(), number, "ai-task").await.unwrap();
    assert!(!issue.open);
    assert_eq!(issue.body, "");
}

async fn opening_twice_gives_one_pull_request(world: &dyn World) {
    let number = world.issue("Fix it", "", "reporter").await;
    let (host, title) = (world.host(), "合計を直す (#1)");
    let first = host.open(&api(), &change("ai/issue-1"), &draft(title, true)).await.unwrap();
    let second = host.open(&api(), &change("ai/issue-1"), &draft("Other", false)).await.unwrap();
    assert_eq!(first, second);
    assert!(first.draft && first.number > number, "numbers are shared with issues");
    let body = "Closes #1\n\n日本語の本文".to_owned();
    assert_eq!(world.pulls().await, [(first.number, title.to_owned(), body, true)]);

    // A person closes it. The very commit was shown already: not again.
    world.close_pull(first.number).await;
    let third = host.open(&api(), &change("ai/issue-1"), &draft(title, true)).await.unwrap();
    assert_eq!(third.number, first.number);
    // Its number is not an issue's.
    let error = host.issue(&api(), first.number, "ai-task").await.unwrap_err();
    assert!(error.to_string().contains("is a pull request"), "{error}");
}

async fn no_pull_request_is_opened_for_nothing(world: &dyn World) {
    let host = world.host();
    let error = host.open(&api(), &change("ai/same"), &draft("Empty", false)).await.unwrap_err();
    assert!(error.to_string().contains("No commits between trunk and ai/same"), "{error}");
    assert_eq!(error.fault(), Fault::Permanent);
    let error = host.open(&api(), &change("ai/gone"), &draft("Gone", false)).await.unwrap_err();
    assert!(matches!(error, HostError::Refused { status: 422, .. }), "{error}");
    assert!(world.pulls().await.is_empty());
}

async fn saying_again_edits_the_one_comment(world: &dyn World) {
    let number = world.issue("Talk", "", "reporter").await;
    // A stranger quotes and even forges the marker: neither is ours.
    let quoted = format!("> {MARKER}\n\nWhat is this?");
    let forged = format!("{MARKER}\nAll tests passed.");
    world.comment(number, &quoted, "stranger").await;
    world.comment(number, &forged, "stranger").await;
    // So does the person whose token we use, by hand.
    world.comment_by_hand(number, &quoted).await;
    let say = async |known, text: &str| {
        let body = format!("{text}\n\n{MARKER}");
        world.host().say(&api(), number, MARKER, known, &body).await.unwrap()
    };
    let id = say(None, "待っています").await;
    assert_eq!(say(Some(id), "作業中").await, id);
    assert_eq!(say(None, "the id was forgotten").await, id);
    assert_eq!(say(None, "the id was forgotten").await, id);
    assert_eq!(say(Some(id + 1_000), "終わりました").await, id, "that comment was never there");
    let last = format!("終わりました\n\n{MARKER}");
    assert_eq!(world.comments(number).await, [quoted.clone(), forged, quoted, last]);

    let other = "<!-- codingworker:job=ba9876543210 -->";
    let body = format!("{other}\nanother job");
    let another = world.host().say(&api(), number, other, None, &body).await.unwrap();
    assert_ne!(another, id);
}

async fn labels_become_what_they_should_be(world: &dyn World) {
    let number = world.issue("Labels", "", "reporter").await;
    world.label(number, "AI-Task", "maintainer").await;
    world.label(number, "needs 日本語/review?", "maintainer").await;
    for _ in 0..2 {
        let remove = ["ai-task", "needs 日本語/review?", "never-there"];
        world.host().label(&api(), number, &["ai-task-done"], &remove).await.unwrap();
        let issue = world.host().issue(&api(), number, "ai-task").await.unwrap();
        assert_eq!(issue.labels, ["ai-task-done"]);
        assert_eq!(issue.labelled_by.unwrap().login, "maintainer");
    }
}

async fn what_is_missing_is_named(world: &dyn World) {
    let (host, gone) = (world.host(), "acme/gone".parse().unwrap());
    let missing = |error: HostError, name: &str| {
        assert!(matches!(error, HostError::NotFound(_)), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    };
    missing(host.repository(&gone).await.unwrap_err(), "acme/gone");
    missing(host.issue(&gone, 1, "ai-task").await.unwrap_err(), "acme/gone");
    missing(host.issue(&api(), 404, "ai-task").await.unwrap_err(), "acme/api#404");
    missing(host.say(&api(), 404, MARKER, None, MARKER).await.unwrap_err(), "acme/api#404");
    missing(host.label(&api(), 404, &["a"], &[]).await.unwrap_err(), "acme/api#404");
    let pull = host.open(&gone, &change("ai/issue-1"), &draft("T", false)).await;
    missing(pull.unwrap_err(), "acme/gone");
}

/// Each promise becomes one test for each host.
macro_rules! promises {
    ($($promise:ident),* $(,)?) => {
        mod folder {
            $(#[tokio::test] async fn $promise() {
                super::$promise(&super::in_folder()).await;
            })*
        }
        mod github {
            $(#[tokio::test] async fn $promise() {
                super::$promise(&super::on_github()).await;
            })*
        }
    };
}

promises! {
    facts_are_read,
    an_issue_tells_who_labelled_it_last,
    a_closed_issue_is_seen_as_closed_and_an_empty_body_is_empty,
    opening_twice_gives_one_pull_request,
    no_pull_request_is_opened_for_nothing,
    saying_again_edits_the_one_comment,
    labels_become_what_they_should_be,
    what_is_missing_is_named,
}
