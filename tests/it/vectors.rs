//! The seventeen ways to make git run something by what is written into a repository's `.git`,
//! which the agent can write. Control: plain git in that tree runs fifteen of them. Through
//! `Workspace` none runs, and commit and push come out right.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::workspace::world::{AT, World, author, contents, git, told, try_git, write};
use codingworker::domain::change::ChangeKind::{Added, Changed};

/// Plants one vector in `git_dir`; `script` leaves the canary when it runs.
type Plant = fn(git_dir: &Path, script: &Path);

const VECTORS: [(&str, Plant); 17] = [
    ("core.fsmonitor", |git_dir, script| set(git_dir, "core.fsmonitor", &shown(script))),
    ("hooks/pre-commit", |git_dir, script| hook(&git_dir.join("hooks"), "pre-commit", script)),
    ("hooks/pre-push", |git_dir, script| hook(&git_dir.join("hooks"), "pre-push", script)),
    ("core.hooksPath", |git_dir, script| {
        hook(&git_dir.join("evil"), "pre-commit", script);
        set(git_dir, "core.hooksPath", &shown(&git_dir.join("evil")));
    }),
    ("filter.clean", |git_dir, script| {
        set(git_dir, "filter.evil.clean", &format!("{}; cat", shown(script)))
    }),
    ("filter.process", |git_dir, script| set(git_dir, "filter.evil.process", &shown(script))),
    ("diff.textconv", |git_dir, script| set(git_dir, "diff.evil.textconv", &shown(script))),
    ("diff.command", |git_dir, script| set(git_dir, "diff.evil.command", &shown(script))),
    ("diff.external", |git_dir, script| set(git_dir, "diff.external", &shown(script))),
    ("remote.receivepack", |git_dir, script| {
        set(git_dir, "remote.origin.receivepack", &format!("{}; git-receive-pack", shown(script)));
    }),
    ("pushurl ext::", |git_dir, script| {
        set(git_dir, "remote.origin.pushurl", &format!("ext::{}", shown(script)));
        set(git_dir, "protocol.ext.allow", "always");
    }),
    ("core.pager", |git_dir, script| set(git_dir, "core.pager", &shown(script))),
    ("gpg.program", |git_dir, script| {
        set(git_dir, "commit.gpgSign", "true");
        set(git_dir, "gpg.program", &shown(script));
    }),
    ("include.path", |git_dir, script| {
        write(git_dir, &[("evil.inc", &fsmonitor(script))]);
        set(git_dir, "include.path", "evil.inc");
    }),
    (".git file", |git_dir, script| {
        let elsewhere = script.with_extension("git");
        let _ = std::fs::remove_dir_all(&elsewhere);
        std::fs::rename(git_dir, &elsewhere).unwrap();
        set(&elsewhere, "core.fsmonitor", &shown(script));
        std::fs::write(git_dir, format!("gitdir: {}\n", shown(&elsewhere))).unwrap();
    }),
    ("commondir", |git_dir, script| {
        let common = script.with_extension("common");
        let _ = std::fs::remove_dir_all(&common);
        copy(git_dir, &common);
        set(&common, "core.fsmonitor", &shown(script));
        write(git_dir, &[("commondir", &shown(&common))]);
    }),
    ("submodule.update", |git_dir, script| {
        set(git_dir, "submodule.sub.update", &format!("!{}", shown(script)));
        set(git_dir, "submodule.sub.url", "/nowhere");
    }),
];

/// What does not run without a terminal, or without being asked for submodules.
const QUIET: [&str; 2] = ["core.pager", "submodule.update"];

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn fsmonitor(script: &Path) -> String {
    format!("[core]\n\tfsmonitor = {}\n", shown(script))
}

fn set(git_dir: &Path, name: &str, value: &str) {
    git(git_dir, &["config", "--file", &shown(&git_dir.join("config")), name, value]);
}

