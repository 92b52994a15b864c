//! Checks that print without bound, never end, leave processes behind, or look for secrets.

use std::time::Duration;

use serde_json::json;

use crate::binary::world::{BODY, PATH, REPOSITORY, RIGHT, TITLE, World, right};
use crate::github_double::TOKEN;
use crate::workspace::world::try_git;

/// Red as soon as the work is there; prints what a check should not.
const NASTY: &str = r#"grep -q 'a - b' calc.py && exit 0
head -c 300000000 /dev/zero | tr '\0' 'x'
printf '\n\377\376 \303( half a character\n'
setsid sleep 600 &
env | grep -a TOKEN
pid=$PPID
while [ "$pid" -gt 1 ]; do
  tr '\0' '\n' 2>&1 < "/proc/$pid/environ" | grep -a GITHUB
  pid=$(cut -d ' ' -f 4 "/proc/$pid/stat")
done
echo the end of it
exit 7
"#;

fn project<'a>(test: &'a str, script: &'a str) -> [(&'a str, &'a str); 3] {
    let broken = "def add(a, b):\n    return a - b\n";
    [("calc.py", broken), (".codingworker.yml", test), ("check.sh", script)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_may_print_anything_and_learns_no_secret() {
    let mut world = World::empty(|_, _| right()).await;
    world.config["verify"]["max_fixes"] = json!(0);
    // As most people give it: the parent of every check has it in its environment.
    world.config["github"]["token"] = json!("${GITHUB_TOKEN}");
    world.env.insert("GITHUB_TOKEN".to_owned(), TOKEN.to_owned());
    world.repository(REPOSITORY, &project("test: {command: sh check.sh}\n", NASTY));
    world.ask(REPOSITORY, TITLE, BODY).await;
    // Without the harness's watch on the children: before a child becomes another program, its
    // environment reads as its parent's.
    let mut command = world.command(&["serve", "--drain"]);
    let work = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = tokio::time::timeout(Duration::from_secs(240), work).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    world.nothing_is_left_running().await;

    let pull = world.the_pull();
    assert!(pull.draft, "{pull:#?}");
    assert!(pull.body.contains("`sh check.sh` (7)"), "{}", pull.body);
    assert!(pull.body.len() < 20_000, "{} bytes", pull.body.len());
    let comment = world.comment(REPOSITORY, 1);
    assert!(comment.contains("the end of it") && comment.len() < 8_000, "{comment}");
    let log = std::fs::read_dir(world.state_dir().join("logs/jobs")).unwrap().flatten().next();
    let log = std::fs::read(log.unwrap().path()).unwrap();
    assert!(log.len() < 30 << 20, "{} bytes", log.len());
    // For root nothing is closed, so there the redaction is all there is, and it shows.
    if std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(world.path()).unwrap()) == 0 {
        assert!(comment.contains("GITHUB_TOKEN=***"), "{comment}");
    } else {
        assert!(!comment.contains("GITHUB_TOKEN"), "{comment}");
    }
    world.assert_no_token();
}

#[tokio::test]
async fn a_parent_that_does_not_close_itself_is_read_by_its_child() {
    let read = "sh -c 'tr \"\\0\" \"\\n\" < /proc/$PPID/environ'; true";
    let mut spec = codingworker::process::Spec::new("/bin/sh", "/", Duration::from_secs(20));
    spec.args = vec!["-c".into(), read.into()];
    spec.env = vec![("PATH".into(), PATH.into()), ("GITHUB_TOKEN".into(), TOKEN.into())];
    let stop = tokio_util::sync::CancellationToken::new();
    let ended = codingworker::process::run(spec, None, &stop).await.unwrap();
    assert!(ended.stdout.to_text().contains(TOKEN), "the attack of the test above does not work");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_does_not_end_is_ended_and_told() {
    let mut world = World::empty(|_, _| right()).await;
    world.config["verify"]["max_fixes"] = json!(0);
    world.config["verify"]["timeout_seconds"] = json!(6);
    // It also meddles with the tree, which is no part of the work.
    let script = "echo planted > planted.txt\necho '# meddled' >> calc.py\nmkdir -p .git/hooks\n\
                  grep -q 'a - b' calc.py && exit 0\necho still here\nsleep 600\n";
    world.repository(REPOSITORY, &project("test: {command: sh check.sh}\n", script));
    world.ask(REPOSITORY, TITLE, BODY).await;
    world.serve_until_empty().await;
    let pull = world.the_pull();
    assert!(pull.draft && pull.body.contains("| timed out |"), "{}", pull.body);
    let comment = world.comment(REPOSITORY, 1);
    assert!(comment.contains("`sh check.sh` (timed out)"), "{comment}");
    assert!(comment.contains("still here"), "{comment}");
    assert_eq!(world.in_bare(&["diff", "--name-only", "main", "ai/issue-1"]), "calc.py");
    assert_eq!(world.files(REPOSITORY, "ai/issue-1")["calc.py"], RIGHT.trim_end());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_plants_commands_in_our_git_directory_ends_the_job_and_none_runs() {
    let world = World::empty(|_, _| right()).await;
    let canary = world.path().join("by-git");
    let touch = format!("touch {}", canary.display());
    let script = format!(
        "cd ../git || exit 0\nmkdir -p hooks info\n\
         for hook in pre-commit pre-push post-index-change reference-transaction; do\n\
         printf '#!/bin/sh\\n{touch}\\n' > hooks/$hook; chmod +x hooks/$hook\ndone\n\
         echo '*.py filter=x' > info/attributes\n\
         printf '[core]\\n\\tbare = false\\n\\tfsmonitor = {touch}\\n' > config\n\
         printf '[filter \"x\"]\\n\\tclean = {touch}; cat\\n' >> config\n"
    );
    world.repository(REPOSITORY, &project("test: {command: sh check.sh}\n", &script));
    world.ask(REPOSITORY, TITLE, BODY).await;
    world.serve_until_empty().await;
    let said = world.broke(REPOSITORY, 1).await;
    assert!(said.contains("our own git directory was changed"), "{said}");
    assert!(world.comment(REPOSITORY, 1).contains(&said), "{}", world.comment(REPOSITORY, 1));
    assert!(!canary.exists(), "a planted command has run");
    assert_eq!(world.branches(), ["main"]);
    // The control: what was planted is there, and plain git runs it.
    let workspaces = std::fs::read_dir(world.state_dir().join("workspaces")).unwrap();
    let tree = workspaces.flatten().map(|it| it.path().join("tree")).find(|it| it.exists());
    let tree = tree.unwrap();
    let said = try_git(&tree, &["--git-dir=../git", "--work-tree=.", "add", "-A"]);
    assert!(canary.exists(), "{said:?}");
}
