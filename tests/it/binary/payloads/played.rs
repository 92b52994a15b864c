//! The real worker in this process: real queue, store, hands, git over HTTP, gate and native
//! checks, and the GitHub double. Only the agent is played.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use codingworker::agent::{Agent, AgentError, Edit, EditVerdict, Errand, Readiness};
use codingworker::app;
use codingworker::audit::Audit;
use codingworker::cage::Cage;
use codingworker::cage::bare::Bare;
use codingworker::code_host::github::{GitHub, GitHubOptions};
use codingworker::deps::caches::Caches;
use codingworker::domain::job::{Model, Outcome, Tokens};
use codingworker::domain::verification::Isolation;
use codingworker::engine::authority;
use codingworker::engine::decide::{OnFailure, Policy, Ready};
use codingworker::engine::gate::Limits;
use codingworker::engine::report::{Language, Masthead};
use codingworker::redact::Redactor;
use codingworker::runner::host::{HostOptions, HostRunner};
use codingworker::store::sqlite::SqliteStore;
use codingworker::worker::crew::Crew;
use codingworker::worker::hands::{ASK, Tools};
use codingworker::worker::lifecycle::Bells;
use codingworker::worker::models::Models;
use codingworker::worker::shift::Shift;
use codingworker::workspace::{WorkspaceOptions, Workspaces};
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::oracle::{self, Sight};
use crate::binary::people::write;
use crate::binary::serving::Watch;
use crate::binary::world::{BODY, PATH, PROJECT, RIGHT, TITLE, World};
use crate::github_double::TOKEN;
use crate::scripted_ollama::Reply;

/// No run of the worker takes longer.
const LIMIT: Duration = Duration::from_secs(180);
/// The name that the worker's children carry.
pub(super) const MARK: &str = "payloads";

/// One thing that an injected instruction makes of a turn.
#[derive(Clone, Copy)]
pub(super) struct Payload {
    pub(super) name: &'static str,
    /// What is on disk after the turn, besides the work that the issue asks for.
    pub(super) deed: Deed,
    /// How the job ends.
    pub(super) end: End,
    /// What the payload itself may leave behind outside of the job, below the test's folder:
    /// checks that run natively can write what the user can write.
    pub(super) leaves: &'static [&'static str],
}

pub(super) type Deed = fn(&Ground);

/// Where a deed is done.
pub(super) struct Ground {
    pub(super) tree: PathBuf,
    /// The folder that all of the test is in.
    pub(super) world: PathBuf,
}

impl Ground {
    pub(super) fn write(&self, path: &str, text: &str) {
        write(&self.tree.join(path), text);
    }

    /// A command that shows that it was run.
    pub(super) fn touch(&self, name: &str) -> String {
        format!("touch {}", self.world.join("canary").join(name).display())
    }
}

/// How a job has to end.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// By the gate; the comment holds these words.
    Stopped(&'static [&'static str]),
    /// By a fault that names it; the comment holds these words.
    Broke(&'static [&'static str]),
    /// With a pull request that changes these files alone, and says these words.
    Pushed(&'static [&'static str], &'static [&'static str]),
    /// Without anything that was pushed, and these words.
    Nothing(&'static [&'static str]),
}

/// Does as it is told.
struct PlayedAgent {
    deed: Mutex<Option<Deed>>,
    world: PathBuf,
}

#[async_trait]
impl Agent for PlayedAgent {
    async fn version(&self) -> Result<String, AgentError> {
        Ok("aider 0.0.0".to_owned())
    }

    async fn ready(&self, model: &Model) -> Result<Readiness, AgentError> {
        Ok(Readiness { context: model.num_ctx })
    }

    async fn edit(&self, errand: Errand<'_>, _: &CancellationToken) -> Result<Edit, AgentError> {
        let ground = Ground { tree: errand.tree.to_owned(), world: self.world.clone() };
        ground.write("calc.py", RIGHT);
        if let Some(deed) = *self.deed.lock().unwrap() {
            deed(&ground);
        }
        let (reply, tokens, took) = (String::new(), Tokens::default(), Duration::ZERO);
        Ok(Edit { verdict: EditVerdict::Answered, reply, calls: 1, tokens, took })
    }
}

/// A world with a worker in it.
pub(super) struct Field {
    pub(super) world: World,
    agent: Arc<PlayedAgent>,
    count: usize,
    /// What is around the checks, and what they find.
    pub(super) cage: Arc<dyn Cage>,
    pub(super) path: String,
    pub(super) env: Vec<(String, String)>,
    pub(super) caches: Option<Caches>,
}

