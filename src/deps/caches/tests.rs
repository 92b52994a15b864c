use std::os::unix::fs::symlink;

use super::*;

/// A store for so many bytes, a checkout and its HOME.
struct Job {
    dir: tempfile::TempDir,
    caches: Caches,
    key: Key,
    repository: Repository,
}

impl Job {
    fn new(most: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let caches = Caches::new(dir.path().join("caches"), most);
        let key = Caches::key(&["cargo test"], "", Path::new("/seat"));
        let job = Self { dir, caches, key, repository: "acme/api".parse().unwrap() };
        for folder in ["tree/target/debug", "tree/pkg", "home/.cache", "home/private"] {
            fs::create_dir_all(job.at(folder)).unwrap();
        }
        job
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    async fn keep(&self, roots: &[&str]) -> io::Result<Option<u64>> {
        let (tree, home) = (self.at("tree"), self.at("home"));
        let ground =
            Ground { repository: &self.repository, key: &self.key, tree: &tree, home: &home };
        let roots: Vec<Vec<u8>> = roots.iter().map(|it| it.as_bytes().to_vec()).collect();
        let record = Record { base: ObjectId("b".repeat(40)), stamps: b"stamps".to_vec() };
        self.caches.keep(ground, &roots, &record, &CancellationToken::new()).await
    }

    async fn copy(&self) -> io::Result<Option<Copied>> {
        self.caches.copy(&self.repository, &self.key, &self.at("copy")).await
    }
}

#[tokio::test]
async fn the_next_job_gets_what_was_kept_as_a_copy_of_its_own() {
    let job = Job::new(1 << 20);
    fs::write(job.at("tree/target/debug/lib"), "built").unwrap();
    fs::hard_link(job.at("tree/target/debug/lib"), job.at("tree/target/lib")).unwrap();
    fs::write(job.at("tree/pkg/it.pyc"), "compiled").unwrap();
    fs::write(job.at("tree/source"), "not ignored").unwrap();
    fs::write(job.at("home/.cache/go"), "go").unwrap();
    fs::write(job.at("home/private/key"), "no cache").unwrap();
    nix::unistd::mkfifo(&job.at("tree/target/pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    symlink("/etc", job.at("tree/target/out")).unwrap();
    assert!(job.keep(&["target", "pkg/it.pyc"]).await.unwrap().is_some());

    fs::create_dir_all(job.at("next/tree/pkg")).unwrap();
    fs::create_dir_all(job.at("next/home")).unwrap();
    let copied = job.copy().await.unwrap().unwrap();
    assert_eq!(copied.record.stamps, b"stamps");
    copied.settle(&job.at("next/tree"), &job.at("next/home")).await.unwrap();
    let read = |path: &str| fs::read_to_string(job.at(path)).ok();
    assert_eq!(read("next/tree/target/debug/lib").as_deref(), Some("built"));
    assert_eq!(read("next/tree/pkg/it.pyc").as_deref(), Some("compiled"));
    assert_eq!(read("next/home/.cache/go").as_deref(), Some("go"));
    assert_eq!(fs::read_link(job.at("next/tree/target/out")).unwrap(), Path::new("/etc"));
    for absent in ["next/tree/source", "next/home/private", "next/tree/target/pipe", "copy"] {
        assert!(job.at(absent).symlink_metadata().is_err(), "{absent}");
    }
    // What this job does to its copy reaches nobody.
    fs::write(job.at("next/tree/target/debug/lib"), "poison").unwrap();
    fs::write(job.at("tree/target/debug/lib"), "poison").unwrap();
    let copied = job.copy().await.unwrap().unwrap();
    let kept = fs::read_to_string(copied.folder.join("tree/target/debug/lib")).unwrap();
    assert_eq!(kept, "built");
    drop(copied);
    // Kept after the job, and not before its first turn, it would reach the next one.
    job.keep(&["target"]).await.unwrap();
    let copied = job.copy().await.unwrap().unwrap();
    let kept = fs::read_to_string(copied.folder.join("tree/target/debug/lib")).unwrap();
    assert_eq!(kept, "poison");
}

#[tokio::test]
async fn nothing_is_put_behind_a_link_or_in_place_of_what_is_there() {
    let job = Job::new(1 << 20);
    for path in ["tree/target/a", "tree/pkg/b"] {
        fs::write(job.at(path), "kept").unwrap();
    }
    job.keep(&["target", "pkg/b"]).await.unwrap();
    for folder in ["next/tree/target", "next/home", "outside"] {
        fs::create_dir_all(job.at(folder)).unwrap();
    }
    symlink(job.at("outside"), job.at("next/tree/pkg")).unwrap();
    let copied = job.copy().await.unwrap().unwrap();
    copied.settle(&job.at("next/tree"), &job.at("next/home")).await.unwrap();
    assert_eq!(fs::read_dir(job.at("outside")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(job.at("next/tree/target")).unwrap().count(), 0);
}

#[tokio::test]
async fn too_much_is_not_kept_and_what_was_kept_before_goes() {
    let job = Job::new(100_000);
    fs::write(job.at("tree/target/a"), "small").unwrap();
    assert!(job.keep(&["target"]).await.unwrap().is_some());
    assert!(job.copy().await.unwrap().is_some());
    fs::write(job.at("tree/target/b"), vec![1; 200_000]).unwrap();
    assert_eq!(job.keep(&["target"]).await.unwrap(), None);
    assert!(job.copy().await.unwrap().is_none());
    // A file of holes is as large as it says.
    fs::remove_file(job.at("tree/target/b")).unwrap();
    fs::File::create(job.at("tree/target/b")).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(job.keep(&["target"]).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_kept_anew_takes_the_place_of_what_was() {
    let job = Job::new(1 << 20);
    for text in ["one", "two"] {
        fs::write(job.at("tree/target/a"), text).unwrap();
        job.keep(&["target"]).await.unwrap();
    }
    let copied = job.copy().await.unwrap().unwrap();
    assert_eq!(fs::read_to_string(copied.folder.join("tree/target/a")).unwrap(), "two");
    let shelf = job.at("caches/acme/api");
    assert_eq!(fs::read_dir(shelf).unwrap().count(), 1, "the old one is gone");
    // A job is about to copy it: it is young.
    assert_eq!(job.caches.prune().await, 0);
    let used = job.at("caches/acme/api").join(job.key.to_string()).join(super::super::USED);
    let used = fs::File::options().write(true).open(used).unwrap();
    used.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    drop(copied);
    assert!(job.caches.prune().await > 0);
    assert!(job.copy().await.unwrap().is_none());
}

#[test]
fn another_command_place_or_path_finds_nothing_of_this_one() {
    let key = |commands: &[&str], place, seat| Caches::key(commands, place, Path::new(seat));
    let one = key(&["a", "b"], "", "/0");
    let others = [
        key(&["ab"], "", "/0"),
        key(&["b", "a"], "", "/0"),
        key(&["a", "b"], "sha256:1", "/0"),
        key(&["a", "b"], "", "/1"),
    ];
    assert!(others.iter().all(|it| *it != one));
}