fn hook(folder: &Path, name: &str, script: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::copy(script, folder.join(name)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}

struct Range {
    world: World,
    canary: PathBuf,
    script: PathBuf,
}

impl Range {
    fn new() -> Self {
        let attributes = "*.txt filter=evil diff=evil merge=evil\n";
        let world = World::with(&[(".gitattributes", attributes), ("a.txt", "1\n"), ("b", "1\n")]);
        let (canary, script) = (world.path().join("canary"), world.path().join("evil"));
        std::fs::write(&script, format!("#!/bin/sh\ntouch {}\nexit 1\n", canary.display()))
            .unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { world, canary, script }
    }

    fn fired(&self) -> bool {
        std::fs::remove_file(&self.canary).is_ok()
    }

    /// A repository in `tree` as a clone would have it, with the vector planted.
    fn plant(&self, tree: &Path, plant: Plant) {
        let clone = self.world.path().join("clone");
        let _ = std::fs::remove_dir_all(&clone);
        git(self.world.path(), &["clone", "-q", &shown(&self.world.remote()), "clone"]);
        let git_dir = tree.join(".git");
        copy(&clone.join(".git"), &git_dir);
        plant(&git_dir, &self.script);
        let _ = self.fired();
    }
}

fn edit(tree: &Path) {
    write(tree, &[("a.txt", "2\n"), ("b", "2\n"), ("new.txt", "1\n")]);
}

/// What anybody would type.
fn naive(tree: &Path) {
    for line in [
        "status",
        "diff",
        "add -A",
        "commit -q -m work",
        "diff HEAD~1",
        "push -q origin HEAD:refs/heads/naive",
    ] {
        let _ = try_git(tree, &line.split(' ').collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn plain_git_runs_fifteen_of_seventeen_and_the_workspace_none() {
    let mut fired = BTreeSet::new();
    for (name, plant) in VECTORS {
        let range = Range::new();
        let (world, stop) = (&range.world, &range.world.stop);

        let (control, _) = world.check_out("control").await;
        range.plant(control.tree(), plant);
        edit(control.tree());
        naive(control.tree());
        if range.fired() {
            fired.insert(name);
        }

        let (workspace, it) = world.check_out("job1").await;
        range.plant(workspace.tree(), plant);
        edit(workspace.tree());
        let snapshot = workspace.snapshot().await.unwrap();
        let expected = [("a.txt", Changed), ("b", Changed), ("new.txt", Added)];
        assert_eq!(told(&snapshot), expected, "{name}");
        let diff = workspace.diff(&it.tree, &snapshot.tree, 10_000).await.unwrap();
        assert!(diff.contains("--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-1\n+2\n"), "{name}: {diff}");
        let commit = workspace.commit(&snapshot.tree, "work", &author(), AT).await.unwrap();
        let change = workspace.push("ai/issue-7", &commit, stop).await.unwrap();
        workspace.remote_tip("ai/issue-7").await.unwrap();
        let undone = workspace.graft(&snapshot.tree, &it.tree, &["b".to_owned()]).await.unwrap();
        workspace.restore(&undone).await.unwrap();
        assert!(!range.fired(), "{name} ran through the workspace");
        assert!(!workspace.tree().join(".git").exists(), "{name}");
        assert_eq!(contents(workspace.tree())["b"], b"1\n", "{name}");

        assert_eq!(world.tip("ai/issue-7"), Some(change.commit), "{name}");
        let remote = world.remote();
        assert_eq!(git(&remote, &["show", "ai/issue-7:a.txt"]), "2", "{name}");
        assert_eq!(git(&remote, &["rev-parse", "ai/issue-7^"]), it.base.0, "{name}");
        git(&remote, &["fsck", "--strict"]);
    }
    let expected: BTreeSet<&str> =
        VECTORS.iter().map(|(name, _)| *name).filter(|name| !QUIET.contains(name)).collect();
    assert_eq!(fired, expected, "the control has changed: is this test alive?");
    assert_eq!(fired.len(), 15);
}

/// Also where the agent reaches `.gitattributes`, and a folder of the tree is a bare repository.
#[tokio::test]
async fn drivers_of_the_agents_choice_and_bare_repositories_in_the_tree_run_nothing() {
    let range = Range::new();
    let (workspace, it) = range.world.check_out("job1").await;
    range.plant(workspace.tree(), |git_dir, script| {
        VECTORS[..11].iter().for_each(|(_, plant)| plant(git_dir, script));
    });
    write(workspace.tree(), &[(".gitattributes", "* filter=evil diff=evil\n"), ("b", "2\n")]);
    let bare = workspace.tree().join("fixture");
    git(workspace.tree(), &["init", "-q", "--bare", "fixture"]);
    let config = format!(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ..\n{}",
        fsmonitor(&range.script)
    );
    std::fs::write(bare.join("config"), config).unwrap();
    let _ = try_git(&bare, &["status"]);
    assert!(range.fired(), "the control has changed: is this test alive?");
    let snapshot = workspace.snapshot().await.unwrap();
    workspace.diff(&it.tree, &snapshot.tree, 10_000).await.unwrap();
    workspace.restore(&it.tree).await.unwrap();
    assert!(!range.fired());
    assert!(!bare.exists());
}
