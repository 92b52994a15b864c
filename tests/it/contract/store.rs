//! The contract of `JobStore`, clause by clause, for any store.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use codingworker::domain::job::{Event, Failure, Fault, JobId, JobState, Outcome, Record};
use codingworker::domain::task::{Origin, Task};
use codingworker::domain::time::Timestamp;
use codingworker::store::{
    Admission, Claimant, Fence, Found, Job, JobFilter, LogSection, Store, StoreError, Taken, job_id,
};
use futures_util::future::BoxFuture;
use tokio::task::JoinSet;

mod claims;
mod counts;
mod durations;
mod fates;
mod jobs;
mod leases;
mod memory;
use claims::*;
use counts::*;
use durations::*;
use fates::*;
use jobs::*;
use leases::*;
use memory::*;

/// Where the jobs of one clause are.
#[async_trait]
pub(crate) trait Place: Send + Sync {
    /// Another worker's hold on the same jobs.
    async fn open(&self) -> Store;

    /// Lets this much time pass, as leases see it, and says what time it is then.
    async fn pass(&self, time: Duration) -> Timestamp;
}

/// Makes an empty place.
pub(crate) type Make = Arc<dyn Fn() -> BoxFuture<'static, Arc<dyn Place>> + Send + Sync>;

/// Runs every clause, and names those that do not hold.
pub(crate) async fn store_contract(make: Make) {
    let mut clauses = JoinSet::new();
    let mut names = std::collections::HashMap::new();
    macro_rules! clause {
        ($($name:ident),* $(,)?) => {$(
            let place = make();
            let task = clauses.spawn(async move { $name(place.await).await });
            names.insert(task.id(), stringify!($name));
        )*};
    }
    clause! {
        a_job_that_another_worker_holds_is_left_to_it_with_the_newer_delivery,
        a_task_delivered_twice_is_one_job_that_works_for_the_newer_delivery,
        events_are_numbered_and_come_back_as_they_were,
        an_unknown_job_is_named_in_the_error,
        jobs_are_listed_newest_first_by_state_and_by_repository,
        the_beginning_of_an_id_is_enough_while_it_fits_one_job,
        only_a_job_that_is_not_over_can_be_cancelled,
        the_parts_of_a_log_come_back_in_order,
        a_job_and_its_events_are_there_after_a_restart_and_for_other_processes,
        a_comment_that_another_job_claimed_never_makes_a_job_and_leaves_that_one_as_it_is,
        a_key_is_claimed_once_and_by_the_same_job_again,
        a_job_that_has_begun_keeps_its_key_and_one_that_only_waits_finds_out,
        a_job_that_claims_its_own_key_when_it_begins_cannot_lose_it,
        only_a_job_can_claim,
        two_stores_on_one_file_that_race_for_keys_share_them_out,
        a_comment_that_is_delivered_while_it_is_claimed_has_one_job_to_answer_it,
        the_name_of_a_comments_job_is_known_before_there_is_one,
        only_jobs_that_were_allowed_to_begin_are_runs_from_that_moment_on,
        a_job_counts_once_and_when_it_began,
        a_refused_job_is_a_refusal_and_no_run,
        a_job_that_was_answered_without_work_is_no_run_and_no_refusal,
        the_jobs_of_a_thread_are_listed_newest_first,
        a_job_took_as_long_as_from_its_beginning_to_its_end_with_the_model_that_it_began_with,
        a_pull_request_that_a_job_opened_is_followed_until_it_is_not_open,
        a_pull_request_that_was_pushed_to_is_open_again_whatever_was_seen_before,
        looks_are_counted_from_that_moment_on,
        each_claim_has_a_greater_token_and_what_is_written_under_an_older_one_is_refused,
        a_job_that_was_put_down_is_anybodys_at_once_and_nobody_died_at_it,
        a_worker_that_only_held_a_job_until_there_was_a_slot_did_not_die_at_it,
        a_death_is_owed_to_the_journal_until_it_is_written_there,
        a_job_that_is_over_is_nobodys_and_owes_its_delivery_until_that_is_settled,
        of_two_workers_that_take_a_job_at_once_one_gets_it,
        a_name_stands_for_the_repository_that_had_it_first_whatever_has_it_now,
        the_model_that_was_asked_for_last_is_remembered_for_its_thread,
    }
    let mut broken = Vec::new();
    while let Some(ended) = clauses.join_next_with_id().await {
        if let Err(error) = ended {
            broken.push(names[&error.id()]);
        }
    }
    assert!(broken.is_empty(), "clauses that do not hold (see above): {broken:#?}");
}

pub(crate) const NOW: Timestamp = Timestamp(1_000_000);

pub(crate) fn task(repository: &str, number: u64, asking: &str) -> Task {
    Task {
        repository: repository.parse().unwrap(),
        origin: Origin::Issue { number },
        title: "Fix the sum".into(),
        body: "It is off by one.".into(),
        body_sha256: None,
        labels: vec!["ai-task".into()],
        asking: asking.into(),
    }
}

pub(crate) fn record(at: i64, message: &str) -> Record {
    let event = Event::Failed(Failure::new(Fault::Transient, message));
    Record { at: Timestamp(at), took_ms: 7, event }
}

fn worker(name: &str) -> Claimant {
    Claimant { owner: name.into(), lease: Duration::from_secs(60), begins: true }
}

/// What a job's first claim gives.
fn fence(job: &JobId) -> Fence {
    Fence { job: job.clone(), token: 1 }
}

async fn deliver(store: &Store, task: &Task, receipt: &str, now: i64) -> Admission {
    store.admit(task, receipt, &worker("one"), Timestamp(now)).await.unwrap()
}

async fn admitted(store: &Store, task: &Task, now: i64) -> Job {
    match deliver(store, task, "receipt", now).await {
        Admission::New(taken) => {
            assert_eq!(taken.fence, fence(&taken.job.id));
            taken.job
        }
        other => panic!("it was known: {other:?}"),
    }
}
