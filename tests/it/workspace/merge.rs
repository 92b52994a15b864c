//! What comes out when our work meets what others pushed.

use std::os::unix::fs::symlink;

use codingworker::domain::change::ObjectId;
use codingworker::workspace::{CheckedOut, Rebased, Workspace, WorkspaceError};

use super::world::{World, contents, git, told, write};

/// On the base, then theirs and ours; what `rebase` makes of it.
async fn meet(
    world: &World,
    theirs: impl FnOnce(&std::path::Path),
    ours: impl FnOnce(&std::path::Path),
) -> Result<(Rebased, Workspace), WorkspaceError> {
    let (workspace, _) = world.check_out("job1").await;
    ours(workspace.tree());
    let work = workspace.snapshot().await.unwrap().tree;
    world.somebody("main", theirs);
    let rebased = world.workspaces().rebase(&workspace, "main", &work, &world.stop).await?;
    Ok((rebased, workspace))
}

fn clean(rebased: Rebased) -> (Workspace, CheckedOut, ObjectId) {
    match rebased {
        Rebased::Clean { workspace, out, tree } => (workspace, out, tree),
        Rebased::Conflict { files, .. } => panic!("conflict in {files:?}"),
    }
}

fn lines(n: usize) -> String {
    (0..n).map(|n| format!("line {n}\n")).collect()
}

#[tokio::test]
async fn changes_in_different_places_come_together() {
    let text = lines(30);
    let world = World::with(&[("a", &text), ("gone", "1\n"), ("d/moved", &text), ("run", "x\n")]);
    let theirs = |it: &std::path::Path| {
        write(it, &[("a", &text.replace("line 3\n", "theirs\n")), ("new", "theirs\n")]);
        git(it, &["mv", "d/moved", "renamed"]);
    };
    let ours = |it: &std::path::Path| {
        write(it, &[("a", &text.replace("line 25\n", "ours\n")), ("ours", "1\n")]);
        write(it, &[("d/moved", &text.replace("line 9\n", "ours\n"))]);
        std::fs::remove_file(it.join("gone")).unwrap();
    };
    let (rebased, _) = meet(&world, theirs, ours).await.unwrap();
    let (workspace, out, tree) = clean(rebased);
    assert_eq!(Some(&out.base), world.tip("main").as_ref());
    assert_eq!(workspace.base(), &out.base);
    workspace.restore(&tree).await.unwrap();
    let on_disk = contents(workspace.tree());
    assert_eq!(on_disk.keys().collect::<Vec<_>>(), ["a", "new", "ours", "renamed", "run"]);
    let both = text.replace("line 3\n", "theirs\n").replace("line 25\n", "ours\n");
    assert_eq!(on_disk["a"], both.as_bytes());
    // They moved the file that we changed: the change goes along.
    assert_eq!(on_disk["renamed"], text.replace("line 9\n", "ours\n").as_bytes());
    assert_eq!(workspace.snapshot().await.unwrap().tree, tree);
    let changed: Vec<_> = workspace.changes(&out.tree, &tree).await.unwrap();
    let paths: Vec<_> = changed.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, ["a", "gone", "ours", "renamed"]);

    let commit = world.work(&workspace, &[]).await;
    workspace.push_onto("main", &commit, &world.stop).await.unwrap();
    assert_eq!(world.tip("main"), Some(commit));
    assert_eq!(git(&world.remote(), &["rev-list", "--count", "main"]), "3");
    git(&world.remote(), &["fsck", "--full", "--strict"]);
}

