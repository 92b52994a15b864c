//! Notices wait in the outbox until they have arrived: through faults, restarts and floods.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use codingworker::database::Database;
use codingworker::domain::job::JobState;
use codingworker::domain::time::Timestamp;
use codingworker::engine::notice::{Happening, Notice, Teller, notice};
use codingworker::engine::report::Language;
use codingworker::notify::outbox::{Outbox, UntoldKind};
use codingworker::notify::sender::{Ready, Sender};
use codingworker::notify::{Channel, NotifyError, Parcel};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What a scripted channel answers; when there is nothing left it takes all.
enum Answer {
    Busy(Option<u64>),
    Refused,
    Hang,
}

#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<Answer>>,
    /// When, which delivery, and what it said.
    got: Mutex<Vec<(u64, String, Notice)>>,
    taken: Mutex<Vec<String>>,
}

#[async_trait]
impl Channel for Scripted {
    async fn send(&self, parcel: &Parcel) -> Result<(), NotifyError> {
        let (at, id) = (u64::try_from(parcel.at.0 / 1_000).unwrap(), parcel.delivery.clone());
        self.got.lock().unwrap().push((at, id.clone(), parcel.notice.clone()));
        let answer = self.answers.lock().unwrap().pop_front();
        match answer {
            None => {
                self.taken.lock().unwrap().push(id);
                Ok(())
            }
            Some(Answer::Busy(wait)) => Err(NotifyError::Busy {
                what: "busy".to_owned(),
                retry_after: wait.map(Duration::from_secs),
            }),
            Some(Answer::Refused) => Err(NotifyError::Refused("never".to_owned())),
            Some(Answer::Hang) => std::future::pending().await,
        }
    }
}

struct World {
    outbox: Outbox,
    database: Database,
    channel: Arc<Scripted>,
    began: Instant,
    poke: Arc<Notify>,
    last: CancellationToken,
}

impl World {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let database = Database::open_in_memory().unwrap();
        let channel =
            Scripted { answers: Mutex::new(answers.into_iter().collect()), ..Scripted::default() };
        Self {
            outbox: Outbox::new(database.clone()),
            database,
            channel: Arc::new(channel),
            began: Instant::now(),
            poke: Arc::default(),
            last: CancellationToken::new(),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp(i64::try_from(self.began.elapsed().as_millis()).unwrap())
    }

    fn sender(&self, max_per_hour: u32) -> Sender {
        let (channel, began) = (self.channel.clone(), self.began);
        let find = move |name: &str| {
            let channel = channel.clone();
            let (worker, language) = ("box".to_owned(), Language::En);
            (name == "team").then(|| Ready { channel, max_per_hour, worker, language })
        };
        Sender {
            name: "team".to_owned(),
            outbox: self.outbox.clone(),
            find: Arc::new(find),
            clock: Arc::new(move || Timestamp(i64::try_from(began.elapsed().as_millis()).unwrap())),
            poke: self.poke.clone(),
            last: self.last.clone(),
        }
    }

    async fn post(&self, message: &str) {
        let teller = Teller { worker: "box", language: Language::En, at: self.now(), site: "" };
        let notice = notice(&Happening::Buried { message, reason: "no JSON" }, &teller);
        let to = vec!["team".to_owned()];
        self.outbox.post(to, notice.as_ref(), None, self.now()).await.unwrap();
        self.poke.notify_one();
    }

    async fn waiting(&self) -> (u64, u64, u64) {
        let accounts = self.outbox.accounts().await.unwrap();
        accounts.first().map_or((0, 0, 0), |it| (it.waiting, it.sent, it.dropped))
    }

    fn times(&self) -> Vec<u64> {
        self.channel.got.lock().unwrap().iter().map(|it| it.0).collect()
    }

