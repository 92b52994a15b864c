use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use tokio::task::JoinHandle;

use super::*;
use crate::agent::{AgentError, Edit, Errand, Readiness};
use crate::database::Database;
use crate::store::sqlite::SqliteStore;

const BEGIN: i64 = 1_795_234_800_000;

/// A clock by tokio's, which can also be set.
fn clock(set: &Arc<AtomicI64>) -> Clock {
    let (set, began) = (set.clone(), Instant::now());
    Arc::new(move || {
        let passed = i64::try_from(began.elapsed().as_millis()).unwrap();
        Timestamp(BEGIN + passed + set.load(Ordering::SeqCst))
    })
}

struct World {
    store: Store,
    set: Arc<AtomicI64>,
    models: Models,
}

impl World {
    fn new() -> Self {
        let (store, set) = (SqliteStore::over(Database::open_in_memory().unwrap()), Arc::default());
        let models = Models::new(store.clone(), clock(&set), "here");
        Self { store, set, models }
    }

    /// The same, as a worker that starts again finds it.
    async fn again(&self) -> Models {
        let models = Models::new(self.store.clone(), clock(&self.set), "here");
        models.recall().await.unwrap();
        models
    }

    /// Waits as a job does that has told people what for.
    fn wait(&self, number: i64) -> JoinHandle<i64> {
        let models = self.models.clone();
        tokio::spawn(async move {
            let mut told = String::new();
            while let Err(failure) = models.wait(&key(), &ticket(number), &told).await {
                told = failure.message;
            }
            models.step_out(&ticket(number));
            number
        })
    }
}

fn key() -> ModelKey {
    ModelKey { model: "small".to_owned(), server: "there".to_owned() }
}

fn ticket(number: i64) -> Ticket {
    (Timestamp(number), JobId(number.to_string()))
}

fn busy(stated: Option<u64>) -> Failure {
    Failure { fault: Fault::ModelBusy, message: "it is busy".to_owned(), retry_after_ms: stated }
}

const AWAY: Duration = Duration::from_secs(1);

