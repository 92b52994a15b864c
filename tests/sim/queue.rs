//! A queue as SQS is, and what stands between any queue and one worker.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use async_trait::async_trait;
use codingworker::domain::time::Timestamp;
use codingworker::queue::{
    DeadLetter, Delivery, Depth, QueueError, Receipt, Settlement, TaskQueue,
};
use tokio_util::sync::CancellationToken;

use crate::gate::Gate;
use crate::world::World;

const POLL: Duration = Duration::from_secs(20);
const LONGEST_HOLD: Duration = Duration::from_secs(12 * 60 * 60);
/// More than any seed needs: what a receive count ends is nobody's fault here.
const MOST_RECEIVES: u32 = 1_000;

/// A standard queue of SQS: at least once, in any order, held for 12 hours at most.
pub(crate) struct Sqs {
    world: Weak<World>,
    lease: Duration,
    duplicates: bool,
    messages: Mutex<BTreeMap<String, Message>>,
    dead: Mutex<Vec<DeadLetter>>,
}

struct Message {
    body: String,
    visible: Timestamp,
    handle: String,
    received: Timestamp,
    receives: u32,
}

impl Sqs {
    pub(crate) fn new(world: Weak<World>, lease: Duration, duplicates: bool) -> Self {
        let (messages, dead) = Default::default();
        Self { world, lease, duplicates, messages, dead }
    }

    fn hand_out(&self, most: usize) -> Vec<Delivery> {
        let world = self.world.upgrade().unwrap();
        let (now, mut messages) = (world.now(), self.messages.lock().unwrap());
        let mut all: Vec<(u64, &String, &mut Message)> =
            messages.iter_mut().map(|(id, it)| (world.roll(), id, it)).collect();
        all.sort_by_key(|it| it.0);
        let twice = |it: &Message| {
            self.duplicates && !it.handle.is_empty() && now < it.visible && world.hits(30)
        };
        let mut out = Vec::new();
        for (_, id, it) in all {
            if out.len() < most && (it.visible <= now || twice(it)) {
                it.receives += 1;
                it.handle = format!("{id}-{}", it.receives);
                (it.received, it.visible) = (now, Timestamp(now.0 + millis(self.lease)));
                let receipt = Receipt {
                    id: id.clone(),
                    handle: it.handle.clone(),
                    body: it.body.clone(),
                    asked_at: None,
                };
                let (id, body) = (id.clone(), it.body.clone());
                out.push(Delivery { id, body, deliveries: it.receives, receipt });
            }
        }
        out
    }
}

fn millis(it: Duration) -> i64 {
    i64::try_from(it.as_millis()).unwrap()
}

#[async_trait]
impl TaskQueue for Sqs {
    async fn receive(
        &self,
        most: usize,
        stop: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        for _ in 0..POLL.as_secs() / 5 {
            let out = self.hand_out(most);
            if !out.is_empty() || stop.is_cancelled() {
                return Ok(out);
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = tokio::time::sleep(Duration::from_secs(5)) => {}
            }
        }
        Ok(Vec::new())
    }

    async fn extend(&self, receipt: &Receipt) -> Result<(), QueueError> {
        let now = self.world.upgrade().unwrap().now();
        let mut messages = self.messages.lock().unwrap();
        let held = messages.get_mut(&receipt.id).filter(|it| it.handle == receipt.handle);
        let Some(held) = held.filter(|it| now < it.visible) else {
            return Err(QueueError::LeaseLost);
        };
        let until = Timestamp(now.0 + millis(self.lease));
        if until.since(held.received) > LONGEST_HOLD {
            return Err(QueueError::LeaseLost);
        }
        held.visible = until;
        Ok(())
    }

    async fn settle(&self, receipt: &Receipt, verdict: Settlement) -> Result<(), QueueError> {
        let now = self.world.upgrade().unwrap().now();
        let mut messages = self.messages.lock().unwrap();
        let held = messages.get_mut(&receipt.id).filter(|it| it.handle == receipt.handle);
        let Some(held) = held else { return Ok(()) };
        match verdict {
            Settlement::Return(pause) => {
                (held.visible, held.handle) = (Timestamp(now.0 + millis(pause)), String::new());
            }
            Settlement::Done => drop(messages.remove(&receipt.id)),
            Settlement::Bury { reason } => {
                messages.remove(&receipt.id);
                let (id, body) = (receipt.id.clone(), receipt.body.clone());
                self.dead.lock().unwrap().push(DeadLetter { id, body, reason });
            }
        }
        Ok(())
    }

