//! The branch, or the pull request, is not what it was when the agent is done.

use codingworker::domain::job::{Event, Outcome};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{ASKED, DOUBLED, REVIEWER, TOPIC, World, doubled, short};
use crate::binary::world::{REPOSITORY, RIGHT, count};
use crate::scripted_ollama::Reply;

#[tokio::test]
async fn what_happens_to_the_branch_while_the_agent_works_is_followed_or_told() {
    let go = CancellationToken::new();
    let held = go.clone();
    let answer = move |_: &str, _| Reply::When(held.clone(), Box::new(doubled()));
    let (mut world, moved) = World::talking(answer).await;
    world.config["worker"]["slots"] = json!(4);
    world.config["worker"]["model_slots"] = json!(4);
    let clashing = world.proposed("clashing", &[("calc.py", RIGHT)]);
    let deleted = world.proposed("deleted", &[("calc.py", RIGHT)]);
    let closed = world.proposed("closed", &[("calc.py", RIGHT)]);
    let mut asked = Vec::new();
    for pull in [moved, clashing, deleted, closed] {
        asked.push(world.asks(pull, ASKED, REVIEWER).await);
    }
    let mut serving = world.serve(&["--drain"]);
    serving.until("the model is asked by all", || world.ollama.chats().len() == 4).await;

    world.from(TOPIC, TOPIC);
    world.push(REPOSITORY, TOPIC, &[("other.py", "X = 1\n")]);
    world.from("clashing", "clashing");
    let theirs = "def add(a, b):\n    return a + b\n\n\ndef triple(a):\n    return 3 * a\n";
    world.push(REPOSITORY, "clashing", &[("calc.py", theirs)]);
    let tips = [world.tip(TOPIC), world.tip("clashing"), world.tip("closed")];
    world.in_bare(&["branch", "-q", "-D", "deleted"]);
    world.github.look(|it| it.repository_mut(REPOSITORY).pull_mut(closed).open = false);
    go.cancel();
    assert_eq!(serving.code().await, 0);

    // Put on top of what came meanwhile, once, and checked again.
    let tip = world.tip(TOPIC);
    assert_eq!(world.parents(&tip), tips[0]);
    let files = world.files(REPOSITORY, TOPIC);
    assert_eq!(files["calc.py"], DOUBLED.trim_end());
    assert_eq!(files["other.py"], "X = 1");
    world.assert_only_fast_forwards(TOPIC);
    let records = world.journal(asked[0]).await;
    let is_rebased = |it: &Event| matches!(it, Event::Rebased { .. });
    assert_eq!(count(&records, is_rebased), 1);
    let rebased = records.iter().position(|it| is_rebased(&it.event)).unwrap();
    let is_verified = |it: &Event| matches!(it, Event::Verified { .. });
    assert_eq!(count(&records[rebased..], is_verified), 1, "checked again");
    assert_eq!(count(&records, |it| matches!(it, Event::Attempted(_))), 1);
    let reply = world.reply(moved, asked[0]);
    assert!(reply.contains("Done in") && reply.contains(&short(&tip)), "{reply}");

    let reply = world.reply(clashing, asked[1]);
    assert!(reply.contains("Nothing was pushed") && reply.contains("`calc.py`"), "{reply}");
    let ended = world.ended(asked[1]).await;
    assert!(matches!(&ended, Outcome::Clashed { files, .. } if *files == ["calc.py"]), "{ended:?}");
    assert_eq!(world.tip("clashing"), tips[1]);

    let reply = world.reply(deleted, asked[2]);
    assert!(reply.contains("Nothing was pushed") && reply.contains("deleted"), "{reply}");
    assert_eq!(world.branches(), ["clashing", "closed", "main", TOPIC]);

    let reply = world.reply(closed, asked[3]);
    assert!(reply.contains("Nothing was pushed") && reply.contains("closed"), "{reply}");
    assert_eq!(world.tip("closed"), tips[2]);
    assert_eq!(world.github.pulls(REPOSITORY).len(), 4);
    world.nothing_is_left_running().await;
}

#[tokio::test]
async fn a_branch_that_moves_again_or_breaks_together_with_the_work_is_left_alone() {
    let (world, moving) = World::talking(|_, _| doubled()).await;
    let branch = "breaking";
    let breaking = world.proposed(branch, &[("calc.py", RIGHT)]);
    // What somebody else will have pushed: two commits on the one, a test on the other.
    let next = |name: &str, from: &str, files: &[(&str, &str)]| {
        world.from(name, from);
        world.push(REPOSITORY, name, files);
        world.tip(name)
    };
    let one = next("one", TOPIC, &[("one.py", "X = 1\n")]);
    let two = next("two", "one", &[("two.py", "X = 2\n")]);
    let test = "import unittest\n\nimport calc\n\n\nclass SmallTest(unittest.TestCase):\n    def test_small(self):\n        self.assertFalse(hasattr(calc, \"double\"))\n";
    let small = next("small", branch, &[("tests/test_small.py", test)]);
    let first = world.asks(moving, ASKED, REVIEWER).await;
    // The pull request is read once at the start, once for its diff, and before each push.
    let move_at = |nth: usize, branch: &str, commit: &str| {
        let file = world.bare(REPOSITORY).join("refs/heads").join(branch);
        let commit = format!("{commit}\n");
        world.github.before("pulls/get", nth, move |_| std::fs::write(file, commit).unwrap());
    };
    move_at(3, TOPIC, &one);
    move_at(4, TOPIC, &two);
    world.serve_until_empty().await;
    let reply = world.reply(moving, first);
    assert!(reply.contains("Nothing was pushed") && reply.contains("moved once more"), "{reply}");
    assert_eq!(world.tip(TOPIC), two);

    move_at(3, branch, &small);
    let second = world.asks(breaking, ASKED, REVIEWER).await;
    world.serve_until_empty().await;
    let reply = world.reply(breaking, second);
    assert!(reply.contains("together with what was pushed meanwhile, the test"), "{reply}");
    assert!(reply.contains("test_small"), "{reply}");
    assert_eq!(world.tip(branch), small);
    assert_eq!(world.ollama.chats().len(), 2);
}
