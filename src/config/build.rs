//! From layers to a `Config`: one statement for each key, with its range.

use std::time::Duration;

use serde::Serialize;
use serde_yaml::Value;

use crate::domain::job::Model;
use crate::engine::gate;

use super::cage::{cage, deps, docker, unwise};
use super::file::Found;
use super::keys::{MODEL_KEYS, hint, model_key};
use super::reader::{Reader, integer, shown, structure, text};
use super::*;

/// Reads every key, so that all problems come to light at once.
pub(super) fn config(options: &LoadOptions, found: Option<Found>) -> Result<Config, ConfigError> {
    let mut reader = Reader::new(options, found.as_ref());
    let worker = worker(&mut reader);
    let mut config = Config {
        store: store::store(&mut reader),
        sqs: sqs(&mut reader),
        github: github(&mut reader, &worker.state_dir),
        aider: aider(&mut reader),
        ollama: ollama(&mut reader),
        edit: Edit {
            rename: reader.choice("edit.rename", RenameBy::ALL),
            mutants: usize_of(reader.integer("edit.mutants")),
        },
        verify: verify(&mut reader),
        cage: cage(&mut reader),
        docker: docker(&mut reader),
        deps: deps(&mut reader),
        trust: trust(&mut reader),
        gate: gate(&mut reader),
        http: seeing::http(&mut reader),
        otel: seeing::otel(&mut reader),
        poll: poll::poll(&mut reader),
        notify: notify::notify(&mut reader),
        log: Log {
            level: reader.text("log.level"),
            format: reader.choice("log.format", LogFormat::ALL),
        },
        worker,
        file: found.map(|it| it.path),
        warnings: std::mem::take(&mut reader.warnings),
        settings: std::mem::take(&mut reader.settings),
    };
    config.warnings.extend(unwise(&config));
    reader.problems.extend(poll::missing(&config));
    match reader.problems {
        problems if problems.is_empty() => Ok(config),
        problems => Err(ConfigError::Invalid { problems }),
    }
}

fn worker(reader: &mut Reader<'_>) -> Worker {
    let host_name = reader.options.host_name.clone();
    let cwd = reader.options.cwd.clone();
    Worker {
        worker_id: reader.read("worker.worker_id", |value| match text(value)? {
            it if it.is_empty() => Ok(host_name.clone()),
            it if it.len() <= 64 && it.chars().all(|c| c.is_ascii_graphic() && c != '`') => Ok(it),
            it => Err(format!("`{it}`: expected at most 64 letters, digits and signs, no spaces")),
        }),
        slots: usize_of(reader.integer("worker.slots")),
        model_slots: usize_of(reader.integer("worker.model_slots")),
        model_cooldown: seconds(reader.integer("worker.model_cooldown_seconds")),
        state_dir: reader.path("worker.state_dir").unwrap_or_else(|| cwd.join("codingworker")),
        max_retries: u32_of(reader.integer("worker.max_retries")),
        retry_delay: seconds(reader.integer("worker.retry_delay_seconds")),
        job_timeout: seconds(reader.integer("worker.job_timeout_seconds")),
        branch_prefix: reader.read("worker.branch_prefix", |value| branch_prefix(text(value)?)),
        language: reader.choice("worker.language", Language::ALL),
    }
}

fn sqs(reader: &mut Reader<'_>) -> Sqs {
    Sqs {
        queue_url: reader.read("sqs.queue_url", |value| match text(value)? {
            it if it.is_empty() => Ok(None),
            it => urls::checked(&it, false).map(Some),
        }),
        region: reader.text("sqs.region"),
        wait_time: seconds(reader.integer("sqs.wait_time_seconds")),
        visibility_timeout: seconds(reader.integer("sqs.visibility_timeout")),
    }
}

fn github(reader: &mut Reader<'_>, state_dir: &Path) -> GitHub {
    GitHub {
        token: reader.secret("github.token"),
        api_url: reader.read("github.api_url", |value| urls::checked(&text(value)?, false)),
        git_url: reader.read("github.git_url", |value| urls::checked(&text(value)?, true)),
        clone_base_dir: reader
            .path("github.clone_base_dir")
            .unwrap_or_else(|| state_dir.join("workspaces")),
    }
}

