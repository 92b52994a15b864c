//! What people do on GitHub: they write, change, label, review and fork.

use super::world::{
    Account, CommentState, EventState, IssueState, LineCommentState, PullState, ReviewState, World,
};

impl World {
    /// Writes an issue, without labels. Gives its number.
    pub(crate) fn write_issue(&mut self, repo: &str, title: &str, body: &str, by: &str) -> u64 {
        let author = self.person(by);
        let repository = self.repository_mut(repo);
        repository.last_number += 1;
        let number = repository.last_number;
        repository.issues.push(IssueState {
            number,
            title: title.to_owned(),
            body: (!body.is_empty()).then(|| body.to_owned()),
            open: true,
            author,
            via_app: false,
            labels: Vec::new(),
            events: Vec::new(),
            comments: Vec::new(),
            edited_at: None,
        });
        number
    }

    /// Sets a label or takes it away, with its event. `false` when nothing had to be done.
    pub(crate) fn set_label(
        &mut self,
        repo: &str,
        number: u64,
        label: &str,
        set: bool,
        by: &str,
    ) -> bool {
        let labels = &mut self.repository_mut(repo).issue_mut(number).labels;
        let there = labels.iter().position(|it| it.to_lowercase() == label.to_lowercase());
        match there {
            Some(at) if !set => drop(labels.remove(at)),
            None if set => labels.push(label.to_owned()),
            _ => return false,
        }
        let event = if set { "labeled" } else { "unlabeled" };
        self.happens(repo, number, event, label, by);
        true
    }

    /// Takes the label away and sets it anew.
    pub(crate) fn relabel(&mut self, repo: &str, number: u64, label: &str, by: &str) {
        self.set_label(repo, number, label, false, by);
        self.set_label(repo, number, label, true, by);
    }

    fn happens(&mut self, repo: &str, number: u64, event: &'static str, what: &str, by: &str) {
        let (id, actor, at, what) = (self.id(), self.person(by), self.now(), what.to_owned());
        let event = EventState { id, event, what, actor, via_app: false, at };
        self.repository_mut(repo).issue_mut(number).events.push(event);
    }

    /// Changes what an issue says.
    pub(crate) fn edit_issue(&mut self, repo: &str, number: u64, body: &str) {
        let at = self.now();
        let issue = self.repository_mut(repo).issue_mut(number);
        issue.body = Some(body.to_owned());
        issue.edited_at = Some(at);
    }

    /// Changes an issue's title.
    pub(crate) fn rename_issue(&mut self, repo: &str, number: u64, title: &str, by: &str) {
        let issue = self.repository_mut(repo).issue_mut(number);
        let before = std::mem::replace(&mut issue.title, title.to_owned());
        self.happens(repo, number, "renamed", &before, by);
    }

    fn words(&mut self, body: &str, by: &str) -> CommentState {
        let (id, author, at) = (self.id(), self.person(by), self.now());
        CommentState {
            id,
            author,
            via_app: false,
            body: body.to_owned(),
            earlier: Vec::new(),
            at: at.clone(),
            edited_at: None,
            updated_at: at,
        }
    }

    /// Says something under an issue or a pull request. Gives the comment's id.
    pub(crate) fn say(&mut self, repo: &str, number: u64, body: &str, by: &str) -> u64 {
        let comment = self.words(body, by);
        let id = comment.id;
        let talk = self.repository_mut(repo).talk(number);
        talk.unwrap_or_else(|| panic!("the double has no {repo}#{number}")).push(comment);
        id
    }

    /// Comments on a line of a pull request's diff. Gives the comment's id.
    pub(crate) fn say_on_line(
        &mut self,
        repo: &str,
        pull: u64,
        (path, line, hunk): (&str, Option<u64>, &str),
        body: &str,
        by: &str,
    ) -> u64 {
        let comment = self.words(body, by);
        let id = comment.id;
        let (path, hunk) = (path.to_owned(), hunk.to_owned());
        let comment = LineCommentState { comment, path, line, side: "RIGHT", hunk };
        self.repository_mut(repo).pull_mut(pull).line_comments.push(comment);
        id
    }

    /// Reviews a pull request. Gives the review's id.
    pub(crate) fn review(
        &mut self,
        repo: &str,
        pull: u64,
        state: &'static str,
        body: &str,
        by: &str,
    ) -> u64 {
        let comment = self.words(body, by);
        let id = comment.id;
        self.repository_mut(repo).pull_mut(pull).reviews.push(ReviewState { comment, state });
        id
    }

    /// Changes what a comment of any kind says.
    pub(crate) fn edit_comment(&mut self, repo: &str, id: u64, body: &str) {
        let at = self.now();
        let mut all = self.repository_mut(repo).comments_mut();
        let comment = all.find(|it| it.id == id).unwrap();
        comment.earlier.push(std::mem::replace(&mut comment.body, body.to_owned()));
        comment.edited_at = Some(at.clone());
        comment.updated_at = at;
    }

    /// Something changes about a comment that is not its text, as when it is hidden, or when the
    /// review that it is part of is sent.
    pub(crate) fn touch_comment(&mut self, repo: &str, id: u64) {
        let at = self.now();
        let mut all = self.repository_mut(repo).comments_mut();
        all.find(|it| it.id == id).unwrap().updated_at = at;
    }

    /// Opens a pull request from a branch of the repository, or of a fork of it. Gives its number.
    pub(crate) fn open_pull(
        &mut self,
        repo: &str,
        fork: Option<&str>,
        (head, base): (&str, &str),
        (title, body): (&str, &str),
        by: &str,
    ) -> u64 {
        let sha = self.branch(fork.unwrap_or(repo), head);
        let sha = sha.unwrap_or_else(|| panic!("there is no branch {head}"));
        let (author, at) = (self.person(by), self.now());
        let repository = self.repository_mut(repo);
        repository.last_number += 1;
        let number = repository.last_number;
        repository.pulls.push(PullState {
            number,
            title: title.to_owned(),
            body: body.to_owned(),
            head: head.to_owned(),
            sha,
            base: base.to_owned(),
            draft: false,
            open: true,
            merged: false,
            author,
            at,
            fork: fork.map(str::to_owned),
            maintainer_can_modify: false,
            mergeable: Some(true),
            comments: Vec::new(),
            line_comments: Vec::new(),
            reviews: Vec::new(),
        });
        number
    }

    /// Makes an account another sort than its login says, such as `Bot` or `Organization`.
    pub(crate) fn make(&mut self, login: &str, kind: &'static str) {
        let id = self.person(login).id;
        self.people.iter_mut().find(|it| it.id == id).unwrap().kind = kind;
    }

    /// The account with this login is given up, and somebody else takes the login.
    pub(crate) fn take_over(&mut self, login: &str) -> Account {
        let id = self.person(login).id;
        let before = self.people.iter_mut().find(|it| it.id == id).unwrap();
        before.login = format!("{login}-was-here");
        self.person(login)
    }
}
