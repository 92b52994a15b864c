//! The models that all jobs of a worker share: held until when, asked by whom, how often at once.
//!
//! A model that turned a job away, or is not there, has a *hold* (`engine::cooldown`). While it
//! lasts nobody asks. When it is over, the job that has waited longest tries alone; an answer ends
//! the hold, and the others follow in the order of their age; a refusal makes the next hold.
//! A hold that a server asked for is in the store, so that a restart honours it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::Instant;

use crate::agent::Agent;
use crate::domain::job::{Failure, Fault, JobId, Model};
use crate::domain::time::Timestamp;
use crate::engine::cooldown::{First, Hold, Kind, ModelKey};
use crate::fault::{Mutation, mutated};
use crate::store::{Store, StoreError};
use crate::worker::drive::Clock;
use crate::worker::slots::Slots;

mod door;
mod limited;
#[cfg(test)]
mod tests;

use door::{Door, Stand};
pub use limited::{Limited, Seat};

/// Who is before whom: the older job.
pub type Ticket = (Timestamp, JobId);

/// How often the store is asked what other workers know, and the clock how late it is.
const LOOK: Duration = Duration::from_secs(30);

/// How much the models may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Turns of agents at once, by server.
    pub turns: usize,
    /// The first cool-down of a model that turned us away and stated no time.
    pub cooldown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { turns: 1, cooldown: Duration::from_secs(5 * 60) }
    }
}

/// What is known of the models. Clones are the same.
#[derive(Clone)]
pub struct Models {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    clock: Clock,
    /// Whose neighbours are meant by `localhost`.
    place: String,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    agent: Option<Arc<dyn Agent>>,
    limits: Limits,
    servers: HashMap<String, Server>,
    doors: HashMap<ModelKey, Door>,
    warming: BTreeSet<ModelKey>,
    /// Grows with each hold that begins or ends here.
    epoch: u64,
}

/// The turns of one server.
struct Server {
    turns: Slots,
    waiting: usize,
}

/// How a server is used right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Which.
    pub server: String,
    /// Jobs whose agent has its turn.
    pub turns: usize,
    /// Jobs whose agent waits for one.
    pub waiting: usize,
}

impl Models {
    /// The models of the worker `place`, without an agent so far.
    pub fn new(store: Store, clock: Clock, place: impl Into<String>) -> Self {
        let (state, changed) = (Mutex::default(), Notify::new());
        Self { shared: Arc::new(Shared { store, clock, place: place.into(), state, changed }) }
    }

    /// From here on this agent asks them, within these limits. Must be called inside a tokio
    /// runtime.
    pub fn follow(&self, agent: Arc<dyn Agent>, limits: Limits) {
        let mut state = self.state();
        for server in state.servers.values() {
            server.turns.resize(limits.turns);
        }
        (state.agent, state.limits) = (Some(agent), limits);
    }

