//! Many steps by us and by others, and what the remote wrote down about them.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use codingworker::domain::change::{Change, ObjectId};
use codingworker::domain::job::Fault;
use codingworker::workspace::{Rebased, Workspace, WorkspaceError};

use super::branch::HOSTILE;
use super::world::{World, git, try_git, write};

/// In each of two worlds, side by side.
const STEPS: usize = 150;
const SEEDS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9];
const BRANCHES: [&str; 3] = ["f", "g/h", HOSTILE[2]];
const ZERO: &str = "0000000000000000000000000000000000000000";

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

/// The remote, as those see it who are there already: no push of theirs is in our log.
struct Others<'a> {
    world: &'a World,
    dice: Dice,
    /// What was seen in logs that went with their branch.
    seen: usize,
}

impl Others<'_> {
    fn remote(&self, args: &[&str]) -> String {
        // Whoever is slow waits for the branch's lock.
        let me =
            ["-c", "user.name=o", "-c", "user.email=o", "-c", "core.filesRefLockTimeout=20000"];
        git(&self.world.remote(), &[&me, args].concat())
    }

    /// A commit on `parent` with some file of theirs.
    fn commit(&mut self, parent: &str) -> String {
        let text = format!("{}", self.dice.roll(3));
        let script = "alias.made=!f() { blob=$(echo $2 | git hash-object -w --stdin); \
            (git ls-tree $1 | grep -v \"\tfile$2$\"; printf '100644 blob %s\\tfile%s\\n' $blob $2) \
            | git mktree; }; f";
        let tree = self.remote(&["-c", script, "made", parent, &text]);
        let message = format!("theirs {}", self.dice.0);
        self.remote(&["commit-tree", "-m", &message, "-p", parent, &tree])
    }

    fn set(&self, branch: &str, to: &str, why: &str) {
        self.remote(&[
            "update-ref",
            "--create-reflog",
            "-m",
            why,
            &format!("refs/heads/{branch}"),
            to,
        ]);
    }

    fn act(&mut self, branch: &str) {
        let tip = self.world.tip(branch);
        match (tip, self.dice.roll(10)) {
            (None, _) => {
                let root = self.remote(&["rev-parse", "refs/heads/main"]);
                self.set(branch, &root, "created");
            }
            (Some(_), 0) => {
                let (bad, ours) = non_fast_forwards(self.world, branch);
                assert_eq!(bad, Vec::<String>::new());
                self.seen += ours;
                self.remote(&["update-ref", "-d", &format!("refs/heads/{branch}")]);
            }
            (Some(_), 1) => {
                let root = self.remote(&["rev-parse", "refs/heads/main"]);
                let to = self.commit(&root);
                self.set(branch, &to, "forced");
            }
            (Some(tip), _) => {
                let to = self.commit(&tip.0);
                self.set(branch, &to, "theirs");
            }
        }
    }
}

/// What the log of a branch holds that is no fast-forward and that the others did not force, and
/// how many entries are ours.
fn non_fast_forwards(world: &World, branch: &str) -> (Vec<String>, usize) {
    let log = world.remote().join("logs/refs/heads").join(branch);
    let log = std::fs::read_to_string(log).unwrap_or_default();
    let mut bad = Vec::new();
    let mut ours = 0;
    for line in log.lines() {
        let (meta, why) = line.split_once('\t').unwrap_or((line, ""));
        let (old, new) = (&meta[..40], &meta[41..81]);
        if ["created", "forced", "theirs"].contains(&why) {
            continue;
        }
        ours += 1;
        let ancestor = ["merge-base", "--is-ancestor", old, new];
        if old == ZERO || new == ZERO || !try_git(&world.remote(), &ancestor).0 {
            bad.push(line.to_owned());
        }
    }
    (bad, ours)
}

/// Begins something, has somebody else act while it is under way, and sees it through.
async fn meanwhile<F: Future>(ours: F, theirs: impl FnOnce()) -> F::Output {
    let mut ours = pin!(ours);
    let first = futures_util::poll!(ours.as_mut());
    theirs();
    match first {
        Poll::Ready(end) => end,
        Poll::Pending => ours.await,
    }
}

/// Jobs of ours, each somewhere on its way.
struct Ours<'a> {
    world: &'a World,
    /// Where it stands, and what it has pushed and will push once more.
    jobs: HashMap<usize, (&'static str, Workspace, Option<ObjectId>)>,
    tally: HashMap<&'static str, usize>,
}

