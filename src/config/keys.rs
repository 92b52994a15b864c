//! The keys that there are, and their defaults, as YAML.

/// Section, key, default. `configs/config.yaml` says the same, and a test compares the two.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("worker.worker_id", "''"),
    ("worker.slots", "1"),
    ("worker.state_dir", "${XDG_STATE_HOME:-~/.local/state}/codingworker"),
    ("worker.max_retries", "3"),
    ("worker.retry_delay_seconds", "10"),
    ("worker.job_timeout_seconds", "3600"),
    ("worker.branch_prefix", "ai/issue-"),
    ("worker.language", "en"),
    ("sqs.queue_url", "''"),
    ("sqs.region", "ap-northeast-1"),
    ("sqs.wait_time_seconds", "20"),
    ("sqs.visibility_timeout", "300"),
    ("github.token", "${GITHUB_TOKEN}"),
    ("github.api_url", "https://api.github.com"),
    ("github.git_url", "https://github.com"),
    ("github.clone_base_dir", "''"),
    ("aider.bin_path", "aider"),
    ("aider.map_tokens", "0"),
    ("aider.env", "{}"),
    (
        "aider.models",
        "[{name: 'ollama_chat/qwen2.5-coder:1.5b', timeout_seconds: 600, num_ctx: 8192, \
         edit_format: whole}]",
    ),
    ("aider.hosts", "[]"),
    ("ollama.host", "http://127.0.0.1:11434"),
    ("verify.max_fixes", "3"),
    ("verify.timeout_seconds", "600"),
    ("verify.runner", "auto"),
    ("verify.write_tests", "true"),
    ("verify.on_failure", "draft"),
    ("cage.level", "auto"),
    ("cage.memory_mb", "4096"),
    ("cage.processes", "512"),
    ("cage.cpus", "2"),
    ("cage.file_size_mb", "1024"),
    ("cage.tmp_mb", "1024"),
    ("docker.keep_images", "false"),
    ("docker.builder", "classic"),
    ("docker.image", "''"),
    ("deps.keep_days", "30"),
    ("deps.max_gb", "20"),
    ("trust.repositories", "[]"),
    ("trust.native", "private"),
    ("trust.allow_native", "[]"),
    ("trust.allow_network", "[]"),
    ("trust.max_runs_per_day", "10"),
    ("trust.bots", "[]"),
    ("trust.own_account", "false"),
    ("trust.forks", "false"),
    ("trust.answer_refused", "all"),
    ("gate.max_files", "50"),
    ("gate.max_lines", "2000"),
    ("gate.max_bytes", "524288"),
    ("gate.max_file_bytes", "262144"),
    ("gate.max_deletions", "20"),
    ("gate.allow", "[]"),
    ("gate.protect", "[]"),
    ("log.level", "info"),
    ("log.format", "auto"),
];

/// What a model of `aider.models` may say about itself.
pub(super) const MODEL_KEYS: &[&str] = &["name", "timeout_seconds", "num_ctx", "edit_format"];

/// Starts the name of a variable that sets a key.
pub(super) const PREFIX: &str = "CODINGWORKER__";

/// Starts the name of a variable that adds to the map `aider.env`.
pub(super) const AIDER_ENV: &str = "CODINGWORKER__AIDER__ENV__";

/// The variable that sets `key`.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}

/// The one of `known` that looks most like `name`, if any does.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.into_iter().map(|it| (strsim::jaro_winkler(name, it), it));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.7).then_some(best.1)
}

/// `; did you mean `slots`?`, or nothing.
pub(super) fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |it| format!(": did you mean `{it}`?"))
}