#[tokio::test]
async fn what_both_changed_is_told_and_nothing_is_touched() {
    type Deed = fn(&std::path::Path);
    let cases: [(&str, Deed, Deed, &[&str]); 7] = [
        (
            "the same line",
            |it| write(it, &[("a", "theirs\n"), ("d/e", "theirs\n")]),
            |it| write(it, &[("a", "ours\n"), ("d/e", "ours\n")]),
            &["a", "d/e"],
        ),
        (
            "they deleted what we changed",
            |it| std::fs::remove_file(it.join("a")).unwrap(),
            |it| write(it, &[("a", "ours\n")]),
            &["a"],
        ),
        (
            "we deleted what they changed",
            |it| write(it, &[("a", "theirs\n")]),
            |it| std::fs::remove_file(it.join("a")).unwrap(),
            &["a"],
        ),
        (
            "both changed something binary",
            |it| std::fs::write(it.join("bin"), b"\0theirs\0").unwrap(),
            |it| std::fs::write(it.join("bin"), b"ours\0\0").unwrap(),
            &["bin"],
        ),
        (
            "a file in the place of a folder",
            |it| {
                std::fs::remove_dir_all(it.join("d")).unwrap();
                write(it, &[("d", "a file\n")]);
            },
            |it| write(it, &[("d/new", "ours\n")]),
            &["d"],
        ),
        (
            "a new file in a folder that they renamed",
            |it| drop(git(it, &["mv", "d", "renamed"])),
            |it| write(it, &[("d/new", "ours\n")]),
            &["renamed/new"],
        ),
        (
            "a link in the place of a file",
            |it| {
                std::fs::remove_file(it.join("a")).unwrap();
                symlink("bin", it.join("a")).unwrap();
            },
            |it| write(it, &[("a", "ours\n")]),
            &["a"],
        ),
    ];
    for (what, theirs, ours, expected) in cases {
        let world = World::with(&[("a", "1\n"), ("d/e", "1\n"), ("bin", "\0\0\0")]);
        let (rebased, workspace) = meet(&world, theirs, ours).await.unwrap();
        let Rebased::Conflict { tip, files } = rebased else { panic!("{what}: no conflict") };
        assert_eq!(files, expected, "{what}");
        assert_eq!(Some(tip), world.tip("main"));
        // The work is there as it was, on its old base.
        let before = workspace.snapshot().await.unwrap();
        assert!(!told(&before).is_empty(), "{what}");
    }
}

