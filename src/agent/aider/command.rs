//! How Aider is started: its arguments, its environment, and the files that it is given.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;

use super::installed::Installed;
use super::{AiderOptions, HOSTED_SILENCE, KEEP};
use crate::agent::{Errand, ollama};
use crate::domain::job::Model;
use crate::process;

/// In the host's folder: its program, the socket that it listens to, and its way to the model.
pub(super) const HOST: &str = "host.py";
pub(super) const CONTROL: &str = "control";
pub(super) const DOOR: &str = "door";

/// The folders and files of one turn, all below its scratch folder.
pub(super) struct Scratch {
    pub(super) home: PathBuf,
    pub(super) tmp: PathBuf,
    pub(super) git: PathBuf,
    /// Not for the agent's eyes.
    pub(super) hidden: PathBuf,
    /// What it may write in: the three above.
    pub(super) own: PathBuf,
    /// What it may read.
    pub(super) given: PathBuf,
    /// Where the recorder listens for an agent behind a bridge. Its folder keeps others out.
    pub(super) socket: PathBuf,
    /// Of the process that is imported once for all turns: its program and its sockets.
    pub(super) host: PathBuf,
    prompt: PathBuf,
    settings: PathBuf,
    metadata: PathBuf,
    ignore: PathBuf,
}

impl Scratch {
    /// Where everything of a job's turns is, below `root`.
    pub(super) fn at(root: &Path) -> Self {
        let (own, given, door) = (root.join("own"), root.join("given"), root.join("door"));
        Self {
            home: own.join("home"),
            tmp: own.join("tmp"),
            git: own.join("git"),
            hidden: root.join("hidden"),
            socket: door.join("s"),
            host: root.join("host"),
            prompt: given.join("prompt.md"),
            settings: given.join("settings.yml"),
            metadata: given.join("metadata.json"),
            ignore: given.join("ignore"),
            own,
            given,
        }
    }

    /// Makes what a host is shown, and its own folder, which keeps others out.
    pub(super) fn make_room(&self) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.own)?;
        std::fs::create_dir_all(&self.given)?;
        emptied(&self.host)?;
        std::fs::set_permissions(&self.host, std::fs::Permissions::from_mode(0o700))?;
        std::fs::write(self.host.join(HOST), include_str!("host.py"))
    }

    /// Writes what Aider reads.
    pub(super) fn fill(root: &Path, errand: &Errand<'_>) -> std::io::Result<Self> {
        let it = Self::at(root);
        // The turn before may have used the same folder.
        let door = root.join("door");
        for folder in [&it.own, &it.given, &it.hidden, &door] {
            emptied(folder)?;
        }
        std::fs::set_permissions(&door, std::fs::Permissions::from_mode(0o700))?;
        let caches = it.home.join(".aider/caches");
        for folder in [&caches, &it.tmp] {
            std::fs::create_dir_all(folder)?;
        }
        // Aider downloads a price list unless it finds a fresh one that is not empty.
        let prices = caches.join("model_prices_and_context_window.json");
        std::fs::write(prices, r#"{"none":{"max_tokens":1}}"#)?;
        std::fs::write(&it.prompt, errand.prompt)?;
        // YAML is a superset of JSON.
        std::fs::write(&it.settings, settings(errand).to_string())?;
        std::fs::write(&it.metadata, metadata(errand).to_string())?;
        std::fs::write(&it.ignore, ".git\n.aider*\n.env\n.env.*\n*.pem\n*.key\n")?;
        Ok(it)
    }
}

