//! What a job costs besides its agent and its checks: from a task on the queue to its pull request,
//! and from a comment to its commit, on the demo's sample repository, with its mirror warm.
//!
//! Real: queue, journal, worker, hands, git, and the code host of the demo (a folder). Played: the
//! agent, which writes a file, and the runner, which looks into one; their time is taken off.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use codingworker::app;
use codingworker::audit::Audit;
use codingworker::code_host::folder::Folder;
use codingworker::database::Database;
use codingworker::domain::job::{Event, Model, Person};
use codingworker::domain::task::Repository;
use codingworker::domain::verification::Isolation;
use codingworker::engine::authority;
use codingworker::engine::decide::{OnFailure, Policy, Ready};
use codingworker::engine::gate::Limits;
use codingworker::engine::report::{Language, Masthead};
use codingworker::process::{self, Spec};
use codingworker::queue::TaskQueue;
use codingworker::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use codingworker::redact::Redactor;
use codingworker::store::sqlite::SqliteStore;
use codingworker::worker::crew::Crew;
use codingworker::worker::hands::{ASK, Tools};
use codingworker::worker::journal::News;
use codingworker::worker::lifecycle::Bells;
use codingworker::worker::models::Models;
use codingworker::worker::shift::Shift;
use codingworker::workspace::{WorkspaceOptions, Workspaces};
use figures::{Samples, say};
use players::{Agency, PlayedAgent, PlayedRunner, Stopwatch};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

mod figures;
#[path = "overhead/players.rs"]
mod players;

const ROUNDS: usize = 20;
/// The first clones the mirror.
const WARM_UP: usize = 2;
/// Between two jobs.
const PAUSE: Duration = Duration::from_millis(200);
/// A round that takes longer has gone wrong.
const LIMIT: Duration = Duration::from_secs(120);

const SAMPLE: [(&str, &str); 5] = [
    ("stats.py", include_str!("../src/demo/sample/stats.py")),
    ("tests/test_stats.py", include_str!("../src/demo/sample/tests/test_stats.py")),
    ("tests/__init__.py", ""),
    ("README.md", include_str!("../src/demo/sample/README.md")),
    (".codingworker.yml", include_str!("../src/demo/sample/codingworker.yml")),
];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    println!("overhead: all of a job but the agent and the checks; {ROUNDS} jobs, warm mirror");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (folder, repository) = sample(&dir.path().join("host")).await;
    let database = Database::open(&dir.path().join("codingworker.db")).expect("a database");
    let queue = Arc::new(queue(&database));
    let watch = Arc::new(Stopwatch::default());
    let (news, mut heard) = broadcast::channel(256);
    let bells = Bells::default();
    let crew = crew(dir.path(), &database, &watch);
    let shift = Shift {
        queue: queue.clone(),
        models: Models::new(SqliteStore::over(database.clone()), app::clock(), "bench"),
        store: SqliteStore::over(database),
        name: "bench".to_owned(),
        hire: Arc::new(Agency { crew, watch: watch.clone() }),
        policy: policy().into(),
        board: Default::default(),
        slots: 1.into(),
        clock: app::clock(),
        bells: bells.clone(),
        news,
        until_empty: false,
    };
    let working = tokio::spawn(shift.work());
    let (mut opened, mut closed, mut asked) = (Vec::new(), Vec::new(), Vec::new());
    let mut steps = Steps::default();
    let you = Person { id: 2, login: "you".to_owned() };
    for round in 0..WARM_UP + ROUNDS {
        let title = "median() is wrong for an even number of values";
        let body = include_str!("../src/demo/issue.md");
        let issue = folder.create_issue(&repository, title, body, &you, &[ASK]).await;
        let task = format!(
            r#"{{"type":"issue","issue_number":{},"repository":"{repository}","delivery":"{round}"}}"#,
            issue.expect("an issue")
        );
        // What the job before left is being removed.
        tokio::time::sleep(PAUSE).await;
        watch.reset();
        let begun = Instant::now();
        queue.submit(&task).await.expect("submitted");
        let told = tokio::time::timeout(LIMIT, follow(&mut heard, begun, &watch)).await;
        let (open, close) = told.expect("in time");
        if round >= WARM_UP {
            opened.push(open);
            closed.push(close);
            asked.push(watch.first_asked(begun));
            let mut rest = close;
            for (name, took) in watch.steps() {
                rest = rest.saturating_sub(took);
                steps.add(name, took);
            }
            steps.add("journal, job log and hand-over", rest);
        }
    }
    let pull = folder.pull_requests(&repository).await.expect("pull requests")[0].number;
    let mut updated = Vec::new();
    for round in 0..WARM_UP + ROUNDS {
        let words = format!("@ai-fix write round {round} into stats.py");
        let comment = folder.comment(&repository, pull, &you, &words).await.expect("a comment");
        let task = format!(
            r#"{{"type":"pr_comment","repository":"{repository}","pr_number":{pull},"comment_id":{comment}}}"#
        );
        tokio::time::sleep(PAUSE).await;
        watch.reset();
        let begun = Instant::now();
        queue.submit(&task).await.expect("submitted");
        let told = tokio::time::timeout(LIMIT, pushed(&mut heard, begun, &watch)).await;
        if round >= WARM_UP {
            updated.push(told.expect("in time"));
        }
    }
    bells.drain.cancel();
    working.await.expect("no panic").expect("a quiet end");
    for (name, took) in steps.0 {
        let took = Samples::of(took);
        say(&format!("  {name}: median"), took.percentile(50), "ms", None);
        say(&format!("  {name}: p90"), took.percentile(90), "ms", None);
    }
    let (opened, closed, asked) = (Samples::of(opened), Samples::of(closed), Samples::of(asked));
    say("overhead: task to agent asked, with checkout, median", asked.percentile(50), "ms", None);
    say(
        "overhead: task to pull request open, median",
        opened.percentile(50),
        "ms",
        Some("< 1000 ms"),
    );
    say("overhead: task to pull request open, p90", opened.percentile(90), "ms", Some("< 1000 ms"));
    say("overhead: task to all told, median", closed.percentile(50), "ms", None);
    let updated = Samples::of(updated);
    let most = Some("< 1000 ms");
    say("overhead: comment to new commit, median", updated.percentile(50), "ms", most);
    say("overhead: comment to new commit, p90", updated.percentile(90), "ms", most);
}

