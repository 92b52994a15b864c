//! What answers the worker, and is answered by it, comes to an end by itself.

use codingworker::domain::job::{Event, JobState, Told};
use codingworker::engine::normalise;
use nix::sys::signal::Signal;
use serde_json::json;

use super::authority::comments::{pull, submit};
use super::authority::{answers_of, jobs_of, refusal};
use super::world::{MAINTAINER, PROJECT, World, count};
use crate::github_double::LOGIN;
use crate::scripted_ollama::Reply;

/// How often work may begin in a day, here.
const CAP: usize = 3;
const ASKED: &str = "@ai-fix make add() in calc.py add";

/// The model writes something else each time.
async fn world(bots: &[&str]) -> World {
    let answer = |_: &str, before| {
        Reply::files(&[("calc.py", &format!("# {before}\ndef add(a, b):\n    return a + b\n"))])
    };
    let mut world = World::empty(answer).await;
    let ids = bots.iter().map(|bot| world.github.look(|it| it.person(bot).id));
    world.config["trust"] = json!({"max_runs_per_day": CAP, "bots": ids.collect::<Vec<_>>()});
    world
}

/// Lets the worker work, and `who` answer each of its new comments with `reply` of that, until
/// neither has anything left to do. Says how often `who` did.
async fn echoed(
    world: &World,
    name: &str,
    pull: u64,
    who: &str,
    reply: impl Fn(&str) -> String,
) -> usize {
    let mut serving = world.serve(&[]);
    let mut answered = 0;
    loop {
        serving.until("the worker lives", || true).await;
        let ours = answers_of(world, name, pull);
        for body in &ours[answered..] {
            let comment = world.github.comment(name, pull, &reply(body), who);
            submit(world, name, pull, comment).await;
        }
        let news = ours.len() - answered;
        answered = ours.len();
        assert!(answered <= 40, "this goes on for ever: {ours:#?}");
        let depth = world.queue().await.depth().await.unwrap();
        if news == 0 && depth.waiting + depth.in_flight == 0 {
            // A comment of the last moment would have come before its message was settled.
            if answers_of(world, name, pull).len() == answered {
                break;
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
    answered
}

/// As a page shows it, so without the hidden line by which the worker knows its own.
fn shown(body: &str) -> String {
    format!("@ai-fix {}", normalise::markdown(body).text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_bot_that_echoes_every_comment_comes_to_its_end_at_the_cap() {
    let world = world(&["echo[bot]"]).await;
    let (name, number) = ("acme/echo", pull(&world, "acme/echo"));
    world.github.role(name, "echo[bot]", Some("write"));
    let first = world.github.comment(name, number, ASKED, MAINTAINER);
    submit(&world, name, number, first).await;
    echoed(&world, name, number, "echo[bot]", shown).await;

    let jobs = jobs_of(&world, name, number).await;
    let begun = |records: &[_]| 0 < count(records, |it| matches!(it, Event::Inspected(_)));
    assert_eq!(jobs.iter().filter(|(_, records)| begun(records)).count(), CAP);
    assert_eq!(world.ollama.chats().len(), CAP);
    let (reason, told) = refusal(&world, name, number).await;
    assert!(reason.contains("`trust.max_runs_per_day` is 3"), "{reason}");
    assert_eq!(told, Told::OncePerThread);
    let said = answers_of(&world, name, number);
    let caps = said.iter().filter(|it| it.contains("`trust.max_runs_per_day`"));
    assert_eq!((caps.count(), said.len()), (1, CAP + 1), "{said:#?}");
    // At rest, also for a worker that starts anew.
    let before = said.len();
    world.serve_until_empty().await;
    assert_eq!(answers_of(&world, name, number).len(), before);
    assert_eq!(world.ollama.chats().len(), CAP);
    // A commit for each run, and no pull request of ours.
    let bare = world.bare(name);
    let range = ["-C", bare.to_str().unwrap(), "rev-list", "--count", "main..feature"];
    assert_eq!(world.git(&range), format!("{}", CAP + 1));
    assert_eq!(world.github.pulls(name).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_ask_gets_few_answers_however_often_he_does() {
    let world = world(&[]).await;
    let echoers =
        [("acme/bot", "unlisted[bot]", "write", 1), ("acme/stranger", "sam", "read", CAP + 1)];
    for (name, who, role, answers) in echoers {
        let number = pull(&world, name);
        world.github.role(name, who, Some(role));
        let first = world.github.comment(name, number, ASKED, who);
        submit(&world, name, number, first).await;
        echoed(&world, name, number, who, shown).await;
        let said = answers_of(&world, name, number);
        assert_eq!(said.len(), answers, "{name}: {said:#?}");
        // Also of one who does not wait for an answer.
        for _ in 0..4 {
            let more = world.github.comment(name, number, ASKED, who);
            submit(&world, name, number, more).await;
        }
        world.serve_until_empty().await;
        assert!(answers_of(&world, name, number).len() <= CAP + 1, "{name}");
    }
    assert!(world.ollama.chats().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_take_no_work_come_to_an_end_too() {
    let world = world(&["parrot[bot]"]).await;
    for (at, words) in
        ["@ai-fix status", "@ai-fix stop", "@ai-fix why?", "@ai-fix dance"].into_iter().enumerate()
    {
        let name = format!("acme/parrot{at}");
        let number = pull(&world, &name);
        world.github.role(&name, "parrot[bot]", Some("write"));
        let first = world.github.comment(&name, number, words, "parrot[bot]");
        submit(&world, &name, number, first).await;
        echoed(&world, &name, number, "parrot[bot]", |_| words.to_owned()).await;
        let said = answers_of(&world, &name, number);
        assert!(said.len() <= CAP + 2, "{words}: {said:#?}");
        assert!(said.last().unwrap().contains("`trust.max_runs_per_day`"), "{words}: {said:#?}");
    }
    assert!(world.ollama.chats().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_comments_and_copies_of_them_start_nothing() {
    let world = world(&["copy[bot]"]).await;
    let (name, number) = ("acme/copy", pull(&world, "acme/copy"));
    world.github.role(name, "copy[bot]", Some("write"));
    let first = world.github.comment(name, number, "@ai-fix status", MAINTAINER);
    submit(&world, name, number, first).await;
    world.serve_until_empty().await;
    let own = world.github.look(|it| it.repository(name).pull(number).comments[1].clone());
    assert_eq!(own.author.login, LOGIN);
    // Our own comment itself, as if somebody's action had not looked who wrote it.
    submit(&world, name, number, own.id).await;
    // Copies of it, by one who may ask, with the hidden line still in them.
    let copies = [
        format!("@ai-fix {}", own.body),
        format!("@ai-fix {}", own.body.replace('<', "&lt;")),
        format!("> {}\n", own.body.replace('\n', "\n> ")),
    ];
    for copy in copies {
        let comment = world.github.comment(name, number, &copy, "copy[bot]");
        submit(&world, name, number, comment).await;
    }
    world.serve_until_empty().await;
    assert_eq!(answers_of(&world, name, number).len(), 1);
    let jobs = jobs_of(&world, name, number).await;
    assert_eq!(jobs.len(), 5);
    assert!(jobs[1..].iter().all(|(it, _)| it.state == JobState::Failed), "{jobs:#?}");
    // The control: without the hidden line the same words do start something.
    let bare = own.body.split("<!--").next().unwrap();
    let comment = world.github.comment(name, number, &format!("@ai-fix {bare}"), "copy[bot]");
    submit(&world, name, number, comment).await;
    world.serve_until_empty().await;
    assert_eq!(world.ollama.chats().len(), 1);
}

/// Whoever sets the label again as soon as it is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_label_that_is_set_again_and_again_comes_to_its_end_at_the_cap() {
    let world = world(&["labeller[bot]"]).await;
    let name = "acme/label";
    world.repository(name, &PROJECT);
    world.github.role(name, "labeller[bot]", Some("write"));
    // Work begins and ends without the agent: there is no such branch.
    world.github.look(|it| it.repository_mut(name).default_branch = "nowhere".to_owned());
    let issue = world.github.issue(name, "A title", "A text", MAINTAINER);
    let mut serving = world.serve(&[]);
    let mut set = 0;
    loop {
        serving.until("the worker lives", || true).await;
        let depth = world.queue().await.depth().await.unwrap();
        if depth.waiting + depth.in_flight == 0 {
            if world.labels(name, issue).contains(&"ai-task".to_owned()) {
                break;
            }
            set += 1;
            assert!(set <= 30, "this goes on for ever");
            world.github.label(name, issue, "ai-task", "labeller[bot]");
            world.submit(name, issue, &format!("labelling {set}")).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.code().await, 0);
    let jobs = jobs_of(&world, name, issue).await;
    let begun = |records: &[_]| 0 < count(records, |it| matches!(it, Event::Inspected(_)));
    assert_eq!(jobs.iter().filter(|(_, records)| begun(records)).count(), CAP);
    let said = answers_of(&world, name, issue);
    let caps = said.iter().filter(|it| it.contains("`trust.max_runs_per_day`"));
    assert_eq!((caps.count(), said.len()), (1, CAP + 1), "{said:#?}");
    assert!(world.ollama.chats().is_empty());
}
