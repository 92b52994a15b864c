use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use codingworker::domain::change::ObjectId;
use codingworker::domain::job::{Fault, JobId};
use codingworker::workspace::WorkspaceError;

use super::world::{World, contents, git, told, write};

fn objects(mirror: &Path) -> usize {
    let counted = git(mirror, &["count-objects", "-v"]);
    counted
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| ["count", "in-pack"].contains(name))
        .map(|(_, number)| number.parse::<usize>().unwrap())
        .sum()
}

#[tokio::test]
async fn the_second_job_downloads_only_what_is_new() {
    let files: Vec<(String, String)> =
        (0..200).map(|n| (format!("d{}/f{n}", n % 10), format!("{n}\n").repeat(50))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let world = World::with(&files);
    world.check_out("job1").await;
    let mirror = world.path().join("state/mirrors/acme/api.git");
    let first = objects(&mirror);
    assert!(first > 200, "{first}");

    world.check_out("job2").await;
    assert_eq!(objects(&mirror), first, "nothing was new");

    let tip = world.person_pushes(&[("d1/f1", "new\n")], "main");
    let (third, checked_out) = world.check_out("job3").await;
    assert_eq!(checked_out.base, tip);
    // A commit, two trees, a file; deltas come with what they are a delta of.
    assert!(objects(&mirror) - first <= 7, "{}", objects(&mirror) - first);
    assert_eq!(std::fs::read_to_string(third.tree().join("d1/f1")).unwrap(), "new\n");
    assert_eq!(contents(third.tree()).len(), 200);
}

#[tokio::test]
async fn a_workspace_needs_no_mirror_once_it_is_made() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, checked_out) = world.check_out("job1").await;
    std::fs::remove_dir_all(world.path().join("state/mirrors")).unwrap();
    write(workspace.tree(), &[("a", "2\n")]);
    let snapshot = workspace.snapshot().await.unwrap();
    workspace.restore(&checked_out.tree).await.unwrap();
    assert_eq!(snapshot.changes.len(), 1);
    assert_eq!(contents(workspace.tree())["a"], b"1\n");
}

#[tokio::test]
async fn an_untouched_checkout_is_exactly_the_base_whatever_its_line_endings_and_names() {
    let world = World::empty();
    let files = [
        ("auto.txt", "a\r\nb\r\n"),
        ("win.bat", "a\r\nb\r\n"),
        ("forced.txt", "x\r\ny\r\n"),
        ("mixed.txt", "x\r\ny\n"),
        ("日本語/空 白.txt", "あ\n"),
        ("new\nline", "1\n"),
        ("quo\"te\\tab\t", "1\n"),
        ("-rf", "1\n"),
        (":(glob)**", "1\n"),
        ("id.txt", "$Id: foreign $\n"),
    ];
    world.person_pushes(&files, "main");
    // The attributes come later than the files: what is stored was never normalised.
    let attributes =
        "* text=auto\n*.bat text eol=crlf\nforced.txt text eol=lf\nmixed.txt text\nid.txt ident\n";
    write(&world.path().join("person"), &[(".gitattributes", attributes)]);
    git(&world.path().join("person"), &["add", ".gitattributes"]);
    world.person_commits("main");
    let stored = git(&world.path().join("person"), &["rev-parse", "HEAD^{tree}"]);

    let (workspace, checked_out) = world.check_out("job1").await;
    assert_eq!(checked_out.tree, ObjectId(stored));
    assert_eq!(contents(workspace.tree()).len(), files.len() + 1);
    let untouched = workspace.snapshot().await.unwrap();
    assert_eq!(told(&untouched), []);
    assert_eq!(untouched.tree, checked_out.tree);

    // Written again with the same bytes, as a formatter does.
    for (path, bytes) in contents(workspace.tree()) {
        std::fs::remove_file(workspace.tree().join(&path)).unwrap();
        std::fs::write(workspace.tree().join(&path), bytes).unwrap();
    }
    assert_eq!(workspace.snapshot().await.unwrap().tree, checked_out.tree);

    write(workspace.tree(), &[("日本語/空 白.txt", "い\n"), ("new\nline", "2\n"), ("-rf", "2\n")]);
    let changed = workspace.snapshot().await.unwrap();
    let paths: Vec<_> = changed.changes.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, ["-rf", "new\nline", "日本語/空 白.txt"]);
    let read = workspace.read(&changed.tree, "new\nline", 100).await.unwrap();
    assert_eq!(read.as_deref(), Some(b"2\n".as_slice()));
    workspace.restore(&checked_out.tree).await.unwrap();
    assert_eq!(workspace.snapshot().await.unwrap().tree, checked_out.tree);
}

