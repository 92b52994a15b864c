use std::fs;
use std::os::unix::fs::PermissionsExt;

use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::keys::{KEYS, MODEL_KEYS};
use super::*;

mod around;
mod migration;
mod reload;

/// A machine with nothing on it but what a test puts there.
struct Machine {
    root: TempDir,
    options: LoadOptions,
}

impl Machine {
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        let at = |name: &str| {
            let dir = root.path().join(name);
            fs::create_dir(&dir).unwrap();
            dir
        };
        let options = LoadOptions {
            explicit: None,
            env: BTreeMap::new(),
            cwd: at("cwd"),
            home: at("home"),
            etc: at("etc"),
            host_name: "box".to_owned(),
        };
        Self { root, options }
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.options.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn file(self, text: &str) -> Self {
        self.write("cwd/configs/config.yaml", text);
        self
    }

    fn load(&self) -> Config {
        Config::load(&self.options).unwrap()
    }

    #[track_caller]
    fn complaint(&self) -> String {
        let error = Config::load(&self.options).unwrap_err().to_string();
        error.replace(&format!("{}/", self.root.path().display()), "")
    }
}

#[track_caller]
fn complaint(text: &str) -> String {
    Machine::new().file(text).complaint()
}

#[test]
fn without_a_file_everything_is_at_its_default() {
    let machine = Machine::new();
    let config = machine.load();
    assert_eq!(config.file, None);
    assert_eq!(config.worker.worker_id, "box");
    assert_eq!(config.worker.state_dir, machine.options.home.join(".local/state/codingworker"));
    assert_eq!(config.github.clone_base_dir, config.worker.state_dir.join("workspaces"));
    assert_eq!(config.sqs.queue_url, None);
    assert!(config.github.token.is_none());
    assert_eq!(config.verify.on_failure, OnFailure::Draft);
    assert_eq!(config.verify.ready, Ready::Proven);
    assert_eq!(
        config.aider.models,
        [Model {
            name: "ollama_chat/qwen2.5-coder:1.5b".to_owned(),
            timeout: Duration::from_secs(600),
            num_ctx: 8192,
            edit_format: Model::DEFINITION.to_owned(),
            attempts: 3,
            samples: 2,
            calls: 8,
            reads: true,
            observes: true,
            max_fixes: Some(0),
            editor: None,
        }]
    );
    assert!(config.warnings.is_empty());
    assert!(config.origins().iter().all(|it| it.origin == Origin::Default));
}

#[test]
fn each_key_is_read_once() {
    let config = Machine::new().load();
    let mut read: Vec<_> = config.origins().iter().map(|it| it.key).collect();
    let mut known: Vec<_> = KEYS.iter().map(|it| it.name).collect();
    read.sort_unstable();
    known.sort_unstable();
    assert_eq!(read, known);
}

#[test]
fn the_shipped_file_names_every_key_and_says_the_defaults() {
    let machine = Machine::new();
    let defaults = machine.load();
    let shipped = Machine { root: machine.root, options: machine.options }.file(TEMPLATE).load();
    for (given, default) in shipped.origins().iter().zip(defaults.origins()) {
        assert!(matches!(given.origin, Origin::File { .. }), "{} is missing", given.key);
        assert_eq!((given.key, &given.value), (default.key, &default.value));
    }
    for key in MODEL_KEYS {
        assert!(TEMPLATE.contains(&format!(" {}: ", key.name)), "{} is missing", key.name);
    }
}

#[test]
fn the_file_is_looked_for_where_the_contract_says() {
    let slots = |n: usize| format!("worker: {{slots: {n}}}");
    let mut machine = Machine::new();
    machine.write("etc/codingworker/config.yaml", &slots(2));
    assert_eq!(machine.load().worker.slots, 2);
    machine.write("home/.config/codingworker/config.yaml", &slots(3));
    assert_eq!(machine.load().worker.slots, 3);
    let xdg = machine.write("xdg/codingworker/config.yaml", &slots(4));
    let xdg = xdg.parent().unwrap().parent().unwrap().display().to_string();
    machine = machine.env("XDG_CONFIG_HOME", &xdg);
    assert_eq!(machine.load().worker.slots, 4);
    machine.write("cwd/configs/config.yaml", &slots(5));
    assert_eq!(machine.load().worker.slots, 5);
    machine.write("cwd/env.yaml", &slots(6));
    machine = machine.env("CODINGWORKER_CONFIG", "env.yaml");
    assert_eq!(machine.load().worker.slots, 6);
    machine.options.explicit = Some(machine.write("cwd/mine.yaml", &slots(7)));
    assert_eq!(machine.load().worker.slots, 7);
    machine.options.explicit = Some(PathBuf::from("none.yaml"));
    assert!(machine.complaint().contains("cannot read the configuration file cwd/none.yaml"));
}

