//! A tree that foreign code has written in, used again: nothing of that is there.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use codingworker::domain::job::JobId;
use codingworker::workspace::Workspace;

use super::world::{World, git, write};

/// Enough that git is busy for longer than one step of the clock.
const MANY: usize = 1_500;

fn many() -> World {
    let names: Vec<String> = (0..MANY).map(|n| format!("d{}/e{}/f{n}", n % 10, n % 7)).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1\n")).collect();
    files.push((".gitignore", "target/\n"));
    World::with(&files)
}

async fn retire(world: &World, job: &str) {
    world.workspaces().retire(&JobId(job.to_owned())).await;
}

/// Everything below a folder: kind, rights, and content or target. No times.
fn all(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(path) = waiting.pop() {
        let it = fs::symlink_metadata(&path).unwrap();
        let content = if it.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().flatten().map(|it| it.path()));
            Vec::new()
        } else if it.is_symlink() {
            fs::read_link(&path).unwrap().to_string_lossy().into_owned().into_bytes()
        } else {
            fs::read(&path).unwrap()
        };
        found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), (it.mode(), content));
    }
    found
}

/// As git writes it where nothing was before.
async fn fresh(world: &World) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut options = world.options();
    let elsewhere = tempfile::tempdir_in(world.path()).unwrap();
    options.work_dir = elsewhere.path().to_path_buf();
    let workspaces = codingworker::workspace::Workspaces::new(options).unwrap();
    let job = JobId("fresh".into());
    let made = workspaces.check_out(&job, &world.repository, "main", &world.stop).await;
    all(made.unwrap().0.tree())
}

fn inodes(workspace: &Workspace) -> Vec<u64> {
    let inode = |n| fs::metadata(workspace.tree().join(format!("d{}/e{}/f{n}", n % 10, n % 7)));
    (0..MANY).map(|n| inode(n).map_or(0, |it| it.ino())).collect()
}

/// Other words of the same length, and the old time again.
fn forge(file: &Path, text: &str) {
    let before = fs::metadata(file).unwrap();
    assert_eq!(before.len(), text.len() as u64);
    fs::write(file, text).unwrap();
    let times = FileTimes::new().set_modified(before.modified().unwrap());
    File::options().write(true).open(file).unwrap().set_times(times).unwrap();
}

#[tokio::test]
async fn the_next_job_gets_the_files_that_nobody_touched_and_the_tip_of_its_own_base() {
    let world = many();
    let (first, _) = world.check_out("job1").await;
    let before = inodes(&first);
    write(first.tree(), &[("d0/e0/f0", "2\n"), ("target/debug/x", "built")]);
    retire(&world, "job1").await;
    assert!(!first.tree().exists());
    world.somebody("main", |tree| {
        write(tree, &[("d1/e1/f1", "3\n"), ("new/deep/file", "3\n")]);
        fs::remove_file(tree.join("d2/e2/f2")).unwrap();
    });
    let (second, it) = world.check_out("job2").await;
    let kept = before.iter().zip(inodes(&second)).filter(|(a, b)| **a == *b).count();
    assert!(kept > MANY / 4, "{kept} files were used again");
    assert_eq!(all(second.tree()), fresh(&world).await);
    assert!(second.snapshot().await.unwrap().changes.is_empty());
    write(second.tree(), &[("d3/e3/f3", "4\n")]);
    let changes = second.snapshot().await.unwrap().changes;
    assert_eq!(changes.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["d3/e3/f3"]);
    second.restore(&it.tree).await.unwrap();
    assert_eq!(all(second.tree()), fresh(&world).await);
}

#[tokio::test]
async fn folders_that_were_reserved_are_filled_where_they_are() {
    let world = many();
    let inode = |path: &Path| fs::metadata(path).unwrap().ino();
    for job in ["job1", "job2"] {
        let (tree, scratch) = world.workspaces().reserve(&JobId(job.into())).unwrap();
        let before = (inode(&tree), inode(&scratch));
        let (made, _) = world.check_out(job).await;
        assert_eq!((made.tree(), inode(&tree), inode(&scratch)), (&*tree, before.0, before.1));
        assert_eq!(all(&tree), fresh(&world).await);
        retire(&world, job).await;
    }
}

/// The control: a reuse that goes by size and modification time, as `core.trustctime=false` does.
#[tokio::test]
async fn by_size_and_modification_time_a_planted_change_goes_through() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, it) = world.check_out("job1").await;
    let (git_dir, file) = (world.path().join("work/job1/git"), workspace.tree().join("a"));
    let index = git_dir.join("naive");
    let theirs = git_dir.join(format!("bases/{}/index", it.base));
    // git looks twice at a file that is as young as the index.
    while {
        fs::copy(&theirs, &index).unwrap();
        fs::metadata(&index).unwrap().mtime() <= fs::metadata(&file).unwrap().mtime()
    } {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    forge(&file, "!\n");
    let (git_dir, index) = (git_dir.display(), index.display());
    let restore = format!(
        "!GIT_INDEX_FILE={index} git --git-dir={git_dir} --work-tree=. -c core.trustctime=false \
         read-tree --reset -u {}",
        it.tree
    );
    git(workspace.tree(), &["-c", &format!("alias.naive={restore}"), "naive"]);
    assert_eq!(fs::read(&file).unwrap(), b"!\n", "a naive reuse would not be dangerous");
}

