use std::os::unix::fs::{PermissionsExt, symlink};

use codingworker::domain::time::Timestamp;
use codingworker::workspace::EntryKind;

use proptest::prelude::*;

use super::world::{AT, World, author, contents, git, write};

#[tokio::test]
async fn a_tree_can_be_listed_and_read() {
    let world = World::with(&[("a", "12345"), ("d/ b", ""), ("zero", "a\0b\0")]);
    let person = world.path().join("person");
    symlink("a", person.join("l")).unwrap();
    std::fs::set_permissions(person.join("a"), std::fs::Permissions::from_mode(0o755)).unwrap();
    git(&person, &["add", "-A"]);
    world.person_commits("main");
    let (workspace, it) = world.check_out("job1").await;
    let files = workspace.files(&it.tree).await.unwrap();
    let files: Vec<_> = files.iter().map(|it| (it.path.as_str(), it.size, it.kind)).collect();
    let expected = [
        ("a", 5, EntryKind::Executable),
        ("d/ b", 0, EntryKind::File),
        ("l", 1, EntryKind::Link),
        ("zero", 4, EntryKind::File),
    ];
    assert_eq!(files, expected);
    for (path, most, expected) in [
        ("a", 100, Some(b"12345".as_slice())),
        ("a", 5, Some(b"12345")),
        ("a", 2, Some(b"12")),
        ("d/ b", 9, Some(b"")),
        ("zero", 9, Some(b"a\0b\0")),
        ("d", 9, None),
        ("none", 9, None),
        ("a\nb", 9, None),
        ("a\0b", 9, None),
    ] {
        let read = workspace.read(&it.tree, path, most).await.unwrap();
        assert_eq!(read.as_deref(), expected, "{path:?} {most}");
    }
    let large = "x".repeat(300_000);
    write(workspace.tree(), &[("large", &large)]);
    let tree = workspace.snapshot().await.unwrap().tree;
    assert_eq!(workspace.read(&tree, "large", 1_000).await.unwrap().unwrap().len(), 1_000);
}

#[tokio::test]
async fn restoring_keeps_what_is_ignored_and_nothing_else() {
    let world = World::with(&[(".gitignore", "target/\n"), ("src/a", "1\n"), ("src/b", "1\n")]);
    let (workspace, it) = world.check_out("job1").await;
    let tree = workspace.tree();
    write(
        tree,
        &[("target/cache", "1"), ("src/a", "2\n"), ("src/new/deep", "1"), (".gitignore", "")],
    );
    std::fs::remove_file(tree.join("src/b")).unwrap();
    write(tree, &[(".git/hooks/pre-commit", "evil"), ("src/.git/config", "evil")]);
    std::fs::create_dir_all(tree.join("hollow/er")).unwrap();
    std::fs::set_permissions(tree.join("src/new"), std::fs::Permissions::from_mode(0o500)).unwrap();
    workspace.restore(&it.tree).await.unwrap();
    let left: Vec<_> = contents(tree).into_keys().collect();
    assert_eq!(left, [".gitignore", "src/a", "src/b", "target/cache"]);
    assert!(!tree.join(".git").exists() && !tree.join("hollow").exists());
}

/// Build caches compare times: what is the same in the next attempt must not look newer.
#[tokio::test]
async fn from_attempt_to_attempt_caches_stay_and_what_did_not_change_keeps_its_time() {
    let world = World::with(&[(".gitignore", "target/\n"), ("src/a", "1\n"), ("src/b", "1\n")]);
    let (workspace, it) = world.check_out("job1").await;
    let tree = workspace.tree();
    let time = |file: &str| std::fs::metadata(tree.join(file)).unwrap().modified().unwrap();
    let before = time("src/b");
    write(tree, &[("target/debug/out", "built"), ("src/a", "22\n")]);
    write(workspace.home(), &[(".cache/go-build/x", "built")]);
    let built = time("target/debug/out");
    let second = workspace.snapshot().await.unwrap().tree;
    for next in [&it.tree, &second] {
        workspace.restore(next).await.unwrap();
        assert_eq!((time("src/b"), time("target/debug/out")), (before, built));
        assert_eq!(contents(workspace.home())[".cache/go-build/x"], b"built");
    }
}

#[tokio::test]
async fn restoring_writes_through_no_link() {
    let world = World::with(&[("src/a", "1\n"), ("src/b", "1\n")]);
    let (workspace, it) = world.check_out("job1").await;
    let outside = world.path().join("outside");
    write(&outside, &[("a", "precious"), ("c", "precious")]);
    std::fs::remove_dir_all(workspace.tree().join("src")).unwrap();
    symlink(&outside, workspace.tree().join("src")).unwrap();
    workspace.restore(&it.tree).await.unwrap();
    assert_eq!(contents(&outside).len(), 2);
    assert_eq!(contents(&outside)["a"], b"precious");
    assert_eq!(contents(workspace.tree())["src/a"], b"1\n");
}