#[test]
fn the_environment_wins_over_the_file_and_ollama_host_over_both() {
    let machine = Machine::new()
        .file("worker: {slots: 2, language: ja}\nollama: {host: 'http://127.0.0.1:1'}\n")
        .env("CODINGWORKER__WORKER__SLOTS", "3")
        .env("CODINGWORKER__VERIFY__WRITE_TESTS", "false")
        .env("CODINGWORKER__TRUST__REPOSITORIES", "acme/api, acme/web")
        .env("CODINGWORKER__AIDER__MODELS", "[a/b, {name: c/d, edit_format: diff}]")
        .env("CODINGWORKER__AIDER__ENV__GEMINI_API_KEY", "very-secret")
        .env("CODINGWORKER__OLLAMA__HOST", "http://127.0.0.1:2")
        .env("OLLAMA_HOST", "localhost:3");
    let config = machine.load();
    assert_eq!((config.worker.slots, config.worker.language), (3, Language::Japanese));
    assert!(!config.verify.write_tests);
    assert_eq!(config.trust.repositories.len(), 2);
    assert_eq!(config.aider.models.len(), 2);
    assert_eq!(config.aider.env["GEMINI_API_KEY"].expose_secret(), "very-secret");
    assert_eq!(config.ollama.host, "http://localhost:3");
    let origin =
        |key: &str| config.origins().iter().find(|it| it.key == key).unwrap().origin.to_string();
    assert_eq!(origin("worker.slots"), "CODINGWORKER__WORKER__SLOTS");
    assert_eq!(origin("ollama.host"), "OLLAMA_HOST");
    assert!(origin("worker.language").ends_with("configs/config.yaml:1"));
    assert_eq!(origin("worker.max_retries"), "default");
}

#[test]
fn an_unknown_key_names_its_line_and_the_nearest_known_one() {
    assert_eq!(
        complaint("worker:\n  slots: 1\n  slot: 2\nverfy:\n  max_fixes: 1\nslots: 3\n"),
        "cwd/configs/config.yaml:3: unknown key `worker.slot`: did you mean `slots`?\n\
         cwd/configs/config.yaml:4: unknown section `verfy`: did you mean `verify`?\n\
         cwd/configs/config.yaml:6: unknown section `slots`: it belongs in a section, as `worker.slots`"
    );
    let misspelt = Machine::new().env("CODINGWORKER__WORKER__SLOT", "1").complaint();
    assert!(misspelt.ends_with("unknown key: did you mean `CODINGWORKER__WORKER__SLOTS`?"));
}

