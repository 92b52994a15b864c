//! What must be so when all is over, whatever went wrong before.

use std::path::Path;

use codingworker::domain::job::{Event, Progress, Record};
use codingworker::store::sqlite::SqliteStore;
use codingworker::store::{Job, JobFilter};

use crate::github_double::TOKEN;
use crate::world::{Ground, REPOSITORY, World, git, processes};

/// What a person sees in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// One pull request, and the comment that names it.
    Pull,
    /// One comment that says why there is none.
    Comment,
    /// Neither.
    Lost,
    /// More than one of something.
    Doubled,
}

/// Whether nothing is left on the queue.
pub(crate) async fn is_settled(world: &World) -> bool {
    let depth = world.queue().depth().await;
    depth.is_ok_and(|it| it.waiting + it.in_flight == 0)
}

async fn jobs(world: &World) -> Vec<(Job, Vec<Record>)> {
    let store = SqliteStore::over(world.database());
    let mut jobs = Vec::new();
    for job in store.jobs(&JobFilter::default(), 100).await.unwrap() {
        let records = store.records(&job.id).await.unwrap();
        jobs.push((job, records));
    }
    jobs
}

/// Whether there is a job that somebody was at.
pub(crate) async fn is_under_way(world: &World) -> bool {
    jobs(world).await.iter().any(|(job, _)| !job.state.is_final() && job.receipt.is_some())
}

/// The outcome, and every law that was broken.
pub(crate) async fn judge(
    world: &World,
    ground: &Ground,
    may_fail: bool,
) -> (Outcome, Vec<String>) {
    let mut broken = world.github.take_violations();
    let mut law = |kept: bool, what: String| {
        if !kept {
            broken.push(what);
        }
    };
    let jobs = jobs(world).await;
    law(jobs.len() == 1, format!("{} jobs for one task", jobs.len()));
    for (job, records) in &jobs {
        let replayed = Progress::replay(records);
        law(replayed.is_ok(), format!("the journal is out of order: {replayed:?}"));
        let last = records.last().map(|it| &it.event);
        law(matches!(last, Some(Event::Closed)), format!("the journal ends with {last:?}"));
        law(job.state.is_final(), format!("the job is {:?}", job.state));
    }
    let outcome = seen(world);
    law(outcome != Outcome::Lost, "lost: no pull request, and no comment that says why".into());
    law(outcome != Outcome::Doubled, "doubled: more than one pull request, or comment".into());
    // Nothing was wrong with the task: only a call that failed may end the job otherwise.
    law(may_fail || outcome == Outcome::Pull, format!("{outcome:?} instead of a pull request"));
    remote(world, ground, outcome, &mut law);
    left_over(world, &mut law).await;
    let depth = world.queue().depth().await.unwrap();
    law(depth.waiting + depth.in_flight == 0, format!("the queue is not empty: {depth:?}"));
    (outcome, broken)
}

fn seen(world: &World) -> Outcome {
    let pulls = world.github.pulls(REPOSITORY).len();
    let comments = world.github.issue_state(REPOSITORY, 1).comments;
    let says = |words: &str| comments.iter().any(|it| it.body.contains(words));
    match (pulls, comments.len()) {
        (2.., _) | (_, 2..) => Outcome::Doubled,
        (1, 1) if says("Please review #") => Outcome::Pull,
        (1, _) => Outcome::Lost,
        // Words of a job that is under way are no outcome.
        (0, 1) if !says("is working on") => Outcome::Comment,
        _ => Outcome::Lost,
    }
}

fn remote(world: &World, ground: &Ground, outcome: Outcome, law: &mut impl FnMut(bool, String)) {
    let all = git(&world.bare(), &["for-each-ref", "--format=%(refname:short)", "refs"]);
    let branches = all.lines().filter(|it| *it != "main").collect::<Vec<_>>();
    let wanted: &[&str] = if outcome == Outcome::Pull { &["ai/issue-1"] } else { &[] };
    law(branches == wanted, format!("branches without a pull request: {branches:?}"));
    let main = git(&world.bare(), &["rev-parse", "main"]);
    law(main == ground.main, "main has moved".into());
    for branch in branches {
        let steps = git(&world.bare(), &["rev-list", "--count", &format!("main..{branch}")]);
        law(steps == "1", format!("{branch} is {steps} commits ahead of main"));
        let base = git(&world.bare(), &["merge-base", "main", branch]);
        law(base == main, format!("{branch} does not stand on main"));
    }
    let fsck = git(&world.bare(), &["fsck", "--no-dangling", "--no-progress"]);
    law(fsck.is_empty(), format!("the remote: {fsck}"));
}

async fn left_over(world: &World, law: &mut impl FnMut(bool, String)) {
    let mut processes_left = processes(world.path());
    for _ in 0..50 {
        if processes_left.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        processes_left = processes(world.path());
    }
    law(processes_left.is_empty(), format!("processes are left: {processes_left:?}"));
    let names = |folder: &str| names(&world.path().join(folder));
    let workspaces = names("state/workspaces");
    law(workspaces.is_empty(), format!("workspaces are left: {workspaces:?}"));
    let temporary = names("tmp");
    law(temporary.is_empty(), format!("temporary files are left: {temporary:?}"));
    let mut holding = Vec::new();
    for folder in ["state", "home", "tmp", "remotes"] {
        holds(&world.path().join(folder), TOKEN.as_bytes(), &mut holding);
    }
    law(holding.is_empty(), format!("the token is in {holding:?}"));
    let database = world.database();
    let check = database
        .read(|it| it.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)));
    let checked = check.await;
    law(checked.as_deref() == Ok("ok"), format!("the database: {checked:?}"));
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|it| it.file_name().to_string_lossy().into_owned()).collect()
}

/// Adds the files below `folder` that have these bytes in them.
fn holds(folder: &Path, bytes: &[u8], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            holds(&entry.path(), bytes, found);
        } else if kind.is_file() {
            let text = std::fs::read(entry.path()).unwrap_or_default();
            if text.windows(bytes.len()).any(|it| it == bytes) {
                found.push(entry.path().display().to_string());
            }
        }
    }
}
