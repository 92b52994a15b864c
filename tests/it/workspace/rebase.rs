//! A workspace that goes on to another base, also when it is killed on the way.

use std::future::Future;
use std::os::unix::fs::symlink;
use std::pin::pin;
use std::task::Poll;

use codingworker::domain::job::JobId;
use codingworker::workspace::{Rebased, Workspace, WorkspaceError};

use super::world::{World, contents, git, told, write};

fn job() -> JobId {
    JobId("job1".into())
}

/// On a base with everything that a base has notes about, and work on it.
async fn prepared() -> (World, Workspace) {
    let world = World::with(&[
        (".gitattributes", "*.txt text\n"),
        (".gitignore", "target/\n"),
        ("a.txt", "1\n2\n3\n"),
        ("big.bin", "version https://git-lfs.github.com/spec/v1\n"),
        ("gone", "1\n"),
    ]);
    let person = world.path().join("person");
    symlink("/etc/passwd", person.join("outside")).unwrap();
    symlink("/etc/passwd", person.join("was-outside")).unwrap();
    git(&person, &["add", "-A"]);
    world.person_commits("main");
    let (workspace, _) = world.check_out("job1").await;
    write(workspace.tree(), &[("ours", "1\n"), ("a.txt", "1\n2\nours\n"), ("target/warm", "1")]);
    (world, workspace)
}

fn theirs(it: &std::path::Path) {
    write(it, &[(".gitattributes", "*.txt text eol=crlf\n*.bin filter=lfs -text\n")]);
    write(it, &[("b.txt", "theirs\n"), ("d/e", "theirs\n")]);
    for path in ["was-outside", "gone"] {
        std::fs::remove_file(it.join(path)).unwrap();
    }
    write(it, &[("was-outside", "a file now\n")]);
    symlink("/etc/hosts", it.join("now-outside")).unwrap();
}

#[tokio::test]
async fn after_a_rebase_everything_is_as_after_a_fresh_checkout() {
    let (world, workspace) = prepared().await;
    let work = workspace.snapshot().await.unwrap().tree;
    write(workspace.tree(), &[("left/over", "1"), ("d", "in the way")]);
    let tip = world.somebody("main", theirs);
    let rebased = world.workspaces().rebase(&workspace, "main", &work, &world.stop).await.unwrap();
    let Rebased::Clean { workspace: moved, out, tree } = rebased else { panic!("conflict") };
    assert_eq!((&out.base, moved.base()), (&tip, &tip));
    assert_eq!(moved.tree(), workspace.tree());

    let (fresh, expected) = world.check_out("job2").await;
    assert_eq!(out, expected, "the notes as well");
    assert!(out.notes.join("\n").contains("`now-outside`"), "{:?}", out.notes);
    let mut on_disk = contents(moved.tree());
    assert_eq!(on_disk.remove("target/warm").as_deref(), Some(&b"1"[..]), "builds stay warm");
    assert_eq!(on_disk, contents(fresh.tree()));
    assert_eq!(on_disk["b.txt"], b"theirs\r\n");
    assert_eq!(on_disk["a.txt"], b"1\r\n2\r\n3\r\n", "not changed, and yet different on disk");
    assert_eq!(told(&moved.snapshot().await.unwrap()), []);

    moved.restore(&tree).await.unwrap();
    assert_eq!(moved.snapshot().await.unwrap().tree, tree);
    write(moved.tree(), &[("now-outside", "no\n")]);
    assert!(moved.snapshot().await.is_err(), "the new base's links are left out");
    moved.restore(&tree).await.unwrap();
    write(moved.tree(), &[("was-outside", "changed\n")]);
    assert_eq!(moved.snapshot().await.unwrap().changes.len(), 3);

    // Both bases can be taken up again, by whoever wrote down which.
    let later = world.workspaces();
    for (base, tree) in [(workspace.base(), &work), (&tip, &tree)] {
        let found = later.reopen(&job(), &world.repository, base).await.unwrap();
        found.restore(tree).await.unwrap();
        assert_eq!(&found.snapshot().await.unwrap().tree, tree);
    }
}

#[tokio::test]
async fn what_did_not_change_is_not_written_again() {
    let world = World::with(&[("a", "1\n"), ("b", "1\n"), ("c", "1\n")]);
    let (workspace, _) = world.check_out("job1").await;
    let inode = |path: &str| {
        let found = std::fs::metadata(workspace.tree().join(path)).unwrap();
        (std::os::unix::fs::MetadataExt::ino(&found), found.modified().unwrap())
    };
    let before = inode("a");
    write(workspace.tree(), &[("c", "2\n")]);
    let work = workspace.snapshot().await.unwrap().tree;
    world.somebody("main", |it| write(it, &[("b", "2\n")]));
    let rebased = world.workspaces().rebase(&workspace, "main", &work, &world.stop).await.unwrap();
    let Rebased::Clean { workspace, tree, .. } = rebased else { panic!("conflict") };
    workspace.restore(&tree).await.unwrap();
    assert_eq!(inode("a"), before);
}

#[tokio::test]
async fn a_branch_that_did_not_move_changes_nothing() {
    let (world, workspace) = prepared().await;
    let work = workspace.snapshot().await.unwrap().tree;
    let rebased = world.workspaces().rebase(&workspace, "main", &work, &world.stop).await.unwrap();
    let Rebased::Clean { workspace: same, out, tree } = rebased else { panic!("conflict") };
    assert_eq!((same.base(), &out.base, &tree), (workspace.base(), workspace.base(), &work));
    assert!(out.notes.join("\n").contains("`outside`"));
}

