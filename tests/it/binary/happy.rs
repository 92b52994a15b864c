//! From label to pull request, on both queues.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use codingworker::domain::job::{Event, JobState, NewTests};
use serde_json::{Value, json};

use super::world::{
    MAINTAINER, MODEL, REPOSITORY, RIGHT, TITLE, World, answers, broken, count, covering, right,
    steps,
};
use crate::setup::Emulator;

#[tokio::test]
async fn each_labelling_becomes_one_tested_pull_request_however_often_it_is_delivered() {
    let mut world = World::with(answers([right(), covering(), right(), covering()])).await;
    world.config["verify"]["write_tests"] = json!(true);
    world.use_http().await;
    let main = world.in_bare(&["rev-parse", "main"]);
    world.submit(REPOSITORY, 1, "first").await;
    world.submit(REPOSITORY, 1, "first").await;
    let mut serving = world.serve(&["--drain"]);
    assert_eq!(serving.code().await, 0);

    let (job, records) = world.job().await;
    assert_eq!(job.state, JobState::Done);
    assert_eq!(world.ollama.chats().len(), 2, "one answer for the code, one for the tests");
    let proved =
        |it: &Event| matches!(it, Event::Proved(it) if it.new_tests == NewTests::FailOnBase);
    assert_eq!(count(&records, proved), 1);
    let said = serving.said();
    // The slot is free a moment before the job is off the board.
    let settled = ["its job is over", "the task was sent again while its job runs"];
    assert!(settled.iter().any(|it| said.contains(it)), "the second delivery was settled: {said}");
    tells_from_queued_to_done(&world, &job.id.0);
    shows_what_ran(&world);
    holds_the_change_and_says_where_it_came_from(&world, &job.id.0, &main);

    the_commands_tell_the_same(&world, &job.id.0);

    // The token went to git alone; the control is that those who must not have it were looked at.
    let ran = serving.seen().programs;
    assert!(ran.iter().any(|it| it.starts_with("git")), "{ran:?}");
    assert!(ran.iter().any(|it| it.starts_with("python")), "{ran:?}");
    assert!(world.git_was_shown_the_token());
    drop(serving);

    // The maintainer asks again.
    let first_mirrors = mirrors(&world);
    assert_eq!(first_mirrors.len(), 1);
    world.github.label(REPOSITORY, 1, "ai-task", MAINTAINER);
    world.submit(REPOSITORY, 1, "second").await;
    let first = world.in_bare(&["rev-parse", "ai/issue-1"]);
    world.serve_until_empty().await;
    let jobs = world.jobs().await;
    assert_eq!(jobs.len(), 2);
    assert_eq!(jobs[1].0.state, JobState::Done);
    assert_eq!(world.branches(), ["ai/issue-1", "ai/issue-1-2", "main"]);
    assert_eq!(world.in_bare(&["rev-parse", "ai/issue-1"]), first, "nobody's work is overwritten");
    let heads = world.github.pulls(REPOSITORY).into_iter().map(|it| it.head).collect::<Vec<_>>();
    assert_eq!(heads, ["ai/issue-1", "ai/issue-1-2"]);
    assert_eq!(world.issue_state().comments.len(), 2, "a comment for each task");
    assert_eq!(world.issue_state().labels, ["ai-task-done"]);
    assert_eq!(mirrors(&world), first_mirrors, "the second job used the first one's mirror");
    world.assert_no_token();
}

/// The mirrors that the worker keeps: each one's path and inode.
fn mirrors(world: &World) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let mut folders = vec![world.state_dir().join("mirrors")];
    while let Some(folder) = folders.pop() {
        if folder.join("HEAD").exists() {
            found.push((folder.clone(), std::fs::metadata(&folder).unwrap().ino()));
            continue;
        }
        let inner = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        folders.extend(inner.map(|it| it.path()).filter(|it| it.is_dir()));
    }
    found
}

fn tells_from_queued_to_done(world: &World, job: &str) {
    let issue = world.issue_state();
    assert_eq!(issue.labels, ["ai-task-done"]);
    let comment = world.the_comment(1);
    assert!(comment.earlier[0].starts_with("Queued by CodingWorker on `test-worker`"));
    assert!(comment.earlier[1].starts_with("CodingWorker is working on this"));
    assert_eq!(comment.earlier.len(), 2, "{:#?}", comment.earlier);
    assert!(comment.body.contains("Please review #2"), "{}", comment.body);
    assert!(comment.body.contains(&format!("<!-- codingworker:job={job} -->")));
}

