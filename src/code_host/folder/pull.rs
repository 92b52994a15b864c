//! Pull requests of a folder: opened, and read, with what git knows about their branches.

use super::git::{Said, ask, commit_of};
use super::ledger::FolderPullRequest;
use super::{Folder, actor, ledger, refused};
use crate::code_host::{Draft, HostError, Pull, cut_diff};
use crate::domain::change::{Change, PullRequest};
use crate::domain::task::Repository;

impl Folder {
    pub(super) async fn open_pull(
        &self,
        repository: &Repository,
        change: &Change,
        draft: &Draft,
    ) -> Result<PullRequest, HostError> {
        self.must_exist(repository)?;
        let head = self.branch(repository, &change.branch)?;
        let base = self.branch(repository, &draft.base)?;
        self.change(repository, |ledger| {
            let known = ledger.pull_requests.iter().rev();
            let on_branch = known.filter(|it| it.head == change.branch && it.fork.is_none());
            let found = on_branch
                .filter(|it| it.open || it.commit == change.commit.0)
                .max_by_key(|it| (it.open, it.base == draft.base, it.number));
            if let Some(it) = found {
                return Ok(PullRequest { number: it.number, url: it.url.clone(), draft: it.draft });
            }
            let Some((head, base)) = head.zip(base) else {
                let ends = format!("{} and {}", draft.base, change.branch);
                return refused(format!("one of the branches {ends} is not there"));
            };
            if head == base {
                let (base, head) = (&draft.base, &change.branch);
                return refused(format!("No commits between {base} and {head}"));
            }
            let at = ledger.tick();
            let mut pull = FolderPullRequest {
                number: ledger.last_number + 1,
                url: String::new(),
                title: draft.title.clone(),
                body: draft.body.clone(),
                head: change.branch.clone(),
                commit: head,
                base: draft.base.clone(),
                draft: draft.draft,
                open: true,
                at,
                author: Some(self.me.clone()),
                merged: false,
                fork: None,
                maintainer_can_modify: false,
                comments: Vec::new(),
            };
            pull.url = self.show(repository, &pull)?;
            ledger.last_number = pull.number;
            ledger.pull_requests.push(pull.clone());
            Ok(PullRequest { number: pull.number, url: pull.url, draft: pull.draft })
        })
        .await
    }

    pub(super) async fn read_pull(
        &self,
        repository: &Repository,
        number: u64,
    ) -> Result<Pull, HostError> {
        let pull = self.pull_of(repository, number)?;
        let ends = self.ends(repository, &pull)?;
        let mergeable = match &ends {
            Some((base, head)) if pull.open => {
                let args = ["merge-tree", "--write-tree", "--name-only", base, head];
                // Where git cannot tell, as without the commits, it is not known.
                match self.ask(repository, &pull, &args).await?.code {
                    0 => Some(true),
                    1 => Some(false),
                    _ => None,
                }
            }
            _ => None,
        };
        let fork = pull.fork.is_some();
        let home = pull.fork.unwrap_or_else(|| repository.clone());
        Ok(Pull {
            number,
            title: pull.title,
            body: pull.body,
            author: pull.author.as_ref().map(actor),
            open: pull.open && !pull.merged,
            merged: pull.merged,
            head: pull.head,
            tip: ends.map_or(pull.commit, |(_, head)| head),
            head_repository: self.must_exist(&home).is_ok().then_some(home),
            fork,
            maintainer_can_modify: pull.maintainer_can_modify,
            base: pull.base,
            mergeable,
            draft: pull.draft,
        })
    }

    pub(super) async fn read_diff(
        &self,
        repository: &Repository,
        number: u64,
    ) -> Result<String, HostError> {
        let pull = self.pull_of(repository, number)?;
        let Some((base, head)) = self.ends(repository, &pull)? else {
            return refused(format!("`{repository}#{number}` has lost one of its branches"));
        };
        let range = format!("{base}...{head}");
        let args = ["diff", "--no-ext-diff", "--no-textconv", "--no-color", &range, "--"];
        let said = self.ask(repository, &pull, &args).await?;
        match said.code {
            0 => Ok(cut_diff(&said.text)),
            _ => refused(format!("git shows no diff of {range}: {}", said.words.trim())),
        }
    }

    async fn ask(
        &self,
        repository: &Repository,
        pull: &FolderPullRequest,
        args: &[&str],
    ) -> Result<Said, HostError> {
        let fork = pull.fork.as_ref().map(|it| self.bare(it));
        ask(&self.bare(repository), fork.as_deref(), args).await
    }

    pub(super) fn pull_of(
        &self,
        repository: &Repository,
        number: u64,
    ) -> Result<FolderPullRequest, HostError> {
        let mut all = self.ledger(repository)?.pull_requests.into_iter();
        let found = all.find(|it| it.number == number);
        found.ok_or_else(|| HostError::NotFound(format!("pull request `{repository}#{number}`")))
    }

    /// The commits of base and head, where both branches are there.
    fn ends(
        &self,
        repository: &Repository,
        pull: &FolderPullRequest,
    ) -> Result<Option<(String, String)>, HostError> {
        let home = pull.fork.as_ref().unwrap_or(repository);
        let base = self.branch(repository, &pull.base)?;
        Ok(base.zip(self.branch(home, &pull.head)?))
    }

    /// The commit that a branch of the bare repository points at.
    fn branch(&self, repository: &Repository, branch: &str) -> Result<Option<String>, HostError> {
        commit_of(&self.bare(repository), &format!("refs/heads/{branch}"))
    }

    /// Writes the pull request where a person can read it, and gives the address.
    fn show(&self, repository: &Repository, pull: &FolderPullRequest) -> Result<String, HostError> {
        let name = format!("{}.pull-{}.md", repository.name(), pull.number);
        let path = self.root.join(repository.owner()).join(name);
        let (title, body) = (&pull.title, &pull.body);
        let state = if pull.draft { "draft" } else { "ready" };
        let text =
            format!("# {title}\n\n`{}` into `{}`, {state}\n\n{body}\n", pull.head, pull.base);
        ledger::replace(&path, text.as_bytes())?;
        let path = std::path::absolute(&path).map_err(|e| ledger::unreadable(&path, &e))?;
        Ok(format!("file://{}", path.display()))
    }
}
