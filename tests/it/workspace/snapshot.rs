use std::os::unix::fs::{PermissionsExt, symlink};

use codingworker::domain::change::ChangeKind::{Added, Changed, Removed};
use codingworker::domain::job::Fault;
use codingworker::workspace::{Workspace, WorkspaceError};

use super::world::{World, contents, git, told, write};

#[tokio::test]
async fn a_snapshot_holds_what_was_added_changed_and_removed() {
    let world = World::with(&[
        ("a", "1\n2\n"),
        ("b", "1\n"),
        ("d/c", "1\n"),
        ("run", "x\n"),
        ("f", "1\n"),
        ("g/h", "1\n"),
    ]);
    let (workspace, checked_out) = world.check_out("job1").await;
    let tree = workspace.tree();
    write(tree, &[("a", "1\n3\n4\n"), ("new/n", "1\n")]);
    std::fs::remove_file(tree.join("b")).unwrap();
    std::fs::remove_dir_all(tree.join("d")).unwrap();
    std::fs::write(tree.join("d"), "a file now\n").unwrap();
    std::fs::remove_file(tree.join("f")).unwrap();
    write(tree, &[("f/g", "a folder now\n")]);
    std::fs::remove_dir_all(tree.join("g")).unwrap();
    symlink("new", tree.join("g")).unwrap();
    std::fs::set_permissions(tree.join("run"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let snapshot = workspace.snapshot().await.unwrap();
    assert_eq!(
        told(&snapshot),
        [
            ("a", Changed),
            ("b", Removed),
            ("d", Added),
            ("d/c", Removed),
            ("f", Removed),
            ("f/g", Added),
            ("g", Added),
            ("g/h", Removed),
            ("new/n", Added),
            ("run", Changed)
        ]
    );
    assert_eq!((snapshot.changes[0].added, snapshot.changes[0].removed), (2, 1));
    let diff = workspace.diff(&checked_out.tree, &snapshot.tree, 100_000).await.unwrap();
    assert!(diff.contains("-2\n+3\n+4\n") && diff.contains("new mode 100755"), "{diff}");
    let cut = workspace.diff(&checked_out.tree, &snapshot.tree, 100).await.unwrap();
    assert!(cut.len() < 200 && cut.ends_with("left out]\n"), "{cut}");

    let before = contents(tree);
    workspace.restore(&checked_out.tree).await.unwrap();
    assert_eq!(workspace.snapshot().await.unwrap().tree, checked_out.tree);
    assert_eq!(contents(tree).len(), 6);
    workspace.restore(&snapshot.tree).await.unwrap();
    assert_eq!(contents(tree), before);
}

#[tokio::test]
async fn what_is_ignored_and_what_the_agent_keeps_for_itself_is_left_out() {
    let world =
        World::with(&[(".gitignore", "target/\n*.log\n"), (".aider.conf.yml", "model: x\n")]);
    let (workspace, _) = world.check_out("job1").await;
    write(
        workspace.tree(),
        &[
            ("target/x", "1"),
            ("a.log", "1"),
            (".aider.chat.history.md", "1"),
            ("sub/.aider.tags.cache.v4/cache.db", "1"),
            (".aider.conf.yml", "model: y\n"),
            ("kept", "1"),
        ],
    );
    let snapshot = workspace.snapshot().await.unwrap();
    assert_eq!(told(&snapshot), [(".aider.conf.yml", Changed), ("kept", Added)]);
    // Ignored later on: it is a function of the disk, not of earlier snapshots.
    write(workspace.tree(), &[(".gitignore", "target/\n*.log\nkept\n")]);
    let snapshot = workspace.snapshot().await.unwrap();
    assert_eq!(told(&snapshot), [(".aider.conf.yml", Changed), (".gitignore", Changed)]);
}

#[tokio::test]
async fn an_edit_in_the_second_of_the_checkout_that_keeps_size_and_time_is_seen() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, _) = world.check_out("job1").await;
    let file = workspace.tree().join("a");
    let time = std::fs::metadata(&file).unwrap().modified().unwrap();
    std::fs::write(&file, "2\n").unwrap();
    std::fs::File::open(&file).unwrap().set_modified(time).unwrap();
    assert_eq!(told(&workspace.snapshot().await.unwrap()), [("a", Changed)]);
}

