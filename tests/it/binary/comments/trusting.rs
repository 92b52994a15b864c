//! Whoever can change a pull request does not choose the commands that judge it.

use super::{ASKED, DOUBLED, REVIEWER, World, doubled};
use crate::binary::world::{CHECKS, REPOSITORY, RIGHT, answers};

#[tokio::test]
async fn the_checks_are_those_of_the_default_branch_and_not_of_the_pull_request() {
    let (world, _) = World::talking(answers([doubled()])).await;
    let canary = world.path().join("canary");
    let theirs = format!("test: {{command: \"touch {}\"}}\n", canary.display());
    let hostile = [(".codingworker.yml", theirs.as_str()), ("calc.py", RIGHT)];
    let pull = world.proposed("hostile", &hostile);
    let asked = world.asks(pull, ASKED, REVIEWER).await;
    world.serve_until_empty().await;
    assert!(!canary.exists(), "the pull request chose a command");
    let reply = world.reply(pull, asked);
    assert!(reply.contains("Done in") && reply.contains("unittest"), "{reply}");
    assert_eq!(world.files(REPOSITORY, "hostile")["calc.py"], DOUBLED.trim_end());

    // The same command on the default branch is run, so the canary would have sung.
    world.from("main", "main");
    world.push(REPOSITORY, "main", &[(".codingworker.yml", &theirs)]);
    let files = [(".codingworker.yml", CHECKS), ("calc.py", RIGHT)];
    let pull = world.proposed("harmless", &files);
    world.asks(pull, ASKED, REVIEWER).await;
    let mut serving = world.serve(&["--drain"]);
    serving.until("the canary sings", || canary.exists()).await;
    serving.kill_9().await;
}
