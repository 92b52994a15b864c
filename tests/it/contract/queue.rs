//! The contract of `TaskQueue`, clause by clause, for any queue.
//!
//! The clauses run at the same time, each on a queue of its own, since most of them wait for a
//! lease to end. They wait for conditions; a time is only ever a lower bound or a deadline.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use codingworker::queue::{Delivery, QueueError, Receipt, Settlement, TaskQueue};
use futures_util::future::BoxFuture;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

mod dead_letters;
mod receiving;
mod waiting;
use dead_letters::*;
use receiving::*;
use waiting::*;

/// What a clause needs of its queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    /// How long a delivery is ours.
    pub(crate) lease: Duration,
    /// How long a receive waits when nothing is there.
    pub(crate) wait: Duration,
    /// After how many receipts a message is among the dead letters.
    pub(crate) max_receives: u32,
}

/// A lease that ends in no clause.
const LONG: Wish =
    Wish { lease: Duration::from_secs(120), wait: Duration::from_secs(1), max_receives: 20 };
/// A lease that ends while a clause waits for it.
const BRIEF: Wish = Wish { lease: Duration::from_secs(2), ..LONG };

/// A receive that is still open when a clause stops it.
const OPEN: Wish = Wish { wait: Duration::from_secs(3), ..LONG };

/// How long a clause waits for what must come.
const PATIENCE: Duration = Duration::from_secs(40);

/// Makes an empty queue.
pub(crate) type Make = Arc<dyn Fn(Wish) -> BoxFuture<'static, Queue> + Send + Sync>;
type Queue = Arc<dyn TaskQueue>;

/// Runs every clause, and names those that do not hold.
pub(crate) async fn queue_contract(make: Make) {
    let mut clauses = JoinSet::new();
    let mut names = std::collections::HashMap::new();
    macro_rules! clause {
        ($($name:ident($wish:expr)),* $(,)?) => {$(
            let queue = make($wish);
            let task = clauses.spawn(async move { $name(queue.await).await });
            names.insert(task.id(), stringify!($name));
        )*};
    }
    clause! {
        what_is_submitted_is_received(LONG),
        any_text_goes_through_unharmed(LONG),
        an_empty_or_too_large_task_is_refused(LONG),
        what_is_done_never_comes_back(BRIEF),
        what_is_held_is_invisible(LONG),
        what_is_given_back_comes_again_at_once(LONG),
        what_is_given_back_for_later_comes_later(LONG),
        a_lease_that_ends_gives_the_message_back(BRIEF),
        extending_keeps_it_ours(BRIEF),
        a_stale_receipt_does_no_harm(BRIEF),
        a_settled_delivery_cannot_be_extended(LONG),
        settling_again_changes_nothing(LONG),
        a_receipt_of_nothing_does_no_harm(LONG),
        what_is_buried_is_among_the_dead_letters(LONG),
        any_reason_is_kept(LONG),
        redrive_sends_back_what_is_named(LONG),
        redrive_of_everything_leaves_nothing(LONG),
        looking_at_the_dead_letters_leaves_them_there(LONG),
        a_message_that_nobody_settles_is_buried(Wish { max_receives: 2, ..BRIEF }),
        no_more_than_asked_for(LONG),
        no_two_receivers_get_the_same_message(LONG),
        a_stopped_receive_takes_nothing(LONG),
        stopping_ends_an_open_receive(OPEN),
        a_receive_wakes_when_something_comes(Wish { wait: Duration::from_secs(20), ..LONG }),
        depth_counts_waiting_held_and_dead(LONG),
        what_waits_is_seen_in_its_order_and_not_taken(LONG),
        what_is_given_back_for_later_waits_behind(LONG),
    }
    let mut broken = Vec::new();
    while let Some(ended) = clauses.join_next_with_id().await {
        if let Err(error) = ended {
            broken.push(names[&error.id()]);
        }
    }
    assert!(broken.is_empty(), "clauses that do not hold (see above): {broken:#?}");
}

async fn what_is_submitted_is_received(queue: Queue) {
    let id = queue.submit("hello").await.unwrap();
    let delivery = take(&queue).await;
    assert_eq!(delivery.id, id, "it has the name that submit said");
    assert_eq!(delivery.body, "hello");
    assert_eq!(delivery.deliveries, 1, "this is the first time");
    assert_eq!(delivery.receipt.id, id, "the receipt names the message");
    assert_eq!(delivery.receipt.body, "hello", "the receipt can bury it");
}

