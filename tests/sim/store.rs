//! What stands between a store and one life of one worker.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use codingworker::database::DatabaseError;
use codingworker::domain::change::Fate;
use codingworker::domain::job::{Event, JobId, JobState, Record};
use codingworker::domain::task::{Repository, Task};
use codingworker::domain::time::Timestamp;
use codingworker::engine::cooldown::{Hold, ModelKey};
use codingworker::engine::line::Took;
use codingworker::engine::watch::{List, Mark};
use codingworker::store::{
    Admission, Claimant, Claims, Fates, Fence, Followed, Found, Holds, Job, JobFilter, JobStore,
    Jobs, Leases, LogSection, Lookup, Memory, Polls, Store, StoreError, Taken, Watched,
};

use tokio::time::Instant;

use crate::gate::Gate;
use crate::world::{Shape, World};

pub(crate) struct Desk {
    pub(crate) world: Arc<World>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) inner: Store,
}

type Answer<T> = Result<T, StoreError>;

impl Desk {
    async fn ask<T>(&self, what: impl Future<Output = Answer<T>>) -> Answer<T> {
        self.gate.pass().await;
        if self.world.shape == Shape::Shared {
            self.world.pause(0, 40).await;
            if self.world.hits(3) {
                return Err(DatabaseError::Busy.into());
            }
        }
        let answer = what.await;
        self.gate.pass().await;
        answer
    }

    /// A shared store has its own clock.
    fn time(&self, told: Timestamp) -> Timestamp {
        if self.world.shape == Shape::Shared { self.world.now() } else { told }
    }
}

#[async_trait]
impl Jobs for Desk {
    async fn admit(
        &self,
        task: &Task,
        receipt: &str,
        me: &Claimant,
        now: Timestamp,
    ) -> Answer<Admission> {
        self.ask(async {
            let admission = self.inner.admit(task, receipt, me, self.time(now)).await?;
            if let Admission::New(taken) | Admission::Known(taken) = &admission {
                self.world.takes(&self.gate, &taken.job.id);
            }
            Ok(admission)
        })
        .await
    }
    async fn append(
        &self,
        fence: &Fence,
        record: &Record,
        state: JobState,
        url: Option<&str>,
    ) -> Answer<u64> {
        self.ask(async {
            let number = self.inner.append(fence, record, state, url).await?;
            let what = format!("{:?}", record.event);
            let what = what.split(['(', ' ']).next().unwrap_or_default();
            let over = matches!(record.event, Event::Closed);
            self.world.recorded(self.gate.worker, &fence.job, fence.token, what, over);
            Ok(number)
        })
        .await
    }
    async fn records(&self, id: &JobId) -> Answer<Vec<Record>> {
        self.ask(self.inner.records(id)).await
    }
    async fn request_cancel(&self, id: &JobId, now: Timestamp) -> Answer<bool> {
        self.ask(self.inner.request_cancel(id, now)).await
    }
    async fn cancel_requested(&self, _: &JobId) -> Answer<bool> {
        Ok(false)
    }
    async fn cancels(&self, _: &[JobId]) -> Answer<Vec<JobId>> {
        // Asked twice a second, and nobody cancels here: it would be most of the work.
        tokio::time::sleep(Duration::from_secs(300)).await;
        Ok(Vec::new())
    }
    async fn log_section(&self, id: &JobId, at: Timestamp, title: &str, offset: u64) -> Answer<()> {
        self.ask(self.inner.log_section(id, at, title, offset)).await
    }
    async fn log_sections(&self, id: &JobId) -> Answer<Vec<LogSection>> {
        self.ask(self.inner.log_sections(id)).await
    }
}

#[async_trait]
impl Leases for Desk {
    async fn take(&self, id: &JobId, me: &Claimant, now: Timestamp) -> Answer<Option<Taken>> {
        self.ask(async {
            let taken = self.inner.take(id, me, self.time(now)).await?;
            if taken.is_some() {
                self.world.takes(&self.gate, id);
            }
            Ok(taken)
        })
        .await
    }
    async fn begin(&self, fence: &Fence) -> Answer<()> {
        self.ask(self.inner.begin(fence)).await
    }
    async fn renew(
        &self,
        fence: &Fence,
        lease: Duration,
        now: Timestamp,
    ) -> Answer<Option<String>> {
        self.ask(self.inner.renew(fence, lease, self.time(now))).await
    }
    async fn check(&self, fence: &Fence) -> Answer<()> {
        self.ask(self.inner.check(fence)).await
    }
    async fn hold(&self, fence: &Fence, receipt: &str) -> Answer<()> {
        self.ask(self.inner.hold(fence, receipt)).await
    }
    async fn release(&self, fence: &Fence) -> Answer<()> {
        let released = self.ask(self.inner.release(fence)).await;
        match &released {
            Ok(()) => self.world.releases(self.gate.worker, &fence.job),
            Err(_) => self.world.disturb(self.gate.worker, Instant::now()),
        }
        released
    }
    async fn unsettled(&self, most: usize) -> Answer<Vec<Job>> {
        self.ask(self.inner.unsettled(most)).await
    }
    async fn settled(&self, id: &JobId, receipt: &str) -> Answer<()> {
        self.ask(self.inner.settled(id, receipt)).await
    }
}

