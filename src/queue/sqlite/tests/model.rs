//! Any sequence of what workers, people and clocks do, against a model small enough to be
//! believed: a message is in one place at a time, and only its last receipt moves it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const MAX_RECEIVES: u32 = 2;

#[derive(Clone, Debug)]
enum Step {
    Submit,
    Receive(usize),
    /// Each of these with one of the receipts so far, however old.
    Extend(prop::sample::Index),
    Done(prop::sample::Index),
    Return(prop::sample::Index, u64),
    Bury(prop::sample::Index),
    Redrive,
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let receipt = any::<prop::sample::Index>;
    prop_oneof![
        3 => Just(Step::Submit),
        4 => (1..4_usize).prop_map(Step::Receive),
        2 => receipt().prop_map(Step::Extend),
        1 => receipt().prop_map(Step::Done),
        2 => (receipt(), 0..400_u64).prop_map(|(which, pause)| Step::Return(which, pause)),
        1 => receipt().prop_map(Step::Bury),
        1 => Just(Step::Redrive),
        3 => (0..900_u64).prop_map(Step::Pass),
    ]
}

#[derive(Debug)]
struct Message {
    visible_at: Timestamp,
    handle: Option<String>,
    deliveries: u32,
    strikes: u32,
}

/// What there should be.
#[derive(Default)]
struct Model {
    alive: BTreeMap<String, Message>,
    dead: Vec<String>,
}

impl Model {
    fn submit(&mut self, id: String, now: Timestamp) {
        let new = Message { visible_at: now, handle: None, deliveries: 0, strikes: 0 };
        assert!(self.alive.insert(id, new).is_none());
    }

    /// Buries those whose leases ran out too often, and gives the names of all that may come.
    fn visible(&mut self, now: Timestamp) -> Vec<String> {
        let worn = |it: &Message| it.handle.is_some() && it.strikes + 1 >= MAX_RECEIVES;
        let due = self.alive.iter().filter(|(_, it)| it.visible_at <= now);
        let (gone, visible): (Vec<_>, Vec<_>) = due.partition(|(_, it)| worn(it));
        let gone: Vec<_> = gone.into_iter().map(|(id, _)| id.clone()).collect();
        let visible = visible.into_iter().map(|(id, _)| id.clone()).collect();
        for id in gone {
            self.alive.remove(&id);
            self.dead.push(id);
        }
        visible
    }

    fn held(&mut self, receipt: &Receipt) -> Option<&mut Message> {
        let message = self.alive.get_mut(&receipt.id)?;
        (message.handle.as_ref() == Some(&receipt.handle)).then_some(message)
    }
}

async fn play(steps: Vec<Step>) {
    let wall = Wall::new();
    let options = SqliteQueueOptions { max_receives: MAX_RECEIVES, ..options(&wall) };
    let queue = SqliteQueue::new(Database::open_in_memory().unwrap(), options);
    let (mut model, mut receipts) = (Model::default(), Vec::<Receipt>::new());
    for step in steps {
        let now = queue.now();
        let one = |which: prop::sample::Index| {
            (!receipts.is_empty()).then(|| which.get(&receipts).clone())
        };
        match step {
            Step::Submit => model.submit(queue.submit("{}").await.unwrap(), now),
            Step::Pass(seconds) => wall.pass(Duration::from_secs(seconds)),
            Step::Receive(most) => {
                let visible = model.visible(now);
                let got = queue.receive(most, &CancellationToken::new()).await.unwrap();
                assert_eq!(got.len(), visible.len().min(most));
                for delivery in got {
                    assert!(visible.contains(&delivery.id), "somebody else holds it");
                    assert!(!receipts.contains(&delivery.receipt), "a handle came twice");
                    let message = model.alive.get_mut(&delivery.id).unwrap();
                    message.strikes += u32::from(message.handle.is_some());
                    message.deliveries += 1;
                    assert_eq!(delivery.deliveries, message.deliveries);
                    message.handle = Some(delivery.receipt.handle.clone());
                    message.visible_at = Timestamp(after(now, LEASE));
                    receipts.push(delivery.receipt);
                }
            }
            Step::Extend(which) => {
                let Some(receipt) = one(which) else { continue };
                let held = model.held(&receipt);
                assert_eq!(queue.extend(&receipt).await.is_ok(), held.is_some());
                if let Some(message) = held {
                    message.visible_at = Timestamp(after(now, LEASE));
                }
            }
            Step::Done(which) => {
                let Some(receipt) = one(which) else { continue };
                queue.settle(&receipt, Settlement::Done).await.unwrap();
                if model.held(&receipt).is_some() {
                    model.alive.remove(&receipt.id);
                }
            }
            Step::Return(which, seconds) => {
                let Some(receipt) = one(which) else { continue };
                let pause = Duration::from_secs(seconds);
                queue.settle(&receipt, Settlement::Return(pause)).await.unwrap();
                if let Some(message) = model.held(&receipt) {
                    message.handle = None;
                    message.visible_at = Timestamp(after(now, pause));
                }
            }
            Step::Bury(which) => {
                let Some(receipt) = one(which) else { continue };
                let reason = "no task".into();
                queue.settle(&receipt, Settlement::Bury { reason }).await.unwrap();
                if model.held(&receipt).is_some() {
                    model.alive.remove(&receipt.id);
                    model.dead.push(receipt.id);
                }
            }
            Step::Redrive => {
                assert_eq!(queue.redrive(&[]).await.unwrap(), model.dead.len());
                for id in std::mem::take(&mut model.dead) {
                    model.submit(id, now);
                }
            }
        }
        agree(&queue, &model).await;
    }
}

async fn agree(queue: &SqliteQueue, model: &Model) {
    let now = queue.now();
    let waiting = model.alive.values().filter(|it| it.visible_at <= now).count() as u64;
    let depth = queue.depth().await.unwrap();
    assert_eq!(depth.waiting, waiting);
    assert_eq!(depth.in_flight, model.alive.len() as u64 - waiting);
    let mut dead: Vec<_> = queue.dead().await.unwrap().into_iter().map(|it| it.id).collect();
    let mut expected = model.dead.clone();
    dead.sort();
    expected.sort();
    assert_eq!(dead, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_queue_does_what_the_model_does(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(steps));
    }
}
