//! One step further on a branch that others push to as well.

use codingworker::domain::change::ObjectId;
use codingworker::domain::job::{Fault, JobId};
use codingworker::workspace::{WorkspaceError, WorkspaceOptions, Workspaces};
use secrecy::SecretString;

use super::http::{Manner, Server};
use super::world::{World, git, try_git, write};

#[tokio::test]
async fn a_commit_on_the_base_goes_to_the_branch_and_twice_is_once() {
    let world = World::with(&[("a", "1\n")]);
    world.branch("feature", "main");
    let (workspace, out) = world.try_check_out("job1", "feature").await.unwrap();
    let commit = world.work(&workspace, &[("a", "2\n")]).await;
    let change = workspace.push_onto("feature", &commit, &world.stop).await.unwrap();
    assert_eq!((change.branch.as_str(), &change.commit), ("feature", &commit));
    assert_eq!(world.tip("feature"), Some(commit.clone()));
    assert_eq!(world.tip("main"), Some(out.base));
    // After a crash: the same again is fine.
    assert_eq!(workspace.push_onto("feature", &commit, &world.stop).await.unwrap(), change);
    // Also when somebody went on from there, in their way.
    world.somebody("feature", |it| write(it, &[("b", "1\n")]));
    let tip = world.somebody("feature", |it| {
        git(it, &["checkout", "-q", "-b", "side", "HEAD^"]);
        write(it, &[("c", "1\n")]);
        git(it, &["add", "c"]);
        git(it, &["commit", "-q", "-m", "side"]);
        git(it, &["merge", "-q", "--no-edit", "feature"]);
    });
    assert_eq!(workspace.push_onto("feature", &commit, &world.stop).await.unwrap(), change);
    assert_eq!(world.tip("feature"), Some(tip));
    let left = std::fs::read_dir(world.path().join("work/job1")).unwrap().flatten();
    let left: Vec<_> =
        left.filter(|it| it.file_name().to_string_lossy().contains("look")).collect();
    assert!(left.is_empty(), "{left:?}");
    workspace.snapshot().await.unwrap();
}

#[tokio::test]
async fn a_branch_that_moved_stays_where_it_is() {
    let world = World::with(&[("a", "1\n")]);
    git(&world.remote(), &["config", "receive.denyNonFastForwards", "false"]);
    let (workspace, _) = world.check_out("job1").await;
    let commit = world.work(&workspace, &[("a", "2\n")]).await;
    let tip = world.somebody("main", |it| write(it, &[("b", "1\n")]));
    let error = workspace.push_onto("main", &commit, &world.stop).await.unwrap_err();
    let WorkspaceError::Moved { branch, tip: seen } = &error else { panic!("{error:?}") };
    assert_eq!((branch.as_str(), seen), ("main", &tip));
    assert_eq!(error.fault(), Fault::Permanent);
    assert_eq!(world.tip("main"), Some(tip));

    // Rewritten, back to before our base, or to another past altogether: not ours to mend.
    let elsewhere = git(
        &world.remote(),
        &[
            "-c",
            "user.name=x",
            "-c",
            "user.email=x",
            "commit-tree",
            "-m",
            "another past",
            "main^{tree}",
        ],
    );
    git(&world.remote(), &["update-ref", "refs/heads/main", &elsewhere]);
    let error = workspace.push_onto("main", &commit, &world.stop).await.unwrap_err();
    assert!(matches!(error, WorkspaceError::Moved { .. }), "{error:?}");
    assert_eq!(world.tip("main"), Some(ObjectId(elsewhere)));
}

#[tokio::test]
async fn a_branch_that_was_deleted_is_not_made_anew() {
    let world = World::with(&[("a", "1\n")]);
    world.branch("feature", "main");
    let (workspace, out) = world.try_check_out("job1", "feature").await.unwrap();
    let commit = world.work(&workspace, &[("a", "2\n")]).await;
    git(&world.remote(), &["update-ref", "-d", "refs/heads/feature"]);

    let error = workspace.push_onto("feature", &commit, &world.stop).await.unwrap_err();
    assert!(matches!(error, WorkspaceError::BranchGone(_)), "{error:?}");
    assert_eq!(error.fault(), Fault::Permanent);
    assert_eq!(world.tip("feature"), None);
    let rebased = world.workspaces().rebase(&workspace, "feature", &out.tree, &world.stop).await;
    assert!(matches!(rebased, Err(WorkspaceError::BranchGone(_))));

    // Control: the plain push that everybody makes brings it back.
    let git_dir = world.path().join("work/job1/git");
    let remote = world.remote();
    let to = format!("{commit}:refs/heads/feature");
    let (pushed, said) = try_git(&git_dir, &["push", "-q", &remote.to_string_lossy(), &to]);
    assert!(pushed, "{said}");
    assert_eq!(world.tip("feature"), Some(commit));
}