fn aider(reader: &mut Reader<'_>) -> Aider {
    let (home, cwd) = (reader.options.home.clone(), reader.options.cwd.clone());
    Aider {
        bin_path: reader.read("aider.bin_path", |value| match text(value)? {
            it if it.is_empty() => Err("expected a program, such as `aider`".to_owned()),
            // A bare name is looked up on the PATH.
            it if it.contains('/') => Ok(expand::path(&it, &home, &cwd)),
            it => Ok(PathBuf::from(it)),
        }),
        map_tokens: u32_of(reader.integer("aider.map_tokens")),
        warm: reader.flag("aider.warm"),
        env: reader.secrets("aider.env"),
        models: ladder(&reader.read("aider.models", models)),
        hosts: reader.read("aider.hosts", |value| {
            texts(value)?.iter().map(|it| urls::host_name(it)).collect()
        }),
    }
}

fn ollama(reader: &mut Reader<'_>) -> Ollama {
    let mut host = reader.text("ollama.host");
    if let Some(setting) = reader.settings.pop() {
        let mut origin = setting.origin;
        if let Some(set) = reader.options.env.get("OLLAMA_HOST").filter(|it| !it.is_empty()) {
            host.clone_from(set);
            origin = Origin::Environment { name: "OLLAMA_HOST".to_owned() };
        }
        match urls::ollama(&host) {
            Ok((checked, warning)) => {
                host = checked;
                reader.warnings.extend(warning);
            }
            Err(error) => reader.wrong("ollama.host", &origin, &error),
        }
        reader.settle("ollama.host", &host, origin);
    }
    Ollama { host }
}

fn verify(reader: &mut Reader<'_>) -> Verify {
    Verify {
        max_fixes: u32_of(reader.integer("verify.max_fixes")),
        timeout: seconds(reader.integer("verify.timeout_seconds")),
        runner: reader.choice("verify.runner", RunnerChoice::ALL),
        write_tests: reader.flag("verify.write_tests"),
        on_failure: reader.choice("verify.on_failure", OnFailure::ALL),
        ready: reader.choice("verify.ready", Ready::ALL),
        cache: reader.flag("verify.cache"),
        cache_max_bytes: reader.integer("verify.cache_max_bytes"),
    }
}

fn trust(reader: &mut Reader<'_>) -> Trust {
    let repositories =
        |value: &Value| texts(value)?.iter().map(|it| it.parse::<Allowed>()).collect();
    Trust {
        repositories: reader.read("trust.repositories", repositories),
        native: reader.choice("trust.native", Native::ALL),
        allow_native: reader.read("trust.allow_native", repositories),
        allow_network: reader.read("trust.allow_network", repositories),
        max_runs_per_day: u32_of(reader.integer("trust.max_runs_per_day")),
        bots: reader.read("trust.bots", |value| {
            let id = |it: &String| it.parse().ok().filter(|&it: &u64| it > 0);
            let wrong = |it| format!("`{it}` is no account's number: gh api users/NAME --jq .id");
            texts(value)?.iter().map(|it| id(it).ok_or_else(|| wrong(it))).collect()
        }),
        own_account: reader.flag("trust.own_account"),
        forks: reader.flag("trust.forks"),
        answer_refused: reader.choice("trust.answer_refused", AnswerRefused::ALL),
    }
}

fn gate(reader: &mut Reader<'_>) -> gate::Limits {
    let limits = gate::Limits {
        max_files: reader.integer("gate.max_files"),
        max_lines: reader.integer("gate.max_lines"),
        max_bytes: reader.integer("gate.max_bytes"),
        max_file_bytes: reader.integer("gate.max_file_bytes"),
        max_deletions: reader.integer("gate.max_deletions"),
        allow: reader.read("gate.allow", patterns),
        protect: reader.read("gate.protect", patterns),
    };
    for all in limits.allow.iter().filter(|it| it.bytes().all(|c| b"*/".contains(&c))) {
        reader.warnings.push(format!("gate.allow has `{all}`, which lifts every protection"));
    }
    limits
}