async fn any_text_goes_through_unharmed(queue: Queue) {
    let largest = format!("{}é", "字".repeat((256 * 1024 - 2) / 3));
    assert!(largest.len() > 256 * 1024 - 3);
    for body in [
        r#"{"title": "ログイン画面が真っ白になる 🙈", "body": "a\r\n\tb\u0000 <&>\"' &amp;"}"#,
        " leading and trailing \n",
        "\u{200d}\u{202e}e\u{301}",
        largest.as_str(),
    ] {
        queue.submit(body).await.unwrap();
        let delivery = take(&queue).await;
        assert!(delivery.body == body, "{:.60} came as {:.60}", body, delivery.body);
        queue.settle(&delivery.receipt, Settlement::Done).await.unwrap();
    }
}

async fn an_empty_or_too_large_task_is_refused(queue: Queue) {
    for body in [String::new(), "x".repeat(256 * 1024 + 1), "字".repeat(256 * 1024 / 3 + 1)] {
        let refused = queue.submit(&body).await.unwrap_err();
        assert!(matches!(refused, QueueError::Refused(_)), "bytes count: {refused}");
    }
    assert_nothing_waits(&queue).await;
}

async fn what_is_done_never_comes_back(queue: Queue) {
    queue.submit("once").await.unwrap();
    let delivery = take(&queue).await;
    queue.settle(&delivery.receipt, Settlement::Done).await.unwrap();
    let received = Instant::now();
    while received.elapsed() < queue.lease() + Duration::from_secs(1) {
        assert_nothing_waits(&queue).await;
    }
    assert_eq!(queue.dead().await.unwrap(), [], "it is no dead letter either");
}

async fn what_is_held_is_invisible(queue: Queue) {
    queue.submit("held").await.unwrap();
    let _held = take(&queue).await;
    assert_nothing_waits(&queue).await;
}

async fn what_is_given_back_comes_again_at_once(queue: Queue) {
    queue.submit("again").await.unwrap();
    let first = take(&queue).await;
    queue.settle(&first.receipt, Settlement::Return(Duration::ZERO)).await.unwrap();
    let second = take(&queue).await;
    assert_eq!(second.id, first.id, "the same message has the same name");
    assert_eq!(second.deliveries, 2, "it is counted");
    queue.settle(&second.receipt, Settlement::Return(Duration::ZERO)).await.unwrap();
    assert_eq!(take(&queue).await.deliveries, 3, "it is counted again");
}

async fn what_is_given_back_for_later_comes_later(queue: Queue) {
    queue.submit("later").await.unwrap();
    let first = take(&queue).await;
    let returned = Instant::now();
    queue.settle(&first.receipt, Settlement::Return(Duration::from_secs(3))).await.unwrap();
    let second = take(&queue).await;
    assert!(returned.elapsed() > Duration::from_millis(2900), "{:?}", returned.elapsed());
    assert_eq!((second.id, second.deliveries), (first.id, 2));
}

async fn a_lease_that_ends_gives_the_message_back(queue: Queue) {
    queue.submit("left lying").await.unwrap();
    let asked = Instant::now();
    let first = take(&queue).await;
    let second = take(&queue).await;
    assert!(asked.elapsed() > queue.lease() - Duration::from_millis(100), "not before its end");
    assert_eq!((second.id, second.deliveries), (first.id, 2));
}

async fn extending_keeps_it_ours(queue: Queue) {
    // On a machine that stands still for a lease, the lease is rightly lost: then once more.
    for _ in 0..5 {
        queue.submit("long work").await.unwrap();
        let delivery = take(&queue).await;
        let began = Instant::now();
        let mut slowest = Duration::ZERO;
        let mut others = Vec::new();
        while began.elapsed() < queue.lease() * 2 {
            let round = Instant::now();
            if queue.extend(&delivery.receipt).await.is_err() {
                slowest = queue.lease();
                break;
            }
            others = poll(&queue, 1).await;
            slowest = slowest.max(round.elapsed());
        }
        if slowest < queue.lease() * 3 / 4 {
            assert!(others.is_empty(), "an extended lease is nobody else's");
            return;
        }
        settle_all(&queue).await;
    }
    panic!("the lease was lost although it was extended in time, or this machine stands still");
}

async fn a_stale_receipt_does_no_harm(queue: Queue) {
    queue.submit("two holders").await.unwrap();
    let stale = take(&queue).await.receipt;
    let _current = take(&queue).await;
    assert!(is_lost(queue.extend(&stale).await), "another holds it: the lease is lost");
    for verdict in every_verdict() {
        queue.settle(&stale, verdict).await.unwrap();
    }
    assert_eq!(queue.dead().await.unwrap(), [], "nothing was buried by a stale receipt");
    assert_eq!(take(&queue).await.body, "two holders", "nothing was deleted by a stale receipt");
}

