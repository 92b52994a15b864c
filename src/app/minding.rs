//! Keeps in mind what became of the pull requests of jobs, for `codingworker stats`.

use super::beside::Beside;
use crate::worker::fates::Follower;

pub(super) fn start(beside: &Beside) {
    let (host, store, clock) = (beside.watch.clone(), beside.store.clone(), beside.clock.clone());
    let (drain, over) = (beside.bells.drain.clone(), beside.over.clone());
    beside.tasks.spawn(async move {
        tokio::select! {
            biased;
            () = drain.cancelled() => {}
            () = over.cancelled() => {}
            () = Follower { host, store, clock }.follow() => {}
        }
    });
}