fn shows_what_ran(world: &World) {
    let pull = world.the_pull();
    assert_eq!((pull.head.as_str(), pull.base.as_str(), pull.draft), ("ai/issue-1", "main", false));
    assert_eq!(pull.title, TITLE);
    for part in [
        "Closes #1",
        "`python3 -m compileall -q .`",
        "`python3 -m unittest -v`",
        "calc.py",
        "tests/test_calc.py",
        "test-worker",
        MODEL,
    ] {
        assert!(pull.body.contains(part), "no {part} in {}", pull.body);
    }
}

fn the_commands_tell_the_same(world: &World, job: &str) {
    let told = world.says(&["job", job, "--json"]);
    let told = serde_json::from_str::<Value>(&told).unwrap();
    assert_eq!((&told["state"], &told["branch"]), (&json!("done"), &json!("ai/issue-1")));
    assert_eq!(told["records"].as_array().unwrap().last().unwrap()["event"]["event"], "closed");
    assert!(world.says(&["jobs"]).contains(job));
    let log = world.says(&["logs", job]);
    for part in ["Aider v0.86.2", "python3 -m compileall -q .", "test_adding_nothing", "OK"] {
        assert!(log.contains(part), "no {part} in {log}");
    }
    let queue = world.says(&["queue", "--json"]);
    let queue = serde_json::from_str::<Value>(&queue).unwrap();
    assert_eq!((&queue["waiting"], &queue["in_flight"]), (&json!(0), &json!(0)));
}

fn holds_the_change_and_says_where_it_came_from(world: &World, job: &str, main: &str) {
    assert_eq!(world.branches(), ["ai/issue-1", "main"]);
    assert_eq!(world.in_bare(&["rev-parse", "main"]), main);
    assert_eq!(world.in_bare(&["rev-parse", "ai/issue-1~1"]), main);
    let changed = world.in_bare(&["diff", "--name-only", "main", "ai/issue-1"]);
    assert_eq!(changed.lines().collect::<Vec<_>>(), ["calc.py", "tests/test_calc.py"]);
    assert_eq!(world.in_bare(&["show", "ai/issue-1:calc.py"]), RIGHT.trim_end());
    let message = world.in_bare(&["log", "-1", "--format=%B", "ai/issue-1"]);
    assert!(message.starts_with(TITLE), "{message}");
    let trailers = world.in_bare(&["log", "-1", "--format=%(trailers:unfold)", "ai/issue-1"]);
    let trailers = trailers.lines().collect::<Vec<_>>();
    assert_eq!(trailers[0], format!("Codingworker-Job: {job}"));
    assert_eq!(trailers[1], format!("Generated-by: aider 0.86.2 (ollama_chat/{MODEL})"));
    assert!(trailers[2].starts_with("Co-authored-by: maintainer <"), "{trailers:?}");
}

#[tokio::test]
async fn over_sqs_a_first_answer_that_does_not_compile_is_mended_by_the_second() {
    let mut world = World::with(answers([broken(), right()])).await;
    world.use_sqs(Emulator::shared()).await;
    world.submit_text("no task at all").await;
    world.submit(REPOSITORY, 1, "first").await;
    world.serve_until_empty().await;
    let (job, records) = world.job().await;
    assert_eq!(job.state, JobState::Done);
    let red = |it: &Event| matches!(it, Event::Verified { complaint: Some(_), .. });
    assert_eq!(count(&records, red), 1, "{:?}", steps(&records));
    let prompts = world.ollama.prompts();
    assert_eq!(prompts.len(), 2);
    assert!(prompts[1].contains("python3 -m compileall -q ."), "{}", prompts[1]);
    assert!(prompts[1].contains("SyntaxError"), "{}", prompts[1]);
    assert!(!world.the_pull().draft);
    assert_eq!(world.in_bare(&["show", "ai/issue-1:calc.py"]), RIGHT.trim_end());
    let comment = world.the_comment(1);
    assert_eq!(comment.earlier.len(), 2, "{:#?}", comment.earlier);
    assert!(comment.body.contains("Please review #2"), "{}", comment.body);
    assert_eq!(world.issue_state().labels, ["ai-task-done"]);
    let depth = world.queue().await.depth().await.unwrap();
    assert_eq!((depth.waiting, depth.in_flight, depth.dead), (0, 0, Some(1)));
    let dead = world.queue().await.dead().await.unwrap();
    assert_eq!(dead[0].body, "no task at all");
    world.assert_no_token();
}