    /// Takes over the holds that the store knows: an earlier worker's, or another one's.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recall(&self) -> Result<(), StoreError> {
        let epoch = self.state().epoch;
        let stored = self.shared.store.held_models().await?;
        let now = self.now();
        let mut state = self.state();
        // What was read may be older than what happened here meanwhile.
        if state.epoch != epoch {
            return Ok(());
        }
        let keys = stored.iter().map(|it| it.key.clone()).collect::<BTreeSet<_>>();
        let mut freed = false;
        for (key, door) in &mut state.doors {
            freed |= !keys.contains(key) && door.forget_stored();
        }
        for hold in stored {
            state.doors.entry(hold.key.clone()).or_default().learn(hold, now);
        }
        drop(state);
        if freed {
            self.shared.changed.notify_waiters();
        }
        Ok(())
    }

    /// Whether the job may ask the model now; else what it waits for. Who may after a hold is the
    /// one who tries whether the model answers again.
    async fn enter(&self, key: &ModelKey, ticket: &Ticket) -> Result<(), Failure> {
        self.look().await;
        let now = self.now();
        let mut state = self.state();
        let door = state.doors.entry(key.clone()).or_default();
        match door.stand(ticket, now) {
            Stand::Open => Ok(()),
            _ if mutated(Mutation::ModelHoldIgnored) => Ok(()),
            Stand::Trial => {
                door.trial = Some(ticket.clone());
                Ok(())
            }
            Stand::Held { .. } | Stand::Tried => Err(door.failure()),
        }
    }

    /// Waits until the job may ask the model: first in line, and nobody holds it. When it waits for
    /// something else than it has `told` people, that is an error, and it waits anew.
    async fn wait(&self, key: &ModelKey, ticket: &Ticket, told: &str) -> Result<(), Failure> {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            self.look().await;
            let now = self.now();
            let pause = {
                let mut state = self.state();
                let door = state.doors.entry(key.clone()).or_default();
                door.waiting.insert(ticket.clone());
                let first = door.waiting.first() == Some(ticket);
                match door.stand(ticket, now) {
                    Stand::Open if first => return Ok(()),
                    Stand::Trial if first => {
                        door.trial = Some(ticket.clone());
                        return Ok(());
                    }
                    Stand::Open => LOOK,
                    _ if door.failure().message != told => return Err(door.failure()),
                    Stand::Held { left } => left.min(LOOK),
                    Stand::Trial | Stand::Tried => LOOK,
                }
            };
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// The job waits for no model any more, and tries none.
    fn leave(&self, ticket: &Ticket) {
        let mut state = self.state();
        for door in state.doors.values_mut() {
            door.waiting.remove(ticket);
            door.trial.take_if(|it| it == ticket);
        }
        state.doors.retain(|_, door| !door.is_forgotten());
        drop(state);
        self.shared.changed.notify_waiters();
    }

    /// The job goes on, and is no longer in line.
    fn step_out(&self, ticket: &Ticket) {
        for door in self.state().doors.values_mut() {
            door.waiting.remove(ticket);
        }
        self.shared.changed.notify_waiters();
    }

    /// The model answered: whoever waits for it may go.
    async fn answered(&self, key: &ModelKey) {
        let held = self.state().doors.get(key).and_then(|it| it.hold().cloned());
        let Some(held) = held else { return };
        if held.kind == Kind::Busy
            && let Err(error) = self.shared.store.release_model(key).await
        {
            tracing::warn!(%error, "a restart would still take the model to be held");
        }
        {
            let mut state = self.state();
            state.epoch += 1;
            if let Some(door) = state.doors.get_mut(key) {
                door.open();
            }
        }
        tracing::info!(model = key.model, server = key.server, "the model answers again");
        self.shared.changed.notify_waiters();
    }

    /// The model, or its server, would not have the job: nobody asks it for a while. Gives back
    /// what the job says of it.
    async fn refused(&self, key: &ModelKey, failure: Failure, away: Duration) -> Failure {
        let now = self.now();
        let (hold, was_stored) = {
            let mut state = self.state();
            state.epoch += 1;
            let first = First { away, busy: state.limits.cooldown };
            let door = state.doors.entry(key.clone()).or_default();
            let hold = Hold::after(door.hold(), key.clone(), &failure, now.wall, first);
            let was_stored = door.is_stored();
            door.place(hold.clone(), now);
            (hold, was_stored)
        };
        let store = &self.shared.store;
        let noted = match hold.kind {
            Kind::Busy => {
                let (model, server, until) = (&key.model, &key.server, hold.until.to_string());
                tracing::warn!(model, server, until, nth = hold.nth, "the model is held");
                store.hold_model(&hold).await
            }
            // A server that went away while it was busy is looked for at the next start.
            Kind::Away if was_stored => store.release_model(key).await,
            Kind::Away => Ok(()),
        };
        match noted {
            Ok(()) if hold.kind == Kind::Busy => {
                self.state().doors.entry(key.clone()).or_default().note_stored(&hold);
            }
            Ok(()) => {}
            Err(error) => tracing::warn!(%error, "a restart would not know how the model is held"),
        }
        self.shared.changed.notify_waiters();
        Failure { message: hold.message(), ..failure }
    }

    /// The right to a turn at this server, if it is to be had at once.
    fn try_turn(&self, server: &str) -> Option<OwnedSemaphorePermit> {
        self.turns(server).try_take()
    }

    /// Waits for the right to a turn at this server. First come, first served.
    async fn turn(&self, server: &str) -> Option<OwnedSemaphorePermit> {
        let turns = self.turns(server);
        let _place = Place::take(self, server);
        tracing::info!(server, "waits until another job's agent has had its turn");
        turns.take().await
    }

    fn turns(&self, server: &str) -> Slots {
        let mut state = self.state();
        let limit = if mutated(Mutation::TurnsUnlimited) { 100 } else { state.limits.turns };
        let new = || Server { turns: Slots::new(limit), waiting: 0 };
        state.servers.entry(server.to_owned()).or_insert_with(new).turns.clone()
    }

    /// Has the model loaded in the background, where its server can and nobody else uses it: what
    /// does not work here will be seen when it is asked.
    fn warm(&self, model: &Model) {
        let key = self.key(model);
        let turns = self.turns(&key.server);
        let now = self.now();
        let mut state = self.state();
        let held = state.doors.get(&key).is_some_and(|it| it.is_held(now));
        let Some(agent) = state.agent.clone().filter(|_| !held && turns.taken() == 0) else {
            return;
        };
        if !state.warming.insert(key.clone()) {
            return;
        }
        drop(state);
        let (models, model) = (self.clone(), model.clone());
        tokio::spawn(async move {
            if let Err(error) = agent.warm(&model).await {
                tracing::debug!(model = model.name, %error, "the model was not loaded beforehand");
            }
            models.state().warming.remove(&key);
        });
    }

    /// Which model at which server. What only this machine can reach is its own, also where the
    /// store is shared.
    pub fn key(&self, model: &Model) -> ModelKey {
        let server = self.state().agent.as_ref().map(|it| it.server(model)).unwrap_or_default();
        let server = match is_near(&server) {
            true => format!("{server} of {}", self.shared.place),
            false => server,
        };
        ModelKey { model: model.name.clone(), server }
    }

    /// How the servers are used.
    pub fn usage(&self) -> Vec<Usage> {
        let usage = |(server, it): (&String, &Server)| Usage {
            server: server.clone(),
            turns: it.turns.taken(),
            waiting: it.waiting,
        };
        let mut all = self.state().servers.iter().map(usage).collect::<Vec<_>>();
        all.sort_by(|one, other| one.server.cmp(&other.server));
        all
    }

    /// How many models are held now.
    pub fn held(&self) -> usize {
        let now = self.now();
        self.state().doors.values().filter(|it| it.is_held(now)).count()
    }

    /// What holds the model of this name now, wherever it is asked.
    pub fn hold_of(&self, name: &str) -> Option<Hold> {
        let now = self.now();
        let state = self.state();
        let held = state.doors.iter().filter(|(key, door)| key.model == name && door.is_held(now));
        held.filter_map(|(_, door)| door.hold()).max_by_key(|it| it.until).cloned()
    }

    async fn look(&self) {
        if let Err(error) = self.recall().await {
            tracing::debug!(%error, "what other workers know of the models is not known");
        }
    }

    fn now(&self) -> Now {
        Now { wall: (self.shared.clock)(), instant: Instant::now() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same moment by two clocks: one stands still while a laptop sleeps, the other can be set.
#[derive(Clone, Copy)]
struct Now {
    wall: Timestamp,
    instant: Instant,
}

/// A place among those who wait for a turn, until dropped.
struct Place<'a> {
    models: &'a Models,
    server: &'a str,
}

impl<'a> Place<'a> {
    fn take(models: &'a Models, server: &'a str) -> Self {
        Self::count(models, server, |it| it + 1);
        Self { models, server }
    }

    fn count(models: &Models, server: &str, change: fn(usize) -> usize) {
        if let Some(server) = models.state().servers.get_mut(server) {
            server.waiting = change(server.waiting);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        Self::count(self.models, self.server, |it| it.saturating_sub(1));
    }
}

/// Whether an address means another server on another machine.
fn is_near(server: &str) -> bool {
    let Ok(url) = url::Url::parse(server) else { return false };
    match url.host() {
        Some(url::Host::Ipv4(it)) => it.is_loopback(),
        Some(url::Host::Ipv6(it)) => it.is_loopback(),
        Some(url::Host::Domain(it)) => !it.contains('.') || it == "host.docker.internal",
        None => false,
    }
}

fn interrupted(why: &str) -> Failure {
    Failure::new(Fault::Interrupted, why)
}
