//! Looks at repositories again and again, and puts what people ask for there on the queue.
//!
//! What is on the queue twice is one job, so a task goes there first and is noted as seen after
//! that: whenever this process dies, nothing is lost.
//!
//! What it costs, in requests that count against a limit (GitHub's is 5,000 an hour and token):
//!
//! - The first look at a repository: four, one for each list; one more for each further page of
//!   labelled issues (of 100, at most ten) and for each labelled issue.
//! - An idle round: none, where ETags hold. Where they do not, four for each repository, and
//!   never more than 60 in an hour (`engine::watch::Budget`): beyond that rounds come later.
//! - News: one for each list that has changed and each further page, at most ten pages and three
//!   readings of a list; one for each labelled issue, and one or two for each pull request that
//!   has changed. News may go over the 60: whoever asks is not to wait for an idle budget.
//! - What fails: at most one list's before everything is left alone, for twice the interval at
//!   first and ten minutes at most, or for as long as the code host asks.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::code_host::HostError;
use crate::code_host::{Page, Watch};
use crate::domain::task::{CommentKind, Repository};
use crate::engine::watch::{self, Budget, Found, List, Mark, Pass, Sighting};
use crate::queue::{QueueError, TaskQueue};
use crate::retry::RetryPolicy;
use crate::store::{Store, StoreError};
use crate::worker::drive::Clock;
use crate::worker::hands::ASK;

/// How long everything is left alone at most after something failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// How long a repository is left alone that is not there for us.
const UNSEEN_PAUSE: Duration = Duration::from_secs(3_600);
/// How often a list is read again at once because it moved while it was read.
const MOST_PASSES: usize = 3;
/// What a look at a repository costs where no ETag holds.
const A_LOOK: u32 = List::ALL.len() as u32;

/// How long to pause after each failure in a row.
type Pauses = Box<dyn Iterator<Item = Duration> + Send>;

/// What is to be looked at, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rounds {
    /// Which repositories.
    pub repositories: Vec<Repository>,
    /// From the end of a round to the next.
    pub interval: Duration,
}

/// What looks at repositories.
pub struct Lookout {
    /// Where they are.
    pub host: Arc<dyn Watch>,
    /// Where tasks go.
    pub queue: Arc<dyn TaskQueue>,
    /// Where it is noted what was seen.
    pub store: Store,
    /// What time it is, where the code host does not say.
    pub clock: Clock,
    /// What the operator wants now; asked before each round.
    pub rounds: Box<dyn Fn() -> Rounds + Send + Sync>,
    /// Those that are not there for us: when they are looked at again.
    unseen: HashMap<Repository, Instant>,
    /// What was wrong the last time, said once.
    trouble: Option<String>,
    /// Where the next round begins.
    first: usize,
    /// What looks may cost that tell nothing.
    budget: Budget,
    /// Whether that it is used up was said.
    stretched: bool,
    /// When it began.
    began: Instant,
}

