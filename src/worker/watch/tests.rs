use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::*;
use crate::code_host::{Glance, Look};
use crate::database::Database;
use crate::domain::time::Timestamp;
use crate::engine::intake;
use crate::queue::{DeadLetter, Delivery, Depth, Receipt, Settlement};
use crate::store::sqlite::SqliteStore;

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);
/// When everything here begins.
const BEGIN: i64 = 1_795_234_800_000;

/// A code host in which one issue is labelled, and whose ETags hold or do not.
struct Host {
    holds: bool,
    counted: AtomicUsize,
}

#[async_trait]
impl Watch for Host {
    async fn look(
        &self,
        _: &Repository,
        list: List,
        _: &str,
        _: u32,
        etag: Option<&str>,
    ) -> Result<Look, HostError> {
        if self.holds && etag.is_some() {
            return Ok(Look { page: None, wait: None });
        }
        let nth = self.counted.fetch_add(1, Ordering::Relaxed);
        let at = Timestamp(BEGIN - 3_600_000);
        let issue = Sighting {
            id: 7,
            at,
            written: at,
            thread: 7,
            on_pull: false,
            author: "reporter".to_owned(),
            title: "Fix it".to_owned(),
            body: String::new(),
        };
        let items = if list == List::Issues { vec![issue] } else { Vec::new() };
        let sent = Some(Timestamp(BEGIN));
        let page = Page { items, etag: Some(format!("\"{nth}\"")), more: false, sent };
        Ok(Look { page: Some(page), wait: None })
    }

    async fn labelled(
        &self,
        _: &Repository,
        _: u64,
        _: &str,
    ) -> Result<Option<Timestamp>, HostError> {
        Ok(Some(Timestamp(BEGIN - 3_600_000)))
    }

    async fn reviews(&self, _: &Repository, _: u64) -> Result<Vec<Sighting>, HostError> {
        Ok(Vec::new())
    }

    async fn fate(&self, _: &Repository, _: u64, _: Option<&str>) -> Result<Glance, HostError> {
        unreachable!("pull requests are looked after elsewhere")
    }
}

/// A queue that takes tasks, or refuses to.
#[derive(Default)]
struct Queue {
    refuses: AtomicBool,
    tasks: Mutex<Vec<String>>,
}

#[async_trait]
impl TaskQueue for Queue {
    async fn submit(&self, body: &str) -> Result<String, QueueError> {
        if self.refuses.load(Ordering::Relaxed) {
            return Err(QueueError::Unavailable("the network is down".to_owned()));
        }
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.push(intake::task(body, "message").unwrap().key());
        Ok("message".to_owned())
    }

    async fn receive(&self, _: usize, _: &CancellationToken) -> Result<Vec<Delivery>, QueueError> {
        unreachable!("nobody works here")
    }

    async fn extend(&self, _: &Receipt) -> Result<(), QueueError> {
        unreachable!("nobody works here")
    }

    async fn settle(&self, _: &Receipt, _: Settlement) -> Result<(), QueueError> {
        unreachable!("nobody works here")
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        unreachable!("nobody works here")
    }

    async fn dead(&self) -> Result<Vec<DeadLetter>, QueueError> {
        unreachable!("nobody works here")
    }

    async fn redrive(&self, _: &[String]) -> Result<usize, QueueError> {
        unreachable!("nobody works here")
    }

    fn lease(&self) -> Duration {
        MINUTE
    }
}

/// Looks at so many repositories once a minute.
struct Scene {
    host: Arc<Host>,
    queue: Arc<Queue>,
    store: Store,
    lookout: Lookout,
    failures: Option<Pauses>,
}

impl Scene {
    fn new(repositories: usize, holds: bool) -> Self {
        let host = Arc::new(Host { holds, counted: AtomicUsize::new(0) });
        let (queue, store) =
            (Arc::<Queue>::default(), SqliteStore::over(Database::open_in_memory().unwrap()));
        let repositories = (0..repositories).map(|it| format!("acme/r{it}").parse().unwrap());
        let rounds = Rounds { repositories: repositories.collect(), interval: MINUTE };
        let lookout = Lookout::new(
            host.clone(),
            queue.clone(),
            store.clone(),
            Arc::new(|| Timestamp(BEGIN)),
            move || rounds.clone(),
        );
        Self { host, queue, store, lookout, failures: None }
    }

