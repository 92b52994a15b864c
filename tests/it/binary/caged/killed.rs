//! `kill -9` while the engine works for us: nothing of it is left soon after the next start.

use std::time::Instant;

use super::super::world::{REPOSITORY, until};
use super::engine::{Engine, image};
use super::world;

/// Lets a worker work on these files until the engine runs `mark`, kills it, has the job cancelled,
/// and finds that a new worker leaves nothing of it.
async fn killed(files: &[(&str, &str)], mark: &str) {
    let world = world(files).await;
    world.submit(REPOSITORY, 1, "first").await;
    let running =
        || Engine::docker(&["ps", "--no-trunc", "--format", "{{.Command}}"]).contains(mark);
    let mut serving = world.serve(&[]);
    serving.until("the engine works", running).await;
    serving.kill_9().await;
    let (job, _) = world.job().await;
    world.says(&["cancel", &job.id.0]);
    let begun = Instant::now();
    let serving = world.serve(&[]);
    let gone = || !running() && Engine::left(&job.id.0).is_empty();
    until("nothing of the job is in the engine", gone).await;
    println!("nothing was left {:?} after the start", begun.elapsed());
    drop(serving);
    world.nothing_is_left_running().await;
}

#[tokio::test]
async fn killed_while_dependencies_are_brought_in() {
    let own = format!(
        "image: {}\nprepare: {{command: \"sleep 7001\"}}\ntest: {{command: \"true\"}}\n",
        image()
    );
    killed(&[(".codingworker.yml", &own)], "sleep 7001").await;
}

#[tokio::test]
async fn killed_while_an_image_is_built() {
    let dockerfile = format!("FROM {}\nRUN sleep 7002\n", image());
    killed(&[("Dockerfile", &dockerfile), ("Makefile", "test:\n")], "sleep 7002").await;
}

#[tokio::test]
async fn killed_while_a_container_of_the_projects_own_runs() {
    let own = format!(
        "test: {{command: \"docker run --rm -v ${{WORK_DIR}}:/app {} sleep 7003\"}}\n",
        image()
    );
    killed(&[(".codingworker.yml", &own)], "sleep 7003").await;
}

#[tokio::test]
async fn killed_while_a_check_runs_in_an_image() {
    let own =
        format!("image: {}\ntest: {{command: \"(setsid sleep 7004 &); sleep 7004\"}}\n", image());
    killed(&[(".codingworker.yml", &own)], "sleep 7004").await;
}
