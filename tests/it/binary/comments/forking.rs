//! A pull request from a fork, where the operator allows it.

use codingworker::domain::job::Outcome;
use serde_json::json;

use super::{ASKED, DOUBLED, REVIEWER, World, doubled};
use crate::binary::world::{REPOSITORY, RIGHT, answers};

const FORK: &str = "forker/calc";

#[tokio::test]
async fn a_fork_is_pushed_to_where_operator_and_author_allow_it_and_a_conflict_is_only_told() {
    let (mut world, _) = World::talking(answers([doubled()])).await;
    world.config["trust"] = json!({"forks": true});
    let (fork, origin) = (world.bare(FORK), world.bare(REPOSITORY));
    let (fork, origin) = (fork.to_str().unwrap(), origin.to_str().unwrap());
    world.git(&["clone", "-q", "--bare", origin, fork]);
    world.github.repository(FORK);
    world.from("theirs", "main");
    world.push(REPOSITORY, "theirs", &[("calc.py", RIGHT)]);
    world.git(&["-C", origin, "push", "-q", fork, "theirs"]);
    world.in_bare(&["branch", "-q", "-D", "theirs"]);
    let words = ("From outside", "It subtracted.");
    let open = |may: bool| {
        world.github.look(|it| {
            let pull = it.open_pull(REPOSITORY, Some(FORK), ("theirs", "main"), words, "forker");
            let state = it.repository_mut(REPOSITORY).pull_mut(pull);
            (state.maintainer_can_modify, state.mergeable) = (may, Some(false));
            pull
        })
    };
    let (allowed, forbidden) = (open(true), open(false));
    let in_fork = |what: &str| world.git(&["-C", fork, "rev-parse", what]);
    let (before, main) = (in_fork("theirs"), world.tip("main"));
    let asked = world.asks(allowed, ASKED, REVIEWER).await;
    let refused = world.asks(forbidden, ASKED, REVIEWER).await;
    world.serve_until_empty().await;

    assert!(matches!(world.ended(asked).await, Outcome::Updated { ready: true, .. }));
    assert_eq!(in_fork("theirs^@"), before);
    assert_eq!(world.files(FORK, "theirs")["calc.py"], DOUBLED.trim_end());
    assert_eq!(world.branches(), ["main", "topic"], "nothing is pushed to the repository itself");
    assert_eq!(world.tip("main"), main);
    let reply = world.reply(allowed, asked);
    assert!(reply.contains("Done in"), "{reply}");
    assert!(reply.contains("conflicts with `main`") && reply.contains("left for a person"));

    let reply = world.reply(forbidden, refused);
    assert!(reply.contains("Allow edits by maintainers"), "{reply}");
    assert_eq!(world.ollama.chats().len(), 1);
    world.assert_no_token();
}