#[test]
fn a_wrong_value_names_its_line_its_key_and_what_is_right() {
    for (given, expected) in [
        ("worker:\n  slots: 65", ":2: `worker.slots`: 65 is out of range: expected 1 to 64"),
        (
            "worker:\n  slots: two",
            ":2: `worker.slots`: expected a whole number from 1 to 64, not `two`",
        ),
        (
            "worker: {slots: -1}",
            ":1: `worker.slots`: expected a whole number from 1 to 64, not `-1`",
        ),
        (
            "worker: {slots: [1]}",
            ":1: `worker.slots`: expected a whole number from 1 to 64, not a list",
        ),
        ("sqs: {wait_time_seconds: 21}", "21 is out of range: expected 0 to 20"),
        ("sqs: {visibility_timeout: 29}", "29 is out of range: expected 30 to 43200"),
        ("worker: {language: de}", "`de` is none of en, ja"),
        (
            "verify: {runner: dokcer}",
            "`dokcer` is none of auto, docker, native: did you mean `docker`?",
        ),
        ("verify: {write_tests: maybe}", "expected true or false, not `maybe`"),
        ("worker: {branch_prefix: '../x'}", "cannot begin a branch's name"),
        ("trust: {repositories: [acme]}", "`acme` is not a repository"),
        ("trust: {repositories: [0]}", "`0` is no repository's number"),
        ("trust: {bots: [renovate]}", "`renovate` is no account's number"),
        ("trust: {answer_refused: none}", "`none` is none of all, private"),
        ("gate: {max_files: 0}", "0 is out of range: expected 1 to 10000"),
        ("gate: {allow: [/etc]}", "`/etc`: a pattern begins at the repository's root"),
        ("gate: {allowed: []}", "unknown key `gate.allowed`: did you mean `allow`?"),
        ("github: {api_url: 'http://ghe.example'}", "plain http is accepted for this machine only"),
        (
            "sqs: {queue_url: 'http://sqs.example/1/q'}",
            "plain http is accepted for this machine only",
        ),
        ("aider: {models: []}", "at least one model is needed"),
        ("aider: {models: [{nmae: x}]}", "model 1: unknown key `nmae`: did you mean `name`?"),
        ("aider: {models: [a, {name: x, num_ctx: 1}]}", "model 2: `num_ctx`: 1 is out of range"),
        ("aider: {env: {'a b': c}}", "`a b` is no name of a variable"),
        ("worker: 3", ":1: `worker` is a section: expected keys below it"),
        ("worker:\n  slots: 1\n slots: 2", ":3: this is not YAML"),
        ("worker: {slots: 1, slots: 2}", "duplicate entry"),
        ("[1]", ":1: expected sections such as `worker:`"),
    ] {
        let found = complaint(given);
        assert!(found.contains(expected), "{given}\n{found}");
    }
}

#[test]
fn repositories_are_named_or_numbered_and_bots_are_numbered() {
    let config = Machine::new()
        .file("trust:\n  repositories: [acme/api, 1296269, '42']\n  bots: [49699333]\n")
        .env("CODINGWORKER__TRUST__FORKS", "true")
        .env("CODINGWORKER__TRUST__ANSWER_REFUSED", "private")
        .load();
    let named = Allowed::Name("acme/api".parse().unwrap());
    assert_eq!(config.trust.repositories, [named, Allowed::Id(1_296_269), Allowed::Id(42)]);
    assert_eq!((config.trust.bots, config.trust.own_account), (vec![49_699_333], false));
    assert!(config.trust.forks);
    assert_eq!(config.trust.answer_refused, AnswerRefused::Private);
    let origin = Machine::new().file("trust: {repositories: [7, a/b]}").load();
    let shown = origin.origins().iter().find(|it| it.key == "trust.repositories").unwrap().clone();
    assert_eq!(shown.value.to_string(), "[7,\"a/b\"]");
    let by_variable = Machine::new().env("CODINGWORKER__TRUST__BOTS", "1, 2").load().trust.bots;
    assert_eq!(by_variable, [1, 2]);
}

#[test]
fn the_gate_has_limits_and_patterns_and_warns_when_all_protection_is_lifted() {
    let config = Machine::new().load();
    assert_eq!(config.gate, Limits::default());
    let config = Machine::new()
        .file("gate: {max_files: 5, max_deletions: 0, allow: ['.github/ISSUE_TEMPLATE/**'], protect: [docs/]}")
        .load();
    assert_eq!((config.gate.max_files, config.gate.max_deletions), (5, 0));
    assert_eq!(config.gate.allow, [".github/ISSUE_TEMPLATE/**"]);
    assert_eq!((config.gate.protect, config.warnings.len()), (vec!["docs/".to_owned()], 0));
    let all = Machine::new().file("gate: {allow: ['**']}").load();
    assert_eq!(all.warnings, ["gate.allow has `**`, which lifts every protection"]);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let found = complaint("worker: {slots: 0, language: xx}\nsqs: {wait_time_seconds: 99}\n");
    assert_eq!(found.lines().count(), 3, "{found}");
}

#[test]
fn an_unset_variable_is_an_error_that_names_key_and_variable_but_for_the_token() {
    assert_eq!(
        complaint("sqs:\n  queue_url: ${QUEUE}\n"),
        "cwd/configs/config.yaml:2: `sqs.queue_url`: the variable QUEUE is not set: set it, \
         or write `${QUEUE:-default}`"
    );
    let machine = Machine::new().file("github: {token: '${GITHUB_TOKEN}'}");
    assert!(machine.load().github.token.is_none());
    let config = machine.env("GITHUB_TOKEN", "ghp_abc").load();
    assert_eq!(config.github.token.unwrap().expose_secret(), "ghp_abc");
}