#[tokio::test]
async fn a_branch_that_was_rewritten_gets_our_change_and_not_its_own_past_again() {
    let world = World::with(&[("a", "1\n"), ("b", "1\n")]);
    world.somebody("main", |it| write(it, &[("wrong", "taken back later\n")]));
    let (workspace, _) = world.check_out("job1").await;
    write(workspace.tree(), &[("b", "ours\n")]);
    let work = workspace.snapshot().await.unwrap().tree;
    git(&world.remote(), &["update-ref", "refs/heads/main", "main^"]);
    world.somebody("main", |it| write(it, &[("a", "2\n")]));
    let rebased = world.workspaces().rebase(&workspace, "main", &work, &world.stop).await.unwrap();
    let (workspace, _, tree) = clean(rebased);
    workspace.restore(&tree).await.unwrap();
    let on_disk = contents(workspace.tree());
    assert_eq!(on_disk.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((on_disk["a"].as_slice(), on_disk["b"].as_slice()), (&b"2\n"[..], &b"ours\n"[..]));
}

#[tokio::test]
async fn work_that_is_there_already_leaves_nothing_to_commit() {
    let world = World::with(&[("a", "1\n")]);
    let same = |it: &std::path::Path| write(it, &[("a", "2\n"), ("b", "1\n")]);
    let (rebased, _) = meet(&world, same, same).await.unwrap();
    let (_, out, tree) = clean(rebased);
    assert_eq!(out.tree, tree);
}

/// Two good trees that make a bad one.
#[tokio::test]
async fn what_a_snapshot_would_refuse_a_merge_does_not_bring_in() {
    let world = World::with(&[("a/x", "1\n"), ("y", "1\n")]);
    symlink("x", world.path().join("person/a/l")).unwrap();
    git(&world.path().join("person"), &["add", "-A"]);
    world.person_commits("main");
    // Our link leads to `y` within the repository; then they move it up a folder.
    let theirs = |it: &std::path::Path| drop(git(it, &["mv", "a/l", "l"]));
    let ours = |it: &std::path::Path| {
        std::fs::remove_file(it.join("a/l")).unwrap();
        symlink("../y", it.join("a/l")).unwrap();
    };
    let error = meet(&world, theirs, ours).await.err().unwrap();
    let WorkspaceError::Unsafe { path, why } = &error else { panic!("{error:?}") };
    assert_eq!(path, "l");
    assert!(why.contains("points out of the repository"), "{why}");

    let world = World::with(&[("a", "1\n")]);
    let theirs = |it: &std::path::Path| write(it, &[("ReadMe", "1\n")]);
    let ours = |it: &std::path::Path| write(it, &[("README", "2\n")]);
    let error = meet(&world, theirs, ours).await.err().unwrap();
    assert!(matches!(&error, WorkspaceError::Unsafe { path, .. } if path == "README"), "{error:?}");
}

const HOSTILE: &str = "* merge=evil filter=evil diff=evil\nu merge=union\nn -merge\n";

/// Attributes name drivers, configuration defines them. What is planted where a careless git
/// would read it does not run; what git does by itself is done as the new tip says.
#[tokio::test]
async fn a_merge_runs_nothing_of_the_repositorys() {
    let text = lines(30);
    let world = World::with(&[(".gitattributes", HOSTILE), ("a", &text), ("u", "1\n")]);
    let fired = world.path().join("fired");
    let config = format!(
        "[merge \"evil\"]\n\tdriver = touch {0}; false\n[filter \"evil\"]\n\tsmudge = touch {0}; cat\n\
         \tclean = touch {0}; cat\n[core]\n\tfsmonitor = touch {0}\n",
        fired.display()
    );
    let theirs = |it: &std::path::Path| {
        write(it, &[("a", &text.replace("line 3\n", "theirs\n")), ("u", "1\ntheirs\n")]);
        write(it, &[(".gitconfig", &config)]);
    };
    let ours = |it: &std::path::Path| {
        write(it, &[("a", &text.replace("line 25\n", "ours\n")), ("u", "1\nours\n")]);
        write(it, &[(".git/config", &config), (".git/HEAD", "ref: refs/heads/main\n")]);
    };
    let (rebased, workspace) = meet(&world, theirs, ours).await.unwrap();
    let (moved, _, tree) = clean(rebased);
    moved.restore(&tree).await.unwrap();
    let on_disk = contents(moved.tree());
    assert_eq!(on_disk["u"], b"1\ntheirs\nours\n", "the attributes of the tip are read");
    let a = String::from_utf8(on_disk["a"].clone()).unwrap();
    assert!(a.contains("theirs") && a.contains("ours"), "{a}");
    assert!(!fired.exists(), "something ran");

    // Control: the same merge where the configuration is read.
    let clone = world.path().join("clone");
    let remote = world.remote();
    git(world.path(), &["clone", "-q", &remote.to_string_lossy(), "clone"]);
    git(&clone, &["checkout", "-q", "-b", "side", "HEAD^"]);
    write(&clone, &[("a", &text.replace("line 25\n", "ours\n"))]);
    git(&clone, &["commit", "-q", "-am", "ours"]);
    std::fs::OpenOptions::new()
        .append(true)
        .open(clone.join(".git/config"))
        .and_then(|mut it| std::io::Write::write_all(&mut it, config.as_bytes()))
        .unwrap();
    git(&clone, &["-c", "alias.try=!git merge -q main || true", "try"]);
    assert!(fired.exists(), "the control did not fire: the test is dead");
    std::fs::remove_file(&fired).unwrap();

    // And in our own git directory it would be noticed before anything is called.
    let ours = world.path().join("work/job1/git/config");
    std::fs::write(&ours, &config).unwrap();
    let error = world.workspaces().rebase(&workspace, "main", &tree, &world.stop).await;
    assert!(matches!(error, Err(WorkspaceError::Unsafe { .. })));
    assert!(!fired.exists());
}

#[tokio::test]
async fn what_must_not_be_merged_is_a_conflict_also_when_our_work_says_otherwise() {
    let text = lines(30);
    let world = World::with(&[(".gitattributes", HOSTILE), ("n", &text)]);
    let theirs = |it: &std::path::Path| write(it, &[("n", &text.replace("line 3\n", "theirs\n"))]);
    let ours = |it: &std::path::Path| {
        write(it, &[("n", &text.replace("line 25\n", "ours\n"))]);
        write(it, &[(".gitattributes", "* merge=union\n")]);
    };
    let (rebased, _) = meet(&world, theirs, ours).await.unwrap();
    assert!(matches!(rebased, Rebased::Conflict { files, .. } if files == ["n"]));
}

#[tokio::test]
async fn submodules_that_moved_are_theirs() {
    let world = World::with(&[("a", "1\n")]);
    let link = |it: &std::path::Path, digit: &str| {
        let link = format!("160000,{},sub", digit.repeat(40));
        git(it, &["update-index", "--add", "--cacheinfo", &link]);
        std::fs::create_dir_all(it.join("sub")).unwrap();
    };
    world.somebody("main", |it| link(it, "1"));
    let ours = |it: &std::path::Path| write(it, &[("a", "ours\n")]);
    let (rebased, _) = meet(&world, |it| link(it, "2"), ours).await.unwrap();
    let (workspace, out, tree) = clean(rebased);
    assert!(out.notes.join("\n").contains("submodule"), "{:?}", out.notes);
    workspace.restore(&tree).await.unwrap();
    assert_eq!(workspace.snapshot().await.unwrap().tree, tree);
    let sub = workspace.files(&tree).await.unwrap().into_iter().find(|it| it.path == "sub");
    assert!(sub.is_some());
}
