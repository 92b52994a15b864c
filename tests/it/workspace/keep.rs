//! Stopped work, and how a person looks at it.
#![expect(clippy::disallowed_methods, reason = "a person types the command into a shell")]

use std::path::Path;
use std::process::Command;

use codingworker::domain::job::JobId;

use super::world::{World, git, write};

/// What a person sees who types this, standing there.
fn typed(at: &Path, line: &str) -> String {
    let shell = Command::new("sh")
        .args(["-c", line])
        .current_dir(at)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_PAGER", "cat")
        .output()
        .unwrap();
    assert!(shell.status.success(), "{line}: {}", String::from_utf8_lossy(&shell.stderr));
    String::from_utf8_lossy(&shell.stdout).into_owned()
}

#[tokio::test]
async fn kept_work_is_shown_by_one_command_and_survives_the_garbage_collector() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, _) = world.check_out("job1").await;
    write(workspace.tree(), &[("a", "what was stopped\n")]);
    let tree = workspace.snapshot().await.unwrap().tree;
    let line = workspace.keep(&tree).await.unwrap();
    let git_dir = world.path().join("work/job1/git");
    let seen = typed(Path::new("/"), &line);
    assert!(seen.contains("-1\n+what was stopped\n"), "{seen}");

    // A commit as well, and again; the newest is what is shown.
    let commit = world.work(&workspace, &[("a", "newer\n")]).await;
    std::fs::write(git_dir.join("refs/codingworker/kept.lock"), "").unwrap();
    assert_eq!(workspace.keep(&commit).await.unwrap(), line);
    let seen = typed(Path::new("/"), &line);
    assert!(seen.contains(&commit.0) && seen.contains("+newer\n"), "{seen}");
    git(&git_dir, &["gc", "-q", "--prune=now"]);
    assert_eq!(typed(Path::new("/"), &line), seen);
    let blob = git(&git_dir, &["rev-parse", &format!("{commit}:a")]);
    for nonsense in ["", "HEAD", "--help", &"1".repeat(40), &blob] {
        let nonsense = codingworker::domain::change::ObjectId(nonsense.into());
        assert!(workspace.keep(&nonsense).await.is_err(), "{nonsense}");
    }
}

#[tokio::test]
async fn the_command_runs_nothing_that_is_planted_in_the_tree() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, _) = world.check_out("job1").await;
    let commit = world.work(&workspace, &[("a", "2\n"), (".gitattributes", "* diff=evil\n")]).await;
    let line = workspace.keep(&commit).await.unwrap();
    let (tree, fired) = (workspace.tree(), world.path().join("fired"));
    git(tree, &["init", "-q"]);
    git(tree, &["add", "-A"]);
    git(tree, &["commit", "-q", "-m", "planted"]);
    let touch = format!("touch {}; cat", fired.display());
    git(tree, &["config", "diff.evil.textconv", &touch]);
    git(tree, &["config", "diff.evil.command", &touch]);
    git(tree, &["config", "core.fsmonitor", &touch]);
    git(tree, &["config", "core.pager", &touch]);

    let seen = typed(tree, &line);
    assert!(seen.contains("-1\n+2\n"), "{seen}");
    assert!(!fired.exists(), "something ran");
    // Control: git without our folder's name runs it.
    typed(tree, "git log -1 -p");
    assert!(fired.exists(), "the control did not fire: the test is dead");
}

#[tokio::test]
async fn a_job_is_kept_until_somebody_sweeps() {
    let world = World::with(&[("a", "1\n")]);
    let workspaces = world.workspaces();
    let (kept, swept) = (JobId("job1".into()), JobId("job2".into()));
    assert_eq!(workspaces.kept_at(&kept), None);
    for job in ["job1", "job2"] {
        world.check_out(job).await;
    }
    assert_eq!(workspaces.kept_at(&kept), Some(world.path().join("work/job1")));
    write(&world.path().join("work"), &[("somebodys/thing", "1")]);
    for stranger in ["somebodys", "../work", "", "job1/tree"] {
        assert_eq!(workspaces.kept_at(&JobId(stranger.into())), None, "{stranger}");
    }
    assert_eq!(workspaces.sweep(std::slice::from_ref(&kept)).await, 1);
    assert!(workspaces.kept_at(&kept).is_some() && workspaces.kept_at(&swept).is_none());
}
