//! Which jobs' work stays on disk when a worker starts.

use std::time::Duration;

use super::clock;
use crate::domain::job::{Event, JobId, JobState, Outcome, Record};
use crate::store::{JobFilter, Store, StoreError};

/// How long the work of a job that the gate stopped is kept, and of how many of the last jobs.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3_600);
const MOST_KEPT: usize = 200;

/// The jobs whose work must stay on disk: those that go on, and those that the gate stopped lately.
pub(super) async fn wanted(store: &Store) -> Result<Vec<JobId>, StoreError> {
    let mut wanted = store.unfinished().await?.into_iter().map(|it| it.id).collect::<Vec<_>>();
    let filter = JobFilter { state: Some(JobState::Failed), ..JobFilter::default() };
    let now = (clock())();
    for job in store.jobs(&filter, MOST_KEPT).await? {
        let stopped = |it: &Record| matches!(it.event, Event::Ended(Outcome::Stopped(_)));
        if now.since(job.updated_at) < KEPT && store.records(&job.id).await?.iter().any(stopped) {
            wanted.push(job.id);
        }
    }
    Ok(wanted)
}
