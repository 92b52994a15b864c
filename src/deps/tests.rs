use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::time::SystemTime;

use super::*;

fn repository() -> Repository {
    "acme/api".parse().unwrap()
}

fn preparation() -> Preparation {
    Preparation {
        name: "npm".into(),
        command: "npm ci".into(),
        files: vec!["a".into(), "b".into()],
        ..Preparation::default()
    }
}

fn key() -> Key {
    Deps::key(&preparation(), &[Some(b"1".to_vec()), None], "host")
}

/// A store, and the folder that holds it.
fn store() -> (tempfile::TempDir, Deps) {
    let dir = tempfile::tempdir().unwrap();
    let store = Deps::new(dir.path().join("deps"));
    (dir, store)
}

async fn filled(store: &Deps, key: &Key, text: &str) -> PathBuf {
    let begun = store.begin(&repository(), key).unwrap();
    std::fs::write(begun.files().join("it"), text).unwrap();
    store.finish(begun).await.unwrap()
}

/// As if it had been used last when time began.
fn long_unused(files: &Path) {
    let used = File::options().write(true).open(files.with_file_name(USED)).unwrap();
    used.set_modified(SystemTime::UNIX_EPOCH).unwrap();
}

#[test]
fn every_part_of_a_preparation_makes_another_key_and_nothing_slips_into_its_neighbour() {
    let contents = [Some(b"1".to_vec()), None];
    let with = |change: &dyn Fn(&mut Preparation)| {
        let mut changed = preparation();
        change(&mut changed);
        Deps::key(&changed, &contents, "host").0
    };
    let again = |contents: &[Option<Vec<u8>>], place| Deps::key(&preparation(), contents, place).0;
    let keys = [
        again(&contents, "host"),
        again(&contents, "sha256:1"),
        again(&[Some(b"2".to_vec()), None], "host"),
        again(&[Some(b"1".to_vec()), Some(Vec::new())], "host"),
        again(&[None, Some(b"1".to_vec())], "host"),
        again(&[Some(b"1".to_vec())], "host"),
        with(&|it| it.name = "npmnpm ci".into()),
        with(&|it| it.command = "npm ci ".into()),
        with(&|it| it.files = vec!["ab".into(), String::new()]),
        with(&|it| it.files = vec!["b".into(), "a".into()]),
        with(&|it| {
            it.name = "np".into();
            it.command = "mnpm ci".into();
        }),
    ];
    let different: std::collections::BTreeSet<&String> = keys.iter().collect();
    assert_eq!(different.len(), keys.len());
    assert_eq!(keys[0], again(&contents, "host"));
    // What the checks get is for the checks: the same things are brought.
    assert_eq!(keys[0], with(&|it| it.env = vec![("A".into(), "b".into())]));
    assert!(keys[0].len() == 64 && keys[0].bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[tokio::test]
async fn what_was_begun_is_found_only_once_it_is_complete() {
    let (dir, store) = store();
    assert_eq!(store.find(&repository(), &key()), None);
    let begun = store.begin(&repository(), &key()).unwrap();
    std::fs::write(begun.files().join("it"), "1").unwrap();
    assert_eq!(store.find(&repository(), &key()), None);
    let files = store.finish(begun).await.unwrap();
    assert_eq!(store.find(&repository(), &key()), Some(files.clone()));
    assert_eq!(std::fs::read_to_string(files.join("it")).unwrap(), "1");
    let other = "acme/web".parse().unwrap();
    assert_eq!(store.find(&other, &key()), None, "each repository has its own");
    let mode = std::fs::metadata(dir.path().join("deps/acme")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "nobody else reads it");
}

#[tokio::test]
async fn a_try_that_is_given_up_leaves_nothing_and_disturbs_nobody() {
    let (_dir, store) = store();
    let begun = store.begin(&repository(), &key()).unwrap();
    let folder = begun.files();
    std::fs::write(folder.join("half"), "1").unwrap();
    drop(begun);
    assert!(!folder.exists());
    let files = filled(&store, &key(), "whole").await;
    assert_eq!(std::fs::read_dir(files).unwrap().count(), 1);
}

#[tokio::test]
async fn of_two_that_fill_the_same_key_at_once_the_first_to_finish_stays() {
    let (_dir, store) = store();
    let one = store.begin(&repository(), &key()).unwrap();
    let two = store.begin(&repository(), &key()).unwrap();
    assert_ne!(one.files(), two.files());
    std::fs::write(one.files().join("it"), "one").unwrap();
    std::fs::write(two.files().join("it"), "two").unwrap();
    let second = two.files();
    let kept = store.finish(one).await.unwrap();
    assert_eq!(store.finish(two).await.unwrap(), kept);
    assert_eq!(std::fs::read_to_string(kept.join("it")).unwrap(), "one");
    assert!(!second.exists());
}

#[tokio::test]
async fn a_copy_is_the_jobs_to_spoil_and_its_links_are_links() {
    let (dir, store) = store();
    let outside = dir.path().join("secret");
    std::fs::write(&outside, "secret").unwrap();
    let begun = store.begin(&repository(), &key()).unwrap();
    let inside = begun.files();
    std::fs::create_dir(inside.join("closed")).unwrap();
    std::fs::write(inside.join("closed/file"), "1").unwrap();
    std::fs::write(inside.join("run"), "#!/bin/sh").unwrap();
    for (path, mode) in [("run", 0o4555), ("closed/file", 0o444), ("closed", 0o555)] {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(inside.join(path), mode).unwrap();
    }
    symlink(&outside, inside.join("link")).unwrap();
    symlink(dir.path(), inside.join("folder")).unwrap();
    nix::unistd::mkfifo(&inside.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(std::fs::metadata(inside.join("pipe")).unwrap().file_type().is_fifo());
    let files = store.finish(begun).await.unwrap();

    let copy = dir.path().join("job/deps");
    Deps::copy(&files, &copy).await.unwrap();
    assert!(!copy.join("pipe").exists());
    assert_eq!(std::fs::read_link(copy.join("link")).unwrap(), outside);
    assert_eq!(std::fs::read_link(copy.join("folder")).unwrap(), dir.path());
    let mode = |path: &str| std::fs::metadata(copy.join(path)).unwrap().mode() & 0o7777;
    assert_eq!((mode("run"), mode("closed"), mode("closed/file")), (0o755, 0o755, 0o644));
    let secret = std::fs::metadata(&outside).unwrap().mode();

    std::fs::write(copy.join("closed/file"), "spoilt").unwrap();
    std::fs::write(copy.join("closed/new"), "more").unwrap();
    assert_eq!(std::fs::read_to_string(files.join("closed/file")).unwrap(), "1");
    assert!(!files.join("closed/new").exists());
    assert_eq!(std::fs::metadata(&outside).unwrap().mode(), secret);
    let again = Deps::copy(&files, &copy).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn a_command_that_puts_a_link_in_its_folders_place_brings_nothing() {
    let (dir, store) = store();
    let begun = store.begin(&repository(), &key()).unwrap();
    std::fs::remove_dir(begun.files()).unwrap();
    symlink(dir.path(), begun.files()).unwrap();
    let refused = store.finish(begun).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotADirectory);
    assert_eq!(store.find(&repository(), &key()), None);
    symlink(dir.path(), dir.path().join("link")).unwrap();
    let target = dir.path().join("copy");
    assert!(Deps::copy(&dir.path().join("link"), &target).await.is_err());
}

#[tokio::test]
async fn what_is_long_unused_goes_and_what_is_asked_for_stays() {
    let (_dir, store) = store();
    let week = Duration::from_secs(7 * 86_400);
    let old = filled(&store, &key(), "old").await;
    let young = Key("b".repeat(64));
    let young_files = filled(&store, &young, "young").await;
    assert_eq!(store.prune(week, u64::MAX).await, 0, "both are young");
    long_unused(&old);
    long_unused(&young_files);
    assert!(store.find(&repository(), &young).is_some());
    assert!(store.prune(week, u64::MAX).await > 0);
    assert_eq!(store.find(&repository(), &key()), None);
    assert!(store.find(&repository(), &young).is_some());
}

#[tokio::test]
async fn what_is_too_much_goes_the_oldest_first_but_never_what_a_job_is_about_to_copy() {
    let (_dir, store) = store();
    let keys = ["1", "2", "3"].map(|digit| Key(digit.repeat(64)));
    let year = Duration::from_secs(100 * 365 * 86_400);
    let mut files = Vec::new();
    for (n, key) in keys.iter().enumerate() {
        let at = filled(&store, key, &"x".repeat(100_000)).await;
        let used = File::options().write(true).open(at.with_file_name(USED)).unwrap();
        let when = SystemTime::UNIX_EPOCH + Duration::from_secs(n as u64 * 86_400);
        used.set_modified(when).unwrap();
        files.push(at);
    }
    let found = || keys.iter().map(|it| store.entry(&repository(), it).exists());
    assert_eq!(store.prune(year, u64::MAX).await, 0);
    assert!(store.prune(year, 250_000).await >= 100_000);
    assert_eq!(found().collect::<Vec<_>>(), [false, true, true]);
    assert!(store.find(&repository(), &keys[1]).is_some());
    assert!(store.prune(year, 0).await >= 100_000);
    assert_eq!(found().collect::<Vec<_>>(), [false, true, false]);
}

#[tokio::test]
async fn what_a_killed_worker_began_is_removed_and_what_another_one_fills_is_not() {
    let (_dir, store) = store();
    let begun = store.begin(&repository(), &key()).unwrap();
    let shelf = store.entry(&repository(), &key()).parent().unwrap().to_owned();
    let dead = shelf.join(".begun-1-1");
    std::fs::create_dir_all(dead.join(FILES)).unwrap();
    std::fs::write(dead.join(LOCK), "").unwrap();
    std::fs::create_dir_all(shelf.join(".gone-1-1/files")).unwrap();
    std::fs::create_dir_all(shelf.join("f".repeat(64))).unwrap();
    store.prune(Duration::ZERO, 0).await;
    let left: Vec<_> = std::fs::read_dir(&shelf).unwrap().map(|it| it.unwrap().path()).collect();
    assert_eq!(left, [begun.files().parent().unwrap()]);
    store.finish(begun).await.unwrap();
    assert!(store.find(&repository(), &key()).is_some());
}
