//! The benchmarks at a small size: what they count has to be right wherever they run. How fast it
//! is, `./taskw bench` says.

use std::time::Duration;

use queue::{Lives, Size};

#[path = "../../benches/thousand/crowd.rs"]
mod crowd;
#[path = "../../benches/life/journal.rs"]
mod journal;
#[path = "../../benches/life/queue.rs"]
mod queue;

const PATIENCE: Duration = Duration::from_secs(60);
const SMALL: Size = Size { jobs: 300, warm_up: 20, workers: 20, producers: 20 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_of_many_producers_is_lost_or_worked_on_twice() {
    let room = tempfile::tempdir().unwrap();
    let (begun, ended) = queue::both(room.path(), &SMALL, PATIENCE).await;
    let lives = Lives::of(&begun, &ended);
    assert_eq!((lives.each.len(), lives.lost, lives.doubled), (SMALL.jobs, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_job_of_many_producers_is_lost_or_done_twice() {
    let room = tempfile::tempdir().unwrap();
    let (begun, ended) = journal::both(room.path(), &SMALL, PATIENCE).await;
    let lives = Lives::of(&begun, &ended);
    assert_eq!((lives.each.len(), lives.lost, lives.doubled), (SMALL.jobs, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_that_run_at_once_run_once_each() {
    let seen = crowd::play(60).await;
    assert_eq!((seen.together, seen.lost, seen.doubled), (60, 0, 0), "{seen:?}");
}
