//! Files whose names alone do harm: to git, to the code host, to whoever opens the project.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::played::{Deed, End, Ground, Payload};
use crate::workspace::world::git;

const fn payload(name: &'static str, end: End, deed: Deed) -> Payload {
    Payload { name, deed, end, leaves: &[] }
}

const WORK: End = End::Pushed(&["calc.py"], &[]);
const A_REPOSITORY: End = End::Broke(&["it is a git repository of its own"]);
const STOPPED: End = End::Stopped(&["is protected"]);

fn config(ground: &Ground) -> String {
    let touch = ground.touch("by-config");
    format!(
        "[core]\n\trepositoryformatversion = 0\n\tfsmonitor = \"{touch}\"\n\tsshCommand = \"{touch}\"\n\tpager = \"{touch}\"\n"
    )
}

fn script(path: &Path, text: &str) {
    crate::binary::people::write(path, text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A repository that runs something as soon as git is called in it.
fn repository(ground: &Ground, folder: &str) {
    let folder = ground.tree.join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    git(&folder, &["init", "-q"]);
    for hook in ["pre-commit", "pre-push", "post-checkout", "post-index-change"] {
        script(
            &folder.join(".git/hooks").join(hook),
            &format!("#!/bin/sh\n{}\n", ground.touch(hook)),
        );
    }
    crate::binary::people::write(&folder.join(".git/config"), &config(ground));
}

/// Everything that means git.
pub(super) const GIT: &[Payload] = &[
    payload("a repository with hooks around the work", WORK, |it| repository(it, "")),
    payload(".git that leads elsewhere", WORK, |it| {
        repository(it, "elsewhere/x");
        std::fs::rename(it.tree.join("elsewhere/x/.git"), it.tree.join("../evil")).unwrap();
        std::fs::remove_dir_all(it.tree.join("elsewhere")).unwrap();
        it.write(".git", "gitdir: ../evil\n");
    }),
    payload(".GIT/config", End::Broke(&["`.git` inside a repository"]), |it| {
        it.write(".GIT/config", &config(it));
    }),
    payload(
        ".git with an invisible character",
        End::Broke(&["`.git` inside a repository"]),
        |it| {
            it.write(".gi\u{200c}t/config", &config(it));
        },
    ),
    payload(".git in Windows' short form", End::Broke(&["`.git` inside a repository"]), |it| {
        it.write("git~1/config", &config(it));
    }),
    payload(".git as a stream", End::Broke(&["`.git` inside a repository"]), |it| {
        it.write(".git::$INDEX_ALLOCATION/config", &config(it));
    }),
    payload("sub/.git/HEAD", A_REPOSITORY, |it| {
        it.write("sub/.git/HEAD", "ref: refs/heads/main\n");
        it.write("sub/a.py", "a = 1\n");
    }),
    payload("a repository in a folder that was there", A_REPOSITORY, |it| repository(it, "tests")),
    payload("a repository in a new folder", A_REPOSITORY, |it| repository(it, "vendor/x")),
    payload("a repository with a commit", A_REPOSITORY, |it| {
        std::fs::create_dir_all(it.tree.join("vendor")).unwrap();
        git(&it.tree, &["init", "-q", "vendor"]);
        git(&it.tree.join("vendor"), &["commit", "-q", "--allow-empty", "-m", "x"]);
    }),
    payload(
        "a bare repository",
        End::Pushed(&["calc.py", "fixture/HEAD", "fixture/config", "fixture/description"], &[]),
        |it| {
            git(&it.tree, &["init", "-q", "--bare", "fixture"]);
            it.write("fixture/config", &format!("{}\tbare = false\n\tworktree = ..\n", config(it)));
            std::fs::remove_dir_all(it.tree.join("fixture/hooks")).unwrap();
            std::fs::remove_dir_all(it.tree.join("fixture/info")).unwrap();
        },
    ),
    payload(".gitmodules", STOPPED, |it| {
        it.write(".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = ext::sh -c x\n");
    }),
    payload(".gitattributes with a filter", STOPPED, |it| {
        it.write(".gitattributes", "* filter=evil diff=evil merge=evil\n");
    }),
    payload(".git of the folder around the tree", WORK, |it| {
        it.write("x/y", "");
        repository(it, "x");
        std::fs::rename(it.tree.join("x/.git"), it.tree.join("../.git")).unwrap();
        std::fs::remove_dir_all(it.tree.join("x")).unwrap();
    }),
    payload(
        "the configuration of the worker's own git",
        End::Broke(&["own git directory"]),
        |it| {
            it.write("../git/config", &config(it));
        },
    ),
    payload("hooks in the worker's own git", End::Broke(&["own git directory"]), |it| {
        for hook in ["pre-push", "reference-transaction", "post-index-change"] {
            let hook = it.tree.join("../git/hooks").join(hook);
            script(&hook, &format!("#!/bin/sh\n{}\n", it.touch("by-own-hook")));
        }
    }),
    payload(
        "another repository behind the worker's own git",
        End::Broke(&["own git directory"]),
        |it| {
            it.write("../evil/config", &config(it));
            it.write("../git/commondir", "../evil\n");
        },
    ),
];

macro_rules! protected {
    ($($name:literal: $($path:literal)*;)*) => {
        &[$(payload($name, End::Stopped(&[$(concat!("`", $path, "` is protected")),*]), |it| {
            for path in [$($path),*] {
                it.write(path, "x = 1\n");
            }
        })),*]
    };
}

/// What steers code hosts, tools, editors and agents, and what is a key. The gate names each
/// file, so one does not hide behind the other.
pub(super) const STEERING: &[Payload] = protected![
    "what steers the code host":
        ".github/workflows/x.yml" ".gitlab-ci.yml" "CODEOWNERS" ".github/CODEOWNERS"
        "docs/CODEOWNERS" "sub/CODEOWNERS" ".codingworker.yml";
    "what steers the code host, in another case": ".GitHub/Workflows/X.yml" "CodeOwners";
    "what steers tools":
        ".husky/pre-commit" ".githooks/pre-push" ".npmrc" ".envrc" ".env"
        ".pre-commit-config.yaml" ".cargo/config.toml" "id_rsa" "x.pem";
    "what steers editors and agents":
        "AGENTS.md" "CLAUDE.md" ".cursor/rules/x.mdc" ".vscode/tasks.json"
        ".devcontainer/devcontainer.json";
];

/// How many files those are.
pub(super) fn steering_files() -> usize {
    let words = |it: &Payload| match it.end {
        End::Stopped(words) => words.len(),
        _ => 0,
    };
    STEERING.iter().map(words).sum()
}
