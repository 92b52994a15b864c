//! The clauses about messages that no worker can do anything with.

use std::collections::HashSet;

use super::{Queue, assert_nothing_waits, bury, take, take_many, within};

pub(super) async fn what_is_buried_is_among_the_dead_letters(queue: Queue) {
    let id = queue.submit("no task").await.unwrap();
    let delivery = take(&queue).await;
    queue.settle(&delivery.receipt, bury("これはタスクではない: not JSON")).await.unwrap();
    assert_nothing_waits(&queue).await;
    let dead = queue.dead().await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].id, id, "it keeps its name");
    assert_eq!(dead[0].body, "no task");
    assert_eq!(dead[0].reason, "これはタスクではない: not JSON");
}

pub(super) async fn any_reason_is_kept(queue: Queue) {
    let long = "理由".repeat(5000);
    for reason in ["", " ", "nul \0 bell \u{7} \u{ffff}", long.as_str()] {
        queue.submit(&"x".repeat(256 * 1024)).await.unwrap();
        let delivery = take(&queue).await;
        queue.settle(&delivery.receipt, bury(reason)).await.unwrap();
    }
    assert_nothing_waits(&queue).await;
    let dead = queue.dead().await.unwrap();
    assert_eq!(dead.len(), 4, "nothing was lost over its reason");
    let spoken = dead.iter().filter(|it| it.reason.contains("bell") || it.reason.contains("理由"));
    assert_eq!(spoken.count(), 2, "what can be shown of a reason is shown");
}

pub(super) async fn redrive_sends_back_what_is_named(queue: Queue) {
    let mut ids = Vec::new();
    for body in ["one", "two", "three"] {
        ids.push(queue.submit(body).await.unwrap());
        let delivery = take(&queue).await;
        queue.settle(&delivery.receipt, bury(body)).await.unwrap();
    }
    assert_eq!(queue.redrive(&["nobody".into()]).await.unwrap(), 0, "an unknown name");
    assert_eq!(queue.redrive(&ids[1..2]).await.unwrap(), 1);
    let back = take(&queue).await;
    assert_eq!(back.body, "two");
    assert_eq!(back.deliveries, 1, "it begins anew");
    assert_nothing_waits(&queue).await;
    let left: HashSet<_> = queue.dead().await.unwrap().into_iter().map(|it| it.body).collect();
    assert_eq!(left, HashSet::from(["one".into(), "three".into()]));
}

pub(super) async fn redrive_of_everything_leaves_nothing(queue: Queue) {
    for n in 0..12 {
        queue.submit(&n.to_string()).await.unwrap();
        let delivery = take(&queue).await;
        queue.settle(&delivery.receipt, bury("all of them")).await.unwrap();
    }
    assert_eq!(queue.redrive(&[]).await.unwrap(), 12);
    assert_eq!(queue.dead().await.unwrap(), []);
    assert_eq!(queue.redrive(&[]).await.unwrap(), 0);
    let back: HashSet<_> = take_many(&queue, 12).await.into_iter().map(|it| it.body).collect();
    assert_eq!(back.len(), 12, "each came back");
}

pub(super) async fn looking_at_the_dead_letters_leaves_them_there(queue: Queue) {
    for n in 0..11 {
        queue.submit(&n.to_string()).await.unwrap();
        let delivery = take(&queue).await;
        queue.settle(&delivery.receipt, bury("looked at")).await.unwrap();
    }
    let first = queue.dead().await.unwrap();
    assert_eq!(first.len(), 11);
    assert_eq!(queue.dead().await.unwrap(), first, "a second look shows the same");
}

pub(super) async fn a_message_that_nobody_settles_is_buried(queue: Queue) {
    let id = queue.submit("poison").await.unwrap();
    for expected in 1..=2 {
        let delivery = take(&queue).await;
        assert_eq!(delivery.deliveries, expected);
    }
    let buried = async {
        loop {
            assert_nothing_waits(&queue).await;
            let dead = queue.dead().await.unwrap();
            if let [letter] = dead.as_slice() {
                return letter.clone();
            }
        }
    };
    let letter = within("it is a dead letter when its second lease has ended", buried).await;
    assert_eq!((letter.id.as_str(), letter.body.as_str()), (id.as_str(), "poison"));
    assert!(letter.reason.contains('2'), "the reason says how often: {}", letter.reason);
    assert_eq!(queue.redrive(std::slice::from_ref(&id)).await.unwrap(), 1);
    assert_eq!(take(&queue).await.deliveries, 1, "it begins anew");
}