#[tokio::test]
async fn nothing_that_foreign_code_left_reaches_the_next_job() {
    let world = many();
    let secret = world.path().join("outside");
    write(&secret, &[("a", "1\n")]);
    for round in 0..3 {
        let (job, next) = (format!("job{round}"), format!("next{round}"));
        let (workspace, _) = world.check_out(&job).await;
        let tree = workspace.tree();
        for n in 0..MANY {
            // All of them, so that whichever git wrote when is among them.
            if n % 3 == 0 {
                forge(&tree.join(format!("d{}/e{}/f{n}", n % 10, n % 7)), "!\n");
            }
        }
        write(tree, &[("d1/e1/new", "!"), ("target/x", "!"), (".git/hooks/pre-commit", "!")]);
        write(tree, &[("d1/e1/.git/config", "!"), ("d4/e4/target/y", "!")]);
        fs::set_permissions(tree.join("d1/e1/f1"), Permissions::from_mode(0o6777)).unwrap();
        fs::remove_file(tree.join("d2/e2/f2")).unwrap();
        fs::hard_link(secret.join("a"), tree.join("d2/e2/f2")).unwrap();
        fs::hard_link(tree.join("d4/e4/f4"), secret.join(format!("held{round}"))).unwrap();
        fs::remove_dir_all(tree.join("d5/e5")).unwrap();
        symlink(&secret, tree.join("d5/e5")).unwrap();
        // Two folders of equal files change places: each inode is as it was, under another path.
        for (from, to) in [("d7/e0", "x"), ("d7/e1", "d7/e0"), ("x", "d7/e1")] {
            fs::rename(tree.join(from), tree.join(to)).unwrap();
        }
        fs::create_dir(tree.join("d8/hollow")).unwrap();
        git(tree, &["init", "-q", "d8/nested"]);
        for (folder, mode) in [("d6", 0o1777), ("d9/e2", 0)] {
            fs::set_permissions(tree.join(folder), Permissions::from_mode(mode)).unwrap();
        }
        let marked = rustix::fs::setxattr(
            tree.join("d3"),
            "user.note",
            b"hello",
            rustix::fs::XattrFlags::empty(),
        );
        if round == 2 {
            fs::set_permissions(tree, Permissions::from_mode(0o777)).unwrap();
        }
        retire(&world, &job).await;
        // Whoever held a name of a file outside cannot reach the next job's by it.
        fs::write(secret.join(format!("held{round}")), "!\n").unwrap();
        let (second, _) = world.check_out(&next).await;
        assert_eq!(all(second.tree()), fresh(&world).await);
        assert!(marked.is_err() || attributes(&second.tree().join("d3")).is_empty());
        assert!(second.snapshot().await.unwrap().changes.is_empty());
        assert_eq!(fs::read(secret.join("a")).unwrap(), b"1\n");
        retire(&world, &next).await;
    }
}

fn attributes(path: &Path) -> Vec<u8> {
    let mut names = vec![0; 1_024];
    let length = rustix::fs::listxattr(path, &mut names[..]).unwrap();
    names.truncate(length);
    let theirs = |name: &&[u8]| name.starts_with(b"user.");
    names.split(|&byte| byte == 0).filter(theirs).flatten().copied().collect()
}

#[tokio::test]
async fn links_that_lead_out_line_endings_and_submodules_are_as_in_a_first_checkout() {
    let world = many();
    world.somebody("main", |tree| symlink("/etc/passwd", tree.join("out")).unwrap());
    let (first, it) = world.check_out("job1").await;
    assert_eq!(it.notes.len(), 1, "{:?}", it.notes);
    symlink("/etc/passwd", first.tree().join("out")).unwrap();
    retire(&world, "job1").await;
    let (second, it) = world.check_out("job2").await;
    assert_eq!(it.notes.len(), 1, "{:?}", it.notes);
    assert_eq!(all(second.tree()), fresh(&world).await);
    retire(&world, "job2").await;
    world.somebody("main", |tree| {
        fs::remove_file(tree.join("out")).unwrap();
        write(tree, &[(".gitattributes", "* text eol=crlf\n"), ("out", "a file now\n")]);
        let other = git(tree, &["rev-parse", "HEAD"]);
        git(tree, &["update-index", "--add", "--cacheinfo", &format!("160000,{other},sub")]);
        fs::create_dir(tree.join("sub")).unwrap();
    });
    for job in ["job3", "job4"] {
        let (third, _) = world.check_out(job).await;
        assert_eq!(fs::read(third.tree().join("d0/e0/f0")).unwrap(), b"1\r\n");
        assert_eq!(all(third.tree()), fresh(&world).await);
        retire(&world, job).await;
    }
}

#[tokio::test]
async fn only_so_many_trees_are_kept_and_half_a_one_goes_at_the_start() {
    let world = World::with(&[("a", "1\n")]);
    for n in 0..4 {
        world.check_out(&format!("job{n}")).await;
    }
    for n in 0..4 {
        retire(&world, &format!("job{n}")).await;
    }
    let shelf = world.path().join("work/.spare/acme/api");
    let kept = || fs::read_dir(&shelf).unwrap().count();
    assert_eq!(kept(), 2);
    write(&shelf, &[(".half-1-1/tree/a", "!")]);
    world.workspaces().sweep(&[]).await;
    assert_eq!(kept(), 2);
    // Work that was put on another base stands on files that were written beside foreign code.
    let (workspace, it) = world.check_out("job5").await;
    assert_eq!(kept(), 1);
    world.somebody("main", |tree| write(tree, &[("a", "2\n")]));
    let rebased = world.workspaces().rebase(&workspace, "main", &it.tree, &world.stop).await;
    assert!(matches!(rebased, Ok(codingworker::workspace::Rebased::Clean { .. })));
    retire(&world, "job5").await;
    assert_eq!(kept(), 1);
    assert!(!workspace.tree().exists());
}