/// Lets whoever can run do so.
async fn settle() {
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_held_model_is_asked_by_nobody_until_the_stated_time_and_then_by_the_oldest_alone() {
    let World { models, .. } = &World::new();
    models.enter(&key(), &ticket(1)).await.unwrap();
    let said = models.refused(&key(), busy(Some(20_000)), AWAY).await;
    assert!(said.message.contains("is not asked until 2026-11-21T04:20:20Z"), "{said:?}");
    assert_eq!(
        models.enter(&key(), &ticket(2)).await,
        Err(Failure { retry_after_ms: None, ..said })
    );
    tokio::time::sleep(Duration::from_secs(19)).await;
    assert!(models.enter(&key(), &ticket(2)).await.is_err());
    tokio::time::sleep(Duration::from_secs(1)).await;
    models.enter(&key(), &ticket(2)).await.unwrap();
    assert!(models.enter(&key(), &ticket(3)).await.is_err(), "two try at once");
    models.answered(&key()).await;
    models.enter(&key(), &ticket(3)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_go_on_by_themselves_the_oldest_first() {
    let world = World::new();
    world.models.refused(&key(), busy(Some(20_000)), AWAY).await;
    let began = Instant::now();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for number in [3, 1, 2] {
        let (job, order) = (world.wait(number), order.clone());
        let models = world.models.clone();
        waiting.push(tokio::spawn(async move {
            job.await.unwrap();
            order.lock().unwrap().push(number);
            // The one that tries hears an answer.
            models.answered(&key()).await;
        }));
    }
    for job in waiting {
        job.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [1, 2, 3]);
    let waited = began.elapsed();
    assert!((20..22).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn when_the_one_that_tries_is_refused_the_others_hear_of_the_new_time_and_wait_on() {
    let world = World::new();
    let first = world.models.refused(&key(), busy(None), AWAY).await.message;
    let (one, two) = (world.wait(1), world.wait(2));
    assert_eq!(one.await.unwrap(), 1);
    let models = world.models.clone();
    let waits = tokio::spawn(async move { models.wait(&key(), &ticket(3), &first).await });
    settle().await;
    assert!(!waits.is_finished() && !two.is_finished());
    world.models.refused(&key(), busy(None), AWAY).await;
    let told = waits.await.unwrap().unwrap_err();
    assert!(told.message.contains("04:35:0"), "5 minutes, and then 10: {}", told.message);
    settle().await;
    assert!(!two.is_finished());
    world.models.leave(&ticket(3));
    world.models.answered(&key()).await;
    assert_eq!(two.await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_tries_and_is_ended_gives_way_to_the_next() {
    let world = World::new();
    world.models.refused(&key(), busy(Some(1_000)), AWAY).await;
    let (one, two) = (world.wait(1), world.wait(2));
    one.await.unwrap();
    settle().await;
    assert!(!two.is_finished());
    world.models.leave(&ticket(1));
    assert_eq!(two.await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_restart_honours_what_a_server_asked_for_and_looks_again_for_one_that_was_away() {
    let world = World::new();
    world.models.refused(&key(), busy(Some(20_000)), AWAY).await;
    let other = ModelKey { model: "big".to_owned(), ..key() };
    let away = Failure::new(Fault::ModelAway, "it cannot be reached");
    world.models.refused(&other, away, AWAY).await;
    let again = world.again().await;
    assert!(again.enter(&key(), &ticket(1)).await.is_err());
    again.enter(&other, &ticket(1)).await.unwrap();
    assert_eq!((world.models.held(), again.held()), (2, 1));
    tokio::time::sleep(Duration::from_secs(20)).await;
    again.enter(&key(), &ticket(1)).await.unwrap();
    again.answered(&key()).await;
    assert_eq!(world.store.held_models().await.unwrap(), []);
    // Another worker with the same store hears of it.
    world.models.enter(&key(), &ticket(2)).await.unwrap();
    assert_eq!(world.models.held(), 0);
}

#[tokio::test(start_paused = true)]
async fn neither_a_clock_that_jumps_nor_a_laptop_that_slept_makes_anybody_wait_longer() {
    let world = World::new();
    world.models.refused(&key(), busy(None), AWAY).await;
    // Back by a day: the other clock goes on.
    world.set.store(-86_400_000, Ordering::SeqCst);
    assert!(world.models.enter(&key(), &ticket(1)).await.is_err());
    tokio::time::sleep(Duration::from_secs(301)).await;
    world.models.enter(&key(), &ticket(1)).await.unwrap();
    // Forward by an hour, as after sleep: the time has passed.
    world.models.refused(&key(), busy(None), AWAY).await;
    let job = world.wait(2);
    settle().await;
    assert!(!job.is_finished());
    world.set.store(0, Ordering::SeqCst);
    let began = Instant::now();
    job.await.unwrap();
    assert!(began.elapsed() <= LOOK, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_hold_of_one_model_holds_no_other() {
    let World { models, .. } = &World::new();
    models.refused(&key(), busy(None), AWAY).await;
    for other in [
        ModelKey { model: "big".to_owned(), ..key() },
        ModelKey { server: "elsewhere".to_owned(), ..key() },
    ] {
        models.enter(&other, &ticket(1)).await.unwrap();
    }
}

#[tokio::test]
async fn turns_go_in_the_order_in_which_they_were_asked_for_and_more_of_them_are_there_at_once() {
    let World { models, .. } = World::new();
    let held = models.try_turn("there").unwrap();
    assert!(models.try_turn("there").is_none());
    assert!(models.try_turn("elsewhere").is_some());
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for number in 0..3 {
        let (models, order) = (models.clone(), order.clone());
        let before = models.usage()[0].waiting;
        let watched = models.clone();
        waiting.push(tokio::spawn(async move {
            let _turn = models.turn("there").await;
            order.lock().unwrap().push(number);
        }));
        while watched.usage().iter().find(|it| it.server == "there").unwrap().waiting == before {
            tokio::task::yield_now().await;
        }
    }
    drop(held);
    for job in waiting {
        job.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2]);
    let _one = models.try_turn("there").unwrap();
    models.follow(Arc::new(Nobody), Limits { turns: 2, ..Limits::default() });
    let _two = models.try_turn("there").unwrap();
    assert!(models.try_turn("there").is_none());
}

#[tokio::test]
async fn what_only_this_machine_can_reach_is_its_own() {
    let World { models, .. } = World::new();
    let model = Model {
        name: "small".to_owned(),
        timeout: AWAY,
        num_ctx: 1,
        edit_format: String::new(),
        attempts: 1,
        samples: 1,
        calls: 0,
        reads: false,
        observes: false,
        max_fixes: None,
        editor: None,
    };
    for (server, key) in [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434 of here"),
        ("http://ollama:11434", "http://ollama:11434 of here"),
        ("http://[::1]:1", "http://[::1]:1 of here"),
        ("http://host.docker.internal:1", "http://host.docker.internal:1 of here"),
        ("http://gpu.example.org:11434", "http://gpu.example.org:11434"),
        ("http://10.0.0.2:11434", "http://10.0.0.2:11434"),
        ("api.openai.com", "api.openai.com"),
    ] {
        models.follow(Arc::new(At(server)), Limits::default());
        assert_eq!(models.key(&model).server, key);
    }
}

struct Nobody;
struct At(&'static str);

macro_rules! agent {
    ($of:ident, $it:ident => $server:expr) => {
        #[async_trait]
        impl Agent for $of {
            async fn version(&self) -> Result<String, AgentError> {
                Err(AgentError::Stopped)
            }
            async fn ready(&self, _: &Model) -> Result<Readiness, AgentError> {
                Err(AgentError::Stopped)
            }
            fn server(&self, _: &Model) -> String {
                let $it = self;
                $server
            }
            async fn edit(
                &self,
                _: Errand<'_>,
                _: &tokio_util::sync::CancellationToken,
            ) -> Result<Edit, AgentError> {
                Err(AgentError::Stopped)
            }
        }
    };
}
agent!(Nobody, _it => String::new());
agent!(At, it => it.0.to_owned());
