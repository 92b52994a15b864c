//! How long until a repository is ready to be worked on: the first time, from its mirror alone, and
//! from the tree that an earlier job left; with the base where it was, and moved on by a commit.
//!
//! `--full` takes 100,000 files of 10 KB; without it there are 2,000.
#![expect(clippy::disallowed_methods, reason = "a repository is made with plain git")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use codingworker::domain::job::JobId;
use codingworker::workspace::{WorkspaceOptions, Workspaces};
use figures::{Samples, say};
use tokio_util::sync::CancellationToken;

mod figures;

const ROUNDS: usize = 3;

#[tokio::main]
async fn main() {
    let full = std::env::args().any(|it| it == "--full");
    let files = if full { 100_000 } else { 2_000 };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let remote = folder.path().join("remotes/acme/big.git");
    git(folder.path(), &["init", "-q", "--bare", "-b", "main", "remotes/acme/big.git"]);
    println!("git: {files} files of 10 KB, {ROUNDS} rounds");
    import(&remote, &project(files));
    let bench = Bench {
        workspaces: Workspaces::new(WorkspaceOptions {
            state_dir: folder.path().join("state"),
            work_dir: folder.path().join("work"),
            git_url: format!("file://{}/remotes", folder.path().display()),
            token: None,
            askpass_program: "/bin/false".into(),
            remote_env: Vec::new(),
            mark: None,
        })
        .expect("workspaces"),
    };
    let [mut anew, mut again, mut moved, mut ahead] = [const { Vec::new() }; 4];
    let first = bench.ready("first", false).await;
    bench.workspaces.remove(&JobId("first".into())).await;
    for round in 0..ROUNDS {
        anew.push(bench.ready("anew", false).await);
        bench.retire("anew").await;
        again.push(bench.ready("again", false).await);
        bench.retire("again").await;
        import(&remote, &commit(round));
        moved.push(bench.ready("moved", false).await);
        bench.retire("moved").await;
        ahead.push(bench.ready("ahead", true).await);
        bench.workspaces.remove(&JobId("ahead".into())).await;
    }
    let goal = full.then_some("< 3 s");
    let median = |samples| Samples::of(samples).percentile(50) / 1_000.0;
    say("the first time, with its fetch", first.as_secs_f64(), "s", None);
    say("from the mirror, median", median(anew), "s", None);
    say("from the tree of an earlier job, median", median(again), "s", goal);
    say("the same, base moved by a commit, median", median(moved), "s", goal);
    say("the same, fetched ahead, median", median(ahead), "s", goal);
}

struct Bench {
    workspaces: Workspaces,
}

impl Bench {
    /// From the decision to check out until everything in it is known.
    async fn ready(&self, job: &str, ahead: bool) -> Duration {
        let (job, repository) = (JobId(job.into()), "acme/big".parse().expect("a name"));
        let stop = CancellationToken::new();
        let fetch = ahead.then(|| self.workspaces.fetch_ahead(&repository, "main"));
        if ahead {
            // As long as telling and loading take at the least.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let begun = Instant::now();
        let out = self.workspaces.check_out_fetched(&job, &repository, "main", fetch, &stop).await;
        let (workspace, out) = out.expect("a checkout");
        workspace.files(&out.tree).await.expect("a listing");
        begun.elapsed()
    }

    /// A job has worked in it: a file changed, and something built.
    async fn retire(&self, job: &str) {
        let job = JobId(job.into());
        let folder = self.workspaces.kept_at(&job).expect("a workspace");
        let tree = folder.join("tree");
        std::fs::write(tree.join("pkg000/file00000.rs"), "changed\n").expect("a write");
        std::fs::create_dir_all(tree.join("target/debug")).expect("a folder");
        std::fs::write(tree.join("target/debug/out"), [0; 4_096]).expect("a write");
        self.workspaces.retire(&job).await;
    }
}

/// What `git fast-import` takes: files whose content packs to about half.
fn project(files: usize) -> Vec<u8> {
    let mut stream =
        b"commit refs/heads/main\ncommitter A <a@b> 1700000000 +0000\ndata 1\nx\n".to_vec();
    let mut seed = 1_u64;
    for n in 0..files {
        let mut body = format!("// file {n}\n");
        while body.len() < 10 << 10 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let _ = writeln!(body, "let value_{:016x} = compute(input);", seed);
        }
        let path = format!("pkg{:03}/file{n:05}.rs", n % 200);
        stream
            .extend_from_slice(format!("M 100644 inline {path}\ndata {}\n", body.len()).as_bytes());
        stream.extend_from_slice(body.as_bytes());
        stream.push(b'\n');
    }
    stream
}

fn commit(round: usize) -> Vec<u8> {
    format!(
        "commit refs/heads/main\ncommitter A <a@b> 1700000001 +0000\ndata 1\ny\n\
         from refs/heads/main^0\nM 100644 inline pkg001/file00001.rs\ndata 2\n{round}\n"
    )
    .into_bytes()
}

fn import(remote: &Path, stream: &[u8]) {
    let mut child = Command::new("git")
        .args(["fast-import", "--quiet", "--depth=0"])
        .current_dir(remote)
        .stdin(Stdio::piped())
        .spawn()
        .expect("git");
    child.stdin.take().expect("a pipe").write_all(stream).expect("a write");
    assert!(child.wait().expect("git").success());
}

fn git(folder: &Path, args: &[&str]) {
    let ended = Command::new("git").args(args).current_dir(folder).status().expect("git");
    assert!(ended.success(), "git {args:?}");
}
