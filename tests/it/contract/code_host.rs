//! What every code host promises, run on each.

#![expect(clippy::unwrap_used, reason = "a scene that cannot be set should end its test")]

use async_trait::async_trait;
use secrecy::SecretString;
use tempfile::TempDir;

use codingworker::code_host::Watch;
use codingworker::code_host::folder::Folder;
use codingworker::code_host::github::{GitHub, GitHubOptions};
use codingworker::code_host::{CodeHost, Draft, Permission};
use codingworker::domain::change::{Change, ObjectId};
use codingworker::domain::job::{Person, Spot};
use codingworker::domain::task::{CommentRef, Repository};

use crate::github_double::{GitHubDouble, LOGIN, TOKEN};

mod git;
mod people;
mod promise;
mod watch;

pub(crate) use git::{bare, real};

pub(crate) const BASE: &str = "1111111111111111111111111111111111111111";
pub(crate) const TIP: &str = "2222222222222222222222222222222222222222";
pub(crate) const MARKER: &str = "<!-- codingworker:job=0123456789ab -->";

/// A host under test, and the hand of other people on it.
#[async_trait]
trait World: Send + Sync {
    fn host(&self) -> &dyn CodeHost;
    /// The same host, as it is looked at again and again.
    fn watch(&self) -> &dyn Watch;
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

    async fn person(&self, login: &str) -> Person;
    async fn edit_issue(&self, issue: u64, title: &str, body: &str);
    // From here on in `acme/real`, where git is real.
    async fn role(&self, login: &str, permission: Permission);
    async fn pull(&self, title: &str, body: &str, by: &str) -> u64;
    async fn merge(&self, pull: u64);
    async fn say(&self, thread: u64, body: &str, by: &str) -> u64;
    async fn say_on_line(&self, pull: u64, spot: Spot, body: &str, by: &str) -> u64;
    async fn review(&self, pull: u64, body: &str, by: &str) -> u64;
    async fn edit(&self, pull: u64, comment: CommentRef, body: &str);
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
    let before = [("calc.py", "def add(a, b):\n    return a - b\n"), ("old.txt", "old\n")];
    let after = [("calc.py", "def add(a, b):\n    return a + b\n"), ("名.txt", "新\n")];
    let clash = [("calc.py", "def add(*all):\n    return sum(all)\n")];
    real(root.path(), "acme/real", &[("trunk", &before), ("fix", &after), ("clash", &clash)]);
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
    double.repository("acme/real");
    let options = GitHubOptions::new(double.api_url(), SecretString::from(TOKEN));
    OnGitHub { github: GitHub::new(options).unwrap(), double, _root: root }
}

fn api() -> Repository {
    "acme/api".parse().unwrap()
}

