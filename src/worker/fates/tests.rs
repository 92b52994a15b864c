use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use serde_json::json;

use super::*;
use crate::code_host::{Glance, Look};
use crate::database::Database;
use crate::domain::change::Fate;
use crate::domain::job::{JobState, Record};
use crate::domain::task::{Origin, Repository, Task};
use crate::engine::watch::{List, Sighting};
use crate::store::sqlite::SqliteStore;
use crate::store::{Admission, Claimant};

const BEGIN: i64 = 1_795_234_800_000;
const HOUR: i64 = 3_600_000;

/// A code host that answers by the number of the pull request, and notes what it was asked.
#[derive(Default)]
struct Host {
    asked: Mutex<Vec<(u64, Option<String>)>>,
}

impl Host {
    fn asked(&self) -> Vec<(u64, Option<String>)> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Watch for Host {
    async fn look(
        &self,
        _: &Repository,
        _: List,
        _: &str,
        _: u32,
        _: Option<&str>,
    ) -> Result<Look, HostError> {
        unreachable!("no list is looked at")
    }

    async fn labelled(
        &self,
        _: &Repository,
        _: u64,
        _: &str,
    ) -> Result<Option<Timestamp>, HostError> {
        unreachable!("no label is looked at")
    }

    async fn reviews(&self, _: &Repository, _: u64) -> Result<Vec<Sighting>, HostError> {
        unreachable!("no review is looked at")
    }

    async fn fate(
        &self,
        _: &Repository,
        number: u64,
        etag: Option<&str>,
    ) -> Result<Glance, HostError> {
        self.asked.lock().unwrap().push((number, etag.map(str::to_owned)));
        let fate = match (number, etag) {
            (404, _) => return Err(HostError::NotFound("it".to_owned())),
            (500, _) => return Err(HostError::Unavailable("no".to_owned())),
            (1, _) => Fate::Merged,
            (2, _) => Fate::Closed,
            (_, Some(_)) => return Ok(Glance { fate: None, etag: None, wait: None }),
            _ => Fate::Open,
        };
        let wait = Some(Duration::from_secs(number));
        Ok(Glance { fate: Some(fate), etag: Some("\"e\"".to_owned()), wait })
    }
}

struct Scene {
    host: Arc<Host>,
    store: Store,
    now: Arc<AtomicI64>,
    follower: Follower,
}

fn scene() -> Scene {
    let host = Arc::new(Host::default());
    let store = SqliteStore::over(Database::open_in_memory().unwrap());
    let now = Arc::new(AtomicI64::new(BEGIN));
    let clock: Clock = {
        let now = now.clone();
        Arc::new(move || Timestamp(now.load(Ordering::Relaxed)))
    };
    let follower = Follower { host: host.clone(), store: store.clone(), clock };
    Scene { host, store, now, follower }
}

impl Scene {
    /// A job opened a pull request of this number, when all begins.
    async fn opened(&self, number: u64) {
        let task = Task {
            repository: "Acme/Api".parse().unwrap(),
            origin: Origin::Issue { number: 1_000 + number },
            title: String::new(),
            body: String::new(),
            body_sha256: None,
            labels: Vec::new(),
            asking: "a".to_owned(),
        };
        let me = Claimant { owner: "one".to_owned(), lease: Duration::from_secs(60), begins: true };
        let admission = self.store.admit(&task, "r", &me, Timestamp(BEGIN)).await.unwrap();
        let Admission::New(taken) = admission else { panic!("it was there") };
        let of = json!({"number": number, "url": "https://example.com", "draft": false});
        let record = json!({"at": BEGIN, "took_ms": 1, "event": {"event": "opened", "of": of}});
        let record: Record = serde_json::from_value(record).unwrap();
        self.store.append(&taken.fence, &record, JobState::Running, None).await.unwrap();
    }

    fn pass(&self, time: i64) {
        self.now.fetch_add(time, Ordering::Relaxed);
    }