#[tokio::test]
async fn only_the_base_and_one_step_is_pushed() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, out) = world.check_out("job1").await;
    let git_dir = world.path().join("work/job1/git");
    let made = |parents: &[&str]| {
        let mut args = vec!["commit-tree", "-m", "made", out.tree.0.as_str()];
        parents.iter().for_each(|parent| args.extend(["-p", parent]));
        ObjectId(git(&git_dir, &args))
    };
    let orphan = made(&[]);
    let step = made(&[&out.base.0]);
    let two = made(&[&step.0]);
    let merge = made(&[&out.base.0, &orphan.0]);
    let nonsense = ["", "HEAD", "+refs/heads/x", "--all", ":main"].map(|it| ObjectId(it.into()));
    for commit in [orphan, two, merge, out.base.clone(), out.tree.clone()].iter().chain(&nonsense) {
        let pushed = workspace.push_onto("main", commit, &world.stop).await;
        assert!(pushed.is_err(), "{commit}");
        assert_eq!(world.tip("main"), Some(out.base.clone()));
    }
    for commit in &nonsense {
        assert!(workspace.push("new", commit, &world.stop).await.is_err(), "{commit}");
    }
    assert_eq!(world.tip("new"), None);
    workspace.push_onto("main", &step, &world.stop).await.unwrap();
}

#[tokio::test]
async fn of_many_who_push_at_once_one_wins_and_the_others_know_its_commit() {
    let world = World::with(&[("a", "1\n")]);
    let mut racers = Vec::new();
    for n in 0..4 {
        let (workspace, _) = world.check_out(&format!("job{n}")).await;
        let commit = world.work(&workspace, &[("a", &format!("by {n}\n"))]).await;
        racers.push((workspace, commit));
    }
    let pushes = racers.iter().map(|(it, commit)| it.push_onto("main", commit, &world.stop));
    let ends = futures_util::future::join_all(pushes).await;
    let winner = world.tip("main").unwrap();
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1, "{ends:?}");
    for end in &ends {
        match end {
            Ok(change) => assert_eq!(change.commit, winner),
            Err(WorkspaceError::Moved { tip, .. }) => assert_eq!(tip, &winner),
            // Somebody else held the lock: it is worth another try, and then it moved.
            Err(other) => assert_eq!(other.fault(), Fault::Transient, "{other:?}"),
        }
    }
    for (workspace, commit) in &racers {
        match workspace.push_onto("main", commit, &world.stop).await {
            Ok(_) => assert_eq!(*commit, winner),
            Err(error) => assert!(matches!(error, WorkspaceError::Moved { .. }), "{error:?}"),
        }
    }
}

/// Between the remote's list and its update: the hook runs after the one and before the other.
#[tokio::test]
async fn what_happens_while_our_push_is_under_way_is_seen_by_the_remote() {
    let outside = "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES";
    for (what, expected) in
        [("update-ref refs/heads/main moved", "moved"), ("update-ref -d refs/heads/main", "")]
    {
        let world = World::with(&[("a", "1\n")]);
        let (workspace, out) = world.check_out("job1").await;
        let commit = world.work(&workspace, &[("a", "2\n")]).await;
        let moved = git(
            &world.remote(),
            &[
                "-c",
                "user.name=x",
                "-c",
                "user.email=x",
                "commit-tree",
                "-m",
                "meanwhile",
                "-p",
                &out.base.0,
                "main^{tree}",
            ],
        );
        let what = what.replace("moved", &moved);
        world.hook(&format!("{outside}\ngit {what}"));
        let error = workspace.push_onto("main", &commit, &world.stop).await.unwrap_err();
        match expected {
            "" => assert!(matches!(error, WorkspaceError::BranchGone(_)), "{error:?}"),
            _ => assert!(matches!(error, WorkspaceError::Moved { .. }), "{error:?}"),
        }
        assert_eq!(world.tip("main").is_some(), !expected.is_empty());
        assert!(world.tip("main").is_none_or(|tip| tip.0 == moved));
    }
}

#[tokio::test]
async fn a_rejection_leaves_the_branch_and_is_told() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, out) = world.check_out("job1").await;
    let commit = world.work(&workspace, &[("a", "2\n")]).await;
    world.hook("echo 'error: GH006: Protected branch update failed.' >&2; exit 1");
    let error = workspace.push_onto("main", &commit, &world.stop).await.unwrap_err();
    assert!(matches!(error, WorkspaceError::PushRejected { .. }), "{error:?}");
    assert!(error.to_string().contains("GH006"), "{error}");
    assert_eq!(world.tip("main"), Some(out.base));
    std::fs::remove_dir_all(world.remote()).unwrap();
    let error = workspace.push_onto("main", &commit, &world.stop).await.unwrap_err();
    assert!(matches!(error, WorkspaceError::NotFound(_)), "{error:?}");
    world.stop.cancel();
    let error = workspace.push_onto("main", &commit, &world.stop).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Interrupted);
}

