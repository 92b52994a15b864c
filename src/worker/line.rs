//! Tells those whose tasks wait in the queue where they stand and about when they begin, in the
//! comment that their jobs go on with.
//!
//! It speaks for nobody whom the job itself would refuse: the same inspection says so first. It
//! begins nothing, takes nothing from the queue, and a job never waits for it longer than for one
//! write that is under way about itself. What it costs at the code host: an inspection of each
//! issue among the first twenty (six to nine requests, again before an edit when it is older than
//! ten minutes), then two to five requests a write, as often as `engine::line` lets it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::code_host::HostError;
use crate::domain::job::{Failure, JobId, JobState};
use crate::domain::task::{Origin, Repository, Task};
use crate::domain::time::Timestamp;
use crate::engine::intake;
use crate::engine::line::{self, Held, Medians, Running, Said, Word};
use crate::engine::report;
use crate::queue::{QueueError, TaskQueue};
use crate::store::{Found, Job, Store, StoreError, job_id};
use crate::worker::board::Board;
use crate::worker::drive::Clock;
use crate::worker::hands::Tools;
use crate::worker::live::Live;
use crate::worker::slots::Slots;

mod pen;
mod write;
pub use pen::Pens;
use write::WRITE;

/// How many of those who wait are looked at.
const MOST: usize = 20;
/// How many issues are inspected in one look; the next look goes on.
const MOST_INSPECTED: usize = 5;
/// How many finished jobs of a repository, and of all, say how long one takes.
const MOST_FINISHED: usize = 100;
/// For how long an inspection stands for the next word.
const FRESH: Duration = Duration::from_secs(600);
/// Who is not in the queue for so long, and has no job, is gone.
const GONE: Duration = Duration::from_secs(60);
/// After that time nobody remembers whom he told what; the comment still knows.
const FORGOTTEN: Duration = Duration::from_secs(3_600);

/// Until when a model is not asked, and why, by its name. `None`: it may be asked now.
pub type Holds = Arc<dyn Fn(&str) -> Option<Held> + Send + Sync>;

/// What tells of places.
pub struct Line {
    /// What they wait in.
    pub queue: Arc<dyn TaskQueue>,
    /// Which jobs there are, and how long they took.
    pub store: Store,
    /// What jobs would work with: the code host, and who may ask for work.
    pub tools: Live<Tools>,
    /// The places for jobs.
    pub slots: Slots,
    /// Which jobs of ours are under way.
    pub board: Arc<Board>,
    /// Which models are not asked for a while.
    pub holds: Holds,
    /// Held while it writes.
    pub pens: Pens,
    /// What time it is.
    pub clock: Clock,
    /// Those who wait, or did a moment ago.
    pub waiting: Waiting,
}

/// What is remembered of those who wait. Empty at first.
#[derive(Default)]
pub struct Waiting {
    notes: HashMap<JobId, Note>,
    /// When running jobs began.
    began: HashMap<JobId, Timestamp>,
}

struct Note {
    task: Task,
    /// Whether it may be worked on, and when that was found out.
    allowed: Option<(Instant, bool)>,
    said: Option<Said>,
    comment: Option<u64>,
    /// The comment tells of something else: not ours to write.
    taken: bool,
    seen: Instant,
}

/// What can come in between.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The code host.
    #[error(transparent)]
    Host(#[from] HostError),
    /// An inspection.
    #[error("{}", .0.message)]
    Inspection(Failure),
    /// A write that took too long.
    #[error("the code host did not take a comment within {} s", WRITE.as_secs())]
    Slow,
}

impl LineError {
    /// How long the other side asked to be left alone.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Host(error) => error.wait(),
            Self::Inspection(failure) => failure.retry_after_ms.map(Duration::from_millis),
            Self::Queue(_) | Self::Store(_) | Self::Slow => None,
        }
    }
}

/// Somebody in the line.
struct Waiter {
    job: JobId,
    usual: Option<Duration>,
    /// Whether he is told: for an issue whose job has not begun.
    told: bool,
}

impl Line {
    /// Whether somebody may be waiting: all slots are taken.
    pub fn may_be_long(&self) -> bool {
        *self.board.count().borrow() >= self.slots.number() || !self.waiting.notes.is_empty()
    }

