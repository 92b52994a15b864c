//! Repositories and remotes that are not as most are.

use codingworker::domain::job::Outcome;

use crate::binary::people::write;
use crate::binary::world::{BODY, PROJECT, TITLE, World, right};

#[tokio::test(flavor = "multi_thread")]
async fn an_unusual_repository_is_worked_on_and_what_is_unusual_is_said() {
    let world = World::empty(|_, _| right()).await;
    let name = "acme/odd";
    world.unborn(name, "trunk");
    let tree = world.tree_of(name);
    let checks = "lint: {command: \"echo never was clean; exit 3\"}\n\
                  test: {command: \"python3 -m unittest -v\"}\n";
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    let files = [
        ("calc.py", PROJECT[0].1),
        ("tests/__init__.py", ""),
        ("tests/test_calc.py", PROJECT[2].1),
        (".codingworker.yml", checks),
        (".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n"),
        ("model.bin", pointer),
        (".gitmodules", "[submodule \"lib\"]\n\tpath = lib\n\turl = ../lib.git\n"),
    ];
    for (path, text) in files {
        write(&tree.join(path), text);
    }
    let link = format!("160000,{},lib", "1".repeat(40));
    let in_tree = ["-C", tree.to_str().unwrap()];
    world.git(&[&in_tree[..], &["add", "-A"]].concat());
    world.git(&[&in_tree[..], &["update-index", "--add", "--cacheinfo", &link]].concat());
    world.git(&[&in_tree[..], &["commit", "-qm", "All of it"]].concat());
    let bare = world.bare(name);
    let bare = bare.to_str().unwrap();
    world.git(&[&in_tree[..], &["push", "-q", bare, "HEAD:trunk", "HEAD:ai/issue-1"]].concat());
    let theirs = world.git(&["-C", bare, "rev-parse", "ai/issue-1"]);

    world.ask(name, TITLE, BODY).await;
    world.serve_until_empty().await;

    let pull = world.github.pulls(name).remove(0);
    assert_eq!((pull.base.as_str(), pull.head.as_str()), ("trunk", "ai/issue-1-2"));
    assert!(!pull.draft, "{}", pull.body);
    for words in ["1 submodule(s)", "`lib`", "Git LFS", "**lint**", "was red before the work began"]
    {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    assert_eq!(world.git(&["-C", bare, "rev-parse", "ai/issue-1"]), theirs, "it was moved");
    let listed = world.git(&["-C", bare, "ls-tree", "ai/issue-1-2", "lib"]);
    assert!(listed.starts_with("160000 commit 1111"), "{listed}");
    let changed = world.git(&["-C", bare, "diff", "--name-only", "trunk", "ai/issue-1-2"]);
    assert_eq!(changed, "calc.py");
    let comment = world.github.issue_state(name, 1).comments.remove(0);
    let earlier = comment.earlier.join("\n");
    assert!(earlier.contains("Red before the work began, and not counted: lint"), "{earlier}");
    assert_eq!(world.labels(name, 1), ["ai-task-done"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_a_hook_rejects_is_told_with_the_hooks_own_words() {
    let world = World::with(|_, _| right()).await;
    let words = "fatal: Authentication failed: GH013: Repository rule violations found. \
                 Fixes #1 @everyone <!-- <img src=x>";
    world.hook("acme/calc", &format!("echo '{words}' >&2; exit 1"));
    world.submit("acme/calc", 1, "delivery").await;
    world.serve_until_empty().await;
    let outcome = world.outcome("acme/calc", 1).await;
    assert!(matches!(outcome, Outcome::Broke(_)), "{outcome:?}");
    let said = world.broke("acme/calc", 1).await;
    assert!(said.contains("the remote rejected the branch `ai/issue-1`"), "{said}");
    let comment = world.comment("acme/calc", 1);
    assert!(comment.contains("GH013: Repository rule violations found"), "{comment}");
    // Nobody is called, nothing is closed, and what follows is not hidden.
    for live in ["@everyone", "Fixes #1", "<img"] {
        assert!(!comment.contains(live), "{live}: {comment}");
    }
    assert!(
        !comment[..comment.find("<!-- codingworker:job=").unwrap()].contains("<!--"),
        "{comment}"
    );
    assert_eq!(world.labels("acme/calc", 1), ["ai-task-failed"]);
    assert_eq!(world.branches(), ["main"]);
    // The hook was asked once: a rule says the same the next time.
    assert_eq!(super::model_calls(&world), 1);
}