    fn messages(&self) -> Vec<String> {
        self.channel.got.lock().unwrap().iter().map(|it| it.2.job.clone()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_taken_is_sent_again_less_and_less_often_under_the_same_name() {
    let world = World::new((0..12).map(|_| Answer::Busy(None)));
    tokio::spawn(world.sender(30).work());
    world.post("a").await;
    tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
    let gaps = world.times().windows(2).map(|it| it[1] - it[0]).collect::<Vec<_>>();
    assert_eq!(gaps, [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600, 3_600]);
    let mut names: Vec<String> =
        world.channel.got.lock().unwrap().iter().map(|it| it.1.clone()).collect();
    names.dedup();
    assert_eq!(names.len(), 1);
    assert_eq!(world.waiting().await, (0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_asked_for_is_kept_and_the_order_too() {
    let world = World::new([Answer::Busy(Some(300)), Answer::Busy(Some(2))]);
    tokio::spawn(world.sender(30).work());
    world.post("a").await;
    world.post("b").await;
    tokio::time::sleep(Duration::from_secs(1_000)).await;
    assert_eq!(world.times(), [0, 300, 320, 320], "a shorter wait than our own does not hurry us");
    assert_eq!(world.messages(), ["a", "a", "a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn what_will_never_be_taken_is_given_up_and_counted_and_holds_nothing_up() {
    let world = World::new([Answer::Refused]);
    tokio::spawn(world.sender(30).work());
    world.post("a").await;
    world.post("b").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.messages(), ["a", "b"]);
    assert_eq!(world.waiting().await, (0, 1, 1));
    let account = world.outbox.accounts().await.unwrap().remove(0);
    assert_eq!(account.error.as_deref(), Some("never"));
    // After a week nobody wants to hear of it.
    let world = World::new((0..1_000).map(|_| Answer::Busy(None)));
    tokio::spawn(world.sender(30).work());
    world.post("old").await;
    tokio::time::sleep(Duration::from_secs(8 * 24 * 60 * 60)).await;
    assert_eq!(world.waiting().await, (0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_over_the_hours_limit_is_told_in_one_summary_later() {
    let world = World::new([]);
    tokio::spawn(world.sender(3).work());
    for number in 0..50 {
        world.post(&format!("m{number}")).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(world.messages(), ["m0", "m1", "m2"]);
    tokio::time::sleep(Duration::from_secs(2 * 60 * 60)).await;
    let got = world.channel.got.lock().unwrap().clone();
    assert_eq!(got.len(), 4, "{got:#?}");
    let (at, _, summary) = &got[3];
    assert_eq!((*at, summary.kind.name()), (3_600, "summary"));
    assert!(summary.reason.starts_with("dead_letter × 47\n"), "{}", summary.reason);
    assert!(summary.reason.ends_with("and 37 more"), "{}", summary.reason);
    assert_eq!(world.waiting().await.0, 0);
}

#[tokio::test(start_paused = true)]
async fn the_limit_holds_over_a_restart_and_one_notice_alone_is_told_as_it_is() {
    let world = World::new([]);
    let first = tokio::spawn(world.sender(2).work());
    for message in ["a", "b", "c"] {
        world.post(message).await;
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    first.abort();
    tokio::spawn(world.sender(2).work());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.messages(), ["a", "b"]);
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    assert_eq!(world.messages(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_wait_and_the_oldest_of_more_are_dropped() {
    let world = World::new([]);
    for number in 0..1_005 {
        world.post(&format!("m{number}")).await;
    }
    assert_eq!(world.waiting().await, (1_000, 0, 5));
    tokio::spawn(world.sender(1).work());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.messages(), ["m5"]);
}

#[tokio::test(start_paused = true)]
async fn a_send_that_was_cut_off_is_made_again_by_the_next_worker_under_the_same_name() {
    let world = World::new([Answer::Hang]);
    let first = tokio::spawn(world.sender(30).work());
    world.post("a").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    first.abort();
    let _ = first.await;
    world.last.cancel();
    world.sender(30).work().await;
    let got = world.channel.got.lock().unwrap().clone();
    assert_eq!((got.len(), &got[0].1), (2, &got[1].1));
    assert_eq!(world.waiting().await, (0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_channel_that_is_gone_is_thrown_away() {
    let world = World::new([]);
    world.post("a").await;
    let sender = Sender { find: Arc::new(|_| None), ..world.sender(30) };
    sender.work().await;
    assert_eq!(world.waiting().await, (0, 0, 0));
    assert!(world.messages().is_empty());
}

#[tokio::test]
async fn a_job_that_is_over_and_a_dead_letter_are_noted_together_with_what_they_are() {
    use codingworker::domain::job::{Event, Outcome, Record};
    use codingworker::store::sqlite::SqliteStore;
    use codingworker::store::{Admission, Claimant};
    let world = World::new([]);
    let store = SqliteStore::over(world.database.clone());
    let task = codingworker::engine::intake::task(
        r#"{"issue_number": 7, "repository": "acme/calc", "title": "t", "body": "b",
            "labels": ["ai-task"], "created_at": "2026-01-26T00:00:00Z"}"#,
        "m",
    );
    let lease = std::time::Duration::from_secs(60);
    let me = Claimant { owner: "one".into(), lease, begins: true };
    let admitted = store.admit(&task.unwrap(), "r", &me, Timestamp(0)).await.unwrap();
    let Admission::New(job) = admitted else { panic!("{admitted:?}") };
    let record = |event| Record { at: Timestamp(1), took_ms: 0, event };
    let ended = record(Event::Ended(Outcome::GaveUp));
    store.append(&job.fence, &ended, JobState::Running, None).await.unwrap();
    assert!(world.outbox.untold().await.unwrap().is_empty(), "it is not over yet");
    for _ in 0..2 {
        store.append(&job.fence, &record(Event::Closed), JobState::Failed, None).await.unwrap();
    }
    let untold = world.outbox.untold().await.unwrap();
    assert_eq!(untold.len(), 1, "once");
    assert_eq!(untold[0].what, UntoldKind::Job(job.fence.job));
    // Made into a notice and crossed off in one go.
    world.outbox.post(vec![], None, Some(untold[0].seq), Timestamp(2)).await.unwrap();
    assert!(world.outbox.untold().await.unwrap().is_empty());
}