    async fn fates(&self) -> Vec<(u64, Fate)> {
        let all = self.store.fates().await.unwrap();
        all.into_iter().map(|it| (it.number, it.fate)).collect()
    }
}

#[tokio::test]
async fn what_became_of_a_pull_request_is_seen_and_kept() {
    let scene = scene();
    for number in [1, 2, 3] {
        scene.opened(number).await;
    }
    scene.follower.look().await.unwrap();
    assert_eq!(scene.host.asked(), [], "an hour has not passed");
    scene.pass(HOUR);
    for number in [1, 2, 3] {
        let wait = scene.follower.look().await.unwrap();
        assert_eq!(wait, Some(Duration::from_secs(number)));
    }
    scene.follower.look().await.unwrap();
    assert_eq!(scene.host.asked(), [(1, None), (2, None), (3, None)]);
    let fates = [(1, Fate::Merged), (2, Fate::Closed), (3, Fate::Open)];
    assert_eq!(scene.fates().await, fates);
    // Only what is open is looked at again, and costs nothing where nothing has changed.
    scene.pass(HOUR);
    scene.follower.look().await.unwrap();
    scene.follower.look().await.unwrap();
    assert_eq!(scene.host.asked()[3..], [(3, Some("\"e\"".to_owned()))]);
    assert_eq!(scene.fates().await, fates);
    assert_eq!(scene.store.fates().await.unwrap()[2].etag.as_deref(), Some("\"e\""));
}

#[tokio::test]
async fn one_that_is_old_is_not_asked_for_any_more() {
    let scene = scene();
    scene.opened(3).await;
    scene.pass(90 * 24 * HOUR + 1);
    scene.follower.look().await.unwrap();
    assert_eq!(scene.host.asked(), []);
    assert_eq!(scene.fates().await, [(3, Fate::Open)]);
}

#[tokio::test]
async fn one_that_cannot_be_asked_for_keeps_nobody_from_the_next() {
    let scene = scene();
    for number in [404, 500, 600] {
        scene.opened(number).await;
    }
    scene.pass(HOUR);
    assert!(scene.follower.look().await.is_ok());
    assert!(matches!(scene.follower.look().await, Err(Trouble::Host(_))));
    assert!(scene.follower.look().await.is_ok());
    assert!(scene.follower.look().await.is_ok());
    let asked: Vec<u64> = scene.host.asked().into_iter().map(|it| it.0).collect();
    assert_eq!(asked, [404, 500, 600]);
}

#[tokio::test(start_paused = true)]
async fn no_hour_has_more_looks_than_may_be() {
    let scene = scene();
    for number in 0..40 {
        scene.opened(10 + number).await;
    }
    scene.pass(HOUR);
    for _ in 0..40 {
        scene.follower.look().await.unwrap();
    }
    assert_eq!(scene.host.asked().len(), 30);
    scene.pass(HOUR + 1);
    for _ in 0..40 {
        scene.follower.look().await.unwrap();
    }
    let asked = scene.host.asked();
    assert_eq!(asked.len(), 60);
    // Those that had to wait came first.
    assert!(asked[30..40].iter().all(|(_, etag)| etag.is_none()));
}

#[tokio::test(start_paused = true)]
async fn it_looks_at_one_after_the_other_with_a_pause_between() {
    let Scene { host, store, now, follower } = scene();
    let scene = Scene { host, store: store.clone(), now, follower };
    for number in [11, 12] {
        scene.opened(number).await;
    }
    scene.pass(HOUR);
    let (host, began) = (scene.host.clone(), tokio::time::Instant::now());
    let following = tokio::spawn(scene.follower.follow());
    while host.asked().len() < 2 {
        sleep(Duration::from_secs(1)).await;
    }
    assert!(began.elapsed() >= PACE, "{:?}", began.elapsed());
    following.abort();
}
