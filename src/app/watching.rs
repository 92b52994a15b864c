//! `serve --poll-github`: looks at the repositories itself, and puts what it finds on the queue.

use super::AppError;
use super::beside::Beside;
use crate::worker::watch::{Lookout, Rounds};

pub(super) async fn start(beside: &Beside) -> Result<(), AppError> {
    let config = beside.config.clone();
    // A reload may ask for it, or for something else, at any time.
    let rounds = move || {
        let config = config.now();
        let repositories = if config.poll.github { config.watched() } else { Vec::new() };
        Rounds { repositories, interval: config.poll.interval }
    };
    let (watch, queue) = (beside.watch.clone(), beside.queue.clone());
    let mut lookout =
        Lookout::new(watch, queue, beside.store.clone(), beside.clock.clone(), rounds);
    if beside.until_empty {
        // Whoever leaves when nothing waits has looked whether something does.
        tokio::select! {
            biased;
            () = beside.bells.drain.cancelled() => {}
            _ = lookout.round() => {}
        }
    }
    let (drain, over) = (beside.bells.drain.clone(), beside.over.clone());
    beside.tasks.spawn(async move {
        tokio::select! {
            biased;
            () = over.cancelled() => {}
            () = lookout.look_out(&drain) => {}
        }
    });
    Ok(())
}
