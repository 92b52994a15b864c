//! The same with all that a worker writes down for a job: the real shift, whose hands do nothing
//! but fail at the first step. Its journal is the shortest that there is: failed, ended, told,
//! labelled, closed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use codingworker::app;
use codingworker::domain::job::{Event, Failure, Fault, JobId, Model, Outcome, Progress, Story};
use codingworker::engine::decide::{Action, OnFailure, Policy, Ready};
use codingworker::store::Job;
use codingworker::store::sqlite::SqliteStore;
use codingworker::worker::drive::Perform;
use codingworker::worker::lease::Lease;
use codingworker::worker::lifecycle::Bells;
use codingworker::worker::models::Models;
use codingworker::worker::shift::{Hire, Shift};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use super::queue::{self, Moment, Size, micros};

pub(crate) async fn both(
    room: &Path,
    size: &Size,
    patience: Duration,
) -> (Vec<Moment>, Vec<Moment>) {
    let (database, it) = queue::open(room);
    let (ended, mut ends) = mpsc::unbounded_channel();
    let bells = Bells::default();
    let shift = Shift {
        queue: Arc::new(it.clone()),
        store: SqliteStore::over(database.clone()),
        models: Models::new(SqliteStore::over(database), app::clock(), "bench"),
        name: "bench".to_owned(),
        hire: Arc::new(Agency { numbers: Mutex::default(), ended }),
        policy: policy().into(),
        board: Default::default(),
        slots: size.workers.into(),
        clock: app::clock(),
        bells: bells.clone(),
        news: broadcast::channel(256).0,
        until_empty: false,
    };
    let working = tokio::spawn(shift.work());
    queue::submit(&it, size.jobs..size.all(), size.producers, body).await;
    queue::settled(&it).await;
    let begun = queue::submit(&it, 0..size.jobs, size.producers, body).await;
    let ended = queue::all_ended(&mut ends, size.all(), patience).await.expect("all end");
    bells.drain.cancel();
    working.await.expect("no panic").expect("a quiet end");
    (begun, ended)
}

fn body(number: usize) -> String {
    format!(
        r#"{{"type":"issue","issue_number":{},"repository":"demo/stats","delivery":"{number}"}}"#,
        number + 1
    )
}

fn policy() -> Policy {
    let model = Model {
        name: "bench".to_owned(),
        timeout: Duration::from_secs(60),
        num_ctx: 8_192,
        edit_format: "whole".to_owned(),
        attempts: 1,
        samples: 1,
        calls: 0,
        reads: false,
        observes: false,
        max_fixes: None,
        editor: None,
    };
    Policy {
        models: vec![model],
        max_fixes: 0,
        max_retries: 0,
        retry_delay: Duration::ZERO,
        max_waits: 0,
        job_limit: Duration::from_secs(3_600),
        write_tests: false,
        on_failure: OnFailure::Nothing,
        ready: Ready::Green,
    }
}

struct Agency {
    numbers: Mutex<HashMap<JobId, usize>>,
    ended: mpsc::UnboundedSender<Moment>,
}

#[async_trait]
impl Hire for Agency {
    async fn hands(&self, job: &Job, _: Arc<Lease>) -> Box<dyn Perform> {
        let number = usize::try_from(job.task.thread()).expect("a number") - 1;
        self.numbers.lock().expect("no panic").insert(job.id.clone(), number);
        Box::new(NoHands)
    }

    async fn is_asked_to_stop(&self, _: &Job) -> bool {
        false
    }

    /// Comes after the delivery was settled.
    async fn dismiss(&self, job: &JobId, _: &Outcome) {
        let number = self.numbers.lock().expect("no panic")[job];
        let _ = self.ended.send((number, micros()));
    }
}

struct NoHands;

#[async_trait]
impl Perform for NoHands {
    async fn perform(
        &mut self,
        action: Action,
        _: &Progress,
        _: &Story,
        _: &CancellationToken,
    ) -> Event {
        match action {
            Action::Inspect => Event::Failed(Failure::new(Fault::Permanent, "nothing to do")),
            Action::Tell(phase) => Event::Told { phase, comment: 1 },
            Action::Label { .. } => Event::Labelled,
            other => unreachable!("a job that fails at once goes no further: {other:?}"),
        }
    }
}
