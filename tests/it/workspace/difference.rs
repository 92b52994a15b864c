//! What differs between two trees, with its bytes.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use codingworker::domain::change::ObjectId;
use codingworker::workspace::{Difference, EntryKind, Side, WorkspaceError};

use super::world::{World, git, write};

fn side(kind: EntryKind, text: &[u8]) -> Option<Side> {
    Some(Side { kind, size: text.len() as u64, bytes: Some(text.to_vec()) })
}

fn difference(path: &[u8], old: Option<Side>, new: Option<Side>) -> Difference {
    Difference { path: path.to_vec(), old, new }
}

#[tokio::test]
async fn every_path_comes_with_what_it_was_and_is() {
    use EntryKind::{Executable, File, Link, Submodule};
    let world = World::with(&[
        ("changed", "1\n"),
        ("moved/from", "same\n"),
        ("mode", "x\n"),
        ("kind", "k\n"),
        ("same", "s\n"),
        ("folder", "f\n"),
    ]);
    let from = world.check_out("job1").await.1.tree;
    world.somebody("main", |it| {
        write(it, &[("changed", "two\n"), ("new\nline", "a\0b\n"), ("empty", "")]);
        git(it, &["mv", "moved/from", "to"]);
        std::fs::set_permissions(it.join("mode"), std::fs::Permissions::from_mode(0o755)).unwrap();
        for path in ["kind", "folder"] {
            std::fs::remove_file(it.join(path)).unwrap();
        }
        symlink("../up", it.join("kind")).unwrap();
        write(it, &[("folder/in", "f\n")]);
        std::fs::write(it.join(std::ffi::OsStr::from_bytes(b"\xff\x01")), "odd\n").unwrap();
        let link = format!("160000,{},sub", "1".repeat(40));
        git(it, &["update-index", "--add", "--cacheinfo", &link]);
        std::fs::create_dir(it.join("sub")).unwrap();
    });
    let (workspace, out) = world.check_out("job2").await;
    // What is on disk has no say.
    write(workspace.tree(), &[("changed", "not this\n")]);
    let found = workspace.differences(&from, &out.tree, 1_000, 10_000).await.unwrap();
    let sub = Some(Side { kind: Submodule, size: 0, bytes: None });
    let expected = [
        difference(b"changed", side(File, b"1\n"), side(File, b"two\n")),
        difference(b"empty", None, side(File, b"")),
        difference(b"folder", side(File, b"f\n"), None),
        difference(b"folder/in", None, side(File, b"f\n")),
        difference(b"kind", side(File, b"k\n"), side(Link, b"../up")),
        difference(b"mode", side(File, b"x\n"), side(Executable, b"x\n")),
        difference(b"moved/from", side(File, b"same\n"), None),
        difference(b"new\nline", None, side(File, b"a\0b\n")),
        difference(b"sub", None, sub),
        difference(b"to", None, side(File, b"same\n")),
        difference(b"\xff\x01", None, side(File, b"odd\n")),
    ];
    assert_eq!(found, expected);
    assert_eq!(workspace.differences(&from, &from, 1_000, 10_000).await.unwrap(), []);
}

#[tokio::test]
async fn bytes_are_bounded_for_each_file_and_in_all_and_the_new_ones_go_first() {
    let world = World::with(&[("a", "old old old\n"), ("b", "old\n"), ("c", "old\n")]);
    let (workspace, out) = world.check_out("job1").await;
    write(workspace.tree(), &[("a", "12345"), ("b", "123456"), ("c", "12345")]);
    let to = workspace.snapshot().await.unwrap().tree;
    let told = async |file, total| {
        let found = workspace.differences(&out.tree, &to, file, total).await.unwrap();
        let has = |side: Option<Side>| side.is_some_and(|it| it.bytes.is_some());
        let sizes: Vec<_> = found.iter().map(|it| it.new.as_ref().unwrap().size).collect();
        assert_eq!(sizes, [5, 6, 5], "sizes are always told");
        found.into_iter().map(|it| (has(it.old), has(it.new))).collect::<Vec<_>>()
    };
    assert_eq!(told(100, 1_000).await, [(true, true); 3]);
    assert_eq!(told(5, 1_000).await, [(false, true), (true, false), (true, true)]);
    assert_eq!(told(100, 16).await, [(false, true), (false, true), (false, true)]);
    assert_eq!(told(100, 20).await, [(false, true), (true, true), (false, true)]);
    assert_eq!(told(100, 10).await, [(false, true), (false, false), (false, true)]);
    assert_eq!(told(100, 9).await, [(false, true), (true, false), (false, false)]);
    assert_eq!(told(0, 0).await, [(false, false); 3]);
    assert_eq!(told(u64::MAX, u64::MAX).await, [(true, true); 3]);
}

#[tokio::test]
async fn large_files_come_whole_or_not_at_all() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, out) = world.check_out("job1").await;
    let large: String = (0..200_000).map(|n| format!("{n}\n")).collect();
    write(workspace.tree(), &[("large", &large), ("small", "1\n")]);
    let to = workspace.snapshot().await.unwrap().tree;
    let found = workspace.differences(&out.tree, &to, 10 << 20, 20 << 20).await.unwrap();
    assert_eq!(found[0].new, side(EntryKind::File, large.as_bytes()));
    let found = workspace.differences(&out.tree, &to, 1 << 20, 20 << 20).await.unwrap();
    let cut = found[0].new.as_ref().unwrap();
    assert_eq!((cut.size, &cut.bytes), (large.len() as u64, &None));
    assert_eq!(found[1].new, side(EntryKind::File, b"1\n"));
}

#[tokio::test]
async fn more_files_than_anybody_looks_at_are_an_error_that_says_so() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, out) = world.check_out("job1").await;
    let git_dir = world.path().join("work/job1/git");
    let blob = git(&git_dir, &["rev-parse", &format!("{}:a", out.tree)]);
    let made = |many: usize| {
        let make = "alias.make=!f() { for i in $(seq $1); do \
                    printf '100644 blob %s\\tf%s\\n' $2 $i; done | git mktree; }; f";
        ObjectId(git(&git_dir, &["-c", make, "make", &many.to_string(), &blob]))
    };
    // One row more: `a` is gone.
    let found = workspace.differences(&out.tree, &made(19_999), 10, 100).await.unwrap();
    assert_eq!(found.len(), 20_000);
    assert_eq!(
        found.iter().filter(|it| it.new.as_ref().is_some_and(|it| it.bytes.is_some())).count(),
        50
    );
    let error = workspace.differences(&out.tree, &made(20_000), 10, 100).await.unwrap_err();
    assert!(matches!(error, WorkspaceError::TooLarge(_)), "{error:?}");
    assert!(error.to_string().contains("20001 files"), "{error}");
}