#[test]
fn a_number_may_come_from_a_variable() {
    let machine = Machine::new().file("worker: {slots: '${SLOTS:-4}'}");
    assert_eq!(machine.load().worker.slots, 4);
    assert_eq!(machine.env("SLOTS", "5").load().worker.slots, 5);
}

#[test]
fn a_secret_may_stand_in_a_file_and_one_that_others_may_read_is_warned_of() {
    let machine = Machine::new().file("github: {token: {file: ../token}}");
    let token = machine.write("cwd/token", "from-a-file\n");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let config = machine.load();
    assert_eq!(config.github.token.as_ref().unwrap().expose_secret(), "from-a-file");
    assert_eq!(config.warnings, Vec::<String>::new());
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    let warnings = machine.load().warnings;
    assert!(warnings[0].contains("(mode 644): chmod 600"), "{warnings:?}");
    fs::remove_file(&token).unwrap();
    assert!(machine.complaint().contains("`github.token`: cannot read"));
}

#[test]
fn a_token_written_into_a_readable_file_is_warned_of() {
    let machine = Machine::new().file("github: {token: ghp_literal}");
    let path = machine.root.path().join("cwd/configs/config.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(machine.load().warnings.len(), 1);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(machine.load().warnings.len(), 0);
}

#[test]
fn no_secret_is_shown_by_the_settings_or_by_debug() {
    let config = Machine::new()
        .file("aider: {env: {KEY: sesame-sesame}}")
        .env("GITHUB_TOKEN", "ghp_sesame")
        .load();
    let shown = format!("{} {config:?}", serde_json::to_string(config.origins()).unwrap());
    assert!(!shown.contains("sesame"), "{shown}");
    assert!(shown.contains("***"));
    assert_eq!(config.secrets().len(), 2);
}

#[test]
fn state_and_paths_follow_home_and_xdg() {
    let machine = Machine::new().env("XDG_STATE_HOME", "/var/state");
    assert_eq!(machine.load().worker.state_dir, Path::new("/var/state/codingworker"));
    let machine = Machine::new().file("worker: {state_dir: ~/s}\naider: {bin_path: ./bin/aider}");
    let config = machine.load();
    assert_eq!(config.worker.state_dir, machine.options.home.join("s"));
    assert_eq!(config.aider.bin_path, machine.options.cwd.join("./bin/aider"));
}

#[test]
fn an_empty_section_and_an_empty_key_mean_the_default() {
    let config = Machine::new().file("worker:\nsqs:\n  region:\n").load();
    assert_eq!((config.worker.slots, config.sqs.region.as_str()), (1, "ap-northeast-1"));
}

#[test]
fn a_huge_file_is_refused_before_it_is_parsed() {
    let found = complaint(&"[".repeat(300 * 1024));
    assert!(found.contains("larger than 256 KiB"), "{found}");
}

#[test]
fn a_model_may_have_another_one_of_the_list_as_its_editor() {
    let ladder = |models: &str| {
        Machine::new().env("CODINGWORKER__AIDER__MODELS", models).load().aider.models
    };
    let models = ladder(
        "[{name: ollama/thinks:3b, editor: ollama/writes:7b}, {name: ollama/writes:7b, num_ctx: 4096}]",
    );
    let editor = models[0].editor.as_deref().unwrap();
    assert_eq!((editor, editor.num_ctx), (&models[1], 4096));
    assert_eq!(models[0].edit_format, "whole", "however small");
    assert_eq!(ladder("[{name: a/b, editor: ''}]")[0].editor, None);
    for (models, words) in [
        ("[{name: ollama/a, editor: ollama/b}]", "`ollama/b` is no other model"),
        ("[{name: ollama/a, editor: ollama/a}]", "`ollama/a` is no other model"),
        ("[{name: ollama/a, editor: b/c}, b/c]", "model 1: `editor`: both models have to be"),
        ("[ollama/c, {name: a/b, editor: ollama/c}]", "model 2: `editor`: both models have to be"),
        (
            "[{name: ollama/a, editor: ollama/b, edit_format: definition}, ollama/b]",
            "writes itself",
        ),
    ] {
        let error = Machine::new().env("CODINGWORKER__AIDER__MODELS", models).complaint();
        assert!(error.contains(words), "{models}: {error}");
    }
}
