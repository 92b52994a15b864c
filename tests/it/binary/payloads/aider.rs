//! What Aider itself has to be kept from, and what it writes without a word: the whole binary
//! with the real Aider. Each turn's reply is refused as a whole, so each gets a turn of its own;
//! what the gate stops is named file by file, so that goes in one reply.

use serde_json::json;

use super::oracle::{self, Sight};
use crate::binary::world::{BODY, REPOSITORY, RIGHT, TITLE, World, answers, right};
use crate::scripted_ollama::Reply;

/// Where a model could want to write. `{outside}` is a folder outside of the tree.
const OUTSIDE: [&str; 6] = [
    "../by-dots.txt",
    "{outside}/by-absolute-path.txt",
    ".git/config",
    ".gi\u{200c}t/hooks/pre-commit",
    "sub/.git/HEAD",
    "tests/../../by-dots.txt",
];

/// What Aider writes where it is told.
const INSIDE: [&str; 8] = [
    ".github/workflows/ci.yml",
    ".gitattributes",
    ".gitmodules",
    ".envrc",
    "CODEOWNERS",
    ".vscode/tasks.json",
    "CLAUDE.md",
    "keys/server.pem",
];

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    OUTSIDE.into_iter().chain(INSIDE).chain(["~/by-home.txt", "a block of shell", "a page"])
}

fn listing(path: &str, text: &str) -> String {
    format!("{path}\n```\n{text}```\n\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn aider_writes_nothing_outside_of_the_tree_and_nothing_that_is_protected_is_pushed() {
    let page = crate::scripted_ollama::ScriptedOllama::with("x", []).await;
    let outside = tempfile::tempdir().unwrap();
    let shown = outside.path().display().to_string();
    let work = listing("calc.py", RIGHT);
    let refused = |path: &&str| {
        let path = path.replace("{outside}", &shown);
        Reply::Text(format!("{work}{}", listing(&path, "x = 1\n")))
    };
    // By search and replace, and where the home is: each once more in the other form.
    let home = format!(
        "~/by-home.txt\n```\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n```\n\n{work}"
    );
    let inside = INSIDE.iter().map(|it| listing(it, "x = 1\n")).collect::<String>();
    let command = format!("```bash\ntouch {shown}/by-command\n```\nSee {}/page\n", page.base());
    let mut replies = OUTSIDE.iter().map(refused).collect::<Vec<_>>();
    replies.extend([Reply::Text(home), Reply::Text(format!("{work}{inside}{command}")), right()]);
    let turns = replies.len() - 1;

    let mut world = World::with(answers(replies)).await;
    world.use_http().await;
    world.config["verify"]["max_fixes"] = json!(turns);
    oracle::plant(&world);
    oracle::watch_pushes(&world, REPOSITORY);
    world.submit(REPOSITORY, 1, "hostile").await;
    let before = Sight::of(&world);
    world.serve_until_empty().await;

    // What belongs to no job is swept when a worker starts.
    let swept = "state/workspaces/ffffffffffff";
    let leaves = ["config.yaml", "task.json", "person", swept];
    let judged = |world: &World| {
        let mut wrong = oracle::judge(world, &before, REPOSITORY, &leaves);
        // What the worker says on its standard error is in files beside.
        wrong.retain(|it| !it.contains("worker-"));
        wrong
    };
    let comment = world.comment(REPOSITORY, 1);
    assert_eq!(world.ollama.chats().len(), turns, "{comment}");
    assert_eq!(judged(&world), [""; 0]);
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0, "it wrote outside");
    assert_eq!(page.paths(), [""; 0], "the page was fetched");
    assert!(comment.starts_with("Stopped before the push"), "{comment}");
    for path in INSIDE {
        assert!(comment.contains(&format!("`{path}` is protected")), "{path}: {comment}");
    }
    assert_eq!(world.branches(), ["main"]);

    let issue = world.issue(REPOSITORY, TITLE, BODY);
    world.submit(REPOSITORY, issue, "honest").await;
    world.serve_until_empty().await;
    assert_eq!(judged(&world), [""; 0]);
    assert!(!world.the_pull().draft, "the next job did not work");
    assert!(world.git_was_shown_the_token());
}
