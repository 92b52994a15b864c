//! A checkout of a pull request's own branch.

use codingworker::domain::job::JobId;
use codingworker::workspace::WorkspaceError;

use super::world::{World, contents, git, write};

/// Names that git allows, and that a careless program would read as something else.
pub(super) const HOSTILE: [&str; 10] = [
    "$(touch${IFS}fired)",
    "`touch${IFS}fired2`/x",
    "a;touch${IFS}fired",
    "+force",
    "refs/heads/main",
    "refs/codingworker/base",
    "a@b|'c\"&<d>#",
    "a/--upload-pack=x",
    "課題/直す",
    "%2e%2e/x",
];

#[tokio::test]
async fn of_a_pull_requests_branch_that_branch_comes_and_no_other() {
    let world = World::with(&[("a", "1\n")]);
    world.branch("feature/x", "main");
    let tip = world.somebody("feature/x", |it| write(it, &[("x", "on the branch\n")]));
    world.somebody("main", |it| write(it, &[("m", "on main\n")]));
    let (workspace, out) = world.try_check_out("job1", "feature/x").await.unwrap();
    assert_eq!(out.base, tip);
    assert_eq!(contents(workspace.tree()).into_keys().collect::<Vec<_>>(), ["a", "x"]);
    let mirror = world.path().join("state/mirrors/acme/api.git");
    let refs = git(&mirror, &["for-each-ref", "--format=%(refname) %(objectname)"]);
    assert_eq!(refs, format!("refs/codingworker/base {tip}"));
    assert_eq!(git(&mirror, &["rev-list", "--count", "--all"]), "1", "no history comes along");
}

#[tokio::test]
async fn jobs_on_different_branches_do_not_pull_each_others_base_away() {
    let world = World::with(&[("a", "1\n")]);
    for branch in ["one", "one-more", "two/deep"] {
        world.branch(branch, "main");
        world.somebody(branch, |it| write(it, &[("b", branch)]));
    }
    let branches = ["one", "two/deep", "main", "one-more", "one", "two/deep"];
    let jobs = branches.iter().enumerate().map(|(n, branch)| {
        let (job, world) = (format!("job{n}"), &world);
        async move { world.try_check_out(&job, branch).await.unwrap() }
    });
    let made = futures_util::future::join_all(jobs).await;
    for ((_, out), branch) in made.iter().zip(branches) {
        assert_eq!(Some(&out.base), world.tip(branch).as_ref(), "{branch}");
    }
    // And then the mirror goes on to something else, and loses what it does not need.
    world.somebody("main", |it| write(it, &[("later", "1\n")]));
    world.check_out("late").await;
    let mirror = world.path().join("state/mirrors/acme/api.git");
    git(&mirror, &["repack", "-adq"]);
    git(&mirror, &["prune", "--expire=now"]);
    for ((workspace, out), branch) in made.iter().zip(branches) {
        write(workspace.tree(), &[("b", "spoilt"), ("a", "spoilt")]);
        workspace.restore(&out.tree).await.unwrap();
        let expected = (branch != "main").then(|| branch.as_bytes().to_vec());
        assert_eq!(contents(workspace.tree()).get("b"), expected.as_ref(), "{branch}");
        git(&workspace.tree().join("../git"), &["fsck", "--full", "--strict", &out.tree.0]);
    }
    // The mirror is still good for a branch whose objects it has forgotten.
    let (again, out) = world.try_check_out("again", "two/deep").await.unwrap();
    assert_eq!(again.snapshot().await.unwrap().tree, out.tree);
}

#[tokio::test]
async fn a_fork_has_a_mirror_of_its_own() {
    let mut world = World::with(&[("a", "1\n")]);
    let fork = world.path().join("remotes/stranger/api.git");
    let remote = world.remote();
    git(
        world.path(),
        &["clone", "-q", "--bare", &remote.to_string_lossy(), &fork.to_string_lossy()],
    );
    let (ours, _) = world.check_out("job1").await;
    world.repository = "stranger/api".parse().unwrap();
    let (theirs, out) = world.check_out("job2").await;
    for mirror in ["acme", "stranger"] {
        assert!(world.path().join(format!("state/mirrors/{mirror}/api.git/HEAD")).exists());
    }
    // What is pushed for the one reaches the one.
    let commit = world.work(&theirs, &[("a", "theirs\n")]).await;
    theirs.push_onto("main", &commit, &world.stop).await.unwrap();
    assert_eq!(world.tip("main").as_ref(), Some(ours.base()));
    assert_eq!(git(&fork, &["rev-parse", "main"]), commit.0);
    // And nobody takes up the one as the other.
    let (job, acme) = (JobId("job2".into()), "acme/api".parse().unwrap());
    let error = world.workspaces().reopen(&job, &acme, &out.base).await.err().unwrap();
    assert!(matches!(error, WorkspaceError::Gone(_)), "{error}");
}

#[tokio::test]
async fn a_hostile_name_of_a_branch_is_a_name() {
    let world = World::with(&[("a", "1\n")]);
    for branch in HOSTILE {
        world.branch(branch, "main");
        let (workspace, out) = world.try_check_out("job1", branch).await.unwrap();
        assert_eq!(Some(&out.base), world.tip(branch).as_ref(), "{branch}");
        let commit = world.work(&workspace, &[("b", branch)]).await;
        let change = workspace.push_onto(branch, &commit, &world.stop).await.unwrap();
        assert_eq!((change.branch.as_str(), world.tip(branch)), (branch, Some(commit)));
        let moved = world.somebody(branch, |it| write(it, &[("c", "1\n")]));
        let tree = workspace.snapshot().await.unwrap().tree;
        world.workspaces().rebase(&workspace, branch, &tree, &world.stop).await.unwrap();
        assert_eq!(world.tip(branch), Some(moved));
    }
    assert_eq!(world.tip("main"), Some(world.check_out("job2").await.1.base));
    for name in ["fired", "fired2"] {
        let found = git(world.path(), &["-c", "alias.f=!find . -name", "f", name]);
        assert_eq!(found, "");
    }
    for branch in ["-x", "a:refs/heads/main", "HEAD", "a b", "", "a..b", "main^", "*"] {
        let (workspace, out) = world.check_out("job3").await;
        let commit = world.work(&workspace, &[("b", "1\n")]).await;
        let pushed = workspace.push_onto(branch, &commit, &world.stop).await;
        assert!(matches!(pushed, Err(WorkspaceError::BadBranch(_))), "{branch}");
        let rebased = world.workspaces().rebase(&workspace, branch, &out.tree, &world.stop).await;
        assert!(matches!(rebased, Err(WorkspaceError::BadBranch(_))), "{branch}");
    }
}