/// git compares whole seconds. It looks twice at what was written in the second of the index; an
/// index that is written again later must not make it forget to.
#[tokio::test]
async fn such_an_edit_is_seen_also_when_something_else_was_removed() {
    use std::os::unix::fs::MetadataExt;
    let world = World::with(&[("a", "1\n"), ("b", "1\n")]);
    let second = |path: &std::path::Path| std::fs::metadata(path).unwrap().mtime();
    let (workspace, written) = loop {
        let (workspace, _) = world.check_out("job1").await;
        let file = workspace.tree().join("a");
        let written = second(&file);
        std::fs::write(&file, "2\n").unwrap();
        if second(&file) == written {
            break (workspace, written);
        }
    };
    std::fs::remove_file(workspace.tree().join("b")).unwrap();
    let clock = world.path().join("clock");
    loop {
        std::fs::write(&clock, "").unwrap();
        if second(&clock) > written {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(told(&workspace.snapshot().await.unwrap()), [("a", Changed), ("b", Removed)]);
}

#[tokio::test]
async fn what_must_not_reach_a_commit_is_refused_by_name() {
    let world = World::with(&[("src/a", "1\n"), (".gitignore", "target\n")]);
    let (workspace, checked_out) = world.check_out("job1").await;
    type Plant = (&'static str, fn(&Workspace));
    let plants: [Plant; 14] = [
        ("sub/", |it| drop(git(it.tree(), &["init", "-q", "sub"]))),
        ("src/.git", |it| drop(git(it.tree(), &["init", "-q", "src"]))),
        ("src/.git", |it| write(it.tree(), &[("src/.git", "gitdir: /tmp/x\n")])),
        (".GIT/config", |it| write(it.tree(), &[(".GIT/config", "x")])),
        ("git~1/config", |it| write(it.tree(), &[("git~1/config", "x")])),
        ("l", |it| symlink("/etc/passwd", it.tree().join("l")).unwrap()),
        ("src/l", |it| symlink("../../work", it.tree().join("src/l")).unwrap()),
        ("src/a", |it| {
            std::fs::remove_file(it.tree().join("src/a")).unwrap();
            symlink("/etc/passwd", it.tree().join("src/a")).unwrap();
        }),
        ("l", |it| symlink(".git/config", it.tree().join("l")).unwrap()),
        ("src/pipe", |it| {
            nix::unistd::mkfifo(&it.tree().join("src/pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap()
        }),
        ("src/sock", |it| {
            drop(std::os::unix::net::UnixListener::bind(it.tree().join("src/sock")).unwrap())
        }),
        ("bad\\nname", |it| write(it.tree(), &[("bad\nname", "x")])),
        ("hard", |it| {
            std::fs::write(it.home().join("secret"), "x").unwrap();
            std::fs::hard_link(it.home().join("secret"), it.tree().join("hard")).unwrap();
        }),
        ("SRC/A", |it| write(it.tree(), &[("SRC/A", "x")])),
    ];
    for (path, plant) in plants {
        plant(&workspace);
        let error = workspace.snapshot().await.expect_err(path);
        let WorkspaceError::Unsafe { path: named, .. } = &error else {
            panic!("{path}: {error:?}")
        };
        assert_eq!(named, path, "{error}");
        assert_eq!(error.fault(), Fault::Permanent);
        workspace.restore(&checked_out.tree).await.unwrap();
        let left = contents(workspace.tree());
        assert_eq!(left.keys().collect::<Vec<_>>(), [".gitignore", "src/a"], "after {path}");
        assert_eq!(workspace.snapshot().await.unwrap().tree, checked_out.tree, "after {path}");
    }
    // The same things are nobody's business where they are ignored.
    write(workspace.tree(), &[("target/x", "1")]);
    git(&workspace.tree().join("target"), &["init", "-q", "dep"]);
    symlink("/usr/bin/python3", workspace.tree().join("target/python")).unwrap();
    assert_eq!(workspace.snapshot().await.unwrap().tree, checked_out.tree);
}

#[tokio::test]
async fn the_agents_own_repository_in_the_tree_is_not_ours() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, checked_out) = world.check_out("job1").await;
    git(workspace.tree(), &["init", "-q"]);
    git(workspace.tree(), &["add", "-A"]);
    git(workspace.tree(), &["commit", "-q", "-m", "theirs"]);
    write(workspace.tree(), &[("a", "2\n")]);
    assert_eq!(told(&workspace.snapshot().await.unwrap()), [("a", Changed)]);
    workspace.restore(&checked_out.tree).await.unwrap();
    assert!(!workspace.tree().join(".git").exists());
}

#[tokio::test]
async fn a_tree_or_a_git_directory_that_was_swapped_is_not_used() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, checked_out) = world.check_out("job1").await;
    let config = world.path().join("work/job1/git/config");
    let ours = std::fs::read(&config).unwrap();
    std::fs::write(&config, "[core]\n\tfsmonitor = touch /tmp/x\n").unwrap();
    assert!(matches!(workspace.snapshot().await, Err(WorkspaceError::Unsafe { .. })));
    std::fs::write(&config, ours).unwrap();
    let outside = world.path().join("outside");
    write(&outside, &[("precious", "1")]);
    std::fs::remove_dir_all(workspace.tree()).unwrap();
    symlink(&outside, workspace.tree()).unwrap();
    assert!(matches!(workspace.snapshot().await, Err(WorkspaceError::Unsafe { .. })));
    assert!(workspace.restore(&checked_out.tree).await.is_err());
    assert!(outside.join("precious").exists());
}

#[tokio::test]
async fn attributes_that_the_agent_writes_have_no_say() {
    let world = World::with(&[("a.txt", "1\n")]);
    let (workspace, _) = world.check_out("job1").await;
    write(
        workspace.tree(),
        &[
            (".gitattributes", "* working-tree-encoding=UTF-16 ident filter=evil diff=evil\n"),
            ("a.txt", "$Id$\r\n"),
        ],
    );
    let snapshot = workspace.snapshot().await.unwrap();
    let read = workspace.read(&snapshot.tree, "a.txt", 100).await.unwrap();
    assert_eq!(read.as_deref(), Some(b"$Id$\r\n".as_slice()));
}
