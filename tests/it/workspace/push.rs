use codingworker::domain::change::ObjectId;
use codingworker::domain::job::Fault;
use codingworker::workspace::{Workspace, WorkspaceError};

use super::world::{AT, World, author, git, write};

async fn commit(workspace: &Workspace, text: &str) -> ObjectId {
    write(workspace.tree(), &[("a", text)]);
    let tree = workspace.snapshot().await.unwrap().tree;
    workspace.commit(&tree, "work", &author(), AT).await.unwrap()
}

#[tokio::test]
async fn a_branch_is_created_and_never_moved() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, _) = world.check_out("job1").await;
    let (mine, other) = (commit(&workspace, "2\n").await, commit(&workspace, "3\n").await);
    assert_eq!(workspace.remote_tip("ai/issue-7").await.unwrap(), None);
    let change = workspace.push("ai/issue-7", &mine, &world.stop).await.unwrap();
    assert_eq!((change.branch.as_str(), &change.commit), ("ai/issue-7", &mine));
    assert_eq!(world.tip("ai/issue-7"), Some(mine.clone()));
    assert_eq!(workspace.remote_tip("ai/issue-7").await.unwrap(), Some(mine.clone()));
    assert_eq!(workspace.remote_tip("issue-7").await.unwrap(), None, "the end of a name is not it");

    // After a crash: the same again is fine.
    assert_eq!(workspace.push("ai/issue-7", &mine, &world.stop).await.unwrap(), change);

    // Anything else is not, even where git would call it a fast-forward.
    let error = workspace.push("ai/issue-7", &other, &world.stop).await.unwrap_err();
    let WorkspaceError::BranchTaken { branch, tip } = &error else { panic!("{error:?}") };
    assert_eq!((branch.as_str(), tip), ("ai/issue-7", &mine));
    assert_eq!(error.fault(), Fault::Permanent);
    assert!(workspace.push("main", &mine, &world.stop).await.is_err());
    assert_eq!(world.tip("ai/issue-7"), Some(mine));
    for branch in ["-x", "a:refs/heads/main", "HEAD"] {
        assert!(workspace.push(branch, &other, &world.stop).await.is_err(), "{branch}");
    }
}

#[tokio::test]
async fn of_many_who_push_the_same_branch_one_wins() {
    let world = World::with(&[("a", "1\n")]);
    let mut racers = Vec::new();
    for n in 0..4 {
        let (workspace, _) = world.check_out(&format!("job{n}")).await;
        let commit = commit(&workspace, &format!("by {n}\n")).await;
        racers.push((workspace, commit));
    }
    let pushes = racers.iter().map(|(it, commit)| it.push("ai/issue-7", commit, &world.stop));
    let ends = futures_util::future::join_all(pushes).await;
    let winner = world.tip("ai/issue-7").unwrap();
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1, "{ends:?}");
    for (end, (_, commit)) in ends.iter().zip(&racers) {
        match end {
            Ok(change) => assert_eq!((&change.commit, commit), (&winner, &winner)),
            Err(WorkspaceError::BranchTaken { tip, .. }) => assert_eq!(tip, &winner),
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_rejection_is_told_in_the_words_of_the_remote() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, _) = world.check_out("job1").await;
    let mine = commit(&workspace, "2\n").await;
    world.hook(
        "echo 'error: GH013: Repository rule violations found for refs/heads/ai/issue-7.' >&2\n\
         printf -- '- Push cannot contain \\033[31msecrets\\033[0m\\n' >&2\nexit 1",
    );
    let error = workspace.push("ai/issue-7", &mine, &world.stop).await.unwrap_err();
    assert!(matches!(error, WorkspaceError::PushRejected { .. }), "{error:?}");
    assert_eq!(error.fault(), Fault::Permanent);
    let text = error.to_string();
    assert!(text.contains("GH013") && text.contains("pre-receive hook declined"), "{text}");
    assert!(text.contains("cannot contain") && !text.contains('\x1b'), "{text}");
    assert_eq!(world.tip("ai/issue-7"), None);
}

#[tokio::test]
async fn a_remote_that_went_away_is_a_fault_of_its_own() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, _) = world.check_out("job1").await;
    let mine = commit(&workspace, "2\n").await;
    std::fs::remove_dir_all(world.remote()).unwrap();
    let error = workspace.push("ai/issue-7", &mine, &world.stop).await.unwrap_err();
    assert!(matches!(error, WorkspaceError::NotFound(_)), "{error:?}");
    world.stop.cancel();
    let error = workspace.push("ai/issue-7", &mine, &world.stop).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Interrupted);
}

/// The base is no tip any more, and we have it without its past: still only our work is sent.
#[tokio::test]
async fn a_push_sends_only_what_the_remote_does_not_have() {
    let files: Vec<(String, String)> =
        (0..100).map(|n| (format!("f{n}"), format!("{n}\n"))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let world = World::with(&[("a", "0\n")]);
    world.person_pushes(&files, "main");
    let (workspace, _) = world.check_out("job1").await;
    world.person_pushes(&[("moved", "on\n")], "main");
    let mine = commit(&workspace, "like nothing before\n").await;
    git(&world.remote(), &["config", "receive.unpackLimit", "1000"]);
    git(&world.remote(), &["repack", "-adq"]);
    workspace.push("ai/issue-7", &mine, &world.stop).await.unwrap();
    let counted = git(&world.remote(), &["count-objects"]);
    assert!(counted.starts_with("3 objects"), "a commit, a tree, a file: {counted}");
    git(&world.remote(), &["fsck", "--full"]);
    assert_eq!(git(&world.remote(), &["rev-list", "--count", "ai/issue-7"]), "3");
}
