use std::time::Duration;

use codingworker::domain::job::JobId;
use codingworker::workspace::WorkspaceError;

use super::world::{World, contents};

fn job(name: &str) -> JobId {
    JobId(name.to_owned())
}

async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.unwrap();
}

#[tokio::test]
async fn a_checkout_takes_what_was_fetched_ahead_and_asks_the_remote_no_more() {
    let world = World::with(&[("a", "1\n")]);
    let tip = world.tip("main").unwrap();
    let workspaces = world.workspaces();
    let ahead = workspaces.fetch_ahead(&world.repository, "main");
    let fetched = world.path().join("state/mirrors/acme/api.git/refs/codingworker/base");
    until(|| fetched.exists()).await;
    std::fs::rename(world.remote(), world.path().join("away")).unwrap();
    let checked_out = workspaces
        .check_out_fetched(&job("job1"), &world.repository, "main", Some(ahead), &world.stop)
        .await;
    let (workspace, it) = checked_out.unwrap();
    assert_eq!(it.base, tip);
    assert_eq!(contents(workspace.tree())["a"], b"1\n");
}

#[tokio::test]
async fn what_was_fetched_ahead_for_something_else_is_fetched_again() {
    let world = World::with(&[("a", "1\n")]);
    world.person_pushes(&[("a", "other\n")], "other");
    let workspaces = world.workspaces();
    let (repository, stop) = (&world.repository, &world.stop);
    // Another branch; and the right one, whose mirror another job uses before we come.
    let ahead = workspaces.fetch_ahead(repository, "main");
    let id = job("job1");
    let out = workspaces.check_out_fetched(&id, repository, "other", Some(ahead), stop);
    assert_eq!(contents(out.await.unwrap().0.tree())["a"], b"other\n");
    let ahead = workspaces.fetch_ahead(repository, "main");
    workspaces.check_out(&job("job2"), repository, "other", stop).await.unwrap();
    workspaces.check_out(&job("job3"), repository, "other", stop).await.unwrap();
    let id = job("job4");
    let out = workspaces.check_out_fetched(&id, repository, "main", Some(ahead), stop);
    assert_eq!(contents(out.await.unwrap().0.tree())["a"], b"1\n");
}

#[tokio::test]
async fn a_fetch_that_nobody_comes_for_keeps_nobody_waiting_and_its_failure_is_told_by_the_next() {
    let world = World::with(&[("a", "1\n")]);
    let workspaces = world.workspaces();
    drop(workspaces.fetch_ahead(&world.repository, "main"));
    let ahead = workspaces.fetch_ahead(&world.repository, "gone");
    let (repository, stop) = (&world.repository, &world.stop);
    let id = job("job1");
    let out = workspaces.check_out_fetched(&id, repository, "gone", Some(ahead), stop);
    assert!(matches!(out.await.err(), Some(WorkspaceError::BranchMissing { .. })));
    world.check_out("job2").await;
    // Told to stop, it waits for its git to end and for nothing else.
    let ahead = workspaces.fetch_ahead(repository, "main");
    stop.cancel();
    let id = job("job3");
    let out = workspaces.check_out_fetched(&id, repository, "main", Some(ahead), stop);
    assert!(matches!(out.await.err(), Some(WorkspaceError::Stopped)));
}