    /// Looks once at who waits, and tells those whose place is new.
    ///
    /// # Errors
    /// When queue, store or code host fail. The next look makes up for it.
    pub async fn look(&mut self) -> Result<(), LineError> {
        let messages = self.queue.waiting(MOST).await?;
        if messages.is_empty() && self.waiting.notes.is_empty() {
            return Ok(());
        }
        let tasks = messages.iter().filter_map(|it| intake::task(&it.body, &it.id).ok());
        let mut seen = HashSet::new();
        let tasks = tasks
            .map(|task| (job_id(&task.key()), task))
            .filter(|(job, _)| seen.insert(job.clone()))
            .collect::<Vec<_>>();
        self.bid_farewell(&seen, messages.len() == MOST).await?;
        if tasks.is_empty() {
            return Ok(());
        }
        let unfinished = self.store.unfinished().await?;
        let medians = self.medians(&tasks, &unfinished).await?;
        let running = self.running(&unfinished, &seen, &medians).await?;
        let mut waiters = self.lined_up(&unfinished, &seen, &medians);
        let mut looks = MOST_INSPECTED;
        for (job, task) in tasks {
            let begun = match unfinished.iter().find(|it| it.id == job) {
                Some(known) => known.state != JobState::Queued,
                // Delivered again after its end: it goes as soon as it is received.
                None if self.find(&job).await?.is_some() => continue,
                None => false,
            };
            let told = !begun && task.comment().is_none();
            let usual = self.usual(&medians, &task);
            if told {
                match self.is_allowed(&job, task, &mut looks, None).await? {
                    // A job that is refused is over at once: it holds up nobody.
                    Some(false) => continue,
                    Some(true) => {}
                    None => break,
                }
            }
            waiters.push(Waiter { job, usual, told });
        }
        let usual = waiters.iter().map(|it| it.usual).collect::<Vec<_>>();
        let places = line::places(self.slots.number(), &running, &usual);
        // A job that has not begun begins with the first model.
        let held = self.tools.now().ladder.first().and_then(|it| (self.holds)(it));
        for (waiter, place) in waiters.iter().zip(places) {
            // A slot is free for it: what is said would be wrong before it is read.
            if waiter.told && place.nth > 0 {
                self.tell(&waiter.job, &Word { place, held: held.clone() }, &mut looks).await?;
            }
        }
        Ok(())
    }

    /// How long jobs of these kinds take.
    async fn medians(
        &self,
        tasks: &[(JobId, Task)],
        unfinished: &[Job],
    ) -> Result<Medians, StoreError> {
        let mut repositories: Vec<&Repository> = Vec::new();
        let all = tasks.iter().map(|it| &it.1).chain(unfinished.iter().map(|it| &it.task));
        for task in all {
            let known = repositories.iter().any(|it| same(it, &task.repository));
            if !known && repositories.len() < MOST {
                repositories.push(&task.repository);
            }
        }
        let mut finished = HashMap::new();
        for repository in repositories.into_iter().map(Some).chain([None]) {
            for (job, took) in self.store.durations(repository, MOST_FINISHED).await? {
                finished.insert(job, took);
            }
        }
        Ok(Medians::new(&finished.into_values().collect::<Vec<_>>()))
    }

    /// Those that have a slot, here or with another worker on the same store.
    async fn running(
        &mut self,
        unfinished: &[Job],
        waiting: &HashSet<JobId>,
        medians: &Medians,
    ) -> Result<Vec<Running>, StoreError> {
        let under_way = |it: &&Job| it.state != JobState::Queued && !waiting.contains(&it.id);
        let under_way = unfinished.iter().filter(under_way).collect::<Vec<_>>();
        self.waiting.began.retain(|job, _| under_way.iter().any(|it| it.id == *job));
        let now = (self.clock)();
        let mut running = Vec::new();
        for job in under_way {
            let began = match self.waiting.began.get(&job.id) {
                Some(began) => *began,
                None => {
                    let records = self.store.records(&job.id).await?;
                    let began = records.first().map_or(job.created_at, report::start);
                    *self.waiting.began.entry(job.id.clone()).or_insert(began)
                }
            };
            running
                .push(Running { since: now.since(began), usual: self.usual(medians, &job.task) });
        }
        Ok(running)
    }