#[tokio::test]
async fn a_graft_takes_the_named_paths_and_no_others() {
    let world = World::with(&[("a", "1\n"), ("b", "1\n"), ("t", "1\n"), ("d/x", "1\n")]);
    let (workspace, it) = world.check_out("job1").await;
    write(workspace.tree(), &[("a", "2\n"), ("t", "2\n"), ("t2", "2\n"), ("日本", "2\n")]);
    std::fs::remove_file(workspace.tree().join("b")).unwrap();
    std::fs::remove_dir_all(workspace.tree().join("d")).unwrap();
    write(workspace.tree(), &[("d", "a file\n")]);
    let full = workspace.snapshot().await.unwrap().tree;
    let paths = |paths: &[&str]| paths.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();

    // The new tests on the base's sources.
    let tests = workspace.graft(&it.tree, &full, &paths(&["t", "t2", "日本"])).await.unwrap();
    let changed = workspace.changes(&it.tree, &tests).await.unwrap();
    assert_eq!(changed.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["t", "t2", "日本"]);
    workspace.restore(&tests).await.unwrap();
    assert_eq!(contents(workspace.tree())["a"], b"1\n");
    assert_eq!(contents(workspace.tree())["t2"], b"2\n");

    // What was done to `t2`, `b` and `d` undone.
    let undone = workspace.graft(&full, &it.tree, &paths(&["t2", "b", "d", "d/x"])).await.unwrap();
    let changed = workspace.changes(&it.tree, &undone).await.unwrap();
    assert_eq!(changed.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["a", "t", "日本"]);
    assert_eq!(workspace.graft(&full, &it.tree, &[]).await.unwrap(), full);
    let all = paths(&["a", "b", "t", "t2", "日本", "d", "d/x"]);
    assert_eq!(workspace.graft(&full, &it.tree, &all).await.unwrap(), it.tree);
}

#[tokio::test]
async fn the_same_work_gives_the_same_commit() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, it) = world.check_out("job1").await;
    write(workspace.tree(), &[("a", "2\n")]);
    let tree = workspace.snapshot().await.unwrap().tree;
    let message = "fix: 直す\n\n-F /etc/passwd\n\nCodingworker-Job: x\n";
    let first = workspace.commit(&tree, message, &author(), AT).await.unwrap();
    assert_eq!(workspace.commit(&tree, message, &author(), AT).await.unwrap(), first);
    let later = workspace.commit(&tree, message, &author(), Timestamp(0)).await.unwrap();
    assert_ne!(later, first);
    let (again, _) = world.check_out("job2").await;
    write(again.tree(), &[("a", "2\n")]);
    let tree = again.snapshot().await.unwrap().tree;
    assert_eq!(again.commit(&tree, message, &author(), AT).await.unwrap(), first);

    let change = workspace.push("ai/issue-1", &first, &world.stop).await.unwrap();
    let shown = git(
        &world.remote(),
        &["log", "-1", "--format=%an <%ae> %ad %P%n%B", "--date=iso-strict", &change.branch],
    );
    let expected = format!(
        "CodingWorker <worker@example.com> 2026-11-21T04:19:59+00:00 {}\n{message}",
        it.base
    );
    assert_eq!(shown.trim_end().replace("Z ", "+00:00 "), expected.trim_end());
    assert!(workspace.commit(&tree, "  ", &author(), AT).await.is_err());
}

/// One thing that an agent may do to a file or folder of a few names.
#[derive(Clone, Debug)]
enum Deed {
    Write(usize, u8),
    Remove(usize),
    Link(usize),
    Mode(usize),
}

const PATHS: [&str; 7] = ["a", "a/b", "a/b/c", "d/e", "d", "t.log", "日本"];

fn deed() -> impl Strategy<Value = Deed> {
    let path = 0..PATHS.len();
    prop_oneof![
        (path.clone(), any::<u8>()).prop_map(|(path, byte)| Deed::Write(path, byte)),
        path.clone().prop_map(Deed::Remove),
        path.clone().prop_map(Deed::Link),
        path.prop_map(Deed::Mode),
    ]
}

/// Does it, in whatever state the folder is; what is impossible is left.
fn perform(folder: &std::path::Path, deed: &Deed) {
    let clear = |path: &std::path::Path| {
        let _ = std::fs::remove_dir_all(path);
        let _ = std::fs::remove_file(path);
    };
    match *deed {
        Deed::Write(path, byte) => {
            let path = folder.join(PATHS[path]);
            clear(&path);
            let _ = std::fs::create_dir_all(path.parent().unwrap());
            let _ = std::fs::write(path, [byte, b'\n', byte]);
        }
        Deed::Remove(path) => clear(&folder.join(PATHS[path])),
        Deed::Link(path) => {
            clear(&folder.join(PATHS[path]));
            let _ = symlink("somewhere", folder.join(PATHS[path]));
        }
        Deed::Mode(path) => {
            let path = folder.join(PATHS[path]);
            if std::fs::symlink_metadata(&path).is_ok_and(|it| it.is_file()) {
                let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done to a tree, it can be put back and brought again, to the byte.
    #[test]
    fn a_snapshot_and_its_restoration_are_each_others_inverse(
        first in prop::collection::vec(deed(), 1..8),
        second in prop::collection::vec(deed(), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let base = [(".gitattributes", "* text=auto\n"), ("a/b/c", "1\r\n"), ("d/e", "1\n"), ("t.log", "")];
            let world = World::with(&base);
            let (workspace, it) = world.check_out("job1").await;
            let mut states = vec![(it.tree.clone(), contents(workspace.tree()))];
            for deeds in [&first, &second] {
                deeds.iter().for_each(|deed| perform(workspace.tree(), deed));
                let snapshot = workspace.snapshot().await.unwrap();
                states.push((snapshot.tree, contents(workspace.tree())));
            }
            for (tree, content) in states.iter().chain(states.iter().rev()) {
                workspace.restore(tree).await.unwrap();
                assert_eq!(&contents(workspace.tree()), content);
                assert_eq!(&workspace.snapshot().await.unwrap().tree, tree);
            }
        });
    }
}
