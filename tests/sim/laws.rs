//! Laws about who works on what, and on how much at once.

use std::time::Duration;

use codingworker::domain::job::JobId;
use codingworker::domain::time::Timestamp;
use codingworker::engine::cooldown::LONGEST;
use codingworker::engine::decide::killed;
use tokio::time::Instant;

use crate::gate::Gate;
use crate::life::LEASE;
use crate::world::{Running, Shape, World};

/// From when in the calm on nothing is left of what went wrong before.
const SETTLED: Duration = Duration::from_secs(60 * 60);

impl World {
    /// A process of a worker begins.
    pub(crate) fn begins(&self, running: &Running, slots: usize) {
        let mine = |it: &&Running| (it.worker, it.life) == (running.worker, running.life);
        let fault = {
            let before = self.state().running.clone();
            let all = || before.iter();
            match () {
                () if all().filter(mine).any(|it| it.job == running.job) => {
                    Some("twice at work in one worker")
                }
                () if all().filter(mine).count() >= slots => Some("at work without a slot"),
                () if running.turn && all().filter(mine).any(|it| it.turn) => {
                    Some("asks the model while another job does")
                }
                () if all().any(|it| self.is_rival(it, running)) => {
                    Some("at work in two workers that nothing has hindered")
                }
                () => None,
            }
        };
        if let Some(fault) = fault {
            self.broke(format!("{}: {fault}", running.job));
        }
        self.state().running.push(running.clone());
    }

    /// Whether another worker is at the same job, and none of the two has an excuse.
    ///
    /// Where each has a store of its own, one that gave its message back for its age hears of a
    /// rival from nobody: it goes on until it may think that there is one, without any effect.
    fn is_rival(&self, other: &Running, it: &Running) -> bool {
        let quiet = Instant::now().checked_sub(LEASE * 6 / 5);
        let outgrown = self.state().outgrown.get(&it.job).is_some_and(|at| at.elapsed() < LEASE);
        if self.shape == Shape::Apart && outgrown {
            return false;
        }
        let excused = |worker| quiet.is_none_or(|since| !self.is_undisturbed_since(worker, since));
        (other.worker != it.worker && other.job == it.job)
            && self.is_alive(other.worker, other.life)
            && !excused(other.worker)
            && !excused(it.worker)
    }

    /// A job kills its worker. It may do so three times.
    pub(crate) fn kills(&self, job: &JobId) {
        let deaths = {
            let mut state = self.state();
            let deaths = state.killed.entry(job.clone()).or_default();
            *deaths += 1;
            *deaths
        };
        if deaths > 3 {
            self.broke(format!("{job}: it killed {deaths} workers"));
        }
    }

    /// Whoever killed three workers is among the dead letters.
    pub(crate) async fn is_buried(&self) {
        let killer = self.state().killed.iter().find(|it| *it.1 == 3).map(|it| it.0.clone());
        let Some(job) = killer else { return };
        let dead = self.base.dead().await.unwrap_or_default();
        if !dead.iter().any(|it| it.reason == killed().message) {
            self.broke(format!("{job}: killed three workers, and is no dead letter"));
        }
    }

    /// A worker takes a job.
    pub(crate) fn takes(&self, gate: &Gate, job: &JobId) {
        let scope = (self.scope(gate.worker), job.clone());
        let lost = {
            let mut state = self.state();
            state.owned.insert(scope.clone());
            let asked_for = state.returned.remove(&scope);
            let takers = state.takers.entry(scope).or_default();
            let before = takers.last().is_some_and(|it| self.is_alive(it.0, it.1));
            takers.push((gate.worker, gate.life));
            before && !asked_for && SETTLED < self.calm_for()
        };
        if lost {
            self.broke(format!("{job}: lost by a worker while nothing goes wrong"));
        }
    }

    /// A worker puts a job down in the store.
    pub(crate) fn releases(&self, worker: usize, job: &JobId) {
        self.state().owned.remove(&(self.scope(worker), job.clone()));
    }

    /// A worker gives a message back of itself.
    pub(crate) fn hands_over(&self, message: &str) {
        let mut state = self.state();
        let Some(job) = state.messages.get(message).cloned().flatten() else { return };
        // Where each has a store of its own, it may come back to one who had it long before.
        let scopes = if self.shape == Shape::Apart { 0..self.stores.len() } else { 0..1 };
        state.returned.extend(scopes.map(|scope| (scope, job.clone())));
    }

    /// A message is given back because of its age, and its job goes on.
    pub(crate) fn outgrown(&self, message: &str) {
        let mut state = self.state();
        let job = state.messages.get(message).cloned().flatten();
        state.outgrown.extend(job.map(|job| (job, Instant::now())));
    }

    /// A job's journal says that a worker died at it.
    pub(crate) fn told_of_a_death(&self, worker: usize, job: &JobId) {
        let scope = (self.scope(worker), job.clone());
        let nobody = {
            let mut state = self.state();
            let mut takers = state.takers.remove(&scope).unwrap_or_default();
            let last = takers.pop();
            let tidy = takers.iter().all(|it| state.tidy.contains(&(it.0, it.1)));
            state.takers.insert(scope, last.into_iter().collect());
            tidy
        };
        if nobody {
            self.broke(format!("{job}: a death is written down, and nobody died"));
        }
    }

    /// The model turned a worker away for so long.
    pub(crate) fn turned_away(&self, gate: &Gate, stated: Duration) {
        let held = (gate.life, Instant::now(), (gate.clock())(), stated.min(LONGEST));
        self.state().held.insert(gate.worker, held);
    }

    /// Something other than its own model's word may have ended a worker's hold.
    pub(crate) fn may_ask(&self, by: usize, also_itself: bool) {
        let scope = self.scope(by);
        let keep = |worker: usize| self.scope(worker) != scope || (worker == by && !also_itself);
        self.state().held.retain(|worker, _| keep(*worker));
    }

    /// A worker asks its model.
    pub(crate) fn asks(&self, gate: &Gate, job: &JobId) {
        let held = self.state().held.get(&gate.worker).copied();
        let Some((life, at, wall, stated)) = held else { return };
        let now: Timestamp = (gate.clock())();
        if life == gate.life && at.elapsed() < stated && now.since(wall) < stated {
            self.broke(format!("{job}: asks a model that is held"));
        }
    }
}
