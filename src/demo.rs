//! `codingworker demo`: from label to pull request on this machine alone.
//!
//! Everything is real but the code host, which is a folder, and, where no Ollama answers, the
//! model, which is then a stand-in with canned answers: the first line says so.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::agent::ollama::Ollama;
use crate::agent::standin;
use crate::app::{self, AppError, Surroundings};
use crate::config::{Config, ConfigError, LoadOptions};
use crate::domain::task::Repository;
use crate::engine::report;
use crate::worker::journal::News;
use crate::worker::lifecycle::Bells;

mod install;
mod replies;
mod sample;

/// What the demo needs to know.
pub struct DemoOptions {
    /// Where it makes its folder.
    pub dir: PathBuf,
    /// Where Aider is installed to, once, when there is none on the `PATH`.
    pub aider_dir: PathBuf,
    /// How the configuration of this process was found.
    pub load: LoadOptions,
    /// The model to ask when Ollama has it.
    pub model: String,
    /// Play the stand-in even when Ollama answers.
    pub stand_in: bool,
}

/// Where the demo's words go: a line at a time.
pub type Voice<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// Why there was no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A folder or file.
    #[error("{}: {source}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A program that it needs.
    #[error("{0}")]
    Missing(String),
    /// A step failed.
    #[error("{0}")]
    Failed(String),
    /// The worker.
    #[error(transparent)]
    App(#[from] AppError),
    /// The configuration that the demo writes.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Plays the demo.
///
/// # Errors
/// When something it needs is missing, or the issue did not become a pull request.
pub async fn run(
    options: DemoOptions,
    around: Surroundings,
    bells: Bells,
    say: Voice<'_>,
) -> Result<(), DemoError> {
    let stop = bells.drain.clone();
    let stage = set(&options, &stop, say).await?;
    let aider = install::aider(&options.aider_dir, &around.path, &stop, say).await?;
    let repository = sample::repository(&stage.host_dir, &around.path, &stop).await?;
    let folder = crate::code_host::folder::Folder::new(stage.host_dir.clone());
    let issue = sample::issue(&folder, &repository).await.map_err(AppError::from)?;
    say(&format!(
        "Sample repository   {}",
        stage.host_dir.join(format!("{repository}.git")).display()
    ));
    say(&format!("Issue #{issue}            {} (label: ai-task)", sample::TITLE));
    say("");

    let config = config(&stage, &aider, &options.load)?;
    let database = app::database(&config)?;
    let queue = app::queue(&config, &database, None, None).await?;
    let task = serde_json::json!({
        "type": "issue", "issue_number": issue, "repository": repository.to_string(),
        "title": sample::TITLE, "body": sample::BODY, "labels": ["ai-task"], "delivery": "demo",
    });
    queue.submit(&task.to_string()).await.map_err(AppError::from)?;
    drop((queue, database));

    let path = around.path.clone();
    let worker = app::worker(config, around, bells, true).await?;
    let mut news = worker.shift.news.subscribe();
    let work = worker.shift.work();
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            Ok(news) = news.recv() => if let News::Recorded { record, .. } = news {
                report::lines(&record).iter().for_each(|it| say(it));
            },
            done = &mut work => break done.map_err(AppError::from)?,
        }
    }
    curtain(&stage, &folder, &repository, &path, say).await
}

/// The end: the pull request, its diff, and where to look next.
async fn curtain(
    stage: &Stage,
    folder: &crate::code_host::folder::Folder,
    repository: &Repository,
    path: &str,
    say: Voice<'_>,
) -> Result<(), DemoError> {
    let opened = folder.pull_requests(repository).await.map_err(AppError::from)?;
    let Some(pull_request) = opened.first() else {
        return Err(DemoError::Failed(format!(
            "the issue did not become a pull request: `codingworker --config {} jobs` says why",
            stage.config_file().display()
        )));
    };
    let bare = stage.host_dir.join(format!("{repository}.git"));
    say("");
    say(&format!("Pull request #{}: {}", pull_request.number, pull_request.title));
    say("");
    pull_request.body.lines().for_each(|line| say(&format!("  {line}")));
    say("");
    let place = bare.to_string_lossy();
    let range = format!("{}...{}", pull_request.base, pull_request.head);
    let show = ["-C", &place, "--no-pager", "diff", "--no-ext-diff", "--no-color", &range];
    let diff = install::run("git", &show, path, &CancellationToken::new()).await?;
    diff.lines().for_each(|line| say(&format!("  {line}")));
    say("");
    say("Look next at:");
    say(&format!("  git -C {} show {}", bare.display(), pull_request.head));
    say(&format!("  codingworker --config {} jobs", stage.config_file().display()));
    say(&format!("  codingworker --config {} logs JOB", stage.config_file().display()));
    say("For your own repository: codingworker init, then codingworker doctor");
    Ok(())
}