fn real_repository() -> Repository {
    "acme/real".parse().unwrap()
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
    fn watch(&self) -> &dyn Watch {
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
    async fn person(&self, login: &str) -> Person {
        person(login)
    }
    async fn edit_issue(&self, issue: u64, title: &str, body: &str) {
        self.folder.edit_issue(&api(), issue, title, body).await.unwrap();
    }
    async fn role(&self, login: &str, permission: Permission) {
        let person = person(login);
        self.folder.set_role(&real_repository(), &person, permission).await.unwrap();
    }
    async fn pull(&self, title: &str, body: &str, by: &str) -> u64 {
        let change = Change { branch: "fix".to_owned(), commit: ObjectId(TIP.to_owned()) };
        let (base, title, body) = ("trunk".to_owned(), title.to_owned(), body.to_owned());
        let draft = Draft { base, title, body, draft: false };
        let host = self.folder.as_person(person(by));
        host.open(&real_repository(), &change, &draft).await.unwrap().number
    }
    async fn merge(&self, pull: u64) {
        let merge = |ledger: &mut codingworker::code_host::folder::Ledger| {
            let mut all = ledger.pull_requests.iter_mut();
            let pull = all.find(|it| it.number == pull).unwrap();
            (pull.open, pull.merged) = (false, true);
            Ok(())
        };
        self.folder.change(&real_repository(), merge).await.unwrap();
    }
    async fn say(&self, thread: u64, body: &str, by: &str) -> u64 {
        self.folder.comment(&real_repository(), thread, &person(by), body).await.unwrap()
    }
    async fn say_on_line(&self, pull: u64, spot: Spot, body: &str, by: &str) -> u64 {
        let by = person(by);
        self.folder.review_comment(&real_repository(), pull, &by, body, spot).await.unwrap()
    }
    async fn review(&self, pull: u64, body: &str, by: &str) -> u64 {
        self.folder.review(&real_repository(), pull, &person(by), body).await.unwrap()
    }
    async fn edit(&self, pull: u64, comment: CommentRef, body: &str) {
        self.folder.edit_comment(&real_repository(), pull, comment, body).await.unwrap();
    }
}

#[async_trait]
impl World for OnGitHub {
    fn host(&self) -> &dyn CodeHost {
        &self.github
    }
    fn watch(&self) -> &dyn Watch {
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
    async fn person(&self, login: &str) -> Person {
        let account = self.double.look(|it| it.person(login));
        Person { id: account.id, login: account.login }
    }
    async fn edit_issue(&self, issue: u64, title: &str, body: &str) {
        self.double.look(|it| {
            if it.repository("acme/api").issue(issue).title != title {
                it.rename_issue("acme/api", issue, title, "reporter");
            }
            if it.repository("acme/api").issue(issue).body.as_deref() != Some(body) {
                it.edit_issue("acme/api", issue, body);
            }
        });
    }
    async fn role(&self, login: &str, permission: Permission) {
        let role = match permission {
            Permission::None => "none",
            Permission::Read => "read",
            Permission::Triage => "triage",
            Permission::Write => "write",
            Permission::Maintain => "maintain",
            Permission::Admin => "admin",
        };
        self.double.role("acme/real", login, Some(role));
    }
    async fn pull(&self, title: &str, body: &str, by: &str) -> u64 {
        self.double.open_pull("acme/real", ("fix", "trunk"), (title, body), by)
    }
    async fn merge(&self, pull: u64) {
        self.double.look(|it| {
            let pull = it.repository_mut("acme/real").pull_mut(pull);
            (pull.open, pull.merged) = (false, true);
        });
    }
    async fn say(&self, thread: u64, body: &str, by: &str) -> u64 {
        self.double.comment("acme/real", thread, body, by)
    }
    async fn say_on_line(&self, pull: u64, spot: Spot, body: &str, by: &str) -> u64 {
        let place = (spot.path.as_str(), spot.line, spot.hunk.as_str());
        self.double.look(|it| it.say_on_line("acme/real", pull, place, body, by))
    }
    async fn review(&self, pull: u64, body: &str, by: &str) -> u64 {
        self.double.look(|it| it.review("acme/real", pull, "COMMENTED", body, by))
    }
    async fn edit(&self, _pull: u64, comment: CommentRef, body: &str) {
        self.double.look(|it| it.edit_comment("acme/real", comment.id, body));
    }
}

/// Each promise becomes one test for each host.
macro_rules! promises {
    ($($room:ident: $($promise:ident),* ;)*) => {
        mod folder {
            $($(#[tokio::test] async fn $promise() {
                super::$room::$promise(&super::in_folder()).await;
            })*)*
        }
        mod github {
            $($(#[tokio::test] async fn $promise() {
                super::$room::$promise(&super::on_github()).await;
            })*)*
        }
    };
}

promises! {
    promise:
        facts_are_read,
        an_issue_tells_who_labelled_it_last,
        a_closed_issue_is_seen_as_closed_and_an_empty_body_is_empty,
        opening_twice_gives_one_pull_request,
        no_pull_request_is_opened_for_nothing,
        saying_again_edits_the_one_comment,
        labels_become_what_they_should_be,
        what_is_missing_is_named;
    people:
        a_changed_text_says_when_it_was_changed,
        who_we_are_is_who_speaks,
        a_permission_is_read_anew_and_belongs_to_the_id,
        a_pull_request_tells_its_branches_and_its_end,
        a_pull_request_that_cannot_be_merged_says_so_or_nothing,
        a_diff_is_gits_own,
        remarks_of_all_kinds_come_oldest_first,
        a_changed_remark_says_so,
        a_program_is_told_from_a_person,
        what_people_need_and_is_missing_is_named;
    watch:
        a_list_that_has_not_changed_is_not_sent_again,
        labelled_issues_are_listed_as_long_as_they_are_open_and_labelled,
        comments_come_newest_first_and_tell_what_they_stand_under,
        a_review_changes_its_pull_request_and_is_found_behind_it,
        what_became_of_a_pull_request_is_seen_and_costs_nothing_while_it_is_the_same,
        what_cannot_be_looked_at_is_named;
}
