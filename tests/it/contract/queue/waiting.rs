//! The clauses about looking at what waits. A queue that cannot look shows none, whatever waits.

use std::time::Duration;

use codingworker::queue::Settlement;

use super::{Queue, take};

pub(super) async fn what_waits_is_seen_in_its_order_and_not_taken(queue: Queue) {
    assert_eq!(queue.waiting(10).await.unwrap(), [], "nothing waits");
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(queue.submit(&n.to_string()).await.unwrap());
    }
    let seen = queue.waiting(10).await.unwrap();
    if seen.is_empty() {
        return cannot_look(&queue).await;
    }
    let mut seen_ids = seen.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
    assert!(seen.iter().all(|it| it.from <= seen[3].from && it.since.0 > 0));
    for (nth, shown) in seen.iter().enumerate() {
        assert_eq!(queue.waiting(2).await.unwrap().len(), 2.min(4 - nth), "no more than asked for");
        let delivery = take(&queue).await;
        assert_eq!(delivery.deliveries, 1, "looking is no delivery");
        assert_eq!(delivery.id, seen_ids.remove(0), "what was shown first comes first");
        assert_eq!(delivery.body, shown.body);
        let left = queue.waiting(10).await.unwrap();
        let left = left.into_iter().map(|it| it.id).collect::<Vec<_>>();
        assert_eq!(left, seen_ids, "what is held does not wait, and what waits keeps its order");
    }
}

pub(super) async fn what_is_given_back_for_later_waits_behind(queue: Queue) {
    let first = queue.submit("first").await.unwrap();
    if queue.waiting(1).await.unwrap().is_empty() {
        return cannot_look(&queue).await;
    }
    let held = take(&queue).await;
    queue.submit("second").await.unwrap();
    let later = Settlement::Return(Duration::from_secs(3_000));
    queue.settle(&held.receipt, later).await.unwrap();
    let seen = queue.waiting(10).await.unwrap();
    let bodies = seen.iter().map(|it| it.body.as_str()).collect::<Vec<_>>();
    assert_eq!(bodies, ["second", "first"]);
    assert_eq!(seen[1].id, first);
    let later = seen[1].from.since(seen[0].from);
    assert!(later > Duration::from_secs(2_900), "it says from when: {later:?}");
    assert!(seen[1].since <= seen[0].since, "it has waited since it was put in");
    assert_eq!(take(&queue).await.body, "second");
}

/// It never shows anything then, rather than now and then something.
async fn cannot_look(queue: &Queue) {
    take(queue).await;
    assert_eq!(queue.waiting(10).await.unwrap(), []);
}