fn patterns(value: &Value) -> Result<Vec<String>, String> {
    let patterns = texts(value)?;
    patterns.iter().try_for_each(|it| gate::checked_pattern(it))?;
    Ok(patterns)
}

/// The form of edits is told by the model's size.
const AUTO: &str = "auto";
/// What a model has that writes definitions, where the file does not say: see docs/effectiveness.md.
const SMALL_ATTEMPTS: u64 = 3;
const SMALL_SAMPLES: u64 = 2;
const SMALL_CALLS: u64 = 8;
const SMALL_READS: bool = true;
const SMALL_OBSERVES: bool = true;
const SMALL_FIXES: u64 = 0;

/// A model as the file writes it, its gaps filled.
#[derive(Serialize)]
struct WrittenModel {
    name: String,
    timeout_seconds: u64,
    num_ctx: u64,
    edit_format: String,
    attempts: u64,
    samples: u64,
    calls: u64,
    reads: bool,
    observes: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_fixes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    editor: Option<String>,
}

impl WrittenModel {
    /// `all` are those of the file.
    fn model(&self, all: &[Self]) -> Model {
        let editor = self.editor.as_ref().and_then(|name| all.iter().find(|it| it.name == *name));
        Model {
            name: self.name.clone(),
            timeout: seconds(self.timeout_seconds),
            num_ctx: u32_of(self.num_ctx),
            edit_format: self.edit_format.clone(),
            attempts: u32_of(self.attempts),
            samples: u32_of(self.samples),
            calls: u32_of(self.calls),
            reads: self.reads,
            observes: self.observes,
            max_fixes: self.max_fixes.map(u32_of),
            editor: editor.map(|it| Box::new(it.model(&[]))),
        }
    }
}

fn ladder(written: &[WrittenModel]) -> Vec<Model> {
    written.iter().map(|it| it.model(written)).collect()
}

fn models(value: &Value) -> Result<Vec<WrittenModel>, String> {
    let Value::Sequence(items) = structure(value)? else {
        return Err(format!("expected a list of models, not {}", shown(value)));
    };
    if items.is_empty() {
        return Err("at least one model is needed, such as `- name: ollama_chat/NAME`".to_owned());
    }
    let numbered = || (1..).map(|it| move |error| format!("model {it}: {error}"));
    let models = items.iter().zip(numbered()).map(|(it, at)| model(it).map_err(at));
    let models: Vec<WrittenModel> = models.collect::<Result<_, _>>()?;
    for (it, at) in models.iter().zip(numbered()) {
        edited(it, &models).map_err(at)?;
    }
    Ok(models)
}

/// Whether its editor can be one.
fn edited(model: &WrittenModel, all: &[WrittenModel]) -> Result<(), String> {
    let Some(editor) = &model.editor else { return Ok(()) };
    let name = &model.name;
    if editor == name || !all.iter().any(|it| it.name == *editor) {
        return Err(format!("`editor`: `{editor}` is no other model of `aider.models`"));
    }
    if let Some(other) = [name, editor].into_iter().find(|it| !is_of_ollama(it)) {
        return Err(format!("`editor`: both models have to be Ollama's, and `{other}` is none"));
    }
    match model.edit_format == Model::DEFINITION {
        true => Err("`editor`: a model with `edit_format: definition` writes itself".to_owned()),
        false => Ok(()),
    }
}

fn is_of_ollama(name: &str) -> bool {
    name.starts_with("ollama_chat/") || name.starts_with("ollama/")
}