    async fn turn(&mut self) -> Duration {
        self.lookout.turn(&mut self.failures).await
    }

    /// Lets so much time pass, and says how many requests were counted in it.
    async fn counted_in(&mut self, time: Duration) -> usize {
        let (before, end) = (self.counted(), Instant::now() + time);
        while Instant::now() < end {
            let pause = self.turn().await;
            tokio::time::advance(pause).await;
        }
        self.counted() - before
    }

    fn counted(&self) -> usize {
        self.host.counted.load(Ordering::Relaxed)
    }

    fn tasks(&self) -> Vec<String> {
        self.queue.tasks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[tokio::test(start_paused = true)]
async fn where_etags_never_hold_no_idle_hour_counts_more_than_sixty_requests() {
    for repositories in [1, 3, 20] {
        let mut scene = Scene::new(repositories, false);
        // First looks are due.
        while scene.counted() < 4 * repositories {
            let pause = scene.turn().await;
            tokio::time::advance(pause).await;
        }
        for hour in 0..6 {
            let counted = scene.counted_in(HOUR).await;
            assert!(counted <= 60, "{repositories} repositories, hour {hour}: {counted}");
            assert!(counted >= 36, "{repositories} repositories, hour {hour}: {counted}");
        }
        assert!(scene.lookout.stretched);
        assert_eq!(scene.tasks().len(), repositories);
    }
}

#[tokio::test(start_paused = true)]
async fn where_etags_hold_twenty_repositories_are_looked_at_each_minute_for_nothing() {
    let mut scene = Scene::new(20, true);
    assert_eq!(scene.turn().await, MINUTE);
    assert_eq!(scene.counted(), 80);
    assert_eq!(scene.counted_in(HOUR).await, 0);
    assert!(!scene.lookout.stretched);
}

#[tokio::test(start_paused = true)]
async fn every_repository_has_its_turn_while_looks_are_few_and_the_interval_comes_back() {
    let mut scene = Scene::new(20, false);
    while scene.counted() < 80 {
        tokio::time::advance(scene.turn().await).await;
    }
    let before = scene.counted();
    scene.counted_in(4 * HOUR).await;
    assert!(scene.counted() - before >= 2 * 80, "one look in two hours at each");
    // What takes the ETags away is gone. The lists come once more, with ETags that hold.
    let host = Host { holds: true, counted: AtomicUsize::new(0) };
    scene.host = Arc::new(host);
    scene.lookout.host = scene.host.clone();
    scene.counted_in(3 * HOUR).await;
    assert!(!scene.lookout.stretched);
    assert_eq!(scene.turn().await, MINUTE);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_refuses_loses_nothing_and_is_left_alone_for_longer_and_longer() {
    let mut scene = Scene::new(1, true);
    scene.queue.refuses.store(true, Ordering::Relaxed);
    let repository: Repository = "acme/r0".parse().unwrap();
    let mut pauses = Vec::new();
    for _ in 0..40 {
        let pause = scene.turn().await;
        pauses.push(pause);
        tokio::time::advance(pause).await;
    }
    assert!(pauses.iter().all(|it| (MINUTE / 2..=LONGEST_PAUSE).contains(it)), "{pauses:?}");
    // They are drawn from a range that grows to ten minutes.
    assert!(pauses.iter().any(|it| *it > 3 * MINUTE), "{pauses:?}");
    assert_eq!(scene.counted(), 40, "the other lists wait for the queue, too");
    let known = scene.store.watched(&repository, List::Issues).await.unwrap();
    assert_eq!((known.mark, known.etag), (None, None), "nothing was seen");
    scene.queue.refuses.store(false, Ordering::Relaxed);
    assert_eq!(scene.turn().await, MINUTE);
    scene.turn().await;
    assert_eq!(scene.tasks(), ["issue acme/r0#7 2026-11-21T03:20:00Z"]);
    let known = scene.store.watched(&repository, List::Issues).await.unwrap();
    assert!(known.mark.is_some() && known.etag.is_some());
}
