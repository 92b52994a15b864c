//! Jobs whose agent and checks run in cages: what people see of it, what such code can reach, and
//! what is left when the worker is killed. With the real engine and the real sandbox.

use std::ops::{Deref, DerefMut};

use codingworker::domain::job::{Event, JobState};
use codingworker::domain::verification::{Isolation, Levels};
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};

use super::world::{BODY, OLD_TESTS, REPOSITORY, TITLE, World, answers, broken, right, steps};
use crate::scripted_ollama::Reply;

mod engine;
mod killed;

use engine::{Engine, image};

/// The sample project's code and tests, without any word on how it is checked.
const SOURCES: [(&str, &str); 3] = [
    ("calc.py", "def add(a, b):\n    return a - b\n"),
    ("tests/__init__.py", ""),
    ("tests/test_calc.py", OLD_TESTS),
];

/// Whose image is `codingworker-calc-1`: a worker's own would not meet, but the engine is that of all
/// tests, and one's build would take the name from another's.
static NAMED: Mutex<()> = Mutex::const_new(());

/// A world on the engine.
struct Caged {
    world: World,
    /// Held where an image is built.
    _named: Option<MutexGuard<'static, ()>>,
}

impl Deref for Caged {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Caged {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

/// A world whose worker takes the strongest cage there is, with these files besides the sources.
async fn world(files: &[(&str, &str)]) -> Caged {
    answered(files, vec![right()]).await
}

/// The same, with a model that answers so.
async fn answered(files: &[(&str, &str)], replies: Vec<Reply>) -> Caged {
    let named = match files.iter().any(|it| it.0 == "Dockerfile") {
        true => Some(NAMED.lock().await),
        false => None,
    };
    let mut world = World::empty(answers(replies)).await;
    world.config["cage"]["level"] = json!("auto");
    world.config["verify"]["runner"] = json!("auto");
    for name in ["DOCKER_HOST", "DOCKER_CONFIG"] {
        if let Some(value) = engine::variable(name) {
            world.env.insert(name.to_owned(), value);
        }
    }
    world.repository(REPOSITORY, &[&SOURCES, files].concat());
    world.issue(REPOSITORY, TITLE, BODY);
    Caged { world, _named: named }
}

/// Lets the one issue be worked on; gives the levels of the job.
async fn work(world: &World) -> Levels {
    world.submit(REPOSITORY, 1, "first").await;
    world.serve_until_empty().await;
    let (job, records) = world.job().await;
    let log = world.says(&["logs", &job.id.0]);
    assert_eq!(job.state, JobState::Done, "{:?}\n{log}\n{}", steps(&records), world.log());
    levels(world).await
}

async fn levels(world: &World) -> Levels {
    let (_, records) = world.job().await;
    let prepared = records.iter().find_map(|it| match &it.event {
        Event::Prepared(it) => Some(it.levels),
        _ => None,
    });
    prepared.expect("a checkout")
}

/// What agent and checks printed.
async fn printed(world: &World) -> String {
    let (job, _) = world.job().await;
    world.says(&["logs", &job.id.0])
}

/// Says what it can reach of the machine.
fn probe(world: &str) -> String {
    format!(
        "import os, socket\n\
         def tried(name, does):\n\
         \x20   try:\n\
         \x20       does()\n\
         \x20       print('REACHED', name)\n\
         \x20   except OSError as error:\n\
         \x20       print('kept from', name, error)\n\
         tried('the token', lambda: open('{world}/token').read())\n\
         tried('the machine', lambda: open('{world}/stolen', 'w'))\n\
         tried('a port', lambda: socket.create_connection(('127.0.0.1', PORT), 3))\n\
         tried('the engine', lambda: os.stat('/var/run/docker.sock'))\n\
         tried('the repository itself', lambda: os.listdir('{world}/remotes'))\n"
    )
}

#[tokio::test]
async fn in_a_sandbox_checks_reach_nothing_of_the_machine_and_natively_all_of_it() {
    for (level, kept) in [("native", false), ("auto", true)] {
        let mut world = world(&[]).await;
        let place = world.path().to_str().unwrap().to_owned();
        let port = world
            .github
            .api_url()
            .rsplit(':')
            .next()
            .unwrap()
            .split('/')
            .next()
            .unwrap()
            .to_owned();
        let script = probe(&place).replace("PORT", &port);
        let own = "test: {command: \"python3 probe.py && python3 -m unittest -v\"}\n";
        let more = [("probe.py", script.as_str()), (".codingworker.yml", own)];
        add(&world, &more);
        world.config["cage"]["level"] = json!(level);
        let levels = work(&world).await;
        let printed = printed(&world).await;
        let wanted = if kept { Isolation::Sandbox } else { Isolation::Native };
        assert_eq!(levels, Levels { agent: wanted, checks: wanted });
        for name in ["the token", "the machine", "a port", "the engine", "the repository itself"] {
            assert_eq!(printed.contains(&format!("REACHED {name}")), !kept, "{name}: {printed}");
        }
        assert_eq!(world.path().join("stolen").exists(), !kept);
        world.assert_no_token();
        assert!(world.the_pull().body.contains(wanted.name()), "{}", world.the_pull().body);
    }
}

/// Puts more files on the default branch.
fn add(world: &World, files: &[(&str, &str)]) {
    let tree = world.path().join("more");
    let (bare, into) = (world.bare(REPOSITORY), tree.to_str().unwrap());
    world.git(&["clone", "-q", bare.to_str().unwrap(), into]);
    for (name, text) in files {
        let file = tree.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    world.git(&["-C", into, "add", "-A", "-f"]);
    world.git(&["-C", into, "commit", "-q", "-m", "More"]);
    world.git(&["-C", into, "push", "-q", "origin", "main"]);
}

#[tokio::test]
async fn an_image_that_the_repository_names_is_where_its_commands_run() {
    let own = format!(
        "image: {}\nbuild: {{command: \"test -e /in-the-image && python3 -m compileall -q .\"}}\n\
         test: {{command: \"python3 -m unittest -v\"}}\n",
        Engine::marked().await
    );
    let world = world(&[(".codingworker.yml", &own)]).await;
    let levels = work(&world).await;
    assert_eq!(levels.checks, Isolation::Container);
    assert!(world.the_pull().body.contains("container"), "{}", world.the_pull().body);
    Engine::nothing_is_left(&world).await;
}

#[tokio::test]
async fn a_dockerfile_is_built_and_make_test_runs_in_it() {
    let dockerfile = format!("FROM {}\nWORKDIR /app\nCOPY . .\nRUN test -e calc.py\n", image());
    let make = "test:\n\tpython3 -m unittest -v\n";
    let world = world(&[("Dockerfile", &dockerfile), ("Makefile", make)]).await;
    let levels = work(&world).await;
    assert_eq!(levels.checks, Isolation::Container);
    let body = world.the_pull().body;
    assert!(body.contains("docker build -t codingworker-calc-1 ."), "{body}");
    assert!(body.contains("docker run --rm codingworker-calc-1 make test"), "{body}");
    // The work was judged by an image of the work, and not of the base.
    let printed = printed(&world).await;
    assert!(printed.contains("Step 3/"), "the build's log is shown: {printed}");
    Engine::nothing_is_left(&world).await;
}

#[tokio::test]
async fn a_build_that_fails_is_told_from_a_test_that_fails() {
    let dockerfile =
        format!("FROM {}\nWORKDIR /app\nCOPY . .\nRUN python3 -m compileall -q .\n", image());
    let make = "test:\n\tpython3 -m unittest -v\n";
    let files = [("Dockerfile", dockerfile.as_str()), ("Makefile", make)];
    let mut world = answered(&files, vec![broken(), right()]).await;
    world.config["verify"]["max_fixes"] = json!(2);
    work(&world).await;
    let asked = world.ollama.chats();
    assert_eq!(asked.len(), 2, "{asked:#?}");
    let second = asked[1].to_string();
    assert!(second.contains("docker build") && second.contains("SyntaxError"), "{second}");
}

#[tokio::test]
async fn a_compose_file_is_built_and_its_test_service_runs_beside_what_it_needs() {
    let dockerfile = format!("FROM {}\nWORKDIR /app\nCOPY . .\n", image());
    let compose = format!(
        "services:\n\
         \x20 clock:\n\
         \x20   image: {}\n\
         \x20   command: python3 -m http.server 8000\n\
         \x20 test:\n\
         \x20   build: .\n\
         \x20   depends_on: [clock]\n\
         \x20   command: sh -c \"curl -sS --retry 20 --retry-connrefused --retry-delay 1 http://clock:8000/ >/dev/null && python3 -m unittest -v\"\n",
        image()
    );
    let world = world(&[("Dockerfile", &dockerfile), ("compose.yaml", &compose)]).await;
    let levels = work(&world).await;
    assert_eq!(levels.checks, Isolation::Container);
    assert!(world.the_pull().body.contains("docker compose run"), "{}", world.the_pull().body);
    Engine::nothing_is_left(&world).await;
}

#[tokio::test]
async fn without_any_word_of_containers_the_machines_own_programs_do_in_a_sandbox() {
    let world = world(&[]).await;
    let levels = work(&world).await;
    assert_eq!(levels, Levels { agent: Isolation::Sandbox, checks: Isolation::Sandbox });
    assert!(world.the_pull().body.contains("python3 -m unittest"), "{}", world.the_pull().body);
}

#[tokio::test]
async fn a_job_waits_for_an_engine_that_is_away_and_never_does_without() {
    let dockerfile = format!("FROM {}\nWORKDIR /app\nCOPY . .\n", image());
    let make = "test:\n\tpython3 -m unittest -v\n";
    let files = [("Dockerfile", dockerfile.as_str()), ("Makefile", make)];
    let mut world = world(&files).await;
    let gate = engine::Gate::open(world.path()).await;
    world.env.insert("DOCKER_HOST".to_owned(), gate.address());
    world.config["worker"]["max_retries"] = json!(50);
    world.submit(REPOSITORY, 1, "first").await;
    gate.shut();
    let mut serving = world.serve(&["--drain"]);
    serving.until("the worker misses it", || world.log().contains("container engine")).await;
    gate.reopen();
    assert_eq!(serving.code().await, 0);
    let (job, records) = world.job().await;
    assert_eq!(job.state, JobState::Done, "{:?} {}", steps(&records), world.log());
    assert_eq!(levels(&world).await.checks, Isolation::Container, "never natively meanwhile");
}

#[tokio::test]
async fn what_one_job_brought_in_the_next_does_not_fetch_again() {
    let own = "prepare: {command: \"echo fetched && echo 2 > $DEPS_DIR/number\", files: [lock], \
               env: {NUMBER: \"${DEPS_DIR}/number\"}}\n\
               test: {command: \"test $(cat $NUMBER) = 2 && python3 -m unittest -v\"}\n";
    let world = world(&[(".codingworker.yml", own), ("lock", "1\n")]).await;
    work(&world).await;
    world.issue(REPOSITORY, TITLE, BODY);
    world.submit(REPOSITORY, 3, "second").await;
    world.serve_until_empty().await;
    let jobs = world.jobs().await;
    assert_eq!(jobs.len(), 2);
    let printed = jobs.iter().map(|it| world.says(&["logs", &it.0.id.0])).collect::<Vec<_>>();
    assert!(printed[0].contains("\nfetched\n"), "{}", printed[0]);
    assert!(!printed[1].contains("\nfetched\n"), "{}", printed[1]);
    assert!(printed[1].contains("nothing new to bring in"), "{}", printed[1]);
    assert!(jobs.iter().all(|it| it.0.state == JobState::Done), "{printed:#?}");
}
