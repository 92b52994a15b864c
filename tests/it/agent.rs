//! The agent room against the real Aider, with a scripted Ollama behind it. Aider takes seconds
//! to start, so each test here looks at several things at once.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use codingworker::agent::aider::{Aider, AiderOptions};
use codingworker::agent::recorder::Limits;
use codingworker::agent::{Agent, AgentError, Edit, EditVerdict, Errand};
use codingworker::cage::bare::Bare;
use codingworker::cage::{self, Cage};
use codingworker::domain::job::Model;
use codingworker::process::Tee;
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::scripted_ollama::{Reply, ScriptedOllama};

mod bridge;
mod caged;
mod entry;
pub(crate) mod hostile;
mod recorded;
mod warm;

pub(crate) const PATH: &str = "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin";
const NAME: &str = "scripted:latest";
const PROMPT: &str = "Please change the code as the issue below asks. Make f return 2.";
const OLD: &str = "def f():\n    return 1\n";
const NEW: &str = "def f():\n    return 2\n";

/// A tree, a scratch folder and an Aider between them and a scripted Ollama.
struct World {
    home: TempDir,
    ollama: ScriptedOllama,
    aider: Aider,
    /// That of the job, where the test has one.
    job: Option<Arc<dyn Agent>>,
    model: Model,
}

#[derive(Default)]
struct Seen(Mutex<Vec<u8>>);

impl Tee for Seen {
    fn write(&self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
    }
}

fn limits() -> Limits {
    Limits {
        first_byte: Duration::from_secs(60),
        silence: Duration::from_secs(60),
        total: Duration::from_secs(120),
    }
}

/// Aider without a cage.
fn options(ollama: &str, limits: Limits) -> AiderOptions {
    AiderOptions {
        bin: crate::setup::aider(),
        path: PATH.into(),
        ollama: ollama.into(),
        map_tokens: 0,
        env: Vec::new(),
        hosts: Vec::new(),
        limits,
        cage: Arc::new(Bare),
        cage_limits: codingworker::cage::Limits::default(),
        program: env!("CARGO_BIN_EXE_codingworker").into(),
        mark: None,
        warm: false,
    }
}

/// This machine's own.
async fn sandbox() -> Arc<dyn Cage> {
    cage::sandbox(PATH, None).await.unwrap_or_else(|why| panic!("{why}"))
}