/// Polls a future that many times, and drops it: its processes are killed, wherever it is.
async fn killed_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn whoever_is_killed_on_the_way_begins_again_from_the_old_base() {
    let (world, workspace) = prepared().await;
    let work = workspace.snapshot().await.unwrap().tree;
    let base = workspace.base().clone();
    theirs(&world.path().join("person"));
    let workspaces = world.workspaces();
    let mut expected = None;
    let mut half = 0;
    for polls in (1..).step_by(2) {
        // A new base each time, so that each time everything is to be done.
        let tip = world.person_pushes(&[("b.txt", &polls.to_string())], "main");
        let found = workspaces.reopen(&job(), &world.repository, &base).await.unwrap();
        let first =
            killed_after(polls, workspaces.rebase(&found, "main", &work, &world.stop)).await;
        // The old base is good for work as it was.
        let found = workspaces.reopen(&job(), &world.repository, &base).await.unwrap();
        let folder = world.path().join(format!("work/job1/git/bases/{tip}"));
        half += usize::from(folder.exists() && !folder.join("ready.json").exists());
        if polls % 3 == 0 {
            found.restore(&work).await.unwrap();
            assert_eq!(found.snapshot().await.unwrap().tree, work, "after {polls}");
        }
        // And so is another try.
        let again = workspaces.rebase(&found, "main", &work, &world.stop).await.unwrap();
        let Rebased::Clean { workspace: moved, out, tree } = again else { panic!("conflict") };
        assert_eq!(out.base, tip, "after {polls}");
        moved.restore(&tree).await.unwrap();
        assert_eq!(moved.snapshot().await.unwrap().tree, tree, "after {polls}");
        let files = contents(moved.tree()).into_keys().collect::<Vec<_>>();
        assert_eq!(expected.get_or_insert_with(|| files.clone()), &files);
        if let Some(first) = first {
            first.unwrap();
            assert!(polls > 15, "{polls} polls are too few to have been everywhere");
            break;
        }
    }
    assert!(half > 0, "nobody was killed while the new base was half there");
}

/// The same by hand, for what only a machine that loses power leaves behind.
#[tokio::test]
async fn half_a_base_is_made_anew() {
    let (world, workspace) = prepared().await;
    let work = workspace.snapshot().await.unwrap().tree;
    let tip = world.somebody("main", theirs);
    let git_dir = world.path().join("work/job1/git");
    let folder = format!("bases/{tip}");
    for (path, text) in [
        (format!("{folder}/index"), "nonsense"),
        (format!("{folder}/index.lock"), ""),
        (format!("{folder}/left-out"), "nonsense"),
        (format!("{folder}/ready.half"), "{"),
        ("shallow.half".to_owned(), "nonsense"),
        (format!("{folder}/ready.json"), ""),
    ] {
        write(&git_dir, &[(&path, text)]);
    }
    let error = world.workspaces().reopen(&job(), &world.repository, &tip).await.err().unwrap();
    assert!(matches!(error, WorkspaceError::Gone(_)), "{error:?}");
    let rebased = world.workspaces().rebase(&workspace, "main", &work, &world.stop).await.unwrap();
    let Rebased::Clean { workspace, tree, .. } = rebased else { panic!("conflict") };
    workspace.restore(&tree).await.unwrap();
    assert_eq!(workspace.snapshot().await.unwrap().tree, tree);
}

#[tokio::test]
async fn a_damaged_mirror_does_not_stop_a_rebase() {
    let (world, workspace) = prepared().await;
    let work = workspace.snapshot().await.unwrap().tree;
    world.somebody("main", theirs);
    let mirror = world.path().join("state/mirrors/acme/api.git");
    std::fs::write(mirror.join("HEAD"), "nonsense").unwrap();
    let rebased = world.workspaces().rebase(&workspace, "main", &work, &world.stop).await.unwrap();
    assert!(matches!(rebased, Rebased::Clean { .. }));
}

#[tokio::test]
async fn a_rebase_writes_through_no_link_and_removes_what_was_planted() {
    let world = World::with(&[("d/a", "1\n"), ("b", "1\n")]);
    let (workspace, _) = world.check_out("job1").await;
    write(workspace.tree(), &[("b", "2\n")]);
    let work = workspace.snapshot().await.unwrap().tree;
    let outside = world.path().join("outside");
    write(&outside, &[("a", "precious")]);
    std::fs::remove_dir_all(workspace.tree().join("d")).unwrap();
    symlink(&outside, workspace.tree().join("d")).unwrap();
    write(workspace.tree(), &[(".git/hooks/post-checkout", "evil"), ("n/.git/config", "evil")]);
    world.somebody("main", |it| write(it, &[("d/a", "theirs\n")]));
    let rebased = world.workspaces().rebase(&workspace, "main", &work, &world.stop).await.unwrap();
    let Rebased::Clean { workspace, tree, .. } = rebased else { panic!("conflict") };
    assert_eq!(contents(&outside)["a"], b"precious");
    assert!(!workspace.tree().join(".git").exists() && !workspace.tree().join("n").exists());
    workspace.restore(&tree).await.unwrap();
    assert_eq!(contents(workspace.tree())["d/a"], b"theirs\n");
}
