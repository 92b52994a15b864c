//! Whether somebody said `codingworker cancel`: asked once for all jobs that are under way.

use std::time::Duration;

use crate::domain::job::JobId;
use crate::store::Store;
use crate::worker::board::Board;

/// How often it is asked.
const LOOK: Duration = Duration::from_millis(500);

/// Tells each job under way whose end was asked for. Never ends.
pub(super) async fn watch(store: &Store, board: &Board) {
    let mut count = board.count();
    loop {
        if count.wait_for(|it| *it > 0).await.is_err() {
            return std::future::pending().await;
        }
        tokio::time::sleep(LOOK).await;
        let untold = board.untold();
        let jobs: Vec<JobId> = untold.keys().cloned().collect();
        if jobs.is_empty() {
            continue;
        }
        match store.cancels(&jobs).await {
            Ok(asked) => asked.iter().filter_map(|it| untold.get(it)).for_each(|it| it.cancel()),
            Err(error) => tracing::debug!(%error, "whether a job is to end cannot be read"),
        }
    }
}