    async fn submit(&self, body: &str) -> Result<String, QueueError> {
        let now = self.world.upgrade().unwrap().now();
        let mut messages = self.messages.lock().unwrap();
        let id = format!("m{:03}", messages.len() + self.dead.lock().unwrap().len() * 100)
            + &format!("{:x}", self.world.upgrade().unwrap().roll());
        let (body, handle) = (body.to_owned(), String::new());
        messages
            .insert(id.clone(), Message { body, visible: now, handle, received: now, receives: 0 });
        Ok(id)
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        let now = self.world.upgrade().unwrap().now();
        let messages = self.messages.lock().unwrap();
        debug_assert!(messages.values().all(|it| it.receives < MOST_RECEIVES));
        let waiting = messages.values().filter(|it| it.visible <= now).count() as u64;
        let in_flight = messages.len() as u64 - waiting;
        Ok(Depth { waiting, in_flight, ..Depth::default() })
    }

    async fn dead(&self) -> Result<Vec<DeadLetter>, QueueError> {
        Ok(self.dead.lock().unwrap().clone())
    }

    async fn redrive(&self, _: &[String]) -> Result<usize, QueueError> {
        Ok(0)
    }

    fn lease(&self) -> Duration {
        self.lease
    }

    fn longest_hold(&self) -> Option<Duration> {
        Some(LONGEST_HOLD)
    }
}

/// The way of one life of one worker to the queue.
pub(crate) struct Line {
    pub(crate) world: Arc<World>,
    pub(crate) gate: Arc<Gate>,
}

impl Line {
    async fn ask<T>(
        &self,
        what: impl Future<Output = Result<T, QueueError>>,
    ) -> Result<T, QueueError> {
        self.gate.pass().await;
        self.world.pause(5, 200).await;
        if self.world.hits(20) {
            return Err(QueueError::Unavailable("throttled, and nothing was done".to_owned()));
        }
        let result = what.await;
        self.gate.pass().await;
        if self.world.hits(20) {
            return Err(QueueError::Unavailable("the reply was lost".to_owned()));
        }
        result
    }
}

/// From this age on the worker gives a delivery back while its job goes on: before the twelve hours
/// of the queue, two leases.
const HANDED_OVER: Duration = Duration::from_secs(11 * 60 * 60);

#[async_trait]
impl TaskQueue for Line {
    async fn receive(
        &self,
        most: usize,
        stop: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        let (world, worker) = (&self.world, self.gate.worker);
        self.ask(async {
            let out = world.base.receive(most, stop).await?;
            for it in &out {
                world.note(&format!("w{worker} receives {}", it.body));
                world.state().holders.insert(it.id.clone(), worker);
            }
            Ok(out)
        })
        .await
    }

    async fn extend(&self, receipt: &Receipt) -> Result<(), QueueError> {
        self.ask(self.world.base.extend(receipt)).await
    }

    async fn settle(&self, receipt: &Receipt, verdict: Settlement) -> Result<(), QueueError> {
        let (world, gate) = (&self.world, &self.gate);
        self.ask(async {
            world.note(&format!("w{} settles {}: {verdict:?}", gate.worker, receipt.body));
            match &verdict {
                Settlement::Return(_) => {
                    // What is handed over for its age goes on until somebody else has it: its
                    // effects are held back by then.
                    let asked = receipt.asked_at.unwrap_or_default();
                    match gate.clock()().since(asked) < HANDED_OVER {
                        true => world.returned(gate.worker, gate.life, &receipt.id),
                        false => world.outgrown(&receipt.id),
                    }
                    world.hands_over(&receipt.id);
                }
                Settlement::Done | Settlement::Bury { .. } => {
                    // A receipt that is not the newest settles nothing.
                    let before = world.base.depth().await?;
                    world.base.settle(receipt, verdict.clone()).await?;
                    let after = world.base.depth().await?;
                    if after.waiting + after.in_flight < before.waiting + before.in_flight {
                        world.settled(gate.worker, &receipt.id);
                    }
                    return Ok(());
                }
            }
            world.base.settle(receipt, verdict).await
        })
        .await
    }

    async fn submit(&self, body: &str) -> Result<String, QueueError> {
        self.ask(self.world.base.submit(body)).await
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        self.ask(self.world.base.depth()).await
    }

    async fn dead(&self) -> Result<Vec<DeadLetter>, QueueError> {
        self.ask(self.world.base.dead()).await
    }

    async fn redrive(&self, ids: &[String]) -> Result<usize, QueueError> {
        self.ask(self.world.base.redrive(ids)).await
    }

    fn lease(&self) -> Duration {
        self.world.base.lease()
    }

    fn longest_hold(&self) -> Option<Duration> {
        self.world.base.longest_hold()
    }
}