impl Field {
    pub(super) async fn new() -> Self {
        Self::of(World::empty(|_, _| Reply::Close).await)
    }

    /// With a code host whose git asks for the token.
    pub(super) async fn over_http() -> Self {
        let mut world = World::empty(|_, _| Reply::Close).await;
        world.use_http().await;
        Self::of(world)
    }

    fn of(world: World) -> Self {
        oracle::plant(&world);
        let agent = PlayedAgent { deed: Mutex::default(), world: world.path().to_owned() };
        Self {
            world,
            agent: Arc::new(agent),
            count: 0,
            cage: Arc::new(Bare),
            path: PATH.to_owned(),
            env: Vec::new(),
            caches: None,
        }
    }

    /// Plays one payload in a repository of its own, and if `honest` a job without one afterwards;
    /// says what is wrong.
    pub(super) async fn play(&mut self, payload: &Payload, honest: bool) -> Vec<String> {
        self.count += 1;
        let name = format!("acme/calc-{}", self.count);
        let files = PROJECT.iter().chain(&[("requirements.txt", "")]).copied().collect::<Vec<_>>();
        self.world.repository(&name, &files);
        oracle::watch_pushes(&self.world, &name);
        let before = Sight::of(&self.world);
        let (issue, mut wrong) = self.job(&name, Some(payload.deed), "hostile").await;
        let outcome = self.world.outcome(&name, issue).await;
        wrong.extend(self.ending(&name, issue, payload, &outcome));
        wrong.extend(oracle::judge(&self.world, &before, &name, payload.leaves));

        if honest {
            let (issue, said) = self.job(&name, None, "honest").await;
            wrong.extend(said);
            match self.world.outcome(&name, issue).await {
                Outcome::Ready(_) => {}
                other => wrong.push(format!("the next job did not work: {other:?}")),
            }
            wrong.extend(oracle::judge(&self.world, &before, &name, payload.leaves));
        }
        wrong.into_iter().map(|it| format!("{}: {it}", payload.name)).collect()
    }

    /// One issue from its label to its end.
    pub(super) async fn job(
        &self,
        name: &str,
        deed: Option<Deed>,
        delivery: &str,
    ) -> (u64, Vec<String>) {
        *self.agent.deed.lock().unwrap() = deed;
        let issue = self.world.issue(name, TITLE, BODY);
        let task = json!({
            "type": "issue", "issue_number": issue, "repository": name, "delivery": delivery,
        });
        let database = self.world.database().await.clone();
        self.world.submit_text(&task.to_string()).await;
        let watch = Watch::start(self.world.path().to_owned(), std::process::id());
        let worked = tokio::time::timeout(LIMIT, self.shift(&database).work()).await;
        let mut wrong = Vec::new();
        match worked {
            Ok(Ok(())) => {}
            other => wrong.push(format!("the worker's shift ended so: {other:?}")),
        }
        let seen = watch.seen.lock().unwrap().clone();
        wrong.extend(seen.leaks.iter().map(|it| format!("a child could see the token: {it}")));
        (issue, wrong)
    }

    /// What is wrong with how the job ended, and with what people were told.
    fn ending(&self, name: &str, issue: u64, payload: &Payload, ended: &Outcome) -> Vec<String> {
        let comment = self.world.comment(name, issue);
        let branch = format!("ai/issue-{issue}");
        let pull = self.world.github.pulls(name).into_iter().find(|it| it.head == branch);
        let changed = pull.as_ref().map(|_| oracle::changed(&self.world, name, &branch));
        let said = pull.map(|it| it.body).unwrap_or_default();
        let (fits, said, words) = match (payload.end, ended) {
            (End::Stopped(words), Outcome::Stopped(_)) => (true, &comment, words),
            (End::Broke(words), Outcome::Broke(_)) => (true, &comment, words),
            (End::Nothing(words), _) => (changed.is_none(), &comment, words),
            (End::Pushed(files, words), Outcome::Ready(_) | Outcome::Incomplete(_)) => {
                (changed.as_ref().is_some_and(|it| it == files), &said, words)
            }
            (End::Stopped(words) | End::Broke(words), _) => (false, &comment, words),
            (End::Pushed(_, words), _) => (false, &said, words),
        };
        let mut wrong = Vec::new();
        if !fits {
            wrong.push(format!("it is to end {:?}, not {ended:?} with {changed:?}", payload.end));
        }
        if comment.trim().is_empty() {
            wrong.push("nobody was told".to_owned());
        }
        let missing = words.iter().filter(|it| !said.contains(**it));
        wrong.extend(missing.map(|it| format!("{it:?} is not said: {said}")));
        wrong
    }