/// Makes a folder, or takes everything out of it: a host sees the folder that was there when it
/// began, and none that was made anew under the same name.
fn emptied(folder: &Path) -> std::io::Result<()> {
    if !folder.symlink_metadata().is_ok_and(|it| it.is_dir()) {
        return std::fs::create_dir_all(folder);
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The name by which Aider is asked: Ollama's chat calls, never its older completions.
pub(super) fn aider_model(name: &str) -> String {
    ollama::local_name(name).map_or_else(|| name.to_owned(), |it| format!("ollama_chat/{it}"))
}

/// For the errand's model, and for its editor.
fn settings(errand: &Errand<'_>) -> serde_json::Value {
    let model = errand.model;
    let temperature = (f64::from(errand.temperature) * 100.0).round() / 100.0;
    let mut first = settings_of(model, temperature);
    let Some(editor) = &model.editor else { return json!([first]) };
    first["edit_format"] = json!(edit_format(model));
    first["editor_model_name"] = json!(aider_model(&editor.name));
    first["editor_edit_format"] = json!(match editor.edit_format.as_str() {
        "diff" => "editor-diff",
        _ => "editor-whole",
    });
    // What is to be written is said by now: there is one way to write it.
    json!([first, settings_of(editor, 0.0)])
}

/// As Aider calls the form in which the errand's own model answers.
fn edit_format(model: &Model) -> &str {
    if model.editor.is_some() { "architect" } else { &model.edit_format }
}

fn settings_of(model: &Model, temperature: f64) -> serde_json::Value {
    let name = aider_model(&model.name);
    let mut settings = json!({
        "name": name,
        "weak_model_name": name,
        "edit_format": model.edit_format,
        "use_repo_map": true,
        "use_temperature": temperature,
    });
    if ollama::local_name(&model.name).is_some() {
        // A fixed context: Aider's own changes with each call, and Ollama reloads the model
        // whenever it does.
        settings["extra_params"] = json!({
            "num_ctx": model.num_ctx,
            "num_predict": model.reply_tokens(),
            "keep_alive": ollama::KEEP_ALIVE,
        });
        // Repeated after the request, the rules of the format are what a small model answers
        // to. They stay in the system prompt.
        settings["reminder"] = json!("none");
    }
    settings
}

fn metadata(errand: &Errand<'_>) -> serde_json::Value {
    let models = std::iter::once(errand.model).chain(errand.model.editor.as_deref());
    let local = models.filter(|it| ollama::local_name(&it.name).is_some());
    let limits = local.map(|model| {
        let reply = model.reply_tokens();
        let limits = json!({
            "max_tokens": reply,
            "max_output_tokens": reply,
            "max_input_tokens": model.num_ctx.saturating_sub(reply),
            "input_cost_per_token": 0,
            "output_cost_per_token": 0,
            "litellm_provider": "ollama_chat",
            "mode": "chat",
        });
        (aider_model(&model.name), limits)
    });
    limits.collect::<serde_json::Map<_, _>>().into()
}

/// The variables that every child of a turn gets, git as well.
fn base_env(options: &AiderOptions, scratch: &Scratch) -> Vec<(OsString, OsString)> {
    let fixed = [
        ("LANG", "C.UTF-8"),
        ("LC_ALL", "C.UTF-8"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_CONFIG_COUNT", "4"),
        ("GIT_CONFIG_KEY_0", "core.hooksPath"),
        ("GIT_CONFIG_VALUE_0", "/dev/null"),
        ("GIT_CONFIG_KEY_1", "core.fsmonitor"),
        ("GIT_CONFIG_VALUE_1", "false"),
        ("GIT_CONFIG_KEY_2", "core.attributesFile"),
        ("GIT_CONFIG_VALUE_2", "/dev/null"),
        ("GIT_CONFIG_KEY_3", "safe.directory"),
        ("GIT_CONFIG_VALUE_3", "*"),
    ];
    let mut env: Vec<(OsString, OsString)> =
        fixed.iter().map(|(name, value)| (name.into(), value.into())).collect();
    env.push(("PATH".into(), options.path.clone().into()));
    env.push(("HOME".into(), scratch.home.clone().into()));
    env.push(("TMPDIR".into(), scratch.tmp.clone().into()));
    env
}

/// Makes a throw-away repository, whose folder lies outside the tree: a reply that writes into
/// `.git` finds a file there and no configuration. One shell for all of it, since a cage may take
/// its time to start.
const REPOSITORY: &str = "set -e
git init --quiet --template= --separate-git-dir=\"$1\" .
git config user.name agent
git config user.email agent@localhost
if [ \"$2\" = all ]; then git add --all -- . ; git update-index --force-remove -z --stdin
else git update-index --add -z --stdin; fi
git commit --quiet --allow-empty --no-verify -m start";

/// The repository with all files of the tree but `names`, or with `names` alone (each ends with a
/// zero byte).
pub(super) fn repository(
    options: &AiderOptions,
    scratch: &Scratch,
    tree: &Path,
    all: bool,
    names: Vec<u8>,
) -> process::Spec {
    let extent = if all { "all" } else { "named" };
    process::Spec {
        args: vec![
            "-c".into(),
            REPOSITORY.into(),
            "sh".into(),
            scratch.git.clone().into(),
            extent.into(),
        ],
        env: base_env(options, scratch),
        stdin: Some(names),
        grace: Duration::from_secs(2),
        mark: options.mark.clone(),
        ..process::Spec::new("sh", tree, Duration::from_secs(120))
    }
}

/// By which way Aider reaches the model.
#[derive(Clone, Copy)]
pub(super) enum Way<'a> {
    /// Ollama's, at the recorder's address.
    Recorder(&'a str),
    /// A vendor's, by a proxy at this address.
    Proxy(&'a str),
    /// A vendor's, as this machine reaches it.
    Open,
}

/// The variables of Aider, without a key: the same for all turns of a job.
pub(super) fn env(options: &AiderOptions, scratch: &Scratch) -> Vec<(OsString, OsString)> {
    let mut env = base_env(options, scratch);
    for (name, value) in [
        ("PYTHONHASHSEED", "0"),
        ("PYTHONUTF8", "1"),
        ("PYTHONNOUSERSITE", "1"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("LITELLM_LOCAL_MODEL_COST_MAP", "True"),
        ("LITELLM_MODE", "PRODUCTION"),
        // Threads for sums that it has none of; and only a process with one thread may fork.
        ("OPENBLAS_NUM_THREADS", "1"),
        ("NO_COLOR", "1"),
        // Else it breaks its lines at 80, in the middle of what we look for.
        ("COLUMNS", "1000"),
    ] {
        env.push((name.into(), value.into()));
    }
    env
}

/// Aider itself.
pub(super) fn aider(
    options: &AiderOptions,
    installed: &Installed,
    scratch: &Scratch,
    errand: &Errand<'_>,
    way: Way<'_>,
) -> process::Spec {
    let mut env = env(options, scratch);
    let hosted = !matches!(way, Way::Recorder(_));
    if hosted {
        let keys = options.env.iter();
        env.extend(keys.map(|(name, value)| (name.into(), value.expose_secret().into())));
    }
    if let Way::Proxy(address) = way {
        env.retain(|(name, _)| !is_about_proxies(name));
        for (name, value) in
            [("HTTPS_PROXY", address), ("https_proxy", address), ("NO_PROXY", ""), ("no_proxy", "")]
        {
            env.push((name.into(), value.into()));
        }
    }
    let mut program = installed.program.iter().cloned();
    let first = program.next().unwrap_or_default();
    process::Spec {
        args: program.chain(arguments(options, scratch, errand, way)).collect(),
        env,
        // Behind the recorder Aider is silent for as long as the model writes, and the recorder
        // has the limits. A hosted model's reply is printed as it comes.
        silence: hosted.then_some(HOSTED_SILENCE),
        grace: Duration::from_secs(3),
        keep: KEEP,
        merge: true,
        mark: options.mark.clone(),
        ..process::Spec::new(first, errand.tree, errand.model.timeout)
    }
}

/// What of a command of `aider`'s is behind the program: that of any way to start it.
pub(super) fn own_args<'a>(spec: &'a process::Spec, installed: &Installed) -> &'a [OsString] {
    &spec.args[installed.program.len().saturating_sub(1)..]
}

fn is_about_proxies(name: &std::ffi::OsStr) -> bool {
    name.to_string_lossy().to_ascii_lowercase().ends_with("_proxy")
}

const FLAGS: [&str; 18] = [
    "--yes-always",
    "--no-auto-commits",
    "--no-dirty-commits",
    "--no-gitignore",
    "--no-auto-lint",
    "--no-auto-test",
    "--no-suggest-shell-commands",
    "--no-detect-urls",
    "--disable-playwright",
    "--no-check-update",
    "--no-analytics",
    "--no-show-release-notes",
    "--no-show-model-warnings",
    "--no-pretty",
    "--no-fancy-input",
    // Without it a reply that hit its length is written as it is.
    "--stream",
    // Else a summary is asked of the model at the end, and thrown away.
    "--max-chat-history-tokens=100000",
    "--input-history-file=/dev/null",
];

fn arguments(
    options: &AiderOptions,
    scratch: &Scratch,
    errand: &Errand<'_>,
    way: Way<'_>,
) -> Vec<OsString> {
    let mut args: Vec<OsString> = FLAGS.iter().map(OsString::from).collect();
    let mut set = |name: &str, value: &std::ffi::OsStr| {
        let mut arg = OsString::from(name);
        arg.push("=");
        arg.push(value);
        args.push(arg);
    };
    let model = aider_model(&errand.model.name);
    set("--model", model.as_ref());
    set("--weak-model", model.as_ref());
    set("--edit-format", edit_format(errand.model).as_ref());
    set("--map-tokens", options.map_tokens.to_string().as_ref());
    set("--message-file", scratch.prompt.as_ref());
    set("--model-settings-file", scratch.settings.as_ref());
    set("--model-metadata-file", scratch.metadata.as_ref());
    set("--aiderignore", scratch.ignore.as_ref());
    set("--chat-history-file", scratch.own.join("chat.md").as_ref());
    // Aider tries a call nine times when this passes; the recorder's limits come first.
    let patience = errand.model.timeout + Duration::from_secs(60);
    let patience = match way {
        Way::Recorder(_) => patience,
        Way::Proxy(_) | Way::Open => Duration::from_secs(180),
    };
    set("--timeout", patience.as_secs().to_string().as_ref());
    if let Way::Recorder(base) = way {
        // The last word over `.env` files and the environment alike.
        set("--set-env", format!("OLLAMA_API_BASE={base}").as_ref());
    }
    for path in errand.read {
        set("--read", errand.tree.join(path).as_ref());
    }
    for path in errand.files {
        set("--file", errand.tree.join(path).as_ref());
    }
    args
}