fn model(value: &Value) -> Result<WrittenModel, String> {
    // A bare name is enough.
    let empty = serde_yaml::Mapping::new();
    let (pairs, bare) = match value {
        Value::Mapping(pairs) => (pairs, None),
        Value::String(name) => (&empty, Some(name.clone())),
        other => return Err(format!("expected `name: …`, not {}", shown(other))),
    };
    for key in pairs.keys().filter_map(Value::as_str) {
        if model_key(key).is_none() {
            let known = MODEL_KEYS.iter().map(|it| it.name);
            return Err(format!("unknown key `{key}`{}", hint(key, known)));
        }
    }
    let number = |key: &str| {
        let known = model_key(key);
        let default =
            || serde_yaml::from_str(known.map_or("", |it| it.default)).unwrap_or_default();
        let range = known.map_or(0..=0, Key::range);
        let value = pairs.get(key).cloned().unwrap_or_else(default);
        integer(&value, &range).map_err(|error| format!("`{key}`: {error}"))
    };
    let name = match bare {
        Some(name) => name,
        None => pairs.get("name").map(text).transpose()?.unwrap_or_default(),
    };
    if name.is_empty() || name.starts_with('-') || name.chars().any(|c| c.is_control() || c == ' ')
    {
        return Err(format!("`name`: `{name}` is no name of a model"));
    }
    let edit_format = pairs.get("edit_format").map(text).transpose()?;
    let mut edit_format = edit_format.unwrap_or_else(|| AUTO.to_owned());
    if let Some(Key { kind: Kind::Choice(names), .. }) = model_key("edit_format")
        && !names.contains(&edit_format.as_str())
    {
        let names = names.join(", ");
        return Err(format!("`edit_format`: `{edit_format}` is none of {names}"));
    }
    let editor = pairs.get("editor").map(text).transpose()?.filter(|it| !it.is_empty());
    if edit_format == AUTO {
        // Who has an editor speaks of the whole of it, however small.
        let form = if editor.is_some() { "whole" } else { Model::form_for(&name) };
        edit_format = form.to_owned();
    }
    let small = edit_format == Model::DEFINITION;
    if small && !is_of_ollama(&name) {
        return Err(format!(
            "`edit_format`: definition is for Ollama's models, and `{name}` is none"
        ));
    }
    let written = |key: &str| pairs.get(key).map(|_| number(key)).transpose();
    let flag = |key: &str, of_small: bool| match pairs.get(key) {
        None => Ok(small && of_small),
        Some(Value::Bool(it)) => Ok(*it),
        Some(it) => Err(format!("`{key}`: expected true or false, not {}", shown(it))),
    };
    Ok(WrittenModel {
        attempts: written("attempts")?.unwrap_or(if small { SMALL_ATTEMPTS } else { 1 }),
        samples: written("samples")?.unwrap_or(if small { SMALL_SAMPLES } else { 1 }),
        calls: written("calls")?.unwrap_or(if small { SMALL_CALLS } else { 0 }),
        reads: flag("reads", SMALL_READS)?,
        observes: flag("observes", SMALL_OBSERVES)?,
        max_fixes: written("max_fixes")?.or(small.then_some(SMALL_FIXES)),
        name,
        timeout_seconds: number("timeout_seconds")?,
        num_ctx: number("num_ctx")?,
        edit_format,
        editor,
    })
}

pub(super) fn texts(value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::String(it) if !it.trim_start().starts_with('[') => {
            let parts = it.split(',').map(str::trim).filter(|it| !it.is_empty());
            Ok(parts.map(str::to_owned).collect())
        }
        other => match structure(other)? {
            Value::Sequence(items) => items.iter().map(text).collect(),
            other => Err(format!("expected a list, not {}", shown(&other))),
        },
    }
}

/// What git takes as the beginning of a branch's name, and a little less.
fn branch_prefix(text: String) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let parts_fit = text.split('/').all(|it| !it.starts_with('.') && !it.ends_with(".lock"));
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let doubled = text.contains("..") || text.contains("//");
    if starts_well && text.len() <= 100 && text.chars().all(plain) && parts_fit && !doubled {
        return Ok(text);
    }
    Err(format!("`{text}` cannot begin a branch's name: expected something like `ai/issue-`"))
}

pub(super) fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

pub(super) fn u32_of(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn usize_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
