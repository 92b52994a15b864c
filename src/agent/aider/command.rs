//! How Aider is started: its arguments, its environment, and the files that it is given.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;

use super::{AiderOptions, HOSTED_SILENCE, KEEP};
use crate::agent::{Errand, ollama};
use crate::process;

/// The folders and files of one turn, all below its scratch folder.
pub(super) struct Scratch {
    pub(super) home: PathBuf,
    pub(super) tmp: PathBuf,
    pub(super) git: PathBuf,
    pub(super) hidden: PathBuf,
    prompt: PathBuf,
    settings: PathBuf,
    metadata: PathBuf,
    ignore: PathBuf,
    root: PathBuf,
}

impl Scratch {
    /// Writes what Aider reads.
    pub(super) fn fill(root: &Path, errand: &Errand<'_>) -> std::io::Result<Self> {
        let it = Self {
            home: root.join("home"),
            tmp: root.join("tmp"),
            git: root.join("git"),
            hidden: root.join("hidden"),
            prompt: root.join("prompt.md"),
            settings: root.join("settings.yml"),
            metadata: root.join("metadata.json"),
            ignore: root.join("ignore"),
            root: root.to_owned(),
        };
        // The turn before may have used the same folder.
        for folder in [&it.home, &it.tmp, &it.git, &it.hidden] {
            if folder.exists() {
                std::fs::remove_dir_all(folder)?;
            }
        }
        let caches = it.home.join(".aider/caches");
        for folder in [&caches, &it.tmp, &it.hidden] {
            std::fs::create_dir_all(folder)?;
        }
        // Aider downloads a price list unless it finds a fresh one that is not empty.
        let prices = caches.join("model_prices_and_context_window.json");
        std::fs::write(prices, r#"{"none":{"max_tokens":1}}"#)?;
        std::fs::write(&it.prompt, errand.prompt)?;
        // YAML is a superset of JSON.
        std::fs::write(&it.settings, json!([settings(errand)]).to_string())?;
        std::fs::write(&it.metadata, metadata(errand).to_string())?;
        std::fs::write(&it.ignore, ".git\n.aider*\n.env\n.env.*\n*.pem\n*.key\n")?;
        Ok(it)
    }
}

/// The name by which Aider is asked: Ollama's chat calls, never its older completions.
pub(super) fn aider_model(name: &str) -> String {
    ollama::local_name(name).map_or_else(|| name.to_owned(), |it| format!("ollama_chat/{it}"))
}

fn settings(errand: &Errand<'_>) -> serde_json::Value {
    let model = errand.model;
    let name = aider_model(&model.name);
    let mut settings = json!({
        "name": name,
        "weak_model_name": name,
        "edit_format": model.edit_format,
        "use_repo_map": true,
        "use_temperature": (f64::from(errand.temperature) * 100.0).round() / 100.0,
    });
    if ollama::local_name(&model.name).is_some() {
        // A fixed context: Aider's own changes with each call, and Ollama reloads the model
        // whenever it does.
        settings["extra_params"] = json!({
            "num_ctx": model.num_ctx,
            "num_predict": model.reply_tokens(),
            "keep_alive": "30m",
        });
        // Repeated after the request, the rules of the format are what a small model answers
        // to. They stay in the system prompt.
        settings["reminder"] = json!("none");
    }
    settings
}

fn metadata(errand: &Errand<'_>) -> serde_json::Value {
    let model = errand.model;
    if ollama::local_name(&model.name).is_none() {
        return json!({});
    }
    let reply = model.reply_tokens();
    json!({ aider_model(&model.name): {
        "max_tokens": reply,
        "max_output_tokens": reply,
        "max_input_tokens": model.num_ctx.saturating_sub(reply),
        "input_cost_per_token": 0,
        "output_cost_per_token": 0,
        "litellm_provider": "ollama_chat",
        "mode": "chat",
    }})
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

/// One call of git on the throw-away repository, whose folder lies outside the tree: a reply
/// that writes into `.git` finds a file there and no configuration.
pub(super) fn git(
    options: &AiderOptions,
    scratch: &Scratch,
    tree: &Path,
    args: &[&str],
    stdin: Vec<u8>,
) -> process::Spec {
    process::Spec {
        program: "git".into(),
        args: args.iter().map(OsString::from).collect(),
        cwd: tree.to_owned(),
        env: base_env(options, scratch),
        stdin: Some(stdin),
        limit: Duration::from_secs(120),
        silence: None,
        grace: Duration::from_secs(2),
        keep: 1 << 20,
        merge: false,
        mark: options.mark.clone(),
    }
}

/// Aider itself. `base` is the recorder's address; without one, the model is not Ollama's.
pub(super) fn aider(
    options: &AiderOptions,
    scratch: &Scratch,
    tree: &Path,
    errand: &Errand<'_>,
    base: Option<&str>,
) -> process::Spec {
    let mut env = base_env(options, scratch);
    for (name, value) in [
        ("PYTHONHASHSEED", "0"),
        ("PYTHONUTF8", "1"),
        ("PYTHONNOUSERSITE", "1"),
        ("LITELLM_LOCAL_MODEL_COST_MAP", "True"),
        ("LITELLM_MODE", "PRODUCTION"),
        ("NO_COLOR", "1"),
        // Else it breaks its lines at 80, in the middle of what we look for.
        ("COLUMNS", "1000"),
    ] {
        env.push((name.into(), value.into()));
    }
    if base.is_none() {
        let keys = options.env.iter();
        env.extend(keys.map(|(name, value)| (name.into(), value.expose_secret().into())));
    }
    process::Spec {
        program: options.bin.clone().into(),
        args: arguments(options, scratch, tree, errand, base),
        cwd: tree.to_owned(),
        env,
        stdin: None,
        limit: errand.model.timeout,
        // Behind the recorder Aider is silent for as long as the model writes, and the recorder
        // has the limits. A hosted model's reply is printed as it comes.
        silence: base.is_none().then_some(HOSTED_SILENCE),
        grace: Duration::from_secs(3),
        keep: KEEP,
        merge: true,
        mark: options.mark.clone(),
    }
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
    tree: &Path,
    errand: &Errand<'_>,
    base: Option<&str>,
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
    set("--edit-format", errand.model.edit_format.as_ref());
    set("--map-tokens", options.map_tokens.to_string().as_ref());
    set("--message-file", scratch.prompt.as_ref());
    set("--model-settings-file", scratch.settings.as_ref());
    set("--model-metadata-file", scratch.metadata.as_ref());
    set("--aiderignore", scratch.ignore.as_ref());
    set("--chat-history-file", scratch.root.join("chat.md").as_ref());
    // Aider tries a call nine times when this passes; the recorder's limits come first.
    let patience = errand.model.timeout + Duration::from_secs(60);
    let patience = if base.is_some() { patience } else { Duration::from_secs(180) };
    set("--timeout", patience.as_secs().to_string().as_ref());
    if let Some(base) = base {
        // The last word over `.env` files and the environment alike.
        set("--set-env", format!("OLLAMA_API_BASE={base}").as_ref());
    }
    for path in errand.read {
        set("--read", tree.join(path).as_ref());
    }
    for path in errand.files {
        set("--file", tree.join(path).as_ref());
    }
    args
}