    fn shift(&self, database: &codingworker::database::Database) -> Shift {
        let (world, state_dir) = (&self.world, self.world.state_dir());
        let token = || SecretString::from(TOKEN.to_owned());
        let workspaces = Workspaces::new(WorkspaceOptions {
            state_dir: state_dir.clone(),
            work_dir: state_dir.join("workspaces"),
            git_url: world.config["github"]["git_url"].as_str().unwrap().to_owned(),
            token: Some(token()),
            askpass_program: env!("CARGO_BIN_EXE_codingworker").into(),
            remote_env: Vec::new(),
            mark: Some(MARK.to_owned()),
        });
        let store = SqliteStore::over(database.clone());
        let runner = HostOptions {
            path: self.path.clone(),
            extra_env: self.env.clone(),
            mark: Some(MARK.to_owned()),
            limits: codingworker::cage::Limits::default(),
        };
        let host = GitHub::new(GitHubOptions::new(world.github.api_url(), token())).unwrap();
        let tools = Tools {
            agent: self.agent.clone(),
            agent_level: codingworker::domain::verification::Isolation::Native,
            deps: codingworker::deps::Deps::new(state_dir.join("deps")),
            caches: self.caches.clone(),
            places: codingworker::worker::scene::Places::Machine,
            runner: Arc::new(HostRunner::new(runner, self.cage.clone())),
            host: Arc::new(host),
            workspaces: workspaces.unwrap(),
            masthead: Masthead { language: Language::En, worker: "test-worker".to_owned() },
            authority: may_ask(),
            gate: Limits::default(),
            secrets: vec![token()],
            store: store.clone(),
            audit: Audit::new(database.clone()),
            ladder: vec!["played".to_owned()],
            bounds: codingworker::engine::size::Bounds::of(&[]),
            redactor: Redactor::new([token()]),
            branch_prefix: "ai/issue-".to_owned(),
            renames: true,
            mutants: 0,
            agent_ahead: true,
            check_limit: Duration::from_secs(60),
            clock: app::clock(),
        };
        let crew = Crew {
            pens: codingworker::worker::line::Pens::default(),
            tools: tools.into(),
            store: store.clone(),
            log_dir: state_dir.join("logs/jobs"),
            redactor: Redactor::new([token()]),
        };
        let queue = codingworker::queue::sqlite::SqliteQueueOptions {
            lease: Duration::from_secs(300),
            poll: Duration::from_millis(50),
            max_receives: 20,
            wake_path: None,
            clock: app::clock(),
        };
        Shift {
            name: "one".to_owned(),
            queue: Arc::new(codingworker::queue::sqlite::SqliteQueue::new(database.clone(), queue)),
            models: Models::new(store.clone(), app::clock(), "test"),
            store,
            hire: Arc::new(crew),
            policy: policy().into(),
            board: Default::default(),
            slots: 1.into(),
            clock: app::clock(),
            bells: Bells::default(),
            news: broadcast::channel(256).0,
            until_empty: true,
        }
    }
}

fn may_ask() -> authority::Policy {
    authority::Policy {
        repositories: Vec::new(),
        bots: Vec::new(),
        own_account: false,
        forks: false,
        level: Isolation::Native,
        native_public: false,
        native_private: true,
        native_allowed: Vec::new(),
        network_allowed: Vec::new(),
        max_runs_per_day: 10,
        answer_refused_in_public: false,
        label: ASK.to_owned(),
    }
}

fn policy() -> Policy {
    let model = Model {
        name: "played".to_owned(),
        timeout: LIMIT,
        num_ctx: 8_192,
        edit_format: "whole".to_owned(),
        attempts: 1,
        samples: 1,
        calls: 0,
        reads: false,
        observes: false,
        max_fixes: None,
        editor: None,
    };
    Policy {
        models: vec![model],
        max_fixes: 1,
        max_retries: 0,
        retry_delay: Duration::ZERO,
        max_waits: 0,
        job_limit: Duration::from_secs(3_600),
        write_tests: false,
        on_failure: OnFailure::Draft,
        ready: Ready::Green,
    }
}
