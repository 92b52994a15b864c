//! The Go worker's file, in both forms that it had.

use super::*;

const SAMPLE: &str = include_str!("../../../tests/fixtures/go_worker/config.yaml");
const FIRST: &str = include_str!("../../../tests/fixtures/go_worker/first.yaml");

fn loaded(file: &str) -> (Config, Vec<String>) {
    let machine = Machine::new().file(file).env("GITHUB_TOKEN", "ghp_x").env("HOME", "/h/me");
    let config = machine.load();
    let root = format!("{}/cwd/configs/", machine.root.path().display());
    let warnings = config.warnings.iter().map(|it| it.replace(&root, "")).collect();
    (config, warnings)
}

#[test]
fn the_go_workers_file_loads_and_its_one_idle_key_is_named() {
    let (config, warnings) = loaded(SAMPLE);
    assert_eq!(
        warnings,
        ["config.yaml:7: `sqs.use_mock` of the Go worker has no meaning any more: an empty \
          `sqs.queue_url` is the embedded queue; take it out"]
    );
    assert_eq!(config.worker.worker_id, "mbp-001");
    assert_eq!(config.worker.max_retries, 3);
    assert_eq!(config.sqs.queue_url, None);
    assert_eq!(config.sqs.visibility_timeout, Duration::from_secs(3600));
    assert_eq!(config.aider.bin_path, Path::new("/h/me/.local/bin/aider"));
    assert_eq!(config.aider.models[0].timeout, Duration::from_secs(600));
    assert_eq!(config.github.clone_base_dir, Path::new("/tmp/codingworker"));
    assert_eq!(config.github.token.unwrap().expose_secret(), "ghp_x");
}

#[test]
fn its_first_form_with_one_model_means_what_it_meant() {
    let (config, warnings) = loaded(FIRST);
    assert_eq!(config.aider.models.len(), 1);
    assert_eq!(config.aider.models[0].name, "ollama_chat/qwen2.5-coder:7b");
    assert_eq!(config.aider.models[0].timeout, Duration::from_secs(3600));
    assert_eq!(
        warnings[1],
        "config.yaml:10: `aider.model` and `aider.timeout_seconds` of the Go worker is read as \
         `aider.models: [{\"name\":\"ollama_chat/qwen2.5-coder:7b\",\"timeout_seconds\":3600}]`: \
         write that"
    );
    let origin = config.origins().iter().find(|it| it.key == "aider.models").unwrap();
    assert!(origin.origin.to_string().ends_with("config.yaml:10"));
}

#[test]
fn a_worker_that_played_with_a_mock_does_not_find_itself_at_the_real_queue() {
    let file = |mock: bool| {
        format!("sqs: {{queue_url: 'https://sqs.eu.amazonaws.com/1/q', use_mock: {mock}}}")
    };
    let (config, warnings) = loaded(&file(true));
    assert_eq!(config.sqs.queue_url, None);
    assert!(warnings[0].contains("`sqs.queue_url` is not: take `use_mock` out"), "{warnings:?}");
    let (config, _) = loaded(&file(false));
    assert!(config.sqs.queue_url.is_some());
}

#[test]
fn the_one_model_may_be_told_in_part_and_says_nothing_beside_a_list() {
    for (given, name, seconds) in [
        ("aider: {model: a/b}", "a/b", 3600),
        ("aider: {model: a/b, timeout_seconds: 0}", "a/b", 3600),
        ("aider: {timeout_seconds: 90}", "ollama_chat/qwen2.5-coder:1.5b", 90),
        ("aider: {model: a/b, timeout_seconds: 90, models: [c/d]}", "c/d", 600),
    ] {
        let (config, warnings) = loaded(given);
        let model = &config.aider.models[0];
        assert_eq!((model.name.as_str(), model.timeout.as_secs()), (name, seconds), "{given}");
        assert_eq!(warnings.len(), 1, "{warnings:?}");
    }
    let refused = complaint("aider: {modle: a/b, timeout_seconds: x}");
    assert!(refused.contains("unknown key `aider.modle`: did you mean `models`?"), "{refused}");
    assert!(refused.contains("`timeout_seconds`: expected a whole number"), "{refused}");
}

#[test]
fn a_variable_that_the_go_worker_expanded_without_braces_is_said_to_stay_as_it_is() {
    let (config, warnings) = loaded("github: {clone_base_dir: $HOME/work}");
    assert!(config.github.clone_base_dir.ends_with("$HOME/work"));
    assert!(
        warnings[0]
            .ends_with("`github.clone_base_dir`: `$HOME` is taken as it stands: write `${HOME}`")
    );
}