#[tokio::test]
async fn a_default_branch_may_have_any_name_that_git_allows() {
    let world = World::empty();
    for branch in ["trunk", "feature/x", "課題"] {
        let tip = world.person_pushes(&[("branch", branch)], branch);
        let (workspace, checked_out) = world.try_check_out("job1", branch).await.unwrap();
        assert_eq!(checked_out.base, tip);
        assert_eq!(contents(workspace.tree())["branch"], branch.as_bytes());
    }
    for branch in ["--upload-pack=touch /tmp/x", "-x", "a b", "a:b", "../x", ""] {
        let error = world.try_check_out("job1", branch).await.err().unwrap();
        assert!(matches!(error, WorkspaceError::BadBranch(_)), "{error}");
        assert_eq!(error.fault(), Fault::Permanent);
    }
}

#[tokio::test]
async fn an_empty_repository_a_missing_branch_and_a_missing_repository_are_told_apart() {
    let mut world = World::empty();
    let error = world.try_check_out("job1", "main").await.err().unwrap();
    assert!(matches!(error, WorkspaceError::Empty(_)), "{error}");
    assert!(error.to_string().contains("no commit to start from"), "{error}");
    assert_eq!(error.fault(), Fault::Permanent);

    world.person_pushes(&[("a", "1")], "main");
    let error = world.try_check_out("job1", "trunk").await.err().unwrap();
    assert!(matches!(error, WorkspaceError::BranchMissing { .. }), "{error}");

    world.repository = "acme/nothing".parse().unwrap();
    let error = world.try_check_out("job1", "main").await.err().unwrap();
    assert!(matches!(error, WorkspaceError::NotFound(_)), "{error}");
    assert_eq!(error.fault(), Fault::Permanent);
    assert!(!world.path().join("work/job1").exists());
}

#[tokio::test]
async fn a_repository_with_sha_256_is_refused_in_words() {
    let world = World::empty();
    std::fs::remove_dir_all(world.remote()).unwrap();
    git(
        world.path(),
        &["init", "-q", "--bare", "--object-format=sha256", "-b", "main", "remotes/acme/api.git"],
    );
    git(world.path(), &["init", "-q", "--object-format=sha256", "person"]);
    world.person_pushes(&[("a", "1")], "main");
    let error = world.try_check_out("job1", "main").await.err().unwrap();
    assert!(error.to_string().contains("SHA-256"), "{error}");
    assert_eq!(error.fault(), Fault::Permanent);
}

