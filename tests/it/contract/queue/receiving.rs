//! The clauses about receiving: how much, by whom, until when.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{OPEN, Queue, poll, take, take_many, within};

pub(super) async fn no_more_than_asked_for(queue: Queue) {
    for n in 0..15 {
        queue.submit(&n.to_string()).await.unwrap();
    }
    for (most, bound) in [(2, 2), (1, 1), (99, 10)] {
        let count = poll(&queue, most).await.len();
        assert!((1..=bound).contains(&count), "{count} of at most {most}");
    }
}

pub(super) async fn no_two_receivers_get_the_same_message(queue: Queue) {
    let mut waiting = HashSet::new();
    for n in 0..40 {
        waiting.insert(queue.submit(&n.to_string()).await.unwrap());
    }
    let mut receivers = JoinSet::new();
    for _ in 0..4 {
        let queue = queue.clone();
        receivers.spawn(async move { take_many(&queue, 10).await });
    }
    let taken = receivers.join_all().await.concat();
    let ids: HashSet<_> = taken.iter().map(|it| it.id.clone()).collect();
    assert_eq!(taken.len(), 40);
    assert_eq!(ids, waiting, "each message went to one receiver");
}

pub(super) async fn a_stopped_receive_takes_nothing(queue: Queue) {
    queue.submit("not now").await.unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    assert!(queue.receive(10, &stop).await.unwrap().is_empty());
    assert_eq!(take(&queue).await.deliveries, 1, "it was not touched");
}

pub(super) async fn stopping_ends_an_open_receive(queue: Queue) {
    let stop = CancellationToken::new();
    let open = tokio::spawn({
        let (queue, stop) = (queue.clone(), stop.clone());
        async move { queue.receive(10, &stop).await }
    });
    // Whether it is stopped before, in or after its poll must make no difference.
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.cancel();
    let got = within("a stopped receive ends", open).await.unwrap().unwrap();
    assert!(got.is_empty());
    queue.submit("after the stop").await.unwrap();
    let submitted = Instant::now();
    while submitted.elapsed() < OPEN.wait {
        let depth = queue.depth().await.unwrap();
        assert_eq!((depth.waiting, depth.in_flight), (1, 0), "the stopped receive swallowed it");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(take(&queue).await.deliveries, 1, "nobody else had it");
}

pub(super) async fn a_receive_wakes_when_something_comes(queue: Queue) {
    let open = tokio::spawn({
        let queue = queue.clone();
        async move { (queue.receive(1, &CancellationToken::new()).await, Instant::now()) }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let submitted = Instant::now();
    queue.submit("wake up").await.unwrap();
    let (got, woken) = within("an open receive wakes", open).await.unwrap();
    assert_eq!(got.unwrap().len(), 1);
    let took = woken.saturating_duration_since(submitted);
    assert!(took < Duration::from_secs(15), "it slept through it: {took:?}");
}