fn aider(ollama: &str, limits: Limits) -> Aider {
    Aider::new(options(ollama, limits)).unwrap()
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

impl World {
    async fn with(replies: impl IntoIterator<Item = Reply>, limits: Limits) -> Self {
        let home = tempfile::tempdir().unwrap();
        write(&home.path().join("tree/a.py"), OLD);
        write(&home.path().join("tree/other.py"), "CANARY = 'not for the model'\n");
        let ollama = ScriptedOllama::with(NAME, replies).await;
        let aider = aider(ollama.base(), limits);
        let model = Model {
            name: format!("ollama_chat/{NAME}"),
            timeout: Duration::from_secs(120),
            num_ctx: 8192,
            edit_format: "whole".into(),
            attempts: 1,
            samples: 1,
            calls: 0,
            reads: false,
            observes: false,
            max_fixes: None,
            editor: None,
        };
        Self { home, ollama, aider, job: None, model }
    }

    /// The same in this machine's sandbox. Its Ollama listens on this machine's loopback as before.
    async fn caged(replies: impl IntoIterator<Item = Reply>) -> Self {
        let mut world = Self::with(replies, limits()).await;
        world.aider = Aider::new(AiderOptions {
            cage: sandbox().await,
            ..options(world.ollama.base(), limits())
        })
        .unwrap();
        world
    }

    fn tree(&self) -> PathBuf {
        self.home.path().join("tree")
    }

    fn scratch(&self) -> PathBuf {
        self.home.path().join("scratch")
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.tree().join(path)).unwrap()
    }

    async fn edit(
        &self,
        prompt: &str,
        files: &[&str],
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> Result<Edit, AgentError> {
        std::fs::create_dir_all(self.scratch()).unwrap();
        let (tree, scratch) = (self.tree(), self.scratch());
        let files: Vec<String> = files.iter().map(|it| (*it).to_owned()).collect();
        let errand = Errand {
            tree: &tree,
            scratch: &scratch,
            prompt,
            read: &[],
            files: &files,
            model: &self.model,
            temperature: 0.6,
            tee,
        };
        match &self.job {
            Some(job) => job.edit(errand, stop).await,
            None => self.aider.edit(errand, stop).await,
        }
    }

    async fn turn(&self) -> Edit {
        self.edit(PROMPT, &["a.py"], None, &CancellationToken::new()).await.unwrap()
    }

    /// The names in the tree's root.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.tree()).unwrap();
        let name = |it: std::io::Result<std::fs::DirEntry>| it.unwrap().file_name();
        let mut names: Vec<_> = entries.map(|it| name(it).into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Processes that still have this world's folder in their command line.
    fn processes(&self) -> Vec<String> {
        let home = self.home.path().to_str().unwrap();
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let lines = entries.filter_map(|it| std::fs::read(it.path().join("cmdline")).ok());
        let lines = lines.map(|it| String::from_utf8_lossy(&it).replace('\0', " "));
        lines.filter(|it| it.contains(home)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_applied_with_one_call_and_nothing_is_left_behind() {
    // Under plain Aider, naming another file loads it, and drops the reply's edits.
    let reply = format!("As other.py shows, f must return 2.\n\na.py\n```\n{NEW}```\n");
    let world = World::with([Reply::Text(reply)], limits()).await;
    let seen = Seen::default();
    let edit = world.edit(PROMPT, &["a.py"], Some(&seen), &CancellationToken::new()).await.unwrap();

    assert_eq!(edit.verdict, EditVerdict::Answered);
    assert_eq!((edit.calls, edit.tokens.read), (1, 100));
    assert!(edit.reply.contains("f must return 2"));
    assert_eq!(world.read("a.py"), NEW);
    assert_eq!(world.names(), ["a.py", "other.py"]);

    let chats = world.ollama.chats();
    assert_eq!(chats.len(), 1, "no call for a summary or a commit message");
    world.ollama.assert_constant_num_ctx(8192);
    assert_eq!(chats[0]["options"]["num_predict"], 3072);
    assert_eq!(chats[0]["options"]["temperature"], 0.6);
    assert_eq!(chats[0]["keep_alive"], "30m");
    let prompt = &world.ollama.prompts()[0];
    assert!(prompt.contains(PROMPT) && prompt.contains(OLD));
    assert!(!prompt.contains("CANARY"), "a file that nobody chose was sent");
    assert_eq!(prompt.matches("path/to/filename.js").count(), 1, "the reminder is off");

    let seen = String::from_utf8(seen.0.into_inner().unwrap()).unwrap();
    assert_eq!(seen.matches("f must return 2").count(), 1, "{seen}");
    assert!(seen.contains("Applied edit to a.py"), "{seen}");

    // The next turn of the job, in the same folders.
    world.ollama.script([Reply::files(&[("a.py", OLD), ("new/b.py", NEW)])]);
    assert_eq!(world.turn().await.verdict, EditVerdict::Answered);
    assert_eq!((world.read("a.py").as_str(), world.read("new/b.py").as_str()), (OLD, NEW));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_model_says_in_words_another_one_writes() {
    const EDITOR: &str = "writes:7b";
    let words = "<think>\nSECRET DOUBTS\n</think>\nIn a.py, let f return 2 instead of 1.";
    let replies = [Reply::Text(words.to_owned()), Reply::files(&[("a.py", NEW)])];
    let mut world = World::with(replies, limits()).await;
    world.ollama.also(EDITOR);
    let name = format!("ollama_chat/{EDITOR}");
    let editor = Model { name, num_ctx: 4096, ..world.model.clone() };
    world.model.editor = Some(Box::new(editor));
    let edit = world.turn().await;
    assert_eq!((edit.verdict, edit.calls), (EditVerdict::Answered, 2));
    assert_eq!(world.read("a.py"), NEW);
    let chats = world.ollama.chats();
    let asked = |nth: usize| {
        let options = &chats[nth]["options"];
        (&chats[nth]["model"], &options["num_ctx"], &options["temperature"])
    };
    assert_eq!(asked(0), (&json!(NAME), &json!(8192), &json!(0.6)));
    assert_eq!(asked(1), (&json!(EDITOR), &json!(4096), &json!(0.0)));
    let prompts = world.ollama.prompts();
    assert!(prompts[0].contains(PROMPT) && prompts[0].contains(OLD));
    assert!(prompts[1].contains("let f return 2") && prompts[1].contains(OLD), "{}", prompts[1]);
    assert!(!prompts[1].contains("SECRET DOUBTS"), "{}", prompts[1]);

    // Of words that were cut off nothing is written, and the editor is not asked.
    world.ollama.script([Reply::NoDone(words.to_owned()), Reply::files(&[("a.py", OLD)])]);
    let edit = world.turn().await;
    assert!(matches!(edit.verdict, EditVerdict::Truncated(_)), "{edit:?}");
    assert_eq!((edit.calls, world.read("a.py").as_str()), (1, NEW));
    // No other model is asked, whatever Aider does.
    assert!(
        world
            .ollama
            .chats()
            .iter()
            .all(|it| [NAME, EDITOR].contains(&it["model"].as_str().unwrap()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_cut_reply_nothing_is_applied() {
    let half = "a.py\n```\ndef f():\n".to_owned();
    let world = World::with([Reply::NoDone(half)], limits()).await;
    let edit = world.turn().await;
    assert!(matches!(edit.verdict, EditVerdict::Truncated(_)), "{edit:?}");
    assert_eq!(world.read("a.py"), OLD);
    assert_eq!(edit.calls, 1);

    // The control: the same reply straight to Aider leaves half a file.
    let output =
        hostile::plain_aider(&world.tree(), world.ollama.base(), "Do it.", &["a.py"]).await;
    assert_eq!(world.read("a.py").trim_end(), "def f():", "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_errors_is_given_up_at_once() {
    let error = Reply::Status(500, r#"{"error":"CUDA out of memory"}"#.into());
    let world = World::with([error], limits()).await;
    let began = Instant::now();
    let edit = world.turn().await;
    // It is left alone for a while: see `engine::cooldown`.
    let EditVerdict::ModelBusy(said) = &edit.verdict else { panic!("{edit:?}") };
    assert!(said.words.contains("CUDA out of memory"), "{said:?}");
    // Aider by itself would try nine times, and rest for 64 s between.
    assert_eq!(world.ollama.chats().len(), 1);
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!(world.read("a.py"), OLD);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_without_a_file_name_is_a_format_failure() {
    let world = World::with([Reply::Text("```\nx = 1\n```\n".into())], limits()).await;
    let files = ["a.py", "other.py"];
    let edit = world.edit(PROMPT, &files, None, &CancellationToken::new()).await.unwrap();
    assert_eq!(edit.verdict, EditVerdict::FormatFailure);
    assert_eq!(world.read("a.py"), OLD);
    world.ollama.assert_constant_num_ctx(8192);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_its_time_is_over_its_processes_are_gone() {
    let slow = Reply::Drip("word ".repeat(10_000), Duration::from_millis(100));
    let mut world = World::with([slow], limits()).await;
    world.model.timeout = Duration::from_secs(15);
    let edit = world.turn().await;
    assert_eq!(edit.verdict, EditVerdict::TimedOut);
    assert_eq!(world.processes(), [""; 0]);
    assert_eq!(world.names(), ["a.py", "other.py"]);
    assert_eq!(world.read("a.py"), OLD);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_the_turn_and_puts_the_tree_back() {
    let world = World::with([Reply::Hang], limits()).await;
    write(&world.tree().join(".env"), "A=1\n");
    let stop = CancellationToken::new();
    let asked = async {
        while world.ollama.chats().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.cancel();
        std::future::pending::<()>().await;
    };
    let edit = tokio::select! {
        edit = world.edit(PROMPT, &["a.py"], None, &stop) => edit,
        () = asked => unreachable!(),
    };
    assert!(matches!(edit, Err(AgentError::Stopped)), "{edit:?}");
    assert_eq!(world.processes(), [""; 0]);
    assert_eq!(world.names(), [".env", "a.py", "other.py"]);
}

#[tokio::test]
async fn it_names_its_version() {
    let aider = aider("", limits());
    assert_eq!(aider.version().await.unwrap(), "aider 0.86.2");
}

#[tokio::test]
async fn where_there_is_no_aider_it_says_how_to_install_it() {
    let options = AiderOptions { bin: "no-such-aider".into(), ..options("", limits()) };
    let aider = Aider::new(options).unwrap();
    let words = aider.version().await.unwrap_err().to_string();
    assert!(words.contains("no-such-aider") && words.contains("uv tool install"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hosted_model_gets_its_keys_and_a_refused_key_is_no_matter_of_waiting() {
    let mut world = World::with([], limits()).await;
    let refusal = r#"{"error":{"message":"wrong key","type":"invalid_request_error"}}"#;
    world.ollama.fault(Some(Reply::Status(401, refusal.into())));
    let base = world.ollama.base().to_owned();
    world.aider = Aider::new(AiderOptions {
        env: [("OPENAI_API_KEY", "wrong".to_owned()), ("OPENAI_API_BASE", base)]
            .map(|(name, value)| (name.to_owned(), value.into()))
            .into(),
        ..options("", limits())
    })
    .unwrap();
    world.model.name = "openai/scripted".into();
    let error = world.edit(PROMPT, &["a.py"], None, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.fault(), codingworker::domain::job::Fault::Permanent);
    assert!(error.to_string().contains("aider.env"), "{error}");
    assert_eq!(world.ollama.paths(), ["/chat/completions"]);
}