#[tokio::test]
async fn a_damaged_mirror_is_made_anew() {
    let world = World::with(&[("a", "1\n"), ("b", "2\n")]);
    world.check_out("job1").await;
    let mirror = world.path().join("state/mirrors/acme/api.git");
    let pack = || {
        let packs = std::fs::read_dir(mirror.join("objects/pack")).unwrap().flatten();
        packs.map(|it| it.path()).find(|it| it.extension().is_some_and(|it| it == "pack")).unwrap()
    };
    for damage in ["flip", "cut", "head", "lock"] {
        let pack = pack();
        let mut bytes = std::fs::read(&pack).unwrap();
        let middle = bytes.len() / 2;
        match damage {
            "flip" => bytes[middle..middle + 20].iter_mut().for_each(|byte| *byte ^= 0x55),
            "cut" => bytes.truncate(middle),
            "head" => std::fs::write(mirror.join("HEAD"), "nonsense").unwrap(),
            _ => std::fs::write(mirror.join("shallow.lock"), "").unwrap(),
        }
        std::fs::set_permissions(&pack, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::remove_file(&pack).unwrap();
        std::fs::write(&pack, bytes).unwrap();
        let (workspace, checked_out) = world.check_out("job2").await;
        assert_eq!(workspace.snapshot().await.unwrap().tree, checked_out.tree, "{damage}");
    }
}

#[tokio::test]
async fn a_later_process_goes_on_with_what_an_earlier_one_left() {
    let world = World::with(&[("a", "1\n")]);
    let (workspace, checked_out) = world.check_out("job1").await;
    write(workspace.tree(), &[("b", "2\n")]);
    let snapshot = workspace.snapshot().await.unwrap();
    drop(workspace);

    let (job, other) = (JobId("job1".into()), JobId("job2".into()));
    let later = world.workspaces();
    let found = later.reopen(&job, &world.repository, &checked_out.base).await.unwrap();
    assert_eq!(found.snapshot().await.unwrap(), snapshot);

    let elsewhere = ObjectId("1".repeat(40));
    for (job, base) in [(&other, &checked_out.base), (&job, &elsewhere)] {
        let error = later.reopen(job, &world.repository, base).await.err().unwrap();
        assert!(matches!(error, WorkspaceError::Gone(_)), "{error}");
    }
    let ready = format!("work/job1/git/bases/{}/ready.json", checked_out.base);
    std::fs::remove_file(world.path().join(ready)).unwrap();
    assert!(later.reopen(&job, &world.repository, &checked_out.base).await.is_err());
}

#[tokio::test]
async fn starting_over_leaves_nothing_of_the_first_try() {
    let world = World::with(&[("a", "1\n")]);
    let (first, _) = world.check_out("job1").await;
    write(first.tree(), &[("b", "2\n"), ("node_modules/x", "3\n")]);
    write(first.home(), &[(".bashrc", "evil")]);
    let (second, _) = world.check_out("job1").await;
    assert_eq!(contents(second.tree()).len(), 1);
    assert!(contents(second.home()).is_empty() && contents(second.scratch()).is_empty());
}

#[tokio::test]
async fn orphans_are_swept_and_strangers_are_not() {
    let world = World::with(&[("a", "1\n")]);
    for job in ["job1", "job2", "job3"] {
        world.check_out(job).await;
    }
    let closed = world.path().join("work/job1/tree/closed");
    write(&closed, &[("x", "1")]);
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).unwrap();
    write(&world.path().join("work"), &[("somebodys/thing", "1"), (".gone-job9-1-1/tree/x", "1")]);
    let swept = world.workspaces().sweep(&[JobId("job2".into())]).await;
    assert_eq!(swept, 2);
    let mut left: Vec<_> = std::fs::read_dir(world.path().join("work"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["job2", "somebodys"]);
}

#[tokio::test]
async fn submodules_lfs_and_links_to_elsewhere_are_left_alone_and_told() {
    let world = World::with(&[
        (".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n"),
        ("big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"),
    ]);
    let person = world.path().join("person");
    std::os::unix::fs::symlink("/etc/passwd", person.join("outside")).unwrap();
    std::os::unix::fs::symlink("big.bin", person.join("inside")).unwrap();
    git(&person, &["add", "-A"]);
    let link = format!("160000,{},sub", "1".repeat(40));
    git(&person, &["update-index", "--add", "--cacheinfo", &link]);
    world.person_commits("main");

    let (workspace, checked_out) = world.check_out("job1").await;
    let notes = checked_out.notes.join("\n");
    for word in ["1 submodule(s) were left alone", "`sub`", "Git LFS", "`outside`"] {
        assert!(notes.contains(word), "{notes}");
    }
    assert!(!notes.contains("`inside`"));
    let on_disk = contents(workspace.tree());
    assert!(on_disk["big.bin"].starts_with(b"version https://git-lfs"));
    assert!(on_disk.contains_key("inside") && !on_disk.contains_key("outside"));
    assert_eq!(workspace.snapshot().await.unwrap().tree, checked_out.tree);

    std::fs::remove_dir(workspace.tree().join("sub")).unwrap();
    write(workspace.tree(), &[("new", "1\n")]);
    let snapshot = workspace.snapshot().await.unwrap();
    assert_eq!(snapshot.changes.len(), 1, "{:?}", snapshot.changes);
    workspace.restore(&snapshot.tree).await.unwrap();
    assert_eq!(workspace.snapshot().await.unwrap().tree, snapshot.tree);
    assert!(!contents(workspace.tree()).contains_key("outside"));

    write(workspace.tree(), &[("outside", "now a file\n")]);
    let error = workspace.snapshot().await.unwrap_err();
    assert!(error.to_string().contains("`outside`"), "{error}");
}

#[tokio::test]
async fn a_worn_mirror_is_repacked_under_the_feet_of_a_workspace() {
    let world = World::with(&[("a", "0\n")]);
    let (early, checked_out) = world.check_out("early").await;
    for n in 1..=21 {
        world.person_pushes(&[("a", &format!("{n}\n"))], "main");
        world.check_out("job1").await;
    }
    let workspaces = world.workspaces();
    assert_eq!(workspaces.tidy(&world.stop).await.unwrap(), 1);
    assert_eq!(workspaces.tidy(&world.stop).await.unwrap(), 0);
    write(early.tree(), &[("a", "mine\n")]);
    early.restore(&checked_out.tree).await.unwrap();
    assert_eq!(contents(early.tree())["a"], b"0\n");
    let (late, _) = world.check_out("job2").await;
    assert_eq!(contents(late.tree())["a"], b"21\n");
}

#[tokio::test]
async fn two_jobs_of_one_repository_at_once_do_not_hinder_each_other() {
    let world = World::with(&[("a", "1\n")]);
    let jobs = ["job1", "job2", "job3", "job4"].map(|job| world.try_check_out(job, "main"));
    for made in futures_util::future::join_all(jobs).await {
        let (workspace, checked_out) = made.unwrap();
        assert_eq!(workspace.snapshot().await.unwrap().tree, checked_out.tree);
    }
}

#[tokio::test]
async fn stopping_is_no_failure() {
    let world = World::with(&[("a", "1\n")]);
    world.stop.cancel();
    let error = world.try_check_out("job1", "main").await.err().unwrap();
    assert_eq!(error.fault(), Fault::Interrupted);
}

/// Hostile names that plain git would write into a checkout are refused when fetched.
#[tokio::test]
async fn a_base_with_a_git_folder_in_it_is_refused() {
    let world = World::with(&[("a", "1\n")]);
    let person = world.path().join("person");
    let blob = git(&person, &["hash-object", "-w", "a"]);
    let plant = r#"alias.plant=!f() {
        inner=$(printf '100644 blob %s\tconfig\n' "$1" | git mktree)
        outer=$(printf '040000 tree %s\t.GIT\n' "$inner" | git mktree)
        git push -q "$2" "$(git commit-tree -m planted "$outer")":refs/heads/evil
    }; f"#;
    git(&person, &["-c", plant, "plant", &blob, &world.remote().to_string_lossy()]);
    let error = world.try_check_out("job1", "evil").await.err().unwrap();
    assert!(matches!(error, WorkspaceError::Unusable(_)), "{error:?}");
    assert_eq!(error.fault(), Fault::Permanent);
    assert!(!world.path().join("work/job1").exists());
}