/// What can come in between.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Host(#[from] HostError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Lookout {
    /// Looks at nothing yet.
    pub fn new(
        host: Arc<dyn Watch>,
        queue: Arc<dyn TaskQueue>,
        store: Store,
        clock: Clock,
        rounds: impl Fn() -> Rounds + Send + Sync + 'static,
    ) -> Self {
        Self {
            host,
            queue,
            store,
            clock,
            rounds: Box::new(rounds),
            unseen: HashMap::new(),
            trouble: None,
            first: 0,
            budget: Budget::default(),
            stretched: false,
            began: Instant::now(),
        }
    }

    /// Goes round after round, until `stop`. Whatever goes wrong, it goes on later.
    pub async fn look_out(mut self, stop: &CancellationToken) {
        let mut failures = None;
        while !stop.is_cancelled() {
            let pause = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                pause = self.turn(&mut failures) => pause,
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One round. How long to pause after it.
    async fn turn(&mut self, failures: &mut Option<Pauses>) -> Duration {
        let interval = (self.rounds)().interval;
        match self.round().await {
            Ok(wait) => {
                *failures = None;
                wait.map_or(interval, |it| it.max(interval))
            }
            Err(wait) => {
                let pauses = failures.get_or_insert_with(|| Box::new(pauses(interval)));
                let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
                wait.map_or(pause, |it| it + pause.min(interval))
            }
        }
    }

    /// Looks at every repository once, or at as many as may be looked at now. How long to leave
    /// the code host alone after that.
    ///
    /// # Errors
    /// When something is wrong that is not of one repository alone, which was said: how long to
    /// wait, where that was named.
    pub async fn round(&mut self) -> Result<Option<Duration>, Option<Duration>> {
        let mut wait = None;
        let mut repositories = (self.rounds)().repositories;
        let first = self.first.checked_rem(repositories.len()).unwrap_or(0);
        repositories.rotate_left(first);
        for (nth, repository) in repositories.into_iter().enumerate() {
            if self.unseen.get(&repository).is_some_and(|until| Instant::now() < *until) {
                continue;
            }
            if let Some(rest) = self.rest() {
                // The next round goes on here.
                self.first = first + nth;
                return Ok(wait.max(Some(rest)));
            }
            match self.look_at(&repository).await {
                Ok(asked) => {
                    wait = wait.max(asked);
                    if self.unseen.remove(&repository).is_some() {
                        tracing::info!(%repository, "it can be looked at again");
                    }
                }
                Err(Trouble::Host(
                    error @ (HostError::NotFound(_) | HostError::Refused { .. }),
                )) => {
                    let again = Instant::now() + UNSEEN_PAUSE;
                    if self.unseen.insert(repository.clone(), again).is_none() {
                        tracing::warn!(%repository, %error, "cannot look at it; trying hourly");
                    }
                }
                Err(trouble) => {
                    // The next round begins behind it: one that always fails starves no other.
                    self.first = first + nth + 1;
                    return Err(self.say(&trouble));
                }
            }
        }
        self.first = 0;
        let now = self.began.elapsed();
        if self.stretched && self.budget.is_full(now) {
            self.stretched = false;
            tracing::info!("looks that find nothing cost nothing again: back to the interval");
        }
        if self.trouble.take().is_some() {
            tracing::info!("looking at the repositories again");
        }
        Ok(wait)
    }

    /// How long to look at nothing, if too much was spent on looks that told nothing.
    fn rest(&mut self) -> Option<Duration> {
        let rest = self.budget.wait_for(A_LOOK, self.began.elapsed())?;
        if !self.stretched {
            self.stretched = true;
            tracing::warn!(
                "the code host sends its lists again although nothing in them has changed, and each of \
                 these requests counts: to stay within 60 in an hour, the repositories are looked \
                 at less often than `poll.interval_seconds` says. Either a proxy on the way takes \
                 the `ETag` or `If-None-Match` header away (let both pass), or the token changes \
                 often (watch fewer repositories with this worker, or use a queue)"
            );
        }
        Some(rest)
    }

    /// Says what is wrong, if it is not what was said last. How long the other side wants to wait.
    fn say(&mut self, trouble: &Trouble) -> Option<Duration> {
        let wait = match trouble {
            Trouble::Host(error) => error.wait(),
            Trouble::Queue(_) | Trouble::Store(_) => None,
        };
        // The words may hold how long to wait, which changes.
        let kind = match trouble {
            Trouble::Host(HostError::RateLimited { .. }) => "limited".to_owned(),
            other => other.to_string(),
        };
        if self.trouble.as_ref() != Some(&kind) {
            tracing::warn!(error = %trouble, "cannot look for new tasks now; trying again");
            self.trouble = Some(kind);
        }
        wait
    }

    async fn look_at(&mut self, repository: &Repository) -> Result<Option<Duration>, Trouble> {
        let mut wait = None;
        for list in List::ALL {
            wait = wait.max(self.look_through(repository, list).await?);
        }
        Ok(wait)
    }

    /// Reads one list, if it has changed, and passes on what is new in it.
    async fn look_through(
        &mut self,
        repository: &Repository,
        list: List,
    ) -> Result<Option<Duration>, Trouble> {
        let known = self.store.watched(repository, list).await?;
        let (mut etag, mut mark, mut wait) = (known.etag, known.mark, None);
        let is_first = mark.is_none();
        for nth in 0..MOST_PASSES {
            let first = self.host.look(repository, list, ASK, 1, etag.as_deref()).await?;
            wait = wait.max(first.wait);
            let Some(page) = first.page else { break };
            etag.clone_from(&page.etag);
            let found = self.read(repository, list, page, mark).await?;
            // First looks are due, and so is what follows news.
            if nth == 0 && !is_first && found.fresh.is_empty() {
                self.budget.spend(1, self.began.elapsed());
            }
            if let Some(before) = found.dropped {
                let list = list.name();
                tracing::warn!(%repository, list, %before, "too much to make up for: what is older was not looked at");
            }
            let mut seen = found.mark;
            for it in &found.fresh {
                self.pass_on(repository, list, it, &mut seen).await?;
            }
            etag = etag.filter(|_| found.is_settled);
            self.store.watch(repository, list, etag.clone(), &seen).await?;
            mark = Some(seen);
            if !found.again {
                break;
            }
        }
        Ok(wait)
    }

    async fn read(
        &self,
        repository: &Repository,
        list: List,
        first: Page,
        mark: Option<Mark>,
    ) -> Result<Found, Trouble> {
        let mut pass = Pass::begin(list, mark);
        let (mut page, mut number) = (first, 1);
        while pass.take(page.items, page.more, page.sent.unwrap_or_else(|| (self.clock)())) {
            number += 1;
            match self.host.look(repository, list, ASK, number, None).await?.page {
                Some(next) => page = next,
                None => break,
            }
        }
        Ok(pass.end())
    }

    /// Puts on the queue what a new thing of a list asks for, if it asks for anything.
    async fn pass_on(
        &self,
        repository: &Repository,
        list: List,
        it: &Sighting,
        seen: &mut Mark,
    ) -> Result<(), Trouble> {
        if let Some(kind) = watch::kind(list) {
            if let Some(task) = watch::request_of(repository, seen, kind, it) {
                self.submit(repository, it.thread, &task).await?;
            }
        } else if list == List::Issues {
            let labelled = gone(self.host.labelled(repository, it.id, ASK).await)?.flatten();
            if let Some(at) = labelled.filter(|at| seen.is_news(it.id, *at)) {
                let task = watch::issue_task(repository, it, ASK, at);
                self.submit(repository, it.thread, &task).await?;
            }
        } else if it.on_pull {
            let reviews = gone(self.host.reviews(repository, it.id).await)?.unwrap_or_default();
            let since = seen.since;
            for review in reviews.iter().filter(|it| since <= it.written) {
                let news = seen.is_news(review.id, review.written);
                let task = watch::request_of(repository, seen, CommentKind::Review, review);
                if let Some(task) = task.filter(|_| news) {
                    self.submit(repository, it.thread, &task).await?;
                }
            }
        }
        Ok(())
    }

    async fn submit(
        &self,
        repository: &Repository,
        thread: u64,
        task: &str,
    ) -> Result<(), Trouble> {
        let message = self.queue.submit(task).await?;
        tracing::info!(%repository, thread, message, "found something to do");
        Ok(())
    }
}

/// What is there no more, or is not for us, by itself, asks for nothing.
fn gone<T>(answer: Result<T, HostError>) -> Result<Option<T>, HostError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error @ (HostError::NotFound(_) | HostError::Refused { .. })) => {
            tracing::debug!(%error, "passing over it");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn pauses(interval: Duration) -> impl Iterator<Item = Duration> + Send {
    let (initial, least) = (interval * 2, interval / 2);
    let policy = RetryPolicy { initial, cap: LONGEST_PAUSE, least, ..RetryPolicy::default() };
    policy.pauses()
}

#[cfg(test)]
mod tests;