/// What the demo plays on.
struct Stage {
    dir: PathBuf,
    host_dir: PathBuf,
    ollama: String,
    model: String,
}

impl Stage {
    fn config_file(&self) -> PathBuf {
        self.dir.join("config.yaml")
    }
}

/// Makes the folder, and finds out who plays the model.
async fn set(
    options: &DemoOptions,
    stop: &CancellationToken,
    say: Voice<'_>,
) -> Result<Stage, DemoError> {
    let dir = options.dir.clone();
    let host_dir = dir.join("host");
    let made = std::fs::create_dir_all(&host_dir);
    made.map_err(|source| DemoError::Folder { path: host_dir.clone(), source })?;
    let user = Config::load(&options.load).map(|it| it.ollama.host).unwrap_or_default();
    if !options.stand_in && !user.is_empty() && has_model(&user, &options.model).await {
        say(&format!("Model: {} on {user}", options.model));
        return Ok(Stage { dir, host_dir, ollama: user, model: options.model.clone() });
    }
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let bound = listener.and_then(|it| Ok((it.local_addr()?, it)));
    let (address, listener) =
        bound.map_err(|source| DemoError::Folder { path: "127.0.0.1:0".into(), source })?;
    say(
        "No Ollama with a code model answers here: a scripted stand-in plays the model, and its answers are canned.",
    );
    let stop = stop.clone();
    let reply = |text: &str| standin::Reply { text: text.to_owned(), pace: PACE };
    let replies = replies::REPLIES.map(reply).to_vec();
    tokio::spawn(async move {
        tokio::select! {
            _ = standin::serve(listener, replies) => {}
            () = stop.cancelled() => {}
        }
    });
    Ok(Stage {
        dir,
        host_dir,
        ollama: format!("http://{address}"),
        model: standin::MODEL.to_owned(),
    })
}

async fn has_model(host: &str, model: &str) -> bool {
    match Ollama::new(host) {
        Ok(ollama) => ollama.show(model).await.is_ok(),
        Err(_) => false,
    }
}

/// Writes the demo's configuration, so that every command can look at its jobs afterwards.
fn config(stage: &Stage, aider: &Path, load: &LoadOptions) -> Result<Config, DemoError> {
    let text = format!(
        "worker: {{worker_id: demo, state_dir: {state:?}}}\n\
         github: {{git_url: {host:?}, token: \"\"}}\n\
         ollama: {{host: {ollama:?}}}\n\
         aider:\n  bin_path: {aider:?}\n  models:\n    - {{name: {model:?}, timeout_seconds: 600, \
         num_ctx: 8192, edit_format: whole}}\n",
        state = stage.dir.join("state"),
        host = format!("file://{}", stage.host_dir.display()),
        ollama = stage.ollama,
        model = format!("ollama_chat/{}", stage.model),
    );
    let path = stage.config_file();
    std::fs::write(&path, &text)
        .map_err(|source| DemoError::Folder { path: path.clone(), source })?;
    // Nothing of the user's environment may change what the demo plays.
    let load = LoadOptions { explicit: Some(path), env: Default::default(), ..load.clone() };
    Ok(Config::load(&load)?)
}

/// Between two pieces of a canned reply.
const PACE: Duration = Duration::from_millis(2);
/// How long one command of the demo's set-up may take.
const SETUP_LIMIT: Duration = Duration::from_secs(1_200);
