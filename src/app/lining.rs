//! Tells those whose tasks wait in the queue where they stand: looks when a job begins or ends,
//! and now and then while all slots are taken. When none waits, nothing is asked of anybody.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;

use super::AppError;
use super::beside::Beside;
use crate::domain::job::Event;
use crate::engine::line::Held;
use crate::worker::journal::News;
use crate::worker::line::{Line, Waiting};

/// Between two looks while all slots are taken: what is new in the queue rings no bell for us.
const LOOK: Duration = Duration::from_secs(5);
/// After a job began or ended: the shift takes what is next meanwhile.
const SETTLED: Duration = Duration::from_secs(1);
/// After something failed, unless the code host asks for longer.
const PAUSE: Duration = Duration::from_secs(60);

#[expect(clippy::unused_async, reason = "all those beside a shift are started alike")]
pub(super) async fn start(beside: &Beside) -> Result<(), AppError> {
    let models = beside.models.clone();
    let line = Line {
        queue: beside.queue.clone(),
        store: beside.store.clone(),
        tools: beside.tools.clone(),
        slots: beside.slots.clone(),
        board: beside.board.clone(),
        holds: Arc::new(move |name| {
            models.hold_of(name).map(|it| Held { until: it.until, why: it.said })
        }),
        pens: beside.pens.clone(),
        clock: beside.clock.clone(),
        waiting: Waiting::default(),
    };
    let news = beside.news.subscribe();
    let (drain, over) = (beside.bells.drain.clone(), beside.over.clone());
    beside.tasks.spawn(async move {
        tokio::select! {
            biased;
            // Nothing moves from then on, and what was said stays true as long as it did.
            () = drain.cancelled() => {}
            () = over.cancelled() => {}
            () = tell(line, news) => {}
        }
    });
    Ok(())
}

async fn tell(mut line: Line, mut news: Receiver<News>) {
    let mut failing = false;
    loop {
        tokio::select! {
            () = sleep(LOOK) => if !line.may_be_long() { continue },
            () = something_moved(&mut news) => sleep(SETTLED).await,
        }
        match line.look().await {
            Ok(()) => failing = false,
            Err(error) => {
                if !failing {
                    tracing::warn!("nobody is told of his place in line for now: {error}");
                }
                failing = true;
                sleep(error.wait().unwrap_or_default().max(PAUSE)).await;
            }
        }
    }
}

/// A job began or ended.
async fn something_moved(news: &mut Receiver<News>) {
    loop {
        match news.recv().await {
            Ok(News::Recorded { record, .. }) => {
                if matches!(record.event, Event::Inspected(_) | Event::Closed) {
                    return;
                }
            }
            Ok(News::Buried { .. }) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}