impl Ours<'_> {
    async fn begin(&mut self, job: usize, branch: &'static str) {
        match self.world.try_check_out(&format!("job{job}"), branch).await {
            Ok((workspace, _)) => drop(self.jobs.insert(job, (branch, workspace, None))),
            Err(WorkspaceError::BranchMissing { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Works and pushes. Now and then somebody else acts while we are at it.
    async fn go_on(&mut self, job: usize, others: &mut Others<'_>, is_race: bool) {
        let Some((branch, workspace, commit)) = self.jobs.remove(&job) else { return };
        let commit = match commit {
            Some(commit) => commit,
            None => {
                let file = ["ours", "file0", "file1"][others.dice.roll(3)];
                let text = format!("{}\n", others.dice.0);
                self.world.work(&workspace, &[(file, &text)]).await
            }
        };
        let before = self.world.tip(branch);
        let push = workspace.push_onto(branch, &commit, &self.world.stop);
        let pushed = match is_race {
            false => push.await,
            true => meanwhile(push, || others.act(branch)).await,
        };
        if !is_race {
            self.is_right(branch, &workspace, before.as_ref(), &pushed);
        }
        let kind = match pushed {
            Ok(_) if others.dice.roll(3) == 0 => {
                self.jobs.insert(job, (branch, workspace, Some(commit)));
                "pushed, and once more later"
            }
            Ok(_) => "pushed",
            Err(WorkspaceError::BranchGone(_)) => "gone",
            Err(WorkspaceError::Moved { .. }) => self.put_on(job, branch, workspace, &commit).await,
            Err(error) => {
                assert!(is_race && error.fault() == Fault::Transient, "{error:?}");
                "a lock was held"
            }
        };
        *self.tally.entry(kind).or_default() += 1;
    }

    /// Where nobody interferes, the end follows from what was there before.
    fn is_right(
        &self,
        branch: &str,
        workspace: &Workspace,
        before: Option<&ObjectId>,
        pushed: &Result<Change, WorkspaceError>,
    ) {
        match pushed {
            Ok(_) => return assert!(before.is_some()),
            Err(WorkspaceError::Moved { tip, .. }) => {
                assert_eq!(Some(tip), before);
                assert_ne!(tip, workspace.base());
            }
            Err(WorkspaceError::BranchGone(_)) => assert_eq!(before, None),
            Err(other) => panic!("{other:?}"),
        }
        let after = self.world.tip(branch);
        assert_eq!(after.as_ref(), before, "a push that failed changed something");
    }

    async fn put_on(
        &mut self,
        job: usize,
        branch: &'static str,
        workspace: Workspace,
        commit: &ObjectId,
    ) -> &'static str {
        let git_dir = self.world.path().join(format!("work/job{job}/git"));
        let work = ObjectId(git(&git_dir, &["rev-parse", &format!("{commit}^{{tree}}")]));
        let workspaces = self.world.workspaces();
        match workspaces.rebase(&workspace, branch, &work, &self.world.stop).await {
            Ok(Rebased::Clean { workspace, tree, .. }) => {
                workspace.restore(&tree).await.unwrap();
                self.jobs.insert(job, (branch, workspace, None));
                "moved, rebased"
            }
            Ok(Rebased::Conflict { .. }) => "moved, conflict",
            Err(WorkspaceError::BranchGone(_)) => "moved, gone",
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn in_three_hundred_steps_by_us_and_others_nothing_of_ours_is_but_a_fast_forward() {
    let here = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let done = std::thread::scope(|scope| {
        let worlds = SEEDS.map(|seed| scope.spawn(move || here().block_on(steps(seed))));
        worlds.map(|it| it.join().unwrap())
    });
    let pushes: usize = done.iter().map(|it| it.0).sum();
    let mut tally: HashMap<&str, usize> = HashMap::new();
    for (kind, times) in done.iter().flat_map(|it| &it.1) {
        *tally.entry(kind).or_default() += times;
    }
    for kind in
        ["pushed", "pushed, and once more later", "gone", "moved, rebased", "moved, conflict"]
    {
        assert!(
            tally.get(kind).is_some_and(|&times| times > 0),
            "{kind} never happened: {tally:?}"
        );
    }
    assert!(pushes > 20, "only {pushes} pushes of ours were written down: {tally:?}");
}

/// One world's steps: the pushes of ours that it wrote down, and what became of how many.
async fn steps(seed: u64) -> (usize, HashMap<&'static str, usize>) {
    let world = World::with(&[("file0", "0\n"), ("file1", "0\n"), ("ours", "0\n")]);
    for setting in ["receive.denyNonFastForwards", "receive.denyDeletes"] {
        git(&world.remote(), &["config", setting, "false"]);
    }
    git(&world.remote(), &["config", "core.logAllRefUpdates", "always"]);
    let main = world.tip("main");
    let mut others = Others { world: &world, dice: Dice(seed), seen: 0 };
    BRANCHES.iter().for_each(|branch| others.act(branch));
    let mut ours = Ours { world: &world, jobs: HashMap::new(), tally: HashMap::new() };
    for _ in 0..STEPS {
        let branch = BRANCHES[others.dice.roll(BRANCHES.len())];
        let (job, choice) = (others.dice.roll(4), others.dice.roll(10));
        match choice {
            0..3 => others.act(branch),
            _ if !ours.jobs.contains_key(&job) => ours.begin(job, branch).await,
            _ => ours.go_on(job, &mut others, choice == 3).await,
        }
    }
    let mut pushes = others.seen;
    for branch in BRANCHES {
        let (bad, some) = non_fast_forwards(&world, branch);
        assert_eq!(bad, Vec::<String>::new(), "seed {seed:#x}");
        pushes += some;
    }
    assert_eq!(world.tip("main"), main, "somebody touched main");
    (pushes, ours.tally)
}

/// Control: what git calls a forced push would be found.
#[tokio::test]
async fn a_push_that_is_no_fast_forward_would_be_seen_in_the_log() {
    let world = World::with(&[("a", "1\n")]);
    git(&world.remote(), &["config", "core.logAllRefUpdates", "always"]);
    let (workspace, out) = world.check_out("job1").await;
    let ours = world.work(&workspace, &[("a", "2\n")]).await;
    world.somebody("main", |it| write(it, &[("b", "1\n")]));
    assert_eq!(non_fast_forwards(&world, "main").0, Vec::<String>::new());
    let git_dir = world.path().join("work/job1/git");
    let (remote, to) = (world.remote(), format!("+{ours}:refs/heads/main"));
    git(&git_dir, &["push", "-q", &remote.to_string_lossy(), &to]);
    let (bad, _) = non_fast_forwards(&world, "main");
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert_eq!(workspace.base(), &out.base);
}