#[tokio::test]
async fn a_step_whose_answer_is_lost_was_a_step() {
    const TOKEN: &str = "ghs_canary0123456789abcdefghijklmnop";
    let world = World::with(&[("a", "1\n")]);
    let server = Server::start(Manner::Lossy(world.path().join("remotes"), TOKEN)).await;
    let options = WorkspaceOptions {
        git_url: server.url.clone(),
        token: Some(SecretString::from(TOKEN)),
        ..world.options()
    };
    let workspaces = Workspaces::new(options).unwrap();
    let job = JobId("job1".into());
    let made = workspaces.check_out(&job, &world.repository, "main", &world.stop);
    let (workspace, _) = made.await.unwrap();
    let commit = world.work(&workspace, &[("a", "2\n")]).await;
    let change = workspace.push_onto("main", &commit, &world.stop).await.unwrap();
    assert_eq!(world.tip("main"), Some(change.commit.clone()));
    // And somebody goes on from it, over HTTP as well.
    world.somebody("main", |it| write(it, &[("b", "1\n")]));
    assert_eq!(workspace.push_onto("main", &commit, &world.stop).await.unwrap(), change);
}

/// Many commits on top of ours are too many to look through: then it moved, and nothing is lost.
#[tokio::test]
async fn whoever_went_on_too_far_made_it_move() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, _) = world.check_out("job1").await;
    let commit = world.work(&workspace, &[("a", "2\n")]).await;
    workspace.push_onto("main", &commit, &world.stop).await.unwrap();
    let many = |n: usize| {
        world.somebody("main", |it| {
            for _ in 1..n {
                git(it, &["commit", "-q", "--allow-empty", "-m", "more"]);
            }
        })
    };
    many(48);
    workspace.push_onto("main", &commit, &world.stop).await.unwrap();
    let tip = many(10);
    let error = workspace.push_onto("main", &commit, &world.stop).await.unwrap_err();
    assert!(matches!(error, WorkspaceError::Moved { .. }), "{error:?}");
    assert_eq!(world.tip("main"), Some(tip));
}

/// Whoever may write our git directory could send every question elsewhere, and get any answer.
#[tokio::test]
async fn a_git_directory_that_was_changed_is_not_asked() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, out) = world.check_out("job1").await;
    let commit = world.work(&workspace, &[("a", "2\n")]).await;
    let elsewhere = world.path().join("elsewhere/acme");
    std::fs::create_dir_all(&elsewhere).unwrap();
    let remote = world.remote();
    git(&elsewhere, &["clone", "-q", "--bare", &remote.to_string_lossy(), "api.git"]);
    let git_dir = world.path().join("work/job1/git");
    let decoy = elsewhere.join("api.git");
    git(&git_dir, &["push", "-q", &decoy.to_string_lossy(), &format!("{commit}:refs/heads/main")]);
    let lie = format!(
        "[url \"file://{0}/elsewhere/\"]\n\tinsteadOf = file://{0}/remotes/\n",
        world.path().display()
    );
    let config = git_dir.join("config");
    let ours = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{ours}{lie}")).unwrap();
    // Control: the lie is believed.
    let url = format!("file://{}/remotes/acme/api.git", world.path().display());
    assert!(git(&git_dir, &["ls-remote", &url, "main"]).starts_with(&commit.0));
    for branch in ["main", "ai/issue-7"] {
        let stop = &world.stop;
        let ends = [
            workspace.push_onto(branch, &commit, stop).await,
            workspace.push(branch, &commit, stop).await,
        ];
        for end in ends {
            assert!(matches!(end, Err(WorkspaceError::Unsafe { .. })), "{end:?}");
        }
    }
    let rebased = world.workspaces().rebase(&workspace, "main", &out.tree, &world.stop).await;
    assert!(matches!(rebased, Err(WorkspaceError::Unsafe { .. })));
    let tip = workspace.remote_tip("main").await;
    assert!(matches!(tip, Err(WorkspaceError::Unsafe { .. })));
    let seen = workspace.differences(&out.tree, &out.tree, 1, 1).await;
    assert!(matches!(seen, Err(WorkspaceError::Unsafe { .. })));
    assert!(matches!(workspace.keep(&commit).await, Err(WorkspaceError::Unsafe { .. })));
    assert_eq!(world.tip("main"), Some(out.base));
}