/// Each kind of step, with what it took in every job.
#[derive(Default)]
struct Steps(Vec<(&'static str, Vec<Duration>)>);

impl Steps {
    fn add(&mut self, name: &'static str, took: Duration) {
        match self.0.iter_mut().find(|(step, _)| *step == name) {
            Some((_, all)) => all.push(took),
            None => self.0.push((name, vec![took])),
        }
    }
}

/// How long it took to the open pull request and to the last word, without agent and checks.
async fn follow(
    heard: &mut broadcast::Receiver<News>,
    begun: Instant,
    watch: &Stopwatch,
) -> (Duration, Duration) {
    let mut opened = None;
    loop {
        let event = next(heard).await;
        let ours = begun.elapsed().saturating_sub(watch.outside());
        match event {
            Event::Opened(pull) => {
                assert!(!pull.draft, "the sample's job is to end with a ready pull request");
                opened = Some(ours);
            }
            Event::Closed => return (opened.expect("a pull request"), ours),
            Event::Failed(failure) => panic!("{}", failure.message),
            _ => {}
        }
    }
}

/// What is written down next.
async fn next(heard: &mut broadcast::Receiver<News>) -> Event {
    loop {
        if let News::Recorded { record, .. } = heard.recv().await.expect("news") {
            return record.event;
        }
    }
}

/// How long it took to the pushed commit of a comment, without agent and checks.
async fn pushed(
    heard: &mut broadcast::Receiver<News>,
    begun: Instant,
    watch: &Stopwatch,
) -> Duration {
    let mut pushed = None;
    loop {
        match next(heard).await {
            Event::Pushed(_) => pushed = Some(begun.elapsed().saturating_sub(watch.outside())),
            Event::Closed => return pushed.expect("a commit"),
            Event::Failed(failure) => panic!("{}", failure.message),
            _ => {}
        }
    }
}

/// The demo's repository, bare, in a folder that plays the code host.
async fn sample(host: &Path) -> (Folder, Repository) {
    let repository: Repository = "demo/stats".parse().expect("a name");
    let tree = host.join("tree");
    for (name, text) in SAMPLE {
        let file = tree.join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }
    let folder = Folder::new(host.to_owned());
    let bare = folder.bare(&repository).display().to_string();
    let tree = tree.display().to_string();
    for args in [
        vec!["init", "-q", "-b", "main", &tree],
        vec!["-C", &tree, "add", "-A"],
        vec!["-C", &tree, "commit", "-q", "-m", "Small statistics"],
        vec!["clone", "-q", "--bare", &tree, &bare],
    ] {
        let mut spec = Spec::new("git", host, LIMIT);
        spec.args = ["-c", "user.name=bench", "-c", "user.email=bench@noreply.invalid"]
            .iter()
            .chain(&args)
            .map(Into::into)
            .collect();
        spec.env = vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())];
        let ended = process::run(spec, None, &CancellationToken::new()).await.expect("git");
        assert!(ended.exit.is_success(), "git {args:?}: {ended:?}");
    }
    (folder, repository)
}