    /// Those that were received and wait for a slot, or for another job on their pull request:
    /// they are before everybody in the queue.
    fn lined_up(
        &self,
        unfinished: &[Job],
        waiting: &HashSet<JobId>,
        medians: &Medians,
    ) -> Vec<Waiter> {
        let lined_up = unfinished
            .iter()
            .filter(|it| it.state == JobState::Queued && !waiting.contains(&it.id))
            .map(|it| Waiter {
                job: it.id.clone(),
                usual: self.usual(medians, &it.task),
                told: false,
            });
        lined_up.collect()
    }

    fn usual(&self, medians: &Medians, task: &Task) -> Option<Duration> {
        let tools = self.tools.now();
        medians.of(&task.repository, tools.ladder.first()?)
    }

    async fn find(&self, job: &JobId) -> Result<Option<Job>, StoreError> {
        Ok(match self.store.find(&job.0).await? {
            Found::One(found) if found.id == *job => Some(*found),
            _ => None,
        })
    }

    /// Whether the job would be allowed to begin. `None`: enough was looked at for now. `fresh`:
    /// it has to have been found out within this time.
    async fn is_allowed(
        &mut self,
        job: &JobId,
        task: Task,
        looks: &mut usize,
        fresh: Option<Duration>,
    ) -> Result<Option<bool>, LineError> {
        let Origin::Issue { number } = task.origin else { return Ok(Some(false)) };
        let now = Instant::now();
        let note = self.waiting.notes.entry(job.clone()).or_insert_with(|| Note {
            task,
            allowed: None,
            said: None,
            comment: None,
            taken: false,
            seen: now,
        });
        note.seen = now;
        // A refusal is looked at again now and then: somebody may approve of the text.
        let lasts = |allowed: bool| fresh.or((!allowed).then_some(FRESH));
        if let Some((at, allowed)) = note.allowed
            && lasts(allowed).is_none_or(|it| now.duration_since(at) < it)
        {
            return Ok(Some(allowed));
        }
        let Some(left) = looks.checked_sub(1) else {
            return Ok(note.allowed.filter(|_| fresh.is_none()).map(|it| it.1));
        };
        *looks = left;
        let task = note.task.clone();
        let judged = self.tools.now().judge_issue(number, &task).await;
        let allowed = judged.map_err(LineError::Inspection)?.verdict.is_ok();
        let Some(note) = self.waiting.notes.get_mut(job) else { return Ok(Some(allowed)) };
        note.allowed = Some((Instant::now(), allowed));
        if !allowed && note.said.is_some() {
            self.withdraw(job).await?;
        }
        Ok(Some(allowed))
    }

    /// Tells one of them, if there is something to tell.
    async fn tell(&mut self, job: &JobId, word: &Word, looks: &mut usize) -> Result<(), LineError> {
        let now = (self.clock)();
        let Some(note) = self.waiting.notes.get(job) else { return Ok(()) };
        if note.taken || note.said.is_some_and(|it| !it.is_due(word, now)) {
            return Ok(());
        }
        let task = note.task.clone();
        if self.is_allowed(job, task, looks, Some(FRESH)).await? != Some(true) {
            return Ok(());
        }
        self.write(job, Some(word)).await
    }

    /// Those who are not in the queue any more: their jobs speak for them. Where one ended without
    /// a word of its own, or there is none, the place is taken back.
    async fn bid_farewell(&mut self, seen: &HashSet<JobId>, more: bool) -> Result<(), LineError> {
        let gone = self.waiting.notes.iter().filter(|it| !seen.contains(it.0));
        let gone = gone.map(|(job, note)| (job.clone(), note.seen.elapsed(), note.said.is_some()));
        for (job, since, said) in gone.collect::<Vec<_>>() {
            let over = match self.find(&job).await? {
                Some(found) => found.state.is_final(),
                // It may have been put back behind those that are looked at.
                None => since > GONE && !more,
            };
            if over && said {
                self.withdraw(&job).await?;
            }
            if over || since > FORGOTTEN || !said {
                self.waiting.notes.remove(&job);
            }
        }
        Ok(())
    }
}

fn same(one: &Repository, other: &Repository) -> bool {
    one.to_string().eq_ignore_ascii_case(&other.to_string())
}
