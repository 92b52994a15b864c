//! A code host with a memory, that fails, loses replies, limits and shows things late.
//!
//! It is what the adapter of a real one is to the hands: each method looks before it makes, and
//! tries once more, a second later, where an answer was lost.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use codingworker::code_host::{
    Actor, CodeHost, Draft, HostError, Issue, Labelling, Permission, Pull, Remark, RepositoryFacts,
};
use codingworker::domain::change::{Change, PullRequest};
use codingworker::domain::job::Person;
use codingworker::domain::task::{CommentRef, Repository};
use codingworker::domain::time::Timestamp;
use codingworker::fault::{Mutation, mutated};
use tokio::time::Instant;

use crate::gate::Gate;
use crate::world::{Comment, Doer, World};

/// For how long a list may not show what was just made.
const LAG: Duration = Duration::from_millis(800);

/// The code host, for one job of one worker.
pub(crate) struct Host {
    pub(crate) world: Arc<World>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) doer: Doer,
}

fn ann() -> Person {
    Person { id: 1, login: "ann".to_owned() }
}

fn actor() -> Actor {
    Actor { person: ann(), bot: false }
}

fn lost() -> HostError {
    HostError::Unavailable("the reply was lost".to_owned())
}

impl Host {
    async fn ask(&self) -> Result<(), HostError> {
        self.gate.pass().await;
        self.world.pause(20, 400).await;
        if self.world.hits(15) {
            return Err(HostError::Unavailable("502 Bad Gateway".to_owned()));
        }
        if self.world.hits(4) {
            let wait = Duration::from_secs(self.world.between(1, 900));
            return Err(HostError::RateLimited { wait, message: "slow down".to_owned() });
        }
        Ok(())
    }

    async fn reply(&self) -> Result<(), HostError> {
        self.gate.pass().await;
        if self.world.hits(15) { Err(lost()) } else { Ok(()) }
    }

    fn comment_of(&self, thread: u64, marker: &str) -> Option<usize> {
        let state = self.world.state();
        let shown = |it: &Comment| it.seen_from <= Instant::now() || mutated(Mutation::NoLook);
        let found = |it: &Comment| it.thread == thread && it.marker == marker && shown(it);
        state.comments.iter().position(found).filter(|_| !mutated(Mutation::NoLook))
    }

    async fn say_once(
        &self,
        thread: u64,
        marker: &str,
        known: Option<u64>,
    ) -> Result<u64, HostError> {
        self.ask().await?;
        let known = known.map(|it| it as usize).or_else(|| self.comment_of(thread, marker));
        if let Some(known) = known {
            self.world.effect(&self.doer, "edits its comment");
            self.world.state().comments[known].edits += 1;
            self.reply().await?;
            return Ok(known as u64);
        }
        self.gate.pass().await;
        self.world.effect(&self.doer, "comments");
        let lag = Duration::from_millis(self.world.below(LAG.as_millis() as u64));
        let number = {
            let mut state = self.world.state();
            let seen_from = Instant::now() + lag;
            let marker = marker.to_owned();
            state.comments.push(Comment { thread, marker, seen_from, edits: 0 });
            state.comments.len() - 1
        };
        let twins = self.world.state().comments.iter().filter(|it| it.marker == marker).count();
        if twins > 1 {
            self.world.broke(format!("{}: a second comment", self.doer.job));
        }
        self.reply().await?;
        Ok(number as u64)
    }

    async fn open_once(&self, change: &Change) -> Result<PullRequest, HostError> {
        self.ask().await?;
        let found = |it: &(String, _)| it.0 == change.branch;
        let there = self.world.state().pulls.iter().position(found);
        let number = match there.filter(|_| !mutated(Mutation::NoLook)) {
            Some(number) => number,
            None => {
                self.gate.pass().await;
                self.world.effect(&self.doer, "opens a pull request");
                let job = self.doer.job.clone();
                let mut state = self.world.state();
                state.pulls.push((change.branch.clone(), job));
                state.pulls.len() - 1
            }
        };
        let mine = self.world.state().pulls.iter().filter(|it| it.1 == self.doer.job).count();
        if mine > 1 && self.world.shape != crate::world::Shape::Apart {
            self.world.broke(format!("{}: a second pull request", self.doer.job));
        }
        self.reply().await?;
        let url = format!("https://example/{number}");
        Ok(PullRequest { number: number as u64 + 1000, url, draft: false })
    }

    /// As the adapter does: once more, and it looks again before it makes anything.
    async fn again<T>(&self, first: Result<T, HostError>) -> Option<Result<T, HostError>> {
        match first {
            Err(HostError::Unavailable(_)) => {
                let least = if mutated(Mutation::BlindResend) { 0 } else { 1_000 };
                tokio::time::sleep(Duration::from_millis(least)).await;
                None
            }
            first => Some(first),
        }
    }
}

#[async_trait]
impl CodeHost for Host {
    async fn repository(&self, _: &Repository) -> Result<RepositoryFacts, HostError> {
        self.ask().await?;
        let default_branch = "main".to_owned();
        Ok(RepositoryFacts {
            id: 7,
            default_branch,
            public: false,
            archived: false,
            may_push: true,
        })
    }
    async fn me(&self) -> Result<Option<Person>, HostError> {
        Ok(Some(Person { id: 99, login: "worker[bot]".to_owned() }))
    }
    async fn permission(&self, _: &Repository, _: &Person) -> Result<Permission, HostError> {
        self.ask().await?;
        Ok(Permission::Write)
    }
    async fn pull(&self, _: &Repository, number: u64) -> Result<Pull, HostError> {
        Err(HostError::NotFound(format!("#{number}")))
    }
    async fn diff(&self, _: &Repository, number: u64) -> Result<String, HostError> {
        Err(HostError::NotFound(format!("#{number}")))
    }
    async fn remark(&self, _: &Repository, n: u64, _: CommentRef) -> Result<Remark, HostError> {
        Err(HostError::NotFound(format!("#{n}")))
    }
    async fn remarks(
        &self,
        _: &Repository,
        _: u64,
        _: Option<Timestamp>,
    ) -> Result<Vec<Remark>, HostError> {
        self.ask().await?;
        Ok(Vec::new())
    }
    async fn issue(&self, _: &Repository, number: u64, label: &str) -> Result<Issue, HostError> {
        self.ask().await?;
        Ok(Issue {
            title: format!("Do {number}"),
            body: "Please.".to_owned(),
            open: true,
            labels: vec![label.to_owned()],
            author: Some(actor()),
            labelled: Some(Labelling { by: actor(), at: Timestamp(0) }),
            edited_at: None,
        })
    }
    async fn open(
        &self,
        _: &Repository,
        change: &Change,
        _: &Draft,
    ) -> Result<PullRequest, HostError> {
        match self.again(self.open_once(change).await).await {
            Some(answer) => answer,
            None => self.open_once(change).await,
        }
    }
    async fn say(
        &self,
        _: &Repository,
        thread: u64,
        marker: &str,
        known: Option<u64>,
        _: &str,
    ) -> Result<u64, HostError> {
        match self.again(self.say_once(thread, marker, known).await).await {
            Some(answer) => answer,
            None => self.say_once(thread, marker, known).await,
        }
    }
    async fn label(
        &self,
        _: &Repository,
        _: u64,
        add: &[&str],
        _: &[&str],
    ) -> Result<(), HostError> {
        self.ask().await?;
        self.world.effect(&self.doer, &format!("labels {add:?}"));
        self.reply().await
    }
}