fn crew(dir: &Path, database: &Database, watch: &Arc<Stopwatch>) -> Crew {
    let workspaces = Workspaces::new(WorkspaceOptions {
        state_dir: dir.join("state"),
        work_dir: dir.join("work"),
        git_url: format!("file://{}", dir.join("host").display()),
        token: None,
        askpass_program: PathBuf::from("/bin/false"),
        remote_env: Vec::new(),
        mark: Some("bench".to_owned()),
    });
    let tools = Tools {
        renames: false,
        mutants: 0,
        agent_ahead: true,
        agent: Arc::new(PlayedAgent(watch.clone())),
        agent_level: codingworker::domain::verification::Isolation::Native,
        deps: codingworker::deps::Deps::new(dir.join("deps")),
        caches: None,
        places: codingworker::worker::scene::Places::Machine,
        runner: Arc::new(PlayedRunner(watch.clone())),
        host: Arc::new(Folder::new(dir.join("host"))),
        workspaces: workspaces.expect("workspaces"),
        masthead: Masthead { language: Language::En, worker: "bench".to_owned() },
        authority: authority::Policy {
            repositories: Vec::new(),
            bots: Vec::new(),
            own_account: false,
            forks: false,
            level: Isolation::Native,
            native_public: true,
            native_private: true,
            native_allowed: Vec::new(),
            network_allowed: Vec::new(),
            max_runs_per_day: 100,
            answer_refused_in_public: true,
            label: ASK.to_owned(),
        },
        gate: Limits::default(),
        secrets: Vec::new(),
        store: SqliteStore::over(database.clone()),
        audit: Audit::new(database.clone()),
        ladder: vec!["bench".to_owned()],
        bounds: codingworker::engine::size::Bounds::of(&[]),
        branch_prefix: "ai-task-".to_owned(),
        check_limit: LIMIT,
        clock: app::clock(),
        redactor: Redactor::new([]),
    };
    Crew {
        pens: codingworker::worker::line::Pens::default(),
        tools: tools.into(),
        store: SqliteStore::over(database.clone()),
        log_dir: dir.join("logs"),
        redactor: Redactor::new([]),
    }
}

fn queue(database: &Database) -> SqliteQueue {
    let options = SqliteQueueOptions {
        lease: Duration::from_secs(600),
        poll: Duration::from_secs(20),
        max_receives: 20,
        wake_path: None,
        clock: app::clock(),
    };
    SqliteQueue::new(database.clone(), options)
}

/// As it is configured when nothing else is said.
fn policy() -> Policy {
    let model = Model {
        name: "bench".to_owned(),
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
        max_fixes: 2,
        max_retries: 0,
        retry_delay: Duration::ZERO,
        max_waits: 0,
        job_limit: Duration::from_secs(3_600),
        write_tests: true,
        on_failure: OnFailure::Draft,
        ready: Ready::Green,
    }
}