async fn a_settled_delivery_cannot_be_extended(queue: Queue) {
    for verdict in every_verdict() {
        queue.submit("over").await.unwrap();
        let delivery = take(&queue).await;
        queue.settle(&delivery.receipt, verdict.clone()).await.unwrap();
        // SQS lets a message be hidden again by whoever gave it back; nobody else has it yet.
        if !matches!(verdict, Settlement::Return(_)) {
            assert!(is_lost(queue.extend(&delivery.receipt).await), "{verdict:?}");
        }
        settle_all(&queue).await;
    }
}

async fn settling_again_changes_nothing(queue: Queue) {
    queue.submit("done").await.unwrap();
    let done = take(&queue).await.receipt;
    queue.settle(&done, Settlement::Done).await.unwrap();
    queue.submit("buried").await.unwrap();
    let buried = take(&queue).await.receipt;
    queue.settle(&buried, bury("first")).await.unwrap();
    for receipt in [&done, &buried] {
        for verdict in every_verdict() {
            queue.settle(receipt, verdict).await.unwrap();
        }
    }
    assert_nothing_waits(&queue).await;
    let reasons: Vec<_> = queue.dead().await.unwrap().into_iter().map(|it| it.reason).collect();
    assert_eq!(reasons, ["first"], "one dead letter, with its first reason");
}

async fn a_receipt_of_nothing_does_no_harm(queue: Queue) {
    let receipt = Receipt {
        id: "00000000-0000-4000-8000-000000000000".into(),
        handle: "00000000-0000-4000-8000-000000000001".into(),
        body: "never there".into(),
        asked_at: None,
    };
    assert!(is_lost(queue.extend(&receipt).await));
    for verdict in every_verdict() {
        queue.settle(&receipt, verdict).await.unwrap();
    }
    assert_nothing_waits(&queue).await;
    assert_eq!(queue.dead().await.unwrap(), []);
}

async fn depth_counts_waiting_held_and_dead(queue: Queue) {
    let counts = async || {
        let depth = queue.depth().await.unwrap();
        (depth.waiting, depth.in_flight, depth.dead)
    };
    assert_eq!(counts().await, (0, 0, Some(0)));
    for n in 0..3 {
        queue.submit(&n.to_string()).await.unwrap();
    }
    assert_eq!(counts().await, (3, 0, Some(0)));
    let held = take(&queue).await;
    assert_eq!(counts().await, (2, 1, Some(0)));
    queue.settle(&held.receipt, bury("counted")).await.unwrap();
    assert_eq!(counts().await, (2, 0, Some(1)));
    let done = take(&queue).await;
    queue.settle(&done.receipt, Settlement::Done).await.unwrap();
    assert_eq!(counts().await, (1, 0, Some(1)));
}

fn bury(reason: &str) -> Settlement {
    Settlement::Bury { reason: reason.to_owned() }
}

fn every_verdict() -> [Settlement; 3] {
    [Settlement::Done, Settlement::Return(Duration::ZERO), bury("by a stale receipt")]
}

fn is_lost(result: Result<(), QueueError>) -> bool {
    matches!(result, Err(QueueError::LeaseLost))
}

async fn poll(queue: &Queue, most: usize) -> Vec<Delivery> {
    queue.receive(most, &CancellationToken::new()).await.unwrap()
}

/// The next delivery, however many polls that takes.
async fn take(queue: &Queue) -> Delivery {
    take_many(queue, 1).await.remove(0)
}

async fn take_many(queue: &Queue, count: usize) -> Vec<Delivery> {
    let work = async {
        let mut taken = Vec::new();
        while taken.len() < count {
            taken.extend(poll(queue, count - taken.len()).await);
        }
        taken
    };
    within("a delivery comes", work).await
}

async fn assert_nothing_waits(queue: &Queue) {
    let got = poll(queue, 10).await;
    assert!(got.is_empty(), "nothing was to be received, and this came: {got:?}");
}

/// Empties the queue for the next round of a clause.
async fn settle_all(queue: &Queue) {
    let work = async {
        loop {
            let depth = queue.depth().await.unwrap();
            if depth.waiting + depth.in_flight == 0 {
                return;
            }
            for delivery in poll(queue, 10).await {
                queue.settle(&delivery.receipt, Settlement::Done).await.unwrap();
            }
        }
    };
    within("the queue gets empty", work).await;
}

async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, work).await;
    waited.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}"))
}
