//! `kill -9` in the middle of a request: one commit and one reply all the same.

use std::os::unix::fs::PermissionsExt;

use super::{ASKED, REVIEWER, TOPIC, World, doubled, short};
use crate::binary::people::write;
use crate::binary::world::{REPOSITORY, steps};
use crate::github_double::Fault;
use crate::scripted_ollama::Reply;

#[tokio::test]
async fn killed_while_the_agent_works_then_after_the_push_then_after_the_reply() {
    let answer = |_: &str, before| if before == 0 { Reply::Hang } else { doubled() };
    let (world, pull) = World::talking(answer).await;
    let before = world.tip(TOPIC);
    // The push arrives, and the worker does not hear of it.
    let (shut, reached) = (world.path().join("shut"), world.path().join("reached"));
    write(&shut, "");
    let hook = world.bare(REPOSITORY).join("hooks/post-receive");
    let wait = format!("while [ -e {} ]; do sleep 0.05; done", shut.display());
    write(&hook, &format!("#!/bin/sh\ntouch {}\n{wait}\n", reached.display()));
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();

    let asked = world.asks(pull, ASKED, REVIEWER).await;
    let mut serving = world.serve(&[]);
    serving.until("the model is asked", || world.ollama.chats().len() == 1).await;
    serving.kill_9().await;
    let mut serving = world.serve(&[]);
    serving.until("the commit has arrived", || reached.exists()).await;
    serving.kill_9().await;
    let pushed = world.tip(TOPIC);
    assert_ne!(pushed, before);
    assert!(!steps(&world.journal(asked).await).contains(&"pushed".to_owned()));
    std::fs::remove_file(&shut).unwrap();
    // It says so, and does not hear that it was heard.
    let said = world.github.count("issues/update-comment");
    world.github.fault("issues/update-comment", Fault::HangAfter);
    let mut serving = world.serve(&[]);
    let told = || world.github.count("issues/update-comment") == said + 1;
    serving.until("it tells", told).await;
    serving.kill_9().await;

    world.serve_until_empty().await;
    assert_eq!(world.ollama.chats().len(), 2);
    assert_eq!(world.tip(TOPIC), pushed);
    assert_eq!(world.parents(&pushed), before, "one commit");
    world.assert_only_fast_forwards(TOPIC);
    assert_eq!(world.replies(pull).len(), 1);
    let reply = world.reply(pull, asked);
    assert!(reply.contains("Done in") && reply.contains(&short(&pushed)), "{reply}");
    let steps = steps(&world.journal(asked).await);
    for once in ["inspected", "prepared", "attempted", "committed", "pushed", "ended", "closed"] {
        let found = steps.iter().filter(|it| *it == once).count();
        assert_eq!(found, 1, "{once}: {steps:?}");
    }
    world.assert_no_token();
}