#[async_trait]
impl Claims for Desk {
    async fn claim(&self, fence: &Fence, keys: &[String]) -> Answer<Vec<String>> {
        self.ask(self.inner.claim(fence, keys)).await
    }
    async fn claimed_by(&self, key: &str) -> Answer<Option<JobId>> {
        self.ask(self.inner.claimed_by(key)).await
    }
}

#[async_trait]
impl Lookup for Desk {
    async fn unfinished(&self) -> Answer<Vec<Job>> {
        self.ask(self.inner.unfinished()).await
    }
    async fn jobs(&self, filter: &JobFilter, most: usize) -> Answer<Vec<Job>> {
        self.ask(self.inner.jobs(filter, most)).await
    }
    async fn find(&self, prefix: &str) -> Answer<Found> {
        self.ask(self.inner.find(prefix)).await
    }
    async fn count_by_state(&self) -> Answer<Vec<(JobState, u64)>> {
        self.ask(self.inner.count_by_state()).await
    }
    async fn jobs_of(&self, repository: &Repository, thread: u64, most: usize) -> Answer<Vec<Job>> {
        self.ask(self.inner.jobs_of(repository, thread, most)).await
    }
    async fn runs_since(&self, at: &Repository, thread: u64, since: Timestamp) -> Answer<u64> {
        self.ask(self.inner.runs_since(at, thread, since)).await
    }
    async fn refusals_since(&self, at: &Repository, thread: u64, since: Timestamp) -> Answer<u64> {
        self.ask(self.inner.refusals_since(at, thread, since)).await
    }
    async fn answers_since(&self, at: &Repository, thread: u64, since: Timestamp) -> Answer<u64> {
        self.ask(self.inner.answers_since(at, thread, since)).await
    }
    async fn durations(&self, at: Option<&Repository>, most: usize) -> Answer<Vec<(JobId, Took)>> {
        self.ask(self.inner.durations(at, most)).await
    }
}

#[async_trait]
impl Holds for Desk {
    async fn hold_model(&self, hold: &Hold) -> Answer<()> {
        self.world.may_ask(self.gate.worker, false);
        self.ask(self.inner.hold_model(hold)).await
    }
    async fn held_models(&self) -> Answer<Vec<Hold>> {
        self.ask(self.inner.held_models()).await
    }
    async fn release_model(&self, key: &ModelKey) -> Answer<()> {
        self.world.may_ask(self.gate.worker, false);
        self.ask(self.inner.release_model(key)).await
    }
}

#[async_trait]
impl Memory for Desk {
    async fn pin(&self, repository: &Repository, id: u64) -> Answer<u64> {
        self.ask(self.inner.pin(repository, id)).await
    }
    async fn pins(&self) -> Answer<Vec<(String, u64)>> {
        self.ask(self.inner.pins()).await
    }
    async fn prefer_model(&self, at: &Repository, thread: u64, name: &str) -> Answer<()> {
        self.ask(self.inner.prefer_model(at, thread, name)).await
    }
    async fn preferred_model(&self, at: &Repository, thread: u64) -> Answer<Option<String>> {
        self.ask(self.inner.preferred_model(at, thread)).await
    }
    async fn vouch(&self, task: &Task, now: Timestamp) -> Answer<()> {
        self.ask(self.inner.vouch(task, now)).await
    }
    async fn is_vouched(&self, task: &Task) -> Answer<bool> {
        self.ask(self.inner.is_vouched(task)).await
    }
}

#[async_trait]
impl Polls for Desk {
    async fn watched(&self, repository: &Repository, list: List) -> Answer<Watched> {
        self.ask(self.inner.watched(repository, list)).await
    }
    async fn watch(
        &self,
        at: &Repository,
        list: List,
        etag: Option<String>,
        mark: &Mark,
    ) -> Answer<()> {
        self.ask(self.inner.watch(at, list, etag, mark)).await
    }
}

#[async_trait]
impl Fates for Desk {
    async fn open_pulls(&self, since: Timestamp) -> Answer<Vec<Followed>> {
        self.ask(self.inner.open_pulls(since)).await
    }
    async fn looks_since(&self, since: Timestamp) -> Answer<u64> {
        self.ask(self.inner.looks_since(since)).await
    }
    async fn begin_look(&self, pull: &Followed, now: Timestamp) -> Answer<bool> {
        self.ask(self.inner.begin_look(pull, now)).await
    }
    async fn saw(&self, pull: &Followed, fate: Fate, etag: Option<&str>) -> Answer<()> {
        self.ask(self.inner.saw(pull, fate, etag)).await
    }
    async fn fates(&self) -> Answer<Vec<Followed>> {
        self.ask(self.inner.fates()).await
    }
}

impl JobStore for Desk {
    fn is_shared(&self) -> bool {
        self.world.shape == Shape::Shared
    }
}
